//! Derive: what subproblem an objective has in each of its factors, the others fixed.
//! In: a bound problem.  Out: `Subproblem` a factor: quadratic, with its Grams where rows are independent, of bounded
//! curvature, Poisson, or just smooth.
//! Invariant: a subproblem holds for all values of data and factors; what is not seen to have one is `Smooth`.
//! Not here: which method fits a subproblem (see `choice`), numbers (see `local`).
//!
//! The second derivative of the smooth part along a direction D is derived by differentiating twice. Where it is free
//! of the factor, the part is quadratic, and the second derivative, which is linear in D, is taken apart into chains of
//! products: `D @ (H @ H.T)` is one Gram for all rows, `(C * (D @ H)) @ H.T` a Gram a row.

mod chain;
mod curvature;
mod poisson;
mod quadratic;
pub(super) mod subproblem;
#[cfg(test)]
mod tests;

pub use subproblem::{Coupled, Poisson, Quadratic, Sampled, Subproblem};

use super::problem::{Bound, Factor};
use crate::error::Result;
use crate::expr::{Dag, Expr, Var, expand, sum};
use crate::facts::{Given, Givens, degrees};
use crate::grad::differentiate;
use crate::rewrite::simplify;

/// The subproblems of the smooth part of `bound` in each factor, derived at the first call.
///
/// # Errors
/// Those of shapes that don't fit.
pub fn derive(bound: &Bound) -> Result<&[Subproblem]> {
    if let Some(known) = bound.subproblems.get() {
        return Ok(known);
    }
    let subproblems = bound.factors.iter().map(|factor| of_factor(bound, factor)).collect::<Result<_>>()?;
    Ok(bound.subproblems.get_or_init(|| subproblems))
}

fn of_factor(bound: &Bound, factor: &Factor) -> Result<Subproblem> {
    let leaf = Expr::from(&factor.var);
    let found = quadratic_of(&bound.smooth, factor, &bound.givens)?;
    if let Second::Rows(quadratic, gradient) = found {
        let nothing = [(factor.var.clone(), expand(0.0, &leaf))].into();
        let linear = simplify(&[-0.5 * gradient.substitute(&nothing)], &bound.givens)?.remove(0);
        let turned = turned(&quadratic, linear);
        return Ok(Subproblem::Quadratic(quadratic, turned));
    }
    if let Second::Coupled(coupled) = found {
        return Ok(Subproblem::Coupled(coupled));
    }
    if let Some(stand_in) = curvature::stand_in(&bound.smooth, &factor.var, &bound.givens)?
        && let Second::Rows(quadratic, _) = quadratic_of(&stand_in, factor, &bound.givens)?
    {
        let gradient = simplify(&differentiate(&bound.smooth, &[leaf]), &bound.givens)?.remove(0);
        let turned = turned(&quadratic, gradient);
        return Ok(Subproblem::Bounded(quadratic, turned));
    }
    if factor.regularizer.entries.is_nonnegative() {
        let nonnegative =
            bound.factors.iter().filter(|f| f.regularizer.entries.is_nonnegative()).map(|f| f.var.clone());
        let nonnegative: Vec<Var> = nonnegative.collect();
        if let Some(poisson) = poisson::poisson(&bound.smooth, &factor.var, &bound.givens, &nonnegative)? {
            return Ok(Subproblem::Poisson(poisson));
        }
    }
    Ok(Subproblem::Smooth)
}

fn turned(quadratic: &Quadratic, array: Expr) -> Expr {
    if quadratic.transposed { array.t() } else { array }
}

/// What the second derivative says.
enum Second {
    /// Quadratic, row by row; and the gradient.
    Rows(Quadratic, Expr),
    /// Quadratic, rows hanging together.
    Coupled(Coupled),
    /// Not seen to be quadratic.
    Other,
}

/// Whether a formula is seen to be a polynomial of at most that degree in a variable.
fn is_of_degree(expr: &Expr, var: &Var, most: u32) -> bool {
    let dag = Dag::new(std::slice::from_ref(expr));
    degrees(&dag, var)[dag.roots()[0].index()].is_some_and(|degree| degree <= most)
}

/// Whether a function is quadratic in a factor, and how.
fn quadratic_of(smooth: &Expr, factor: &Factor, givens: &Givens) -> Result<Second> {
    let leaf = Expr::from(&factor.var);
    let gradient = simplify(&differentiate(smooth, std::slice::from_ref(&leaf)), givens)?.remove(0);
    // A kink has no second derivative, and a step no first: only what is derived tells a straight line from a broken
    // one.
    let steps = is_of_degree(&gradient, &factor.var, 0) && !is_of_degree(smooth, &factor.var, 1);
    if steps || !is_of_degree(&gradient, &factor.var, 1) {
        return Ok(Second::Other);
    }
    let direction = Var::input(&format!("direction of {}", factor.var.name()));
    let along = Expr::from(&direction);
    let mut all = givens.clone();
    all.insert(direction.clone(), Given::dense(factor.shape.rows, factor.shape.cols));
    let slope = sum(&gradient * &along);
    let second = simplify(&differentiate(&slope, std::slice::from_ref(&leaf)), &all)?.remove(0);
    if !is_of_degree(&second, &factor.var, 0) {
        return Ok(Second::Other);
    }
    if is_of_degree(&second, &direction, 0) {
        // Linear in the factor.
        return Ok(Second::Rows(Quadratic::default(), gradient));
    }
    if factor.shape.is_scalar() {
        let one = [(direction, Expr::number(1.0))].into();
        let gram = simplify(&[0.5 * second.substitute(&one)], givens)?.remove(0);
        let quadratic = Quadratic { shared: Some(gram), ..Quadratic::default() };
        return Ok(Second::Rows(quadratic, gradient));
    }
    let by_rows = chain::chains(&second, &direction, &all)?.and_then(|chains| quadratic::assemble(&chains, &leaf));
    Ok(match by_rows {
        Some(quadratic) => Second::Rows(quadratic, gradient),
        None => Second::Coupled(Coupled { gradient, image: second, direction }),
    })
}
