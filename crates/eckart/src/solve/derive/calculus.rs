//! Calculus: derivatives of an objective in a factor, simplified.
//! In: a formula, a variable, what is known of all variables.  Out: formulas.
//! Invariant: values are those of the plain derivatives.
//! Not here: what they say of the objective (see `quadratic`, `curvature`, `poisson`).

use crate::error::Result;
use crate::expr::{Expr, Var, expand, sum};
use crate::facts::{Given, Givens};
use crate::grad::differentiate;
use crate::rewrite::simplify;

/// The formula, simplified.
pub(super) fn simplified(formula: Expr, givens: &Givens) -> Result<Expr> {
    Ok(simplify(&[formula], givens)?.remove(0))
}

/// The gradient of a number.
pub(super) fn gradient(cost: &Expr, var: &Var, givens: &Givens) -> Result<Expr> {
    simplified(differentiate(cost, &[var.into()]).remove(0), givens)
}

/// A formula at 0 of a variable, as it is written.
pub(super) fn at_zero(formula: &Expr, var: &Var) -> Expr {
    formula.substitute(&[(var.clone(), expand(0.0, var))].into())
}

/// The second derivative of an objective along a direction.
pub(super) struct Second {
    /// What the Hessian makes of the direction.
    pub image: Expr,
    pub direction: Var,
    /// What is known of all variables, the direction among them.
    pub givens: Givens,
}

impl Second {
    /// Of the objective that has this gradient.
    pub(super) fn of(first: &Expr, var: &Var, givens: &Givens) -> Result<Self> {
        let direction = Var::input(&format!("direction of {}", var.name()));
        let mut givens = givens.clone();
        if let Some(given) = givens.get(var).copied() {
            givens.insert(direction.clone(), Given::dense(given.shape.rows, given.shape.cols));
        }
        let image = gradient(&sum(first * Expr::from(&direction)), var, &givens)?;
        Ok(Self { image, direction, givens })
    }
}
