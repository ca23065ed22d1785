//! View: a matrix in a slice, by its sides and strides.
//! In: numbers.  Out: the same numbers, seen as a matrix, its transpose or some of its columns.
//! Invariant: nothing is copied.
//! Not here: what is computed of it (see `product`, `panel`).

use crate::number::Number;

/// A strided view of `rows` x `cols` numbers.
#[derive(Debug, Clone, Copy)]
pub struct View<'a, T = f64> {
    pub(crate) data: &'a [T],
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) row_stride: usize,
    pub(crate) col_stride: usize,
}

impl<'a, T: Number> View<'a, T> {
    /// Row-major numbers, `cols` per row.
    pub fn rows_of(data: &'a [T], cols: usize) -> Self {
        Self { data, rows: data.len() / cols.max(1), cols, row_stride: cols, col_stride: 1 }
    }

    /// How many columns it has.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// The transpose of the same numbers.
    pub fn transposed(self) -> Self {
        let (rows, cols, row_stride, col_stride) = (self.cols, self.rows, self.col_stride, self.row_stride);
        Self { data: self.data, rows, cols, row_stride, col_stride }
    }

    /// The transpose where `transpose`, else as it is.
    pub fn transposed_if(self, transpose: bool) -> Self {
        if transpose { self.transposed() } else { self }
    }

    /// Columns `from` to `from + cols` of row-major numbers.
    pub(crate) fn columns(self, from: usize, cols: usize) -> Self {
        Self { data: &self.data[from..], cols, ..self }
    }

    /// The numbers of row-major rows that follow one another without a gap.
    ///
    /// # Panics
    /// Where the view is another.
    pub fn whole_rows(self) -> &'a [T] {
        let Self { data, rows, cols, row_stride, col_stride } = self;
        assert!(col_stride == 1 && row_stride == cols && data.len() == rows * cols, "whole rows");
        data
    }

    /// Whether all entries lie among the numbers.
    pub(crate) fn is_inside(&self) -> bool {
        let last = self.rows.saturating_sub(1) * self.row_stride + self.cols.saturating_sub(1) * self.col_stride;
        self.rows * self.cols == 0 || last < self.data.len()
    }
}
