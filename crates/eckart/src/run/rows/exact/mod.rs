//! Exact: one row solved to working precision, with everything else held.
//! In: the row's part of the objective, as numbers.  Out: its minimum.
//! Invariant: a row is solved from the same beginning whatever rows come with it, so it gets the same bits alone or
//! among others.
//! Not here: where the numbers come from (see `apply`).

mod acceleration;
mod majorized;
mod poisson;
mod quadratic;
mod regularizer;

pub(crate) use majorized::majorized;
pub(crate) use poisson::{Counted, PoissonTerms, poisson};
pub(crate) use quadratic::{Workspace, quadratic};
pub(crate) use regularizer::RowRegularizer;
