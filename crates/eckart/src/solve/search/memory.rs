//! Memory: what a search needs at its peak, before it runs.
//! In: a bound problem, the plans of a start, how many starts run at once.  Out: `MemoryTotal`: lines and their sum.
//! Invariant: the sum is the peak resident memory of the process, told from shapes; `memory_limit` limits that sum.
//! Not here: what a plan holds (see `plan`), how much there is (see `run`).

use std::collections::BTreeSet;

use super::context::Search;
use super::settings::Init;
use super::worker::Worker;
use crate::data::{Dtype, Matrix};
use crate::error::{Error, Result};
use crate::facts::Given;
use crate::plan::{Combine, Kernel, Plan, RowTiling, bytes};
use crate::run::{resident_memory, threads};
use crate::solve::block::plans::SearchPlan;
use crate::solve::problem::Bound;
use crate::solve::result::MOST_COMPARED;

/// What one thing takes.
#[derive(Debug, Clone, PartialEq)]
pub struct MemoryLine {
    /// What it is.
    pub name: &'static str,
    /// Bytes.
    pub bytes: usize,
    /// What is counted.
    pub note: String,
}

/// The peak resident memory of a search, line by line.
#[derive(Debug, Clone, PartialEq)]
pub struct MemoryTotal {
    /// What takes memory.
    pub lines: Vec<MemoryLine>,
    /// What it may take, in bytes: the limit that was given, or what the process holds and what is free.
    pub limit: usize,
}

impl MemoryTotal {
    /// The sum of the lines, in bytes: the least limit that a search accepts.
    pub fn total(&self) -> usize {
        self.lines.iter().map(|line| line.bytes).sum()
    }

    /// Refuses a search that needs more than it may have.
    ///
    /// # Errors
    /// `Limit`, with the lines and the least limit that would do.
    pub(in crate::solve) fn check(&self) -> Result<()> {
        if self.total() <= self.limit {
            return Ok(());
        }
        let mut lines: Vec<&MemoryLine> = self.lines.iter().collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.bytes));
        let parts: Vec<String> =
            lines.iter().take(3).map(|line| format!("{} {} ({})", line.name, bytes(line.bytes), line.note)).collect();
        Err(Error::limit(format!(
            "this search needs {} of memory and may have {}; the largest parts are {}. A limit of {} bytes ({}) would \
             do",
            bytes(self.total()),
            bytes(self.limit),
            parts.join(", "),
            self.total(),
            bytes(self.total()),
        )))
    }
}

/// The peak of a search whose starts each need what `worker` needs, `many` of them at a time.
pub(in crate::solve) fn memory(search: &Search, bound: &Bound, worker: &Worker, many: usize) -> MemoryTotal {
    let plans = worker.plans();
    let factors = worker.held_bytes();
    let largest = plans.iter().max_by_key(|plan| working_bytes(plan));
    let working = largest.map_or(0, working_bytes);
    let mut shared = BTreeSet::new();
    let cached: usize = plans.iter().map(|plan| own_cached_bytes(&plan.compiled.plan, &mut shared)).sum();
    let (held, as_given) = data_bytes(search, bound);
    let line = |name: &'static str, bytes: usize, note: String| MemoryLine { name, bytes, note };
    let mut lines = vec![
        line("process", process_bytes(as_given), "the program, and what it holds beside the data".into()),
        line("data", held, data_note(bound)),
        line("factors", many * factors, format!("and what the method keeps beside them, {} at a time", counted(many))),
        line(
            "plans",
            many * working,
            format!("the buffers of the largest: {}", largest.map_or("none", |plan| plan.name.as_str())),
        ),
        line("cached", many * cached, "results that stay the same from iteration to iteration".into()),
    ];
    // At the beginning no other start runs, and no plan of an iteration.
    let begins = svd_bytes(search, bound).saturating_sub(many * (working + factors));
    lines.push(line("start", begins, "the truncated SVD".into()));
    lines.extend(other_starts(search, bound, worker, many));
    if let Some((kept, compared)) = kept_bytes(search, bound) {
        lines.push(line("kept", kept, format!("the components of {} starts", search.settings.starts())));
        // When starts are compared no plan runs any more.
        let more = compared.saturating_sub(many * (working + factors));
        lines.push(line("comparison", more, "of the kept starts with one another, in f64".into()));
    }
    lines.retain(|line| line.bytes > 0);
    MemoryTotal { lines, limit: search.memory_limit }
}

