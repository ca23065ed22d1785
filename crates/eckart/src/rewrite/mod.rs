//! Rewrite: from formulas as they were written or derived to the formulas that are computed.
//! In: root expressions and what is known of their variables.  Out: as many expressions of the same values.
//! Invariant: values don't change (up to rounding); the same input gives the same output; nothing is evaluated.
//! Not here: kernels and buffers (see `plan`).
//!
//! Three steps: simplify (each rule makes the formula smaller), search (an e-graph of all equal forms, by egg), extract
//! (the forms of all roots that together cost least).

mod build;
mod choose;
mod cost;
mod extract;
mod language;
mod rules;
mod search;
mod simplify;
mod term;
#[cfg(test)]
mod tests;
mod write;

use egg::Id;

use crate::error::watch::{count, spent};
use crate::error::{Code, Error, Result};
use crate::expr::{Dag, Expr, Op, Var, abs, merged_terms, signed_terms};
use crate::facts::{Facts, Givens};
use extract::{Extracted, extract};
use language::{ENode, Graph, GraphFacts, Sym};
use rules::RULES;
pub use search::SearchReport;
use term::Term;

/// What it counts for, in steps of a watch, to simplify a part of a formula.
const STEPS_OF_PART: u64 = 2_000;
/// Nodes of a search, at most.
const MOST_NODES: usize = 8_000;
/// Steps of planning, of which there are some 5e9 a second, after which formulas are searched for other forms no
/// longer, unless to compute them as they stand, 2,000 times, would take longer than all planning until then.
const MOST_STEPS: u64 = 2_000_000_000;
const STEPS_WORTH_A_SECOND_OF_A_RUN: f64 = 2_000.0 * 5e9;

/// Formulas of the same values as `roots`, cheapest to compute together, and what the search for them did.
///
/// # Errors
/// `Shape` where shapes don't fit, `Setting` where a variable is not given.
pub fn rewrite(roots: &[Expr], givens: &Givens) -> Result<(Vec<Expr>, SearchReport)> {
    rewrite_within(roots, givens, MOST_NODES)
}

/// As [`rewrite`], with a search that ends at `most_nodes` nodes: what it has not found then is computed as it stands.
fn rewrite_within(roots: &[Expr], givens: &Givens, most_nodes: usize) -> Result<(Vec<Expr>, SearchReport)> {
    let simple = simplify(roots, givens)?;
    let (mut graph, ids) = graph_of(&simple, givens)?;
    if spent() > MOST_STEPS {
        graph.rebuild();
        let Extracted { exprs, seconds, .. } = extract(&graph, &ids, givens)?;
        if seconds * STEPS_WORTH_A_SECOND_OF_A_RUN < spent() as f64 {
            return Ok((exprs, SearchReport::unsearched(&graph)));
        }
    }
    let mut report = search::saturate(&mut graph, RULES, most_nodes)?;
    let Extracted { exprs, complete, .. } = extract(&graph, &ids, givens)?;
    report.complete &= complete;
    Ok((exprs, report))
}

/// The identities the search knows: the name of each, and what it says.
pub fn rules() -> impl Iterator<Item = (&'static str, &'static str)> {
    RULES.iter().map(|rule| (rule.name, rule.says))
}

/// Formulas of the same values, made smaller by the rules that always gain.
///
/// # Errors
/// As [`rewrite`].
pub fn simplify(roots: &[Expr], givens: &Givens) -> Result<Vec<Expr>> {
    let simple = simplified(roots, givens)?;
    // Before any search: n equal terms would be n times as many forms.
    merged_terms(&simple).map_or(Ok(simple), |merged| simplified(&merged, givens))
}

fn simplified(roots: &[Expr], givens: &Givens) -> Result<Vec<Expr>> {
    let dag = Dag::new(roots);
    count(STEPS_OF_PART * dag.len() as u64)?;
    let facts = Facts::of(&dag, givens)?;
    let mut new: Vec<Term> = Vec::with_capacity(dag.len());
    for id in dag.ids() {
        let args = dag.args(id).iter().map(|a| new[a.index()].clone()).collect();
        let plain = Term::new(dag.expr(id), args, facts.shape(id));
        let all_there = |var: &Var| givens.get(var).is_some_and(|given| given.sparse.is_none() && given.missing == 0);
        let observed = plain.is(&Op::Observed) && dag.expr(dag.args(id)[0]).as_var().is_some_and(all_there);
        new.push(if observed { simplify::ones(plain.arg(0)) } else { simplify::simplify(&plain) });
    }
    Ok(dag.roots().iter().map(|root| new[root.index()].to_expr()).collect())
}

/// The sum of the sizes of the terms of a difference: what its rounding error is a share of. `None` where nothing is
/// taken away.
pub fn size_of_terms(expr: &Expr) -> Option<Expr> {
    let terms = signed_terms(expr);
    let subtracts = terms.iter().any(|(sign, _)| *sign < 0.0);
    subtracts.then(|| terms.into_iter().rev().map(|(_, term)| abs(term)).sum())
}

/// The e-graph of simplified formulas, and their classes.
fn graph_of(roots: &[Expr], givens: &Givens) -> Result<(Graph, Vec<Id>)> {
    let dag = Dag::new(roots);
    let facts = Facts::of(&dag, givens)?;
    let mut graph = Graph::new(GraphFacts { givens: givens.clone() });
    let mut ids: Vec<Id> = Vec::with_capacity(dag.len());
    for part in dag.ids() {
        let args: Vec<Id> = dag.args(part).iter().map(|a| ids[a.index()]).collect();
        let shape = facts.shape(part);
        let id = match dag.op(part) {
            Op::Add => build::sum(&mut graph, &[(1.0, args[0]), (1.0, args[1])]),
            Op::Sub => build::sum(&mut graph, &[(1.0, args[0]), (-1.0, args[1])]),
            Op::Mul => build::product(&mut graph, &args),
            Op::Transpose => build::transpose(&mut graph, args[0]),
            Op::Expand => graph.add(ENode { sym: Sym::Expand(shape), args: vec![args[0]] }),
            Op::Eye => graph.add(ENode { sym: Sym::Eye(shape), args: vec![] }),
            Op::Observed => {
                let inner = dag.expr(dag.args(part)[0]);
                let var = inner.as_var().ok_or_else(|| {
                    let message = format!("observed({inner}) has no meaning");
                    Error::shape(Code::ObservedOfFormula, message, "Only a data matrix has missing entries")
                })?;
                graph.add(ENode { sym: Sym::Observed(var.clone()), args: vec![] })
            }
            Op::SumTo | Op::One => return Err(Error::Bug(format!("{} was not simplified", dag.expr(part)))),
            op @ (Op::Var(_)
            | Op::Lit(_)
            | Op::Div
            | Op::Pow
            | Op::Max
            | Op::Min
            | Op::Greater
            | Op::Exp
            | Op::Log
            | Op::XLogX
            | Op::Abs
            | Op::Sign
            | Op::Sigmoid
            | Op::Softplus
            | Op::MatMul
            | Op::Sum
            | Op::RowSum
            | Op::ColSum) => build::apply(&mut graph, op.clone(), &args),
        };
        ids.push(id);
    }
    Ok((graph, dag.roots().iter().map(|root| ids[root.index()]).collect()))
}
