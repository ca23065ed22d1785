//! Starts: all starts of a search, one after the other, or side by side where one alone would leave threads idle.
//! In: a search and its method.  Out: the report of each start, and the factors of the best.
//! Law: what is returned does not depend on how many starts ran at once, nor on which came home first.
//! Not here: what a start does (see `driver`), where it begins (see `start`).

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::checkpoint::Snapshot;
use super::driver::{Flow, Progress, Search, Watcher, Worker};
use super::factorization::Start;
use super::kept::Kept;
use super::ledger::Ledger;
use super::method::MethodRow;
use super::problem::Bound;
use super::settings::StopReason;
use crate::error::{Error, Result};
use crate::run::{Value, threads, with_threads};

/// Where the objective takes more flops than this, a start keeps all threads busy by itself.
const MOST_FLOPS: f64 = 2e9;
/// The share of the memory that plans which run at the same time may need together.
const MOST_MEMORY: f64 = 0.5;

/// What all starts came to.
pub(super) struct Found {
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

/// Runs all starts; also returns the worker that ran the first.
///
/// # Errors
/// Those of planning and running.
pub(super) fn run<'a>(
    search: &'a Search<'a>,
    row: &MethodRow,
    bound: Bound,
    listen: &mut (dyn FnMut(&Progress) -> Flow + Send),
) -> Result<(Worker<'a>, Found)> {
    let ledger = Ledger::open(search, row)?;
    let mut first = Worker::new(search, row, bound)?;
    let many = at_once(search, &first);
    let board = Board::new(search, ledger, listen);
    if many == 1 {
        board.work(&mut first);
    } else {
        std::thread::scope(|scope| {
            for _ in 1..many {
                // A thread that can't be had is one fewer: the others do its work.
                scope.spawn(|| with_threads(Some(1), || board.work_anew(row)).map(drop));
            }
            let own = with_threads(Some(1), || board.work(&mut first));
            own.err().into_iter().for_each(|error| board.fail(error));
        });
    }
    Ok((first, board.into_found()?))
}

/// How many starts run at once.
fn at_once(search: &Search, worker: &Worker) -> usize {
    let fits = (MOST_MEMORY * search.memory_limit as f64 / worker.bytes().max(1) as f64) as usize;
    if worker.flops() > MOST_FLOPS { 1 } else { threads().min(search.settings.restarts).min(fits).max(1) }
}

/// Which starts are still to be run, and what those that were have come to.
struct Board<'a, 'l> {
    search: &'a Search<'a>,
    next: AtomicUsize,
    /// Starts of this number and beyond don't count: an earlier one has ended the search.
    end: AtomicUsize,
    /// Time is up, or the user has asked for an end: no further start begins.
    over: AtomicBool,
    state: Mutex<State<'l>>,
}

struct State<'l> {
    ledger: Ledger,
    listen: &'l mut (dyn FnMut(&Progress) -> Flow + Send),
    least: f64,
    starts: Vec<Option<Start>>,
    best: Option<(f64, usize, Vec<Value>)>,
    kept: Vec<Kept>,
    error: Option<Error>,
}

