//! Value: what a buffer holds while a plan runs.
//! In: a `Matrix`.  Out: f64 numbers, dense or sparse, and a `Matrix` again.
//! Law: a missing entry (`NaN`) of a data matrix reads as zero here; `observed` tells it from a true zero.
//! Not here: operations (see `interp`).

use std::sync::Arc;

use crate::data::{Dtype, Matrix, Pattern, Sparse, Storage};
use crate::error::Result;
use crate::facts::Shape;

/// A dense matrix, row-major.
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

/// A value: shared, so that passing it on copies nothing.
#[derive(Debug, Clone)]
pub enum Value {
    /// All entries.
    Dense(Arc<Dense>),
    /// The entries of a pattern.
    Sparse(Arc<Sparse<f64>>),
}

impl Value {
    /// A number.
    pub fn scalar(value: f64) -> Self {
        Self::dense(Shape::SCALAR, vec![value])
    }

    pub(crate) fn dense(shape: Shape, data: Vec<f64>) -> Self {
        debug_assert_eq!(shape.entries(), data.len());
        Self::Dense(Arc::new(Dense { shape, data }))
    }

    pub(crate) fn sparse(pattern: Arc<Pattern>, values: Vec<f64>) -> Self {
        Self::Sparse(Arc::new(Sparse::new(pattern, values)))
    }

    /// The numbers of `matrix`, missing entries read as zero.
    pub fn of(matrix: &Matrix) -> Self {
        let shape = Shape { rows: matrix.rows(), cols: matrix.cols() };
        if let Storage::SparseF64(sparse) = matrix.storage() {
            return Self::Sparse(sparse.clone());
        }
        let mut values = matrix.values_f64();
        if matrix.missing() > 0 {
            values.iter_mut().filter(|v| v.is_nan()).for_each(|v| *v = 0.0);
        }
        match matrix.pattern() {
            Some(pattern) => Self::sparse(pattern.clone(), values),
            None => Self::dense(shape, values),
        }
    }

    /// 1 where `matrix` has an entry, 0 where it has none.
    pub fn observed(matrix: &Matrix) -> Self {
        let shape = Shape { rows: matrix.rows(), cols: matrix.cols() };
        match matrix.pattern() {
            Some(pattern) => Self::sparse(pattern.clone(), vec![1.0; pattern.nnz()]),
            None => {
                let mask = matrix.values_f64().into_iter().map(|v| f64::from(!v.is_nan())).collect();
                Self::dense(shape, mask)
            }
        }
    }

    /// n x m.
    pub fn shape(&self) -> Shape {
        match self {
            Self::Dense(d) => d.shape,
            Self::Sparse(s) => Shape { rows: s.pattern().rows(), cols: s.pattern().cols() },
        }
    }

    /// The number of a 1 x 1 value.
    pub fn to_scalar(&self) -> f64 {
        match self {
            Self::Dense(d) => d.data[0],
            Self::Sparse(s) => s.values().first().copied().unwrap_or(0.0),
        }
    }

    /// The numbers row by row; a sparse value is written out.
    pub fn to_dense(&self) -> Arc<Dense> {
        let sparse = match self {
            Self::Dense(d) => return d.clone(),
            Self::Sparse(s) => s,
        };
        let mut out = Dense::zeros(self.shape());
        let pattern = sparse.pattern();
        for i in 0..pattern.rows() {
            for at in pattern.range(i) {
                out.data[i * pattern.cols() + pattern.indices()[at] as usize] = sparse.values()[at];
            }
        }
        Arc::new(out)
    }

    /// As [`Value::to_dense`], without sharing what nobody else holds.
    pub(crate) fn into_dense(self) -> Arc<Dense> {
        if let Self::Dense(d) = self { d } else { self.to_dense() }
    }

    /// The value as a matrix of numbers of type `dtype`.
    ///
    /// # Errors
    /// `Data` where a number is infinite, or too large for f32.
    pub fn to_matrix(&self, dtype: Dtype) -> Result<Matrix> {
        let matrix = match self {
            Self::Dense(d) => Matrix::dense(d.shape.rows, d.shape.cols, d.data.clone())?,
            Self::Sparse(s) => Matrix::with_pattern(s.pattern().clone(), s.values().to_vec())?,
        };
        matrix.cast(dtype)
    }
}
