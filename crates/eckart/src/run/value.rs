//! Value: what a buffer holds while a plan runs.
//! In: a `Matrix`, numbers.  Out: numbers of f32 or f64, dense or sparse, shared and cut without copying.
//! Law: a missing entry (`NaN`) of a data matrix stays one until it is read (see `slot::Holes`).
//! Not here: operations (see `engine`).

use std::ops::{Deref, Range};
use std::sync::Arc;

use super::kernels::{Csr, Element};
use super::pool::Pool;
use crate::data::{Array, Dtype, Matrix, Pattern, Real, Sparse};
use crate::error;
use crate::facts::Shape;

/// A dense matrix of f64, row-major.
#[derive(Debug, Clone)]
pub struct Dense {
    /// n x m.
    pub shape: Shape,
    /// Row by row.
    pub data: Vec<f64>,
}

impl Dense {
    pub(crate) fn zeros(shape: Shape) -> Self {
        Self { shape, data: vec![0.0; shape.entries()] }
    }
}

/// A value, f32 or f64, dense or sparse: cheap to clone.
#[derive(Debug, Clone)]
pub struct Value(Typed);

#[derive(Debug, Clone)]
enum Typed {
    F32(Held<f32>),
    F64(Held<f64>),
}

/// A value of one type of numbers.
#[derive(Debug, Clone)]
pub(super) enum Held<T> {
    /// All entries.
    Dense(Rect<T>),
    /// The entries of a pattern.
    Sparse(Entries<T>),
}

/// Numbers that others may share, or a run of them.
#[derive(Debug, Clone)]
pub(super) struct Run<T> {
    all: Array<T>,
    from: usize,
    len: usize,
}

impl<T> Run<T> {
    pub(super) fn of(all: impl Into<Array<T>>) -> Self {
        let all = all.into();
        Self { from: 0, len: all.len(), all }
    }

    /// Some numbers of an array.
    pub(super) fn within(all: Vec<T>, range: Range<usize>) -> Self {
        debug_assert!(range.end <= all.len());
        Self { from: range.start, len: range.len(), all: all.into() }
    }

    pub(super) fn cut(&self, range: Range<usize>) -> Self {
        debug_assert!(range.end <= self.len);
        Self { all: self.all.clone(), from: self.from + range.start, len: range.len() }
    }

    /// The numbers, where nobody else holds them and they are all there are.
    pub(super) fn into_own(self) -> Result<Vec<T>, Self> {
        let Self { all, from, len } = self;
        if from != 0 || len != all.len() {
            return Err(Self { all, from, len });
        }
        all.into_own().map_err(|all| Self { all, from, len })
    }

    /// The whole array that they are a part of, where nobody else holds it.
    pub(super) fn into_all(self) -> Option<Vec<T>> {
        self.all.into_own().ok()
    }

    fn into_vec(self) -> Vec<T>
    where
        T: Clone,
    {
        self.into_own().unwrap_or_else(|shared| shared.to_vec())
    }
}

impl<T> Deref for Run<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.all[self.from..self.from + self.len]
    }
}

impl<T> From<Vec<T>> for Run<T> {
    fn from(numbers: Vec<T>) -> Self {
        Self::of(numbers)
    }
}

/// A dense matrix, row-major.
#[derive(Debug, Clone)]
pub(super) struct Rect<T> {
    pub(super) shape: Shape,
    pub(super) data: Run<T>,
}

impl<T: Element> Rect<T> {
    pub(super) fn new(shape: Shape, data: impl Into<Run<T>>) -> Self {
        let data = data.into();
        debug_assert_eq!(shape.entries(), data.len());
        Self { shape, data }
    }

    pub(super) fn number(value: T) -> Self {
        Self::new(Shape::SCALAR, vec![value])
    }

    pub(super) fn row(&self, i: usize) -> &[T] {
        &self.data[i * self.shape.cols..(i + 1) * self.shape.cols]
    }

    pub(super) fn rows(&self, rows: Range<usize>) -> Self {
        let cols = self.shape.cols;
        Self::new(Shape { rows: rows.len(), cols }, self.data.cut(rows.start * cols..rows.end * cols))
    }

