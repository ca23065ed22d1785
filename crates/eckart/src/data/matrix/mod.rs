//! Matrix: one value for every kind of data: dense or sparse, f32 or f64, with or without missing entries.
//! In: row-major numbers, compressed rows or triplets.  Out: a cheap-to-clone, immutable `Matrix`.
//! Invariant: what a constructor accepts is valid for ever after: sides are not zero, nothing is infinite, rows are
//! sorted.
//! Not here: arithmetic (see `run`) and files (the other modules of `data`).

pub(super) mod array;
pub(super) mod row_source;
pub(super) mod select;
pub(super) mod shards;
pub(super) mod sparse;

use std::ops::Range;
use std::sync::Arc;

use eckart_kernels::{Kernels, Number, Seen, SimdLevel};

use self::shards::Shards;
use self::sparse::row_pointers;
use super::{Array, Pattern, Sparse};
use crate::error::{Code, Error, Result};

/// Entries of a matrix that is only assumed, at most: sums of some such matrices' bytes can be counted.
const MOST_ENTRIES: usize = 1 << 56;

/// The type of a matrix's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// 32-bit floats.
    F32,
    /// 64-bit floats.
    F64,
}

impl Dtype {
    /// Bytes of one number.
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

impl std::fmt::Display for Dtype {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

/// The two number types a matrix may hold: `f32` and `f64`, with the kernels that compute with them.
pub trait Real: Kernels {
    /// Which of the two it is.
    const DTYPE: Dtype;
    /// Wraps a dense array.
    fn dense(values: Array<Self>) -> Storage;
    /// Wraps a sparse array.
    fn sparse(values: Arc<Sparse<Self>>) -> Storage;
    /// The dense array of this type, if that is what is stored.
    fn dense_of(storage: &Storage) -> Option<&Array<Self>>;
    /// The sparse array of this type, if that is what is stored.
    fn sparse_of(storage: &Storage) -> Option<&Arc<Sparse<Self>>>;
}

macro_rules! real {
    ($number:ty, $dtype:ident, $dense:ident, $sparse:ident) => {
        impl Real for $number {
            const DTYPE: Dtype = Dtype::$dtype;
            fn dense(values: Array<Self>) -> Storage {
                Storage::$dense(values)
            }
            fn sparse(values: Arc<Sparse<Self>>) -> Storage {
                Storage::$sparse(values)
            }
            fn dense_of(storage: &Storage) -> Option<&Array<Self>> {
                if let Storage::$dense(values) = storage { Some(values) } else { None }
            }
            fn sparse_of(storage: &Storage) -> Option<&Arc<Sparse<Self>>> {
                if let Storage::$sparse(values) = storage { Some(values) } else { None }
            }
        }
    };
}

real!(f32, F32, DenseF32, SparseF32);
real!(f64, F64, DenseF64, SparseF64);

/// How a matrix is laid out. Dense arrays are row-major and may hold `NaN` (a missing entry).
#[derive(Debug, Clone)]
pub enum Storage {
    /// Row-major f32.
    DenseF32(Array<f32>),
    /// Row-major f64.
    DenseF64(Array<f64>),
    /// Compressed rows of f32.
    SparseF32(Arc<Sparse<f32>>),
    /// Compressed rows of f64.
    SparseF64(Arc<Sparse<f64>>),
}

/// An immutable n x m matrix: dense or sparse, f32 or f64. Cloning shares the numbers.
///
/// In a dense matrix `NaN` marks a missing entry. In a sparse one an entry that is not stored is zero; whether it
/// counts as data is said by the objective (`observed(X)`), not by the matrix.
#[derive(Debug, Clone)]
pub struct Matrix {
    rows: usize,
    cols: usize,
    missing: usize,
    seen: Seen,
    shards: Shards,
    storage: Storage,
}

impl Matrix {
    /// A dense n x m matrix from `rows * cols` numbers, row by row. `NaN` is a missing entry.
    ///
    /// # Errors
    /// `Data` where a side is 0, the length is not `rows * cols`, or a number is infinite (named by row and column).
    pub fn dense<T: Real>(rows: usize, cols: usize, values: Vec<T>) -> Result<Self> {
        Self::of_array(rows, cols, values.into())
    }

