//! Separate: whether a formula can be computed one row of the data at a time.
//! In: a formula, and which variables have a row for each row of the data.  Out: `Lies`.
//! Invariant: a formula said to lie by rows has, in each row, a value that depends on that row's data alone.
//! Not here: values (see `prepare`).

use crate::error::Result;
use crate::expr::{Dag, Expr, Id, Op, ShapeRule, Var};
use crate::facts::{Facts, Givens};

/// How a value lies to the rows of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::apply) enum Lies {
    /// It is the same for all rows.
    Free,
    /// Its rows are those of the data, and each depends on its own alone.
    Rows,
    /// The same for its columns.
    Cols,
    /// Rows are added up, or meet each other.
    Mixed,
}

/// How `formula` lies, if `of` says it of its variables, for data of `rows` rows, which is no other side's length.
///
/// # Errors
/// Those of shapes that don't fit.
pub(in crate::apply) fn lies(formula: &Expr, givens: &Givens, rows: usize, of: impl Fn(&Var) -> Lies) -> Result<Lies> {
    let dag = Dag::new(std::slice::from_ref(formula));
    let facts = Facts::of(&dag, givens)?;
    let by_shape = |id: Id| {
        let shape = facts.shape(id);
        match (shape.rows == rows, shape.cols == rows) {
            (false, false) => Lies::Free,
            (true, false) => Lies::Rows,
            (false, true) => Lies::Cols,
            (true, true) => Lies::Mixed,
        }
    };
    let known = dag.bottom_up(|id, known: &[Lies]| {
        let (op, args) = (dag.op(id), dag.args(id));
        // What is read for its shape alone lies as its shape does. A pattern is read, though no value is.
        let of_arg = |k: usize| {
            let read = op.uses_value(k) || *op == Op::Observed;
            if read { known[args[k].index()] } else { by_shape(args[k]) }
        };
        let args: Vec<Lies> = (0..args.len()).map(of_arg).collect();
        dag.expr(id).as_var().map_or_else(|| of_rule(op.row().shape, &args), &of)
    });
    Ok(known[dag.roots()[0].index()])
}

fn of_rule(rule: ShapeRule, args: &[Lies]) -> Lies {
    use Lies::{Cols, Free, Mixed, Rows};
    let second = args.get(1).copied().unwrap_or(Free);
    let first = args.first().copied().unwrap_or(Free);
    match (rule, first, second) {
        (ShapeRule::Given | ShapeRule::ScalarOnly, _, _) => Free,
        (_, Mixed, _) | (_, _, Mixed) => Mixed,
        (ShapeRule::Same, at, _) => at,
        (ShapeRule::Flip, Rows, _) => Cols,
        (ShapeRule::Flip, Cols, _) => Rows,
        (ShapeRule::Flip | ShapeRule::Scalar | ShapeRule::Square | ShapeRule::Column | ShapeRule::Line, Free, _) => {
            Free
        }
        (ShapeRule::Column, Rows, _) => Rows,
        (ShapeRule::Line, Cols, _) => Cols,
        (ShapeRule::Scalar | ShapeRule::Square | ShapeRule::Column | ShapeRule::Line, _, _) => Mixed,
        (ShapeRule::Stretch | ShapeRule::StretchToSecond, a, b) if a == b || b == Free => a,
        (ShapeRule::Stretch | ShapeRule::StretchToSecond, Free, b) => b,
        (ShapeRule::Product, Free, Free) => Free,
        (ShapeRule::Product, Rows, Free) => Rows,
        (ShapeRule::Product, Free, Cols) => Cols,
        // Summed down to what has no rows of the data, rows are added up.
        (ShapeRule::ShrinkToSecond, Free, b) => b,
        (ShapeRule::ShrinkToSecond, a, b) if a == b => a,
        (ShapeRule::Stretch | ShapeRule::StretchToSecond | ShapeRule::Product | ShapeRule::ShrinkToSecond, _, _) => {
            Mixed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::text::parse_expr;
    use crate::facts::Given;

    #[track_caller]
    fn check(formula: &str, expected: Lies) {
        let of = |var: &Var| if ["X", "W", "b"].contains(&var.name()) { Lies::Rows } else { Lies::Free };
        let given = |name: &str, rows, cols| (Var::input(name), Given::dense(rows, cols));
        let givens = [given("X", 9, 5), given("W", 9, 3), given("H", 3, 5), given("b", 9, 1), given("c", 1, 5)].into();
        assert_eq!(lies(&parse_expr(formula).unwrap(), &givens, 9, of).unwrap(), expected, "{formula}");
    }

    #[test]
    fn rows_that_meet_are_seen() {
        check("H @ H.T", Lies::Free);
        check("(X - W @ H - b) @ H.T", Lies::Rows);
        check("H @ X.T", Lies::Cols);
        check("rowsum(X) * W", Lies::Rows);
        check("(observed(X) * (X - c)) @ H.T + 2 * W", Lies::Rows);
        check("expand(1, X) @ H.T", Lies::Rows);
        check("W @ (W.T @ W)", Lies::Mixed);
        check("sum(X)", Lies::Mixed);
        check("colsum(X)", Lies::Mixed);
        check("X @ X.T @ W", Lies::Mixed);
        check("sumto(X - W @ H, c)", Lies::Mixed);
        check("sumto(X - W @ H, b)", Lies::Rows);
        check("b.T + b", Lies::Mixed);
        check("eye(W.T @ W)", Lies::Free);
        check("eye(W @ W.T)", Lies::Mixed);
        check("expand(2, W @ H) * X", Lies::Rows);
    }
}
