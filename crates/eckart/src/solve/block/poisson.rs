//! Poisson: a factor that the objective sees as sum <P_i, b_i> - sum C_ij log <b_i, Q_j>, with nothing negative.
//! In: C, Q and P as numbers.  Out: the factor moved, by multiplicative updates or by damped Newton steps of its entries.
//! Law: rows are independent; the decrease is that of the objective, by the logarithm of the ratio of old and new products.
//! Not here: the choice between the two (see `choice`).

use std::sync::Arc;

use super::{Block, Done};
use crate::error::Result;
use crate::run::Dense;
use crate::solve::derive::Poisson;
use crate::solve::local::{Counts, PoissonLocal, factor_of, rows_of};
use crate::solve::problem::Bound;
use crate::solve::sweep::Entrywise;

/// How a row is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::solve) enum PoissonStep {
    /// All entries at once, by a factor each (Lee and Seung 2001, theorem 2).
    Multiplicative,
    /// One entry after the other, by damped Newton steps (Hien and Gillis 2021, section 3.4).
    Newton,
}

/// A full Newton step is taken where its length in the local norm is at most this (Tran-Dinh et al. 2015, section 3).
const FULL_STEP: f64 = 0.683_802;
/// Sweeps over a row; they share the row's products.
const SWEEPS: usize = 2;
/// The least product that is divided by.
const FLOOR: f64 = 1e-300;

/// A factor of a Poisson form.
pub(in crate::solve) struct PoissonBlock {
    index: usize,
    flipped: bool,
    counts: Counts,
    step: PoissonStep,
    law: Entrywise,
    costs: bool,
}

impl PoissonBlock {
    /// A block for factor `index`; where `costs`, the objective is computed along.
    ///
    /// # Errors
    /// `Limit` where the plan needs more than `memory_limit` bytes.
    pub(in crate::solve) fn new(
        bound: &Bound,
        index: usize,
        form: &Poisson,
        step: PoissonStep,
        costs: bool,
        memory_limit: usize,
    ) -> Result<Self> {
        let further = if costs { vec![bound.objective.clone()] } else { Vec::new() };
        let counts = Counts::new(form, &further, bound, memory_limit)?;
        let law = bound.factors[index].prox.entrywise();
        Ok(Self { index, flipped: form.flipped, counts, step, law, costs })
    }
}

impl Block for PoissonBlock {
    fn step(&mut self, bound: &mut Bound, factors: &mut [Arc<Dense>]) -> Result<Done> {
        let mut array = rows_of(&factors[self.index], self.flipped);
        let local = self.counts.run(bound)?;
        let r = if self.flipped { factors[self.index].shape.rows } else { factors[self.index].shape.cols };
        let mut row = Row::new(r);
        let mut decrease = 0.0;
        for (i, b) in array.chunks_mut(r).enumerate() {
            row.load(&local, i, b);
            decrease += match self.step {
                PoissonStep::Multiplicative => row.multiply(b, &local.pull[i * r..(i + 1) * r], self.law),
                PoissonStep::Newton => row.newton(b, &local.pull[i * r..(i + 1) * r], self.law),
            };
        }
        let factor = Arc::new(factor_of(&array, factors[self.index].shape, self.flipped));
        bound.place(self.index, &factor);
        factors[self.index] = factor;
        let before = if self.costs { local.numbers.first().copied() } else { None };
        Ok(Done { decrease, cost: before.map(|cost| cost - decrease) })
    }

    /// To where the sum of the products is that of the counts, which is best along the ray.
    fn rescale(&mut self, bound: &mut Bound, factors: &mut [Arc<Dense>]) -> Result<bool> {
        if !bound.factors[self.index].prox.is_cone() {
            return Ok(false);
        }
        let mut array = rows_of(&factors[self.index], self.flipped);
        let local = self.counts.run(bound)?;
        let r = if self.flipped { factors[self.index].shape.rows } else { factors[self.index].shape.cols };
        let mut counted = 0.0;
        (0..array.len() / r).for_each(|i| local.counts.for_row(i, |_, c| counted += c));
        let pulled: f64 = array.iter().zip(&local.pull).map(|(b, p)| b * p).sum();
        let by: f64 = counted / pulled;
        if !(by > 0.0 && by.is_finite()) {
            return Ok(false);
        }
        array.iter_mut().for_each(|b| *b *= by);
        let factor = Arc::new(factor_of(&array, factors[self.index].shape, self.flipped));
        bound.place(self.index, &factor);
        factors[self.index] = factor;
        Ok(true)
    }
}

