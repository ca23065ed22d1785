//! Rows: what a row solver is: the step that it takes, the parts of its Gram matrices, the regularizer.
//! In: what the objective says of the rows of one factor.  Out: plain data that plans hold.
//! Invariant: rows are independent: nothing here speaks of other rows.
//! Not here: numbers (see `run::rows`), where the formulas come from (see `solve`, `apply`).

mod grams;
mod regularizer;
mod solver;

pub use eckart_kernels::{Likelihood, PoissonStep, Regularizer};
pub use grams::{GramParts, SampledGram};
pub use regularizer::FactorRegularizer;
pub(crate) use solver::{CONJUGATE_STEPS, MOST_SWEEPS, PROXIMAL_STEPS};
pub use solver::{QuadraticRows, QuadraticStep, RowObjective, RowSolver};
