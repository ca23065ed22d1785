//! Row regularizer: what the numbers of one row may be, and what they cost by themselves.
//! In: the regularizers of the factors whose rows lie side by side.  Out: their proximal map, and their value.
//! Invariant: as exact as the proximal maps of the factors.
//! Not here: what else the row's objective has (see `quadratic`, `poisson`, `majorized`).

use std::ops::Range;

use crate::facts::Shape;
use crate::rows::FactorRegularizer;
use eckart_kernels::Regularizer;

/// The regularizer of one row.
#[derive(Debug, Clone, Default)]
pub(crate) struct RowRegularizer {
    /// Of each number.
    pub entries: Vec<Regularizer>,
    /// Numbers whose length is limited or costs something, and how.
    pub groups: Vec<(Range<usize>, FactorRegularizer)>,
}

impl RowRegularizer {
    /// Takes a factor whose row holds `width` numbers in.
    pub(crate) fn push(&mut self, factor: &FactorRegularizer, width: usize) {
        let from = self.entries.len();
        self.entries.extend(std::iter::repeat_n(factor.entries, width));
        if factor.is_of_rows() {
            self.groups.push((from..from + width, FactorRegularizer { entries: Regularizer::NONE, ..*factor }));
        }
    }

    /// The point from which a row begins: zeros, where these may be.
    pub(crate) fn origin(&self) -> Vec<f64> {
        self.entries.iter().map(|entry| entry.clip(0.0)).collect()
    }

    /// The proximal map for step `t`, in place.
    pub(super) fn prox(&self, b: &mut [f64], t: f64) {
        b.iter_mut().zip(&self.entries).for_each(|(x, entry)| *x = entry.prox(*x, t));
        for (range, lengths) in &self.groups {
            lengths.apply(&mut b[range.clone()], Shape { rows: 1, cols: range.len() }, t);
        }
    }

    /// Minimizes 2 <half, b> and what the numbers cost; those for which there is no minimum stay.
    pub(super) fn minimize_linear(&self, b: &mut [f64], half: &[f64]) {
        let alone = |k: usize| !self.groups.iter().any(|(range, _)| range.contains(&k));
        (0..b.len()).filter(|&k| alone(k)).for_each(|k| b[k] = self.entries[k].minimum_on_line(b[k], half[k]));
        for (range, lengths) in &self.groups {
            let whole = FactorRegularizer { entries: self.entries[range.start], ..*lengths };
            whole.minimize_linear(&mut b[range.clone()], &half[range.clone()]);
        }
    }

    /// What the numbers cost by themselves.
    pub(super) fn penalty(&self, b: &[f64]) -> f64 {
        let entries: f64 = b.iter().zip(&self.entries).map(|(x, entry)| entry.l1 * x.abs()).sum();
        let group = |(range, lengths): &(Range<usize>, FactorRegularizer)| {
            lengths.penalty(&b[range.clone()], Shape { rows: 1, cols: range.len() })
        };
        entries + self.groups.iter().map(group).sum::<f64>()
    }
}
