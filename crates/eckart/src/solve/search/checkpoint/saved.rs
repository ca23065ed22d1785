//! Saved: what a checkpoint holds.
//! In: starts that are done, snapshots of those that are not.  Out: one value of both.
//! Invariant: a start is done, or runs, or both where it came to its last iteration and could go on.
//! Not here: the file (see `file`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::snapshot::Snapshot;
use super::sound::{SearchFacts, flaw_between};
use crate::data::Dtype;
use crate::error::Result;
use crate::run::Value;
use crate::solve::problem::Bound;
use crate::solve::result::save::{FileKind, no_such};
use crate::solve::result::{Iteration, Kept, Start, is_better};

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
    /// The tensor that does not fit the others, whatever the search is of.
    pub(super) fn flaw(&self) -> Option<&'static str> {
        let best = self.best.as_ref().is_none_or(|(index, factors)| {
            self.done.get(index).is_some_and(|start| !start.cost.is_finite() || factors.iter().all(Value::is_finite))
        });
        let kept: BTreeSet<usize> = self.kept.iter().map(|kept| kept.start).collect();
        let goes = |start: &Start| start.history.len().checked_sub(1) == Some(start.iterations);
        let flawed = [
            (best, "best.factors"),
            (kept.len() == self.kept.len() && kept.iter().all(|start| self.done.contains_key(start)), "kept.index"),
            (self.done.values().all(goes), "starts.history"),
        ];
        let of_search = flawed.into_iter().find(|(is_right, _)| !is_right).map(|(_, what)| what);
        of_search.or_else(|| self.running.values().find_map(flaw_of))
    }

    /// Whether a factor is in f64.
    pub(in crate::solve) fn is_wide(&self) -> bool {
        let best = self.best.iter().map(|(_, factors)| factors);
        let running = self.running.values().map(|snapshot| &snapshot.factors);
        best.chain(running).flatten().any(|value| value.dtype() == Dtype::F64)
    }

    /// Holds what was read to the search that is to go on: what is said of its starts can be true, and the matrices
    /// have the shapes, the type and the bounds of its factors.
    ///
    /// # Errors
    /// `Data`, naming the tensor that disagrees.
    pub(in crate::solve) fn check(&self, bound: &Bound, search: &SearchFacts) -> Result<()> {
        let refuse = |what: String| Err(no_such(FileKind::Checkpoint, &what));
        self.flaw_of_matrices(bound).or_else(|| self.flaw_of_starts(search)).map_or(Ok(()), refuse)
    }

    /// The tensor that disagrees with what else is said of the starts.
    fn flaw_of_starts(&self, search: &SearchFacts) -> Option<String> {
        let search = search.in_f64_where(self.is_wide());
        let done = self.done.iter().find_map(|(&index, start)| search.flaw_of_start(index, start));
        let running = || self.running.iter().find_map(|(&index, snapshot)| search.flaw_of_snapshot(index, snapshot));
        let both = |(index, start): (&usize, &Start)| flaw_between(*index, start, self.running.get(index)?);
        let best = || self.flaw_of_best(&search);
        done.or_else(running).or_else(|| self.done.iter().find_map(both)).or_else(best)
    }

    /// That the best start is none, or not the best.
    fn flaw_of_best(&self, search: &SearchFacts) -> Option<String> {
        let Some((best, _)) = &self.best else {
            return (!self.done.is_empty()).then(|| "best: there are starts, and none is the best".to_owned());
        };
        let start = self.done.get(best)?;
        // What a start that went on came to may be more than what was known of it.
        if search.is_computed_anew(start) {
            return None;
        }
        let is_beaten = |(other, found): &(&usize, &Start)| is_better((found.cost, **other), (start.cost, *best));
        let better = self.done.iter().filter(|(other, _)| *other != best).find(is_beaten);
        better.map(|(other, _)| format!("best: start {best} is said to be the best, and start {other} is better"))
    }

    fn flaw_of_matrices(&self, bound: &Bound) -> Option<String> {
        let (shapes, data) = (bound.shapes(), bound.target.1.shape());
        // A fit that f32 could not hold goes on in f64.
        let dtype = if self.is_wide() { Dtype::F64 } else { bound.dtype() };
        let lengths = |lengths: &Option<Vec<f64>>| lengths.as_ref().is_none_or(|list| list.len() == shapes.len());
        let of_factors = self.lists_of_factors().flat_map(|(name, factors)| {
            [
                (factors.iter().map(Value::shape).eq(shapes.iter().copied()), format!("{name}.shapes")),
                (factors.iter().all(|value| value.dtype() == dtype), format!("{name}.bits")),
            ]
        });
        let others = [
            (self.running.values().all(|snapshot| lengths(&snapshot.lengths)), "running.lengths.offsets".to_owned()),
            (self.kept.iter().all(|kept| kept.shape == data && is_consistent(kept)), "kept.matrices.shapes".to_owned()),
        ];
        if let Some((_, what)) = of_factors.chain(others).find(|(is_right, _)| !is_right) {
            return Some(what);
        }
        let all = self.lists_of_factors();
        let mut out_of_bounds = all.filter_map(|(name, factors)| Some((name, bound.out_of_bounds(factors)?)));
        out_of_bounds.next().map(|(name, what)| format!("{name}: {what}"))
    }

    /// All lists of factors, with the names of their tensors.
    fn lists_of_factors(&self) -> impl Iterator<Item = (&'static str, &[Value])> {
        let best = self.best.iter().map(|(_, factors)| ("best.factors", &factors[..]));
        let running = self
            .running
            .values()
            .flat_map(|snapshot| [("running.factors", &snapshot.factors[..]), ("running.best", &snapshot.best.1[..])]);
        best.chain(running.filter(|(_, factors)| !factors.is_empty()))
    }
}

/// The tensor for which a start can't go on from where it is said to be.
fn flaw_of(snapshot: &Snapshot) -> Option<&'static str> {
    let Some(Iteration { cost, seconds }) = snapshot.history.last() else { return Some("running.history.cost") };
    let is_usable = |factors: &[Value]| !cost.is_finite() || factors.iter().all(Value::is_finite);
    let parts = [
        (Duration::try_from_secs_f64(*seconds).is_ok(), "running.history.seconds"),
        (snapshot.quiet < snapshot.history.len(), "running.quiet"),
        (is_usable(&snapshot.factors), "running.factors"),
        (is_usable(&snapshot.best.1), "running.best"),
    ];
    parts.into_iter().find(|(is_right, _)| !is_right).map(|(_, what)| what)
}

fn is_consistent(kept: &Kept) -> bool {
    let rank = kept.lengths.len();
    kept.components.shape() == (rank, kept.shape.1)
        && kept.rows.shape() == (kept.sampled.len(), rank)
        && kept.sampled.iter().all(|&row| row < kept.shape.0)
}
