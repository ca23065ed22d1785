//! Lower: from formulas to kernels, each value computed where it is needed and nowhere else.
//! In: a `Dag` with its facts.  Out: nodes: a kernel and its arguments, arguments first.
//! Invariant: a factor of a sparse value is computed at the stored entries only; each node once a place.
//! Not here: blocks of rows (see `row_tiling`), buffers (see `liveness`).

use std::collections::BTreeMap;

use crate::error::{Code, Error, Result};
use crate::expr::{Dag, Id, Meaning, Number, Op, Var};
use crate::facts::{Facts, Layout, Shape};
use crate::plan::program::{Kernel, RowUpdate};

/// A value to be computed.
#[derive(Debug, Clone)]
pub(in crate::plan) struct LoweredNode {
    pub kernel: Kernel,
    /// Earlier nodes.
    pub args: Vec<usize>,
    pub shape: Shape,
    pub layout: Layout,
    /// The formula, shortened.
    pub text: String,
}

/// Characters of a formula that are kept.
const MOST_TEXT: usize = 56;

/// A part of a formula, in full or at the stored entries of another part.
type PlacedId = (Id, Option<Id>);

/// The nodes that compute the first `asked` of `dag`'s roots, and which of them these are. The other roots are what
/// `updates` make, then what each reads.
pub(super) fn lower(
    dag: &Dag,
    facts: &Facts,
    asked: usize,
    updates: &[RowUpdate],
) -> Result<(Vec<LoweredNode>, Vec<usize>)> {
    let (roots, others) = dag.roots().split_at(asked);
    let lower = Lower { dag, facts, texts: dag.shortened(MOST_TEXT), sources: sources(dag, facts), updates, others };
    let roots: Vec<PlacedId> = roots.iter().map(|&root| (root, None)).collect();
    let mut number: BTreeMap<PlacedId, usize> = BTreeMap::new();
    let mut nodes = Vec::new();
    // A walk with a stack of its own: formulas may be deep.
    for &root in &roots {
        let mut stack = vec![(root, false)];
        while let Some((key, ready)) = stack.pop() {
            if number.contains_key(&key) {
                continue;
            }
            let (kernel, args) = lower.kernel(key)?;
            if !ready {
                stack.push((key, true));
                stack.extend(args.into_iter().rev().map(|arg| (arg, false)));
                continue;
            }
            let args = args.iter().map(|arg| number[arg]).collect();
            number.insert(key, nodes.len());
            nodes.push(lower.node(key, kernel, args));
        }
    }
    Ok((nodes, roots.iter().map(|root| number[root]).collect()))
}

/// The nodes that are still needed where some have `moved`, arguments first, and where the outputs are now.
pub(super) fn sorted(
    nodes: &[LoweredNode],
    outputs: &[usize],
    moved: &BTreeMap<usize, usize>,
) -> (Vec<LoweredNode>, Vec<usize>) {
    let target = |at: usize| moved.get(&at).copied().unwrap_or(at);
    let mut new_number: BTreeMap<usize, usize> = BTreeMap::new();
    let mut sorted: Vec<LoweredNode> = Vec::with_capacity(nodes.len());
    for &output in outputs {
        let mut stack = vec![(target(output), false)];
        while let Some((at, ready)) = stack.pop() {
            if new_number.contains_key(&at) {
                continue;
            }
            let args = nodes[at].args.iter().map(|&arg| target(arg));
            if !ready {
                stack.push((at, true));
                stack.extend(args.rev().map(|arg| (arg, false)));
                continue;
            }
            let args = args.map(|arg| new_number[&arg]).collect();
            new_number.insert(at, sorted.len());
            sorted.push(LoweredNode { args, ..nodes[at].clone() });
        }
    }
    (sorted, outputs.iter().map(|&output| new_number[&target(output)]).collect())
}

/// For each sparse part, the first part of exactly the same pattern.
fn sources(dag: &Dag, facts: &Facts) -> Vec<Id> {
    let mut first: Vec<(&Layout, Id)> = Vec::new();
    dag.ids()
        .map(|id| match facts.layout(id) {
            layout @ Layout::Sparse { pattern: Some(_), .. } => {
                if let Some((_, known)) = first.iter().find(|(other, _)| *other == layout) {
                    return *known;
                }
                first.push((layout, id));
                id
            }
            Layout::Sparse { pattern: None, .. } | Layout::Dense => id,
        })
        .collect()
}

struct Lower<'a> {
    dag: &'a Dag,
    facts: &'a Facts,
    texts: Vec<String>,
    sources: Vec<Id>,
    updates: &'a [RowUpdate],
    /// What the updates make, then what each reads.
    others: &'a [Id],
}

