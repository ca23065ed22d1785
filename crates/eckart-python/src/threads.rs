//! Threads: work without the interpreter's lock, also in a process that was forked.
//! In: work.  Out: its result.
//! Invariant: a forked child has none of its parent's threads, so it never waits for a pool that was its parent's.
//! Not here: how work is cut (see the engine's `run`).

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};

use eckart::run::with_threads;
use pyo3::prelude::*;

use crate::errors::raised;

/// Whether this process was forked from one that had loaded the package.
static FORKED: AtomicBool = AtomicBool::new(false);

/// Says that this process was forked; the package calls it by `os.register_at_fork`.
#[pyfunction]
pub(crate) fn forked() {
    FORKED.store(true, Ordering::Relaxed);
}

/// How many threads to ask for: `None` is the engine's own pool, which a forked child does not have.
pub(crate) fn threads(wanted: Option<usize>) -> Option<usize> {
    let own = || std::thread::available_parallelism().map_or(1, NonZero::get);
    if FORKED.load(Ordering::Relaxed) { wanted.or_else(|| Some(own())) } else { wanted }
}

/// Does `work` with the interpreter's lock released.
///
/// # Errors
/// The work's own, as Python's exceptions.
pub(crate) fn released<T: Send>(py: Python<'_>, work: impl FnOnce() -> eckart::Result<T> + Send) -> PyResult<T> {
    py.detach(|| with_threads(threads(None), work).and_then(|done| done)).map_err(raised)
}
