//! Contract: sums of entrywise products with a product of low rank need no large matrix.
//! In: a class and a node.  Out: an equal class, or nothing where the guard fails.
//! Invariant: the inner side of the product that is taken apart is shorter than both outer ones.
//! Not here: sums of sums (see `linear`).

use egg::Id;

use crate::expr::Op;
use crate::facts::Shape;
use crate::rewrite::build::{apply, low_rank_product, product, total, transpose};
use crate::rewrite::language::{ENode, Graph, Sym};

/// The factors of the entrywise product under a `sum`, `rowsum` or `colsum`.
fn factors_under(graph: &Graph, node: &ENode, op: &Op) -> Option<(Shape, Vec<Id>)> {
    if !node.is(op) {
        return None;
    }
    let inner = graph[node.args[0]].nodes.iter().find(|node| node.is(&Op::Mul))?;
    if graph[inner.args[0]].data.number.is_some() {
        return None;
    }
    Some((graph[node.args[0]].data.shape, inner.args.clone()))
}

/// A product of low rank among the factors, and all others multiplied, where these have the full shape.
fn taken_apart(graph: &mut Graph, shape: Shape, factors: &[Id]) -> Option<(Id, Id, Id)> {
    for (at, &factor) in factors.iter().enumerate() {
        let Some((a, b)) = low_rank_product(graph, factor) else { continue };
        let (_, rest) = without(graph, factors, at);
        if graph[rest].data.shape == shape {
            return Some((a, b, rest));
        }
    }
    None
}

fn times_transposed(graph: &mut Graph, c: Id, b: Id) -> Id {
    let transposed = transpose(graph, b);
    apply(graph, Op::MatMul, &[c, transposed])
}

fn transposed_times(graph: &mut Graph, a: Id, c: Id) -> Id {
    let transposed = transpose(graph, a);
    apply(graph, Op::MatMul, &[transposed, c])
}

/// A sum, by `op`, of a product with `a @ b`: the left side a stays where `side` is 0, else b.
pub(super) fn adjoint(graph: &mut Graph, node: &ENode, op: &Op, side: usize) -> Option<Id> {
    let (shape, factors) = factors_under(graph, node, op)?;
    let (a, b, c) = taken_apart(graph, shape, &factors)?;
    let moved = if side == 0 { times_transposed(graph, c, b) } else { transposed_times(graph, a, c) };
    let inner = product(graph, &[[a, b][side], moved]);
    Some(apply(graph, op.clone(), &[inner]))
}

/// Columns, lines and one product of low rank: the columns scale its left side, the lines its right.
pub(super) fn sum_of_scaled(graph: &mut Graph, _class: Id, node: &ENode) -> Option<Id> {
    let (shape, factors) = factors_under(graph, node, &Op::Sum)?;
    let full: Vec<Id> = factors.iter().copied().filter(|&f| graph[f].data.shape == shape).collect();
    let [one] = full.as_slice() else { return None };
    let (a, b) = low_rank_product(graph, *one)?;
    let side = |graph: &Graph, line: bool| {
        let fits = |&&f: &&Id| f != *one && (graph[f].data.shape.cols > 1) == line;
        factors.iter().filter(fits).copied().collect::<Vec<Id>>()
    };
    let (mut columns, mut lines) = (side(graph, false), side(graph, true));
    columns.push(a);
    lines.push(b);
    let (left, right) = (product(graph, &columns), product(graph, &lines));
    let whole = apply(graph, Op::MatMul, &[left, right]);
    Some(apply(graph, Op::Sum, &[whole]))
}

