//! Chains: one pass over the entries of a shape or of a pattern, tile by tile.
//! In: a `Chain`, its arguments.  Out: its results: entries, and sums in f64.
//! Law: sums are made a shard at a time and added in a fixed tree; a tile never crosses a shard.
//! Not here: the instructions (see `kernels::tile`), which functions are one pass (see `plan::chain`).

use std::ops::Range;

use rayon::prelude::*;

use super::kernels::Element;
use super::slot::Slot;
use super::value::{Entries, Held, Numbers, Rect};
use crate::data::{Dtype, Shards};
use crate::expr::Meaning;
use crate::facts::Shape;
use crate::plan::{Chain, Outcome, Reach, Source};

/// Numbers of a tile.
const TILE: usize = 256;

/// Runs a pass over `rows` rows; with one thread where it is a block of a fold.
pub(super) fn run<T: Numbers>(chain: &Chain, args: &[Slot<T>], rows: usize, in_block: bool) -> Vec<Slot<T>> {
    match chain.dtype {
        Dtype::F32 => Pass::<f32>::new(chain, args, rows).run(in_block),
        Dtype::F64 => Pass::<f64>::new(chain, args, rows).run(in_block),
    }
}

/// How an argument is read.
enum Read<C> {
    /// Its entries, in the order of the pass.
    Entries(Held<C>),
    Picked(Rect<C>),
    Row(Rect<C>),
    Column(Rect<C>),
    Number(C),
}

/// A pass in numbers of type `C`.
struct Pass<'a, C> {
    chain: &'a Chain,
    reads: Vec<Read<C>>,
    /// The places, where it runs over a pattern.
    over: Option<Entries<C>>,
    shape: Shape,
}

/// What a shard gives: the entries of each result that wants them go where they belong.
struct Sums {
    /// For each result: nothing, a sum, or those of rows or columns.
    sums: Vec<Vec<f64>>,
}

impl<'a, C: Numbers> Pass<'a, C> {
    fn new<T: Numbers>(chain: &'a Chain, args: &[Slot<T>], rows: usize) -> Self {
        let sparse = |slot: &Slot<T>| match slot.wide() {
            Held::Sparse(entries) => Some(entries.cast::<C>()),
            Held::Dense(_) => None,
        };
        let over = chain.over.and_then(|at| sparse(&args[at]));
        let read = |(slot, reach): (&Slot<T>, &Reach)| match reach {
            Reach::Entry if over.is_some() => match slot.wide() {
                Held::Sparse(entries) => Read::Entries(Held::Sparse(entries.cast())),
                Held::Dense(_) => Read::Picked(slot.rect()),
            },
            Reach::Entry => Read::Entries(Held::Dense(slot.rect())),
            Reach::Picked => Read::Picked(slot.rect()),
            Reach::Row => Read::Row(slot.rect()),
            Reach::Column => Read::Column(slot.rect()),
            Reach::Number => Read::Number(slot.rect::<C>().data[0]),
        };
        let reads = args.iter().zip(&chain.reads).map(read).collect();
        Self { chain, reads, over, shape: Shape { rows, ..chain.shape } }
    }

    fn run<T: Numbers>(&self, in_block: bool) -> Vec<Slot<T>> {
        let stored = self.over.as_ref().map_or(self.shape.entries(), |entries| entries.values.len());
        let width = stored.div_ceil(self.shape.rows.max(1));
        let ranges: Vec<Range<usize>> = if in_block {
            vec![0..self.shape.rows]
        } else {
            let shards = Shards::of(self.shape.rows, width);
            (0..shards.count()).map(|k| shards.range(k)).collect()
        };
        let mut outs: Vec<Vec<C>> = self
            .chain
            .results
            .iter()
            .map(|(_, outcome)| match outcome {
                Outcome::Entries => vec![C::default(); stored],
                Outcome::Sum | Outcome::RowSum | Outcome::ColSum => Vec::new(),
            })
            .collect();
        let sums = {
            let mut tasks: Vec<(Range<usize>, Vec<&mut [C]>)> =
                ranges.iter().map(|range| (range.clone(), Vec::new())).collect();
            for out in &mut outs {
                let mut rest: &mut [C] = out;
                for (range, parts) in &mut tasks {
                    let length = if rest.is_empty() { 0 } else { self.positions(range).len() };
                    let (head, tail) = std::mem::take(&mut rest).split_at_mut(length);
                    parts.push(head);
                    rest = tail;
                }
            }
            if tasks.len() == 1 {
                tasks.into_iter().map(|(range, outs)| self.shard(range, outs)).collect()
            } else {
                tasks.into_par_iter().map(|(range, outs)| self.shard(range, outs)).collect::<Vec<Sums>>()
            }
        };
        self.finished(outs, sums)
    }

