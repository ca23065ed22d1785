//! Check: whether the parts of a factorization fit one another.
//! In: a `Factorization`, the shapes of its factors.  Out: nothing, or an error that names what does not fit.
//! Invariant: what a search finds passes; what passes can be reported and applied: no length in its header is a lie.
//! Not here: whether texts and tensors can be read at all (see `header`, `tables`).

use std::collections::{BTreeMap, BTreeSet};

use super::format::{FileKind, no_such};
use crate::error::{Error, Result};
use crate::expr::text::{Dim, Statement, parse_statement};
use crate::expr::{Dag, Var};
use crate::facts::{Facts, Given, Givens, Inferred, Shape, infer_or_name};
use crate::solve::problem::role::{DataSide, FactorAxis, FactorRole};
use crate::solve::result::{Agreement, Factorization};

/// The most iterations of a start: whole numbers up to here are exact in JSON and in f64.
const MOST_ITERATIONS: usize = 1 << 53;

/// The greatest rank of an objective that has no side of that length.
const MOST_UNREAD_RANK: usize = 1 << 16;

/// The factors' names and shapes, in their order.
pub(super) type Shapes = [(String, Shape)];

/// # Errors
/// `Data`, naming what is of no use.
pub(super) fn check_parts(found: &Factorization, shapes: &Shapes) -> Result<()> {
    check_starts(found)?;
    let names: BTreeSet<&String> = shapes.iter().map(|(name, _)| name).collect();
    usable(!shapes.is_empty() && names.len() == shapes.len(), "factors")?;
    usable(found.roles.iter().map(|(name, _)| name).eq(shapes.iter().map(|(name, _)| name)), "roles")?;
    let searched = names.iter().filter(|name| !found.fixed.contains(name)).count();
    let counts = |residuals: &[f64]| residuals.is_empty() || residuals.len() == searched;
    usable(found.starts.iter().all(|start| counts(&start.residuals)), "starts")?;
    for (name, errors) in &found.std_errors {
        let fits = shapes.iter().any(|(known, shape)| known == name && errors.shape() == (shape.rows, shape.cols));
        usable(fits, &format!("standard errors of {name}"))?;
    }
    let statement = parse_statement(&found.statement).map_err(|error| objective_unread(&error))?;
    let is_taken = |name: &String| names.contains(name) || *name == found.target;
    usable(!names.contains(&found.target), "target")?;
    let are_factors = |list: &[String]| list.iter().all(|name| names.contains(name));
    usable(are_factors(&found.fixed) && are_factors(&found.started), "fixed factors or initial factors")?;
    usable(!found.params.keys().any(is_taken), "numbers")?;
    let longest = shapes.iter().flat_map(|(_, shape)| [shape.rows, shape.cols]).max().unwrap_or(0);
    let most = if reads_rank(&statement) { longest } else { longest.max(MOST_UNREAD_RANK) };
    usable((1..=most).contains(&found.rank), "rank")?;
    usable(fit_one_another(found, &statement, shapes), "factors: their shapes don't fit the objective")?;
    let lines = |of: DataSide| lines(&found.roles, shapes, of);
    let (rows, cols) = (lines(DataSide::Rows)?, lines(DataSide::Columns)?);
    for (names, count, what) in [(&found.row_names, rows, "row_names"), (&found.col_names, cols, "col_names")] {
        let fits = |names: &Vec<String>| count.is_none_or(|count| names.len() == count);
        usable(names.as_ref().is_none_or(fits), what)?;
    }
    usable(found.component_names.iter().all(|(name, sides)| are_components(name, sides, shapes)), "component_names")?;
    if let Some(agreement) = &found.agreement {
        let count = if agreement.of_columns { cols } else { rows };
        usable(is_sound(agreement, count.unwrap_or(longest), longest), "agreement")?;
    }
    let chosen = found.rank_choice.as_ref();
    usable(chosen.is_none_or(|choice| choice.scores.iter().any(|score| score.rank == choice.chosen)), "rank_choice")
}

