//! Interp: the plain meaning of every kernel; the oracle that fast kernels are held to.
//! In: a `Plan` and its inputs.  Out: one value an output.
//! Invariant: one step at a time, in the plan's order; f64 throughout; layouts are those the plan says.
//! Not here: f32, SIMD (see `engine`, `kernels`).

mod blocks;
mod chain;
mod plain;
mod pointwise;
mod products;
mod sums;

use std::sync::Arc;

use super::value::Dense;
use super::value::typed::{Held, Numbers};
use super::{Inputs, Value};
use crate::data::Pattern;
use crate::error::{Error, Result};
use crate::expr::Number;
use crate::facts::{Layout, Shape};
use crate::plan::{Kernel, Plan, Step};
pub(super) use plain::Plain;

/// Runs a plan the plain way, in f64, whatever the type of its numbers: what every faster way is held to.
///
/// # Errors
/// `Bug` where an input was not given.
pub fn interpret(plan: &Plan, inputs: &Inputs) -> Result<Vec<Value>> {
    let of = |buffer: usize| (plan.buffers[buffer].shape, &plan.buffers[buffer].layout);
    let mut held = vec![None; plan.buffers.len()];
    for once in [true, false] {
        run_steps(false, plan.steps.iter().filter(|step| step.once == once), &of, &mut held, inputs)?;
    }
    let value = |&at: &usize| held[at].clone().map(|plain: Plain| f64::value(Held::from(plain)));
    let outputs: Option<Vec<Value>> = plan.outputs.iter().map(value).collect();
    outputs.ok_or_else(|| Error::Bug("an output was freed".into()))
}

/// Runs steps on the values held; `of` says what shape and layout a buffer is to have. What is sparse in a block is
/// not worth a transpose of its own.
fn run_steps<'a>(
    in_block: bool,
    steps: impl Iterator<Item = &'a Step>,
    of: &impl Fn(usize) -> (Shape, &'a Layout),
    held: &mut [Option<Plain>],
    inputs: &Inputs,
) -> Result<()> {
    for step in steps {
        let args = take_args(step, held)?;
        if let Kernel::Fused(chain) = &step.kernel {
            let rows = if in_block {
                step.args.iter().chain(&step.outs).map(|&buffer| of(buffer).0.rows).max().unwrap_or(1)
            } else {
                chain.shape.rows
            };
            for (&out, value) in step.outs.iter().zip(chain::pass(chain, &args, rows)) {
                held[out] = Some(value);
            }
        } else if let Kernel::Tiled(fold) = &step.kernel {
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
fn take_args(step: &Step, held: &mut [Option<Plain>]) -> Result<Vec<Plain>> {
    let taken = |(at, &arg): (usize, &usize)| {
        let last = step.frees.contains(&arg) && !step.args[at + 1..].contains(&arg);
        if last { held[arg].take() } else { held[arg].clone() }
    };
    let args: Option<Vec<Plain>> = step.args.iter().enumerate().map(taken).collect();
    args.ok_or_else(|| Error::Bug("a step needs a buffer that is gone".into()))
}

pub(super) fn compute(
    kernel: &Kernel,
    mut args: Vec<Plain>,
    shape: Shape,
    layout: &Layout,
    inputs: &Inputs,
    scatter: bool,
) -> Result<Plain> {
    Ok(match kernel {
        Kernel::Input(var) => inputs.value(var)?.into(),
        Kernel::Literal(number) => Plain::scalar(Number::get(*number)),
        Kernel::Observed(var) => inputs.observed(var)?.into(),
        Kernel::Map(op) => pointwise::map(op, &args[0], layout),
        Kernel::Zip(op) => {
            let b = args.pop().ok_or_else(|| Error::Bug("a pair of one".into()))?;
            pointwise::zip(op, args.remove(0), b, shape, layout)
        }
        Kernel::Product { transpose: flip } => products::multiply(&args[0], flip[0], &args[1], flip[1], scatter),
        Kernel::Sampled { transpose: flip } => products::sampled(&args[0], flip[0], &args[1], flip[1], &args[2]),
        Kernel::Gather => pointwise::gather(&args[0], &args[1]),
        Kernel::Transpose => products::transpose(&args[0]),
        Kernel::Sum => Plain::scalar(sums::sum(&args[0])),
        Kernel::RowSum => sums::rowsum(&args[0]),
        Kernel::ColSum => sums::colsum(&args[0]),
        Kernel::Expand => pointwise::expand(&args[0], shape),
        Kernel::SumTo => sums::sumto(&args[0], shape),
        Kernel::Eye => identity(shape),
        Kernel::Join { by_rows } => products::join(&args, *by_rows, shape),
        Kernel::Part { by_rows, from } => products::part(&args[0], *by_rows, *from, shape),
        Kernel::Fused(_) | Kernel::Tiled(_) => return Err(Error::Bug("steps of its own".into())),
    })
}

fn identity(shape: Shape) -> Plain {
    let n = shape.rows;
    let pattern = Pattern::new(n, n, (0..=n).collect(), (0..n as u32).collect()).expect("a diagonal is a pattern");
    Plain::sparse(Arc::new(pattern), vec![1.0; n])
}
