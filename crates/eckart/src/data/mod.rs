//! Data: matrices as they come from files and callers, and the files themselves.
//! In: numbers, or a path.  Out: a `Matrix` (dense, sparse or with missing entries), or a `Table` (a matrix with
//! names); and back into files.
//! Invariant: a matrix is checked once, when it is made: no infinity, no empty side, indices in range; `NaN` means
//! missing.
//! Not here: any arithmetic (see `run`); the meaning of an unstored entry (see `expr`).
//!
//! One file per file format. To add one: a module with `read_it(input, options)`, a row in `Format` and in `read_as`, a
//! fuzz target.

mod files;
pub mod formats;
mod matrix;
pub(crate) mod memory;
pub mod model_file;
mod names;
mod options;
mod sink;
mod source;
mod table;

pub use files::{read, read_as, write};
pub use formats::csv::{read_csv, write_csv};
pub use formats::mtx::{read_mtx, write_mtx};
pub use formats::npy::{read_npy, write_npy};
pub use formats::npz::read_npz;
pub use formats::png::png;
pub use formats::svmlight::read_svmlight;
pub use formats::table::index::{FirstColumn, ids_among_columns};
pub use formats::triplets::header::{EntryColumns, HeaderColumns, columns_by_header};
pub use formats::triplets::{ListEvidence, list_evidence};
pub use formats::{csv, mtx, npy};
pub use matrix::array::Array;
pub use matrix::row_source::RowSource;
pub(crate) use matrix::row_source::{collect, read as read_rows};
pub use matrix::select::Side;
pub use matrix::shards::Shards;
pub(crate) use matrix::shards::evenly_spaced;
pub use matrix::sparse::{Pattern, Sparse};
pub use matrix::{Dtype, Matrix, Real, Storage};
pub(crate) use model_file::{Contents, TensorSource, parse_tensors, read_tensors, sha256, tensor_bytes, write_tensors};
pub use model_file::{ElementType, ModelFile, Tensor, TensorInfo, read_model_file, write_model_file};
pub use names::align::{Aligned, align};
pub(crate) use names::align::{CalledSide, align_same, check_count};
pub(crate) use names::ids::text_sources;
pub use names::ids::{Ids, TimeUnit};
pub use names::matching::Matching;
pub(crate) use names::matching::{by_position, told_by_position};
pub use names::{read_names, read_names_column, read_names_of, read_titles};
pub use options::{Decimal, Delimiter, Duplicates, Format, ReadOptions};
pub use sink::{try_writing, write_file};
pub use table::Table;
pub(crate) use table::{told_of_zeros, widened};
