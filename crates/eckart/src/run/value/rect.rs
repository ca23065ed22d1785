//! Rect: dense matrices of one type of numbers, shared and cut without copying.
//! In: numbers.  Out: `Rect`; its rows, its transpose.
//! Invariant: numbers that others hold too are copied before they are changed.
//! Not here: the entries of a pattern (see `entries`), products (see `exec`).

use std::ops::Range;

use super::pool::{LINE, Pool, Pooled};
use super::shared_slice::{SharedSlice, cast};
use crate::data::Real;
use crate::facts::Shape;
use crate::run::machine::shard_sums::for_rows;

/// A dense matrix, row-major.
#[derive(Debug, Clone)]
pub(crate) struct Rect<T> {
    pub(crate) shape: Shape,
    pub(crate) data: SharedSlice<T>,
}

impl<T: Real> Rect<T> {
    pub(crate) fn new(shape: Shape, data: impl Into<SharedSlice<T>>) -> Self {
        let data = data.into();
        debug_assert_eq!(shape.entries(), data.len());
        Self { shape, data }
    }

    /// The numbers, to be changed: a copy of them from now on where others hold them too.
    pub(crate) fn make_mut(&mut self) -> &mut [T]
    where
        T: Pooled,
    {
        if self.data.own_mut().is_none() {
            self.data = T::pool().aligned(self.data.len(), |out| out.copy_from_slice(&self.data));
        }
        self.data.own_mut().expect("an array that has just been found or made to have one holder")
    }

    /// The transpose.
    pub(in crate::run) fn transposed(&self, pool: &Pool<T>) -> Self
    where
        T: Pooled,
    {
        let Shape { rows, cols } = self.shape;
        let shape = Shape { rows: cols, cols: rows };
        if rows == 1 || cols == 1 {
            return Self::new(shape, self.data.clone());
        }
        Self::new(shape, pool.aligned(self.data.len(), |out| transpose(&self.data, cols, out)))
    }

    /// As [`Rect::transposed`], where nobody asks for the matrix itself any more.
    pub(crate) fn into_transposed(self) -> Self
    where
        T: Pooled,
    {
        let out = self.transposed(T::pool());
        T::pool().give(self.data);
        out
    }

    /// The same matrix, its rows whole lines of the cache where they are as long.
    pub(in crate::run) fn aligned(&self, pool: &Pool<T>) -> Self
    where
        T: Pooled,
    {
        let whole = (self.shape.cols * size_of::<T>()).is_multiple_of(LINE);
        if !whole || (self.data.as_ptr() as usize).is_multiple_of(LINE) {
            return self.clone();
        }
        Self::new(self.shape, pool.aligned(self.data.len(), |out| out.copy_from_slice(&self.data)))
    }

    /// All zeros.
    pub(crate) fn zeros(shape: Shape) -> Self
    where
        T: Pooled,
    {
        Self::new(shape, T::pool().aligned(shape.entries(), |out| out.fill(T::default())))
    }

    pub(crate) fn number(value: T) -> Self {
        Self::new(Shape::SCALAR, vec![value])
    }

    pub(crate) fn row(&self, i: usize) -> &[T] {
        &self.data[i * self.shape.cols..(i + 1) * self.shape.cols]
    }

    pub(crate) fn rows(&self, rows: Range<usize>) -> Self {
        let cols = self.shape.cols;
        Self::new(Shape { rows: rows.len(), cols }, self.data.cut(rows.start * cols..rows.end * cols))
    }

    /// The same numbers in another type; shared where it is the same type.
    pub(crate) fn cast<U: Real>(&self) -> Rect<U> {
        let any: &dyn std::any::Any = self;
        match any.downcast_ref::<Rect<U>>() {
            Some(same) => same.clone(),
            None => Rect::new(self.shape, cast::<T, U>(&self.data)),
        }
    }
}

/// Puts the transpose of `data`, `cols` numbers per row, into `out`: bands of its rows, each by one task, tile by tile.
pub(in crate::run) fn transpose<T: Copy + Send + Sync>(data: &[T], cols: usize, out: &mut [T]) {
    const TILE: usize = 16;
    let rows = data.len() / cols.max(1);
    for_rows(out, rows, |band, part| {
        for j0 in band.clone().step_by(TILE) {
            let columns = j0..(j0 + TILE).min(band.end);
            for i0 in (0..rows).step_by(TILE) {
                for j in columns.clone() {
                    let to = &mut part[(j - band.start) * rows..][..rows];
                    for i in i0..(i0 + TILE).min(rows) {
                        to[i] = data[i * cols + j];
                    }
                }
            }
        }
    });
}
