//! Likelihoods: a factor that the objective sees as a Poisson likelihood does, on all threads.
//! In: rows of the factor (n x r), counts (n x m), a panel (m x r), what pulls the rows down (n x r).  Out: rows moved.
//! Law: rows are independent; the cut into shards depends on the data alone; the decrease is added up in a fixed tree.
//! Not here: the loops (see `kernels::likelihood`), which way is taken (see `solve`).

use super::fold::sum_rows_by;
use super::grams::Weights;
use super::kernels::{Counted, Level, Wanted, likelihood};
use super::typed::{Numbers, Rect};

/// Moves every row; returns by how much the objective fell.
pub(crate) fn likelihood_rows<T: Numbers>(
    rows: &mut [T],
    counts: &Weights<T>,
    (panel, pull): (&Rect<T>, &Rect<T>),
    wanted: Wanted,
) -> f64 {
    let rank = panel.shape.cols;
    sum_rows_by(rows, rank, counts.ends(), |range, part| {
        let mut room = Counted::new();
        let mut total = 0.0;
        for (i, row) in range.zip(part.chunks_mut(rank)) {
            total += likelihood(Level::best(), row, counts.row(i), (&panel.data, pull.row(i)), wanted, &mut room);
        }
        total
    })
}
