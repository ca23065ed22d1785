//! Driver: the one loop: starts, limits, stopping, the best so far.
//! In: a `Problem`, `Settings`, a listener.  Out: a `Factorization`.
//! Law: every way out returns the best factors met and a reason; nothing but the clock's limit depends on time.
//! Not here: how factors move (see `method`).

use std::sync::Arc;
use std::time::Instant;

use super::factorization::{Factorization, Start, Step};
use super::kkt::{Kkt, Reference};
use super::method::{Method, choose};
use super::problem::{Bound, Problem};
use super::quality::Quality;
use super::settings::{Settings, StopReason};
use super::start::begin;
use crate::error::{Error, Result};
use crate::function::Compiled;
use crate::run::{Dense, available_memory, with_threads};

/// Iterations between looks at the residuals.
const LOOK: usize = 10;
/// Iterations in a row that must each be of no account before a start counts as settled.
const PATIENCE: usize = 3;

/// What a listener is told after each iteration.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// The number of the start, from 0, and of how many.
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

/// Minimises a problem's objective from `settings.restarts` starts and returns the best factors.
///
/// `listen` hears of every iteration and may end the search.
///
/// # Errors
/// As [`Problem::bind`]; `Setting` where a setting or the method does not fit; `Limit` where a plan needs more memory
/// than it may have.
pub fn solve(
    problem: &Problem,
    settings: &Settings,
    listen: &mut (dyn FnMut(&Progress) -> Flow + Send),
) -> Result<Factorization> {
    settings.check()?;
    if problem.is_assumed() {
        return Err(Error::Setting("the data is only assumed: give the matrix itself to factorize it".into()));
    }
    with_threads(settings.threads, || Search::new(problem, settings)?.run(listen))?
}

/// What a search is watched by, whatever its method.
struct Watch {
    cost: Compiled,
    kkt: Option<Kkt>,
}

struct Search<'a> {
    problem: &'a Problem,
    settings: &'a Settings,
    bound: Bound,
    began: Instant,
    memory_limit: usize,
}

impl<'a> Search<'a> {
    fn new(problem: &'a Problem, settings: &'a Settings) -> Result<Self> {
        let began = Instant::now();
        let memory_limit = settings.memory_limit.unwrap_or_else(available_memory);
        Ok(Self { problem, settings, bound: problem.bind()?, began, memory_limit })
    }

    fn run(mut self, listen: &mut (dyn FnMut(&Progress) -> Flow + Send)) -> Result<Factorization> {
        let row = choose(&self.bound, self.settings.method.as_deref())?;
        let objective = [self.bound.objective.clone()];
        let cost = Compiled::new(&objective, &self.bound.givens, self.memory_limit)?;
        let watch = Watch { cost, kkt: Kkt::new(&self.bound, self.memory_limit)? };
        let mut starts: Vec<Start> = Vec::new();
        let mut best: Option<(f64, usize, Vec<Arc<Dense>>)> = None;
        let mut method = row.make(&self.bound, self.memory_limit)?;
        for index in 0..self.settings.restarts {
            method.restart();
            let least = best.as_ref().map_or(f64::INFINITY, |(cost, ..)| *cost);
            let (start, factors) = self.run_start(index, &watch, method.as_mut(), least, listen)?;
            let stop = start.stop;
            // A start whose cost is undefined loses to every other, and stands in where there is no other.
            if best.as_ref().is_none_or(|(cost, ..)| start.cost < *cost || (cost.is_nan() && !start.cost.is_nan())) {
                best = Some((start.cost, index, factors));
            }
            starts.push(start);
            if stop.ends_all() {
                break;
            }
        }
        let Some((_, chosen, factors)) = best else {
            return Err(Error::Setting("0 starts find nothing: ask for 1 or more".into()));
        };
        self.bound.place_all(&factors);
        let quality = Quality::of(&self.bound, self.memory_limit)?;
        let seconds = self.began.elapsed().as_secs_f64();
        Factorization::new(
            self.problem,
            &self.bound,
            self.settings,
            (row.name, row.describe(&self.bound)?),
            &factors,
            starts,
            chosen,
            quality,
            seconds,
        )
    }

