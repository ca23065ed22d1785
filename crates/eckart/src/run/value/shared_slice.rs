//! Shared slice: numbers that others may share, or a stretch of them.
//! In: an array.  Out: `SharedSlice`, cut without copying.
//! Invariant: an array that others hold is never changed; one that nobody else holds is handed over, not copied.
//! Not here: what the numbers mean (see `rect`, `entries`).

use std::ops::{Deref, Range};

use eckart_kernels::Number;

use crate::data::Array;

/// Numbers that others may share, or a stretch of them.
#[derive(Debug, Clone)]
pub(crate) struct SharedSlice<T> {
    all: Array<T>,
    from: usize,
    len: usize,
}

impl<T> SharedSlice<T> {
    pub(crate) fn of(all: impl Into<Array<T>>) -> Self {
        let all = all.into();
        Self { from: 0, len: all.len(), all }
    }

    /// Some numbers of an array.
    pub(crate) fn within(all: Vec<T>, range: Range<usize>) -> Self {
        debug_assert!(range.end <= all.len());
        Self { from: range.start, len: range.len(), all: all.into() }
    }

    pub(crate) fn cut(&self, range: Range<usize>) -> Self {
        debug_assert!(range.end <= self.len);
        Self { all: self.all.clone(), from: self.from + range.start, len: range.len() }
    }

    /// The numbers, where nobody else holds them and they are all there are.
    pub(crate) fn into_own(self) -> Result<Vec<T>, Self> {
        let Self { all, from, len } = self;
        if from != 0 || len != all.len() {
            return Err(Self { all, from, len });
        }
        all.into_own().map_err(|all| Self { all, from, len })
    }

    /// The numbers, to be changed, where nobody else holds them.
    pub(in crate::run) fn own_mut(&mut self) -> Option<&mut [T]> {
        Some(&mut self.all.own_mut()?[self.from..self.from + self.len])
    }

    /// The whole array that they are a part of, where nobody else holds it.
    pub(crate) fn into_all(self) -> Option<Vec<T>> {
        self.all.into_own().ok()
    }

    pub(crate) fn into_vec(self) -> Vec<T>
    where
        T: Clone,
    {
        self.into_own().unwrap_or_else(|shared| shared.to_vec())
    }
}

impl<T> Deref for SharedSlice<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.all[self.from..self.from + self.len]
    }
}

impl<T> From<Vec<T>> for SharedSlice<T> {
    fn from(numbers: Vec<T>) -> Self {
        Self::of(numbers)
    }
}

impl<T: Copy> SharedSlice<T> {
    pub(in crate::run) fn to_shared(&self) -> Array<T> {
        if self.from == 0 && self.len == self.all.len() { self.all.clone() } else { self.to_vec().into() }
    }
}

/// Numbers in another type.
pub(crate) fn cast<T: Number, U: Number>(numbers: &[T]) -> Vec<U> {
    numbers.iter().map(|x| U::from_f64(x.to_f64())).collect()
}
