//! Sides: which factor says how much of each component a row has, and which says what a component is made of.
//! In: a `Factorization`.  Out: the components as lines of numbers, their sizes and their order.
//! Invariant: told by the factors' roles, which follow from the formula; an offset is no component.
//! Not here: what a component looks like (see `look`).

use crate::apply::{self, Scored};
use crate::data::Matrix;
use crate::solve::{FactorAxis, FactorRole, Factorization};

/// A factor seen as one line of numbers per component.
#[derive(Debug, Clone, Copy)]
pub struct ComponentLines<'a> {
    /// The factor's name.
    pub name: &'a str,
    /// The factor.
    pub matrix: &'a Matrix,
    /// Whether components are its rows (as in H), or its columns (as in W).
    pub across: bool,
}

impl ComponentLines<'_> {
    /// Component k: a number for each row, or column, of the data.
    pub fn line(&self, k: usize) -> Vec<f64> {
        (0..self.len()).map(|at| self.at(k, at)).collect()
    }

    /// How many numbers a component has.
    pub fn len(&self) -> usize {
        if self.across { self.matrix.cols() } else { self.matrix.rows() }
    }

    /// Whether a component has no numbers; a matrix always has some.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number `at` of component k.
    pub fn at(&self, k: usize, at: usize) -> f64 {
        if self.across { self.matrix.get(k, at) } else { self.matrix.get(at, k) }
    }

    /// The Euclidean length of component k.
    pub fn length(&self, k: usize) -> f64 {
        (0..self.len()).map(|at| self.at(k, at).powi(2)).sum::<f64>().sqrt()
    }

    /// The length of component k as a formula: "norm(H[k, :])", "norm(W[:, k])".
    pub fn norm(&self) -> String {
        if self.across { format!("norm({}[k, :])", self.name) } else { format!("norm({}[:, k])", self.name) }
    }
}

/// The factors that hold the components.
#[derive(Debug, Clone, Copy)]
pub struct ComponentSides<'a> {
    /// How much of each component every row of the data has: W.
    pub rows: Option<ComponentLines<'a>>,
    /// What every component is made of, in columns of the data: H.
    pub cols: Option<ComponentLines<'a>>,
    names: Option<&'a [String]>,
    rank: usize,
}

impl<'a> ComponentSides<'a> {
    /// The sides of `fit`: of several pairs of factors the first for rows, the last for columns.
    pub fn of(fit: &'a Factorization) -> Self {
        let lines = |(name, matrix): &'a (String, Matrix)| {
            let role = fit.role(name)?;
            let across = role.components? == FactorAxis::Rows;
            let count = if across { matrix.rows() } else { matrix.cols() };
            (count == fit.rank).then_some((role, ComponentLines { name, matrix, across }))
        };
        let all: Vec<(FactorRole, ComponentLines<'a>)> = fit.factors.iter().filter_map(lines).collect();
        let rows = all.iter().find(|(role, _)| role.is_rows()).map(|(_, lines)| *lines);
        let cols = all.iter().rfind(|(role, _)| role.is_cols()).map(|(_, lines)| *lines);
        // Of several pairs of factors each has names of its own.
        let own = || [rows, cols].into_iter().flatten().map(|lines: ComponentLines<'a>| fit.components_of(lines.name));
        let names = own().next().flatten().filter(|names| own().all(|other| other == Some(*names)));
        Self { rows, cols, names, rank: fit.rank }
    }

    /// What component k is called, from 0, where a given factor named it.
    pub fn name(&self, k: usize) -> Option<&'a str> {
        self.names?.get(k).map(String::as_str)
    }

    /// The shape of the data, told by names and factors where the data is not at hand.
    pub fn shape(fit: &Factorization) -> Option<(usize, usize)> {
        let sides = ComponentSides::of(fit);
        let length = |names: &Option<Vec<String>>, side: Option<ComponentLines<'_>>| {
            names.as_ref().map(Vec::len).or_else(|| side.map(|lines| lines.len()))
        };
        Some((length(&fit.row_names, sides.rows)?, length(&fit.col_names, sides.cols)?))
    }

    /// How large each component is: the length of its part in the one factor times that in the other, which no scaling
    /// of one against the other changes.
    pub fn sizes(&self) -> Vec<f64> {
        let of = |side: &Option<ComponentLines<'_>>, k: usize| side.as_ref().map_or(1.0, |lines| lines.length(k));
        (0..self.rank).map(|k| of(&self.rows, k) * of(&self.cols, k)).collect()
    }

    /// The components, the largest first.
    pub fn order(sizes: &[f64]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..sizes.len()).collect();
        order.sort_by(|&a, &b| sizes[b].total_cmp(&sizes[a]).then(a.cmp(&b)));
        order
    }
}

/// The places of the largest numbers by size, zeros left out; equal ones in their order.
pub fn largest(numbers: &[f64], most: usize) -> Vec<usize> {
    let sizes = numbers.iter().enumerate().filter(|(_, x)| **x != 0.0);
    let sizes = sizes.map(|(index, x)| Scored { index, score: x.abs() }).collect();
    apply::largest(sizes, most).into_iter().map(|scored| scored.index).collect()
}
