//! Rows: the small problems of a factor's rows, each solved or improved by itself.
//! In: rows, Grams, linear terms, counts.  Out: rows moved, and by how much their objective fell.
//! Invariant: one thread, one order; a row's bits depend on its own numbers and the level alone.
//! Not here: where Grams and linear terms come from, and which method is taken (the engine's).

mod cholesky;
mod descent;
mod likelihood;
mod regularizer;
mod row_cg;
mod row_gram;
mod sweep;

pub use cholesky::{Cholesky, RowSystem, shifts};
pub use descent::{Descent, DescentWorkspace, RowTerms, descend, half_gradient};
pub(crate) use likelihood::likelihood;
pub use likelihood::{CountedRow, Likelihood, LikelihoodWorkspace, PoissonStep, TOGETHER};
pub use regularizer::Regularizer;
pub(crate) use row_cg::row_cg;
pub use row_cg::{CgWorkspace, RowQuadratic, SharedGram};
pub(crate) use row_gram::row_gram;
pub use row_gram::{GramWorkspace, Picked, RowSum};
pub use sweep::SweepStats;
pub(crate) use sweep::sweep;
