//! Engine: runs a plan, one kernel after the other, each the fast way.
//! In: a `Plan` and its inputs.  Out: one value an output.
//! Invariant: what is the same from run to run is computed once; the same inputs give the same bits with any threads.
//! Not here: the kernels (see `products`, `elementwise`, `stream`), the plain meaning (see `interp`).

use super::{elementwise, products, stream};
use crate::data::Dtype;
use crate::error::{Error, Result};
use crate::expr::Number;
use crate::facts::{Layout, Shape};
use crate::plan::{Buffer, Kernel, Plan, Step};
use crate::run::interp::{self, Plain};
use crate::run::machine::simd::check_process_level;
use crate::run::value::pool::Pool;
use crate::run::value::slot::{Holes, Slot};
use crate::run::value::typed::{Held, Numbers, Rect};
use crate::run::{Inputs, Value};

/// What a plan computes once and reads in every run, for the data it was computed from.
#[derive(Debug, Default)]
pub struct Kept {
    versions: Vec<u64>,
    narrow: Vec<Option<Slot<f32>>>,
    wide: Vec<Option<Slot<f64>>>,
}

/// Runs a plan. What is the same from run to run is taken from `kept`, which starts empty.
///
/// # Errors
/// `Bug` where an input was not given; `Setting` where `ECKART_REGISTERS` names a level that the processor lacks.
pub fn run(plan: &Plan, inputs: &Inputs, kept: &mut Kept) -> Result<Vec<Value>> {
    check_process_level()?;
    // The whole run goes to a thread of the pool: else each kernel would wake one up and wait for it.
    if rayon::current_thread_index().is_none() {
        return rayon::scope(|_| run_here(plan, inputs, kept));
    }
    run_here(plan, inputs, kept)
}

fn run_here(plan: &Plan, inputs: &Inputs, kept: &mut Kept) -> Result<Vec<Value>> {
    let versions = versions(plan, inputs);
    let slots = kept.narrow.len().max(kept.wide.len());
    let fresh = kept.versions == versions && slots == plan.buffers.len();
    let values = match plan.dtype {
        Dtype::F32 => run_typed(plan, inputs, &mut kept.narrow, fresh),
        Dtype::F64 => run_typed(plan, inputs, &mut kept.wide, fresh),
    }?;
    kept.versions = versions;
    Ok(values)
}

fn run_typed<T: Numbers>(
    plan: &Plan,
    inputs: &Inputs,
    kept: &mut Vec<Option<Slot<T>>>,
    fresh: bool,
) -> Result<Vec<Value>> {
    for value in inputs.retired() {
        T::pool().give(Some(Slot::Wide(value)));
    }
    let scene = Scene { buffers: &plan.buffers, inputs, block: None, pool: T::pool() };
    if !fresh {
        let mut held = vec![None; plan.buffers.len()];
        kept.clear();
        scene.run(plan.steps.iter().filter(|step| step.once), &mut held)?;
        *kept = held;
    }
    let mut held = kept.clone();
    scene.run(plan.steps.iter().filter(|step| !step.once), &mut held)?;
    let outputs: Option<Vec<Value>> = plan.outputs.iter().map(|&at| held[at].clone().map(Slot::value)).collect();
    outputs.ok_or_else(|| Error::Bug("an output was freed".into()))
}

/// The versions of all data a plan reads.
fn versions(plan: &Plan, inputs: &Inputs) -> Vec<u64> {
    let read = plan.steps.iter().filter(|step| step.once).filter_map(|step| match &step.kernel {
        Kernel::Input(var) | Kernel::Observed(var) => Some(inputs.version(var)),
        _ => None,
    });
    read.collect()
}

/// Where steps are done: in a plan, or for a block of rows.
pub(in crate::run) struct Scene<'a, T> {
    pub pool: &'a Pool<T>,
    pub buffers: &'a [Buffer],
    pub inputs: &'a Inputs,
    /// How many rows the block has, and which buffers have as many.
    pub block: Option<(usize, &'a [bool])>,
}

