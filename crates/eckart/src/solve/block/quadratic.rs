//! Quadratic: a factor whose part of the objective is quadratic, or lies below a parabola.
//! In: the Grams and the linear term, as numbers.  Out: the factor moved by sweeps over the rows of its array.
//! Invariant: the decrease is exact where the part is quadratic, else the least it can be.
//! Not here: what a sweep does with a row (see `run::Descent`).

use std::sync::Arc;

use super::cohort::CohortPlace;
use super::{Block, Done};
use crate::error::Result;
use crate::run::{Descent, Numbers, half_gradient, least_shift, solve_shared, sum_by, sweep_rows, tangent};
use crate::solve::block::hoisted::Product;
use crate::solve::block::local::{Local, Terms, factor_of, rows_of};
use crate::solve::cholesky::Cholesky;
use crate::solve::derive::Subproblem;
use crate::solve::problem::Bound;
use crate::solve::problem::iterate::Iterate;
use crate::solve::problem::prox::Prox;

/// How the rows are moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::solve) enum QuadraticStep {
    /// To the minimum, by Cholesky.
    LeastSquares,
    /// Towards it, by conjugate gradient steps of each row, whose Gram is not made.
    ConjugateGradients,
    /// One entry after the other, once.
    Once,
    /// One entry after the other, as often as pays.
    Coordinates,
    /// The same, with an active set.
    ActiveSet,
    /// One component after the other: a column of the array and its proximal map.
    Components,
    /// Proximal gradient steps, a row at a time.
    RowSteps,
}

/// A sweep whose decrease is below this share of the first one's is the last.
const WORTHWHILE: f64 = 0.01;
/// Sweeps over the same Gram, at most.
const MOST_SWEEPS: f64 = 10.0;
/// Share of the time of the products that sweeps may take (Gillis and Glineur 2012, section 3.1).
const SWEEP_SHARE: f64 = 0.5;
/// Proximal gradient steps of a row.
const ROW_STEPS: usize = 5;
/// Conjugate gradient steps of a row (Takacs, Pilaszy and Tikk 2011).
const CONJUGATE_STEPS: usize = 3;

