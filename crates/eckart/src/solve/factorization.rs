//! Factorization: what a search found.
//! In: the search.  Out: factors by name, the starts with their histories, quality, everything needed to run it again.
//! Law: factors have the data's number type; the statement parses back to the objective.
//! Not here: files (see `save`).

use std::collections::BTreeMap;

use super::kept::Kept;
use super::lint::{lints, locked};
use super::method::MethodRow;
use super::problem::{Bound, Problem};
use super::quality::Quality;
use super::settings::{Init, Settings, StopReason};
use crate::data::Matrix;
use crate::error::{Result, Warning};
use crate::run::Value;

/// The cost after an iteration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The objective's value.
    pub cost: f64,
    /// Seconds since the start began.
    pub seconds: f64,
}

/// One start of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// The least cost it met.
    pub cost: f64,
    /// Its iterations.
    pub iterations: usize,
    /// Why it ended.
    pub stop: StopReason,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// The cost at the start and after each iteration.
    pub history: Vec<Step>,
    /// For each factor, how far it is from where no small step of it lowers the cost: the length of its proximal gradient
    /// step times its own length, as a share of the cost at the start (as [`super::Settings::tol`] counts it). Empty where the objective has kinks.
    pub residuals: Vec<f64>,
}

/// How far the starts of a search agree.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// Starts that were compared.
    pub starts: usize,
    /// For each component of the best start, the mean cosine to the components of the other starts that match it: 1 where
    /// every start finds it.
    pub stability: Vec<f64>,
    /// The cophenetic correlation of the consensus matrix (Brunet et al. 2004): 1 where entries go together in all starts or
    /// in none.
    pub cophenetic: f64,
    /// Whether the consensus is of columns of the data, rather than rows.
    pub of_columns: bool,
    /// The numbers of the columns (or rows) that were looked at, from 0.
    pub sampled: Vec<usize>,
    /// For each, the group that it falls into where the consensus is cut into as many groups as there are components, from 0,
    /// in order of first appearance.
    pub groups: Vec<usize>,
}

/// How a rank was chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct RankChoice {
    /// How ranks were compared: `holdout` (entries held out) or `bcv` (bi-cross-validation, Owen and Perry 2009).
    pub way: String,
    /// The ranks, in increasing order.
    pub scores: Vec<RankScore>,
    /// The smallest rank whose mean is within one standard error of the least.
    pub chosen: usize,
}

/// What was found of one rank.
#[derive(Debug, Clone, PartialEq)]
pub struct RankScore {
    /// The rank.
    pub rank: usize,
    /// The loss of an entry that was held out, the mean over repetitions.
    pub mean: f64,
    /// Its standard error over repetitions.
    pub error: f64,
    /// The loss in each repetition.
    pub losses: Vec<f64>,
}

/// The best factors of a search, and how they were found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Factorization {
    /// The statement in the text language.
    pub statement: String,
    /// The numbers given by name.
    pub numbers: BTreeMap<String, f64>,
    /// The name of the matrix that was factorized.
    pub target: String,
    /// The rank asked for.
    pub rank: usize,
    /// The seed.
    pub seed: u64,
    /// The most iterations of a start that the search was allowed.
    pub max_iter: usize,
    /// The tolerance at which a start ended (see [`Settings::tol`]).
    pub tol: f64,
    /// The cost at which the search was to end, where one was asked for.
    pub target_cost: Option<f64>,
    /// Where the first start began.
    pub init: Init,
    /// The names of the factors whose first value was given ([`Problem::start`]).
    pub started: Vec<String>,
    /// The method's name.
    pub method: String,
    /// What the method does with each factor and why, a line each; empty where it treats all alike.
    pub ways: Vec<String>,
    /// What the objective says that its author hardly meant, each with what to add (see [`super::lints`]).
    pub warnings: Vec<Warning>,
    /// The factors by name, in the order in which the objective names them, those that were held among them.
    pub factors: Vec<(String, Matrix)>,
    /// The names of the factors that were held ([`Problem::hold`]).
    pub held: Vec<String>,
    /// The value of the objective at the factors, before they are rounded to the data's number type.
    pub cost: f64,
    /// All starts.
    pub starts: Vec<Start>,
    /// The start whose factors these are.
    pub best: usize,
    /// The components of every start, where [`Settings::keep_starts`] asked for them; they are not saved.
    pub kept: Vec<Kept>,
    /// Why the last checkpoint could not be written, where it could not: the file then holds an earlier one. Not saved.
    pub checkpoint_error: Option<Warning>,
    /// How far the starts agree, where that was asked for.
    pub agreement: Option<Agreement>,
    /// How the rank was chosen, where it was.
    pub rank_choice: Option<RankChoice>,
    /// How well the factors explain the data.
    pub quality: Option<Quality>,
    /// The names of the data's rows, where whoever had the data gave them.
    pub row_names: Option<Vec<String>>,
    /// The names of the data's columns.
    pub col_names: Option<Vec<String>>,
    /// How long the whole search took, in seconds.
    pub seconds: f64,
}

