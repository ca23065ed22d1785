//! Plan: from formulas to the steps that compute them.
//! In: root expressions and what is known of their variables.  Out: a `Plan`: kernels in order, buffers and their
//! lives.
//! Invariant: every buffer's size is known before anything runs; nothing of the size of a data matrix is held in full
//! unless it is asked for as a result.
//! Not here: doing any of it (see `run`), choosing among equal formulas (see `rewrite`).

mod chain;
mod explain;
mod fold;
mod lives;
mod lower;
mod orient;
mod picture;
mod widen;
mod work;

use crate::data::Dtype;
use crate::error::{Error, Result};
use crate::expr::{Dag, Expr, Number, Op, Var};
use crate::facts::{Facts, Givens, Layout, Shape};
pub use chain::{Chain, Link, Outcome, Reach, Source};
pub use picture::Picture;
pub(crate) use picture::escaped;

/// What a step computes. The meaning of each is `run::interp`.
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
    /// A matrix product; a flipped argument is used transposed.
    Product {
        /// Which arguments are transposed.
        flip: [bool; 2],
    },
    /// A matrix product at the stored entries of the third argument only.
    Sampled {
        /// Which arguments are transposed.
        flip: [bool; 2],
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
    /// Functions of entries in one pass over them.
    Chain(Box<Chain>),
    /// Steps done for one block of rows after the other.
    Fold(Box<Fold>),
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
    /// Into which buffers: one, but for a fold and a chain.
    pub outs: Vec<BufferId>,
    /// Floating point operations, at most.
    pub flops: f64,
    /// Bytes read and written, at most, by a kernel that touches every argument once.
    pub traffic: f64,
    /// Buffers nobody needs after this step.
    pub frees: Vec<BufferId>,
    /// Whether the result is the same from run to run: it reads data and numbers only.
    pub once: bool,
}

/// Steps done for one block of rows after the other: what is as large as the data exists one block at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Fold {
    /// How many rows there are in all.
    pub rows: usize,
    /// Rows of a block.
    pub height: usize,
    /// Parts of the sum that are kept apart and added in a fixed tree.
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

/// How an argument of a fold comes into its body.
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

/// The steps that compute a set of formulas.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The type of its numbers but the small matrices, which are f64: f32 where all that is given is f32.
    pub dtype: Dtype,
    /// What the steps fill.
    pub buffers: Vec<Buffer>,
    /// In order.
    pub steps: Vec<Step>,
    /// The buffers that hold the results.
    pub outputs: Vec<BufferId>,
    /// How many of the results were asked for; the others are there to bound the rounding error of these.
    pub asked: usize,
    /// The most bytes held at any one time, the inputs not counted, with one block of each fold.
    pub peak_bytes: usize,
}

/// The plan that computes `roots`, which are best rewritten first.
///
/// # Errors
/// `Shape` where shapes don't fit, `Setting` where a variable is not given.
pub fn plan(roots: &[Expr], givens: &Givens) -> Result<Plan> {
    let dag = Dag::new(roots);
    let facts = Facts::of(&dag, givens)?;
    let (nodes, outputs) = lower::lower(&dag, &facts)?;
    let (nodes, outputs) = orient::orient(nodes, outputs);
    let (nodes, outputs) = widen::widen(nodes, outputs, givens);
    let mut plan = fold::schedule(&nodes, &outputs, givens);
    chain::link(&mut plan);
    lives::settle(&mut plan);
    Ok(plan)
}

impl Plan {
    /// The largest buffer any step fills, in numbers (not bytes), blocks of folds included, inputs not.
    pub fn largest_buffer(&self) -> usize {
        let of = |buffers: &[Buffer], skip: usize| {
            buffers.iter().skip(skip).filter(|b| b.bytes > 0).map(|b| b.layout.stored(b.shape)).max().unwrap_or(0)
        };
        let folds = self.steps.iter().filter_map(|step| match &step.kernel {
            Kernel::Fold(fold) => Some(of(&fold.buffers, fold.params.len())),
            _ => None,
        });
        folds.fold(of(&self.buffers, 0), usize::max)
    }

