//! Pool: arrays that are used again, from step to step and from run to run.
//! In: a length.  Out: an array of that length, of whatever was in it.
//! Invariant: no more is kept than `MOST` bytes, whatever the plan; what was given back first goes first.
//! Not here: what is in them (each kernel fills its own).

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::shared_slice::SharedSlice;
use crate::data::Real;

/// Arrays below this length are as quickly had from the allocator.
const LEAST: usize = 1 << 12;

/// Bytes of a line of the cache.
pub(in crate::run) const LINE: usize = 64;

/// Bytes that are kept, at most. Where arrays are larger, having them anew costs little beside filling them.
const MOST: usize = 1 << 25;

/// A type of numbers whose arrays are used again.
pub(crate) trait Pooled: Real {
    /// The arrays of this type that nobody uses, of all plans together.
    fn pool() -> &'static Pool<Self>;
}

impl Pooled for f32 {
    fn pool() -> &'static Pool<Self> {
        static POOL: Pool<f32> = Pool::new();
        &POOL
    }
}

impl Pooled for f64 {
    fn pool() -> &'static Pool<Self> {
        static POOL: Pool<f64> = Pool::new();
        &POOL
    }
}

/// Arrays that nobody uses.
#[derive(Debug, Default)]
pub(crate) struct Pool<T> {
    idle: Mutex<VecDeque<Vec<T>>>,
}

impl<T> Pool<T> {
    const fn new() -> Self {
        Self { idle: Mutex::new(VecDeque::new()) }
    }
}

impl<T: Real> Pool<T> {
    /// An array to be filled from end to end.
    pub(crate) fn take(&self, len: usize) -> Vec<T> {
        if len >= LEAST {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let fits = |array: &Vec<T>| array.capacity() >= len && array.capacity() <= 2 * len;
            if let Some(at) = idle.iter().position(fits) {
                let mut array = idle.swap_remove_back(at).unwrap_or_default();
                drop(idle);
                array.resize(len, T::default());
                return array;
            }
        }
        vec![T::default(); len]
    }

    /// An array of zeros.
    pub(in crate::run) fn zeros(&self, len: usize) -> Vec<T> {
        let mut array = self.take(len);
        array.fill(T::default());
        array
    }

    /// What `fill` puts into an array of `len` zeros or other numbers that begins where a line of the cache does: a row
    /// that lies across more lines than it must takes 1.75 times as long to fetch (product of 5 M entries with a panel
    /// of rank 32, f32).
    pub(in crate::run) fn aligned(&self, len: usize, fill: impl FnOnce(&mut [T])) -> SharedSlice<T> {
        let spare = LINE / size_of::<T>();
        let mut array = self.take(len + spare);
        let from = array.as_ptr().align_offset(LINE).min(spare);
        fill(&mut array[from..from + len]);
        SharedSlice::within(array, from..from + len)
    }

    /// Takes back the array of some numbers, if nobody else holds it.
    pub(crate) fn give(&self, numbers: SharedSlice<T>) {
        if let Some(array) = numbers.into_all()
            && array.capacity() >= LEAST
        {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push_back(array);
            while idle.iter().map(Vec::capacity).sum::<usize>() * size_of::<T>() > MOST {
                idle.pop_front();
            }
        }
    }
}
