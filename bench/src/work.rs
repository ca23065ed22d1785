//! Work: a task with its data in place.
//! In: a data set.  Out: `Work`, `Data`.
//! Invariant: what a task prepares takes no part in the time of a run.
//! Not here: which tasks there are (see `tasks`), the clock (see `serve`).

use std::path::Path;

use eckart::{Expr, Matrix, shared};
use serde_json::Value;

use crate::{Result, arrays, trouble};

/// A task with its data in place.
pub(crate) trait Work {
    /// Does it once.
    fn run(&mut self) -> Result<()>;

    /// What the last run found.
    fn results(&mut self) -> Result<Vec<Matrix>>;

    /// Operations, the type of their numbers, and bytes of a run, where there is a plan that says so.
    fn needs(&self) -> Option<Value> {
        None
    }

    /// Sets the value at which a search ends.
    fn aim(&mut self, _target: f64) -> Result<()> {
        trouble("this task does not search")
    }

    /// The names of the factors that a search is judged by.
    fn factors(&self) -> &'static [&'static str] {
        &[]
    }

    /// The value of such factors, of either side.
    fn value(&self, _factors: &[Matrix]) -> Result<f64> {
        trouble("this task has no value")
    }
}

/// A data set: where it is, and the rank of the factors that go with it.
pub(crate) struct Data<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) rank: usize,
}

impl Data<'_> {
    /// The matrix.
    pub(crate) fn x(&self) -> Result<Matrix> {
        arrays::read_data(self.folder)
    }

    /// The factor `name`, as the set gives it.
    pub(crate) fn factor(&self, name: &str) -> Result<Matrix> {
        arrays::read_dense(&self.folder.join(format!("{name}{}.npy", self.rank)))
    }

    pub(crate) fn shared(&self, name: &str) -> Result<Expr> {
        Ok(shared(self.factor(name)?, name))
    }
}
