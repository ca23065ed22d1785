//! Registers: where a program keeps its values.
//! In: how many.  Out: memory for them, one after another.
//! Invariant: each begins where a line of the cache does: a 512-bit register that is stored across two takes twice as
//! long (measured: A of `tile` in f32 0.27 ns a number without, 0.19 with).
//! Not here: what is in them (see `tile`).

use super::machine::TILE;
use crate::number::Number;

/// Registers of `TILE` numbers each.
pub struct Registers<T>(Vec<Register<T>>);

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Register<T>([T; TILE]);

impl<T: Number> Registers<T> {
    /// So many, all zero.
    pub fn new(count: usize) -> Self {
        Self(vec![Register([T::default(); TILE]); count])
    }

    /// All of them in one run, as `run` takes them.
    pub fn all(&mut self) -> &mut [T] {
        const { assert!(size_of::<Register<T>>() == TILE * size_of::<T>(), "no gaps between registers") };
        // SAFETY: a register is TILE numbers and nothing else (asserted above).
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * TILE) }
    }

    /// The first `len` numbers of register r.
    pub fn get(&self, r: usize, len: usize) -> &[T] {
        &self.0[r].0[..len]
    }
}
