//! Plans: what the method runs, plan by plan, and one iteration's total.
//! In: an outline; a machine, where it was measured.  Out: a section per plan, and the total.
//! Invariant: every plan of the search is here, with the number of its runs.
//! Not here: the layout of one plan's table (see `plan`).

use std::collections::BTreeMap;

use super::section::{Content, Datum, Section};
use crate::expr::Var;
use crate::plan::bytes;
use crate::report::numbers::{count, short};
use crate::rewrite::{SearchReport, rules, simplify};
use crate::run::{Limited, Machine};
use crate::solve::{Outline, Runs, SearchPlan};

/// Characters of a formula: one whose parts are shared may be exponentially longer as a text.
const MOST_TEXT: usize = 10_000;

/// A section for each plan, and one for the rules that fired.
pub(super) fn sections(outline: &Outline<'_>) -> Vec<Section> {
    let mut sections: Vec<Section> = outline.plans.iter().map(|plan| section(outline, plan)).collect();
    let fired = identities(outline);
    if !fired.is_empty() {
        let contents = vec![Content::Facts("identities", fired)];
        sections.push(Section { key: "rules", title: "Rules that fired".into(), contents });
    }
    sections
}

fn section(outline: &Outline<'_>, plan: &SearchPlan<'_>) -> Section {
    let compiled = plan.compiled;
    // As derived, without what differentiation leaves; a direction of the Hessian is no variable of the problem.
    let derived = simplify(&compiled.given, &outline.bound.givens).unwrap_or_else(|_| compiled.given.clone());
    let formulas = plan.formulas.iter().zip(derived.iter().zip(&compiled.rewritten));
    let row = |(name, (from, to)): (&String, (&crate::Expr, &crate::Expr))| {
        let mut lines = vec![Datum::text(from.shortened(MOST_TEXT))];
        lines.extend((from != to).then(|| Datum::Text(format!("-> {}", to.shortened(MOST_TEXT)))));
        (name.clone(), Datum::List(lines))
    };
    let mut contents = vec![
        Content::Facts("formulas", formulas.map(row).collect()),
        Content::Layout("plan", compiled.plan.to_string()),
        rewriting(&compiled.report),
    ];
    if !compiled.report.complete {
        contents.push(Content::Facts("", vec![("rewriting".to_owned(), Datum::text("stopped at its limit"))]));
    }
    Section { key: "plan", title: format!("Plan: {} ({})", plan.name, often(plan.runs)), contents }
}

/// The rules that fired, and whether the search for equal formulas came to its end.
fn rewriting(report: &SearchReport) -> Content {
    let fired: Vec<String> = report.fired.iter().map(|(name, times)| format!("{name} ({times})")).collect();
    let fired = if fired.is_empty() { "no rule fired".to_owned() } else { fired.join(", ") };
    let plural = |n: usize, what: &str| format!("{} {what}{}", count(n), if n == 1 { "" } else { "s" });
    let size = format!("{}, {}", plural(report.rounds, "round"), plural(report.nodes, "node"));
    let end = if report.complete {
        format!("saturated after {size}")
    } else {
        format!("stopped at its limit after {size}: correct, but there may be a cheaper form")
    };
    Content::Paragraph("rules", format!("Rewriting: {fired}; {end}."))
}

/// How often a plan runs, in words.
pub(super) fn often(runs: Runs) -> String {
    match runs {
        Runs::PerIteration(1.0) => "each iteration".into(),
        Runs::PerIteration(times) if times > 1.0 => format!("up to {times} times each iteration"),
        Runs::PerIteration(times) => format!("every {} iterations", (1.0 / times).round()),
        Runs::PerStart => "once per start".into(),
        Runs::AtEnd => "once, at the end".into(),
    }
}

