//! Select: some rows or columns of a matrix, as a matrix of its own.
//! In: a `Matrix`, the numbers of the rows or columns.  Out: a `Matrix` of the same layout and number type.
//! Invariant: what is chosen is as it was, in the order asked for; missing entries stay missing, stored zeros stored.
//! Not here: names (see `Table`), blocks of rows inside a plan (see `run`).

use std::sync::Arc;

use crate::data::{Matrix, Pattern, Real, Sparse, Storage};
use crate::error::{Code, Error, Result};

/// The rows or the columns of a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Rows.
    Rows,
    /// Columns.
    Cols,
}

impl Side {
    /// Rows, and columns.
    pub const BOTH: [Self; 2] = [Self::Rows, Self::Cols];

    /// "row" or "column".
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Rows => "row",
            Self::Cols => "column",
        }
    }

    /// How many there are in a matrix of that shape.
    pub(crate) fn of(self, shape: (usize, usize)) -> usize {
        match self {
            Self::Rows => shape.0,
            Self::Cols => shape.1,
        }
    }
}

impl Matrix {
    /// The rows of those numbers (from 0), in that order; a row may be asked for more than once.
    ///
    /// # Errors
    /// `Data` where no row is asked for, or one that is not there.
    pub fn select_rows(&self, rows: &[usize]) -> Result<Self> {
        self.select(Side::Rows, rows)
    }

    /// The columns of those numbers (from 0), in that order, each at most once.
    ///
    /// # Errors
    /// `Data` where no column is asked for, one that is not there, or one twice.
    pub fn select_cols(&self, cols: &[usize]) -> Result<Self> {
        let mut asked = vec![false; self.cols()];
        for &j in cols.iter().filter(|&&j| j < self.cols()) {
            if std::mem::replace(&mut asked[j], true) {
                let message = format!("column {} is asked for twice", j + 1);
                return Err(Error::data(Code::DuplicateEntry, message, "Ask for each column once"));
            }
        }
        self.select(Side::Cols, cols)
    }

    fn select(&self, side: Side, lines: &[usize]) -> Result<Self> {
        let count = if side == Side::Rows { self.rows() } else { self.cols() };
        if let Some(at) = lines.iter().find(|&&at| at >= count) {
            let message = format!("there is no {} {}: the matrix has {count}", side.word(), at + 1);
            return Err(Error::data(Code::IndexOutOfRange, message, "They are counted from 0 here"));
        }
        self.pick(side, &lines.iter().map(|&at| Some(at)).collect::<Vec<Option<usize>>>(), f64::NAN)
    }

    /// A matrix whose rows, or columns (none of them twice), are those of this one in the order of `from`. Where that
    /// says `None` all entries are `lacking` (missing where that is `NaN`), or not stored where the matrix is sparse.
    ///
    /// # Errors
    /// `Data` where it would have no row or no column.
    pub(crate) fn pick(&self, side: Side, from: &[Option<usize>], lacking: f64) -> Result<Self> {
        match self.storage() {
            Storage::DenseF32(values) => pick_dense(values, self.shape(), (side, from), lacking),
            Storage::DenseF64(values) => pick_dense(values, self.shape(), (side, from), lacking),
            Storage::SparseF32(sparse) => pick_sparse(sparse, side, from),
            Storage::SparseF64(sparse) => pick_sparse(sparse, side, from),
        }
    }

    /// The transpose: entry (j, i) is what (i, j) was.
    ///
    /// # Errors
    /// `Data` where a sparse matrix has more rows than columns can be numbered.
    pub fn transposed(&self) -> Result<Self> {
        match self.storage() {
            Storage::DenseF32(values) => transpose_dense(values, self.shape()),
            Storage::DenseF64(values) => transpose_dense(values, self.shape()),
            Storage::SparseF32(sparse) => transpose_sparse(sparse),
            Storage::SparseF64(sparse) => transpose_sparse(sparse),
        }
    }
}

fn pick_dense<T: Real>(
    values: &[T],
    (rows, cols): (usize, usize),
    (side, from): (Side, &[Option<usize>]),
    lacking: f64,
) -> Result<Matrix> {
    let lacking = T::from_f64(lacking);
    let mut out = Vec::with_capacity(from.len() * if side == Side::Rows { cols } else { rows });
    match side {
        Side::Rows => from.iter().for_each(|at| match at {
            Some(i) => out.extend_from_slice(&values[i * cols..(i + 1) * cols]),
            None => out.resize(out.len() + cols, lacking),
        }),
        Side::Cols => {
            (0..rows).for_each(|i| out.extend(from.iter().map(|at| at.map_or(lacking, |j| values[i * cols + j]))))
        }
    }
    match side {
        Side::Rows => Matrix::dense(from.len(), cols, out),
        Side::Cols => Matrix::dense(rows, from.len(), out),
    }
}

