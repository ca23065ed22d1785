//! Compare: ranks, starts, and a page about a result, as Python asks for them.
//! In: a problem and ranks; a `Factorization` whose starts were kept, or its data.  Out: figures as dicts; a file.
//! Invariant: the interpreter's lock is released while the engine works.
//! Not here: how ranks and starts are compared (see the engine's `apply`), what is on a page (see its `report`).

use std::path::PathBuf;

use eckart::apply::{Validation, choose_rank as choose, consensus as agree, in_order_of};
use eckart::data::Side;
use eckart::report::{Look, Report};
use eckart::run::with_threads;
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::{Told, raised, told};
use crate::factorization::Factorization;
use crate::matrix::{Matrix, array_of};
use crate::search::problem::{Stated, matching};
use crate::search::settings::settings_of;
use crate::search::watch::interruptible;
use crate::threads::released;

/// The rank that the data bears best: of each the mean loss, its standard error and all losses. `share` is that of the
/// entries held out; without it ranks are compared by bi-cross-validation.
#[pyfunction]
pub(crate) fn choose_rank<'py>(
    py: Python<'py>,
    stated: Stated<'_>,
    given: &Bound<'_, PyDict>,
    ranks: Vec<usize>,
    share: Option<f64>,
    repeats: usize,
) -> PyResult<Bound<'py, PyDict>> {
    let (problem, settings) = (stated.problem().map_err(raised)?, settings_of(given)?);
    let way = share.map_or(Validation::Bcv, |share| Validation::HoldOut { share });
    let (interrupt, threads) = (settings.interrupt.clone(), settings.threads);
    let chosen = move || choose(&problem, &ranks, way, repeats, &settings, |_| ());
    let work = move || with_threads(threads, chosen).and_then(|done| done);
    let choice = interruptible(py, &interrupt, work)?;
    let scores = choice.scores.iter().map(|score| (score.rank, score.mean, score.error, score.losses.clone()));
    let found = PyDict::new(py);
    found.set_item("rank", choice.chosen)?;
    found.set_item("warnings", choice.warnings().iter().map(told).collect::<Vec<_>>())?;
    found.set_item("scores", scores.collect::<Vec<_>>())?;
    Ok(found)
}

/// How far the starts of a search agree, and on what.
#[pyfunction]
pub(crate) fn consensus<'py>(py: Python<'py>, model: &Factorization) -> PyResult<Bound<'py, PyDict>> {
    let found = released(py, || agree(&model.found))?;
    let agreement = &found.agreement;
    let about = PyDict::new(py);
    about.set_item("components", array_of(py, &found.components)?)?;
    about.set_item("stability", PyArray1::from_slice(py, &agreement.stability))?;
    about.set_item("cophenetic", agreement.cophenetic)?;
    about.set_item("matrix", array_of(py, &found.matrix)?)?;
    about.set_item("groups", &agreement.groups)?;
    about.set_item("of_columns", agreement.of_columns)?;
    about.set_item("sampled", &agreement.sampled)?;
    Ok(about)
}

/// How a page looks.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Looks {
    title: Option<String>,
    image: Option<(usize, usize)>,
    plot: String,
    by_rows: bool,
    /// What decides where the data and the model have names: `names` or `position`.
    matching: String,
}

/// Writes a page about a model; with its data, in the order of the model's rows and columns, also rows beside their
/// reconstructions, and with the starts that were kept what they agree on. Returns what is to be told.
#[pyfunction]
pub(crate) fn report(
    py: Python<'_>,
    model: &Factorization,
    path: PathBuf,
    data: Option<Bound<'_, Matrix>>,
    looks: Looks,
) -> PyResult<Vec<Told>> {
    let look = match (looks.image, looks.plot.as_str()) {
        (Some((height, width)), _) => Look::Images { height, width },
        (None, "words") => Look::Words,
        (None, "items") => Look::Items,
        (None, "profile") => Look::Profile,
        (None, _) => Look::Fitting,
    };
    let (by, found) = (matching(&looks.matching), &model.found);
    let data = data.map(|data| data.get().table());
    let warnings = released(py, || {
        let agreed = if found.kept.len() > 1 { Some(agree(found)?) } else { None };
        let in_order = data.as_ref().map(|data| in_order_of(found, data, &Side::BOTH, by)).transpose()?;
        let mut page = Report::new(found).look(look);
        page = in_order.iter().fold(page, |page, data| page.data(&data.matrix).lacking(data.lacking.clone()));
        // Its names are used where the model has none.
        let names = |side: Side| data.as_ref().and_then(|data| data.names(side)).map(<[String]>::to_vec);
        let (rows, cols) = (names(Side::Rows), names(Side::Cols));
        page = rows.filter(|_| found.row_names.is_none()).into_iter().fold(page, Report::row_names);
        page = cols.filter(|_| found.col_names.is_none()).into_iter().fold(page, Report::col_names);
        page = looks.title.into_iter().fold(page, Report::title);
        page = agreed.iter().fold(page, |page, agreed| page.consensus(agreed));
        if looks.by_rows {
            page = page.by_rows();
        }
        page.write(&path)?;
        Ok(in_order.map_or_else(Vec::new, |data| data.warnings()))
    })?;
    Ok(warnings.iter().map(told).collect())
}
