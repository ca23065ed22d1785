//! Pointwise: functions of each entry, and of each pair of entries.
//! In: values, one or two; sides of 1 are stretched.  Out: a value, dense or on a pattern.
//! Invariant: off the pattern a sparse result is zero, whatever the function; on it each entry is the function of its
//! own.
//! Not here: which layout a result has (see `facts::Layout`).

use std::sync::Arc;

use super::{Dense, Plain};
use crate::data::{Pattern, Sparse};
use crate::expr::{Meaning, Op};
use crate::facts::{Layout, Shape};
use crate::run::machine::shard_sums::for_rows;

/// A function of each entry; of the stored entries only where the result is sparse.
pub(super) fn map(op: &Op, a: &Plain, layout: &Layout) -> Plain {
    let Meaning::Map(f) = op.row().meaning else { unreachable!("{op:?} is no function of one entry") };
    match a {
        Plain::Sparse(s) if layout.is_sparse() => {
            Plain::sparse(s.pattern().clone(), s.values().iter().map(|&x| f(x)).collect())
        }
        Plain::Dense(_) | Plain::Sparse(_) => {
            let dense = a.to_dense();
            let mut out = vec![0.0; dense.data.len()];
            let cols = dense.shape.cols;
            for_rows(&mut out, cols, |rows, part| {
                let source = &dense.data[rows.start * cols..rows.end * cols];
                part.iter_mut().zip(source).for_each(|(y, &x)| *y = f(x));
            });
            Plain::dense(dense.shape, out)
        }
    }
}

/// A function of each pair of entries. An argument that is nobody else's may be written over.
pub(super) fn zip(op: &Op, a: Plain, b: Plain, shape: Shape, layout: &Layout) -> Plain {
    let Meaning::Zip(f) = op.row().meaning else { unreachable!("{op:?} is no function of two entries") };
    if !layout.is_sparse() {
        return zip_dense(op, f, a.into_dense(), b.into_dense(), shape);
    }
    let full = |v: &Plain| v.shape() == shape;
    match (&a, &b) {
        (Plain::Sparse(x), Plain::Sparse(y)) if full(&a) && full(&b) => zip_sparse(op, f, x, y),
        (Plain::Sparse(x), _) if full(&a) => {
            let other = b.to_dense();
            on_pattern(x.pattern(), |at, i, j| f(x.values()[at], entry(&other, i, j)))
        }
        (_, Plain::Sparse(y)) if full(&b) => {
            let other = a.to_dense();
            on_pattern(y.pattern(), |at, i, j| f(entry(&other, i, j), y.values()[at]))
        }
        (_, _) => zip_dense(op, f, a.into_dense(), b.into_dense(), shape),
    }
}

/// A value stretched to `shape`.
pub(super) fn expand(a: &Plain, shape: Shape) -> Plain {
    if a.shape() == shape {
        return Plain::Dense(a.to_dense());
    }
    let a = a.to_dense();
    let mut out = vec![0.0; shape.entries()];
    for_rows(&mut out, shape.cols, |rows, part| {
        for (i, row) in rows.zip(part.chunks_mut(shape.cols)) {
            row.iter_mut().enumerate().for_each(|(j, y)| *y = entry(&a, i, j));
        }
    });
    Plain::dense(shape, out)
}

/// `a`, sides of 1 stretched, at the stored entries of `at`.
pub(super) fn gather(a: &Plain, at: &Plain) -> Plain {
    let Plain::Sparse(place) = at else { return Plain::Dense(a.to_dense()) };
    match a {
        Plain::Dense(d) => on_pattern(place.pattern(), |_, i, j| entry(d, i, j)),
        Plain::Sparse(s) => on_pattern(place.pattern(), |_, i, j| s.get(i, j)),
    }
}

/// Entry (i, j) of a matrix whose sides of 1 are stretched.
fn entry(d: &Dense, i: usize, j: usize) -> f64 {
    let i = if d.shape.rows == 1 { 0 } else { i };
    let j = if d.shape.cols == 1 { 0 } else { j };
    d.data[i * d.shape.cols + j]
}

/// A value on `pattern`: `f` of position, row and column of each stored entry.
pub(super) fn on_pattern(pattern: &Arc<Pattern>, f: impl Fn(usize, usize, usize) -> f64) -> Plain {
    let mut values = Vec::with_capacity(pattern.nnz());
    for i in 0..pattern.rows() {
        for at in pattern.range(i) {
            values.push(f(at, i, pattern.indices()[at] as usize));
        }
    }
    Plain::sparse(pattern.clone(), values)
}

