//! Outline: a search as it would run, before it runs.
//! In: a `Problem`, `Settings`.  Out: `Outline`: the bound problem, the method, its plans, the memory.
//! Invariant: what is here is what [`super::driver`] runs: the same binding, choice of method, plans and starts.
//! Not here: how it is told (see `explain`).

use std::sync::Arc;

use super::context::Search;
use super::ledger::Ledger;
use super::memory::{MemoryTotal, memory};
use super::multistart::with_starts;
use super::settings::Settings;
use super::starts::at_a_time;
use super::worker::Worker;
use crate::error::{Code, Error, Result};
use crate::function::Compiled;
use crate::run::with_machine;
use crate::solve::block::plans::{Runs, SearchPlan};
use crate::solve::method::table::{MethodRow, choose};
use crate::solve::problem::role::DataSide;
use crate::solve::problem::{Bound, Factor, Problem};
use crate::solve::result::quality::Quality;

/// A search before it runs.
#[derive(Debug)]
pub struct Outline<'a> {
    /// The problem, its shapes known and its objective split.
    pub bound: &'a Bound,
    /// The method.
    pub method: &'static MethodRow,
    /// The plans of a start, those of an iteration first; then those of the end.
    pub plans: Vec<SearchPlan<'a>>,
    /// How many starts run at a time.
    pub starts_at_a_time: usize,
    /// Why there are several starts where nobody asked for them.
    pub why_starts: Option<&'a str>,
    /// Bytes kept for each row of the data from one iteration to the next: its rows of the factors, and of what the
    /// method keeps beside them.
    pub bytes_of_row: usize,
    /// Memory at the peak.
    pub memory: MemoryTotal,
}

/// Gives `look` the outline of a search.
///
/// # Errors
/// As [`crate::solve::solve`], but for `Limit`: an outline is told whether or not the search may run.
pub fn outline<T: Send>(
    problem: &Problem,
    settings: &Settings,
    look: impl FnOnce(&Outline<'_>) -> Result<T> + Send,
) -> Result<T> {
    settings.check()?;
    let matched = problem.matched()?;
    let problem = &*matched;
    with_machine(settings.threads, settings.registers, || {
        let search = Search::new(problem, settings);
        let bound = Arc::new(problem.bind()?);
        let method = choose(&bound, settings.method.as_deref())?;
        let (settings, why_starts) = with_starts(&search, &bound)?;
        let (search, settings) = (search.again(problem, &settings), &settings);
        if !problem.assumed.is_empty() && settings.resume.is_some() {
            let message = "a checkpoint is of data, and here only its shape is known: give the data to resume from it";
            return Err(Error::setting(Code::ShapeOnly, message));
        }
        if settings.resume.is_some() {
            // What can't be resumed is refused; no checkpoint is written.
            let settings = Settings { checkpoint: None, ..settings.clone() };
            Ledger::open(&Search::new(problem, &settings), method, &bound)?;
        }
        let worker = Worker::new(&search, method, &bound)?;
        let quality: Option<Compiled> = Quality::compile(&bound, usize::MAX)?.map(|sums| sums.compiled);
        let mut plans = worker.plans();
        let sums = ["squares of residuals", "squares of the data", "sum of the data"];
        let at_end = |compiled| SearchPlan::new("quality of the result", compiled, &sums).runs(Runs::AtEnd);
        plans.extend(quality.as_ref().map(at_end));
        let many = at_a_time(&search, &bound, &worker);
        let memory = memory(&search, &bound, &worker, many);
        // What a method keeps has the shapes of the factors.
        let of_row = |factor: &&Factor| factor.role.is_rows() || factor.role.of == DataSide::Both;
        let entries: usize = bound.factors.iter().filter(of_row).map(|factor| factor.shape.entries()).sum();
        let arrays = worker.held_bytes() / bound.factor_bytes().max(1);
        let bytes_of_row = arrays * entries * bound.dtype().bytes() / bound.target.1.rows();
        let (starts_at_a_time, why_starts) = (many, why_starts.as_deref());
        look(&Outline { bound: &bound, method, plans, starts_at_a_time, why_starts, bytes_of_row, memory })
    })?
}
