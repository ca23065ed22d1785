//! Poisson: a factor that the objective sees as sum <P_i, b_i> - sum C_ij log <b_i, Q_j>, with nothing negative.
//! In: C, Q and P as numbers.  Out: the factor moved, by multiplicative updates or by damped Newton steps of its entries.
//! Law: rows are independent; the decrease is that of the objective, by the logarithm of the ratio of old and new products.
//! Not here: the choice between the two (see `choice`).

use super::{Block, Done};
use crate::error::Result;
use crate::run::{Numbers, Value, sum_by, sum_rows};
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
/// The least an entry becomes. An exact 0 would make products 0, and 0 log 0 is undefined where X holds a 0.
const LEAST: f64 = 1e-100;
/// The same where the products are of f32.
const LEAST_F32: f64 = 1e-18;
/// An entry below this share of its row's greatest is taken to be stuck near 0.
const ALMOST: f64 = 1e-6;

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
        let mut law = bound.factors[index].prox.entrywise();
        let least = if bound.is_narrow() { LEAST_F32 } else { LEAST };
        law.low = law.low.max(least.min(law.high));
        Ok(Self { index, flipped: form.flipped, counts, step, law, costs })
    }
}

impl Block for PoissonBlock {
    fn step(&mut self, bound: &mut Bound, factors: &mut [Value]) -> Result<Done> {
        if bound.is_narrow() { self.step_in::<f32>(bound, factors) } else { self.step_in::<f64>(bound, factors) }
    }

    /// To where the sum of the products is that of the counts, which is best along the ray.
    fn rescale(&mut self, bound: &mut Bound, factors: &mut [Value]) -> Result<bool> {
        if !bound.factors[self.index].prox.is_cone() {
            return Ok(false);
        }
        if bound.is_narrow() { self.rescale_in::<f32>(bound, factors) } else { self.rescale_in::<f64>(bound, factors) }
    }
}

impl PoissonBlock {
    fn step_in<T: Numbers>(&mut self, bound: &mut Bound, factors: &mut [Value]) -> Result<Done> {
        let local = self.counts.run::<T>(bound)?;
        let mut rect = rows_of::<T>(bound.take(self.index, factors), self.flipped);
        let r = rect.shape.cols;
        let (step, law) = (self.step, self.law);
        let decrease = sum_rows(rect.make_mut(), r, |range, part| {
            let mut row = Row::new(r);
            let (mut b, mut pull) = (vec![0.0; r], vec![0.0; r]);
            let moved = |(i, numbers): (usize, &mut [T])| {
                b.iter_mut().zip(numbers.iter()).for_each(|(to, from)| *to = from.to_f64());
                pull.iter_mut().zip(local.pull.row(i)).for_each(|(to, from)| *to = from.to_f64());
                row.load(&local, i, &b);
                let fell = match step {
                    PoissonStep::Multiplicative => row.multiply(&mut b, &pull, law),
                    PoissonStep::Newton => row.newton(&mut b, &pull, law),
                };
                numbers.iter_mut().zip(&b).for_each(|(to, from)| *to = T::from_f64(*from));
                fell
            };
            range.zip(part.chunks_mut(r)).map(moved).sum()
        });
        let before = if self.costs { local.numbers.first().copied() } else { None };
        drop(local);
        bound.put(self.index, factors, factor_of(rect, self.flipped));
        Ok(Done { decrease, cost: before.map(|cost| cost - decrease) })
    }

    fn rescale_in<T: Numbers>(&mut self, bound: &mut Bound, factors: &mut [Value]) -> Result<bool> {
        let local = self.counts.run::<T>(bound)?;
        let mut rect = rows_of::<T>(bound.take(self.index, factors), self.flipped);
        let mut counted = 0.0;
        (0..rect.shape.rows).for_each(|i| local.counts.for_row(i, |_, c| counted += c.to_f64()));
        let array = rect.make_mut();
        let pulled = sum_by(array.len(), |at| array[at].to_f64() * local.pull.data[at].to_f64());
        let by: f64 = counted / pulled;
        let fits = by > 0.0 && by.is_finite();
        if fits {
            array.iter_mut().for_each(|b| *b = T::from_f64(b.to_f64() * by));
        }
        bound.put(self.index, factors, factor_of(rect, self.flipped));
        Ok(fits)
    }
}

