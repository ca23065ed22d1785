//! Kernels: the fast ways.
//! In: slices.  Out: slices filled.
//! Law: each agrees with `interp` on random arguments; `unsafe` stands only here, each with its reason.
//! Not here: which kernel is used where (see `plan`).
#![allow(unsafe_code, reason = "vector registers, and the gemm crate, take raw pointers")]

mod allocator;
mod bits;
mod descent;
mod gram;
mod lanes;
mod likelihood;
mod math;
mod panel;
mod product;
mod row_cg;
mod row_gram;
mod sddmm;
mod seen;
mod spmm;
mod sweep;
mod system;
pub(super) mod tile;

pub(super) use allocator::return_freed;
pub(crate) use descent::Entrywise;
pub(super) use descent::{Room, active_set, coordinates, half_gradient};
pub(super) use gram::gram;
pub(crate) use lanes::{Element, Level};
pub(super) use likelihood::{Counted, Moved, TOGETHER, likelihood};
pub(crate) use likelihood::{Move, Wanted};
pub(super) use product::{View, multiply_add, multiply_add_as};
pub(super) use row_cg::{Common, Steps, row_cg};
pub(super) use row_gram::{Gathered, Picked, row_gram};
pub(super) use sddmm::sampled;
pub(super) use seen::seen;
pub(super) use spmm::{Csr, gather, scatter};
pub(super) use sweep::{Asked, Swept, sweep};
pub(super) use system::{System, solve};
