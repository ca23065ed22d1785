//! Row tiling: which values exist one block of rows at a time, and the order of all steps.
//! In: nodes, arguments first.  Out: a `Plan`.
//! Invariant: a computed value as wide and as long as the data, or on its pattern, stays inside a tiling unless it is a
//! result or is read in a way that no block of rows suffices for.
//! Not here: what the kernels are (see `lower`).

use std::collections::{BTreeMap, BTreeSet};

use super::data_shards::{DataShards, cuts};
use super::lower::LoweredNode;
use crate::data::Dtype;
use crate::facts::{Givens, Layout, Shape};
use crate::plan::program::{Buffer, Combine, Kernel, Param, Plan, RowTiling, Step};
use crate::plan::work;

/// Bytes of all sums of a tiling from which on few blocks are better than small ones, and how many.
const LARGE_SUMS: usize = 1 << 20;
const FEW_BLOCKS: usize = 64;
/// Where a node is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Placement {
    /// By a step of its own, after the tilings of lower levels.
    Outside,
    /// Inside tilings over this many rows, never held in full.
    Inside(usize),
    /// As the result of a tiling over this many rows.
    Result(usize, Combine),
}

/// The plan that computes `outputs`.
pub(super) fn tile_rows(nodes: &[LoweredNode], outputs: &[usize], givens: &Givens) -> Plan {
    let long = &long_sides(givens);
    let mut places = places(nodes, long);
    hold_what_is_read_whole(nodes, outputs, &mut places);
    let levels = levels(nodes, &places);
    let cached = cached(nodes, givens);
    let cuts = &cuts(givens);
    Assembly { nodes, places: &places, levels: &levels, cached: &cached, long, cuts, dtype: dtype(givens) }
        .plan(outputs)
}

/// For each node, whether it is the same from run to run.
fn cached(nodes: &[LoweredNode], givens: &Givens) -> Vec<bool> {
    let mut cached: Vec<bool> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let own = match &node.kernel {
            Kernel::Input(var) | Kernel::Observed(var) => givens.get(var).is_some_and(|given| given.data),
            _ => true,
        };
        cached.push(own && node.args.iter().all(|&arg| cached[arg]));
    }
    cached
}

/// The sides of data matrices.
fn long_sides(givens: &Givens) -> BTreeSet<usize> {
    let data = givens.values().filter(|given| given.data);
    data.flat_map(|given| [given.shape.rows, given.shape.cols]).filter(|&side| side > 1).collect()
}

/// Whether a value is as large as data, or lies on a pattern.
fn is_wide(node: &LoweredNode, long: &BTreeSet<usize>) -> bool {
    match node.layout {
        // The transpose of a sparse value has no rows before all of it is there.
        Layout::Sparse { .. } => node.shape.rows > 1 && node.kernel != Kernel::Transpose,
        Layout::Dense => long.contains(&node.shape.rows) && long.contains(&node.shape.cols),
    }
}

/// Held anyway, or made from nothing: never inside a tiling.
fn is_leaf(kernel: &Kernel) -> bool {
    matches!(kernel, Kernel::Input(_) | Kernel::Literal(_) | Kernel::Observed(_) | Kernel::Eye)
}

fn places(nodes: &[LoweredNode], long: &BTreeSet<usize>) -> Vec<Placement> {
    let mut places: Vec<Placement> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let inside = |k: usize| match places[node.args[k]] {
            Placement::Inside(rows) => Some(rows),
            Placement::Result(rows, _) if matches!(nodes[node.args[k]].kernel, Kernel::Rows(_)) => Some(rows),
            Placement::Outside | Placement::Result(..) => None,
        };
        let place = if is_leaf(&node.kernel) {
            Placement::Outside
        } else if matches!(node.kernel, Kernel::Thin(_) | Kernel::Rows(_) | Kernel::Decrease) {
            in_one_pass(nodes, node, &places).unwrap_or(Placement::Outside)
        } else if is_wide(node, long) && params(nodes, node, node.shape.rows).is_some() {
            Placement::Inside(node.shape.rows)
        } else {
            let streamed = |k: usize| inside(k).or_else(|| streamed(nodes, node, k, long));
            reduction(nodes, node, &streamed).unwrap_or(Placement::Outside)
        };
        places.push(place);
    }
    places
}

