//! Split: the terms of an objective that a proximal map takes care of, and the smooth rest.
//! In: an objective and its factors.  Out: `Split`: the rest, and a `FactorRegularizer` a factor.
//! Invariant: the parts add up to the objective; a term is taken only where it is of one factor alone.
//! Not here: constraints (see `problem`), what of the rest rewards large entries (see `unbounded`), what
//! no slope tells of (see `flat`).

mod flat;
mod unbounded;

use std::collections::BTreeMap;

use crate::error::{Code, Error, Result};
use crate::expr::{Expr, Op, Var, weighted_sum, weighted_terms};
use crate::rows::FactorRegularizer;
pub(in crate::solve) use flat::refuse_flat;
pub(in crate::solve) use unbounded::refuse_unbounded;

pub(in crate::solve) struct Split {
    /// What is left of the objective.
    pub smooth: Expr,
    /// The terms taken out of it.
    pub regularizers: BTreeMap<Var, FactorRegularizer>,
}

/// Takes `c * sum(abs(B))`, `c * sum(rownorm(B))` and `c * sum(colnorm(B))` out of the sum that `objective` is.
///
/// # Errors
/// `Setting` where such a term has a negative weight.
pub(in crate::solve) fn split(objective: &Expr, factors: &[Var]) -> Result<Split> {
    let mut rest: Vec<(f64, Expr)> = Vec::new();
    let mut regularizers: BTreeMap<Var, FactorRegularizer> = BTreeMap::new();
    for (weight, term) in weighted_terms(objective) {
        let Some((var, weight, kind)) = separable(&term, weight).filter(|(var, _, _)| factors.contains(var)) else {
            rest.push((weight, term));
            continue;
        };
        if weight < 0.0 {
            return Err(Error::setting(
                Code::NegativePenalty,
                format!(
                    "the term {term} has the negative weight {weight}: it rewards large entries, and no method can \
                 minimize it; make its weight 0 or more"
                ),
            ));
        }
        let regularizer = regularizers.entry(var).or_default();
        match kind {
            Kind::Entries => regularizer.entries.l1 += weight,
            Kind::Rows => regularizer.row_group += weight,
            Kind::Cols => regularizer.col_group += weight,
        }
    }
    let smooth = if regularizers.is_empty() { objective.clone() } else { weighted_sum(rest) };
    Ok(Split { smooth, regularizers })
}

enum Kind {
    Entries,
    Rows,
    Cols,
}

/// The factor, weight and kind of a term that a proximal map can take.
fn separable(term: &Expr, weight: f64) -> Option<(Var, f64, Kind)> {
    let inside = only(term, &Op::Sum)?;
    let (scale, core) = match inside.args() {
        [a, b] if *inside.op() == Op::Mul && a.as_number().is_some() => (a.as_number()?, b.clone()),
        [a, b] if *inside.op() == Op::Mul && b.as_number().is_some() => (b.as_number()?, a.clone()),
        _ => (1.0, inside.clone()),
    };
    if let Some(b) = only(&core, &Op::Abs) {
        return Some((b.as_var()?.clone(), weight * scale, Kind::Entries));
    }
    let length = |op: &Op| {
        let [base, exponent] = core.args() else { return None };
        let half = *core.op() == Op::Pow && exponent.as_number() == Some(0.5);
        let square = only(base, op).filter(|s| half && *s.op() == Op::Pow && s.args()[1].as_number() == Some(2.0))?;
        square.args()[0].as_var().cloned()
    };
    if let Some(var) = length(&Op::RowSum) {
        return Some((var, weight * scale, Kind::Rows));
    }
    Some((length(&Op::ColSum)?, weight * scale, Kind::Cols))
}

/// The argument of a node that is `op`.
fn only(expr: &Expr, op: &Op) -> Option<Expr> {
    if expr.op() == op { expr.args().first().cloned() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::text::parse_expr;
    use crate::rows::Regularizer;

    #[track_caller]
    fn check(objective: &str, smooth: &str, w: FactorRegularizer) {
        let found = split(&parse_expr(objective).unwrap(), &[Var::input("W"), Var::input("H")]).unwrap();
        assert_eq!(found.smooth.to_string(), smooth);
        assert_eq!(found.regularizers.get(&Var::input("W")).copied().unwrap_or_default(), w);
    }

    #[test]
    fn separable_terms_are_taken() {
        let none = FactorRegularizer::default();
        let l1 = |l1: f64| FactorRegularizer { entries: Regularizer { l1, ..Regularizer::NONE }, ..none };
        check("sum((X - W)**2) + 0.5*sum(abs(W))", "sum((X - W)**2)", l1(0.5));
        check("sum(W**2) + 2*(sum(abs(W)) + sum(abs(H)))", "sum(W**2)", l1(2.0));
        check("sum(W**2) + sum(3*abs(W))/2", "sum(W**2)", l1(1.5));
        check("sum(W**2) + 0.1*sum(rownorm(W))", "sum(W**2)", FactorRegularizer { row_group: 0.1, ..none });
        check("sum(W**2) + 0.1*sum(colnorm(W))", "sum(W**2)", FactorRegularizer { col_group: 0.1, ..none });
    }

    #[test]
    fn what_is_not_of_one_factor_stays() {
        check("sum(abs(X - W @ H))", "sum(abs(X - W @ H))", FactorRegularizer::default());
        check("sum(W**2) - 2*sum(H)", "sum(W**2) - 2 * sum(H)", FactorRegularizer::default());
        let error = split(&parse_expr("sum(H**2) - sum(abs(W))").unwrap(), &[Var::input("W")]).err().unwrap();
        assert!(error.to_string().contains("negative weight -1"));
    }
}
