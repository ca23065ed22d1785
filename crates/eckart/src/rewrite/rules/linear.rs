//! Linear: linear functions go into sums, and out of what they don't concern.
//! In: a class and a node.  Out: an equal class, or nothing where the guard fails.
//! Invariant: a term that is stretched counts as often as it is repeated.
//! Not here: products under a sum (see `contract`).

use egg::Id;

use super::expand::{is_small_sum, opens};
use crate::expr::Op;
use crate::facts::Shape;
use crate::rewrite::build::{apply, as_scaled, product, scaled, sum, terms, total, transpose};
use crate::rewrite::language::{ENode, Graph};

fn is_sum(node: &ENode) -> bool {
    [Op::Sum, Op::RowSum, Op::ColSum].iter().any(|op| node.is(op))
}

pub(super) fn sum_of_sum(graph: &mut Graph, _class: Id, node: &ENode) -> Option<Id> {
    if !is_sum(node) || !opens(graph, node.args[0]) {
        return None;
    }
    let within = graph[node.args[0]].data.shape;
    let mut found = Vec::new();
    for (weight, term) in terms(graph, node.args[0]) {
        let own = graph[term].data.shape;
        let (copies, part) = if node.is(&Op::Sum) {
            total(graph, term, within)
        } else if node.is(&Op::RowSum) && own.cols == 1 {
            (within.cols as f64, term)
        } else if node.is(&Op::ColSum) && own.rows == 1 {
            (within.rows as f64, term)
        } else {
            (1.0, graph.add(ENode { sym: node.sym.clone(), args: vec![term] }))
        };
        found.push((weight * copies, part));
    }
    Some(sum(graph, &found))
}

pub(super) fn transpose_sum(graph: &mut Graph, _class: Id, node: &ENode) -> Option<Id> {
    if !node.is(&Op::Transpose) || !is_small_sum(graph, node.args[0]) {
        return None;
    }
    let parts = terms(graph, node.args[0]);
    let transposed: Vec<(f64, Id)> = parts.into_iter().map(|(weight, term)| (weight, transpose(graph, term))).collect();
    Some(sum(graph, &transposed))
}

pub(super) fn raise_literal(graph: &mut Graph, _class: Id, node: &ENode) -> Option<Id> {
    if !(is_sum(node) || node.is(&Op::Transpose) || node.is(&Op::MatMul)) {
        return None;
    }
    let (at, (by, core)) =
        node.args.iter().enumerate().find_map(|(at, &arg)| as_scaled(graph, arg).map(|found| (at, found)))?;
    let mut plain = node.clone();
    plain.args[at] = core;
    let inner = graph.add(plain);
    Some(scaled(graph, by, inner))
}

/// The side of a shape that a product of matrices sums over, where the operand stands left (0) or right (1).
fn inner(shape: Shape, side: usize) -> usize {
    [shape.cols, shape.rows][side]
}

/// The matrix product of `one`, which stands on `side`, with `other`.
fn multiplied(graph: &mut Graph, side: usize, one: Id, other: Id) -> Id {
    let args = if side == 0 { [one, other] } else { [other, one] };
    apply(graph, Op::MatMul, &args)
}

/// The matrix product of a term on `side` of a sum that is stretched to `within` with the other operand.
fn term_times(graph: &mut Graph, side: usize, term: Id, within: Shape, other: Id) -> Id {
    let own = graph[term].data.shape;
    if inner(own, side) == inner(within, side) {
        return multiplied(graph, side, term, other);
    }
    let sums = apply(graph, [Op::ColSum, Op::RowSum][side].clone(), &[other]);
    if inner(own, 1 - side) == 1 {
        return product(graph, &[term, sums]);
    }
    multiplied(graph, side, term, sums)
}

/// Whether a sum is opened beside the other side of a product: also where that is sparse, for its product with a term
/// may be one that is needed anyway.
fn opens_beside(graph: &Graph, sum: Id, other: Id) -> bool {
    opens(graph, sum) || (graph[other].data.is_sparse() && is_small_sum(graph, sum))
}

