//! Problem: what is minimized, and how: the objective, shapes, the split, the method.
//! In: an outline.  Out: sections.
//! Invariant: every factor and every method is listed.
//! Not here: plans (see `plans`).

use super::section::{Content, Datum, Section};
use crate::data::Matrix;
use crate::error::{Result, Warning};
use crate::expr::{Dag, Expr};
use crate::facts::{Given, degrees};
use crate::report::numbers::count;
use crate::solve::{METHODS, Outline, Problem, rules_without};

/// Characters of a call, and of the formula that it stands for.
const MOST: usize = 60;
const MOST_OUT: usize = 300;

/// The sections about the problem.
pub(super) fn sections(problem: &Problem, outline: &Outline<'_>, warnings: &[Warning]) -> Result<Vec<Section>> {
    Ok(vec![objective(problem, warnings), shapes(problem, outline), split(outline), method(outline)?])
}

fn objective(problem: &Problem, warnings: &[Warning]) -> Section {
    let mut contents = vec![Content::Paragraph("statement", problem.statement().to_string())];
    let calls = written_out(&problem.statement().objective);
    if !calls.is_empty() {
        contents.push(Content::Facts("written_out", calls));
    }
    if !problem.params().is_empty() {
        let params = problem.params().iter().map(|(name, value)| (name.clone(), Datum::Number(*value)));
        contents.push(Content::Facts("params", params.collect()));
    }
    let warnings: Vec<(String, Datum)> = warnings
        .iter()
        .map(|warning| (format!("warning[{}]", warning.code), Datum::Text(warning.to_string())))
        .collect();
    if !warnings.is_empty() {
        contents.push(Content::Facts("warnings", warnings));
    }
    Section { key: "objective", title: "Objective".into(), contents }
}

/// The functions of an objective that stand for a formula by their name alone, each once, with that formula.
fn written_out(objective: &Expr) -> Vec<(String, Datum)> {
    let dag = Dag::new(std::slice::from_ref(objective));
    let calls = dag.ids().map(|id| dag.expr(id)).filter(|part| part.written_as().is_some());
    calls.map(|part| (part.shortened(MOST), Datum::Text(part.written_out().shortened(MOST_OUT)))).collect()
}

fn shapes(problem: &Problem, outline: &Outline<'_>) -> Section {
    let bound = outline.bound;
    let given = |name: &str| bound.givens.iter().find(|(var, _)| var.name() == name).map(|(_, given)| *given);
    let data = problem.matrices().iter().map(|(name, matrix)| (name.clone(), Datum::text(data(matrix, given(name)))));
    let mut facts: Vec<(String, Datum)> = data.collect();
    let dag = Dag::new(std::slice::from_ref(&bound.smooth));
    for factor in &bound.factors {
        let (rows, cols) = (count(factor.shape.rows), count(factor.shape.cols));
        let name = factor.var.name();
        let degree = match degrees(&dag, &factor.var)[dag.roots()[0].index()] {
            Some(1) => format!("linear in {name}"),
            Some(2) => format!("quadratic in {name}"),
            Some(degree) => format!("of degree {degree} in {name}"),
            None => format!("not polynomial in {name}"),
        };
        facts.push((name.to_owned(), Datum::text(format!("{rows} x {cols}, factor; the smooth part is {degree}"))));
    }
    for (name, matrix) in &bound.fixed {
        facts.push((name.clone(), Datum::text(format!("{} x {}, fixed", count(matrix.rows()), count(matrix.cols())))));
    }
    Section { key: "shapes", title: "Shapes".into(), contents: vec![Content::Facts("matrices", facts)] }
}

fn data(matrix: &Matrix, given: Option<Given>) -> String {
    let (rows, cols) = matrix.shape();
    let stored = given.map_or_else(|| matrix.pattern().map(|_| matrix.stored()), |given| given.sparse);
    let layout =
        stored.map_or_else(|| "dense".to_owned(), |stored| format!("sparse, {} stored entries", count(stored)));
    let missing = if matrix.missing() > 0 { format!(", {} missing", count(matrix.missing())) } else { String::new() };
    let dtype = given.map_or(matrix.dtype(), |given| given.dtype);
    format!("{} x {}, {layout}, {dtype}{missing}", count(rows), count(cols))
}

fn split(outline: &Outline<'_>) -> Section {
    let bound = outline.bound;
    let words: Vec<String> = bound.factors.iter().flat_map(|f| f.regularizer.in_words(f.var.name())).collect();
    let prox = if words.is_empty() { "none".to_owned() } else { words.join(", ") };
    let facts = vec![
        ("smooth part".to_owned(), Datum::text(bound.smooth.to_string())),
        ("non-smooth part (prox)".to_owned(), Datum::text(prox)),
    ];
    Section { key: "split", title: "Split".into(), contents: vec![Content::Facts("", facts)] }
}

fn method(outline: &Outline<'_>) -> Result<Section> {
    let mut facts = Vec::new();
    let others = |name: &str| name != outline.method.name;
    let chosen = outline.method;
    let mut lines = vec![Datum::text(chosen.summary)];
    lines.extend(chosen.describe(outline.bound)?.into_iter().map(Datum::Text));
    lines.extend(rules_without(outline.bound)?.into_iter().map(Datum::Text));
    lines.extend(outline.why_starts.map(Datum::text));
    facts.push((chosen.name.to_owned(), Datum::List(lines)));
    for row in METHODS.iter().filter(|row| others(row.name)) {
        let said = row
            .unsupported(outline.bound)
            .map_or_else(|| "fits as well; ask for it by its name".to_owned(), |why| format!("unsupported: {why}"));
        facts.push((row.name.to_owned(), Datum::Text(said)));
    }
    Ok(Section {
        key: "method",
        title: format!("Method: {}", chosen.name),
        contents: vec![Content::Facts("methods", facts)],
    })
}