    /// Where the entries of some rows are.
    fn positions(&self, rows: &Range<usize>) -> Range<usize> {
        match &self.over {
            Some(entries) => {
                let indptr = entries.indptr();
                indptr[rows.start] - indptr[0]..indptr[rows.end] - indptr[0]
            }
            None => rows.start * self.shape.cols..rows.end * self.shape.cols,
        }
    }

    fn shard(&self, rows: Range<usize>, mut outs: Vec<&mut [C]>) -> Sums {
        let all = self.positions(&rows);
        let empty = |(_, outcome): &(Source, Outcome)| match outcome {
            Outcome::Entries => Vec::new(),
            Outcome::Sum => vec![0.0],
            Outcome::RowSum => vec![0.0; rows.len()],
            Outcome::ColSum => vec![0.0; self.shape.cols],
        };
        let mut sums: Vec<Vec<f64>> = self.chain.results.iter().map(empty).collect();
        let mut tile = Tile::new(self.chain.reads.len(), self.chain.links.len());
        let mut row = rows.start;
        for start in all.clone().step_by(TILE) {
            let range = start..(start + TILE).min(all.end);
            tile.place(self, &range, &mut row);
            tile.load(self, &range);
            tile.compute(self);
            for ((source, outcome), (sums, out)) in self.chain.results.iter().zip(sums.iter_mut().zip(outs.iter_mut()))
            {
                let values = tile.of(*source, range.len());
                match outcome {
                    Outcome::Entries => out[range.start - all.start..range.end - all.start].copy_from_slice(values),
                    Outcome::Sum => sums[0] += sum(values),
                    Outcome::RowSum => {
                        for (i, part) in &tile.rows {
                            sums[i - rows.start] += sum(&values[part.clone()]);
                        }
                    }
                    Outcome::ColSum => {
                        for (&j, x) in tile.columns.iter().zip(values) {
                            sums[j as usize] += x.to_f64();
                        }
                    }
                }
            }
        }
        Sums { sums }
    }

    fn finished<T: Numbers>(&self, outs: Vec<Vec<C>>, mut shards: Vec<Sums>) -> Vec<Slot<T>> {
        let Shape { rows, cols } = self.shape;
        let gathered = |(at, ((_, outcome), out)): (usize, (&(Source, Outcome), Vec<C>))| {
            let mut parts: Vec<Vec<f64>> = shards.iter_mut().map(|shard| std::mem::take(&mut shard.sums[at])).collect();
            let rect = |rows: usize, cols: usize, numbers: Vec<f64>| {
                Slot::of(&Rect::new(Shape { rows, cols }, numbers), Dtype::F64)
            };
            match outcome {
                Outcome::Entries => match &self.over {
                    Some(entries) => Slot::Wide(Held::Sparse(entries.with(out).cast())),
                    None => Slot::of(&Rect::new(self.shape, out), C::DTYPE),
                },
                Outcome::Sum => rect(1, 1, added(parts)),
                Outcome::RowSum => rect(rows, 1, parts.drain(..).flatten().collect()),
                Outcome::ColSum => rect(1, cols, added(parts)),
            }
        };
        self.chain.results.iter().zip(outs).enumerate().map(gathered).collect()
    }
}

/// The sum of vectors, in a balanced tree.
fn added(mut parts: Vec<Vec<f64>>) -> Vec<f64> {
    while parts.len() > 1 {
        let mut next = Vec::with_capacity(parts.len().div_ceil(2));
        let mut rest = parts.into_iter();
        while let Some(mut a) = rest.next() {
            if let Some(b) = rest.next() {
                a.iter_mut().zip(b).for_each(|(x, y)| *x += y);
            }
            next.push(a);
        }
        parts = next;
    }
    parts.pop().unwrap_or_default()
}

