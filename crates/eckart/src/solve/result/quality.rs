//! Quality: how well the factors explain the data.
//! In: a bound problem with its factors in place.  Out: relative error and explained share.
//! Invariant: said of the entries that the objective looks at; `None` where nothing in the objective is least at the
//! data itself, as the argument of a logistic loss is not.
//! Not here: the cost (see `driver`).

use crate::error::Result;
use crate::expr::{Dag, Expr, Id, Op, Var, matrix, observed, signed_terms, sum};
use crate::facts::{Facts, Layout};
use crate::function::Compiled;
use crate::grad::differentiate;
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

/// A slope that is this share of the slope further on counts as 0.
const FLAT: f64 = 1e-9;

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
        let x = matrix(&bound.target.0);
        let dag = Dag::new(std::slice::from_ref(&bound.objective));
        let masked = dag.ids().any(|id| *dag.op(id) == Op::Observed && *dag.expr(dag.args(id)[0]) == x);
        let counted = |e: Expr| if masked { sum(observed(&x) * e) } else { sum(e) };
        let sums = [counted((&x - &reconstruction).pow(2)), counted(x.pow(2)), counted(x.clone())];
        Ok(Some((reconstruction, masked, Compiled::new(&sums, &bound.givens, memory_limit)?)))
    }
}

/// What predicts the data: its reconstruction, else the one product of factors of its shape, such as the argument of a
/// logistic loss, which orders what it predicts.
pub(crate) fn prediction(bound: &Bound) -> Result<Option<Expr>> {
    Ok(compared(bound)?.0)
}

/// What the objective compares the data with: S where it holds X - S, else a formula of factors at which it is least
/// where that is the data, as W @ H in `kl(X, W @ H)`.
pub(in crate::solve) fn reconstruction(bound: &Bound) -> Result<Option<Expr>> {
    let (part, is_least) = compared(bound)?;
    Ok(part.filter(|_| is_least))
}

/// What predicts the data, and whether it is of the data's scale.
fn compared(bound: &Bound) -> Result<(Option<Expr>, bool)> {
    let dag = Dag::new(std::slice::from_ref(&bound.objective));
    let facts = Facts::of(&dag, &bound.givens)?;
    let x = matrix(&bound.target.0);
    let target = (bound.target.1.rows(), bound.target.1.cols());
    let of_factor = dag.depends(|id| dag.expr(id).as_var().is_some_and(|v| bound.factors.iter().any(|f| f.var == *v)));
    let of_data = dag.depends(|id| *dag.expr(id) == x);
    let full = |id: Id| (facts.shape(id).rows, facts.shape(id).cols) == target;
    let mixed = |id: Id| full(id) && of_factor[id.index()] && of_data[id.index()];
    // The outermost sum in which X stands by itself.
    for id in dag.ids().rev().filter(|&id| mixed(id)) {
        if let Some(rest) = residual_of(dag.expr(id), &x) {
            return Ok((Some(rest), true));
        }
    }
    let pure = |id: Id| full(id) && of_factor[id.index()] && !of_data[id.index()];
    let pure: Vec<Id> = dag.ids().rev().filter(|&id| pure(id) && *facts.layout(id) == Layout::Dense).collect();
    let binary = bound.givens.get(&Var::input(&bound.target.0)).is_some_and(|given| given.sign.binary);
    if let Some(&id) = pure.iter().find(|&&id| is_least_at_data(&bound.objective, dag.expr(id), &x, binary)) {
        return Ok((Some(dag.expr(id).clone()), true));
    }
    let product = pure.into_iter().find(|&id| *dag.op(id) == Op::MatMul);
    Ok((product.map(|id| dag.expr(id).clone()), false))
}

/// Whether the objective is least where `part` is the data: its slope there is 0, told from single entries.
fn is_least_at_data(objective: &Expr, part: &Expr, x: &Expr, binary: bool) -> bool {
    let of_part = matrix("what stands for the data");
    let objective = objective.replace(&[(part.clone(), of_part.clone())]);
    let slope = differentiate(&objective, std::slice::from_ref(&of_part)).remove(0);
    let at = |data: f64, fitted: f64| {
        let value = |var: &Expr| {
            if var == x {
                data
            } else if *var == of_part {
                fitted
            } else {
                1.0
            }
        };
        of_one_entry(&slope, &value).abs()
    };
    let is_flat = |&entry: &f64| at(entry, entry) < FLAT * at(entry, 2.0 * entry).max(at(entry, 0.5 * entry));
    // A mean of zeros and ones lies between them, where its likelihood has its slope.
    let entries: &[&[f64]] = if binary { &[&[1.0], &[0.25, 0.75]] } else { &[&[1.5, 3.0]] };
    entries.iter().any(|entries| entries.iter().all(is_flat))
}

