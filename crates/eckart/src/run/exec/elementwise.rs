//! Elementwise: one pass over the entries of a shape or of a pattern, tile by tile.
//! In: a `Fusion`, its arguments.  Out: its results: entries, and sums in f64.
//! Invariant: sums are made a shard at a time and added in a fixed tree; a tile never crosses a shard.
//! Not here: the instructions (see `kernels::tile`), which functions are one pass (see `plan::elementwise_fusion`).

use std::collections::BTreeMap;
use std::ops::Range;

use eckart_kernels::SimdLevel;
use eckart_kernels::tile::{Code, Instruction, Program, Registers, Source as From, TILE};

use super::cuts::Cuts;
use crate::data::Dtype;
use crate::expr::Op;
use crate::facts::Shape;
use crate::plan::{Fusion, Outcome, Reach, Source};
use crate::run::machine::cut::Cut;
use crate::run::machine::shard_sums::{for_each, groups};
use crate::run::machine::simd::simd_level;
use crate::run::value::Numbers;
use crate::run::value::entries::Entries;
use crate::run::value::held::Held;
use crate::run::value::pool::Pool;
use crate::run::value::rect::Rect;
use crate::run::value::slot::Slot;

/// Entries in a task, at the least: enough to be worth one.
const LEAST_ENTRIES: usize = 1 << 13;

/// Runs a pass over `rows` rows; on one thread where there are no cuts.
pub(in crate::run) fn run<T: Numbers>(
    fused: &Fusion,
    args: &[Slot<T>],
    rows: usize,
    cuts: Option<&Cuts>,
    pool: &Pool<T>,
) -> Vec<Slot<T>> {
    match fused.dtype {
        Dtype::F32 => Pass::<f32>::new(fused, args, rows).run(cuts, pool),
        Dtype::F64 => Pass::<f64>::new(fused, args, rows).run(cuts, pool),
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

/// Where the numbers of a result are once a tile is computed.
#[derive(Clone, Copy)]
enum TileNumbers {
    Register(usize),
    Input(usize),
}

/// What a result is made of.
enum Want {
    One(TileNumbers, Outcome),
    /// The sum of products, which is never rounded to the type of the pass.
    Dot(TileNumbers, TileNumbers),
}

/// A pass in numbers of type `C`.
struct Pass<'a, C> {
    fused: &'a Fusion,
    reads: Vec<Read<C>>,
    program: Program<C>,
    wants: Vec<Want>,
    /// The places, where it runs over a pattern.
    over: Option<Entries<C>>,
    shape: Shape,
    /// Whether the row and the column of an entry matter.
    by_place: bool,
    level: SimdLevel,
}

/// Some rows: where their entries go, and their sums.
struct PassBlock<'a, C> {
    rows: Range<usize>,
    outs: Vec<&'a mut [C]>,
    sums: BlockSums,
}

/// For each result of a block: nothing, a sum, or those of rows or columns.
type BlockSums = Vec<Vec<f64>>;

impl<'a, C: Numbers> Pass<'a, C> {
    fn new<T: Numbers>(fused: &'a Fusion, args: &[Slot<T>], rows: usize) -> Self {
        let sparse = |slot: &Slot<T>| match slot.wide() {
            Held::Sparse(entries) => Some(entries.cast::<C>()),
            Held::Dense(_) => None,
        };
        let over = fused.over.and_then(|at| sparse(&args[at]));
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
        let reads: Vec<Read<C>> = args.iter().zip(&fused.reads).map(read).collect();
        let (program, wants) = programmed(fused, &reads);
        let placed = |read: &Read<C>| matches!(read, Read::Picked(_) | Read::Row(_) | Read::Column(_));
        let sums = |(_, outcome): &(Source, Outcome)| matches!(outcome, Outcome::RowSum | Outcome::ColSum);
        let by_place = reads.iter().any(placed) || fused.results.iter().any(sums);
        let shape = Shape { rows, ..fused.shape };
        Self { fused, reads, program, wants, over, shape, by_place, level: simd_level() }
    }

