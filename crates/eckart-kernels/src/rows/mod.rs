//! Rows: the small problems of a factor's rows, each solved or improved by itself.
//! In: rows, Grams, linear terms, counts.  Out: rows moved, and by how much their objective fell.
//! Invariant: one thread, one order; a row's bits depend on its own numbers and the level alone.
//! Not here: where Grams and linear terms come from, and which method is taken (the engine's).

mod descent;
mod likelihood;
mod row_cg;
mod row_gram;
mod sweep;
mod system;

pub use descent::{Entrywise, Room, RowTerms, active_set, coordinates, half_gradient};
pub(crate) use likelihood::likelihood;
pub use likelihood::{Counted, Move, Moved, TOGETHER, Wanted};
pub(crate) use row_cg::row_cg;
pub use row_cg::{Common, Steps};
pub(crate) use row_gram::row_gram;
pub use row_gram::{Gathered, Picked};
pub(crate) use sweep::sweep;
pub use sweep::{Asked, Swept};
pub use system::{System, solve};
