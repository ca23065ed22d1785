//! Value: what a buffer holds while a plan runs.
//! In: a `Matrix`, numbers.  Out: numbers of f32 or f64, dense or sparse, shared and cut without copying.
//! Invariant: a missing entry (`NaN`) of a data matrix stays one until it is read (see `slot::MissingRead`).
//! Not here: operations (see `engine`).

pub(super) mod entries;
pub(super) mod held;
pub(super) mod inputs;
pub(super) mod pool;
pub(super) mod rect;
pub(super) mod shared_slice;
pub(super) mod slot;

use std::sync::Arc;

use eckart_kernels::Number;

use self::held::Held;
use self::pool::Pooled;
use self::rect::Rect;
use crate::data::{Dtype, Matrix, Real, Shards};
use crate::error::Result;
use crate::facts::Shape;

/// A dense matrix of f64, row-major.
#[derive(Debug, Clone)]
pub struct Dense {
    /// n x m.
    pub shape: Shape,
    /// Row by row.
    pub data: Vec<f64>,
}

/// A value, f32 or f64, dense or sparse: cheap to clone.
#[derive(Debug, Clone)]
pub struct Value(Typed);

#[derive(Debug, Clone)]
enum Typed {
    F32(Held<f32>),
    F64(Held<f64>),
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

    /// A dense matrix of such numbers, in the type `dtype`.
    pub(crate) fn of_numbers(shape: Shape, data: Vec<f64>, dtype: Dtype) -> Self {
        let rect = Rect::new(shape, data);
        match dtype {
            Dtype::F32 => Self::of_rect(rect.cast::<f32>()),
            Dtype::F64 => Self::of_rect(rect),
        }
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

    /// A dense matrix.
    pub(crate) fn of_rect<T: Numbers>(rect: Rect<T>) -> Self {
        T::value(Held::Dense(rect))
    }

    /// All entries in numbers of type `T`: shared where they are held so.
    pub(crate) fn rect<T: Numbers>(&self) -> Rect<T> {
        either!(&self.0, held => held.to_rect().cast())
    }

    /// As [`Value::rect`], without holding on to the value.
    pub(crate) fn into_rect<T: Numbers>(self) -> Rect<T> {
        either!(self.0, held => held.to_rect().cast())
    }

    /// The value as a matrix of numbers of type `dtype`.
    ///
    /// # Errors
    /// `Data` where a number is infinite, or too large for f32.
    pub fn to_matrix(&self, dtype: Dtype) -> Result<Matrix> {
        self.clone().into_matrix(dtype)
    }

    /// As [`Value::to_matrix`], without copying what nobody else holds and is of the type.
    ///
    /// # Errors
    /// As there.
    pub fn into_matrix(self, dtype: Dtype) -> Result<Matrix> {
        either!(self.0, held => held.into_matrix())?.cast(dtype)
    }

    /// Whether only some entries are stored.
    pub(in crate::run) fn is_sparse(&self) -> bool {
        either!(&self.0, held => matches!(held, Held::Sparse(_)))
    }

    /// The cut of its rows.
    pub(in crate::run) fn shards(&self) -> Shards {
        either!(&self.0, held => held.shards())
    }

    /// Whether no number is infinite or missing.
    pub(crate) fn is_finite(&self) -> bool {
        match self.dtype() {
            Dtype::F32 => self.rect::<f32>().data.iter().all(|x| x.is_finite()),
            Dtype::F64 => self.rect::<f64>().data.iter().all(|x| x.is_finite()),
        }
    }

    /// The type of its numbers.
    pub(crate) fn dtype(&self) -> Dtype {
        match self.0 {
            Typed::F32(_) => Dtype::F32,
            Typed::F64(_) => Dtype::F64,
        }
    }

    /// In numbers of another type; shared where it is the same.
    pub(crate) fn cast<T: Real>(&self) -> Held<T> {
        either!(&self.0, held => held.cast())
    }
}

/// A type of numbers that values come in.
pub(crate) trait Numbers: Pooled {
    /// A value of this type.
    fn value(held: Held<Self>) -> Value;
}

impl Numbers for f32 {
    fn value(held: Held<Self>) -> Value {
        Value(Typed::F32(held))
    }
}

impl Numbers for f64 {
    fn value(held: Held<Self>) -> Value {
        Value(Typed::F64(held))
    }
}