/// The plans, how often each runs, and the total of an iteration.
pub(super) fn iteration(outline: &Outline<'_>, machine: Option<&Machine>) -> Section {
    let rows = outline.plans.iter().map(|plan| {
        vec![
            Datum::text(&plan.name),
            Datum::Text(often(plan.runs)),
            Datum::Flops(plan.flops()),
            Datum::Bytes(plan.bytes()),
            Datum::Text(reads(plan)),
        ]
    });
    let columns = vec!["plan", "runs", "work of a run", "traffic of a run", "passes over data"];
    let table = Content::Table("plans", columns, rows.collect());
    let sum = |of: fn(&SearchPlan<'_>) -> f64| -> f64 {
        outline.plans.iter().map(|plan| plan.runs.per_iteration() * of(plan)).sum()
    };
    let (flops, traffic) = (sum(|plan| plan.flops()), sum(|plan| plan.bytes()));
    let mut facts = vec![("work".to_owned(), Datum::Flops(flops)), ("traffic".to_owned(), Datum::Bytes(traffic))];
    facts.extend(passes(outline));
    let target = &outline.bound.target.0;
    facts.push((format!("kept for a row of {target}"), Datum::Bytes(outline.bytes_of_row as f64)));
    if let Some(machine) = machine {
        let dtype = outline.plans.first().map_or(crate::Dtype::F64, |plan| plan.compiled.plan.dtype);
        let (seconds, limited) = machine.least_seconds(dtype, flops, traffic);
        let bound = match limited {
            Limited::ByArithmetic => "compute-bound",
            Limited::ByMemory => "memory-bound",
        };
        facts.push(("least time".to_owned(), Datum::Seconds(seconds)));
        let speed = format!(
            "{bound} at {} Gflop/s of {dtype} and {} GB/s, as just measured",
            short(machine.flops_of(dtype) / 1e9),
            short(machine.bytes_per_second / 1e9)
        );
        facts.push(("bound".to_owned(), Datum::Text(speed)));
    }
    Section { key: "iteration", title: "One iteration".into(), contents: vec![table, Content::Facts("", facts)] }
}

/// The data matrices that a run of a plan reads, and how often.
fn reads(plan: &SearchPlan<'_>) -> String {
    let reads = plan.compiled.plan.data_reads();
    let words = reads.iter().map(|(var, (passes, _))| match passes {
        1 => var.name().to_owned(),
        _ => format!("{} x {passes}", var.name()),
    });
    words.collect::<Vec<String>>().join(", ")
}

/// For each data matrix, the passes over it in an iteration on average, and the bytes that they read.
fn passes(outline: &Outline<'_>) -> Vec<(String, Datum)> {
    let mut totals: BTreeMap<&Var, (f64, f64)> = BTreeMap::new();
    for plan in &outline.plans {
        let times = plan.runs.per_iteration();
        for (var, (passes, bytes)) in plan.compiled.plan.data_reads() {
            let total = totals.entry(var).or_default();
            *total = (total.0 + times * passes as f64, total.1 + times * (passes * bytes) as f64);
        }
    }
    let fact = |(var, (passes, read)): (&Var, (f64, f64))| {
        (format!("passes over {}", var.name()), Datum::Text(format!("{}, {}", short(passes), bytes(read as usize))))
    };
    totals.into_iter().filter(|(_, (passes, _))| *passes > 0.0).map(fact).collect()
}

/// What the rules that fired say: their names and identities.
fn identities(outline: &Outline<'_>) -> Vec<(String, Datum)> {
    let fired =
        |name: &str| outline.plans.iter().any(|plan| plan.compiled.report.fired.iter().any(|(f, _)| *f == name));
    rules().filter(|(name, _)| fired(name)).map(|(name, says)| (name.to_owned(), Datum::text(says))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_that_stopped_early_says_so() {
        let mut report =
            SearchReport { fired: vec![("square", 1), ("trace", 1200)], rounds: 1, nodes: 8001, complete: false };
        let said = |report: &SearchReport| match rewriting(report) {
            Content::Paragraph(_, text) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            said(&report),
            "Rewriting: square (1), trace (1200); stopped at its limit after 1 round, 8,001 nodes: correct, but there \
             may be a cheaper form."
        );
        report.complete = true;
        assert!(said(&report).ends_with("saturated after 1 round, 8,001 nodes."));
    }

    #[test]
    fn plans_say_how_often_they_run() {
        let all =
            [Runs::PerIteration(1.0), Runs::PerIteration(20.0), Runs::PerIteration(0.1), Runs::PerStart, Runs::AtEnd];
        let said = [
            "each iteration",
            "up to 20 times each iteration",
            "every 10 iterations",
            "once per start",
            "once, at the end",
        ];
        assert_eq!(all.map(often), said);
    }
}
