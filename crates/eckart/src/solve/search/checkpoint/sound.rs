//! Sound: whether what a checkpoint says of a start can be true.
//! In: a start, or a snapshot of one; what the search is.  Out: the tensor that disagrees with the others, and how.
//! Invariant: what a search of the same arithmetic has written passes.
//! Not here: matrices (see `saved`), whether a cost is that of the factors (see `worker`).

use std::time::Duration;

use super::snapshot::Snapshot;
use crate::error::Result;
use crate::facts::is_nonnegative;
use crate::solve::method::table::MethodRow;
use crate::solve::problem::Bound;
use crate::solve::result::{Iteration, Start};
use crate::solve::search::course::{is_end_of_round, is_nearly_nothing, least};
use crate::solve::search::settings::{Settings, StopReason};

/// What of a search says what its starts can come to.
#[derive(Clone, Copy)]
pub(in crate::solve) struct SearchFacts {
    /// Whether the method promises to fall.
    monotone: bool,
    /// Whether it puts entries on their bounds at the end, which may lower the cost.
    finishes: bool,
    /// Whether the objective is never negative.
    nonnegative: bool,
    target: Option<f64>,
    tol: f64,
    /// How many factors are searched for.
    factors: usize,
    /// Whether it is computed in f32.
    narrow: bool,
    halved: bool,
}

impl SearchFacts {
    pub(in crate::solve) fn of(bound: &Bound, row: &MethodRow, settings: &Settings) -> Result<Self> {
        Ok(Self {
            monotone: row.monotone,
            finishes: row.finishes,
            nonnegative: is_nonnegative(&bound.objective, &bound.givens)?,
            target: settings.target,
            tol: settings.tol,
            factors: bound.factors.len(),
            narrow: bound.is_narrow(),
            halved: settings.successive_halving,
        })
    }

    /// The same for starts that are computed in f64 where `wide`.
    pub(super) fn in_f64_where(self, wide: bool) -> Self {
        Self { narrow: self.narrow && !wide, ..self }
    }

    /// What of a start that is done can't be true.
    pub(super) fn flaw_of_start(&self, index: usize, start: &Start) -> Option<String> {
        let of_start = |(what, why): (&str, String)| format!("starts.{what}: of start {index}, {why}");
        if let Some(flaw) = self.flaw_of_history(&start.history) {
            return Some(of_start(flaw));
        }
        let least = least(&start.history, self.monotone);
        let is_possible = !self.nonnegative || start.cost >= 0.0;
        let is_finished = self.finishes && is_possible && start.cost <= least;
        if !is_same(start.cost, least) && !is_finished && !self.is_computed_anew(start) {
            let why = format!("{} is not the least cost of its history, {least}", start.cost);
            return Some(of_start(("cost", why)));
        }
        let counts = [0, self.factors].contains(&start.residuals.len());
        if !counts || start.residuals.iter().any(|residual| !residual.is_finite() || *residual < 0.0) {
            return Some(of_start(("residuals", "a residual is no share of the cost, or of no factor".to_owned())));
        }
        if !is_time(start.seconds) {
            return Some(of_start(("seconds", format!("{} is no time", start.seconds))));
        }
        if !self.can_stop(start) {
            let last = start.history.last().map_or(f64::NAN, |step| step.cost);
            return Some(of_start(("stop", format!("{} is no end at a cost of {last}", start.stop.name()))));
        }
        None
    }

    /// What of a start that can go on can't be true.
    pub(super) fn flaw_of_snapshot(&self, index: usize, snapshot: &Snapshot) -> Option<String> {
        let of_start = |(what, why): (&str, String)| format!("running.{what}: of start {index}, {why}");
        if let Some(flaw) = self.flaw_of_history(&snapshot.history) {
            return Some(of_start(flaw));
        }
        let least = least(&snapshot.history, self.monotone);
        if !is_same(snapshot.best.0, least) {
            let why = format!("{} is not the least cost of its history, {least}", snapshot.best.0);
            return Some(of_start(("best_cost", why)));
        }
        let is_length = |length: &f64| length.is_finite() && *length > 0.0;
        if !snapshot.lengths.as_ref().is_none_or(|lengths| lengths.iter().all(is_length)) {
            return Some(of_start(("lengths", "a step has no length".to_owned())));
        }
        None
    }

    /// Whether the least cost of a start was computed once more at its end: it need not be one of its history then.
    pub(super) fn is_computed_anew(&self, start: &Start) -> bool {
        let is_possible = !self.nonnegative || start.cost >= 0.0 || start.cost.is_nan();
        is_possible && is_nearly_nothing(least(&start.history, self.monotone), start.history[0].cost, self.narrow)
    }

    /// A search ends at a cost that is not finite; none comes below what the objective can be.
    fn flaw_of_history(&self, history: &[Iteration]) -> Option<(&'static str, String)> {
        let ended = history.len().saturating_sub(1);
        let is_cost = |(at, step): (usize, &Iteration)| {
            (step.cost.is_finite() || at == ended) && !(self.nonnegative && step.cost < 0.0)
        };
        let wrong = history.iter().enumerate().find(|step| !is_cost(*step));
        if let Some((at, step)) = wrong {
            return Some(("history.cost", format!("{} is no cost after iteration {at}", step.cost)));
        }
        let untimed = history.iter().find(|step| !is_time(step.seconds));
        untimed.map(|step| ("history.seconds", format!("{} is no time", step.seconds)))
    }

    /// Whether a start with this history can have ended so.
    fn can_stop(&self, start: &Start) -> bool {
        let last = start.history.last().map_or(f64::NAN, |step| step.cost);
        let at_target = self.target.is_some_and(|target| last <= target);
        match start.stop {
            // Those that are broken off are not done.
            StopReason::Interrupted | StopReason::TimeLimit => false,
            StopReason::Target => last.is_finite() && at_target,
            StopReason::Settled | StopReason::MaxIter => last.is_finite() && !at_target,
            StopReason::Stationary => {
                last.is_finite() && !at_target && self.tol > 0.0 && start.residuals.len() == self.factors
            }
            // Its least cost was computed once more, and was another.
            StopReason::Diverged => !last.is_finite() || self.is_computed_anew(start),
            StopReason::Dropped => self.halved && is_end_of_round(start.iterations),
        }
    }
}

/// What a start that is done says otherwise than its snapshot: from its last iteration it goes on to further ones; one
/// that is run once more has the same costs again.
pub(super) fn flaw_between(index: usize, start: &Start, snapshot: &Snapshot) -> Option<String> {
    let (done, running) = (&start.history, &snapshot.history);
    let apart = done.iter().zip(running).position(|(done, running)| done.cost.to_bits() != running.cost.to_bits());
    if let Some(at) = apart {
        return Some(format!("running.history.cost: start {index} is done, with another cost after iteration {at}"));
    }
    let is_of_the_same_run = done.iter().zip(running).all(|(done, running)| done.seconds == running.seconds);
    let goes_on = running.len() > done.len() || (running.len() == done.len() && is_of_the_same_run);
    let why = || format!("starts.stop: start {index} can go on, and stopped for {}", start.stop.name());
    (goes_on && start.stop != StopReason::MaxIter).then(why)
}

fn is_same(one: f64, other: f64) -> bool {
    one == other || (one.is_nan() && other.is_nan())
}

fn is_time(seconds: f64) -> bool {
    Duration::try_from_secs_f64(seconds).is_ok()
}
