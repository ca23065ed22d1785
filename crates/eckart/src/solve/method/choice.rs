//! Choice: the step rule of a factor, from its subproblem and its regularizer.
//! In: a factor and its subproblem.  Out: a `StepRule`, and both in words.
//! Invariant: a step rule that is chosen is exact for the bounds and penalties, or a descent step that keeps them.
//! Not here: the subproblems (see `derive`), the blocks (see `block`).

use crate::rows::{FactorRegularizer, PoissonStep, QuadraticStep};
use crate::solve::derive::{Quadratic, Subproblem};
use crate::solve::problem::Factor;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::solve) enum StepRule {
    Quadratic(QuadraticStep),
    Poisson(PoissonStep),
    Entrywise,
    ConjugateGradients,
    Gradient,
}

/// The step rule that fits a subproblem best.
///
/// Newton steps were faster than multiplicative updates, to every cost that both reached, on counts of which 0.6 %, a
/// half and all were not 0; the mean of the last was 99.
pub(in crate::solve) fn step_rule(factor: &Factor, subproblem: &Subproblem) -> StepRule {
    match subproblem {
        Subproblem::Quadratic(quadratic, _) if is_expensive(quadratic, factor) => {
            StepRule::Quadratic(QuadraticStep::ConjugateGradients)
        }
        Subproblem::Quadratic(quadratic, _) | Subproblem::Bounded(quadratic, _) => {
            quadratic_step(quadratic, &factor.regularizer).map_or(StepRule::Gradient, StepRule::Quadratic)
        }
        Subproblem::Poisson(_) if factor.regularizer.is_entrywise() => StepRule::Poisson(PoissonStep::Newton),
        Subproblem::Entrywise { .. } => StepRule::Entrywise,
        Subproblem::Coupled(_) if factor.regularizer.is_empty() => StepRule::ConjugateGradients,
        Subproblem::Coupled(_) | Subproblem::Poisson(_) | Subproblem::Smooth => StepRule::Gradient,
    }
}

/// The rank from which on the Gram matrix of a row is expensive beside some conjugate gradient steps without it: at 64,
/// on a million ratings, a cost was reached in a third of the time. Ranks between were not raced.
const EXPENSIVE_RANK: usize = 32;

/// Whether each row has a Gram of its own that is better not made: by the entries of the row alone, and what all have.
fn is_expensive(quadratic: &Quadratic, factor: &Factor) -> bool {
    let rank = if quadratic.transposed { factor.shape.rows } else { factor.shape.cols };
    let grams = &quadratic.grams;
    let plain = matches!(&grams.sampled[..], [one] if one.right.is_none()) && grams.scaled.is_empty();
    plain && rank >= EXPENSIVE_RANK && factor.regularizer.is_empty()
}

fn quadratic_step(quadratic: &Quadratic, regularizer: &FactorRegularizer) -> Option<QuadraticStep> {
    let regularizer = if quadratic.transposed { regularizer.transposed() } else { *regularizer };
    let shared = quadratic.grams.is_shared();
    if regularizer.is_empty() {
        return Some(QuadraticStep::LeastSquares);
    }
    if regularizer.is_entrywise() {
        return Some(if regularizer.entries.l1 > 0.0 { QuadraticStep::ActiveSet } else { QuadraticStep::Coordinates });
    }
    match (regularizer.is_of_rows(), regularizer.is_of_cols()) {
        (false, true) if shared => Some(QuadraticStep::Components),
        (true, false) => Some(QuadraticStep::RowSteps),
        (_, _) => None,
    }
}

pub(in crate::solve) fn structure_in_words(subproblem: &Subproblem, factor: &Factor) -> String {
    let grams = |quadratic: &Quadratic| {
        let (rows, r) = match quadratic.transposed {
            false => ("row", factor.shape.cols),
            true => ("column", factor.shape.rows),
        };
        let grams = &quadratic.grams;
        let shared = grams.shared.is_some();
        match (grams.scaled.is_empty(), grams.sampled.is_empty()) {
            (true, true) => format!("shared {r} x {r} Gram matrix"),
            (false, true) => format!("{r} x {r} Gram matrix per {rows}, a multiple of a shared one"),
            (_, false) if shared => format!("{r} x {r} Gram matrix per {rows}: a shared part plus a weighted one"),
            (_, false) => format!("{r} x {r} Gram matrix per {rows}, weighted"),
        }
    };
    match subproblem {
        Subproblem::Quadratic(quadratic, _) => format!("quadratic, {}", grams(quadratic)),
        Subproblem::Bounded(quadratic, _) => format!("of bounded curvature, {}", grams(quadratic)),
        Subproblem::Entrywise { .. } => "quadratic, entry by entry".into(),
        Subproblem::Coupled(_) => "quadratic with coupled rows".into(),
        Subproblem::Poisson(subproblem) if subproblem.square > 0.0 => {
            "Poisson likelihood (Kullback-Leibler divergence) plus a sum of squares".into()
        }
        Subproblem::Poisson(_) => "Poisson likelihood (Kullback-Leibler divergence)".into(),
        Subproblem::Smooth => "smooth".into(),
    }
}

/// A step rule, in words; `accelerated` where the blocks start from extrapolated factors.
pub(in crate::solve) fn rule_in_words(
    rule: StepRule,
    subproblem: &Subproblem,
    regularizer: &FactorRegularizer,
    accelerated: bool,
) -> String {
    let rowwise = match subproblem {
        Subproblem::Quadratic(q, _) | Subproblem::Bounded(q, _) => !q.grams.is_shared(),
        Subproblem::Entrywise { .. } | Subproblem::Coupled(_) | Subproblem::Poisson(_) | Subproblem::Smooth => false,
    };
    let bounded = matches!(subproblem, Subproblem::Bounded(..));
    let nonnegative = regularizer.entries.lower == 0.0 && regularizer.entries.upper == f64::INFINITY;
    let name = match rule {
        StepRule::Quadratic(QuadraticStep::LeastSquares) if rowwise => "least squares, one Cholesky factorization each",
        StepRule::Quadratic(QuadraticStep::LeastSquares) => "least squares by one Cholesky factorization",
        StepRule::Quadratic(QuadraticStep::ConjugateGradients) => "matrix-free conjugate gradients",
        StepRule::Quadratic(QuadraticStep::Coordinates | QuadraticStep::Once) if nonnegative && !rowwise => "HALS",
        StepRule::Quadratic(QuadraticStep::Coordinates | QuadraticStep::Once) => "coordinate descent",
        StepRule::Quadratic(QuadraticStep::ActiveSet) => "coordinate descent with soft thresholding and an active set",
        StepRule::Quadratic(QuadraticStep::Components) => "block coordinate descent over components, projected",
        StepRule::Quadratic(QuadraticStep::RowSteps) => "proximal gradient steps, one step length each",
        StepRule::Poisson(PoissonStep::Multiplicative) => "multiplicative updates",
        StepRule::Poisson(PoissonStep::Newton) => "coordinate descent by damped Newton steps",
        StepRule::Entrywise => "exact minimization entry by entry",
        StepRule::ConjugateGradients => "conjugate gradients",
        StepRule::Gradient => "proximal gradient step",
    };
    let prefix = if accelerated { "accelerated " } else { "" };
    let suffix = if bounded && matches!(rule, StepRule::Quadratic(_)) { " on a quadratic majorizer (MM)" } else { "" };
    format!("{prefix}{name}{suffix}")
}
