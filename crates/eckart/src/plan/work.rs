//! Work: what a kernel costs.
//! In: a kernel, the shapes and layouts of its arguments and result.  Out: flops, bytes.
//! Invariant: an upper bound from shapes and stored entries; nothing measured.
//! Not here: how fast a machine is (see `run::Machine`).

use super::program::{Buffer, Kernel};
use crate::data::Dtype;
use crate::facts::{Layout, Shape};
use crate::rows::{QuadraticStep, RowObjective, RowSolver};

/// Numbers of a dense value up to which it is held in f64 whatever the type of the data: Gram matrices, sums and all
/// of a small problem cost nothing, and are as exact as can be.
const SMALL: usize = 1 << 14;

/// Rows of a block of dense rows: enough for a product to run at speed.
pub(super) const LEAST_ROWS: usize = 16;
const MOST_ROWS: usize = 256;
/// Bytes of a block's widest value, about: what a core's own cache holds besides the rest.
pub(super) const BLOCK_BYTES: usize = 1 << 19;

/// Rows of a block of dense rows of so many numbers.
pub(crate) fn block_rows(cols: usize, dtype: Dtype) -> usize {
    (BLOCK_BYTES / (cols.max(1) * dtype.bytes())).clamp(LEAST_ROWS, MOST_ROWS)
}

/// Rows of a block where a shard has `shard` rows and a block should have about `height`: blocks of equal height but
/// for the last, of whole tiles of a product (a row that is left over costs a product as much as four).
pub(crate) fn even_height(shard: usize, height: usize) -> usize {
    const TILE: usize = 12;
    let even = shard.div_ceil(((shard + height / 2) / height).max(1));
    let tile = if even > 2 * TILE { TILE } else { 4 };
    even.next_multiple_of(tile).min(shard.max(1))
}

/// Whether a dense value of such a shape is held in f64 whatever the type of the data.
pub(super) fn is_small(shape: Shape) -> bool {
    shape.entries() <= SMALL
}

/// The type a value is held in, where the data is of type `data`.
pub(super) fn dtype(shape: Shape, layout: &Layout, data: Dtype) -> Dtype {
    if *layout == Layout::Dense && is_small(shape) { Dtype::F64 } else { data }
}

/// Bytes of a value: its numbers, and columns and row pointers where it is sparse on a pattern of its own.
pub(super) fn bytes(shape: Shape, layout: &Layout, dtype: Dtype) -> usize {
    match layout {
        Layout::Dense => shape.entries().saturating_mul(dtype.bytes()),
        Layout::Sparse { nnz, pattern } => {
            let shared = pattern.is_some();
            let pattern = if shared { 0 } else { nnz * size_of::<u32>() + (shape.rows + 1) * size_of::<usize>() };
            nnz * dtype.bytes() + pattern
        }
    }
}

/// Floating point operations, at most.
pub(super) fn flops(kernel: &Kernel, args: &[&Buffer], out: &Buffer) -> f64 {
    let stored = |b: &Buffer| b.layout.stored(b.shape) as f64;
    match kernel {
        Kernel::Map(_) | Kernel::Zip(_) => stored(out),
        Kernel::Sum | Kernel::RowSum | Kernel::ColSum | Kernel::SumTo => stored(args[0]),
        Kernel::Product { transpose } => {
            let inner = if transpose[0] { args[0].shape.rows } else { args[0].shape.cols } as f64;
            let rows = if transpose[0] { args[0].shape.cols } else { args[0].shape.rows } as f64;
            let cols = if transpose[1] { args[1].shape.rows } else { args[1].shape.cols } as f64;
            match (args[0].layout.is_sparse(), args[1].layout.is_sparse()) {
                (false, false) => 2.0 * inner * rows * cols,
                (true, _) => 2.0 * stored(args[0]) * cols,
                (false, true) => 2.0 * stored(args[1]) * rows,
            }
        }
        Kernel::Thin(thin) => 2.0 * stored(args[0]) * thin.columns(args[1].shape) as f64,
        Kernel::Sampled { transpose } => {
            let inner = if transpose[0] { args[0].shape.rows } else { args[0].shape.cols } as f64;
            2.0 * inner * stored(out)
        }
        Kernel::Input(_)
        | Kernel::Literal(_)
        | Kernel::Gather
        | Kernel::Transpose
        | Kernel::Expand
        | Kernel::Eye
        | Kernel::Observed(_)
        | Kernel::Join { .. }
        | Kernel::Part { .. }
        | Kernel::Rows(_)
        | Kernel::Decrease
        | Kernel::Fused(_)
        | Kernel::Tiled(_) => 0.0,
    }
}

/// Bytes of all arguments and the result, each once.
pub(super) fn traffic(kernel: &Kernel, args: &[&Buffer], outs: &[&Buffer]) -> f64 {
    if matches!(kernel, Kernel::Input(_) | Kernel::Literal(_)) {
        return 0.0;
    }
    args.iter().chain(outs).map(|b| bytes(b.shape, &b.layout, b.dtype) as f64).sum()
}

/// Flops of moving the rows of a factor, about, and bytes: what each row reads of its weights or counts is read anew.
pub(super) fn of_rows(solver: &RowSolver, args: &[&Buffer]) -> (f64, f64) {
    let (factor, number) = (args[0], args[0].dtype.bytes());
    let array = solver.array(factor.shape);
    let (n, r) = (array.rows as f64, array.cols as f64);
    let stored = |at: usize| args.get(at).map_or(0.0, |b| b.layout.stored(b.shape) as f64);
    let sweeps = solver.sweeps() as f64;
    let (flops, stored) = match &solver.rows {
        // A product per stored entry, then a first and a second derivative and an update of the products per sweep.
        RowObjective::Poisson(_) => (stored(1) * r * (2.0 + 6.0 * sweeps), stored(1)),
        RowObjective::Quadratic(rows) => {
            let entries: f64 = rows.places().sampled.iter().map(|sum| stored(sum.weights)).sum();
            let flops = match rows.step {
                QuadraticStep::LeastSquares if rows.grams.is_shared() => r * r * (r / 3.0 + 2.0 * n),
                QuadraticStep::LeastSquares => entries * r * r + n * r * r * (r / 3.0 + 2.0),
                QuadraticStep::ConjugateGradients => sweeps * (4.0 * entries * r + 2.0 * n * r * r),
                _ => entries * r * r + 2.0 * sweeps * n * r * r,
            };
            (flops, entries)
        }
    };
    (flops, 2.0 * n * r * number as f64 + stored * (size_of::<u32>() + number) as f64)
}
