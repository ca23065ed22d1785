//! Likelihoods: a factor that the objective sees as a Poisson likelihood does, on all threads.
//! In: rows of the factor (n x r), counts (n x m), a panel (m x r), a linear term (n x r).  Out: rows moved.
//! Invariant: rows are independent; the cut into shards depends on the data alone; the decrease is added up in a fixed
//! tree.
//! Not here: the loops (see `likelihood` of the kernels), which step is taken (see `solve`).

use std::sync::{Mutex, PoisonError};

use eckart_kernels::{CountedRow, Likelihood, LikelihoodWorkspace, TOGETHER};

use super::grams::Weights;
use crate::facts::Shape;
use crate::run::{Cut, Numbers, Rect, simd_level, sum_rows, threads};

/// Bytes of workspace for moving the rows of an array with so many counts each: in each shard of rows several are moved
/// together, each with its part of the panel and some arrays as long as the row.
pub(crate) fn likelihood_workspace(counts: usize, array: Shape, number: usize) -> usize {
    let Shape { rows, cols: rank } = array;
    let at_once = threads().min(rows.div_ceil(TOGETHER));
    at_once * TOGETHER * counts * ((rank + 5) * number + size_of::<usize>())
}

/// Moves every row; returns by how much the objective fell.
pub(crate) fn likelihood_rows<T: Numbers>(
    rows: &mut [T],
    counts: &Weights<T>,
    panel: &Rect<T>,
    linear: &Rect<T>,
    (likelihood, cut): (Likelihood, &Cut),
) -> f64 {
    let rank = panel.shape.cols;
    // A shard takes what another has made.
    let idle = Mutex::new(Vec::new());
    let taken = || idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
    sum_rows(rows, rank, cut, |range, part| {
        let mut workspaces: [LikelihoodWorkspace<T>; TOGETHER] =
            taken().unwrap_or_else(|| std::array::from_fn(|_| LikelihoodWorkspace::default()));
        let mut total = 0.0;
        for (from, part) in range.step_by(TOGETHER).zip(part.chunks_mut(TOGETHER * rank)) {
            let mut together = [const { None }; TOGETHER];
            let rows = (from..).zip(part.chunks_mut(rank)).zip(&mut workspaces);
            for (place, ((i, b), workspace)) in together.iter_mut().zip(rows) {
                *place = Some(CountedRow { b, picked: counts.row(i), linear: linear.row(i), workspace });
            }
            total += T::likelihood(simd_level(), together, &panel.data, likelihood).iter().sum::<f64>();
        }
        idle.lock().unwrap_or_else(PoisonError::into_inner).push(workspaces);
        total
    })
}
