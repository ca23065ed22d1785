//! Pool: arrays that are used again, from step to step and from run to run.
//! In: a length.  Out: an array of that length, of whatever was in it.
//! Law: no more is kept than a plan's peak, so that a plan never holds more than twice what it says.
//! Not here: what is in them (each kernel fills its own).

use std::sync::{Mutex, PoisonError};

use super::slot::Slot;
use super::value::{Held, Numbers};

/// Arrays below this length are as quickly had from the allocator.
const LEAST: usize = 1 << 12;

/// Arrays that nobody uses.
#[derive(Debug, Default)]
pub(super) struct Pool<T> {
    idle: Mutex<Vec<Vec<T>>>,
    /// Numbers that may be kept.
    most: usize,
}

impl<T: Numbers> Pool<T> {
    /// A pool that keeps up to `bytes`.
    pub(super) fn of(bytes: usize) -> Self {
        Self { idle: Mutex::default(), most: bytes / size_of::<T>() }
    }

    /// An array to be filled from end to end.
    pub(super) fn take(&self, len: usize) -> Vec<T> {
        if len >= LEAST {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let fits = |array: &Vec<T>| array.capacity() >= len && array.capacity() <= 2 * len;
            if let Some(at) = idle.iter().position(fits) {
                let mut array = idle.swap_remove(at);
                drop(idle);
                array.resize(len, T::default());
                return array;
            }
        }
        vec![T::default(); len]
    }

    /// An array of zeros.
    pub(super) fn zeros(&self, len: usize) -> Vec<T> {
        let mut array = self.take(len);
        array.fill(T::default());
        array
    }

    /// Takes back what a buffer held, if nobody else holds it.
    pub(super) fn give(&self, slot: Option<Slot<T>>) {
        let numbers = match slot {
            Some(Slot::Wide(Held::Dense(rect))) => rect.data,
            Some(Slot::Wide(Held::Sparse(entries))) => entries.values,
            Some(Slot::Small(_) | Slot::Holes(..)) | None => return,
        };
        if let Ok(array) = numbers.into_own()
            && array.capacity() >= LEAST
        {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let held: usize = idle.iter().map(Vec::capacity).sum();
            if held + array.capacity() <= self.most {
                idle.push(array);
            }
        }
    }
}
