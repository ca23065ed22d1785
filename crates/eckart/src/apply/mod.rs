//! Apply: from a factorization to answers: new rows, recommendations, likeness, how good it is.
//! In: a `Factorization`, data.  Out: factors of new rows, ranked lists, figures.
//! Law: the model is read, never changed; the same question gets the same answer, whatever else is asked with it.
//! Not here: the search for factors (see `solve`).

mod fold_in;
mod prepare;
mod row;
mod row_problem;
mod separate;

pub use fold_in::{FoldIn, Folded};
