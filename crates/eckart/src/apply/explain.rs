//! Explain: what a prediction is made of.
//! In: a `Factorization`, a row and a column; or what is known of the row.  Out: parts of the prediction; known
//! columns.
//! Invariant: the parts of a prediction add up to what is compared with the data, which is it but for a function.
//! Not here: the prediction itself (see `predict`).

use std::collections::BTreeMap;

use super::recommend::{Scored, largest};
use super::{Directions, Predictor};
use crate::data::Matrix;
use crate::error::Result;
use crate::expr::{Op, weighted_terms};

/// A part of a prediction.
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    /// The formula that it is of: `W @ H`, `b`, `mu`.
    pub term: String,
    /// Which component of a product, from 0.
    pub component: Option<usize>,
    /// What it adds to what is compared with the data.
    pub value: f64,
}

impl Predictor {
    /// What each term of the prediction of column j ([`Predictor::compared`]), and each component of a product, adds to
    /// it, for a row that has these factors ([`Predictor::cut`], [`Predictor::cut_of`]).
    ///
    /// # Errors
    /// `Data` where there is no such column.
    pub fn parts(&self, row: &[(String, Matrix)], j: usize) -> Result<Vec<Contribution>> {
        let mut parts = Vec::new();
        for (weight, term) in weighted_terms(self.part()) {
            let product = if *term.op() == Op::MatMul { term.args() } else { &[] };
            if let [left, right] = product {
                let (left, right) = (self.of_formula(left, row)?, self.of_formula(right, row)?.select_cols(&[j])?);
                let of = |k: usize| weight * left.get(0, k) * right.get(k, 0);
                let part = |k: usize| Contribution { term: term.to_string(), component: Some(k), value: of(k) };
                parts.extend((0..right.rows()).map(part));
            } else {
                let value = self.of_formula(&term, row)?;
                let at = if value.cols() == 1 { 0 } else { j };
                let value = weight * value.select_cols(&[at])?.get(0, 0);
                parts.push(Contribution { term: term.to_string(), component: None, value });
            }
        }
        Ok(parts)
    }
}

/// The `top` of some `known` columns of a row and their entries ([`Predictor::entries_of_row`]) that explain column j
/// best: by cosine similarity of their factors times how far their entry is above the mean of the row's entries; times
/// the entry itself where all are equal.
pub fn explained_by(items: &Directions, known: &[(usize, f64)], j: usize, top: usize) -> Vec<Scored> {
    let entries: BTreeMap<usize, f64> = known.iter().copied().filter(|(k, _)| *k != j).collect();
    let mean = entries.values().sum::<f64>() / entries.len().max(1) as f64;
    let equal = entries.values().all(|&value| value == mean);
    let weight = |value: f64| if equal { value } else { value - mean };
    let of = |(&index, &value): (&usize, &f64)| Scored { index, score: items.cosine(index, j) * weight(value) };
    largest(entries.iter().map(of).filter(|scored| scored.score > 0.0).collect(), top)
}
