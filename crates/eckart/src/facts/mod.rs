//! Facts: what is known of every part of a formula once its inputs are known.
//! In: a `Dag` and the shape and layout of its variables.  Out: `Facts`: shape and layout of each node.
//! Invariant: a fact holds for every value of the inputs; a shape that does not fit is reported with the user's names.
//! Not here: any value (see `run`), any change (see `rewrite`).

mod degree;
mod given;
mod growth;
mod infer;
mod layout;
mod missing;
mod nodes;
mod shape;
mod shapes;
mod sign;
mod unify;

pub use degree::{Degree, degrees};
pub(crate) use degree::{degree_of, depends_on, is_linear, joint_degree};
pub use given::{Given, Givens};
pub(crate) use growth::growths;
pub(crate) use infer::{FactorShapes, Inferred, Links, infer_factors, infer_or_name, lengths_of};
pub use infer::{SideLength, infer_shapes};
pub use layout::Layout;
pub(crate) use layout::{Arg, layout_of_op, layout_of_var};
pub(crate) use missing::{
    first_missing, masks, reading, unmasked, unmasked_beside, unmasked_in, unsaid, unsaid_in_shapes,
};
pub use nodes::Facts;
pub(crate) use nodes::is_nonnegative;
pub use shape::Shape;
pub(crate) use shape::fitting_shape;
pub use sign::Sign;
pub(crate) use sign::sign_of_op;
