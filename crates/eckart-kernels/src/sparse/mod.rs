//! Sparse: products with compressed rows, and products sampled at the stored entries.
//! In: compressed rows and panels.  Out: panels, or a number per entry.
//! Invariant: one thread, entries in their order: the bits depend on shapes, numbers and level alone.
//! Not here: the cut into rows for threads (the caller's).

mod sddmm;
mod spmm;

pub(crate) use sddmm::sampled;
pub use spmm::Csr;
pub(crate) use spmm::{gather, scatter};
