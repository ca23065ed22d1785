//! Curvature: losses whose second derivative is bounded, and the quadratics that stand in for them.
//! In: a smooth objective and a factor.  Out: the objective with a quadratic in the place of each such loss.
//! Invariant: the stand-in curves at least as much as the objective everywhere, so a parabola with its second
//! derivative that touches the objective at a point lies nowhere below it.
//! Not here: the parabola's Gram (see `quadratic`), other losses.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::expr::{Dag, Expr, Id, Op, Var, sum};
use crate::facts::{Facts, Given, Givens, degrees};
use crate::grad::differentiate;
use crate::rewrite::simplify;

/// The objective with each loss of bounded curvature replaced by a quadratic of that curvature; `None` where it has
/// none, or one that does not enter it with a weight of at least 0.
///
/// The losses: `softplus(z)`, whose second derivative is at most 1/4 (Bohning and Lindsay 1988), and `huber(z, delta)`,
/// at most 1.
///
/// # Errors
/// Those of shapes that don't fit.
pub(super) fn stand_in(smooth: &Expr, factor: &Var, givens: &Givens) -> Result<Option<Expr>> {
    let dag = Dag::new(std::slice::from_ref(smooth));
    let losses = losses(&dag, factor);
    if losses.is_empty() {
        return Ok(None);
    }
    let Some(parts) = pull_out(&dag, &losses, givens)? else { return Ok(None) };
    let mut total = parts.rest;
    for (weight, loss) in parts.weights.iter().zip(&losses) {
        let dag = Dag::new(std::slice::from_ref(weight));
        let facts = Facts::of(&dag, &parts.givens)?;
        if !facts.sign(dag.roots()[0]).nonnegative || uses(weight, factor) {
            return Ok(None);
        }
        total = total + loss.curvature / 2.0 * sum(weight * loss.inner.pow(2));
    }
    Ok(Some(total))
}

/// A part of a formula that is to be looked at by itself.
pub(super) struct Loss {
    pub id: Id,
    pub inner: Expr,
    /// The most that its second derivative in `inner` can be.
    pub curvature: f64,
}

fn losses(dag: &Dag, factor: &Var) -> Vec<Loss> {
    let degree = degrees(dag, factor);
    let depends = dag.depends(|id| dag.expr(id).as_var() == Some(factor));
    let mut found = Vec::new();
    for id in dag.ids().filter(|id| depends[id.index()]) {
        let expr = dag.expr(id);
        let loss = match (expr.op(), huber_of(dag, id)) {
            (Op::Softplus, _) => Some((dag.args(id)[0], 0.25)),
            (_, Some(inner)) => Some((inner, 1.0)),
            (_, None) => None,
        };
        if let Some((inner, curvature)) = loss.filter(|(inner, _)| degree[inner.index()] == Some(1)) {
            found.push(Loss { id, inner: dag.expr(inner).clone(), curvature });
        }
    }
    found
}

/// z, where a node is `huber(z, delta)` as it is spelled out: min(|z|, delta) * (|z| - min(|z|, delta) / 2).
fn huber_of(dag: &Dag, id: Id) -> Option<Id> {
    let args = |id: Id, op: &Op| if dag.op(id) == op { dag.args(id).get(0..2) } else { None };
    let [core, rest] = args(id, &Op::Mul)? else { return None };
    let [size, _] = args(*core, &Op::Min)? else { return None };
    let [whole, half] = args(*rest, &Op::Sub)? else { return None };
    let [same, two] = args(*half, &Op::Div)? else { return None };
    let fits = *dag.op(*size) == Op::Abs && whole == size && same == core && dag.expr(*two).as_number() == Some(2.0);
    fits.then(|| dag.args(*size)[0])
}

/// An objective that is linear in some of its parts.
pub(super) struct PulledOut {
    /// The objective without the parts.
    pub rest: Expr,
    /// What each part is multiplied by, entry by entry; of the part's shape.
    pub weights: Vec<Expr>,
    /// What is known of all variables, stand-ins included.
    pub givens: Givens,
}

/// Takes parts out of an objective; `None` where it is not linear in them.
///
/// # Errors
/// Those of shapes that don't fit.
pub(super) fn pull_out(dag: &Dag, parts: &[Loss], givens: &Givens) -> Result<Option<PulledOut>> {
    let facts = Facts::of(dag, givens)?;
    let mut all = givens.clone();
    let mut holes = Vec::new();
    for (k, part) in parts.iter().enumerate() {
        let hole = Var::input(&format!("part {k}"));
        let shape = facts.shape(part.id);
        all.insert(hole.clone(), Given::dense(shape.rows, shape.cols));
        holes.push(hole);
    }
    let by_id: BTreeMap<Id, &Var> = parts.iter().map(|part| part.id).zip(&holes).collect();
    let holed = replaced(dag, &by_id);
    let (whole, dag) = (dag, Dag::new(std::slice::from_ref(&holed)));
    if holes.iter().any(|hole| degrees(&dag, hole)[dag.roots()[0].index()] != Some(1)) {
        return Ok(None);
    }
    let leaves: Vec<Expr> = holes.iter().map(|hole| Expr::leaf(Op::Var(hole.clone()))).collect();
    let weights = simplify(&differentiate(&holed, &leaves), &all)?;
    if weights.iter().any(|weight| holes.iter().any(|hole| uses(weight, hole))) {
        return Ok(None);
    }
    // What is left of a stand-in tells a shape only.
    let back = by_id.iter().map(|(id, hole)| ((*hole).clone(), whole.expr(*id).clone())).collect();
    let weights = weights.iter().map(|weight| weight.substitute(&back)).collect();
    let nothing =
        holes.iter().zip(&leaves).map(|(hole, leaf)| (hole.clone(), crate::expr::expand(0.0, leaf))).collect();
    let rest = simplify(&[holed.substitute(&nothing)], &all)?.remove(0).substitute(&back);
    Ok(Some(PulledOut { rest, weights, givens: all }))
}

/// Whether the value of a formula depends on a variable.
pub(super) fn uses(expr: &Expr, var: &Var) -> bool {
    let dag = Dag::new(std::slice::from_ref(expr));
    degrees(&dag, var)[dag.roots()[0].index()] != Some(0)
}

/// The formula with a variable in the place of some of its parts.
fn replaced(dag: &Dag, by: &BTreeMap<Id, &Var>) -> Expr {
    let mut new: Vec<Expr> = Vec::with_capacity(dag.len());
    for id in dag.ids() {
        let args = dag.args(id).iter().map(|a| new[a.index()].clone()).collect();
        new.push(match by.get(&id) {
            Some(hole) => Expr::leaf(Op::Var((*hole).clone())),
            None => Expr::new(dag.op(id).clone(), args),
        });
    }
    new[dag.roots()[0].index()].clone()
}
