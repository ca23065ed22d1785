//! Thin: the products of a data matrix with factors of one shape, of one start or of many side by side.
//! In: data, factors.  Out: a product each.
//! Invariant: each has the bits that it has alone, whatever the others and their number.
//! Not here: whose factors they are (see `solve::block::cohort`).
//!
//! P_k = D F_k, 2 p q n flops each (D stored: 2 nnz n). Side by side D (F_1 F_2 ...) is one product with wide rows, for
//! which D is read once, and in which no vector is half empty.

use std::ops::Range;
use std::sync::OnceLock;

use eckart_kernels::View;

use super::cuts::Cuts;
use super::products::{Executor, scatter};
use crate::error::Result;
use crate::expr::Var;
use crate::facts::Shape;
use crate::plan::ThinProduct;
use crate::run::Inputs;
use crate::run::machine::cut::Cut;
use crate::run::machine::shard_sums::{for_blocks, for_rows, reduce};
use crate::run::machine::simd::simd_level;
use crate::run::value::held::Held;
use crate::run::value::rect::Rect;
use crate::run::value::slot::{MissingRead, Slot};
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
    let data = match inputs.source(data) {
        Some(source) => Slot::Source(source.clone(), MissingRead::Entries),
        None => Slot::Wide(inputs.value::<T>(data)?),
    };
    Ok(products(&data, Some(&cuts), thin, factors)?.into_iter().map(Value::of_rect).collect())
}

/// The product of data with each factor.
///
/// # Errors
/// Those of a source.
pub(super) fn products<T: Numbers>(
    data: &Slot<T>,
    cuts: Option<&Cuts>,
    thin: ThinProduct,
    factors: Vec<Rect<T>>,
) -> Result<Vec<Rect<T>>> {
    let Some(one) = factors.first().map(|factor| factor.shape) else { return Ok(Vec::new()) };
    let alone = thin.columns(one);
    let side_by_side = beside(factors, thin.factor_transposed);
    let product = match data {
        Slot::Wide(Held::Sparse(x)) => {
            let executor = Executor { cuts, pool: T::pool() };
            match thin.data_transposed {
                true => executor.sparse_transposed(x, &side_by_side),
                false => executor.sparse(x, &side_by_side, None),
            }
        }
        _ => {
            let cut = Cuts::of_rows(cuts, data.shape().rows, data.shape().cols);
            match thin.data_transposed {
                true => sum_over_rows(data, &cut, &side_by_side, alone)?,
                false => row_by_row(data, &cut, &side_by_side, alone)?,
            }
        }
    };
    T::pool().give(side_by_side.data);
    Ok(apart(product, alone, thin.transposed))
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

/// X B, block by block of X.
fn row_by_row<T: Numbers>(x: &Slot<T>, cut: &Cut, b: &Rect<T>, alone: usize) -> Result<Rect<T>> {
    let (pool, cols) = (T::pool(), b.shape.cols);
    let shape = Shape { rows: x.shape().rows, cols };
    let mut out = pool.zeros(shape.entries());
    let panel = View::rows_of(&b.data, cols);
    let failed = OnceLock::new();
    for_blocks(&mut out, cols, cut, |rows, part| match x.data_rows(rows, pool) {
        Ok(Held::Dense(x)) => {
            T::multiply_add(simd_level(), part, View::rows_of(&x.data, x.shape.cols), panel, Some(alone));
            pool.give(x.data);
        }
        Ok(Held::Sparse(x)) => T::gather(simd_level(), x.csr(0..x.shape().rows), &[], panel, part),
        Err(error) => failed.set(error).unwrap_or_default(),
    });
    failed.into_inner().map_or(Ok(Rect::new(shape, out)), Err)
}

/// X.T B, block by block of both, each shard a sum of its own.
fn sum_over_rows<T: Numbers>(x: &Slot<T>, cut: &Cut, b: &Rect<T>, alone: usize) -> Result<Rect<T>> {
    let (pool, cols) = (T::pool(), b.shape.cols);
    let shape = Shape { rows: x.shape().cols, cols };
    let part = |rows: Range<usize>| {
        let mut sum = pool.zeros(shape.entries());
        for rows in cut.blocks(rows) {
            let right = b.rows(rows.clone());
            match x.data_rows(rows, pool)? {
                Held::Dense(x) => {
                    let left = View::rows_of(&x.data, x.shape.cols).transposed();
                    T::multiply_add(simd_level(), &mut sum, left, View::rows_of(&right.data, cols), Some(alone));
                    pool.give(x.data);
                }
                Held::Sparse(x) => scatter(&mut sum, &x, &right),
            }
        }
        Ok(Rect::new(shape, sum))
    };
    reduce(cut.shards(), &part, &|a: Result<Rect<T>>, b: Result<Rect<T>>| {
        let (mut a, b) = (a?, b?);
        a.make_mut().iter_mut().zip(b.data.iter()).for_each(|(x, &y)| *x += y);
        pool.give(b.data);
        Ok(a)
    })
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