impl<'a, 'l> Board<'a, 'l> {
    /// A board on which the starts that a checkpoint says are done are done.
    fn new(search: &'a Search<'a>, ledger: Ledger, listen: &'l mut (dyn FnMut(&Progress) -> Flow + Send)) -> Self {
        let end = AtomicUsize::new(search.settings.restarts);
        let mut starts: Vec<Option<Start>> = Vec::new();
        for (&index, start) in ledger.done() {
            if start.stop == StopReason::Target {
                end.fetch_min(index + 1, Ordering::Relaxed);
            }
            starts.resize(starts.len().max(index + 1), None);
            starts[index] = Some(start.clone());
        }
        let best = ledger.best();
        let least = best.as_ref().map_or(f64::INFINITY, |(cost, ..)| *cost);
        let kept = ledger.kept().to_vec();
        let state = State { ledger, listen, least, starts, best, kept, error: None };
        Self { search, next: AtomicUsize::new(0), end, over: AtomicBool::new(false), state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State<'l>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, error: Error) {
        self.end.store(0, Ordering::Relaxed);
        self.state().error.get_or_insert(error);
    }

    /// Runs starts with a new worker until there is none left.
    fn work_anew(&self, row: &MethodRow) {
        match self.search.worker(row) {
            Ok(mut worker) => self.work(&mut worker),
            Err(error) => self.fail(error),
        }
    }

    /// Runs starts until there is none left.
    fn work(&self, worker: &mut Worker) {
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index >= self.end.load(Ordering::Relaxed) || self.over.load(Ordering::Relaxed) {
                return;
            }
            let from = {
                let state = self.state();
                if state.ledger.done().contains_key(&index) {
                    continue;
                }
                state.ledger.snapshot_of(index)
            };
            match worker.run_start(index, from, &mut Watch { board: self, index }) {
                Ok((start, factors)) => {
                    let keeps = self.search.settings.keep_starts;
                    match keeps.then(|| Kept::of(index, &worker.bound, &factors)).transpose() {
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
        let (starts, max_iter) = (self.search.settings.restarts, self.search.settings.max_iter);
        let told = Progress { start: index, starts, iteration, max_iter, cost, best: best.min(state.least) };
        if (state.listen)(&told) == Flow::Stop {
            self.over.store(true, Ordering::Relaxed);
        }
        let ends = index >= self.end.load(Ordering::Relaxed) || self.over.load(Ordering::Relaxed);
        if ends { Flow::Stop } else { Flow::Continue }
    }

    fn note(&self, index: usize, start: Start, factors: Vec<Value>, kept: Option<Kept>) {
        let mut state = self.state();
        state.kept.extend(kept.clone());
        state.ledger.note(index, &start, &factors, kept);
        match start.stop {
            StopReason::Target => drop(self.end.fetch_min(index + 1, Ordering::Relaxed)),
            StopReason::TimeLimit | StopReason::Interrupted => self.over.store(true, Ordering::Relaxed),
            StopReason::Settled | StopReason::Stationary | StopReason::MaxIter | StopReason::Diverged => {}
        }
        if index >= self.end.load(Ordering::Relaxed) {
            return;
        }
        state.least = state.least.min(start.cost);
        // A start whose cost is undefined loses to every other, and stands in where there is no other.
        let better = |&(cost, other, _): &(f64, usize, _)| {
            start.cost < cost || (cost.is_nan() && !start.cost.is_nan()) || (start.cost == cost && index < other)
        };
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

    fn into_found(self) -> Result<Found> {
        let end = self.end.into_inner();
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = state.error {
            return Err(error);
        }
        let unwritten = state.ledger.close(self.search);
        let starts: Vec<Start> = state.starts.into_iter().take(end).flatten().collect();
        let mut kept = state.kept;
        kept.retain(|kept| kept.start < starts.len());
        kept.sort_by_key(|kept| kept.start);
        match state.best {
            Some((_, best, factors)) if best < starts.len() => Ok(Found { starts, best, factors, kept, unwritten }),
            _ => Err(Error::Setting("0 starts find nothing: ask for 1 or more".into())),
        }
    }
}

/// What watches over one start.
struct Watch<'b, 'a, 'l> {
    board: &'b Board<'a, 'l>,
    index: usize,
}

impl Watcher for Watch<'_, '_, '_> {
    fn tell(&mut self, iteration: usize, cost: f64, best: f64) -> Flow {
        self.board.tell(self.index, iteration, cost, best)
    }

    fn wants_snapshot(&mut self, goes_on: bool, broken_off: bool) -> bool {
        self.board.state().ledger.wants(self.index, goes_on, broken_off)
    }

    fn snapshot(&mut self, snapshot: Snapshot) {
        self.board.state().ledger.take_in(self.index, snapshot, self.board.search);
    }
}
