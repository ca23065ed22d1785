//! Passes: from formulas to a plan, pass by pass.
//! In: root expressions, what is known of their variables.  Out: a `Plan`.
//! Invariant: the order of the passes is part of the plan: the same formulas give the same steps.
//! Not here: the passes (each has a file).

use super::program::Plan;
use super::{elementwise_fusion, horizontal_fusion, layout_assignment, liveness, lower, row_tiling};
use crate::error::Result;
use crate::expr::{Dag, Expr};
use crate::facts::{Facts, Givens};

/// The plan that computes `roots`, which are best rewritten first.
///
/// # Errors
/// `Shape` where shapes don't fit, `Setting` where a variable is not given.
pub fn plan(roots: &[Expr], givens: &Givens) -> Result<Plan> {
    let dag = Dag::new(roots);
    let facts = Facts::of(&dag, givens)?;
    let (nodes, outputs) = lower::lower(&dag, &facts)?;
    let (nodes, outputs) = layout_assignment::assign_layouts(nodes, outputs);
    let (nodes, outputs) = horizontal_fusion::fuse_products(nodes, outputs, givens);
    let mut plan = row_tiling::tile_rows(&nodes, &outputs, givens);
    elementwise_fusion::fuse(&mut plan);
    liveness::assign_buffers(&mut plan);
    Ok(plan)
}
