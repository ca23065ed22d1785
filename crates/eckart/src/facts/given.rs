//! Given: what is known of variables before anything runs.
//! In: matrices, or shapes that are assumed.  Out: `Given`s by variable.
//! Invariant: nothing in it depends on a value but for its sign.
//! Not here: what follows for formulas (see `nodes`).

use std::collections::BTreeMap;

use super::shape::Shape;
use super::sign::Sign;
use crate::data::{Dtype, Matrix};
use crate::expr::Var;

/// What is known of a variable before anything runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// Its shape.
    pub shape: Shape,
    /// The type of its numbers.
    pub dtype: Dtype,
    /// How many entries it stores, where it is sparse.
    pub sparse: Option<usize>,
    /// How many entries are missing (`NaN`).
    pub missing: usize,
    /// Whether it is data: the same from run to run.
    pub data: bool,
    /// What is known of its values.
    pub sign: Sign,
}

impl Given {
    /// A dense factor of f64: it changes from run to run.
    pub fn dense(rows: usize, cols: usize) -> Self {
        Self {
            shape: Shape { rows, cols },
            dtype: Dtype::F64,
            sparse: None,
            missing: 0,
            data: false,
            sign: Sign::UNKNOWN,
        }
    }

    /// Data in f64 of which nothing but its shape is known, and how many entries it stores where it is sparse.
    pub fn data(rows: usize, cols: usize, sparse: Option<usize>) -> Self {
        Self { sparse, data: true, ..Self::dense(rows, cols) }
    }

    /// What is known of `matrix`, which is data.
    pub fn of(matrix: &Matrix) -> Self {
        Self {
            shape: Shape::of(matrix),
            dtype: matrix.dtype(),
            sparse: matrix.is_sparse().then(|| matrix.stored()),
            missing: matrix.missing(),
            data: true,
            sign: Sign { nonnegative: matrix.is_nonnegative(), binary: matrix.is_binary() },
        }
    }
}

/// What is known of all variables.
pub type Givens = BTreeMap<Var, Given>;
