//! Inputs: the values of a plan's variables.
//! In: matrices.  Out: values, converted once however often a plan runs.
//! Law: a matrix that is still the same object is not converted again.
//! Not here: which variables there are (see `function`).

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::Value;
use crate::data::{Matrix, Storage};
use crate::error::{Error, Result};
use crate::expr::Var;

/// The values of variables.
#[derive(Debug, Default)]
pub struct Inputs {
    bound: BTreeMap<Var, Bound>,
    changes: u64,
}

#[derive(Debug)]
struct Bound {
    /// The number of the change that brought this value.
    version: u64,
    source: Option<Matrix>,
    value: OnceLock<Value>,
    observed: OnceLock<Value>,
}

impl Inputs {
    /// Gives `var` the value of a matrix.
    pub fn set_matrix(&mut self, var: &Var, matrix: &Matrix) {
        if let Some(Bound { source: Some(held), .. }) = self.bound.get(var)
            && same_object(held, matrix)
        {
            return;
        }
        self.insert(var, Some(matrix.clone()), OnceLock::new());
    }

    /// Gives `var` a value.
    pub fn set(&mut self, var: &Var, value: Value) {
        self.insert(var, None, value.into());
    }

    fn insert(&mut self, var: &Var, source: Option<Matrix>, value: OnceLock<Value>) {
        self.changes += 1;
        let bound = Bound { version: self.changes, source, value, observed: OnceLock::new() };
        self.bound.insert(var.clone(), bound);
    }

    /// A number that changes with the value of `var`; 0 where it has none.
    pub(super) fn version(&self, var: &Var) -> u64 {
        self.bound.get(var).map_or(0, |bound| bound.version)
    }

    /// The value of `var`.
    ///
    /// # Errors
    /// `Bug` where it was never set.
    pub fn value(&self, var: &Var) -> Result<Value> {
        let bound = self.bound(var)?;
        Ok(bound.value.get_or_init(|| Value::of(bound.source.as_ref().expect("a value or its source"))).clone())
    }

    /// 1 where `var` has an entry, 0 where it has none.
    ///
    /// # Errors
    /// `Bug` where it was never set.
    pub fn observed(&self, var: &Var) -> Result<Value> {
        let bound = self.bound(var)?;
        let mask = bound.observed.get_or_init(|| match (&bound.source, bound.value.get()) {
            (Some(matrix), _) => Value::observed(matrix),
            (None, Some(Value::Sparse(s))) => Value::sparse(s.pattern().clone(), vec![1.0; s.pattern().nnz()]),
            (None, Some(Value::Dense(d))) => Value::dense(d.shape, vec![1.0; d.shape.entries()]),
            (None, None) => Value::scalar(1.0),
        });
        Ok(mask.clone())
    }

    fn bound(&self, var: &Var) -> Result<&Bound> {
        self.bound.get(var).ok_or_else(|| Error::Bug(format!("{} was given no value", var.name())))
    }
}

fn same_object(a: &Matrix, b: &Matrix) -> bool {
    match (a.storage(), b.storage()) {
        (Storage::DenseF32(a), Storage::DenseF32(b)) => Arc::ptr_eq(a, b),
        (Storage::DenseF64(a), Storage::DenseF64(b)) => Arc::ptr_eq(a, b),
        (Storage::SparseF32(a), Storage::SparseF32(b)) => Arc::ptr_eq(a, b),
        (Storage::SparseF64(a), Storage::SparseF64(b)) => Arc::ptr_eq(a, b),
        (_, _) => false,
    }
}
