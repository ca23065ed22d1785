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
use crate::rows::{CONJUGATE_STEPS, MOST_SWEEPS, QuadraticRows, QuadraticStep};
use crate::run::Numbers;

/// A column sweep whose decrease is below this share of the first one's is the last.
const WORTHWHILE: f64 = 0.01;

impl QuadraticRows {
    /// Moves the rows of `array`; returns the decrease.
    pub(in crate::run) fn run<T: Numbers>(&self, grams: &Grams<T>, linear: LinearTerm<'_, T>, array: &mut [T]) -> f64 {
        match self.step {
            QuadraticStep::LeastSquares => least_squares(grams, linear, array),
            QuadraticStep::ConjugateGradients => match grams.descend_each(array, linear, CONJUGATE_STEPS) {
                Some(decrease) => decrease,
                None => least_squares(grams, linear, array),
            },
            QuadraticStep::Once => self.sweep(grams, linear, array, 1),
            // To make the Gram of a row takes longer than a sweep over it.
            QuadraticStep::Coordinates if !grams.is_shared() => self.sweep(grams, linear, array, MOST_SWEEPS),
            QuadraticStep::Coordinates => self.sweep(grams, linear, array, self.sweeps),
            QuadraticStep::ActiveSet => {
                self.descend(grams, linear, array, Descent { sweeps: MOST_SWEEPS, active_set: true })
            }
            QuadraticStep::Components => {
                let linear = known(grams, linear, array);
                let gram = View::rows_of(&grams.shared, grams.rank);
                repeat(self.sweeps, || components(&linear, gram, array, &self.regularizer))
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
            return sweep_rows(array, &linear, gram, self.regularizer.entries, (&grams.cut, sweeps));
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