    /// The same numbers in another type; shared where it is the same type.
    pub(super) fn cast<U: Element>(&self) -> Rect<U> {
        let any: &dyn std::any::Any = self;
        match any.downcast_ref::<Rect<U>>() {
            Some(same) => same.clone(),
            None => Rect::new(self.shape, cast::<T, U>(&self.data)),
        }
    }
}

/// Numbers in another type.
pub(super) fn cast<T: Element, U: Element>(numbers: &[T]) -> Vec<U> {
    numbers.iter().map(|x| U::from_f64(x.to_f64())).collect()
}

/// Some rows of a pattern, and a number for each of their stored entries.
#[derive(Debug, Clone)]
pub(super) struct Entries<T> {
    pub(super) pattern: Arc<Pattern>,
    pub(super) rows: Range<usize>,
    pub(super) values: Run<T>,
    /// The matrix whose rows they are, where its transpose is worth making.
    pub(super) whole: Option<Arc<Sparse<T>>>,
}

impl<T: Element> Entries<T> {
    /// Numbers for all rows of a pattern.
    pub(super) fn on(pattern: Arc<Pattern>, values: impl Into<Run<T>>) -> Self {
        let rows = 0..pattern.rows();
        Self { pattern, rows, values: values.into(), whole: None }
    }

    /// Other numbers at the same places.
    pub(super) fn with(&self, values: impl Into<Run<T>>) -> Self {
        let values = values.into();
        debug_assert_eq!(values.len(), self.values.len());
        Self { pattern: self.pattern.clone(), rows: self.rows.clone(), values, whole: None }
    }

    pub(super) fn cut(&self, rows: Range<usize>) -> Self {
        let at = |row: usize| self.pattern.indptr()[self.rows.start + row] - self.pattern.indptr()[self.rows.start];
        Self {
            pattern: self.pattern.clone(),
            rows: self.rows.start + rows.start..self.rows.start + rows.end,
            values: self.values.cut(at(rows.start)..at(rows.end)),
            whole: None,
        }
    }

    pub(super) fn shape(&self) -> Shape {
        Shape { rows: self.rows.len(), cols: self.pattern.cols() }
    }

    /// The row pointers, which count from `indptr()[0]`.
    pub(super) fn indptr(&self) -> &[usize] {
        &self.pattern.indptr()[self.rows.start..=self.rows.end]
    }

    /// The columns.
    pub(super) fn indices(&self) -> &[u32] {
        let indptr = self.indptr();
        &self.pattern.indices()[indptr[0]..indptr[indptr.len() - 1]]
    }

    /// The positions of row i's entries in `indices` and `values`.
    pub(super) fn range(&self, i: usize) -> Range<usize> {
        let indptr = self.indptr();
        indptr[i] - indptr[0]..indptr[i + 1] - indptr[0]
    }

    /// Some of the rows, as kernels take them.
    pub(super) fn csr(&self, rows: Range<usize>) -> Csr<'_, T> {
        let (from, to) = (self.range_from(rows.start), self.range_from(rows.end));
        Csr {
            indptr: &self.indptr()[rows.start..=rows.end],
            indices: &self.indices()[from..to],
            values: &self.values[from..to],
        }
    }

    fn range_from(&self, row: usize) -> usize {
        self.indptr()[row] - self.indptr()[0]
    }

    pub(super) fn is_whole(&self) -> bool {
        self.rows == (0..self.pattern.rows())
    }

    /// The transpose: kept with the matrix where it is data.
    pub(super) fn transposed(&self) -> Self {
        let flipped = |sparse: &Sparse<T>| {
            let flipped = sparse.transposed();
            Self::on(flipped.pattern().clone(), Run::of(flipped.shared_values().clone()))
        };
        match &self.whole {
            Some(whole) if self.is_whole() => flipped(whole),
            _ => flipped(&self.to_sparse()),
        }
    }

    /// As a matrix of its own.
    pub(super) fn to_sparse(&self) -> Sparse<T> {
        if self.is_whole() {
            return Sparse::shared(self.pattern.clone(), self.values.to_shared());
        }
        let first = self.indptr()[0];
        let indptr = self.indptr().iter().map(|at| at - first).collect();
        let pattern = Pattern::new(self.rows.len(), self.pattern.cols(), indptr, self.indices().to_vec());
        Sparse::new(Arc::new(pattern.expect("rows of a pattern are a pattern")), self.values.to_vec())
    }

    pub(super) fn to_rect(&self) -> Rect<T> {
        let shape = self.shape();
        let mut out = vec![T::default(); shape.entries()];
        for i in 0..shape.rows {
            let range = self.range(i);
            for (&j, &x) in self.indices()[range.clone()].iter().zip(&self.values[range]) {
                out[i * shape.cols + j as usize] = x;
            }
        }
        Rect::new(shape, out)
    }

    pub(super) fn cast<U: Element>(&self) -> Entries<U> {
        let any: &dyn std::any::Any = self;
        match any.downcast_ref::<Entries<U>>() {
            Some(same) => same.clone(),
            None => Entries {
                pattern: self.pattern.clone(),
                rows: self.rows.clone(),
                values: cast::<T, U>(&self.values).into(),
                whole: None,
            },
        }
    }
}

