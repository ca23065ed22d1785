//! Text: the lines, cells and numbers that text formats are made of.
//! In: bytes.  Out: lines, records, numbers, each with its place.
//! Invariant: a line is held once; what is wrong is said with its line and column.
//! Not here: what a record means (see `csv`, `mtx`, `triplets`).

pub(in crate::data) mod cells;
pub(in crate::data) mod dialect;
pub(in crate::data) mod lines;
pub(in crate::data) mod number;
pub(in crate::data) mod records;
