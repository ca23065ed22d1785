//! Eckart: write the objective of a matrix factorization; the gradient, the plan and the solver are derived from it.

pub mod data;
pub mod error;

pub use data::{Dtype, Matrix, Table};
pub use error::{Error, Result};
pub mod expr;
