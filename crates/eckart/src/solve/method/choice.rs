//! Choice: which block moves a factor, from the form of its part of the objective and from its bounds and penalties.
//! In: a factor and its form.  Out: a `Way`, and both in words.
//! Invariant: a way that is chosen is exact for the bounds and penalties, or a descent step that keeps them.
//! Not here: the forms (see `derive`), the blocks (see `block`).

use crate::solve::block::{PoissonStep, QuadraticStep};
use crate::solve::derive::{Form, Quadratic};
use crate::solve::problem::Factor;
use crate::solve::problem::prox::Prox;

/// How a factor is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::solve) enum Way {
    Quadratic(QuadraticStep),
    Poisson(PoissonStep),
    ConjugateGradients,
    Gradient,
}

/// The way that fits a form best.
///
/// Newton steps were faster than multiplicative updates, to every cost that both reached, on counts of which 0.6 %, a
/// half and all were not 0; the mean of the last was 99.
pub(in crate::solve) fn way(factor: &Factor, form: &Form) -> Way {
    match form {
        Form::Quadratic(quadratic, _) if is_dear(quadratic, factor) => {
            Way::Quadratic(QuadraticStep::ConjugateGradients)
        }
        Form::Quadratic(quadratic, _) | Form::Bounded(quadratic, _) => {
            quadratic_step(quadratic, &factor.prox).map_or(Way::Gradient, Way::Quadratic)
        }
        Form::Poisson(_) if factor.prox.is_entrywise() => Way::Poisson(PoissonStep::Newton),
        Form::Coupled(_) if factor.prox.is_empty() => Way::ConjugateGradients,
        Form::Coupled(_) | Form::Poisson(_) | Form::Smooth => Way::Gradient,
    }
}

/// The rank from which on the Gram of a row is dear beside some conjugate gradient steps without it: at 64, on a
/// million ratings, a cost was reached in a third of the time. Ranks between were not raced.
const DEAR_RANK: usize = 32;

/// Whether each row has a Gram of its own that is better not made: by the entries of the row alone, and what all have.
fn is_dear(quadratic: &Quadratic, factor: &Factor) -> bool {
    let rank = if quadratic.flipped { factor.shape.rows } else { factor.shape.cols };
    let plain = matches!(&quadratic.sampled[..], [one] if one.left == one.right) && quadratic.scaled.is_empty();
    plain && rank >= DEAR_RANK && factor.prox.is_empty()
}

fn quadratic_step(quadratic: &Quadratic, prox: &Prox) -> Option<QuadraticStep> {
    let prox = if quadratic.flipped { prox.flipped() } else { *prox };
    let shared = quadratic.scaled.is_empty() && quadratic.sampled.is_empty();
    if prox.is_empty() {
        return Some(QuadraticStep::LeastSquares);
    }
    if prox.is_entrywise() {
        return Some(if prox.l1 > 0.0 { QuadraticStep::ActiveSet } else { QuadraticStep::Coordinates });
    }
    match (prox.is_of_rows(), prox.is_of_cols()) {
        (false, true) if shared => Some(QuadraticStep::Components),
        (true, false) => Some(QuadraticStep::RowSteps),
        (_, _) => None,
    }
}

/// The form of a factor's part of the objective, in words.
pub(in crate::solve) fn form_in_words(form: &Form, factor: &Factor) -> String {
    let grams = |quadratic: &Quadratic| {
        let (rows, r) = match quadratic.flipped {
            false => ("row", factor.shape.cols),
            true => ("column", factor.shape.rows),
        };
        let shared = quadratic.shared.is_some();
        match (quadratic.scaled.is_empty(), quadratic.sampled.is_empty()) {
            (true, true) => format!("shared {r} x {r} Gram"),
            (false, true) => format!("an {r} x {r} Gram a {rows}, known up to a number"),
            (_, false) if shared => format!("an {r} x {r} Gram a {rows}: a shared part and one by the weights"),
            (_, false) => format!("an {r} x {r} Gram a {rows}, by the weights"),
        }
    };
    match form {
        Form::Quadratic(quadratic, _) => format!("quadratic, {}", grams(quadratic)),
        Form::Bounded(quadratic, _) => format!("of bounded curvature, {}", grams(quadratic)),
        Form::Coupled(_) => "quadratic, its rows hang together".into(),
        Form::Poisson(form) if form.square > 0.0 => {
            "linear but for logarithms (Poisson, Kullback-Leibler) and a sum of squares".into()
        }
        Form::Poisson(_) => "linear but for logarithms (Poisson, Kullback-Leibler)".into(),
        Form::Smooth => "smooth".into(),
    }
}

/// A way, in words; `accelerated` where the blocks start from extrapolated factors.
pub(in crate::solve) fn way_in_words(way: Way, form: &Form, prox: &Prox, accelerated: bool) -> String {
    let rowwise = match form {
        Form::Quadratic(q, _) | Form::Bounded(q, _) => !(q.scaled.is_empty() && q.sampled.is_empty()),
        Form::Coupled(_) | Form::Poisson(_) | Form::Smooth => false,
    };
    let bounded = matches!(form, Form::Bounded(..));
    let nonnegative = prox.lower == Some(0.0) && prox.upper.is_none();
    let name = match way {
        Way::Quadratic(QuadraticStep::LeastSquares) if rowwise => "least squares by a Cholesky factorization each",
        Way::Quadratic(QuadraticStep::LeastSquares) => "least squares by one Cholesky factorization",
        Way::Quadratic(QuadraticStep::ConjugateGradients) => "conjugate gradient steps, no Gram being made",
        Way::Quadratic(QuadraticStep::Coordinates | QuadraticStep::Once) if nonnegative && !rowwise => "HALS",
        Way::Quadratic(QuadraticStep::Coordinates | QuadraticStep::Once) => "coordinate descent",
        Way::Quadratic(QuadraticStep::ActiveSet) => "coordinate descent with soft threshold and active set",
        Way::Quadratic(QuadraticStep::Components) => "one component after the other, projected",
        Way::Quadratic(QuadraticStep::RowSteps) => "proximal gradient steps on the Gram",
        Way::Poisson(PoissonStep::Multiplicative) => "multiplicative updates",
        Way::Poisson(PoissonStep::Newton) => "damped Newton steps, one entry after the other",
        Way::ConjugateGradients => "conjugate gradients",
        Way::Gradient => "proximal gradient step",
    };
    let prefix = if accelerated { "accelerated " } else { "" };
    let suffix = if bounded && matches!(way, Way::Quadratic(_)) { " on a parabola above" } else { "" };
    format!("{prefix}{name}{suffix}")
}
