//! Saved: what a checkpoint holds.
//! In: starts that are done, snapshots of those that are not.  Out: one value of both.
//! Invariant: a start is done, or runs, or both where it came to its last iteration and could go on.
//! Not here: the file (see `file`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::snapshot::Snapshot;
use crate::data::Dtype;
use crate::error::Result;
use crate::facts::Shape;
use crate::run::Value;
use crate::solve::result::save::{FileKind, no_such};
use crate::solve::result::{Iteration, Kept, Start};

#[derive(Debug, Clone, Default)]
pub(in crate::solve) struct Saved {
    /// The starts that are done, by their number.
    pub done: BTreeMap<usize, Start>,
    /// The best of them, and its factors.
    pub best: Option<(usize, Vec<Value>)>,
    /// What was kept of each.
    pub kept: Vec<Kept>,
    /// Those that are not done.
    pub running: BTreeMap<usize, Snapshot>,
    /// The time it took so far.
    pub spent: Duration,
}

impl Saved {
    /// Whether the parts fit one another, whatever the search is of.
    pub(super) fn is_whole(&self) -> bool {
        let best = self.best.as_ref().is_none_or(|(index, factors)| {
            self.done.get(index).is_some_and(|start| !start.cost.is_finite() || factors.iter().all(is_finite))
        });
        let kept: BTreeSet<usize> = self.kept.iter().map(|kept| kept.start).collect();
        best && kept.len() == self.kept.len()
            && self.done.values().all(|start| start.history.len().checked_sub(1) == Some(start.iterations))
            && self.running.values().all(runs)
    }

    /// Whether a factor is in f64.
    pub(in crate::solve) fn is_wide(&self) -> bool {
        let best = self.best.iter().map(|(_, factors)| factors);
        let running = self.running.values().map(|snapshot| &snapshot.factors);
        best.chain(running).flatten().any(|value| value.dtype() == Dtype::F64)
    }

    /// Holds the matrices to the search that is to go on: to the shapes of its factors and of its data.
    ///
    /// # Errors
    /// `Data`, naming what is of another shape.
    pub(in crate::solve) fn check(&self, shapes: &[Shape], data: (usize, usize)) -> Result<()> {
        let fits = |factors: &[Value]| factors.iter().map(Value::shape).eq(shapes.iter().copied());
        let lengths = |lengths: &Option<Vec<f64>>| lengths.as_ref().is_none_or(|list| list.len() == shapes.len());
        let running = |fits: &dyn Fn(&Snapshot) -> bool| self.running.values().all(fits);
        for (is_right, what) in [
            (self.best.as_ref().is_none_or(|(_, factors)| fits(factors)), "best.factors"),
            (running(&|snapshot| fits(&snapshot.factors)), "running.factors"),
            (running(&|snapshot| snapshot.best.1.is_empty() || fits(&snapshot.best.1)), "running.best"),
            (running(&|snapshot| lengths(&snapshot.lengths)), "running.lengths"),
            (self.kept.iter().all(|kept| kept.shape == data && is_consistent(kept)), "kept.matrices"),
        ] {
            if !is_right {
                return Err(no_such(FileKind::Checkpoint, what));
            }
        }
        Ok(())
    }
}

/// Whether a start can go on from where it is said to be.
fn runs(snapshot: &Snapshot) -> bool {
    let Some(Iteration { cost, seconds }) = snapshot.history.last() else { return false };
    let has_factors = [&snapshot.factors, &snapshot.best.1].into_iter().flatten().all(is_finite);
    cost.to_bits() == snapshot.last.to_bits()
        && Duration::try_from_secs_f64(*seconds).is_ok()
        && snapshot.quiet < snapshot.history.len()
        && (has_factors || !cost.is_finite())
}

/// Whether no entry is infinite, as none is whose cost is finite.
fn is_finite(value: &Value) -> bool {
    match value.dtype() {
        Dtype::F32 => value.rect::<f32>().data.iter().all(|x| !x.is_infinite()),
        Dtype::F64 => value.rect::<f64>().data.iter().all(|x| !x.is_infinite()),
    }
}

fn is_consistent(kept: &Kept) -> bool {
    let rank = kept.lengths.len();
    kept.components.shape() == (rank, kept.shape.1)
        && kept.rows.shape() == (kept.sampled.len(), rank)
        && kept.sampled.iter().all(|&row| row < kept.shape.0)
}
