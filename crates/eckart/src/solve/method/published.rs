//! Published: alternating methods as they were published: no extrapolation, no re-initialization of components.
//! In: a bound problem.  Out: a `Method`.
//! Invariant: every factor gets the same step rule; a method says which factor it does not support, and why.
//! Not here: the steps (see `block`), the default method (see `alternating`).

use super::Method;
use super::alternating::{Alternating, Coupling};
use super::choice::StepRule;
use crate::error::Result;
use crate::rows::{PoissonStep, QuadraticStep};
use crate::solve::derive::{Subproblem, derive};
use crate::solve::problem::{Bound, Factor};

/// Hierarchical alternating least squares: each entry once (Cichocki and Phan 2009).
pub(super) const HALS: Published = Published {
    rule: StepRule::Quadratic(QuadraticStep::Once),
    lacks: |subproblem, factor| {
        let shared = matches!(subproblem, Subproblem::Quadratic(q, _) if q.grams.is_shared());
        if !shared {
            return Some("is not quadratic with one Gram matrix for all rows");
        }
        (!factor.regularizer.is_entrywise()).then_some(LENGTHS)
    },
};

/// Alternating least squares: each factor to its minimum.
pub(super) const ALS: Published = Published {
    rule: StepRule::Quadratic(QuadraticStep::LeastSquares),
    lacks: |subproblem, factor| {
        if !matches!(subproblem, Subproblem::Quadratic(..)) {
            return Some("is not quadratic row by row");
        }
        (!factor.regularizer.is_empty()).then_some("has bounds or penalties that least squares can't take in")
    },
};

/// Multiplicative updates of Kullback-Leibler divergence (Lee and Seung 2001, theorem 2).
pub(super) const MULTIPLICATIVE: Published = Published {
    rule: StepRule::Poisson(PoissonStep::Multiplicative),
    lacks: |subproblem, factor| {
        if !matches!(subproblem, Subproblem::Poisson(_)) {
            return Some(
                "is no Kullback-Leibler divergence (Poisson likelihood) of a product of non-negative factors, for \
                 which alone these updates are derived",
            );
        }
        (!factor.regularizer.is_entrywise()).then_some(LENGTHS)
    },
};

const LENGTHS: &str = "has limits or penalties of norms of rows or columns";

/// A method that moves every factor by the same step rule.
pub(super) struct Published {
    rule: StepRule,
    /// What a factor's part of the objective, or its constraints, lack.
    lacks: fn(&Subproblem, &Factor) -> Option<&'static str>,
}

impl Published {
    /// The first factor that the method does not support, and why.
    pub(super) fn unsupported(&self, bound: &Bound) -> Option<String> {
        let subproblems = derive(bound).ok()?;
        let of = |(subproblem, factor): (&Subproblem, &Factor)| {
            let name = factor.var.name();
            (self.lacks)(subproblem, factor).map(|what| format!("the objective's part in {name} {what}"))
        };
        subproblems.iter().zip(&bound.factors).find_map(of)
    }

    pub(super) fn prepare(&self, bound: &Bound, memory_limit: usize) -> Result<Box<dyn Method>> {
        let rules: Vec<(Subproblem, StepRule)> =
            derive(bound)?.iter().map(|subproblem| (subproblem.clone(), self.rule)).collect();
        Alternating::with(bound, &rules, Coupling::None, memory_limit)
    }
}
