//! Nodes: what is known of every node of a `Dag`.
//! In: a `Dag`, what is given of its variables.  Out: `Facts`.
//! Invariant: a fact holds for every value of the inputs.
//! Not here: the rules (see `shapes`, `layout`, `sign`).

use super::given::Givens;
use super::layout::{Layout, layouts};
use super::shape::Shape;
use super::shapes::shapes;
use super::sign::{Sign, sign_of_op};
use crate::error::Result;
use crate::expr::{Dag, Expr, Id, Op, is_kl};

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
        let shapes = shapes(dag, givens)?;
        let layouts = layouts(dag, givens, &shapes);
        let signs = dag.bottom_up(|id, signs: &[Sign]| {
            let (op, args) = (dag.op(id), dag.args(id));
            let known: Vec<Sign> = args.iter().map(|arg| signs[arg.index()]).collect();
            let even = || dag.expr(args[1]).as_number().is_some_and(|n| n % 2.0 == 0.0);
            let squares = (*op == Op::Mul && args[0] == args[1]) || (*op == Op::Pow && even());
            let given = dag.expr(id).as_var().and_then(|var| givens.get(var)).map(|given| given.sign);
            // What is left of a mask: 1 - observed(X).
            let rest = *op == Op::Sub && dag.expr(args[0]).as_number() == Some(1.0) && known[1].binary;
            let rest = rest.then_some(Sign::BINARY).or_else(|| is_kl(dag, id).then_some(Sign::NONNEGATIVE));
            given.or(rest).unwrap_or_else(|| sign_of_op(op, &known, squares))
        });
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

/// Whether no entry of a formula is negative, as far as is seen.
pub(crate) fn is_nonnegative(formula: &Expr, givens: &Givens) -> Result<bool> {
    let dag = Dag::new(std::slice::from_ref(formula));
    Ok(Facts::of(&dag, givens)?.sign(dag.roots()[0]).nonnegative)
}
