//! Collect: products of several sparse matrices with one thin one become a product of their sum.
//! In: a class and a node.  Out: an equal class, or nothing where the guard fails.
//! Invariant: only what lies on one pattern is collected: its sum costs an entry each, a product as many as the thin
//! side.
//! Not here: the other way (see `linear`).

use egg::Id;

use crate::expr::Op;
use crate::facts::Layout;
use crate::rewrite::build::{apply, sum, terms};
use crate::rewrite::language::{ENode, Graph};

/// A term of a sum: its weight, and the sparse and the thin side of the product it is.
struct SparseProduct {
    weight: f64,
    sparse: Id,
    thin: Id,
}

/// Collects products whose sparse factor stands on `side`.
pub(super) fn collect(graph: &mut Graph, node: &ENode, side: usize) -> Option<Id> {
    if !node.is(&Op::Add) {
        return None;
    }
    let all: Vec<(f64, Id)> = node.args.iter().flat_map(|&arg| terms(graph, arg)).collect();
    let products: Vec<(usize, SparseProduct)> = all
        .iter()
        .enumerate()
        .filter_map(|(at, &(weight, id))| Some((at, product(graph, weight, id, side)?)))
        .collect();
    let (first, rest) = products.split_first()?;
    let mut taken = vec![first];
    taken.extend(rest.iter().filter(|(_, other)| alike(graph, &first.1, other)));
    if taken.len() < 2 {
        return None;
    }
    let weighted: Vec<(f64, Id)> = taken.iter().map(|(_, p)| (p.weight, p.sparse)).collect();
    let (places, thin): (Vec<usize>, Id) = (taken.iter().map(|(at, _)| *at).collect(), first.1.thin);
    let whole = sum(graph, &weighted);
    let args = if side == 0 { [whole, thin] } else { [thin, whole] };
    let together = apply(graph, Op::MatMul, &args);
    let mut left: Vec<(f64, Id)> =
        all.into_iter().enumerate().filter(|(at, _)| !places.contains(at)).map(|(_, term)| term).collect();
    left.push((1.0, together));
    Some(sum(graph, &left))
}

fn product(graph: &Graph, weight: f64, id: Id, side: usize) -> Option<SparseProduct> {
    graph[id].nodes.iter().filter(|node| node.is(&Op::MatMul)).find_map(|node| {
        let (sparse, thin) = (graph.find(node.args[side]), graph.find(node.args[1 - side]));
        let known = matches!(graph[sparse].data.layout, Layout::Sparse { pattern: Some(_), .. });
        known.then_some(SparseProduct { weight, sparse, thin })
    })
}

fn alike(graph: &Graph, a: &SparseProduct, b: &SparseProduct) -> bool {
    a.thin == b.thin && graph[a.sparse].data.layout == graph[b.sparse].data.layout
}
