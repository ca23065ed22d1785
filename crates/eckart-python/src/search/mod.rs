//! Search: a factorization as Python asks for it.
//! In: an objective, matrices, parameters, settings, a listener.  Out: `Factorization`.
//! Invariant: the interpreter's lock is released while the engine works; Ctrl-C ends a search with the best factors so
//! far.
//! Not here: the search (see the engine's `solve`).

pub(crate) mod problem;
pub(crate) mod settings;
pub(crate) mod watch;
