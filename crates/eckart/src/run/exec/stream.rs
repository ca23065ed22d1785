//! Stream: a row tiling: the same steps for one block of rows after the other.
//! In: a `RowTiling` and its arguments.  Out: its results, stacked or added up.
//! Invariant: shards of rows are summed in order, and shards in a fixed tree: the bits don't depend on threads.
//! Not here: which steps (see `plan::passes`), what they do (see `engine`).

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::products;
use super::steps::Scope;
use crate::data::{Pattern, Shards};
use crate::error::{Error, Result};
use crate::facts::{Layout, Shape};
use crate::plan::{Combine, Kernel, Param, RowTiling, Step};
use crate::run::machine::cut::{Cut, blocks};
use crate::run::machine::shard_sums::reduce_parts;
use crate::run::value::Numbers;
use crate::run::value::entries::Entries;
use crate::run::value::held::Held;
use crate::run::value::pool::Pool;
use crate::run::value::rect::Rect;
use crate::run::value::slot::Slot;

/// The results of some blocks, one a result of the tiling.
type Partial<T> = Result<Vec<Gathered<T>>>;

/// What some blocks gave for one result.
enum Gathered<T> {
    /// Parts, in order.
    Stack(Vec<Held<T>>),
    /// The sum so far.
    Sum(Option<Slot<T>>),
}

/// Runs a tiling.
///
/// # Errors
/// Those of its steps.
pub(in crate::run) fn run<T: Numbers>(
    tiling: &RowTiling,
    args: &[Slot<T>],
    scope: &Scope<'_, T>,
) -> Result<Vec<Slot<T>>> {
    let pool = scope.pool;
    // The factor of a thin product is small, but its products are in the type of the data.
    let in_thin =
        |at: usize| tiling.body.iter().any(|step| matches!(step.kernel, Kernel::Thin(_)) && step.args[1] == at);
    let args = args.iter().enumerate().map(|(at, arg)| match (arg, tiling.params[at]) {
        (Slot::Small(rect), _) if in_thin(at) => Ok(Slot::Wide(Held::Dense(rect.cast::<T>().aligned(pool)))),
        (Slot::Missing(..) | Slot::Source(..), Param::Rows) => Ok(arg.clone()),
        (_, param) => Ok(laid_out(&arg.clone().collected()?, param, pool)),
    });
    let args: Vec<Slot<T>> = args.collect::<Result<_>>()?;
    let even = Shards::even(tiling.rows, tiling.shards);
    let shards = scope.cuts.of_data(tiling.rows).map_or(&even, Cut::shards);
    let mut stacks: Vec<Option<Vec<T>>> = tiling.results.iter().map(|result| stack(tiling, result, pool)).collect();
    // Each shard has its part of every stack, which it takes when its turn comes.
    let parts: Vec<Mutex<Vec<Option<&mut [T]>>>> =
        cut_stacks(tiling, &mut stacks, shards).into_iter().map(Mutex::new).collect();
    let shard = |k: usize| {
        let stacks = std::mem::take(&mut *parts[k].lock().unwrap_or_else(PoisonError::into_inner));
        Shard { tiling, args: &args, scope, rows: shards.range(k), stacks }.run()
    };
    let both = |a: Partial<T>, b: Partial<T>| Ok(a?.into_iter().zip(b?).map(|(a, b)| combined(a, b, pool)).collect());
    let gathered = reduce_parts(shards.count(), &shard, &both)?;
    drop(parts);
    args.into_iter().for_each(|arg| Slot::release(Some(arg), pool));
    let mut results = Vec::with_capacity(tiling.results.len());
    for ((buffer, _), (part, stack)) in tiling.results.iter().zip(gathered.into_iter().zip(stacks)) {
        results.push(match stack {
            Some(numbers) => Slot::Wide(Held::Dense(Rect::new(stacked_shape(tiling, *buffer), numbers))),
            None => finished(tiling, *buffer, part, pool)?,
        });
    }
    Ok(results)
}

/// Rows one under the other.
fn stacked_shape(tiling: &RowTiling, buffer: usize) -> Shape {
    Shape { rows: tiling.rows, cols: tiling.buffers[buffer].shape.cols }
}

/// Room for a result that is stacked and dense, into which each block writes its own rows.
fn stack<T: Numbers>(tiling: &RowTiling, (buffer, combine): &(usize, Combine), pool: &Pool<T>) -> Option<Vec<T>> {
    let dense = *combine == Combine::Stack && tiling.buffers[*buffer].layout == Layout::Dense;
    dense.then(|| pool.take(stacked_shape(tiling, *buffer).entries()))
}

