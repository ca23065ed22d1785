//! Sides: which factor says how much of each component a row has, and which says what a component is made of.
//! In: a `Factorization`, the shape of its data.  Out: the components as lines of numbers, their sizes and their order.
//! Invariant: told by shapes and declarations alone, so it holds for every objective; an offset is no component.
//! Not here: what a component looks like (see `look`).

use crate::data::Matrix;
use crate::expr::text::{Dim, parse_statement};
use crate::solve::Factorization;

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
        let rank = fit.rank;
        let wide = |name: &str| !is_offset(fit, name);
        let lines = |at: usize, across: bool| Lines { name: &fit.factors[at].0, matrix: &fit.factors[at].1, across };
        let rows = fit.factors.iter().position(|(name, matrix)| matrix.shape() == (n, rank) && wide(name));
        // For square data of full rank W and H have one shape: H is the later one. It may also be written as m x r.
        let is_cols = |shape: (usize, usize), at: usize| {
            let (name, matrix) = &fit.factors[at];
            matrix.shape() == shape && wide(name) && (fit.factors.len() == 1 || rows != Some(at))
        };
        let last = |shape: (usize, usize)| (0..fit.factors.len()).rev().find(|&at| is_cols(shape, at));
        let cols = last((rank, m)).map(|at| lines(at, true)).or_else(|| last((m, rank)).map(|at| lines(at, false)));
        Self { rows: rows.map(|at| lines(at, false)), cols, rank }
    }

    /// The shape of the data, told by the factors where the data is not at hand.
    pub fn shape(fit: &Factorization) -> Option<(usize, usize)> {
        let wide = || fit.factors.iter().filter(|(name, _)| !is_offset(fit, name)).map(|(_, matrix)| matrix);
        let named = |names: &Option<Vec<String>>| names.as_ref().map(Vec::len);
        let n = named(&fit.row_names).or_else(|| wide().find(|w| w.cols() == fit.rank).map(Matrix::rows))?;
        let lies = |h: &&Matrix| h.rows() == fit.rank || (h.cols() == fit.rank && h.rows() != n);
        let length = |h: &Matrix| if h.rows() == fit.rank { h.cols() } else { h.rows() };
        let m = named(&fit.col_names).or_else(|| wide().rfind(lies).map(length))?;
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

/// Whether a factor is declared with a side of 1: at rank 1 it has the shape of a component.
pub(in crate::report) fn is_offset(fit: &Factorization, name: &str) -> bool {
    let declared = parse_statement(&fit.statement).map(|statement| statement.declared).unwrap_or_default();
    declared.iter().any(|d| d.name == name && (d.rows == Dim::Number(1) || d.cols == Dim::Number(1)))
}

/// The places of the largest numbers by size, zeros left out; equal ones in their order.
pub fn largest(numbers: &[f64], most: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..numbers.len()).filter(|&at| numbers[at] != 0.0).collect();
    order.sort_by(|&a, &b| numbers[b].abs().total_cmp(&numbers[a].abs()).then(a.cmp(&b)));
    order.truncate(most);
    order
}
