//! Term: a formula whose shapes are known.
//! In: an expression and a shape a node.  Out: a shared tree that rules can match on, and an expression again.
//! Invariant: a term's shape is that of its value.
//! Not here: the rules.

use crate::expr::{Expr, Op};
use crate::facts::{Shape, fitting_shape};

/// A node: the expression, with its shape and its arguments' terms beside it.
#[derive(Clone)]
pub(super) struct Term {
    expr: Expr,
    args: std::sync::Arc<[Term]>,
    shape: Shape,
}

impl Term {
    /// The node of `expr` with other arguments (of the same shapes), or `expr` itself where they are its own.
    pub(super) fn new(expr: &Expr, args: Vec<Term>, shape: Shape) -> Self {
        let same = expr.args().iter().zip(&args).all(|(a, b)| a.address() == b.expr.address());
        let expr = if same {
            expr.clone()
        } else {
            Expr::new(expr.op().clone(), args.iter().map(|a| a.expr.clone()).collect())
        };
        Self { expr, args: args.into(), shape }
    }

    /// A new node, whose shape follows from its arguments'.
    pub(super) fn make(op: Op, args: Vec<Term>) -> Self {
        let shape = fitting_shape(op.row().shape, &args.iter().map(|arg| arg.shape).collect::<Vec<_>>());
        let expr = Expr::new(op, args.iter().map(|a| a.expr.clone()).collect());
        Self { expr, args: args.into(), shape }
    }

    pub(super) fn number(value: f64) -> Self {
        Self { expr: Expr::number(value), args: [].into(), shape: Shape::SCALAR }
    }

    pub(super) fn op(&self) -> &Op {
        self.expr.op()
    }

    pub(super) fn arg(&self, k: usize) -> &Term {
        &self.args[k]
    }

    pub(super) fn args(&self) -> &[Term] {
        &self.args
    }

    pub(super) fn shape(&self) -> Shape {
        self.shape
    }

    pub(super) fn as_number(&self) -> Option<f64> {
        self.expr.as_number()
    }

    /// `c` and `a`, where the term is the literal c times a.
    pub(super) fn as_scaled(&self) -> Option<(f64, &Term)> {
        if *self.op() != Op::Mul {
            return None;
        }
        Some((self.arg(0).as_number()?, self.arg(1)))
    }

    pub(super) fn is(&self, op: &Op) -> bool {
        self.op() == op
    }

    pub(super) fn to_expr(&self) -> Expr {
        self.expr.clone()
    }
}
