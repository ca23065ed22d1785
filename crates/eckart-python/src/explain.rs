//! Explain: what an objective becomes before anything runs; and the lists of models and methods.
//! In: a problem as Python states it.  Out: text: shapes, gradients as derived and as computed, plan, method.
//! Invariant: what is shown is what a search would run: the same binding, rewriting and planning.
//! Not here: the table of a plan (see the engine's `plan`).

use eckart::function::Compiled;
use eckart::grad::differentiate;
use eckart::model::MODELS;
use eckart::solve::{Bound as BoundProblem, METHODS, MethodRow, lints};
use eckart::{Code, Error, Problem};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::raised;
use crate::search::problem::Stated;
use crate::search::settings::settings_of;

/// What a problem becomes: shapes, gradients as derived and as computed, plan, method.
#[pyfunction]
pub(crate) fn explain(py: Python<'_>, stated: Stated<'_>, given: &Bound<'_, PyDict>) -> PyResult<String> {
    let (problem, settings) = (stated.problem().map_err(raised)?, settings_of(given)?);
    py.detach(|| in_words(&problem, settings.method.as_deref())).map_err(raised)
}

fn in_words(problem: &Problem, method: Option<&str>) -> eckart::Result<String> {
    let bound = problem.bind()?;
    let gradients = differentiate(&bound.smooth, &bound.factor_exprs());
    let roots: Vec<eckart::Expr> = std::iter::once(bound.smooth.clone()).chain(gradients).collect();
    let derived = eckart::rewrite::simplify(&roots, &bound.givens)?;
    let compiled = Compiled::new(&roots, &bound.givens, usize::MAX)?;
    let mut lines = vec![problem.statement().to_string()];
    lines.extend(problem.params().iter().map(|(name, value)| format!("  {name} = {value}")));
    lines.extend(lints(&bound)?.into_iter().map(|warning| format!("warning: {warning} [{}]", warning.code)));
    lines.push("\nFactors".into());
    for factor in &bound.factors {
        let words = factor.regularizer.in_words(factor.var.name()).join(", ");
        let words = if words.is_empty() { String::new() } else { format!("; {words}") };
        lines.push(format!("  {}: {}{words}", factor.var.name(), factor.shape));
    }
    lines.push("\nFormulas: as written or derived -> as computed".into());
    let names = std::iter::once("smooth part".to_owned());
    let names = names.chain(bound.factors.iter().map(|factor| format!("d/d{}", factor.var.name())));
    for ((name, from), to) in names.zip(&derived).zip(&compiled.rewritten) {
        lines.push(format!("  {name}: {from}\n    -> {to}"));
    }
    lines.push("\nPlan of the smooth part and its gradients".into());
    lines.push(compiled.plan.to_string());
    lines.push("\nMethod".into());
    let row = chosen(&bound, method)?;
    lines.push(format!("  {}: {}", row.name, row.summary));
    lines.extend(row.describe(&bound)?.into_iter().map(|line| format!("  {line}")));
    Ok(lines.join("\n"))
}

/// The method of that name, or the first that fits.
fn chosen(bound: &BoundProblem, name: Option<&str>) -> eckart::Result<&'static MethodRow> {
    let wanted = |row: &&MethodRow| name.map_or_else(|| row.unsupported(bound).is_none(), |name| row.name == name);
    let Some(row) = METHODS.iter().find(wanted) else {
        let known: Vec<&str> = METHODS.iter().map(|row| row.name).collect();
        let name = name.unwrap_or_default();
        return Err(Error::setting(
            Code::UnknownMethod,
            format!("there is no method {name}; there are {}", known.join(", ")),
        ));
    };
    match row.unsupported(bound) {
        Some(why) => {
            Err(Error::setting(Code::MethodUnsupported, format!("{} does not fit this problem: {why}", row.name)))
        }
        None => Ok(row),
    }
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
