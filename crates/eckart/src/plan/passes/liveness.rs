//! Liveness: when each buffer is needed last, and how much is held at once.
//! In: a plan's steps.  Out: what each step frees; the peak.
//! Invariant: a result is never freed, nor what is computed once for all runs; else the last step that reads a buffer
//! frees it.
//! Not here: which steps there are (see `tiling`).

use std::collections::BTreeSet;

use crate::plan::program::{Buffer, BufferId, Combine, Kernel, Plan, Step};

/// Orders steps so that less is held, and fills in what each step frees and the plan's peak.
pub(super) fn assign_buffers(plan: &mut Plan) {
    delay(plan);
    renumber(plan);
    for step in &mut plan.steps {
        if let Kernel::Tiled(tiling) = &mut step.kernel {
            let results: Vec<BufferId> = tiling.results.iter().map(|(buffer, _)| *buffer).collect();
            free_after_last_use(&mut tiling.body, &results, tiling.buffers.len());
        }
    }
    free_after_last_use(&mut plan.steps, &plan.outputs, plan.buffers.len());
    plan.peak_bytes = peak(&plan.steps, &plan.buffers, 0);
}

/// Moves each step whose result is no smaller than what it reads to just before its first reader: until then the little
/// it reads is held, instead of the much it makes.
fn delay(plan: &mut Plan) {
    for at in (0..plan.steps.len()).rev() {
        let step = &plan.steps[at];
        let bytes = |buffers: &[BufferId]| buffers.iter().map(|&b| plan.buffers[b].bytes).sum::<usize>();
        if step.cached || matches!(step.kernel, Kernel::Tiled(_)) || bytes(&step.outs) < bytes(&step.args) {
            continue;
        }
        let reads = |later: &Step| later.args.iter().any(|arg| step.outs.contains(arg));
        let Some(first) = plan.steps[at + 1..].iter().position(reads) else { continue };
        plan.steps[at..=at + first].rotate_left(1);
    }
}

/// Numbers buffers in the order in which they are filled.
fn renumber(plan: &mut Plan) {
    let order: Vec<BufferId> = plan.steps.iter().flat_map(|step| step.outs.iter().copied()).collect();
    let mut new = vec![0; plan.buffers.len()];
    order.iter().enumerate().for_each(|(number, &old)| new[old] = number);
    plan.buffers = order.iter().map(|&old| plan.buffers[old].clone()).collect();
    for step in &mut plan.steps {
        step.args.iter_mut().chain(&mut step.outs).for_each(|buffer| *buffer = new[*buffer]);
    }
    plan.outputs.iter_mut().for_each(|buffer| *buffer = new[*buffer]);
}

fn free_after_last_use(steps: &mut [Step], keep: &[BufferId], buffers: usize) {
    let mut last = vec![None; buffers];
    for (at, step) in steps.iter().enumerate() {
        for &buffer in step.args.iter().chain(&step.outs) {
            last[buffer] = Some(at);
        }
    }
    for step in steps.iter_mut() {
        step.frees.clear();
    }
    // What is computed once and read in every run is kept.
    let cached: BTreeSet<BufferId> = steps.iter().filter(|s| s.cached).flat_map(|s| s.outs.iter().copied()).collect();
    let read_in_runs = steps.iter().filter(|s| !s.cached).flat_map(|s| s.args.iter().copied());
    let kept: BTreeSet<BufferId> =
        read_in_runs.filter(|buffer| cached.contains(buffer)).chain(keep.iter().copied()).collect();
    for (buffer, at) in last.into_iter().enumerate() {
        if let Some(at) = at.filter(|_| !kept.contains(&buffer)) {
            steps[at].frees.push(buffer);
        }
    }
}

/// The most bytes held at once; `held` before the first step.
fn peak(steps: &[Step], buffers: &[Buffer], mut held: usize) -> usize {
    let mut most = held;
    for step in steps {
        held = step.outs.iter().fold(held, |sum, &out| sum.saturating_add(buffers[out].bytes));
        let inside = match &step.kernel {
            Kernel::Tiled(tiling) => {
                let params = tiling.buffers[..tiling.params.len()].iter().map(|b| b.bytes).sum();
                // Parts of a sum that wait in the tree for their neighbours.
                let waiting = tiling.shards.ilog2() as usize + 1;
                let sums: usize = tiling
                    .results
                    .iter()
                    .filter(|(_, combine)| *combine == Combine::Add)
                    .map(|(buffer, _)| tiling.buffers[*buffer].bytes * waiting)
                    .sum();
                peak(&tiling.body, &tiling.buffers, params) + sums
            }
            _ => 0,
        };
        most = most.max(held.saturating_add(inside));
        for &dead in &step.frees {
            held -= buffers[dead].bytes.min(held);
        }
    }
    most
}
