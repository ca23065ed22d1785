//! Result: what a search found.
//! In: the search.  Out: `Factorization`, and the plain values it is made of.
//! Invariant: what is here is told, not computed: no file of it is needed to search.
//! Not here: files (see `save`).

pub(super) mod compared;
mod components;
pub(super) mod cost;
mod factorization;
mod history;
mod numerics;
pub(super) mod quality;
pub(super) mod save;
mod shrunk;
pub(super) mod undefined;

pub(crate) use components::MOST_COMPARED;
pub use factorization::{ComponentNames, Factorization, numbered_components};
pub(in crate::solve) use history::is_better;
pub use history::{Agreement, Iteration, Kept, RankChoice, RankScore, Start};
pub use numerics::{NUMERICS, Numerics};
pub(in crate::solve) use shrunk::{shrunk, stuck};
pub use undefined::Undefined;
