//! Slot: what a buffer of a plan holds: numbers of the plan's type, or a small matrix of f64.
//! In: values.  Out: values in the type that a kernel wants.
//! Invariant: small matrices stay f64 from kernel to kernel; a change of type that changes nothing copies nothing.
//! Not here: which buffers are small (see `plan`).

use super::held::Held;
use super::pool::Pool;
use super::rect::Rect;
use super::{Numbers, Value};
use crate::data::{Dtype, Real};
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
            Self::Wide(_) | Self::Small(_) | Self::Missing(..) => self,
        }
    }

    pub(in crate::run) fn shape(&self) -> Shape {
        match self {
            Self::Wide(held) => held.shape(),
            Self::Small(rect) => rect.shape,
            Self::Missing(raw, _) => raw.shape,
        }
    }

    /// In the plan's type.
    pub(in crate::run) fn wide(&self) -> Held<T> {
        match self {
            Self::Wide(held) => held.clone(),
            Self::Small(rect) => Held::Dense(rect.cast()),
            Self::Missing(raw, read) => Held::Dense(read.all(raw)),
        }
    }

    /// All entries, in some type.
    pub(in crate::run) fn rect<U: Real>(&self) -> Rect<U> {
        match self {
            Self::Wide(held) => held.to_rect().cast(),
            Self::Small(rect) => rect.cast(),
            Self::Missing(raw, read) => read.all(raw).cast(),
        }
    }

    /// In f64.
    pub(in crate::run) fn plain(&self) -> Held<f64> {
        match self {
            Self::Wide(held) => held.cast(),
            Self::Small(rect) => Held::Dense(rect.clone()),
            Self::Missing(raw, read) => Held::Dense(read.all(raw).cast()),
        }
    }

    /// Gives back the array that a buffer held, if nobody else holds it.
    pub(in crate::run) fn release(slot: Option<Self>, pool: &Pool<T>) {
        match slot {
            Some(Self::Wide(Held::Dense(rect))) => pool.give(rect.data),
            Some(Self::Wide(Held::Sparse(entries))) => pool.give(entries.values),
            Some(Self::Small(_) | Self::Missing(..)) | None => {}
        }
    }

    pub(in crate::run) fn value(self) -> Value {
        match self {
            Self::Wide(held) => T::value(held),
            Self::Small(rect) => f64::value(Held::Dense(rect)),
            Self::Missing(raw, read) => T::value(Held::Dense(read.all(&raw))),
        }
    }
}