/// The columns with a count, for one row: the count, the column of Q, the product <b, Q_j>.
struct Row {
    r: usize,
    counts: Vec<f64>,
    /// Component after component.
    columns: Vec<f64>,
    products: Vec<f64>,
    before: Vec<f64>,
}

impl Row {
    fn new(r: usize) -> Self {
        Self { r, counts: Vec::new(), columns: Vec::new(), products: Vec::new(), before: Vec::new() }
    }

    fn load<T: Numbers>(&mut self, local: &PoissonLocal<T>, i: usize, b: &[f64]) {
        let r = self.r;
        self.counts.clear();
        self.products.clear();
        let mut which = Vec::new();
        local.counts.for_row(i, |j, count| {
            if count > T::default() {
                self.counts.push(count.to_f64());
                which.push(j);
            }
        });
        let length = which.len();
        self.columns.resize(r * length, 0.0);
        for (at, j) in which.into_iter().enumerate() {
            let column = local.columns.row(j);
            for k in 0..r {
                self.columns[k * length + at] = column[k].to_f64();
            }
            self.products.push(b.iter().zip(column).map(|(b, q)| b * q.to_f64()).sum());
        }
        self.before.clone_from(&self.products);
    }

    /// Q_jk for all j.
    fn component(&self, k: usize) -> &[f64] {
        &self.columns[k * self.counts.len()..(k + 1) * self.counts.len()]
    }

    /// sum_j C_j Q_jk / s_j and sum_j C_j (Q_jk / s_j)^2.
    fn slope(&self, k: usize) -> (f64, f64) {
        const LANES: usize = 4;
        let (mut first, mut second) = ([0.0; LANES], [0.0; LANES]);
        let all = self.component(k).iter().zip(&self.counts).zip(&self.products);
        for (at, ((q, count), product)) in all.enumerate() {
            let share = q / product.max(FLOOR);
            first[at % LANES] += count * share;
            second[at % LANES] += count * share * share;
        }
        (first.iter().sum(), second.iter().sum())
    }

    /// Takes note that entry k has grown by d.
    fn moved(&mut self, k: usize, d: f64) {
        let length = self.counts.len();
        let column = &self.columns[k * length..(k + 1) * length];
        self.products.iter_mut().zip(column).for_each(|(s, q)| *s = (*s + d * q).max(0.0));
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
        self.moved(k, d);
    }

    fn multiply(&mut self, b: &mut [f64], pull: &[f64], law: Entrywise) -> f64 {
        let old = b.to_vec();
        let constant = self.counts.iter().fold(0.0_f64, |most, c| most.max(1.0 / c.sqrt()));
        for _ in 0..SWEEPS {
            let over = self.counts.iter().zip(&self.products);
            let ratios: Vec<f64> = over.map(|(count, product)| count / product.max(FLOOR)).collect();
            for k in 0..self.r {
                let slope: f64 = self.component(k).iter().zip(&ratios).map(|(q, ratio)| q * ratio).sum();
                let new = b[k] * (slope / (pull[k] + law.l1));
                if new.is_finite() {
                    b[k] = new.max(law.low).min(law.high);
                }
            }
            self.products.fill(0.0);
            for k in 0..self.r {
                self.moved(k, b[k]);
            }
        }
        // A factor can hardly move an entry away from 0: a Newton step can.
        let small = ALMOST * old.iter().fold(0.0_f64, |most, b| most.max(*b));
        for k in (0..self.r).filter(|&k| old[k] <= small) {
            self.newton_entry(b, pull[k] + law.l1, law, constant, k);
        }
        self.fallen(b, &old, pull, law)
    }

    fn fallen(&self, b: &[f64], old: &[f64], pull: &[f64], law: Entrywise) -> f64 {
        let mut fall: f64 = (0..self.r).map(|k| (old[k] - b[k]) * (pull[k] + law.l1)).sum();
        for ((&count, &now), &before) in self.counts.iter().zip(&self.products).zip(&self.before) {
            let (before, now) = (before.max(FLOOR), now.max(FLOOR));
            let grown = (now - before) / before;
            // By the quotient where it is near 1, as a difference where it might overflow.
            fall += count * if grown.abs() < 0.5 { grown.ln_1p() } else { now.ln() - before.ln() };
        }
        fall
    }
}