    /// As [`Matrix::dense`], from numbers that others may hold: they are not copied.
    ///
    /// # Errors
    /// As there.
    pub fn of_array<T: Real>(rows: usize, cols: usize, values: Array<T>) -> Result<Self> {
        let seen = T::seen(SimdLevel::best(), &values);
        check_sides(rows, cols)?;
        if rows.checked_mul(cols) != Some(values.len()) {
            return Err(Error::data(
                Code::WrongCount,
                format!("a {rows} x {cols} matrix needs {} numbers, got {}", rows.saturating_mul(cols), values.len()),
                "Pass them row by row",
            ));
        }
        let mut missing = 0;
        if !seen.is_finite() {
            for (at, value) in values.iter().enumerate() {
                if value.to_f64().is_infinite() {
                    return Err(infinite(at / cols, at % cols));
                }
                missing += usize::from(value.to_f64().is_nan());
            }
        }
        let shards = Shards::of_dense(rows, cols);
        Ok(Self { rows, cols, missing, seen, shards, storage: T::dense(values) })
    }

    /// A dense matrix whose entry (i, j) is `entry(i, j)`.
    ///
    /// # Errors
    /// As for [`Matrix::dense`].
    pub fn from_fn<T: Real>(rows: usize, cols: usize, mut entry: impl FnMut(usize, usize) -> T) -> Result<Self> {
        let mut values = Vec::with_capacity(rows.saturating_mul(cols));
        for i in 0..rows {
            for j in 0..cols {
                values.push(entry(i, j));
            }
        }
        Self::dense(rows, cols, values)
    }

    /// A 1 x 1 matrix of f64.
    ///
    /// # Errors
    /// `Data` where the number is infinite.
    pub fn scalar(value: f64) -> Result<Self> {
        Self::dense(1, 1, vec![value])
    }

    /// A sparse n x m matrix from compressed rows: row i holds the columns `indices[indptr[i]..indptr[i + 1]]`,
    /// strictly increasing. Zeros may be stored; they belong to the pattern.
    ///
    /// # Errors
    /// `Data` where a side is 0, the arrays don't fit together, a column is out of range or out of order, or a number
    /// is not finite.
    pub fn sparse<T: Real>(
        rows: usize,
        cols: usize,
        indptr: Vec<usize>,
        indices: Vec<u32>,
        values: Vec<T>,
    ) -> Result<Self> {
        check_sides(rows, cols)?;
        let pattern = Pattern::new(rows, cols, indptr, indices)?;
        Self::with_pattern(Arc::new(pattern), values)
    }

    /// A sparse matrix on a pattern that is known to be valid: one number per stored entry, in its order.
    ///
    /// # Errors
    /// `Data` where the lengths differ or a number is not finite.
    pub fn with_pattern<T: Real>(pattern: Arc<Pattern>, values: Vec<T>) -> Result<Self> {
        Self::on_pattern(pattern, values.into())
    }