fn sum<C: Element>(values: &[C]) -> f64 {
    const LANES: usize = 8;
    let blocks = values.chunks_exact(LANES);
    let rest: f64 = blocks.remainder().iter().map(|x| x.to_f64()).sum();
    let mut lanes = [0.0; LANES];
    for block in blocks {
        for k in 0..LANES {
            lanes[k] += block[k].to_f64();
        }
    }
    lanes.iter().sum::<f64>() + rest
}

/// The numbers of one tile.
struct Tile<C> {
    args: Vec<Vec<C>>,
    links: Vec<Vec<C>>,
    /// Rows that the tile touches, and which of its entries are theirs.
    rows: Vec<(usize, Range<usize>)>,
    columns: Vec<u32>,
}

impl<C: Numbers> Tile<C> {
    fn new(args: usize, links: usize) -> Self {
        let numbers = || vec![C::default(); TILE];
        Self {
            args: (0..args).map(|_| numbers()).collect(),
            links: (0..links).map(|_| numbers()).collect(),
            rows: Vec::new(),
            columns: Vec::new(),
        }
    }

    /// Finds the rows and columns of the entries in `range`; `row` is that of the first, and then of what follows.
    fn place(&mut self, pass: &Pass<'_, C>, range: &Range<usize>, row: &mut usize) {
        self.rows.clear();
        self.columns.clear();
        let cols = pass.shape.cols;
        let mut at = range.start;
        while at < range.end {
            while pass.positions(&(*row..*row + 1)).end <= at {
                *row += 1;
            }
            let end = pass.positions(&(*row..*row + 1)).end.min(range.end);
            self.rows.push((*row, at - range.start..end - range.start));
            match &pass.over {
                Some(entries) => self.columns.extend_from_slice(&entries.indices()[at..end]),
                None => self.columns.extend((at - *row * cols) as u32..(end - *row * cols) as u32),
            }
            at = end;
        }
    }

    fn load(&mut self, pass: &Pass<'_, C>, range: &Range<usize>) {
        for (read, out) in pass.reads.iter().zip(&mut self.args) {
            let out = &mut out[..range.len()];
            match read {
                Read::Entries(Held::Dense(rect)) => out.copy_from_slice(&rect.data[range.clone()]),
                Read::Entries(Held::Sparse(entries)) => out.copy_from_slice(&entries.values[range.clone()]),
                Read::Picked(rect) => {
                    for (i, part) in &self.rows {
                        let row = rect.row(*i);
                        for (x, &j) in out[part.clone()].iter_mut().zip(&self.columns[part.clone()]) {
                            *x = row[j as usize];
                        }
                    }
                }
                Read::Row(rect) => {
                    out.iter_mut().zip(&self.columns).for_each(|(x, &j)| *x = rect.data[j as usize]);
                }
                Read::Column(rect) => {
                    self.rows.iter().for_each(|(i, part)| out[part.clone()].fill(rect.data[*i]));
                }
                Read::Number(number) => out.fill(*number),
            }
        }
    }

    fn compute(&mut self, pass: &Pass<'_, C>) {
        let len = self.columns.len();
        for (at, link) in pass.chain.links.iter().enumerate() {
            let mut out = std::mem::take(&mut self.links[at]);
            let a = self.of(link.args[0], len);
            match link.op.row().meaning {
                Meaning::Map(f) => out.iter_mut().zip(a).for_each(|(y, x)| *y = C::from_f64(f(x.to_f64()))),
                Meaning::Zip(f) => {
                    let b = self.of(link.args[1], len);
                    let both = out.iter_mut().zip(a).zip(b);
                    both.for_each(|((z, x), y)| *z = C::from_f64(f(x.to_f64(), y.to_f64())));
                }
                Meaning::Leaf | Meaning::Whole => unreachable!("{:?} is no function of entries", link.op),
            }
            self.links[at] = out;
        }
    }

    fn of(&self, source: Source, len: usize) -> &[C] {
        match source {
            Source::Arg(k) => &self.args[k][..len],
            Source::Link(k) => &self.links[k][..len],
        }
    }
}
