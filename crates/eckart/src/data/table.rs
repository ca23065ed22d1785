//! Table: a matrix with names.
//! In: a matrix, names of its rows and columns.  Out: `Table`.
//! Invariant: a name is a text as its file has it.
//! Not here: names in files of their own (see `names`).

use super::{Ids, Matrix, Side};
use crate::error::Warning;

/// A matrix with the names of its rows and columns, where it has any.
#[derive(Debug, Clone)]
pub struct Table {
    /// The numbers.
    pub matrix: Matrix,
    /// One name per row, where the file has them.
    pub row_names: Option<Vec<String>>,
    /// One name per column, where the file has them.
    pub col_names: Option<Vec<String>>,
    /// The row names in the type in which the file has them, where that is no text: ids of a list that are all whole
    /// numbers. `row_names` are their texts.
    pub row_ids: Option<Ids>,
    /// The same of the column names.
    pub col_ids: Option<Ids>,
    /// How a text was understood, in one line: "list of entries; rows: user, columns: item, values: rating". `None` of
    /// formats that leave nothing to understand.
    pub reading: Option<String>,
    /// What was taken for something that it may not be.
    pub warnings: Vec<Warning>,
}

impl Table {
    /// A matrix with these names.
    pub fn named(matrix: Matrix, row_names: Option<Vec<String>>, col_names: Option<Vec<String>>) -> Self {
        let (row_ids, col_ids, reading) = (None, None, None);
        Self { matrix, row_names, col_names, row_ids, col_ids, reading, warnings: Vec::new() }
    }
}

impl From<Matrix> for Table {
    fn from(matrix: Matrix) -> Self {
        Self::named(matrix, None, None)
    }
}

impl From<&Matrix> for Table {
    fn from(matrix: &Matrix) -> Self {
        matrix.clone().into()
    }
}

impl From<&Table> for Table {
    fn from(table: &Table) -> Self {
        table.clone()
    }
}

impl Table {
    /// The names of its rows, or of its columns.
    pub fn names(&self, side: Side) -> Option<&[String]> {
        match side {
            Side::Rows => self.row_names.as_deref(),
            Side::Cols => self.col_names.as_deref(),
        }
    }
}
