//! Thin: the products of a data matrix with factors of one shape, of one start or of many side by side.
//! In: data, factors.  Out: a product each.
//! Invariant: each has the bits that it has alone, whatever the others and their number.
//! Not here: whose factors they are (see `solve::block::cohort`).
//!
//! P_k = D F_k, 2 p q n flops each (D stored: 2 nnz n). Side by side D (F_1 F_2 ...) is one product with wide rows, for
//! which D is read once, and in which no vector is half empty.

use std::ops::Range;

use eckart_kernels::View;

use super::cuts::Cuts;
use super::products::Executor;
use crate::error::Result;
use crate::expr::Var;
use crate::facts::Shape;
use crate::plan::ThinProduct;
use crate::run::Inputs;
use crate::run::machine::shard_sums::{for_blocks, for_rows, reduce};
use crate::run::machine::simd::simd_level;
use crate::run::value::entries::Entries;
use crate::run::value::held::Held;
use crate::run::value::rect::Rect;
use crate::run::value::{Numbers, Value};

/// The product of `data` with each factor.
///
/// # Errors
/// `Bug` where the data was not given.
pub(crate) fn thin_products<T: Numbers>(
    inputs: &Inputs,
    data: &Var,
    cuts: &[Var],
    thin: ThinProduct,
    factors: &[Value],
) -> Result<Vec<Value>> {
    let factors: Vec<Rect<T>> = factors.iter().map(Value::rect).collect();
    let cuts = Cuts::of::<T>(cuts, inputs);
    Ok(products(&inputs.value::<T>(data)?, Some(&cuts), thin, factors).into_iter().map(Value::of_rect).collect())
}

/// The product of data with each factor.
pub(super) fn products<T: Numbers>(
    data: &Held<T>,
    cuts: Option<&Cuts>,
    thin: ThinProduct,
    factors: Vec<Rect<T>>,
) -> Vec<Rect<T>> {
    let Some(one) = factors.first().map(|factor| factor.shape) else { return Vec::new() };
    let alone = thin.columns(one);
    let side_by_side = beside(factors, thin.factor_transposed);
    let product = match data {
        Held::Dense(x) => dense(x, cuts, thin.data_transposed, &side_by_side, alone),
        Held::Sparse(x) => sparse(x, cuts, thin.data_transposed, &side_by_side),
    };
    T::pool().give(side_by_side.data);
    apart(product, alone, thin.transposed)
}

/// The factors, each upright, side by side.
fn beside<T: Numbers>(mut factors: Vec<Rect<T>>, transposed: bool) -> Rect<T> {
    let (pool, count, shape) = (T::pool(), factors.len(), factors[0].shape);
    if count == 1 {
        let factor = factors.swap_remove(0);
        return if transposed { factor.transposed(pool) } else { factor };
    }
    if transposed {
        let mut all = pool.take(shape.entries() * count);
        for (part, factor) in all.chunks_mut(shape.entries()).zip(&factors) {
            part.copy_from_slice(&factor.data);
        }
        let all = Rect::new(Shape { rows: shape.rows * count, ..shape }, all);
        let upright = all.transposed(pool);
        pool.give(all.data);
        return upright;
    }
    let wide = Shape { cols: shape.cols * count, ..shape };
    let data = pool.aligned(wide.entries(), |out| {
        for_rows(out, wide.cols, |rows, part| {
            for (i, row) in rows.zip(part.chunks_mut(wide.cols)) {
                row.chunks_mut(shape.cols).zip(&factors).for_each(|(part, factor)| part.copy_from_slice(factor.row(i)));
            }
        });
    });
    Rect::new(wide, data)
}

/// The parts of `alone` columns each.
fn apart<T: Numbers>(product: Rect<T>, alone: usize, transposed: bool) -> Vec<Rect<T>> {
    let (pool, Shape { rows, cols }) = (T::pool(), product.shape);
    if cols == alone {
        return vec![if transposed { product.into_transposed() } else { product }];
    }
    let part = |k: usize| {
        let shape = Shape { rows, cols: alone };
        let data = pool.aligned(shape.entries(), |out| {
            for_rows(out, alone, |rows, part| {
                let from = k * alone..(k + 1) * alone;
                rows.zip(part.chunks_mut(alone))
                    .for_each(|(i, row)| row.copy_from_slice(&product.row(i)[from.clone()]));
            });
        });
        let part = Rect::new(shape, data);
        if transposed { part.into_transposed() } else { part }
    };
    let parts = (0..cols / alone).map(part).collect();
    pool.give(product.data);
    parts
}

