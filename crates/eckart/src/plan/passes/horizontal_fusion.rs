//! Horizontal fusion: products of one data matrix with several thin ones become one product.
//! In: nodes, arguments first.  Out: nodes of the same values, arguments first.
//! Invariant: X is read once for all of a group; a group's panel stays small enough for a cache; none needs another's
//! result.
//! Not here: equal products, which are one node anyway (see `lower`).

use std::collections::{BTreeMap, BTreeSet};

use super::lower::{LoweredNode, sorted};
use crate::facts::{Givens, Layout, Shape};
use crate::plan::program::Kernel;

/// Bytes of a group's thin matrices together, at most: beyond what a cache holds, a wide product is slower than narrow
/// ones (with a sparse X every stored entry reads a row of them).
const MOST_PANEL: usize = 1 << 22;

/// Products with the same data on the same side: the data's node, the side, which arguments are transposed.
type ProductGroup = (usize, usize, [bool; 2]);

/// The same values, with fewer and wider products.
pub(super) fn fuse_products(
    nodes: Vec<LoweredNode>,
    outputs: Vec<usize>,
    givens: &Givens,
) -> (Vec<LoweredNode>, Vec<usize>) {
    let mut groups: BTreeMap<ProductGroup, Vec<usize>> = BTreeMap::new();
    for (at, node) in nodes.iter().enumerate() {
        if let Some(group) = group_of(&nodes, node, givens) {
            groups.entry(group).or_default().push(at);
        }
    }
    let mut wide = Wide { nodes, moved: BTreeMap::new() };
    for (group, members) in groups {
        for members in wide.packed(group.1, &members) {
            wide.join(group, &members);
        }
    }
    sorted(&wide.nodes, &outputs, &wide.moved)
}

fn group_of(nodes: &[LoweredNode], node: &LoweredNode, givens: &Givens) -> Option<ProductGroup> {
    let Kernel::Product { transpose } = node.kernel else { return None };
    let is_data = |side: usize| match &nodes[node.args[side]].kernel {
        Kernel::Input(var) => givens.get(var).is_some_and(|given| given.data),
        _ => false,
    };
    let side = (0..2).find(|&side| is_data(side) && !is_data(1 - side))?;
    let other = &nodes[node.args[1 - side]];
    let thin = other.layout == Layout::Dense
        && other.shape.rows.min(other.shape.cols) * 4 <= other.shape.rows.max(other.shape.cols);
    thin.then_some((node.args[side], side, transpose))
}

struct Wide {
    nodes: Vec<LoweredNode>,
    /// Products that became a part of a wider one.
    moved: BTreeMap<usize, usize>,
}

impl Wide {
    /// Members that don't need each other, in lots whose panel is small enough; lots of one are left out.
    fn packed(&self, side: usize, members: &[usize]) -> Vec<Vec<usize>> {
        let mut lots: Vec<(usize, Vec<usize>)> = Vec::new();
        for &member in members {
            let before = self.before(member);
            let bytes = self.nodes[self.nodes[member].args[1 - side]].shape.entries() * size_of::<f64>();
            let fits = |(held, lot): &&mut (usize, Vec<usize>)| {
                held + bytes <= MOST_PANEL && lot.iter().all(|other| !before.contains(other))
            };
            match lots.iter_mut().find(fits) {
                Some((held, lot)) => {
                    *held += bytes;
                    lot.push(member);
                }
                None => lots.push((bytes, vec![member])),
            }
        }
        lots.into_iter().map(|(_, lot)| lot).filter(|lot| lot.len() > 1).collect()
    }

    /// All nodes that a node needs, directly or not.
    fn before(&self, at: usize) -> BTreeSet<usize> {
        let (mut found, mut left) = (BTreeSet::new(), vec![at]);
        while let Some(at) = left.pop() {
            for &arg in &self.nodes[at].args {
                if found.insert(arg) {
                    left.push(arg);
                }
            }
        }
        found
    }

    fn join(&mut self, (data, side, transpose): ProductGroup, members: &[usize]) {
        let by_rows = transpose[1 - side] == (side == 0);
        let thin: Vec<usize> = members.iter().map(|&m| self.nodes[m].args[1 - side]).collect();
        let shape = thin.iter().map(|&at| self.nodes[at].shape).reduce(|a, b| beside(a, b, by_rows));
        let panel = self.push(Kernel::Join { by_rows }, thin, shape.unwrap_or(Shape::SCALAR), members[0]);
        let args = if side == 0 { vec![data, panel] } else { vec![panel, data] };
        let shape = members.iter().map(|&m| self.nodes[m].shape).reduce(|a, b| beside(a, b, side == 1));
        let product = self.push(Kernel::Product { transpose }, args, shape.unwrap_or(Shape::SCALAR), members[0]);
        let mut from = 0;
        for &member in members {
            let shape = self.nodes[member].shape;
            let part = self.push(Kernel::Part { by_rows: side == 1, from }, vec![product], shape, member);
            from += if side == 1 { shape.rows } else { shape.cols };
            self.moved.insert(member, part);
        }
    }

    fn push(&mut self, kernel: Kernel, args: Vec<usize>, shape: Shape, like: usize) -> usize {
        let text = self.nodes[like].text.clone();
        self.nodes.push(LoweredNode { kernel, args, shape, layout: Layout::Dense, text });
        self.nodes.len() - 1
    }
}

/// The shape of two matrices one under the other, or side by side.
fn beside(a: Shape, b: Shape, by_rows: bool) -> Shape {
    if by_rows { Shape { rows: a.rows + b.rows, ..a } } else { Shape { cols: a.cols + b.cols, ..a } }
}
