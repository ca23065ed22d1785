//! Term: a formula whose shapes are known.
//! In: an expression and a shape a node.  Out: a shared tree that rules can match on, and an expression again.
//! Invariant: a term's shape is that of its value; a term of any depth can be dropped.
//! Not here: the rules.

use std::sync::Arc;

use crate::expr::{Expr, Op};
use crate::facts::{Shape, fitting_shape};

/// A node: the expression, with its shape and its arguments' terms beside it.
#[derive(Clone)]
pub(super) struct Term(Arc<TermNode>);

struct TermNode {
    expr: Expr,
    args: Vec<Term>,
    shape: Shape,
    /// Whether it is a product of matrices one of which is zero.
    zero_product: bool,
}

impl Term {
    /// The node of `expr` with other arguments (of the same shapes), or `expr` itself where they are its own.
    pub(super) fn new(expr: &Expr, args: Vec<Term>, shape: Shape) -> Self {
        let same = expr.args().iter().zip(&args).all(|(a, b)| a.address() == b.0.expr.address());
        if same {
            return Self::of(expr.clone(), args, shape);
        }
        let own = args.iter().map(Term::to_expr).collect();
        Self::of(Expr::new(expr.op().clone(), own), args, shape)
    }

    /// A new node, whose shape follows from its arguments'.
    pub(super) fn make(op: Op, args: Vec<Term>) -> Self {
        let shape = fitting_shape(op.row().shape, &args.iter().map(Term::shape).collect::<Vec<_>>());
        let expr = Expr::new(op, args.iter().map(Term::to_expr).collect());
        Self::of(expr, args, shape)
    }

    pub(super) fn number(value: f64) -> Self {
        Self::of(Expr::number(value), Vec::new(), Shape::SCALAR)
    }

    fn of(expr: Expr, args: Vec<Term>, shape: Shape) -> Self {
        let zero_product = *expr.op() == Op::MatMul && args.iter().any(Term::is_zero_factor);
        Self(Arc::new(TermNode { expr, args, shape, zero_product }))
    }

    /// Whether it is zeros, or a product with zeros; either may be transposed.
    fn is_zero_factor(&self) -> bool {
        let plain = if self.is(&Op::Transpose) { self.arg(0) } else { self };
        (plain.is(&Op::Expand) && plain.arg(0).as_number() == Some(0.0)) || plain.is_zero_product()
    }

    /// Whether it is a product of matrices one of which is zero.
    pub(super) fn is_zero_product(&self) -> bool {
        self.0.zero_product
    }

    pub(super) fn op(&self) -> &Op {
        self.0.expr.op()
    }

    pub(super) fn arg(&self, k: usize) -> &Term {
        &self.0.args[k]
    }

    pub(super) fn args(&self) -> &[Term] {
        &self.0.args
    }

    pub(super) fn shape(&self) -> Shape {
        self.0.shape
    }

    pub(super) fn as_number(&self) -> Option<f64> {
        self.0.expr.as_number()
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
        self.0.expr.clone()
    }
}

impl Drop for TermNode {
    /// Takes long chains apart step by step, as dropping a formula does.
    fn drop(&mut self) {
        let mut left = std::mem::take(&mut self.args);
        while let Some(Term(node)) = left.pop() {
            if let Some(mut node) = Arc::into_inner(node) {
                left.append(&mut node.args);
            }
        }
    }
}
