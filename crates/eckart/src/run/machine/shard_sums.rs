//! Shard sums: a reduction over shards of rows, with a fixed combining tree.
//! In: a cut into shards, what to do with one, how to combine two results.  Out: the combined result.
//! Invariant: the tree is that of a binary counter over the number of shards, so the bits don't depend on threads;
//! shards are taken in order, and at most one partial result per level of the tree and thread is held.
//! Not here: where the cut is (see `data::Shards`).

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::cut::Cut;
use super::threads::{ready, threads};
use crate::data::{Real, Shards};

/// Parts that are few.
const FEW: usize = 8;

// What is given to the threads is a `dyn Fn` in each function here: rayon's code is then generated once for each type
// of result, and not once for each caller (it was a quarter of the engine's code).

/// Combines `map` of all shards as [`reduce_parts`] does.
pub(in crate::run) fn reduce<T: Send>(
    shards: &Shards,
    map: &(dyn Fn(Range<usize>) -> T + Sync),
    combine: &(dyn Fn(T, T) -> T + Sync),
) -> T {
    reduce_parts(shards.count(), &|k| map(shards.range(k)), combine)
}

/// Combines `map` of parts 0 to `count` - 1 as a binary counter counts: two neighbours of 2^l parts each become one of
/// 2^(l + 1) as soon as both are there; what is left over at the end is added from the last to the first. All threads
/// take parts in order, so that a source of parts is read from front to back; a few parts are split between threads.
pub(in crate::run) fn reduce_parts<T: Send>(
    count: usize,
    map: &(dyn Fn(usize) -> T + Sync),
    combine: &(dyn Fn(T, T) -> T + Sync),
) -> T {
    ready();
    if count <= FEW {
        return reduce_few(0..count, map, combine);
    }
    let counter = Counter { count, combine, waiting: Mutex::default() };
    let workers = threads().min(count);
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(k) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|&k| k < count) {
            counter.add(k, map(k));
        }
    };
    if workers > 1 {
        rayon::scope(|scope| {
            (1..workers).for_each(|_| scope.spawn(|_| work()));
            work();
        });
    } else {
        work();
    }
    counter.total()
}

/// As [`reduce_parts`]: the left part is the largest power of two below the number of parts.
fn reduce_few<T: Send>(
    parts: Range<usize>,
    map: &(dyn Fn(usize) -> T + Sync),
    combine: &(dyn Fn(T, T) -> T + Sync),
) -> T {
    if parts.len() == 1 {
        return map(parts.start);
    }
    let middle = parts.start + parts.len().next_power_of_two() / 2;
    let (left, right) =
        rayon::join(|| reduce_few(parts.start..middle, map, combine), || reduce_few(middle..parts.end, map, combine));
    combine(left, right)
}

/// Results that wait for their neighbours, by their level and their number within it.
struct Counter<'a, T> {
    count: usize,
    combine: &'a (dyn Fn(T, T) -> T + Sync),
    waiting: Mutex<BTreeMap<(u32, usize), T>>,
}

impl<T> Counter<'_, T> {
    /// Adds the result of part k, and combines what is complete.
    fn add(&self, k: usize, mut value: T) {
        let (mut level, mut at) = (0, k);
        loop {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(other) = waiting.remove(&(level, at ^ 1)) else {
                waiting.insert((level, at), value);
                return;
            };
            drop(waiting);
            value = if at % 2 == 1 { (self.combine)(other, value) } else { (self.combine)(value, other) };
            (level, at) = (level + 1, at / 2);
        }
    }

    /// What is left, combined from the last to the first.
    fn total(self) -> T {
        let waiting = self.waiting.into_inner().unwrap_or_else(PoisonError::into_inner);
        // The smaller a block, the later in the sequence it stands.
        let left = waiting.into_values().reduce(|later, earlier| (self.combine)(earlier, later));
        left.unwrap_or_else(|| unreachable!("a sum of {} parts", self.count))
    }
}

/// Does `work` with each of some items, on all threads.
pub(in crate::run) fn for_each<T: Send>(items: &mut [T], work: &(dyn Fn(&mut T) + Sync)) {
    match items {
        [] => {}
        [one] => work(one),
        [..] => {
            ready();
            let (left, right) = items.split_at_mut(items.len() / 2);
            rayon::join(|| for_each(left, work), || for_each(right, work));
        }
    }
}

/// Items in groups of neighbours that are worth a task, where one has `work` of the `least` that a task should have.
pub(in crate::run) fn groups<T>(items: &mut [T], work: usize, least: usize) -> Vec<&mut [T]> {
    items.chunks_mut(least.div_ceil(work.max(1)).max(1)).collect()
}

