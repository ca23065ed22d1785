//! Program: what a plan is made of: buffers, and steps that fill them.
//! In: nothing.  Out: `Plan`, which can be printed, compared and asked.
//! Invariant: plain data; every buffer's size is known before anything runs.
//! Not here: how a plan is made (see `passes`), whether it fits into memory (see `memory`).

use crate::data::Dtype;
use crate::expr::{Expr, Number, Op, Var};
use crate::facts::{Layout, Shape};
use crate::rows::RowSolver;

/// What a step computes. The meaning of each is that of its primitive, in `tests/it/definition.rs`.
#[derive(Debug, Clone, PartialEq)]
pub enum Kernel {
    /// A variable's value.
    Input(Var),
    /// A number.
    Literal(Number),
    /// A function of each entry; of the stored entries only where the result is sparse.
    Map(Op),
    /// A function of each pair of entries; at the stored entries only where the result is sparse.
    Zip(Op),
    /// A matrix product.
    Product {
        /// Which arguments are transposed.
        transpose: [bool; 2],
    },
    /// A matrix product at the stored entries of the third argument only.
    Sampled {
        /// Which arguments are transposed.
        transpose: [bool; 2],
    },
    /// The first argument at the stored entries of the second.
    Gather,
    /// A transposed copy.
    Transpose,
    /// The sum of all entries.
    Sum,
    /// The sum of each row.
    RowSum,
    /// The sum of each column.
    ColSum,
    /// Stretched to the step's shape.
    Expand,
    /// Summed down to the step's shape.
    SumTo,
    /// The identity.
    Eye,
    /// The 0/1 pattern of a data matrix's entries.
    Observed(Var),
    /// Matrices one under the other, or side by side.
    Join {
        /// Whether one under the other.
        by_rows: bool,
    },
    /// Some rows, or some columns: as many as the step's result has.
    Part {
        /// Whether rows.
        by_rows: bool,
        /// The first.
        from: usize,
    },
    /// The product of a data matrix, the first argument, with a factor, the second: as wide as the factor is thin, and
    /// the same computed for one start or for several side by side.
    Thin(ThinProduct),
    /// Moves the rows of a factor, its first argument; makes the factor, and by how much the objective fell.
    Rows(Box<RowSolver>),
    /// The second result of the row solver that makes its argument; no step of its own.
    Decrease,
    /// Functions of entries in one pass over them (elementwise fusion).
    Fused(Box<Fusion>),
    /// Steps done for one block of rows after the other.
    Tiled(Box<RowTiling>),
}

/// Which product of data and a factor: D F or its transpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThinProduct {
    /// Whether D is the transpose of the data.
    pub data_transposed: bool,
    /// Whether F is the transpose of the factor.
    pub factor_transposed: bool,
    /// Whether the transpose of the product is asked for.
    pub transposed: bool,
    /// Whether several starts may have it computed together: it is a step of its own then, else part of the one pass
    /// over the data that moves the rows of a factor.
    pub shared: bool,
}

impl ThinProduct {
    /// The columns of F, which has `factor`'s numbers.
    pub(crate) fn columns(self, factor: Shape) -> usize {
        if self.factor_transposed { factor.rows } else { factor.cols }
    }
}

/// The number of a buffer.
pub type BufferId = usize;

/// What a step fills.
#[derive(Debug, Clone, PartialEq)]
pub struct Buffer {
    /// Its shape.
    pub shape: Shape,
    /// Its layout.
    pub layout: Layout,
    /// The type of its numbers.
    pub dtype: Dtype,
    /// Its bytes: 0 where it only passes on what is held anyway.
    pub bytes: usize,
    /// What it holds, in the text language, shortened.
    pub text: String,
}

/// One kernel, its arguments and the buffers it fills.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What is computed.
    pub kernel: Kernel,
    /// From which buffers.
    pub args: Vec<BufferId>,
    /// Into which buffers: one, but for a tiling, a fusion and a row solver.
    pub outs: Vec<BufferId>,
    /// Floating point operations, at most.
    pub flops: f64,
    /// Bytes read and written, at most, by a kernel that touches every argument once.
    pub traffic: f64,
    /// Buffers nobody needs after this step.
    pub frees: Vec<BufferId>,
    /// Whether the result is the same from run to run: it reads data and numbers only.
    pub cached: bool,
}

/// Steps done for one block of rows after the other: what is as large as the data exists one block at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct RowTiling {
    /// How many rows there are in all.
    pub rows: usize,
    /// Rows of a block.
    pub height: usize,
    /// Shards of these rows, whose sums are combined in a fixed tree.
    pub shards: usize,
    /// How the step's arguments come into the body, in their order.
    pub params: Vec<Param>,
    /// The buffers of the body, for one block; the parameters come first.
    pub buffers: Vec<Buffer>,
    /// For each, whether its rows are those of the block.
    pub aligned: Vec<bool>,
    /// The body.
    pub body: Vec<Step>,
    /// Which of its buffers become the step's results, in their order, and how those of the blocks are combined.
    pub results: Vec<(BufferId, Combine)>,
}

/// How an argument of a tiling comes into its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Param {
    /// All of it.
    Whole,
    /// The block's rows.
    Rows,
    /// The columns of the same numbers as the block's rows.
    Cols,
}

/// How the results of blocks are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combine {
    /// One under the other.
    Stack,
    /// Added up.
    Add,
}

/// A factor that a plan moves: a row solver, what it reads, and the variables by which formulas read what it makes.
#[derive(Debug, Clone)]
pub(crate) struct RowUpdate {
    /// The row solver.
    pub solver: RowSolver,
    /// The factor, then what the solver reads.
    pub reads: Vec<Expr>,
    /// The factor where it has been moved.
    pub moved: Var,
    /// By how much the objective fell: 1 x 1.
    pub decrease: Var,
    /// Data of which several starts may have a product computed together, where the solver reads one.
    pub shared: Option<Var>,
}

