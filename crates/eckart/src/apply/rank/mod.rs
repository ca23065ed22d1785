//! Rank: how many components the data bears.
//! In: a `Problem`, ranks, how to compare them.  Out: a `RankChoice`.
//! Invariant: a rank is judged by entries that its factors have not seen; of ranks that can't be told apart the
//! smallest is chosen.
//! Not here: fits (see `solve`).

mod bcv;
mod masked;

use crate::error::{Code, Error, Result};
use crate::solve::{Problem, RankChoice, RankScore, Settings};
use bcv::Quarters;
use masked::{Masked, RankLoss};

/// How ranks are compared: the entries on which a fit is judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Validation {
    /// A share of the entries, chosen by a hash of row and column, is left out of the cost; the loss is that of these
    /// entries.
    ///
    /// Of a sparse matrix whose objective counts what is not stored as zero, zeros are held out as well, at the same
    /// rate, but at most four for each stored entry that is held out; their losses count accordingly more.
    HoldOut {
        /// The share, between 0 and 1.
        share: f64,
    },
    /// Bi-cross-validation (Owen and Perry 2009): half of the rows and half of the columns are left out, the rest is
    /// factorized, and both halves are folded in, which predicts where they meet. Each of the four quarters in turn.
    Bcv,
}

/// Repetitions, at the least: fewer tell no standard error.
pub const LEAST_REPEATS: usize = 3;

/// What a listener is told before each fit: the rank, the repetition from 0, how many fits are done and how many there
/// are.
#[derive(Debug, Clone, Copy)]
pub struct Trial {
    /// The rank.
    pub rank: usize,
    /// The repetition, from 0.
    pub repeat: usize,
    /// Fits that are done.
    pub done: usize,
    /// Fits in all.
    pub of: usize,
}

/// Fits `problem` at each rank, `repeats` times with other entries held out (seeds `settings.seed`, + 1, ...), and
/// chooses the smallest rank whose mean loss is within one standard error of the least (Breiman et al. 1984, section
/// 3.4.3). With [`Validation::Bcv`] a repetition is one cut into quarters, whose mean loss it is.
///
/// A search that is interrupted compares the ranks that are done.
///
/// # Errors
/// `Setting` where there is no rank, one does not fit, `repeats` is less than 3, or the objective does not compare X
/// entry by entry inside one sum; those of fits.
pub fn choose_rank(
    problem: &Problem,
    ranks: &[usize],
    validation: Validation,
    repeats: usize,
    settings: &Settings,
    mut listen: impl FnMut(Trial),
) -> Result<RankChoice> {
    if ranks.is_empty() || ranks.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(Error::setting(Code::RanksNotIncreasing, "give at least one rank, in increasing order"));
    }
    if repeats < LEAST_REPEATS {
        let message = format!("{repeats} repetitions tell no standard error: ask for {LEAST_REPEATS} or more");
        return Err(Error::setting(Code::SettingOutOfRange, message));
    }
    // Parts of matrices are matched by position, once the whole is in order.
    let matched = problem.matched()?;
    let problem = &*matched;
    let mut trials: Vec<Box<dyn Fn(usize) -> Result<RankLoss> + '_>> = Vec::new();
    for repeat in 0..repeats {
        let seed = settings.seed.wrapping_add(repeat as u64);
        trials.push(match validation {
            Validation::HoldOut { share } => {
                let masked = Masked::new(problem, share, seed)?;
                Box::new(move |rank| masked.loss(rank, settings))
            }
            Validation::Bcv => {
                let quarters = Quarters::new(problem, ranks, seed)?;
                Box::new(move |rank| quarters.loss(rank, settings))
            }
        });
    }
    let of = ranks.len() * repeats;
    let (mut scores, mut unconverged) = (Vec::new(), 0);
    'ranks: for (at, &rank) in ranks.iter().enumerate() {
        let mut losses = Vec::new();
        for (repeat, loss) in trials.iter().enumerate() {
            listen(Trial { rank, repeat, done: at * repeats + repeat, of });
            match loss(rank) {
                Err(error) if error.code() == Code::Interrupted => break 'ranks,
                found => {
                    let RankLoss { loss, early } = found?;
                    losses.push(loss);
                    unconverged += early;
                }
            }
        }
        if settings.interrupt.is_raised() {
            break;
        }
        scores.push(score(rank, losses));
    }
    let chosen = within_one_error(&scores).ok_or_else(|| {
        Error::setting(Code::Interrupted, "the search was interrupted before the first rank was done: none is chosen")
    })?;
    let name = match validation {
        Validation::HoldOut { .. } => "holdout",
        Validation::Bcv => "bcv",
    };
    Ok(RankChoice { criterion: name.to_owned(), scores, chosen, unconverged })
}

fn score(rank: usize, losses: Vec<f64>) -> RankScore {
    let count = losses.len() as f64;
    let mean = losses.iter().sum::<f64>() / count;
    let squares: f64 = losses.iter().map(|loss| (loss - mean) * (loss - mean)).sum();
    RankScore { rank, mean, error: (squares / (count - 1.0) / count).sqrt(), losses }
}

/// The smallest rank within one standard error of the least mean.
fn within_one_error(scores: &[RankScore]) -> Option<usize> {
    let finite = || scores.iter().filter(|score| score.mean.is_finite());
    let best = finite().min_by(|a, b| a.mean.total_cmp(&b.mean))?;
    finite().find(|score| score.mean <= best.mean + best.error).map(|score| score.rank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_ranks_that_can_not_be_told_apart_the_smallest_is_chosen() {
        let of = |rank, losses: &[f64]| score(rank, losses.to_vec());
        let scores =
            [of(2, &[9.0, 9.0, 9.0]), of(3, &[5.0, 5.1, 5.2]), of(4, &[5.0, 5.0, 5.3]), of(5, &[4.9, 5.0, 5.4])];
        assert!((scores[1].mean - 5.1).abs() < 1e-12 && (scores[1].error - 0.1 / 3f64.sqrt()).abs() < 1e-12);
        assert_eq!(within_one_error(&scores), Some(3));
        assert_eq!(within_one_error(&[of(2, &[f64::NAN; 3])]), None);
    }
}
