//! Cost: the objective at factors as they are saved.
//! In: a bound problem, its data, the factors in the type of the data.  Out: the value, a bound of its rounding error.
//! Invariant: computed from the very numbers that are written, and in f64, but where that would take much memory
//! beside large data.
//! Not here: costs on the way (see `search`).

use std::ops::Range;
use std::sync::Arc;

use crate::data::{Dtype, Matrix, RowSource, Shards};
use crate::error::Result;
use crate::expr::Var;
use crate::run::Value;
use crate::solve::problem::Bound;

/// Stored entries of sparse data that may be copied to f64, and of dense data whose rows may be.
const MOST_COPIED: usize = 1 << 18;
const MOST_READ: usize = 1 << 22;

/// What share of a cost its rounding error may be before it is told: in f64, and in f32, where the bound is far from
/// being reached.
const MOST_ERROR: f64 = 1e-6;
const MOST_ERROR_F32: f64 = 1e-4;

/// The objective at `factors`, with a bound of its rounding error ([`Compiled::run_bounded`]) where that is much.
///
/// # Errors
/// `Limit` where that takes more than `memory_limit` bytes.
pub(in crate::solve) fn cost_of(
    bound: &Bound,
    data: &[(String, Matrix)],
    factors: &[(String, Matrix)],
    memory_limit: usize,
) -> Result<(f64, Option<f64>)> {
    let (mut givens, mut inputs) = (bound.givens.clone(), bound.inputs.clone());
    let is_small = |matrix: &Matrix| matrix.stored() <= if matrix.is_sparse() { MOST_COPIED } else { MOST_READ };
    let is_wide = data.iter().all(|(_, matrix)| matrix.dtype() == Dtype::F64 || is_small(matrix));
    let dtype = if is_wide { Dtype::F64 } else { bound.dtype() };
    for (name, matrix) in data.iter().filter(|(_, matrix)| is_wide && !matrix.is_sparse() && matrix.missing() == 0) {
        let var = Var::input(name);
        if let Some(given) = givens.get_mut(&var).filter(|given| given.dtype == Dtype::F32) {
            given.dtype = Dtype::F64;
            inputs.set_source(&var, Arc::new(InF64(matrix.clone())));
        }
    }
    for (name, matrix) in factors {
        let var = Var::input(name);
        if let Some(given) = givens.get_mut(&var) {
            given.dtype = dtype;
        }
        inputs.set(&var, Value::of(&matrix.cast(dtype)?));
    }
    let compiled = bound.cost(&givens, memory_limit)?;
    let (values, bounds) = compiled.run_bounded(&inputs)?;
    let (cost, error) = (values[0].to_scalar(), bounds[0]);
    let most = if is_wide { MOST_ERROR } else { MOST_ERROR_F32 };
    Ok((cost, Some(error).filter(|error| *error > most * cost.abs())))
}

/// A dense matrix of f32 whose rows come in f64, so that no second one is made.
#[derive(Debug)]
struct InF64(Matrix);

impl RowSource for InF64 {
    fn shape(&self) -> (usize, usize) {
        self.0.shape()
    }

    fn dtype(&self) -> Dtype {
        Dtype::F64
    }

    fn is_sparse(&self) -> bool {
        false
    }

    fn missing(&self) -> usize {
        0
    }

    fn shards(&self) -> &Shards {
        self.0.shards()
    }

    fn rows(&self, rows: Range<usize>) -> Result<Matrix> {
        RowSource::rows(&self.0, rows)?.cast(Dtype::F64)
    }
}
