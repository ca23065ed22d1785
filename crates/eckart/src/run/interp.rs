//! Interp: the plain meaning of every kernel; the oracle that fast kernels are held to.
//! In: a `Plan` and its inputs.  Out: one value an output.
//! Law: one step at a time, in the plan's order; f64 throughout; layouts are those the plan says.
//! Not here: fusion, f32, SIMD (see `kernels`).

use std::sync::Arc;

use super::{Inputs, Value, blocks, pointwise, products, sums};
use crate::data::Pattern;
use crate::error::{Error, Result};
use crate::expr::Number;
use crate::facts::{Layout, Shape};
use crate::plan::{Kernel, Plan, Step};

/// What a plan computes once and reads in every run, for the data it was computed from.
#[derive(Debug, Default)]
pub struct Kept {
    versions: Vec<u64>,
    values: Vec<Option<Value>>,
}

/// Runs a plan. What is the same from run to run is taken from `kept`, which starts empty.
///
/// # Errors
/// `Bug` where an input was not given.
pub fn run(plan: &Plan, inputs: &Inputs, kept: &mut Kept) -> Result<Vec<Value>> {
    let of = |buffer: usize| (plan.buffers[buffer].shape, &plan.buffers[buffer].layout);
    let versions = versions(plan, inputs);
    if kept.values.len() != plan.buffers.len() || kept.versions != versions {
        kept.values = vec![None; plan.buffers.len()];
        run_steps(false, plan.steps.iter().filter(|step| step.once), &of, &mut kept.values, inputs)?;
        kept.versions = versions;
    }
    let mut held = kept.values.clone();
    run_steps(false, plan.steps.iter().filter(|step| !step.once), &of, &mut held, inputs)?;
    let outputs: Option<Vec<Value>> = plan.outputs.iter().map(|&at| held[at].clone()).collect();
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

/// Runs steps on the values held; `of` says what shape and layout a buffer is to have. What is sparse in a block is
/// not worth a transpose of its own.
pub(super) fn run_steps<'a>(
    in_block: bool,
    steps: impl Iterator<Item = &'a Step>,
    of: &impl Fn(usize) -> (Shape, &'a Layout),
    held: &mut [Option<Value>],
    inputs: &Inputs,
) -> Result<()> {
    for step in steps {
        let args = take_args(step, held)?;
        if let Kernel::Fold(fold) = &step.kernel {
            for (&out, value) in step.outs.iter().zip(blocks::run_fold(fold, &args, inputs)?) {
                held[out] = Some(value);
            }
        } else {
            let out = step.outs[0];
            let (shape, layout) = of(out);
            held[out] = Some(compute(&step.kernel, args, shape, layout, inputs, in_block)?);
        }
        for &dead in &step.frees {
            held[dead] = None;
        }
    }
    Ok(())
}

/// The arguments of a step; those that nobody needs after it are taken out, so that it may write over them.
fn take_args(step: &Step, held: &mut [Option<Value>]) -> Result<Vec<Value>> {
    let taken = |(at, &arg): (usize, &usize)| {
        let last = step.frees.contains(&arg) && !step.args[at + 1..].contains(&arg);
        if last { held[arg].take() } else { held[arg].clone() }
    };
    let args: Option<Vec<Value>> = step.args.iter().enumerate().map(taken).collect();
    args.ok_or_else(|| Error::Bug("a step needs a buffer that is gone".into()))
}

fn compute(
    kernel: &Kernel,
    mut args: Vec<Value>,
    shape: Shape,
    layout: &Layout,
    inputs: &Inputs,
    scatter: bool,
) -> Result<Value> {
    Ok(match kernel {
        Kernel::Input(var) => inputs.value(var)?,
        Kernel::Literal(number) => Value::scalar(Number::get(*number)),
        Kernel::Observed(var) => inputs.observed(var)?,
        Kernel::Map(op) => pointwise::map(op, &args[0], layout),
        Kernel::Zip(op) => {
            let b = args.pop().ok_or_else(|| Error::Bug("a pair of one".into()))?;
            pointwise::zip(op, args.remove(0), b, shape, layout)
        }
        Kernel::Product { flip } => products::multiply(&args[0], flip[0], &args[1], flip[1], scatter),
        Kernel::Sampled { flip } => products::sampled(&args[0], flip[0], &args[1], flip[1], &args[2]),
        Kernel::Gather => pointwise::gather(&args[0], &args[1]),
        Kernel::Transpose => products::transpose(&args[0]),
        Kernel::Sum => Value::scalar(sums::sum(&args[0])),
        Kernel::RowSum => sums::rowsum(&args[0]),
        Kernel::ColSum => sums::colsum(&args[0]),
        Kernel::Expand => pointwise::expand(&args[0], shape),
        Kernel::SumTo => sums::sumto(&args[0], shape),
        Kernel::Eye => identity(shape),
        Kernel::Join { by_rows } => products::join(&args, *by_rows, shape),
        Kernel::Part { by_rows, from } => products::part(&args[0], *by_rows, *from, shape),
        Kernel::Fold(_) => return Err(Error::Bug("a fold has steps of its own".into())),
    })
}

fn identity(shape: Shape) -> Value {
    let n = shape.rows;
    let pattern = Pattern::new(n, n, (0..=n).collect(), (0..n as u32).collect()).expect("a diagonal is a pattern");
    Value::sparse(Arc::new(pattern), vec![1.0; n])
}
