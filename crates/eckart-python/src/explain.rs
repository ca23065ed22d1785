//! Explain: what a search would run; and the lists of models and methods.
//! In: a problem as Python states it.  Out: `Explanation`: the library's, as text, JSON and HTML.
//! Invariant: what is shown is what a search would run.
//! Not here: what it says (see the library's `explain`).

use eckart::Explanation;
use eckart::model::MODELS;
use eckart::solve::METHODS;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::{printed, raised};
use crate::search::problem::Stated;
use crate::search::settings::settings_of;

/// What a search would run: shapes, method, memory, the plans. ``str()`` is for people, ``to_json()`` for programs.
#[pyclass(frozen, name = "Explanation", module = "eckart")]
pub(crate) struct PyExplanation(Explanation);

#[pymethods]
impl PyExplanation {
    fn __str__(&self) -> String {
        printed(&self.0.to_string())
    }

    fn __repr__(&self) -> String {
        self.__str__()
    }

    /// One JSON object: a member per section, and a list of plans; bytes, operations and seconds are numbers.
    fn to_json(&self) -> String {
        self.0.to_json()
    }

    /// A ``section`` element per section.
    fn to_html(&self) -> String {
        self.0.to_html()
    }

    fn _repr_html_(&self) -> String {
        self.0.to_html()
    }
}

/// What a search would run.
#[pyfunction]
pub(crate) fn explain(py: Python<'_>, stated: Stated<'_>, given: &Bound<'_, PyDict>) -> PyResult<PyExplanation> {
    let (problem, settings) = (stated.problem().map_err(raised)?, settings_of(given)?);
    py.detach(|| problem.explain(&settings)).map(PyExplanation).map_err(raised)
}

/// A named objective: name, summary, statement, numbers.
type ModelRow = (&'static str, &'static str, &'static str, Vec<(&'static str, f64)>);

/// The named objectives.
#[pyfunction]
pub(crate) fn models() -> Vec<ModelRow> {
    MODELS.iter().map(|model| (model.name, model.summary, model.statement, model.params.to_vec())).collect()
}

/// The methods: name and summary.
#[pyfunction]
pub(crate) fn methods() -> Vec<(&'static str, &'static str)> {
    METHODS.iter().map(|row| (row.name, row.summary)).collect()
}
