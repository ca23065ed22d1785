//! Kernels: the fast ways.
//! In: slices.  Out: slices filled.
//! Law: each agrees with `interp` on random arguments; `unsafe` stands only here, each with its reason.
//! Not here: which kernel is used where (see `plan`).
#![allow(unsafe_code, reason = "the product of the gemm crate takes raw pointers")]

mod bits;
mod lanes;
#[allow(dead_code, reason = "called by the tile machine")]
mod math;
mod product;
#[allow(dead_code, reason = "the plan is to call it")]
mod tile;

#[allow(unused_imports, reason = "the jobs follow")]
pub(crate) use lanes::{Element, Job, Lanes, Level};
pub(super) use product::{View, multiply_add};
#[allow(unused_imports, reason = "the plan is to call them")]
pub(crate) use tile::{Code, Instruction, Programme, Registers, Source, TILE, add_to, dot, fuse, run, sum};
