//! Facts: what is known of every part of a formula once its inputs are known.
//! In: a `Dag` and the shape and layout of its variables.  Out: `Facts`: shape and layout of each node.
//! Invariant: a fact holds for every value of the inputs; a shape that does not fit is reported with the user's names.
//! Not here: any value (see `run`), any change (see `rewrite`).

mod degree;
mod growth;
mod infer;
mod layout;
mod missing;
mod shape;
mod sign;

use std::collections::BTreeMap;

pub use degree::{Degree, degrees};
pub(crate) use growth::growths;
pub(crate) use infer::{Inferred, Links, infer_or_name, lengths_of};
pub use infer::{SideLength, infer_shapes};
pub use layout::Layout;
pub(crate) use layout::{Arg, layout_of_op, layout_of_var};
pub(crate) use missing::{first_missing, masks, reads, unmasked, unmasked_in};
pub use shape::Shape;
pub use sign::Sign;
pub(crate) use sign::sign_of_op;

use crate::data::{Dtype, Matrix};
use crate::error::Result;
use crate::expr::{Dag, Id, Op, Var};

/// What is known of a variable before anything runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// Its shape.
    pub shape: Shape,
    /// The type of its numbers.
    pub dtype: Dtype,
    /// How many entries it stores, where it is sparse.
    pub sparse: Option<usize>,
    /// How many entries are missing (`NaN`).
    pub missing: usize,
    /// Whether it is data: the same from run to run.
    pub data: bool,
    /// What is known of its values.
    pub sign: Sign,
}

impl Given {
    /// A dense factor of f64: it changes from run to run.
    pub fn dense(rows: usize, cols: usize) -> Self {
        Self {
            shape: Shape { rows, cols },
            dtype: Dtype::F64,
            sparse: None,
            missing: 0,
            data: false,
            sign: Sign::UNKNOWN,
        }
    }

    /// Data in f64 of which nothing but its shape is known, and how many entries it stores where it is sparse.
    pub fn data(rows: usize, cols: usize, sparse: Option<usize>) -> Self {
        Self { sparse, data: true, ..Self::dense(rows, cols) }
    }

    /// What is known of `matrix`, which is data.
    pub fn of(matrix: &Matrix) -> Self {
        Self {
            shape: Shape { rows: matrix.rows(), cols: matrix.cols() },
            dtype: matrix.dtype(),
            sparse: matrix.is_sparse().then(|| matrix.stored()),
            missing: matrix.missing(),
            data: true,
            sign: Sign { nonnegative: matrix.is_nonnegative(), binary: matrix.is_binary() },
        }
    }
}

/// What is known of all variables.
pub type Givens = BTreeMap<Var, Given>;

/// What is known of each node of a `Dag`.
#[derive(Debug, Clone)]
pub struct Facts {
    shapes: Vec<Shape>,
    layouts: Vec<Layout>,
    signs: Vec<Sign>,
}

impl Facts {
    /// The facts of all nodes of `dag`.
    ///
    /// # Errors
    /// `Shape` where shapes don't fit together, `Setting` where a variable is not given.
    pub fn of(dag: &Dag, givens: &Givens) -> Result<Self> {
        let shapes = shape::shapes(dag, givens)?;
        let layouts = layout::layouts(dag, givens, &shapes);
        let mut signs: Vec<Sign> = Vec::with_capacity(dag.len());
        for id in dag.ids() {
            let args = dag.args(id);
            let known: Vec<Sign> = args.iter().map(|arg| signs[arg.index()]).collect();
            let even = || dag.expr(args[1]).as_number().is_some_and(|n| n % 2.0 == 0.0);
            let op = dag.op(id);
            let squares = (*op == Op::Mul && args[0] == args[1]) || (*op == Op::Pow && even());
            let given = dag.expr(id).as_var().and_then(|var| givens.get(var)).map(|given| given.sign);
            // What is left of a mask: 1 - observed(X).
            let rest = *op == Op::Sub && dag.expr(args[0]).as_number() == Some(1.0) && known[1].binary;
            let given = given.or(rest.then_some(Sign::BINARY));
            signs.push(given.unwrap_or_else(|| sign_of_op(op, &known, squares)));
        }
        Ok(Self { shapes, layouts, signs })
    }

    /// What is known of the node's values.
    pub fn sign(&self, id: Id) -> Sign {
        self.signs[id.index()]
    }

    /// The node's shape.
    pub fn shape(&self, id: Id) -> Shape {
        self.shapes[id.index()]
    }

    /// The node's layout.
    pub fn layout(&self, id: Id) -> &Layout {
        &self.layouts[id.index()]
    }
}