/// What is held of starts that don't run: of the best so far its factors, of those that successive halving has paused
/// or a checkpoint can go on with all that they are to go on from.
fn other_starts(search: &Search, bound: &Bound, worker: &Worker, many: usize) -> Vec<MemoryLine> {
    let (settings, snapshot) = (search.settings, worker.snapshot_bytes());
    let waiting = settings.starts().saturating_sub(many);
    let best = if waiting > 0 { bound.factor_bytes() } else { 0 };
    let mut lines = vec![MemoryLine { name: "best", bytes: best, note: "the factors of the best start so far".into() }];
    if settings.successive_halving {
        let note = format!("up to {waiting} starts between rounds of successive halving");
        lines[0] = MemoryLine { name: "paused", bytes: waiting * snapshot, note };
    }
    if settings.checkpoint.is_some() {
        let note = format!("copies of the factors, of {} that can go on", counted(settings.starts()));
        lines.push(MemoryLine { name: "checkpoint", bytes: settings.starts() * snapshot, note });
    }
    lines
}

/// Bytes of the components of all starts, where they are kept, and of comparing them.
fn kept_bytes(search: &Search, bound: &Bound) -> Option<(usize, usize)> {
    let [w, h] = bound.components().filter(|_| search.settings.keep_starts)?.map(|at| bound.factors[at].shape);
    let (n, m) = bound.target.1.shape();
    let (starts, rows) = (search.settings.starts(), n.min(MOST_COMPARED));
    let kept = starts * (h.entries() + w.entries() / n.max(1) * rows) * bound.target.1.dtype().bytes();
    // The components twice; shares, distances, and the distances between groups of columns, or of rows.
    let compared = 2 * starts * h.entries() + 3 * n.min(m).min(MOST_COMPARED).pow(2);
    Some((kept, compared * size_of::<f64>()))
}

/// What the process holds beside the data, in steps of this: pages come and go.
const STEP: usize = 16 << 20;

/// Bytes of the program and of all that it holds beside `data` bytes.
fn process_bytes(data: usize) -> usize {
    resident_memory().unwrap_or(0).saturating_sub(data).max(1).next_multiple_of(STEP)
}

fn counted(starts: usize) -> String {
    if starts == 1 { "one start".into() } else { format!("{starts} starts") }
}

/// Bytes of all data in every layout and type in which it is held, and as it was given.
fn data_bytes(search: &Search, bound: &Bound) -> (usize, usize) {
    let (mut held, mut given) = (0, 0);
    for (name, matrix) in search.problem.matrices() {
        let known = bound.givens.iter().find(|(var, _)| var.name() == name).map(|(_, given)| *given);
        let own = known.map_or_else(|| matrix.bytes(), |known| bytes_of(&known));
        given += matrix.bytes();
        // Sparse data is held by rows and by columns.
        let layouts = if known.is_some_and(|known| known.sparse.is_some()) { 2 } else { 1 };
        held += own * layouts;
        // Beside f64 numbers those of f32 are held in f64, too.
        if let Some(known) = known.filter(|known| known.dtype == Dtype::F32 && bound.dtype() == Dtype::F64) {
            held += layouts * known.sparse.unwrap_or(known.shape.entries()) * Dtype::F64.bytes();
        }
    }
    let fixed = |matrices: &[(String, Matrix)]| matrices.iter().map(|(_, matrix)| matrix.bytes()).sum::<usize>();
    let values = fixed(&search.problem.fixed) + fixed(&search.problem.init_values);
    (held + values, given + values)
}