    /// As [`Matrix::with_pattern`], with numbers that others may hold: they are not copied.
    ///
    /// # Errors
    /// As there.
    pub fn on_pattern<T: Real>(pattern: Arc<Pattern>, values: Array<T>) -> Result<Self> {
        let (rows, cols) = (pattern.rows(), pattern.cols());
        if values.len() != pattern.nnz() {
            let message = format!("the pattern stores {} entries, got {} numbers", pattern.nnz(), values.len());
            return Err(Error::data(Code::WrongCount, message, "Pass one number per stored entry"));
        }
        let seen = T::seen(SimdLevel::best(), &values);
        let strange = if seen.is_finite() { None } else { values.iter().position(|v| !v.to_f64().is_finite()) };
        if let Some(at) = strange {
            let row = pattern.row_of(at);
            let col = pattern.indices()[at] as usize;
            return Err(if values[at].to_f64().is_nan() {
                Error::data(
                    Code::MissingValue,
                    format!("the stored entry at row {}, column {} is NaN", row + 1, col + 1),
                    "Leave missing entries out of a sparse matrix and write observed(X) in the objective",
                )
            } else {
                infinite(row, col)
            });
        }
        let shards = pattern.shards().clone();
        let storage = T::sparse(Arc::new(Sparse::new(pattern, values)));
        Ok(Self { rows, cols, missing: 0, seen, shards, storage })
    }

    /// A matrix of which only the shape is known: nothing may be computed with it. It takes no memory, whatever its
    /// shape is.
    ///
    /// # Errors
    /// `Data` where a side is 0, or its entries could not be counted.
    pub(crate) fn assumed(rows: usize, cols: usize) -> Result<Self> {
        check_sides(rows, cols)?;
        if rows.checked_mul(cols).is_none_or(|entries| entries > MOST_ENTRIES) {
            let message = format!("{rows} x {cols} is more than any machine can hold");
            return Err(Error::data(Code::TooLarge, message, "Give shorter sides"));
        }
        let pattern = Arc::new(Pattern::assumed(rows, cols));
        Self::on_pattern(pattern, Vec::<f64>::new().into())
    }

    /// A sparse n x m matrix from (row, column, number), in any order, rows and columns counted from 0.
    ///
    /// # Errors
    /// `Data` where an entry is out of range or named twice, or a number is not finite.
    pub fn from_triplets<T: Real>(rows: usize, cols: usize, mut triplets: Vec<(usize, usize, T)>) -> Result<Self> {
        check_sides(rows, cols)?;
        if let Some(&(i, j, _)) = triplets.iter().find(|t| t.0 >= rows || t.1 >= cols) {
            let message = format!("entry (row {}, column {}) lies outside a {rows} x {cols} matrix", i + 1, j + 1);
            return Err(Error::data(Code::IndexOutOfRange, message, "Rows and columns are counted from 0 here"));
        }
        triplets.sort_by_key(|t| (t.0, t.1));
        if let Some(pair) = triplets.windows(2).find(|p| (p[0].0, p[0].1) == (p[1].0, p[1].1)) {
            let message = format!("the entry at row {}, column {} is given twice", pair[0].0 + 1, pair[0].1 + 1);
            return Err(Error::data(Code::DuplicateEntry, message, "Keep one of them, or add them up first"));
        }
        let indptr = row_pointers(rows, triplets.iter().map(|t| t.0));
        let indices = triplets.iter().map(|t| t.1 as u32).collect();
        let values = triplets.iter().map(|t| t.2).collect();
        Self::sparse(rows, cols, indptr, indices, values)
    }

    /// The largest size of its entries, those that are missing apart; 0 where there is none.
    pub(crate) fn size(&self) -> f64 {
        self.seen.size()
    }

    /// Whether f32 can hold products and squares of its numbers: their sizes, where they are not 0, lie between 1e-18
    /// and 1e9, and not all below 1e-9.
    pub fn is_moderate(&self) -> bool {
        self.seen.is_moderate()
    }

    /// The number of rows, n.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns, m.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// (n, m).
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.cols)
    }

    /// The type of the numbers.
    pub fn dtype(&self) -> Dtype {
        match self.storage {
            Storage::DenseF32(_) | Storage::SparseF32(_) => Dtype::F32,
            Storage::DenseF64(_) | Storage::SparseF64(_) => Dtype::F64,
        }
    }

    /// The cut into blocks of rows over which sums over its rows are taken, made when the matrix was.
    pub fn shards(&self) -> &Shards {
        &self.shards
    }

