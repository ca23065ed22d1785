//! Elementwise fusion: functions of entries that follow one another become one pass over the entries.
//! In: a `Plan`.  Out: the same values; what only the pass itself needs has no buffer.
//! Invariant: a pass runs over the entries of one shape, or of one pattern; nothing it reads waits for what it makes.
//! Not here: how a pass is run (see `run`).

use std::collections::{BTreeMap, BTreeSet};

use crate::data::Dtype;
use crate::expr::{Op, Var};
use crate::facts::{Layout, Shape};
use crate::plan::program::{Buffer, BufferId, FusedOp, Fusion, Kernel, Outcome, Plan, Reach, Source, Step};
use crate::plan::work;

/// Puts functions of entries together, in the plan and in its tilings.
pub(super) fn fuse(plan: &mut Plan) {
    let mut masks = BTreeSet::new();
    let inner = add_masks(&plan.steps, &plan.buffers, &mut masks);
    for (at, step) in plan.steps.iter_mut().enumerate() {
        if let Kernel::Tiled(tiling) = &mut step.kernel {
            let keep: BTreeSet<BufferId> = tiling.results.iter().map(|(buffer, _)| *buffer).collect();
            let masks = inner.get(&at).cloned().unwrap_or_default();
            tiling.body = Fuser::new(&tiling.body, &tiling.buffers, &tiling.aligned, masks).fuse(&keep);
            let filled: BTreeSet<BufferId> = tiling.body.iter().flat_map(|step| step.outs.iter().copied()).collect();
            for (at, buffer) in tiling.buffers.iter_mut().enumerate().skip(tiling.params.len()) {
                if !filled.contains(&at) {
                    buffer.bytes = 0;
                }
            }
        }
    }
    let keep: BTreeSet<BufferId> = plan.outputs.iter().copied().collect();
    plan.steps = Fuser::new(&plan.steps, &plan.buffers, &[], masks).fuse(&keep);
}

/// Adds to `masks` the buffers that are 0 where dense data is missing: the mask itself, and what it is a factor of.
/// Returns the same for the body of each tiling, by step.
fn add_masks(
    steps: &[Step],
    buffers: &[Buffer],
    masks: &mut BTreeSet<BufferId>,
) -> BTreeMap<usize, BTreeSet<BufferId>> {
    let mut inner = BTreeMap::new();
    for (at, step) in steps.iter().enumerate() {
        let masked = |k: usize| step.args.get(k).is_some_and(|arg| masks.contains(arg));
        let is_mask = match &step.kernel {
            Kernel::Observed(_) => buffers[step.outs[0]].layout == Layout::Dense,
            Kernel::Zip(Op::Mul) => masked(0) || masked(1),
            Kernel::Zip(Op::Div) | Kernel::Expand | Kernel::Gather | Kernel::Transpose => masked(0),
            Kernel::Zip(Op::Add | Op::Sub) => masked(0) && masked(1),
            Kernel::SumTo => masked(0) && buffers[step.args[0]].shape == buffers[step.outs[0]].shape,
            Kernel::Tiled(tiling) => {
                let mut local: BTreeSet<BufferId> = (0..step.args.len()).filter(|&k| masked(k)).collect();
                add_masks(&tiling.body, &tiling.buffers, &mut local);
                let outs = step.outs.iter().zip(&tiling.results);
                masks.extend(outs.filter(|(_, (buffer, _))| local.contains(buffer)).map(|(out, _)| *out));
                inner.insert(at, local);
                false
            }
            _ => false,
        };
        masks.extend(is_mask.then(|| step.outs[0]));
    }
    inner
}

/// What a pass runs over: a shape, the pattern if it is one, whether a block's rows are meant, whether it is the same
/// from run to run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Domain {
    sides: (usize, usize),
    pattern: Option<(Var, bool)>,
    aligned: bool,
    cached: bool,
}