    fn run<T: Numbers>(&self, cuts: Option<&Cuts>, pool: &Pool<T>) -> Vec<Slot<T>> {
        let stored = self.over.as_ref().map_or(self.shape.entries(), |entries| entries.values.len());
        let rows = self.shape.rows;
        let cut = Cuts::of_rows(cuts, rows, stored.div_ceil(rows.max(1))).large_blocks();
        let length = |outcome: &Outcome| if *outcome == Outcome::Entries { stored } else { 0 };
        let mut outs: Vec<Vec<C>> =
            self.fused.results.iter().map(|(_, outcome)| array(pool, length(outcome))).collect();
        let empty = |rows: Range<usize>| PassBlock { sums: self.no_sums(rows.len()), rows, outs: Vec::new() };
        let mut blocks: Vec<PassBlock<C>> = cut.all_blocks().into_iter().map(empty).collect();
        for out in &mut outs {
            let mut rest: &mut [C] = out;
            for block in &mut blocks {
                let length = self.positions(&block.rows).len().min(rest.len());
                let (head, tail) = std::mem::take(&mut rest).split_at_mut(length);
                block.outs.push(head);
                rest = tail;
            }
        }
        let each = stored / blocks.len().max(1);
        for_each(&mut groups(&mut blocks, each, LEAST_ENTRIES), &|blocks| self.run_blocks(blocks));
        let sums = blocks.into_iter().map(|block| block.sums).collect();
        self.finished(outs, sums, &cut)
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

    /// The sums of so many rows, before there is anything in them.
    fn no_sums(&self, rows: usize) -> BlockSums {
        let empty = |(_, outcome): &(Source, Outcome)| match outcome {
            Outcome::Entries => Vec::new(),
            Outcome::Sum => vec![0.0],
            Outcome::RowSum => vec![0.0; rows],
            Outcome::ColSum => vec![0.0; self.shape.cols],
        };
        self.fused.results.iter().map(empty).collect()
    }

    fn run_blocks(&self, blocks: &mut [PassBlock<'_, C>]) {
        let (mut tile, mut registers) = (Tile::new(self), Registers::new(self.program.registers));
        blocks.iter_mut().for_each(|block| self.run_block(block, &mut tile, &mut registers));
    }

    fn run_block(&self, block: &mut PassBlock<'_, C>, tile: &mut Tile<C>, registers: &mut Registers<C>) {
        let PassBlock { rows, outs, sums } = block;
        let all = self.positions(rows);
        let mut row = rows.start;
        for start in all.clone().step_by(TILE) {
            let range = start..(start + TILE).min(all.end);
            if self.by_place {
                tile.place(self, &range, &mut row);
            }
            tile.load(self);
            let inputs = tile.inputs(self, &range);
            C::run_tile(self.level, &self.program.code, &inputs, registers.all(), range.len());
            let numbers = |place: TileNumbers| match place {
                TileNumbers::Register(k) => registers.get(self.program.outputs[k], range.len()),
                TileNumbers::Input(k) => inputs[k],
            };
            for (want, (sums, out)) in self.wants.iter().zip(sums.iter_mut().zip(outs.iter_mut())) {
                match want {
                    Want::Dot(a, b) => sums[0] += C::dot(self.level, numbers(*a), numbers(*b)),
                    Want::One(place, Outcome::Entries) => {
                        out[range.start - all.start..range.end - all.start].copy_from_slice(numbers(*place));
                    }
                    Want::One(place, Outcome::Sum) => sums[0] += C::sum(self.level, numbers(*place)),
                    Want::One(place, Outcome::RowSum) => {
                        let values = numbers(*place);
                        for (i, part) in &tile.rows {
                            sums[i - rows.start] += C::sum(self.level, &values[part.clone()]);
                        }
                    }
                    Want::One(place, Outcome::ColSum) => self.sum_columns(tile, numbers(*place), sums),
                }
            }
        }
    }

    fn sum_columns(&self, tile: &Tile<C>, values: &[C], sums: &mut [f64]) {
        if self.over.is_some() {
            tile.columns.iter().zip(values).for_each(|(&j, x)| sums[j as usize] += x.to_f64());
            return;
        }
        for (_, part) in &tile.rows {
            let from = tile.columns[part.start] as usize;
            C::add_to(self.level, &mut sums[from..from + part.len()], &values[part.clone()]);
        }
    }

    fn finished<T: Numbers>(&self, outs: Vec<Vec<C>>, mut blocks: Vec<BlockSums>, cut: &Cut) -> Vec<Slot<T>> {
        let Shape { rows, cols } = self.shape;
        let gathered = |(at, ((_, outcome), out)): (usize, (&(Source, Outcome), Vec<C>))| {
            let parts: Vec<Vec<f64>> = blocks.iter_mut().map(|block| std::mem::take(&mut block[at])).collect();
            let rect = |rows: usize, cols: usize, numbers: Vec<f64>| {
                Slot::of(&Rect::new(Shape { rows, cols }, numbers), Dtype::F64)
            };
            match outcome {
                Outcome::Entries => match &self.over {
                    Some(entries) => Slot::Wide(Held::Sparse(entries.with(out).cast())),
                    None => Slot::of(&Rect::new(self.shape, out), C::DTYPE),
                },
                Outcome::Sum => rect(1, 1, total(parts, cut)),
                Outcome::RowSum => rect(rows, 1, parts.concat()),
                Outcome::ColSum => rect(1, cols, total(parts, cut)),
            }
        };
        self.fused.results.iter().zip(outs).enumerate().map(gathered).collect()
    }
}

/// An array of a type that may be another than the pool's.
fn array<T: Numbers, C: Numbers>(pool: &Pool<T>, len: usize) -> Vec<C> {
    let any: &dyn std::any::Any = pool;
    any.downcast_ref::<Pool<C>>().map_or_else(|| vec![C::default(); len], |pool| pool.take(len))
}

/// The sum of vectors.
fn total(parts: Vec<Vec<f64>>, cut: &Cut) -> Vec<f64> {
    let both = &|mut a: Vec<f64>, b: Vec<f64>| {
        a.iter_mut().zip(b).for_each(|(x, y)| *x += y);
        a
    };
    cut.combined(parts, both).unwrap_or_default()
}

/// The instructions of a pass, and what its results are made of.
fn programmed<C: Numbers>(fused: &Fusion, reads: &[Read<C>]) -> (Program<C>, Vec<Want>) {
    let from = |source: &Source| match *source {
        Source::Arg(k) => match reads[k] {
            Read::Number(x) => From::Number(x),
            Read::Entries(_) | Read::Picked(_) | Read::Row(_) | Read::Column(_) => From::Input(k),
        },
        Source::Op(k) => From::Register(k),
    };
    let instruction = |(out, fused_op): (usize, &crate::plan::FusedOp)| {
        let mut args = [From::Number(C::default()); 3];
        args.iter_mut().zip(&fused_op.args).for_each(|(arg, source)| *arg = from(source));
        if let Some(mask) = fused_op.mask {
            args.swap(0, mask);
            let code = if fused_op.op == Op::Div { Code::MaskedDiv } else { Code::Masked };
            return Instruction { code, out, args };
        }
        Instruction { code: code_of(&fused_op.op).expect("a function of entries"), out, args }
    };
    let mut code: Vec<Instruction<C>> = fused.ops.iter().enumerate().map(instruction).collect();
    let readers = |k: usize| {
        let ops = fused.ops.iter().flat_map(|fused_op| &fused_op.args);
        ops.chain(fused.results.iter().map(|(source, _)| source)).filter(|s| **s == Source::Op(k)).count()
    };
    let only_summed = |source: &Source, outcome: &Outcome| match *source {
        Source::Op(k) => {
            let fused_op = &fused.ops[k];
            *outcome == Outcome::Sum && fused_op.op == Op::Mul && fused_op.mask.is_none() && readers(k) == 1
        }
        Source::Arg(_) => false,
    };
    let is_summed = |k: usize| fused.results.iter().any(|(s, outcome)| *s == Source::Op(k) && only_summed(s, outcome));
    let infinite = may_be_infinite(fused, reads);
    let kept = keep_factors(fused, &mut code, &infinite, &|product, k| readers(k) == 1 && !is_summed(product));
    // The registers that are wanted, in the order in which they are asked for.
    let mut wanted: Vec<usize> = Vec::new();
    let mut place = |source: &Source| match *source {
        Source::Arg(k) => TileNumbers::Input(k),
        Source::Op(k) => {
            wanted.push(k);
            TileNumbers::Register(wanted.len() - 1)
        }
    };
    let want = |(source, outcome): &(Source, Outcome)| match source {
        Source::Op(k) if only_summed(source, outcome) => {
            let factors = &fused.ops[*k].args;
            let factor = |at: usize| kept.get(&(*k, at)).map_or(factors[at], |register| Source::Op(*register));
            Want::Dot(place(&factor(0)), place(&factor(1)))
        }
        _ => Want::One(place(source), *outcome),
    };
    let wants = fused.results.iter().map(want).collect();
    let program = C::fuse(&code, &wanted);
    (program, wants)
}

/// Puts an instruction before each product, of which a factor may be infinite, that makes this 0 where the other is 0;
/// returns the registers of these factors, by the product and their place in it. A product that is an instruction sees
/// to it itself where the factor is a logarithm that nothing else reads (`alone`).
fn keep_factors<C: Numbers>(
    fused: &Fusion,
    code: &mut Vec<Instruction<C>>,
    infinite: &[bool],
    alone: &dyn Fn(usize, usize) -> bool,
) -> BTreeMap<(usize, usize), usize> {
    let (mut kept, mut all, mut next) = (BTreeMap::new(), Vec::with_capacity(code.len()), code.len());
    for (k, (mut step, fused_op)) in code.drain(..).zip(&fused.ops).enumerate() {
        if fused_op.op == Op::Mul && fused_op.mask.is_none() {
            for at in 0..2 {
                let Source::Op(inner) = fused_op.args[at] else { continue };
                let by_itself = fused.ops[inner].op == Op::Log && alone(k, inner);
                if infinite[inner] && !by_itself {
                    let args = [step.args[1 - at], step.args[at], From::Number(C::default())];
                    all.push(Instruction { code: Code::Kept, out: next, args });
                    step.args[at] = From::Register(next);
                    kept.insert((k, at), next);
                    next += 1;
                }
            }
        }
        all.push(step);
    }
    *code = all;
    kept
}

/// For each operation of a pass whether its value may be infinite where those of its arguments are not.
fn may_be_infinite<C: Numbers>(fused: &Fusion, reads: &[Read<C>]) -> Vec<bool> {
    let is_negative = |source: &Source| match *source {
        Source::Arg(k) => !matches!(reads[k], Read::Number(x) if x.to_f64() >= 0.0),
        Source::Op(_) => true,
    };
    let mut infinite: Vec<bool> = Vec::with_capacity(fused.ops.len());
    for fused_op in &fused.ops {
        let of_args = fused_op.args.iter().any(|arg| matches!(*arg, Source::Op(inner) if infinite[inner]));
        let is_power = fused_op.op == Op::Pow && is_negative(&fused_op.args[1]);
        infinite.push(of_args || is_power || matches!(fused_op.op, Op::Log | Op::Div));
    }
    infinite
}

/// The code of a primitive that works entry by entry; none for the others.
pub(in crate::run) fn code_of(op: &Op) -> Option<Code> {
    match op {
        Op::Add => Some(Code::Add),
        Op::Sub => Some(Code::Sub),
        Op::Mul => Some(Code::Mul),
        Op::Div => Some(Code::Div),
        Op::Pow => Some(Code::Pow),
        Op::Max => Some(Code::Max),
        Op::Min => Some(Code::Min),
        Op::Greater => Some(Code::Greater),
        Op::Exp => Some(Code::Exp),
        Op::Log => Some(Code::Log),
        Op::XLogX => Some(Code::XLogX),
        Op::Abs => Some(Code::Abs),
        Op::Sign => Some(Code::Sign),
        Op::Sigmoid => Some(Code::Sigmoid),
        Op::Softplus => Some(Code::Softplus),
        Op::Var(_)
        | Op::Lit(_)
        | Op::Observed
        | Op::MatMul
        | Op::Transpose
        | Op::Sum
        | Op::RowSum
        | Op::ColSum
        | Op::Expand
        | Op::SumTo
        | Op::Eye
        | Op::One => None,
    }
}

/// The numbers of one tile.
struct Tile<C> {
    /// Of each argument whose entries do not lie one after another.
    args: Vec<Vec<C>>,
    /// Rows that the tile touches, and which of its entries are theirs.
    rows: Vec<(usize, Range<usize>)>,
    columns: Vec<u32>,
}

impl<C: Numbers> Tile<C> {
    fn new(pass: &Pass<'_, C>) -> Self {
        let own = |read: &Read<C>| match read {
            Read::Entries(_) => Vec::new(),
            Read::Number(x) => vec![*x; TILE],
            Read::Picked(_) | Read::Row(_) | Read::Column(_) => vec![C::default(); TILE],
        };
        Self { args: pass.reads.iter().map(own).collect(), rows: Vec::new(), columns: Vec::new() }
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

    fn load(&mut self, pass: &Pass<'_, C>) {
        for (read, out) in pass.reads.iter().zip(&mut self.args) {
            match read {
                Read::Entries(_) | Read::Number(_) => {}
                Read::Picked(rect) => {
                    for (i, part) in &self.rows {
                        let row = rect.row(*i);
                        for (x, &j) in out[part.clone()].iter_mut().zip(&self.columns[part.clone()]) {
                            *x = row[j as usize];
                        }
                    }
                }
                Read::Row(rect) if pass.over.is_some() => {
                    out.iter_mut().zip(&self.columns).for_each(|(x, &j)| *x = rect.data[j as usize]);
                }
                Read::Row(rect) => {
                    for (_, part) in &self.rows {
                        let from = self.columns[part.start] as usize;
                        out[part.clone()].copy_from_slice(&rect.data[from..from + part.len()]);
                    }
                }
                Read::Column(rect) => {
                    self.rows.iter().for_each(|(i, part)| out[part.clone()].fill(rect.data[*i]));
                }
            }
        }
    }

    /// The numbers of each argument.
    fn inputs<'t>(&'t self, pass: &'t Pass<'_, C>, range: &Range<usize>) -> Vec<&'t [C]> {
        let slice = |(read, own): (&'t Read<C>, &'t Vec<C>)| match read {
            Read::Entries(Held::Dense(rect)) => &rect.data[range.clone()],
            Read::Entries(Held::Sparse(entries)) => &entries.values[range.clone()],
            Read::Number(_) | Read::Picked(_) | Read::Row(_) | Read::Column(_) => &own[..range.len()],
        };
        pass.reads.iter().zip(&self.args).map(slice).collect()
    }
}
