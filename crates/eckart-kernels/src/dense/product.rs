//! Product: dense matrix products.
//! In: two strided views.  Out: C += A B, row-major.
//! Invariant: one thread, one order: the bits depend on the shapes and the processor alone. 2 p q n flops.
//! Not here: the cut into shards (see `products`), and the loops of thin products (see `panel`).

use super::panel::{Target, panel};
use super::view::View;
use crate::number::Number;
use crate::simd::{Element, SimdLevel};

/// Its numbers row by row.
fn copied<T: Number>(view: View<'_, T>) -> Vec<T> {
    let mut out = vec![T::default(); view.rows * view.cols];
    const TILE: usize = 16;
    for i0 in (0..view.rows).step_by(TILE) {
        for j0 in (0..view.cols).step_by(TILE) {
            for i in i0..(i0 + TILE).min(view.rows) {
                for j in j0..(j0 + TILE).min(view.cols) {
                    out[i * view.cols + j] = view.data[i * view.row_stride + j * view.col_stride];
                }
            }
        }
    }
    out
}

/// `out` += `a` `b`, `out` row-major; every `alone` columns with the bits that they have in a product of their own
/// (`None`: as many as `b` has).
///
/// # Panics
/// Where the sides don't fit.
pub(crate) fn multiply_add<T: Fat>(
    level: SimdLevel,
    out: &mut [T],
    a: View<'_, T>,
    b: View<'_, T>,
    alone: Option<usize>,
) {
    assert_eq!(a.cols, b.rows, "inner sides");
    assert_eq!(out.len(), a.rows * b.cols, "outer sides");
    assert!(a.is_inside() && b.is_inside(), "a view stays inside its numbers");
    if out.is_empty() || a.cols == 0 {
        return;
    }
    let n = b.cols;
    let alone = alone.unwrap_or(n);
    // To transpose B costs as much as some dozens of rows of A (q n strided loads): it pays from some hundreds on.
    let (by_rows, transposes) = (b.col_stride == 1, b.row_stride == 1 && a.rows >= 256);
    if !(by_rows || transposes) || !suits_panel(level, &a, alone) {
        return if alone < n { fat_apart(out, a, b, alone) } else { T::fat(out, a, b) };
    }
    let (to, by_columns) = (Target { data: out, stride: n, fresh: false }, a.col_stride != 1);
    if by_rows {
        panel(level, to, a, by_columns, b);
    } else {
        panel(level, to, a, by_columns, View::rows_of(&copied(b), n));
    }
}

/// As [`Fat::fat`], every `alone` columns by themselves: what the gemm crates add up first depends on the width.
fn fat_apart<T: Fat>(out: &mut [T], a: View<'_, T>, b: View<'_, T>, alone: usize) {
    let n = b.cols;
    for from in (0..n).step_by(alone) {
        let cols = alone.min(n - from);
        let part = copied(View { data: &b.data[from * b.col_stride..], cols, ..b });
        let mut own: Vec<T> = out.chunks(n).flat_map(|row| &row[from..from + cols]).copied().collect();
        T::fat(&mut own, a, View::rows_of(&part, cols));
        for (row, own) in out.chunks_mut(n).zip(own.chunks(cols)) {
            row[from..from + cols].copy_from_slice(own);
        }
    }
}

/// Whether `panel` is the faster for `a` times something with `n` columns.
///
/// In GFLOP/s on Zen 4 against the gemm crate (which uses AVX2 here): AVX-512, X H.T at rank 16, 32, 64, 100: f32 107,
/// 113, 112, 102 against 95, 105, 103, 98, f64 52, 55, 56, 54 against 42, 48, 52, 50; by columns more. AVX2, X H.T at
/// rank 8, 32, 64: f32 62, 101, 83 against 50, 105, 103, but X.T W at rank 32, 64: f32 105, 98 against 78, 82.
fn suits_panel<T: Element>(level: SimdLevel, a: &View<'_, T>, n: usize) -> bool {
    const THIN: usize = 128;
    let by_columns = a.row_stride == 1;
    let vector = 32 / size_of::<T>();
    match level {
        SimdLevel::Avx512 => (by_columns || a.col_stride == 1) && a.rows.min(a.cols).min(n) <= THIN,
        SimdLevel::Avx2 if by_columns => a.rows.min(a.cols).min(n) <= 64,
        SimdLevel::Avx2 => a.col_stride == 1 && (n <= 2 * vector || a.cols <= 32),
        SimdLevel::Base => false,
    }
}

/// A type that the gemm crates have products of.
pub(crate) trait Fat: Element {
    /// `out` += `a` `b`, for views that lie inside their slices and `out` of a.rows x b.cols numbers.
    fn fat(out: &mut [Self], a: View<'_, Self>, b: View<'_, Self>);
}

