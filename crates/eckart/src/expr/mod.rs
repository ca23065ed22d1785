//! Expr: a formula over matrices, as the user wrote it.
//! In: variables, numbers, operators, or a text.  Out: `Expr`, a shared tree of about 25 primitives (`Op`).
//! Invariant: building a formula never fails and computes nothing; what does not fit is reported when it is compiled.
//! Not here: shapes (see `facts`), gradients (see `grad`), values (see `run`).

mod dag;
mod functions;
mod op;
mod operators;
mod pattern;
mod size;
pub mod text;
mod transform;
mod tree;
mod var;

pub use dag::{Dag, Id};
pub use functions::*;
pub use op::{Dependence, Meaning, Number, Op, PrimitiveRow, ShapeRule};
pub(crate) use pattern::{Huber, huber_at, is_kl};
pub use size::{MOST_PARTS, check_size};
pub(crate) use size::{MOST_WRITTEN, exceeds, too_large};
pub(crate) use transform::{constant_of, merged_terms, signed_terms, weighted_sum, weighted_terms};
pub use tree::{Expr, Span, matrix, scalar, shared};
pub use var::Var;
