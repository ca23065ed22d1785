//! Plain: what a buffer holds while a plan runs.
//! In: a `Matrix`.  Out: f64 numbers, dense or sparse, and a `Matrix` again.
//! Invariant: a missing entry (`NaN`) of a data matrix reads as zero here; `observed` tells it from a true zero.
//! Not here: operations (see `interp`).

use std::sync::Arc;

use super::super::value::Dense;
use crate::data::{Pattern, Sparse};
use crate::facts::Shape;
use crate::run::value::typed::{Entries, Held, Rect};

/// A value: shared, so that passing it on copies nothing.
#[derive(Debug, Clone)]
pub(in crate::run) enum Plain {
    /// All entries.
    Dense(Arc<Dense>),
    /// The entries of a pattern.
    Sparse(Arc<Sparse<f64>>),
}

impl Plain {
    /// A number.
    pub(super) fn scalar(value: f64) -> Self {
        Self::dense(Shape::SCALAR, vec![value])
    }

    pub(super) fn dense(shape: Shape, data: Vec<f64>) -> Self {
        debug_assert_eq!(shape.entries(), data.len());
        Self::Dense(Arc::new(Dense { shape, data }))
    }

    pub(super) fn sparse(pattern: Arc<Pattern>, values: Vec<f64>) -> Self {
        Self::Sparse(Arc::new(Sparse::new(pattern, values)))
    }

    /// n x m.
    pub(super) fn shape(&self) -> Shape {
        match self {
            Self::Dense(d) => d.shape,
            Self::Sparse(s) => Shape { rows: s.pattern().rows(), cols: s.pattern().cols() },
        }
    }

    /// The numbers row by row; a sparse value is written out.
    pub(super) fn to_dense(&self) -> Arc<Dense> {
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

    /// As [`Plain::to_dense`], without sharing what nobody else holds.
    pub(super) fn into_dense(self) -> Arc<Dense> {
        if let Self::Dense(d) = self { d } else { self.to_dense() }
    }
}

impl From<Held<f64>> for Plain {
    fn from(held: Held<f64>) -> Self {
        match held {
            Held::Dense(rect) => Self::dense(rect.shape, rect.data.to_vec()),
            Held::Sparse(entries) => Self::Sparse(Arc::new(entries.to_sparse())),
        }
    }
}

impl From<Plain> for Held<f64> {
    fn from(plain: Plain) -> Self {
        match plain {
            Plain::Dense(d) => Self::Dense(Rect::new(d.shape, d.data.clone())),
            Plain::Sparse(s) => Self::Sparse(Entries::on(s.pattern().clone(), s.values().to_vec())),
        }
    }
}

impl Plain {
    /// All numbers held.
    pub(super) fn numbers(&self) -> &[f64] {
        match self {
            Self::Dense(d) => &d.data,
            Self::Sparse(s) => s.values(),
        }
    }

    /// Other numbers in the same places.
    pub(super) fn with(&self, numbers: Vec<f64>) -> Self {
        match self {
            Self::Dense(d) => Self::dense(d.shape, numbers),
            Self::Sparse(s) => Self::sparse(s.pattern().clone(), numbers),
        }
    }
}
