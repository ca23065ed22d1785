//! Worker: one start after the other: its iterations, limits, stopping, the best so far.
//! In: the number of a start, or a snapshot of one.  Out: its report and the best factors it met.
//! Invariant: every way out returns the best factors met and a reason; nothing but the clock's limit depends on time.
//! Not here: how factors move (see `method`), which start runs when (see `starts`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::checkpoint::Snapshot;
use super::context::{Flow, Search};
use super::course::{is_least, is_nearly_nothing, nearly_nothing};
use super::kkt::Kkt;
use super::settings::{Settings, StopReason};
use super::settling::Settling;
use super::start::{at_random, begin, begin_apart_from_zero, begin_within};
use crate::error::{Error, Result};
use crate::facts::{Shape, is_nonnegative};
use crate::function::Compiled;
use crate::run::Value;
use crate::solve::block::cohort::{CohortPlace, best_size};
use crate::solve::block::plans::{Runs, SearchPlan};
use crate::solve::block::state::MethodState;
use crate::solve::derive::{Subproblem, derive};
use crate::solve::method::table::MethodRow;
use crate::solve::method::{Method, StepStats};
use crate::solve::problem::Bound;
use crate::solve::problem::iterate::Iterate;
use crate::solve::result::save::{FileKind, no_such};
use crate::solve::result::{Iteration, Start};

/// What a method adds up may differ from the cost by this share of it, or of the first one.
const DRIFT: f64 = 1e-3;
/// What of a cost may be rounding, as a share of the first one, of f64 and of f32. In 8,900 searches of 27 objectives,
/// on data with means a million times the spread among them, it was 1e-11 and 4e-7.
const ROUNDING: [f64; 2] = [1e-9, 1e-5];

/// Where less than this share of the objective at factors of 0, or at the start, is left, the products of f32 lose what
/// is left: data of mean a and spread b leaves (b / a)^2, and the error of a step in f32 is about 1e-7 (a / b)^2.
const LEAST_SHARE_F32: f64 = 1e-5;
/// The same where a factor stands between two others, as S in W @ S @ H: its conjugate gradients lose what is small in
/// both. Of data with 5e-4 left, f32 left 5 to 16 % more than f64 (rank 31, 8 searches).
const LEAST_SHARE_F32_COUPLED: f64 = 1e-2;
/// By which share a cost in f32 may rise for the rounding of the sums that it is a difference of.
const RISE_F32: f64 = 2e-4;

/// What is told of a start while it runs, and asks how it stands.
pub(in crate::solve) trait Watcher {
    /// Hears of an iteration: its number, its cost, the least so far.
    fn tell(&mut self, iteration: usize, cost: f64, best: f64) -> Flow;

    /// Whether a start that has come so far before is to pause at once.
    fn pauses_at(&mut self, iteration: usize) -> bool;

    /// Whether a snapshot is wanted now, of a start that goes on, or was broken off and could go on.
    fn wants_snapshot(&mut self, goes_on: bool, broken_off: bool) -> bool;

    fn snapshot(&mut self, snapshot: Snapshot);
}

/// A start that has begun, its factors in place.
struct Begun {
    began: Instant,
    best: (f64, Vec<Value>),
    history: Vec<Iteration>,
    lengths: Option<Vec<f64>>,
    quiet: usize,
    at_rest: bool,
}

/// What starts are run with, one after the other: the factors, the method, what watches over it.
pub(in crate::solve) struct Worker<'a> {
    search: &'a Search<'a>,
    settings: &'a Settings,
    pub iterate: Iterate,
    method: Box<dyn Method>,
    cost: Compiled,
    kkt: Option<Kkt>,
    /// Whether the last factors are always the best, so that no others need be held.
    monotone: bool,
    /// Whether the objective is never negative.
    nonnegative: bool,
    /// What the objective is before anything is explained, once it was asked for (see `level`).
    reference: Option<f64>,
}