/// Rows of a task, at the least: enough for a product to run at speed.
const MIN_ROWS: usize = 128;
/// Numbers in a task, at the least: enough to be worth one.
const MIN_NUMBERS: usize = 1 << 14;
/// Tasks, at the most: enough for any machine's threads.
const MOST_TASKS: usize = 64;

/// A cut of rows into tasks, each of which writes its own: no sum depends on it.
fn tasks(rows: usize, cols: usize) -> Shards {
    let height = MIN_ROWS.max(MIN_NUMBERS.div_ceil(cols.max(1)));
    Shards::even(rows, rows.div_ceil(height).clamp(1, MOST_TASKS))
}

/// The rows of each range, one after the other, and their numbers.
fn cut<T>(rows: &mut [T], cols: usize, ranges: impl Iterator<Item = Range<usize>>) -> Vec<(Range<usize>, &mut [T])> {
    let mut rest = rows;
    let part = |range: Range<usize>| {
        let (head, tail) = std::mem::take(&mut rest).split_at_mut(range.len() * cols);
        rest = tail;
        (range, head)
    };
    ranges.map(part).collect()
}

/// Fills or changes `rows`, `cols` numbers each, task by task.
pub(crate) fn for_rows<T: Send>(rows: &mut [T], cols: usize, change: impl Fn(Range<usize>, &mut [T]) + Sync) {
    if cols == 0 || rows.is_empty() {
        return;
    }
    let tasks = tasks(rows.len() / cols, cols);
    let mut parts = cut(rows, cols, (0..tasks.count()).map(|k| tasks.range(k)));
    for_each(&mut parts, &|(range, part)| change(range.clone(), part));
}

/// Fills or changes `rows`, `cols` numbers each, block by block of a cut.
pub(in crate::run) fn for_blocks<T: Send>(
    rows: &mut [T],
    cols: usize,
    of: &Cut,
    change: impl Fn(Range<usize>, &mut [T]) + Sync,
) {
    if cols == 0 || rows.is_empty() {
        return;
    }
    for_each(&mut cut(rows, cols, of.all_blocks().into_iter()), &|(range, part)| change(range.clone(), part));
}

/// Changes `rows`, `cols` numbers each, block by block, and adds up what each change returns: the blocks of a shard in
/// order, shards as [`reduce_parts`] does.
pub(crate) fn sum_rows<T: Send>(
    rows: &mut [T],
    cols: usize,
    of: &Cut,
    change: impl Fn(Range<usize>, &mut [T]) -> f64 + Sync,
) -> f64 {
    if cols == 0 || rows.is_empty() {
        return 0.0;
    }
    let blocks = cut(rows, cols, of.all_blocks().into_iter());
    let mut parts: Vec<_> = blocks.into_iter().map(|(range, part)| (range, part, 0.0)).collect();
    for_each(&mut parts, &|(range, part, sum)| *sum = change(range.clone(), part));
    of.combined(parts.into_iter().map(|part| part.2).collect(), &|a, b| a + b).unwrap_or_default()
}

/// The sum of f(x) over all entries x, in the order of [`sum_pairs_by`].
pub(crate) fn sum_by<A: Copy + Sync>(a: &[A], f: impl Fn(A) -> f64 + Sync) -> f64 {
    sum_pairs_by(a, a, |x, _| f(x))
}

/// The inner product of two arrays of the same length, in the order of [`sum_pairs_by`].
pub(crate) fn dot<A: Real, B: Real>(a: &[A], b: &[B]) -> f64 {
    sum_pairs_by(a, b, |x, y| x.to_f64() * y.to_f64())
}

/// The sum of f(x, y) over the entries of two arrays of the same length, in a fixed order: eight running sums per
/// block of 4096, the blocks of a shard in order, the shards in a tree.
fn sum_pairs_by<A: Copy + Sync, B: Copy + Sync>(a: &[A], b: &[B], f: impl Fn(A, B) -> f64 + Sync) -> f64 {
    const BLOCK: usize = 4096;
    if a.is_empty() {
        return 0.0;
    }
    let shard = |range: Range<usize>| {
        let blocks = a[range.clone()].chunks(BLOCK).zip(b[range].chunks(BLOCK));
        blocks.map(|(a, b)| sum_block(a, b, &f)).sum::<f64>()
    };
    reduce(&Shards::of_dense(a.len(), 1), &shard, &|a, b| a + b)
}

fn sum_block<A: Copy, B: Copy>(a: &[A], b: &[B], f: &impl Fn(A, B) -> f64) -> f64 {
    const LANES: usize = 8;
    let (a, b) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut lanes = [0.0; LANES];
    for (a, b) in a.0.iter().zip(b.0) {
        for lane in 0..LANES {
            lanes[lane] += f(a[lane], b[lane]);
        }
    }
    for (lane, (&a, &b)) in lanes.iter_mut().zip(a.1.iter().zip(b.1)) {
        *lane += f(a, b);
    }
    lanes.iter().sum()
}