impl<T: Copy> Run<T> {
    fn to_shared(&self) -> Array<T> {
        if self.from == 0 && self.len == self.all.len() { self.all.clone() } else { self.to_vec().into() }
    }
}

impl<T: Element> Held<T> {
    pub(super) fn shape(&self) -> Shape {
        match self {
            Self::Dense(rect) => rect.shape,
            Self::Sparse(entries) => entries.shape(),
        }
    }

    pub(super) fn to_rect(&self) -> Rect<T> {
        match self {
            Self::Dense(rect) => rect.clone(),
            Self::Sparse(entries) => entries.to_rect(),
        }
    }

    pub(super) fn cast<U: Element>(&self) -> Held<U> {
        match self {
            Self::Dense(rect) => Held::Dense(rect.cast()),
            Self::Sparse(entries) => Held::Sparse(entries.cast()),
        }
    }

    /// The numbers of `matrix` if they are of this type.
    fn of_type(matrix: &Matrix) -> Option<Self> {
        let shape = Shape { rows: matrix.rows(), cols: matrix.cols() };
        if let Some(sparse) = T::sparse_of(matrix.storage()) {
            let values = Run::of(sparse.shared_values().clone());
            return Some(Self::Sparse(Entries {
                whole: Some(sparse.clone()),
                ..Entries::on(sparse.pattern().clone(), values)
            }));
        }
        let values = T::dense_of(matrix.storage())?;
        Some(Self::Dense(Rect::new(shape, Run::of(values.clone()))))
    }

    /// 1 where `matrix` has an entry, 0 where it has none.
    pub(super) fn observed(matrix: &Matrix) -> Self {
        match matrix.pattern() {
            Some(pattern) => Self::Sparse(Entries::on(pattern.clone(), vec![T::from_f64(1.0); pattern.nnz()])),
            None => {
                let shape = Shape { rows: matrix.rows(), cols: matrix.cols() };
                let there = |v: f64| T::from_f64(f64::from(!v.is_nan()));
                Self::Dense(Rect::new(shape, matrix.values_f64().into_iter().map(there).collect::<Vec<T>>()))
            }
        }
    }

    fn into_matrix(self) -> error::Result<Matrix> {
        match self {
            Self::Dense(Rect { shape, data }) => Matrix::dense(shape.rows, shape.cols, data.into_vec()),
            Self::Sparse(entries) if entries.is_whole() => {
                Matrix::with_pattern(entries.pattern, entries.values.into_vec())
            }
            Self::Sparse(entries) => {
                let sparse = entries.to_sparse();
                Matrix::with_pattern(sparse.pattern().clone(), sparse.values().to_vec())
            }
        }
    }
}

/// Does the same for a value of either type.
macro_rules! either {
    ($value:expr, $held:ident => $do:expr) => {
        match $value {
            Typed::F32($held) => $do,
            Typed::F64($held) => $do,
        }
    };
}

impl Value {
    /// A number.
    pub fn scalar(value: f64) -> Self {
        Self::dense(Shape::SCALAR, vec![value])
    }

