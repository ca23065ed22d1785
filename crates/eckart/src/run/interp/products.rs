//! Products: matrix products and transposes, dense and sparse in any pairing.
//! In: two values, each perhaps transposed.  Out: a dense value.
//! Invariant: a sum over many rows is a fold over shards of these rows; nothing sparse is written out in full.
//! Not here: the inner loops of a dense product (see `kernels`).

use std::borrow::Cow;

use super::pointwise::on_pattern;
use super::{Dense, Plain};
use crate::data::Sparse;
use crate::facts::Shape;
use crate::run::machine::shard_sums::for_rows;

/// The product of `a` and `b`, each transposed where its flag says so. With `scatter` the transpose of a sparse `a` is
/// not made, but its rows are added up where they belong.
pub(super) fn multiply(a: &Plain, flip_a: bool, b: &Plain, flip_b: bool, scatter: bool) -> Plain {
    match (a, b) {
        (Plain::Dense(x), Plain::Dense(y)) => dense_dense(x, flip_a, y, flip_b),
        (Plain::Sparse(x), Plain::Dense(y)) if flip_a && scatter => sparse_flipped_dense(x, &flipped_if(y, flip_b)),
        (Plain::Sparse(x), Plain::Dense(y)) => {
            sparse_dense(if flip_a { x.transposed() } else { x }, &flipped_if(y, flip_b))
        }
        (Plain::Dense(x), Plain::Sparse(y)) => {
            // A S = (S.T A.T).T, so that each task writes rows of its own.
            let product = sparse_dense(if flip_b { y } else { y.transposed() }, &flipped_if(x, !flip_a));
            transpose(&product)
        }
        (Plain::Sparse(x), Plain::Sparse(y)) => {
            sparse_sparse(if flip_a { x.transposed() } else { x }, if flip_b { y.transposed() } else { y })
        }
    }
}

/// The product of `a` and `b`, each transposed where its flag says so, at the stored entries of `at` only.
pub(super) fn sampled(a: &Plain, flip_a: bool, b: &Plain, flip_b: bool, at: &Plain) -> Plain {
    let Plain::Sparse(place) = at else { return multiply(a, flip_a, b, flip_b, false) };
    match (a, b) {
        (Plain::Dense(x), Plain::Dense(y)) => {
            let (x, y) = (flipped_if(x, flip_a), flipped_if(y, !flip_b));
            let inner = x.shape.cols;
            on_pattern(place.pattern(), |_, i, j| dot(&x.data[i * inner..], &y.data[j * inner..], inner))
        }
        (Plain::Sparse(x), Plain::Dense(y)) => {
            let (x, y) = (if flip_a { x.transposed() } else { x }, flipped_if(y, !flip_b));
            on_pattern(place.pattern(), |_, i, j| sparse_dot(x, i, &y.data[j * y.shape.cols..]))
        }
        (Plain::Dense(x), Plain::Sparse(y)) => {
            let (x, y) = (flipped_if(x, flip_a), if flip_b { y } else { y.transposed() });
            on_pattern(place.pattern(), |_, i, j| sparse_dot(y, j, &x.data[i * x.shape.cols..]))
        }
        (Plain::Sparse(x), Plain::Sparse(y)) => {
            let (x, y) = (if flip_a { x.transposed() } else { x }, if flip_b { y } else { y.transposed() });
            let product = |at: usize, j: usize| x.values()[at] * y.get(j, x.pattern().indices()[at] as usize);
            on_pattern(place.pattern(), |_, i, j| x.pattern().range(i).map(|at| product(at, j)).sum())
        }
    }
}

