//! Transform: formulas made from others: arguments rebuilt, parts replaced, sums taken apart and put together.
//! In: formulas.  Out: formulas, or the terms of a sum.
//! Invariant: equal parts are rebuilt once and stay shared; no recursion, for formulas may be deep.
//! Not here: equal formulas that are cheaper (see `rewrite`).

use std::collections::BTreeMap;

use super::dag::{Dag, Id};
use super::op::Op;
use super::tree::Expr;
use super::var::Var;

impl Dag {
    /// The roots rebuilt from the leaves up: `new` makes a node from its rebuilt arguments.
    pub(crate) fn map(&self, mut new: impl FnMut(Id, Vec<Expr>) -> Expr) -> Vec<Expr> {
        let rebuilt = self.bottom_up(|id, known: &[Expr]| {
            let args = self.args(id).iter().map(|arg| known[arg.index()].clone()).collect();
            new(id, args)
        });
        self.roots().iter().map(|root| rebuilt[root.index()].clone()).collect()
    }
}

impl Expr {
    /// The formula rebuilt from the leaves up: `new` makes a part from what it was and its rebuilt arguments.
    pub(crate) fn map(&self, mut new: impl FnMut(&Expr, Vec<Expr>) -> Expr) -> Expr {
        let dag = Dag::new(std::slice::from_ref(self));
        dag.map(|id, args| new(dag.expr(id), args)).remove(0)
    }

    /// The formula with every variable in `by` replaced.
    pub fn substitute(&self, by: &BTreeMap<Var, Expr>) -> Expr {
        self.map(|old, args| match old.as_var().and_then(|var| by.get(var)) {
            Some(new) => new.clone(),
            None => old.with_args(args),
        })
    }

    /// The formula with every named number written in.
    pub(crate) fn with_numbers(&self, numbers: &BTreeMap<String, f64>) -> Expr {
        self.substitute(&numbers.iter().map(|(name, &value)| (Var::input(name), Expr::number(value))).collect())
    }

    /// The formula with every part that equals the first of a pair replaced by the second, larger parts first.
    pub(crate) fn replace(&self, by: &[(Expr, Expr)]) -> Expr {
        let roots: Vec<Expr> = std::iter::once(self).chain(by.iter().map(|(old, _)| old)).cloned().collect();
        let dag = Dag::new(&roots);
        let new: BTreeMap<Id, &Expr> = dag.roots()[1..].iter().copied().zip(by.iter().map(|(_, new)| new)).collect();
        let replaced = |id: Id, args| new.get(&id).map_or_else(|| dag.expr(id).with_args(args), |&new| new.clone());
        dag.map(replaced).remove(0)
    }
}

/// The terms of a sum with their signs, 1 or -1, from left to right.
pub(crate) fn signed_terms(sum: &Expr) -> Vec<(f64, Expr)> {
    terms(sum, false)
}

/// The terms of a sum with their literal weights, from left to right: `2 * (a - b / 4)` has 2 a and -0.5 b.
pub(crate) fn weighted_terms(sum: &Expr) -> Vec<(f64, Expr)> {
    terms(sum, true)
}

/// How deep a product of numbers is looked into.
const DEEPEST_CONSTANT: usize = 4;

/// The value of a formula of numbers alone, such as the `2 * 0.5` that a parameter leaves.
pub(crate) fn constant_of(formula: &Expr) -> Option<f64> {
    constant(formula, DEEPEST_CONSTANT)
}

fn constant(formula: &Expr, depth: usize) -> Option<f64> {
    formula.as_number().or_else(|| {
        let below = depth.checked_sub(1)?;
        let args: Option<Vec<f64>> = formula.args().iter().map(|arg| constant(arg, below)).collect();
        formula.op().of_numbers(&args?)
    })
}

fn terms(sum: &Expr, literals: bool) -> Vec<(f64, Expr)> {
    let mut found = Vec::new();
    let mut stack = vec![(1.0, sum.clone())];
    while let Some((weight, expr)) = stack.pop() {
        let args = expr.args();
        let literal = |k: usize| args.get(k).filter(|_| literals).and_then(constant_of);
        match (expr.op(), literal(0), literal(1)) {
            (Op::Add, _, _) => stack.extend([(weight, args[1].clone()), (weight, args[0].clone())]),
            (Op::Sub, _, _) => stack.extend([(-weight, args[1].clone()), (weight, args[0].clone())]),
            (Op::Mul, Some(c), _) => stack.push((weight * c, args[1].clone())),
            (Op::Mul, None, Some(c)) => stack.push((weight * c, args[0].clone())),
            (Op::Div, None, Some(c)) => stack.push((weight / c, args[0].clone())),
            (_, _, _) => found.push((weight, expr)),
        }
    }
    found
}

/// The sum of terms with their weights, those of a negative weight subtracted; 0 of none.
pub(crate) fn weighted_sum(terms: impl IntoIterator<Item = (f64, Expr)>) -> Expr {
    let scaled = |weight: f64, term: Expr| if weight == 1.0 { term } else { weight * term };
    let added = |sum: Expr, (weight, term): (f64, Expr)| {
        if weight < 0.0 { sum - scaled(-weight, term) } else { sum + scaled(weight, term) }
    };
    let mut terms = terms.into_iter();
    let first = terms.next().map_or_else(|| Expr::number(0.0), |(weight, term)| scaled(weight, term));
    terms.fold(first, added)
}

