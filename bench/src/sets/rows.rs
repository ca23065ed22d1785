//! Rows: sparse matrices whose rows have given numbers of entries.
//! In: the number of entries of each row, how a column and a number are drawn.  Out: a sparse matrix.
//! Invariant: no entry stands twice; the same stream gives the same matrix.
//! Not here: which data is drawn (see `sets`).

use eckart::Matrix;

use crate::Result;
use crate::random::Stream;

/// A sparse matrix with so many entries per row, at columns that `draw` gives, of values that `value` gives for a
/// place.
pub(crate) fn rows_of(
    cols: usize,
    counts: &[usize],
    random: &mut Stream,
    mut draw: impl FnMut(&mut Stream) -> usize,
    mut value: impl FnMut(&mut Stream, usize, usize) -> f32,
) -> Result<Matrix> {
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::<u32>::new(), Vec::<f32>::new());
    let mut taken = vec![false; cols];
    for (i, &count) in counts.iter().enumerate() {
        let from = indices.len();
        while indices.len() < from + count {
            let j = draw(random).min(cols - 1);
            if !std::mem::replace(&mut taken[j], true) {
                indices.push(j as u32);
            }
        }
        indices[from..].sort_unstable();
        indices[from..].iter().for_each(|&j| taken[j as usize] = false);
        values.extend(indices[from..].iter().map(|&j| value(random, i, j as usize)));
        indptr.push(indices.len());
    }
    Ok(Matrix::sparse(counts.len(), cols, indptr, indices, values)?)
}
