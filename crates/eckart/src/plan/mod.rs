//! Plan: from formulas to the steps that compute them.
//! In: root expressions and what is known of their variables.  Out: a `Plan`: kernels in order, the buffers they fill,
//! when each is freed.
//! Invariant: every buffer's size is known before anything runs; nothing of the size of a data matrix is held in full
//! unless it is asked for as a result.
//! Not here: doing any of it (see `run`), choosing among equal formulas (see `rewrite`).

mod explain;
mod memory;
mod passes;
mod picture;
mod program;
mod reads;
mod work;

pub use crate::rows::{Likelihood, PoissonStep, QuadraticRows, QuadraticStep, RowObjective, RowSolver};
pub(crate) use explain::{bytes, flops};
pub use passes::plan;
pub(crate) use passes::plan_updates;
pub use picture::Picture;
pub(crate) use picture::escaped;
pub(crate) use program::RowUpdate;
pub use program::{
    Buffer, BufferId, Combine, FusedOp, Fusion, Kernel, Outcome, Param, Plan, Reach, RowTiling, Source, Step,
    ThinProduct,
};
pub(crate) use work::{block_rows, even_height};
