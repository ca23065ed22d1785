//! Quadratic: a factor whose part of the objective is quadratic, or lies below a parabola.
//! In: the Grams and the linear term, as numbers.  Out: the factor moved by sweeps over the rows of its array.
//! Law: the decrease is exact where the part is quadratic, else the least it can be.
//! Not here: what a sweep does with a row (see `sweep`).

use std::sync::Arc;

use super::{Block, Done};
use crate::error::Result;
use crate::run::{Dense, sum_rows, sweep_rows};
use crate::solve::cholesky::Cholesky;
use crate::solve::derive::Form;
use crate::solve::local::{Local, Terms, factor_of, rows_of};
use crate::solve::problem::Bound;
use crate::solve::prox::Prox;
use crate::solve::sweep::{active_set, coordinates, half_gradient, least_squares};

/// How the rows are moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::solve) enum QuadraticStep {
    /// To the minimum, by Cholesky.
    LeastSquares,
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

/// A factor of a quadratic or bounded form.
pub(in crate::solve) struct QuadraticBlock {
    index: usize,
    flipped: bool,
    bounded: bool,
    terms: Terms,
    step: QuadraticStep,
    /// As the array lies.
    prox: Prox,
    costs: bool,
}

impl QuadraticBlock {
    /// A block for factor `index` of a form that is quadratic or bounded; where `costs`, the objective is computed along.
    ///
    /// # Errors
    /// `Limit` where the plan needs more than `memory_limit` bytes.
    pub(in crate::solve) fn new(
        bound: &Bound,
        index: usize,
        form: &Form,
        step: QuadraticStep,
        costs: bool,
        memory_limit: usize,
    ) -> Result<Self> {
        let (quadratic, array, bounded) = match form {
            Form::Quadratic(quadratic, linear) => (quadratic, linear, false),
            Form::Bounded(quadratic, gradient) => (quadratic, gradient, true),
            Form::Poisson(_) | Form::Smooth => {
                return Err(crate::Error::Bug("a factor has no quadratic form".into()));
            }
        };
        let further = if costs && !bounded { vec![bound.objective.clone()] } else { Vec::new() };
        let terms = Terms::new(quadratic, array, &further, bound, memory_limit)?;
        let prox = if quadratic.flipped { bound.factors[index].prox.flipped() } else { bound.factors[index].prox };
        Ok(Self { index, flipped: quadratic.flipped, bounded, terms, step, prox, costs: !further.is_empty() })
    }

    fn local(&self, bound: &Bound, array: &[f64]) -> Result<Local> {
        let mut local = self.terms.run(bound)?;
        if self.bounded {
            // The parabola that touches at B has L = B G - gradient / 2.
            let r = local.rank;
            let mut gram = local.shared.clone();
            let nothing = vec![0.0; r];
            let mut product = vec![0.0; r];
            for i in 0..local.rows {
                if !local.is_shared() {
                    local.gram(i, &mut gram);
                }
                half_gradient(&array[i * r..(i + 1) * r], &nothing, &gram, &mut product);
                let row = &mut local.array[i * r..(i + 1) * r];
                row.iter_mut().zip(&product).for_each(|(l, p)| *l = p - *l / 2.0);
            }
        }
        Ok(local)
    }

    fn place(&self, bound: &mut Bound, factors: &mut [Arc<Dense>], array: &[f64]) {
        let factor = Arc::new(factor_of(array, factors[self.index].shape, self.flipped));
        bound.place(self.index, &factor);
        factors[self.index] = factor;
    }

    fn sweep(&self, local: &Local, array: &mut [f64], sweeps: usize) -> f64 {
        let law = self.prox.entrywise();
        if local.is_definite_shared() {
            let terms = (&local.array[..], &local.shared[..], local.rank);
            return sweep_rows(array, terms, law.l1, (law.low, law.high), sweeps);
        }
        each_row(local, array, || {
            let mut half = vec![0.0; local.rank];
            move |row: &mut [f64], linear: &[f64], gram: &[f64]| coordinates(row, linear, gram, law, sweeps, &mut half)
        })
    }

    /// Sweeps that are worth their time beside what it takes to compute the Gram.
    fn most_sweeps(&self, local: &Local) -> usize {
        let r = local.rank as f64;
        let sweep = 2.0 * local.rows as f64 * r * r;
        1 + (SWEEP_SHARE * self.terms.flops() / sweep).clamp(0.0, MOST_SWEEPS) as usize
    }
}

