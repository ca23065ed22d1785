//! Separate: whether a formula can be computed one row of the data at a time.
//! In: a formula, and which variables have a row for each row of the data.  Out: `Lies`.
//! Invariant: a formula said to lie by rows has, in each row, a value that depends on that row's data alone.
//! Not here: values (see `prepare`).

use crate::expr::{Dag, Expr, Op, ShapeRule, Var};

/// How a value lies to the rows of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lies {
    /// It is the same for all rows.
    Free,
    /// Its rows are those of the data, and each depends on its own alone.
    Rows,
    /// The same for its columns.
    Cols,
    /// Rows are added up, or meet each other.
    Mixed,
}

/// How `formula` lies, if `of` says it of its variables: one that lies by rows has as many rows as the data, and no
/// other side is known to be as long.
pub(crate) fn lies(formula: &Expr, of: impl Fn(&Var) -> Lies) -> Lies {
    let dag = Dag::new(std::slice::from_ref(formula));
    let lies = dag.bottom_up(|id, known: &[Lying]| {
        let (op, args) = (dag.op(id), dag.args(id));
        if let Some(var) = dag.expr(id).as_var() {
            let value = of(var);
            return Lying { value, sides: [value == Lies::Rows, value == Lies::Cols] };
        }
        let args: Vec<Lying> = args.iter().map(|arg| known[arg.index()]).collect();
        // What is read for its shape alone lies as its shape does. A pattern is read, though no value is.
        let of_arg = |k: usize| {
            let read = op.uses_value(k) || *op == Op::Observed;
            if read { args[k].value } else { Lies::of_sides(args[k].sides) }
        };
        let value = of_rule(op.row().shape, &(0..args.len()).map(of_arg).collect::<Vec<_>>());
        Lying { value, sides: sides_of_rule(op.row().shape, &args) }
    });
    lies[dag.roots()[0].index()].value
}

/// How a part lies.
#[derive(Clone, Copy)]
struct Lying {
    value: Lies,
    /// Whether its rows, and whether its columns, are those of the data.
    sides: [bool; 2],
}

impl Lies {
    fn of_sides(sides: [bool; 2]) -> Self {
        match sides {
            [false, false] => Self::Free,
            [true, false] => Self::Rows,
            [false, true] => Self::Cols,
            [true, true] => Self::Mixed,
        }
    }
}

fn sides_of_rule(rule: ShapeRule, args: &[Lying]) -> [bool; 2] {
    let of = |k: usize| args.get(k).map_or([false; 2], |arg| arg.sides);
    let ([rows, cols], second) = (of(0), of(1));
    match rule {
        ShapeRule::Given | ShapeRule::Scalar | ShapeRule::ScalarOnly => [false; 2],
        ShapeRule::Same | ShapeRule::Square => [rows, cols],
        ShapeRule::Stretch => [rows || second[0], cols || second[1]],
        ShapeRule::Product => [rows, second[1]],
        ShapeRule::Transposed => [cols, rows],
        ShapeRule::Column => [rows, false],
        ShapeRule::Line => [false, cols],
        ShapeRule::StretchToSecond | ShapeRule::ShrinkToSecond => second,
    }
}

fn of_rule(rule: ShapeRule, args: &[Lies]) -> Lies {
    use Lies::{Cols, Free, Mixed, Rows};
    let second = args.get(1).copied().unwrap_or(Free);
    let first = args.first().copied().unwrap_or(Free);
    match (rule, first, second) {
        (ShapeRule::Given | ShapeRule::ScalarOnly, _, _) => Free,
        (_, Mixed, _) | (_, _, Mixed) => Mixed,
        (ShapeRule::Same, at, _) => at,
        (ShapeRule::Transposed, Rows, _) => Cols,
        (ShapeRule::Transposed, Cols, _) => Rows,
        (
            ShapeRule::Transposed | ShapeRule::Scalar | ShapeRule::Square | ShapeRule::Column | ShapeRule::Line,
            Free,
            _,
        ) => Free,
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

    #[track_caller]
    fn check(formula: &str, expected: Lies) {
        let of = |var: &Var| if ["X", "W", "b"].contains(&var.name()) { Lies::Rows } else { Lies::Free };
        assert_eq!(lies(&parse_expr(formula).unwrap(), of), expected, "{formula}");
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
