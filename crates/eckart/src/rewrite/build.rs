//! Build: nodes in their one spelling.
//! In: classes.  Out: a class of their sum, product and so on.
//! Invariant: sums are flat, without literals inside products but in front; products are flat and sorted; so equal sums
//! and products are one node.
//! Not here: what is worth building (see `rules`).

use egg::{Id, Language};

use super::language::{ENode, Graph, Sym, zeros};
use crate::expr::{Number, Op, Var};
use crate::facts::{Layout, Shape};

/// Parts of a sum or product that are taken apart, at most: a class that holds itself would have no end of them.
const MOST_PARTS: usize = 64;
/// How deep sums, products and literals in front of them are taken apart: what is larger holds itself, as a - b and
/// b - a do, of which each is -1 times the other.
const DEEPEST: usize = 2 * MOST_PARTS;

pub(super) fn number(graph: &mut Graph, value: f64) -> Id {
    graph.add(ENode::new(Op::Lit(Number::new(value)), vec![]))
}

pub(super) fn apply(graph: &mut Graph, op: Op, args: &[Id]) -> Id {
    graph.add(ENode::new(op, args.to_vec()))
}

pub(super) fn scaled(graph: &mut Graph, by: f64, id: Id) -> Id {
    let (mut by, mut id) = (by, id);
    for _ in 0..DEEPEST {
        if by == 1.0 {
            return id;
        }
        if by == 0.0 {
            return zeros(graph, graph[id].data.shape);
        }
        if let Some(value) = graph[id].data.number {
            return number(graph, by * value);
        }
        let Some((inner, core)) = as_scaled(graph, id) else { break };
        (by, id) = (by * inner, core);
    }
    let by = number(graph, by);
    graph.add(ENode::new(Op::Mul, vec![by, id]))
}

/// The literal and the value, where the class holds such a product.
pub(super) fn as_scaled(graph: &Graph, id: Id) -> Option<(f64, Id)> {
    let pairs = graph[id].nodes.iter().filter(|node| node.is(&Op::Mul) && node.args.len() == 2);
    pairs.filter(|node| !reads(graph, node, id)).find_map(|node| {
        let literal = graph[node.args[0]].data.number?;
        Some((literal, node.args[1]))
    })
}

/// A value as a literal times factors: those of a product, or itself.
pub(super) fn factors(graph: &Graph, id: Id) -> (f64, Vec<Id>) {
    let mut literal = 1.0;
    let (mut found, mut left) = (Vec::new(), vec![(id, 0)]);
    while let Some((id, depth)) = left.pop() {
        let id = graph.find(id);
        if found.len() + left.len() >= MOST_PARTS || depth > DEEPEST {
            found.push(id);
        } else if let Some(value) = graph[id].data.number {
            literal *= value;
        } else if let Some((value, core)) = as_scaled(graph, id) {
            literal *= value;
            left.push((core, depth + 1));
        } else if let Some(node) = graph[id].nodes.iter().find(|node| node.is(&Op::Mul) && !reads(graph, node, id)) {
            left.extend(node.args.iter().map(|&arg| (arg, depth + 1)));
        } else {
            found.push(id);
        }
    }
    found.sort_unstable();
    (literal, found)
}

/// Whether a node of a class reads the class itself, as in a = a * a, where a is 0 or 1.
fn reads(graph: &Graph, node: &ENode, class: Id) -> bool {
    node.args.iter().any(|&arg| graph.find(arg) == class)
}

/// A value as a sum of literals times values; one term where it is no sum.
pub(super) fn terms(graph: &Graph, id: Id) -> Vec<(f64, Id)> {
    let (mut found, mut left) = (Vec::new(), vec![(1.0, id, 0)]);
    while let Some((weight, id, depth)) = left.pop() {
        let id = graph.find(id);
        if found.len() + left.len() >= MOST_PARTS || depth > DEEPEST {
            found.push((weight, id));
        } else if let Some(node) = graph[id].nodes.iter().find(|node| node.is(&Op::Add) && !reads(graph, node, id)) {
            left.extend(node.args.iter().rev().map(|&arg| (weight, arg, depth + 1)));
        } else if let Some((literal, core)) = as_scaled(graph, id) {
            left.push((weight * literal, core, depth + 1));
        } else {
            found.push((weight, id));
        }
    }
    found
}

pub(super) fn product(graph: &mut Graph, ids: &[Id]) -> Id {
    let (mut literal, mut all) = (1.0, Vec::new());
    for id in drop_squares(graph, ids) {
        let (own, more) = factors(graph, id);
        literal *= own;
        all.extend(more);
    }
    all.sort_unstable();
    drop_masks(graph, &mut all);
    let core = match all.as_slice() {
        [] => return number(graph, literal),
        [one] => *one,
        many => apply(graph, Op::Mul, many),
    };
    scaled(graph, literal, core)
}

