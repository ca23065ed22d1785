//! Derive: what subproblem an objective has in each of its factors, the others fixed.
//! In: a bound problem.  Out: `Subproblem` a factor: quadratic, with its Grams where rows are independent, entry by
//! entry, of bounded curvature, Poisson, or just smooth.
//! Invariant: a subproblem holds for all values of data and factors; what is not seen to have one is `Smooth`.
//! Not here: which method fits a subproblem (see `choice`), numbers (see `local`).
//!
//! The second derivative of the smooth part along a direction D is derived by differentiating twice. Where it is free
//! of the factor, the part is quadratic, and the second derivative, which is linear in D, is taken apart into chains of
//! products: `D @ (H @ H.T)` is one Gram for all rows, `(C * (D @ H)) @ H.T` a Gram a row.

mod calculus;
mod chain;
mod convexity;
mod curvature;
mod poisson;
mod quadratic;
pub(super) mod subproblem;
#[cfg(test)]
mod tests;

pub(in crate::solve) use convexity::is_convex;
pub use subproblem::{Coupled, Poisson, Quadratic, Subproblem};

use super::problem::role::FactorAxis;
use super::problem::{Bound, Factor, with_signs};
use crate::error::Result;
use crate::expr::{Dag, Expr, Op, expand};
use crate::facts::{Givens, depends_on, is_linear};
use crate::rows::GramParts;
use calculus::{Second, at_zero, simplified};

/// The subproblems of the smooth part of `bound` in each factor, derived at the first call.
///
/// # Errors
/// Those of shapes that don't fit.
pub fn derive(bound: &Bound) -> Result<&[Subproblem]> {
    if let Some(known) = bound.subproblems.get() {
        return Ok(known);
    }
    let subproblems =
        bound.factors.iter().map(|factor| subproblem_of(bound, &bound.smooth, factor)).collect::<Result<_>>()?;
    Ok(bound.subproblems.get_or_init(|| subproblems))
}

/// The subproblem of a smooth function of the factors of `bound` in one of them.
///
/// # Errors
/// Those of shapes that don't fit.
pub(in crate::solve) fn subproblem_of(bound: &Bound, smooth: &Expr, factor: &Factor) -> Result<Subproblem> {
    let (var, givens) = (&factor.var, &bound.givens);
    match quadratic_of(smooth, factor, givens)? {
        Hessian::Entrywise(curvature, gradient) => {
            return Ok(Subproblem::Entrywise {
                curvature,
                linear: simplified(-0.5 * at_zero(&gradient, var), givens)?,
            });
        }
        Hessian::ByRows(quadratic, gradient) => {
            let linear = simplified(-0.5 * at_zero(&gradient, var), givens)?;
            let linear = upright(&quadratic, linear);
            return Ok(Subproblem::Quadratic(quadratic, linear));
        }
        Hessian::Coupled(coupled) => return Ok(Subproblem::Coupled(coupled)),
        Hessian::Other => {}
    }
    if let Some(surrogate) = curvature::surrogate(smooth, var, givens)?
        && let Hessian::ByRows(quadratic, _) = quadratic_of(&surrogate, factor, givens)?
    {
        let gradient = upright(&quadratic, calculus::gradient(smooth, var, givens)?);
        return Ok(Subproblem::Bounded(quadratic, gradient));
    }
    if factor.regularizer.entries.is_nonnegative()
        && let Some(poisson) = poisson::poisson(smooth, var, &with_signs(givens, &bound.factors))?
    {
        return Ok(Subproblem::Poisson(poisson));
    }
    Ok(Subproblem::Smooth)
}

/// Whether an objective has a finite slope, other than 0, at 0 of a factor, as far as its formula shows: a square has
/// none there, a root no finite one.
///
/// # Errors
/// Those of shapes that don't fit.
pub(in crate::solve) fn slopes_at_zero(bound: &Bound, factor: &Factor) -> Result<bool> {
    let (var, givens) = (&factor.var, &bound.givens);
    let gradient = simplified(at_zero(&calculus::gradient(&bound.smooth, var, givens)?, var), givens)?;
    let dag = Dag::new(std::slice::from_ref(&gradient));
    let value = if *gradient.op() == Op::Expand { &gradient.args()[0] } else { &gradient };
    Ok(value.as_number() != Some(0.0) && dag.ids().all(|id| dag.expr(id).as_number().is_none_or(f64::is_finite)))
}

/// An array of the factor's shape as the rows of the quadratic's array.
fn upright(quadratic: &Quadratic, array: Expr) -> Expr {
    if quadratic.transposed { array.t() } else { array }
}

/// What the second derivative says.
enum Hessian {
    /// Quadratic, row by row; and the gradient.
    ByRows(Quadratic, Expr),
    /// Quadratic, entry by entry: half the second derivative of each, and the gradient.
    Entrywise(Expr, Expr),
    Coupled(Coupled),
    /// Not seen to be quadratic.
    Other,
}

/// Whether the rows of the array are the columns of a factor both of which are independent: components are its columns,
/// and without components it is the longer of the two ways.
fn lies_across(factor: &Factor) -> bool {
    match factor.role.components {
        Some(axis) => axis == FactorAxis::Rows,
        None => factor.shape.rows < factor.shape.cols,
    }
}

/// Whether a function is quadratic in a factor, and how.
fn quadratic_of(smooth: &Expr, factor: &Factor, givens: &Givens) -> Result<Hessian> {
    let var = &factor.var;
    let gradient = calculus::gradient(smooth, var, givens)?;
    // A kink has no second derivative, and a step no first: only what is derived tells a straight line from a broken
    // one.
    let steps = !depends_on(&gradient, var) && !is_linear(smooth, var);
    if steps || !is_linear(&gradient, var) {
        return Ok(Hessian::Other);
    }
    let Second { image, direction, givens: all } = Second::of(&gradient, var, givens)?;
    if depends_on(&image, var) {
        return Ok(Hessian::Other);
    }
    if !depends_on(&image, &direction) {
        // Linear in the factor.
        return Ok(Hessian::ByRows(Quadratic { transposed: lies_across(factor), ..Quadratic::default() }, gradient));
    }
    if givens.get(var).is_some_and(|given| given.shape.is_scalar()) {
        let one = [(direction, Expr::number(1.0))].into();
        let gram = simplified(0.5 * image.substitute(&one), givens)?;
        let grams = GramParts { shared: Some(gram), ..GramParts::default() };
        return Ok(Hessian::ByRows(Quadratic { transposed: false, grams }, gradient));
    }
    let chains = chain::chains(&image, &direction, &all)?;
    // A Gram of such a factor would be diagonal, and have the shorter side twice.
    let is_wide = factor.role.components.is_none() && factor.shape.rows.min(factor.shape.cols) > 1;
    if is_wide && factor.regularizer.is_entrywise() && chains.as_deref().is_some_and(quadratic::are_entrywise) {
        let ones = [(direction, expand(1.0, var))].into();
        return Ok(Hessian::Entrywise(simplified(0.5 * image.substitute(&ones), givens)?, gradient));
    }
    let across = lies_across(factor);
    let by_rows = chains.and_then(|chains| quadratic::assemble(&chains, &Expr::from(var), across));
    Ok(match by_rows {
        Some(quadratic) => Hessian::ByRows(quadratic, gradient),
        None => Hessian::Coupled(Coupled { gradient, image, direction }),
    })
}
