//! Inputs: the values of a plan's variables.
//! In: matrices, values.  Out: values of the type a plan computes with, converted once however often it runs.
//! Invariant: a matrix that is still the same object is not converted again; one of the plan's own type is never
//! copied.
//! Not here: which variables there are (see `function`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::held::Held;
use super::rect::Rect;
use super::slot::MissingRead;
use super::{Numbers, Value};
use crate::data::{Dtype, Matrix, RowSource, Storage, collect};
use crate::error::{Error, Result};
use crate::expr::Var;
use crate::facts::Shape;
use crate::plan::{block_rows, even_height};
use crate::run::machine::cut::Cut;

/// Blocks of rows of sparse data, about, and rows of a block, at the least.
const BLOCKS: usize = 16;
const LEAST_ROWS: usize = 128;

/// The values of variables.
#[derive(Debug, Default)]
pub struct Inputs {
    bound: BTreeMap<Var, BoundValue>,
    changes: u64,
    /// Values that were replaced: their arrays can be used again.
    retired: Mutex<Vec<Value>>,
}

#[derive(Debug, Clone)]
struct BoundValue {
    /// The number of the change that brought this value.
    version: u64,
    matrix: Option<Matrix>,
    data: Data,
    /// In the type that it was not given in.
    other: OnceLock<Value>,
    observed: OnceLock<Value>,
}

#[derive(Debug, Clone)]
enum Data {
    /// In memory.
    Held(Value),
    /// Elsewhere.
    Source(Arc<dyn RowSource>),
}

impl Data {
    fn into_held(self) -> Option<Value> {
        match self {
            Self::Held(value) => Some(value),
            Self::Source(_) => None,
        }
    }
}

impl Clone for Inputs {
    /// The same values, shared. What was replaced stays with the original.
    fn clone(&self) -> Self {
        Self { bound: self.bound.clone(), changes: self.changes, retired: Mutex::default() }
    }
}

impl Inputs {
    /// Gives `var` the value of a matrix.
    pub fn set_matrix(&mut self, var: &Var, matrix: &Matrix) {
        if let Some(BoundValue { matrix: Some(held), .. }) = self.bound.get(var)
            && same_object(held, matrix)
        {
            return;
        }
        self.insert(var, Some(matrix.clone()), Data::Held(Value::of(matrix)));
    }

    /// Gives `var` a value whose rows are read where they are needed. A plan that reads it otherwise than by rows holds
    /// all of it for a while.
    pub fn set_source(&mut self, var: &Var, source: Arc<dyn RowSource>) {
        self.insert(var, None, Data::Source(source));
    }

    /// Gives `var` a value.
    pub fn set(&mut self, var: &Var, value: Value) {
        self.insert(var, None, Data::Held(value));
    }

    /// The value of `var`, if it has one.
    pub(crate) fn get(&self, var: &Var) -> Option<Value> {
        self.bound.get(var).and_then(|bound| bound.data.clone().into_held())
    }

    /// Takes a value away from `var`, which has none then.
    pub(crate) fn take(&mut self, var: &Var) -> Option<Value> {
        self.bound.remove(var).and_then(|bound| bound.data.into_held())
    }

    fn insert(&mut self, var: &Var, matrix: Option<Matrix>, data: Data) {
        self.changes += 1;
        let (other, observed) = (OnceLock::new(), OnceLock::new());
        let old = self.bound.insert(var.clone(), BoundValue { version: self.changes, matrix, data, other, observed });
        let retired = self.retired.get_mut().unwrap_or_else(PoisonError::into_inner);
        // What no plan asks for is let go.
        retired.truncate(self.bound.len());
        retired.extend(old.and_then(|old| old.data.into_held()));
    }

    /// The values of a type that were replaced since this was last asked.
    pub(in crate::run) fn retired<T: Numbers>(&self) -> Vec<Held<T>> {
        let mut retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        let (own, others) = std::mem::take(&mut *retired).into_iter().partition(|value| value.dtype() == T::DTYPE);
        *retired = others;
        own.into_iter().map(|value: Value| value.cast()).collect()
    }

    /// A number that changes with the value of `var`; 0 where it has none.
    pub(in crate::run) fn version(&self, var: &Var) -> u64 {
        self.bound.get(var).map_or(0, |bound| bound.version)
    }

