//! Method: what an algorithm is, and the list of them.
//! In: a bound problem.  Out: a method that moves its factors.
//! Law: one row and one file a method; a method that does not fit says why.
//! Not here: when to stop (see `driver`).

use std::sync::Arc;

use super::normalized_gradient::NormalizedGradient;
use super::problem::Bound;
use super::proximal_gradient::ProximalGradient;
use crate::error::{Error, Result};
use crate::run::Dense;

/// An algorithm, ready to run on one start.
pub(super) trait Method {
    /// Moves every factor once: puts new numbers in the place of old ones, which others may still hold.
    ///
    /// # Errors
    /// Those of running a plan.
    fn step(&mut self, bound: &mut Bound, factors: &mut [Arc<Dense>]) -> Result<Moved>;
}

/// What an iteration did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moved {
    /// The cost the factors have now.
    pub cost: f64,
    /// Whether the method itself knows that no further step will lower it.
    pub at_rest: bool,
}

/// A method's row.
pub struct MethodRow {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// Whether its cost never rises.
    pub monotone: bool,
    misfit: fn(&Bound) -> Option<String>,
    prepare: fn(&Bound, usize) -> Result<Box<dyn Method>>,
}

/// The methods, the first that fits being the default.
pub const METHODS: &[MethodRow] = &[
    MethodRow {
        name: "proximal-gradient",
        summary: "a gradient step and a proximal map for each factor in turn, step lengths by backtracking",
        monotone: true,
        misfit: ProximalGradient::misfit,
        prepare: ProximalGradient::prepare,
    },
    MethodRow {
        name: "normalized-gradient",
        summary: "a step of given length down the gradient of all factors at once, the length adapted",
        monotone: false,
        misfit: NormalizedGradient::misfit,
        prepare: NormalizedGradient::prepare,
    },
];

impl MethodRow {
    /// Why it does not fit a problem; `None` where it does.
    pub fn misfit(&self, bound: &Bound) -> Option<String> {
        (self.misfit)(bound)
    }

    pub(super) fn make(&self, bound: &Bound, memory_limit: usize) -> Result<Box<dyn Method>> {
        (self.prepare)(bound, memory_limit)
    }
}

/// The method of that name, or the first that fits.
///
/// # Errors
/// `Setting` where there is none of that name, or it does not fit the problem: with the reason.
pub(super) fn choose(bound: &Bound, name: Option<&str>) -> Result<&'static MethodRow> {
    let Some(name) = name else {
        let fitting = METHODS.iter().find(|row| row.misfit(bound).is_none());
        return fitting.ok_or_else(|| Error::Bug("no method fits".into()));
    };
    let Some(row) = METHODS.iter().find(|row| row.name == name) else {
        let known: Vec<&str> = METHODS.iter().map(|row| row.name).collect();
        return Err(Error::Setting(format!("there is no method {name}; there are {}", known.join(", "))));
    };
    match row.misfit(bound) {
        None => Ok(row),
        Some(why) => Err(Error::Setting(format!("{name} does not fit this problem: {why}"))),
    }
}
