//! Cut: the shards and blocks that rows are summed by.
//! In: shards, the height of blocks.  Out: ranges of rows.
//! Invariant: blocks of a shard are in order, and of equal height but for the last.
//! Not here: whose cut an array takes (see `exec::cuts`).

use std::ops::Range;

use crate::data::Shards;

/// Shards that keep all threads busy.
const FEW: usize = 8;

/// Shards, and the blocks that a shard's rows are added up by, in order.
#[derive(Debug, Clone)]
pub(crate) struct Cut {
    shards: Shards,
    /// Rows of a block, at the most.
    height: usize,
}

impl Cut {
    /// One shard that is one block.
    pub(crate) fn none(rows: usize) -> Self {
        Self::of(Shards::even(rows, 1))
    }

    /// Shards of one block each.
    pub(crate) fn of(shards: Shards) -> Self {
        Self { shards, height: usize::MAX }
    }

    /// Shards in blocks of at most `height` rows.
    pub(in crate::run) fn in_blocks(shards: Shards, height: usize) -> Self {
        Self { shards, height }
    }

    /// The blocks of all shards, in order.
    pub(in crate::run) fn all_blocks(&self) -> Vec<Range<usize>> {
        (0..self.shards.count()).flat_map(|k| self.blocks(self.shards.range(k))).collect()
    }

    /// The same where that are few; else whole shards.
    pub(in crate::run) fn large_blocks(&self) -> Self {
        if self.has_few_shards() { self.clone() } else { Self::of(self.shards.clone()) }
    }

    /// Whether all rows are one block.
    pub(in crate::run) fn is_one_block(&self) -> bool {
        self.shards.count() == 1 && self.shards.rows() <= self.height
    }

    /// Whether there are fewer shards than threads, perhaps.
    pub(in crate::run) fn has_few_shards(&self) -> bool {
        self.shards.count() < FEW
    }

    /// Combines the results of all blocks: those of a shard in order, those of shards two by two, and again.
    pub(in crate::run) fn combined<T>(&self, blocks: Vec<T>, combine: &dyn Fn(T, T) -> T) -> Option<T> {
        let mut rest = blocks.into_iter();
        if self.shards.count() == 1 {
            return rest.reduce(combine);
        }
        let mut parts: Vec<T> = (0..self.shards.count())
            .filter_map(|k| rest.by_ref().take(self.blocks(self.shards.range(k)).count()).reduce(combine))
            .collect();
        while parts.len() > 1 {
            let mut rest = std::mem::take(&mut parts).into_iter();
            while let Some(a) = rest.next() {
                parts.push(match rest.next() {
                    Some(b) => combine(a, b),
                    None => a,
                });
            }
        }
        parts.pop()
    }

    /// The shards.
    pub(in crate::run) fn shards(&self) -> &Shards {
        &self.shards
    }

    /// The blocks of some rows of a shard, in order.
    pub(in crate::run) fn blocks(&self, rows: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        blocks(rows, self.height)
    }
}

/// Blocks of `height` rows, the last of what is left; none where there are no rows.
pub(in crate::run) fn blocks(rows: Range<usize>, height: usize) -> impl Iterator<Item = Range<usize>> {
    let (end, height) = (rows.end, height.max(1));
    rows.step_by(height).map(move |start| start..start.saturating_add(height).min(end))
}
