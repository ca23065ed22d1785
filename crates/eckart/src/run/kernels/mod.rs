//! Kernels: the fast ways.
//! In: slices.  Out: slices filled.
//! Law: each agrees with `interp` on random arguments; `unsafe` stands only here, each with its reason.
//! Not here: which kernel is used where (see `plan`).
#![allow(unsafe_code, reason = "vector registers, and the gemm crate, take raw pointers")]

mod bits;
mod gram;
mod lanes;
mod math;
mod panel;
mod product;
mod sddmm;
mod spmm;
mod sweep;
pub(super) mod tile;

pub(super) use gram::gram;
pub(crate) use lanes::{Element, Level};
pub(super) use product::{View, multiply_add};
pub(super) use sddmm::sampled;
pub(super) use spmm::{Csr, gather, scatter};
pub(super) use sweep::{Asked, Swept, sweep};