    pub(crate) fn dense(shape: Shape, data: Vec<f64>) -> Self {
        Self(Typed::F64(Held::Dense(Rect::new(shape, data))))
    }

    /// The numbers of `matrix`, a missing entry as `NaN`.
    pub fn of(matrix: &Matrix) -> Self {
        match matrix.dtype() {
            Dtype::F32 => Self(Typed::F32(Held::of_type(matrix).expect("f32 numbers"))),
            Dtype::F64 => Self(Typed::F64(Held::of_type(matrix).expect("f64 numbers"))),
        }
    }

    /// n x m.
    pub fn shape(&self) -> Shape {
        either!(&self.0, held => held.shape())
    }

    /// The number of a 1 x 1 value.
    pub fn to_scalar(&self) -> f64 {
        either!(&self.0, held => held.to_rect().data[0].to_f64())
    }

    /// The numbers row by row, in f64; a sparse value is written out.
    pub fn to_dense(&self) -> Arc<Dense> {
        self.clone().into_dense()
    }

    /// As [`Value::to_dense`], without copying what nobody else holds.
    pub(crate) fn into_dense(self) -> Arc<Dense> {
        let Rect { shape, data }: Rect<f64> = match self.0 {
            Typed::F64(Held::Dense(rect)) => rect,
            Typed::F64(Held::Sparse(entries)) => entries.to_rect(),
            Typed::F32(held) => held.to_rect().cast(),
        };
        Arc::new(Dense { shape, data: data.into_vec() })
    }

    /// In f64: as a sparse matrix where it is one, else all entries.
    pub(crate) fn into_sparse(self) -> Result<Sparse<f64>, Arc<Dense>> {
        match self.0 {
            Typed::F64(Held::Sparse(entries)) => Ok(entries.to_sparse()),
            Typed::F32(Held::Sparse(entries)) => Ok(entries.cast().to_sparse()),
            other => Err(Self(other).into_dense()),
        }
    }

    /// The value as a matrix of numbers of type `dtype`.
    ///
    /// # Errors
    /// `Data` where a number is infinite, or too large for f32.
    pub fn to_matrix(&self, dtype: Dtype) -> error::Result<Matrix> {
        self.clone().into_matrix(dtype)
    }

    /// As [`Value::to_matrix`], without copying what nobody else holds and is of the type.
    ///
    /// # Errors
    /// As there.
    pub fn into_matrix(self, dtype: Dtype) -> error::Result<Matrix> {
        either!(self.0, held => held.into_matrix())?.cast(dtype)
    }

    /// The type of its numbers.
    pub(super) fn dtype(&self) -> Dtype {
        match self.0 {
            Typed::F32(_) => Dtype::F32,
            Typed::F64(_) => Dtype::F64,
        }
    }

    /// In numbers of another type; shared where it is the same.
    pub(super) fn cast<T: Element>(&self) -> Held<T> {
        either!(&self.0, held => held.cast())
    }
}

impl Value {
    /// A dense matrix in numbers of type `dtype`.
    pub(crate) fn of_dense(dense: &Dense, dtype: Dtype) -> Self {
        match dtype {
            Dtype::F32 => Self(Typed::F32(Held::Dense(Rect::new(dense.shape, cast::<f64, f32>(&dense.data))))),
            Dtype::F64 => Self::dense(dense.shape, dense.data.clone()),
        }
    }
}

/// A type of numbers that values come in.
pub(super) trait Numbers: Element {
    /// A value of this type.
    fn value(held: Held<Self>) -> Value;
    /// The arrays of this type that nobody uses, of all plans together.
    fn pool() -> &'static Pool<Self>;
}

impl Numbers for f32 {
    fn value(held: Held<Self>) -> Value {
        Value(Typed::F32(held))
    }

    fn pool() -> &'static Pool<Self> {
        static POOL: Pool<f32> = Pool::new();
        &POOL
    }
}

impl Numbers for f64 {
    fn value(held: Held<Self>) -> Value {
        Value(Typed::F64(held))
    }

    fn pool() -> &'static Pool<Self> {
        static POOL: Pool<f64> = Pool::new();
        &POOL
    }
}
