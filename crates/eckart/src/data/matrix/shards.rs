//! Shards: the cut of a matrix into blocks of rows.
//! In: a shape.  Out: row ranges.
//! Invariant: the cut depends on the shape alone, never on threads or time, so sums over shards have the same bits
//! everywhere.
//! Not here: who works on a shard (see `run`).

use std::ops::Range;

/// Rows in a shard, at the least: enough for a product to run at speed.
const MIN_ROWS: usize = 128;
/// Entries in a shard, at the least: enough to be worth a task.
const MIN_ENTRIES: usize = 1 << 14;
/// Shards, at the most: enough for any machine's threads, few enough that partial sums stay small.
const MAX_SHARDS: usize = 64;

/// A cut of n rows into blocks of nearly equal height.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shards {
    rows: usize,
    count: usize,
}

impl Shards {
    /// The cut for an n x m matrix.
    pub fn of(rows: usize, cols: usize) -> Self {
        let height = MIN_ROWS.max(MIN_ENTRIES.div_ceil(cols.max(1)));
        Self { rows, count: rows.div_ceil(height).clamp(1, MAX_SHARDS) }
    }

    /// How many blocks.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The rows of block `index`.
    pub fn range(&self, index: usize) -> Range<usize> {
        let at = |k: usize| (self.rows as u128 * k as u128 / self.count as u128) as usize;
        at(index)..at(index + 1)
    }
}

/// At most `most` of the numbers below `count`, evenly spaced.
pub(crate) fn evenly_spaced(count: usize, most: usize) -> Vec<usize> {
    let some = count.min(most);
    (0..some).map(|k| (count as u128 * k as u128 / some as u128) as usize).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_cover_all_rows_once() {
        for (rows, cols) in [(1, 1), (127, 9), (10_621, 10_526), (5, 1_000_000), (3_000_000, 2)] {
            let shards = Shards::of(rows, cols);
            let mut next = 0;
            for k in 0..shards.count() {
                let range = shards.range(k);
                assert_eq!(range.start, next);
                assert!(!range.is_empty());
                next = range.end;
            }
            assert_eq!(next, rows);
        }
    }
}
