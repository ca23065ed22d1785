//! Blocks: a fold: the same steps for one block of rows after the other.
//! In: a `RowTiling` and its arguments.  Out: its results, stacked or added up.
//! Invariant: shards of rows are summed in order, and shards in a fixed tree: the bits don't depend on threads.
//! Not here: which steps (see `plan::fold`), what they mean (the other files of `interp`).

use std::ops::Range;
use std::sync::Arc;

use super::super::Inputs;
use super::{Dense, Plain, run_steps};
use crate::data::{Pattern, Sparse};
use crate::error::{Error, Result};
use crate::facts::Shape;
use crate::plan::{Combine, Param, RowTiling};
use crate::run::machine::shard_sums::fold_parts;

/// The results of some blocks, one a result of the fold.
type Partial = Result<Vec<Part>>;

/// What some blocks gave for one result.
#[derive(Default)]
struct Part {
    numbers: Vec<f64>,
    place: Option<Place>,
}

/// Where the stored entries of a sparse result are.
enum Place {
    /// Where those of an argument are that came in by rows.
    Of(Arc<Pattern>),
    /// Columns, and how many there are in each row.
    Own(Vec<u32>, Vec<usize>),
}

/// Runs a fold.
///
/// # Errors
/// Those of its steps.
pub(super) fn run_fold(fold: &RowTiling, args: &[Plain], inputs: &Inputs) -> Result<Vec<Plain>> {
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
    fold.results.iter().zip(parts).map(|((buffer, combine), part)| value(fold, *buffer, *combine, part)).collect()
}

fn join(mine: &mut Part, theirs: Part, combine: Combine) {
    if mine.numbers.is_empty() && mine.place.is_none() {
        *mine = theirs;
        return;
    }
    if combine == Combine::Add {
        mine.numbers.iter_mut().zip(theirs.numbers).for_each(|(x, y)| *x += y);
        return;
    }
    mine.numbers.extend(theirs.numbers);
    if let (Some(Place::Own(columns, lengths)), Some(Place::Own(more, longer))) = (&mut mine.place, theirs.place) {
        columns.extend(more);
        lengths.extend(longer);
    }
}

/// A result of all blocks.
fn value(fold: &RowTiling, buffer: usize, combine: Combine, part: Part) -> Result<Plain> {
    let cols = fold.buffers[buffer].shape.cols;
    match part.place {
        Some(Place::Of(pattern)) => Ok(Plain::sparse(pattern, part.numbers)),
        Some(Place::Own(columns, lengths)) => {
            let mut indptr = vec![0];
            indptr.extend(lengths.iter().scan(0, |end, length| {
                *end += length;
                Some(*end)
            }));
            Ok(Plain::sparse(Arc::new(Pattern::new(fold.rows, cols, indptr, columns)?), part.numbers))
        }
        None => {
            let rows = if combine == Combine::Stack { fold.rows } else { fold.buffers[buffer].shape.rows };
            Ok(Plain::dense(Shape { rows, cols }, part.numbers))
        }
    }
}

/// What one block gave for a result. A pattern that came in by rows is known again: values on it are many, and share
/// it.
fn part_of(value: Plain, known: &CutPatterns) -> Part {
    let sparse = match value {
        Plain::Dense(d) => {
            return Part { numbers: Arc::try_unwrap(d).map_or_else(|d| d.data.clone(), |d| d.data), place: None };
        }
        Plain::Sparse(sparse) => sparse,
    };
    let pattern = sparse.pattern();
    let place = match known.iter().find(|(_, part)| Arc::ptr_eq(part, pattern)) {
        Some((whole, _)) => Place::Of(whole.clone()),
        None => {
            let lengths = (0..pattern.rows()).map(|i| pattern.range(i).len()).collect();
            Place::Own(pattern.indices().to_vec(), lengths)
        }
    };
    Part { numbers: sparse.values().to_vec(), place: Some(place) }
}

fn run_shard(fold: &RowTiling, args: &[Plain], rows: Range<usize>, inputs: &Inputs) -> Partial {
    let mut results: Vec<Part> = fold.results.iter().map(|_| Part::default()).collect();
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
        let mut held: Vec<Option<Plain>> = vec![None; fold.buffers.len()];
        let mut cut_patterns = Vec::new();
        for (at, (arg, param)) in args.iter().zip(&fold.params).enumerate() {
            held[at] = Some(cut(arg, *param, &block, &mut cut_patterns));
        }
        run_steps(true, fold.body.iter(), &of, &mut held, inputs)?;
        for (result, (buffer, combine)) in results.iter_mut().zip(&fold.results) {
            let value = held[*buffer].take().ok_or_else(|| Error::Bug("a fold's result is gone".into()))?;
            join(result, part_of(value, &cut_patterns), *combine);
        }
        start = block.end;
    }
    Ok(results)
}

/// Patterns with their parts that belong to a block: what shares a pattern shares its part.
type CutPatterns = Vec<(Arc<Pattern>, Arc<Pattern>)>;

/// The part of an argument that belongs to a block.
fn cut(arg: &Plain, param: Param, block: &Range<usize>, known: &mut CutPatterns) -> Plain {
    match (param, arg) {
        (Param::Whole, _) => arg.clone(),
        (Param::Rows, Plain::Dense(d)) => {
            let cols = d.shape.cols;
            let data = d.data[block.start * cols..block.end * cols].to_vec();
            Plain::dense(Shape { rows: block.len(), cols }, data)
        }
        (Param::Cols, Plain::Dense(d)) => {
            Plain::dense(Shape { rows: d.shape.rows, cols: block.len() }, columns(d, block))
        }
        (Param::Rows, Plain::Sparse(s)) => rows_of(s, block, known),
        (Param::Cols, Plain::Sparse(s)) => super::products::transpose(&rows_of(s.transposed(), block, known)),
    }
}

fn columns(d: &Dense, block: &Range<usize>) -> Vec<f64> {
    d.data.chunks(d.shape.cols).flat_map(|row| &row[block.clone()]).copied().collect()
}

fn rows_of(s: &Sparse<f64>, block: &Range<usize>, known: &mut CutPatterns) -> Plain {
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
    Plain::sparse(part, s.values()[first..last].to_vec())
}
