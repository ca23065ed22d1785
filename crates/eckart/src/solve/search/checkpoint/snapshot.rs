//! Snapshot: where a start stands, so that it can go on from there in another process.
//! In: a start in the middle of its iterations.  Out: `Snapshot`: all that its further iterations depend on.
//! Invariant: a start that goes on from a snapshot ends with the same bits as one that was never stopped.
//! Not here: the file (see `file`), when one is written (see `starts`).

use crate::run::Value;
use crate::solve::block::state::MethodState;
use crate::solve::result::Iteration;

/// A start after some iteration.
#[derive(Debug, Clone)]
pub(in crate::solve) struct Snapshot {
    pub factors: Vec<Value>,
    /// The best factors met and their cost, where they are not the last.
    pub best: (f64, Vec<Value>),
    pub history: Vec<Iteration>,
    /// Steps in a row that lowered the cost next to nothing.
    pub quiet: usize,
    /// Whether the method itself knew that no further step would lower the cost.
    pub at_rest: bool,
    /// The step lengths by which residuals are measured.
    pub lengths: Option<Vec<f64>>,
    pub method: MethodState,
    /// Whether it was read from a file, and its cost is still to be held to its factors.
    pub is_read: bool,
}

impl Snapshot {
    /// The cost after the last iteration.
    pub(in crate::solve) fn last_cost(&self) -> f64 {
        self.history.last().map_or(f64::NAN, |step| step.cost)
    }
}
