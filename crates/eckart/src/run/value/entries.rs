//! Entries: the stored entries of some rows of a pattern.
//! In: a pattern, numbers.  Out: `Entries`: cut by rows, transposed, written out.
//! Invariant: a pattern is shared, never copied, but where some of its rows become a matrix of their own.
//! Not here: which entries are stored (see `data`).

use std::ops::Range;
use std::sync::Arc;

use eckart_kernels::Csr;

use super::rect::Rect;
use super::shared_slice::{SharedSlice, cast};
use crate::data::{Pattern, Real, Sparse};
use crate::facts::Shape;

/// Some rows of a pattern, and a number for each of their stored entries.
#[derive(Debug, Clone)]
pub(crate) struct Entries<T> {
    pub(crate) pattern: Arc<Pattern>,
    pub(crate) rows: Range<usize>,
    pub(crate) values: SharedSlice<T>,
    /// The matrix whose rows they are, where its transpose is worth making.
    pub(crate) whole: Option<Arc<Sparse<T>>>,
}

impl<T: Real> Entries<T> {
    /// Numbers for all rows of a pattern.
    pub(crate) fn on(pattern: Arc<Pattern>, values: impl Into<SharedSlice<T>>) -> Self {
        let rows = 0..pattern.rows();
        Self { pattern, rows, values: values.into(), whole: None }
    }

    /// Other numbers at the same places.
    pub(crate) fn with(&self, values: impl Into<SharedSlice<T>>) -> Self {
        let values = values.into();
        debug_assert_eq!(values.len(), self.values.len());
        Self { pattern: self.pattern.clone(), rows: self.rows.clone(), values, whole: None }
    }

    pub(crate) fn cut(&self, rows: Range<usize>) -> Self {
        let at = |row: usize| self.pattern.indptr()[self.rows.start + row] - self.pattern.indptr()[self.rows.start];
        Self {
            pattern: self.pattern.clone(),
            rows: self.rows.start + rows.start..self.rows.start + rows.end,
            values: self.values.cut(at(rows.start)..at(rows.end)),
            whole: None,
        }
    }

    pub(crate) fn shape(&self) -> Shape {
        Shape { rows: self.rows.len(), cols: self.pattern.cols() }
    }

    /// The row pointers, which count from `indptr()[0]`.
    pub(crate) fn indptr(&self) -> &[usize] {
        &self.pattern.indptr()[self.rows.start..=self.rows.end]
    }

    /// The columns.
    pub(crate) fn indices(&self) -> &[u32] {
        let indptr = self.indptr();
        &self.pattern.indices()[indptr[0]..indptr[indptr.len() - 1]]
    }

    /// The positions of row i's entries in `indices` and `values`.
    pub(crate) fn range(&self, i: usize) -> Range<usize> {
        let indptr = self.indptr();
        indptr[i] - indptr[0]..indptr[i + 1] - indptr[0]
    }

    /// Entry (i, j), or zero.
    pub(in crate::run) fn get(&self, i: usize, j: usize) -> T {
        let found = self.pattern.find(self.rows.start + i, j);
        found.map_or(T::default(), |at| self.values[at - self.indptr()[0]])
    }

    /// Some of the rows, as kernels take them.
    pub(crate) fn csr(&self, rows: Range<usize>) -> Csr<'_, T> {
        let (from, to) = (self.range_from(rows.start), self.range_from(rows.end));
        Csr {
            indptr: &self.indptr()[rows.start..=rows.end],
            indices: &self.indices()[from..to],
            values: &self.values[from..to],
        }
    }

    fn range_from(&self, row: usize) -> usize {
        self.indptr()[row] - self.indptr()[0]
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.rows == (0..self.pattern.rows())
    }

    /// The transpose: kept with the matrix where it is data.
    pub(crate) fn transposed(&self) -> Self {
        let of = |sparse: &Sparse<T>| {
            let transposed = sparse.transposed();
            Self::on(transposed.pattern().clone(), SharedSlice::of(transposed.shared_values().clone()))
        };
        match &self.whole {
            Some(whole) if self.is_whole() => of(whole),
            _ => of(&self.to_sparse()),
        }
    }

    /// As a matrix of its own.
    pub(crate) fn to_sparse(&self) -> Sparse<T> {
        if self.is_whole() {
            return Sparse::shared(self.pattern.clone(), self.values.to_shared());
        }
        let first = self.indptr()[0];
        let indptr = self.indptr().iter().map(|at| at - first).collect();
        let pattern = Pattern::new(self.rows.len(), self.pattern.cols(), indptr, self.indices().to_vec());
        Sparse::new(Arc::new(pattern.expect("rows of a pattern are a pattern")), self.values.to_vec())
    }

    pub(crate) fn to_rect(&self) -> Rect<T> {
        let shape = self.shape();
        let mut out = vec![T::default(); shape.entries()];
        for i in 0..shape.rows {
            let range = self.range(i);
            for (&j, &x) in self.indices()[range.clone()].iter().zip(&self.values[range]) {
                out[i * shape.cols + j as usize] = x;
            }
        }
        Rect::new(shape, out)
    }

    pub(crate) fn cast<U: Real>(&self) -> Entries<U> {
        let any: &dyn std::any::Any = self;
        match any.downcast_ref::<Entries<U>>() {
            Some(same) => same.clone(),
            None => Entries {
                pattern: self.pattern.clone(),
                rows: self.rows.clone(),
                values: cast::<T, U>(&self.values).into(),
                whole: None,
            },
        }
    }
}
