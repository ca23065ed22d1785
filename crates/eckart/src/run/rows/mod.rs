//! Rows: the row solvers of plans, and exact minima of single rows.
//! In: what the rows' part of an objective is, as numbers.  Out: rows moved, and by how much the objective fell.
//! Invariant: rows are independent: each comes out the same whatever rows come with it, on any number of threads.
//! Not here: the inner loops (see `crates/eckart-kernels`), which solver a factor gets (see `solve`).

mod descent;
pub(crate) mod exact;
pub(crate) mod grams;
mod least_squares;
pub(crate) mod likelihood;
mod proximal;
pub(super) mod solver;

pub(crate) use eckart_kernels::{Cholesky, RowTerms};