fn data_note(bound: &Bound) -> String {
    let sparse = bound.givens.values().any(|given| given.sparse.is_some());
    if sparse { "sparse matrices by rows and by columns" } else { "as given" }.to_owned()
}

/// Bytes of a matrix of which this is known, in one layout.
fn bytes_of(given: &Given) -> usize {
    let number = given.dtype.bytes();
    match given.sparse {
        None => given.shape.entries() * number,
        Some(stored) => stored * (number + size_of::<u32>()) + (given.shape.rows + 1) * size_of::<usize>(),
    }
}

/// Bytes that a run of a plan holds at once, beside what it keeps for the next run: its buffers, a block of a row
/// tiling and a workspace per thread.
fn working_bytes(plan: &SearchPlan<'_>) -> usize {
    let (threads, steps) = (threads(), &plan.compiled.plan.steps);
    let tiled = steps.iter().filter_map(|step| match &step.kernel {
        Kernel::Tiled(tiling) => Some(tiling),
        _ => None,
    });
    // A block for each thread, and partial sums: one per thread and one per level of the tree that combines them.
    let tile = |tiling: &RowTiling| {
        let block: usize = tiling.buffers.iter().map(|buffer| buffer.bytes).sum();
        let sums = tiling.results.iter().filter(|(_, combine)| *combine == Combine::Add);
        let sums: usize = sums.map(|(buffer, _)| tiling.buffers[*buffer].bytes).sum();
        let levels = tiling.shards.next_power_of_two().trailing_zeros() as usize;
        (threads - 1) * block + (threads - 1 + levels) * sums
    };
    let tiles = tiled.map(|tiling| tile(tiling)).max().unwrap_or(0);
    let buffers = plan.compiled.plan.peak_bytes.saturating_sub(cached_bytes(&plan.compiled.plan));
    // What is stacked from tiles is held twice while it is put together; row solvers come after that.
    let stacked = steps.iter().filter(|step| step.cached && matches!(step.kernel, Kernel::Tiled(_)));
    let stacked = stacked.flat_map(|step| &step.outs).map(|&out| plan.compiled.plan.buffers[out].bytes).sum::<usize>();
    buffers + stacked.max(tiles + plan.workspace)
}

/// Bytes of results that a plan computes once and keeps.
fn cached_bytes(plan: &Plan) -> usize {
    let cached = plan.steps.iter().filter(|step| step.cached);
    cached.flat_map(|step| &step.outs).map(|&out| plan.buffers[out].bytes).sum()
}

/// The same, but for what is held beside the data for all plans: masks, and sparse data by columns. `shared` are the
/// masks that have been counted.
fn own_cached_bytes(plan: &Plan, shared: &mut BTreeSet<String>) -> usize {
    let mut bytes = cached_bytes(plan);
    for step in plan.steps.iter().filter(|step| step.cached) {
        let out = &plan.buffers[step.outs[0]];
        let known = match step.kernel {
            Kernel::Observed(_) => !shared.insert(out.text.clone()),
            Kernel::Transpose if out.layout.is_sparse() => {
                plan.buffers[step.args[0]].bytes == 0 || !shared.insert(out.text.clone())
            }
            _ => false,
        };
        bytes -= if known { out.bytes } else { 0 };
    }
    bytes
}

/// Bytes of the arrays of a truncated SVD, where the first start begins at one.
fn svd_bytes(search: &Search, bound: &Bound) -> usize {
    let begins = !matches!(search.settings.init, Init::Random) && bound.components().is_some();
    let (n, m) = bound.target.1.shape();
    let columns = (bound.rank + 10).min(n.min(m));
    if begins { 2 * (n + m) * columns * bound.dtype().bytes() } else { 0 }
}
