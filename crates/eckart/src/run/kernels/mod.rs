//! Kernels: the fast ways.
//! In: slices.  Out: slices filled.
//! Law: each agrees with `interp` on random arguments; `unsafe` stands only here, each with its reason.
//! Not here: which kernel is used where (see `plan`).
#![allow(unsafe_code, reason = "the product of the gemm crate takes raw pointers")]

mod bits;
mod gram;
mod lanes;
mod math;
mod panel;
mod product;
mod sddmm;
mod spmm;
pub(super) mod tile;

pub(super) use gram::gram;
pub(crate) use lanes::{Element, Level};
#[allow(unused_imports, reason = "the sweeps follow")]
pub(crate) use lanes::{Job, Lanes};
pub(super) use product::{View, multiply_add};
pub(super) use sddmm::sampled;
pub(super) use spmm::{Csr, gather, scatter};
