//! Select: some rows or columns of a matrix, as a matrix of its own.
//! In: a `Matrix`, the numbers of the rows or columns.  Out: a `Matrix` of the same layout and number type.
//! Invariant: what is chosen is as it was, in the order asked for; missing entries stay missing, stored zeros stored.
//! Not here: names (see `Table`), blocks of rows inside a plan (see `run`).

use std::sync::Arc;

use eckart_kernels::Number;

use crate::data::{Matrix, Pattern, Real, Sparse, Storage};
use crate::error::{Code, Error, Result};

impl Matrix {
    /// The numbers stored of row i, counted from 0, as f64: all m of a dense matrix, those of the pattern of a sparse
    /// one.
    ///
    /// # Panics
    /// Where there is no row i, as for a slice.
    pub fn row_f64(&self, i: usize) -> Vec<f64> {
        let range = self.pattern().map_or(i * self.cols()..(i + 1) * self.cols(), |pattern| pattern.range(i));
        match self.storage() {
            Storage::DenseF32(v) => v[range].iter().map(|&v| v.to_f64()).collect(),
            Storage::DenseF64(v) => v[range].to_vec(),
            Storage::SparseF32(s) => s.values()[range].iter().map(|&v| v.to_f64()).collect(),
            Storage::SparseF64(s) => s.values()[range].to_vec(),
        }
    }

    /// The rows of those numbers (from 0), in that order; a row may be asked for more than once.
    ///
    /// # Errors
    /// `Data` where no row is asked for, or one that is not there.
    pub fn select_rows(&self, rows: &[usize]) -> Result<Self> {
        if let Some(&outside) = rows.iter().find(|&&i| i >= self.rows()) {
            return Err(outside_of("row", outside, self.rows()));
        }
        match self.storage() {
            Storage::DenseF32(values) => dense_rows(values, self.cols(), rows),
            Storage::DenseF64(values) => dense_rows(values, self.cols(), rows),
            Storage::SparseF32(sparse) => sparse_rows(sparse, rows),
            Storage::SparseF64(sparse) => sparse_rows(sparse, rows),
        }
    }

    /// The columns of those numbers (from 0), in that order, each at most once.
    ///
    /// # Errors
    /// `Data` where no column is asked for, one that is not there, or one twice.
    pub fn select_cols(&self, cols: &[usize]) -> Result<Self> {
        let mut place = vec![None; self.cols()];
        for (to, &j) in cols.iter().enumerate() {
            let Some(slot) = place.get_mut(j) else { return Err(outside_of("column", j, self.cols())) };
            if slot.replace(to).is_some() {
                return Err(Error::data(
                    Code::DuplicateEntry,
                    format!("column {} is asked for twice", j + 1),
                    "Ask for each column once",
                ));
            }
        }
        match self.storage() {
            Storage::DenseF32(values) => dense_cols(values, self.shape(), cols),
            Storage::DenseF64(values) => dense_cols(values, self.shape(), cols),
            Storage::SparseF32(sparse) => sparse_cols(sparse, &place, cols.len()),
            Storage::SparseF64(sparse) => sparse_cols(sparse, &place, cols.len()),
        }
    }

    /// The matrix turned over: entry (j, i) is what (i, j) was.
    ///
    /// # Errors
    /// `Data` where a sparse matrix has more rows than columns can be numbered.
    pub fn transposed(&self) -> Result<Self> {
        match self.storage() {
            Storage::DenseF32(values) => turned(values, self.shape()),
            Storage::DenseF64(values) => turned(values, self.shape()),
            Storage::SparseF32(sparse) => turned_sparse(sparse),
            Storage::SparseF64(sparse) => turned_sparse(sparse),
        }
    }
}

fn outside_of(what: &str, at: usize, count: usize) -> Error {
    Error::data(
        Code::IndexOutOfRange,
        format!("there is no {what} {}: the matrix has {count}", at + 1),
        "They are counted from 0 here",
    )
}

fn dense_rows<T: Real>(values: &[T], cols: usize, rows: &[usize]) -> Result<Matrix> {
    let mut out = Vec::with_capacity(rows.len() * cols);
    rows.iter().for_each(|&i| out.extend_from_slice(&values[i * cols..(i + 1) * cols]));
    Matrix::dense(rows.len(), cols, out)
}

fn sparse_rows<T: Real>(sparse: &Sparse<T>, rows: &[usize]) -> Result<Matrix> {
    let pattern = sparse.pattern();
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for &i in rows {
        indices.extend_from_slice(&pattern.indices()[pattern.range(i)]);
        values.extend_from_slice(&sparse.values()[pattern.range(i)]);
        indptr.push(indices.len());
    }
    Matrix::sparse(rows.len(), pattern.cols(), indptr, indices, values)
}

fn dense_cols<T: Real>(values: &[T], (rows, all): (usize, usize), cols: &[usize]) -> Result<Matrix> {
    let mut out = Vec::with_capacity(rows * cols.len());
    (0..rows).for_each(|i| out.extend(cols.iter().map(|&j| values[i * all + j])));
    Matrix::dense(rows, cols.len(), out)
}

fn sparse_cols<T: Real>(sparse: &Sparse<T>, place: &[Option<usize>], count: usize) -> Result<Matrix> {
    let pattern = sparse.pattern();
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for i in 0..pattern.rows() {
        let entry = |at: usize| place[pattern.indices()[at] as usize].map(|to| (to as u32, sparse.values()[at]));
        let mut row: Vec<(u32, T)> = pattern.range(i).filter_map(entry).collect();
        row.sort_by_key(|(to, _)| *to);
        indices.extend(row.iter().map(|(to, _)| *to));
        values.extend(row.iter().map(|(_, value)| *value));
        indptr.push(indices.len());
    }
    Matrix::sparse(pattern.rows(), count, indptr, indices, values)
}

fn turned<T: Real>(values: &[T], (rows, cols): (usize, usize)) -> Result<Matrix> {
    Matrix::from_fn(cols, rows, |j, i| values[i * cols + j])
}

fn turned_sparse<T: Real>(sparse: &Sparse<T>) -> Result<Matrix> {
    let pattern = sparse.pattern();
    let checked = Pattern::new(
        pattern.cols(),
        pattern.rows(),
        pattern.transposed().indptr().to_vec(),
        pattern.transposed().indices().to_vec(),
    )?;
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
            let turned = x.transposed().unwrap();
            assert_eq!((turned.shape(), turned.get(3, 2), turned.get(1, 0)), ((4, 3), 4.0, 1.0));
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
