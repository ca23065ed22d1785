//! Search: the loop over starts and iterations: where it begins, when it stops, what is written down on the way.
//! In: a `Problem`, `Settings`, a listener.  Out: a `Factorization`.
//! Invariant: a stopped search returns the best factors met, and its reason.
//! Not here: how factors move (see `method`), what is kept of them (see `result`).

pub(super) mod checkpoint;
pub(super) mod context;
mod course;
pub(super) mod driver;
pub(super) mod kkt;
pub(super) mod ledger;
pub(super) mod memory;
mod multistart;
pub(super) mod outline;
pub(super) mod settings;
mod settling;
pub(super) mod start;
pub(super) mod starts;
mod worker;
