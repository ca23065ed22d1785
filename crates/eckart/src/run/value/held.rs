//! Held: a value of one type of numbers, dense or sparse.
//! In: matrices, `Rect`, `Entries`.  Out: `Held`; a matrix again.
//! Invariant: an array that nobody else holds is handed over, not copied.
//! Not here: a value whose type is known only when it runs (see `Value`).

use std::ops::Range;
use std::sync::Arc;

use super::entries::Entries;
use super::pool::{Pool, Pooled};
use super::rect::Rect;
use super::shared_slice::SharedSlice;
use crate::data::{Matrix, Real, Shards, Sparse};
use crate::error::Result;
use crate::facts::Shape;

/// A value of one type of numbers.
#[derive(Debug, Clone)]
pub(crate) enum Held<T> {
    /// All entries.
    Dense(Rect<T>),
    /// The entries of a pattern.
    Sparse(Entries<T>),
}

impl<T: Real> Held<T> {
    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Dense(rect) => rect.shape,
            Self::Sparse(entries) => entries.shape(),
        }
    }

    /// The cut of its rows.
    pub(in crate::run) fn shards(&self) -> Shards {
        match self {
            Self::Dense(rect) => Shards::of_dense(rect.shape.rows, rect.shape.cols),
            Self::Sparse(entries) => Shards::of_pattern(entries.indptr(), entries.shape().cols),
        }
    }

    pub(crate) fn to_rect(&self) -> Rect<T> {
        match self {
            Self::Dense(rect) => rect.clone(),
            Self::Sparse(entries) => entries.to_rect(),
        }
    }

    /// 1 at each entry that it has.
    pub(in crate::run) fn everywhere(&self) -> Self {
        let ones = |count: usize| vec![T::from_f64(1.0); count];
        match self {
            Self::Dense(rect) => Self::Dense(Rect::new(rect.shape, ones(rect.data.len()))),
            Self::Sparse(entries) => Self::Sparse(entries.with(ones(entries.values.len()))),
        }
    }

    /// Some of the rows.
    pub(in crate::run) fn rows(&self, rows: Range<usize>) -> Self {
        match self {
            Self::Dense(rect) => Self::Dense(rect.rows(rows)),
            Self::Sparse(entries) => Self::Sparse(entries.cut(rows)),
        }
    }

    /// The transpose.
    pub(in crate::run) fn transposed(&self, pool: &Pool<T>) -> Self
    where
        T: Pooled,
    {
        match self {
            Self::Dense(rect) => Self::Dense(rect.transposed(pool)),
            Self::Sparse(entries) => Self::Sparse(entries.transposed()),
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
            let values = SharedSlice::of(sparse.shared_values().clone());
            return Some(Self::Sparse(Entries {
                whole: Some(sparse.clone()),
                ..Entries::on(sparse.pattern().clone(), values)
            }));
        }
        let values = T::dense_of(matrix.storage())?;
        Some(Self::Dense(Rect::new(shape, SharedSlice::of(values.clone()))))
    }

    /// 1 where `matrix` has an entry, 0 where it has none.
    pub(crate) fn observed(matrix: &Matrix) -> Self {
        match matrix.pattern() {
            Some(pattern) => {
                let whole = Sparse::new(pattern.clone(), vec![T::from_f64(1.0); pattern.nnz()]);
                let values = SharedSlice::of(whole.shared_values().clone());
                Self::Sparse(Entries { whole: Some(Arc::new(whole)), ..Entries::on(pattern.clone(), values) })
            }
            None => {
                let shape = Shape { rows: matrix.rows(), cols: matrix.cols() };
                let there = |v: f64| T::from_f64(f64::from(!v.is_nan()));
                Self::Dense(Rect::new(shape, matrix.values_f64().into_iter().map(there).collect::<Vec<T>>()))
            }
        }
    }

    pub(in crate::run) fn into_matrix(self) -> Result<Matrix> {
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
