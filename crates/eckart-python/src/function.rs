//! Function: formulas as a callable.
//! In: inputs, outputs, updates; then matrices.  Out: matrices.
//! Invariant: the interpreter's lock is released while values are computed; calls from several threads take turns.
//! Not here: conversion of what is passed in (see `python/eckart/_arrays.py`).

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;

use crate::errors::raised;
use crate::expr::Expr;
use crate::matrix::{Matrix, matrices};
use crate::threads::released;

/// A callable made of formulas.
#[pyclass(frozen, module = "eckart._eckart")]
pub(crate) struct Function(Mutex<eckart::Function>);

impl Function {
    /// A call that panicked leaves a function whole: shared variables change last.
    fn lock(&self) -> MutexGuard<'_, eckart::Function> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Function {
    #[new]
    fn new(
        inputs: Vec<Bound<'_, Expr>>,
        outputs: Vec<Bound<'_, Expr>>,
        updates: Vec<(Bound<'_, Expr>, Bound<'_, Expr>)>,
    ) -> PyResult<Self> {
        let updates = updates.iter().map(|(target, new)| (&target.get().expr, new.get().expr.clone()));
        let inputs = inputs.iter().map(|input| &input.get().expr);
        let outputs = outputs.iter().map(|output| &output.get().expr);
        eckart::function(inputs, outputs, updates).map(|function| Self(Mutex::new(function))).map_err(raised)
    }

    /// The outputs for these inputs; then the updates are made.
    fn call(&self, py: Python<'_>, inputs: Vec<Bound<'_, Matrix>>) -> PyResult<Vec<Matrix>> {
        let inputs = matrices(&inputs);
        let values = released(py, || self.lock().call(&inputs))?;
        Ok(values.into_iter().map(Matrix::from).collect())
    }

    /// The plan for the inputs of the last call; `None` before the first.
    fn explain(&self, py: Python<'_>) -> Option<String> {
        py.detach(|| self.lock().explain())
    }
}
