//! Poisson: a factor that the objective sees as sum <P_i, b_i> + l2 |b_i|^2 - sum C_ij log <b_i, Q_j>, nothing
//! negative.
//! In: C, Q and P as numbers.  Out: the factor moved, by multiplicative updates or by damped Newton steps of its
//! entries.
//! Invariant: rows are independent; the decrease is that of the objective, by the logarithm of the ratio of old and new
//! products.
//! Not here: the choice between the two (see `choice`), the loops over a row (see `rows::likelihood`).

use super::plans::{SearchPlan, Work};
use super::{Block, Done};
use crate::error::Result;
pub(in crate::solve) use crate::rows::PoissonStep;
use crate::rows::{Likelihood, Regularizer, likelihood_rows, likelihood_workspace};
use crate::run::{Numbers, sum_by};
use crate::solve::block::local::{Counts, factor_of, rows_of};
use crate::solve::derive::Poisson;
use crate::solve::problem::Bound;
use crate::solve::problem::iterate::Iterate;

/// Sweeps over a row; they share the row's products.
const SWEEPS: usize = 2;
/// The least an entry becomes. An exact 0 would make products 0, and 0 log 0 is undefined where X holds a 0.
const LEAST: f64 = 1e-100;
/// The same where the products are of f32.
const LEAST_F32: f64 = 1e-18;
/// A factor of a Poisson subproblem.
pub(in crate::solve) struct PoissonBlock {
    index: usize,
    transposed: bool,
    counts: Counts,
    likelihood: Likelihood,
    costs: bool,
    /// The factor's name, the rows that are moved and their length, and the bytes of a number.
    name: String,
    rows: usize,
    rank: usize,
    number: usize,
}

impl PoissonBlock {
    /// A block for factor `index`; where `costs`, the objective is computed along.
    ///
    /// # Errors
    /// `Limit` where the plan needs more than `memory_limit` bytes.
    pub(in crate::solve) fn new(
        bound: &Bound,
        index: usize,
        subproblem: &Poisson,
        step: PoissonStep,
        costs: bool,
        memory_limit: usize,
    ) -> Result<Self> {
        let further = if costs { vec![bound.objective.clone()] } else { Vec::new() };
        let counts = Counts::new(subproblem, &further, bound, memory_limit)?;
        let own = bound.factors[index].regularizer.entries;
        let least = if bound.is_narrow() { LEAST_F32 } else { LEAST };
        let regularizer = Regularizer { lower: own.lower.max(least.min(own.upper)), ..own };
        let likelihood = Likelihood { regularizer, square: subproblem.square, step, sweeps: SWEEPS };
        let factor = &bound.factors[index];
        Ok(Self {
            index,
            transposed: subproblem.transposed,
            counts,
            likelihood,
            costs,
            name: factor.var.name().to_owned(),
            rows: if subproblem.transposed { factor.shape.cols } else { factor.shape.rows },
            rank: if subproblem.transposed { factor.shape.rows } else { factor.shape.cols },
            number: bound.dtype().bytes(),
        })
    }
}

impl Block for PoissonBlock {
    fn plans(&self) -> Vec<SearchPlan<'_>> {
        let further: &[&str] = if self.costs { &["objective"] } else { &[] };
        let mut plan = self.counts.plan(format!("subproblem in {}", self.name), further);
        let stored = self.counts.stored() as f64;
        let name = match self.likelihood.step {
            PoissonStep::Multiplicative => "multiplicative updates",
            PoissonStep::Newton => "damped Newton steps, one entry after the other",
        };
        // A product per stored entry, then a first and a second derivative and an update of the products per sweep.
        let flops = stored * self.rank as f64 * (2.0 + 6.0 * SWEEPS as f64);
        plan.beside.push(Work { name: name.into(), flops, bytes: stored * (4 + self.number) as f64 });
        plan.workspace = likelihood_workspace(self.counts.longest_row(), (self.rows, self.rank), self.number);
        vec![plan]
    }

    fn step(&mut self, iterate: &mut Iterate) -> Result<Done> {
        if iterate.problem.is_narrow() { self.step_in::<f32>(iterate) } else { self.step_in::<f64>(iterate) }
    }

    /// To where the sum of the products is that of the counts, which is best along the ray.
    fn rescale(&mut self, iterate: &mut Iterate) -> Result<bool> {
        if !iterate.problem.factors[self.index].regularizer.is_cone() || self.likelihood.square > 0.0 {
            return Ok(false);
        }
        if iterate.problem.is_narrow() { self.rescale_in::<f32>(iterate) } else { self.rescale_in::<f64>(iterate) }
    }
}

impl PoissonBlock {
    fn step_in<T: Numbers>(&mut self, iterate: &mut Iterate) -> Result<Done> {
        let local = self.counts.run::<T>(iterate)?;
        let mut rect = rows_of::<T>(iterate.take(self.index), self.transposed);
        let decrease = likelihood_rows(rect.make_mut(), &local.counts, &local.columns, &local.linear, self.likelihood);
        let before = if self.costs { local.numbers.first().copied() } else { None };
        drop(local);
        iterate.set(self.index, factor_of(rect, self.transposed));
        Ok(Done { decrease, cost: before.map(|cost| cost - decrease), tries: false })
    }

    fn rescale_in<T: Numbers>(&mut self, iterate: &mut Iterate) -> Result<bool> {
        let local = self.counts.run::<T>(iterate)?;
        let mut rect = rows_of::<T>(iterate.take(self.index), self.transposed);
        let counted = local.counts.total();
        let array = rect.make_mut();
        let pulled = sum_by(array.len(), |at| array[at].to_f64() * local.linear.data[at].to_f64());
        let by: f64 = counted / pulled;
        let fits = by > 0.0 && by.is_finite();
        if fits {
            array.iter_mut().for_each(|b| *b = T::from_f64(b.to_f64() * by));
        }
        iterate.set(self.index, factor_of(rect, self.transposed));
        Ok(fits)
    }
}
