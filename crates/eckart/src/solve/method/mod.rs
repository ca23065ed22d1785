//! Method: what an algorithm is.
//! In: the factors of a start.  Out: the factors, each moved once.
//! Invariant: a method keeps what it learned of a start in `state`, so that a search can go on to the same bits.
//! Not here: the list of methods (see `table`), when to stop (see `driver`).

pub(super) mod alternating;
mod balance;
mod choice;
mod lbfgs;
mod momentum;
mod normalized_gradient;
pub(super) mod proximal_gradient;
mod published;
mod reinitialize;
pub(super) mod relaxed;
pub(super) mod table;

use std::sync::Arc;

use super::block::cohort::CohortPlace;
use super::block::plans::SearchPlan;
use super::block::product::Product;
use super::block::state::MethodState;
use super::problem::Bound;
use super::problem::iterate::Iterate;
use crate::error::Result;

/// An algorithm, ready to run on one start.
pub(super) trait Method: Send {
    /// Moves every factor once: puts new numbers in the place of old ones, which others may still hold.
    fn step(&mut self, iterate: &mut Iterate) -> Result<StepStats>;

    /// The plans that an iteration runs.
    fn plans(&self) -> Vec<SearchPlan<'_>>;

    /// Has its products of the data computed by a cohort of starts from now on; `None` leaves the cohort.
    fn join(&mut self, _cohort: Option<&Arc<CohortPlace>>) {}

    /// The products of the data in a step that starts may compute together.
    fn products(&self) -> Vec<&Product> {
        Vec::new()
    }

    /// Bytes that it holds beside the factors, such as those before the last move.
    fn held_bytes(&self, problem: &Bound) -> usize;

    /// Puts entries that are as good as on a bound there, where the best factors of a start are in place: their cost
    /// then; `None` where it moves none.
    fn finish(&mut self, _iterate: &mut Iterate) -> Result<Option<f64>> {
        Ok(None)
    }

    /// How many of the last costs fall towards the same end: not those of before a method changed what it minimizes.
    fn comparable(&self) -> usize {
        usize::MAX
    }

    /// Forgets what it learned from a start.
    fn restart(&mut self);

    /// Writes down what it has learned from a start.
    fn state(&self, to: &mut MethodState);

    /// Takes up what it wrote down, in the same order.
    ///
    /// # Errors
    /// `Data` where something is lacking.
    fn restore(&mut self, from: &mut MethodState) -> Result<()>;
}

#[derive(Debug, Clone, Copy)]
pub(super) struct StepStats {
    /// The cost the factors have now.
    pub cost: f64,
    /// How far the cost fell, where the method knows it better than by a difference of costs.
    pub decrease: Option<f64>,
    /// Whether the method itself knows that no further step will lower it.
    pub at_rest: bool,
}
