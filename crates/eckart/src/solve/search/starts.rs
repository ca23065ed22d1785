//! Starts: all starts of a search, one after the other, or side by side where one alone would leave threads idle.
//! In: a search and its method.  Out: the report of each start, and the factors of the best.
//! Invariant: what is returned does not depend on how many starts ran at once, nor on which came home first.
//!
//! Starts run in rounds. Without successive halving there is one. With it every start of a round pauses after as many
//! iterations; the half whose cost is lower goes on in the next, which is twice as long, and the last one goes on to
//! its end.
//!
//! Not here: what a start does (see `driver`), where it begins (see `start`).

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::checkpoint::Snapshot;
use super::context::{Flow, Progress, Search};
use super::ledger::Ledger;
use super::memory::memory;
use super::settings::StopReason;
use super::worker::{Watcher, Worker};
use crate::error::{Code, Error, Result};
use crate::run::threads;
use crate::run::{Value, simd_level, with_machine};
use crate::solve::block::cohort::{Cohort, CohortPlace};
use crate::solve::method::table::MethodRow;
use crate::solve::problem::Bound;
use crate::solve::problem::iterate::Iterate;
use crate::solve::result::{Kept, Start, is_better};

/// Where the objective takes more flops than this, a start keeps all threads busy by itself.
const MOST_FLOPS: f64 = 2e9;
/// The same where the first start that reaches a value ends the search: others beside it may be in vain, and from here
/// on it is the faster with a second thread.
const MOST_FLOPS_TO_TARGET: f64 = 2e7;
/// The share of the memory that plans which run at the same time may need together.
const MOST_MEMORY: f64 = 0.5;

/// What all starts came to.
pub(in crate::solve) struct Found {
    /// In the order of their numbers.
    pub starts: Vec<Start>,
    /// The number of the best, and its factors.
    pub best: usize,
    pub factors: Vec<Value>,
    /// The components of each, where they were to be kept.
    pub kept: Vec<Kept>,
    /// Why the last checkpoint could not be written, where it could not.
    pub unwritten: Option<String>,
}

/// Runs all starts; also returns the data with factors that nobody needs any more. `None` where f32 can't hold a fit.
pub(in crate::solve) fn run<'a>(
    search: &'a Search<'a>,
    row: &MethodRow,
    bound: &'a Arc<Bound>,
    listen: &mut (dyn FnMut(&Progress) -> Flow + Send),
) -> Result<Option<(Iterate, Found)>> {
    let mut ledger = Ledger::open(search, row, bound)?;
    let mut first = Worker::new(search, row, bound)?;
    let cohorts: Vec<Arc<Cohort>> = (0..cohorts(search, &first)).map(|_| Arc::default()).collect();
    let many = at_a_time(search, bound, &first);
    memory(search, bound, &first, many).check()?;
    if let Some((start, factors)) = ledger.best_start() {
        first.check_read("starts.cost", (start.cost, factors), start.history[0].cost)?;
    }
    ledger.begin()?;
    let mut board = Board::new(search, bound, ledger, listen);
    let mut others: Vec<Option<Worker>> = (1..many).map(|_| None).collect();
    loop {
        // A start that is alone may have all threads.
        if many == 1 || board.round.len() == 1 {
            board.work(&mut first);
        } else {
            let (board, level) = (&board, Some(simd_level()));
            let cohort = |at: usize| cohorts.get(at % cohorts.len().max(1));
            std::thread::scope(|scope| {
                for (at, other) in others.iter_mut().enumerate() {
                    let cohort = cohort(at + 1);
                    let work = move || with_machine(Some(1), level, || board.work_with(other, row, cohort)).map(drop);
                    // A thread that can't be had is one fewer: the others do its work.
                    let _ = std::thread::Builder::new().spawn_scoped(scope, work);
                }
                let own = with_machine(Some(1), level, || board.work_in(&mut first, cohort(0)));
                own.err().into_iter().for_each(|error| board.fail(error));
            });
        }
        if !board.next_round() {
            break;
        }
    }
    Ok(board.into_found()?.map(|found| (first.iterate, found)))
}