/// A factor of a quadratic or bounded subproblem.
pub(in crate::solve) struct QuadraticBlock {
    index: usize,
    transposed: bool,
    bounded: bool,
    terms: Terms,
    step: QuadraticStep,
    /// As the array lies.
    prox: Prox,
    costs: bool,
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
        let prox =
            if quadratic.transposed { bound.factors[index].prox.transposed() } else { bound.factors[index].prox };
        Ok(Self { index, transposed: quadratic.transposed, bounded, terms, step, prox, costs: !further.is_empty() })
    }

    fn sweep<T: Numbers>(&self, local: &Local<T>, array: &mut [T], sweeps: usize) -> f64 {
        let law = self.prox.entrywise();
        let (grams, rank) = (&local.grams, local.grams.rank);
        if grams.is_definite_shared() {
            let bounds = (law.low, law.high);
            let terms = |linear| (linear, &grams.shared[..], rank);
            if self.bounded {
                let linear = tangent(array, &local.array.data, &grams.shared, rank);
                return sweep_rows(array, terms(&linear[..]), law.l1, bounds, sweeps);
            }
            return sweep_rows(array, terms(&local.array.data[..]), law.l1, bounds, sweeps);
        }
        grams.each_row(array, local.side(self.bounded), || {
            let mut descent = Descent::new(rank, law, sweeps);
            move |row: &mut [f64], linear: &[f64], gram: &[f64]| descent.coordinates(row, linear, gram)
        })
    }

    /// Sweeps that are worth their time beside what it takes to compute the Gram.
    fn most_sweeps<T>(&self, local: &Local<T>, rows: usize) -> usize {
        let r = local.grams.rank as f64;
        let sweep = 2.0 * rows as f64 * r * r;
        1 + (SWEEP_SHARE * self.terms.flops() / sweep).clamp(0.0, MOST_SWEEPS) as usize
    }

    fn step_in<T: Numbers>(&mut self, iterate: &mut Iterate) -> Result<Done> {
        let local = self.terms.run::<T>(self.index, iterate)?;
        let before = if self.costs { local.numbers.first().copied() } else { None };
        let mut rect = rows_of::<T>(iterate.take(self.index), self.transposed);
        let (shape, r) = (rect.shape, local.grams.rank);
        let array = rect.make_mut();
        let most = self.most_sweeps(&local, shape.rows);
        let decrease = match self.step {
            QuadraticStep::LeastSquares => self.solve_rows(&local, array),
            QuadraticStep::ConjugateGradients => {
                let linear = &local.array.data;
                match local.grams.descend_each(array, linear, CONJUGATE_STEPS) {
                    Some(decrease) => decrease,
                    None => self.solve_rows(&local, array),
                }
            }
            QuadraticStep::Once => self.sweep(&local, array, 1),
            // The Gram of a row is dear beside a sweep over it.
            QuadraticStep::Coordinates if !local.grams.is_shared() => self.sweep(&local, array, MOST_SWEEPS as usize),
            QuadraticStep::Coordinates => self.sweep(&local, array, most),
            QuadraticStep::ActiveSet => {
                let law = self.prox.entrywise();
                local.grams.each_row(array, local.side(self.bounded), || {
                    let mut descent = Descent::new(r, law, MOST_SWEEPS as usize);
                    move |row: &mut [f64], linear: &[f64], gram: &[f64]| descent.active_set(row, linear, gram)
                })
            }
            QuadraticStep::Components if self.bounded => {
                let linear = tangent(array, &local.array.data, &local.grams.shared, r);
                repeat(most, || components((&linear, &local.grams.shared, r), array, &self.prox))
            }
            QuadraticStep::Components => {
                let terms = (&local.array.data[..], &local.grams.shared[..], r);
                repeat(most, || components(terms, array, &self.prox))
            }
            QuadraticStep::RowSteps => {
                let prox = self.prox;
                local.grams.each_row(array, local.side(self.bounded), || {
                    move |row: &mut [f64], linear: &[f64], gram: &[f64]| row_steps(row, linear, gram, &prox)
                })
            }
        };
        drop(local);
        iterate.set(self.index, factor_of(rect, self.transposed));
        Ok(Done { decrease, cost: before.map(|cost| cost - decrease), tries: false })
    }

    fn rescale_in<T: Numbers>(&mut self, iterate: &mut Iterate) -> Result<bool> {
        let local = self.terms.run::<T>(self.index, iterate)?;
        let mut rect = rows_of::<T>(iterate.take(self.index), self.transposed);
        let array = rect.make_mut();
        let up = sum_by(array.len(), |at| array[at].to_f64() * local.array.data[at].to_f64());
        let down = local.grams.each_row(array, local.side(self.bounded), || {
            let nothing = vec![0.0; local.grams.rank];
            let mut product = nothing.clone();
            move |row: &mut [f64], _: &[f64], gram: &[f64]| {
                half_gradient(row, &nothing, gram, &mut product);
                row.iter().zip(&product).map(|(b, p)| b * p).sum()
            }
        });
        let by: f64 = up / down;
        let fits = by > 0.0 && by.is_finite();
        if fits {
            array.iter_mut().for_each(|b| *b = T::from_f64(b.to_f64() * by));
        }
        iterate.set(self.index, factor_of(rect, self.transposed));
        Ok(fits)
    }

    fn solve_rows<T: Numbers>(&self, local: &Local<T>, array: &mut [T]) -> f64 {
        let (grams, side) = (&local.grams, local.side(self.bounded));
        if !grams.is_shared() {
            return grams.solve_each(array, side);
        }
        let Some(solver) = Cholesky::shifted(&grams.shared, grams.rank, least_shift::<T>()) else { return 0.0 };
        solve_shared(array, side, (&grams.shared, &solver.inverse(), solver.shift), grams.rank)
    }
}

