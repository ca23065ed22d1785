//! Choice: which block moves a factor, from the subproblem of its part of the objective and from its bounds and
//! penalties.
//! In: a factor and its subproblem.  Out: a `StepRule`, and both in words.
//! Invariant: a way that is chosen is exact for the bounds and penalties, or a descent step that keeps them.
//! Not here: the subproblems (see `derive`), the blocks (see `block`).

use crate::rows::FactorRegularizer;
use crate::solve::block::poisson::PoissonStep;
use crate::solve::block::quadratic::QuadraticStep;
use crate::solve::derive::{Quadratic, Subproblem};
use crate::solve::problem::Factor;

/// How a factor is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::solve) enum StepRule {
    Quadratic(QuadraticStep),
    Poisson(PoissonStep),
    ConjugateGradients,
    Gradient,
}

/// The way that fits a subproblem best.
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
        Subproblem::Coupled(_) if factor.regularizer.is_empty() => StepRule::ConjugateGradients,
        Subproblem::Coupled(_) | Subproblem::Poisson(_) | Subproblem::Smooth => StepRule::Gradient,
    }
}

/// The rank from which on the Gram of a row is dear beside some conjugate gradient steps without it: at 64, on a
/// million ratings, a cost was reached in a third of the time. Ranks between were not raced.
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

/// The subproblem of a factor's part of the objective, in words.
pub(in crate::solve) fn structure_in_words(subproblem: &Subproblem, factor: &Factor) -> String {
    let grams = |quadratic: &Quadratic| {
        let (rows, r) = match quadratic.transposed {
            false => ("row", factor.shape.cols),
            true => ("column", factor.shape.rows),
        };
        let grams = &quadratic.grams;
        let shared = grams.shared.is_some();
        match (grams.scaled.is_empty(), grams.sampled.is_empty()) {
            (true, true) => format!("shared {r} x {r} Gram"),
            (false, true) => format!("an {r} x {r} Gram a {rows}, known up to a number"),
            (_, false) if shared => format!("an {r} x {r} Gram a {rows}: a shared part and one by the weights"),
            (_, false) => format!("an {r} x {r} Gram a {rows}, by the weights"),
        }
    };
    match subproblem {
        Subproblem::Quadratic(quadratic, _) => format!("quadratic, {}", grams(quadratic)),
        Subproblem::Bounded(quadratic, _) => format!("of bounded curvature, {}", grams(quadratic)),
        Subproblem::Coupled(_) => "quadratic, its rows hang together".into(),
        Subproblem::Poisson(subproblem) if subproblem.square > 0.0 => {
            "linear but for logarithms (Poisson, Kullback-Leibler) and a sum of squares".into()
        }
        Subproblem::Poisson(_) => "linear but for logarithms (Poisson, Kullback-Leibler)".into(),
        Subproblem::Smooth => "smooth".into(),
    }
}

/// A way, in words; `accelerated` where the blocks start from extrapolated factors.
pub(in crate::solve) fn rule_in_words(
    rule: StepRule,
    subproblem: &Subproblem,
    regularizer: &FactorRegularizer,
    accelerated: bool,
) -> String {
    let rowwise = match subproblem {
        Subproblem::Quadratic(q, _) | Subproblem::Bounded(q, _) => !q.grams.is_shared(),
        Subproblem::Coupled(_) | Subproblem::Poisson(_) | Subproblem::Smooth => false,
    };
    let bounded = matches!(subproblem, Subproblem::Bounded(..));
    let nonnegative = regularizer.entries.lower == 0.0 && regularizer.entries.upper == f64::INFINITY;
    let name = match rule {
        StepRule::Quadratic(QuadraticStep::LeastSquares) if rowwise => "least squares by a Cholesky factorization each",
        StepRule::Quadratic(QuadraticStep::LeastSquares) => "least squares by one Cholesky factorization",
        StepRule::Quadratic(QuadraticStep::ConjugateGradients) => "conjugate gradient steps, no Gram being made",
        StepRule::Quadratic(QuadraticStep::Coordinates | QuadraticStep::Once) if nonnegative && !rowwise => "HALS",
        StepRule::Quadratic(QuadraticStep::Coordinates | QuadraticStep::Once) => "coordinate descent",
        StepRule::Quadratic(QuadraticStep::ActiveSet) => "coordinate descent with soft threshold and active set",
        StepRule::Quadratic(QuadraticStep::Components) => "one component after the other, projected",
        StepRule::Quadratic(QuadraticStep::RowSteps) => "proximal gradient steps on the Gram",
        StepRule::Poisson(PoissonStep::Multiplicative) => "multiplicative updates",
        StepRule::Poisson(PoissonStep::Newton) => "damped Newton steps, one entry after the other",
        StepRule::ConjugateGradients => "conjugate gradients",
        StepRule::Gradient => "proximal gradient step",
    };
    let prefix = if accelerated { "accelerated " } else { "" };
    let suffix = if bounded && matches!(rule, StepRule::Quadratic(_)) { " on a parabola above" } else { "" };
    format!("{prefix}{name}{suffix}")
}