/// (a + b) @ c and c @ (a + b), the sum on `side`.
pub(super) fn sum_times(graph: &mut Graph, class: Id, node: &ENode, side: usize) -> Option<Id> {
    let [sum, other] = [*node.args.get(side)?, *node.args.get(1 - side)?];
    if !node.is(&Op::MatMul) || !opens_beside(graph, sum, other) {
        return None;
    }
    let within = graph[sum].data.shape;
    let parts = terms(graph, sum);
    let times = |(weight, term): (f64, Id)| (weight, term_times(graph, side, term, within, other));
    let found: Vec<(f64, Id)> = parts.into_iter().map(times).collect();
    of_full_shape(graph, class, &found)
}

/// The sum, where its terms together have the shape of `class`: a line beside a column would.
fn of_full_shape(graph: &mut Graph, class: Id, terms: &[(f64, Id)]) -> Option<Id> {
    let id = sum(graph, terms);
    (graph[id].data.shape == graph[class].data.shape).then_some(id)
}

/// A factor of a product that is a number, a column or a line, and the product of all others.
fn vector_factor(graph: &mut Graph, id: Id) -> Option<(Id, Id)> {
    let shape = graph[id].data.shape;
    let node = graph[id].nodes.iter().find(|node| node.is(&Op::Mul))?.clone();
    if graph[node.args[0]].data.number.is_some() {
        return None;
    }
    let at = node.args.iter().position(|&arg| {
        let own = graph[arg].data.shape;
        own != shape && (own.rows == 1 || own.cols == 1)
    })?;
    let mut rest = node.args.clone();
    let vector = rest.remove(at);
    Some((vector, product(graph, &rest)))
}

/// (u * a) @ b and b @ (u * a), the scaled operand on `side`.
pub(super) fn scaled_times(graph: &mut Graph, class: Id, node: &ENode, side: usize) -> Option<Id> {
    if !node.is(&Op::MatMul) {
        return None;
    }
    let (one, other) = (node.args[side], node.args[1 - side]);
    let (vector, rest) = vector_factor(graph, one)?;
    let inner_of = |graph: &Graph, id: Id| inner(graph[id].data.shape, side);
    if inner_of(graph, rest) != inner_of(graph, one) {
        return None;
    }
    let found = if inner_of(graph, vector) == 1 {
        let product_of_rest = multiplied(graph, side, rest, other);
        product(graph, &[vector, product_of_rest])
    } else {
        let transposed = transpose(graph, vector);
        let scaled_other = product(graph, &[transposed, other]);
        multiplied(graph, side, rest, scaled_other)
    };
    (graph[found].data.shape == graph[class].data.shape).then_some(found)
}

pub(super) fn transpose_product(graph: &mut Graph, _class: Id, node: &ENode) -> Option<Id> {
    if !node.is(&Op::Transpose) {
        return None;
    }
    let inner = graph[node.args[0]].nodes.iter().find(|node| node.is(&Op::Mul))?.clone();
    let transposed: Vec<Id> = inner.args.iter().map(|&arg| transpose(graph, arg)).collect();
    Some(product(graph, &transposed))
}

/// Only where the transposed product is in the graph already: every product has one.
pub(super) fn share_transposed(graph: &mut Graph, _class: Id, node: &ENode) -> Option<Id> {
    if !node.is(&Op::MatMul) {
        return None;
    }
    let transposed = |graph: &Graph, id: Id| {
        let inner = graph[id].nodes.iter().find(|node| node.is(&Op::Transpose)).map(|node| node.args[0]);
        inner.or_else(|| graph.lookup(ENode::new(Op::Transpose, vec![id])))
    };
    let (a, b) = (transposed(graph, node.args[0])?, transposed(graph, node.args[1])?);
    let there = graph.lookup(ENode::new(Op::MatMul, vec![b, a]))?;
    Some(transpose(graph, there))
}
