//! Quadratic: a factor whose part of the objective is quadratic, or has a quadratic majorizer.
//! In: the Grams and the linear term, as numbers.  Out: the factor moved by a step for the rows of its array.
//! Invariant: the decrease is exact where the part is quadratic, else the least it can be.
//! Not here: what the step does with the rows (see `rows`).

use std::sync::Arc;

use super::cohort::CohortPlace;
use super::plans::{SearchPlan, Work};
use super::{Block, Done};
use crate::error::Result;
use crate::facts::Shape;
pub(in crate::solve) use crate::rows::QuadraticStep;
use crate::rows::{MOST_SWEEPS, RowSolver};
use crate::run::{Numbers, sum_by};
use crate::solve::block::hoisted::Product;
use crate::solve::block::local::{Terms, factor_of, rows_of};
use crate::solve::derive::Subproblem;
use crate::solve::problem::Bound;
use crate::solve::problem::iterate::Iterate;

/// Share of the time of the products that sweeps may take (Gillis and Glineur 2012, section 3.1).
const SWEEP_SHARE: f64 = 0.5;

/// A factor of a quadratic or bounded subproblem.
pub(in crate::solve) struct QuadraticBlock {
    index: usize,
    transposed: bool,
    bounded: bool,
    terms: Terms,
    solver: RowSolver,
    costs: bool,
    /// The factor's name, the shape of the array that is moved, and the bytes of a number of it.
    name: String,
    shape: Shape,
    number: usize,
}

impl QuadraticBlock {
    /// A block for factor `index` of a subproblem that is quadratic or bounded; where `costs`, the objective is
    /// computed along.
    ///
    /// # Errors
    /// `Limit` where the plan needs more than `memory_limit` bytes.
    pub(in crate::solve) fn new(
        bound: &Bound,
        index: usize,
        subproblem: &Subproblem,
        step: QuadraticStep,
        costs: bool,
        memory_limit: usize,
    ) -> Result<Self> {
        let (quadratic, array, bounded) = match subproblem {
            Subproblem::Quadratic(quadratic, linear) => (quadratic, linear, false),
            Subproblem::Bounded(quadratic, gradient) => (quadratic, gradient, true),
            Subproblem::Coupled(_) | Subproblem::Poisson(_) | Subproblem::Smooth => {
                return Err(crate::Error::Bug("a factor has no quadratic subproblem".into()));
            }
        };
        let further = if costs && !bounded { vec![bound.objective.clone()] } else { Vec::new() };
        let terms = Terms::new(quadratic, array, &further, bound, memory_limit)?;
        let own = &bound.factors[index].regularizer;
        let regularizer = if quadratic.transposed { own.transposed() } else { *own };
        let solver = RowSolver { step, regularizer };
        let factor = &bound.factors[index];
        Ok(Self {
            index,
            transposed: quadratic.transposed,
            bounded,
            terms,
            solver,
            costs: !further.is_empty(),
            name: factor.var.name().to_owned(),
            shape: if quadratic.transposed {
                Shape { rows: factor.shape.cols, cols: factor.shape.rows }
            } else {
                factor.shape
            },
            number: bound.dtype().bytes(),
        })
    }

    /// What the row solver does, about.
    fn work(&self) -> Work {
        let (n, r) = (self.shape.rows as f64, self.shape.cols as f64);
        let sweeps = self.sweeps(self.shape.rows) as f64;
        let (stored, gram) = self.terms.row_grams();
        let (name, flops) = match self.solver.step {
            QuadraticStep::LeastSquares if gram => {
                ("Cholesky factorization per row", stored * r * r + n * r * r * (r / 3.0 + 2.0))
            }
            QuadraticStep::LeastSquares => ("one Cholesky factorization for all rows", r * r * (r / 3.0 + 2.0 * n)),
            QuadraticStep::ConjugateGradients => {
                ("conjugate gradients per row", 3.0 * (4.0 * stored * r + 2.0 * n * r * r))
            }
            _ if gram => {
                ("row solver on one Gram matrix per row", stored * r * r + 2.0 * MOST_SWEEPS as f64 * n * r * r)
            }
            QuadraticStep::Once => ("one sweep of coordinate descent", 2.0 * n * r * r),
            _ => ("sweeps of the row solver", 2.0 * sweeps * n * r * r),
        };
        let bytes = 2.0 * n * r * self.number as f64 + if gram { stored * (4 + self.number) as f64 } else { 0.0 };
        Work { name: name.into(), flops, bytes }
    }

    /// Sweeps that are worth their time beside what it takes to compute the Gram.
    fn sweeps(&self, rows: usize) -> usize {
        let r = self.shape.cols as f64;
        let sweep = 2.0 * rows as f64 * r * r;
        1 + (SWEEP_SHARE * self.terms.flops() / sweep).clamp(0.0, MOST_SWEEPS as f64) as usize
    }

    fn step_in<T: Numbers>(&mut self, iterate: &mut Iterate) -> Result<Done> {
        let local = self.terms.run::<T>(self.index, iterate)?;
        let before = if self.costs { local.numbers.first().copied() } else { None };
        let mut rect = rows_of::<T>(iterate.take(self.index), self.transposed);
        let sweeps = self.sweeps(rect.shape.rows);
        let decrease = self.solver.run(&local.grams, local.linear(self.bounded), rect.make_mut(), sweeps);
        drop(local);
        iterate.set(self.index, factor_of(rect, self.transposed));
        Ok(Done { decrease, cost: before.map(|cost| cost - decrease), tries: false })
    }

    fn rescale_in<T: Numbers>(&mut self, iterate: &mut Iterate) -> Result<bool> {
        let local = self.terms.run::<T>(self.index, iterate)?;
        let mut rect = rows_of::<T>(iterate.take(self.index), self.transposed);
        let array = rect.make_mut();
        let up = sum_by(array.len(), |at| array[at].to_f64() * local.array.data[at].to_f64());
        let down = local.grams.curvature(array);
        let by: f64 = up / down;
        let fits = by > 0.0 && by.is_finite();
        if fits {
            array.iter_mut().for_each(|b| *b = T::from_f64(b.to_f64() * by));
        }
        iterate.set(self.index, factor_of(rect, self.transposed));
        Ok(fits)
    }
}

impl Block for QuadraticBlock {
    fn plans(&self) -> Vec<SearchPlan<'_>> {
        let array = if self.bounded { "gradient" } else { "linear term" };
        let further: &[&str] = if self.costs { &["objective"] } else { &[] };
        let mut plan = self.terms.plan(format!("subproblem in {}", self.name), array, further);
        plan.beside.push(self.work());
        vec![plan]
    }

    fn join(&mut self, cohort: Option<&Arc<CohortPlace>>) {
        self.terms.join(cohort);
    }

    fn product(&self) -> Option<&Product> {
        self.terms.product()
    }

    fn step(&mut self, iterate: &mut Iterate) -> Result<Done> {
        if iterate.problem.is_narrow() { self.step_in::<f32>(iterate) } else { self.step_in::<f64>(iterate) }
    }

    fn rescale(&mut self, iterate: &mut Iterate) -> Result<bool> {
        if self.bounded || !self.solver.regularizer.is_cone() {
            return Ok(false);
        }
        if iterate.problem.is_narrow() { self.rescale_in::<f32>(iterate) } else { self.rescale_in::<f64>(iterate) }
    }
}
