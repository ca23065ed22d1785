//! Steps: each kernel of a plan the fast way, but for those that go by blocks of rows.
//! In: a step, the values of its arguments.  Out: the values of its results.
//! Invariant: a block's steps run on one thread; a kernel has the same meaning there.
//! Not here: the kernels (see `products`, `elementwise`, `plain`), blocks of rows (see `stream`).

use super::cuts::Cuts;
use super::{elementwise, plain, products, rows, thin};
use crate::error::{Error, Result};
use crate::expr::Number;
use crate::facts::{Layout, Shape};
use crate::plan::{Buffer, Kernel, Step};
use crate::run::Inputs;
use crate::run::value::Numbers;
use crate::run::value::held::Held;
use crate::run::value::pool::Pool;
use crate::run::value::rect::Rect;
use crate::run::value::slot::{MissingRead, Slot};

/// Where steps are done: in a plan, or for a block of rows.
pub(in crate::run) struct Scope<'a, T> {
    pub pool: &'a Pool<T>,
    pub buffers: &'a [Buffer],
    pub inputs: &'a Inputs,
    pub cuts: &'a Cuts,
    /// How many rows the block has, and which buffers have as many.
    pub block: Option<(usize, &'a [bool])>,
}

impl<T: Numbers> Scope<'_, T> {
    /// The shape of a buffer.
    pub(in crate::run) fn shape(&self, buffer: usize) -> Shape {
        let shape = self.buffers[buffer].shape;
        match self.block {
            Some((rows, aligned)) if aligned[buffer] => Shape { rows, ..shape },
            _ => shape,
        }
    }

    /// Does a step: fills its buffers, and empties those that nobody needs any more.
    pub(in crate::run) fn step(&self, step: &Step, held: &mut [Option<Slot<T>>]) -> Result<()> {
        let values = self.compute(step, self.args(step, held)?)?;
        self.fill(step, values, held);
        Ok(())
    }

    /// The arguments of a step.
    pub(super) fn args(&self, step: &Step, held: &[Option<Slot<T>>]) -> Result<Vec<Slot<T>>> {
        let args: Option<Vec<Slot<T>>> = step.args.iter().map(|&arg| held[arg].clone()).collect();
        let args = args.ok_or_else(|| Error::Bug("a step needs a buffer that is gone".into()))?;
        match step.kernel {
            Kernel::Tiled(_) | Kernel::Thin(_) => Ok(args),
            _ => args.into_iter().map(Slot::collected).collect(),
        }
    }

    /// Puts the results of a step into their buffers, and empties those that nobody needs any more.
    pub(super) fn fill(&self, step: &Step, values: Vec<Slot<T>>, held: &mut [Option<Slot<T>>]) {
        for (&out, value) in step.outs.iter().zip(values) {
            held[out] = Some(value.held_in(self.buffers[out].dtype));
        }
        for &dead in &step.frees {
            Slot::release(held[dead].take(), self.pool);
        }
    }

    fn compute(&self, step: &Step, args: Vec<Slot<T>>) -> Result<Vec<Slot<T>>> {
        let out = step.outs[0];
        // A block is a task of its own.
        let cuts = Some(self.cuts).filter(|_| self.block.is_none());
        let (shape, dtype) = (self.shape(out), self.buffers[out].dtype);
        let value = match &step.kernel {
            Kernel::Input(var)
                if dtype == T::DTYPE
                    && let Some(source) = self.inputs.source(var) =>
            {
                Slot::Source(source.clone(), MissingRead::Entries)
            }
            Kernel::Observed(var) if let Some(source) = self.inputs.source(var) => {
                Slot::Source(source.clone(), MissingRead::Mask)
            }
            Kernel::Input(var) if self.inputs.has_missing(var) => {
                Slot::Missing(self.inputs.raw(var)?, MissingRead::Entries)
            }
            Kernel::Observed(var) if self.buffers[out].layout == Layout::Dense => {
                Slot::Missing(self.inputs.raw(var)?, MissingRead::Mask)
            }
            Kernel::Input(var) if dtype != T::DTYPE => Slot::Small(self.inputs.value::<f64>(var)?.to_rect()),
            Kernel::Input(var) => Slot::Wide(self.inputs.value(var)?),
            Kernel::Observed(var) => Slot::Wide(self.inputs.observed(var)?),
            Kernel::Literal(number) => Slot::number(Number::get(*number)),
            Kernel::Fused(fused) => {
                let of_block = |(rows, aligned): (usize, &[bool])| {
                    step.args.iter().chain(&step.outs).any(|&buffer| aligned[buffer]).then_some(rows)
                };
                let rows = self.block.and_then(of_block).unwrap_or(fused.shape.rows);
                return Ok(elementwise::run(fused, &args, rows, cuts, self.pool));
            }
            Kernel::Decrease => return Err(Error::Bug("a decrease without its row solver".into())),
            Kernel::Tiled(_) => return Err(Error::Bug("blocks of rows within a block of rows".into())),
            Kernel::Thin(thin) => {
                let factors = vec![args[1].clone().collected()?.rect()];
                let product = thin::products(&args[0], cuts, *thin, factors)?.swap_remove(0);
                Slot::Wide(Held::Dense(product))
            }
            Kernel::Rows(solver) => return rows::run(solver, &args, cuts, self.pool),
            Kernel::Product { transpose } => {
                products::multiply([&args[0], &args[1]], *transpose, dtype, cuts, self.pool)
                    .map_or_else(|| self.plainly(step, &args, shape), Ok)?
            }
            Kernel::Sampled { transpose } => products::sampled([&args[0], &args[1]], *transpose, &args[2], self.pool)
                .map_or_else(|| self.plainly(step, &args, shape), Ok)?,
            Kernel::Transpose => match &args[0] {
                Slot::Wide(_) | Slot::Missing(..) | Slot::Source(..) => {
                    Slot::Wide(args[0].wide().transposed(self.pool))
                }
                Slot::Small(rect) => Slot::Small(rect.transposed(&Pool::default())),
            },
            Kernel::Join { by_rows } => Slot::Wide(Held::Dense(join(&args, *by_rows, shape))),
            Kernel::Part { by_rows, from } => Slot::Wide(Held::Dense(part(&args[0].rect(), *by_rows, *from, shape))),
            Kernel::Eye => Slot::Wide(Held::Sparse(plain::identity(shape.rows).cast())),
            Kernel::Map(_)
            | Kernel::Zip(_)
            | Kernel::Gather
            | Kernel::Sum
            | Kernel::RowSum
            | Kernel::ColSum
            | Kernel::Expand
            | Kernel::SumTo => self.plainly(step, &args, shape)?,
        };
        Ok(vec![value])
    }

    /// The plain way, for what is too rare to be worth a fast one.
    fn plainly(&self, step: &Step, args: &[Slot<T>], shape: Shape) -> Result<Slot<T>> {
        let args: Vec<Held<f64>> = args.iter().map(Slot::plain).collect();
        Ok(match plain::compute(&step.kernel, &args, self.cuts, shape, &self.buffers[step.outs[0]].layout)? {
            Held::Dense(rect) => Slot::Small(rect),
            Held::Sparse(entries) => Slot::Wide(Held::Sparse(entries.cast())),
        })
    }
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
