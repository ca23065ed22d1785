//! Bcv: bi-cross-validation: a quarter of the data predicted from the other three.
//! In: a `Problem`, a seed.  Out: `Quarters`: for each rank the mean loss of an entry.
//! Invariant: no number of a quarter has a part in its prediction.
//! Not here: folding in (see `fold_in`).

use super::masked::{EntryLoss, RankLoss, numbers_of};
use crate::apply::FoldIn;
use crate::apply::hold_out::mixed;
use crate::data::Matrix;
use crate::error::{Code, Error, Result};
use crate::expr::{Expr, matrix, sum};
use crate::solve::{Problem, Settings};

/// A cut of the data into quarters, each in turn to be predicted.
pub(super) struct Quarters {
    problem: Problem,
    quarters: Vec<Quarter>,
    /// The loss of the entries of a quarter, as a formula of it.
    loss: Expr,
    masked: bool,
    target: String,
}

struct Quarter {
    fitted: Matrix,
    /// The rows left out, in the columns that are fitted.
    rows: Matrix,
    /// The columns left out, in the rows that are fitted.
    cols: Matrix,
    /// Where they meet.
    test: Matrix,
}

impl Quarters {
    pub(super) fn new(problem: &Problem, ranks: &[usize], seed: u64) -> Result<Self> {
        let bound = problem.clone().rank(1).bind()?;
        let (target, x) = &bound.target;
        if problem.matrices().len() > 1 || !problem.fixed().is_empty() {
            return Err(Error::setting(
                Code::HoldoutUnsupported,
                "bi-cross-validation cuts the data into quarters, which it can only do where there is one matrix and \
                 no factor is held: hold entries out instead",
            ));
        }
        let (n, m) = (x.rows() / 2, x.cols() / 2);
        if let Some(rank) = ranks.iter().find(|rank| **rank >= n.min(m)) {
            let half = format!("half of the rows and columns, {n} x {m}");
            let message = format!("bi-cross-validation fits {half}: rank {rank} is not below {}", n.min(m));
            return Err(Error::setting(Code::RankOutOfRange, message));
        }
        let loss = EntryLoss::find(&bound)?;
        let (rows, cols) = (halves(x.rows(), seed), halves(x.cols(), !seed));
        let mut quarters = Vec::new();
        for (out, kept) in [(0, 1), (1, 0)] {
            let (rows_out, rows_kept) = (x.select_rows(&rows[out])?, x.select_rows(&rows[kept])?);
            for (out, kept) in [(0, 1), (1, 0)] {
                quarters.push(Quarter {
                    fitted: rows_kept.select_cols(&cols[kept])?,
                    rows: rows_out.select_cols(&cols[kept])?,
                    cols: rows_kept.select_cols(&cols[out])?,
                    test: rows_out.select_cols(&cols[out])?,
                });
            }
        }
        let formula = sum(loss.at(&matrix(target)));
        Ok(Self { problem: problem.clone(), quarters, loss: formula, masked: loss.masked, target: target.clone() })
    }

    /// The mean loss of an entry that was left out, over the quarters.
    pub(super) fn loss(&self, rank: usize, settings: &Settings) -> Result<RankLoss> {
        let (mut total, mut count, mut early) = (0.0, 0.0, 0);
        for quarter in &self.quarters {
            let model = self.problem.clone().data(&self.target, &quarter.fitted).rank(rank).solve(settings)?;
            early += usize::from(model.ended_early().is_some());
            let rows = FoldIn::new(&model)?.transform(&quarter.rows)?;
            let cols = FoldIn::of_columns(&model)?.transform(&quarter.cols.transposed()?)?;
            let new = |name: &str| rows.factor(name).or_else(|| cols.factor(name));
            let factors = model.factors.iter().map(|(name, factor)| (name, new(name).unwrap_or(factor)));
            let test = &quarter.test;
            total += numbers_of(std::slice::from_ref(&self.loss), factors.chain([(&self.target, test)]))?[0];
            count += if self.masked { test.observed() } else { test.rows() * test.cols() } as f64;
        }
        Ok(RankLoss { loss: total / count, early })
    }
}

/// The numbers below `count` in two halves, in increasing order, by a hash of each.
fn halves(count: usize, seed: u64) -> [Vec<usize>; 2] {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&at| (mixed(seed ^ mixed(at as u64)), at));
    let mut second = order.split_off(count / 2);
    order.sort_unstable();
    second.sort_unstable();
    [order, second]
}
