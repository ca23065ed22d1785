//! Layout: which parts of a formula are sparse, and on which pattern.
//! In: a `Dag`, its variables' layouts, shapes.  Out: a layout a node.
//! Invariant: `run` keeps exactly these layouts; an entry off the pattern is zero whatever else the formula says.
//! Not here: the patterns themselves (they are data, see `data::Pattern`).

use super::given::Givens;
use super::shape::Shape;
use crate::expr::{Dag, Id, Meaning, Op, Var};

/// How a node's value is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// All entries.
    Dense,
    /// The entries of a pattern only.
    Sparse {
        /// At most so many.
        nnz: usize,
        /// The variable whose stored pattern it is exactly, and whether transposed, where that is known.
        pattern: Option<(Var, bool)>,
    },
}

impl Layout {
    /// Whether only some entries are stored.
    pub fn is_sparse(&self) -> bool {
        matches!(self, Self::Sparse { .. })
    }

    /// At most so many entries are stored, of a value of this shape.
    pub fn stored(&self, shape: Shape) -> usize {
        match self {
            Self::Dense => shape.entries(),
            Self::Sparse { nnz, .. } => *nnz,
        }
    }
}

pub(super) fn layouts(dag: &Dag, givens: &Givens, shapes: &[Shape]) -> Vec<Layout> {
    dag.bottom_up(|id, known| layout_of(dag, id, givens, shapes, known))
}

/// What is known of an argument.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arg<'a> {
    pub layout: &'a Layout,
    pub shape: Shape,
    /// Its value, where it is a literal.
    pub number: Option<f64>,
}

fn layout_of(dag: &Dag, id: Id, givens: &Givens, shapes: &[Shape], known: &[Layout]) -> Layout {
    if let Op::Var(var) = dag.op(id) {
        return layout_of_var(var, givens);
    }
    let fact =
        |&arg: &Id| Arg { layout: &known[arg.index()], shape: shapes[arg.index()], number: dag.expr(arg).as_number() };
    let args: Vec<Arg<'_>> = dag.args(id).iter().map(fact).collect();
    layout_of_op(dag.op(id), &args, shapes[id.index()])
}

pub(crate) fn layout_of_var(var: &Var, givens: &Givens) -> Layout {
    match givens.get(var).and_then(|given| given.sparse) {
        Some(nnz) => Layout::Sparse { nnz, pattern: Some((var.clone(), false)) },
        None => Layout::Dense,
    }
}

pub(crate) fn layout_of_op(op: &Op, args: &[Arg<'_>], shape: Shape) -> Layout {
    match op {
        Op::Mul | Op::Div | Op::Add | Op::Sub | Op::Pow | Op::Max | Op::Min | Op::Greater => zip(op, args, shape),
        Op::Exp | Op::Log | Op::XLogX | Op::Abs | Op::Sign | Op::Sigmoid | Op::Softplus => {
            if keeps_zero(op) {
                args[0].layout.clone()
            } else {
                Layout::Dense
            }
        }
        Op::Observed => args[0].layout.clone(),
        Op::Transpose => match args[0].layout {
            Layout::Dense => Layout::Dense,
            Layout::Sparse { nnz, pattern } => {
                Layout::Sparse { nnz: *nnz, pattern: pattern.clone().map(|(var, transposed)| (var, !transposed)) }
            }
        },
        // What nothing is summed of is passed on.
        Op::SumTo if args[0].shape == shape => args[0].layout.clone(),
        Op::Eye => Layout::Sparse { nnz: shape.rows, pattern: None },
        Op::Var(_) | Op::Lit(_) | Op::MatMul | Op::Sum | Op::RowSum | Op::ColSum | Op::Expand | Op::SumTo | Op::One => {
            Layout::Dense
        }
    }
}

/// Whether a function of each entry is zero at zero.
fn keeps_zero(op: &Op) -> bool {
    match op.row().meaning {
        Meaning::Map(f) => f(0.0) == 0.0,
        Meaning::Leaf | Meaning::Zip(_) | Meaning::Whole => false,
    }
}

/// A function of pairs of entries.
fn zip(op: &Op, args: &[Arg<'_>], shape: Shape) -> Layout {
    // A sparse vector that is stretched is laid out in full: it is small.
    let sparse = |k: usize| Some(args[k].layout).filter(|layout| args[k].shape == shape && layout.is_sparse());
    let vanishes = |literal: usize| {
        let Some(number) = args[literal].number else { return false };
        match op.row().meaning {
            Meaning::Zip(f) if literal == 0 => f(number, 0.0) == 0.0,
            Meaning::Zip(f) => f(0.0, number) == 0.0,
            Meaning::Leaf | Meaning::Map(_) | Meaning::Whole => false,
        }
    };
    match (op, sparse(0), sparse(1)) {
        (Op::Mul, Some(a), Some(b)) => smaller(a, b),
        (Op::Mul, Some(a), None) | (Op::Mul, None, Some(a)) | (Op::Div, Some(a), _) => a.clone(),
        (Op::Add | Op::Sub, Some(a), Some(b)) => union(a, b),
        (_, Some(a), None) if vanishes(1) => a.clone(),
        (_, None, Some(b)) if vanishes(0) => b.clone(),
        (_, _, _) => Layout::Dense,
    }
}

/// The entries of both.
fn smaller(a: &Layout, b: &Layout) -> Layout {
    match (a, b) {
        _ if a == b => a.clone(),
        (Layout::Sparse { nnz: p, .. }, Layout::Sparse { nnz: q, .. }) => {
            Layout::Sparse { nnz: *p.min(q), pattern: None }
        }
        (Layout::Dense, other) | (other, Layout::Dense) => other.clone(),
    }
}

/// The entries of either.
fn union(a: &Layout, b: &Layout) -> Layout {
    match (a, b) {
        (Layout::Sparse { pattern: Some(p), .. }, Layout::Sparse { pattern: Some(q), .. }) if p == q => a.clone(),
        (Layout::Sparse { nnz: p, .. }, Layout::Sparse { nnz: q, .. }) => Layout::Sparse { nnz: p + q, pattern: None },
        (Layout::Dense, _) | (_, Layout::Dense) => Layout::Dense,
    }
}