impl Lower<'_> {
    fn node(&self, key: PlacedId, kernel: Kernel, args: Vec<usize>) -> LoweredNode {
        let (id, place) = key;
        let layout = self.facts.layout(place.unwrap_or(id)).clone();
        let text = self.texts[id.index()].clone();
        LoweredNode { kernel, args, shape: self.facts.shape(id), layout, text }
    }

    fn is_sparse(&self, id: Id) -> bool {
        self.facts.layout(id).is_sparse()
    }

    /// The part `id` at the stored entries of `place`.
    fn at(&self, id: Id, place: Id) -> PlacedId {
        let own = self.is_sparse(id) && self.sources[id.index()] == place;
        if own { (id, None) } else { (id, Some(place)) }
    }

    /// The kernel of a value and the values it reads.
    fn kernel(&self, (id, place): PlacedId) -> Result<(Kernel, Vec<PlacedId>)> {
        match place {
            None => self.kernel_in_full(id),
            Some(place) => Ok(self.kernel_at(id, place)),
        }
    }

    fn kernel_at(&self, id: Id, place: Id) -> (Kernel, Vec<PlacedId>) {
        let (op, args) = (self.dag.op(id), self.dag.args(id));
        let pointwise = |kernel: Kernel| {
            let full = |&arg: &Id| {
                let stretched = self.facts.shape(arg) != self.facts.shape(id);
                if stretched { (arg, None) } else { self.at(arg, place) }
            };
            (kernel, args.iter().map(full).collect())
        };
        match op.row().meaning {
            Meaning::Map(_) => pointwise(Kernel::Map(op.clone())),
            Meaning::Zip(_) => pointwise(Kernel::Zip(op.clone())),
            Meaning::Whole if *op == Op::MatMul => {
                let (a, transpose_a) = self.upright(args[0]);
                let (b, transpose_b) = self.upright(args[1]);
                (Kernel::Sampled { transpose: [transpose_a, transpose_b] }, vec![(a, None), (b, None), (place, None)])
            }
            Meaning::Whole if *op == Op::Expand => (Kernel::Gather, vec![(args[0], None), (place, None)]),
            Meaning::Leaf | Meaning::Whole => (Kernel::Gather, vec![(id, None), (place, None)]),
        }
    }

    fn kernel_in_full(&self, id: Id) -> Result<(Kernel, Vec<PlacedId>)> {
        let (op, args) = (self.dag.op(id), self.dag.args(id));
        let plain = |kernel: Kernel| {
            let read = args.iter().enumerate().filter(|(k, _)| op.uses_value(*k));
            Ok((kernel, read.map(|(_, &arg)| (arg, None)).collect()))
        };
        match op {
            Op::Var(var) => Ok(self.made(var).unwrap_or_else(|| (Kernel::Input(var.clone()), vec![]))),
            Op::Lit(number) => plain(Kernel::Literal(*number)),
            Op::One => plain(Kernel::Literal(Number::new(1.0))),
            Op::MatMul => {
                let (a, transpose_a) = self.upright(args[0]);
                let (b, transpose_b) = self.upright(args[1]);
                Ok((Kernel::Product { transpose: [transpose_a, transpose_b] }, vec![(a, None), (b, None)]))
            }
            Op::Transpose => plain(Kernel::Transpose),
            Op::Sum => plain(Kernel::Sum),
            Op::RowSum => plain(Kernel::RowSum),
            Op::ColSum => plain(Kernel::ColSum),
            Op::Expand => plain(Kernel::Expand),
            Op::SumTo => plain(Kernel::SumTo),
            Op::Eye => plain(Kernel::Eye),
            Op::Observed => self.observed(args[0]),
            Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Pow | Op::Max | Op::Min | Op::Greater => {
                Ok((Kernel::Zip(op.clone()), self.zip_args(id)))
            }
            Op::Exp | Op::Log | Op::XLogX | Op::Abs | Op::Sign | Op::Sigmoid | Op::Softplus => {
                plain(Kernel::Map(op.clone()))
            }
        }
    }

    /// The kernel that makes `var`, where that is a row solver.
    fn made(&self, var: &Var) -> Option<(Kernel, Vec<PlacedId>)> {
        let (moved, mut reads) = self.others.split_at(self.updates.len());
        for (update, &factor) in self.updates.iter().zip(moved) {
            let (own, others) = reads.split_at(update.reads.len());
            reads = others;
            if *var == update.moved {
                let args = own.iter().map(|&read| (read, None)).collect();
                return Some((Kernel::Rows(Box::new(update.solver.clone())), args));
            }
            if *var == update.decrease {
                return Some((Kernel::Decrease, vec![(factor, None)]));
            }
        }
        None
    }

    /// The arguments of a function of pairs: beside a sparse argument that fixes the pattern, the other is needed at
    /// its stored entries only.
    fn zip_args(&self, id: Id) -> Vec<PlacedId> {
        let args = self.dag.args(id);
        let in_full = vec![(args[0], None), (args[1], None)];
        let full = |arg: Id| self.facts.shape(arg) == self.facts.shape(id);
        let sparse = |arg: Id| full(arg) && self.is_sparse(arg);
        if !self.is_sparse(id) || matches!(self.dag.op(id), Op::Add | Op::Sub) {
            return in_full;
        }
        let (fixes, other) = if sparse(args[0]) { (0, 1) } else { (1, 0) };
        if sparse(args[other]) || !full(args[other]) {
            return in_full;
        }
        let mut keys = in_full;
        keys[other] = self.at(args[other], self.sources[args[fixes].index()]);
        keys
    }

    fn observed(&self, arg: Id) -> Result<(Kernel, Vec<PlacedId>)> {
        let inner = self.dag.expr(arg);
        let var = inner.as_var().ok_or_else(|| {
            Error::shape(
                Code::ObservedOfFormula,
                format!(
                    "observed({}) has no meaning: only a data matrix has missing entries",
                    inner.shortened(MOST_TEXT)
                ),
                "Write observed(X), and for the transpose observed(X).T",
            )
        })?;
        Ok((Kernel::Observed(var.clone()), vec![]))
    }

    /// The part under a transpose, and whether there was one: products read through it.
    fn upright(&self, id: Id) -> (Id, bool) {
        if *self.dag.op(id) == Op::Transpose { (self.dag.args(id)[0], true) } else { (id, false) }
    }
}