struct Fuser<'a> {
    steps: &'a [Step],
    buffers: &'a [Buffer],
    aligned: &'a [bool],
    /// The step that fills a buffer.
    maker: BTreeMap<BufferId, usize>,
    /// The steps that read a buffer.
    readers: BTreeMap<BufferId, Vec<usize>>,
    /// The buffers that are 0 where dense data is missing.
    masks: BTreeSet<BufferId>,
}

impl<'a> Fuser<'a> {
    fn new(steps: &'a [Step], buffers: &'a [Buffer], aligned: &'a [bool], masks: BTreeSet<BufferId>) -> Self {
        let outs = |(at, step): (usize, &Step)| step.outs.iter().map(move |&out| (out, at)).collect::<Vec<_>>();
        let maker = steps.iter().enumerate().flat_map(outs).collect();
        let mut readers: BTreeMap<BufferId, Vec<usize>> = BTreeMap::new();
        for (at, step) in steps.iter().enumerate() {
            step.args.iter().for_each(|&arg| readers.entry(arg).or_default().push(at));
        }
        Self { steps, buffers, aligned, maker, readers, masks }
    }

    fn fuse(&self, keep: &BTreeSet<BufferId>) -> Vec<Step> {
        let domains: Vec<Option<Domain>> = self.steps.iter().map(|step| self.domain(step)).collect();
        let levels = self.levels(&domains);
        // Steps of one domain and level that read the same or one another: one pass.
        let mut group: Vec<usize> = (0..self.steps.len()).collect();
        let mut reader: BTreeMap<(&Domain, usize, BufferId), usize> = BTreeMap::new();
        for (at, step) in self.steps.iter().enumerate() {
            let Some(domain) = &domains[at] else { continue };
            for &buffer in step.args.iter().chain(&step.outs) {
                if self.buffers[buffer].shape.is_scalar() && !self.buffers[step.outs[0]].shape.is_scalar() {
                    continue;
                }
                if let Some(&other) = reader.get(&(domain, levels[at], buffer)) {
                    let (a, b) = (root(&group, at), root(&group, other));
                    group[a.max(b)] = a.min(b);
                }
                reader.insert((domain, levels[at], buffer), at);
            }
        }
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for at in 0..self.steps.len() {
            members.entry(root(&group, at)).or_default().push(at);
        }
        let units: Vec<Vec<usize>> = members.into_values().collect();
        let mut fused = Vec::with_capacity(units.len());
        for unit in self.ordered(&units) {
            fused.push(match &domains[unit[0]] {
                Some(domain) => self.fused(&unit, domain, keep),
                None => self.steps[unit[0]].clone(),
            });
        }
        fused
    }

    /// Whether a step's result are entries: those of its argument, or a function of them.
    fn makes_entries(&self, step: &Step) -> bool {
        match step.kernel {
            Kernel::Map(_) | Kernel::Zip(_) | Kernel::Expand | Kernel::Gather => true,
            Kernel::SumTo => self.buffers[step.args[0]].shape == self.buffers[step.outs[0]].shape,
            _ => false,
        }
    }

    /// What a step that can be part of a pass runs over.
    fn domain(&self, step: &Step) -> Option<Domain> {
        let (arg, out) = (step.args.first().copied(), step.outs[0]);
        let over = match &step.kernel {
            Kernel::Map(_) | Kernel::Zip(_) | Kernel::Expand | Kernel::Gather => out,
            Kernel::Sum | Kernel::RowSum | Kernel::ColSum | Kernel::SumTo => arg?,
            _ => return None,
        };
        let Buffer { shape, layout, .. } = &self.buffers[over];
        let aligned = self.aligned.get(over).copied().unwrap_or(false);
        let pattern = match layout {
            Layout::Dense => None,
            Layout::Sparse { pattern: Some(pattern), .. } => Some(pattern.clone()),
            Layout::Sparse { pattern: None, .. } => return None,
        };
        let domain = Domain { sides: (shape.rows, shape.cols), pattern, aligned, cached: step.cached };
        let read = if matches!(step.kernel, Kernel::Gather) { &step.args[..1] } else { &step.args[..] };
        let fits = read.iter().all(|&arg| self.reach(arg, &domain).is_some());
        (fits && self.provider(step, &domain).is_some()).then_some(domain)
    }

