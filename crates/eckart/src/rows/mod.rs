//! Rows: how Grams, linear terms and regularizers become solvers of a factor's rows.
//! In: what the rows' part of an objective is, as numbers.  Out: rows moved, and by how much the objective fell.
//! Invariant: rows are independent: each comes out the same whatever rows come with it, on any number of threads.
//! Not here: the inner loops (see `crates/eckart-kernels`), where the numbers come from (see `solve`, `apply`).

mod descent;
pub(crate) mod exact;
mod grams;
mod least_squares;
mod likelihood;
mod proximal;
mod regularizer;
mod solver;

pub use eckart_kernels::Regularizer;
pub(crate) use eckart_kernels::{Cholesky, Likelihood, PoissonStep, RowTerms};
pub use grams::{GramParts, SampledGram};
pub(crate) use grams::{Grams, LinearTerm, Weights, times_small};
pub(crate) use likelihood::{likelihood_rows, likelihood_workspace};
pub use regularizer::FactorRegularizer;
pub(crate) use solver::{MOST_SWEEPS, QuadraticStep, RowSolver};
