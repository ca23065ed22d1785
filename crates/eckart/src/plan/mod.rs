//! Plan: from formulas to the steps that compute them.
//! In: root expressions and what is known of their variables.  Out: a `Plan`: kernels in order, buffers and their lives.
//! Law: every buffer's size is known before anything runs; each distinct part is computed once.
//! Not here: doing any of it (see `run`).

mod explain;

use crate::error::{Error, Result};
use crate::expr::{Dag, Expr, Id, Op, Var};
use crate::facts::{Facts, Givens, Layout, Shape};

/// What a step computes. The meaning of each is `run::interp`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kernel {
    /// A variable's value.
    Input(Var),
    /// A number.
    Literal(crate::expr::Number),
    /// A function of each entry.
    Map(Op),
    /// A function of each pair of entries.
    Zip(Op),
    /// A matrix product; a flipped argument is used transposed.
    Product {
        /// Which arguments are transposed.
        flip: [bool; 2],
    },
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
}

/// Characters of a step's formula that are kept.
const MOST_TEXT: usize = 56;

/// The number of a step, and of the buffer it fills.
pub type BufferId = usize;

/// One kernel, its arguments and the buffer it fills.
#[derive(Debug, Clone)]
pub struct Step {
    /// What is computed.
    pub kernel: Kernel,
    /// From which buffers.
    pub args: Vec<BufferId>,
    /// The shape of the result.
    pub shape: Shape,
    /// The layout of the result.
    pub layout: Layout,
    /// Bytes of the buffer it fills: 0 where it only passes on what is held anyway.
    pub bytes: usize,
    /// Floating point operations, at most.
    pub flops: f64,
    /// Buffers nobody needs after this step.
    pub frees: Vec<BufferId>,
    /// What it computes, in the text language, shortened.
    pub text: String,
}

/// The steps that compute a set of formulas.
#[derive(Debug, Clone)]
pub struct Plan {
    /// In order.
    pub steps: Vec<Step>,
    /// The buffers that hold the results.
    pub outputs: Vec<BufferId>,
    /// The most bytes held at any one time, the inputs not counted.
    pub peak_bytes: usize,
}

/// The plan that computes `roots`, which are best rewritten first.
///
/// # Errors
/// `Shape` where shapes don't fit, `Setting` where a variable is not given.
pub fn plan(roots: &[Expr], givens: &Givens) -> Result<Plan> {
    let dag = Dag::new(roots);
    let facts = Facts::of(&dag, givens)?;
    let mut needed = vec![false; dag.len()];
    for root in dag.roots() {
        needed[root.index()] = true;
    }
    for id in dag.ids().rev() {
        if needed[id.index()] {
            for arg in value_args(&dag, id) {
                needed[arg.index()] = true;
            }
        }
    }
    let mut buffers: Vec<Option<BufferId>> = vec![None; dag.len()];
    let mut steps = Vec::new();
    for id in dag.ids().filter(|id| needed[id.index()]) {
        let args: Option<Vec<BufferId>> = value_args(&dag, id).iter().map(|a| buffers[a.index()]).collect();
        let args = args.ok_or_else(|| Error::Bug(format!("{} is planned before its arguments", dag.expr(id))))?;
        buffers[id.index()] = Some(steps.len());
        steps.push(step(&dag, &facts, id, args)?);
    }
    let outputs = dag.roots().iter().filter_map(|root| buffers[root.index()]).collect();
    let mut plan = Plan { steps, outputs, peak_bytes: 0 };
    plan.settle_lives();
    Ok(plan)
}

/// The nodes whose values the kernel of `id` reads. A product reads through transposes.
fn value_args(dag: &Dag, id: Id) -> Vec<Id> {
    let op = dag.op(id);
    let read = dag.args(id).iter().enumerate().filter(|(k, _)| op.uses_value(*k)).map(|(_, &arg)| arg);
    if *op == Op::MatMul { read.map(|arg| unflipped(dag, arg).0).collect() } else { read.collect() }
}

/// The node under a transpose, and whether there was one.
fn unflipped(dag: &Dag, id: Id) -> (Id, bool) {
    if *dag.op(id) == Op::Transpose { (dag.args(id)[0], true) } else { (id, false) }
}

fn kernel_of(dag: &Dag, id: Id) -> Result<Kernel> {
    let op = dag.op(id);
    Ok(match op {
        Op::Var(var) => Kernel::Input(var.clone()),
        Op::Lit(number) => Kernel::Literal(*number),
        Op::One => Kernel::Literal(crate::expr::Number::new(1.0)),
        Op::MatMul => Kernel::Product { flip: [0, 1].map(|k| unflipped(dag, dag.args(id)[k]).1) },
        Op::Transpose => Kernel::Transpose,
        Op::Sum => Kernel::Sum,
        Op::RowSum => Kernel::RowSum,
        Op::ColSum => Kernel::ColSum,
        Op::Expand => Kernel::Expand,
        Op::SumTo => Kernel::SumTo,
        Op::Eye => Kernel::Eye,
        Op::Observed => {
            let Some(var) = dag.expr(dag.args(id)[0]).as_var() else {
                let inner = dag.expr(dag.args(id)[0]);
                return Err(Error::shape(
                    format!("observed({inner}) has no meaning: only a data matrix has missing entries"),
                    "Write observed(X), and for the transpose observed(X).T",
                ));
            };
            Kernel::Observed(var.clone())
        }
        Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Pow | Op::Max | Op::Min | Op::Greater => Kernel::Zip(op.clone()),
        Op::Exp | Op::Log | Op::XLogX | Op::Abs | Op::Sign | Op::Sigmoid | Op::Softplus => Kernel::Map(op.clone()),
    })
}

