//! Stages: widths by which kinks are rounded, less from stage to stage.
//! In: the costs of a stage, the mean size of what has a kink.  Out: the widths, and whether a stage is over.
//! Invariant: widths fall from stage to stage; the last stage has no end of its own.
//! Not here: what is done with a width (see `smoothing`, `variables`), when a search stops (see `search`).

use crate::error::Result;
use crate::solve::block::state::MethodState;

/// The widths of each stage, of the mean size of the argument when it begins. A width w adds at most w to each |z|, so
/// that the last one is worth 1e-4 of the term.
const SHARES: [f64; 6] = [1.0, 0.3, 0.1, 0.01, 1e-3, 1e-4];
/// Of the first width, how small one may become.
const LEAST: f64 = 1e-12;
/// Iterations of a stage, at most.
const MOST: usize = 100;
/// A stage is over where the cost fell by less than this share of itself over so many iterations.
const SETTLED: f64 = 3e-4;
const WINDOW: usize = 20;

/// Where a search stands among the stages.
#[derive(Debug, Default)]
pub(super) struct Stages {
    /// How many have begun.
    begun: usize,
    /// Whether this one has been ended.
    ended: bool,
    first: Vec<f64>,
    /// The costs of this stage.
    costs: Vec<f64>,
}

impl Stages {
    /// Whether the next stage is to begin.
    pub(super) fn is_over(&self) -> bool {
        if self.begun == SHARES.len() {
            return false;
        }
        let count = self.costs.len();
        let fell = |now: f64| self.costs[count - 1 - WINDOW] - now <= SETTLED * now.abs();
        self.begun == 0 || self.ended || count > MOST || count > WINDOW && fell(self.costs[count - 1])
    }

    pub(super) fn is_last(&self) -> bool {
        self.begun == SHARES.len()
    }

    /// The widths of the next stage, for arguments of these mean sizes.
    pub(super) fn next(&mut self, sizes: &[f64]) -> Vec<f64> {
        if self.begun == 0 {
            self.first = sizes.to_vec();
        }
        let share = SHARES[self.begun.min(SHARES.len() - 1)];
        self.begun += 1;
        self.ended = false;
        self.costs.clear();
        let width = |(size, first): (&f64, &f64)| (share * size).max(LEAST * first).max(f64::MIN_POSITIVE.sqrt());
        sizes.iter().zip(&self.first).map(width).collect()
    }

    /// One more cost of this stage.
    pub(super) fn push(&mut self, cost: f64) {
        self.costs.push(cost);
    }

    /// Ends this stage.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Iterations of the last stage, so far.
    pub(super) fn iterations_of_last(&self) -> usize {
        if self.is_last() { self.costs.len() } else { 0 }
    }

    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    pub(super) fn has_begun(&self) -> bool {
        self.begun > 0
    }

    pub(super) fn state(&self, to: &mut MethodState) {
        to.put(self.begun as f64);
        to.put(f64::from(u8::from(self.ended)));
        to.put_list(&self.first);
        to.put(self.costs.len() as f64);
        to.put_list(&self.costs);
    }

    /// Takes up what was written down for so many widths.
    ///
    /// # Errors
    /// `Data` where something is lacking.
    pub(super) fn restore(&mut self, from: &mut MethodState, widths: usize) -> Result<()> {
        self.begun = from.take_whole()?.min(SHARES.len());
        self.ended = from.take_whole()? != 0;
        self.first = from.take_list(if self.has_begun() { widths } else { 0 })?;
        let count = from.take_whole()?;
        self.costs = from.take_list(count)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_fall_and_the_last_stage_stays() {
        let mut stages = Stages::default();
        let mut before = f64::INFINITY;
        for _ in 0..SHARES.len() {
            assert!(stages.is_over());
            let width = stages.next(&[2.0])[0];
            assert!(width < before);
            before = width;
            (0..=WINDOW).for_each(|_| stages.push(1.0));
        }
        assert!(!stages.is_over() && stages.iterations_of_last() == WINDOW + 1);
    }
}
