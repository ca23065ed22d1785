//! Seen: what is true of all of some numbers, by vector registers.
//! In: numbers.  Out: `data::Seen`.
//! Law: as that of `data::Seen::of`, which it is made of.
//! Not here: what becomes of it (see `data::Matrix`).
//!
//! n comparisons with each of five bounds; n numbers are read.

use super::lanes::{Element, Job, Lanes, Level};
use crate::data::Seen;

/// What is true of all of `numbers`.
pub(crate) fn seen<T: Element>(level: Level, numbers: &[T]) -> Seen {
    T::at_level(level, Look(numbers))
}

struct Look<'a, T>(&'a [T]);

impl<T: Element> Job<T> for Look<'_, T> {
    type Out = Seen;
    // SAFETY: as the trait says.
    #[inline(always)]
    unsafe fn run<L: Lanes<Num = T>>(self) -> Seen {
        Seen::of(self.0)
    }
}
