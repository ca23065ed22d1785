//! Table: the list of methods.
//! In: a bound problem, perhaps a name.  Out: the row of the method.
//! Invariant: one row per method, the first that fits being the default; a method that does not fit says why.
//! Not here: the methods (a file each).

use super::Method;
use super::alternating::Alternating;
use super::lbfgs::Lbfgs;
use super::normalized_gradient::NormalizedGradient;
use super::proximal_gradient::ProximalGradient;
use super::published::{ALS, HALS, MULTIPLICATIVE};
use crate::error::{Code, Error, Result};
use crate::solve::problem::Bound;

/// A method's row.
#[derive(Debug)]
pub struct MethodRow {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// Whether its cost never rises.
    pub monotone: bool,
    /// Whether an entry that is 0 stays 0.
    pub keeps_zeros: bool,
    /// Whether entries are put on their bounds at the end, which may lower the cost.
    pub finishes: bool,
    unsupported: fn(&Bound) -> Option<String>,
    prepare: fn(&Bound, usize) -> Result<Box<dyn Method>>,
    describe: fn(&Bound) -> Result<Vec<String>>,
}

/// A method whose cost never rises, that moves zeros, and that treats all factors alike.
const fn row(
    name: &'static str,
    summary: &'static str,
    unsupported: fn(&Bound) -> Option<String>,
    prepare: fn(&Bound, usize) -> Result<Box<dyn Method>>,
) -> MethodRow {
    MethodRow {
        name,
        summary,
        monotone: true,
        keeps_zeros: false,
        finishes: false,
        unsupported,
        prepare,
        describe: |_| Ok(Vec::new()),
    }
}

/// The methods, the first that fits being the default.
pub const METHODS: &[MethodRow] = &[
    MethodRow {
        describe: Alternating::describe,
        ..row(
            "derived",
            "block coordinate descent: one factor after the other, the step rule chosen by its subproblem",
            Alternating::unsupported,
            Alternating::prepare,
        )
    },
    MethodRow {
        monotone: false,
        finishes: true,
        ..row(
            "l-bfgs",
            "all factors at once down a quasi-Newton direction, its length by the conditions of Wolfe",
            Lbfgs::unsupported,
            Lbfgs::prepare,
        )
    },
    MethodRow {
        monotone: false,
        finishes: true,
        ..row(
            "smoothed-l-bfgs",
            "l-bfgs on an objective whose kinks are rounded, less from stage to stage",
            Lbfgs::unsupported_rounded,
            Lbfgs::prepare_rounded,
        )
    },
    row(
        "proximal-gradient",
        "a gradient step and a proximal map for each factor in turn, step lengths by backtracking",
        ProximalGradient::unsupported,
        ProximalGradient::prepare,
    ),
    MethodRow {
        monotone: false,
        ..row(
            "normalized-gradient",
            "a step of given length down the gradient of all factors at once, the length adapted",
            // Constraints are kept by projection.
            |_| None,
            NormalizedGradient::prepare,
        )
    },
    row(
        "hals",
        "hierarchical alternating least squares: each entry of each factor once, no extrapolation",
        |bound| HALS.unsupported(bound),
        |bound, limit| HALS.prepare(bound, limit),
    ),
    row(
        "als",
        "alternating least squares: each factor to its minimum, no extrapolation",
        |bound| ALS.unsupported(bound),
        |bound, limit| ALS.prepare(bound, limit),
    ),
    MethodRow {
        keeps_zeros: true,
        ..row(
            "multiplicative",
            "multiplicative updates of factors that may not be negative",
            |bound| MULTIPLICATIVE.unsupported(bound),
            |bound, limit| MULTIPLICATIVE.prepare(bound, limit),
        )
    },
];

impl MethodRow {
    /// Why it does not fit a problem; `None` where it does.
    pub fn unsupported(&self, bound: &Bound) -> Option<String> {
        (self.unsupported)(bound)
    }

    /// What it does with each factor of a problem that it fits, and why, a line each; nothing where all are treated
    /// alike.
    ///
    /// # Errors
    /// Those of shapes that don't fit.
    pub fn describe(&self, bound: &Bound) -> Result<Vec<String>> {
        (self.describe)(bound)
    }

    pub(in crate::solve) fn make(&self, bound: &Bound, memory_limit: usize) -> Result<Box<dyn Method>> {
        (self.prepare)(bound, memory_limit)
    }
}

/// The method of that name, or the first that fits.
///
/// # Errors
/// `Setting` where there is none of that name, or it does not fit the problem: with the reason.
pub(in crate::solve) fn choose(bound: &Bound, name: Option<&str>) -> Result<&'static MethodRow> {
    let Some(name) = name else {
        let fitting = METHODS.iter().find(|row| row.unsupported(bound).is_none());
        return fitting.ok_or_else(|| Error::Bug("no method fits".into()));
    };
    let Some(row) = METHODS.iter().find(|row| row.name == name) else {
        let known: Vec<&str> = METHODS.iter().map(|row| row.name).collect();
        let message = format!("there is no method {name}; there are {}", known.join(", "));
        return Err(Error::setting(Code::UnknownMethod, message));
    };
    match row.unsupported(bound) {
        None => Ok(row),
        Some(why) => Err(Error::setting(Code::MethodUnsupported, format!("{name} does not fit this problem: {why}"))),
    }
}