    /// How an argument is read in a pass over `domain`; `None` where it can't be.
    fn reach(&self, arg: BufferId, domain: &Domain) -> Option<Reach> {
        let Buffer { shape, layout, .. } = &self.buffers[arg];
        let full = (shape.rows, shape.cols) == domain.sides;
        match layout {
            Layout::Sparse { pattern, .. } if full && domain.pattern.is_some() => {
                (*pattern == domain.pattern).then_some(Reach::Entry)
            }
            _ if full && domain.pattern.is_some() => Some(Reach::Picked),
            _ if full => Some(Reach::Entry),
            _ if shape.is_scalar() => Some(Reach::Number),
            _ if shape.rows == 1 => Some(Reach::Row),
            _ => Some(Reach::Column),
        }
    }

    /// For a pass over a pattern, an argument that has the pattern; else nothing in particular.
    fn provider(&self, step: &Step, domain: &Domain) -> Option<Option<BufferId>> {
        if domain.pattern.is_none() {
            return Some(None);
        }
        step.args.iter().find(|&&arg| self.reach(arg, domain) == Some(Reach::Entry)).map(|&arg| Some(arg))
    }

    /// For each step, how many other passes or kernels must be over before it.
    fn levels(&self, domains: &[Option<Domain>]) -> Vec<usize> {
        let mut levels: Vec<usize> = Vec::with_capacity(self.steps.len());
        for (at, step) in self.steps.iter().enumerate() {
            let after = |arg: &BufferId| {
                let Some(&maker) = self.maker.get(arg) else { return 0 };
                let same =
                    self.makes_entries(&self.steps[maker]) && domains[at].is_some() && domains[maker] == domains[at];
                levels[maker] + usize::from(!same)
            };
            levels.push(step.args.iter().map(after).max().unwrap_or(0));
        }
        levels
    }

    /// The units in an order in which each finds what it reads, otherwise as they were.
    fn ordered(&self, units: &[Vec<usize>]) -> Vec<Vec<usize>> {
        let unit_of: BTreeMap<usize, usize> =
            units.iter().enumerate().flat_map(|(u, unit)| unit.iter().map(move |&at| (at, u))).collect();
        let mut waits: Vec<BTreeSet<usize>> = Vec::with_capacity(units.len());
        let mut waited_for: Vec<Vec<usize>> = vec![Vec::new(); units.len()];
        for (u, unit) in units.iter().enumerate() {
            let args = unit.iter().flat_map(|&at| &self.steps[at].args);
            let makers = args.filter_map(|arg| self.maker.get(arg)).map(|at| unit_of[at]);
            let others: BTreeSet<usize> = makers.filter(|&other| other != u).collect();
            others.iter().for_each(|&other| waited_for[other].push(u));
            waits.push(others);
        }
        let mut ordered = Vec::with_capacity(units.len());
        let mut ready: BTreeSet<usize> = (0..units.len()).filter(|&u| waits[u].is_empty()).collect();
        while let Some(u) = ready.pop_first() {
            for &other in &waited_for[u] {
                waits[other].remove(&u);
                if waits[other].is_empty() {
                    ready.insert(other);
                }
            }
            ordered.push(units[u].clone());
        }
        debug_assert_eq!(ordered.len(), units.len(), "passes wait for each other");
        ordered
    }

