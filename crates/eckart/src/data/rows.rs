//! Rows: single rows of a matrix, and a matrix of some of its rows.
//! In: a `Matrix`, the places of rows.  Out: their numbers, or a `Matrix` of them.
//! Law: a sparse matrix is not written out; the numbers keep their type.
//! Not here: cutting a matrix into blocks (see `shards`).

use super::{Matrix, Real, Storage};
use crate::error::Result;

impl Matrix {
    /// The numbers stored of row i, counted from 0, as f64: all m of a dense matrix, those of the pattern of a sparse one.
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

    /// The rows at these places, counted from 0, in the order given.
    ///
    /// # Errors
    /// `Data` where no place is given.
    ///
    /// # Panics
    /// Where there is no such row, as for a slice.
    pub fn select_rows(&self, rows: &[usize]) -> Result<Self> {
        let values: Vec<f64> = rows.iter().flat_map(|&i| self.row_f64(i)).collect();
        let selected = match self.pattern() {
            None => Self::dense(rows.len(), self.cols(), values)?,
            Some(pattern) => {
                let (mut indptr, mut indices) = (vec![0], Vec::new());
                for &i in rows {
                    indices.extend_from_slice(&pattern.indices()[pattern.range(i)]);
                    indptr.push(indices.len());
                }
                Self::sparse(rows.len(), self.cols(), indptr, indices, values)?
            }
        };
        selected.cast(self.dtype())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_are_stored() {
        let x = Matrix::from_triplets(3, 3, vec![(1, 2, 5.0f32), (0, 1, 0.0), (2, 0, 7.0)]).unwrap();
        assert_eq!((x.row_f64(0), x.row_f64(1)), (vec![0.0], vec![5.0]));
        let some = x.select_rows(&[2, 0, 2]).unwrap();
        assert_eq!((some.dtype(), some.shape(), some.stored()), (x.dtype(), (3, 3), 3));
        assert_eq!(some.to_dense_f64(), [7.0, 0.0, 0.0, 0.0, 0.0, 0.0, 7.0, 0.0, 0.0]);
        let y = Matrix::from_fn(3, 2, |i, j| (10 * i + j) as f64).unwrap();
        assert_eq!(y.select_rows(&[1]).unwrap().values_f64(), [10.0, 11.0]);
        assert!(y.select_rows(&[]).is_err());
    }
}
