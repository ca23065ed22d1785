//! Orient: thin matrices lie the way the kernels read them: a row at a time.
//! In: nodes, arguments first.  Out: nodes of the same values, arguments first.
//! Invariant: each thin matrix is transposed once at most, outside of every fold; a sum over rows is added up row by
//! row.
//! Not here: the kernels (see `run`).

use std::collections::BTreeMap;

use super::Kernel;
use super::lower::{Node, sorted};
use crate::facts::{Layout, Shape};

/// The same values, computed the way that sparse kernels like.
pub(super) fn orient(nodes: Vec<Node>, outputs: Vec<usize>) -> (Vec<Node>, Vec<usize>) {
    let count = nodes.len();
    let mut orient = Orient { nodes, flipped: BTreeMap::new(), moved: BTreeMap::new() };
    for at in 0..count {
        orient.visit(at);
    }
    sorted(&orient.nodes, &outputs, &orient.moved)
}

struct Orient {
    nodes: Vec<Node>,
    /// The transpose of a node.
    flipped: BTreeMap<usize, usize>,
    moved: BTreeMap<usize, usize>,
}

impl Orient {
    fn visit(&mut self, at: usize) {
        let args = self.nodes[at].args.clone();
        let sparse = |nodes: &[Node], k: usize| nodes[args[k]].layout.is_sparse();
        match self.nodes[at].kernel {
            // A sampled product takes rows of both: of B those of B.T.
            Kernel::Sampled { flip: [flip, false] } if !sparse(&self.nodes, 1) => {
                let b = self.transpose(args[1]);
                self.nodes[at].kernel = Kernel::Sampled { flip: [flip, true] };
                self.nodes[at].args[1] = b;
            }
            // A sparse product takes rows of B: of B.T its own.
            Kernel::Product { flip: [flip, true] } if sparse(&self.nodes, 0) && !sparse(&self.nodes, 1) => {
                let b = self.transpose(args[1]);
                self.nodes[at].kernel = Kernel::Product { flip: [flip, false] };
                self.nodes[at].args[1] = b;
            }
            // Rows of B.T are those of a panel; and where A lies as B does, both are summed over their rows.
            Kernel::Product { flip: [flip, true] } if self.lies(args[1]) && !sparse(&self.nodes, 0) => {
                let b = self.transpose(args[1]);
                let both = !flip && self.lies(args[0]);
                self.nodes[at].kernel = Kernel::Product { flip: [flip || both, false] };
                self.nodes[at].args = vec![if both { self.transpose(args[0]) } else { args[0] }, b];
            }
            // A S = (S.T A.T).T, which adds rows of A.T to rows of the result.
            Kernel::Product { flip: [flip_a, flip_s] } if sparse(&self.nodes, 1) && !sparse(&self.nodes, 0) => {
                let a = if flip_a { args[0] } else { self.transpose(args[0]) };
                let shape = flip_shape(self.nodes[at].shape);
                let kernel = Kernel::Product { flip: [!flip_s, false] };
                let text = format!("({}).T", self.nodes[at].text);
                let product = self.push(Node { kernel, args: vec![args[1], a], shape, layout: Layout::Dense, text });
                let back = self.transpose(product);
                self.nodes[back].text = self.nodes[at].text.clone();
                self.moved.insert(at, back);
            }
            _ => {}
        }
    }

    /// Whether a matrix is dense, wide and low.
    fn lies(&self, at: usize) -> bool {
        let Node { shape, layout, .. } = &self.nodes[at];
        *layout == Layout::Dense && shape.rows > 1 && shape.rows * 4 <= shape.cols
    }

    fn transpose(&mut self, of: usize) -> usize {
        let of = self.moved.get(&of).copied().unwrap_or(of);
        if let Some(&known) = self.flipped.get(&of) {
            return known;
        }
        if self.nodes[of].kernel == Kernel::Transpose {
            return self.nodes[of].args[0];
        }
        let shape = flip_shape(self.nodes[of].shape);
        let text = format!("{}.T", self.nodes[of].text);
        let new = self.push(Node { kernel: Kernel::Transpose, args: vec![of], shape, layout: Layout::Dense, text });
        self.flipped.insert(of, new);
        new
    }

    fn push(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }
}

fn flip_shape(shape: Shape) -> Shape {
    Shape { rows: shape.cols, cols: shape.rows }
}
