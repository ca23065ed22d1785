//! Ledger: what a search has come to so far, written down every so often.
//! In: snapshots of starts that run, reports of those that are done.  Out: the checkpoint's file.
//! Invariant: a file that can't be written is an error before the search begins; later it is told at the end, and the
//! search goes on: its result is worth more than its checkpoint. A search that is refused loses nothing of a file.
//! Not here: what the file looks like (see `checkpoint`).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::checkpoint::{About, Saved, SearchFacts, Snapshot, read, write};
use super::context::Search;
use super::course::FIRST_ROUND;
use super::settings::StopReason;
use crate::error::Result;
use crate::run::Value;
use crate::solve::method::table::MethodRow;
use crate::solve::problem::Bound;
use crate::solve::result::{Kept, Start, is_better};

/// Where a search stands, for all its starts; nothing where no checkpoint is asked for.
pub(in crate::solve) struct Ledger {
    checkpoint: Option<(PathBuf, About)>,
    every: Duration,
    /// All that the file holds: also of starts beyond those that are asked for.
    saved: Saved,
    /// The starts from this number on don't count: they are not asked for.
    counted: usize,
    written: Instant,
    /// Whether there was no file before this search, and nothing has been written since it began.
    fresh: bool,
    /// For each start, when it was last asked.
    asked: BTreeMap<usize, Instant>,
    unwritten: Option<String>,
}

impl Ledger {
    /// Reads the checkpoint to go on from.
    ///
    /// # Errors
    /// Those of reading.
    pub(in crate::solve) fn open(search: &Search, row: &MethodRow, bound: &Bound) -> Result<Self> {
        let settings = search.settings;
        let mut ledger = Self {
            checkpoint: None,
            every: settings.checkpoint_every,
            saved: Saved::default(),
            counted: settings.starts(),
            written: Instant::now(),
            fresh: false,
            asked: BTreeMap::new(),
            unwritten: None,
        };
        if settings.checkpoint.is_none() && settings.resume.is_none() {
            return Ok(ledger);
        }
        let about = About::of(search.problem, row.name, settings);
        if let Some(path) = &settings.resume {
            ledger.saved = read(path, &about)?;
            let facts = SearchFacts::of(bound, row, settings)?;
            ledger.saved.check(bound, &facts).map_err(|error| error.in_file(path))?;
            // Of all starts that are done the factors of the best alone are there. Where that one is not asked for any
            // more, the others run once more.
            if ledger.saved.best.as_ref().is_some_and(|(best, _)| *best >= settings.starts()) {
                ledger.counted = 0;
            }
        }
        ledger.checkpoint = settings.checkpoint.clone().map(|file| (file, about));
        Ok(ledger)
    }

    /// Writes the first checkpoint, of what was read.
    ///
    /// # Errors
    /// `Io` where nothing can be written.
    pub(in crate::solve) fn begin(&mut self) -> Result<()> {
        let Some((file, about)) = &self.checkpoint else { return Ok(()) };
        let fresh = !file.exists();
        write(file, about, &self.saved)?;
        self.fresh = fresh;
        Ok(())
    }

    /// Takes back the first checkpoint of a search that comes to nothing.
    pub(in crate::solve) fn withdraw(&self) {
        if let Some((file, _)) = self.checkpoint.as_ref().filter(|_| self.fresh) {
            // What can't be removed is whole, and does no harm.
            let _ = std::fs::remove_file(file);
        }
    }

    /// Whether what was read was computed in f64.
    pub(in crate::solve) fn is_wide(&self) -> bool {
        self.saved.is_wide()
    }

    /// The starts that are done, of those that are asked for.
    pub(in crate::solve) fn done(&self) -> impl Iterator<Item = (usize, &Start)> {
        self.saved.done.iter().map(|(&index, start)| (index, start)).filter(|(index, _)| *index < self.counted)
    }

    /// Whether a start has nothing left to do, where starts end after `max_iter` iterations: one that came to a lower
    /// limit before goes on.
    pub(in crate::solve) fn is_over(&self, index: usize, max_iter: usize) -> bool {
        let goes_on = |start: &Start| start.stop == StopReason::MaxIter && start.iterations < max_iter;
        index < self.counted && self.saved.done.get(&index).is_some_and(|start| !goes_on(start))
    }

