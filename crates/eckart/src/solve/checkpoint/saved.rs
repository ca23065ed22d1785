//! Saved: what a checkpoint holds.
//! In: starts that are done, snapshots of those that are not.  Out: one value of both.
//! Invariant: a start is done, or runs, or both where it came to its last iteration and could go on.
//! Not here: the file (see `file`).

use std::collections::BTreeMap;
use std::time::Duration;

use super::snapshot::Snapshot;
use crate::run::Value;
use crate::solve::result::{Kept, Start};

/// What a checkpoint holds.
#[derive(Debug, Clone, Default)]
pub(in crate::solve) struct Saved {
    /// The starts that are done, by their number.
    pub done: BTreeMap<usize, Start>,
    /// The best of them, and its factors.
    pub best: Option<(usize, Vec<Value>)>,
    /// What was kept of each.
    pub kept: Vec<Kept>,
    /// Those that are not done.
    pub running: BTreeMap<usize, Snapshot>,
    /// The time it took so far.
    pub spent: Duration,
}