/// a * a = a, where a is 0 or 1 and a product: taken apart, a class that holds a would hold a * a as well, and so on.
fn drop_squares(graph: &Graph, ids: &[Id]) -> Vec<Id> {
    let mut once: Vec<Id> = Vec::with_capacity(ids.len());
    for id in ids.iter().map(|&id| graph.find(id)) {
        let is_product = || graph[id].nodes.iter().any(|node| node.is(&Op::Mul));
        if !(once.contains(&id) && graph[id].data.sign.binary && is_product()) {
            once.push(id);
        }
    }
    once
}

/// observed(X) * a = a, where a is zero wherever observed(X) is. No rule of the search: a class that holds a product
/// with itself can't be taken apart.
fn drop_masks(graph: &Graph, factors: &mut Vec<Id>) {
    let mask_of = |id: Id| {
        graph[id].nodes.iter().find_map(|node| match &node.sym {
            Sym::Observed(var) => Some(var),
            Sym::Op(_) | Sym::Expand(_) | Sym::Eye(_) | Sym::Sampled(_) => None,
        })
    };
    // Missing entries of a dense matrix read as zero in formulas.
    let is_masked = |id: Id, by: &Var| {
        matches!(&graph[id].data.layout, Layout::Sparse { pattern: Some((var, false)), .. } if var == by)
            || graph[id].nodes.iter().any(|node| node.is(&Op::Var(by.clone())) || node.sym == Sym::Observed(by.clone()))
    };
    let mut at = 0;
    while at < factors.len() {
        let others = |k: &usize| *k != at;
        let drop =
            mask_of(factors[at]).is_some_and(|by| (0..factors.len()).filter(others).any(|k| is_masked(factors[k], by)));
        if drop {
            factors.remove(at);
        } else {
            at += 1;
        }
    }
}

/// The sum of literals times values, like terms put together.
pub(super) fn sum(graph: &mut Graph, terms: &[(f64, Id)]) -> Id {
    let mut merged: Vec<(Id, f64)> = Vec::new();
    for &(weight, id) in terms {
        // All literals are one term.
        let (weight, id) = match graph[id].data.number {
            Some(value) => (weight * value, number(graph, 1.0)),
            None if graph[id].data.zero => (0.0, graph.find(id)),
            None => (weight, graph.find(id)),
        };
        match merged.iter_mut().find(|(known, _)| *known == id) {
            Some((_, sum)) => *sum += weight,
            None => merged.push((id, weight)),
        }
    }
    let shape = merged.iter().map(|(id, _)| graph[*id].data.shape).reduce(Shape::stretched);
    // A term that vanishes may still be what gives the sum its shape.
    let rest: Vec<(Id, f64)> = merged.iter().copied().filter(|(_, weight)| *weight != 0.0).collect();
    let kept = rest.iter().map(|(id, _)| graph[*id].data.shape).reduce(Shape::stretched);
    let merged = if kept == shape { rest } else { merged };
    let mut parts: Vec<Id> = merged.into_iter().map(|(id, weight)| scaled(graph, weight, id)).collect();
    parts.sort_unstable();
    match parts.as_slice() {
        [] => number(graph, 0.0),
        [one] => *one,
        many => apply(graph, Op::Add, many),
    }
}

/// The transpose, where the class knows one that is simpler.
pub(super) fn transpose(graph: &mut Graph, id: Id) -> Id {
    if graph[id].data.shape.is_scalar() {
        return id;
    }
    let transposed = graph[id].nodes.iter().find(|node| node.is(&Op::Transpose)).map(|node| node.args[0]);
    transposed.unwrap_or_else(|| apply(graph, Op::Transpose, &[id]))
}

/// The sum of all entries of a value as it counts within a larger shape that it is stretched to.
pub(super) fn total(graph: &mut Graph, id: Id, within: Shape) -> (f64, Id) {
    let own = graph[id].data.shape;
    let copies = within.entries() as f64 / own.entries() as f64;
    let sum = if own.is_scalar() { id } else { apply(graph, Op::Sum, &[id]) };
    (copies, sum)
}

/// Whether a class holds a product of matrices whose inner side is shorter than both outer ones.
pub(super) fn is_low_rank(graph: &Graph, id: Id) -> bool {
    low_rank_product(graph, id).is_some()
}

/// The two sides of such a product.
pub(super) fn low_rank_product(graph: &Graph, id: Id) -> Option<(Id, Id)> {
    let shape = graph[id].data.shape;
    graph[id].nodes.iter().filter(|node| node.is(&Op::MatMul)).find_map(|node| {
        let (a, b) = (node.args[0], node.args[1]);
        let inner = graph[a].data.shape.cols;
        (inner < shape.rows.min(shape.cols)).then_some((a, b))
    })
}

/// Whether a node is of a function of one or two entries that is neither sum nor product.
pub(super) fn is_pointwise(node: &ENode) -> bool {
    use crate::expr::Meaning;
    match &node.sym {
        Sym::Op(op) => !node.is_leaf() && matches!(op.row().meaning, Meaning::Map(_) | Meaning::Zip(_)),
        Sym::Sampled(_) => true,
        Sym::Expand(_) | Sym::Eye(_) | Sym::Observed(_) => false,
    }
}