fn step(dag: &Dag, facts: &Facts, id: Id, args: Vec<BufferId>) -> Result<Step> {
    let (shape, layout) = (facts.shape(id), facts.layout(id).clone());
    let kernel = kernel_of(dag, id)?;
    let held_anyway = matches!(kernel, Kernel::Input(_));
    let bytes = if held_anyway { 0 } else { bytes_of(shape, &layout) };
    let flops = flops_of(dag, facts, id, &kernel);
    Ok(Step { kernel, args, shape, layout, bytes, flops, frees: vec![], text: dag.expr(id).shortened(MOST_TEXT) })
}

/// Bytes of a value: f64 numbers, and columns and row pointers where it is sparse.
fn bytes_of(shape: Shape, layout: &Layout) -> usize {
    match layout {
        Layout::Dense => shape.entries().saturating_mul(size_of::<f64>()),
        Layout::Sparse { nnz, pattern } => {
            let shared = pattern.is_some();
            let pattern = if shared { 0 } else { nnz * size_of::<u32>() + (shape.rows + 1) * size_of::<usize>() };
            nnz * size_of::<f64>() + pattern
        }
    }
}

fn flops_of(dag: &Dag, facts: &Facts, id: Id, kernel: &Kernel) -> f64 {
    let stored = |id: Id| facts.layout(id).stored(facts.shape(id)) as f64;
    match kernel {
        Kernel::Map(_) | Kernel::Zip(_) => stored(id),
        Kernel::Sum | Kernel::RowSum | Kernel::ColSum | Kernel::SumTo => stored(dag.args(id)[0]),
        Kernel::Product { .. } => {
            let (a, b) = (dag.args(id)[0], dag.args(id)[1]);
            let (inner, out) = (facts.shape(a).cols, facts.shape(id));
            match (facts.layout(a).is_sparse(), facts.layout(b).is_sparse()) {
                (false, false) => 2.0 * inner as f64 * out.entries() as f64,
                (true, _) => 2.0 * stored(a) * out.cols as f64,
                (false, true) => 2.0 * stored(b) * out.rows as f64,
            }
        }
        Kernel::Input(_)
        | Kernel::Literal(_)
        | Kernel::Transpose
        | Kernel::Expand
        | Kernel::Eye
        | Kernel::Observed(_) => 0.0,
    }
}

impl Plan {
    /// The largest buffer any step fills, in numbers (not bytes); the inputs not counted.
    pub fn largest_buffer(&self) -> usize {
        let filled = self.steps.iter().filter(|s| !matches!(s.kernel, Kernel::Input(_)));
        filled.map(|s| s.layout.stored(s.shape)).max().unwrap_or(0)
    }

    /// Floating point operations of one run, at most.
    pub fn flops(&self) -> f64 {
        self.steps.iter().map(|s| s.flops).sum()
    }

    /// Refuses a plan that needs more than `limit` bytes, naming the largest buffer.
    ///
    /// # Errors
    /// `Limit`.
    pub fn check_memory(&self, limit: usize) -> Result<()> {
        if self.peak_bytes <= limit {
            return Ok(());
        }
        let Some(worst) = self.steps.iter().max_by_key(|s| s.bytes) else { return Ok(()) };
        Err(Error::Limit(format!(
            "this needs {} of memory and may have {}; the largest part is {} ({}, {})",
            explain::bytes(self.peak_bytes),
            explain::bytes(limit),
            worst.text,
            worst.shape,
            explain::bytes(worst.bytes),
        )))
    }

    /// Finds where each buffer is used last, and how much is held at once.
    fn settle_lives(&mut self) {
        let mut last: Vec<usize> = (0..self.steps.len()).collect();
        for (at, step) in self.steps.iter().enumerate() {
            for &arg in &step.args {
                last[arg] = at;
            }
        }
        let mut held = 0_usize;
        for at in 0..self.steps.len() {
            held = held.saturating_add(self.steps[at].bytes);
            self.peak_bytes = self.peak_bytes.max(held);
            let dead: Vec<BufferId> = (0..=at).filter(|b| last[*b] == at && !self.outputs.contains(b)).collect();
            for &buffer in &dead {
                held -= self.steps[buffer].bytes.min(held);
            }
            self.steps[at].frees = dead;
        }
    }
}
