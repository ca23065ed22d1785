//! Data: matrices as they come from files and callers, and the files themselves.
//! In: numbers, or a path.  Out: a `Matrix` (dense, sparse or with missing entries), or a `Table` (a matrix with names).
//! Law: a matrix is checked once, when it is made: no infinity, no empty side, indices in range; `NaN` means missing.
//! Not here: any arithmetic (see `run`); the meaning of an unstored entry (see `expr`).

mod matrix;
mod shards;
mod sparse;

pub use matrix::{Dtype, Matrix, Real, Storage};
pub use shards::Shards;
pub use sparse::{Pattern, Sparse};

/// A matrix with the names of its rows and columns, as a file gave them.
#[derive(Debug, Clone)]
pub struct Table {
    /// The numbers.
    pub matrix: Matrix,
    /// One name a row, where the file has them.
    pub row_names: Option<Vec<String>>,
    /// One name a column, where the file has them.
    pub col_names: Option<Vec<String>>,
}
