//! Course: what the costs of a start say of it.
//! In: costs, one after the other.  Out: which was the least, by what a start is measured.
//! Invariant: what a start that runs takes for its least cost is what its history says.
//! Not here: the iterations (see `worker`), what a checkpoint says of them (see `checkpoint`).

use crate::solve::result::Iteration;

/// A cost below this share of the first one is computed once more at the end; of f64, and of f32.
const NEARLY_ALL: [f64; 2] = [1e-9, 1e-3];
/// How many times as much as it is now a cost may have been for its fall since then to matter.
const FALLEN: f64 = 10.0;
/// No cost is looked at more closely than this share of what the first iteration left, or of the first cost: what is
/// left then may be all rounding.
const LEAST_LEVELS: [f64; 2] = [1e-6, 1e-12];

/// The cost that a start is measured by: the one it began with. Where little is left of that, the start was of the
/// wrong scale or a small part of the objective is what the search is about: it is then a few times what is left.
pub(super) fn level(history: &[Iteration]) -> f64 {
    let (first, now) = (history[0].cost, history[history.len() - 1].cost);
    if now.is_nan() || now <= 0.0 {
        return first;
    }
    let second = history.get(1).map_or(first, |step| step.cost);
    first.min((FALLEN * now).max(LEAST_LEVELS[0] * second).max(LEAST_LEVELS[1] * first))
}

/// Whether the next cost is that of the best factors, where `best` was the best before. While a method `falls` as it
/// promises, each next one is: no others are held.
pub(super) fn is_least(cost: f64, best: f64, falls: &mut bool) -> bool {
    let is_least = *falls || cost < best || best.is_nan();
    *falls &= cost <= best;
    is_least
}

/// The cost of the best factors of a start with this history, whose method promises to fall or not.
pub(super) fn least(history: &[Iteration], mut falls: bool) -> f64 {
    let mut best = history[0].cost;
    for Iteration { cost, .. } in &history[1..] {
        falls &= cost.is_finite();
        if is_least(*cost, best, &mut falls) {
            best = *cost;
        }
    }
    best
}

/// Whether so little is left of the first cost that what is known of the least is computed once more at the end.
pub(super) fn is_nearly_nothing(least: f64, first: f64, narrow: bool) -> bool {
    // A cost that is not a number is that of a start that has diverged.
    !(least >= nearly_nothing(first, narrow) || least.is_nan())
}

/// What is nearly nothing beside a first cost.
pub(super) fn nearly_nothing(first: f64, narrow: bool) -> f64 {
    NEARLY_ALL[usize::from(narrow)] * first.abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(costs: &[f64]) -> Vec<Iteration> {
        costs.iter().map(|&cost| Iteration { cost, seconds: 0.0 }).collect()
    }

    #[test]
    fn a_start_is_measured_by_what_is_left_where_that_is_little() {
        let of = |costs: &[f64]| level(&history(costs));
        assert_eq!([of(&[50.0]), of(&[50.0, 20.0, 6.0]), of(&[1e6, 20.0, 1.0])], [50.0, 50.0, 10.0]);
        // What is left of an exact fit is rounding; a cost may be negative.
        assert_eq!(
            [of(&[50.0, 20.0, 1e-14]), of(&[1e9, 1e-14]), of(&[50.0, -3.0])],
            [LEAST_LEVELS[0] * 20.0, 1e-3, 50.0]
        );
        assert_eq!([of(&[-2.0, -3.0]), of(&[50.0, f64::NAN])], [-2.0, 50.0]);
    }

    #[test]
    fn the_least_cost_is_that_of_the_factors_that_are_held() {
        let of = |costs: &[f64], falls| least(&history(costs), falls);
        assert_eq!([of(&[5.0, 4.0, 6.0], false), of(&[5.0, 4.0, f64::INFINITY], true)], [4.0, 4.0]);
        // At its first rise a method that promises to fall holds no earlier factors.
        assert_eq!([of(&[5.0, 4.0, 4.5], true), of(&[5.0, 4.0, 4.5, 4.2, 4.3], true)], [4.5, 4.2]);
        assert!(of(&[f64::NAN], true).is_nan());
    }
}
