//! Product: dense matrix products.
//! In: two strided views.  Out: C += A B, row-major.
//! Law: one thread, one order: the bits depend on the shapes and the processor alone. 2 n k m flops.
//! Not here: the cut into shards (see `interp`).

use super::Element;

/// A strided view of n x m numbers.
#[derive(Clone, Copy)]
pub(crate) struct View<'a, T> {
    data: &'a [T],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a, T> View<'a, T> {
    /// Row-major numbers, `cols` a row.
    pub(crate) fn rows_of(data: &'a [T], cols: usize) -> Self {
        Self { data, rows: data.len() / cols.max(1), cols, row_stride: cols, col_stride: 1 }
    }

    /// The transpose of the same numbers.
    pub(crate) fn flipped(self) -> Self {
        Self {
            data: self.data,
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
        }
    }

    pub(crate) fn flipped_if(self, flip: bool) -> Self {
        if flip { self.flipped() } else { self }
    }
}

/// `out` += `a` `b`, `out` row-major.
///
/// # Panics
/// Where the sides don't fit; the plan has checked them.
pub(crate) fn multiply_add<T: Element>(out: &mut [T], a: View<'_, T>, b: View<'_, T>) {
    assert_eq!(a.cols, b.rows, "inner sides");
    assert_eq!(out.len(), a.rows * b.cols, "outer sides");
    for v in [&a, &b] {
        let last = v.rows.saturating_sub(1) * v.row_stride + v.cols.saturating_sub(1) * v.col_stride;
        assert!(v.rows * v.cols == 0 || last < v.data.len(), "a view stays inside its numbers");
    }
    if out.is_empty() || a.cols == 0 {
        return;
    }
    // SAFETY: both views lie inside their slices and `out` holds a.rows x b.cols numbers (asserted above); the borrows
    // keep `out` apart from both.
    unsafe {
        gemm::gemm(
            a.rows,
            b.cols,
            a.cols,
            out.as_mut_ptr(),
            1,
            b.cols as isize,
            true,
            a.data.as_ptr(),
            a.col_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.col_stride as isize,
            b.row_stride as isize,
            T::from_f64(1.0),
            T::from_f64(1.0),
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_agree_with_the_definition() {
        for (n, k, m, flip_a, flip_b) in [(3, 4, 5, false, false), (1, 7, 2, true, false), (6, 1, 3, true, true)] {
            let a: Vec<f64> = (0..n * k).map(|x| (x as f64).sin()).collect();
            let b: Vec<f64> = (0..k * m).map(|x| (x as f64).cos()).collect();
            let mut out = vec![1.0; n * m];
            let (ca, cb) = (if flip_a { n } else { k }, if flip_b { k } else { m });
            multiply_add(&mut out, View::rows_of(&a, ca).flipped_if(flip_a), View::rows_of(&b, cb).flipped_if(flip_b));
            for i in 0..n {
                for j in 0..m {
                    let at = |l: usize| {
                        let x = if flip_a { a[l * n + i] } else { a[i * k + l] };
                        let y = if flip_b { b[j * k + l] } else { b[l * m + j] };
                        x * y
                    };
                    let expected = 1.0 + (0..k).map(at).sum::<f64>();
                    assert!((out[i * m + j] - expected).abs() < 1e-12);
                }
            }
        }
    }
}
