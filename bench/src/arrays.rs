//! Arrays: the files that both sides read a data set from.
//! In: a folder.  Out: `x.npy` for a dense X; `indptr.npy`, `indices.npy`, `values.npy`, `cols.npy` for a sparse one;
//! `W32.npy` and `H32.npy`, the factors of rank 32.
//! Invariant: one-dimensional arrays of i32 and f32, as NumPy writes them; what was written here is all that is read.
//! Not here: what is in them (see `sets`).

use std::fs;
use std::path::Path;

use eckart::Matrix;
use eckart::data::{ReadOptions, Storage, read, write_npy};

use crate::{Result, trouble};

/// The folder, in that of a set, of what is held out.
pub(crate) const HELD: &str = "held";

/// A number that an array here may hold.
pub(crate) trait Number: Copy {
    /// Its type as NumPy writes it.
    const DESCR: &'static str;
    /// Its bytes, the lowest first.
    fn bytes(self) -> [u8; 4];
    /// The number of these bytes.
    fn of(bytes: [u8; 4]) -> Self;
}

impl Number for i32 {
    const DESCR: &'static str = "<i4";
    fn bytes(self) -> [u8; 4] {
        self.to_le_bytes()
    }
    fn of(bytes: [u8; 4]) -> Self {
        Self::from_le_bytes(bytes)
    }
}

impl Number for f32 {
    const DESCR: &'static str = "<f4";
    fn bytes(self) -> [u8; 4] {
        self.to_le_bytes()
    }
    fn of(bytes: [u8; 4]) -> Self {
        Self::from_le_bytes(bytes)
    }
}

/// Bytes before the numbers: NumPy's magic, version 1.0, and a header that is padded with spaces.
const HEADER: usize = 128;

fn header<T: Number>(len: usize) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((HEADER as u16 - 10).to_le_bytes());
    let text = format!("{{'descr': '{}', 'fortran_order': False, 'shape': ({len},), }}", T::DESCR);
    bytes.extend(format!("{text:<width$}\n", width = HEADER - 11).into_bytes());
    bytes
}

/// Writes an array of one dimension.
pub(crate) fn write_array<T: Number>(path: &Path, values: &[T]) -> Result<()> {
    let mut bytes = header::<T>(values.len());
    bytes.extend(values.iter().flat_map(|value| value.bytes()));
    Ok(fs::write(path, bytes)?)
}

/// Reads an array that [`write_array`] wrote.
pub(crate) fn read_array<T: Number>(path: &Path) -> Result<Vec<T>> {
    let bytes = fs::read(path)?;
    let count = bytes.len().saturating_sub(HEADER) / 4;
    if !bytes.starts_with(&header::<T>(count)) {
        return trouble(format!("{} was not written by this program", path.display()));
    }
    Ok(bytes[HEADER..].chunks_exact(4).map(|four| T::of([four[0], four[1], four[2], four[3]])).collect())
}

/// Writes the compressed rows of a sparse f32 matrix, or a dense matrix.
pub(crate) fn write_data(folder: &Path, x: &Matrix) -> Result<()> {
    let Storage::SparseF32(sparse) = x.storage() else {
        return Ok(write_npy(folder.join("x.npy"), x)?);
    };
    let pattern = sparse.pattern();
    let indptr: Vec<i32> =
        pattern.indptr().iter().map(|&at| i32::try_from(at)).collect::<std::result::Result<_, _>>()?;
    let indices: Vec<i32> =
        pattern.indices().iter().map(|&j| i32::try_from(j)).collect::<std::result::Result<_, _>>()?;
    write_array(&folder.join("cols.npy"), &[i32::try_from(x.cols())?])?;
    write_array(&folder.join("indptr.npy"), &indptr)?;
    write_array(&folder.join("indices.npy"), &indices)?;
    write_array(&folder.join("values.npy"), sparse.values())
}

/// Reads the matrix that [`write_data`] wrote.
pub(crate) fn read_data(folder: &Path) -> Result<Matrix> {
    if folder.join("x.npy").exists() {
        return read_dense(&folder.join("x.npy"));
    }
    let indptr = read_array::<i32>(&folder.join("indptr.npy"))?;
    let indices = read_array::<i32>(&folder.join("indices.npy"))?;
    let cols = read_array::<i32>(&folder.join("cols.npy"))?[0] as usize;
    let indptr: Vec<usize> = indptr.into_iter().map(|at| at as usize).collect();
    let indices: Vec<u32> = indices.into_iter().map(|j| j as u32).collect();
    let values = read_array::<f32>(&folder.join("values.npy"))?;
    Ok(Matrix::sparse(indptr.len() - 1, cols, indptr, indices, values)?)
}

/// Reads a dense matrix.
pub(crate) fn read_dense(path: &Path) -> Result<Matrix> {
    Ok(read(path, &ReadOptions::default())?.matrix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_comes_back() {
        let folder = std::env::temp_dir().join(format!("eckart-bench-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let x = Matrix::from_triplets(3, 4, vec![(0, 1, 1.5f32), (2, 3, -2.0)]).unwrap();
        write_data(&folder, &x).unwrap();
        let back = read_data(&folder).unwrap();
        assert_eq!((back.shape(), back.to_dense_f64()), ((3, 4), x.to_dense_f64()));
        // Eckart's own reader takes the arrays for what they are, and another type is refused.
        let values = read_dense(&folder.join("values.npy")).unwrap();
        assert_eq!(values.values_f64(), [1.5, -2.0]);
        assert!(read_array::<i32>(&folder.join("values.npy")).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
