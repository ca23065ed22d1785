//! Method: what an algorithm is, and the list of them.
//! In: a bound problem.  Out: a method that moves its factors.
//! Invariant: one row a method; a method that does not fit says why.
//! Not here: when to stop (see `driver`).

pub(super) mod alternating;
mod balance;
mod choice;
mod lbfgs;
mod normalized_gradient;
pub(super) mod proximal_gradient;
mod reinitialize;

use super::block::hoisted::Product;
use super::method::alternating::{Alternating, als, hals, multiplicative};
use super::method::lbfgs::Lbfgs;
use super::method::normalized_gradient::NormalizedGradient;
use super::method::proximal_gradient::ProximalGradient;
use super::problem::Bound;
use super::search::checkpoint::State;
use crate::error::{Code, Error, Result};
use crate::run::Value;

/// An algorithm, ready to run on one start.
pub(super) trait Method: Send {
    /// Moves every factor once: puts new numbers in the place of old ones, which others may still hold.
    ///
    /// # Errors
    /// Those of running a plan.
    fn step(&mut self, bound: &mut Bound, factors: &mut [Value]) -> Result<Moved>;

    /// The products of the data in a step that starts may compute together.
    fn products(&self) -> Vec<&Product> {
        Vec::new()
    }

    /// Forgets what it learned from a start.
    fn restart(&mut self);

    /// Writes down what it has learned from a start.
    fn state(&self, to: &mut State);

    /// Takes up what it wrote down, in the same order.
    ///
    /// # Errors
    /// `Data` where something is lacking.
    fn restore(&mut self, from: &mut State) -> Result<()>;
}

/// What an iteration did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moved {
    /// The cost the factors have now.
    pub cost: f64,
    /// How far the cost fell, where the method knows it better than by a difference of costs.
    pub decrease: Option<f64>,
    /// Whether the method itself knows that no further step will lower it.
    pub at_rest: bool,
    /// Whether a small fall says nothing: the step was given up, or its length is still growing back.
    pub tries: bool,
}

/// A method's row.
pub struct MethodRow {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// Whether its cost never rises.
    pub monotone: bool,
    /// Whether an entry that is 0 stays 0.
    pub keeps_zeros: bool,
    misfit: fn(&Bound) -> Option<String>,
    prepare: fn(&Bound, usize) -> Result<Box<dyn Method>>,
    describe: fn(&Bound) -> Result<Vec<String>>,
}

/// The methods, the first that fits being the default.
pub const METHODS: &[MethodRow] = &[
    MethodRow {
        name: "derived",
        summary: "each factor in turn, by the method that the form of its part of the objective asks for",
        monotone: true,
        keeps_zeros: false,
        misfit: Alternating::misfit,
        prepare: Alternating::prepare,
        describe: Alternating::describe,
    },
    MethodRow {
        name: "l-bfgs",
        summary: "all factors at once down a quasi-Newton direction, its length by the conditions of Wolfe",
        monotone: true,
        keeps_zeros: false,
        misfit: Lbfgs::misfit,
        prepare: Lbfgs::prepare,
        describe: nothing,
    },
    MethodRow {
        name: "proximal-gradient",
        summary: "a gradient step and a proximal map for each factor in turn, step lengths by backtracking",
        monotone: true,
        keeps_zeros: false,
        misfit: ProximalGradient::misfit,
        prepare: ProximalGradient::prepare,
        describe: nothing,
    },
    MethodRow {
        name: "normalized-gradient",
        summary: "a step of given length down the gradient of all factors at once, the length adapted",
        monotone: false,
        keeps_zeros: false,
        misfit: NormalizedGradient::misfit,
        prepare: NormalizedGradient::prepare,
        describe: nothing,
    },
    MethodRow {
        name: "hals",
        summary: "hierarchical alternating least squares: each entry of each factor once, no extrapolation",
        monotone: true,
        keeps_zeros: false,
        misfit: hals::misfit,
        prepare: hals::prepare,
        describe: nothing,
    },
    MethodRow {
        name: "als",
        summary: "alternating least squares: each factor to its minimum, no extrapolation",
        monotone: true,
        keeps_zeros: false,
        misfit: als::misfit,
        prepare: als::prepare,
        describe: nothing,
    },
    MethodRow {
        name: "multiplicative",
        summary: "multiplicative updates of factors that may not be negative",
        monotone: true,
        keeps_zeros: true,
        misfit: multiplicative::misfit,
        prepare: multiplicative::prepare,
        describe: nothing,
    },
];

fn nothing(_bound: &Bound) -> Result<Vec<String>> {
    Ok(Vec::new())
}

impl MethodRow {
    /// Why it does not fit a problem; `None` where it does.
    pub fn misfit(&self, bound: &Bound) -> Option<String> {
        (self.misfit)(bound)
    }

    /// What it does with each factor of a problem that it fits, and why, a line each; nothing where all are treated
    /// alike.
    ///
    /// # Errors
    /// Those of shapes that don't fit.
    pub fn describe(&self, bound: &Bound) -> Result<Vec<String>> {
        (self.describe)(bound)
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
        return Err(Error::setting(
            Code::UnknownMethod,
            format!("there is no method {name}; there are {}", known.join(", ")),
        ));
    };
    match row.misfit(bound) {
        None => Ok(row),
        Some(why) => Err(Error::setting(Code::MethodUnsupported, format!("{name} does not fit this problem: {why}"))),
    }
}
