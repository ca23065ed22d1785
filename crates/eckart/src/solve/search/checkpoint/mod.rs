//! Checkpoint: where a search stands, so that it can go on from there in another process.
//! In: a start in the middle of its iterations.  Out: `Snapshot`: all that its further iterations depend on; a file of
//! many.
//! Invariant: a start that goes on from a snapshot ends with the same bits as one that was never stopped.
//! Not here: when one is written (see `ledger`).

mod file;
mod format_1;
mod identity;
mod pack;
mod saved;
mod snapshot;
mod sound;

pub(in crate::solve) use file::{About, halved_starts, read, saved_in, write};
pub(in crate::solve) use saved::Saved;
pub(in crate::solve) use snapshot::Snapshot;
pub(in crate::solve) use sound::SearchFacts;