/// The place of what one pass over the data makes: X H.T, the rows of W that it moves, their decrease, X.T W.
fn in_one_pass(nodes: &[LoweredNode], node: &LoweredNode, places: &[Placement]) -> Option<Placement> {
    match &node.kernel {
        Kernel::Thin(thin) if !thin.shared => Some(match thin.data_transposed {
            true => Placement::Result(nodes[node.args[0]].shape.rows, Combine::Add),
            false => Placement::Inside(node.shape.rows),
        }),
        Kernel::Rows(solver) if solver.is_row_by_row() => match (places[node.args[1]], &nodes[node.args[1]].kernel) {
            (Placement::Inside(rows), Kernel::Thin(_)) => Some(Placement::Result(rows, Combine::Stack)),
            _ => None,
        },
        Kernel::Decrease => match places[node.args[0]] {
            Placement::Result(rows, _) => Some(Placement::Result(rows, Combine::Add)),
            Placement::Outside | Placement::Inside(_) => None,
        },
        _ => None,
    }
}

/// Whether the reader takes the rows of `arg` that were moved in the same tiling, a block at a time.
fn passes_rows(
    nodes: &[LoweredNode],
    places: &[Placement],
    arg: usize,
    reader: &LoweredNode,
    place: Placement,
) -> bool {
    let (Placement::Result(rows, Combine::Stack), Kernel::Rows(_)) = (places[arg], &nodes[arg].kernel) else {
        return false;
    };
    let ways = match place {
        Placement::Outside => return false,
        Placement::Inside(of) if of == rows => params(nodes, reader, rows).unwrap_or_default(),
        Placement::Result(of, combine) if of == rows => result_params(nodes, reader, rows, combine),
        Placement::Inside(_) | Placement::Result(..) => return false,
    };
    reader.args.iter().zip(ways).all(|(&read, way)| read != arg || way == Param::Rows)
}

/// How many rows there are in argument k of a product, where it is a dense data matrix and the other argument is thin:
/// such products read the data together, one block of rows after the other.
fn streamed(nodes: &[LoweredNode], node: &LoweredNode, k: usize, long: &BTreeSet<usize>) -> Option<usize> {
    let Kernel::Product { .. } = node.kernel else { return None };
    let (data, other) = (&nodes[node.args[k]], &nodes[node.args[1 - k]]);
    let dense = matches!(data.kernel, Kernel::Input(_) | Kernel::Observed(_))
        && data.layout == Layout::Dense
        && is_wide(data, long);
    let thin = other.shape.rows.min(other.shape.cols) * 4 <= data.shape.rows.min(data.shape.cols);
    // A sparse one reads but some of the data.
    (dense && thin && !other.layout.is_sparse()).then_some(data.shape.rows)
}

/// How each argument of `node` comes into a tiling over `rows` rows that computes it row by row; `None` where that is
/// not possible.
fn params(nodes: &[LoweredNode], node: &LoweredNode, rows: usize) -> Option<Vec<Param>> {
    let shape = |k: usize| nodes[node.args[k]].shape;
    let aligned = |k: usize| if shape(k).rows == rows { Param::Rows } else { Param::Whole };
    let factor = |transpose: bool| if transpose { Param::Cols } else { Param::Rows };
    match &node.kernel {
        Kernel::Map(_) => Some(vec![Param::Rows]),
        Kernel::Zip(_) => Some(vec![aligned(0), aligned(1)]),
        Kernel::Product { transpose } => Some(vec![factor(transpose[0]), Param::Whole]),
        Kernel::Sampled { transpose } => Some(vec![factor(transpose[0]), Param::Whole, Param::Rows]),
        Kernel::Gather => Some(vec![aligned(0), Param::Rows]),
        Kernel::Transpose => Some(vec![Param::Cols]),
        Kernel::Expand => Some(vec![aligned(0)]),
        Kernel::Thin(_) => Some(vec![Param::Rows, Param::Whole]),
        Kernel::Rows(_) => Some((0..node.args.len()).map(aligned).collect()),
        _ => None,
    }
}

