//! Columns: new rows in the order of a model's columns.
//! In: a `Factorization`, a matrix, the names of its columns.  Out: the matrix put in order, and what to tell its
//! owner.
//! Invariant: what is left out, and what is lacking but does no harm, is said.
//! Not here: the order itself (see `data::align`).

use crate::data::align;
use crate::data::{Matrix, Side};
use crate::error::{Code, Error, Result, Warning};
use crate::solve::Factorization;

/// The rows of `x` (n' x m') in the order of the model's m columns, matched by name where both sides have names, and
/// warnings about what was left out and what was not there.
///
/// # Errors
/// `Data` as [`align`]; and where a dense `x` lacks columns of a model that is not of observed entries.
pub fn in_columns_of(model: &Factorization, x: &Matrix, names: Option<&[String]>) -> Result<(Matrix, Vec<Warning>)> {
    let mut told = Vec::new();
    let (Some(names), Some(wanted)) = (names, &model.col_names) else { return Ok((x.clone(), told)) };
    let aligned = align(x, Side::Cols, names, wanted)?;
    told.extend(aligned.says_unknown(Side::Cols));
    let says = |text: &str| aligned.says_lacking(Side::Cols, text);
    let warns = |text: &str| says(text).map(|message| Warning::new(Code::NamesLacking, message));
    if x.is_sparse() {
        told.extend(warns(", and count as not stored"));
    } else if model.statement.contains("observed(") {
        told.extend(warns(", and count as missing"));
    } else if let Some(lacking) = says("") {
        return Err(Error::data(
            Code::ColumnsMissing,
            lacking,
            "Give all columns, or a sparse matrix, in which what is not stored is 0",
        ));
    }
    Ok((aligned.matrix, told))
}
