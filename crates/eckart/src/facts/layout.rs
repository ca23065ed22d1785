//! Layout: which parts of a formula are sparse, and on which pattern.
//! In: a `Dag`, its variables' layouts, shapes.  Out: a layout a node.
//! Law: `run` keeps exactly these layouts; an entry off the pattern is zero whatever else the formula says.
//! Not here: the patterns themselves (they are data, see `data::Pattern`).

use super::{Givens, Shape};
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

/// The layouts of all nodes.
pub(super) fn layouts(dag: &Dag, givens: &Givens, shapes: &[Shape]) -> Vec<Layout> {
    let mut layouts: Vec<Layout> = Vec::with_capacity(dag.len());
    for id in dag.ids() {
        layouts.push(layout_of(dag, id, givens, shapes, &layouts));
    }
    layouts
}

fn layout_of(dag: &Dag, id: Id, givens: &Givens, shapes: &[Shape], known: &[Layout]) -> Layout {
    let args = dag.args(id);
    let arg = |k: usize| &known[args[k].index()];
    match dag.op(id) {
        Op::Var(var) => match givens.get(var).and_then(|g| g.sparse) {
            Some(nnz) => Layout::Sparse { nnz, pattern: Some((var.clone(), false)) },
            None => Layout::Dense,
        },
        Op::Mul | Op::Div | Op::Add | Op::Sub | Op::Pow | Op::Max | Op::Min | Op::Greater => {
            zip(dag, id, shapes, known)
        }
        op @ (Op::Exp | Op::Log | Op::XLogX | Op::Abs | Op::Sign | Op::Sigmoid | Op::Softplus) => {
            if keeps_zero(op) {
                arg(0).clone()
            } else {
                Layout::Dense
            }
        }
        Op::Observed => arg(0).clone(),
        Op::Transpose => match arg(0) {
            Layout::Dense => Layout::Dense,
            Layout::Sparse { nnz, pattern } => {
                Layout::Sparse { nnz: *nnz, pattern: pattern.clone().map(|(var, flipped)| (var, !flipped)) }
            }
        },
        // What nothing is summed of is passed on.
        Op::SumTo if shapes[args[0].index()] == shapes[id.index()] => arg(0).clone(),
        Op::Eye => Layout::Sparse { nnz: shapes[id.index()].rows, pattern: None },
        Op::Lit(_) | Op::MatMul | Op::Sum | Op::RowSum | Op::ColSum | Op::Expand | Op::SumTo | Op::One => Layout::Dense,
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
fn zip(dag: &Dag, id: Id, shapes: &[Shape], known: &[Layout]) -> Layout {
    let args = dag.args(id);
    // A sparse vector that is stretched is laid out in full: it is small.
    let full = |k: usize| shapes[args[k].index()] == shapes[id.index()];
    let sparse = |k: usize| if full(k) { Some(&known[args[k].index()]).filter(|l| l.is_sparse()) } else { None };
    let (left, right) = (sparse(0), sparse(1));
    let vanishes = |literal: usize| {
        let Some(number) = dag.expr(args[literal]).as_number() else { return false };
        match dag.op(id).row().meaning {
            Meaning::Zip(f) if literal == 0 => f(number, 0.0) == 0.0,
            Meaning::Zip(f) => f(0.0, number) == 0.0,
            Meaning::Leaf | Meaning::Map(_) | Meaning::Whole => false,
        }
    };
    match (dag.op(id), left, right) {
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
