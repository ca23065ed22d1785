//! Blocks: a fold: the same steps for one block of rows after the other.
//! In: a `Fold` and its arguments.  Out: its results, stacked or added up.
//! Law: shards of rows are summed in order, and shards in a fixed tree: the bits don't depend on threads.
//! Not here: which steps (see `plan::fold`), what they mean (see `interp`).

use std::ops::Range;
use std::sync::Arc;

use super::fold::fold_parts;
use super::interp::run_steps;
use super::{Dense, Inputs, Value};
use crate::data::{Pattern, Sparse};
use crate::error::{Error, Result};
use crate::facts::Shape;
use crate::plan::{Combine, Fold, Param};

/// The results of some blocks, one a result of the fold.
type Partial = Result<Vec<Vec<f64>>>;

/// Runs a fold.
///
/// # Errors
/// Those of its steps.
pub(super) fn run_fold(fold: &Fold, args: &[Value], inputs: &Inputs) -> Result<Vec<Value>> {
    let bounds = |k: usize| (fold.rows as u128 * k as u128 / fold.shards as u128) as usize;
    let shard = |k: usize| run_shard(fold, args, bounds(k)..bounds(k + 1), inputs);
    let both = |a: Partial, b: Partial| {
        let (mut a, b) = (a?, b?);
        for ((mine, theirs), (_, combine)) in a.iter_mut().zip(b).zip(&fold.results) {
            join(mine, theirs, *combine);
        }
        Ok(a)
    };
    let parts = fold_parts(0..fold.shards, &shard, &both)?;
    let results = fold.results.iter().zip(parts);
    Ok(results.map(|((buffer, combine), numbers)| value(fold, args, *buffer, *combine, numbers)).collect())
}

fn join(mine: &mut Vec<f64>, theirs: Vec<f64>, combine: Combine) {
    match combine {
        Combine::Stack if mine.is_empty() => *mine = theirs,
        Combine::Stack => mine.extend(theirs),
        Combine::Add if mine.is_empty() => *mine = theirs,
        Combine::Add => mine.iter_mut().zip(theirs).for_each(|(x, y)| *x += y),
    }
}

/// A result of all blocks: dense, or on the pattern of an argument.
fn value(fold: &Fold, args: &[Value], buffer: usize, combine: Combine, numbers: Vec<f64>) -> Value {
    let local = &fold.buffers[buffer];
    if local.layout.is_sparse() {
        // Every value on a pattern in a fold lies on one that came in by rows.
        for (arg, param) in args.iter().zip(&fold.params) {
            if let (Value::Sparse(s), Param::Rows) = (arg, param)
                && s.pattern().nnz() == numbers.len()
                && s.pattern().cols() == local.shape.cols
            {
                return Value::sparse(s.pattern().clone(), numbers);
            }
        }
    }
    let rows = if combine == Combine::Stack { fold.rows } else { local.shape.rows };
    Value::dense(Shape { rows, cols: local.shape.cols }, numbers)
}

fn run_shard(fold: &Fold, args: &[Value], rows: Range<usize>, inputs: &Inputs) -> Partial {
    let mut results = vec![Vec::new(); fold.results.len()];
    let mut start = rows.start;
    while start < rows.end {
        let block = start..(start + fold.height).min(rows.end);
        let of = |buffer: usize| {
            let mut shape = fold.buffers[buffer].shape;
            if fold.aligned[buffer] {
                shape.rows = block.len();
            }
            (shape, &fold.buffers[buffer].layout)
        };
        let mut held: Vec<Option<Value>> = vec![None; fold.buffers.len()];
        let mut cut_patterns = Vec::new();
        for (at, (arg, param)) in args.iter().zip(&fold.params).enumerate() {
            held[at] = Some(cut(arg, *param, &block, &mut cut_patterns));
        }
        run_steps(true, fold.body.iter(), &of, &mut held, inputs)?;
        for (result, (buffer, combine)) in results.iter_mut().zip(&fold.results) {
            let value = held[*buffer].take().ok_or_else(|| Error::Bug("a fold's result is gone".into()))?;
            let numbers = match value {
                Value::Sparse(s) => s.values().to_vec(),
                Value::Dense(d) => Arc::try_unwrap(d).map_or_else(|d| d.data.clone(), |d| d.data),
            };
            join(result, numbers, *combine);
        }
        start = block.end;
    }
    Ok(results)
}

/// Patterns with their parts that belong to a block: what shares a pattern shares its part.
type CutPatterns = Vec<(Arc<Pattern>, Arc<Pattern>)>;

/// The part of an argument that belongs to a block.
fn cut(arg: &Value, param: Param, block: &Range<usize>, known: &mut CutPatterns) -> Value {
    match (param, arg) {
        (Param::Whole, _) => arg.clone(),
        (Param::Rows, Value::Dense(d)) => {
            let cols = d.shape.cols;
            let data = d.data[block.start * cols..block.end * cols].to_vec();
            Value::dense(Shape { rows: block.len(), cols }, data)
        }
        (Param::Cols, Value::Dense(d)) => {
            Value::dense(Shape { rows: d.shape.rows, cols: block.len() }, columns(d, block))
        }
        (Param::Rows, Value::Sparse(s)) => rows_of(s, block, known),
        (Param::Cols, Value::Sparse(s)) => super::products::transpose(&rows_of(s.transposed(), block, known)),
    }
}

fn columns(d: &Dense, block: &Range<usize>) -> Vec<f64> {
    d.data.chunks(d.shape.cols).flat_map(|row| &row[block.clone()]).copied().collect()
}

fn rows_of(s: &Sparse<f64>, block: &Range<usize>, known: &mut CutPatterns) -> Value {
    let whole = s.pattern();
    let (first, last) = (whole.indptr()[block.start], whole.indptr()[block.end]);
    let part = match known.iter().find(|(of, _)| Arc::ptr_eq(of, whole)) {
        Some((_, part)) => part.clone(),
        None => {
            let moved = whole.indptr()[block.start..=block.end].iter().map(|at| at - first).collect();
            let indices = whole.indices()[first..last].to_vec();
            let part = Pattern::new(block.len(), whole.cols(), moved, indices);
            let part = Arc::new(part.expect("rows of a pattern are a pattern"));
            known.push((whole.clone(), part.clone()));
            part
        }
    };
    Value::sparse(part, s.values()[first..last].to_vec())
}
