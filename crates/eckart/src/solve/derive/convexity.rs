//! Convexity: whether a formula is seen to be convex in a variable, the others fixed.
//! In: a formula, a variable, what is known of all variables.  Out: yes, or not seen.
//! Invariant: a formula that is said to be convex is, wherever it is defined; one of which it is not said may be.
//! Not here: quadratics whose second derivative is known (see `quadratic`).
//!
//! The rules of disciplined convex programming (Grant, Boyd and Ye 2006): sums of convex functions, with weights of a
//! known sign, and convex functions of linear ones.

use crate::error::Result;
use crate::expr::{Dag, Expr, Id, Op, Var, huber_at};
use crate::facts::{Facts, Givens, Sign};

/// How a part curves in a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Curve {
    convex: bool,
    concave: bool,
    /// Whether it does not depend on the variable.
    free: bool,
}

const FREE: Curve = Curve { convex: true, concave: true, free: true };
const LINEAR: Curve = Curve { convex: true, concave: true, free: false };
const CONVEX: Curve = Curve { convex: true, concave: false, free: false };
const CONCAVE: Curve = Curve { convex: false, concave: true, free: false };
const UNKNOWN: Curve = Curve { convex: false, concave: false, free: false };

impl Curve {
    fn is_linear(self) -> bool {
        self.convex && self.concave
    }

    fn negated(self) -> Self {
        Self { convex: self.concave, concave: self.convex, ..self }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            convex: self.convex && other.convex,
            concave: self.concave && other.concave,
            free: self.free && other.free,
        }
    }

    /// Times something that is free of the variable.
    fn times(self, weight: Weight) -> Self {
        match weight {
            Weight::Nonnegative => self,
            Weight::Nonpositive => self.negated(),
            Weight::Any if self.is_linear() => self,
            Weight::Any => UNKNOWN,
        }
    }

    /// A function of that kind of a part that is linear.
    fn of_linear(self, part: Self) -> Self {
        if part.free {
            FREE
        } else if part.is_linear() {
            self
        } else {
            UNKNOWN
        }
    }
}

/// The sign of a weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Nonnegative,
    Nonpositive,
    Any,
}

/// Whether a formula is seen to be convex in `var`.
///
/// # Errors
/// As [`Facts::of`].
pub(in crate::solve) fn is_convex(formula: &Expr, var: &Var, givens: &Givens) -> Result<bool> {
    let dag = Dag::new(std::slice::from_ref(formula));
    let facts = Facts::of(&dag, givens)?;
    let curves = dag.bottom_up(|id, known: &[Curve]| curve(&dag, &facts, id, var, known));
    Ok(curves[dag.roots()[0].index()].convex)
}

fn curve(dag: &Dag, facts: &Facts, id: Id, var: &Var, known: &[Curve]) -> Curve {
    let (op, args) = (dag.op(id), dag.args(id));
    let of = |k: usize| known[args[k].index()];
    let weight = |k: usize| weight(dag.expr(args[k]), facts.sign(args[k]));
    if (0..args.len()).filter(|&k| op.uses_value(k)).all(|k| of(k).free) && dag.expr(id).as_var() != Some(var) {
        return FREE;
    }
    if let Some(huber) = huber_at(dag, id) {
        let is_convex = known[huber.delta.index()].free;
        return if is_convex { CONVEX.of_linear(known[huber.z.index()]) } else { UNKNOWN };
    }
    match op {
        Op::Var(_) => LINEAR,
        Op::Add => of(0).plus(of(1)),
        Op::Sub => of(0).plus(of(1).negated()),
        Op::Mul if args[0] == args[1] => CONVEX.of_linear(of(0)),
        Op::Mul | Op::MatMul => match (of(0).free, of(1).free) {
            (true, _) => of(1).times(weight(0)),
            (_, true) => of(0).times(weight(1)),
            _ => UNKNOWN,
        },
        Op::Div if of(1).free => of(0).times(weight(1)),
        Op::Div => match weight(0) {
            _ if !of(0).free || !facts.sign(args[1]).nonnegative => UNKNOWN,
            Weight::Nonnegative => CONVEX.of_linear(of(1)),
            Weight::Nonpositive => CONCAVE.of_linear(of(1)),
            Weight::Any => UNKNOWN,
        },
        Op::Pow => power(of(0), dag.expr(args[1]).as_number(), facts.sign(args[0])),
        Op::Max if of(0).convex && of(1).convex => CONVEX,
        Op::Min if of(0).concave && of(1).concave => CONCAVE,
        Op::Exp | Op::Softplus if of(0).convex => CONVEX,
        Op::Log if of(0).concave => CONCAVE,
        Op::XLogX | Op::Abs => CONVEX.of_linear(of(0)),
        Op::Transpose | Op::Sum | Op::RowSum | Op::ColSum | Op::Expand | Op::SumTo => of(0),
        Op::Max | Op::Min | Op::Exp | Op::Softplus | Op::Log | Op::Greater | Op::Sign | Op::Sigmoid => UNKNOWN,
        Op::Lit(_) | Op::Observed | Op::Eye | Op::One => FREE,
    }
}

