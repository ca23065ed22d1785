//! Numerics: which arithmetic computed a result, so that a search goes on with the same.
//! In: nothing.  Out: a number for what the code computes, and a word for what the processor did.
//! Invariant: two results of the same problem, settings, numerics and registers have the same bits.
//! Not here: where it is written down (see `save`, `checkpoint`).

use crate::run::{simd_level, simd_level_by_name};

/// The version of the engine's arithmetic. A commit that changes the bits of any result raises it by one; models and
/// checkpoints say which one computed them, and a checkpoint goes on only with its own.
pub const NUMERICS: u32 = 8;

/// What files of format 1, which did not say, were computed with.
const NUMERICS_OF_FORMAT_1: u32 = 1;

/// What computed a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numerics {
    /// The version of the engine's arithmetic: [`NUMERICS`].
    pub version: u32,
    /// The vector registers that were used: `base`, `avx2` or `avx512`. `None` where a file does not say (format 1).
    pub registers: Option<String>,
}

impl Numerics {
    /// What this thread computes with, or the pool that it belongs to.
    pub fn current() -> Self {
        Self { version: NUMERICS, registers: Some(simd_level().name().to_owned()) }
    }

    /// Of files that don't say it.
    pub(in crate::solve) fn of_format_1() -> Self {
        Self { version: NUMERICS_OF_FORMAT_1, registers: None }
    }

    /// Why this process can't go on to the same bits where a search was computed so far with `self`; `None` where it
    /// can.
    pub(in crate::solve) fn differs(&self) -> Option<String> {
        let now = Self::current();
        if self.version != now.version {
            return Some(format!(
                "it was computed with numerics {}, and this version of Eckart computes with numerics {}: go on with \
                 the version that wrote it, or begin anew without it",
                self.version, now.version
            ));
        }
        match (&self.registers, &now.registers) {
            (Some(then), Some(now)) if then != now => {
                let remedy = if simd_level_by_name(then).is_ok() {
                    format!(
                        "set the registers to {then} (`--registers {then}`, in Python registers=\"{then}\", in Rust \
                         Settings::registers)"
                    )
                } else {
                    "this processor does not have those: go on where it was written".to_owned()
                };
                Some(format!(
                    "it was computed with registers {then}, and this search computes with {now}: {remedy}, or begin \
                     anew without it"
                ))
            }
            _ => None,
        }
    }
}
