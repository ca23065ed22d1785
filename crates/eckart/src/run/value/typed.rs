//! Typed: matrices of one type of numbers, dense or sparse, shared and cut without copying.
//! In: numbers, patterns, data.  Out: `Rect` (all entries) and `Entries` (those of a pattern), and `Held` for either.
//! Invariant: an array that others hold is never changed; one that nobody else holds is handed over, not copied.
//! Not here: a value whose type is known only when it runs (see `value`).

use std::ops::{Deref, Range};
use std::sync::Arc;

use eckart_kernels::Csr;

use super::pool::Pool;
use crate::data::{Array, Matrix, Pattern, Real, Sparse};
use crate::error;
use crate::facts::Shape;
use crate::run::Value;
use crate::run::exec::products;

/// A type of numbers that values come in.
pub(crate) trait Numbers: Real {
    /// A value of this type.
    fn value(held: Held<Self>) -> Value;
    /// The arrays of this type that nobody uses, of all plans together.
    fn pool() -> &'static Pool<Self>;
}

/// A value of one type of numbers.
#[derive(Debug, Clone)]
pub(crate) enum Held<T> {
    /// All entries.
    Dense(Rect<T>),
    /// The entries of a pattern.
    Sparse(Entries<T>),
}

/// Numbers that others may share, or a run of them.
#[derive(Debug, Clone)]
pub(crate) struct Run<T> {
    all: Array<T>,
    from: usize,
    len: usize,
}

impl<T> Run<T> {
    pub(crate) fn of(all: impl Into<Array<T>>) -> Self {
        let all = all.into();
        Self { from: 0, len: all.len(), all }
    }

    /// Some numbers of an array.
    pub(crate) fn within(all: Vec<T>, range: Range<usize>) -> Self {
        debug_assert!(range.end <= all.len());
        Self { from: range.start, len: range.len(), all: all.into() }
    }

    pub(crate) fn cut(&self, range: Range<usize>) -> Self {
        debug_assert!(range.end <= self.len);
        Self { all: self.all.clone(), from: self.from + range.start, len: range.len() }
    }

    /// The numbers, where nobody else holds them and they are all there are.
    pub(crate) fn into_own(self) -> Result<Vec<T>, Self> {
        let Self { all, from, len } = self;
        if from != 0 || len != all.len() {
            return Err(Self { all, from, len });
        }
        all.into_own().map_err(|all| Self { all, from, len })
    }

    /// The whole array that they are a part of, where nobody else holds it.
    pub(crate) fn into_all(self) -> Option<Vec<T>> {
        self.all.into_own().ok()
    }

    pub(crate) fn into_vec(self) -> Vec<T>
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
pub(crate) struct Rect<T> {
    pub(crate) shape: Shape,
    pub(crate) data: Run<T>,
}

impl<T: Real> Rect<T> {
    pub(crate) fn new(shape: Shape, data: impl Into<Run<T>>) -> Self {
        let data = data.into();
        debug_assert_eq!(shape.entries(), data.len());
        Self { shape, data }
    }

    /// The numbers, to be changed: a copy of them from now on where others hold them too.
    pub(crate) fn make_mut(&mut self) -> &mut [T]
    where
        T: Numbers,
    {
        if self.data.all.own_mut().is_none() {
            self.data = T::pool().aligned(self.data.len(), |out| out.copy_from_slice(&self.data));
        }
        let Run { all, from, len } = &mut self.data;
        let own = all.own_mut().expect("an array that has just been found or made to have one holder");
        &mut own[*from..*from + *len]
    }

    /// The transpose.
    pub(crate) fn into_transposed(self) -> Self
    where
        T: Numbers,
    {
        let out = products::transposed(&self, T::pool());
        T::pool().give_rect(self);
        out
    }

    /// All zeros.
    pub(crate) fn zeros(shape: Shape) -> Self
    where
        T: Numbers,
    {
        Self::new(shape, T::pool().aligned(shape.entries(), |out| out.fill(T::default())))
    }

    pub(crate) fn number(value: T) -> Self {
        Self::new(Shape::SCALAR, vec![value])
    }

    pub(crate) fn row(&self, i: usize) -> &[T] {
        &self.data[i * self.shape.cols..(i + 1) * self.shape.cols]
    }

    pub(crate) fn rows(&self, rows: Range<usize>) -> Self {
        let cols = self.shape.cols;
        Self::new(Shape { rows: rows.len(), cols }, self.data.cut(rows.start * cols..rows.end * cols))
    }

