//! Sparse: compressed rows, with the transpose made once when it is asked for.
//! In: row pointers, columns, numbers.  Out: `Pattern` (where) and `Sparse` (where and what).
//! Invariant: within a row columns strictly increase; a transpose holds the same numbers, so the two never disagree.
//! Not here: products (see `run`).

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use eckart_kernels::Number;

use super::array::Array;
use super::shards::Shards;
use crate::error::{Code, Error, Result};

/// Which entries of an n x m matrix are stored, row by row.
#[derive(Debug)]
pub struct Pattern {
    rows: usize,
    cols: usize,
    indptr: Vec<usize>,
    indices: Array<u32>,
    shards: Shards,
    transposed: OnceLock<Arc<Pattern>>,
}

impl Pattern {
    /// A pattern from compressed rows.
    ///
    /// # Errors
    /// `Data` where the arrays don't fit together or a column is out of range or out of order.
    pub fn new(rows: usize, cols: usize, indptr: Vec<usize>, indices: Vec<u32>) -> Result<Self> {
        Self::of_array(rows, cols, indptr, indices.into())
    }

    /// As [`Pattern::new`], from columns that others may hold: they are not copied.
    ///
    /// # Errors
    /// As there.
    pub fn of_array(rows: usize, cols: usize, indptr: Vec<usize>, indices: Array<u32>) -> Result<Self> {
        let help = "Give n + 1 increasing row pointers, and within a row strictly increasing columns, counted from 0";
        if cols > u32::MAX as usize {
            let message = format!("{cols} columns are more than a sparse matrix can have");
            return Err(Error::data(Code::TooLarge, message, "Transpose it"));
        }
        let fits = indptr.len() == rows + 1
            && indptr[0] == 0
            && indptr[rows] == indices.len()
            && indptr.windows(2).all(|p| p[0] <= p[1]);
        if !fits {
            return Err(Error::data(Code::BadPattern, "the row pointers don't fit the columns", help));
        }
        for i in 0..rows {
            let row = &indices[indptr[i]..indptr[i + 1]];
            if row.windows(2).any(|p| p[0] >= p[1]) {
                let message = format!("the columns of row {} are out of order or repeat", i + 1);
                return Err(Error::data(Code::BadPattern, message, help));
            }
            if row.last().is_some_and(|&j| j as usize >= cols) {
                let message = format!("a column of row {} lies outside {cols} columns", i + 1);
                return Err(Error::data(Code::IndexOutOfRange, message, help));
            }
        }
        Ok(Self::valid(cols, indptr, indices))
    }

    fn valid(cols: usize, indptr: Vec<usize>, indices: Array<u32>) -> Self {
        let (rows, shards) = (indptr.len() - 1, Shards::of_pattern(&indptr, cols));
        Self { rows, cols, indptr, indices, shards, transposed: OnceLock::new() }
    }

    /// A pattern of any number of rows in the place of one that is not at hand: it has no entries, and holds no rows.
    pub(super) fn assumed(rows: usize, cols: usize) -> Self {
        let (indptr, shards) = (vec![0], Shards::even(rows, 1));
        Self { rows, cols, indptr, indices: Vec::new().into(), shards, transposed: OnceLock::new() }
    }

    /// The number of rows, n.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns, m.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// How many entries are stored.
    pub fn nnz(&self) -> usize {
        self.indices.len()
    }

    /// The n + 1 row pointers.
    pub fn indptr(&self) -> &[usize] {
        &self.indptr
    }

