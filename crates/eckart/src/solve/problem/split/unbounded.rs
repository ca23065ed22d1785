//! Unbounded: terms of a negative weight, whose reward for a large factor nothing outweighs.
//! In: the smooth part of an objective and its factors.  Out: nothing, or why there is no minimum.
//! Invariant: refused is only what falls for ever while a factor grows, alone or beside another that shrinks or shifts.
//! Not here: penalties for proximal maps (see `split`), a scale that positive penalties leave free (see `lints`).

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Code, Error, Result};
use crate::expr::{Dag, Expr, Id, Op, Var, weighted_terms};
use crate::facts::{Facts, Givens, growths};
use crate::rewrite::simplify;
use crate::rows::FactorRegularizer;
use crate::solve::problem::{Factor, with_signs};

/// Refuses a term with a negative weight where the cost falls without end as a factor in it grows.
///
/// # Errors
/// `Setting`, naming the term, its weight and the factor.
pub(in crate::solve) fn refuse_unbounded(smooth: &Expr, factors: &[Factor], givens: &Givens) -> Result<()> {
    let simple = simplify(std::slice::from_ref(smooth), givens)?.into_iter().next();
    let sum = Sum::of(&simple.unwrap_or_else(|| smooth.clone()), factors, givens)?;
    for reward in sum.parts.iter().filter(|part| part.weight < 0.0 && part.nonnegative) {
        let falls = |&index: &usize| Some((index, sum.falls(reward, index)?));
        if let Some((index, why)) = reward.factors.iter().find_map(falls) {
            let (weight, name) = (reward.weight, factors[index].var.name());
            return Err(Error::setting(
                Code::NegativePenalty,
                format!(
                    "the term {} has the negative weight {weight}, so that the cost falls without end: {why}. Make its \
                     weight 0 or more, or bound {name} on both sides, as `subject to {name} >= 0, {name} <= 1`",
                    reward.formula
                ),
            ));
        }
    }
    Ok(())
}

struct Summand {
    id: Id,
    weight: f64,
    formula: Expr,
    /// The factors in it, by their places.
    factors: Vec<usize>,
    nonnegative: bool,
}

/// An objective as a sum.
struct Sum<'a> {
    dag: Dag,
    parts: Vec<Summand>,
    factors: &'a [Factor],
}

impl<'a> Sum<'a> {
    fn of(objective: &Expr, factors: &'a [Factor], givens: &Givens) -> Result<Self> {
        let found = weighted_terms(objective);
        let dag = Dag::new(&found.iter().map(|(_, term)| term.clone()).collect::<Vec<_>>());
        let facts = Facts::of(&dag, &with_signs(givens, factors))?;
        // The same term may be there twice: what counts is both together.
        let mut weights: BTreeMap<Id, f64> = BTreeMap::new();
        for ((weight, _), &id) in found.iter().zip(dag.roots()) {
            *weights.entry(id).or_default() += weight;
        }
        let part = |(&id, &weight): (&Id, &f64)| {
            let formula = dag.expr(id).clone();
            let variables: BTreeSet<Var> = formula.variables().into_iter().collect();
            let inside = (0..factors.len()).filter(|&at| variables.contains(&factors[at].var)).collect();
            Summand { id, weight, formula, factors: inside, nonnegative: facts.sign(id).nonnegative }
        };
        let parts = weights.iter().map(part).collect();
        Ok(Self { dag, parts, factors })
    }

    /// Why the cost falls without end through `reward`, a term of the factor `index`.
    fn falls(&self, reward: &Summand, index: usize) -> Option<String> {
        let factor = &self.factors[index];
        if !may_grow(factor) {
            return None;
        }
        let name = factor.var.name();
        if self.outweighs(reward, index, None) {
            return Some(format!("nothing else in the objective grows as fast with {name}"));
        }
        if reward.factors.len() > 1 {
            return None;
        }
        let others = || (0..self.factors.len()).filter(|&other| other != index);
        if let Some(other) = others().find(|&k| may_shrink(&self.factors[k]) && self.outweighs(reward, index, Some(k)))
        {
            let other = self.factors[other].var.name();
            return Some(format!("{name} may grow while {other} shrinks by as much, and nothing else changes"));
        }
        self.is_shifted(reward, index).then(|| format!("the other factors may take back what {name} adds"))
    }

