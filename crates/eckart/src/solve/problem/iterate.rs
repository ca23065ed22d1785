//! Iterate: the factors of a start that runs, where formulas read them: the one home of their values.
//! In: a bound problem, values for its factors.  Out: the values that plans run on.
//! Invariant: the problem itself never changes; a factor that nobody else holds is changed in place, not copied.
//! Not here: how factors move (see `method`), what is kept of them (see `search`).

use std::sync::Arc;

use super::Bound;
use crate::run::{Inputs, Value};

/// The factors of a start, beside the data.
pub(in crate::solve) struct Iterate {
    /// What is minimized.
    pub problem: Arc<Bound>,
    /// The values of data, held factors and factors.
    pub inputs: Inputs,
}

impl Iterate {
    /// The data alone: no factor has a value yet.
    pub(in crate::solve) fn new(problem: &Arc<Bound>) -> Self {
        Self { problem: problem.clone(), inputs: problem.inputs.clone() }
    }

    pub(in crate::solve) fn len(&self) -> usize {
        self.problem.factors.len()
    }

    pub(in crate::solve) fn factor(&self, index: usize) -> Value {
        self.inputs.get(&self.problem.factors[index].var).unwrap_or_else(|| Value::scalar(0.0))
    }

    pub(in crate::solve) fn factors(&self) -> Vec<Value> {
        (0..self.len()).map(|index| self.factor(index)).collect()
    }

    /// Takes factor `index` out, to be changed and set again.
    pub(in crate::solve) fn take(&mut self, index: usize) -> Value {
        self.inputs.take(&self.problem.factors[index].var).unwrap_or_else(|| Value::scalar(0.0))
    }

    pub(in crate::solve) fn take_all(&mut self) -> Vec<Value> {
        (0..self.len()).map(|index| self.take(index)).collect()
    }

    pub(in crate::solve) fn set(&mut self, index: usize, value: Value) {
        self.inputs.set(&self.problem.factors[index].var, value);
    }

    /// Gives all factors values, which are shared, not copied.
    pub(in crate::solve) fn set_all(&mut self, values: &[Value]) {
        for (index, value) in values.iter().enumerate() {
            self.set(index, value.clone());
        }
    }
}