/// Whether there is a factor of that name with rows and columns for these names.
fn are_components(name: &str, names: &[Option<Vec<String>>; 2], shapes: &Shapes) -> bool {
    let fits = |shape: &Shape| {
        let of = |own: &Option<Vec<String>>, length: usize| own.as_ref().is_none_or(|own| own.len() == length);
        of(&names[0], shape.rows) && of(&names[1], shape.cols)
    };
    shapes.iter().any(|(known, shape)| known == name && fits(shape))
}

/// # Errors
/// `Data` where there is no start, the best is none of them, or one has other iterations than its history.
pub(super) fn check_starts(found: &Factorization) -> Result<()> {
    // Whoever does not want histories may leave them away.
    let sound = found.starts.iter().all(|start| {
        let steps = start.history.len();
        start.iterations <= MOST_ITERATIONS && (steps == 0 || steps - 1 == start.iterations)
    });
    usable(sound && !found.starts.is_empty(), "starts")?;
    usable(found.best < found.starts.len(), "best")
}

pub(super) fn objective_unread(error: &Error) -> Error {
    let text = error.to_string();
    no_such(FileKind::Model, &format!("objective ({})", text.lines().next().unwrap_or_default()))
}

fn usable(is_usable: bool, what: &str) -> Result<()> {
    if is_usable { Ok(()) } else { Err(no_such(FileKind::Model, what)) }
}

/// Whether a side has the rank for its length: where all factors are declared with other sides, none has.
fn reads_rank(statement: &Statement) -> bool {
    let is_rank = |dim: &Dim| matches!(dim, Dim::Name(name) if name == "r");
    statement.declared.is_empty() || statement.declared.iter().any(|d| is_rank(&d.rows) || is_rank(&d.cols))
}

/// How many rows or columns the data has, by the factors that have a number for each; `None` where there is none.
///
/// # Errors
/// `Data` where two factors say different things.
fn lines(roles: &[(String, FactorRole)], shapes: &Shapes, of: DataSide) -> Result<Option<usize>> {
    let length = |(role, shape): (FactorRole, Shape)| match role.components {
        Some(FactorAxis::Columns) => (role.of == of || role.of == DataSide::Both).then_some(shape.rows),
        Some(FactorAxis::Rows) => (role.of == of || role.of == DataSide::Both).then_some(shape.cols),
        // An offset has sides of 1 that say nothing.
        None => None,
    };
    let mut known = None;
    for length in roles.iter().zip(shapes).filter_map(|((_, role), (_, shape))| length((*role, *shape))) {
        usable(known.is_none_or(|known| known == length), "factors: they are of data of different sizes")?;
        known = Some(length);
    }
    Ok(known)
}

/// Whether groups and samples are of lines that are there; `lines` is how many there are, at most.
fn is_sound(agreement: &Agreement, lines: usize, longest: usize) -> bool {
    let components = agreement.stability.len();
    (1..=longest).contains(&components)
        && agreement.groups.len() == agreement.sampled.len()
        && agreement.groups.iter().all(|&group| group < components)
        && agreement.sampled.iter().all(|&line| line < lines)
}

/// Whether the objective reads the factors, and can be computed of data of some size and factors of these shapes. Where
/// it reads more data than the matrix that was factorized, or the factors don't say how large that is, nothing is said
/// against them.
fn fit_one_another(found: &Factorization, statement: &Statement, shapes: &Shapes) -> bool {
    let variables = statement.objective.variables();
    if shapes.iter().any(|(name, _)| !variables.iter().any(|var| var.name() == name)) {
        return false;
    }
    let objective = statement.objective.with_numbers(&found.params);
    let mut givens: Givens =
        shapes.iter().map(|(name, shape)| (Var::input(name), Given::dense(shape.rows, shape.cols))).collect();
    let target = Var::input(&found.target);
    if objective.variables().iter().any(|var| !givens.contains_key(var) && *var != target) {
        return true;
    }
    let dag = Dag::new(std::slice::from_ref(&objective));
    let nothing = BTreeMap::new();
    let Ok(Inferred::Shapes(inferred)) = infer_or_name(&dag, &givens, &nothing, &BTreeMap::new(), found.rank) else {
        return true;
    };
    givens.extend(inferred.shapes.into_iter().map(|(var, shape)| (var, Given::dense(shape.rows, shape.cols))));
    !matches!(Facts::of(&dag, &givens), Err(Error::Shape(_)))
}
