//! Explain: what an objective becomes before anything runs.
//! In: the options of a problem, and a file or a shape.  Out: text: shapes, the split, gradients, rules, plan, bound,
//! method; pictures where asked for.
//! Invariant: what is shown is what a fit would run: the same binding, rewriting and planning.
//! Not here: layout (see `page`), the table of a plan and its picture (see the library's `plan`).

use eckart::expr::Dag;
use eckart::facts::{Given, degrees};
use eckart::function::Compiled;
use eckart::grad::differentiate;
use eckart::plan::{Picture, Plan};
use eckart::rewrite::rules;
use eckart::rewrite::{SearchReport, simplify};
use eckart::run::{Limited, Machine, available_memory};
use eckart::solve::{Bound, METHODS, MethodRow, lints};
use eckart::{Code, Error, Expr, Problem, Result};

use crate::load::{load, refuse_list, with_factors, with_matrices};
use crate::numbers::{count, short};
use crate::objective::problem;
use crate::options::ExplainArgs;
use crate::options::values::ShapeArg;
use crate::output::page::Page;
use crate::output::pictures::Pictures;
use crate::output::report::warnings;
use eckart::report::describe;

/// `eckart explain DATA|--shape NxM ...`
pub(crate) fn explain(args: &ExplainArgs) -> Result<String> {
    let pictures = Pictures::new(&args.pictures)?;
    let (problem, data) = with_data(args, problem(&args.objective, args.rank)?)?;
    if let (Some(file), Some((_, x))) = (&args.file, problem.matrices().first()) {
        refuse_list(file, &args.reading, x, &problem)?;
    }
    let problem = with_matrices(problem, &args.objective.matrices, &args.reading)?;
    let problem = with_factors(problem, &args.factors, &args.reading)?;
    let settings = args.search.settings()?;
    let bound = problem.bind()?;
    let chosen = chosen(&bound, settings.method.as_deref())?;
    let gradients = differentiate(&bound.smooth, &bound.factor_exprs());
    let roots: Vec<Expr> = std::iter::once(bound.smooth.clone()).chain(gradients).collect();
    let limit = settings.memory_limit.unwrap_or_else(available_memory);
    let mut page = Page::new();
    page.heading("Objective");
    page.paragraph(&problem.statement().to_string());
    for (name, value) in problem.params() {
        page.paragraph(&format!("with {name} = {value}"));
    }
    warnings(&mut page, &lints(&bound)?);
    shapes(&mut page, &problem, &bound, &data);
    split(&mut page, &bound);
    // The plan is shown first and refused afterwards: who is refused wants to see why.
    let compiled = Compiled::new(&roots, &bound.givens, usize::MAX)?;
    let names = names(&bound);
    forms(&mut page, &names, &simplify(&roots, &bound.givens)?, &compiled.rewritten);
    search(&mut page, &compiled.report);
    page.heading("Plan of the smooth part and its gradients");
    page.block(&compiled.plan.to_string());
    if let Err(error) = compiled.plan.check_memory(limit) {
        page.paragraph(&format!("Over the limit, so that a fit may be refused: {error}"));
    }
    machine(&mut page, &compiled.plan)?;
    methods(&mut page, &bound, chosen, settings.method.is_some())?;
    let picture = Picture::new(&compiled.plan).title(problem.statement().to_string()).results(result_names(&bound));
    pictures.draw(&mut page, &picture)?;
    Ok(pictures.printed(&picture).unwrap_or_else(|| page.finish()))
}

fn shapes(page: &mut Page, problem: &Problem, bound: &Bound, data: &str) {
    page.heading("Shapes");
    page.fact("X", 4, data);
    for (name, matrix) in &problem.matrices()[1..] {
        page.fact(name, 4, &describe(matrix));
    }
    let dag = Dag::new(std::slice::from_ref(&bound.smooth));
    for factor in &bound.factors {
        let (rows, cols) = (count(factor.shape.rows), count(factor.shape.cols));
        let degree = match degrees(&dag, &factor.var)[dag.roots()[0].index()] {
            Some(1) => "the smooth part is linear in it".to_owned(),
            Some(2) => "the smooth part is quadratic in it".to_owned(),
            Some(degree) => format!("the smooth part is of degree {degree} in it"),
            None => "the smooth part is no polynomial in it".to_owned(),
        };
        page.fact(factor.var.name(), 4, &format!("{rows} x {cols}, factor; {degree}"));
    }
}

/// What each formula is the value of: the smooth part, then its gradient in each factor.
fn names(bound: &Bound) -> Vec<String> {
    let gradients = bound.factors.iter().map(|factor| format!("d/d{}", factor.var.name()));
    std::iter::once("smooth".to_owned()).chain(gradients).collect()
}

/// The same in words, for the picture; a plan's last results are what the bound of the smooth part's
/// rounding error is made of.
fn result_names(bound: &Bound) -> Vec<String> {
    let gradients = bound.factors.iter().map(|factor| format!("gradient in {}", factor.var.name()));
    std::iter::once("smooth part".to_owned()).chain(gradients).chain(["size of terms".to_owned()]).collect()
}

