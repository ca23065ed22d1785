//! Quality: how well the factors explain the data.
//! In: a bound problem with its factors in place.  Out: relative error and explained share.
//! Invariant: said of the entries that the objective looks at, each with its weight; `None` where nothing in the
//! objective is least at the data itself, as the argument of a logistic loss is not.
//! Not here: the cost (see `driver`).

use crate::error::Result;
use crate::expr::{Dag, Expr, Op, expand, matrix, observed, sum};
use crate::facts::{Facts, Shape};
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
    /// What else the objective multiplies each entry by, a mask or weights, where it does: `M`. All sums and means are
    /// with these.
    pub weights: Option<String>,
}

/// What figures of quality are made of.
pub(in crate::solve) struct Sums {
    reconstruction: Expr,
    masked: bool,
    weights: Option<Expr>,
    /// Of squared residuals, of squares and of entries of the data; with weights also of these.
    pub(in crate::solve) compiled: Compiled,
}

impl Quality {
    pub(in crate::solve) fn of(iterate: &Iterate, memory_limit: usize) -> Result<Option<Self>> {
        let bound = &*iterate.problem;
        let Some(sums) = Self::compile(bound, memory_limit)? else { return Ok(None) };
        let values: Vec<f64> = sums.compiled.run(&iterate.inputs)?.iter().map(crate::run::Value::to_scalar).collect();
        let (residual, squares, total) = (values[0].max(0.0), values[1], values[2]);
        let matrix = &bound.target.1;
        let entries = || if sums.masked { matrix.observed() } else { matrix.rows() * matrix.cols() } as f64;
        let count = values.get(3).copied().unwrap_or_else(entries);
        let ratio = |a: f64, b: f64| if b > 0.0 { a / b } else { 0.0 };
        Ok((count > 0.0).then(|| Self {
            reconstruction: sums.reconstruction.to_string(),
            relative_error: ratio(residual, squares).sqrt(),
            explained: 1.0 - ratio(residual, squares - total * total / count),
            rmse: (residual / count).sqrt(),
            observed_only: sums.masked,
            weights: sums.weights.as_ref().map(Expr::to_string),
        }))
    }

    /// The sums that the figures are made of.
    pub(in crate::solve) fn compile(bound: &Bound, memory_limit: usize) -> Result<Option<Sums>> {
        let compared = bound.reconstruction()?.filter(|compared| compared.scale == ReconstructionScale::Data);
        let Some(Reconstruction { part: reconstruction, .. }) = compared else { return Ok(None) };
        let x = matrix(&bound.target.0);
        let dag = Dag::new(std::slice::from_ref(&bound.objective));
        let masked = dag.ids().any(|id| *dag.op(id) == Op::Observed && *dag.expr(dag.args(id)[0]) == x);
        let weights = weights(bound, &dag, reconstruction, &x)?;
        let weighted = |e: Expr| weights.iter().fold(e, |e, weights| weights * e);
        let counted = |e: Expr| if masked { sum(observed(&x) * e) } else { sum(e) };
        let of = |e: Expr| counted(weighted(e));
        let mut sums = vec![of((&x - reconstruction).pow(2)), of(x.pow(2)), of(x.clone())];
        sums.extend(weights.iter().map(|weights| counted(expand(weights, &x))));
        let compiled = Compiled::new(&sums, &bound.givens, memory_limit)?;
        Ok(Some(Sums { reconstruction: reconstruction.clone(), masked, weights, compiled }))
    }
}

/// What the objective multiplies its comparison of `part` with the data by, entry by entry, that is no number and of
/// neither: other data.
fn weights(bound: &Bound, dag: &Dag, part: &Expr, x: &Expr) -> Result<Option<Expr>> {
    let facts = Facts::of(dag, &bound.givens)?;
    let of_part = dag.depends(|id| dag.expr(id) == part);
    let of_data = dag.depends(|id| dag.expr(id) == x);
    let of_factor = dag.depends(|id| dag.expr(id).as_var().is_some_and(|v| bound.factors.iter().any(|f| f.var == *v)));
    let mut found: Vec<Expr> = Vec::new();
    for id in dag.ids().filter(|&id| *dag.op(id) == Op::Mul && facts.shape(id) == Shape::of(&bound.target.1)) {
        let args = dag.args(id);
        for (rest, mut open) in [(args[0], vec![args[1]]), (args[1], vec![args[0]])] {
            if !of_part[rest.index()] || !of_data[rest.index()] {
                continue;
            }
            // Each of a product by itself: some may be of the data, as `observed(X)` is.
            while let Some(id) = open.pop() {
                if *dag.op(id) == Op::Mul {
                    open.extend(dag.args(id));
                } else if !of_data[id.index()] && !of_factor[id.index()] && !facts.shape(id).is_scalar() {
                    found.push(dag.expr(id).clone());
                }
            }
        }
    }
    found.dedup();
    Ok(found.into_iter().reduce(|product, weights| product * weights))
}

#[cfg(test)]
mod tests {
    use crate::{Matrix, Problem, Settings};

    /// Entries that a mask leaves out, and what they are, have no part in how well the others are explained.
    #[test]
    fn what_is_masked_does_not_count() {
        let truth = |i: usize, j: usize| (1 + i) as f64 * (2 + j) as f64;
        let is_out = |i: usize, j: usize| (i + 2 * j).is_multiple_of(5);
        let x = Matrix::from_fn(8, 6, |i, j| if is_out(i, j) { -1e4 } else { truth(i, j) }).unwrap();
        let mask = Matrix::from_fn(8, 6, |i, j| f64::from(u8::from(!is_out(i, j)))).unwrap();
        let rows = Matrix::from_fn(8, 1, |i, _| (1 + i % 2) as f64).unwrap();
        let settings = Settings { max_iter: 500, ..Settings::default() };
        let found = |text: &str| {
            let problem = Problem::parse(text).unwrap().data("X", &x).data("M", &mask).rank(1);
            let problem = if text.contains('R') { problem.data("R", &rows) } else { problem };
            problem.solve(&settings).unwrap().quality.unwrap()
        };
        for (text, weights) in [
            ("sum(M * (X - W @ H)**2)", "M"),
            ("sum(observed(X) * M * (W @ H - X)**2)", "M"),
            ("sum(M * huber(X - W @ H, 100000))", "M"),
            ("sum(R * (M * (X - W @ H)**2))", "R * M"),
        ] {
            let quality = found(text);
            let mut said: Vec<&str> = quality.weights.as_deref().unwrap().split(" * ").collect();
            let mut expected: Vec<&str> = weights.split(" * ").collect();
            said.sort_unstable();
            expected.sort_unstable();
            assert_eq!(said, expected, "{text}");
            assert!(quality.explained > 0.999 && quality.rmse < 0.5, "{text}: {quality:?}");
        }
        let squares: f64 =
            (0..48).map(|at| (at / 6, at % 6)).filter(|&(i, j)| !is_out(i, j)).map(|(i, j)| truth(i, j).powi(2)).sum();
        let quality = found("sum(M * (X - 0*(W @ H))**2) + sum(W**2) + sum(H**2)");
        assert!((quality.relative_error - 1.0).abs() < 1e-9, "{quality:?}");
        let count = 48 - (0..48).filter(|at| is_out(at / 6, at % 6)).count();
        assert!((quality.rmse - (squares / count as f64).sqrt()).abs() < 1e-6, "{quality:?}");
    }
}
