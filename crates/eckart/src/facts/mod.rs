//! Facts: what is known of every part of a formula once its inputs are known.
//! In: a `Dag` and the shape and layout of its variables.  Out: `Facts`: shape and layout of each node.
//! Law: a fact holds for every value of the inputs; a shape that does not fit is reported with the user's names.
//! Not here: any value (see `run`), any change (see `rewrite`).

mod infer;
mod layout;
mod shape;

use std::collections::BTreeMap;

pub use infer::{Sides, infer_shapes};
pub use layout::Layout;
pub(crate) use layout::{Arg, layout_of_op, layout_of_var};
pub use shape::Shape;

use crate::data::Matrix;
use crate::error::Result;
use crate::expr::{Dag, Id, Var};

/// What is known of a variable before anything runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// Its shape.
    pub shape: Shape,
    /// How many entries it stores, where it is sparse.
    pub sparse: Option<usize>,
    /// How many entries are missing (`NaN`).
    pub missing: usize,
    /// Whether it is data: the same from run to run.
    pub data: bool,
}

impl Given {
    /// A dense factor: it changes from run to run.
    pub fn dense(rows: usize, cols: usize) -> Self {
        Self { shape: Shape { rows, cols }, sparse: None, missing: 0, data: false }
    }

    /// What is known of `matrix`, which is data.
    pub fn of(matrix: &Matrix) -> Self {
        Self {
            shape: Shape { rows: matrix.rows(), cols: matrix.cols() },
            sparse: matrix.is_sparse().then(|| matrix.stored()),
            missing: matrix.missing(),
            data: true,
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
}

impl Facts {
    /// The facts of all nodes of `dag`.
    ///
    /// # Errors
    /// `Shape` where shapes don't fit together, `Setting` where a variable is not given.
    pub fn of(dag: &Dag, givens: &Givens) -> Result<Self> {
        let shapes = shape::shapes(dag, givens)?;
        let layouts = layout::layouts(dag, givens, &shapes);
        Ok(Self { shapes, layouts })
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
