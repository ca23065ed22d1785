//! Quality: how well the factors explain the data.
//! In: a bound problem with its factors in place.  Out: relative error and explained share.
//! Invariant: said of the entries that the objective looks at; `None` where the objective compares the data with
//! nothing.
//! Not here: the cost (see `driver`).

use crate::error::Result;
use crate::expr::{Dag, Expr, Id, Op, observed, signed_terms, sum};
use crate::facts::{Facts, Layout};
use crate::function::Compiled;
use crate::solve::problem::Bound;
use crate::solve::problem::iterate::Iterate;

/// How well the factors explain the data.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// What stands for the data: `W @ H`.
    pub reconstruction: String,
    /// ||X - S|| / ||X||, of the observed entries where the objective has `observed(X)`.
    pub relative_error: f64,
    /// 1 - ||X - S||^2 / ||X - mean||^2: the share of the variance that is explained.
    pub explained: f64,
    /// The root of the mean squared residual.
    pub rmse: f64,
    /// Whether only observed entries count.
    pub observed_only: bool,
}

impl Quality {
    pub(in crate::solve) fn of(iterate: &Iterate, memory_limit: usize) -> Result<Option<Self>> {
        let bound = &*iterate.problem;
        let Some((reconstruction, masked, compiled)) = Self::compile(bound, memory_limit)? else { return Ok(None) };
        let values: Vec<f64> = compiled.run(&iterate.inputs)?.iter().map(crate::run::Value::to_scalar).collect();
        let (residual, squares, total) = (values[0].max(0.0), values[1], values[2]);
        let matrix = &bound.target.1;
        let count = if masked { matrix.observed() } else { matrix.rows() * matrix.cols() } as f64;
        let ratio = |a: f64, b: f64| if b > 0.0 { a / b } else { 0.0 };
        Ok(Some(Self {
            reconstruction: reconstruction.to_string(),
            relative_error: ratio(residual, squares).sqrt(),
            explained: 1.0 - ratio(residual, squares - total * total / count),
            rmse: (residual / count).sqrt(),
            observed_only: masked,
        }))
    }

    /// What stands for the data, whether only observed entries count, and the sums that the figures are made of.
    pub(in crate::solve) fn compile(bound: &Bound, memory_limit: usize) -> Result<Option<(Expr, bool, Compiled)>> {
        let Some(reconstruction) = reconstruction(bound)? else { return Ok(None) };
        let x = crate::expr::matrix(&bound.target.0);
        let dag = Dag::new(std::slice::from_ref(&bound.objective));
        let masked = dag.ids().any(|id| *dag.op(id) == Op::Observed && *dag.expr(dag.args(id)[0]) == x);
        let counted = |e: Expr| if masked { sum(observed(&x) * e) } else { sum(e) };
        let sums = [counted((&x - &reconstruction).pow(2)), counted(x.pow(2)), counted(x.clone())];
        Ok(Some((reconstruction, masked, Compiled::new(&sums, &bound.givens, memory_limit)?)))
    }
}

/// What the objective compares the data with: S where it holds X - S, else the one product of factors of X's shape.
pub(crate) fn reconstruction(bound: &Bound) -> Result<Option<Expr>> {
    let dag = Dag::new(std::slice::from_ref(&bound.objective));
    let facts = Facts::of(&dag, &bound.givens)?;
    let x = crate::expr::matrix(&bound.target.0);
    let target = (bound.target.1.rows(), bound.target.1.cols());
    let of_factor = dag.depends(|id| dag.expr(id).as_var().is_some_and(|v| bound.factors.iter().any(|f| f.var == *v)));
    let of_data = dag.depends(|id| *dag.expr(id) == x);
    let full = |id: Id| (facts.shape(id).rows, facts.shape(id).cols) == target;
    let mixed = |id: Id| full(id) && of_factor[id.index()] && of_data[id.index()];
    // The outermost sum in which X stands by itself.
    for id in dag.ids().rev().filter(|&id| mixed(id)) {
        if let Some(rest) = residual_of(dag.expr(id), &x) {
            return Ok(Some(rest));
        }
    }
    let pure = |id: Id| full(id) && of_factor[id.index()] && !of_data[id.index()];
    let product =
        dag.ids().rev().find(|&id| pure(id) && *dag.op(id) == Op::MatMul && *facts.layout(id) == Layout::Dense);
    Ok(product.map(|id| dag.expr(id).clone()))
}

/// S where `expr` is X - S or S - X, with signs and order as they come.
fn residual_of(expr: &Expr, x: &Expr) -> Option<Expr> {
    let mut terms = signed_terms(expr);
    let at = terms.iter().position(|(_, e)| e == x)?;
    let (own, _) = terms.remove(at);
    // What is left must not depend on the data, or it is no model of it.
    let of_data = |e: &Expr| e.variables().iter().any(|v| x.as_var() == Some(v));
    if terms.is_empty() || terms.iter().any(|(_, e)| of_data(e)) {
        return None;
    }
    let signed = |(sign, e): (f64, Expr)| if sign == own { -e } else { e };
    Some(terms.into_iter().map(signed).sum())
}
