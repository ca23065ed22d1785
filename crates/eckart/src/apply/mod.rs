//! Apply: from a factorization to answers: new rows, recommendations, likeness, how good it is.
//! In: a `Factorization`, data.  Out: factors of new rows, ranked lists, figures.
//! Law: the model is read, never changed; the same question gets the same answer, whatever else is asked with it.
//! Not here: the search for factors (see `solve`).

mod columns;
mod consensus;
mod explain;
mod fold_in;
mod hold_out;
mod measure;
mod predict;
mod prepare;
mod rank;
mod recommend;
mod row;
mod row_problem;
mod row_values;
mod separate;
mod similar;

pub use columns::in_columns_of;
pub use consensus::{Consensus, consensus};
pub use explain::{Part, speak_for};
pub use fold_in::{FoldIn, Folded};
pub use hold_out::HoldOut;
pub use measure::{Measures, Ranking, measure};
pub use predict::Predictor;
pub use rank::{LEAST_REPEATS, Trial, Way, choose_rank};
pub use recommend::{Scored, best, entries_of_row, recommend};
pub use similar::Directions;