    /// One start: its report, and the best factors it met.
    fn run_start(
        &mut self,
        index: usize,
        watch: &Watch,
        method: &mut dyn Method,
        least: f64,
        listen: &mut (dyn FnMut(&Progress) -> Flow + Send),
    ) -> Result<(Start, Vec<Arc<Dense>>)> {
        let began = Instant::now();
        let mut factors = begin(&self.bound, self.settings, index, self.memory_limit)?;
        self.bound.place_all(&factors);
        let first = watch.cost.run(&self.bound.inputs)?[0].to_scalar();
        let reference = watch.kkt.as_ref().map(|kkt| kkt.reference(&self.bound, &factors, first)).transpose()?;
        let kkt = watch.kkt.as_ref().zip(reference.as_ref());
        let mut best = (first, factors.clone());
        let mut history = vec![Step { cost: first, seconds: began.elapsed().as_secs_f64() }];
        let (mut last, mut quiet) = (first, 0);
        let mut stop = self.limit(first, 0);
        while stop.is_none() {
            let moved = method.step(&mut self.bound, &mut factors)?;
            history.push(Step { cost: moved.cost, seconds: began.elapsed().as_secs_f64() });
            if moved.cost < best.0 || best.0.is_nan() {
                best.0 = moved.cost;
                best.1.clone_from(&factors);
            }
            let fell = moved.decrease.unwrap_or(last - moved.cost);
            quiet = if fell <= self.settings.tol * (first - moved.cost) { quiet + 1 } else { 0 };
            last = moved.cost;
            let told = Progress {
                start: index,
                starts: self.settings.restarts,
                iteration: history.len() - 1,
                max_iter: self.settings.max_iter,
                cost: moved.cost,
                best: best.0.min(least),
            };
            let flow = listen(&told);
            stop = self.limit(moved.cost, history.len() - 1);
            if flow == Flow::Stop {
                stop = Some(StopReason::Interrupted);
            } else if stop.is_none() && (moved.at_rest || (quiet >= PATIENCE && self.settings.tol > 0.0)) {
                stop = Some(StopReason::Settled);
            } else if stop.is_none() && self.settings.tol > 0.0 && (history.len() - 1) % LOOK == 0 {
                stop = self.stationary(kkt, &factors)?;
            }
        }
        self.bound.place_all(&best.1);
        let residuals = kkt.map(|(kkt, at)| kkt.shares(at, &self.bound, &best.1)).transpose()?.unwrap_or_default();
        let seconds = began.elapsed().as_secs_f64();
        let iterations = history.len() - 1;
        let stop = stop.unwrap_or(StopReason::MaxIter);
        Ok((Start { cost: best.0, iterations, stop, seconds, history, residuals }, best.1))
    }

    /// Whether no small step of a factor lowers the cost any more.
    fn stationary(&mut self, kkt: Option<(&Kkt, &Reference)>, factors: &[Arc<Dense>]) -> Result<Option<StopReason>> {
        let Some((kkt, at)) = kkt else { return Ok(None) };
        self.bound.place_all(factors);
        let shares = kkt.shares(at, &self.bound, factors)?;
        Ok(shares.iter().all(|share| *share <= self.settings.tol).then_some(StopReason::Stationary))
    }

    /// The limit that is reached, if one is.
    fn limit(&self, cost: f64, iterations: usize) -> Option<StopReason> {
        let settings = self.settings;
        if !cost.is_finite() {
            Some(StopReason::Diverged)
        } else if settings.target.is_some_and(|target| cost <= target) {
            Some(StopReason::Target)
        } else if settings.interrupt.is_raised() {
            Some(StopReason::Interrupted)
        } else if settings.time_limit.is_some_and(|limit| self.began.elapsed() >= limit) {
            Some(StopReason::TimeLimit)
        } else if iterations >= settings.max_iter {
            Some(StopReason::MaxIter)
        } else {
            None
        }
    }
}