/// Whether a start, by its cost and number, is better than another: of two with the same cost the first is. A start
/// whose cost is undefined loses to every other that has one; one that went on from a checkpoint has only become better
/// than it was.
pub(super) fn is_better((cost, index): (f64, usize), (other_cost, other): (f64, usize)) -> bool {
    let tied = cost == other_cost || (cost.is_nan() && other_cost.is_nan());
    index == other || cost < other_cost || (other_cost.is_nan() && !cost.is_nan()) || (tied && index < other)
}

impl Factorization {
    #[expect(clippy::too_many_arguments, reason = "the one place where a search's parts come together")]
    pub(super) fn new(
        problem: &Problem,
        bound: &Bound,
        settings: &Settings,
        (row, ways): (&MethodRow, Vec<String>),
        factors: Vec<Value>,
        starts: Vec<Start>,
        best: usize,
        quality: Option<Quality>,
        seconds: f64,
    ) -> Result<Self> {
        let dtype = bound.target.1.dtype();
        let named = |(factor, numbers): (&super::Factor, Value)| {
            Ok((factor.var.name().to_owned(), numbers.into_matrix(dtype)?))
        };
        let mut named: Vec<_> = bound.factors.iter().zip(factors).map(named).collect::<Result<_>>()?;
        named.extend_from_slice(&bound.held);
        named.sort_by_key(|(name, _)| bound.order.iter().position(|other| other == name));
        Ok(Self {
            statement: problem.statement().to_string(),
            numbers: problem.numbers().clone(),
            target: bound.target.0.clone(),
            rank: bound.rank,
            seed: settings.seed,
            max_iter: settings.max_iter,
            tol: settings.tol,
            target_cost: settings.target,
            init: settings.init,
            started: problem.starts.iter().map(|(name, _)| name.clone()).collect(),
            method: row.name.to_owned(),
            ways,
            warnings: [lints(bound)?, locked(problem, settings, row)].concat(),
            factors: named,
            held: bound.held.iter().map(|(name, _)| name.clone()).collect(),
            cost: starts[best].cost,
            starts,
            best,
            kept: Vec::new(),
            checkpoint_error: None,
            agreement: None,
            rank_choice: None,
            quality,
            row_names: None,
            col_names: None,
            seconds,
        })
    }

    /// The factor of that name.
    pub fn factor(&self, name: &str) -> Option<&Matrix> {
        self.factors.iter().find(|(known, _)| known == name).map(|(_, matrix)| matrix)
    }

    /// Why the search ended: what ended it before its time, or else why the start whose factors these are ended.
    pub fn stop_reason(&self) -> StopReason {
        let ended = self.starts.iter().rev().map(|start| start.stop).find(|stop| stop.ends_all());
        ended.unwrap_or(self.starts[self.best].stop)
    }

    /// Iterations of all starts.
    pub fn iterations(&self) -> usize {
        self.starts.iter().map(|s| s.iterations).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_ordered_by_cost_then_number() {
        let nan = f64::NAN;
        for (one, other, expected) in [
            ((1.0, 1), (2.0, 0), true),
            ((2.0, 0), (1.0, 1), false),
            ((1.0, 0), (1.0, 1), true),
            ((1.0, 1), (1.0, 0), false),
            ((1.0, 1), (nan, 0), true),
            ((nan, 0), (1.0, 1), false),
            ((nan, 1), (nan, 0), false),
            ((nan, 0), (nan, 1), true),
            ((2.0, 3), (2.0, 3), true),
        ] {
            assert_eq!(is_better(one, other), expected, "{one:?} {other:?}");
        }
    }
}
