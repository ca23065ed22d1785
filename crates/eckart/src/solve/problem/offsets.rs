//! Offsets: which factors an objective only adds to others.
//! In: a formula, its factors.  Out: whether a factor may begin at 0, whether it is added to others alone.
//! Invariant: where a factor that may is 0, no product of it with another is: the search can leave such a start.
//! Not here: where offsets begin (see `search/start/offsets.rs`).

use crate::expr::{Dag, Dependence, Expr, Id, Op, Var};

/// Whether a factor is never multiplied by another one, nor among those that a `min` or `max` chooses from. Of
/// `d * u @ v` nothing moves from where one is 0, and of `min((X - a)**2, (X - b)**2)` not both from the same place.
pub(super) fn only_adds(objective: &Expr, factor: &Var, is_factor: &dyn Fn(&Var) -> bool) -> bool {
    let dag = Dag::new(std::slice::from_ref(objective));
    let of_var = |counts: &dyn Fn(&Var) -> bool| dag.depends(|id| dag.expr(id).as_var().is_some_and(counts));
    let own = of_var(&|var| var == factor);
    let others = of_var(&|var| var != factor && is_factor(var));
    let constants = at_zero(&dag, factor);
    let is_lost = |id: Id| {
        let pair = |a: Id, b: Id| own[a.index()] && others[b.index()];
        let is_zero = |id: Id| constants[id.index()] == Some(0.0);
        match (dag.op(id), dag.args(id)) {
            (Op::Mul | Op::MatMul, &[a, b]) => (pair(a, b) && is_zero(a)) || (pair(b, a) && is_zero(b)),
            (Op::Div, &[a, b]) => pair(a, b) && is_zero(a),
            (Op::Max | Op::Min, &[a, b]) => pair(a, b) || pair(b, a),
            _ => false,
        }
    };
    !dag.ids().any(is_lost)
}

/// Whether a factor meets others by being added to them alone, as c of `X - W @ H - c`; a scale or a share of a mixture
/// does not.
pub(in crate::solve) fn is_added(objective: &Expr, factor: &Var, is_factor: &dyn Fn(&Var) -> bool) -> bool {
    let dag = Dag::new(std::slice::from_ref(objective));
    let of_var = |counts: &dyn Fn(&Var) -> bool| dag.depends(|id| dag.expr(id).as_var().is_some_and(counts));
    let own = of_var(&|var| var == factor);
    let others = of_var(&|var| var != factor && is_factor(var));
    let meet = |a: usize, b: usize| (own[a] && !others[a] && others[b]) || (others[a] && !own[a] && own[b]);
    let is_sum = |id: Id| matches!(dag.op(id), Op::Add | Op::Sub);
    !dag.ids().filter(|&id| !is_sum(id)).any(|id| match dag.args(id) {
        &[a, b] => meet(a.index(), b.index()) || meet(b.index(), a.index()),
        _ => false,
    })
}

/// Of each node the number that all its entries are where a variable is 0, whatever the others are; `None` where they
/// need not be one.
fn at_zero(dag: &Dag, var: &Var) -> Vec<Option<f64>> {
    dag.bottom_up(|id, known: &[Option<f64>]| {
        let args: Vec<Option<f64>> = dag.args(id).iter().map(|arg| known[arg.index()]).collect();
        let zero = |which: usize| args[which].filter(|&value| value == 0.0);
        let dependence = dag.op(id).row().dependence;
        let is_product = matches!(dependence, Dependence::Hadamard | Dependence::MatrixProduct);
        if let Some(own) = dag.expr(id).as_var() {
            return (own == var).then_some(0.0);
        }
        if (is_product && zero(0).or(zero(1)).is_some()) || (dependence == Dependence::Quotient && zero(0).is_some()) {
            return Some(0.0);
        }
        match (dependence, dag.op(id)) {
            (Dependence::Linear, Op::Transpose | Op::Expand) => args[0],
            (Dependence::Linear, _) => zero(0),
            (_, op) => {
                dag.expr(id).as_number().or_else(|| op.of_numbers(&args.into_iter().collect::<Option<Vec<f64>>>()?))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::text::parse_statement;

    /// Which of the factors u, v, d and W only add to others.
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let objective = parse_statement(text).unwrap().objective;
        let is_factor = |var: &Var| ["u", "v", "d", "W", "H"].contains(&var.name());
        let adds = |name: &&str| {
            let var = Var::input(name);
            objective.variables().contains(&var) && only_adds(&objective, &var, &is_factor)
        };
        let found: Vec<&str> = ["u", "v", "d"].into_iter().filter(adds).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn what_is_multiplied_by_another_factor_is_no_offset() {
        check("sum((X - u * v)**2)", &[]);
        check("sum((X - u @ v)**2)", &[]);
        check("sum((X - d * u @ v)**2) + 30*sum(abs(u))", &[]);
        check("sum((X - W @ H - u * v - d)**2)", &["d"]);
        check("sum((X - W @ H)**2) + sum((Y - W @ u)**2)", &[]);
        check("sum((X - (W * v) @ W.T)**2)", &[]);
        check("sum((X - tanh(u) * (W @ H))**2)", &[]);
        check("sum((X - u / (1 + exp(W @ H)))**2)", &[]);
        check("sum((X - W @ H)**2) + sum(u.T @ W**2)", &[]);
    }

    #[test]
    fn what_is_added_is_an_offset_also_beside_data_and_inside_functions() {
        check("sum(observed(X) * (X - W @ H - u - v - d)**2) + sum(u**2) + sum(v * v)", &["u", "v", "d"]);
        check("sum(Y * (X - W @ H - E @ u - 2*v)**2)", &["u", "v"]);
        check("sum(exp(W @ H + u) - X * (W @ H + u))", &["u"]);
        check("sum((X - W @ H)**2 * exp(-v)) + sum(v)", &["v"]);
        check("sum((1 + u) * (W @ H))", &["u"]);
        check("sum((X - exp(u) * (W @ H))**2)", &["u"]);
        check("sum(max(X - W @ H - u, 0))", &["u"]);
    }

    #[test]
    fn scales_and_shares_are_not_added() {
        for (text, expected) in [
            ("sum((X - W @ H - u - v - d)**2) + sum(u**2)", [true; 3]),
            ("sum(exp(W @ H + u) - X * (W @ H + u)) + sum(v) + sum(d)", [true; 3]),
            ("sum((X - W @ H - u)**2 * exp(-v)) + sum(v)", [false, false, true]),
            ("sum(log(sigmoid(u) + sigmoid(-u)*exp(-(W @ H + v))))", [false, false, true]),
        ] {
            let objective = parse_statement(text).unwrap().objective;
            let is_factor = |var: &Var| ["u", "v", "d", "W", "H"].contains(&var.name());
            let found = ["u", "v", "d"].map(|name| is_added(&objective, &Var::input(name), &is_factor));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn what_is_chosen_from_is_no_offset() {
        check("sum(min(rowsum((X - v)**2), rowsum((X - d)**2)))", &[]);
        check("sum(max(v, d) + u)", &["u"]);
    }
}
