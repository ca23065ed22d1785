//! Sign: what values that are 0 or 1, or never negative, make simpler.
//! In: a class and a node.  Out: an equal class, or nothing where the guard fails.
//! Invariant: the guard is a fact, true of every value.
//! Not here: the facts (see `facts::Sign`).

use egg::Id;

use crate::expr::Op;
use crate::rewrite::build::product;
use crate::rewrite::language::{ENode, Graph};

pub(super) fn binary_square(graph: &mut Graph, _class: Id, node: &ENode) -> Option<Id> {
    if node.is(&Op::Pow) {
        let positive = graph[node.args[1]].data.number.is_some_and(|exponent| exponent > 0.0);
        return (positive && graph[node.args[0]].data.sign.binary).then(|| node.args[0]);
    }
    if !node.is(&Op::Mul) {
        return None;
    }
    let mut factors: Vec<Id> = node.args.iter().map(|&arg| graph.find(arg)).collect();
    let at = (1..factors.len()).find(|&at| factors[at - 1] == factors[at] && graph[factors[at]].data.sign.binary)?;
    factors.remove(at);
    Some(product(graph, &factors))
}

pub(super) fn absolute(graph: &mut Graph, _class: Id, node: &ENode) -> Option<Id> {
    (node.is(&Op::Abs) && graph[node.args[0]].data.sign.nonnegative).then(|| node.args[0])
}
