//! Products: matrix products and transposes on the kernels, cut into tasks.
//! In: two values, each perhaps transposed.  Out: a value; `None` where only the plain way is there.
//! Invariant: a sum over many rows is a reduction over shards of these rows; nothing sparse is written out in full.
//! Not here: the inner loops (see `kernels`).

use std::ops::Range;

use eckart_kernels::View;

use super::cuts::Cuts;
use crate::data::{Dtype, Real, Shards};
use crate::facts::Shape;
use crate::plan::even_height;
use crate::run::machine::cut::{Cut, blocks};
use crate::run::machine::shard_sums::{for_each, for_rows, groups, reduce};
use crate::run::machine::simd::simd_level;
use crate::run::value::Numbers;
use crate::run::value::entries::Entries;
use crate::run::value::held::Held;
use crate::run::value::pool::Pool;
use crate::run::value::rect::Rect;
use crate::run::value::slot::Slot;

/// Entries of a product up to which those of all blocks of rows may wait to be added.
const MOST_ENTRIES: usize = 1 << 14;
/// Products in a task of a sum over rows, at the least: enough to be worth one.
const LEAST_PRODUCTS: usize = 1 << 18;
/// Rows, about, over which a sum is made in the type of the data before it is added in f64.
const SHORT: usize = 256;

/// The product of two values, each transposed where its flag says so. A block of rows, for which there are no cuts, is
/// worked on by one thread, and the transpose of what is sparse in it is not made: its rows are added to where they
/// belong.
pub(in crate::run) fn multiply<T: Numbers>(
    [a, b]: [&Slot<T>; 2],
    transposed: [bool; 2],
    dtype: Dtype,
    cuts: Option<&Cuts>,
    pool: &Pool<T>,
) -> Option<Slot<T>> {
    if let (Slot::Small(x), Slot::Small(y)) = (a, b) {
        let small = Executor { cuts, pool: &Pool::default() };
        return Some(Slot::Small(small.dense(x, transposed[0], y, transposed[1])));
    }
    let executor = Executor { cuts, pool };
    let product = match (a.wide(), b.wide()) {
        (Held::Dense(x), Held::Dense(y)) if transposed[0] && !transposed[1] && dtype == Dtype::F64 => {
            return Some(Slot::of(&executor.inner::<f64>(&x, &y), dtype));
        }
        (Held::Dense(x), Held::Dense(y)) => executor.dense(&x, transposed[0], &y, transposed[1]),
        (Held::Sparse(x), Held::Dense(y)) if transposed[0] && cuts.is_none() => {
            let y = transposed_if(&y, transposed[1], pool);
            let mut out = pool.zeros(x.shape().cols * y.shape.cols);
            scatter(&mut out, &x, &y);
            Rect::new(Shape { rows: x.shape().cols, cols: y.shape.cols }, out)
        }
        (Held::Sparse(x), Held::Dense(y)) => {
            let y = transposed_if(&y, transposed[1], pool);
            if transposed[0] { executor.sparse_transposed(&x, &y) } else { executor.sparse(&x, &y, None) }
        }
        // A S = (S.T A.T).T, so that each task writes rows of its own.
        (Held::Dense(x), Held::Sparse(y)) => {
            let x = transposed_if(&x, !transposed[0], pool);
            let product =
                if transposed[1] { executor.sparse(&y, &x, None) } else { executor.sparse_transposed(&y, &x) };
            let transposed = product.transposed(pool);
            pool.give(product.data);
            transposed
        }
        (Held::Sparse(_), Held::Sparse(_)) => return None,
    };
    Some(Slot::Wide(Held::Dense(product)))
}

/// The product at the stored entries of `at` only.
pub(in crate::run) fn sampled<T: Numbers>(
    [a, b]: [&Slot<T>; 2],
    transposed: [bool; 2],
    at: &Slot<T>,
    pool: &Pool<T>,
) -> Option<Slot<T>> {
    let Slot::Wide(Held::Sparse(place)) = at else { return None };
    let (Held::Dense(a), Held::Dense(b)) = (a.wide(), b.wide()) else { return None };
    let (a, b) = (transposed_if(&a, transposed[0], pool), transposed_if(&b, !transposed[1], pool));
    let mut out = pool.take(place.values.len());
    let rank = a.shape.cols;
    let (a, b) = (View::rows_of(&a.data, rank), View::rows_of(&b.data, rank));
    T::sampled(simd_level(), place.indptr(), place.pattern.indices(), a, b, &mut out);
    Some(Slot::Wide(Held::Sparse(place.with(out))))
}