/// For each shard its part of each stack.
fn cut_stacks<'a, T>(
    tiling: &RowTiling,
    stacks: &'a mut [Option<Vec<T>>],
    shards: &Shards,
) -> Vec<Vec<Option<&'a mut [T]>>> {
    let mut parts: Vec<Vec<Option<&mut [T]>>> = (0..shards.count()).map(|_| Vec::new()).collect();
    for (stack, (buffer, _)) in stacks.iter_mut().zip(&tiling.results) {
        let cols = tiling.buffers[*buffer].shape.cols;
        let mut rest = stack.as_deref_mut();
        for (k, part) in parts.iter_mut().enumerate() {
            let (head, tail) = match rest.take() {
                Some(numbers) => {
                    let (head, tail) = numbers.split_at_mut(shards.range(k).len() * cols);
                    (Some(head), Some(tail))
                }
                None => (None, None),
            };
            part.push(head);
            rest = tail;
        }
    }
    parts
}

fn combined<T: Numbers>(a: Gathered<T>, b: Gathered<T>, pool: &Pool<T>) -> Gathered<T> {
    match (a, b) {
        (Gathered::Stack(mut a), Gathered::Stack(b)) => {
            a.extend(b);
            Gathered::Stack(a)
        }
        (Gathered::Sum(None), b) => b,
        (Gathered::Sum(mut a), Gathered::Sum(Some(b))) => {
            add(&mut a, b, pool);
            Gathered::Sum(a)
        }
        (a, _) => a,
    }
}

fn add<T: Numbers>(sum: &mut Option<Slot<T>>, value: Slot<T>, pool: &Pool<T>) {
    *sum = Some(match sum.take() {
        Some(sum) => {
            let sum = products::sum_of(sum, &value);
            Slot::release(Some(value), pool);
            sum
        }
        None => value,
    });
}

/// A result of all blocks.
fn finished<T: Numbers>(tiling: &RowTiling, buffer: usize, part: Gathered<T>, pool: &Pool<T>) -> Result<Slot<T>> {
    let gone = || Error::Bug("a tiling without rows".into());
    let parts = match part {
        Gathered::Sum(sum) => return sum.ok_or_else(gone),
        Gathered::Stack(parts) => parts,
    };
    let shape = stacked_shape(tiling, buffer);
    let part_of = |part: &'_ Held<T>| match part {
        Held::Dense(rect) => rect.data.clone(),
        Held::Sparse(entries) => entries.values.clone(),
    };
    let mut numbers = pool.take(parts.iter().map(|part| part_of(part).len()).sum());
    let mut rest = &mut numbers[..];
    for part in parts.iter().map(part_of) {
        let (head, tail) = rest.split_at_mut(part.len());
        head.copy_from_slice(&part);
        rest = tail;
    }
    let value = match parts.first() {
        None => Err(gone()),
        Some(Held::Dense(_)) => Ok(Slot::Wide(Held::Dense(Rect::new(shape, numbers)))),
        Some(Held::Sparse(first)) => {
            let shared =
                parts.iter().all(|part| matches!(part, Held::Sparse(e) if Arc::ptr_eq(&e.pattern, &first.pattern)));
            let pattern = if shared && first.pattern.rows() == tiling.rows {
                first.pattern.clone()
            } else {
                Arc::new(stacked(&parts, shape)?)
            };
            Ok(Slot::Wide(Held::Sparse(Entries::on(pattern, numbers))))
        }
    };
    parts.into_iter().for_each(|part| Slot::release(Some(Slot::Wide(part)), pool));
    value
}

/// The pattern of parts that have patterns of their own.
fn stacked<T: Numbers>(parts: &[Held<T>], shape: Shape) -> Result<Pattern> {
    let (mut indptr, mut indices) = (vec![0], Vec::new());
    for part in parts {
        if let Held::Sparse(entries) = part {
            for i in 0..entries.shape().rows {
                indices.extend_from_slice(&entries.indices()[entries.range(i)]);
                indptr.push(indices.len());
            }
        }
    }
    Pattern::new(shape.rows, shape.cols, indptr, indices)
}

/// The blocks of one shard.
struct Shard<'a, T> {
    tiling: &'a RowTiling,
    args: &'a [Slot<T>],
    scope: &'a Scope<'a, T>,
    rows: Range<usize>,
    /// Its rows of each result that is stacked and dense.
    stacks: Vec<Option<&'a mut [T]>>,
}

