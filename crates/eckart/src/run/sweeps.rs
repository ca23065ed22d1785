//! Sweeps: coordinate descent for the rows of a factor, on all threads.
//! In: rows (n x r), linear term (n x r), a Gram (r x r), penalty and bounds.  Out: rows moved; the exact decrease.
//! Law: rows are independent; the decrease is added up in a fixed tree.
//! Not here: the loops (see `kernels::sweep`), when a sweep pays (see `solve`).

use super::fold::sum_rows;
use super::kernels::{Asked, Level, Swept, sweep};
use super::typed::{Numbers, cast};

/// Minimises w G w' - 2 b w' + l1 |w|_1 within the bounds for each row w, one entry after the other, `sweeps` times.
pub(crate) fn sweep_rows<T: Numbers>(
    rows: &mut [T],
    (linear, gram, rank): (&[T], &[f64], usize),
    l1: f64,
    (lower, upper): (f64, f64),
    sweeps: usize,
) -> f64 {
    let asked = Asked { l1: T::from_f64(0.5 * l1), lower: T::from_f64(lower), upper: T::from_f64(upper) };
    let gram = &cast::<f64, T>(gram)[..];
    sum_rows(rows, rank, |range, part| {
        let mut done = vec![Swept::default(); sweeps];
        let linear = &linear[range.start * rank..range.end * rank];
        sweep(Level::best(), part, (linear, gram, rank), asked, &mut done);
        done.iter().map(|swept| swept.decrease).sum()
    })
}