/// Each formula as it was written or derived, and as it is computed.
fn forms(page: &mut Page, names: &[String], derived: &[Expr], computed: &[Expr]) {
    page.heading("Gradients: each formula as it was written or derived -> as it is computed");
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    for ((name, from), to) in names.iter().zip(derived).zip(computed) {
        page.fact(name, width, &from.to_string());
        let to = if from == to { "as it stands".to_owned() } else { to.to_string() };
        page.fact("", width, &format!("-> {to}"));
    }
}

/// The rules that fired, and whether the search came to its end.
fn search(page: &mut Page, report: &SearchReport) {
    page.heading("Rules that found an equal form");
    let width = report.fired.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, times) in &report.fired {
        let says = rules().find(|(known, _)| known == name).map(|(_, says)| says);
        page.fact(name, width, &rule(*times, says));
    }
    let (rounds, nodes) = (count(report.rounds), count(report.nodes));
    page.paragraph(&if report.complete {
        format!("{rounds} rounds, {nodes} nodes; there is no form left that the rules can find.")
    } else {
        format!(
            "The search ended at its limit, after {rounds} rounds with {nodes} nodes. What is computed is correct, but \
             there may be a cheaper form."
        )
    });
}

/// How often a rule fired, and what it says.
fn rule(times: usize, says: Option<&str>) -> String {
    let times = if times == 1 { "once".to_owned() } else { format!("{} times", count(times)) };
    says.map_or(times.clone(), |says| format!("{times}: {says}"))
}

/// What a run of the plan takes at least on this machine.
fn machine(page: &mut Page, plan: &Plan) -> Result<()> {
    let machine = Machine::measure(None)?;
    let (seconds, limited) = machine.least_seconds(plan.dtype, plan.flops(), plan.traffic());
    let (flops, bytes) = (short(machine.flops_of(plan.dtype) / 1e9), short(machine.bytes_per_second / 1e9));
    let what = match limited {
        Limited::ByArithmetic => "its operations bind",
        Limited::ByMemory => "what it reads and writes binds",
    };
    page.heading("Bound on this machine");
    page.paragraph(&format!(
        "At {flops} Gflop/s of {} and {bytes} GB/s, as just measured, a run takes at least about {} ms: {what}.",
        plan.dtype,
        short(1e3 * seconds)
    ));
    Ok(())
}

/// The problem with X, and X in words.
fn with_data(args: &ExplainArgs, problem: Problem) -> Result<(Problem, String)> {
    if let Some(ShapeArg { rows, cols, stored }) = args.shape {
        let given = Given::data(rows, cols, stored);
        let layout = stored.map_or_else(|| "dense".to_owned(), |n| format!("sparse with {} stored entries", count(n)));
        let words = format!("{} x {}, {layout}, no file", count(rows), count(cols));
        return Ok((problem.assume("X", given)?, words));
    }
    let Some(file) = &args.file else {
        return Err(Error::setting(Code::OptionMissing, "give a file, or a shape with --shape 1000x500"));
    };
    let data = load(file, &args.reading)?;
    Ok((problem.data("X", &data.matrix), format!("{}, {}", describe(&data.matrix), data.source)))
}

fn split(page: &mut Page, bound: &Bound) {
    page.heading("Split");
    page.fact("smooth", 12, &bound.smooth.to_string());
    let words: Vec<String> = bound.factors.iter().flat_map(|f| f.regularizer.in_words(f.var.name())).collect();
    page.fact("proximal map", 12, &if words.is_empty() { "nothing".to_owned() } else { words.join(", ") });
}

/// The method a fit would use.
fn chosen(bound: &Bound, name: Option<&str>) -> Result<&'static MethodRow> {
    let wanted = |row: &&MethodRow| name.map_or_else(|| row.unsupported(bound).is_none(), |name| row.name == name);
    let row = METHODS.iter().find(wanted).ok_or_else(|| Error::Bug("no method fits".into()))?;
    match row.unsupported(bound) {
        Some(why) => {
            Err(Error::setting(Code::MethodUnsupported, format!("{} does not fit this problem: {why}", row.name)))
        }
        None => Ok(row),
    }
}

fn methods(page: &mut Page, bound: &Bound, chosen: &MethodRow, asked: bool) -> Result<()> {
    page.heading("Method");
    let width = METHODS.iter().map(|row| row.name.len()).max().unwrap_or(0);
    for row in METHODS {
        let verdict = match row.unsupported(bound) {
            _ if row.name == chosen.name && asked => format!("used, as asked: {}", row.summary),
            _ if row.name == chosen.name => format!("used, the first that fits: {}", row.summary),
            None => "fits as well; ask for it with --method".to_owned(),
            Some(why) => format!("does not fit: {why}"),
        };
        page.fact(row.name, width, &verdict);
        if row.name == chosen.name {
            row.describe(bound)?.iter().for_each(|line| page.fact("", width, line));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_that_ended_early_says_so() {
        let mut report =
            SearchReport { fired: vec![("square", 1), ("trace", 1200)], rounds: 12, nodes: 8001, complete: false };
        let said = |report: &SearchReport| {
            let mut page = Page::new();
            search(&mut page, report);
            page.finish().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let text = said(&report);
        assert!(text.contains("square once: a**2 = a * a") && text.contains("trace 1,200 times: "), "{text}");
        assert!(
            text.contains("ended at its limit, after 12 rounds with 8,001 nodes. What is computed is correct"),
            "{text}"
        );
        report.complete = true;
        assert!(said(&report).contains("12 rounds, 8,001 nodes; there is no form left"));
    }
}
