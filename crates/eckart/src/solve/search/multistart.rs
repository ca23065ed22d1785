//! Multistart: how many starts a search makes where nobody says so.
//! In: a bound problem, settings.  Out: the settings with a number of starts; why there are several.
//! Invariant: it depends on the objective and on the shapes, never on the clock or on threads.
//! Not here: the rounds in which starts are dropped (see `starts`).
//!
//! An objective that is not convex in one of its factors has several minima, and so has a product of factors of which
//! one is bounded, penalized or inside a kink, or of four factors and more. The worst of 16 starts of nine published
//! models ended 0.9 to 7.9 % above the best of them (median 4.3 %); halving ended within 0.02 % of the best in six. It
//! takes the iterations of 1.5 to 11 starts. Plain squares and smooth convex losses of two free factors have one
//! minimum that matters.

use super::checkpoint::halved_starts;
use super::context::Search;
use super::course::FIRST_ROUND;
use super::settings::Settings;
use crate::error::Result;
use crate::expr::Var;
use crate::facts::{degree_of, joint_degree};
use crate::solve::derive::{Subproblem, derive, is_convex};
use crate::solve::problem::{Bound, Factor, with_signs};

/// Starts of an objective that may have many minima.
const STARTS: usize = 16;
/// Factors of a product that have many minima together.
const MANY_FACTORS: u32 = 4;
/// Where the objective takes more flops than this, starts take too long to be made unasked: 1,000 iterations are some
/// seconds.
const MOST_FLOPS: f64 = 2e6;

/// The number of starts of `settings`, and whether they are halved, filled in; and why there are several, where nobody
/// asked for them.
///
/// # Errors
/// Those of planning the objective.
pub(super) fn with_starts(search: &Search, bound: &Bound) -> Result<(Settings, Option<String>)> {
    let settings = search.settings.clone();
    if settings.n_init.is_some() {
        return Ok((settings, None));
    }
    let one = Settings { n_init: Some(1), ..settings.clone() };
    let many = Settings { n_init: Some(STARTS), successive_halving: true, ..settings };
    if search.settings.successive_halving {
        return Ok((many, None));
    }
    // A search that is gone on with makes the starts that it began with.
    if let Some(path) = &many.resume {
        let Some(starts) = halved_starts(path) else { return Ok((one, None)) };
        let why = many_minima(bound)?.filter(|_| starts == STARTS).map(|why| told(&why));
        return Ok((Settings { n_init: Some(starts), ..many }, why));
    }
    // Whoever says where or how far a search goes speaks of one start.
    let is_one = one.keep_starts
        || one.init != Default::default()
        || one.max_iter < FIRST_ROUND * STARTS / 2
        || bound.factors.iter().any(|factor| factor.begin.is_some());
    if is_one {
        return Ok((one, None));
    }
    let Some(why) = many_minima(bound)? else { return Ok((one, None)) };
    let flops = search.planned(|| bound.cost(&bound.givens, usize::MAX))?.plan.flops();
    Ok(if flops > MOST_FLOPS { (one, None) } else { (many, Some(told(&why))) })
}

fn told(why: &str) -> String {
    format!("{STARTS} starts, halved: {why}")
}

/// Why an objective may have many minima, if it may.
pub(super) fn many_minima(bound: &Bound) -> Result<Option<String>> {
    let givens = with_signs(&bound.givens, &bound.factors);
    let subproblems = derive(bound)?;
    for (factor, subproblem) in bound.factors.iter().zip(subproblems) {
        let is_smooth = matches!(subproblem, Subproblem::Smooth);
        if is_smooth && !is_convex(&bound.smooth, &factor.var, &givens)? {
            return Ok(Some(format!("the objective is not seen to be convex in {}", factor.var.name())));
        }
    }
    let is_factor = |var: &Var| bound.factors.iter().any(|factor| factor.var == *var && !factor.offset);
    let product = bound.reconstruction()?.and_then(|product| joint_degree(&product.part, &is_factor));
    if let Some(degree) = product.filter(|degree| *degree >= MANY_FACTORS) {
        return Ok(Some(format!("a product of {degree} factors has several minima")));
    }
    let mut bounded = bound.factors.iter().zip(subproblems).filter(|(factor, subproblem)| {
        !factor.offset && (!factor.regularizer.is_empty() || matches!(subproblem, Subproblem::Smooth))
    });
    let is_product = match joint_degree(&bound.smooth, &is_factor) {
        Some(degree) => bound.factors.iter().all(|factor| degree_of(&bound.smooth, &factor.var) < Some(degree)),
        None => bound.factors.iter().filter(|factor| !factor.offset).count() > 1,
    };
    let why = |(factor, _): (&Factor, _)| {
        let (name, rough) = (factor.var.name(), factor.regularizer.is_empty());
        let what = if rough { "a kink" } else { "bounds or a penalty" };
        format!("a product with a factor, {name}, that has {what} has several minima")
    };
    Ok(bounded.next().filter(|_| is_product).map(why))
}