/// The crates gemm-f32 and gemm-f64 by themselves: gemm would bring complex numbers, which nobody here uses.
macro_rules! fat {
    ($num:ty, $gemm:path) => {
        impl Fat for $num {
            fn fat(out: &mut [Self], a: View<'_, Self>, b: View<'_, Self>) {
                // They write columns: the transposed product, out.T = b.T a.T, has them, unless there is only one.
                let (cols, transposed) = (b.cols, b.cols > 1);
                let (left, right) = if transposed { (b.transposed(), a.transposed()) } else { (a, b) };
                let (column, row) = if transposed { (cols, 1) } else { (1, cols) };
                // SAFETY: both views lie inside their slices and `out` holds a.rows x b.cols numbers (asserted by the
                // caller); the borrows keep `out` apart from both.
                unsafe {
                    $gemm()(
                        left.rows,
                        right.cols,
                        left.cols,
                        out.as_mut_ptr(),
                        column as isize,
                        row as isize,
                        true,
                        left.data.as_ptr(),
                        left.col_stride as isize,
                        left.row_stride as isize,
                        right.data.as_ptr(),
                        right.col_stride as isize,
                        right.row_stride as isize,
                        1.0,
                        1.0,
                        false,
                        false,
                        false,
                        gemm_common::Parallelism::None,
                    );
                }
            }
        }
    };
}

fat!(f32, gemm_f32::gemm::f32::get_gemm_fn);
fat!(f64, gemm_f64::gemm::f64::get_gemm_fn);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_agree_with_the_definition() {
        let shapes = [(3, 4, 5, false, false), (1, 7, 2, true, false), (6, 1, 3, true, true), (300, 7, 5, false, true)];
        for (n, k, m, transpose_a, transpose_b) in
            shapes.into_iter().chain([(130, 140, 150, false, false), (130, 9, 140, true, true)])
        {
            let a: Vec<f64> = (0..n * k).map(|x| (x as f64).sin()).collect();
            let b: Vec<f64> = (0..k * m).map(|x| (x as f64).cos()).collect();
            let mut out = vec![1.0; n * m];
            let (ca, cb) = (if transpose_a { n } else { k }, if transpose_b { k } else { m });
            let a_view = View::rows_of(&a, ca).transposed_if(transpose_a);
            let b_view = View::rows_of(&b, cb).transposed_if(transpose_b);
            multiply_add(SimdLevel::best(), &mut out, a_view, b_view, None);
            for i in 0..n {
                for j in 0..m {
                    let at = |l: usize| {
                        let x = if transpose_a { a[l * n + i] } else { a[i * k + l] };
                        let y = if transpose_b { b[j * k + l] } else { b[l * m + j] };
                        x * y
                    };
                    let expected = 1.0 + (0..k).map(at).sum::<f64>();
                    assert!((out[i * m + j] - expected).abs() < 1e-12);
                }
            }
        }
    }

    #[test]
    fn columns_side_by_side_have_the_bits_that_they_have_alone() {
        fn check<T: Fat>(level: SimdLevel, (rows, inner, alone): (usize, usize, usize), transpose: bool) {
            let (count, n) = (3, 3 * alone);
            let a: Vec<T> = (0..rows * inner).map(|x| T::from_f64((x as f64).sin())).collect();
            let b: Vec<T> = (0..inner * n).map(|x| T::from_f64((x as f64).cos())).collect();
            let a = View::rows_of(&a, if transpose { rows } else { inner }).transposed_if(transpose);
            let mut wide = vec![T::default(); rows * n];
            multiply_add(level, &mut wide, a, View::rows_of(&b, n), Some(alone));
            for k in 0..count {
                let part = copied(View { data: &b[k * alone..], cols: alone, ..View::rows_of(&b, n) });
                let mut own = vec![T::default(); rows * alone];
                multiply_add(level, &mut own, a, View::rows_of(&part, alone), None);
                for (row, own) in wide.chunks(n).zip(own.chunks(alone)) {
                    assert!(row[k * alone..(k + 1) * alone] == *own, "{level:?} {rows} {inner} {alone} {transpose}");
                }
            }
        }
        for level in SimdLevel::all() {
            for alone in [1, 5, 9, 16, 20, 70] {
                for (rows, inner) in [(300, 90), (7, 150), (140, 130)] {
                    for transpose in [false, true] {
                        check::<f32>(level, (rows, inner, alone), transpose);
                        check::<f64>(level, (rows, inner, alone), transpose);
                    }
                }
            }
        }
    }
}
