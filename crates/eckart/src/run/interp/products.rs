//! Products: matrix products and transposes, dense and sparse in any pairing.
//! In: two values, each perhaps transposed.  Out: a dense value.
//! Law: a sum over many rows is a fold over shards of these rows; nothing sparse is written out in full.
//! Not here: the inner loops of a dense product (see `kernels`).

use std::borrow::Cow;

use super::super::fold::{fold, for_rows};
use super::super::kernels::{View, multiply_add};
use super::pointwise::on_pattern;
use super::{Dense, Plain};
use crate::data::{Shards, Sparse};
use crate::facts::Shape;

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
    let left = View::rows_of(&a.data, a.shape.cols).flipped_if(flip_a);
    let right = View::rows_of(&b.data, b.shape.cols).flipped_if(flip_b);
    let side = |d: &Dense, flip: bool| if flip { d.shape.rows } else { d.shape.cols };
    let rows = side(a, !flip_a);
    let shape = Shape { rows, cols: side(b, flip_b) };
    let inner = side(a, flip_a);
    if flip_a && !flip_b && inner > rows {
        // Many rows to sum over: add up the products of row shards.
        let data = fold(
            Shards::of(inner, rows.max(shape.cols)),
            &|part| {
                let block = |d: &Dense| part.start * d.shape.cols..part.end * d.shape.cols;
                let mut out = vec![0.0; shape.entries()];
                let x = View::rows_of(&a.data[block(a)], a.shape.cols).flipped();
                multiply_add(&mut out, x, View::rows_of(&b.data[block(b)], b.shape.cols));
                out
            },
            &add_up,
        );
        return Plain::dense(shape, data);
    }
    let mut out = vec![0.0; shape.entries()];
    if flip_a {
        multiply_add(&mut out, left, right);
    } else {
        for_rows(&mut out, shape.cols, |rows, part| {
            let block = &a.data[rows.start * a.shape.cols..rows.end * a.shape.cols];
            multiply_add(part, View::rows_of(block, a.shape.cols), right);
        });
    }
    Plain::dense(shape, out)
}

fn add_up(mut a: Vec<f64>, b: Vec<f64>) -> Vec<f64> {
    a.iter_mut().zip(&b).for_each(|(x, y)| *x += y);
    a
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
