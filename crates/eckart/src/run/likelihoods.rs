//! Likelihoods: a factor that the objective sees as a Poisson likelihood does, on all threads.
//! In: rows of the factor (n x r), counts (n x m), a panel (m x r), what pulls the rows down (n x r).  Out: rows moved.
//! Invariant: rows are independent; the cut into shards depends on the data alone; the decrease is added up in a fixed
//! tree.
//! Not here: the loops (see `kernels::likelihood`), which way is taken (see `solve`).

use std::sync::{Mutex, PoisonError};

use eckart_kernels::{Counted, Moved, TOGETHER, Wanted};

use super::grams::Weights;
use super::machine::shard_sums::sum_rows_by;
use super::machine::simd::simd_level;
use super::value::typed::{Numbers, Rect};

/// Moves every row; returns by how much the objective fell.
pub(crate) fn likelihood_rows<T: Numbers>(
    rows: &mut [T],
    counts: &Weights<T>,
    (panel, pull): (&Rect<T>, &Rect<T>),
    wanted: Wanted,
) -> f64 {
    let rank = panel.shape.cols;
    // A shard takes what another has made.
    let rooms = Mutex::new(Vec::new());
    let taken = || rooms.lock().unwrap_or_else(PoisonError::into_inner).pop();
    sum_rows_by(rows, rank, counts.ends(), |range, part| {
        let mut rooms_here: [Counted<T>; TOGETHER] =
            taken().unwrap_or_else(|| std::array::from_fn(|_| Counted::default()));
        let mut total = 0.0;
        for (from, part) in range.step_by(TOGETHER).zip(part.chunks_mut(TOGETHER * rank)) {
            let mut together = [const { None }; TOGETHER];
            let rows = (from..).zip(part.chunks_mut(rank)).zip(&mut rooms_here);
            for (place, ((i, b), room)) in together.iter_mut().zip(rows) {
                *place = Some(Moved { b, picked: counts.row(i), pull: pull.row(i), room });
            }
            total += T::likelihood(simd_level(), together, &panel.data, wanted).iter().sum::<f64>();
        }
        rooms.lock().unwrap_or_else(PoisonError::into_inner).push(rooms_here);
        total
    })
}