fn pick_sparse<T: Real>(sparse: &Sparse<T>, side: Side, from: &[Option<usize>]) -> Result<Matrix> {
    let (pattern, all) = (sparse.pattern(), sparse.values());
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    match side {
        Side::Rows => {
            for range in from.iter().map(|at| at.map_or(0..0, |i| pattern.range(i))) {
                indices.extend_from_slice(&pattern.indices()[range.clone()]);
                values.extend_from_slice(&all[range]);
                indptr.push(indices.len());
            }
            Matrix::sparse(from.len(), pattern.cols(), indptr, indices, values)
        }
        Side::Cols => {
            let mut place = vec![None; pattern.cols()];
            from.iter().enumerate().for_each(|(to, at)| at.iter().for_each(|&j| place[j] = Some(to as u32)));
            for i in 0..pattern.rows() {
                let entry = |at: usize| place[pattern.indices()[at] as usize].map(|to| (to, all[at]));
                let mut row: Vec<(u32, T)> = pattern.range(i).filter_map(entry).collect();
                row.sort_by_key(|(to, _)| *to);
                indices.extend(row.iter().map(|(to, _)| *to));
                values.extend(row.iter().map(|(_, value)| *value));
                indptr.push(indices.len());
            }
            Matrix::sparse(pattern.rows(), from.len(), indptr, indices, values)
        }
    }
}

fn transpose_dense<T: Real>(values: &[T], (rows, cols): (usize, usize)) -> Result<Matrix> {
    Matrix::from_fn(cols, rows, |j, i| values[i * cols + j])
}

fn transpose_sparse<T: Real>(sparse: &Sparse<T>) -> Result<Matrix> {
    let transposed = sparse.pattern().transposed();
    let (rows, cols) = (transposed.rows(), transposed.cols());
    let checked = Pattern::new(rows, cols, transposed.indptr().to_vec(), transposed.indices().to_vec())?;
    Matrix::with_pattern(Arc::new(checked), sparse.transposed().values().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::check_error;

    #[test]
    fn rows_and_columns_are_as_they_were() {
        let sparse = Matrix::from_triplets(3, 4, vec![(0, 1, 1.0f32), (0, 3, 2.0), (2, 0, 0.0), (2, 3, 4.0)]).unwrap();
        let dense = Matrix::dense(3, 4, sparse.to_dense_f64()).unwrap();
        for x in [&sparse, &dense] {
            let rows = x.select_rows(&[2, 0, 2]).unwrap();
            assert_eq!(rows.to_dense_f64(), [0., 0., 0., 4., 0., 1., 0., 2., 0., 0., 0., 4.]);
            let cols = x.select_cols(&[3, 1]).unwrap();
            assert_eq!(cols.to_dense_f64(), [2., 1., 0., 0., 4., 0.]);
            let transposed = x.transposed().unwrap();
            assert_eq!((transposed.shape(), transposed.get(3, 2), transposed.get(1, 0)), ((4, 3), 4.0, 1.0));
            assert_eq!((rows.dtype(), rows.is_sparse()), (x.dtype(), x.is_sparse()));
        }
        assert_eq!(sparse.select_rows(&[2]).unwrap().stored(), 2);
        assert_eq!((sparse.row_f64(2), dense.row_f64(2)), (vec![0.0, 4.0], vec![0.0, 0.0, 0.0, 4.0]));
        assert_eq!(sparse.transposed().unwrap().stored(), 4);
    }

    #[test]
    fn what_is_not_there_is_refused() {
        let x = Matrix::dense(2, 2, vec![1.0, 2.0, 3.0, f64::NAN]).unwrap();
        let refuses = |found: Result<Matrix>, code: Code, part: &str| check_error(&found.unwrap_err(), code, part);
        refuses(x.select_rows(&[2]), Code::IndexOutOfRange, "row 3");
        refuses(x.select_rows(&[]), Code::NoEntries, "0 x 2");
        refuses(x.select_cols(&[0, 0]), Code::DuplicateEntry, "column 1");
        refuses(x.select_cols(&[5]), Code::IndexOutOfRange, "column 6");
        assert_eq!(x.select_rows(&[1]).unwrap().missing(), 1);
    }
}
