//! Quality: how well the factors explain the data.
//! In: a bound problem with its factors in place.  Out: relative error and explained share.
//! Invariant: said of the entries that the objective looks at; `None` where nothing in the objective is least at the
//! data itself, as the argument of a logistic loss is not.
//! Not here: the cost (see `driver`).

use crate::error::Result;
use crate::expr::{Dag, Expr, Op, matrix, observed, sum};
use crate::function::Compiled;
use crate::solve::problem::Bound;
use crate::solve::problem::iterate::Iterate;
use crate::solve::result::compared::{Reconstruction, ReconstructionScale};

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
        let compared = Reconstruction::of_bound(bound)?.filter(|compared| compared.scale == ReconstructionScale::Data);
        let Some(Reconstruction { part: reconstruction, .. }) = compared else { return Ok(None) };
        let x = matrix(&bound.target.0);
        let dag = Dag::new(std::slice::from_ref(&bound.objective));
        let masked = dag.ids().any(|id| *dag.op(id) == Op::Observed && *dag.expr(dag.args(id)[0]) == x);
        let counted = |e: Expr| if masked { sum(observed(&x) * e) } else { sum(e) };
        let sums = [counted((&x - &reconstruction).pow(2)), counted(x.pow(2)), counted(x.clone())];
        Ok(Some((reconstruction, masked, Compiled::new(&sums, &bound.givens, memory_limit)?)))
    }
}
