//! Solver: one step for all rows of a factor whose part of the objective is quadratic, or has a quadratic majorizer.
//! In: the rows' Grams and linear term, a regularizer, the kind of step.  Out: rows moved, and by how much the
//! objective fell.
//! Invariant: the decrease is exact where the part is quadratic, else the least it can be.
//! Not here: which step is taken (see `solve`), likelihoods (see `likelihood`).

use std::borrow::Cow;

use eckart_kernels::{Descent, View};

use super::descent::{RowDescent, sweep_rows};
use super::grams::{Grams, LinearTerm, tangent};
use super::least_squares::least_squares;
use super::proximal::{components, proximal_steps};
use super::regularizer::FactorRegularizer;
use crate::run::Numbers;

/// How the rows of a factor are moved whose part of the objective is quadratic, or has a quadratic majorizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QuadraticStep {
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

/// A column sweep whose decrease is below this share of the first one's is the last.
const WORTHWHILE: f64 = 0.01;
/// Sweeps over the same Gram, at most.
pub(crate) const MOST_SWEEPS: usize = 10;
/// Conjugate gradient steps of a row (Takacs, Pilaszy and Tikk 2011).
const CONJUGATE_STEPS: usize = 3;

/// How rows are moved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowSolver {
    /// The kind of step.
    pub step: QuadraticStep,
    /// Of the array whose rows these are.
    pub regularizer: FactorRegularizer,
}

impl RowSolver {
    /// Moves the rows of `array`, at most `sweeps` times where all have one Gram; returns the decrease.
    pub(crate) fn run<T: Numbers>(
        &self,
        grams: &Grams<T>,
        linear: LinearTerm<'_, T>,
        array: &mut [T],
        sweeps: usize,
    ) -> f64 {
        match self.step {
            QuadraticStep::LeastSquares => least_squares(grams, linear, array),
            QuadraticStep::ConjugateGradients => match grams.descend_each(array, linear, CONJUGATE_STEPS) {
                Some(decrease) => decrease,
                None => least_squares(grams, linear, array),
            },
            QuadraticStep::Once => self.sweep(grams, linear, array, 1),
            // To make the Gram of a row takes longer than a sweep over it.
            QuadraticStep::Coordinates if !grams.is_shared() => self.sweep(grams, linear, array, MOST_SWEEPS),
            QuadraticStep::Coordinates => self.sweep(grams, linear, array, sweeps),
            QuadraticStep::ActiveSet => {
                self.descend(grams, linear, array, Descent { sweeps: MOST_SWEEPS, active_set: true })
            }
            QuadraticStep::Components => {
                let linear = known(grams, linear, array);
                let gram = View::rows_of(&grams.shared, grams.rank);
                repeat(sweeps, || components(&linear, gram, array, &self.regularizer))
            }
            QuadraticStep::RowSteps => grams.each_row(array, linear, || {
                |row: &mut [f64], linear: &[f64], gram: &[f64]| proximal_steps(row, linear, gram, &self.regularizer)
            }),
        }
    }

    fn sweep<T: Numbers>(&self, grams: &Grams<T>, linear: LinearTerm<'_, T>, array: &mut [T], sweeps: usize) -> f64 {
        if grams.is_definite_shared() {
            let linear = known(grams, linear, array);
            let gram = View::rows_of(&grams.shared, grams.rank);
            return sweep_rows(array, &linear, gram, self.regularizer.entries, sweeps);
        }
        self.descend(grams, linear, array, Descent { sweeps, active_set: false })
    }

    /// Coordinate descent, a row at a time.
    fn descend<T: Numbers>(
        &self,
        grams: &Grams<T>,
        linear: LinearTerm<'_, T>,
        array: &mut [T],
        descent: Descent,
    ) -> f64 {
        grams.each_row(array, linear, || {
            let mut rows = RowDescent::new(self.regularizer.entries, descent);
            move |row: &mut [f64], linear: &[f64], gram: &[f64]| rows.descend(row, linear, gram)
        })
    }
}

/// The linear term itself, where all rows have one Gram.
fn known<'a, T: Numbers>(grams: &Grams<T>, linear: LinearTerm<'a, T>, array: &[T]) -> Cow<'a, [T]> {
    match linear {
        LinearTerm::Known(linear) => Cow::Borrowed(linear),
        LinearTerm::OfGradient(gradient) => Cow::Owned(tangent(array, gradient, &grams.shared, grams.rank)),
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
