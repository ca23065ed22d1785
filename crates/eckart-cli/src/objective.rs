//! Objective: the problem that the options state.
//! In: `--objective` or `--model`, `--rank`, `--param`.  Out: a `Problem` that lacks its data.
//! Invariant: a preset is its line and its parameters; what is set by hand wins.
//! Not here: the data (see `load`).

use eckart::model::find;
use eckart::{Code, Error, Problem, Result};

use crate::beside::refuse_twice;
use crate::catalog::menu;
use crate::options::ObjectiveArgs;

/// The problem, without its data.
pub(crate) fn problem(args: &ObjectiveArgs, rank: usize) -> Result<Problem> {
    let model = args.model.as_deref().map(|name| find(name).ok_or_else(|| no_objective(Some(name)))).transpose()?;
    let text = match (&args.objective, model) {
        (Some(text), _) => text.as_str(),
        (None, Some(model)) => model.statement,
        (None, None) => return Err(no_objective(None)),
    };
    let mut problem = Problem::parse(text)?.rank(rank);
    for (name, value) in model.map_or(&[][..], |model| model.params) {
        problem = problem.param(name, *value);
    }
    refuse_twice("--param", &args.params)?;
    Ok(args.params.iter().fold(problem, |problem, (name, value)| problem.param(name, *value)))
}

fn no_objective(name: Option<&str>) -> Error {
    let (code, what) = match name {
        Some(name) => (Code::UnknownModel, format!("there is no model {name}")),
        None => (Code::NoObjective, "what is to be minimized?".to_owned()),
    };
    Error::setting(
        code,
        format!(
            "{what} Write it with --objective \"sum((X - W @ H)**2)\", or choose a model with --model NAME:{}",
            menu()
        ),
    )
}