/// The place of a node that makes something small of a value inside a tiling.
fn reduction(nodes: &[LoweredNode], node: &LoweredNode, inside: &impl Fn(usize) -> Option<usize>) -> Option<Placement> {
    let rows = |k: usize| nodes[node.args[k]].shape.rows;
    match &node.kernel {
        Kernel::Sum | Kernel::ColSum => Some(Placement::Result(inside(0)?, Combine::Add)),
        Kernel::RowSum => Some(Placement::Result(inside(0)?, Combine::Stack)),
        Kernel::SumTo => {
            let combine = if node.shape.rows == 1 { Combine::Add } else { Combine::Stack };
            Some(Placement::Result(inside(0)?, combine))
        }
        Kernel::Product { transpose } => match (inside(0), inside(1)) {
            (Some(n), _) if !transpose[0] => Some(Placement::Result(n, Combine::Stack)),
            (Some(n), _) if !transpose[1] && rows(1) == n => Some(Placement::Result(n, Combine::Add)),
            (_, Some(n)) if !transpose[1] => Some(Placement::Result(n, Combine::Add)),
            (_, _) => None,
        },
        _ => None,
    }
}

/// How each argument of a tiling's result comes into the body, where it is not computed there.
fn result_params(nodes: &[LoweredNode], node: &LoweredNode, rows: usize, combine: Combine) -> Vec<Param> {
    match (&node.kernel, combine) {
        (Kernel::Product { transpose }, Combine::Add) => {
            vec![if transpose[0] { Param::Rows } else { Param::Cols }, Param::Rows]
        }
        (Kernel::Thin(_), Combine::Add) => vec![Param::Rows, Param::Rows],
        (_, Combine::Stack) => params(nodes, node, rows).unwrap_or_else(|| vec![Param::Rows; node.args.len()]),
        (_, Combine::Add) => vec![Param::Rows; node.args.len()],
    }
}

/// A value inside a tiling that somebody needs in full becomes a result.
fn hold_what_is_read_whole(nodes: &[LoweredNode], outputs: &[usize], places: &mut [Placement]) {
    let mut whole: BTreeSet<usize> = outputs.iter().copied().collect();
    for (at, node) in nodes.iter().enumerate() {
        let ways = match places[at] {
            Placement::Outside => vec![Param::Whole; node.args.len()],
            Placement::Inside(rows) => params(nodes, node, rows).unwrap_or_default(),
            Placement::Result(rows, combine) => result_params(nodes, node, rows, combine),
        };
        let rows = match places[at] {
            Placement::Outside => None,
            Placement::Inside(rows) | Placement::Result(rows, _) => Some(rows),
        };
        for (&arg, way) in node.args.iter().zip(ways) {
            let here = matches!(places[arg], Placement::Inside(of) if Some(of) == rows && way == Param::Rows);
            if !here {
                whole.insert(arg);
            }
        }
    }
    for at in whole {
        if let Placement::Inside(rows) = places[at] {
            places[at] = Placement::Result(rows, Combine::Stack);
        }
    }
}

/// For each node, how many tilings must be over before it can be computed.
fn levels(nodes: &[LoweredNode], places: &[Placement]) -> Vec<usize> {
    let mut levels: Vec<usize> = Vec::with_capacity(nodes.len());
    for (node, &place) in nodes.iter().zip(places) {
        let over =
            |arg: usize| matches!(places[arg], Placement::Result(..)) && !passes_rows(nodes, places, arg, node, place);
        let after = |&arg: &usize| levels[arg] + usize::from(over(arg));
        levels.push(node.args.iter().map(after).max().unwrap_or(0));
    }
    levels
}