/// Whether a product is a sum over the rows of two dense matrices, and no Gram matrix.
pub(in crate::run) fn is_sum_of_dense<T: Numbers>([a, b]: [&Slot<T>; 2], transposed: [bool; 2]) -> bool {
    let (Slot::Wide(Held::Dense(a)), Slot::Wide(Held::Dense(b))) = (a, b) else { return false };
    transposed == [true, false] && !is_same(a, b)
}

/// sum += the product, where that is a sum over rows of both; `false` where it is not, or is a Gram matrix.
pub(in crate::run) fn add_product<T: Numbers>(sum: &mut Slot<T>, [a, b]: [&Slot<T>; 2], transposed: [bool; 2]) -> bool {
    let (Slot::Wide(a), Slot::Wide(b)) = (a, b) else { return false };
    let Slot::Wide(Held::Dense(sum)) = sum else { return false };
    let is_gram = matches!((a, b), (Held::Dense(x), Held::Dense(y)) if is_same(x, y));
    if !transposed[0] || transposed[1] || is_gram {
        return false;
    }
    let empty = Rect::new(Shape { rows: 0, cols: 0 }, Vec::new());
    let Rect { shape, data } = std::mem::replace(sum, empty);
    let mut numbers = data.into_own().unwrap_or_else(|shared| shared.to_vec());
    let added = match (a, b) {
        (Held::Sparse(x), Held::Dense(y)) => {
            scatter(&mut numbers, x, y);
            true
        }
        (Held::Dense(x), Held::Dense(y)) => {
            add_inner(&mut numbers, x, y, 0..x.shape.rows);
            true
        }
        (_, Held::Sparse(_)) => false,
    };
    *sum = Rect::new(shape, numbers);
    added
}

/// a + b.
pub(in crate::run) fn sum_of<T: Numbers>(a: Slot<T>, b: &Slot<T>) -> Slot<T> {
    fn add<U: Real>(a: Rect<U>, b: &Rect<U>) -> Rect<U> {
        let Rect { shape, data } = a;
        let mut numbers = data.into_own().unwrap_or_else(|shared| shared.to_vec());
        numbers.iter_mut().zip(b.data.iter()).for_each(|(x, &y)| *x += y);
        Rect::new(shape, numbers)
    }
    match a {
        Slot::Small(rect) => Slot::Small(add(rect, &b.rect())),
        Slot::Wide(Held::Dense(rect)) => Slot::Wide(Held::Dense(add(rect, &b.rect()))),
        other @ (Slot::Wide(Held::Sparse(_)) | Slot::Missing(..) | Slot::Source(..)) => {
            Slot::Wide(Held::Dense(add(other.rect(), &b.rect())))
        }
    }
}

fn transposed_if<T: Numbers>(d: &Rect<T>, transposed: bool, pool: &Pool<T>) -> Rect<T> {
    if transposed { d.transposed(pool) } else { d.clone() }
}

/// What products are computed with: where sums over rows are cut, which is nowhere in a block of rows, and the arrays.
pub(in crate::run) struct Executor<'a, T> {
    pub(in crate::run) cuts: Option<&'a Cuts>,
    pub(in crate::run) pool: &'a Pool<T>,
}

