//! Entries: the (row, column, number) of a file on their way to a sparse matrix.
//! In: entries in file order, each with its line.  Out: a sparse `Matrix`, rows sorted.
//! Invariant: each entry is stored once; a repeated one is refused by naming both lines, or settled as the reader
//! asked.
//! Not here: the text of an entry (see `mtx`, `triplets`).

use std::cmp::Ordering;
use std::sync::Arc;

use super::text::number::{Choice, narrow};
use crate::data::matrix::sparse::row_pointers;
use crate::data::memory::room_for_one;
use crate::data::{Dtype, Duplicates, Matrix, Pattern};
use crate::error::{Code, Error, Result};

/// A side may be this long whatever the file holds.
const FREE_SIDE: usize = 1 << 24;
/// A longer one needs an entry for every so many rows or columns.
const SPARSEST: usize = 64;

/// Entries as a file lists them, rows and columns counted from 0.
#[derive(Debug, Default)]
pub(in crate::data) struct EntryList {
    rows: Vec<u32>,
    cols: Vec<u32>,
    values: Vec<f64>,
    lines: LineRuns,
    /// For the mirror images of a symmetric file's entries, which come after all others: the entry they mirror.
    mirrored: Vec<usize>,
}

impl EntryList {
    /// Adds what stands on line `line`.
    ///
    /// # Errors
    /// `Data` where there is no memory for it.
    pub(in crate::data) fn push(&mut self, row: u32, col: u32, value: f64, line: u64) -> Result<()> {
        room_for_one(&mut self.rows)?;
        room_for_one(&mut self.cols)?;
        room_for_one(&mut self.values)?;
        self.lines.push(self.rows.len(), line)?;
        self.rows.push(row);
        self.cols.push(col);
        self.values.push(value);
        Ok(())
    }

    pub(in crate::data) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Gives row k the number `new[k]`.
    pub(in crate::data) fn renumber_rows(&mut self, new: &[u32]) {
        self.rows.iter_mut().for_each(|row| *row = new[*row as usize]);
    }

    /// Gives column k the number `new[k]`.
    pub(in crate::data) fn renumber_cols(&mut self, new: &[u32]) {
        self.cols.iter_mut().for_each(|col| *col = new[*col as usize]);
    }

    /// Adds the mirror image of every entry off the diagonal, its number times `sign`. Nothing is pushed after this.
    pub(in crate::data) fn mirror(&mut self, sign: f64) {
        for k in 0..self.len() {
            if self.rows[k] != self.cols[k] {
                self.rows.push(self.cols[k]);
                self.cols.push(self.rows[k]);
                self.values.push(sign * self.values[k]);
                self.mirrored.push(k);
            }
        }
    }

    /// The rows x cols matrix of these entries; `label(row, column)` names an entry in an error.
    pub(in crate::data) fn into_matrix(
        self,
        (rows, cols): (usize, usize),
        choice: Choice,
        duplicates: Duplicates,
        label: &dyn Fn(usize, usize) -> String,
    ) -> Result<Matrix> {
        for (what, side) in [("rows", rows), ("columns", cols)] {
            check_side(what, side, self.len())?;
        }
        let (indptr, indices, values) = self.compress(rows, duplicates, label)?;
        let pattern = Arc::new(Pattern::new(rows, cols, indptr, indices)?);
        match choice.of(&values) {
            Dtype::F64 => Matrix::with_pattern(pattern, values),
            Dtype::F32 => {
                let place = |at: usize| label(pattern.row_of(at), pattern.indices()[at] as usize);
                let values = narrow(&values, place)?;
                Matrix::with_pattern(pattern, values)
            }
        }
    }

    /// Row pointers, columns and numbers.
    fn compress(
        self,
        rows: usize,
        duplicates: Duplicates,
        label: &dyn Fn(usize, usize) -> String,
    ) -> Result<(Vec<usize>, Vec<u32>, Vec<f64>)> {
        let mut indptr = row_pointers(rows, self.rows.iter().map(|&row| row as usize));
        let sorted = (1..self.len())
            .all(|k| (self.rows[k - 1], self.cols[k - 1]).cmp(&(self.rows[k], self.cols[k])) == Ordering::Less);
        if sorted {
            return Ok((indptr, self.cols, self.values));
        }
        let order = self.row_order(&indptr);
        let mut indices = Vec::with_capacity(self.len());
        let mut values: Vec<f64> = Vec::with_capacity(self.len());
        for i in 0..rows {
            let range = indptr[i]..indptr[i + 1];
            indptr[i] = indices.len();
            for at in range.clone() {
                let k = order[at];
                let repeats = at > range.start && self.cols[order[at - 1]] == self.cols[k];
                match (repeats, duplicates) {
                    (false, _) => {
                        indices.push(self.cols[k]);
                        values.push(self.values[k]);
                    }
                    (true, Duplicates::Error) => return Err(self.repeated(order[at - 1], k, label)),
                    (true, Duplicates::Sum) => values[indices.len() - 1] += self.values[k],
                    (true, Duplicates::Last) => values[indices.len() - 1] = self.values[k],
                }
            }
        }
        indptr[rows] = indices.len();
        Ok((indptr, indices, values))
    }