    /// Whether only some entries are stored.
    pub fn is_sparse(&self) -> bool {
        self.pattern().is_some()
    }

    /// How many entries are missing (`NaN`); 0 for a sparse matrix.
    pub fn missing(&self) -> usize {
        self.missing
    }

    /// Whether no entry is negative.
    pub fn is_nonnegative(&self) -> bool {
        self.seen.is_nonnegative()
    }

    /// Whether every entry is 0 or 1.
    pub fn is_binary(&self) -> bool {
        self.seen.is_binary()
    }

    /// How many entries are stored: those of the pattern, or all n x m of a dense matrix.
    pub fn stored(&self) -> usize {
        self.pattern().map_or(self.rows * self.cols, |p| p.nnz())
    }

    /// How many entries count as observed: the stored ones that are not missing.
    pub fn observed(&self) -> usize {
        self.stored() - self.missing
    }

    /// The layout and the numbers.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// The pattern of the stored entries, for a sparse matrix.
    pub fn pattern(&self) -> Option<&Arc<Pattern>> {
        match &self.storage {
            Storage::SparseF32(s) => Some(s.pattern()),
            Storage::SparseF64(s) => Some(s.pattern()),
            Storage::DenseF32(_) | Storage::DenseF64(_) => None,
        }
    }

    /// Bytes held: the numbers, and the pattern of a sparse matrix.
    pub fn bytes(&self) -> usize {
        self.stored() * self.dtype().bytes() + self.pattern().map_or(0, |p| p.bytes())
    }

    /// Entry (i, j), counted from 0, as f64; zero where a sparse matrix stores nothing, `NaN` where missing.
    ///
    /// # Panics
    /// Where (i, j) is outside the matrix, as for a slice.
    pub fn get(&self, i: usize, j: usize) -> f64 {
        assert!(i < self.rows && j < self.cols, "entry ({i}, {j}) of a {} x {} matrix", self.rows, self.cols);
        let dense = i * self.cols + j;
        match &self.storage {
            Storage::DenseF32(v) => v[dense].to_f64(),
            Storage::DenseF64(v) => v[dense],
            Storage::SparseF32(s) => s.get(i, j).to_f64(),
            Storage::SparseF64(s) => s.get(i, j),
        }
    }

    /// The number of a 1 x 1 matrix (entry (0, 0) of any other).
    pub fn to_scalar(&self) -> f64 {
        self.get(0, 0)
    }

    /// Calls `visit` with each stored number, in the order of [`Matrix::values_f64`].
    pub(crate) fn for_each(&self, mut visit: impl FnMut(f64)) {
        match &self.storage {
            Storage::DenseF32(v) => v.iter().for_each(|v| visit(v.to_f64())),
            Storage::DenseF64(v) => v.iter().for_each(|v| visit(*v)),
            Storage::SparseF32(s) => s.values().iter().for_each(|v| visit(v.to_f64())),
            Storage::SparseF64(s) => s.values().iter().for_each(|v| visit(*v)),
        }
    }

    /// All stored numbers as f64: row-major for a dense matrix, in the pattern's order for a sparse one.
    pub fn values_f64(&self) -> Vec<f64> {
        self.stored_f64(0..self.stored())
    }

    /// Some of the stored numbers as f64.
    fn stored_f64(&self, range: Range<usize>) -> Vec<f64> {
        match &self.storage {
            Storage::DenseF32(v) => v[range].iter().map(|&v| v.to_f64()).collect(),
            Storage::DenseF64(v) => v[range].to_vec(),
            Storage::SparseF32(s) => s.values()[range].iter().map(|&v| v.to_f64()).collect(),
            Storage::SparseF64(s) => s.values()[range].to_vec(),
        }
    }