/// How many starts run at a time: as many as pay, and as fit into the memory.
pub(in crate::solve) fn at_a_time(search: &Search, bound: &Bound, worker: &Worker) -> usize {
    let most = match cohorts(search, worker) {
        0 => at_once(search, worker),
        cohorts => cohorts * cohort_size(search, worker),
    };
    let fits = |many: &usize| memory(search, bound, worker, *many).total() <= search.memory_limit;
    (1..=most).rev().find(fits).unwrap_or(1)
}

/// How many threads have a start each: no more than there are cores, since each start takes its own memory.
fn side_by_side() -> usize {
    threads().min(std::thread::available_parallelism().map_or(usize::MAX, NonZero::get))
}

/// How many cohorts of starts there are; 0 where each start is for itself, since a cohort does not pay, or since
/// something else ends the search: then the first starts are to come as far as they can.
fn cohorts(search: &Search, worker: &Worker) -> usize {
    let settings = search.settings;
    let pays = cohort_size(search, worker) > 1 && settings.time_limit.is_none() && settings.target.is_none();
    if pays { side_by_side().min(settings.starts()) } else { 0 }
}

/// How many starts a cohort has.
fn cohort_size(search: &Search, worker: &Worker) -> usize {
    let cohorts = side_by_side();
    let share = search.settings.starts().div_ceil(cohorts);
    worker.best_cohort().min(share).min(fitting(search, worker) / cohorts)
}

/// How many starts fit into the memory at once.
fn fitting(search: &Search, worker: &Worker) -> usize {
    (MOST_MEMORY * search.memory_limit as f64 / worker.bytes().max(1) as f64) as usize
}

/// How many starts run at once, each for itself.
fn at_once(search: &Search, worker: &Worker) -> usize {
    let fits = fitting(search, worker);
    let most = if search.settings.target.is_some() { MOST_FLOPS_TO_TARGET } else { MOST_FLOPS };
    if worker.flops() > most { 1 } else { side_by_side().min(search.settings.starts()).min(fits).max(1) }
}

/// Which starts are still to be run, and what those that were have come to.
struct Board<'a, 'l> {
    search: &'a Search<'a>,
    problem: &'a Arc<Bound>,
    round: Vec<usize>,
    /// The iterations after which they pause, where there is to be another round.
    pause: Option<usize>,
    /// The place in the round of the next start to be run.
    next: AtomicUsize,
    /// Starts of this number and beyond don't count: an earlier one has ended the search.
    end: AtomicUsize,
    /// The first start that f32 can't hold.
    narrow: AtomicUsize,
    /// Time is up, or the user has asked for an end: no further start begins.
    over: AtomicBool,
    state: Mutex<Progressed<'l>>,
}

struct Progressed<'l> {
    ledger: Ledger,
    listen: &'l mut (dyn FnMut(&Progress) -> Flow + Send),
    least: f64,
    starts: Vec<Option<Start>>,
    best: Option<(f64, usize, Vec<Value>)>,
    kept: Vec<Kept>,
    /// The starts that have paused, with what they have come to and where they are to go on.
    /// Where is known to the ledger where there is a checkpoint.
    paused: BTreeMap<usize, (Start, Vec<Value>, Option<Snapshot>)>,
    error: Option<Error>,
}