    /// Whether `var` is dense data with missing entries.
    pub(crate) fn has_missing(&self, var: &Var) -> bool {
        self.bound.get(var).is_some_and(|bound| match &bound.data {
            Data::Held(_) => bound.matrix.as_ref().is_some_and(|matrix| matrix.missing() > 0),
            Data::Source(source) => source.missing() > 0,
        })
    }

    /// What hands over the rows of `var`, where they are not held here.
    pub(in crate::run) fn source(&self, var: &Var) -> Option<&Arc<dyn RowSource>> {
        match &self.bound.get(var)?.data {
            Data::Held(_) => None,
            Data::Source(source) => Some(source),
        }
    }

    /// Dense data as it was given, `NaN` where an entry is missing.
    ///
    /// # Errors
    /// `Bug` where it was never set.
    pub(in crate::run) fn raw<T: Numbers>(&self, var: &Var) -> Result<Rect<T>> {
        self.held(self.bound(var)?).map(|held| held.to_rect())
    }

    /// The value of `var`, in numbers of type `T`; missing entries read as zero.
    ///
    /// # Errors
    /// `Bug` where it was never set.
    pub(in crate::run) fn value<T: Numbers>(&self, var: &Var) -> Result<Held<T>> {
        if self.has_missing(var) {
            return Ok(Held::Dense(MissingRead::Entries.all(&self.raw(var)?)));
        }
        self.held(self.bound(var)?)
    }

    /// A value as it was given, `NaN` where an entry is missing.
    fn held<T: Numbers>(&self, bound: &BoundValue) -> Result<Held<T>> {
        match &bound.data {
            Data::Source(source) => Ok(Value::of(&collect(&**source)?).cast()),
            Data::Held(value) if value.dtype() == T::DTYPE => Ok(value.cast()),
            Data::Held(value) => Ok(bound.other.get_or_init(|| T::value(value.cast())).cast()),
        }
    }

    /// 1 where `var` has an entry, 0 where it has none.
    ///
    /// # Errors
    /// `Bug` where it was never set.
    pub(in crate::run) fn observed<T: Numbers>(&self, var: &Var) -> Result<Held<T>> {
        let bound = self.bound(var)?;
        let mask = |matrix: Option<&Matrix>, value: &Value| {
            T::value(matrix.map_or_else(|| value.cast().everywhere(), Held::observed))
        };
        Ok(match &bound.data {
            Data::Source(source) => Held::observed(&collect(&**source)?),
            Data::Held(value) => bound.observed.get_or_init(|| mask(bound.matrix.as_ref(), value)).cast(),
        })
    }

    /// The cut of the rows of `var`, in a plan that computes in numbers of type `dtype`: blocks of dense rows.
    pub(in crate::run) fn cut(&self, var: &Var, dtype: Dtype) -> Option<Cut> {
        let bound = self.bound.get(var)?;
        let (shape, is_sparse, shards) = match (&bound.data, &bound.matrix) {
            (Data::Source(source), _) => {
                (Shape { rows: source.shape().0, cols: source.shape().1 }, source.is_sparse(), source.shards().clone())
            }
            (Data::Held(value), Some(matrix)) => (value.shape(), value.is_sparse(), matrix.shards().clone()),
            (Data::Held(value), None) => (value.shape(), value.is_sparse(), value.shards()),
        };
        let Shape { rows, cols } = shape;
        let height = match is_sparse {
            true => sparse_rows(rows),
            false => even_height(rows.div_ceil(shards.count()), block_rows(cols, dtype)),
        };
        Some(Cut::in_blocks(shards, height))
    }

    fn bound(&self, var: &Var) -> Result<&BoundValue> {
        self.bound.get(var).ok_or_else(|| Error::Bug(format!("{} was given no value", var.name())))
    }
}

/// Rows of a block of sparse data of so many rows: as many blocks as keep all threads busy.
fn sparse_rows(rows: usize) -> usize {
    rows.div_ceil(BLOCKS).max(LEAST_ROWS)
}

fn same_object(a: &Matrix, b: &Matrix) -> bool {
    match (a.storage(), b.storage()) {
        (Storage::DenseF32(a), Storage::DenseF32(b)) => a.is_same(b),
        (Storage::DenseF64(a), Storage::DenseF64(b)) => a.is_same(b),
        (Storage::SparseF32(a), Storage::SparseF32(b)) => Arc::ptr_eq(a, b),
        (Storage::SparseF64(a), Storage::SparseF64(b)) => Arc::ptr_eq(a, b),
        (_, _) => false,
    }
}
