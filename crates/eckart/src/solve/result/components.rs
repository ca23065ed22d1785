//! Kept: what is kept of every start where its components are to be compared with those of others.
//! In: a start's factors.  Out: `Kept`: the components, and some rows' share in them.
//! Invariant: which rows those are depends on their number alone; no more than `MOST_ROWS` are kept.
//! Not here: the comparison (see `apply`).

use super::Kept;
use crate::error::Result;
use crate::run::Value;
use crate::solve::problem::Bound;

/// Rows that are kept, at most.
const MOST_ROWS: usize = 2000;

/// Which factors hold components, by their place in the problem: W (n x r) and H (r x m), neither an offset.
pub(in crate::solve) fn pair(bound: &Bound) -> Option<(usize, usize)> {
    let (x, r) = (&bound.target.1, bound.rank);
    let shape = |at: usize| (bound.factors[at].shape.rows, bound.factors[at].shape.cols);
    let searched = (0..bound.factors.len()).filter(|&at| !bound.factors[at].offset);
    // For square data of full rank W and H have the same shape: H is the later one.
    let h = searched.clone().rev().find(|&at| shape(at) == (r, x.cols()))?;
    let w = searched.clone().find(|&at| shape(at) == (x.rows(), r) && at != h)?;
    Some((w, h))
}

impl Kept {
    /// `None` where no two factors hold components.
    ///
    /// # Errors
    /// `Data` where a factor is not finite.
    pub(in crate::solve) fn of(start: usize, bound: &Bound, factors: &[Value]) -> Result<Option<Self>> {
        let Some((w, h)) = pair(bound) else { return Ok(None) };
        let dtype = bound.target.1.dtype();
        let (components, all) = (factors[h].to_matrix(dtype)?, factors[w].to_matrix(dtype)?);
        let (n, r) = all.shape();
        let mut squares = vec![0.0; r];
        for row in all.values_f64().chunks(r) {
            squares.iter_mut().zip(row).for_each(|(sum, x)| *sum += x * x);
        }
        let count = n.min(MOST_ROWS);
        let sampled: Vec<usize> = (0..count).map(|k| (n as u128 * k as u128 / count as u128) as usize).collect();
        let rows = all.select_rows(&sampled)?;
        let lengths = squares.into_iter().map(f64::sqrt).collect();
        let shape = (n, bound.target.1.cols());
        Ok(Some(Self { start, shape, components, lengths, sampled, rows }))
    }
}
