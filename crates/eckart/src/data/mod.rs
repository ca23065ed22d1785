//! Data: matrices as they come from files and callers, and the files themselves.
//! In: numbers, or a path.  Out: a `Matrix` (dense, sparse or with missing entries), or a `Table` (a matrix with names);
//! and back into files.
//! Law: a matrix is checked once, when it is made: no infinity, no empty side, indices in range; `NaN` means missing.
//! Not here: any arithmetic (see `run`); the meaning of an unstored entry (see `expr`).
//!
//! One file format a file. To add one: a module with `read_it(input, options)`, a row in `Format` and in `read_as`, and a
//! fuzz target.

mod align;
mod array;
pub mod csv;
mod entries;
mod ids;
mod lines;
mod matrix;
pub mod model_file;
pub mod mtx;
mod names;
pub mod npy;
mod npy_header;
mod number;
mod png;
mod read;
mod records;
mod select;
mod shards;
mod source;
mod sparse;
mod table;
mod triplets;
mod write;

pub use align::{Aligned, Side, align};
pub use array::Array;
pub use csv::{read_csv, write_csv};
pub(crate) use ids::text_sources;
pub use ids::{Ids, TimeUnit};
pub use matrix::{Dtype, Matrix, Real, Storage};
pub(crate) use model_file::{Contents, TensorSource, parse_tensors, read_tensors, sha256, tensor_bytes, write_tensors};
pub use model_file::{ElementType, ModelFile, Tensor, TensorInfo, read_model_file, write_model_file};
pub use mtx::{read_mtx, write_mtx};
pub use names::{read_names, read_names_column, read_titles};
pub use npy::{read_npy, write_npy};
pub use png::png;
pub use read::{Duplicates, Format, ReadOptions, read, read_as};
pub use shards::Shards;
pub use sparse::{Pattern, Sparse};
pub use triplets::may_be_entries;
pub use write::{write, write_file};

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

impl From<Matrix> for Table {
    /// A matrix without names.
    fn from(matrix: Matrix) -> Self {
        Self { matrix, row_names: None, col_names: None }
    }
}
