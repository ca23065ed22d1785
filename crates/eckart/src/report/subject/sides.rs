//! Sides: which factor says how much of each component a row has, and which says what a component is made of.
//! In: a `Factorization`, the shape of its data.  Out: the components as lines of numbers, their sizes and their order.
//! Invariant: told by the roles of the factors, so it holds for every objective; an offset is no component.
//! Not here: what a component looks like (see `look`).

use crate::data::Matrix;
use crate::solve::{FactorAxis, FactorRole, Factorization};

/// A factor seen as one line of numbers a component.
#[derive(Debug, Clone, Copy)]
pub struct Lines<'a> {
    /// The factor's name.
    pub name: &'a str,
    /// The factor.
    pub matrix: &'a Matrix,
    /// Whether components are its rows (as in H), or its columns (as in W).
    pub across: bool,
}

impl Lines<'_> {
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
    pub(in crate::report) fn norm(&self) -> String {
        if self.across { format!("norm({}[k, :])", self.name) } else { format!("norm({}[:, k])", self.name) }
    }

    /// "row of H", "column of W".
    pub fn said(&self) -> String {
        format!("{} of {}", if self.across { "row" } else { "column" }, self.name)
    }
}

/// The factors that hold the components.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'a> {
    /// How much of each component every row of the data has: W.
    pub rows: Option<Lines<'a>>,
    /// What every component is made of, in columns of the data: H.
    pub cols: Option<Lines<'a>>,
    rank: usize,
}

impl<'a> Sides<'a> {
    /// The sides of `fit`, whose data is n x m.
    pub fn of(fit: &'a Factorization, (n, m): (usize, usize)) -> Self {
        let holds = |at: &usize, length: usize, is: fn(&FactorRole) -> bool| {
            let (name, matrix) = &fit.factors[*at];
            fit.role(name).is_some_and(|role| is(&role)) && length_of(fit, name, matrix) == Some(length)
        };
        let rows = (0..fit.factors.len()).find(|at| holds(at, n, FactorRole::is_rows));
        // W of `X - W @ W.T` is both.
        let other = |at: &usize| Some(*at) != rows && holds(at, m, FactorRole::is_cols);
        let cols =
            (0..fit.factors.len()).rev().find(other).or_else(|| rows.filter(|at| holds(at, m, FactorRole::is_cols)));
        let lines = |at: usize| {
            let (name, matrix) = &fit.factors[at];
            Lines { name, matrix, across: by_rows(fit, name) }
        };
        Self { rows: rows.map(lines), cols: cols.map(lines), rank: fit.rank }
    }

    /// The shape of the data, told by the factors where the data is not at hand.
    pub fn shape(fit: &Factorization) -> Option<(usize, usize)> {
        let told = |is: fn(&FactorRole) -> bool| {
            let of = |(name, matrix): &(String, Matrix)| {
                fit.role(name).filter(is).and_then(|_| length_of(fit, name, matrix))
            };
            fit.factors.iter().find_map(of)
        };
        let named = |names: &Option<Vec<String>>| names.as_ref().map(Vec::len);
        let n = named(&fit.row_names).or_else(|| told(FactorRole::is_rows))?;
        let m = named(&fit.col_names).or_else(|| told(FactorRole::is_cols))?;
        Some((n, m))
    }

    /// How large each component is: the length of its part in the one factor times that in the other, which no scaling
    /// of one against the other changes.
    pub fn sizes(&self) -> Vec<f64> {
        let of = |side: &Option<Lines<'_>>, k: usize| side.as_ref().map_or(1.0, |lines| lines.length(k));
        (0..self.rank).map(|k| of(&self.rows, k) * of(&self.cols, k)).collect()
    }

    /// The components, the largest first.
    pub fn order(sizes: &[f64]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..sizes.len()).collect();
        order.sort_by(|&a, &b| sizes[b].total_cmp(&sizes[a]).then(a.cmp(&b)));
        order
    }
}

/// Whether a factor's components are its rows.
fn by_rows(fit: &Factorization, name: &str) -> bool {
    fit.role(name).is_some_and(|role| role.components == Some(FactorAxis::Rows))
}

/// The length of a component of a factor; `None` where it holds none.
fn length_of(fit: &Factorization, name: &str, matrix: &Matrix) -> Option<usize> {
    let axis = fit.role(name)?.components?;
    Some(if axis == FactorAxis::Rows { matrix.cols() } else { matrix.rows() })
}

/// The places of the largest numbers by size, zeros left out; equal ones in their order.
pub fn largest(numbers: &[f64], most: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..numbers.len()).filter(|&at| numbers[at] != 0.0).collect();
    order.sort_by(|&a, &b| numbers[b].abs().total_cmp(&numbers[a].abs()).then(a.cmp(&b)));
    order.truncate(most);
    order
}
