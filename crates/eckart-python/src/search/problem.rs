//! Problem: an objective with its data as Python states it.
//! In: a dict: a text or a formula, matrices, parameters, a rank.  Out: `Problem`.
//! Invariant: a file that may be a list or a table is refused where the objective speaks of missing entries.
//! Not here: defaults and names of arguments (see `python/eckart/_factorize.py`).

use eckart::data::{ListEvidence, Matching};
use eckart::expr::text::{Declaration, Statement, parse_statement};
use eckart::{Code, Error, Problem};
use pyo3::prelude::*;

use crate::errors::{Told, raised, told};
use crate::expr::Expr;
use crate::matrix::Matrix;

/// An objective as Python states it.
#[derive(FromPyObject)]
enum Objective<'py> {
    /// A statement of the language.
    Text(String),
    /// A formula, and a statement in which it takes the place of the 0: `minimize over W[n,r]: 0 subject to W >= 0`.
    Formula((Bound<'py, Expr>, String)),
}

impl Objective<'_> {
    fn problem(&self) -> eckart::Result<Problem> {
        match self {
            Self::Text(text) => Problem::parse(text),
            Self::Formula((formula, frame)) => {
                let frame = parse_statement(frame)?;
                let statement = Statement::minimize(formula.get().expr.clone());
                let sides = |statement: Statement, one: Declaration| statement.over(&one.name, one.rows, one.cols);
                let statement = frame.declared.into_iter().fold(statement, sides);
                Problem::of(frame.constraints.into_iter().fold(statement, Statement::subject_to))
            }
        }
    }
}

/// A problem as Python states it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Stated<'py> {
    objective: Objective<'py>,
    /// Matrices by name; the first is factorized.
    data: Vec<(String, Bound<'py, Matrix>)>,
    params: Vec<(String, f64)>,
    rank: usize,
    /// Factors that are not searched for.
    fix: Vec<(String, Bound<'py, Matrix>)>,
    /// Where the first start of a factor begins.
    init_from: Vec<(String, Bound<'py, Matrix>)>,
    /// What decides where two named things meet: `names` or `position`.
    matching: String,
}

impl Stated<'_> {
    pub(crate) fn problem(&self) -> eckart::Result<Problem> {
        let mut problem = self.objective.problem()?.rank(self.rank);
        let statement = problem.statement().to_string();
        for (name, matrix) in &self.data {
            let masked = statement.contains(&format!("observed({name})"));
            let reason = masked.then(|| format!("the objective uses observed({name})"));
            check_table(matrix.get(), name, reason)?;
            problem = problem.data(name, matrix.get().table());
        }
        for (name, matrix) in &self.fix {
            problem = problem.fix(name, matrix.get().table());
        }
        for (name, matrix) in &self.init_from {
            problem = problem.init_from(name, matrix.get().table());
        }
        problem = problem.match_by(matching(&self.matching));
        Ok(self.params.iter().fold(problem, |problem, (name, value)| problem.param(name, *value)))
    }
}

/// # Errors
/// `Doubt` where it may as well be a list of entries: where it most likely is, or for a `reason` to ask.
fn check_table(matrix: &Matrix, name: &str, reason: Option<String>) -> eckart::Result<()> {
    match &matrix.doubtful {
        Some((evidence, file)) if reason.is_some() || *evidence == ListEvidence::Probable => {
            let error = list_or_table(&matrix.matrix, name, reason, file.is_some());
            Err(file.iter().fold(error, |error, file| error.in_file(file)))
        }
        _ => Ok(()),
    }
}

/// Refuses a matrix that may as well be a list of entries: where it most likely is, or for a `reason` to ask.
#[pyfunction]
#[pyo3(signature = (matrix, name, reason))]
pub(crate) fn refuse_list(matrix: &Bound<'_, Matrix>, name: &str, reason: Option<String>) -> PyResult<()> {
    check_table(matrix.get(), name, reason).map_err(raised)
}

/// Factors by name, and sentences for whoever asked.
pub(crate) type Found = (Vec<(String, Matrix)>, Vec<Told>);

/// The initial values of factors in the order of the names of the data, and what was matched by position.
#[pyfunction]
pub(crate) fn initial_in_order(stated: Stated<'_>) -> PyResult<Found> {
    let (values, warnings) = stated.problem().and_then(|problem| problem.initial_in_order()).map_err(raised)?;
    let values = values.into_iter().map(|(name, matrix)| (name, matrix.into()));
    Ok((values.collect(), warnings.iter().map(told).collect()))
}

/// What decides where two named things meet, by its name.
pub(crate) fn matching(name: &str) -> Matching {
    Matching::from_name(name).unwrap_or_default()
}

/// The refusal of a table that may as well be a list of entries.
fn list_or_table(x: &eckart::Matrix, name: &str, reason: Option<String>, is_file: bool) -> Error {
    let (rows, cols) = x.shape();
    let reason = reason.unwrap_or_else(|| "its first two columns repeat while no pair of them does".into());
    let message = format!(
        "{name} is a table of {rows} x {cols} without a missing entry, or a list of {rows} entries `row,column,value`, \
         and {reason}"
    );
    let help = if is_file {
        "Say which: read it with format=\"coo\" or columns=(row, col, value) for the list, with format=\"table\" for \
         the table"
    } else {
        "Say which: eckart.triplets(frame) for the list, eckart.Matrix(frame) for the table"
    };
    Error::data(Code::ListOrTable, message, help)
}