/// The columns with a count, for one row: the count, the column of Q, the product <b, Q_j>.
struct Row {
    r: usize,
    counts: Vec<f64>,
    columns: Vec<f64>,
    products: Vec<f64>,
    before: Vec<f64>,
}

impl Row {
    fn new(r: usize) -> Self {
        Self { r, counts: Vec::new(), columns: Vec::new(), products: Vec::new(), before: Vec::new() }
    }

    fn load(&mut self, local: &PoissonLocal, i: usize, b: &[f64]) {
        let r = self.r;
        self.counts.clear();
        self.columns.clear();
        self.products.clear();
        local.counts.for_row(i, |j, count| {
            if count > 0.0 {
                let column = &local.columns[j * r..(j + 1) * r];
                self.counts.push(count);
                self.columns.extend_from_slice(column);
                self.products.push(b.iter().zip(column).map(|(b, q)| b * q).sum());
            }
        });
        self.before.clone_from(&self.products);
    }

    /// sum_j C_j Q_jk / s_j and sum_j C_j (Q_jk / s_j)^2.
    fn slope(&self, k: usize) -> (f64, f64) {
        let (mut first, mut second) = (0.0, 0.0);
        for (at, (&count, &product)) in self.counts.iter().zip(&self.products).enumerate() {
            let share = self.columns[at * self.r + k] / product.max(FLOOR);
            first += count * share;
            second += count * share * share;
        }
        (first, second)
    }

    fn newton(&mut self, b: &mut [f64], pull: &[f64], law: Entrywise) -> f64 {
        let old = b.to_vec();
        // -c log s is self-concordant with the constant 1 / sqrt(c).
        let constant = self.counts.iter().fold(0.0_f64, |most, c| most.max(1.0 / c.sqrt()));
        for _ in 0..SWEEPS {
            for k in 0..self.r {
                self.newton_entry(b, pull[k] + law.l1, law, constant, k);
            }
        }
        self.fallen(b, &old, pull, law)
    }

    fn newton_entry(&mut self, b: &mut [f64], pull: f64, law: Entrywise, constant: f64, k: usize) {
        let (first, second) = self.slope(k);
        let slope = pull - first;
        let aim = if second > 0.0 {
            b[k] - slope / second
        } else if slope > 0.0 {
            law.low
        } else {
            return;
        };
        let mut d = aim.max(law.low).min(law.high) - b[k];
        let length = constant * second.sqrt() * d.abs();
        if slope > 0.0 && length > FULL_STEP {
            d /= 1.0 + length;
        }
        if !d.is_finite() || d == 0.0 {
            return;
        }
        b[k] += d;
        for (product, column) in self.products.iter_mut().zip(self.columns.chunks(self.r)) {
            *product = (*product + d * column[k]).max(0.0);
        }
    }

    fn multiply(&mut self, b: &mut [f64], pull: &[f64], law: Entrywise) -> f64 {
        let old = b.to_vec();
        let constant = self.counts.iter().fold(0.0_f64, |most, c| most.max(1.0 / c.sqrt()));
        for _ in 0..SWEEPS {
            let mut slopes = vec![0.0; self.r];
            for (at, column) in self.columns.chunks(self.r).enumerate() {
                let ratio = self.counts[at] / self.products[at].max(FLOOR);
                slopes.iter_mut().zip(column).for_each(|(s, q)| *s += ratio * q);
            }
            for k in 0..self.r {
                let by = slopes[k] / (pull[k] + law.l1);
                if by.is_finite() {
                    b[k] = (b[k] * by).max(law.low).min(law.high);
                }
            }
            for (product, column) in self.products.iter_mut().zip(self.columns.chunks(self.r)) {
                *product = b.iter().zip(column).map(|(b, q)| b * q).sum();
            }
        }
        // A factor can't move an entry away from 0: a Newton step can.
        for k in (0..self.r).filter(|&k| old[k] == 0.0) {
            self.newton_entry(b, pull[k] + law.l1, law, constant, k);
        }
        self.fallen(b, &old, pull, law)
    }

    fn fallen(&self, b: &[f64], old: &[f64], pull: &[f64], law: Entrywise) -> f64 {
        let mut fall: f64 = (0..self.r).map(|k| (old[k] - b[k]) * (pull[k] + law.l1)).sum();
        for ((&count, &now), &before) in self.counts.iter().zip(&self.products).zip(&self.before) {
            let before = before.max(FLOOR);
            fall += count * ((now.max(FLOOR) - before) / before).ln_1p();
        }
        fall
    }
}