    /// The same numbers in another type; shared where it is the same type.
    pub(crate) fn cast<U: Real>(&self) -> Rect<U> {
        let any: &dyn std::any::Any = self;
        match any.downcast_ref::<Rect<U>>() {
            Some(same) => same.clone(),
            None => Rect::new(self.shape, cast::<T, U>(&self.data)),
        }
    }
}

/// Numbers in another type.
pub(crate) fn cast<T: Real, U: Real>(numbers: &[T]) -> Vec<U> {
    numbers.iter().map(|x| U::from_f64(x.to_f64())).collect()
}

/// Some rows of a pattern, and a number for each of their stored entries.
#[derive(Debug, Clone)]
pub(crate) struct Entries<T> {
    pub(crate) pattern: Arc<Pattern>,
    pub(crate) rows: Range<usize>,
    pub(crate) values: Run<T>,
    /// The matrix whose rows they are, where its transpose is worth making.
    pub(crate) whole: Option<Arc<Sparse<T>>>,
}

impl<T: Real> Entries<T> {
    /// Numbers for all rows of a pattern.
    pub(crate) fn on(pattern: Arc<Pattern>, values: impl Into<Run<T>>) -> Self {
        let rows = 0..pattern.rows();
        Self { pattern, rows, values: values.into(), whole: None }
    }

    /// Other numbers at the same places.
    pub(crate) fn with(&self, values: impl Into<Run<T>>) -> Self {
        let values = values.into();
        debug_assert_eq!(values.len(), self.values.len());
        Self { pattern: self.pattern.clone(), rows: self.rows.clone(), values, whole: None }
    }

    pub(crate) fn cut(&self, rows: Range<usize>) -> Self {
        let at = |row: usize| self.pattern.indptr()[self.rows.start + row] - self.pattern.indptr()[self.rows.start];
        Self {
            pattern: self.pattern.clone(),
            rows: self.rows.start + rows.start..self.rows.start + rows.end,
            values: self.values.cut(at(rows.start)..at(rows.end)),
            whole: None,
        }
    }

    pub(crate) fn shape(&self) -> Shape {
        Shape { rows: self.rows.len(), cols: self.pattern.cols() }
    }

    /// The row pointers, which count from `indptr()[0]`.
    pub(crate) fn indptr(&self) -> &[usize] {
        &self.pattern.indptr()[self.rows.start..=self.rows.end]
    }

    /// The columns.
    pub(crate) fn indices(&self) -> &[u32] {
        let indptr = self.indptr();
        &self.pattern.indices()[indptr[0]..indptr[indptr.len() - 1]]
    }

    /// The positions of row i's entries in `indices` and `values`.
    pub(crate) fn range(&self, i: usize) -> Range<usize> {
        let indptr = self.indptr();
        indptr[i] - indptr[0]..indptr[i + 1] - indptr[0]
    }

    /// Some of the rows, as kernels take them.
    pub(crate) fn csr(&self, rows: Range<usize>) -> Csr<'_, T> {
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

    pub(crate) fn is_whole(&self) -> bool {
        self.rows == (0..self.pattern.rows())
    }

    /// The transpose: kept with the matrix where it is data.
    pub(crate) fn transposed(&self) -> Self {
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
    pub(crate) fn to_sparse(&self) -> Sparse<T> {
        if self.is_whole() {
            return Sparse::shared(self.pattern.clone(), self.values.to_shared());
        }
        let first = self.indptr()[0];
        let indptr = self.indptr().iter().map(|at| at - first).collect();
        let pattern = Pattern::new(self.rows.len(), self.pattern.cols(), indptr, self.indices().to_vec());
        Sparse::new(Arc::new(pattern.expect("rows of a pattern are a pattern")), self.values.to_vec())
    }

    pub(crate) fn to_rect(&self) -> Rect<T> {
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

    pub(crate) fn cast<U: Real>(&self) -> Entries<U> {
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

impl<T: Real> Held<T> {
    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Dense(rect) => rect.shape,
            Self::Sparse(entries) => entries.shape(),
        }
    }

    pub(crate) fn to_rect(&self) -> Rect<T> {
        match self {
            Self::Dense(rect) => rect.clone(),
            Self::Sparse(entries) => entries.to_rect(),
        }
    }

    pub(crate) fn cast<U: Real>(&self) -> Held<U> {
        match self {
            Self::Dense(rect) => Held::Dense(rect.cast()),
            Self::Sparse(entries) => Held::Sparse(entries.cast()),
        }
    }

    /// The numbers of `matrix` if they are of this type.
    pub(in crate::run) fn of_type(matrix: &Matrix) -> Option<Self> {
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
    pub(crate) fn observed(matrix: &Matrix) -> Self {
        match matrix.pattern() {
            Some(pattern) => {
                let whole = Sparse::new(pattern.clone(), vec![T::from_f64(1.0); pattern.nnz()]);
                let values = Run::of(whole.shared_values().clone());
                Self::Sparse(Entries { whole: Some(Arc::new(whole)), ..Entries::on(pattern.clone(), values) })
            }
            None => {
                let shape = Shape { rows: matrix.rows(), cols: matrix.cols() };
                let there = |v: f64| T::from_f64(f64::from(!v.is_nan()));
                Self::Dense(Rect::new(shape, matrix.values_f64().into_iter().map(there).collect::<Vec<T>>()))
            }
        }
    }

    pub(in crate::run) fn into_matrix(self) -> error::Result<Matrix> {
        match self {
            Self::Dense(Rect { shape, data }) => Matrix::of_array(shape.rows, shape.cols, data.into_vec().into()),
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
