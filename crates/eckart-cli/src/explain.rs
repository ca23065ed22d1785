//! Explain: what an objective becomes before anything runs.
//! In: the options of a problem, and a file or a shape.  Out: text: shapes, the split, gradients, plan, method.
//! Law: what is shown is what a fit would run: the same binding, rewriting and planning.
//! Not here: layout (see `page`), the table of a plan (see the library's `plan`).

use eckart::facts::{Given, Shape};
use eckart::function::Compiled;
use eckart::grad::differentiate;
use eckart::run::available_memory;
use eckart::solve::{Bound, Factor, METHODS, MethodRow, Prox};
use eckart::{Error, Expr, Problem, Result};

use crate::args::ExplainArgs;
use crate::load::{load, with_matrices};
use crate::numbers::count;
use crate::objective::problem;
use crate::page::Page;
use crate::report::describe;
use crate::values::ShapeArg;

/// `eckart explain DATA|--shape NxM ...`
pub(crate) fn explain(args: &ExplainArgs) -> Result<String> {
    let (problem, data) = with_data(args, problem(&args.objective)?)?;
    let problem = with_matrices(problem, &args.objective.matrices, &args.reading)?;
    let bound = problem.bind()?;
    let chosen = chosen(&bound, args.means.solver.as_deref())?;
    let gradients = differentiate(&bound.smooth, &bound.factor_exprs());
    let roots: Vec<Expr> = std::iter::once(bound.smooth.clone()).chain(gradients).collect();
    let limit = args.means.memory_limit.unwrap_or_else(available_memory);
    let mut page = Page::new();
    page.heading("Objective");
    page.paragraph(&problem.statement().to_string());
    for (name, value) in problem.numbers() {
        page.paragraph(&format!("with {name} = {value}"));
    }
    page.heading("Shapes");
    page.fact("X", 4, &data);
    for (name, matrix) in &problem.matrices()[1..] {
        page.fact(name, 4, &describe(matrix));
    }
    for factor in &bound.factors {
        let (rows, cols) = (count(factor.shape.rows), count(factor.shape.cols));
        page.fact(factor.var.name(), 4, &format!("{rows} x {cols}, factor"));
    }
    split(&mut page, &bound);
    // The plan is shown first and refused afterwards: who is refused wants to see why.
    let compiled = Compiled::new(&roots, &bound.givens, usize::MAX)?;
    page.heading("Gradients of the smooth part, as they are computed");
    for (factor, gradient) in bound.factors.iter().zip(&compiled.rewritten[1..]) {
        page.fact(factor.var.name(), 4, &gradient.to_string());
    }
    page.heading("Plan of the smooth part and its gradients");
    page.block(&compiled.plan.to_string());
    if let Err(error) = compiled.plan.check_memory(limit) {
        page.paragraph(&format!("Over the limit, so that a fit may be refused: {error}"));
    }
    methods(&mut page, &bound, chosen, args.means.solver.is_some());
    Ok(page.finish())
}

/// The problem with X, and X in words.
fn with_data(args: &ExplainArgs, problem: Problem) -> Result<(Problem, String)> {
    if let Some(ShapeArg { rows, cols, stored }) = args.shape {
        let given = Given { shape: Shape { rows, cols }, sparse: stored, missing: 0, data: true };
        let layout = stored.map_or_else(|| "dense".to_owned(), |n| format!("sparse with {} stored entries", count(n)));
        let words = format!("{} x {}, {layout}, no file", count(rows), count(cols));
        return Ok((problem.assume("X", given)?, words));
    }
    let Some(file) = &args.file else {
        return Err(Error::Setting("give a file, or a shape with --shape 1000x500".into()));
    };
    let data = load(file, &args.reading)?;
    Ok((problem.data("X", &data.matrix), format!("{}, {}", describe(&data.matrix), data.source)))
}

fn split(page: &mut Page, bound: &Bound) {
    page.heading("Split");
    page.fact("smooth", 12, &bound.smooth.to_string());
    let words: Vec<String> = bound.factors.iter().flat_map(held_by_prox).collect();
    page.fact("proximal map", 12, &if words.is_empty() { "nothing".to_owned() } else { words.join(", ") });
}

/// What the proximal map of a factor takes care of.
fn held_by_prox(factor: &Factor) -> Vec<String> {
    let name = factor.var.name();
    let Prox { l1, row_group, col_group, lower, upper, row_norm, col_norm } = factor.prox;
    let weighted = |weight: f64, term: String| (weight > 0.0).then(|| format!("{weight} * sum({term})"));
    let limited = |limit: Option<f64>, mark: &str, of: String| limit.map(|limit| format!("{of} {mark} {limit}"));
    [
        weighted(l1, format!("abs({name})")),
        weighted(row_group, format!("rownorm({name})")),
        weighted(col_group, format!("colnorm({name})")),
        limited(lower, ">=", name.to_owned()),
        limited(upper, "<=", name.to_owned()),
        limited(row_norm, "<=", format!("rownorm({name})")),
        limited(col_norm, "<=", format!("colnorm({name})")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The method a fit would use.
fn chosen(bound: &Bound, name: Option<&str>) -> Result<&'static MethodRow> {
    let wanted = |row: &&MethodRow| name.map_or_else(|| row.misfit(bound).is_none(), |name| row.name == name);
    let row = METHODS.iter().find(wanted).ok_or_else(|| Error::Bug("no method fits".into()))?;
    match row.misfit(bound) {
        Some(why) => Err(Error::Setting(format!("{} does not fit this problem: {why}", row.name))),
        None => Ok(row),
    }
}

fn methods(page: &mut Page, bound: &Bound, chosen: &MethodRow, asked: bool) {
    page.heading("Method");
    let width = METHODS.iter().map(|row| row.name.len()).max().unwrap_or(0);
    for row in METHODS {
        let verdict = match row.misfit(bound) {
            _ if row.name == chosen.name && asked => format!("used, as asked: {}", row.summary),
            _ if row.name == chosen.name => format!("used, the first that fits: {}", row.summary),
            None => "fits as well; ask for it with --solver".to_owned(),
            Some(why) => format!("does not fit: {why}"),
        };
        page.fact(row.name, width, &verdict);
    }
}