/// The value of a formula where every matrix is 1 x 1: `value` of each variable.
fn of_one_entry(formula: &Expr, value: &dyn Fn(&Expr) -> f64) -> f64 {
    let dag = Dag::new(std::slice::from_ref(formula));
    let values = dag.bottom_up(|id, known: &[f64]| {
        let args: Vec<f64> = dag.args(id).iter().map(|arg| known[arg.index()]).collect();
        match dag.op(id) {
            Op::Var(_) => value(dag.expr(id)),
            Op::Lit(number) => number.get(),
            Op::MatMul => args[0] * args[1],
            Op::Transpose | Op::Sum | Op::RowSum | Op::ColSum | Op::Expand | Op::SumTo => args[0],
            Op::Observed | Op::Eye | Op::One => 1.0,
            op @ (Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Pow | Op::Max | Op::Min | Op::Greater) => {
                op.of_numbers(&args).unwrap_or(f64::NAN)
            }
            op @ (Op::Exp | Op::Log | Op::XLogX | Op::Abs | Op::Sign | Op::Sigmoid | Op::Softplus) => {
                op.of_numbers(&args).unwrap_or(f64::NAN)
            }
        }
    });
    values[dag.roots()[0].index()]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Matrix, Problem};

    /// What is said to be compared with the data, and what predicts it.
    #[track_caller]
    fn check(text: &str, x: &Matrix, compared: Option<&str>, predicts: &str) {
        let bound = Problem::parse(text).unwrap().data("X", x).rank(2).bind().unwrap();
        let said = |part: Option<Expr>| part.map(|part| part.to_string());
        assert_eq!(said(reconstruction(&bound).unwrap()).as_deref(), compared, "{text}");
        assert_eq!(said(prediction(&bound).unwrap()).as_deref(), Some(predicts), "{text}");
    }

    #[test]
    fn only_what_is_of_the_scale_of_the_data_stands_for_it() {
        let counts = Matrix::from_fn(6, 5, |i, j| ((3 * i + 2 * j) % 4) as f64).unwrap();
        let binary = Matrix::from_fn(6, 5, |i, j| f64::from(u8::from((3 * i + 2 * j) % 4 == 0))).unwrap();
        let product = Some("W @ H");
        for text in [
            "sum((X - W @ H)**2)",
            "sum(huber(W @ H - X, 0.1)) + sum(W**2)",
            "sum(kl(X, W @ H)) subject to W >= 0, H >= 0",
            "sum(X / (W @ H) + log(W @ H)) subject to W >= 0.1, H >= 0.1",
            "sum(observed(X) * kl(X, W @ H)) subject to W >= 0, H >= 0",
        ] {
            check(text, &counts, product, "W @ H");
        }
        // The argument of a link, or of a loss of something else than the data.
        for text in [
            "sum(softplus(W @ H) - X * (W @ H))",
            "sum(exp(W @ H) - X * (W @ H))",
            "sum((log(1 + X) - W @ H)**2)",
            "sum((1 + 2*X) * ((X > 0) - W @ H)**2)",
            "sum((2*X - W @ H)**2)",
        ] {
            check(text, &counts, None, "W @ H");
        }
        check("sum(softplus(W @ H) - X * (W @ H))", &binary, None, "W @ H");
        check("sum((1 + 2*X) * ((X > 0) - W @ H)**2)", &binary, product, "W @ H");
        // A link that is written out, offsets.
        let mean = "sigmoid(W @ H)";
        check(&format!("sum(-X * log({mean}) - (1 - X) * log(1 - {mean}))"), &binary, Some(mean), mean);
        let sum = "W @ H + b";
        let text = "over W[n,r], H[r,m], b[n,1]: sum(kl(X, W @ H + b)) subject to W, H, b >= 0.1";
        check(text, &counts, Some(sum), sum);
    }
}
