//! Kernels: dense and sparse products, sampled products, the tile machine, and the small problems of rows.
//! In: slices and strides.  Out: slices filled, and numbers.
//! Invariant: one thread, one order: a kernel's bits depend on its arguments and the level of the registers alone. All
//! code that takes raw pointers is here, each use with its reason.
//! Not here: plans, problems, formulas, files; the cut into tasks for threads.
//!
//! What depends on the type of the numbers is a method of [`Kernels`], implemented here for `f32` and `f64`: the code
//! is generated three times (128, 256 and 512 bits) for two types, and whoever calls it does not generate it again. The
//! only generic functions that cross the border make arguments: views and working arrays.
#![allow(unsafe_code, reason = "vector registers, and the gemm crates, take raw pointers")]

mod allocator;
mod dense;
mod kernels;
mod math;
mod number;
mod rows;
mod seen;
mod simd;
mod sparse;
#[cfg(test)]
mod tests;
pub mod tile;

pub use allocator::{ExitWithoutMemory, return_freed};
pub use dense::View;
pub use kernels::Kernels;
pub use number::Number;
pub use rows::{
    CgWorkspace, Cholesky, CountedRow, Descent, DescentWorkspace, GramWorkspace, Likelihood, LikelihoodWorkspace,
    Picked, PoissonStep, Regularizer, RowQuadratic, RowSum, RowSystem, RowTerms, SharedGram, SweepStats, TOGETHER,
    descend, half_gradient, shifts,
};
pub use seen::Seen;
pub use simd::SimdLevel;
pub use sparse::Csr;