    /// Floating point operations of one run, at most; what is computed once for all runs is not counted.
    pub fn flops(&self) -> f64 {
        self.steps.iter().filter(|s| !s.once).map(|s| s.flops).sum()
    }

    /// Bytes that one run reads and writes, at most, if every kernel touches its arguments once.
    pub fn traffic(&self) -> f64 {
        self.steps.iter().filter(|s| !s.once).map(|s| s.traffic).sum()
    }

    /// Refuses a plan that needs more than `limit` bytes, naming the largest buffer: where it is inside a fold, as a
    /// block of it; where it is a result, as that.
    ///
    /// # Errors
    /// `Limit`.
    pub fn check_memory(&self, limit: usize) -> Result<()> {
        if self.peak_bytes <= limit {
            return Ok(());
        }
        Err(Error::limit(format!(
            "this needs {} of memory and may have {}; {}",
            explain::bytes(self.peak_bytes),
            explain::bytes(limit),
            self.largest_part(),
        )))
    }

    /// "the largest part is ...".
    fn largest_part(&self) -> String {
        let part = |what: &str, b: &Buffer| {
            format!("the largest part is {what}{} ({}, {})", b.text, explain::shape(b), explain::bytes(b.bytes))
        };
        // Of equals the first, but a result before all: it can't be helped.
        let outer = (0..self.buffers.len()).rev().max_by_key(|at| (self.buffers[*at].bytes, self.outputs.contains(at)));
        let outer_bytes = outer.map_or(0, |at| self.buffers[at].bytes);
        let folds =
            self.steps.iter().filter_map(|step| if let Kernel::Fold(f) = &step.kernel { Some(f) } else { None });
        // What is computed there comes before what is cut out for it.
        let computed = |fold: &Fold, at: usize| at >= fold.params.len();
        let blocks: Vec<(&Fold, usize)> =
            folds.flat_map(|fold| (0..fold.buffers.len()).map(move |at| (&**fold, at))).collect();
        let largest = blocks.iter().rev().max_by_key(|(fold, at)| (fold.buffers[*at].bytes, computed(fold, *at)));
        match (outer, largest.map(|(fold, at)| (fold, &fold.buffers[*at]))) {
            (_, Some((fold, block))) if block.bytes > outer_bytes => {
                format!("{} for each block of {} rows", part("", block), fold.height)
            }
            (Some(at), _) if self.outputs.contains(&at) => {
                format!("{}, which is held in full because it is asked for", part("the result ", &self.buffers[at]))
            }
            (Some(at), _) => part("", &self.buffers[at]),
            (None, _) => "it has no part".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Code, check_error};
    use crate::expr::text::parse_expr;
    use crate::facts::Given;

    /// What a plan of `formula` says that may have no memory at all; X is 4000 x 300.
    #[track_caller]
    fn check(formula: &str, says: &[&str]) {
        let x = Given::data(4000, 300, None);
        let mut givens: Givens = [(Var::input("X"), x)].into();
        givens.insert(Var::input("W"), Given::dense(4000, 2));
        givens.insert(Var::input("H"), Given::dense(2, 300));
        let plan = plan(&[parse_expr(formula).unwrap()], &givens).unwrap();
        let error = plan.check_memory(0).unwrap_err();
        says.iter().for_each(|text| check_error(&error, Code::OverLimit, text));
        assert!(plan.check_memory(plan.peak_bytes).is_ok());
    }

    #[test]
    fn the_buffer_at_fault_is_named() {
        check(
            "sum(exp(W @ H))",
            &["may have 0 B", "the largest part is W @ H (218 x 300, 523 kB)", "block of 218 rows"],
        );
        check("exp(W @ H) - X", &["the result exp(W @ H) - X (4000 x 300, 9.6 MB)", "because it is asked for"]);
        check("W.T @ X", &["the result W.T @ X (2 x 300, 4.8 kB)"]);
        check("sum(W**2)", &["the result sum(W**2) (1 x 1, 8 B)"]);
    }
}