impl<T: Numbers> Executor<'_, T> {
    fn rows(&self, out: &mut [T], cols: usize, fill: impl Fn(Range<usize>, &mut [T]) + Sync) {
        if self.cuts.is_some() {
            for_rows(out, cols, fill);
        } else if let Some(rows) = out.len().checked_div(cols) {
            fill(0..rows, out);
        }
    }

    fn dense(&self, a: &Rect<T>, transposed_a: bool, b: &Rect<T>, transposed_b: bool) -> Rect<T> {
        let (rows, inner) = if transposed_a { (a.shape.cols, a.shape.rows) } else { (a.shape.rows, a.shape.cols) };
        let cols = if transposed_b { b.shape.rows } else { b.shape.cols };
        if transposed_a && !transposed_b && inner > rows {
            return self.inner::<T>(a, b);
        }
        let shape = Shape { rows, cols };
        let mut out = self.pool.zeros(shape.entries());
        let right = View::rows_of(&b.data, b.shape.cols).transposed_if(transposed_b);
        if transposed_a {
            T::multiply_add(simd_level(), &mut out, View::rows_of(&a.data, a.shape.cols).transposed(), right, None);
        } else {
            self.rows(&mut out, cols, |rows, part| {
                let block = &a.data[rows.start * inner..rows.end * inner];
                T::multiply_add(simd_level(), part, View::rows_of(block, inner), right, None);
            });
        }
        Rect::new(shape, out)
    }

    /// A.T B, summed over the rows of both: in `U` beyond a few rows.
    fn inner<U: Real>(&self, a: &Rect<T>, b: &Rect<T>) -> Rect<U> {
        let shape = Shape { rows: a.shape.cols, cols: b.shape.cols };
        let same = is_same(a, b);
        let block = |rows: Range<usize>| -> Vec<U> {
            let mut sum = vec![U::default(); shape.entries()];
            let any: &mut dyn std::any::Any = &mut sum;
            if let Some(sum) = any.downcast_mut::<Vec<f64>>().filter(|_| same) {
                let cols = a.shape.cols;
                T::gram(simd_level(), View::rows_of(&a.data[rows.start * cols..rows.end * cols], cols), sum);
                return std::mem::take(sum).into_iter().map(U::from_f64).collect();
            }
            if let Some(sum_of_same_type) = any.downcast_mut::<Vec<T>>() {
                add_inner(sum_of_same_type, a, b, rows);
                return sum;
            }
            let mut short = vec![T::default(); shape.entries()];
            let height = even_height(rows.len(), SHORT);
            for rows in blocks(rows, height) {
                short.fill(T::default());
                add_inner(&mut short, a, b, rows);
                sum.iter_mut().zip(&short).for_each(|(s, x)| *s += U::from_f64(x.to_f64()));
            }
            sum
        };
        let add = |mut a: Vec<U>, b: Vec<U>| {
            a.iter_mut().zip(&b).for_each(|(x, &y)| *x += y);
            a
        };
        let cut = Cuts::of_rows(self.cuts, a.shape.rows, shape.rows.max(shape.cols));
        // As where the same sum is made by the way, for each block of rows that is in the cache.
        let nothing = || vec![U::default(); shape.entries()];
        let sum = if cut.is_one_block() {
            block(0..a.shape.rows)
        } else if cut.has_few_shards() && shape.entries() <= MOST_ENTRIES {
            let mut parts: Vec<_> = cut.all_blocks().into_iter().map(|rows| (rows, Vec::new())).collect();
            let each = a.data.len() / parts.len().max(1) * b.shape.cols;
            let sum_group = |group: &mut &mut [(Range<usize>, Vec<U>)]| {
                group.iter_mut().for_each(|(rows, sum)| *sum = block(rows.clone()));
            };
            for_each(&mut groups(&mut parts, each, LEAST_PRODUCTS), &sum_group);
            cut.combined(parts.into_iter().map(|part| part.1).collect(), &add).unwrap_or_else(nothing)
        } else {
            let part = |rows: Range<usize>| cut.blocks(rows).map(block).reduce(add).unwrap_or_else(nothing);
            reduce(cut.shards(), &part, &add)
        };
        Rect::new(shape, sum)
    }

    /// A.T B, A sparse: from its columns, each sum over them cut as the rows of A are.
    pub(in crate::run) fn sparse_transposed(&self, a: &Entries<T>, b: &Rect<T>) -> Rect<T> {
        self.sparse(&a.transposed(), b, self.cuts.and_then(|cuts| cuts.of_data(a.shape().rows)).map(Cut::shards))
    }

    /// A B, A sparse; each sum over columns is cut where `cut` says so.
    pub(in crate::run) fn sparse(&self, a: &Entries<T>, b: &Rect<T>, cut: Option<&Shards>) -> Rect<T> {
        let cols = b.shape.cols;
        let shape = Shape { rows: a.shape().rows, cols };
        let mut out = self.pool.take(shape.entries());
        let level = simd_level();
        // A copy of B is little beside a product in which each of its rows is read more than a few times.
        let b = if a.values.len() > 4 * b.shape.rows { b.aligned(self.pool) } else { b.clone() };
        let panel = View::rows_of(&b.data, cols);
        let borders = cut.map_or(&[][..], Shards::borders);
        self.rows(&mut out, cols, |rows, part| T::gather(level, a.csr(rows), borders, panel, part));
        self.pool.give(b.data);
        Rect::new(shape, out)
    }
}

/// Whether both are the same numbers.
fn is_same<T>(a: &Rect<T>, b: &Rect<T>) -> bool {
    a.shape == b.shape && a.data.as_ptr() == b.data.as_ptr()
}

/// out += A.T B over some rows of both.
fn add_inner<T: Real>(out: &mut [T], a: &Rect<T>, b: &Rect<T>, rows: Range<usize>) {
    let block = |d: &Rect<T>| rows.start * d.shape.cols..rows.end * d.shape.cols;
    let x = View::rows_of(&a.data[block(a)], a.shape.cols).transposed();
    T::multiply_add(simd_level(), out, x, View::rows_of(&b.data[block(b)], b.shape.cols), None);
}

/// out += the transpose of `a` times `b`, row by row of both.
pub(super) fn scatter<T: Real>(out: &mut [T], a: &Entries<T>, b: &Rect<T>) {
    T::scatter(simd_level(), a.csr(0..a.shape().rows), View::rows_of(&b.data, b.shape.cols), out);
}