/// The steps that compute a set of formulas.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The type of its numbers but the small matrices, which are f64: f32 where all that is given is f32.
    pub dtype: Dtype,
    /// What the steps fill.
    pub buffers: Vec<Buffer>,
    /// The data whose cut into shards sums over their rows follow, one for each number of rows.
    pub cuts: Vec<Var>,
    /// In order.
    pub steps: Vec<Step>,
    /// The buffers that hold the results.
    pub outputs: Vec<BufferId>,
    /// How many of the results were asked for; the others are there to bound the rounding error of these.
    pub asked: usize,
    /// The most bytes held at any one time, the inputs not counted, with one block of each tiling.
    pub peak_bytes: usize,
}

/// One pass over the entries of a shape or of a pattern: functions of entries, and sums of their results.
#[derive(Debug, Clone, PartialEq)]
pub struct Fusion {
    /// The shape over whose entries the pass runs. In a row tiling, that of a whole block.
    pub shape: Shape,
    /// The argument at whose stored entries the pass runs; `None` where it runs over all entries.
    pub over: Option<usize>,
    /// How each argument of the step is read.
    pub reads: Vec<Reach>,
    /// The functions, in order.
    pub ops: Vec<FusedOp>,
    /// What becomes the step's results, in their order.
    pub results: Vec<(Source, Outcome)>,
    /// The type that it computes with.
    pub dtype: Dtype,
}

/// A function of one or two entries.
#[derive(Debug, Clone, PartialEq)]
pub struct FusedOp {
    /// The function.
    pub op: Op,
    /// Its arguments.
    pub args: Vec<Source>,
    /// The argument of a product or quotient that is 0 where data is missing: there so is the value, even if the other
    /// argument makes it undefined.
    pub mask: Option<usize>,
}

/// Where the argument of a fused function comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// An argument of the step.
    Arg(usize),
    /// The value of an earlier function.
    Op(usize),
}

/// How an argument is read at entry (i, j).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Its own entry (i, j): where the pass runs over a pattern, it lies on that pattern.
    Entry,
    /// Entry (i, j) of all entries, where the pass runs over a pattern.
    Picked,
    /// Entry (0, j) of a line.
    Row,
    /// Entry (i, 0) of a column.
    Column,
    /// The one number it is.
    Number,
}

/// What is made of a function's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The values themselves.
    Entries,
    /// The sum of all.
    Sum,
    /// The sum of each row.
    RowSum,
    /// The sum of each column.
    ColSum,
}

impl Fusion {
    /// The name of its only function or sum; "fused" where there are several.
    pub(super) fn name(&self) -> &'static str {
        match (&self.ops[..], &self.results[..]) {
            ([op], [(Source::Op(_), Outcome::Entries)]) => op.op.row().name,
            ([], [(_, outcome)]) => match outcome {
                Outcome::Entries => "spread",
                Outcome::Sum => "sum",
                Outcome::RowSum => "rowsum",
                Outcome::ColSum => "colsum",
            },
            _ => "fused",
        }
    }
}

impl Plan {
    /// The largest buffer any step fills, in numbers (not bytes), blocks of tilings included, inputs not.
    pub fn largest_buffer(&self) -> usize {
        let of = |buffers: &[Buffer], skip: usize| {
            buffers.iter().skip(skip).filter(|b| b.bytes > 0).map(|b| b.layout.stored(b.shape)).max().unwrap_or(0)
        };
        let tilings = self.steps.iter().filter_map(|step| match &step.kernel {
            Kernel::Tiled(tiling) => Some(of(&tiling.buffers, tiling.params.len())),
            _ => None,
        });
        tilings.fold(of(&self.buffers, 0), usize::max)
    }

    /// Floating point operations of one run, at most; what is computed once for all runs is not counted.
    pub fn flops(&self) -> f64 {
        self.steps.iter().filter(|s| !s.cached).map(|s| s.flops).sum()
    }

    /// The same without row solvers: what formulas take.
    pub(crate) fn flops_of_formulas(&self) -> f64 {
        let steps = self.steps.iter().filter(|s| !s.cached && !matches!(s.kernel, Kernel::Rows(_)));
        steps.map(|s| s.flops).sum()
    }

    /// Whether a row solver moves its rows block by block, in a pass over data.
    pub(crate) fn moves_rows_in_blocks(&self) -> bool {
        let moves = |tiling: &RowTiling| tiling.body.iter().any(|step| matches!(step.kernel, Kernel::Rows(_)));
        self.steps.iter().any(|step| matches!(&step.kernel, Kernel::Tiled(tiling) if moves(tiling)))
    }

    /// The product that several starts may have computed together: its buffer, the data, the factor, flops.
    pub(crate) fn thin_product(&self) -> Option<(BufferId, ThinProduct, [&Var; 2], f64)> {
        let shared = |step: &&Step| matches!(step.kernel, Kernel::Thin(thin) if thin.shared);
        let step = self.steps.iter().find(shared)?;
        let Kernel::Thin(thin) = step.kernel else { return None };
        let input = |at: usize| {
            self.steps.iter().find_map(|maker| match &maker.kernel {
                Kernel::Input(var) if maker.outs == [step.args[at]] => Some(var),
                _ => None,
            })
        };
        Some((step.outs[0], thin, [input(0)?, input(1)?], step.flops))
    }

    /// Bytes that one run reads and writes, at most, if every kernel touches its arguments once.
    pub fn traffic(&self) -> f64 {
        self.steps.iter().filter(|s| !s.cached).map(|s| s.traffic).sum()
    }
}
