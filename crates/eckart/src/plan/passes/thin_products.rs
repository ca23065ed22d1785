//! Thin products: the product of the data with a factor that a row solver reads becomes a step that several starts may
//! have computed together.
//! In: nodes, which row solvers there are.  Out: the same nodes, with such a product marked.
//! Invariant: a product is marked only where nothing else multiplies with the data.
//! Not here: how it is computed (see `run::exec::thin`), for whom (see `solve::block::cohort`).

use super::lower::LoweredNode;
use crate::expr::Var;
use crate::facts::Givens;
use crate::plan::program::{Kernel, RowUpdate, ThinProduct};

/// Marks the product of such data that a row solver reads first.
pub(super) fn mark(nodes: &mut [LoweredNode], updates: &[RowUpdate], givens: &Givens) {
    let solvers: Vec<usize> = (0..nodes.len()).filter(|&at| matches!(nodes[at].kernel, Kernel::Rows(_))).collect();
    for data in updates.iter().filter_map(|update| update.shared.as_ref()) {
        if let Some((at, thin, args)) = solvers.iter().find_map(|&solver| find(nodes, solver, data, givens)) {
            nodes[at].kernel = Kernel::Thin(thin);
            nodes[at].args = args;
        }
    }
}

/// The product, what it is, and its arguments: the data, the factor.
fn find(nodes: &[LoweredNode], solver: usize, data: &Var, givens: &Givens) -> Option<(usize, ThinProduct, Vec<usize>)> {
    let is_data = |at: usize| matches!(&nodes[at].kernel, Kernel::Input(var) if var == data);
    let upright = |at: usize| if nodes[at].kernel == Kernel::Transpose { nodes[at].args[0] } else { at };
    let at = upright(*nodes[solver].args.get(1)?);
    let mut multiplied = nodes.iter().enumerate().filter(|(_, node)| {
        matches!(node.kernel, Kernel::Product { .. } | Kernel::Sampled { .. })
            && node.args[..2].iter().any(|&arg| is_data(upright(arg)))
    });
    let Kernel::Product { transpose } = nodes[at].kernel else { return None };
    if multiplied.next()?.0 != at || multiplied.next().is_some() {
        return None;
    }
    // D F stands as it is; F.T D is the transpose of D.T F.
    let [a, b] = [nodes[at].args[0], nodes[at].args[1]];
    let (side, args) = if is_data(a) { (0, vec![a, b]) } else { (1, vec![b, a]) };
    let transposed = side == 1;
    let thin = ThinProduct {
        data_transposed: transpose[side] != transposed,
        factor_transposed: transpose[1 - side] != transposed,
        transposed,
    };
    let is_factor = |at: usize| match &nodes[at].kernel {
        Kernel::Input(var) => givens.get(var).is_some_and(|given| !given.data),
        _ => false,
    };
    (is_data(args[0]) && is_factor(args[1])).then_some((at, thin, args))
}
