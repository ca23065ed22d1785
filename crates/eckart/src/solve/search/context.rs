//! Context: what a search is given, and what it tells.
//! In: a `Problem`, `Settings`.  Out: `Search`, with the time when it began and the memory it may use; `Progress`.
//! Invariant: nothing here changes while a search runs.
//! Not here: the search (see `driver`).

use std::time::{Duration, Instant};

use super::settings::{Settings, StopReason};
use crate::error::watch::{self, watched};
use crate::error::{Code, Error, Result};
use crate::run::attainable_memory;
use crate::solve::problem::Problem;

/// Steps of planning, some tenths of a second, within which objectives that people write are planned.
const LONG_PLANNING: u64 = 1_000_000_000;

/// What a listener is told after each iteration.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// The number of the start, from 0. Starts of small problems run side by side, so it may go up and down.
    pub start: usize,
    /// How many starts there are.
    pub starts: usize,
    /// Iterations of this start.
    pub iteration: usize,
    /// Iterations of a start, at most.
    pub max_iter: usize,
    /// The cost now.
    pub cost: f64,
    /// The least cost met, of all starts.
    pub best: f64,
}

/// A listener's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// End the search with the best factors so far.
    Stop,
}

/// A problem, the settings of its search, and when it began.
pub(in crate::solve) struct Search<'a> {
    pub problem: &'a Problem,
    pub settings: &'a Settings,
    began: Instant,
    /// Bytes that the process may hold.
    pub memory_limit: usize,
}

impl<'a> Search<'a> {
    pub(in crate::solve) fn new(problem: &'a Problem, settings: &'a Settings) -> Self {
        let memory_limit = settings.memory_limit.unwrap_or_else(attainable_memory);
        Self { problem, settings, began: Instant::now(), memory_limit }
    }

    /// The same search once more, of a problem and with settings that differ in how it is computed.
    pub(in crate::solve) fn again(&self, problem: &'a Problem, settings: &'a Settings) -> Self {
        Self { problem, settings, ..*self }
    }

    /// Plans: where that takes more than [`LONG_PLANNING`], an interrupt or the time limit ends it. Until then the
    /// search that follows hears them, and has a result.
    ///
    /// # Errors
    /// Those of `plan`; `Setting` where it was ended.
    pub(in crate::solve) fn planned<T>(&self, plan: impl FnOnce() -> Result<T>) -> Result<T> {
        let (interrupt, limit, of_search) = (self.settings.interrupt.clone(), self.settings.time_limit, self.began);
        let goes_on = move || {
            if watch::spent() < LONG_PLANNING {
                return Ok(());
            }
            if interrupt.is_raised() {
                let message = "the search was interrupted while it was planned: there is no result";
                return Err(Error::setting(Code::Interrupted, message));
            }
            if limit.is_some_and(|limit| of_search.elapsed() >= limit) {
                let message = "the time limit passed while the search was planned: there is no result; give more time, \
                               or an objective of fewer terms or factors";
                return Err(Error::setting(Code::Interrupted, message));
            }
            Ok(())
        };
        watched(goes_on, plan)
    }

    /// Why the search was broken off: its time is up, or somebody asked for it.
    pub(in crate::solve) fn broken_off(&self) -> StopReason {
        let in_time = self.settings.time_limit.is_none_or(|limit| self.spent() < limit);
        if in_time { StopReason::Interrupted } else { StopReason::TimeLimit }
    }

    /// The time since the search began, in this process.
    pub(in crate::solve) fn spent(&self) -> Duration {
        self.began.elapsed()
    }
}
