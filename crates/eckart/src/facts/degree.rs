//! Degree: how a formula depends on a variable: not at all, linearly, as a polynomial, or otherwise.
//! In: a `Dag` and a variable.  Out: a degree a node.
//! Invariant: an upper bound: the value is a polynomial of at most that degree in the variable's entries.
//! Not here: which quadratic it is (see `solve`).

use crate::expr::{Dag, Dependence, Expr, Id, Var};

/// The degree of a polynomial; `None` where it is none, or not seen to be one.
pub type Degree = Option<u32>;

/// The degree of every node of `dag` in `var`.
pub fn degrees(dag: &Dag, var: &Var) -> Vec<Degree> {
    dag.bottom_up(|id, known| degree_of_node(dag, id, &|of| of == var, known))
}

/// The degree of a formula in all variables that `counted` picks, together: 2 of `W @ H` in both.
pub(crate) fn joint_degree(formula: &Expr, counted: &dyn Fn(&Var) -> bool) -> Degree {
    let dag = Dag::new(std::slice::from_ref(formula));
    dag.bottom_up(|id, known| degree_of_node(&dag, id, counted, known))[dag.roots()[0].index()]
}

pub(crate) fn degree_of(formula: &Expr, var: &Var) -> Degree {
    let dag = Dag::new(std::slice::from_ref(formula));
    degrees(&dag, var)[dag.roots()[0].index()]
}

/// Whether the value of a formula depends on a variable, as far as is seen.
pub(crate) fn depends_on(formula: &Expr, var: &Var) -> bool {
    degree_of(formula, var) != Some(0)
}

/// Whether a formula is seen to be linear in a variable, or free of it.
pub(crate) fn is_linear(formula: &Expr, var: &Var) -> bool {
    degree_of(formula, var).is_some_and(|degree| degree <= 1)
}

fn degree_of_node(dag: &Dag, id: Id, counted: &dyn Fn(&Var) -> bool, known: &[Degree]) -> Degree {
    let args = dag.args(id);
    let of = |k: usize| known[args[k].index()];
    let mut all = args.iter().map(|arg| known[arg.index()]);
    match dag.op(id).row().dependence {
        Dependence::Variable => Some(u32::from(dag.expr(id).as_var().is_some_and(counted))),
        Dependence::Constant => Some(0),
        Dependence::Sum => all.try_fold(0, |most, d| Some(most.max(d?))),
        Dependence::Hadamard | Dependence::MatrixProduct => all.try_fold(0_u32, |sum, d| sum.checked_add(d?)),
        Dependence::Quotient if of(1) == Some(0) => of(0),
        Dependence::Power => power(of(0), of(1), dag.expr(args[1]).as_number()),
        Dependence::Linear => of(0),
        Dependence::Quotient | Dependence::Nonlinear => all.all(|d| d == Some(0)).then_some(0),
    }
}

fn power(base: Degree, exponent: Degree, number: Option<f64>) -> Degree {
    if base == Some(0) && exponent == Some(0) {
        return Some(0);
    }
    let number = number.filter(|n| n.fract() == 0.0 && (0.0..=64.0).contains(n))?;
    base?.checked_mul(number as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::text::parse_expr;

    #[track_caller]
    fn check(formula: &str, expected: Degree) {
        let dag = Dag::new(&[parse_expr(formula).unwrap()]);
        assert_eq!(degrees(&dag, &Var::input("W"))[dag.roots()[0].index()], expected, "{formula}");
    }

    #[test]
    fn degrees_add_up() {
        check("sum((X - W @ H)**2) + 0.1*sum(W**2)", Some(2));
        check("sum(X * (X - V @ H)**2)", Some(0));
        check("sum((X - W @ W.T)**2)", Some(4));
        check("sum(W) / 2", Some(1));
        check("sum((W**2)**3)", Some(6));
        check("sum(exp(X) * W)", Some(1));
        check("sum(abs(W))", None);
        check("sum(X / W)", None);
        check("sum(W**0.5)", None);
        check("sum(expand(1, W))", Some(0));
    }
}
