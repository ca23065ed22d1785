//! Block: one factor moved while the others stay, or two one after the other.
//! In: a bound problem whose factors are in place.  Out: new numbers for one of them, in place, and how far the cost
//! fell.
//! Invariant: the cost never rises, the factor stays feasible, and every other factor keeps its numbers.
//! Not here: which block a factor gets (see `choice`), the order of blocks and what ties them (see `alternating`).

pub(super) mod cohort;
pub(super) mod conjugate;
pub(super) mod entrywise;
pub(super) mod gradient;
pub(super) mod one_pass;
pub(super) mod plans;
pub(super) mod product;
pub(super) mod row_block;
pub(super) mod state;

use std::sync::Arc;

use super::problem::iterate::Iterate;
use crate::error::Result;
use cohort::CohortPlace;
use plans::SearchPlan;
use product::Product;
use state::MethodState;

/// A way to move a factor.
pub(super) trait Block: Send {
    /// Moves the factor and puts its new numbers in place.
    ///
    /// # Errors
    /// Those of running a plan.
    fn step(&mut self, iterate: &mut Iterate) -> Result<Done>;

    /// The products of the data that it has to have at each step.
    fn products(&self) -> Vec<&Product> {
        Vec::new()
    }

    /// The plans that a step runs.
    fn plans(&self) -> Vec<SearchPlan<'_>>;

    /// Has its product of the data computed by a cohort of starts from now on; `None` leaves the cohort.
    fn join(&mut self, _cohort: Option<&Arc<CohortPlace>>) {}

    /// Forgets what it learned from a start.
    fn restart(&mut self) {}

    /// Writes down what it has learned from a start: what `restart` would forget.
    fn state(&self, _to: &mut MethodState) {}

    /// Takes up what it wrote down, in the same order.
    ///
    /// # Errors
    /// `Data` where something is lacking.
    fn restore(&mut self, _from: &mut MethodState) -> Result<()> {
        Ok(())
    }

    /// Multiplies the factor by the number that fits best, where that is feasible.
    ///
    /// # Errors
    /// Those of running a plan.
    fn rescale(&mut self, _iterate: &mut Iterate) -> Result<()> {
        Ok(())
    }
}

/// What a block did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Done {
    /// How far the cost fell: exactly, or at least.
    pub decrease: f64,
    /// The objective now, where the block knows it.
    pub cost: Option<f64>,
}
