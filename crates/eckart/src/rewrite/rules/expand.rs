//! Expand: products of large sums become sums of products.
//! In: a class and a node.  Out: an equal class, or nothing where the guard fails.
//! Invariant: only sums that something is gained by opening are opened, and none beside a sparse factor: there the
//! value is computed at the stored entries anyway, without cancellation.
//! Not here: sums of the results (see `linear`, `contract`).

use egg::Id;

use crate::expr::Op;
use crate::rewrite::build::{factors, is_low_rank, product, sum, terms};
use crate::rewrite::language::{ENode, Graph};

/// Terms of a sum that is opened, at most.
const MOST_TERMS: usize = 16;

/// Whether a value is a matrix and a sum of few terms.
pub(super) fn is_small_sum(graph: &Graph, id: Id) -> bool {
    let shape = graph[id].data.shape;
    let is_sum = shape.rows > 1 && shape.cols > 1 && graph[id].nodes.iter().any(|node| node.is(&Op::Add));
    is_sum && terms(graph, id).len() <= MOST_TERMS
}

/// Whether something is gained by opening a sum: it is a matrix, and a term or a factor of one is sparse or of low
/// rank.
pub(super) fn opens(graph: &Graph, id: Id) -> bool {
    let gains = |id: Id| graph[id].data.is_sparse() || is_low_rank(graph, id);
    let any = |&(_, term): &(f64, Id)| gains(term) || factors(graph, term).1.into_iter().any(gains);
    is_small_sum(graph, id) && terms(graph, id).iter().any(any)
}

pub(super) fn square(graph: &mut Graph, _class: Id, node: &ENode) -> Option<Id> {
    if !node.is(&Op::Pow) || graph[node.args[1]].data.number != Some(2.0) {
        return None;
    }
    let base = node.args[0];
    let wide_product = is_low_rank(graph, base) || graph[base].nodes.iter().any(|node| node.is(&Op::Mul));
    (opens(graph, base) || wide_product).then(|| product(graph, &[base, base]))
}

pub(super) fn distribute(graph: &mut Graph, _class: Id, node: &ENode) -> Option<Id> {
    if !node.is(&Op::Mul) {
        return None;
    }
    let opened = node.args.iter().position(|&arg| opens(graph, arg))?;
    let mut rest = node.args.clone();
    let factor = graph.find(rest.remove(opened));
    if rest.iter().any(|&arg| graph[arg].data.is_sparse()) {
        return None;
    }
    let all = terms(graph, factor);
    let again = rest.iter().position(|&arg| graph.find(arg) == factor);
    let mut found = Vec::new();
    match again {
        None => {
            for &(weight, term) in &all {
                let mut factors = rest.clone();
                factors.push(term);
                found.push((weight, product(graph, &factors)));
            }
        }
        Some(again) => {
            rest.remove(again);
            for (at, &(weight, term)) in all.iter().enumerate() {
                for (to, &(other_weight, other)) in all.iter().enumerate().skip(at) {
                    let mut factors = rest.clone();
                    factors.extend([term, other]);
                    let twice = if to == at { 1.0 } else { 2.0 };
                    found.push((twice * weight * other_weight, product(graph, &factors)));
                }
            }
        }
    }
    Some(sum(graph, &found))
}