fn dense<T: Numbers>(x: &Rect<T>, cuts: Option<&Cuts>, transposed: bool, b: &Rect<T>, alone: usize) -> Rect<T> {
    let (pool, inner, cols) = (T::pool(), x.shape.cols, b.shape.cols);
    let block = |of: &Range<usize>, cols: usize| of.start * cols..of.end * cols;
    let cut = Cuts::of_rows(cuts, x.shape.rows, inner);
    if !transposed {
        let shape = Shape { rows: x.shape.rows, cols };
        let mut out = pool.zeros(shape.entries());
        for_blocks(&mut out, cols, &cut, |rows, part| {
            let left = View::rows_of(&x.data[block(&rows, inner)], inner);
            T::multiply_add(simd_level(), part, left, View::rows_of(&b.data, cols), Some(alone));
        });
        return Rect::new(shape, out);
    }
    let shape = Shape { rows: inner, cols };
    let part = |rows: Range<usize>| {
        let mut sum = pool.zeros(shape.entries());
        for rows in cut.blocks(rows) {
            let left = View::rows_of(&x.data[block(&rows, inner)], inner).transposed();
            let right = View::rows_of(&b.data[block(&rows, cols)], cols);
            T::multiply_add(simd_level(), &mut sum, left, right, Some(alone));
        }
        Rect::new(shape, sum)
    };
    reduce(cut.shards(), &part, &|mut a: Rect<T>, b: Rect<T>| {
        a.make_mut().iter_mut().zip(b.data.iter()).for_each(|(x, &y)| *x += y);
        pool.give(b.data);
        a
    })
}

fn sparse<T: Numbers>(x: &Entries<T>, cuts: Option<&Cuts>, transposed: bool, b: &Rect<T>) -> Rect<T> {
    let executor = Executor { cuts, pool: T::pool() };
    if transposed { executor.sparse_transposed(x, b) } else { executor.sparse(x, b, None) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Matrix;

    /// Whatever stands beside it, a product is what it is alone, and what the definition says.
    #[track_caller]
    fn check<T: Numbers>(x: &Matrix, rank: usize) {
        let data = Var::input("X");
        let cuts = [data.clone()];
        let mut inputs = Inputs::default();
        inputs.set_matrix(&data, &x.cast(T::DTYPE).unwrap());
        for (data_transposed, factor_transposed, transposed) in
            [(false, true, false), (true, false, true), (false, false, false), (true, true, true)]
        {
            let (rows, inner) = if data_transposed { (x.cols(), x.rows()) } else { (x.rows(), x.cols()) };
            let thin = ThinProduct { data_transposed, factor_transposed, transposed, shared: true };
            let entry = |k: usize, i: usize, c: usize| ((k * 7919 + i * 31 + c * 17) as f64 * 0.37).sin();
            let factor = |k: usize| {
                let matrix = match factor_transposed {
                    true => Matrix::from_fn(rank, inner, |c, i| entry(k, i, c)),
                    false => Matrix::from_fn(inner, rank, |i, c| entry(k, i, c)),
                };
                Value::of(&matrix.unwrap().cast(T::DTYPE).unwrap())
            };
            let factors: Vec<Value> = (0..23).map(factor).collect();
            let numbers = |value: &Value| value.to_dense().data.clone();
            let alone: Vec<Vec<f64>> = factors
                .iter()
                .map(|factor| {
                    numbers(&thin_products::<T>(&inputs, &data, &cuts, thin, std::slice::from_ref(factor)).unwrap()[0])
                })
                .collect();
            for count in [2, 3, 9, 23] {
                let beside = thin_products::<T>(&inputs, &data, &cuts, thin, &factors[..count]).unwrap();
                assert_eq!(beside.iter().map(numbers).collect::<Vec<_>>(), alone[..count], "{rank} {count} {thin:?}");
            }
            let (i, c) = (rows / 2, rank - 1);
            let at = |l: usize| if data_transposed { x.get(l, i) } else { x.get(i, l) };
            let exact: f64 = (0..inner).map(|l| at(l) * entry(2, l, c)).sum();
            let found = if transposed { alone[2][c * rows + i] } else { alone[2][i * rank + c] };
            let tolerance = if T::DTYPE == crate::Dtype::F32 { 1e-4 } else { 1e-11 };
            assert!((found - exact).abs() <= tolerance * (1.0 + exact.abs()), "{found} is not {exact}");
        }
    }

    #[test]
    fn a_product_is_what_it_is_alone() {
        let dense = Matrix::from_fn(700, 90, |i, j| ((i * 13 + j * 7) as f64).cos()).unwrap();
        let stored = (0..300).flat_map(|i| (0..4).map(move |k| (i, (i * 5 + k * 11) % 70, (1 + k) as f64)));
        let sparse = Matrix::from_triplets(300, 70, stored.collect()).unwrap();
        for rank in [1, 5, 10, 16] {
            check::<f32>(&dense, rank);
            check::<f64>(&dense, rank);
            check::<f32>(&sparse, rank);
            check::<f64>(&sparse, rank);
        }
    }
}
