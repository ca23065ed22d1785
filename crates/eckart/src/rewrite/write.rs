//! Write: nodes of the search as formulas.
//! In: a node and the formulas of its arguments.  Out: a formula.
//! Invariant: of the node's value, whichever of equal formulas the arguments are.
//! Not here: which nodes are written (see `extract`).

use super::language::{ENode, Sym};
use crate::expr::{Expr, Op, Var, expand, eye, observed};
use crate::facts::{Givens, Shape};

/// The formula of a node, given those of its arguments and whether these are sparse.
pub(super) fn write(node: &ENode, args: Vec<Expr>, sparse: &[bool], givens: &Givens) -> Expr {
    match &node.sym {
        Sym::Op(Op::Add) => added(args),
        Sym::Op(Op::Mul) => multiplied(args, sparse),
        Sym::Op(op) => Expr::new(op.clone(), args),
        Sym::Expand(shape) => expand(args[0].clone(), like(givens, *shape)),
        Sym::Eye(shape) => eye(like(givens, *shape)),
        Sym::Observed(var) => observed(var),
        Sym::Sampled(var) => observed(var) * args[0].clone(),
    }
}

/// A formula of a shape, whose value nobody asks for.
fn like(givens: &Givens, shape: Shape) -> Expr {
    let var = |v: &Var| Expr::from(v);
    if let Some((v, _)) = givens.iter().find(|(_, given)| given.shape == shape) {
        return var(v);
    }
    let of = |side: usize| {
        let rows = givens.iter().find(|(_, given)| given.shape.rows == side).map(|(v, _)| var(v));
        rows.or_else(|| givens.iter().find(|(_, given)| given.shape.cols == side).map(|(v, _)| var(v).t()))
    };
    if shape.rows == shape.cols
        && let Some(side) = of(shape.rows)
    {
        return side.clone().dot(side.t());
    }
    let column = of(shape.rows).map_or_else(|| Expr::number(0.0), crate::expr::rowsum);
    let line = of(shape.cols).map_or_else(|| Expr::number(0.0), |e| crate::expr::rowsum(e).t());
    column.dot(line)
}

/// A sum, terms with a negative literal taken away.
fn added(args: Vec<Expr>) -> Expr {
    let literal = |e: &Expr| if *e.op() == Op::Mul { e.args()[0].as_number() } else { e.as_number() };
    let (minus, plus): (Vec<Expr>, Vec<Expr>) = args.into_iter().partition(|e| literal(e).is_some_and(|c| c < 0.0));
    let mut sum = plus.into_iter().reduce(|a, b| a + b);
    for term in minus {
        sum = Some(match sum {
            None => term,
            Some(sum) => sum - negated(&term),
        });
    }
    sum.unwrap_or_else(|| Expr::number(0.0))
}

/// The negative of a literal, or of a literal times something.
fn negated(term: &Expr) -> Expr {
    match (term.as_number(), term.args()) {
        (Some(value), _) => Expr::number(-value),
        (None, [c, rest]) => match c.as_number() {
            Some(-1.0) => rest.clone(),
            Some(c) => -c * rest,
            None => -term,
        },
        (None, _) => -term,
    }
}

/// A product, sparse factors first: what follows is computed at their stored entries.
fn multiplied(args: Vec<Expr>, sparse: &[bool]) -> Expr {
    let (first, rest): (Vec<_>, Vec<_>) =
        args.into_iter().zip(sparse).partition(|(e, sparse)| **sparse || e.as_number().is_some());
    let factors = first.into_iter().chain(rest).map(|(e, _)| e);
    factors.reduce(|a, b| a * b).unwrap_or_else(|| Expr::number(1.0))
}