struct Assembly<'a> {
    nodes: &'a [LoweredNode],
    places: &'a [Placement],
    levels: &'a [usize],
    cached: &'a [bool],
    long: &'a BTreeSet<usize>,
    cuts: &'a BTreeMap<usize, DataShards<'a>>,
    dtype: Dtype,
}

/// The type of what is computed: f32 where all matrices given are f32.
fn dtype(givens: &Givens) -> Dtype {
    let mut matrices = givens.values().filter(|given| !given.shape.is_scalar()).peekable();
    let narrow = matrices.peek().is_some() && matrices.all(|given| given.dtype == Dtype::F32);
    if narrow { Dtype::F32 } else { Dtype::F64 }
}

impl Assembly<'_> {
    fn plan(&self, outputs: &[usize]) -> Plan {
        let mut plan = Plan {
            dtype: self.dtype,
            buffers: vec![],
            cuts: self.cuts.values().filter_map(|cut| cut.data.cloned()).collect(),
            steps: vec![],
            outputs: vec![],
            asked: outputs.len(),
            peak_bytes: 0,
        };
        let mut buffer_of: BTreeMap<usize, usize> = BTreeMap::new();
        for level in 0..=self.levels.iter().copied().max().unwrap_or(0) {
            let here = |at: &usize| self.levels[*at] == level;
            for at in (0..self.nodes.len()).filter(here) {
                if self.places[at] == Placement::Outside {
                    self.step(at, &mut plan, &mut buffer_of);
                }
            }
            // What is the same from run to run has tilings of its own.
            let mut tilings: BTreeMap<(usize, bool), Vec<usize>> = BTreeMap::new();
            for at in (0..self.nodes.len()).filter(here) {
                if let Placement::Result(rows, _) = self.places[at] {
                    tilings.entry((rows, !self.cached[at])).or_default().push(at);
                }
            }
            for ((rows, _), results) in tilings {
                self.tiling(rows, &results, &mut plan, &mut buffer_of);
            }
        }
        plan.outputs = outputs.iter().map(|at| buffer_of[at]).collect();
        plan
    }

    fn buffer(&self, at: usize) -> Buffer {
        let node = &self.nodes[at];
        // What a variable holds is held anyway, and a dense mask is read off it.
        let mask = matches!(node.kernel, Kernel::Observed(_)) && node.layout == Layout::Dense;
        let held = mask || matches!(node.kernel, Kernel::Input(_));
        let dtype = work::dtype(node.shape, &node.layout, self.dtype);
        let bytes = if held { 0 } else { work::bytes(node.shape, &node.layout, dtype) };
        Buffer { shape: node.shape, layout: node.layout.clone(), dtype, bytes, text: node.text.clone() }
    }

    fn step(&self, at: usize, plan: &mut Plan, buffer_of: &mut BTreeMap<usize, usize>) {
        let node = &self.nodes[at];
        let args: Vec<usize> = node.args.iter().map(|arg| buffer_of[arg]).collect();
        let out = plan.buffers.len();
        plan.buffers.push(self.buffer(at));
        buffer_of.insert(at, out);
        if node.kernel == Kernel::Decrease {
            let maker = plan.steps.iter_mut().find(|step| step.outs.contains(&args[0]));
            maker.into_iter().for_each(|step| step.outs.push(out));
            return;
        }
        let read: Vec<&Buffer> = args.iter().map(|&arg| &plan.buffers[arg]).collect();
        let flops = work::flops(&node.kernel, &read, &plan.buffers[out]);
        let traffic = work::traffic(&node.kernel, &read, &[&plan.buffers[out]]);
        let (kernel, cached) = (node.kernel.clone(), self.cached[at]);
        plan.steps.push(Step { kernel, args, outs: vec![out], flops, traffic, frees: vec![], cached });
    }

    /// All nodes computed inside a tiling for these results, in order.
    fn body(&self, rows: usize, results: &[usize]) -> BTreeSet<usize> {
        let mut body: BTreeSet<usize> = BTreeSet::new();
        let mut left: Vec<usize> = results.to_vec();
        while let Some(at) = left.pop() {
            if body.insert(at) {
                left.extend(self.nodes[at].args.iter().filter(|&&arg| self.places[arg] == Placement::Inside(rows)));
            }
        }
        body
    }

    fn tiling(&self, rows: usize, results: &[usize], plan: &mut Plan, buffer_of: &mut BTreeMap<usize, usize>) {
        let body = self.body(rows, results);
        let shards = self.cuts.get(&rows).map_or(1, |cut| cut.shards);
        let height = work::even_height(rows.div_ceil(shards), self.height(rows, &body));
        let mut block = TilingBuilder {
            rows,
            height,
            dtype: self.dtype,
            tiling: empty_tiling(rows, height, shards),
            local: BTreeMap::new(),
            outer: vec![],
        };
        let is_inside = |arg: usize, reader: usize| {
            let passes = || passes_rows(self.nodes, self.places, arg, &self.nodes[reader], self.places[reader]);
            body.contains(&arg) && (self.places[arg] == Placement::Inside(rows) || passes())
        };
        for &at in &body {
            for (arg, way) in self.nodes[at].args.iter().zip(self.ways(at, rows)) {
                if !is_inside(*arg, at) {
                    block.param(*arg, way, &self.nodes[*arg]);
                }
            }
        }
        for &at in &body {
            let ways = self.ways(at, rows);
            let args: Vec<usize> = self.nodes[at]
                .args
                .iter()
                .zip(ways)
                .map(
                    |(&arg, way)| {
                        if is_inside(arg, at) { block.local[&(arg, None)] } else { block.local[&(arg, Some(way))] }
                    },
                )
                .collect();
            let sums = matches!(self.places[at], Placement::Result(_, Combine::Add));
            block.step(at, &self.nodes[at], args, !sums);
        }
        let mut outs = Vec::new();
        for &at in results {
            let Placement::Result(_, combine) = self.places[at] else { continue };
            block.tiling.results.push((block.local[&(at, None)], combine));
            buffer_of.insert(at, plan.buffers.len());
            outs.push(plan.buffers.len());
            plan.buffers.push(self.buffer(at));
        }
        let tiling = block.tiling;
        let args: Vec<usize> = block.outer.iter().map(|at| buffer_of[at]).collect();
        let blocks = rows as f64 / height as f64;
        let flops = tiling.body.iter().map(|s| s.flops).sum::<f64>() * blocks;
        let through = args.iter().chain(&outs).map(|&b| &plan.buffers[b]);
        let traffic = through.map(|b| work::bytes(b.shape, &b.layout, b.dtype) as f64).sum();
        let (kernel, cached) = (Kernel::Tiled(Box::new(tiling)), results.iter().all(|&at| self.cached[at]));
        plan.steps.push(Step { kernel, args, outs, flops, traffic, frees: vec![], cached });
    }

    fn ways(&self, at: usize, rows: usize) -> Vec<Param> {
        let combine = if let Placement::Result(_, combine) = self.places[at] { combine } else { Combine::Stack };
        result_params(self.nodes, &self.nodes[at], rows, combine)
    }

    fn is_sparse(&self, at: usize) -> bool {
        self.nodes[at].layout.is_sparse()
    }

    /// Rows of a block: the widest value in it should fit the cache, be it computed or data; but where large sums are
    /// added up after each block of sparse rows, few blocks.
    fn height(&self, rows: usize, body: &BTreeSet<usize>) -> usize {
        let width = |&at: &usize| {
            let node = &self.nodes[at];
            node.layout.stored(node.shape).div_ceil(node.shape.rows.max(1))
        };
        let data = |at: &&usize| {
            let node = &self.nodes[**at];
            matches!(node.kernel, Kernel::Input(_)) && !self.is_sparse(**at) && is_wide(node, self.long)
        };
        let read = body.iter().flat_map(|&at| &self.nodes[at].args).filter(data);
        let inside = body.iter().chain(read).filter(|at| self.nodes[**at].shape.rows == rows);
        let widest = inside.map(width).max().unwrap_or(1).max(1);
        let by_cache = work::BLOCK_BYTES / (widest * self.dtype.bytes());
        let is_sum = |at: &&usize| matches!(self.places[**at], Placement::Result(_, Combine::Add));
        let sums: usize = body.iter().filter(is_sum).map(|&at| self.buffer(at).bytes).sum();
        let dense = |&at: &usize| matches!(self.places[at], Placement::Inside(_)) && !self.is_sparse(at);
        let reads_dense = body.iter().flat_map(|&at| &self.nodes[at].args).any(|at| data(&at));
        if body.iter().any(dense) || reads_dense {
            work::block_rows(widest, self.dtype)
        } else if sums > LARGE_SUMS {
            by_cache.max(rows.div_ceil(FEW_BLOCKS))
        } else {
            by_cache.max(work::LEAST_ROWS)
        }
    }
}