impl<T: Numbers> Shard<'_, T> {
    fn run(mut self) -> Partial<T> {
        let (tiling, pool) = (self.tiling, self.scope.pool);
        let empty = |combine: &Combine| match combine {
            Combine::Stack => Gathered::Stack(Vec::new()),
            Combine::Add => Gathered::Sum(None),
        };
        let mut results: Vec<Gathered<T>> = tiling.results.iter().map(|(_, combine)| empty(combine)).collect();
        let mut held: Vec<Option<Slot<T>>> = vec![None; tiling.buffers.len()];
        for block in blocks(self.rows.clone(), tiling.height) {
            for (at, (arg, param)) in self.args.iter().zip(&tiling.params).enumerate() {
                Slot::release(held[at].take(), pool);
                held[at] = Some(cut(arg, *param, &block, pool)?);
            }
            let (inputs, cuts) = (self.scope.inputs, self.scope.cuts);
            let block_of = Some((block.len(), &tiling.aligned[..]));
            let scope = Scope { pool, buffers: &tiling.buffers, inputs, cuts, block: block_of };
            for step in &tiling.body {
                if !self.add_product(step, &mut held, &mut results) {
                    scope.step(step, &mut held)?;
                }
            }
            for (at, (result, (buffer, _))) in results.iter_mut().zip(&tiling.results).enumerate() {
                match (result, held[*buffer].take()) {
                    (Gathered::Stack(parts), Some(value)) => self.stack(at, block.start, value, parts),
                    (Gathered::Sum(sum), Some(value)) => add(sum, value, pool),
                    (Gathered::Sum(Some(_)), None) => {}
                    (_, None) => return Err(Error::Bug("a tiling's result is gone".into())),
                }
            }
        }
        Ok(results)
    }

    /// Puts a block's rows of result `at` into their place, or with the others where that is not known beforehand.
    fn stack(&mut self, at: usize, first: usize, value: Slot<T>, parts: &mut Vec<Held<T>>) {
        match (&mut self.stacks[at], value.wide()) {
            (Some(stack), Held::Dense(rect)) => {
                let from = (first - self.rows.start) * rect.shape.cols;
                stack[from..from + rect.data.len()].copy_from_slice(&rect.data);
                drop(rect);
                Slot::release(Some(value), self.scope.pool);
            }
            (_, held) => parts.push(held),
        }
    }

    /// Adds a product to the sum that it is a part of, where that can be done in one go.
    fn add_product(&self, step: &Step, held: &mut [Option<Slot<T>>], results: &mut [Gathered<T>]) -> bool {
        let transpose = match step.kernel {
            Kernel::Product { transpose } => transpose,
            Kernel::Thin(thin) if thin.data_transposed => [true, false],
            _ => return false,
        };
        let Some(at) = self.tiling.results.iter().position(|(buffer, _)| *buffer == step.outs[0]) else { return false };
        let (Gathered::Sum(sum), Some(a), Some(b)) = (&mut results[at], &held[step.args[0]], &held[step.args[1]])
        else {
            return false;
        };
        if sum.is_none() && products::is_sum_of_dense([a, b], transpose) {
            let shape = self.tiling.buffers[step.outs[0]].shape;
            *sum = Some(Slot::Wide(Held::Dense(Rect::new(shape, self.scope.pool.zeros(shape.entries())))));
        }
        let Some(sum) = sum else { return false };
        let added = products::add_product(sum, [a, b], transpose);
        if added {
            step.frees.iter().for_each(|&dead| Slot::release(held[dead].take(), self.scope.pool));
        }
        added
    }
}

/// An argument such that blocks of it are blocks of rows, in the type of blocks.
fn laid_out<T: Numbers>(arg: &Slot<T>, param: Param, pool: &Pool<T>) -> Slot<T> {
    match (param, arg.wide()) {
        (Param::Whole, Held::Dense(rect)) if matches!(arg, Slot::Wide(_)) => {
            Slot::Wide(Held::Dense(rect.aligned(pool)))
        }
        (Param::Whole, _) => arg.clone(),
        (Param::Rows, held) => Slot::Wide(held),
        (Param::Cols, held) => Slot::Wide(held.transposed(pool)),
    }
}

/// The part of an argument that belongs to a block.
///
/// # Errors
/// Those of a source.
fn cut<T: Numbers>(arg: &Slot<T>, param: Param, block: &Range<usize>, pool: &Pool<T>) -> Result<Slot<T>> {
    Ok(match (param, arg) {
        (Param::Whole, _) | (_, Slot::Small(_)) => arg.clone(),
        (Param::Rows, _) => Slot::Wide(arg.data_rows(block.clone(), pool)?),
        (Param::Cols, _) => Slot::Wide(arg.data_rows(block.clone(), pool)?.transposed(pool)),
    })
}
