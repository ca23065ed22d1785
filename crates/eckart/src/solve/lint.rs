//! Lint: what an objective says that its author hardly meant.
//! In: a bound problem.  Out: warnings, each with what to add.
//! Law: a warning is given only where the cost has no minimum, is undefined somewhere near, or can't use all components.
//! Not here: what can't be minimised at all, which is refused (see `problem`, `split`).

use std::collections::BTreeMap;

use super::derive::{Form, derive};
use super::problem::{Bound, Factor};
use super::split::terms;
use crate::error::Result;
use crate::expr::{Dag, Expr, Id, Op, Var};
use crate::facts::{Facts, Sign, degrees};

/// Warnings about an objective.
///
/// # Errors
/// Those of shapes that don't fit.
pub fn lints(bound: &Bound) -> Result<Vec<String>> {
    let mut found = scales(bound);
    found.extend(slopes(bound)?);
    found.extend(logarithms(bound)?);
    found.extend(empty_sides(bound));
    Ok(found)
}

/// A penalty on one factor of a product is worth nothing where the other may grow for it.
fn scales(bound: &Bound) -> Vec<String> {
    let dag = Dag::new(std::slice::from_ref(&bound.smooth));
    let factor_of = |id: Id| {
        let inner = if *dag.op(id) == Op::Transpose { dag.args(id)[0] } else { id };
        bound.factors.iter().find(|f| dag.expr(inner).as_var() == Some(&f.var))
    };
    let mut found = Vec::new();
    for id in dag.ids().filter(|&id| *dag.op(id) == Op::MatMul) {
        let [left, right] = [factor_of(dag.args(id)[0]), factor_of(dag.args(id)[1])];
        let (Some(left), Some(right)) = (left, right) else { continue };
        if left.var == right.var {
            continue;
        }
        for (small, large) in [(left, right), (right, left)] {
            if let Some(penalty) = free_penalty(bound, dag.expr(id), small, large) {
                found.push(format!(
                    "the objective has no least value: making {small} smaller and {large} larger by the same factor leaves {} as it is \
                     and lowers {penalty}, without end. Limit {large} as well: add a penalty such as `a*sum({large}**2)`, \
                     or `subject to {side}({large}) <= 1`",
                    dag.expr(id),
                    small = small.var.name(),
                    large = large.var.name(),
                    side = if large.shape.rows <= large.shape.cols { "rownorm" } else { "colnorm" },
                ));
            }
        }
    }
    found
}

/// The penalty on `small`, where the two factors are tied by `product` alone and nothing limits `large`.
fn free_penalty(bound: &Bound, product: &Expr, small: &Factor, large: &Factor) -> Option<String> {
    let limits = &large.prox;
    let limited = limits.upper.is_some() || !limits.is_entrywise() || limits.l1 > 0.0;
    let held = small.prox.lower.is_some_and(|low| low > 0.0);
    if limited || held {
        return None;
    }
    let mut penalty = small.prox.in_words(small.var.name()).into_iter().find(|words| words.contains('*'));
    let hole = Var::input("the product");
    for (weight, term) in terms(&bound.smooth) {
        let without = without(&term, product, &hole);
        let names = without.variables();
        let of = |factor: &Factor| names.contains(&factor.var);
        match (of(small), of(large)) {
            (false, false) => {}
            (true, false) if is_square_of(&term, &small.var) && weight > 0.0 => {
                penalty.get_or_insert_with(|| format!("{weight} * {term}"));
            }
            (_, _) => return None,
        }
    }
    penalty
}

/// Whether a term is `sum(B**2)`.
fn is_square_of(term: &Expr, var: &Var) -> bool {
    let square = (*term.op() == Op::Sum).then(|| &term.args()[0]);
    square.is_some_and(|square| *square.op() == Op::Pow && square.args()[0].as_var() == Some(var))
}

/// The formula with a variable in the place of `part`.
fn without(formula: &Expr, part: &Expr, hole: &Var) -> Expr {
    let dag = Dag::new(&[formula.clone(), part.clone()]);
    let mut new: BTreeMap<Id, Expr> = BTreeMap::new();
    for id in dag.ids() {
        let args = dag.args(id).iter().map(|arg| new[arg].clone()).collect();
        let own =
            if id == dag.roots()[1] { Expr::leaf(Op::Var(hole.clone())) } else { Expr::new(dag.op(id).clone(), args) };
        new.insert(id, own);
    }
    new[&dag.roots()[0]].clone()
}