    /// Whether `reward` grows faster than all else as the factor `index` grows, and the other, if any, shrinks as much.
    fn outweighs(&self, reward: &Summand, index: usize, other: Option<usize>) -> bool {
        let mut powers = BTreeMap::from([(self.factors[index].var.clone(), 1.0)]);
        powers.extend(other.map(|other| (self.factors[other].var.clone(), -1.0)));
        let growths = growths(&self.dag, &powers);
        let regularizer = &self.factors[index].regularizer;
        let penalty = if regularizer.entries.l1 > 0.0 || !regularizer.is_entrywise() { 1.0 } else { 0.0 };
        growths[reward.id.index()].leads.is_some_and(|own| {
            let weaker = |part: &Summand| {
                let growth = growths[part.id.index()];
                // Two rewards don't outweigh each other.
                let reward = part.weight < 0.0 && part.nonnegative && growth.leads == Some(own);
                part.weight == 0.0 || reward || growth.bound < own
            };
            own > penalty && self.parts.iter().all(weaker)
        })
    }

    /// Whether other terms know the factor only together with factors that can make up for it, as offsets of rows and
    /// of columns can for each other.
    fn is_shifted(&self, reward: &Summand, index: usize) -> bool {
        let growths = growths(&self.dag, &BTreeMap::from([(self.factors[index].var.clone(), 1.0)]));
        let Some(own) = growths[reward.id.index()].exact else { return false };
        let mut others = self.parts.iter().filter(|part| part.id != reward.id && part.factors.contains(&index));
        let taken_back = |part: &Summand| {
            let by = |at: usize| {
                let cheaply = self.is_cheap(at, own) || self.is_multiplied(part, at);
                at != index && self.is_free(at) && cheaply
            };
            growths[part.id.index()].bound <= own && part.factors.iter().any(|&at| by(at))
        };
        self.is_free(index) && own > 1.0 && others.all(taken_back)
    }

    /// Whether neither bounds nor limits hold a factor.
    fn is_free(&self, at: usize) -> bool {
        let regularizer = &self.factors[at].regularizer;
        !regularizer.entries.is_bounded() && regularizer.is_entrywise()
    }

    /// Whether no term of the factor alone grows with its power `own`.
    fn is_cheap(&self, at: usize, own: f64) -> bool {
        let growths = growths(&self.dag, &BTreeMap::from([(self.factors[at].var.clone(), 1.0)]));
        let grows = |part: &Summand| part.weight > 0.0 && part.factors == [at] && growths[part.id.index()].bound >= own;
        !self.parts.iter().any(grows)
    }

    /// Whether a term has the product of the factor and another: each has to grow by the root only of what both add.
    fn is_multiplied(&self, part: &Summand, at: usize) -> bool {
        let dag = Dag::new(std::slice::from_ref(&part.formula));
        let place = |id: Id| {
            let id = if *dag.op(id) == Op::Transpose { dag.args(id)[0] } else { id };
            self.factors.iter().position(|factor| dag.expr(id).as_var() == Some(&factor.var))
        };
        let product = |id: Id| match dag.args(id) {
            [left, right] if *dag.op(id) == Op::MatMul => place(*left).zip(place(*right)),
            _ => None,
        };
        dag.ids().filter_map(product).any(|(left, right)| {
            (left == at || right == at) && left != right && self.is_free(left) && self.is_free(right)
        })
    }
}

/// Whether a factor may be multiplied by a number as large as one likes: no box and no limit of lengths holds it.
fn may_grow(factor: &Factor) -> bool {
    let FactorRegularizer { entries, row_norm, col_norm, .. } = &factor.regularizer;
    let is_box = entries.lower > f64::NEG_INFINITY && entries.upper < f64::INFINITY;
    !is_box && row_norm.is_none() && col_norm.is_none()
}

/// Whether a factor may be multiplied by a number as small as one likes.
fn may_shrink(factor: &Factor) -> bool {
    factor.regularizer.entries.clip(0.0) == 0.0
}

#[cfg(test)]
mod tests {
    use crate::data::Matrix;
    use crate::error::{Code, check_error};
    use crate::solve::Problem;

    fn problem(text: &str) -> Problem {
        let x = Matrix::from_fn(6, 5, |i, j| (1 + i * j) as f64).unwrap();
        let problem = Problem::parse(text).unwrap().data("X", &x).rank(2);
        if text.contains("P @") { problem.data("P", Matrix::from_fn(6, 6, |_, _| 1.0).unwrap()) } else { problem }
    }

    #[track_caller]
    fn refused(text: &str, part: &str) {
        check_error(&problem(text).bind().map(|_| ()).unwrap_err(), Code::NegativePenalty, part);
    }

    #[track_caller]
    fn accepted(text: &str) {
        assert!(problem(text).bind().is_ok(), "{text}: {:?}", problem(text).bind().err());
    }

    const LOSS: &str = "sum((X - W @ H)**2)";

