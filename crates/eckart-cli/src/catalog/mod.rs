//! Catalog: what there is to choose from, and what codes mean.
//! In: maybe a name.  Out: text, or JSON.
//! Invariant: everything comes from the library's tables.
//! Not here: the tables (see the library's `model` and `error`).

mod codes;
mod models;

pub(crate) use codes::codes;
pub(crate) use models::{menu, models};