/// Formulas of the same values, equal terms of a sum put together: `a + b - 3 * a` is `-2 * a + b`. `None` where no sum
/// has any. A sum that is used twice is one term of either.
pub(crate) fn merged_terms(roots: &[Expr]) -> Option<Vec<Expr>> {
    let dag = Dag::new(roots);
    let is_sum = |id: Id| matches!(dag.op(id), Op::Add | Op::Sub);
    let mut readers = vec![0_usize; dag.len()];
    let mut summed = vec![false; dag.len()];
    for id in dag.ids() {
        for arg in dag.args(id) {
            readers[arg.index()] += 1;
            summed[arg.index()] |= is_sum(id);
        }
    }
    dag.roots().iter().for_each(|root| readers[root.index()] += 1);
    let is_inner = |id: Id| is_sum(id) && summed[id.index()] && readers[id.index()] == 1;
    let sums = dag.ids().filter(|&id| is_sum(id) && !is_inner(id));
    let merged: BTreeMap<Id, Vec<(f64, Id)>> =
        sums.filter_map(|id| Some((id, put_together(&dag, id, &is_inner)?))).collect();
    if merged.is_empty() {
        return None;
    }
    let known = dag.bottom_up(|id, known: &[Expr]| match merged.get(&id) {
        Some(terms) => weighted_sum(terms.iter().map(|&(weight, term)| (weight, known[term.index()].clone()))),
        None => dag.expr(id).with_args(dag.args(id).iter().map(|arg| known[arg.index()].clone()).collect()),
    });
    Some(dag.roots().iter().map(|root| known[root.index()].clone()).collect())
}

/// The terms of a sum with their literal weights, each once, from left to right; `None` where each is there once.
fn put_together(dag: &Dag, sum: Id, is_inner: &impl Fn(Id) -> bool) -> Option<Vec<(f64, Id)>> {
    let (mut terms, mut places, mut count) = (Vec::new(), BTreeMap::new(), 0);
    let mut left = vec![(1.0, sum)];
    while let Some((weight, id)) = left.pop() {
        match (dag.op(id), dag.args(id)) {
            (Op::Add | Op::Sub, &[a, b]) if id == sum || is_inner(id) => {
                let sign = if *dag.op(id) == Op::Sub { -1.0 } else { 1.0 };
                left.extend([(sign * weight, b), (weight, a)]);
                continue;
            }
            _ => {}
        }
        let literal = |args: &[Id]| (*dag.op(id) == Op::Mul).then(|| dag.expr(args[0]).as_number()).flatten();
        let (weight, term) = literal(dag.args(id)).map_or((weight, id), |c| (c * weight, dag.args(id)[1]));
        count += 1;
        let place = *places.entry(term).or_insert(terms.len());
        match terms.get_mut(place) {
            Some((sum, _)) => *sum += weight,
            None => terms.push((weight, term)),
        }
    }
    (terms.len() < count).then_some(terms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::exp;
    use crate::expr::text::parse_expr;

    fn read(text: &str) -> Expr {
        parse_expr(text).unwrap()
    }

    #[test]
    fn the_largest_part_that_fits_is_replaced_everywhere() {
        let by = [(read("W @ H"), read("S")), (read("W"), read("V"))];
        assert_eq!(read("sum((X - W @ H)**2) + sum(W**2)").replace(&by).to_string(), "sum((X - S)**2) + sum(V**2)");
    }

    #[test]
    fn what_does_not_change_is_the_same_node() {
        let formula = read("sum((X - W @ H)**2)");
        assert_eq!(formula.map(Expr::with_args).address(), formula.address());
    }

    /// The terms of a sum, with their literals and as they stand, and the sum put together again.
    #[track_caller]
    fn check(sum: &str, weighted: &[(f64, &str)], signed: &[(f64, &str)], again: &str) {
        let told = |terms: Vec<(f64, Expr)>| terms.into_iter().map(|(w, t)| (w, t.to_string())).collect::<Vec<_>>();
        let expected = |terms: &[(f64, &str)]| terms.iter().map(|&(w, t)| (w, t.to_owned())).collect::<Vec<_>>();
        assert_eq!(told(weighted_terms(&read(sum))), expected(weighted));
        assert_eq!(told(signed_terms(&read(sum))), expected(signed));
        assert_eq!(weighted_sum(weighted_terms(&read(sum))).to_string(), again);
    }

    #[test]
    fn equal_terms_are_put_together() {
        let merged = |sum: &str| merged_terms(&[read(sum)]).map(|roots| roots[0].to_string());
        assert_eq!(merged("a - b - 2 * b - (a - c)").as_deref(), Some("0 * a - 3 * b + c"));
        assert_eq!(merged("sum((X - W @ H - W @ H - W @ H)**2)").as_deref(), Some("sum((X - 3 * (W @ H))**2)"));
        assert_eq!(merged("exp(a + b) - (a + b) * (a + b) - c"), None);
        // A shared sum stays shared.
        let shared = read("a + b");
        let roots = [shared.clone() + read("a"), exp(&shared)];
        assert_eq!(merged_terms(&roots), None);
    }

    #[test]
    fn sums_are_taken_apart_and_put_together() {
        check(
            "a - (b - 2 * c) / 4",
            &[(1.0, "a"), (-0.25, "b"), (0.5, "c")],
            &[(1.0, "a"), (-1.0, "(b - 2 * c) / 4")],
            "a - 0.25 * b + 0.5 * c",
        );
        check("2 * 0.25 * a", &[(0.5, "a")], &[(1.0, "2 * 0.25 * a")], "0.5 * a");
        check("-(a + b)", &[(-1.0, "a"), (-1.0, "b")], &[(1.0, "-(a + b)")], "-a - b");
    }
}
