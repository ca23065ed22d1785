//! Stream: a fold: the same steps for one block of rows after the other.
//! In: a `RowTiling` and its arguments.  Out: its results, stacked or added up.
//! Invariant: shards of rows are summed in order, and shards in a fixed tree: the bits don't depend on threads.
//! Not here: which steps (see `plan::fold`), what they do (see `engine`).

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::engine::Scene;
use super::products;
use crate::data::Pattern;
use crate::error::{Error, Result};
use crate::facts::{Layout, Shape};
use crate::plan::{Combine, Kernel, Param, RowTiling, Step};
use crate::run::Inputs;
use crate::run::machine::shard_sums::fold_parts;
use crate::run::value::pool::Pool;
use crate::run::value::slot::Slot;
use crate::run::value::typed::{Entries, Held, Numbers, Rect};

/// The results of some blocks, one a result of the fold.
type Partial<T> = Result<Vec<Gathered<T>>>;

/// What some blocks gave for one result.
enum Gathered<T> {
    /// Parts, in order.
    Stack(Vec<Held<T>>),
    /// The sum so far.
    Sum(Option<Slot<T>>),
}

/// Runs a fold.
///
/// # Errors
/// Those of its steps.
pub(in crate::run) fn run<T: Numbers>(
    fold: &RowTiling,
    args: &[Slot<T>],
    inputs: &Inputs,
    pool: &Pool<T>,
) -> Result<Vec<Slot<T>>> {
    let args: Vec<Slot<T>> = args.iter().zip(&fold.params).map(|(arg, param)| laid_out(arg, *param, pool)).collect();
    let bounds = |k: usize| (fold.rows as u128 * k as u128 / fold.shards as u128) as usize;
    let mut stacks: Vec<Option<Vec<T>>> = fold.results.iter().map(|result| stack(fold, result, pool)).collect();
    // Each shard has its part of every stack, which it takes when its turn comes.
    let parts: Vec<Mutex<Vec<Option<&mut [T]>>>> =
        cut_stacks(fold, &mut stacks, bounds).into_iter().map(Mutex::new).collect();
    let shard = |k: usize| {
        let stacks = std::mem::take(&mut *parts[k].lock().unwrap_or_else(PoisonError::into_inner));
        Shard { fold, args: &args, inputs, pool, from: bounds(k), stacks }.run(bounds(k)..bounds(k + 1))
    };
    let both = |a: Partial<T>, b: Partial<T>| Ok(a?.into_iter().zip(b?).map(|(a, b)| combined(a, b, pool)).collect());
    let gathered = fold_parts(0..fold.shards, &shard, &both)?;
    drop(parts);
    args.into_iter().for_each(|arg| pool.give(Some(arg)));
    let mut results = Vec::with_capacity(fold.results.len());
    for ((buffer, _), (part, stack)) in fold.results.iter().zip(gathered.into_iter().zip(stacks)) {
        results.push(match stack {
            Some(numbers) => Slot::Wide(Held::Dense(Rect::new(stacked_shape(fold, *buffer), numbers))),
            None => finished(fold, *buffer, part, pool)?,
        });
    }
    Ok(results)
}

/// Rows one under the other.
fn stacked_shape(fold: &RowTiling, buffer: usize) -> Shape {
    Shape { rows: fold.rows, cols: fold.buffers[buffer].shape.cols }
}

/// Room for a result that is stacked and dense, into which each block writes its own rows.
fn stack<T: Numbers>(fold: &RowTiling, (buffer, combine): &(usize, Combine), pool: &Pool<T>) -> Option<Vec<T>> {
    let dense = *combine == Combine::Stack && fold.buffers[*buffer].layout == Layout::Dense;
    dense.then(|| pool.take(stacked_shape(fold, *buffer).entries()))
}

/// For each shard its part of each stack.
fn cut_stacks<'a, T>(
    fold: &RowTiling,
    stacks: &'a mut [Option<Vec<T>>],
    bounds: impl Fn(usize) -> usize,
) -> Vec<Vec<Option<&'a mut [T]>>> {
    let mut parts: Vec<Vec<Option<&mut [T]>>> = (0..fold.shards).map(|_| Vec::new()).collect();
    for (stack, (buffer, _)) in stacks.iter_mut().zip(&fold.results) {
        let cols = fold.buffers[*buffer].shape.cols;
        let mut rest = stack.as_deref_mut();
        for (k, part) in parts.iter_mut().enumerate() {
            let (head, tail) = match rest.take() {
                Some(numbers) => {
                    let (head, tail) = numbers.split_at_mut((bounds(k + 1) - bounds(k)) * cols);
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
        (Gathered::Sum(Some(a)), Gathered::Sum(Some(b))) => {
            let sum = products::sum_of(a, &b);
            pool.give(Some(b));
            Gathered::Sum(Some(sum))
        }
        (Gathered::Sum(a), Gathered::Sum(b)) => Gathered::Sum(a.or(b)),
        (a, _) => a,
    }
}

/// A result of all blocks.
fn finished<T: Numbers>(fold: &RowTiling, buffer: usize, part: Gathered<T>, pool: &Pool<T>) -> Result<Slot<T>> {
    let gone = || Error::Bug("a fold without rows".into());
    let parts = match part {
        Gathered::Sum(sum) => return sum.ok_or_else(gone),
        Gathered::Stack(parts) => parts,
    };
    let cols = fold.buffers[buffer].shape.cols;
    let shape = Shape { rows: fold.rows, cols };
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
            let pattern = if shared && first.pattern.rows() == fold.rows {
                first.pattern.clone()
            } else {
                Arc::new(stacked(&parts, shape)?)
            };
            Ok(Slot::Wide(Held::Sparse(Entries::on(pattern, numbers))))
        }
    };
    parts.into_iter().for_each(|part| pool.give(Some(Slot::Wide(part))));
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
    fold: &'a RowTiling,
    args: &'a [Slot<T>],
    inputs: &'a Inputs,
    pool: &'a Pool<T>,
    /// The first of its rows.
    from: usize,
    /// Its rows of each result that is stacked and dense.
    stacks: Vec<Option<&'a mut [T]>>,
}

