//! Layout assignment: thin matrices lie the way the kernels read them: a row at a time.
//! In: nodes, arguments first.  Out: nodes of the same values, arguments first.
//! Invariant: each thin matrix is transposed once at most, outside of every tiling; a sum over rows
//! is added up row by row.
//! Not here: the kernels (see `run`).

use std::collections::BTreeMap;

use super::lower::{LoweredNode, sorted};
use crate::facts::Layout;
use crate::plan::program::Kernel;

/// The same values, computed the way that sparse kernels like.
pub(super) fn assign_layouts(nodes: Vec<LoweredNode>, outputs: Vec<usize>) -> (Vec<LoweredNode>, Vec<usize>) {
    let count = nodes.len();
    let mut assignment = Assignment { nodes, transposed: BTreeMap::new(), moved: BTreeMap::new() };
    for at in 0..count {
        assignment.visit(at);
    }
    sorted(&assignment.nodes, &outputs, &assignment.moved)
}

struct Assignment {
    nodes: Vec<LoweredNode>,
    /// The transpose of a node.
    transposed: BTreeMap<usize, usize>,
    moved: BTreeMap<usize, usize>,
}

impl Assignment {
    fn visit(&mut self, at: usize) {
        let args = self.nodes[at].args.clone();
        let sparse = |nodes: &[LoweredNode], k: usize| nodes[args[k]].layout.is_sparse();
        match self.nodes[at].kernel {
            // A sampled product takes rows of both: of B those of B.T.
            Kernel::Sampled { transpose: [transpose, false] } if !sparse(&self.nodes, 1) => {
                let b = self.transpose(args[1]);
                self.nodes[at].kernel = Kernel::Sampled { transpose: [transpose, true] };
                self.nodes[at].args[1] = b;
            }
            // A sparse product takes rows of B: of B.T its own.
            Kernel::Product { transpose: [transpose, true] } if sparse(&self.nodes, 0) && !sparse(&self.nodes, 1) => {
                let b = self.transpose(args[1]);
                self.nodes[at].kernel = Kernel::Product { transpose: [transpose, false] };
                self.nodes[at].args[1] = b;
            }
            // Rows of B.T are those of a panel; and where A lies as B does, both are summed over their rows.
            Kernel::Product { transpose: [transpose, true] } if self.lies(args[1]) && !sparse(&self.nodes, 0) => {
                let b = self.transpose(args[1]);
                let both = !transpose && self.lies(args[0]);
                self.nodes[at].kernel = Kernel::Product { transpose: [transpose || both, false] };
                self.nodes[at].args = vec![if both { self.transpose(args[0]) } else { args[0] }, b];
            }
            // A S = (S.T A.T).T, which adds rows of A.T to rows of the result.
            Kernel::Product { transpose: [transpose_a, transpose_s] }
                if sparse(&self.nodes, 1) && !sparse(&self.nodes, 0) =>
            {
                let a = if transpose_a { args[0] } else { self.transpose(args[0]) };
                let shape = self.nodes[at].shape.transposed();
                let kernel = Kernel::Product { transpose: [!transpose_s, false] };
                let text = format!("({}).T", self.nodes[at].text);
                let product =
                    self.push(LoweredNode { kernel, args: vec![args[1], a], shape, layout: Layout::Dense, text });
                let back = self.transpose(product);
                self.nodes[back].text = self.nodes[at].text.clone();
                self.moved.insert(at, back);
            }
            _ => {}
        }
    }

    /// Whether a matrix is dense, wide and low.
    fn lies(&self, at: usize) -> bool {
        let LoweredNode { shape, layout, .. } = &self.nodes[at];
        *layout == Layout::Dense && shape.rows > 1 && shape.rows * 4 <= shape.cols
    }

    fn transpose(&mut self, of: usize) -> usize {
        let of = self.moved.get(&of).copied().unwrap_or(of);
        if let Some(&known) = self.transposed.get(&of) {
            return known;
        }
        if self.nodes[of].kernel == Kernel::Transpose {
            return self.nodes[of].args[0];
        }
        let shape = self.nodes[of].shape.transposed();
        let text = format!("{}.T", self.nodes[of].text);
        let new =
            self.push(LoweredNode { kernel: Kernel::Transpose, args: vec![of], shape, layout: Layout::Dense, text });
        self.transposed.insert(of, new);
        new
    }

    fn push(&mut self, node: LoweredNode) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }
}
