//! Fitted: what the factors say of some rows of the data.
//! In: a `Factorization` that knows what stands for its data (`W @ H + b`), some rows.  Out: their fitted values.
//! Invariant: only rows that are asked for are computed; what is as large as the data is never formed.
//! Not here: what is compared with it (see `residuals`).

use std::collections::BTreeSet;

use crate::data::{Matrix, Side};
use crate::error::{Code, Error, Result};
use crate::expr::text::parse_expr;
use crate::expr::{Expr, ShapeRule, Var, matrix, observed};
use crate::function::{Function, function};
use crate::solve::Factorization;

/// The formula that stands for the data, ready to be computed row by row.
pub(in crate::report) struct Fitted<'a> {
    /// It as a text.
    pub(in crate::report) text: String,
    target: String,
    cols: usize,
    formula: Expr,
    /// Each factor in it, and the side that runs along the rows of the data, if one does.
    factors: Vec<(&'a Matrix, Var, Option<Side>)>,
    full: Function,
    stored: Function,
}

impl<'a> Fitted<'a> {
    /// The formula of `fit`, whose data is n x m; `None` where there is none, where it needs more than the factors, or
    /// where a row of it depends on other rows.
    pub(in crate::report) fn of(fit: &'a Factorization, (n, m): (usize, usize)) -> Option<Self> {
        let text = fit.quality.as_ref()?.reconstruction.clone();
        let by = fit.params.iter().map(|(name, &value)| (Var::input(name), Expr::number(value))).collect();
        let formula = parse_expr(&text).ok()?.substitute(&by);
        let all: Option<Vec<(Var, &Matrix)>> =
            formula.variables().into_iter().map(|var| Some((var.clone(), fit.factor(var.name())?))).collect();
        let all = all?;
        let long = |var: &Var, side: Side| {
            let shape = all.iter().find(|(known, _)| known == var).map(|(_, matrix)| matrix.shape());
            shape.is_some_and(|(rows, cols)| n == if side == Side::Rows { rows } else { cols })
        };
        let mut cut: Vec<(Var, Side)> = Vec::new();
        collect(&formula, Side::Rows, &mut |var, side| {
            if long(var, side) && !cut.iter().any(|(known, _)| known == var) {
                cut.push((var.clone(), side));
            }
        });
        let names: BTreeSet<&str> = cut.iter().map(|(var, _)| var.name()).collect();
        if !is_row_by_row(&formula, Side::Rows, &names) {
            return None;
        }
        let side = |var: &Var| cut.iter().find(|(known, _)| known == var).map(|(_, side)| *side);
        let factors: Vec<_> = all.iter().map(|(var, matrix)| (*matrix, var.clone(), side(var))).collect();
        let inputs: Vec<Expr> = factors.iter().map(|(_, var, _)| matrix(var.name())).collect();
        let x = matrix(&fit.target);
        let at_stored = observed(&x) * &formula;
        let full = function(&inputs, [&formula], []).ok()?;
        let stored = function(inputs.iter().chain([&x]), [&at_stored], []).ok()?;
        Some(Self { text, target: fit.target.clone(), cols: m, formula, factors, full, stored })
    }

    /// The fitted values of these rows, a row after the other.
    ///
    /// # Errors
    /// `Data` where a value is not finite.
    pub(in crate::report) fn rows(&mut self, rows: &[usize]) -> Result<Matrix> {
        let inputs = self.inputs(rows)?;
        let value = self.full.call(&inputs).and_then(one)?;
        if value.missing() > 0 {
            let message = format!("{} has values that are not finite", self.text);
            return Err(Error::data(Code::ResultNotFinite, message, "Look at the factors"));
        }
        if value.shape() == (rows.len(), self.cols) {
            return Ok(value);
        }
        // A formula such as an offset alone is stretched to the data.
        let (tall, wide) = (value.rows() - 1, value.cols() - 1);
        Matrix::from_fn(rows.len(), self.cols, |i, j| value.get(i.min(tall), j.min(wide)))
    }

    /// The fitted values of these rows at the entries that `x`, the same rows of a sparse matrix, stores.
    ///
    /// # Errors
    /// `Data` where a value is not finite.
    pub(in crate::report) fn stored(&mut self, rows: &[usize], x: &Matrix) -> Result<Matrix> {
        let mut inputs = self.inputs(rows)?;
        inputs.push(x.clone());
        self.stored.call(&inputs).and_then(one)
    }

    fn inputs(&self, rows: &[usize]) -> Result<Vec<Matrix>> {
        let cut = |(matrix, _, side): &(&Matrix, Var, Option<Side>)| match side {
            Some(Side::Rows) => matrix.select_rows(rows),
            Some(Side::Cols) => some_cols(matrix, rows),
            None => Ok((*matrix).clone()),
        };
        self.factors.iter().map(cut).collect()
    }
}

impl std::fmt::Debug for Fitted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ~ {}", self.target, self.formula)
    }
}

fn one(values: Vec<Matrix>) -> Result<Matrix> {
    values.into_iter().next().ok_or_else(|| Error::Bug("a function of one output returned none".into()))
}

