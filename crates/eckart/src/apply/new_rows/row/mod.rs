//! Row: the numbers of one row of the data, found with everything else held.
//! In: the row's part of the objective, as numbers.  Out: its least point.
//! Invariant: a row is solved from the same beginning whatever rows come with it, so it gets the same bits alone or
//! among others.
//! Not here: where the numbers come from (see `prepare`).

mod bounded;
mod poisson;
mod quadratic;

pub(in crate::apply) use bounded::bounded;
pub(in crate::apply) use poisson::{Counted, poisson};
pub(in crate::apply) use quadratic::{Room, quadratic};

use std::ops::Range;

use crate::facts::Shape;
use crate::solve::Prox;

/// What the numbers of a row may be, and what they cost by themselves.
#[derive(Debug, Clone, Default)]
pub(in crate::apply) struct Laws {
    /// For each number: l1 |b|, low <= b <= high.
    pub entries: Vec<Entry>,
    /// Numbers whose length is limited or costs something; their whole law, `entries` included.
    pub groups: Vec<(Range<usize>, Prox)>,
}

/// The law of one number.
#[derive(Debug, Clone, Copy)]
pub(in crate::apply) struct Entry {
    pub l1: f64,
    pub low: f64,
    pub high: f64,
}

impl Laws {
    /// Takes a factor whose row holds `width` numbers in.
    pub(in crate::apply) fn push(&mut self, prox: &Prox, width: usize) {
        let from = self.entries.len();
        let low = prox.lower.unwrap_or(f64::NEG_INFINITY);
        let entry = Entry { l1: prox.l1, low, high: prox.upper.unwrap_or(f64::INFINITY) };
        self.entries.extend(std::iter::repeat_n(entry, width));
        if prox.row_group > 0.0 || prox.row_norm.is_some() {
            self.groups.push((from..from + width, *prox));
        }
    }

    /// The point from which a row begins: nothing, where that may be.
    pub(in crate::apply) fn origin(&self) -> Vec<f64> {
        self.entries.iter().map(|law| 0.0_f64.max(law.low).min(law.high)).collect()
    }

    /// The proximal map of all laws together for step `t`, in place.
    fn apply(&self, b: &mut [f64], t: f64) {
        for (x, law) in b.iter_mut().zip(&self.entries) {
            *x = law.shrunk(*x, t * law.l1);
        }
        for (range, prox) in &self.groups {
            let shape = Shape { rows: 1, cols: range.len() };
            let lengths = Prox { l1: 0.0, lower: None, upper: None, ..*prox };
            lengths.apply(&mut b[range.clone()], shape, t);
        }
    }

    /// What the numbers cost by themselves.
    fn penalty(&self, b: &[f64]) -> f64 {
        let entries: f64 = b.iter().zip(&self.entries).map(|(x, law)| law.l1 * x.abs()).sum();
        let group = |(range, prox): &(Range<usize>, Prox)| {
            prox.row_group * b[range.clone()].iter().map(|x| x * x).sum::<f64>().sqrt()
        };
        entries + self.groups.iter().map(group).sum::<f64>()
    }
}

impl Entry {
    /// The b that minimises (b - v)^2 / 2 + cut |b| within the bounds.
    fn shrunk(&self, v: f64, cut: f64) -> f64 {
        (v - v.clamp(-cut, cut)).max(self.low).min(self.high)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
