//! Course: what the costs of a start say of it.
//! In: costs, one after the other.  Out: which was the least, whether it is nearly nothing; when halved starts pause.
//! Invariant: what a start that runs takes for its least cost is what its history says.
//! Not here: the iterations (see `worker`), what a checkpoint says of them (see `checkpoint`).

use crate::solve::result::Iteration;

/// A cost below this share of the first one is computed once more at the end; of f64, and of f32.
const NEARLY_ALL: [f64; 2] = [1e-9, 1e-3];
/// Iterations of the first round, where starts are halved.
pub(super) const FIRST_ROUND: usize = 25;

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

/// Whether a round of starts that are halved ends after so many iterations.
pub(super) fn is_end_of_round(iterations: usize) -> bool {
    iterations.is_multiple_of(FIRST_ROUND) && (iterations / FIRST_ROUND).is_power_of_two()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(costs: &[f64]) -> Vec<Iteration> {
        costs.iter().map(|&cost| Iteration { cost, seconds: 0.0 }).collect()
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