/// In eight running sums, which the compiler keeps in vectors.
fn dot(a: &[f64], b: &[f64], len: usize) -> f64 {
    const LANES: usize = 8;
    let (a, b) = (&a[..len], &b[..len]);
    let (a_blocks, b_blocks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f64 = a_blocks.remainder().iter().zip(b_blocks.remainder()).map(|(x, y)| x * y).sum();
    let mut lanes = [0.0; LANES];
    for (x, y) in a_blocks.zip(b_blocks) {
        for k in 0..LANES {
            lanes[k] += x[k] * y[k];
        }
    }
    lanes.iter().sum::<f64>() + rest
}

/// Row i of a sparse matrix times a column.
fn sparse_dot(a: &Sparse<f64>, i: usize, column: &[f64]) -> f64 {
    a.pattern().range(i).map(|at| a.values()[at] * column[a.pattern().indices()[at] as usize]).sum()
}

/// The transpose.
pub(super) fn transpose(a: &Plain) -> Plain {
    match a {
        Plain::Dense(d) => {
            let flipped = transposed(d);
            Plain::dense(flipped.shape, flipped.data)
        }
        Plain::Sparse(s) => {
            let t = s.transposed();
            Plain::sparse(t.pattern().clone(), t.values().to_vec())
        }
    }
}

/// Matrices one under the other, or side by side.
pub(super) fn join(parts: &[Plain], by_rows: bool, shape: Shape) -> Plain {
    let parts: Vec<_> = parts.iter().map(Plain::to_dense).collect();
    let mut data = Vec::with_capacity(shape.entries());
    if by_rows {
        parts.iter().for_each(|part| data.extend_from_slice(&part.data));
    } else {
        for i in 0..shape.rows {
            parts
                .iter()
                .for_each(|part| data.extend_from_slice(&part.data[i * part.shape.cols..(i + 1) * part.shape.cols]));
        }
    }
    Plain::dense(shape, data)
}

/// As many rows or columns as `shape` has, from one on.
pub(super) fn part(whole: &Plain, by_rows: bool, from: usize, shape: Shape) -> Plain {
    let whole = whole.to_dense();
    let cols = whole.shape.cols;
    let data = if by_rows {
        whole.data[from * cols..(from + shape.rows) * cols].to_vec()
    } else {
        whole.data.chunks(cols).flat_map(|row| &row[from..from + shape.cols]).copied().collect()
    };
    Plain::dense(shape, data)
}

fn flipped_if(d: &Dense, flip: bool) -> Cow<'_, Dense> {
    if flip { Cow::Owned(transposed(d)) } else { Cow::Borrowed(d) }
}

fn transposed(d: &Dense) -> Dense {
    let Shape { rows, cols } = d.shape;
    let mut out = Dense::zeros(Shape { rows: cols, cols: rows });
    const TILE: usize = 32;
    for i0 in (0..rows).step_by(TILE) {
        for j0 in (0..cols).step_by(TILE) {
            for i in i0..(i0 + TILE).min(rows) {
                for j in j0..(j0 + TILE).min(cols) {
                    out.data[j * rows + i] = d.data[i * cols + j];
                }
            }
        }
    }
    out
}

fn dense_dense(a: &Dense, flip_a: bool, b: &Dense, flip_b: bool) -> Plain {
    let (a, b) = (flipped_if(a, flip_a), flipped_if(b, flip_b));
    let shape = Shape { rows: a.shape.rows, cols: b.shape.cols };
    let mut out = Dense::zeros(shape);
    for i in 0..shape.rows {
        for k in 0..a.shape.cols {
            let x = a.data[i * a.shape.cols + k];
            for j in 0..shape.cols {
                out.data[i * shape.cols + j] += x * b.data[k * shape.cols + j];
            }
        }
    }
    Plain::dense(shape, out.data)
}

fn sparse_dense(a: &Sparse<f64>, b: &Dense) -> Plain {
    let (pattern, cols) = (a.pattern(), b.shape.cols);
    let shape = Shape { rows: pattern.rows(), cols };
    let mut out = vec![0.0; shape.entries()];
    for_rows(&mut out, cols, |rows, part| {
        for (i, out) in rows.zip(part.chunks_mut(cols)) {
            for at in pattern.range(i) {
                let j = pattern.indices()[at] as usize;
                let x = a.values()[at];
                out.iter_mut().zip(&b.data[j * cols..(j + 1) * cols]).for_each(|(o, &y)| *o += x * y);
            }
        }
    });
    Plain::dense(shape, out)
}

/// The transpose of `a` times `b`, row by row of both.
fn sparse_flipped_dense(a: &Sparse<f64>, b: &Dense) -> Plain {
    let (pattern, cols) = (a.pattern(), b.shape.cols);
    let shape = Shape { rows: pattern.cols(), cols };
    let mut out = vec![0.0; shape.entries()];
    for i in 0..pattern.rows() {
        let row = &b.data[i * cols..(i + 1) * cols];
        for at in pattern.range(i) {
            let j = pattern.indices()[at] as usize;
            let x = a.values()[at];
            out[j * cols..(j + 1) * cols].iter_mut().zip(row).for_each(|(o, &y)| *o += x * y);
        }
    }
    Plain::dense(shape, out)
}

fn sparse_sparse(a: &Sparse<f64>, b: &Sparse<f64>) -> Plain {
    let (p, q) = (a.pattern(), b.pattern());
    let shape = Shape { rows: p.rows(), cols: q.cols() };
    let mut out = vec![0.0; shape.entries()];
    for_rows(&mut out, shape.cols, |rows, part| {
        for (i, out) in rows.zip(part.chunks_mut(shape.cols)) {
            for at in p.range(i) {
                for under in q.range(p.indices()[at] as usize) {
                    out[q.indices()[under] as usize] += a.values()[at] * b.values()[under];
                }
            }
        }
    });
    Plain::dense(shape, out)
}