    /// The best of them, and its factors.
    pub(in crate::solve) fn best_start(&self) -> Option<(&Start, &[Value])> {
        let (index, factors) = self.saved.best.as_ref().filter(|(index, _)| *index < self.counted)?;
        Some((self.saved.done.get(index)?, factors))
    }

    /// The same: its cost, its number, its factors.
    pub(in crate::solve) fn best(&self) -> Option<(f64, usize, Vec<Value>)> {
        let (start, factors) = self.best_start()?;
        Some((start.cost, self.saved.best.as_ref()?.0, factors.to_vec()))
    }

    /// What was kept of them.
    pub(in crate::solve) fn kept(&self) -> Vec<Kept> {
        self.saved.kept.iter().filter(|kept| kept.start < self.counted).cloned().collect()
    }

    /// Where a start is to go on from. The ledger keeps it until there is a later one.
    pub(in crate::solve) fn snapshot_of(&self, index: usize) -> Option<Snapshot> {
        self.saved.running.get(&index).cloned()
    }

    /// The iterations after which the starts of the present round pause, where they are halved: those that were dropped
    /// tell the rounds that are over.
    pub(in crate::solve) fn pause(&self) -> usize {
        let dropped = self.saved.done.values().filter(|start| start.stop == StopReason::Dropped);
        dropped.map(|start| 2 * start.iterations).max().unwrap_or(FIRST_ROUND)
    }

    /// Keeps the snapshot of a start that pauses; gives it back where there is no checkpoint to keep it in.
    pub(in crate::solve) fn keep(&mut self, index: usize, snapshot: Snapshot, search: &Search) -> Option<Snapshot> {
        if self.checkpoint.is_none() {
            return Some(snapshot);
        }
        self.saved.running.insert(index, snapshot);
        if self.written.elapsed() >= self.every {
            self.save(search);
        }
        None
    }

    /// Whether a snapshot of a start is wanted now.
    pub(in crate::solve) fn wants(&mut self, index: usize, goes_on: bool, broken_off: bool) -> bool {
        if self.checkpoint.is_none() {
            return false;
        }
        let last = *self.asked.entry(index).or_insert(self.written);
        broken_off || (goes_on && last.elapsed() >= self.every)
    }

    /// Takes a snapshot in, and writes all there is; one of a start that came to its last iteration is written with
    /// what comes next, for there may be many such starts.
    pub(in crate::solve) fn take_in(&mut self, index: usize, snapshot: Snapshot, search: &Search) {
        let ended = snapshot.history.len() > search.settings.max_iter;
        self.saved.running.insert(index, snapshot);
        self.asked.insert(index, Instant::now());
        if !ended || self.every.is_zero() {
            self.save(search);
        }
    }

    /// Takes note of a start that has ended. One that was broken off is not done: its snapshot stands, as does that of
    /// a start that came to its last iteration.
    pub(in crate::solve) fn note(&mut self, index: usize, start: &Start, factors: &[Value], kept: Option<Kept>) {
        if self.checkpoint.is_none() || matches!(start.stop, StopReason::Interrupted | StopReason::TimeLimit) {
            return;
        }
        if start.stop != StopReason::MaxIter {
            self.saved.running.remove(&index);
        }
        let better = |(other, _): &(usize, Vec<Value>)| {
            let cost = self.saved.done.get(other).map_or(f64::NAN, |other| other.cost);
            is_better((start.cost, index), (cost, *other))
        };
        if self.saved.best.as_ref().is_none_or(better) {
            self.saved.best = Some((index, factors.to_vec()));
        }
        self.saved.done.insert(index, start.clone());
        self.saved.kept.retain(|kept| kept.start != index);
        self.saved.kept.extend(kept);
    }

    /// Writes the last checkpoint; why that, or one before it, could not be written, where it could not.
    pub(in crate::solve) fn close(mut self, search: &Search) -> Option<String> {
        self.save(search);
        self.unwritten
    }

    fn save(&mut self, search: &Search) {
        let Some((file, about)) = &self.checkpoint else { return };
        let mut saved = self.saved.clone();
        saved.spent += search.spent();
        self.unwritten = write(file, about, &saved).err().map(|error| error.to_string());
        self.fresh &= self.unwritten.is_some();
        self.written = Instant::now();
    }
}
