//! Apply: from a factorization to answers: new rows, recommendations, similarity, how good it is.
//! In: a `Factorization`, data.  Out: factors of new rows, ranked lists, figures.
//! Invariant: the model is read, never changed; the same question gets the same answer, whatever else is asked with it.
//! Not here: the search for factors (see `solve`).

mod consensus;
mod explain;
mod hold_out;
mod measure;
mod named;
mod new_rows;
mod predict;
mod rank;
mod recommend;
mod similar;

pub use consensus::{Consensus, consensus};
pub use explain::{Contribution, explained_by};
pub use hold_out::HoldOut;
pub use measure::{Errors, Measures, Ranking, measure};
pub use named::{InOrder, in_order_of, new_rows_in_order};
pub use new_rows::fold_in::FoldIn;
pub use new_rows::folded::Folded;
pub(crate) use new_rows::separate::{Lies, lies};
pub use predict::Predictor;
pub use rank::{LEAST_REPEATS, Trial, Validation, choose_rank};
pub(crate) use recommend::largest;
pub use recommend::{Scored, best, recommend};
pub use similar::Directions;