    fn fused(&self, unit: &[usize], domain: &Domain, keep: &BTreeSet<BufferId>) -> Step {
        let own: BTreeSet<usize> = unit.iter().copied().collect();
        let inside = |buffer: &BufferId| self.maker.get(buffer).is_some_and(|maker| own.contains(maker));
        let read_elsewhere = |buffer: BufferId| {
            let readers = self.readers.get(&buffer).map_or(&[][..], |readers| readers);
            keep.contains(&buffer) || readers.iter().any(|at| !own.contains(at))
        };
        let mut args: Vec<BufferId> = Vec::new();
        let mut source: BTreeMap<BufferId, Source> = BTreeMap::new();
        for arg in unit.iter().flat_map(|&at| &self.steps[at].args).filter(|arg| !inside(arg)) {
            source.entry(*arg).or_insert_with(|| {
                args.push(*arg);
                Source::Arg(args.len() - 1)
            });
        }
        let (mut ops, mut results, mut outs) = (Vec::new(), Vec::new(), Vec::new());
        for &at in unit {
            let step = &self.steps[at];
            let out = step.outs[0];
            let mut outcome = None;
            match &step.kernel {
                Kernel::Map(op) | Kernel::Zip(op) => {
                    let args = step.args.iter().map(|arg| source[arg]).collect();
                    let masks_of = if *op == Op::Mul { 2 } else { usize::from(*op == Op::Div) };
                    let mut read = step.args.iter().take(masks_of);
                    let mask = read.position(|arg| self.masks.contains(arg));
                    ops.push(FusedOp { op: op.clone(), args, mask });
                    source.insert(out, Source::Op(ops.len() - 1));
                    outcome = read_elsewhere(out).then_some(Outcome::Entries);
                }
                // Reading is stretching and picking.
                _ if self.makes_entries(step) => {
                    source.insert(out, source[&step.args[0]]);
                    outcome = read_elsewhere(out).then_some(Outcome::Entries);
                }
                _ => {
                    source.insert(out, source[&step.args[0]]);
                    outcome.replace(outcome_of(self.buffers[out].shape, domain.sides));
                }
            }
            if let Some(outcome) = outcome {
                results.push((source[&out], outcome));
                outs.push(out);
            }
        }
        let provider = unit.iter().find_map(|&at| self.provider(&self.steps[at], domain).flatten());
        let provider = provider.filter(|_| domain.pattern.is_some());
        let reads: Vec<Reach> =
            args.iter().map(|&arg| self.reach(arg, domain).expect("checked for each member")).collect();
        let over = provider.and_then(|_| reads.iter().position(|reach| *reach == Reach::Entry));
        let of = |buffers: &[BufferId]| -> f64 {
            buffers.iter().map(|&b| &self.buffers[b]).map(|b| work::bytes(b.shape, &b.layout, b.dtype) as f64).sum()
        };
        let wide = args.iter().chain(&outs).filter(|&&b| !self.buffers[b].shape.is_scalar());
        let narrow = |b: &BufferId| self.buffers[*b].dtype == Dtype::F32;
        let dtype = if wide.clone().any(narrow) { Dtype::F32 } else { Dtype::F64 };
        let shape = Shape { rows: domain.sides.0, cols: domain.sides.1 };
        Step {
            flops: unit.iter().map(|&at| self.steps[at].flops).sum(),
            traffic: of(&args) + of(&outs),
            kernel: Kernel::Fused(Box::new(Fusion { shape, over, reads, ops, results, dtype })),
            args,
            outs,
            frees: vec![],
            cached: domain.cached,
        }
    }
}

/// What sums entries of a shape of these sides down to `shape`.
fn outcome_of(shape: Shape, sides: (usize, usize)) -> Outcome {
    match (shape.rows == sides.0, shape.cols == sides.1) {
        (true, true) => Outcome::Entries,
        (true, false) => Outcome::RowSum,
        (false, true) => Outcome::ColSum,
        (false, false) => Outcome::Sum,
    }
}

fn root(group: &[usize], mut at: usize) -> usize {
    while group[at] != at {
        at = group[at];
    }
    at
}
