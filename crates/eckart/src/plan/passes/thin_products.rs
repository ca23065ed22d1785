//! Thin products: the products of the data with factors that row solvers read become kernels of their own.
//! In: nodes, which row solvers there are.  Out: nodes of the same values, with such products marked.
//! Invariant: products are marked only where nothing else multiplies with the data.
//! Not here: how they are computed (see `run::exec::thin`), for whom (see `solve::block::cohort`), which of them are
//! computed in one pass (see `row_tiling`).
//!
//! Where a plan moves one factor, several starts may have its product computed together. Where it moves two, the first
//! by rows, one pass over dense data makes X H.T, moves the rows of W, and adds up X.T W.

use std::collections::BTreeMap;

use super::lower::{LoweredNode, sorted};
use crate::expr::Var;
use crate::facts::{Givens, Layout};
use crate::plan::program::{Kernel, RowUpdate, ThinProduct};
use crate::plan::work;

/// Marks the products of such data that row solvers read first.
pub(super) fn mark(
    mut nodes: Vec<LoweredNode>,
    outputs: Vec<usize>,
    updates: &[RowUpdate],
    givens: &Givens,
) -> (Vec<LoweredNode>, Vec<usize>) {
    let solvers: Vec<usize> = (0..nodes.len()).filter(|&at| matches!(nodes[at].kernel, Kernel::Rows(_))).collect();
    for data in updates.iter().filter_map(|update| update.shared.as_ref()) {
        let found: Vec<FactorProduct> =
            solvers.iter().filter_map(|&solver| find(&nodes, solver, data, givens)).collect();
        let multiplied = (0..nodes.len()).filter(|&at| multiplies(&nodes, at, data));
        let marked: Vec<usize> = found.iter().map(|found| found.at).collect();
        if found.len() != updates.len() || multiplied.collect::<Vec<usize>>() != marked {
            continue;
        }
        match &found[..] {
            [one] => {
                nodes[one.at].kernel = Kernel::Thin(one.thin);
                nodes[one.at].args = one.args.to_vec();
                return (nodes, outputs);
            }
            [first, second] if is_one_pass(&nodes, first, second) => {
                let mut moved = BTreeMap::new();
                moved.insert(first.at, upright(&mut nodes, first));
                if !stands_flat(&nodes, second, givens) {
                    moved.insert(second.at, upright(&mut nodes, second));
                }
                return sorted(&nodes, &outputs, &moved);
            }
            _ => {}
        }
    }
    (nodes, outputs)
}

/// A product of data and a factor.
struct FactorProduct {
    at: usize,
    thin: ThinProduct,
    /// The data, the factor.
    args: [usize; 2],
}

fn is_data(nodes: &[LoweredNode], at: usize, data: &Var) -> bool {
    matches!(&nodes[at].kernel, Kernel::Input(var) if var == data)
}

fn under_transpose(nodes: &[LoweredNode], at: usize) -> usize {
    if nodes[at].kernel == Kernel::Transpose { nodes[at].args[0] } else { at }
}

fn multiplies(nodes: &[LoweredNode], at: usize, data: &Var) -> bool {
    matches!(nodes[at].kernel, Kernel::Product { .. } | Kernel::Sampled { .. })
        && nodes[at].args[..2].iter().any(|&arg| is_data(nodes, under_transpose(nodes, arg), data))
}

/// The product that a solver reads first.
fn find(nodes: &[LoweredNode], solver: usize, data: &Var, givens: &Givens) -> Option<FactorProduct> {
    let at = under_transpose(nodes, *nodes[solver].args.get(1)?);
    let Kernel::Product { transpose } = nodes[at].kernel else { return None };
    // D F stands as it is; F.T D is the transpose of D.T F.
    let [a, b] = [nodes[at].args[0], nodes[at].args[1]];
    let (side, args) = if is_data(nodes, a, data) { (0, [a, b]) } else { (1, [b, a]) };
    let transposed = side == 1;
    let thin = ThinProduct {
        data_transposed: transpose[side] != transposed,
        factor_transposed: transpose[1 - side] != transposed,
        transposed,
        shared: true,
    };
    let is_factor = match &nodes[args[1]].kernel {
        Kernel::Input(var) => givens.get(var).is_some_and(|given| !given.data),
        kernel => matches!(kernel, Kernel::Rows(_)),
    };
    (is_data(nodes, args[0], data) && is_factor).then_some(FactorProduct { at, thin, args })
}

/// Whether one pass over the data makes the first product, moves the rows of a factor, and makes the second of them.
fn is_one_pass(nodes: &[LoweredNode], first: &FactorProduct, second: &FactorProduct) -> bool {
    let moved = &nodes[second.args[1]];
    let by_rows = match &moved.kernel {
        Kernel::Rows(solver) => solver.is_row_by_row() && under_transpose(nodes, moved.args[1]) == first.at,
        _ => false,
    };
    let [data, factor] = first.args.map(|at| &nodes[at]);
    let thin = factor.shape.rows.min(factor.shape.cols) * 4 <= data.shape.rows.min(data.shape.cols);
    // From rows of sparse data sums over columns are scattered, which takes longer than to gather them from a copy by
    // columns.
    let dense = data.layout == Layout::Dense;
    // Small matrices are f64, blocks of them are not.
    by_rows
        && dense
        && thin
        && !work::is_small(moved.shape)
        && !first.thin.data_transposed
        && second.thin.data_transposed
}

/// Whether W.T X is computed as it stands: where the rows of X.T W would leave more than an eighth of their registers
/// empty.
fn stands_flat(nodes: &[LoweredNode], product: &FactorProduct, givens: &Givens) -> bool {
    const REGISTER: usize = 64;
    let node = &nodes[product.at];
    let Kernel::Input(data) = &nodes[product.args[0]].kernel else { return false };
    let bytes = givens.get(data).map_or(0, |given| given.dtype.bytes());
    let full = bytes * node.shape.rows;
    let width = full.next_multiple_of(REGISTER);
    node.kernel == Kernel::Product { transpose: [true, false] } && (width - full) * 8 > width
}

/// The same product with neither factor nor result transposed by it; returns the node that stands for it now.
fn upright(nodes: &mut Vec<LoweredNode>, found: &FactorProduct) -> usize {
    let FactorProduct { at, thin, args: [data, factor] } = *found;
    let transpose = |nodes: &mut Vec<LoweredNode>, of: usize| {
        let node = &nodes[of];
        let (shape, text) = (node.shape.transposed(), format!("{}.T", node.text));
        nodes.push(LoweredNode { kernel: Kernel::Transpose, args: vec![of], shape, layout: Layout::Dense, text });
        nodes.len() - 1
    };
    let factor = if thin.factor_transposed { transpose(nodes, factor) } else { factor };
    let node = nodes[at].clone();
    let (shape, text) = match thin.transposed {
        true => (node.shape.transposed(), format!("({}).T", node.text)),
        false => (node.shape, node.text.clone()),
    };
    let kernel = Kernel::Thin(ThinProduct { factor_transposed: false, transposed: false, shared: false, ..thin });
    nodes.push(LoweredNode { kernel, args: vec![data, factor], shape, layout: Layout::Dense, text });
    if !thin.transposed {
        return nodes.len() - 1;
    }
    let product = nodes.len() - 1;
    let back = transpose(nodes, product);
    nodes[back].text = node.text;
    back
}