    /// The numbers stored of row i, counted from 0, as f64: all m of a dense matrix, those of the pattern of a sparse
    /// one.
    ///
    /// # Panics
    /// Where there is no row i, as for a slice.
    pub fn row_f64(&self, i: usize) -> Vec<f64> {
        self.stored_f64(self.pattern().map_or(i * self.cols..(i + 1) * self.cols, |pattern| pattern.range(i)))
    }

    /// All n x m numbers, row by row, as f64; a sparse matrix is written out.
    pub fn to_dense_f64(&self) -> Vec<f64> {
        let Some(pattern) = self.pattern() else { return self.values_f64() };
        let mut out = vec![0.0; self.rows * self.cols];
        let values = self.values_f64();
        for i in 0..self.rows {
            for at in pattern.range(i) {
                out[i * self.cols + pattern.indices()[at] as usize] = values[at];
            }
        }
        out
    }

    /// The same matrix with numbers of type `dtype` (shared where it is that already).
    ///
    /// # Errors
    /// `Data` where a number is too large for f32.
    pub fn cast(&self, dtype: Dtype) -> Result<Self> {
        if self.dtype() == dtype {
            return Ok(self.clone());
        }
        let values = self.values_f64();
        match (dtype, self.pattern()) {
            (Dtype::F32, None) => Self::dense(self.rows, self.cols, narrow(&values)),
            (Dtype::F64, None) => Self::dense(self.rows, self.cols, values),
            (Dtype::F32, Some(p)) => Self::with_pattern(p.clone(), narrow(&values)),
            (Dtype::F64, Some(p)) => Self::with_pattern(p.clone(), values),
        }
    }
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&v| v as f32).collect()
}

fn check_sides(rows: usize, cols: usize) -> Result<()> {
    if rows == 0 || cols == 0 {
        let message = format!("the matrix is {rows} x {cols}: it has no entries");
        return Err(Error::data(Code::NoEntries, message, "A factorization needs at least one row and one column"));
    }
    Ok(())
}

fn infinite(row: usize, col: usize) -> Error {
    let message = format!("the entry at row {}, column {} is infinite", row + 1, col + 1);
    Error::data(Code::InfiniteValue, message, "Replace it by a finite number, or by NaN where the entry is missing")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::check_error;

    #[track_caller]
    fn refuses(result: Result<Matrix>, code: Code, text: &str) {
        check_error(&result.unwrap_err(), code, text);
    }

    #[test]
    fn constructors_check_what_they_take() {
        refuses(Matrix::dense::<f64>(0, 3, vec![]), Code::NoEntries, "0 x 3");
        refuses(Matrix::dense(2, 2, vec![1.0]), Code::WrongCount, "4 numbers");
        refuses(Matrix::dense(1, 2, vec![1.0, f64::INFINITY]), Code::InfiniteValue, "row 1, column 2");
        refuses(Matrix::from_triplets(2, 2, vec![(2, 0, 1.0)]), Code::IndexOutOfRange, "row 3, column 1");
        refuses(Matrix::from_triplets(2, 2, vec![(0, 0, 1.0), (0, 0, 2.0)]), Code::DuplicateEntry, "row 1, column 1");
        refuses(Matrix::from_triplets(2, 2, vec![(0, 1, f64::NAN)]), Code::MissingValue, "row 1, column 2");
        refuses(Matrix::dense(1, 1, vec![1e300]).unwrap().cast(Dtype::F32), Code::InfiniteValue, "infinite");
    }

    #[test]
    fn entries_come_back() {
        let x = Matrix::from_triplets(2, 3, vec![(1, 2, 5.0f32), (0, 1, 0.0)]).unwrap();
        assert_eq!((x.stored(), x.get(1, 2), x.get(0, 0)), (2, 5.0, 0.0));
        assert_eq!(x.to_dense_f64(), [0.0, 0.0, 0.0, 0.0, 0.0, 5.0]);
        let y = Matrix::dense(1, 2, vec![f64::NAN, 2.0]).unwrap();
        assert_eq!((y.missing(), y.observed()), (1, 1));
    }
}
