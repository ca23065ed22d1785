//! Assumed: what a model needs of data of which only the shape is known.
//! In: an objective, the name of such data.  Out: whether it must not be negative, and a warning that says so.
//! Invariant: where the data is at hand nothing is assumed.
//! Not here: the shapes themselves (see `Problem::assume_fitting`).

use crate::error::{Code, Warning};
use crate::expr::{Dag, Expr, Id, Op, Var};

/// Whether an objective makes sense of data without negative entries only: it takes logarithms or broken powers of the
/// data, or weights logarithms of factors by it, as likelihoods of counts do.
pub(super) fn needs_nonnegative(objective: &Expr, data: &Var) -> bool {
    let dag = Dag::new(std::slice::from_ref(objective));
    let of_data = dag.depends(|id| dag.expr(id).as_var() == Some(data));
    let is_log = |id: Id| matches!(dag.op(id), Op::Log | Op::XLogX);
    // The data by itself: X, X / s, 2 * X; of X - W @ H nothing follows.
    let is_data = dag.bottom_up(|id, known: &[bool]| match (dag.op(id), dag.args(id)) {
        (Op::Var(var), _) => var == data,
        (Op::Mul, &[a, b]) => known[a.index()] != known[b.index()] && !(of_data[a.index()] && of_data[b.index()]),
        (Op::Div | Op::Transpose | Op::RowSum | Op::ColSum | Op::Expand, args) => known[args[0].index()],
        _ => false,
    });
    let broken = |id: Id| dag.expr(id).as_number().is_some_and(|power| power.fract() != 0.0);
    dag.ids().any(|id| match (dag.op(id), dag.args(id)) {
        (Op::Log | Op::XLogX, &[a]) => is_data[a.index()],
        (Op::Pow, &[a, b]) => is_data[a.index()] && broken(b),
        (Op::Mul, &[a, b]) => {
            let weighs = |x: Id, log: Id| is_data[x.index()] && is_log(log);
            weighs(a, b) || weighs(b, a)
        }
        _ => false,
    })
}

/// What is said of it.
pub(super) fn assumed_nonnegative(data: &str) -> Warning {
    let message = format!(
        "{data} is taken to have no negative entries, since the objective needs that: negative ones may change the \
         method"
    );
    Warning::new(Code::AssumedNonnegative, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::text::parse_statement;

    #[track_caller]
    fn check(text: &str, expected: bool) {
        let objective = parse_statement(text).unwrap().objective;
        assert_eq!(needs_nonnegative(&objective, &Var::input("X")), expected, "{text}");
    }

    #[test]
    fn logarithms_of_data_and_weighted_by_it_need_counts() {
        check("sum(kl(X, W @ H))", true);
        check("sum(W @ H - X * log(W @ H))", true);
        check("sum(W @ H) - sum(2 * X * log(W @ H))", true);
        check("sum(X / (W @ H) - log(X / (W @ H)))", true);
        check("sum((sqrt(X) - W @ H)**2)", true);
        check("sum(observed(X) * (log(X) - W @ H)**2)", true);
        check("sum((X - W @ H)**2)", false);
        check("sum(softplus(W @ H) - X * (W @ H))", false);
        check("sum(exp(W @ H) - X * (W @ H))", false);
        check("sum(log(1 + (X - W @ H)**2))", false);
        check("sum(sqrt((X - W @ H)**2 + 0.01))", false);
        check("sum((X - W @ H)**2) + sum(kl(Y, W @ K))", false);
    }
}
