//! Cuts: where sums over rows are cut.
//! In: the data that a plan says rows are those of.  Out: the cut of a number of rows.
//! Invariant: all that has the rows of a data matrix is cut as that matrix is.
//! Not here: where a matrix is cut (see `data::Shards`), the sums (see `shard_sums`).

use crate::data::Shards;
use crate::expr::Var;
use crate::run::machine::cut::Cut;
use crate::run::value::Numbers;
use crate::run::value::inputs::Inputs;

/// The cuts of the data of a plan.
#[derive(Debug, Default)]
pub(in crate::run) struct Cuts(Vec<Cut>);

impl Cuts {
    /// Those of some data, where they are given, for a plan in numbers of type `T`.
    pub(in crate::run) fn of<T: Numbers>(data: &[Var], inputs: &Inputs) -> Self {
        Self(data.iter().filter_map(|var| inputs.cut(var, T::DTYPE)).collect())
    }

    /// The cut of the data that has so many rows.
    pub(in crate::run) fn of_data(&self, rows: usize) -> Option<&Cut> {
        self.0.iter().find(|cut| cut.shards().rows() == rows)
    }

    /// The cut of an array of so many rows and columns: that of the data with as many rows, if there is any. Where
    /// there are no cuts, for one block of rows, the array is not cut.
    pub(in crate::run) fn of_rows(cuts: Option<&Self>, rows: usize, cols: usize) -> Cut {
        let Some(cuts) = cuts else { return Cut::none(rows) };
        cuts.of_data(rows).cloned().unwrap_or_else(|| Cut::of(Shards::of_dense(rows, cols)))
    }
}
