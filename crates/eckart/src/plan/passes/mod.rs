//! Passes: from formulas to a plan, pass by pass.
//! In: root expressions, what is known of their variables.  Out: a `Plan`.
//! Invariant: the order of the passes is part of the plan: the same formulas give the same steps.
//! Not here: the passes (each has a file).

mod data_shards;
mod elementwise_fusion;
mod horizontal_fusion;
mod layout_assignment;
mod liveness;
mod lower;
mod row_tiling;
mod thin_products;

use super::program::{Buffer, Kernel, Plan, RowUpdate, Step};
use super::work;
use crate::error::Result;
use crate::expr::{Dag, Expr};
use crate::facts::{Facts, Givens};

/// The plan that computes `roots`, which are best rewritten first.
///
/// # Errors
/// `Shape` where shapes don't fit, `Setting` where a variable is not given.
pub fn plan(roots: &[Expr], givens: &Givens) -> Result<Plan> {
    plan_updates(roots, &[], givens)
}

/// The plan that computes `roots`, which may read what `updates` make; `givens` says the shapes of that, too.
///
/// # Errors
/// As [`plan`].
pub(crate) fn plan_updates(roots: &[Expr], updates: &[RowUpdate], givens: &Givens) -> Result<Plan> {
    let moved = updates.iter().map(|update| Expr::from(&update.moved));
    let all: Vec<Expr> = moved.chain(updates.iter().flat_map(|update| update.reads.clone())).collect();
    let dag = Dag::new(&[roots, &all].concat());
    let facts = Facts::of(&dag, givens)?;
    let (nodes, outputs) = lower::lower(&dag, &facts, roots.len(), updates)?;
    let (nodes, outputs) = thin_products::mark(nodes, outputs, updates, givens);
    let (nodes, outputs) = layout_assignment::assign_layouts(nodes, outputs);
    let (nodes, outputs) = horizontal_fusion::fuse_products(nodes, outputs, givens);
    let mut plan = row_tiling::tile_rows(&nodes, &outputs, givens);
    elementwise_fusion::fuse(&mut plan);
    allow_sweeps(&mut plan);
    liveness::assign_buffers(&mut plan);
    Ok(plan)
}

/// Its flops, where the step is a row solver.
fn allow_sweeps_of(step: &mut Step, buffers: &[Buffer], flops: f64) -> f64 {
    let Kernel::Rows(solver) = &mut step.kernel else { return 0.0 };
    let args: Vec<&Buffer> = step.args.iter().map(|&arg| &buffers[arg]).collect();
    solver.allow_sweeps(solver.array(args[0].shape), flops);
    (step.flops, step.traffic) = work::of_rows(solver, &args);
    step.flops
}

/// Row solvers sweep as often as is worth it beside the products that they read.
fn allow_sweeps(plan: &mut Plan) {
    let flops = plan.flops();
    for step in &mut plan.steps {
        allow_sweeps_of(step, &plan.buffers, flops);
        if let Kernel::Tiled(tiling) = &mut step.kernel {
            let (buffers, mut more) = (&tiling.buffers, 0.0);
            tiling.body.iter_mut().for_each(|step| more += allow_sweeps_of(step, buffers, flops));
            step.flops += more * tiling.rows as f64 / tiling.height as f64;
        }
    }
}