/// A cost that is a straight line in a factor falls for ever unless a bound holds it.
fn slopes(bound: &Bound) -> Result<Vec<String>> {
    let line = |(form, factor): (&Form, &Factor)| {
        let Form::Quadratic(quadratic, _) = form else { return None };
        let flat = quadratic.shared.is_none() && quadratic.scaled.is_empty() && quadratic.sampled.is_empty();
        let prox = &factor.prox;
        let held = prox.lower.is_some() || prox.upper.is_some() || !prox.is_entrywise() || prox.l1 > 0.0;
        let name = factor.var.name();
        (flat && !held).then(|| {
            format!(
                "the objective is linear in {name}, so it has no least value: add a penalty such as `a*sum({name}**2)`, or a \
                 bound such as `{name} >= 0`"
            )
        })
    };
    Ok(derive(bound)?.iter().zip(&bound.factors).filter_map(line).collect())
}

/// A logarithm of what may become negative.
fn logarithms(bound: &Bound) -> Result<Vec<String>> {
    let mut givens = bound.givens.clone();
    for factor in bound.factors.iter().filter(|f| f.prox.is_nonnegative()) {
        if let Some(given) = givens.get_mut(&factor.var) {
            given.sign = Sign::NONNEGATIVE;
        }
    }
    let dag = Dag::new(std::slice::from_ref(&bound.smooth));
    let facts = Facts::of(&dag, &givens)?;
    let mut found = Vec::new();
    for id in dag.ids().filter(|&id| *dag.op(id) == Op::Log) {
        let inner = dag.args(id)[0];
        let free = |f: &&Factor| !f.prox.is_nonnegative() && degrees(&dag, &f.var)[inner.index()] != Some(0);
        let names: Vec<&str> = bound.factors.iter().filter(free).map(|f| f.var.name()).collect();
        if !facts.sign(inner).nonnegative && !names.is_empty() {
            found.push(format!(
                "{} is undefined where {} is negative, and nothing keeps it from that: add `subject to {} >= 0`",
                dag.expr(id).shortened(60),
                dag.expr(inner).shortened(60),
                names.join(", "),
            ));
        }
    }
    Ok(found)
}

/// Components beyond the number of rows or columns that hold anything have nothing to explain.
fn empty_sides(bound: &Bound) -> Option<String> {
    let (name, x) = &bound.target;
    let pattern = x.pattern().filter(|pattern| pattern.nnz() > 0)?;
    let filled = |pattern: &crate::data::Pattern| (0..pattern.rows()).filter(|&i| !pattern.range(i).is_empty()).count();
    let (rows, cols) = (filled(pattern), filled(pattern.transposed()));
    let (most, side) = if rows <= cols { (rows, "rows") } else { (cols, "columns") };
    (bound.rank > most).then(|| {
        format!(
            "{name} has only {most} {side} with an entry, so that rank {} is more than it can use: ask for {most}",
            bound.rank
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Matrix;
    use crate::solve::Problem;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let x = Matrix::from_triplets(6, 5, vec![(0, 0, 1.0), (1, 1, 2.0), (2, 2, 1.0), (3, 3, 1.0)]).unwrap();
        let bound = Problem::parse(text).unwrap().data("X", &x).rank(3).bind().unwrap();
        let found = lints(&bound).unwrap();
        assert_eq!(found.len(), expected.len(), "{text}: {found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "{text}: {found}");
        }
    }

    #[test]
    fn what_was_hardly_meant_is_named() {
        let free = "making W smaller and H larger by the same factor leaves W @ H as it is";
        check("sum((X - W @ H)**2) + 0.5*sum(abs(W))", &[free]);
        check("sum((X - W @ H)**2) + 0.5*sum(W**2) subject to H >= 0", &[free]);
        check("sum((X - W @ H)**2) + 0.5*sum(abs(W)) subject to rownorm(H) <= 1", &[]);
        check("sum((X - W @ H)**2) + 0.5*sum(abs(W)) + 0.1*sum(H**2)", &[]);
        check("sum((X - W @ H)**2) + 0.5*sum(W**2) + sum((W @ H)*X) + sum(rowsum(H)**2)", &[]);
        check("sum((X - W @ H)**2) subject to W, H >= 0", &[]);
        check("sum((X - W @ H)**2) + 0.5*sum((X - W @ K)**2) + sum(W**2)", &[]);
        check("over W[n,r], H[r,m], b[n,1]: sum((X - W @ H)**2) - sum(b)", &["linear in b"]);
        check("sum(kl(X, W @ H)) subject to W >= 0", &["add `subject to H >= 0`"]);
        check("sum(kl(X, W @ H)) subject to W, H >= 0", &[]);
    }

    #[test]
    fn a_rank_that_cannot_be_used_is_named() {
        let x = Matrix::from_triplets(6, 5, vec![(0, 0, 1.0), (1, 1, 2.0)]).unwrap();
        let bound = Problem::parse("sum((X - W @ H)**2)").unwrap().data("X", &x).rank(3).bind().unwrap();
        assert!(lints(&bound).unwrap()[0].contains("only 2 rows with an entry, so that rank 3"));
    }
}
