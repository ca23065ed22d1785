//! Sweeps: coordinate descent for the rows of a factor, on all threads.
//! In: rows (n x r), linear term (n x r), a Gram (r x r), penalty and bounds.  Out: rows moved; the exact decrease.
//! Law: rows are independent; the decrease is added up in a fixed tree.
//! Not here: the loops (see `kernels::sweep`), when a sweep pays (see `solve`).

use super::fold::sum_rows;
use super::kernels::{Asked, Level, Swept, sweep};

/// Minimises w G w' - 2 b w' + l1 |w|_1 within the bounds for each row w, one entry after the other, `sweeps` times.
pub(crate) fn sweep_rows(
    rows: &mut [f64],
    (linear, gram, rank): (&[f64], &[f64], usize),
    l1: f64,
    (lower, upper): (f64, f64),
    sweeps: usize,
) -> f64 {
    let asked = Asked { l1: 0.5 * l1, lower, upper };
    sum_rows(rows, rank, |range, part| {
        let mut done = vec![Swept::default(); sweeps];
        let linear = &linear[range.start * rank..range.end * rank];
        sweep(Level::best(), part, (linear, gram, rank), asked, &mut done);
        done.iter().map(|swept| swept.decrease).sum()
    })
}