impl<T: Numbers> Scene<'_, T> {
    /// The shape of a buffer.
    pub(in crate::run) fn shape(&self, buffer: usize) -> Shape {
        let shape = self.buffers[buffer].shape;
        match self.block {
            Some((rows, aligned)) if aligned[buffer] => Shape { rows, ..shape },
            _ => shape,
        }
    }

    fn run<'s>(&self, steps: impl Iterator<Item = &'s Step>, held: &mut [Option<Slot<T>>]) -> Result<()> {
        for step in steps {
            self.step(step, held)?;
        }
        Ok(())
    }

    /// Does a step: fills its buffers, and empties those that nobody needs any more.
    pub(in crate::run) fn step(&self, step: &Step, held: &mut [Option<Slot<T>>]) -> Result<()> {
        let args = args_of(step, held)?;
        for (&out, value) in step.outs.iter().zip(self.compute(step, args)?) {
            held[out] = Some(value.held_in(self.buffers[out].dtype));
        }
        for &dead in &step.frees {
            self.pool.give(held[dead].take());
        }
        Ok(())
    }

    fn compute(&self, step: &Step, args: Vec<Slot<T>>) -> Result<Vec<Slot<T>>> {
        let (out, in_block) = (step.outs[0], self.block.is_some());
        let (shape, dtype) = (self.shape(out), self.buffers[out].dtype);
        let value = match &step.kernel {
            Kernel::Input(var) if self.inputs.has_holes(var) => Slot::Holes(self.inputs.raw(var)?, Holes::Entries),
            Kernel::Observed(var) if self.buffers[out].layout == Layout::Dense => {
                Slot::Holes(self.inputs.raw(var)?, Holes::Mask)
            }
            Kernel::Input(var) if dtype != T::DTYPE => Slot::Small(self.inputs.value::<f64>(var)?.to_rect()),
            Kernel::Input(var) => Slot::Wide(self.inputs.value(var)?),
            Kernel::Observed(var) => Slot::Wide(self.inputs.observed(var)?),
            Kernel::Literal(number) => Slot::number(Number::get(*number)),
            Kernel::Fused(chain) => {
                let of_block = |(rows, aligned): (usize, &[bool])| {
                    step.args.iter().chain(&step.outs).any(|&buffer| aligned[buffer]).then_some(rows)
                };
                let rows = self.block.and_then(of_block).unwrap_or(chain.shape.rows);
                return Ok(elementwise::run(chain, &args, rows, in_block, self.pool));
            }
            Kernel::Tiled(fold) => return stream::run(fold, &args, self.inputs, self.pool),
            Kernel::Product { transpose: flip } => {
                products::multiply([&args[0], &args[1]], *flip, dtype, in_block, self.pool)
                    .map_or_else(|| self.plainly(step, &args, shape), Ok)?
            }
            Kernel::Sampled { transpose: flip } => products::sampled([&args[0], &args[1]], *flip, &args[2], self.pool)
                .map_or_else(|| self.plainly(step, &args, shape), Ok)?,
            Kernel::Transpose => match &args[0] {
                Slot::Wide(Held::Sparse(entries)) => Slot::Wide(Held::Sparse(entries.transposed())),
                Slot::Wide(Held::Dense(rect)) => Slot::Wide(Held::Dense(products::transposed(rect, self.pool))),
                Slot::Holes(..) => Slot::Wide(Held::Dense(products::transposed(&args[0].rect(), self.pool))),
                Slot::Small(rect) => Slot::Small(products::transposed(rect, &Pool::default())),
            },
            Kernel::Join { by_rows } => Slot::Wide(Held::Dense(join(&args, *by_rows, shape))),
            Kernel::Part { by_rows, from } => Slot::Wide(Held::Dense(part(&args[0].rect(), *by_rows, *from, shape))),
            Kernel::Map(_)
            | Kernel::Zip(_)
            | Kernel::Gather
            | Kernel::Sum
            | Kernel::RowSum
            | Kernel::ColSum
            | Kernel::Expand
            | Kernel::SumTo
            | Kernel::Eye => self.plainly(step, &args, shape)?,
        };
        Ok(vec![value])
    }

    /// The plain way, for what is too rare to be worth a fast one.
    fn plainly(&self, step: &Step, args: &[Slot<T>], shape: Shape) -> Result<Slot<T>> {
        let args: Vec<Plain> = args.iter().map(|arg| Plain::from(arg.plain())).collect();
        let layout = &self.buffers[step.outs[0]].layout;
        let value = interp::compute(&step.kernel, args, shape, layout, self.inputs, self.block.is_some())?;
        Ok(match Held::from(value) {
            Held::Dense(rect) => Slot::Small(rect),
            Held::Sparse(entries) => Slot::Wide(Held::Sparse(entries.cast())),
        })
    }
}

/// The arguments of a step.
fn args_of<T: Clone>(step: &Step, held: &[Option<Slot<T>>]) -> Result<Vec<Slot<T>>> {
    let args: Option<Vec<Slot<T>>> = step.args.iter().map(|&arg| held[arg].clone()).collect();
    args.ok_or_else(|| Error::Bug("a step needs a buffer that is gone".into()))
}

/// Matrices one under the other, or side by side.
fn join<T: Numbers>(parts: &[Slot<T>], by_rows: bool, shape: Shape) -> Rect<T> {
    let parts: Vec<Rect<T>> = parts.iter().map(Slot::rect).collect();
    let mut data = Vec::with_capacity(shape.entries());
    if by_rows {
        parts.iter().for_each(|part| data.extend_from_slice(&part.data));
    } else {
        for i in 0..shape.rows {
            parts.iter().for_each(|part| data.extend_from_slice(part.row(i)));
        }
    }
    Rect::new(shape, data)
}

/// As many rows or columns as `shape` has, from one on.
fn part<T: Numbers>(whole: &Rect<T>, by_rows: bool, from: usize, shape: Shape) -> Rect<T> {
    if by_rows {
        return whole.rows(from..from + shape.rows);
    }
    let rows = (0..whole.shape.rows).flat_map(|i| &whole.row(i)[from..from + shape.cols]);
    Rect::new(shape, rows.copied().collect::<Vec<T>>())
}
