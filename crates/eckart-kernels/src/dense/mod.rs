//! Dense: products of dense matrices.
//! In: strided views.  Out: products added to what is there.
//! Invariant: one thread, one order: the bits depend on shapes, numbers and level alone.
//! Not here: the cut into rows for threads (the caller's).

mod gram;
mod panel;
mod product;
mod view;

pub(crate) use gram::gram;
pub(crate) use panel::{Target, panel};
pub(crate) use product::multiply_add;
pub use view::View;
