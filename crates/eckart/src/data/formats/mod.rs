//! Formats: a file for each file format, and what they share.
//! In: bytes.  Out: a matrix, with names where the format has them; and back into bytes.
//! Invariant: no input makes a reader panic, or allocate on a header's word; errors say file and line.
//! Not here: which format a file has (see `read`).

pub mod csv;
mod entries;
pub mod mtx;
pub mod npy;
mod npy_header;
pub mod npz;
pub(super) mod png;
pub mod svmlight;
pub(super) mod table;
pub(super) mod text;
pub(super) mod triplets;