    /// The entries row by row, within a row by column, within a place as the file has them.
    fn row_order(&self, indptr: &[usize]) -> Vec<usize> {
        let mut next = indptr.to_vec();
        let mut order = vec![0; self.len()];
        for (k, &row) in self.rows.iter().enumerate() {
            order[next[row as usize]] = k;
            next[row as usize] += 1;
        }
        let key = |k: usize| (self.cols[k], self.source(k));
        for i in 0..indptr.len() - 1 {
            let row = &mut order[indptr[i]..indptr[i + 1]];
            if !row.is_sorted_by_key(|&k| key(k)) {
                row.sort_unstable_by_key(|&k| key(k));
            }
        }
        order
    }

    /// The entry of the file behind entry k, which may be a mirror image.
    fn source(&self, k: usize) -> usize {
        let in_file = self.len() - self.mirrored.len();
        if k < in_file { k } else { self.mirrored[k - in_file] }
    }

    fn repeated(&self, first: usize, second: usize, label: &dyn Fn(usize, usize) -> String) -> Error {
        // Where a mirror image is in play, the place as the file writes it is that of the second entry's source.
        let (first, second) = (self.source(first), self.source(second));
        let place = label(self.rows[second] as usize, self.cols[second] as usize);
        let message = format!("the entry at {place} stands already on line {}", self.lines.line(first));
        Error::data(Code::DuplicateEntry, message, "Keep one of them, or set how duplicates are settled: sum, or last")
            .at_line(self.lines.line(second))
    }
}

/// Refuses a side that would cost memory out of all proportion to what the file holds.
pub(in crate::data) fn check_side(what: &str, side: usize, entries: usize) -> Result<()> {
    let too_long = side > u32::MAX as usize || (side > FREE_SIDE && side / SPARSEST > entries);
    if too_long {
        let message = format!("{side} {what} for {entries} entries: nearly all of them would be empty");
        return Err(Error::data(Code::NumberingGaps, message, format!("Number the {what} without gaps")));
    }
    Ok(())
}

/// The lines of entries, kept as runs of entries on successive lines.
#[derive(Debug, Default)]
struct LineRuns(Vec<(usize, u64)>);

impl LineRuns {
    fn push(&mut self, entry: usize, line: u64) -> Result<()> {
        let goes_on = self.0.last().is_some_and(|&(first, start)| start + (entry - first) as u64 == line);
        if !goes_on {
            room_for_one(&mut self.0)?;
            self.0.push((entry, line));
        }
        Ok(())
    }

    fn line(&self, entry: usize) -> u64 {
        let run = self.0.partition_point(|&(first, _)| first <= entry) - 1;
        let (first, start) = self.0[run];
        start + (entry - first) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::check_error;

    fn matrix(entries: &[(u32, u32, f64, u64)], mirror: bool, duplicates: Duplicates) -> Result<Matrix> {
        let mut all = EntryList::default();
        for &(i, j, v, line) in entries {
            all.push(i, j, v, line).unwrap();
        }
        if mirror {
            all.mirror(1.0);
        }
        let label = |i, j| format!("row {}, column {}", i + 1, j + 1);
        all.into_matrix((3, 3), Choice::IntegersToF32, duplicates, &label)
    }

    #[test]
    fn any_order_gives_the_same_matrix() {
        let sorted = [(0, 0, 1.0, 1), (0, 2, 2.0, 2), (2, 1, 3.0, 3)];
        let mut reversed = sorted;
        reversed.reverse();
        let a = matrix(&sorted, false, Duplicates::Error).unwrap().to_dense_f64();
        assert_eq!(a, [1.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 3.0, 0.0]);
        assert_eq!(a, matrix(&reversed, false, Duplicates::Error).unwrap().to_dense_f64());
    }

    #[test]
    fn duplicates_are_settled_as_asked() {
        let twice = [(1, 1, 1.0, 4), (0, 0, 9.0, 6), (1, 1, 5.0, 7)];
        let error = matrix(&twice, false, Duplicates::Error).unwrap_err();
        check_error(&error, Code::DuplicateEntry, "line 7: the entry at row 2, column 2 stands already on line 4");
        assert_eq!(matrix(&twice, false, Duplicates::Sum).unwrap().get(1, 1), 6.0);
        assert_eq!(matrix(&twice, false, Duplicates::Last).unwrap().get(1, 1), 5.0);
        // Both halves of a symmetric matrix are given: its two sides are settled alike.
        let both = [(1, 0, 1.0, 4), (0, 1, 5.0, 5)];
        let last = matrix(&both, true, Duplicates::Last).unwrap();
        assert_eq!((last.get(0, 1), last.get(1, 0)), (5.0, 5.0));
        let error = matrix(&both, true, Duplicates::Error).unwrap_err();
        check_error(&error, Code::DuplicateEntry, "line 5: the entry at row 1, column 2 stands already on line 4");
    }
}
