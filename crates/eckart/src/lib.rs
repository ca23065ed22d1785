//! Eckart: write the objective of a matrix factorization; the gradient, the plan and the solver are derived from it.

pub mod apply;
pub mod data;
pub mod error;
pub mod explain;
pub mod expr;
pub mod facts;
pub mod function;
pub mod grad;
pub mod model;
pub mod plan;
pub mod report;
pub mod rewrite;
mod rows;
pub mod run;
pub mod solve;

pub use apply::{FoldIn, Folded};
pub use data::{Dtype, Matrix, Table};
pub use error::{Code, Error, Result, Warning};
pub use explain::Explanation;
pub use expr::text::{Constraint, Dim, Statement};
pub use expr::{
    Expr, abs, ard, beta, clip, colnorm, colsum, elasticnet, exp, expand, eye, greater, group, hinge, huber, is, kl,
    laplacian, log, matrix, max, mean, min, nb, norm, observed, pinball, rownorm, rowsum, scalar, shared, sigmoid,
    sign, softplus, sqrt, sum, sumto, tanh, trace, tv, xlogx,
};
pub use function::{Function, function};
pub use grad::grad;
pub use solve::{Factorization, Init, Interrupt, Problem, Settings, StopReason};

/// The programs of README.md and docs/ compile.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../README.md")]
    pub struct Readme;
    #[doc = include_str!("../../../docs/language.md")]
    pub struct Language;
}

#[cfg(test)]
extern crate self as eckart;
#[cfg(test)]
#[path = "../tests/it/definition.rs"]
mod definition;
#[cfg(test)]
#[path = "../tests/it/random.rs"]
#[allow(dead_code, reason = "the integration tests use what these don't")]
mod random;