impl Block for QuadraticBlock {
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
        if self.bounded || !self.prox.is_cone() {
            return Ok(false);
        }
        if iterate.problem.is_narrow() { self.rescale_in::<f32>(iterate) } else { self.rescale_in::<f64>(iterate) }
    }
}

/// Repeats a sweep while it pays; returns the sum of the decreases.
fn repeat(most: usize, mut sweep: impl FnMut() -> f64) -> f64 {
    let first = sweep();
    let mut total = first;
    for _ in 1..most {
        let more = sweep();
        total += more;
        if more <= WORTHWHILE * first {
            break;
        }
    }
    total
}

/// Minimises over one column of the array after the other: with the others fixed its part is q |c|^2 - 2 <c, p>, whose
/// minimum is the proximal map of p / q (Mairal et al. 2010, algorithm 2, for columns of limited length).
fn components<T: Numbers>((linear, gram, r): (&[T], &[f64], usize), array: &mut [T], prox: &Prox) -> f64 {
    let n = array.len() / r;
    let shape = crate::facts::Shape { rows: n, cols: 1 };
    let (mut old, mut new, mut half) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    let mut total = 0.0;
    for k in 0..r {
        let q = gram[k * r + k];
        if q <= 0.0 || q.is_nan() {
            continue;
        }
        let gram = &gram[k * r..(k + 1) * r];
        for i in 0..n {
            let row = &array[i * r..(i + 1) * r];
            let along: f64 = row.iter().zip(gram).map(|(b, g)| b.to_f64() * g).sum();
            half[i] = along - linear[i * r + k].to_f64();
            old[i] = row[k].to_f64();
            new[i] = old[i] - half[i] / q;
        }
        prox.apply(&mut new, shape, 0.5 / q);
        if new.iter().any(|x| !x.is_finite()) {
            continue;
        }
        let mut fall = prox.penalty(&old, shape) - prox.penalty(&new, shape);
        for i in 0..n {
            let d = new[i] - old[i];
            fall -= (2.0 * half[i] + q * d) * d;
            array[i * r + k] = T::from_f64(new[i]);
        }
        total += fall;
    }
    total
}

/// Proximal gradient steps of one row, of the length that its Gram allows.
fn row_steps(row: &mut [f64], linear: &[f64], gram: &[f64], prox: &Prox) -> f64 {
    let r = row.len();
    let shape = crate::facts::Shape { rows: 1, cols: r };
    // The greatest eigenvalue is at most the greatest sum of sizes of a row of the Gram.
    let steepest = gram.chunks(r).map(|g| g.iter().map(|x| x.abs()).sum::<f64>()).fold(0.0, f64::max);
    if !(steepest > 0.0 && steepest.is_finite()) {
        return 0.0;
    }
    let (mut half, mut next) = (vec![0.0; r], vec![0.0; r]);
    let mut total = 0.0;
    for _ in 0..ROW_STEPS {
        half_gradient(row, linear, gram, &mut half);
        for k in 0..r {
            next[k] = row[k] - half[k] / steepest;
        }
        prox.apply(&mut next, shape, 0.5 / steepest);
        let d: Vec<f64> = next.iter().zip(row.iter()).map(|(new, old)| new - old).collect();
        let mut fall = prox.penalty(row, shape) - prox.penalty(&next, shape);
        let mut along = vec![0.0; r];
        half_gradient(&d, &vec![0.0; r], gram, &mut along);
        for k in 0..r {
            fall -= (2.0 * half[k] + along[k]) * d[k];
        }
        if fall <= 0.0 || fall.is_nan() {
            break;
        }
        row.copy_from_slice(&next);
        total += fall;
    }
    total
}