fn some_cols(matrix: &Matrix, cols: &[usize]) -> Result<Matrix> {
    let values: Vec<f64> = (0..matrix.rows()).flat_map(|i| cols.iter().map(move |&j| matrix.get(i, j))).collect();
    Matrix::dense(matrix.rows(), cols.len(), values)?.cast(matrix.dtype())
}

/// Row i of a matrix, what a sparse one does not store being `rest`.
pub(in crate::report) fn spread_row(matrix: &Matrix, i: usize, rest: f64) -> Vec<f64> {
    let Some(pattern) = matrix.pattern() else { return matrix.row_f64(i) };
    let mut row = vec![rest; matrix.cols()];
    for (&j, value) in pattern.indices()[pattern.range(i)].iter().zip(matrix.row_f64(i)) {
        row[j as usize] = value;
    }
    row
}

/// The arguments of an expression that have its `side`, each with the side of its own that this is.
fn along(expr: &Expr, side: Side) -> Vec<(&Expr, Side)> {
    let args = expr.args();
    match (expr.op().row().shape, side) {
        (ShapeRule::Stretch | ShapeRule::Same | ShapeRule::StretchToSecond, _) => {
            args.iter().map(|arg| (arg, side)).collect()
        }
        (ShapeRule::Product, Side::Rows) | (ShapeRule::Column, Side::Rows) | (ShapeRule::Line, Side::Cols) => {
            vec![(&args[0], side)]
        }
        (ShapeRule::Product, Side::Cols) => vec![(&args[1], side)],
        (ShapeRule::Transposed, _) => vec![(&args[0], side.other())],
        (ShapeRule::Column, Side::Cols) | (ShapeRule::Line, Side::Rows) => Vec::new(),
        (ShapeRule::Given | ShapeRule::Scalar | ShapeRule::ScalarOnly, _) => Vec::new(),
        (ShapeRule::ShrinkToSecond | ShapeRule::Square, _) => Vec::new(),
    }
}

/// Calls `found` with every variable one side of which is the `side` of `expr`.
fn collect(expr: &Expr, side: Side, found: &mut dyn FnMut(&Var, Side)) {
    if let Some(var) = expr.as_var() {
        found(var, side);
    }
    for (arg, side) in along(expr, side) {
        collect(arg, side, found);
    }
}

/// Whether each row depends on no other: what is cut by rows is met along that side only.
fn is_row_by_row(expr: &Expr, side: Side, cut: &BTreeSet<&str>) -> bool {
    if expr.args().is_empty() {
        return true;
    }
    let along = along(expr, side);
    let apart = |arg: &Expr| !arg.variables().iter().any(|var| cut.contains(var.name()));
    let goes_on = |arg: &Expr| along.iter().any(|(on, _)| std::ptr::eq(*on, arg));
    expr.args().iter().all(|arg| goes_on(arg) || apart(arg))
        && along.iter().all(|(arg, side)| is_row_by_row(arg, *side, cut))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Problem, Settings};

    /// The fitted values of some rows, computed for them alone, are those of the whole formula.
    #[track_caller]
    fn check(objective: &str, reconstruct: impl Fn(&Factorization, usize, usize) -> f64) {
        let x = Matrix::from_fn(7, 5, |i, j| ((i * 3 + j * j) as f64).sin().abs()).unwrap();
        let settings = Settings { max_iter: 4, ..Settings::default() };
        let fit = Problem::parse(objective).unwrap().data("X", &x).rank(2).solve(&settings).unwrap();
        let mut fitted = Fitted::of(&fit, (7, 5)).expect("the formula is computed row by row");
        let rows = [4, 0, 6];
        let values = fitted.rows(&rows).unwrap();
        for (at, &i) in rows.iter().enumerate() {
            for j in 0..5 {
                let expected = reconstruct(&fit, i, j);
                assert!((values.get(at, j) - expected).abs() < 1e-9, "{objective} at ({i}, {j})");
            }
        }
    }

    fn product(fit: &Factorization, i: usize, j: usize) -> f64 {
        let (w, h) = (fit.factor("W").unwrap(), fit.factor("H").unwrap());
        (0..2).map(|k| w.get(i, k) * if h.rows() == 2 { h.get(k, j) } else { h.get(j, k) }).sum()
    }

    #[test]
    fn some_rows_are_those_of_the_whole() {
        check("sum((X - W @ H)**2)", product);
        check("over W[n,r], H[m,r]: sum((X - W @ H.T)**2)", product);
        check("over W[n,r], H[r,m], c[1,m]: sum((X - (W @ H + c))**2)", |fit, i, j| {
            product(fit, i, j) + fit.factor("c").unwrap().get(0, j)
        });
        check("over W[n,r], H[r,m], b[n,1]: sum((X - W @ H - b)**2)", |fit, i, j| {
            product(fit, i, j) + fit.factor("b").unwrap().get(i, 0)
        });
    }

    #[test]
    fn rows_that_hang_together_are_told() {
        let names = BTreeSet::from(["W"]);
        let check = |text: &str, alone: bool| {
            assert_eq!(is_row_by_row(&parse_expr(text).unwrap(), Side::Rows, &names), alone, "{text}");
        };
        check("W @ H + exp(b)", true);
        check("(H.T @ W.T).T", true);
        check("W / rowsum(W) @ H", true);
        check("W / colsum(W) @ H", false);
        check("W @ (W.T @ W)", false);
        check("S @ W", false);
    }
}
