//! Kernels: the fast ways.
//! In: slices.  Out: slices filled.
//! Law: each agrees with `interp` on random arguments; `unsafe` stands only here, each with its reason.
//! Not here: which kernel is used where (see `plan`).
#![allow(unsafe_code, reason = "vector registers, and the gemm crate, take raw pointers")]

#[allow(dead_code, reason = "its callers follow")]
mod gram;
#[allow(dead_code, reason = "some callers follow")]
mod lanes;
mod panel;
mod product;
#[allow(dead_code, reason = "its callers follow")]
mod sddmm;
#[allow(dead_code, reason = "its callers follow")]
mod spmm;
#[allow(dead_code, reason = "its callers follow")]
mod sweep;

#[allow(unused_imports, reason = "their callers follow")]
pub(super) use gram::gram;
#[allow(unused_imports, reason = "their callers follow")]
pub(crate) use lanes::{Element, Job, Lanes, Level};
#[allow(unused_imports, reason = "their callers follow")]
pub(super) use panel::{Left, panel};
pub(super) use product::{View, multiply_add};
#[allow(unused_imports, reason = "their callers follow")]
pub(super) use sddmm::sampled;
#[allow(unused_imports, reason = "their callers follow")]
pub(super) use spmm::{Csr, gather, scatter};
#[allow(unused_imports, reason = "their callers follow")]
pub(super) use sweep::{Asked, Swept, sweep};
