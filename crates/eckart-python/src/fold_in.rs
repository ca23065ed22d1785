//! Fold in: the factors of rows that a model has not seen, as Python asks for them.
//! In: a `Factorization`, or an objective with the other factors held; then matrices.  Out: the rows' factors by name.
//! Invariant: the interpreter's lock is released while rows are solved.
//! Not here: how a row is solved (see the engine's `apply`).

use eckart::apply::new_rows_in_order;
use eckart::data::{Side, align};
use eckart::facts::Shape;
use eckart::{Code, Table};
use pyo3::prelude::*;

use crate::errors::{Told, raised, told};
use crate::factorization::Factorization;
use crate::matrix::Matrix;
use crate::search::problem::{Found, Stated, matching};
use crate::threads::released;

/// Matrices of an objective beside its data, by name.
type Beside<'py> = Vec<(String, Bound<'py, Matrix>)>;

/// New rows, what stands beside them, and sentences for whoever asked.
type Ordered = (Matrix, Vec<(String, Matrix)>, Vec<Told>);

/// A model, made ready to take in new rows.
#[pyclass(frozen, module = "eckart._eckart")]
pub(crate) struct FoldIn(eckart::FoldIn);

#[pymethods]
impl FoldIn {
    /// Of an objective whose other factors are held; `fitted` is the shape that `target` had when they were found.
    #[new]
    fn new(stated: Stated<'_>, target: &str, fitted: (usize, usize)) -> PyResult<Self> {
        let fitted = Shape { rows: fitted.0, cols: fitted.1 };
        let made = stated.problem().and_then(|problem| eckart::FoldIn::holding(&problem, target, fitted));
        made.map(Self).map_err(raised)
    }

    /// Of a model; of `beside`, what is the same for all of so many new rows is taken.
    #[staticmethod]
    fn of_model(model: &Factorization, beside: Beside<'_>, rows: usize) -> PyResult<Self> {
        let mut fold_in = eckart::FoldIn::new(&model.found).map_err(raised)?;
        for (name, matrix) in &beside {
            fold_in.check_name(name).map_err(raised)?;
            let matrix = &matrix.get().matrix;
            if !fold_in.reads_by_rows(name, matrix, rows) {
                fold_in = fold_in.data(name, matrix);
            }
        }
        Ok(Self(fold_in))
    }

    /// The factors of the rows of `x`; of `beside`, what has a row for each of them is taken.
    fn transform(&self, py: Python<'_>, x: &Bound<'_, Matrix>, beside: Beside<'_>) -> PyResult<Found> {
        let x = &x.get().matrix;
        let beside = beside.iter().map(|(name, matrix)| (name.as_str(), &matrix.get().matrix));
        let by_rows: Vec<_> = beside.filter(|(name, matrix)| self.0.reads_by_rows(name, matrix, x.rows())).collect();
        let found = released(py, || self.0.transform_with(x, &by_rows))?;
        let warnings = found.warnings().map(|warning| told(&warning)).collect();
        let factors = found.factors.into_iter().map(|(name, matrix)| (name, matrix.into()));
        Ok((factors.collect(), warnings))
    }
}

/// The columns of `x` that are called as those of a fit, in their order, with `fill` for what a dense `x` lacks; and
/// that some were left out, and that some are lacking, with `text` for what becomes of these.
#[pyfunction]
pub(crate) fn columns_in_order(
    x: &Bound<'_, Matrix>,
    of_fit: Vec<String>,
    fill: f64,
    text: &str,
) -> PyResult<(Matrix, Option<Told>, Option<Told>)> {
    let table = x.get().table();
    let names = table.names(Side::Cols).unwrap_or_default();
    let found = align(&table.matrix, Side::Cols, names, &of_fit, fill).map_err(raised)?;
    let lacking = found.says_lacking(Side::Cols, text).map(|message| (Code::NamesLacking.as_str(), message));
    let unknown = found.says_unknown(Side::Cols).as_ref().map(told);
    Ok((found.matrix.into(), unknown, lacking))
}

/// New rows of a model's data, and what stands beside them, in the order of its columns, matched by name; and what was
/// left out, lacking or matched by position.
#[pyfunction]
pub(crate) fn in_order(
    model: &Factorization,
    x: &Bound<'_, Matrix>,
    beside: Beside<'_>,
    by: &str,
) -> PyResult<Ordered> {
    let beside: Vec<(String, Table)> = beside.into_iter().map(|(name, matrix)| (name, matrix.get().table())).collect();
    let found = new_rows_in_order(&model.found, &x.get().table(), &beside, matching(by)).map_err(raised)?;
    let told = found.warnings().iter().map(told).collect();
    let beside = found.beside.into_iter().map(|(name, matrix)| (name, matrix.into())).collect();
    Ok((found.matrix.into(), beside, told))
}
