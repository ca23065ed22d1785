//! Shard sums: a reduction over shards of rows, with a fixed combining tree.
//! In: a cut into shards, what to do with one, how to combine two results.  Out: the combined result.
//! Invariant: the tree depends on the cut alone, so the bits don't depend on threads; at most one partial per level is
//! held.
//! Not here: what a shard is (see `data::Shards`).

use std::ops::Range;

use crate::data::{Real, Shards};

// What is given to the threads is a `dyn Fn` in each function here: rayon's code is then generated once for each type
// of result, and not once for each caller (it was a quarter of the engine's code).

/// Combines `map` of all shards in a balanced binary tree.
pub(in crate::run) fn reduce<T: Send>(
    shards: Shards,
    map: &(dyn Fn(Range<usize>) -> T + Sync),
    combine: &(dyn Fn(T, T) -> T + Sync),
) -> T {
    reduce_parts(0..shards.count(), &|k| map(shards.range(k)), combine)
}

/// Combines `map` of the parts of a range in a balanced binary tree.
pub(in crate::run) fn reduce_parts<T: Send>(
    parts: Range<usize>,
    map: &(dyn Fn(usize) -> T + Sync),
    combine: &(dyn Fn(T, T) -> T + Sync),
) -> T {
    if parts.len() == 1 {
        return map(parts.start);
    }
    let middle = parts.start + parts.len() / 2;
    let (left, right) = rayon::join(
        || reduce_parts(parts.start..middle, map, combine),
        || reduce_parts(middle..parts.end, map, combine),
    );
    combine(left, right)
}

/// Does `work` with each of some items, on all threads.
pub(in crate::run) fn for_each<T: Send>(items: &mut [T], work: &(dyn Fn(&mut T) + Sync)) {
    match items {
        [] => {}
        [one] => work(one),
        [..] => {
            let (left, right) = items.split_at_mut(items.len() / 2);
            rayon::join(|| for_each(left, work), || for_each(right, work));
        }
    }
}

/// Fills `out`, `cols` numbers per row, shard by shard: each row is written by one task.
pub(in crate::run) fn for_rows<T: Send>(out: &mut [T], cols: usize, fill: impl Fn(Range<usize>, &mut [T]) + Sync) {
    if cols == 0 || out.is_empty() {
        return;
    }
    for_each(&mut cut(out, cols), &|(range, part)| fill(range.clone(), part));
}

/// The rows of each shard, and their numbers.
fn cut<T>(rows: &mut [T], cols: usize) -> Vec<(Range<usize>, &mut [T])> {
    let shards = Shards::of(rows.len() / cols, cols);
    cut_at(rows, cols, (0..shards.count()).map(|k| shards.range(k)))
}

fn cut_at<T>(rows: &mut [T], cols: usize, ranges: impl Iterator<Item = Range<usize>>) -> Vec<(Range<usize>, &mut [T])> {
    let mut parts = Vec::new();
    let mut rest = rows;
    for range in ranges {
        let (head, tail) = rest.split_at_mut(range.len() * cols);
        parts.push((range, head));
        rest = tail;
    }
    parts
}

/// Changes `rows`, `cols` numbers each, shard by shard, and adds up what each shard returns, in a fixed tree.
pub(crate) fn sum_rows<T: Send>(
    rows: &mut [T],
    cols: usize,
    change: impl Fn(Range<usize>, &mut [T]) -> f64 + Sync,
) -> f64 {
    if cols == 0 || rows.is_empty() {
        return 0.0;
    }
    let parts = cut(rows, cols);
    sum_parts(parts, &change)
}

/// As [`sum_rows`], with shards of about the same work where row i has the entries from `ends[i]` to `ends[i + 1]`,
/// each as costly as `cols` operations by `cols`, and a third of `cols` more for a system of its own.
pub(crate) fn sum_rows_by<T: Send>(
    rows: &mut [T],
    cols: usize,
    ends: Option<&[usize]>,
    change: impl Fn(Range<usize>, &mut [T]) -> f64 + Sync,
) -> f64 {
    let Some(ends) = ends.filter(|_| cols > 0 && !rows.is_empty()) else { return sum_rows(rows, cols, change) };
    let (count, shards) = (rows.len() / cols, Shards::of(rows.len() / cols, cols).count());
    let work = |row: usize| ends[row] - ends[0] + row * (1 + cols / 3);
    let at = |k: usize| {
        let up_to = (work(count) as u128 * k as u128 / shards as u128) as usize;
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low + (high - low) / 2;
            if work(middle) < up_to { low = middle + 1 } else { high = middle }
        }
        low
    };
    let parts = cut_at(rows, cols, (0..shards).map(|k| at(k)..at(k + 1)));
    sum_parts(parts, &change)
}

/// Changes each part and adds up what each change returns, in a fixed tree.
fn sum_parts<T: Send>(
    parts: Vec<(Range<usize>, &mut [T])>,
    change: &(dyn Fn(Range<usize>, &mut [T]) -> f64 + Sync),
) -> f64 {
    let mut parts: Vec<_> = parts.into_iter().map(|(range, part)| (range, part, 0.0)).collect();
    for_each(&mut parts, &|(range, part, sum)| *sum = change(range.clone(), part));
    tree_sum(&parts.iter().map(|part| part.2).collect::<Vec<f64>>())
}

/// The sum in the tree of [`reduce_parts`].
fn tree_sum(sums: &[f64]) -> f64 {
    match sums {
        [] => 0.0,
        [one] => *one,
        [..] => {
            let (left, right) = sums.split_at(sums.len() / 2);
            tree_sum(left) + tree_sum(right)
        }
    }
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
    reduce(Shards::of(a.len(), 1), &shard, &|a, b| a + b)
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