    #[test]
    fn rewards_that_nothing_outweighs_are_refused() {
        refused(&format!("{LOSS} - 20*sum(W**2)"), "negative weight -20");
        refused(&format!("{LOSS} + (-1)*(sum(W**2) + sum(H**2))"), "sum(W**2)");
        refused(&format!("{LOSS} - sum(W*W)/2 + sum(abs(W))"), "negative weight -0.5");
        refused(&format!("{LOSS} - sum(3*H**2) subject to W >= 0, H >= 0"), "negative weight -3");
        refused(&format!("{LOSS} - 2*norm(H)**2 + sum(W**2)"), "W shrinks");
        refused(&format!("{LOSS} - norm(W)"), "negative weight -1");
        refused(&format!("{LOSS} - sum(abs(W)**1.5)"), "W");
        refused(&format!("{LOSS} - mean(W**2)"), "W");
        refused(&format!("{LOSS} - sum(W) subject to W >= 0, H >= 0"), "sum(W)");
        refused(&format!("{LOSS} - 0.1*sum(W**2) subject to rownorm(H) <= 1"), "H shrinks");
        refused(&format!("{LOSS} + sum(W**2) - 3*sum(W**2)"), "negative weight -2");
        refused(&format!("{LOSS} - sum(abs(W))"), "negative weight -1");
        refused(&format!("{LOSS} - sum(rownorm(W))"), "negative weight -1");
        refused(&format!("{LOSS} - sum(colnorm(H))"), "negative weight -1");
        refused("sum(kl(X, W @ H)) - 0.1*sum(H**2) subject to W >= 0, H >= 0", "H");
        refused("over W[5,r]: sum(softplus(X @ W)) - 0.1*sum(W**2)", "nothing else");
        refused("over W[n,r], S[r,r], H[r,m]: sum((X - W @ S @ H)**2) - sum(S**2)", "S");
        refused(&format!("-{LOSS}"), "negative weight -1");
        refused(&format!("(0 - 3)*{LOSS} + sum(W**2) + sum(abs(H))"), "negative weight -3");
        refused(&format!("{LOSS} - 2*sum((X - W @ K)**2)"), "with K");
        refused("-sum((X - W @ H)**2) subject to W >= 0, W <= 1", "with H");
        refused("over b[n,1], c[1,m]: sum((X - b - c)**2) - 0.1*sum(b**2)", "b");
        refused("over W[n,r], H[r,m], b[n,1]: sum((X - W @ H - b)**2) + sum(W**2) + sum(H**2) - 0.1*sum(b**2)", "b");
    }

    #[test]
    fn rewards_that_something_outweighs_are_kept() {
        accepted(&format!("{LOSS} - 0.1*sum(W**2) subject to W >= 0, W <= 1"));
        accepted(&format!("{LOSS} - 0.1*sum(H**2) subject to rownorm(H) <= 1"));
        accepted(&format!("{LOSS} - 0.1*sum(W**2) subject to H >= 0.5"));
        accepted(&format!("{LOSS} + sum(W**2) - 0.5*sum(W**2) + sum(H**2)"));
        accepted(&format!("{LOSS} + sum((W.T @ W - 1)**2) - sum(W**2)"));
        accepted(&format!("{LOSS} + sum(W**2) - 0.5*sum((P @ W)**2)"));
        accepted("sum((X @ X.T - W @ W.T)**2) - sum(W**2)");
        accepted("over W[n,m]: sum((X - W)**2) - 0.5*sum(W**2)");
        accepted("over b[n,1], c[1,m]: sum((X - b - c)**2) + sum(c**2) - 0.1*sum(b**2)");
        accepted(&format!("over W[n,r], H[r,m], V[n,r]: {LOSS} + sum((W - V)**2) + 9*sum(V**2) - 0.1*sum(W**2)"));
        accepted("over W[n,r], H[r,m]: sum(exp(W @ H)) - sum(X * (W @ H)) + sum(W**2)");
        accepted(&format!("{LOSS} - 0.5*sum((X - W @ H)**2)"));
        accepted(&format!("{LOSS} - 0.5*sum((2*X - W @ H)**2)"));
        accepted("-sum((X - W @ H)**2) subject to W >= 0, W <= 1, H >= 0, H <= 1");
        accepted("sum(softplus(W @ H)) - sum(X * (W @ H)) subject to W >= 0, H >= 0");
        accepted("sum(log(1 + exp(W @ H))) - sum(X * (W @ H)) subject to W >= 0, H >= 0");
        accepted("sum(X**2) - 2*sum(X * (W @ H)) + sum((W @ H)**2) subject to W >= 0, H >= 0");
        accepted("-sum(X * (W @ H)) subject to colnorm(W) <= 1, rownorm(H) <= 1");
    }
}
