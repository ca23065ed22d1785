//! History: what is told of each start of a search, and of starts and ranks that were compared.
//! In: numbers.  Out: plain values.
//! Invariant: they know nothing of problems or methods, so that files and reports can hold them.
//! Not here: the factors (see `factorization`).

use crate::data::Matrix;
use crate::error::{Code, Warning};
use crate::solve::search::settings::StopReason;

/// The cost after an iteration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Iteration {
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
    pub history: Vec<Iteration>,
    /// The KKT residual of each factor that was searched for, in the order of the factors; empty where the objective
    /// has kinks. [`crate::Factorization::residuals`] has their names.
    pub(crate) residuals: Vec<f64>,
}

/// How far the starts of a search agree.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// Starts that were compared.
    pub starts: usize,
    /// For each component of the best start, the mean cosine to the components of the other starts that match it: 1
    /// where every start finds it.
    pub stability: Vec<f64>,
    /// The cophenetic correlation of the consensus matrix (Brunet et al. 2004): 1 where entries go together in all
    /// starts or in none.
    pub cophenetic: f64,
    /// Whether the consensus is of columns of the data, rather than rows.
    pub of_columns: bool,
    /// The numbers of the columns (or rows) that were looked at, from 0.
    pub sampled: Vec<usize>,
    /// For each, the group that it falls into where the consensus is cut into as many groups as there are components,
    /// from 0, in order of first appearance.
    pub groups: Vec<usize>,
}

/// How a rank was chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct RankChoice {
    /// How ranks were compared: `holdout` (entries held out) or `bcv` (bi-cross-validation, Owen and Perry 2009).
    pub criterion: String,
    /// The ranks, in increasing order.
    pub scores: Vec<RankScore>,
    /// The smallest rank whose mean is within one standard error of the least.
    pub chosen: usize,
    /// How many of the fits that compare ranks ended before they converged. Not saved.
    pub unconverged: usize,
}

impl RankChoice {
    /// Warns where the largest of several ranks won, since a larger one may be better still.
    pub fn at_limit(&self) -> Option<Warning> {
        let largest = self.scores.iter().map(|score| score.rank).max()?;
        (self.scores.len() > 1 && largest == self.chosen).then(|| {
            let message = format!("the largest rank won ({largest}): widen the range");
            Warning::new(Code::RankAtLimit, message)
        })
    }

    /// The same, and a warning where losses are of fits that did not converge.
    pub fn warnings(&self) -> Vec<Warning> {
        let early = (self.unconverged > 0).then(|| {
            let fits = if self.unconverged == 1 { "fit" } else { "fits" };
            let message = format!(
                "{} {fits} that compare ranks ended before they converged: increase max_iter, or tol",
                self.unconverged
            );
            Warning::new(Code::NotConverged, message)
        });
        self.at_limit().into_iter().chain(early).collect()
    }
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

/// The components that a start found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Kept {
    /// The start, from 0.
    pub start: usize,
    /// Rows and columns of the data: n, m.
    pub shape: (usize, usize),
    /// H: a row for each component, r x m.
    pub components: Matrix,
    /// The length of each component's column of W.
    pub lengths: Vec<f64>,
    /// The numbers of the rows of the data, from 0, whose rows of W are kept: evenly spread, at most 2,000.
    pub sampled: Vec<usize>,
    /// Their rows of W.
    pub rows: Matrix,
}

/// Whether a start, by its cost and number, is better than another: of two with the same cost the first is. A start
/// whose cost is undefined loses to every other that has one; one that went on from a checkpoint has only become better
/// than it was.
pub(in crate::solve) fn is_better((cost, index): (f64, usize), (other_cost, other): (f64, usize)) -> bool {
    let tied = cost == other_cost || (cost.is_nan() && other_cost.is_nan());
    index == other || cost < other_cost || (other_cost.is_nan() && !cost.is_nan()) || (tied && index < other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_largest_rank_that_won_is_told() {
        let score = |&rank: &usize| RankScore { rank, mean: 1.0, error: 0.0, losses: vec![1.0] };
        let codes = |ranks: &[usize], chosen, unconverged| -> Vec<Code> {
            let scores = ranks.iter().map(score).collect();
            let choice = RankChoice { criterion: "bcv".into(), scores, chosen, unconverged };
            choice.warnings().iter().map(|warning| warning.code).collect()
        };
        assert_eq!(codes(&[2, 3, 4], 4, 0), [Code::RankAtLimit]);
        assert!(codes(&[2, 3, 4], 3, 0).is_empty() && codes(&[2], 2, 0).is_empty());
        assert_eq!(codes(&[2, 3, 4], 3, 2), [Code::NotConverged]);
    }

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
