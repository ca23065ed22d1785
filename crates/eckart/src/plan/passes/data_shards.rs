//! Data shards: into how many shards the rows of data are cut, and whose cut sums over them follow.
//! In: what is known of the data.  Out: for each number of rows, the data and its shards.
//! Invariant: from shapes and stored entries alone.
//! Not here: where the cut is (see `data::Shards`).

use std::collections::BTreeMap;

use crate::data::Shards;
use crate::expr::Var;
use crate::facts::{Givens, Shape};

/// Into how many shards so many rows are cut, and as which data's rows, if they are any's.
pub(super) struct DataShards<'a> {
    pub(super) data: Option<&'a Var>,
    stored: usize,
    pub(super) shards: usize,
}

/// The cut of each number of rows or columns that data has: that of the data with the most stored entries, rows first.
pub(super) fn cuts(givens: &Givens) -> BTreeMap<usize, DataShards<'_>> {
    let mut cuts: BTreeMap<usize, DataShards<'_>> = BTreeMap::new();
    for (var, given) in givens.iter().filter(|(_, given)| given.data) {
        let Shape { rows, cols } = given.shape;
        let stored = given.sparse.unwrap_or(rows * cols);
        for (side, other, data) in [(rows, cols, Some(var)), (cols, rows, None)] {
            let shards = match given.sparse {
                Some(stored) => Shards::count_for_sparse(side, other, stored),
                None => Shards::count_for_dense(side, other),
            };
            let better = |known: &DataShards<'_>| (data.is_some(), stored) > (known.data.is_some(), known.stored);
            if cuts.get(&side).is_none_or(better) {
                cuts.insert(side, DataShards { data, stored, shards });
            }
        }
    }
    cuts
}
