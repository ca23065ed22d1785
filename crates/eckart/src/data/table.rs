//! Table: a matrix with names.
//! In: a matrix, names of its rows and columns.  Out: `Table`.
//! Invariant: a name is a text as its file has it; only columns that nobody counted are added, and that is said.
//! Not here: names in files of their own (see `names`).

use super::{Ids, Matrix, Side};
use crate::error::{Code, Result, Warning};

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

    /// Whether it may have more columns than it shows: an SVMlight text tells no more of them than the last that has an
    /// entry, those after it are zeros.
    pub fn has_open_columns(&self) -> bool {
        self.col_names.is_none() && self.reading.as_ref().is_some_and(|reading| reading.starts_with("SVMlight"))
    }

    /// The same with columns of zeros after its last, up to `cols`, where it [may have
    /// more](Table::has_open_columns); `reading` says so. Any other table as it is.
    ///
    /// # Errors
    /// `Data` where there are too many.
    pub fn widened(self, cols: usize) -> Result<Self> {
        let own = self.matrix.cols();
        if own >= cols || !self.has_open_columns() {
            return Ok(self);
        }
        let said = format!("; {}, and zeros up to column {cols}", with_entries(own));
        let matrix = widened(&self.matrix, cols)?;
        Ok(Self { matrix, reading: self.reading.map(|reading| reading + &said), ..self })
    }
}

/// A matrix with columns of zeros after its last, up to `cols`.
///
/// # Errors
/// `Data` where there are too many.
pub(crate) fn widened(matrix: &Matrix, cols: usize) -> Result<Matrix> {
    let own = matrix.cols();
    let from: Vec<Option<usize>> = (0..cols).map(|at| Some(at).filter(|&at| at < own)).collect();
    matrix.pick(Side::Cols, &from, 0.0)
}

/// That a matrix has columns of zeros after its last, up to `cols`.
pub(crate) fn told_of_zeros(of: &str, own: usize, cols: usize) -> Warning {
    let own = with_entries(own);
    let message = format!("{of} has {own}, and zeros up to column {cols}: an SVMlight file tells no more of them");
    Warning::new(Code::NamesLacking, message)
}

fn with_entries(cols: usize) -> String {
    format!("{cols} column{} with entries", if cols == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_columns_that_nobody_counted_are_added() {
        let matrix = Matrix::from_triplets(2, 2, vec![(0, 0, 1.0), (1, 1, 2.0)]).unwrap();
        let open = Table { reading: Some("SVMlight; no labels".into()), ..(&matrix).into() };
        let wide = open.clone().widened(4).unwrap();
        assert_eq!((wide.matrix.shape(), wide.matrix.to_dense_f64()), ((2, 4), vec![1., 0., 0., 0., 0., 2., 0., 0.]));
        assert_eq!(wide.reading.unwrap(), "SVMlight; no labels; 2 columns with entries, and zeros up to column 4");
        assert_eq!(open.clone().widened(1).unwrap().matrix.cols(), 2);
        let named = Table { col_names: Some(vec!["a".into(), "b".into()]), ..open };
        assert_eq!(named.widened(4).unwrap().matrix.cols(), 2);
        assert_eq!(Table::from(matrix).widened(4).unwrap().matrix.cols(), 2);
    }
}