/// A factor that is a number, a column or a line: what is left is summed along it first.
pub(super) fn sum_beside_vector(graph: &mut Graph, _class: Id, node: &ENode) -> Option<Id> {
    let (shape, factors) = factors_under(graph, node, &Op::Sum)?;
    if shape.rows == 1 || shape.cols == 1 {
        return None;
    }
    let mut smaller: Vec<usize> = (0..factors.len()).collect();
    smaller.retain(|&at| graph[factors[at]].data.shape != shape);
    smaller.into_iter().find_map(|at| {
        let (vector, rest) = without(graph, &factors, at);
        if graph[rest].data.shape != shape {
            return None;
        }
        let own = graph[vector].data.shape;
        if own.is_scalar() {
            let sum = apply(graph, Op::Sum, &[rest]);
            return Some(product(graph, &[vector, sum]));
        }
        let sums = apply(graph, if own.cols == 1 { Op::RowSum } else { Op::ColSum }, &[rest]);
        let inner = product(graph, &[vector, sums]);
        Some(apply(graph, Op::Sum, &[inner]))
    })
}

pub(super) fn sum_of_outer(graph: &mut Graph, _class: Id, node: &ENode) -> Option<Id> {
    let (shape, factors) = factors_under(graph, node, &Op::Sum)?;
    if shape.rows == 1 || shape.cols == 1 || factors.iter().any(|&f| graph[f].data.shape == shape) {
        return None;
    }
    let (lines, columns): (Vec<Id>, Vec<Id>) = factors.iter().partition(|&&f| graph[f].data.shape.cols > 1);
    let (column, line) = (product(graph, &columns), product(graph, &lines));
    let (_, down) = total(graph, column, graph[column].data.shape);
    let (_, across) = total(graph, line, graph[line].data.shape);
    Some(product(graph, &[down, across]))
}

/// The sum of rows (`side` 0) or columns of a product with a column or a line.
pub(super) fn sums_of_scaled(graph: &mut Graph, node: &ENode, side: usize) -> Option<Id> {
    let op = [Op::RowSum, Op::ColSum][side].clone();
    let (shape, factors) = factors_under(graph, node, &op)?;
    let summed = |shape: Shape| [shape.cols, shape.rows][side];
    let mut smaller: Vec<usize> = (0..factors.len()).collect();
    smaller.retain(|&at| graph[factors[at]].data.shape != shape);
    smaller.into_iter().find_map(|at| {
        let (vector, rest) = without(graph, &factors, at);
        let [of_vector, of_rest] = [vector, rest].map(|id| graph[id].data.shape);
        if summed(of_vector) == 1 && summed(of_rest) == summed(shape) {
            let sums = apply(graph, op.clone(), &[rest]);
            return Some(product(graph, &[vector, sums]));
        }
        match side {
            _ if of_rest != shape => None,
            0 => Some(times_transposed(graph, rest, vector)),
            _ => Some(transposed_times(graph, vector, rest)),
        }
    })
}

/// A factor, and the product of all others.
fn without(graph: &mut Graph, factors: &[Id], at: usize) -> (Id, Id) {
    let mut rest = factors.to_vec();
    let one = rest.remove(at);
    (one, product(graph, &rest))
}

fn is_identity(graph: &Graph, id: Id) -> bool {
    graph[id].nodes.iter().any(|node| matches!(node.sym, Sym::Eye(_)))
}

pub(super) fn trace(graph: &mut Graph, _class: Id, node: &ENode) -> Option<Id> {
    let (shape, factors) = factors_under(graph, node, &Op::Sum)?;
    let &[x, y] = factors.as_slice() else { return None };
    let other = if is_identity(graph, x) {
        y
    } else if is_identity(graph, y) {
        x
    } else {
        return None;
    };
    // A number counts once for each entry of the diagonal.
    if graph[other].data.shape != shape {
        return None;
    }
    let inner = graph[other].nodes.iter().find(|node| node.is(&Op::MatMul))?.clone();
    let transposed = transpose(graph, inner.args[1]);
    let both = product(graph, &[inner.args[0], transposed]);
    Some(apply(graph, Op::Sum, &[both]))
}

pub(super) fn times_identity(graph: &mut Graph, _class: Id, node: &ENode) -> Option<Id> {
    if !node.is(&Op::MatMul) {
        return None;
    }
    let (a, b) = (node.args[0], node.args[1]);
    if is_identity(graph, a) {
        return Some(b);
    }
    is_identity(graph, b).then_some(a)
}
