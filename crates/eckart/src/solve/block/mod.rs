//! Block: one factor moved while the others stay.
//! In: a bound problem whose factors are in place.  Out: new numbers for one of them, in place, and how far the cost
//! fell.
//! Invariant: the cost never rises, the factor stays feasible, and every other factor keeps its numbers.
//! Not here: which block a factor gets (see `choice`), the order of blocks and what ties them (see `alternating`).

pub(super) mod cohort;
mod conjugate;
mod gradient;
pub(super) mod hoisted;
pub(super) mod local;
mod poisson;
mod quadratic;

pub(super) use conjugate::ConjugateBlock;
pub(super) use gradient::GradientBlock;
pub(super) use poisson::{PoissonBlock, PoissonStep};
pub(super) use quadratic::{QuadraticBlock, QuadraticStep};

use super::block::hoisted::Product;
use super::problem::Bound;
use super::search::checkpoint::State;
use crate::error::Result;
use crate::run::Value;

/// A way to move one factor.
pub(super) trait Block: Send {
    /// Moves the factor and puts its new numbers in place.
    ///
    /// # Errors
    /// Those of running a plan.
    fn step(&mut self, bound: &mut Bound, factors: &mut [Value]) -> Result<Done>;

    /// The product of the data that it has to have at each step.
    fn product(&self) -> Option<&Product> {
        None
    }

    /// Forgets what it learned from a start.
    fn restart(&mut self) {}

    /// Writes down what it has learned from a start: what `restart` would forget.
    fn state(&self, _to: &mut State) {}

    /// Takes up what it wrote down, in the same order.
    ///
    /// # Errors
    /// `Data` where something is lacking.
    fn restore(&mut self, _from: &mut State) -> Result<()> {
        Ok(())
    }

    /// Multiplies the factor by the number that fits best, where that is feasible; returns whether it changed.
    ///
    /// # Errors
    /// Those of running a plan.
    fn rescale(&mut self, _bound: &mut Bound, _factors: &mut [Value]) -> Result<bool> {
        Ok(false)
    }
}

/// What a block did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Done {
    /// How far the cost fell: exactly, or at least.
    pub decrease: f64,
    /// The objective now, where the block knows it.
    pub cost: Option<f64>,
    /// Whether the length of the step is still growing back to what it was.
    pub tries: bool,
}
