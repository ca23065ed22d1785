//! Missing: whether a formula says what becomes of the missing entries of its data.
//! In: a `Dag`, a variable and its value.  Out: yes or no; the error where it is no.
//! Invariant: an entry that is missing never counts as 0 without a word: it is masked by `observed(...)`, or the data
//! is refused.
//! Not here: what a mask does to layouts (see `layout`) and values (see `run`).

use crate::data::Matrix;
use crate::error::{Code, Error};
use crate::expr::{Dag, Id, Op, Var};

/// Whether a formula asks which entries of the data `var` are there.
pub(crate) fn masks(dag: &Dag, var: &Var) -> bool {
    let asks = |id: Id| *dag.op(id) == Op::Observed && dag.expr(dag.args(id)[0]).as_var() == Some(var);
    dag.ids().any(asks)
}

/// Whether formulas depend on the entries of `var`, and not on its shape or pattern alone.
pub(crate) fn reads(dag: &Dag, var: &Var) -> bool {
    let reading = reading(dag, &|own| own == var, false);
    dag.roots().iter().any(|root| reading[root.index()])
}

/// For each node, whether its value depends on some variables: on their entries, or, where `patterns` count, on which
/// entries they have.
pub(crate) fn reading(dag: &Dag, is_one: &dyn Fn(&Var) -> bool, patterns: bool) -> Vec<bool> {
    dag.bottom_up(|id, reading| {
        let read = |k: usize| dag.op(id).uses_value(k) || (patterns && *dag.op(id) == Op::Observed);
        dag.expr(id).as_var().is_some_and(is_one)
            || dag.args(id).iter().enumerate().any(|(k, arg)| read(k) && reading[arg.index()])
    })
}

/// What is said of missing entries that an objective does not speak of.
pub(crate) fn unmasked(name: &str, matrix: &Matrix) -> Error {
    let message = format!("{}, and the objective does not say what becomes of them", missing_entries(name, matrix));
    let help = format!("Fill them in, or leave them out of the cost: sum(observed({name}) * ({name} - W @ H)**2)");
    Error::data(Code::MissingEntries, message, help)
}

/// The same of a matrix beside the data `target`, where that has no entry either.
pub(crate) fn unmasked_beside(name: &str, matrix: &Matrix, target: &str) -> Error {
    let message = format!("{}, and the objective does not say what becomes of them", missing_entries(name, matrix));
    let help = format!(
        "Fill them in, or multiply by observed({name}), which leaves out the entries where {name} is missing: \
         sum(observed({name}) * ...), beside any observed({target})"
    );
    Error::data(Code::MissingEntries, message, help)
}

/// What is said of missing entries that the formula `formula` of a function does not speak of.
pub(crate) fn unmasked_in(formula: &str, name: &str, matrix: &Matrix) -> Error {
    if matrix.shape() == (1, 1) {
        return Error::data(
            Code::NotANumber,
            format!("{name} is no number (NaN), and {formula} needs one"),
            "Give it a number",
        );
    }
    let message = format!("{}, and {formula} does not say what becomes of them", missing_entries(name, matrix));
    let help = format!("Fill them in, or leave them out: sum(observed({name}) * {name}) adds up those that are there");
    Error::data(Code::MissingEntries, message, help)
}

fn missing_entries(name: &str, matrix: &Matrix) -> String {
    let (row, col) = first_missing(matrix);
    let (row, col) = (row + 1, col + 1);
    match matrix.missing() {
        1 => format!("{name} has 1 missing entry (NaN), at row {row}, column {col}"),
        count => format!("{name} has {count} missing entries (NaN), the first at row {row}, column {col}"),
    }
}

/// Row and column of the first entry that is missing.
pub(crate) fn first_missing(matrix: &Matrix) -> (usize, usize) {
    let at = matrix.values_f64().iter().position(|v| v.is_nan()).unwrap_or(0);
    (at / matrix.cols(), at % matrix.cols())
}
