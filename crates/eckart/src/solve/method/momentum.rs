//! Momentum: factors extrapolated along their last move.
//! In: factors and those before the last move.  Out: a feasible point ahead of them.
//! Invariant: constraints hold at the point; the share shrinks where the cost rose.
//! Not here: whether the step from there is kept (see `alternating`).

use crate::error::Result;
use crate::run::{Numbers, Value, for_rows};
use crate::solve::block::state::MethodState;
use crate::solve::problem::Factor;
use crate::solve::problem::iterate::Iterate;

/// The extrapolation of Ang and Gillis (2019, algorithm 2): the share of the last move that is added before the next.
pub(super) struct Momentum {
    share: f64,
    most: f64,
    /// The factors before the last move.
    pub before: Option<Vec<Value>>,
}

impl Momentum {
    const FIRST: f64 = 0.5;
    /// The share grows by this where the cost fell.
    const GROW: f64 = 1.05;
    /// And so does the most that it may be.
    const GROW_MOST: f64 = 1.01;
    /// It shrinks by this where the cost rose.
    const SHRINK: f64 = 1.5;

    pub(super) fn new() -> Self {
        Self { share: Self::FIRST, most: 1.0, before: None }
    }

    /// The factors, moved on by a share of their last move, feasible: in the place of those before that move.
    pub(super) fn ahead(&mut self, iterate: &Iterate) -> Option<Vec<Value>> {
        let (problem, before) = (&iterate.problem, self.before.take()?);
        let extrapolate = |((now, before), factor): ((Value, Value), &Factor)| match problem.is_narrow() {
            true => extrapolated::<f32>(&now, before, self.share, factor),
            false => extrapolated::<f64>(&now, before, self.share, factor),
        };
        Some(iterate.factors().into_iter().zip(before).zip(&problem.factors).map(extrapolate).collect())
    }

    pub(super) fn paid(&mut self) {
        self.most = (self.most * Self::GROW_MOST).min(1.0);
        self.share = (self.share * Self::GROW).min(self.most);
    }

    pub(super) fn failed(&mut self) {
        self.most = self.share;
        self.share /= Self::SHRINK;
    }

    pub(super) fn state(&self, to: &mut MethodState) {
        to.put(self.share);
        to.put(self.most);
        to.put_values(self.before.as_deref().unwrap_or_default());
    }

    pub(super) fn restore(&mut self, from: &mut MethodState) -> Result<()> {
        (self.share, self.most) = (from.take()?, from.take()?);
        self.before = from.take_values()?;
        Ok(())
    }
}

fn extrapolated<T: Numbers>(now: &Value, before: Value, share: f64, factor: &Factor) -> Value {
    let (now, mut numbers) = (now.rect::<T>(), before.into_rect::<T>());
    let cols = factor.shape.cols;
    for_rows(numbers.make_mut(), cols, |range, part| {
        let now = &now.data[range.start * cols..range.end * cols];
        for (old, now) in part.iter_mut().zip(now) {
            *old = T::from_f64(now.to_f64() + share * (now.to_f64() - old.to_f64()));
        }
    });
    factor.regularizer.constraints().apply(numbers.make_mut(), factor.shape, 1.0);
    Value::of_rect(numbers)
}
