//! Table: a matrix with names.
//! In: a matrix, names of its rows and columns.  Out: `Table`.
//! Invariant: a name is a text as its file has it.
//! Not here: names in files of their own (see `names`), their types (see `Ids`).

use super::Matrix;

/// A matrix with the names of its rows and columns, as a file gave them.
#[derive(Debug, Clone)]
pub struct Table {
    /// The numbers.
    pub matrix: Matrix,
    /// One name per row, where the file has them.
    pub row_names: Option<Vec<String>>,
    /// One name per column, where the file has them.
    pub col_names: Option<Vec<String>>,
}

impl From<Matrix> for Table {
    fn from(matrix: Matrix) -> Self {
        Self { matrix, row_names: None, col_names: None }
    }
}