impl<'a> Worker<'a> {
    pub(in crate::solve) fn new(search: &'a Search<'a>, row: &MethodRow, bound: &Arc<Bound>) -> Result<Self> {
        // What a search needs is checked as a whole (see `memory`).
        let limit = usize::MAX;
        let (cost, method, kkt) = search
            .planned(|| Ok((bound.cost(&bound.givens, limit)?, row.make(bound, limit)?, Kkt::new(bound, limit)?)))?;
        let (iterate, nonnegative) = (Iterate::new(bound), is_nonnegative(&bound.objective, &bound.givens)?);
        let (settings, monotone) = (search.settings, row.monotone);
        Ok(Self { search, settings, iterate, method, cost, kkt, monotone, nonnegative, reference: None })
    }

    /// The plans of a start, those of an iteration first.
    pub(in crate::solve) fn plans(&self) -> Vec<SearchPlan<'_>> {
        let mut plans = self.method.plans();
        if let Some(kkt) = self.kkt.as_ref().filter(|_| self.settings.tol > 0.0) {
            plans.push(kkt.plan().runs(Runs::PerStart));
        }
        plans.push(SearchPlan::new("cost at the start", &self.cost, &["objective"]).runs(Runs::PerStart));
        plans
    }

    /// Bytes of the factors, and of what the method holds beside them.
    pub(in crate::solve) fn held_bytes(&self) -> usize {
        let problem = &self.iterate.problem;
        problem.factor_bytes() + self.method.held_bytes(problem)
    }

    /// Bytes of what a start goes on from: its factors, the best where those are others, what the method has learned.
    pub(in crate::solve) fn snapshot_bytes(&self) -> usize {
        let best = if self.monotone { 0 } else { self.iterate.problem.factor_bytes() };
        self.held_bytes() + best
    }

    /// Flops of computing the objective once.
    pub(in crate::solve) fn flops(&self) -> f64 {
        self.cost.plan.flops()
    }

    /// How many starts are best in a cohort.
    pub(in crate::solve) fn best_cohort(&self) -> usize {
        best_size(&self.method.products())
    }

    /// Joins a cohort; `None` leaves it.
    pub(in crate::solve) fn join(&mut self, cohort: Option<&Arc<CohortPlace>>) {
        self.method.join(cohort);
    }

    /// Bytes that a run of it needs beside the data.
    pub(in crate::solve) fn bytes(&self) -> usize {
        self.cost.plan.peak_bytes
    }

    /// One start, from its beginning or from where it was: its report, and the best factors it met. `None` where f32
    /// can't hold it.
    pub(in crate::solve) fn run_start(
        &mut self,
        index: usize,
        from: Option<Snapshot>,
        watcher: &mut dyn Watcher,
    ) -> Result<Option<(Start, Vec<Value>)>> {
        let Begun { began, mut best, mut history, lengths, quiet, at_rest } = match from {
            Some(snapshot) => self.go_on(snapshot)?,
            None => self.begin(index)?,
        };
        let least = self.least_in_f32(history[0].cost)?;
        // From the first rise on the best factors are held, whatever the method is.
        let mut falls = self.monotone && history.windows(2).all(|pair| pair[1].cost <= pair[0].cost);
        let mut settling = Settling::of(&history, quiet);
        let pauses = watcher.pauses_at(history.len() - 1).then_some(StopReason::Interrupted);
        let mut stop = pauses.or_else(|| self.verdict(&settling, &history, at_rest));
        while stop.is_none() {
            if falls {
                best.1.clear();
            }
            let moved = self.step()?;
            history.push(Iteration { cost: moved.cost, seconds: began.elapsed().as_secs_f64() });
            settling.push(moved.cost, moved.decrease, self.settings.tol);
            if least.is_some_and(|least| self.is_lost(moved.cost, best.0, least)) {
                return Ok(None);
            }
            if falls && !moved.cost.is_finite() {
                // The factors before are not held any more: they are computed once more.
                best.1 = self.after(index, history.len() - 2)?;
                falls = false;
            }
            if is_least(moved.cost, best.0, &mut falls) {
                best.0 = moved.cost;
                best.1 = self.iterate.factors();
            }
            let flow = watcher.tell(history.len() - 1, moved.cost, best.0);
            stop = match flow {
                Flow::Stop => Some(StopReason::Interrupted),
                Flow::Continue => self.verdict(&settling, &history, moved.at_rest),
            };
            // With a higher limit a start that came to its last iteration goes on as well.
            let broken_off =
                matches!(stop, Some(StopReason::Interrupted | StopReason::TimeLimit | StopReason::MaxIter));
            if watcher.wants_snapshot(stop.is_none(), broken_off) {
                let best = (best.0, if falls { Vec::new() } else { best.1.clone() });
                let lengths = lengths.clone();
                let (factors, history, mut method) = (self.iterate.factors(), history.clone(), MethodState::default());
                self.method.state(&mut method);
                let (quiet, at_rest, is_read) = (settling.quiet, moved.at_rest, false);
                watcher.snapshot(Snapshot { factors, best, history, quiet, at_rest, lengths, method, is_read });
            }
        }
        self.iterate.set_all(&best.1);
        let finished = self.method.finish(&mut self.iterate)?.map(|cost| self.possible(cost));
        if let Some(cost) = finished.filter(|cost| *cost <= best.0) {
            best = (cost, self.iterate.factors());
        }
        // What the method holds of this start is not needed any more, and may be as large as the factors.
        self.method.restart();
        self.iterate.set_all(&best.1);
        let residuals = self.residuals_at_end(lengths.as_deref(), settling.level())?;
        let (cost, holds) = self.checked(best.0, history[0].cost)?;
        if least.is_some() && !holds && !self.is_over() {
            return Ok(None);
        }
        let stop = self.reason(stop, holds, &residuals);
        let (seconds, iterations) = (began.elapsed().as_secs_f64(), history.len() - 1);
        Ok(Some((Start { cost, iterations, stop, seconds, history, residuals }, best.1)))
    }

    /// The factors of a start after so many iterations.
    fn after(&mut self, index: usize, iterations: usize) -> Result<Vec<Value>> {
        self.begin(index)?;
        for _ in 0..iterations {
            self.method.step(&mut self.iterate)?;
        }
        Ok(self.iterate.factors())
    }

    /// Moves every factor once.
    fn step(&mut self) -> Result<StepStats> {
        let moved = self.method.step(&mut self.iterate)?;
        Ok(StepStats { cost: self.possible(moved.cost), ..moved })
    }

    /// Whether f32 can't hold a start, by the cost that a step led to, and there is time to begin again.
    fn is_lost(&self, cost: f64, best: f64, least: f64) -> bool {
        let rose = self.monotone && cost > best + RISE_F32 * best.abs();
        (!cost.is_finite() || cost.abs() < least || rose) && !self.is_over()
    }

    /// A cost as it can be: rounding may take the difference that it is computed as below 0.
    fn possible(&self, cost: f64) -> f64 {
        if self.nonnegative && cost < 0.0 { 0.0 } else { cost }
    }

    /// Whether there is no time for another search.
    fn is_over(&self) -> bool {
        let settings = self.settings;
        settings.interrupt.is_raised() || settings.time_limit.is_some_and(|limit| self.search.spent() >= limit)
    }

    /// The cost below which f32 can't hold a fit that began at `first`; `None` where it is computed in f64.
    fn least_in_f32(&mut self, first: f64) -> Result<Option<f64>> {
        if !self.iterate.problem.is_narrow() {
            return Ok(None);
        }
        let is_coupled = |subproblem: &Subproblem| matches!(subproblem, Subproblem::Coupled(_));
        let coupled = derive(&self.iterate.problem)?.iter().any(is_coupled);
        let share = if coupled { LEAST_SHARE_F32_COUPLED } else { LEAST_SHARE_F32 };
        Ok(Some(share * self.level(first)?))
    }

    /// The size of a cost that explains nothing, for a start that began at `first`: that of factors of 0, or, where
    /// that is not defined or the objective can be negative, of random ones. A start from an SVD may begin at a small
    /// share of it.
    fn level(&mut self, first: f64) -> Result<f64> {
        let known = match self.reference {
            Some(known) => known,
            None => {
                let problem = self.iterate.problem.clone();
                let zeros = |shape: Shape| Value::of_numbers(shape, vec![0.0; shape.entries()], problem.dtype());
                let zeros: Vec<Value> = problem.shapes().into_iter().map(zeros).collect();
                let of_zeros = if self.nonnegative { self.cost_at(&zeros)? } else { f64::NAN };
                let random = || at_random(&problem, self.settings);
                if of_zeros.is_finite() { of_zeros } else { self.cost_at(&random()?)? }
            }
        };
        self.reference = Some(known);
        Ok(if known.is_finite() { known.max(first) } else { first })
    }

    /// The objective at other factors; leaves the factors as they are.
    fn cost_at(&mut self, others: &[Value]) -> Result<f64> {
        let factors = self.iterate.factors();
        self.iterate.set_all(others);
        let cost = self.cost.run(&self.iterate.inputs)?[0].to_scalar();
        self.iterate.set_all(&factors);
        Ok(cost)
    }

    /// The least cost of a start, computed once more where what the method knows of it may be rounding: where it is a
    /// small difference of what the method has computed with, or less than that. And whether factors have not grown
    /// until rounding passed for a decrease.
    fn checked(&self, cost: f64, first: f64) -> Result<(f64, bool)> {
        let narrow = self.iterate.problem.is_narrow();
        if !is_nearly_nothing(cost, first, narrow) {
            return Ok((cost, true));
        }
        let value = self.possible(self.cost.run(&self.iterate.inputs)?[0].to_scalar());
        let agrees = (value - cost).abs() <= DRIFT * value.abs().max(cost.abs()).max(first.abs());
        let known = if cost.abs() < nearly_nothing(first, narrow) || !agrees { value } else { cost };
        Ok((known, agrees || value <= first))
    }

    fn begin(&mut self, index: usize) -> Result<Begun> {
        let began = Instant::now();
        self.method.restart();
        let mut factors = begin(&self.iterate.problem, self.settings, index, self.search.memory_limit)?;
        self.iterate.set_all(&factors);
        let mut first = self.possible(self.cost.run(&self.iterate.inputs)?[0].to_scalar());
        for kind in 0..2 {
            if first.is_finite() {
                break;
            }
            let others = match kind {
                0 => begin_apart_from_zero(&self.iterate.problem, self.settings, index, &factors)?,
                _ => begin_within(&self.iterate.problem, index, &factors),
            };
            let Some(others) = others else { continue };
            factors = others;
            self.iterate.set_all(&factors);
            first = self.possible(self.cost.run(&self.iterate.inputs)?[0].to_scalar());
        }
        let lengths = self.kkt.as_ref().map(|kkt| kkt.step_lengths(&self.iterate)).transpose()?;
        let history = vec![Iteration { cost: first, seconds: began.elapsed().as_secs_f64() }];
        Ok(Begun { began, best: (first, factors), history, lengths, quiet: 0, at_rest: false })
    }

    fn go_on(&mut self, snapshot: Snapshot) -> Result<Begun> {
        let last = snapshot.last_cost();
        let Snapshot { factors, mut best, history, quiet, at_rest, lengths, method, is_read } = snapshot;
        if is_read {
            self.check_read("running.history.cost", (last, &factors), history[0].cost)?;
            if !best.1.is_empty() {
                self.check_read("running.best_cost", (best.0, &best.1), history[0].cost)?;
            }
        }
        let spent = history.last().and_then(|step| Duration::try_from_secs_f64(step.seconds).ok()).unwrap_or_default();
        let mut method = method.of_search(&self.iterate.problem, last.is_finite());
        self.method.restart();
        // Only what was read from a file can be refused: what was paused in this process is whole.
        self.method.restore(&mut method).map_err(|error| self.of_file(error))?;
        if best.1.is_empty() {
            best.1.clone_from(&factors);
        }
        self.iterate.set_all(&factors);
        let began = Instant::now().checked_sub(spent).unwrap_or_else(Instant::now);
        Ok(Begun { began, best, history, lengths, quiet, at_rest })
    }

    /// Holds a cost that was read to its factors, for a start that began at `first`; leaves these factors in place.
    ///
    /// # Errors
    /// `Data` where the factors have another cost, by more than what methods add up may differ.
    pub(in crate::solve) fn check_read(
        &mut self,
        tensor: &str,
        (cost, factors): (f64, &[Value]),
        first: f64,
    ) -> Result<()> {
        // A start that has diverged is the worst of all, whatever its factors.
        if !cost.is_finite() {
            return Ok(());
        }
        self.iterate.set_all(factors);
        let (values, bounds) = self.cost.run_bounded(&self.iterate.inputs)?;
        let value = self.possible(values[0].to_scalar());
        let rounding = bounds[0] + ROUNDING[usize::from(self.iterate.problem.is_narrow())] * self.level(first)?.abs();
        if value.is_finite() && (value - cost).abs() <= DRIFT * value.abs().max(cost.abs()) + rounding {
            return Ok(());
        }
        let what = format!("{tensor}: it is {cost}, and the cost of its factors is {value}");
        Err(self.of_file(no_such(FileKind::Checkpoint, &what)))
    }

    /// An error of what the search goes on from.
    fn of_file(&self, error: Error) -> Error {
        match &self.settings.resume {
            Some(file) => error.in_file(file),
            None => error,
        }
    }

    /// The residual of each factor; none where the objective has kinks.
    fn residuals(&self, lengths: Option<&[f64]>, level: f64) -> Result<Vec<f64>> {
        let Some((kkt, lengths)) = self.kkt.as_ref().zip(lengths) else { return Ok(Vec::new()) };
        kkt.shares(lengths, level.abs(), &self.iterate)
    }

    /// The same at the end of a start with these factors. One that began at an exact fit has no cost to be measured by
    /// but rounding: it is then the cost that explains nothing (see `level`).
    fn residuals_at_end(&mut self, lengths: Option<&[f64]>, level: f64) -> Result<Vec<f64>> {
        let residuals = self.residuals(lengths, level)?;
        if residuals.iter().all(|residual| *residual <= 1.0) {
            return Ok(residuals);
        }
        let reference = self.level(level)?;
        if reference > level { self.residuals(lengths, reference) } else { Ok(residuals) }
    }

    /// Whether the start ends here, and why.
    fn verdict(&self, settling: &Settling, history: &[Iteration], at_rest: bool) -> Option<StopReason> {
        let cost = history.last().map_or(f64::NAN, |step| step.cost);
        self.limit(cost, history.len() - 1).or_else(|| {
            let settled = || settling.is_settled(self.settings.tol, self.method.comparable());
            (at_rest || (self.settings.tol > 0.0 && settled())).then_some(StopReason::Settled)
        })
    }

    /// Why a start has ended whose cost is what was known of it, where it `holds`.
    fn reason(&self, stop: Option<StopReason>, holds: bool, residuals: &[f64]) -> StopReason {
        let tol = self.settings.tol;
        let is_stationary = || tol > 0.0 && !residuals.is_empty() && residuals.iter().all(|share| *share <= tol);
        match stop {
            _ if !holds => StopReason::Diverged,
            Some(StopReason::Settled) if is_stationary() => StopReason::Stationary,
            stop => stop.unwrap_or(StopReason::MaxIter),
        }
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
        } else if settings.time_limit.is_some_and(|limit| self.search.spent() >= limit) {
            Some(StopReason::TimeLimit)
        } else if iterations >= settings.max_iter {
            Some(StopReason::MaxIter)
        } else {
            None
        }
    }
}
