//! Likelihoods: a factor that the objective sees as a Poisson likelihood does, on all threads.
//! In: rows of the factor (n x r), counts (n x m), a panel (m x r), what pulls the rows down (n x r).  Out: rows moved.
//! Law: rows are independent; the cut into shards depends on the data alone; the decrease is added up in a fixed tree.
//! Not here: the loops (see `kernels::likelihood`), which way is taken (see `solve`).

use std::sync::{Mutex, PoisonError};

use super::fold::sum_rows_by;
use super::grams::Weights;
use super::kernels::{Counted, Level, Moved, Wanted, likelihood};
use super::typed::{Numbers, Rect};

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
        let [mut room, mut more] = taken().unwrap_or_else(|| [Counted::new(), Counted::new()]);
        let mut total = 0.0;
        for (i, rows) in range.step_by(2).zip(part.chunks_mut(2 * rank)) {
            let (row, other) = rows.split_at_mut(rank);
            let one = Moved { b: row, picked: counts.row(i), pull: pull.row(i), room: &mut room };
            let other = match other.is_empty() {
                true => None,
                false => Some(Moved { b: other, picked: counts.row(i + 1), pull: pull.row(i + 1), room: &mut more }),
            };
            let [fell, also] = likelihood(Level::best(), (one, other), &panel.data, wanted);
            total += fell + also;
        }
        rooms.lock().unwrap_or_else(PoisonError::into_inner).push([room, more]);
        total
    })
}
