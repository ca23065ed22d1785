//! Settling: whether a start still gets anywhere, told from its costs alone.
//! In: the costs of its iterations.  Out: whether the fall of late is small beside what is left.
//! Invariant: the same for costs of any unit; where a start began has no part in it.
//! Not here: other reasons to stop (see `worker`).

use crate::solve::result::Iteration;

/// The least iterations over which a fall is measured: at plateaus of fewer, searches were found to go on.
const LEAST_WINDOW: usize = 20;
/// Of all iterations so far, what they are measured over later on: whatever falls slowly is given longer.
const SHARE: usize = 10;
/// No cost is looked at more closely than this share of what the first iteration left, or of the first cost: what is
/// left then may be all rounding.
const LEAST_LEVELS: [f64; 2] = [1e-6, 1e-12];

/// Costs are differences of sums, and known to about this share of themselves. A finer tolerance also asks the steps,
/// whose decreases are known better: so many in a row.
const RESOLUTION: f64 = 1e-6;
const PATIENCE: usize = 3;

/// The costs of a start so far.
#[derive(Debug)]
pub(super) struct Settling {
    /// The least cost up to each iteration.
    least: Vec<f64>,
    /// Steps in a row of which each lowered the cost by next to nothing.
    pub quiet: usize,
    /// The first two costs.
    first: [f64; 2],
}

impl Settling {
    /// After the iterations of `history`, the start among them.
    pub(super) fn of(history: &[Iteration], quiet: usize) -> Self {
        let mut settling = Self { least: Vec::new(), quiet, first: [f64::NAN; 2] };
        history.iter().for_each(|step| settling.put(step.cost));
        settling
    }

    /// One more cost, and how far it fell, where that is known better than by a difference of costs.
    pub(super) fn push(&mut self, cost: f64, decrease: Option<f64>, tol: f64) {
        let fell = decrease.unwrap_or_else(|| self.least.last().map_or(f64::INFINITY, |least| least - cost));
        self.put(cost);
        self.quiet = if fell <= tol / LEAST_WINDOW as f64 * self.level() { self.quiet + 1 } else { 0 };
    }

    fn put(&mut self, cost: f64) {
        if self.least.len() < 2 {
            self.first[self.least.len()..].fill(cost);
        }
        self.least.push(self.least.last().map_or(cost, |&least| least.min(cost)));
    }

    /// Whether the cost fell by at most `tol` of itself over the last iterations: a tenth of all, and 20 at least.
    ///
    /// Only so many of the last costs fall towards the same end.
    pub(super) fn is_settled(&self, tol: f64, comparable: usize) -> bool {
        let iterations = self.least.len() - 1;
        let window = LEAST_WINDOW.max(iterations / SHARE);
        let before = iterations.checked_sub(window).filter(|_| window <= comparable).map(|at| self.least[at]);
        let fell_little = before.is_some_and(|before| before - self.least[iterations] <= tol * self.level());
        fell_little && (tol >= RESOLUTION || self.quiet >= PATIENCE)
    }

    /// What a fall is measured by: the size of the least cost, but for rounding.
    pub(super) fn level(&self) -> f64 {
        let [first, second] = self.first.map(|cost| if cost.is_finite() { cost.abs() } else { 0.0 });
        let least = self.least.last().map_or(f64::NAN, |least| least.abs());
        least.max(LEAST_LEVELS[0] * second).max(LEAST_LEVELS[1] * first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(costs: impl IntoIterator<Item = f64>) -> Settling {
        Settling::of(&costs.into_iter().map(|cost| Iteration { cost, seconds: 0.0 }).collect::<Vec<_>>(), 0)
    }

    #[test]
    fn a_fall_is_measured_by_the_size_of_what_is_left() {
        for scale in [1.0, -1.0, 1e-30, 1e30] {
            // 1e-4 over 20 iterations, wherever they began.
            let costs = [1e3, 5.0].into_iter().chain((0..=20).map(|k| 1.0 + 5e-6 * f64::from(20 - k)));
            let costs = of(costs.map(|cost| if scale < 0.0 { cost - 2.0 } else { scale * cost }));
            assert!(costs.is_settled(1.1e-4, usize::MAX) && !costs.is_settled(0.9e-4, usize::MAX), "{scale}");
        }
    }

    #[test]
    fn late_falls_are_measured_over_a_tenth_of_all_and_early_ones_never() {
        assert!(!of([1.0; 20]).is_settled(0.5, usize::MAX) && of([1.0; 21]).is_settled(0.5, usize::MAX));
        // A step down 30 iterations ago.
        let fell = |before: usize| of((0..before).map(|_| 2.0).chain([1.0; 30]));
        assert!(fell(100).is_settled(0.1, usize::MAX) && !fell(400).is_settled(0.1, usize::MAX));
        // A rise is no fall.
        let mut rises = of([1.0; 30]);
        rises.push(7.0, None, 1e-5);
        assert!(rises.is_settled(1e-5, usize::MAX));
    }

    #[test]
    fn below_what_costs_tell_steps_are_asked() {
        let mut costs = of([1.0; 40]);
        assert!(costs.is_settled(1e-6, usize::MAX) && !costs.is_settled(1e-9, usize::MAX));
        let step = |costs: &mut Settling, decrease| (0..PATIENCE).for_each(|_| costs.push(1.0, Some(decrease), 1e-9));
        step(&mut costs, 1e-8);
        assert!(!costs.is_settled(1e-9, usize::MAX));
        step(&mut costs, 1e-11);
        assert!(costs.is_settled(1e-9, usize::MAX));
    }

    #[test]
    fn what_is_left_of_an_exact_fit_is_rounding() {
        let level = |costs: &[f64]| of(costs.iter().copied()).level();
        assert_eq!([level(&[50.0, 20.0, 6.0]), level(&[50.0, -3.0])], [6.0, 3.0]);
        assert_eq!([level(&[50.0, 20.0, 1e-14]), level(&[1e9, 1e-14])], [LEAST_LEVELS[0] * 20.0, 1e-3]);
        assert_eq!(level(&[f64::INFINITY, 2.0]), 2.0);
    }
}
