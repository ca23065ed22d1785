//! New rows: the factors of rows that a model has not seen.
//! In: a `Factorization`, rows.  Out: their factors.
//! Invariant: a row's factors are the same bits alone and among others.
//! Not here: what is predicted from them (see `predict`).

pub(super) mod fold_in;
pub(super) mod folded;
mod prepare;
pub(super) mod row_problem;
mod row_values;
pub(super) mod separate;