impl Block for QuadraticBlock {
    fn step(&mut self, bound: &mut Bound, factors: &mut [Arc<Dense>]) -> Result<Done> {
        let mut array = rows_of(&factors[self.index], self.flipped);
        let local = self.local(bound, &array)?;
        let before = if self.costs { local.numbers.first().copied() } else { None };
        let decrease = match self.step {
            QuadraticStep::LeastSquares => solve_rows(&local, &mut array),
            QuadraticStep::Once => self.sweep(&local, &mut array, 1),
            // The Gram of a row is dear beside a sweep over it.
            QuadraticStep::Coordinates if !local.is_shared() => self.sweep(&local, &mut array, MOST_SWEEPS as usize),
            QuadraticStep::Coordinates => self.sweep(&local, &mut array, self.most_sweeps(&local)),
            QuadraticStep::ActiveSet => {
                let law = self.prox.entrywise();
                each_row(&local, &mut array, || {
                    let mut half = vec![0.0; local.rank];
                    move |row: &mut [f64], linear: &[f64], gram: &[f64]| {
                        active_set(row, linear, gram, law, MOST_SWEEPS as usize, &mut half)
                    }
                })
            }
            QuadraticStep::Components => {
                repeat(self.most_sweeps(&local), || components(&local, &mut array, &self.prox))
            }
            QuadraticStep::RowSteps => {
                let prox = self.prox;
                each_row(&local, &mut array, || {
                    move |row: &mut [f64], linear: &[f64], gram: &[f64]| row_steps(row, linear, gram, &prox)
                })
            }
        };
        self.place(bound, factors, &array);
        Ok(Done { decrease, cost: before.map(|cost| cost - decrease) })
    }

    fn rescale(&mut self, bound: &mut Bound, factors: &mut [Arc<Dense>]) -> Result<bool> {
        if self.bounded || !self.prox.is_cone() {
            return Ok(false);
        }
        let mut array = rows_of(&factors[self.index], self.flipped);
        let local = self.local(bound, &array)?;
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let up = dot(&array, &local.array);
        let down = each_row(&local, &mut array, || {
            let nothing = vec![0.0; local.rank];
            let mut product = nothing.clone();
            move |row: &mut [f64], _: &[f64], gram: &[f64]| {
                half_gradient(row, &nothing, gram, &mut product);
                dot(row, &product)
            }
        });
        let by: f64 = up / down;
        if !(by > 0.0 && by.is_finite()) {
            return Ok(false);
        }
        array.iter_mut().for_each(|b| *b *= by);
        self.place(bound, factors, &array);
        Ok(true)
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

/// Calls what `visitor` makes, once a shard of rows, with each row of the array, of the linear term, and its Gram; returns
/// the sum of what it returns.
fn each_row<V>(local: &Local, array: &mut [f64], visitor: impl Fn() -> V + Sync) -> f64
where
    V: FnMut(&mut [f64], &[f64], &[f64]) -> f64,
{
    let r = local.rank;
    sum_rows(array, r, |range, part| {
        let mut gram = local.shared.clone();
        let mut visit = visitor();
        let linear = &local.array[range.start * r..range.end * r];
        let rows = range.zip(part.chunks_mut(r).zip(linear.chunks(r)));
        rows.map(|(i, (row, linear))| {
            if !local.is_shared() {
                local.gram(i, &mut gram);
            }
            visit(row, linear, &gram)
        })
        .sum()
    })
}

fn solve_rows(local: &Local, array: &mut [f64]) -> f64 {
    let r = local.rank;
    if local.is_shared() {
        let Some(solver) = Cholesky::of(&local.shared, r) else { return 0.0 };
        return each_row(local, array, || {
            let mut work = vec![0.0; 2 * r];
            let solver = &solver;
            move |row: &mut [f64], linear: &[f64], gram: &[f64]| least_squares(row, linear, gram, solver, &mut work)
        });
    }
    each_row(local, array, || {
        let mut work = vec![0.0; 2 * r];
        move |row: &mut [f64], linear: &[f64], gram: &[f64]| {
            let Some(solver) = Cholesky::of(gram, r) else { return 0.0 };
            least_squares(row, linear, gram, &solver, &mut work)
        }
    })
}

/// Minimises over one column of the array after the other: with the others fixed its part is q |c|^2 - 2 <c, p>, whose
/// minimum is the proximal map of p / q (Mairal et al. 2010, algorithm 2, for columns of limited length).
fn components(local: &Local, array: &mut [f64], prox: &Prox) -> f64 {
    let (n, r) = (local.rows, local.rank);
    let shape = crate::facts::Shape { rows: n, cols: 1 };
    let (mut old, mut new, mut half) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    let mut total = 0.0;
    for k in 0..r {
        let q = local.shared[k * r + k];
        if q <= 0.0 || q.is_nan() {
            continue;
        }
        let gram = &local.shared[k * r..(k + 1) * r];
        for i in 0..n {
            let row = &array[i * r..(i + 1) * r];
            half[i] = row.iter().zip(gram).map(|(b, g)| b * g).sum::<f64>() - local.array[i * r + k];
            old[i] = row[k];
            new[i] = row[k] - half[i] / q;
        }
        prox.apply(&mut new, shape, 0.5 / q);
        if new.iter().any(|x| !x.is_finite()) {
            continue;
        }
        let mut fall = prox.penalty(&old, shape) - prox.penalty(&new, shape);
        for i in 0..n {
            let d = new[i] - old[i];
            fall -= (2.0 * half[i] + q * d) * d;
            array[i * r + k] = new[i];
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
