//! Likelihood: rows moved towards the maximum of a Poisson likelihood.
//! In: rows and their counts, a panel.  Out: rows moved, and by how much the objective fell.
//! Invariant: one thread, one order; each row comes out as it would alone.
//! Not here: the cut into rows for threads (the caller's).

mod gather;
mod newton;
#[cfg(test)]
mod tests;

pub use gather::LikelihoodWorkspace;
pub(crate) use newton::likelihood;
pub use newton::{CountedRow, Likelihood, PoissonStep, TOGETHER};
