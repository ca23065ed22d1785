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

/// Runs a plan.
///
/// # Errors
/// `Bug` where an input was not given.
pub fn run(plan: &Plan, inputs: &Inputs) -> Result<Vec<Value>> {
    let mut held: Vec<Option<Value>> = vec![None; plan.buffers.len()];
    let of = |buffer: usize| (plan.buffers[buffer].shape, &plan.buffers[buffer].layout);
    run_steps(&plan.steps, &of, &mut held, inputs)?;
    let outputs: Option<Vec<Value>> = plan.outputs.iter().map(|&at| held[at].clone()).collect();
    outputs.ok_or_else(|| Error::Bug("an output was freed".into()))
}

/// Runs steps on the values held; `of` says what shape and layout a buffer is to have.
pub(super) fn run_steps<'a>(
    steps: &[Step],
    of: &impl Fn(usize) -> (Shape, &'a Layout),
    held: &mut [Option<Value>],
    inputs: &Inputs,
) -> Result<()> {
    for (at, step) in steps.iter().enumerate() {
        let args: Option<Vec<Value>> = step.args.iter().map(|&arg| held[arg].clone()).collect();
        let args = args.ok_or_else(|| Error::Bug(format!("step {at} needs a buffer that is gone")))?;
        if let Kernel::Fold(fold) = &step.kernel {
            for (&out, value) in step.outs.iter().zip(blocks::run_fold(fold, &args, inputs)?) {
                held[out] = Some(value);
            }
        } else {
            let out = step.outs[0];
            let (shape, layout) = of(out);
            held[out] = Some(compute(&step.kernel, &args, shape, layout, inputs)?);
        }
        for &dead in &step.frees {
            held[dead] = None;
        }
    }
    Ok(())
}

fn compute(kernel: &Kernel, args: &[Value], shape: Shape, layout: &Layout, inputs: &Inputs) -> Result<Value> {
    Ok(match kernel {
        Kernel::Input(var) => inputs.value(var)?,
        Kernel::Literal(number) => Value::scalar(Number::get(*number)),
        Kernel::Observed(var) => inputs.observed(var)?,
        Kernel::Map(op) => pointwise::map(op, &args[0], layout),
        Kernel::Zip(op) => pointwise::zip(op, &args[0], &args[1], shape, layout),
        Kernel::Product { flip } => products::multiply(&args[0], flip[0], &args[1], flip[1]),
        Kernel::Sampled { flip } => products::sampled(&args[0], flip[0], &args[1], flip[1], &args[2]),
        Kernel::Gather => pointwise::gather(&args[0], &args[1]),
        Kernel::Transpose => products::transpose(&args[0]),
        Kernel::Sum => Value::scalar(sums::sum(&args[0])),
        Kernel::RowSum => sums::rowsum(&args[0]),
        Kernel::ColSum => sums::colsum(&args[0]),
        Kernel::Expand => pointwise::expand(&args[0], shape),
        Kernel::SumTo => sums::sumto(&args[0], shape),
        Kernel::Eye => identity(shape),
        Kernel::Fold(_) => return Err(Error::Bug("a fold has steps of its own".into())),
    })
}

fn identity(shape: Shape) -> Value {
    let n = shape.rows;
    let pattern = Pattern::new(n, n, (0..=n).collect(), (0..n as u32).collect()).expect("a diagonal is a pattern");
    Value::sparse(Arc::new(pattern), vec![1.0; n])
}
