//! Curvature: losses whose second derivative is bounded, and the quadratics that stand in for them.
//! In: a smooth objective and a factor.  Out: the objective with a quadratic in the place of each such loss.
//! Invariant: the stand-in curves at least as much as the objective everywhere, so a parabola with its second
//! derivative that touches the objective at a point lies nowhere below it.
//! Not here: the parabola's Gram (see `quadratic`), other losses.

use std::collections::BTreeSet;

use super::calculus::simplified;
use crate::error::Result;
use crate::expr::{Dag, Expr, Id, Op, Var, expand, huber_at, sum};
use crate::facts::{Facts, Given, Givens, degrees, depends_on, is_nonnegative, joint_degree};
use crate::grad::differentiate;
use crate::rewrite::simplify;

/// The objective with each loss of bounded curvature replaced by a quadratic of that curvature; `None` where it has
/// none, or one that does not enter it with a weight of at least 0.
///
/// The losses: `softplus(z)`, whose second derivative is at most 1/4 (Bohning and Lindsay 1988), and `huber(z, delta)`,
/// at most 1.
pub(super) fn surrogate(smooth: &Expr, factor: &Var, givens: &Givens) -> Result<Option<Expr>> {
    let dag = Dag::new(std::slice::from_ref(smooth));
    let losses = losses(&dag, factor);
    if losses.is_empty() {
        return Ok(None);
    }
    let Some(parts) = pull_out(&dag, &losses, givens)? else { return Ok(None) };
    let mut total = parts.rest;
    for (weight, loss) in parts.weights.iter().zip(&losses) {
        if depends_on(weight, factor) || !is_nonnegative(weight, &parts.givens)? {
            return Ok(None);
        }
        total = total + loss.curvature / 2.0 * sum(weight * loss.inner.pow(2));
    }
    Ok(Some(total))
}

/// A part of a formula that is to be looked at by itself.
pub(super) struct LossTerm {
    pub id: Id,
    pub inner: Expr,
    /// The most that its second derivative in `inner` can be.
    pub curvature: f64,
}

fn losses(dag: &Dag, factor: &Var) -> Vec<LossTerm> {
    let degree = degrees(dag, factor);
    let depends = dag.depends(|id| dag.expr(id).as_var() == Some(factor));
    let mut found = Vec::new();
    for id in dag.ids().filter(|id| depends[id.index()]) {
        let softplus = (*dag.op(id) == Op::Softplus).then(|| (dag.args(id)[0], 0.25));
        let loss = softplus.or_else(|| huber_at(dag, id).map(|huber| (huber.z, 1.0)));
        if let Some((inner, curvature)) = loss.filter(|(inner, _)| degree[inner.index()] == Some(1)) {
            found.push(LossTerm { id, inner: dag.expr(inner).clone(), curvature });
        }
    }
    found
}

/// An objective that is linear in some of its parts.
pub(super) struct PulledOut {
    /// The objective without the parts.
    pub rest: Expr,
    /// What each part is multiplied by, entry by entry; of the part's shape.
    pub weights: Vec<Expr>,
    /// What is known of all variables, placeholders included.
    pub givens: Givens,
}

/// Takes parts out of an objective; `None` where it is not linear in them.
pub(super) fn pull_out(dag: &Dag, parts: &[LossTerm], givens: &Givens) -> Result<Option<PulledOut>> {
    let facts = Facts::of(dag, givens)?;
    let mut all = givens.clone();
    let mut placeholders = Vec::new();
    for (k, part) in parts.iter().enumerate() {
        let placeholder = Var::input(&format!("part {k}"));
        let shape = facts.shape(part.id);
        all.insert(placeholder.clone(), Given::dense(shape.rows, shape.cols));
        placeholders.push(placeholder);
    }
    let of_parts = || parts.iter().map(|part| dag.expr(part.id).clone());
    let leaves: Vec<Expr> = placeholders.iter().map(Expr::from).collect();
    let by: Vec<(Expr, Expr)> = of_parts().zip(leaves.iter().cloned()).collect();
    let whole = dag.expr(dag.roots()[0]).replace(&by);
    let numbered = Dag::new(std::slice::from_ref(&whole));
    let degree_in = |placeholder| degrees(&numbered, placeholder)[numbered.roots()[0].index()];
    if placeholders.iter().any(|placeholder| degree_in(placeholder) != Some(1)) {
        return Ok(None);
    }
    let weights = simplify(&differentiate(&whole, &leaves), &all)?;
    let all_placeholders: BTreeSet<&Var> = placeholders.iter().collect();
    if weights.iter().any(|weight| joint_degree(weight, &|var| all_placeholders.contains(var)) != Some(0)) {
        return Ok(None);
    }
    // What is left of a placeholder tells a shape only.
    let back = placeholders.iter().cloned().zip(of_parts()).collect();
    let weights = weights.iter().map(|weight| weight.substitute(&back)).collect();
    let nothing = placeholders.iter().map(|placeholder| (placeholder.clone(), expand(0.0, placeholder))).collect();
    let rest = simplified(whole.substitute(&nothing), &all)?.substitute(&back);
    Ok(Some(PulledOut { rest, weights, givens: all }))
}