    /// The columns, row after row.
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }

    /// The positions of row i's entries.
    pub fn range(&self, i: usize) -> Range<usize> {
        self.indptr[i]..self.indptr[i + 1]
    }

    /// The row of the entry at position `at`.
    pub fn row_of(&self, at: usize) -> usize {
        self.indptr.partition_point(|&p| p <= at) - 1
    }

    /// The position of entry (i, j), where it is stored.
    pub fn find(&self, i: usize, j: usize) -> Option<usize> {
        let range = self.range(i);
        let found = self.indices[range.clone()].binary_search(&u32::try_from(j).ok()?).ok()?;
        Some(range.start + found)
    }

    /// The cut into blocks of rows.
    pub fn shards(&self) -> &Shards {
        &self.shards
    }

    /// Bytes held, without the transpose.
    pub fn bytes(&self) -> usize {
        self.indptr.len() * size_of::<usize>() + self.indices.len() * size_of::<u32>()
    }

    /// The pattern of the transpose. Made once and kept.
    pub fn transposed(&self) -> &Arc<Pattern> {
        self.transposed.get_or_init(|| {
            let indptr = row_pointers(self.cols, self.indices.iter().map(|&j| j as usize));
            let mut indices = vec![0; self.nnz()];
            self.walk_transposed(&indptr, |slot, i, _| indices[slot] = i as u32);
            Arc::new(Self::valid(self.rows, indptr, indices.into()))
        })
    }

    /// Calls `visit` with each entry's position in the transpose (whose row pointers are given), its row, and its
    /// position here.
    fn walk_transposed(&self, indptr: &[usize], mut visit: impl FnMut(usize, usize, usize)) {
        let mut next = indptr[..self.cols].to_vec();
        for i in 0..self.rows {
            for at in self.range(i) {
                let slot = &mut next[self.indices[at] as usize];
                visit(*slot, i, at);
                *slot += 1;
            }
        }
    }
}

/// The row pointers of entries in these of `rows` rows.
pub(in crate::data) fn row_pointers(rows: usize, entries: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut indptr = vec![0; rows + 1];
    entries.for_each(|i| indptr[i + 1] += 1);
    for i in 0..rows {
        indptr[i + 1] += indptr[i];
    }
    indptr
}

/// A sparse matrix: a pattern (which others may share) and one number per stored entry.
#[derive(Debug)]
pub struct Sparse<T> {
    pattern: Arc<Pattern>,
    values: Array<T>,
    transposed: OnceLock<Box<Sparse<T>>>,
}

impl<T: Number> Sparse<T> {
    pub(crate) fn new(pattern: Arc<Pattern>, values: impl Into<Array<T>>) -> Self {
        Self::shared(pattern, values.into())
    }

    pub(crate) fn shared(pattern: Arc<Pattern>, values: Array<T>) -> Self {
        debug_assert_eq!(pattern.nnz(), values.len());
        Self { pattern, values, transposed: OnceLock::new() }
    }

    /// Where the entries are.
    pub fn pattern(&self) -> &Arc<Pattern> {
        &self.pattern
    }

    /// What they are, in the pattern's order.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    pub(crate) fn shared_values(&self) -> &Array<T> {
        &self.values
    }

    /// Entry (i, j), or zero.
    pub fn get(&self, i: usize, j: usize) -> T {
        self.pattern.find(i, j).map_or(T::from_f64(0.0), |at| self.values[at])
    }

    /// The transpose, m x n. Made once and kept; where all numbers are the same, as those of a mask are, it shares
    /// them.
    pub fn transposed(&self) -> &Self {
        self.transposed.get_or_init(|| {
            let pattern = self.pattern.transposed();
            if self.values.iter().all(|x| *x == self.values[0]) {
                return Box::new(Self::shared(pattern.clone(), self.values.clone()));
            }
            let mut values = self.values.to_vec();
            self.pattern.walk_transposed(pattern.indptr(), |slot, _, at| values[slot] = self.values[at]);
            Box::new(Self::new(pattern.clone(), values))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposing_twice_is_the_same() {
        let pattern = Pattern::new(3, 4, vec![0, 2, 2, 4], vec![1, 3, 0, 3]).unwrap();
        let x = Sparse::new(Arc::new(pattern), vec![1.0, 2.0, 3.0, 4.0]);
        let t = x.transposed();
        assert_eq!((t.get(3, 0), t.get(0, 2), t.get(1, 1)), (2.0, 3.0, 0.0));
        assert_eq!(t.transposed().values(), x.values());
        assert_eq!(t.transposed().pattern().indices(), x.pattern().indices());
    }

    #[test]
    fn rows_are_found() {
        let pattern = Pattern::new(3, 4, vec![0, 2, 2, 4], vec![1, 3, 0, 3]).unwrap();
        assert_eq!([0, 1, 2, 3].map(|at| pattern.row_of(at)), [0, 0, 2, 2]);
    }
}
