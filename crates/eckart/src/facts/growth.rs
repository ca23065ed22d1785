//! Growth: how fast a formula grows while some of its variables are scaled by powers of one number.
//! In: a `Dag`, and for each variable the power of t by which it is multiplied.  Out: `Growth` a node.
//! Invariant: as t goes to infinity a value is at most of the order of t to the bound, logarithms not counted.
//! Not here: polynomials (see `degree`), what follows for an objective (see `solve`).

use std::collections::BTreeMap;

use crate::expr::{Dag, Id, Op, Var};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Growth {
    /// Where the value is multiplied by exactly a power of t: that power.
    pub exact: Option<f64>,
    /// Where the value comes to be of the order of a power of t, for all matrices but some of measure 0: that power.
    pub leads: Option<f64>,
    /// The value is at most of the order of this power of t.
    pub bound: f64,
}

impl Growth {
    const CONSTANT: Self = Self { exact: Some(0.0), leads: Some(0.0), bound: 0.0 };
    const UNKNOWN: Self = Self { exact: None, leads: None, bound: f64::INFINITY };

    fn power(power: f64) -> Self {
        Self { exact: Some(power), leads: Some(power), bound: power }
    }

    /// The same of other powers.
    fn map(self, to: impl Fn(f64) -> f64) -> Self {
        Self { exact: self.exact.map(&to), leads: self.leads.map(&to), bound: to(self.bound) }
    }

    /// Of a function that is no power: constant where its argument is, else at most of that order.
    fn at_most(bound: f64, args: &[Self]) -> Self {
        if args.iter().all(|arg| arg.exact == Some(0.0)) {
            Self::CONSTANT
        } else {
            Self { exact: None, leads: None, bound }
        }
    }
}

/// The growth of every node of `dag`; a variable that is not in `powers` stays as it is.
pub(crate) fn growths(dag: &Dag, powers: &BTreeMap<Var, f64>) -> Vec<Growth> {
    dag.bottom_up(|id, known: &[Growth]| {
        let args: Vec<Growth> = dag.args(id).iter().map(|arg| known[arg.index()]).collect();
        growth_of(dag, id, &args, powers)
    })
}

fn growth_of(dag: &Dag, id: Id, args: &[Growth], powers: &BTreeMap<Var, f64>) -> Growth {
    let greatest = args.iter().fold(f64::NEG_INFINITY, |most, arg| most.max(arg.bound));
    match dag.op(id) {
        Op::Var(var) => Growth::power(powers.get(var).copied().unwrap_or(0.0)),
        Op::Lit(_) | Op::Observed | Op::Eye | Op::One => Growth::CONSTANT,
        Op::Add | Op::Sub | Op::Max | Op::Min => {
            let exact = args[0].exact.filter(|_| args[0].exact == args[1].exact);
            let over = |at: usize| args[at].leads.filter(|own| *own > args[1 - at].bound);
            let is_sum = matches!(dag.op(id), Op::Add | Op::Sub);
            let leads = exact.or_else(|| over(0).or_else(|| over(1)).filter(|_| is_sum));
            Growth { exact, leads, bound: greatest }
        }
        Op::Mul | Op::MatMul => {
            let both = |a: Option<f64>, b: Option<f64>| a.zip(b).map(|(a, b)| a + b);
            let (exact, leads) = (both(args[0].exact, args[1].exact), both(args[0].leads, args[1].leads));
            Growth { exact, leads, bound: args[0].bound + args[1].bound }
        }
        Op::Div => match args[1].exact {
            Some(below) => args[0].map(|above| above - below),
            None => Growth::UNKNOWN,
        },
        Op::Pow => raised(args, dag.expr(dag.args(id)[1]).as_number()),
        // The logarithm of an exponential grows as its argument.
        Op::Log if greatest.is_infinite() => Growth::UNKNOWN,
        Op::Greater | Op::Sign | Op::Sigmoid | Op::Log => Growth::at_most(0.0, args),
        Op::Exp if greatest > 0.0 => Growth::UNKNOWN,
        Op::Exp => Growth::at_most(0.0, args),
        Op::XLogX | Op::Softplus => Growth::at_most(greatest.max(0.0), args),
        Op::Abs | Op::Transpose | Op::Sum | Op::RowSum | Op::ColSum | Op::Expand | Op::SumTo => args[0],
    }
}

fn raised(args: &[Growth], exponent: Option<f64>) -> Growth {
    match (args[0], exponent) {
        (base, Some(exponent)) if exponent > 0.0 => base.map(|power| power * exponent),
        (Growth { exact: Some(power), .. }, Some(exponent)) => Growth::power(power * exponent),
        _ => Growth::at_most(f64::INFINITY, args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::text::parse_expr;

    /// With W multiplied by t, and H divided by it.
    #[track_caller]
    fn check(formula: &str, exact: Option<f64>, bound: f64) {
        let dag = Dag::new(&[parse_expr(formula).unwrap()]);
        let powers = BTreeMap::from([(Var::input("W"), 1.0), (Var::input("H"), -1.0)]);
        let found = growths(&dag, &powers)[dag.roots()[0].index()];
        assert_eq!((found.exact, found.bound), (exact, bound), "{formula}");
    }

    #[test]
    fn what_leads_is_what_others_fall_behind() {
        let check = |formula: &str, leads: Option<f64>| {
            let dag = Dag::new(&[parse_expr(formula).unwrap()]);
            let found = growths(&dag, &BTreeMap::from([(Var::input("W"), 1.0)]))[dag.roots()[0].index()];
            assert_eq!(found.leads, leads, "{formula}");
        };
        check("sum((X - W @ H)**2)", Some(2.0));
        check("sum(abs(3 + W @ W.T - X))", Some(2.0));
        check("sum((W + X - W)**2)", None);
        check("sum(max(W, X))", None);
        check("sum(softplus(W))", None);
        check("sum(W / (1 + X))", Some(1.0));
        check("sum(X * (W - 1)**3)", Some(3.0));
    }

    #[test]
    fn growth_follows_from_the_formula() {
        check("sum((X - W @ H)**2)", Some(0.0), 0.0);
        check("sum(kl(X, W @ H))", Some(0.0), 0.0);
        check("sum((X - W)**2)", None, 2.0);
        check("sum(rownorm(W)) / 2", Some(1.0), 1.0);
        check("sum(W**2) * sum(H**2)**2", Some(-2.0), -2.0);
        check("sum((X - W @ W.T)**2)", None, 4.0);
        check("sum(softplus(W))", None, 1.0);
        check("sum(log(1 + W**2))", None, 0.0);
        check("sum(exp(W))", None, f64::INFINITY);
        check("sum(log(1 + exp(W)))", None, f64::INFINITY);
        check("sum(exp(H))", None, 0.0);
        check("sum(X / (1 + H))", None, f64::INFINITY);
        check("sum(1 / W)", Some(-1.0), -1.0);
    }
}
