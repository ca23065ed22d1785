//! Shards: the cut of a matrix into blocks of rows, over which every sum over its rows is taken.
//! In: how many entries each row stores.  Out: row ranges.
//! Invariant: the cut depends on the stored entries alone, never on memory, threads or where the rows lie, so sums over
//! shards have the same bits everywhere; a row is never cut.
//! Not here: who works on a shard (see `run`).

use std::ops::Range;
use std::sync::Arc;

/// Work of a row, in entries, beside that of its own entries: a row of few entries is a system to be solved all the
/// same.
const ROW: usize = 8;
/// Work of a shard, at the least, where there are no more than `FEW`: enough to be worth a task.
const LEAST: usize = 1 << 14;
/// Shards of a matrix that is large enough: for as many threads, and few partial sums.
const FEW: usize = 8;
/// Tasks for rows that are worked on one by one, at the most: enough for any machine's threads.
const MANY: usize = 64;
/// Entries that a column has in a shard, on average, where there are more than two shards and no more than `FEW`.
const LONG: usize = 64;
/// The same where there are two.
const SHORT: usize = 5;
/// Work of a shard, at the most but for a part of a row.
const MOST: usize = 1 << 20;

/// A cut of n rows into blocks of about the same work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shards {
    /// The first row of each, and n.
    borders: Arc<[usize]>,
}

impl Shards {
    /// How many shards a dense n x m matrix is cut into.
    pub fn count_for_dense(rows: usize, cols: usize) -> usize {
        let work = rows.saturating_mul(cols.saturating_add(ROW));
        (work / LEAST).clamp(1, FEW).next_power_of_two().max(work.div_ceil(MOST)).min(rows.max(1))
    }

    /// How many shards a sparse n x m matrix with so many stored entries is cut into: few, so that a sum over the
    /// entries of a column is not cut into too many parts.
    pub fn count_for_sparse(rows: usize, cols: usize, stored: usize) -> usize {
        let work = stored.saturating_add(rows.saturating_mul(ROW));
        let parts = |entries: usize| stored / cols.saturating_mul(entries).max(1);
        let few = parts(LONG).max(parts(SHORT).min(2)).min(work / LEAST);
        few.clamp(1, FEW).next_power_of_two().max(work.div_ceil(MOST)).min(rows.max(1))
    }

    /// The cut of a dense n x m matrix.
    pub fn of_dense(rows: usize, cols: usize) -> Self {
        Self::even(rows, Self::count_for_dense(rows, cols))
    }

    /// The cut of a matrix of so many columns whose row i stores the entries from `indptr[i]` to `indptr[i + 1]`.
    pub fn of_pattern(indptr: &[usize], cols: usize) -> Self {
        let rows = indptr.len() - 1;
        Self::of_equal_work(indptr, Self::count_for_sparse(rows, cols, indptr[rows] - indptr[0]))
    }

    /// A cut of rows that are worked on one by one, where row i has the entries from `indptr[i]` to `indptr[i + 1]`: no
    /// sum over columns becomes longer by it.
    pub(crate) fn of_tasks(indptr: &[usize]) -> Self {
        let rows = indptr.len() - 1;
        let work = indptr[rows] - indptr[0] + rows * ROW;
        Self::of_equal_work(indptr, (work / LEAST).clamp(1, MANY.min(rows.max(1))))
    }

    fn of_equal_work(indptr: &[usize], count: usize) -> Self {
        let (rows, first) = (indptr.len() - 1, indptr[0]);
        let work = |row: usize| indptr[row] - first + row * ROW;
        let border = |k: usize| {
            let target = part(work(rows), k, count);
            let (mut low, mut high) = (0, rows);
            while low < high {
                let middle = low + (high - low) / 2;
                if work(middle) < target { low = middle + 1 } else { high = middle }
            }
            low
        };
        Self { borders: (0..=count).map(border).collect() }
    }

    /// A cut into `count` blocks of nearly equal height.
    pub(crate) fn even(rows: usize, count: usize) -> Self {
        Self { borders: (0..=count).map(|k| part(rows, k, count)).collect() }
    }

    /// How many blocks.
    pub fn count(&self) -> usize {
        self.borders.len() - 1
    }

    /// The rows of block `index`: none, where a row beside it has the work of several.
    pub fn range(&self, index: usize) -> Range<usize> {
        self.borders[index]..self.borders[index + 1]
    }

    /// All rows.
    pub fn rows(&self) -> usize {
        self.borders[self.count()]
    }

    /// The first row of each block, and the number of all rows.
    pub fn borders(&self) -> &[usize] {
        &self.borders
    }
}

/// k of `count` parts of `whole`.
fn part(whole: usize, k: usize, count: usize) -> usize {
    (whole as u128 * k as u128 / count as u128) as usize
}

/// At most `most` of the numbers below `count`, evenly spaced.
pub(crate) fn evenly_spaced(count: usize, most: usize) -> Vec<usize> {
    let some = count.min(most);
    (0..some).map(|k| part(count, k, some)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(shards: &Shards, rows: usize, count: usize) {
        assert_eq!((shards.rows(), shards.count(), shards.borders()[0]), (rows, count, 0));
        assert!(shards.borders().is_sorted());
    }

    #[test]
    fn dense_rows_are_cut_evenly() {
        for (rows, cols, count) in
            [(1, 1, 1), (1797, 64, 8), (5, 1_000_000, 5), (20_000, 2_000, 39), (3_000_000, 2, 29)]
        {
            let shards = Shards::of_dense(rows, cols);
            check(&shards, rows, count.min(rows));
            let heights = (0..shards.count()).map(|k| shards.range(k).len());
            assert!(heights.clone().max().unwrap() - heights.min().unwrap() <= 1);
        }
    }

    #[test]
    fn stored_entries_are_cut_evenly() {
        // The first rows are full, the others hold an entry each.
        let lengths = (0..40_000).map(|i| if i < 100 { 9_000 } else { 1 });
        let indptr: Vec<usize> = std::iter::once(0)
            .chain(lengths.scan(0, |sum, x| {
                *sum += x;
                Some(*sum)
            }))
            .collect();
        let shards = Shards::of_pattern(&indptr, 1_000);
        check(&shards, 40_000, 8);
        let works = (0..8).map(|k| shards.range(k)).map(|r| indptr[r.end] - indptr[r.start] + ROW * r.len());
        assert!(works.clone().max().unwrap() - works.min().unwrap() <= 2 * (9_000 + ROW));
    }

    #[test]
    fn a_row_is_never_cut() {
        let shards = Shards::of_pattern(&[0, 10, 5_000_000, 5_000_001], 5_000_000);
        check(&shards, 3, 3);
        assert_eq!(shards.borders(), [0, 2, 2, 3]);
        check(&Shards::of_pattern(&[0, 0, 0], 9), 2, 1);
    }
}
