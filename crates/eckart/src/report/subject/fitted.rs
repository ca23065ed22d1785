//! Fitted: what the factors say of some rows of the data.
//! In: a `Factorization` that knows what stands for its data (`W @ H + b`), some rows.  Out: their fitted values.
//! Invariant: only rows that are asked for are computed; what is as large as the data is never formed.
//! Not here: what is compared with it (see `residuals`).

use crate::apply::{Lies, lies};
use crate::data::{Matrix, Side};
use crate::error::{Code, Error, Result};
use crate::expr::text::parse_expr;
use crate::expr::{Dag, Expr, Var, matrix, observed};
use crate::facts::{Links, SideLength};
use crate::function::{Function, function};
use crate::solve::Factorization;

/// The formula that stands for the data, ready to be computed row by row.
pub(in crate::report) struct Fitted<'a> {
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
        let formula = parse_expr(&text).ok()?.with_numbers(&fit.params);
        let all: Option<Vec<(Var, &Matrix)>> =
            formula.variables().into_iter().map(|var| Some((var.clone(), fit.factor(var.name())?))).collect();
        let all = all?;
        let side_of = |length: usize| if length == n { SideLength::Open } else { SideLength::Number(length) };
        let sides = |var: &Var| match fit.factor(var.name()) {
            Some(factor) => [side_of(factor.rows()), side_of(factor.cols())],
            None => [SideLength::Rows, SideLength::Number(m)],
        };
        let links = Links::of(&Dag::new(&[matrix(&fit.target) - &formula]), &sides, &|_| false);
        let side = |var: &Var| match links.are_rows(var) {
            [true, _] => Some(Side::Rows),
            [false, true] => Some(Side::Cols),
            [false, false] => None,
        };
        let cut: Vec<(Var, Side)> = all.iter().filter_map(|(var, _)| Some((var.clone(), side(var)?))).collect();
        if !is_row_by_row(&formula, &cut) {
            return None;
        }
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
            Some(Side::Cols) => matrix.select_cols(rows),
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

/// Row i of a matrix, what a sparse one does not store being `rest`.
pub(in crate::report) fn spread_row(matrix: &Matrix, i: usize, rest: f64) -> Vec<f64> {
    let Some(pattern) = matrix.pattern() else { return matrix.row_f64(i) };
    let mut row = vec![rest; matrix.cols()];
    for (&j, value) in pattern.indices()[pattern.range(i)].iter().zip(matrix.row_f64(i)) {
        row[j as usize] = value;
    }
    row
}

/// Whether each row depends on no other, of a formula whose variables in `cut` have the rows of the data on a side.
fn is_row_by_row(formula: &Expr, cut: &[(Var, Side)]) -> bool {
    let of = |var: &Var| match cut.iter().find(|(known, _)| known == var) {
        Some((_, Side::Rows)) => Lies::Rows,
        Some((_, Side::Cols)) => Lies::Cols,
        None => Lies::Free,
    };
    matches!(lies(formula, of), Lies::Rows | Lies::Free)
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
        let cut = [(Var::input("W"), Side::Rows)];
        let check = |text: &str, alone: bool| {
            assert_eq!(is_row_by_row(&parse_expr(text).unwrap(), &cut), alone, "{text}");
        };
        check("W @ H + exp(b)", true);
        check("(H.T @ W.T).T", true);
        check("W / rowsum(W) @ H", true);
        check("W / colsum(W) @ H", false);
        check("W @ (W.T @ W)", false);
        check("S @ W", false);
    }
}