impl<'a, 'l> Board<'a, 'l> {
    /// A board on which the starts that a checkpoint says are done are done.
    fn new(
        search: &'a Search<'a>,
        problem: &'a Arc<Bound>,
        ledger: Ledger,
        listen: &'l mut (dyn FnMut(&Progress) -> Flow + Send),
    ) -> Self {
        let end = AtomicUsize::new(search.settings.starts());
        let mut starts: Vec<Option<Start>> = Vec::new();
        for (index, start) in ledger.done() {
            if start.stop == StopReason::Target {
                end.fetch_min(index + 1, Ordering::Relaxed);
            }
            starts.resize(starts.len().max(index + 1), None);
            starts[index] = Some(start.clone());
        }
        let best = ledger.best();
        let least = best.as_ref().map_or(f64::INFINITY, |(cost, ..)| *cost);
        let kept = ledger.kept();
        let settings = search.settings;
        let n_init = settings.starts();
        let round: Vec<usize> = (0..n_init).filter(|&index| !ledger.is_over(index, settings.max_iter)).collect();
        let pause = (settings.successive_halving && round.len() > 1).then(|| ledger.pause());
        let state = Progressed { ledger, listen, least, starts, best, kept, paused: BTreeMap::new(), error: None };
        Self {
            search,
            problem,
            round,
            pause,
            next: AtomicUsize::new(0),
            end,
            narrow: AtomicUsize::new(usize::MAX),
            over: AtomicBool::new(false),
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, Progressed<'l>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, error: Error) {
        self.end.store(0, Ordering::Relaxed);
        self.state().error.get_or_insert(error);
    }

    /// Runs starts with a worker, which is made where there is none yet, until there is none left in this round.
    fn work_with(&self, worker: &mut Option<Worker<'a>>, row: &MethodRow, cohort: Option<&Arc<Cohort>>) {
        if worker.is_none() {
            match Worker::new(self.search, row, self.problem) {
                Ok(new) => *worker = Some(new),
                Err(error) => self.fail(error),
            }
        }
        worker.iter_mut().for_each(|worker| self.work_in(worker, cohort));
    }

    /// The same, in a cohort where there is one.
    fn work_in(&self, worker: &mut Worker, cohort: Option<&Arc<Cohort>>) {
        worker.join(cohort.map(|cohort| Arc::new(CohortPlace::of(cohort))).as_ref());
        self.work(worker);
        worker.join(None);
    }

    /// Sets up the next round, of the better half of the starts that have paused; whether there is one.
    fn next_round(&mut self) -> bool {
        let paused = std::mem::take(&mut self.state().paused);
        let mut order: Vec<(f64, usize)> = paused.iter().map(|(&index, (start, ..))| (start.cost, index)).collect();
        // Costs that are undefined come last.
        order.sort_by(|(a, i), (b, j)| a.is_nan().cmp(&b.is_nan()).then(a.total_cmp(b)).then(i.cmp(j)));
        let over = self.over.load(Ordering::Relaxed);
        let ended = over || self.end.load(Ordering::Relaxed) < self.search.settings.starts();
        let left = if ended { 0 } else { order.len().div_ceil(2) };
        let mut round: Vec<usize> = order[..left].iter().map(|(_, index)| *index).collect();
        round.sort_unstable();
        for (index, (mut start, factors, snapshot)) in paused {
            if round.binary_search(&index).is_ok() {
                self.state().paused.insert(index, (start, factors, snapshot));
            } else {
                // Those that wait when the search is broken off can go on.
                start.stop = if over { self.search.broken_off() } else { StopReason::Dropped };
                self.note(index, start, factors, None);
            }
        }
        self.pause = self.pause.filter(|_| round.len() > 1).map(|pause| 2 * pause);
        self.round = round;
        self.next = AtomicUsize::new(0);
        !self.round.is_empty()
    }

    fn work(&self, worker: &mut Worker) {
        loop {
            let Some(&index) = self.round.get(self.next.fetch_add(1, Ordering::Relaxed)) else { return };
            if index >= self.end.load(Ordering::Relaxed) || self.over.load(Ordering::Relaxed) {
                return;
            }
            let from = {
                let mut state = self.state();
                let paused = state.paused.remove(&index).and_then(|(_, _, snapshot)| snapshot);
                paused.or_else(|| state.ledger.snapshot_of(index))
            };
            let mut watch = Watch { board: self, index, pauses: false, paused: None };
            match worker.run_start(index, from, &mut watch) {
                // The starts before it go on: one of them may end the search.
                Ok(None) => {
                    self.narrow.fetch_min(index, Ordering::Relaxed);
                    self.end.fetch_min(index, Ordering::Relaxed);
                }
                Ok(Some((start, factors))) => {
                    if watch.pauses {
                        let mut state = self.state();
                        let keep = |snapshot| state.ledger.keep(index, snapshot, self.search);
                        let snapshot = watch.paused.and_then(keep);
                        state.paused.insert(index, (start, factors, snapshot));
                        continue;
                    }
                    let keeps = self.search.settings.keep_starts;
                    match keeps.then(|| Kept::of(index, &worker.iterate.problem, &factors)).transpose() {
                        Ok(kept) => self.note(index, start, factors, kept.flatten()),
                        Err(error) => return self.fail(error),
                    }
                }
                Err(error) => return self.fail(error),
            }
        }
    }

    fn tell(&self, index: usize, iteration: usize, cost: f64, best: f64) -> Flow {
        let mut state = self.state();
        let (starts, max_iter) = (self.search.settings.starts(), self.search.settings.max_iter);
        let told = Progress { start: index, starts, iteration, max_iter, cost, best: best.min(state.least) };
        if (state.listen)(&told) == Flow::Stop {
            self.over.store(true, Ordering::Relaxed);
        }
        let ends = index >= self.end.load(Ordering::Relaxed) || self.over.load(Ordering::Relaxed);
        if ends { Flow::Stop } else { Flow::Continue }
    }

    fn note(&self, index: usize, start: Start, factors: Vec<Value>, kept: Option<Kept>) {
        let mut state = self.state();
        state.kept.retain(|kept| kept.start != index);
        state.kept.extend(kept.clone());
        state.ledger.note(index, &start, &factors, kept);
        match start.stop {
            StopReason::Target => drop(self.end.fetch_min(index + 1, Ordering::Relaxed)),
            // A start beyond the one that reached the target was stopped by that, and ends nobody else.
            StopReason::TimeLimit | StopReason::Interrupted if index < self.end.load(Ordering::Relaxed) => {
                self.over.store(true, Ordering::Relaxed);
            }
            StopReason::TimeLimit | StopReason::Interrupted => {}
            StopReason::Settled
            | StopReason::Stationary
            | StopReason::MaxIter
            | StopReason::Diverged
            | StopReason::Dropped => {}
        }
        if index >= self.end.load(Ordering::Relaxed) {
            return;
        }
        state.least = state.least.min(start.cost);
        let better = |&(cost, other, _): &(f64, usize, _)| is_better((start.cost, index), (cost, other));
        // Of the starts before the one that reached the target none did.
        let beyond = state.best.as_ref().is_some_and(|(_, other, _)| *other >= self.end.load(Ordering::Relaxed));
        if beyond || state.best.as_ref().is_none_or(better) {
            state.best = Some((start.cost, index, factors));
        }
        if state.starts.len() <= index {
            state.starts.resize(index + 1, None);
        }
        state.starts[index] = Some(start);
    }

    /// What was found; `None` where f32 can't hold a start, and no start before it ended the search.
    fn into_found(self) -> Result<Option<Found>> {
        let (end, narrow) = (self.end.into_inner(), self.narrow.into_inner());
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = state.error {
            state.ledger.withdraw();
            return Err(error);
        }
        let ended = |start: &Option<Start>| start.as_ref().is_some_and(|start| start.stop == StopReason::Target);
        if narrow == end && !state.starts.iter().take(end).any(ended) {
            state.ledger.withdraw();
            return Ok(None);
        }
        let unwritten = state.ledger.close(self.search);
        let starts: Vec<Start> = state.starts.into_iter().take(end).flatten().collect();
        let mut kept = state.kept;
        kept.retain(|kept| kept.start < starts.len());
        kept.sort_by_key(|kept| kept.start);
        match state.best {
            Some((_, best, factors)) if best < starts.len() => {
                Ok(Some(Found { starts, best, factors, kept, unwritten }))
            }
            _ => Err(Error::setting(Code::SettingOutOfRange, "0 starts find nothing: ask for 1 or more")),
        }
    }
}

/// What watches over one start.
struct Watch<'b, 'a, 'l> {
    board: &'b Board<'a, 'l>,
    index: usize,
    /// Whether it has come to the end of the round.
    pauses: bool,
    /// Where it is to go on in the next.
    paused: Option<Snapshot>,
}

impl Watcher for Watch<'_, '_, '_> {
    fn tell(&mut self, iteration: usize, cost: f64, best: f64) -> Flow {
        let flow = self.board.tell(self.index, iteration, cost, best);
        self.pauses = flow == Flow::Continue && self.board.pause.is_some_and(|pause| iteration >= pause);
        if self.pauses { Flow::Stop } else { flow }
    }

    fn pauses_at(&mut self, iteration: usize) -> bool {
        self.pauses = self.board.pause.is_some_and(|pause| iteration >= pause);
        self.pauses
    }

    fn wants_snapshot(&mut self, goes_on: bool, broken_off: bool) -> bool {
        self.pauses || self.board.state().ledger.wants(self.index, goes_on, broken_off)
    }

    fn snapshot(&mut self, snapshot: Snapshot) {
        if self.pauses {
            self.paused = Some(snapshot);
        } else {
            self.board.state().ledger.take_in(self.index, snapshot, self.board.search);
        }
    }
}