impl<T: Numbers> Shard<'_, T> {
    fn run(mut self, rows: Range<usize>) -> Partial<T> {
        let fold = self.fold;
        let empty = |combine: &Combine| match combine {
            Combine::Stack => Gathered::Stack(Vec::new()),
            Combine::Add => Gathered::Sum(None),
        };
        let mut results: Vec<Gathered<T>> = fold.results.iter().map(|(_, combine)| empty(combine)).collect();
        let mut held: Vec<Option<Slot<T>>> = vec![None; fold.buffers.len()];
        let mut start = rows.start;
        while start < rows.end {
            let block = start..(start + fold.height).min(rows.end);
            for (at, (arg, param)) in self.args.iter().zip(&fold.params).enumerate() {
                self.pool.give(held[at].take());
                held[at] = Some(cut(arg, *param, &block, self.pool));
            }
            let scene = Scene {
                pool: self.pool,
                buffers: &fold.buffers,
                inputs: self.inputs,
                block: Some((block.len(), &fold.aligned)),
            };
            for step in &fold.body {
                if !self.add_product(step, &mut held, &mut results) {
                    scene.step(step, &mut held)?;
                }
            }
            for (at, (result, (buffer, _))) in results.iter_mut().zip(&fold.results).enumerate() {
                match (result, held[*buffer].take()) {
                    (Gathered::Stack(parts), Some(value)) => self.stack(at, block.start, value, parts),
                    (Gathered::Sum(sum), Some(value)) => {
                        *sum = Some(match sum.take() {
                            Some(sum) => {
                                let sum = products::sum_of(sum, &value);
                                self.pool.give(Some(value));
                                sum
                            }
                            None => value,
                        });
                    }
                    (Gathered::Sum(Some(_)), None) => {}
                    (_, None) => return Err(Error::Bug("a fold's result is gone".into())),
                }
            }
            start = block.end;
        }
        Ok(results)
    }

    /// Puts a block's rows of result `at` into their place, or with the others where that is not known beforehand.
    fn stack(&mut self, at: usize, first: usize, value: Slot<T>, parts: &mut Vec<Held<T>>) {
        match (&mut self.stacks[at], value.wide()) {
            (Some(stack), Held::Dense(rect)) => {
                let from = (first - self.from) * rect.shape.cols;
                stack[from..from + rect.data.len()].copy_from_slice(&rect.data);
                drop(rect);
                self.pool.give(Some(value));
            }
            (_, held) => parts.push(held),
        }
    }

    /// Adds a product to the sum that it is a part of, where that can be done in one go.
    fn add_product(&self, step: &Step, held: &mut [Option<Slot<T>>], results: &mut [Gathered<T>]) -> bool {
        let Kernel::Product { transpose: flip } = step.kernel else { return false };
        let Some(at) = self.fold.results.iter().position(|(buffer, _)| *buffer == step.outs[0]) else { return false };
        let (Gathered::Sum(Some(sum)), Some(a), Some(b)) = (&mut results[at], &held[step.args[0]], &held[step.args[1]])
        else {
            return false;
        };
        let added = products::add_product(sum, [a, b], flip);
        if added {
            step.frees.iter().for_each(|&dead| self.pool.give(held[dead].take()));
        }
        added
    }
}

/// An argument such that blocks of it are blocks of rows, in the type of blocks.
fn laid_out<T: Numbers>(arg: &Slot<T>, param: Param, pool: &Pool<T>) -> Slot<T> {
    if let (Slot::Holes(..), Param::Rows) = (arg, param) {
        return arg.clone();
    }
    match (param, arg.wide()) {
        (Param::Whole, Held::Dense(rect)) if matches!(arg, Slot::Wide(_)) => Slot::Wide(Held::Dense(pool.align(&rect))),
        (Param::Whole, _) => arg.clone(),
        (Param::Rows, held) => Slot::Wide(held),
        (Param::Cols, Held::Dense(rect)) => Slot::Wide(Held::Dense(products::transposed(&rect, pool))),
        (Param::Cols, Held::Sparse(entries)) => Slot::Wide(Held::Sparse(entries.transposed())),
    }
}

/// The part of an argument that belongs to a block.
fn cut<T: Numbers>(arg: &Slot<T>, param: Param, block: &Range<usize>, pool: &Pool<T>) -> Slot<T> {
    if let (Slot::Holes(raw, holes), Param::Rows) = (arg, param) {
        let rows = raw.rows(block.clone());
        let mut out = pool.take(rows.data.len());
        holes.read(&rows.data, &mut out);
        return Slot::Wide(Held::Dense(Rect::new(rows.shape, out)));
    }
    let Slot::Wide(held) = arg else { return arg.clone() };
    match (param, held) {
        (Param::Whole, _) => arg.clone(),
        (Param::Rows, Held::Dense(rect)) => Slot::Wide(Held::Dense(rect.rows(block.clone()))),
        (Param::Rows, Held::Sparse(entries)) => Slot::Wide(Held::Sparse(entries.cut(block.clone()))),
        (Param::Cols, Held::Dense(rect)) => {
            Slot::Wide(Held::Dense(products::transposed(&rect.rows(block.clone()), pool)))
        }
        (Param::Cols, Held::Sparse(entries)) => Slot::Wide(Held::Sparse(entries.cut(block.clone()).transposed())),
    }
}
