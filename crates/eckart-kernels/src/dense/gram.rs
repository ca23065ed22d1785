//! Gram: the products of all columns of some rows with each other.
//! In: rows of A (n x r).  Out: G (r x r, f64, both triangles) += A.T A.
//! Invariant: one thread, one order; f32 adds up at most 256 rows before it becomes f64.
//! Not here: the cut into rows for threads.
//!
//! G_kl = sum_i A_ik A_il, about n r (r + 16) flops: tiles that lie below the diagonal are left out. n r numbers are
//! read. Measured on Zen 4, 256 rows at rank 16, 32, 64, 100, in microseconds, the gemm crate's full product in
//! brackets: f32 1.3 (1.2), 4 (5), 13 (23), 36 (55), f64 2.6 (2.5), 8 (12), 26 (43), 62 (104).
//! Loops: blocks of 256 rows, tiles of columns, rows (see `panel`: A by columns times A by rows).

use super::panel::{Target, panel};
use super::view::View;
use crate::simd::{Element, SimdLevel};

/// Rows that are added up as T: f32 keeps about as many digits as its products have.
const ROWS: usize = 256;

/// Columns of G that are made together: few, so that little is made below the diagonal.
const COLUMNS: usize = 16;

pub(crate) fn gram<T: Element>(level: SimdLevel, a: View<'_, T>, g: &mut [f64]) {
    let r = a.cols;
    assert_eq!(g.len(), r * r, "a number for each pair of columns");
    if r == 0 {
        return;
    }
    let mut part = vec![T::default(); r * r];
    for block in a.whole_rows().chunks(ROWS * r) {
        let block = View::rows_of(block, r);
        for k in (0..r).step_by(COLUMNS) {
            let high = COLUMNS.min(r - k);
            let to = Target { data: &mut part[k * r + k..], stride: r, fresh: true };
            panel(level, to, block.columns(k, high).transposed(), true, block.columns(k, r - k));
        }
        for k in 0..r {
            for l in k..r {
                g[k * r + l] += part[k * r + l].to_f64();
            }
        }
    }
    for k in 0..r {
        for l in 0..k {
            g[k * r + l] = g[l * r + k];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{epsilon, numbers};

    fn check<T: Element>(n: usize, r: usize) {
        let a = numbers::<T>(n * r, 0.0);
        let epsilon = epsilon::<T>();
        for level in SimdLevel::all() {
            let mut g: Vec<f64> = (0..r * r).map(|at| (at / r + at % r) as f64).collect();
            gram(level, View::rows_of(&a, r), &mut g);
            for k in 0..r {
                for l in 0..r {
                    let terms: Vec<f64> = (0..n).map(|i| a[i * r + k].to_f64() * a[i * r + l].to_f64()).collect();
                    let size: f64 = (k + l) as f64 + terms.iter().map(|x| x.abs()).sum::<f64>();
                    let error = (g[k * r + l] - (k + l) as f64 - terms.iter().sum::<f64>()).abs();
                    assert!(error <= 8.0 * epsilon * size, "{level:?} {n} {r} ({k}, {l}): {error:e}");
                    assert_eq!(g[k * r + l].to_bits(), g[l * r + k].to_bits());
                }
            }
        }
    }

    #[test]
    fn grams_agree_with_the_definition() {
        for (n, r) in [(0, 3), (1, 1), (1, 40), (700, 3), (300, 17), (513, 33), (20, 100), (5, 0)] {
            check::<f32>(n, r);
            check::<f64>(n, r);
        }
    }
}
