//! Descent: coordinate descent for the rows of a factor, all of them under one Gram, or one row at a time.
//! In: rows (n x r), linear term (n x r), a Gram (r x r), a regularizer.  Out: rows moved; the exact decrease.
//! Invariant: rows are independent; the decrease is added up in a fixed tree.
//! Not here: the loops (see `sweep` and `descent` of the kernels), when a sweep pays (see `solve`).

use eckart_kernels::{Descent, DescentWorkspace, Regularizer, RowTerms, SweepStats, View, descend};

use crate::run::{Cut, Numbers, cast, simd_level, sum_rows};

/// Minimizes w G w' - 2 b w' + l1 |w|_1 within the bounds for each row w, one entry after the other, `sweeps` times.
pub(super) fn sweep_rows<T: Numbers>(
    rows: &mut [T],
    linear: &[T],
    gram: View<'_>,
    regularizer: Regularizer,
    (cut, sweeps): (&Cut, usize),
) -> f64 {
    let (gram, rank) = (&cast::<f64, T>(gram.whole_rows())[..], gram.cols());
    sum_rows(rows, rank, cut, |range, part| {
        let mut done = vec![SweepStats::default(); sweeps];
        let linear = &linear[range.start * rank..range.end * rank];
        T::sweep(simd_level(), part, linear, View::rows_of(gram, rank), regularizer, &mut done);
        done.iter().map(|sweep| sweep.decrease).sum()
    })
}

/// Coordinate descent for one row after the other, each under a Gram of its own or the same.
pub(super) struct RowDescent {
    regularizer: Regularizer,
    descent: Descent,
    workspace: DescentWorkspace,
}

impl RowDescent {
    /// For rows with this regularizer.
    pub(super) fn new(regularizer: Regularizer, descent: Descent) -> Self {
        Self { regularizer, descent, workspace: DescentWorkspace::default() }
    }

    /// Sweeps a row as often as pays; returns the decrease of b G b' - 2 b l' + penalty.
    pub(super) fn descend(&mut self, row: &mut [f64], linear: &[f64], gram: &[f64]) -> f64 {
        let Self { regularizer, descent, workspace } = self;
        let terms = RowTerms { linear, gram };
        descend(simd_level(), row, terms, std::slice::from_ref(regularizer), *descent, workspace)
    }
}

/// The half gradient b G - l of a row, into `half`.
pub(super) fn half_gradient(row: &[f64], linear: &[f64], gram: &[f64], half: &mut [f64]) {
    eckart_kernels::half_gradient(simd_level(), row, RowTerms { linear, gram }, half);
}