fn zip_dense(op: &Op, f: fn(f64, f64) -> f64, a: Arc<Dense>, b: Arc<Dense>, shape: Shape) -> Plain {
    let squares = *op == Op::Pow && b.shape.is_scalar() && b.data[0] == 2.0;
    // The compiler vectorises the commonest when it sees the mark.
    if *op == Op::Add {
        zip_with(a, b, shape, |x, y| x + y)
    } else if *op == Op::Sub {
        zip_with(a, b, shape, |x, y| x - y)
    } else if *op == Op::Mul {
        zip_with(a, b, shape, |x, y| x * y)
    } else if *op == Op::Div {
        zip_with(a, b, shape, |x, y| x / y)
    } else if squares {
        zip_with(a, b, shape, |x, _| x * x)
    } else {
        zip_with(a, b, shape, f)
    }
}

fn zip_with(mut a: Arc<Dense>, mut b: Arc<Dense>, shape: Shape, f: impl Fn(f64, f64) -> f64 + Sync) -> Plain {
    let cols = shape.cols;
    if a.shape == shape
        && let Some(own) = Arc::get_mut(&mut a)
    {
        for_rows(&mut own.data, cols, |rows, part| {
            for (i, out) in rows.zip(part.chunks_mut(cols)) {
                let other = row(&b, i);
                if b.shape.cols == cols {
                    out.iter_mut().zip(other).for_each(|(x, &y)| *x = f(*x, y));
                } else {
                    out.iter_mut().for_each(|x| *x = f(*x, other[0]));
                }
            }
        });
        return Plain::Dense(a);
    }
    if b.shape == shape
        && let Some(own) = Arc::get_mut(&mut b)
    {
        for_rows(&mut own.data, cols, |rows, part| {
            for (i, out) in rows.zip(part.chunks_mut(cols)) {
                let other = row(&a, i);
                if a.shape.cols == cols {
                    out.iter_mut().zip(other).for_each(|(y, &x)| *y = f(x, *y));
                } else {
                    out.iter_mut().for_each(|y| *y = f(other[0], *y));
                }
            }
        });
        return Plain::Dense(b);
    }
    let mut out = vec![0.0; shape.entries()];
    for_rows(&mut out, cols, |rows, part| {
        for (i, out) in rows.zip(part.chunks_mut(cols)) {
            let (a_row, b_row) = (row(&a, i), row(&b, i));
            match (a.shape.cols == cols, b.shape.cols == cols) {
                (true, true) => out.iter_mut().zip(a_row).zip(b_row).for_each(|((o, &x), &y)| *o = f(x, y)),
                (true, false) => out.iter_mut().zip(a_row).for_each(|(o, &x)| *o = f(x, b_row[0])),
                (false, true) => out.iter_mut().zip(b_row).for_each(|(o, &y)| *o = f(a_row[0], y)),
                (false, false) => out.fill(f(a_row[0], b_row[0])),
            }
        }
    });
    Plain::dense(shape, out)
}

/// Row i of a matrix whose sides of 1 are stretched.
fn row(d: &Dense, i: usize) -> &[f64] {
    let i = if d.shape.rows == 1 { 0 } else { i };
    &d.data[i * d.shape.cols..(i + 1) * d.shape.cols]
}

fn zip_sparse(op: &Op, f: fn(f64, f64) -> f64, a: &Sparse<f64>, b: &Sparse<f64>) -> Plain {
    if Arc::ptr_eq(a.pattern(), b.pattern()) {
        let values = a.values().iter().zip(b.values()).map(|(&x, &y)| f(x, y)).collect();
        return Plain::sparse(a.pattern().clone(), values);
    }
    if matches!(op, Op::Mul | Op::Add | Op::Sub) {
        return merge(a, b, f, *op != Op::Mul);
    }
    debug_assert!(*op == Op::Div, "{op:?} of two sparse values is dense");
    on_pattern(a.pattern(), |at, i, j| f(a.values()[at], b.get(i, j)))
}

/// Two sparse values of different patterns: the entries of both, or those of either.
fn merge(a: &Sparse<f64>, b: &Sparse<f64>, f: fn(f64, f64) -> f64, either: bool) -> Plain {
    let (p, q) = (a.pattern(), b.pattern());
    let mut indptr = vec![0];
    let (mut indices, mut values) = (Vec::new(), Vec::new());
    for i in 0..p.rows() {
        let (mut left, mut right) = (p.range(i).peekable(), q.range(i).peekable());
        loop {
            let next = |at: Option<&usize>, of: &Pattern| at.map_or(u32::MAX, |&at| of.indices()[at]);
            let (j, k) = (next(left.peek(), p), next(right.peek(), q));
            let column = j.min(k);
            if column == u32::MAX {
                break;
            }
            let x = if j == column { left.next().map(|at| a.values()[at]) } else { None };
            let y = if k == column { right.next().map(|at| b.values()[at]) } else { None };
            if either || (x.is_some() && y.is_some()) {
                indices.push(column);
                values.push(f(x.unwrap_or(0.0), y.unwrap_or(0.0)));
            }
        }
        indptr.push(indices.len());
    }
    let pattern = Pattern::new(p.rows(), p.cols(), indptr, indices).expect("merging keeps rows sorted");
    Plain::sparse(Arc::new(pattern), values)
}
