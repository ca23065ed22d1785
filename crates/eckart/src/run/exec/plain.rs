//! Plain: kernels in their plain meaning, in f64, for what is too rare to be worth a fast way.
//! In: a kernel of sparse values whose patterns differ, or are known only when it runs; its arguments.  Out: a value.
//! Invariant: off the pattern a sparse result is zero, whatever the function; on it each entry is the function of its
//! own.
//! Not here: what runs in passes (see `elementwise`), products with a dense side (see `products`).

use std::sync::Arc;

use super::cuts::Cuts;
use crate::data::Pattern;
use crate::error::{Error, Result};
use crate::expr::{Meaning, Op};
use crate::facts::{Layout, Shape};
use crate::plan::Kernel;
use crate::run::machine::shard_sums::{for_rows, reduce, sum_by};
use crate::run::value::entries::Entries;
use crate::run::value::held::Held;
use crate::run::value::pool::Pooled;
use crate::run::value::rect::Rect;

/// The value of a kernel, which is to have this shape and layout.
///
/// # Errors
/// `Bug` for a kernel that has no plain way.
pub(super) fn compute(
    kernel: &Kernel,
    args: &[Held<f64>],
    cuts: &Cuts,
    shape: Shape,
    layout: &Layout,
) -> Result<Held<f64>> {
    let a = &args[0];
    Ok(match (kernel, args) {
        (Kernel::Map(op), _) => map(op, a, layout),
        (Kernel::Zip(op), [a, b]) => zip(op, a, b, shape, layout),
        (Kernel::Gather, [a, Held::Sparse(at)]) => on_pattern(at, |_, i, j| entry(a, i, j)),
        (Kernel::Sum, _) => number(sum(a)),
        (Kernel::RowSum, _) => row_sums(a),
        (Kernel::ColSum, _) => col_sums(a, cuts),
        (Kernel::SumTo, _) => match (a.shape().rows == shape.rows, a.shape().cols == shape.cols) {
            (true, true) => a.clone(),
            (true, false) => row_sums(a),
            (false, true) => col_sums(a, cuts),
            (false, false) => number(sum(a)),
        },
        (Kernel::Expand, _) => dense(shape, |i, j| entry(a, i, j)),
        (Kernel::Product { transpose }, [Held::Sparse(a), Held::Sparse(b)]) => {
            product(&transposed_if(a, transpose[0]), &transposed_if(b, transpose[1]))
        }
        (Kernel::Sampled { transpose }, [a, b, Held::Sparse(at)]) => sampled([a, b], *transpose, at)?,
        _ => return Err(Error::Bug(format!("{kernel:?} of such values has no plain way"))),
    })
}

/// The identity, n x n.
pub(super) fn identity(n: usize) -> Entries<f64> {
    let pattern = Pattern::new(n, n, (0..=n).collect(), (0..n as u32).collect()).expect("a diagonal is a pattern");
    Entries::on(Arc::new(pattern), vec![1.0; n])
}

fn number(value: f64) -> Held<f64> {
    Held::Dense(Rect::number(value))
}

fn dense(shape: Shape, entry: impl Fn(usize, usize) -> f64 + Sync) -> Held<f64> {
    let mut out = vec![0.0; shape.entries()];
    for_rows(&mut out, shape.cols, |rows, part| {
        for (i, row) in rows.zip(part.chunks_mut(shape.cols)) {
            row.iter_mut().enumerate().for_each(|(j, out)| *out = entry(i, j));
        }
    });
    Held::Dense(Rect::new(shape, out))
}

/// A value at the stored entries of `at`: `f` of position, row and column of each.
fn on_pattern(at: &Entries<f64>, f: impl Fn(usize, usize, usize) -> f64) -> Held<f64> {
    let mut values = Vec::with_capacity(at.values.len());
    for i in 0..at.shape().rows {
        values.extend(at.range(i).map(|k| f(k, i, at.indices()[k] as usize)));
    }
    Held::Sparse(at.with(values))
}

/// Entry (i, j) of a value whose sides of 1 are stretched.
fn entry(value: &Held<f64>, i: usize, j: usize) -> f64 {
    let Shape { rows, cols } = value.shape();
    let (i, j) = (if rows == 1 { 0 } else { i }, if cols == 1 { 0 } else { j });
    match value {
        Held::Dense(rect) => rect.data[i * cols + j],
        Held::Sparse(entries) => entries.get(i, j),
    }
}

/// A function of each entry; of the stored entries only where the result is sparse.
fn map(op: &Op, a: &Held<f64>, layout: &Layout) -> Held<f64> {
    let Meaning::Map(f) = op.row().meaning else { unreachable!("{op:?} is no function of one entry") };
    match a {
        Held::Sparse(entries) if layout.is_sparse() => on_pattern(entries, |at, _, _| f(entries.values[at])),
        _ => dense(a.shape(), |i, j| f(entry(a, i, j))),
    }
}

/// A function of each pair of entries.
fn zip(op: &Op, a: &Held<f64>, b: &Held<f64>, shape: Shape, layout: &Layout) -> Held<f64> {
    let Meaning::Zip(f) = op.row().meaning else { unreachable!("{op:?} is no function of two entries") };
    let whole = |value: &Held<f64>| layout.is_sparse() && value.shape() == shape;
    match (a, b) {
        (Held::Sparse(x), Held::Sparse(y)) if whole(a) && whole(b) => {
            let same = Arc::ptr_eq(&x.pattern, &y.pattern) && x.rows == y.rows;
            if !same && matches!(op, Op::Mul | Op::Add | Op::Sub) {
                return merge(x, y, f, *op != Op::Mul);
            }
            on_pattern(x, |at, i, j| f(x.values[at], if same { y.values[at] } else { y.get(i, j) }))
        }
        (Held::Sparse(x), _) if whole(a) => on_pattern(x, |at, i, j| f(x.values[at], entry(b, i, j))),
        (_, Held::Sparse(y)) if whole(b) => on_pattern(y, |at, i, j| f(entry(a, i, j), y.values[at])),
        (_, _) => dense(shape, |i, j| f(entry(a, i, j), entry(b, i, j))),
    }
}

