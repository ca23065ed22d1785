//! Save: models, and what is in files.
//! In: a `Factorization`.  Out: a safetensors file whose header says how the factors were found; and back.
//! Invariant: what is loaded is what was saved; files of every format are read.
//! Not here: the container (see `data::model_file`), checkpoints (see `checkpoint`); docs/format.md says every key.

mod check;
mod format;
mod format_1;
mod header;
mod model;
mod page;
mod show;
mod summary;
mod tables;

pub(in crate::solve) use format::{
    CHECKPOINT_HELP, FileKind, check, limits_to_json, no_such, numerics, of_kind, texts_of,
};
pub(in crate::solve) use header::numbers_to_json;
pub use model::{load_factors, save_factors};
pub(crate) use page::{PAGE_META, PAGE_SUM, PAGE_SUM_META, with_sum};
pub use show::{FileSummary, show};
pub(in crate::solve) use tables::{Tables, bytes, floats, histories, lists, starts, wholes};
