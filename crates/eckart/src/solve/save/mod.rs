//! Save: models, and what is in files.
//! In: a `Factorization`.  Out: a safetensors file whose header says how the factors were found; and back.
//! Invariant: what is loaded is what was saved; files of every format are read.
//! Not here: the container (see `data::model_file`), checkpoints (see `checkpoint`); docs/format.md says every key.

mod format;
mod format_1;
mod header;
mod model;
mod show;
mod tables;

pub(super) use format::{FileKind, check, limits_to_json, no_such, numerics, opening};
pub use model::save_factors;
pub(crate) use show::PAGE_META;
pub use show::{FileSummary, show};
pub(super) use tables::{Tables, bytes, floats, histories, lists, offsets, starts, wholes};
