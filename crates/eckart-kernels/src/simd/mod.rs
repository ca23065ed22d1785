//! SIMD: vector registers of the processor at hand, chosen when the program runs.
//! In: a `Job` written once for any `Lanes`.  Out: its result, computed with the registers of a level.
//! Invariant: a job's bits depend on its arguments and the level alone; no level reads or writes beyond the slices
//! given.
//! Not here: what is computed (see the kernels beside this folder).

mod array;
mod blocks;
mod dispatch;
mod lanes;
mod level;
mod methods;
#[cfg(target_arch = "x86_64")]
mod x86;
#[cfg(target_arch = "x86_64")]
mod x86_bits;

pub(crate) use blocks::{in_chunks, load_row, prefetch, prefetch_all, store_row};
pub(crate) use lanes::{Element, Job, Lanes};
pub use level::SimdLevel;
pub(crate) use methods::{functions, methods};