/// Two sparse values of different patterns: the entries of both, or those of either.
fn merge(a: &Entries<f64>, b: &Entries<f64>, f: fn(f64, f64) -> f64, either: bool) -> Held<f64> {
    let Shape { rows, cols } = a.shape();
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for i in 0..rows {
        let (mut left, mut right) = (a.range(i).peekable(), b.range(i).peekable());
        loop {
            let next = |at: Option<&usize>, of: &Entries<f64>| at.map_or(u32::MAX, |&at| of.indices()[at]);
            let (j, k) = (next(left.peek(), a), next(right.peek(), b));
            let column = j.min(k);
            if column == u32::MAX {
                break;
            }
            let x = if j == column { left.next().map(|at| a.values[at]) } else { None };
            let y = if k == column { right.next().map(|at| b.values[at]) } else { None };
            if either || (x.is_some() && y.is_some()) {
                indices.push(column);
                values.push(f(x.unwrap_or(0.0), y.unwrap_or(0.0)));
            }
        }
        indptr.push(indices.len());
    }
    let pattern = Pattern::new(rows, cols, indptr, indices).expect("merging keeps rows sorted");
    Held::Sparse(Entries::on(Arc::new(pattern), values))
}

/// The numbers held of row i.
fn row(a: &Held<f64>, i: usize) -> &[f64] {
    match a {
        Held::Dense(rect) => rect.row(i),
        Held::Sparse(entries) => &entries.values[entries.range(i)],
    }
}

fn sum(a: &Held<f64>) -> f64 {
    let numbers = match a {
        Held::Dense(rect) => &rect.data,
        Held::Sparse(entries) => &entries.values,
    };
    sum_by(numbers, |x| x)
}

/// The sum of each row, n x 1.
fn row_sums(a: &Held<f64>) -> Held<f64> {
    dense(Shape { rows: a.shape().rows, cols: 1 }, |i, _| row(a, i).iter().sum())
}

/// The sum of each column, 1 x m.
fn col_sums(a: &Held<f64>, cuts: &Cuts) -> Held<f64> {
    let Shape { rows, cols } = a.shape();
    let of_rows = |part: std::ops::Range<usize>| {
        let mut out = vec![0.0; cols];
        for i in part {
            match a {
                Held::Dense(_) => out.iter_mut().zip(row(a, i)).for_each(|(out, x)| *out += x),
                Held::Sparse(entries) => {
                    entries.range(i).for_each(|at| out[entries.indices()[at] as usize] += entries.values[at]);
                }
            }
        }
        out
    };
    let sums = reduce(Cuts::of_rows(Some(cuts), rows, cols).shards(), &of_rows, &|mut a, b| {
        a.iter_mut().zip(&b).for_each(|(x, y)| *x += y);
        a
    });
    Held::Dense(Rect::new(Shape { rows: 1, cols }, sums))
}

fn transposed_if(a: &Entries<f64>, transposed: bool) -> Entries<f64> {
    if transposed { a.transposed() } else { a.clone() }
}

/// The product of two sparse values.
fn product(a: &Entries<f64>, b: &Entries<f64>) -> Held<f64> {
    let shape = Shape { rows: a.shape().rows, cols: b.shape().cols };
    let mut out = vec![0.0; shape.entries()];
    for_rows(&mut out, shape.cols, |rows, part| {
        for (i, out) in rows.zip(part.chunks_mut(shape.cols)) {
            for at in a.range(i) {
                for under in b.range(a.indices()[at] as usize) {
                    out[b.indices()[under] as usize] += a.values[at] * b.values[under];
                }
            }
        }
    });
    Held::Dense(Rect::new(shape, out))
}

/// The product of two values, each transposed where its flag says so and one of them sparse, at the stored entries of
/// `at` only.
fn sampled([a, b]: [&Held<f64>; 2], transposed: [bool; 2], at: &Entries<f64>) -> Result<Held<f64>> {
    // Rows of A and of B.T.
    let dense = |rect: &Rect<f64>, other: bool| if other { rect.transposed(f64::pool()) } else { rect.clone() };
    Ok(match (a, b) {
        (Held::Sparse(x), Held::Dense(y)) => {
            let (x, y) = (transposed_if(x, transposed[0]), dense(y, !transposed[1]));
            on_pattern(at, |_, i, j| sparse_dot(&x, i, y.row(j)))
        }
        (Held::Dense(x), Held::Sparse(y)) => {
            let (x, y) = (dense(x, transposed[0]), transposed_if(y, !transposed[1]));
            on_pattern(at, |_, i, j| sparse_dot(&y, j, x.row(i)))
        }
        (Held::Sparse(x), Held::Sparse(y)) => {
            let (x, y) = (transposed_if(x, transposed[0]), transposed_if(y, !transposed[1]));
            let term = |at: usize, j: usize| x.values[at] * y.get(j, x.indices()[at] as usize);
            on_pattern(at, |_, i, j| x.range(i).map(|at| term(at, j)).sum())
        }
        (Held::Dense(_), Held::Dense(_)) => return Err(Error::Bug("a product of dense values has its kernel".into())),
    })
}

/// Row i of a sparse matrix times a column.
fn sparse_dot(a: &Entries<f64>, i: usize, column: &[f64]) -> f64 {
    a.range(i).map(|at| a.values[at] * column[a.indices()[at] as usize]).sum()
}
