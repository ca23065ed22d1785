//! Cost: the objective at factors as they are saved.
//! In: a bound problem, the factors in the type of the data.  Out: the value, and a bound of its rounding error.
//! Invariant: computed in f64 from the very numbers that are written, whatever type the search computed in.
//! Not here: costs on the way (see `search`).

use crate::data::{Dtype, Matrix};
use crate::error::Result;
use crate::expr::Var;
use crate::facts::Givens;
use crate::function::Compiled;
use crate::run::Value;
use crate::solve::problem::Bound;

/// The objective at `factors` in f64, with a bound of its rounding error ([`Compiled::run_bounded`]).
///
/// # Errors
/// `Limit` where that takes more than `memory_limit` bytes.
pub(in crate::solve) fn cost_of(
    bound: &Bound,
    factors: &[(String, Matrix)],
    memory_limit: usize,
) -> Result<(f64, f64)> {
    let (mut givens, mut inputs): (Givens, _) = (bound.givens.clone(), bound.inputs.clone());
    for (name, matrix) in factors {
        let var = Var::input(name);
        if let Some(given) = givens.get_mut(&var) {
            given.dtype = Dtype::F64;
        }
        inputs.set(&var, Value::of(&matrix.cast(Dtype::F64)?));
    }
    let compiled = Compiled::new(std::slice::from_ref(&bound.objective), &givens, memory_limit)?;
    let (values, bounds) = compiled.run_bounded(&inputs)?;
    Ok((values[0].to_scalar(), bounds[0]))
}
