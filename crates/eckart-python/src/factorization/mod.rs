//! Factorization: what a search found, as Python holds it.
//! In: the engine's `Factorization`.  Out: its parts as Python's and NumPy's values; files and bytes.
//! Invariant: files and bytes are those of the command; what is read back is what was written.
//! Not here: attributes by the names of factors, and how it looks in a notebook (see
//! `python/eckart/_factorization.py`).

pub(crate) mod names;

use std::collections::BTreeMap;
use std::path::PathBuf;

use eckart::apply::Predictor;
use eckart::solve::{FactorAxis, FactorRole};
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::errors::{Told, raised, told};
use crate::matrix::Matrix;
use crate::threads::released;
use names::{Names, typed};

/// The best factors of a search, and how they were found.
#[pyclass(frozen, module = "eckart._eckart")]
pub(crate) struct Factorization {
    pub(crate) found: eckart::Factorization,
}

impl From<eckart::Factorization> for Factorization {
    fn from(found: eckart::Factorization) -> Self {
        Self { found }
    }
}

#[pymethods]
impl Factorization {
    /// Reads a model file.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        py.detach(|| eckart::Factorization::load(path)).map(Self::from).map_err(raised)
    }

    /// Reads the bytes of a model file.
    #[staticmethod]
    fn from_bytes(bytes: &[u8]) -> PyResult<Self> {
        eckart::Factorization::from_bytes(bytes).map(Self::from).map_err(raised)
    }

    /// The factor of that name with the names of the data's rows and columns that it belongs to.
    fn table(&self, name: &str) -> Option<Matrix> {
        self.found.table(name).map(Matrix::from)
    }

    /// What the objective compares the data with, for rows that have these factors.
    fn predicted(&self, py: Python<'_>, factors: Vec<(String, Bound<'_, Matrix>)>) -> PyResult<Matrix> {
        let factors: Vec<_> =
            factors.iter().map(|(name, matrix)| (name.clone(), matrix.get().matrix.clone())).collect();
        released(py, || Predictor::new(&self.found)?.of(&factors)).map(Matrix::from)
    }

    /// Writes a model file.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        py.detach(|| self.found.save(path)).map_err(raised)
    }

    /// The bytes of a model file.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.found.to_bytes().map_err(raised)?))
    }

    /// The same with the names of the data's rows and columns.
    fn named(&self, row_names: Option<Names<'_>>, col_names: Option<Names<'_>>) -> PyResult<Self> {
        let mut found = self.found.clone();
        found.name_rows(row_names.map(Names::into_ids).transpose()?);
        found.name_cols(col_names.map(Names::into_ids).transpose()?);
        Ok(found.into())
    }

    #[getter]
    fn factors(&self) -> Vec<(String, Matrix)> {
        self.found.factors.iter().map(|(name, matrix)| (name.clone(), matrix.clone().into())).collect()
    }

    #[getter]
    fn objective(&self) -> &str {
        &self.found.statement
    }

    #[getter]
    fn params(&self) -> BTreeMap<String, f64> {
        self.found.params.clone()
    }

    #[getter]
    fn target(&self) -> &str {
        &self.found.target
    }

    #[getter]
    fn rank(&self) -> usize {
        self.found.rank
    }

    #[getter]
    fn seed(&self) -> u64 {
        self.found.seed
    }

    #[getter]
    fn method(&self) -> &str {
        &self.found.method
    }

    #[getter]
    fn ways(&self) -> Vec<String> {
        self.found.ways.clone()
    }

    #[getter]
    fn warnings(&self) -> Vec<Told> {
        self.found.warnings.iter().map(told).collect()
    }

    /// Why the last checkpoint could not be written, where it could not.
    #[getter]
    fn checkpoint_error(&self) -> Option<Told> {
        self.found.checkpoint_error.as_ref().map(told)
    }

    /// That the search diverged, or ended before it converged, where it did.
    #[getter]
    fn ended_early(&self) -> Option<Told> {
        self.found.ended_early().as_ref().map(told)
    }

    #[getter]
    fn cost(&self) -> f64 {
        self.found.cost
    }

    #[getter]
    fn best(&self) -> usize {
        self.found.best
    }

    #[getter]
    fn seconds(&self) -> f64 {
        self.found.seconds
    }

    #[getter]
    fn stop_reason(&self) -> &'static str {
        self.found.stop_reason().name()
    }

    #[getter]
    fn row_names(&self) -> Option<Vec<String>> {
        self.found.row_names.clone()
    }

    #[getter]
    fn col_names(&self) -> Option<Vec<String>> {
        self.found.col_names.clone()
    }

    /// The type and the numbers of row names that are no texts.
    #[getter]
    fn row_ids<'py>(&self, py: Python<'py>) -> Option<(String, Bound<'py, PyAny>)> {
        typed(py, self.found.row_ids.as_ref())
    }

    /// The same of column names.
    #[getter]
    fn col_ids<'py>(&self, py: Python<'py>) -> Option<(String, Bound<'py, PyAny>)> {
        typed(py, self.found.col_ids.as_ref())
    }

    /// For each factor the lines of the data that it belongs to, and which of its own are components.
    #[getter]
    fn roles(&self) -> Vec<(String, &'static str, Option<&'static str>)> {
        let role =
            |(name, role): &(String, FactorRole)| (name.clone(), role.of.name(), role.components.map(FactorAxis::name));
        self.found.roles.iter().map(role).collect()
    }

    /// For each factor whose components a given factor named, their names.
    #[getter]
    fn component_names(&self) -> Vec<(String, Vec<String>)> {
        let own = |(name, _): &(String, FactorRole)| Some((name.clone(), self.found.components_of(name)?.to_vec()));
        self.found.roles.iter().filter_map(own).collect()
    }

    /// The version of the arithmetic that computed the factors, and the registers, where that is known.
    #[getter]
    fn numerics(&self) -> (u32, Option<String>) {
        (self.found.numerics.version, self.found.numerics.registers.clone())
    }

    /// The figures of how well the factors explain the data.
    fn quality<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let Some(quality) = &self.found.quality else { return Ok(None) };
        let figures = PyDict::new(py);
        figures.set_item("reconstruction", &quality.reconstruction)?;
        figures.set_item("relative_error", quality.relative_error)?;
        figures.set_item("explained", quality.explained)?;
        figures.set_item("rmse", quality.rmse)?;
        figures.set_item("observed_only", quality.observed_only)?;
        quality.weights.iter().try_for_each(|weights| figures.set_item("weights", weights))?;
        Ok(Some(figures))
    }

    /// Of each start: cost, iterations, reason, seconds, the residual of each factor by its name, and an array with the
    /// cost and the seconds after each iteration.
    fn starts<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let shown = |start: &eckart::solve::Start| {
            let steps: Vec<f64> = start.history.iter().flat_map(|step| [step.cost, step.seconds]).collect();
            let steps: Bound<'py, PyArray2<f64>> = PyArray1::from_vec(py, steps).reshape([start.history.len(), 2])?;
            let about = PyDict::new(py);
            about.set_item("cost", start.cost)?;
            about.set_item("iterations", start.iterations)?;
            about.set_item("stop_reason", start.stop.name())?;
            about.set_item("seconds", start.seconds)?;
            about.set_item("residuals", self.found.residuals(start))?;
            about.set_item("history", steps)?;
            Ok(about)
        };
        self.found.starts.iter().map(shown).collect()
    }
}

/// The factors by name of a model file, or of a file of factors alone, with their names.
#[pyfunction]
pub(crate) fn load_factors(py: Python<'_>, path: PathBuf) -> PyResult<Vec<(String, Matrix)>> {
    let found = py.detach(|| eckart::solve::load_factors(path)).map_err(raised)?;
    Ok(found.into_iter().map(|(name, table)| (name, table.into())).collect())
}

/// What is in a file, as a JSON object.
#[pyfunction]
pub(crate) fn show(py: Python<'_>, path: PathBuf) -> PyResult<String> {
    py.detach(|| eckart::solve::show(path)).map(|shown| shown.to_json()).map_err(raised)
}