fn power(base: Curve, exponent: Option<f64>, sign: Sign) -> Curve {
    match exponent {
        Some(n) if n > 0.0 && n % 2.0 == 0.0 => CONVEX.of_linear(base),
        Some(1.0) => base,
        Some(n) if sign.nonnegative && !(0.0..=1.0).contains(&n) => CONVEX.of_linear(base),
        Some(n) if sign.nonnegative && n > 0.0 && base.concave => CONCAVE,
        _ => UNKNOWN,
    }
}

fn weight(part: &Expr, sign: Sign) -> Weight {
    let negative = part.as_number().is_some_and(|number| number <= 0.0);
    match (sign.nonnegative, negative) {
        (true, _) => Weight::Nonnegative,
        (_, true) => Weight::Nonpositive,
        (false, false) => Weight::Any,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::text::parse_expr;
    use crate::facts::Given;

    #[track_caller]
    fn check(formula: &str, expected: bool) {
        let given = |name: &str, rows: usize, cols: usize, sign: Sign| {
            (Var::input(name), Given { sign, ..Given::dense(rows, cols) })
        };
        let givens: Givens = [
            given("X", 4, 3, Sign::NONNEGATIVE),
            given("Y", 4, 3, Sign::UNKNOWN),
            given("W", 4, 2, Sign::NONNEGATIVE),
            given("H", 2, 3, Sign::NONNEGATIVE),
            given("a", 1, 1, Sign::NONNEGATIVE),
        ]
        .into();
        assert_eq!(is_convex(&parse_expr(formula).unwrap(), &Var::input("W"), &givens).unwrap(), expected, "{formula}");
    }

    #[test]
    fn losses_of_linear_parts_are_convex() {
        for formula in [
            "sum((X - W @ H)**2) + a*sum(abs(W))",
            "sum(kl(X, W @ H + a))",
            "sum(abs(Y - W @ H)) + sum(max(1 - Y*(W @ H), 0))",
            "sum(huber(Y - W @ H, 1)) + sum(softplus(W @ H) - Y*(W @ H))",
            "sum(X/(W @ H)) - sum(X*log(W @ H))",
            "sum((W @ H)**1.5) - 3*sum(X*(W @ H)**0.5) + sum(exp(-2*(W @ H)))",
            "sum(W)/2 + sum(rowsum(W)**2) + sum((Y @ H.T)**3)",
        ] {
            check(formula, true);
        }
    }

    #[test]
    fn what_is_not_convex_is_not_said_to_be() {
        for formula in [
            "sum((X - W @ W.T @ X)**2)",
            "sum(log(1 + (X - W @ H)**2))",
            "sum(X/(W @ H) + log(W @ H))",
            "sum((X - W @ H)**2) + a*sum(sqrt(W))",
            "sum((X - (W @ H)**2)**2)",
            "sum(min((X - W @ H)**2, 1))",
            "-sum((X - W @ H)**2)",
            "sum(Y*(W @ H)**2)",
            "sum((X - W/rowsum(W) @ H)**2)",
            "sum(sigmoid(W))",
            "sum(huber(Y - X, sum(W)))",
        ] {
            check(formula, false);
        }
    }
}
