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

/// The matrix product of a term of a sum that is stretched to `within` (n x k) with `b` (k x m).
fn term_times(graph: &mut Graph, term: Id, within: Shape, b: Id) -> Id {
    if graph[term].data.shape.cols == within.cols {
        return apply(graph, Op::MatMul, &[term, b]);
    }
    let columns = apply(graph, Op::ColSum, &[b]);
    if graph[term].data.shape.rows == 1 {
        return product(graph, &[term, columns]);
    }
    apply(graph, Op::MatMul, &[term, columns])
}

/// The matrix product of `a` (n x k) with a term of a sum that is stretched to `within` (k x m).
fn times_term(graph: &mut Graph, a: Id, term: Id, within: Shape) -> Id {
    if graph[term].data.shape.rows == within.rows {
        return apply(graph, Op::MatMul, &[a, term]);
    }
    let rows = apply(graph, Op::RowSum, &[a]);
    if graph[term].data.shape.cols == 1 {
        return product(graph, &[rows, term]);
    }
    apply(graph, Op::MatMul, &[rows, term])
}

/// Whether a sum is opened beside the other side of a product: also where that is sparse, for its product with a term
/// may be one that is needed anyway.
fn opens_beside(graph: &Graph, sum: Id, other: Id) -> bool {
    opens(graph, sum) || (graph[other].data.is_sparse() && is_small_sum(graph, sum))
}

pub(super) fn sum_times(graph: &mut Graph, class: Id, node: &ENode) -> Option<Id> {
    if !node.is(&Op::MatMul) || !opens_beside(graph, node.args[0], node.args[1]) {
        return None;
    }
    let (a, b) = (node.args[0], node.args[1]);
    let within = graph[a].data.shape;
    let parts = terms(graph, a);
    let found: Vec<(f64, Id)> = parts.into_iter().map(|(w, term)| (w, term_times(graph, term, within, b))).collect();
    of_full_shape(graph, class, &found)
}

pub(super) fn times_sum(graph: &mut Graph, class: Id, node: &ENode) -> Option<Id> {
    if !node.is(&Op::MatMul) || !opens_beside(graph, node.args[1], node.args[0]) {
        return None;
    }
    let (a, b) = (node.args[0], node.args[1]);
    let within = graph[b].data.shape;
    let parts = terms(graph, b);
    let found: Vec<(f64, Id)> = parts.into_iter().map(|(w, term)| (w, times_term(graph, a, term, within))).collect();
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

pub(super) fn scaled_times(graph: &mut Graph, class: Id, node: &ENode) -> Option<Id> {
    if !node.is(&Op::MatMul) {
        return None;
    }
    let (vector, rest) = vector_factor(graph, node.args[0])?;
    let (own, inner) = (graph[vector].data.shape, graph[node.args[0]].data.shape.cols);
    let b = node.args[1];
    let found = if own.cols == 1 {
        // A column or a number scales rows of the result; what is left must still fit.
        if graph[rest].data.shape.cols != inner {
            return None;
        }
        let product_of_rest = apply(graph, Op::MatMul, &[rest, b]);
        product(graph, &[vector, product_of_rest])
    } else {
        if graph[rest].data.shape.cols != inner {
            return None;
        }
        let column = transpose(graph, vector);
        let scaled_b = product(graph, &[column, b]);
        apply(graph, Op::MatMul, &[rest, scaled_b])
    };
    (graph[found].data.shape == graph[class].data.shape).then_some(found)
}

pub(super) fn times_scaled(graph: &mut Graph, class: Id, node: &ENode) -> Option<Id> {
    if !node.is(&Op::MatMul) {
        return None;
    }
    let (vector, rest) = vector_factor(graph, node.args[1])?;
    let (own, inner) = (graph[vector].data.shape, graph[node.args[1]].data.shape.rows);
    let a = node.args[0];
    if graph[rest].data.shape.rows != inner {
        return None;
    }
    let found = if own.rows == 1 {
        let product_of_rest = apply(graph, Op::MatMul, &[a, rest]);
        product(graph, &[vector, product_of_rest])
    } else {
        let line = transpose(graph, vector);
        let scaled_a = product(graph, &[line, a]);
        apply(graph, Op::MatMul, &[scaled_a, rest])
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
