//! Kernels: the fast ways.
//! In: slices.  Out: slices filled.
//! Law: each agrees with `interp` on random arguments; `unsafe` stands only here, each with its reason.
//! Not here: which kernel is used where (see `plan`).
#![allow(unsafe_code, reason = "the product of the gemm crate takes raw pointers")]

mod gram;
mod lanes;
mod panel;
mod product;
mod sddmm;
mod spmm;
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
