//! Cost: what a node costs to compute, its arguments being there.
//! In: a node, what is known of its arguments, the place: in full, or at the stored entries of a pattern.  Out:
//! seconds.
//! Invariant: positive; from shapes and stored entries alone; what is the same from run to run costs next to nothing.
//! Not here: sharing (see `extract`).

use egg::Language;

use super::language::{Class, ENode, Graph, Sym};
use crate::expr::{Meaning, Op};
use crate::facts::Shape;

/// Flops a second of a dense product, and of one with a sparse argument; entries a second of what is cheap (a sum, a
/// product) and of what is expensive (an exponential); seconds of any step. Orders of magnitude of one core: they rank
/// plans, they don't predict times.
const DENSE: f64 = 2.5e10;
const SPARSE: f64 = 3e9;
const CHEAP: f64 = 1e9;
const EXPENSIVE: f64 = 1.5e8;
pub(super) const STEP: f64 = 2e-7;
/// A square is a product of a value with itself, read once.
const SQUARE: f64 = 0.9;
/// What is computed once.
const ONCE: f64 = 1e-9;

/// Seconds of a node; `stored` is how many entries are computed where not all are.
pub(super) fn cost(graph: &Graph, class: &Class, node: &ENode, stored: Option<usize>) -> f64 {
    let args: Vec<&Class> = node.args.iter().map(|&arg| &graph[arg].data).collect();
    if class.data && !is_too_large_to_keep(class, node) {
        return ONCE;
    }
    let count = stored.unwrap_or_else(|| class.layout.stored(class.shape)) as f64;
    STEP + match &node.sym {
        Sym::Op(Op::Var(_) | Op::Lit(_) | Op::One) | Sym::Eye(_) | Sym::Observed(_) => 0.0,
        Sym::Op(Op::MatMul) => multiply(args[0], args[1], class.shape, stored),
        Sym::Op(Op::Sum | Op::RowSum | Op::ColSum | Op::SumTo) => args[0].layout.stored(args[0].shape) as f64 / CHEAP,
        Sym::Op(Op::Transpose) if args[0].is_sparse() => ONCE,
        Sym::Op(op) => match op.row().meaning {
            Meaning::Zip(_) if matches!(op, Op::Pow) && args[1].number == Some(2.0) => SQUARE * count / CHEAP,
            Meaning::Zip(_) if !matches!(op, Op::Pow) => count * (args.len() - 1) as f64 / CHEAP,
            Meaning::Map(_) if !matches!(op, Op::Abs | Op::Sign) => count / EXPENSIVE,
            Meaning::Zip(_) => count / EXPENSIVE,
            Meaning::Map(_) | Meaning::Leaf | Meaning::Whole => count / CHEAP,
        },
        Sym::Expand(_) | Sym::Sampled(_) => count / CHEAP,
    }
}

/// A dense matrix as large as data is not kept between runs even where it could be.
fn is_too_large_to_keep(class: &Class, node: &ENode) -> bool {
    !node.is_leaf() && !class.is_sparse() && class.shape.entries() > 16 * (class.shape.rows + class.shape.cols)
}

fn multiply(a: &Class, b: &Class, out: Shape, stored: Option<usize>) -> f64 {
    let nnz = |class: &Class| class.layout.stored(class.shape) as f64;
    match (a.is_sparse(), b.is_sparse(), stored) {
        (false, false, Some(stored)) => 2.0 * a.shape.cols as f64 * stored as f64 / SPARSE,
        (false, false, None) => 2.0 * a.shape.cols as f64 * out.entries() as f64 / DENSE,
        (true, _, _) => 2.0 * nnz(a) * out.cols as f64 / SPARSE,
        (false, true, _) => 2.0 * nnz(b) * out.rows as f64 / SPARSE,
    }
}