fn empty_tiling(rows: usize, height: usize, shards: usize) -> RowTiling {
    RowTiling { rows, height, shards, params: vec![], buffers: vec![], aligned: vec![], body: vec![], results: vec![] }
}

/// A tiling being put together.
struct TilingBuilder {
    rows: usize,
    height: usize,
    dtype: Dtype,
    tiling: RowTiling,
    /// The body's buffer of a node: of one computed there, or of one that comes in a certain way.
    local: BTreeMap<(usize, Option<Param>), usize>,
    /// The nodes that come in.
    outer: Vec<usize>,
}

impl TilingBuilder {
    fn scaled(&self, shape: Shape, layout: &Layout, way: Param) -> (Shape, Layout) {
        let part = |count: usize| (count as u128 * self.height as u128).div_ceil(self.rows as u128) as usize;
        let stored = |layout: &Layout| match layout {
            Layout::Dense => Layout::Dense,
            Layout::Sparse { nnz, pattern } => Layout::Sparse { nnz: part(*nnz), pattern: pattern.clone() },
        };
        match way {
            Param::Whole => (shape, layout.clone()),
            Param::Rows => (Shape { rows: self.height, ..shape }, stored(layout)),
            Param::Cols => (Shape { cols: self.height, ..shape }, stored(layout)),
        }
    }

