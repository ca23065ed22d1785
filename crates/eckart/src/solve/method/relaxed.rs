//! Relaxed: what an objective would have to leave out for a factor to have a step rule of its own.
//! In: a bound problem.  Out: a line for each factor that has none, where something is known.
//! Invariant: a rule that is named is the one that the objective without that part gets.
//! Not here: which rule a subproblem gets (see `choice`).

use super::choice::{StepRule, rule_in_words, step_rule};
use crate::error::Result;
use crate::expr::{Expr, signed_terms};
use crate::facts::depends_on;
use crate::rows::FactorRegularizer;
use crate::solve::derive::{Subproblem, derive, subproblem_of};
use crate::solve::problem::{Bound, Factor};

/// With more terms, trying each takes longer than an explanation may.
const MOST_TERMS: usize = 8;
/// The longest text of a term.
const WIDTH: usize = 60;

/// For each factor without a step rule of its own: the limits, the penalties or the one term without which it had one.
///
/// # Errors
/// Those of shapes that don't fit.
pub(crate) fn rules_without(bound: &Bound) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for (factor, subproblem) in bound.factors.iter().zip(derive(bound)?) {
        if step_rule(factor, subproblem) == StepRule::Gradient {
            lines.extend(line(bound, factor, subproblem)?);
        }
    }
    Ok(lines)
}

fn line(bound: &Bound, factor: &Factor, subproblem: &Subproblem) -> Result<Option<String>> {
    let said = |left_out: &str, factor: &Factor, subproblem: &Subproblem| {
        let rule = step_rule(factor, subproblem);
        let words = rule_in_words(rule, subproblem, &factor.regularizer, false);
        let name = factor.var.name();
        (rule != StepRule::Gradient).then(|| format!("{name}: without {left_out} it would take {words}"))
    };
    let name = factor.var.name();
    let all = factor.regularizer.in_words(name);
    for regularizer in relaxed(&factor.regularizer) {
        let kept = regularizer.in_words(name);
        let left_out: Vec<&str> = all.iter().filter(|part| !kept.contains(part)).map(String::as_str).collect();
        let other = Factor { regularizer, ..factor.clone() };
        if let Some(line) = said(&left_out.join(" and "), &other, subproblem) {
            return Ok(Some(line));
        }
    }
    let terms = signed_terms(&bound.smooth);
    if !(2..=MOST_TERMS).contains(&terms.len()) {
        return Ok(None);
    }
    for (at, (_, term)) in terms.iter().enumerate().filter(|(_, (_, term))| depends_on(term, &factor.var)) {
        let others = terms.iter().enumerate().filter(|(other, _)| *other != at);
        let rest: Expr = others.map(|(_, (sign, term))| *sign * term).sum();
        let subproblem = subproblem_of(bound, &rest, factor)?;
        let written = format!("`{}`", term.shortened(WIDTH));
        if depends_on(&rest, &factor.var)
            && let Some(line) = said(&written, factor, &subproblem)
        {
            return Ok(Some(line));
        }
    }
    Ok(None)
}

/// The same with less and less of it: without limits and penalties of lengths, then without any.
fn relaxed(regularizer: &FactorRegularizer) -> impl Iterator<Item = FactorRegularizer> {
    let all = [FactorRegularizer::of(regularizer.entries), FactorRegularizer::default()];
    let own = *regularizer;
    all.into_iter().filter(move |other| *other != own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Matrix, Problem};

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let x = Matrix::from_fn(8, 6, |i, j| ((3 * i + 5 * j) % 7) as f64).unwrap();
        let bound = Problem::parse(text).unwrap().data("X", &x).rank(2).bind().unwrap();
        assert_eq!(rules_without(&bound).unwrap(), expected, "{text}");
    }

    #[test]
    fn what_stands_in_the_way_is_named() {
        check("sum((X - W @ H)**2) subject to W, H >= 0", &[]);
        let newton = "coordinate descent by damped Newton steps";
        let ball = format!("H: without rownorm(H) <= 1 it would take {newton}");
        check("sum(kl(X, W @ H)) subject to W, H >= 0, rownorm(H) <= 1", &[&ball]);
        let term = format!("W: without `sum(exp(W))` it would take {newton}");
        check("sum(kl(X, W @ H)) + sum(exp(W)) subject to W, H >= 0", &[&term]);
        check("sum(log(1 + (X - W @ H)**2))", &[]);
    }
}
