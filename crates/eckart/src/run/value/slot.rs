//! Slot: what a buffer of a plan holds: numbers of the plan's type, or a small matrix of f64.
//! In: values.  Out: values in the type that a kernel wants.
//! Invariant: small matrices stay f64 from kernel to kernel; a change of type that changes nothing copies nothing.
//! Not here: which buffers are small (see `plan`).

use std::ops::Range;
use std::sync::Arc;

use super::held::Held;
use super::pool::Pool;
use super::rect::Rect;
use super::{Numbers, Value};
use crate::data::{Dtype, Matrix, Real, RowSource, collect, read_rows};
use crate::error::Result;
use crate::facts::Shape;

/// A buffer's value.
#[derive(Debug, Clone)]
pub(in crate::run) enum Slot<T> {
    /// Of the plan's type.
    Wide(Held<T>),
    /// Dense, in f64.
    Small(Rect<f64>),
    /// Dense data with missing entries, as it was given: read block by block, so that it is never held twice.
    Missing(Rect<T>, MissingRead),
    /// Data that a source hands over block by block; `steps` collects it for what reads it otherwise.
    Source(Arc<dyn RowSource>, MissingRead),
}

/// What is read of data with missing entries.
#[derive(Debug, Clone, Copy)]
pub(in crate::run) enum MissingRead {
    /// The entries, 0 where there is none.
    Entries,
    /// 1 where there is an entry, 0 where there is none.
    Mask,
}

impl MissingRead {
    /// What is read of some rows.
    pub(in crate::run) fn read<T: Real>(self, rows: &[T], out: &mut [T]) {
        let there = |x: T| !x.to_f64().is_nan();
        let of = |x: T| match self {
            Self::Entries if there(x) => x,
            Self::Mask if there(x) => T::from_f64(1.0),
            Self::Entries | Self::Mask => T::default(),
        };
        out.iter_mut().zip(rows).for_each(|(out, &x)| *out = of(x));
    }

    /// What is read of all of it.
    pub(in crate::run) fn all<T: Real>(self, raw: &Rect<T>) -> Rect<T> {
        let mut out = vec![T::default(); raw.data.len()];
        self.read(&raw.data, &mut out);
        Rect::new(raw.shape, out)
    }
}

impl<T: Numbers> Slot<T> {
    /// All entries of a matrix of some type, to be held in numbers of type `dtype`.
    pub(in crate::run) fn of<U: Real>(rect: &Rect<U>, dtype: Dtype) -> Self {
        if dtype == T::DTYPE { Self::Wide(Held::Dense(rect.cast())) } else { Self::Small(rect.cast()) }
    }

    pub(in crate::run) fn number(value: f64) -> Self {
        Self::Small(Rect::number(value))
    }

    /// The same value, held in numbers of type `dtype` if it is dense.
    pub(in crate::run) fn held_in(self, dtype: Dtype) -> Self {
        match &self {
            Self::Wide(Held::Sparse(_)) => self,
            Self::Wide(Held::Dense(rect)) if dtype != T::DTYPE => Self::Small(rect.cast()),
            Self::Small(rect) if dtype == T::DTYPE => Self::Wide(Held::Dense(rect.cast())),
            Self::Wide(_) | Self::Small(_) | Self::Missing(..) | Self::Source(..) => self,
        }
    }

    pub(in crate::run) fn shape(&self) -> Shape {
        match self {
            Self::Wide(held) => held.shape(),
            Self::Small(rect) => rect.shape,
            Self::Missing(raw, _) => raw.shape,
            Self::Source(source, _) => Shape { rows: source.shape().0, cols: source.shape().1 },
        }
    }

    /// In the plan's type.
    pub(in crate::run) fn wide(&self) -> Held<T> {
        match self {
            Self::Wide(held) => held.clone(),
            Self::Small(rect) => Held::Dense(rect.cast()),
            Self::Missing(raw, read) => Held::Dense(read.all(raw)),
            Self::Source(..) => not_collected(),
        }
    }

    /// All entries, in some type.
    pub(in crate::run) fn rect<U: Real>(&self) -> Rect<U> {
        match self {
            Self::Wide(held) => held.to_rect().cast(),
            Self::Small(rect) => rect.cast(),
            Self::Missing(raw, read) => read.all(raw).cast(),
            Self::Source(..) => not_collected(),
        }
    }

    /// In f64.
    pub(in crate::run) fn plain(&self) -> Held<f64> {
        match self {
            Self::Wide(held) => held.cast(),
            Self::Small(rect) => Held::Dense(rect.clone()),
            Self::Missing(raw, read) => Held::Dense(read.all(raw).cast()),
            Self::Source(..) => not_collected(),
        }
    }

    /// Gives back the array that a buffer held, if nobody else holds it.
    pub(in crate::run) fn release(slot: Option<Self>, pool: &Pool<T>) {
        match slot {
            Some(Self::Wide(Held::Dense(rect))) => pool.give(rect.data),
            Some(Self::Wide(Held::Sparse(entries))) => pool.give(entries.values),
            Some(Self::Small(_) | Self::Missing(..) | Self::Source(..)) | None => {}
        }
    }

    pub(in crate::run) fn value(self) -> Value {
        match self {
            Self::Wide(held) => T::value(held),
            Self::Small(rect) => f64::value(Held::Dense(rect)),
            Self::Missing(raw, read) => T::value(Held::Dense(read.all(&raw))),
            Self::Source(..) => not_collected(),
        }
    }

    /// What a source hands over, all of it; any other value as it is.
    ///
    /// # Errors
    /// Those of the source.
    pub(in crate::run) fn collected(self) -> Result<Self> {
        match self {
            Self::Source(source, read) => Ok(Self::of_matrix(&collect(&*source)?, source.missing() > 0, read)),
            other => Ok(other),
        }
    }

    /// Some rows of data that a source hands over, or that has missing entries; in numbers of the plan's type.
    ///
    /// # Errors
    /// Those of the source.
    pub(in crate::run) fn data_rows(&self, rows: Range<usize>, pool: &Pool<T>) -> Result<Held<T>> {
        let part = match self {
            Self::Source(source, read) => Self::of_matrix(&read_rows(&**source, rows)?, source.missing() > 0, *read),
            Self::Missing(raw, read) => Self::Missing(raw.rows(rows), *read),
            Self::Wide(_) | Self::Small(_) => return Ok(self.wide().rows(rows)),
        };
        let Self::Missing(raw, read) = part else { return Ok(part.wide()) };
        let mut out = pool.take(raw.data.len());
        read.read(&raw.data, &mut out);
        Ok(Held::Dense(Rect::new(raw.shape, out)))
    }

    /// Rows that a source handed over, `NaN` where an entry is missing.
    fn of_matrix(rows: &Matrix, has_missing: bool, read: MissingRead) -> Self {
        match (Value::of(rows).cast::<T>(), read) {
            (Held::Dense(rect), MissingRead::Mask) => Self::Missing(rect, read),
            (Held::Dense(rect), MissingRead::Entries) if has_missing => Self::Missing(rect, read),
            (held @ Held::Sparse(_), MissingRead::Mask) => Self::Wide(held.everywhere()),
            (held, MissingRead::Entries) => Self::Wide(held),
        }
    }
}

fn not_collected() -> ! {
    unreachable!("data of a source is collected before it is read as a whole")
}
