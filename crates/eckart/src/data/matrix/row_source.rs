//! Row source: data whose rows are handed over where they are needed, and not held by the engine.
//! In: a range of rows.  Out: these rows, as a matrix.
//! Invariant: the same rows each time; all facts about them are those of the matrix as a whole.
//! Not here: where rows lie (see whoever implements it), who asks for them (see `run`).

use std::fmt::Debug;
use std::ops::Range;

use super::shards::Shards;
use super::{Dtype, Matrix, Real};
use crate::error::{Code, Error, Result};

/// What hands over the rows of an n x m matrix: an array in memory, a file, another machine.
///
/// A pass over the data asks for the rows of one shard after the other, block by block and each once, on several
/// threads, and lets them go before it asks for the next.
pub trait RowSource: Debug + Send + Sync {
    /// (n, m).
    fn shape(&self) -> (usize, usize);
    /// The type of the numbers.
    fn dtype(&self) -> Dtype;
    /// Whether only some entries are stored.
    fn is_sparse(&self) -> bool;
    /// How many entries are missing (`NaN`); 0 where only some are stored.
    fn missing(&self) -> usize;
    /// The cut of the rows: that of [`Matrix::shards`].
    fn shards(&self) -> &Shards;
    /// Some of the rows, counted from 0: of one shard, or of one of another matrix that has the same rows.
    ///
    /// # Errors
    /// Those of reading them.
    fn rows(&self, rows: Range<usize>) -> Result<Matrix>;
}

/// All rows, in one matrix.
///
/// # Errors
/// Those of reading them; `Data` where rows are not as the source says.
pub(crate) fn collect(source: &dyn RowSource) -> Result<Matrix> {
    let shards = (0..source.shards().count()).map(|k| source.shards().range(k)).filter(|rows| !rows.is_empty());
    let parts: Vec<Matrix> = shards.map(|rows| read(source, rows)).collect::<Result<_>>()?;
    match source.dtype() {
        Dtype::F32 => joined::<f32>(source, &parts),
        Dtype::F64 => joined::<f64>(source, &parts),
    }
}

/// Some of the rows.
///
/// # Errors
/// As for [`collect`].
pub(crate) fn read(source: &dyn RowSource, rows: Range<usize>) -> Result<Matrix> {
    let matrix = source.rows(rows.clone())?;
    let expected = (rows.len(), source.shape().1);
    if (matrix.shape(), matrix.dtype(), matrix.is_sparse()) != (expected, source.dtype(), source.is_sparse()) {
        let message = format!(
            "rows {} to {} came as {}, and not as {}",
            rows.start + 1,
            rows.end,
            kind(matrix.shape(), matrix.dtype(), matrix.is_sparse()),
            kind(expected, source.dtype(), source.is_sparse()),
        );
        return Err(Error::data(Code::WrongShape, message, "A row source hands over the same rows each time"));
    }
    Ok(matrix)
}

fn kind((rows, cols): (usize, usize), dtype: Dtype, is_sparse: bool) -> String {
    format!("{rows} x {cols} {dtype} numbers{}", if is_sparse { ", stored sparsely" } else { "" })
}

fn joined<T: Real>(source: &dyn RowSource, parts: &[Matrix]) -> Result<Matrix> {
    let (rows, cols) = source.shape();
    if !source.is_sparse() {
        let numbers = parts.iter().filter_map(|part| T::dense_of(part.storage()));
        return Matrix::dense(rows, cols, numbers.flat_map(|part| part.iter().copied()).collect());
    }
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for part in parts.iter().filter_map(|part| T::sparse_of(part.storage())) {
        let first = indices.len();
        indptr.extend(part.pattern().indptr()[1..].iter().map(|at| first + at));
        indices.extend_from_slice(part.pattern().indices());
        values.extend_from_slice(part.values());
    }
    Matrix::sparse(rows, cols, indptr, indices, values)
}

impl RowSource for Matrix {
    fn shape(&self) -> (usize, usize) {
        Matrix::shape(self)
    }

    fn dtype(&self) -> Dtype {
        Matrix::dtype(self)
    }

    fn is_sparse(&self) -> bool {
        Matrix::is_sparse(self)
    }

    fn missing(&self) -> usize {
        Matrix::missing(self)
    }

    fn shards(&self) -> &Shards {
        Matrix::shards(self)
    }

    fn rows(&self, rows: Range<usize>) -> Result<Matrix> {
        self.select_rows(&rows.collect::<Vec<usize>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_without_rows_are_passed_over() {
        let long = 3_000_000;
        let indices = [0].into_iter().chain(0..long as u32).chain([7]).collect();
        let x = Matrix::sparse(3, long, vec![0, 1, long + 1, long + 2], indices, vec![1.0_f32; long + 2]).unwrap();
        assert!((0..x.shards().count()).any(|k| x.shards().range(k).is_empty()), "{:?}", x.shards());
        assert_eq!(collect(&x).unwrap().pattern().unwrap().indices(), x.pattern().unwrap().indices());
    }
}