    fn push(&mut self, node: &LoweredNode, way: Param, held: bool) -> usize {
        let (shape, layout) = self.scaled(node.shape, &node.layout, way);
        // Blocks are pieces of what is wide, as thin products are.
        let small = way == Param::Whole && !matches!(node.kernel, Kernel::Thin(_));
        let dtype = if small { work::dtype(shape, &layout, self.dtype) } else { self.dtype };
        let bytes = if held { 0 } else { work::bytes(shape, &layout, dtype) };
        self.tiling.buffers.push(Buffer { shape, layout, dtype, bytes, text: node.text.clone() });
        self.tiling.aligned.push(way == Param::Rows);
        self.tiling.buffers.len() - 1
    }

    fn param(&mut self, arg: usize, way: Param, node: &LoweredNode) {
        if self.local.contains_key(&(arg, Some(way))) {
            return;
        }
        let local = self.push(node, way, way != Param::Cols);
        self.local.insert((arg, Some(way)), local);
        self.tiling.params.push(way);
        self.outer.push(arg);
    }

    fn step(&mut self, at: usize, node: &LoweredNode, args: Vec<usize>, aligned: bool) {
        let out = self.push(node, if aligned { Param::Rows } else { Param::Whole }, false);
        self.local.insert((at, None), out);
        if node.kernel == Kernel::Decrease {
            let maker = self.tiling.body.iter_mut().find(|step| step.outs.contains(&args[0]));
            maker.into_iter().for_each(|step| step.outs.push(out));
            return;
        }
        let read: Vec<&Buffer> = args.iter().map(|&arg| &self.tiling.buffers[arg]).collect();
        let flops = work::flops(&node.kernel, &read, &self.tiling.buffers[out]);
        let traffic = work::traffic(&node.kernel, &read, &[&self.tiling.buffers[out]]);
        let step =
            Step { kernel: node.kernel.clone(), args, outs: vec![out], flops, traffic, frees: vec![], cached: false };
        self.tiling.body.push(step);
    }
}
