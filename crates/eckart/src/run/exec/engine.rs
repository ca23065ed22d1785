//! Engine: runs a plan, one step after the other.
//! In: a `Plan` and its inputs.  Out: one value per output.
//! Invariant: what is the same from run to run is computed once; the same inputs give the same bits with any threads.
//! Not here: what a step does (see `steps`, and `stream` for those that go by blocks of rows).

use super::cuts::Cuts;
use super::steps::Scope;
use super::stream;
use crate::data::Dtype;
use crate::error::{Error, Result};
use crate::plan::{BufferId, Kernel, Plan, Step};
use crate::run::machine::simd::check_process_level;
use crate::run::machine::threads::ready;
use crate::run::value::slot::Slot;
use crate::run::{Inputs, Numbers, Value};

/// What a plan computes once and reads in every run, for the data it was computed from.
#[derive(Debug, Default)]
pub struct PlanCache {
    versions: Vec<u64>,
    narrow: Vec<Option<Slot<f32>>>,
    wide: Vec<Option<Slot<f64>>>,
}

/// Runs a plan. What is the same from run to run is taken from `cache`, which starts empty.
///
/// # Errors
/// `Bug` where an input was not given; `Setting` where `ECKART_REGISTERS` names a level that the processor lacks.
pub fn run(plan: &Plan, inputs: &Inputs, cache: &mut PlanCache) -> Result<Vec<Value>> {
    run_supplied(plan, inputs, cache, &[])
}

/// As [`run`]; some buffers have their values already, and what would compute them alone is left out.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_supplied(
    plan: &Plan,
    inputs: &Inputs,
    cache: &mut PlanCache,
    supplied: &[(BufferId, Value)],
) -> Result<Vec<Value>> {
    check_process_level()?;
    ready();
    // The whole run goes to a thread of the pool: else each kernel would wake one up and wait for it.
    if rayon::current_thread_index().is_none() {
        return rayon::scope(|_| run_here(plan, inputs, cache, supplied));
    }
    run_here(plan, inputs, cache, supplied)
}

fn run_here(plan: &Plan, inputs: &Inputs, cache: &mut PlanCache, supplied: &[(BufferId, Value)]) -> Result<Vec<Value>> {
    let versions = versions(plan, inputs);
    let slots = cache.narrow.len().max(cache.wide.len());
    let fresh = cache.versions == versions && slots == plan.buffers.len();
    let values = match plan.dtype {
        Dtype::F32 => run_typed(plan, inputs, (&mut cache.narrow, fresh), supplied),
        Dtype::F64 => run_typed(plan, inputs, (&mut cache.wide, fresh), supplied),
    }?;
    cache.versions = versions;
    Ok(values)
}

fn run_typed<T: Numbers>(
    plan: &Plan,
    inputs: &Inputs,
    (once, fresh): (&mut Vec<Option<Slot<T>>>, bool),
    supplied: &[(BufferId, Value)],
) -> Result<Vec<Value>> {
    for value in inputs.retired() {
        Slot::release(Some(Slot::Wide(value)), T::pool());
    }
    let cuts = Cuts::of::<T>(&plan.cuts, inputs);
    let scope = Scope { buffers: &plan.buffers, inputs, cuts: &cuts, block: None, pool: T::pool() };
    if !fresh {
        let mut held = vec![None; plan.buffers.len()];
        once.clear();
        run_steps(&scope, plan.steps.iter().filter(|step| step.cached), &mut held, &[])?;
        *once = held;
    }
    let mut held = once.clone();
    run_steps(&scope, plan.steps.iter().filter(|step| !step.cached), &mut held, supplied)?;
    let output = |&at: &usize| {
        let slot = held[at].clone().ok_or_else(|| Error::Bug("an output was freed".into()))?;
        slot.collected().map(Slot::value)
    };
    plan.outputs.iter().map(output).collect()
}

fn run_steps<'a, T: Numbers>(
    scope: &Scope<'_, T>,
    steps: impl Iterator<Item = &'a Step>,
    held: &mut [Option<Slot<T>>],
    supplied: &[(BufferId, Value)],
) -> Result<()> {
    for step in steps {
        let given = supplied.iter().filter(|(buffer, _)| step.outs.contains(buffer));
        match &step.kernel {
            _ if step.outs.len() == 1 && given.clone().count() == 1 => scope.fill(step, Vec::new(), held),
            Kernel::Tiled(tiling) => {
                let values = stream::run(tiling, &scope.args(step, held)?, scope)?;
                scope.fill(step, values, held);
            }
            _ => scope.step(step, held)?,
        }
        for (buffer, value) in given {
            held[*buffer] = Some(match scope.buffers[*buffer].dtype {
                dtype if dtype == T::DTYPE => Slot::Wide(value.cast()),
                _ => Slot::Small(value.clone().into_rect()),
            });
        }
    }
    Ok(())
}

/// The versions of all data a plan reads.
fn versions(plan: &Plan, inputs: &Inputs) -> Vec<u64> {
    let read = plan.steps.iter().filter(|step| step.cached).filter_map(|step| match &step.kernel {
        Kernel::Input(var) | Kernel::Observed(var) => Some(inputs.version(var)),
        _ => None,
    });
    read.collect()
}
