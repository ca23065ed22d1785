//! Sddmm: a product of two panels where entries are stored, and nowhere else.
//! In: some rows of a pattern (n x m), A (n x r) and B (m x r).  Out: <A_i, B_j> for each stored (i, j).
//! Invariant: one thread: an entry's bits depend on its two rows and the level alone.
//! Not here: the cut into rows for threads.
//!
//! out_at = sum_k A_ik B_jk, 2 nnz r flops; nnz r numbers of B are read, and nnz indices. Loops: chunks of eight
//! vectors of columns (which out adds up), rows, entries by eights. A_i stays in registers; the eight vectors of
//! products are added up into eight numbers together, for two shuffles an entry where one by one they take four and
//! more. On Zen 4 with 100,000 x 20,000 and 4.9 M entries: 17, 21, 31 and 60 ms at rank 16, 32, 64 and 100 (f32), 18,
//! 49 and 68 ms at 16, 32 and 64 (f64).

use crate::dense::View;
use crate::simd::{Element, Job, Lanes, SimdLevel, functions, in_chunks, load_row, prefetch_all};

/// How many entries ahead rows of B are asked for.
const AHEAD: usize = 16;

pub(crate) fn sampled<T: Element>(
    level: SimdLevel,
    indptr: &[usize],
    indices: &[u32],
    a: View<'_, T>,
    b: View<'_, T>,
    out: &mut [T],
) {
    let (a, b, r) = (a.whole_rows(), b.whole_rows(), a.cols);
    let (first, end) = (indptr.first().copied().unwrap_or(0), indptr.last().copied().unwrap_or(0));
    assert!(indptr.windows(2).all(|p| p[0] <= p[1]) && end <= indices.len(), "rows among the entries");
    assert_eq!(out.len(), end - first, "a number for each entry");
    assert_eq!(a.len(), indptr.len().saturating_sub(1) * r, "a row for each row");
    if r > 0 {
        T::at_level(level, Sampled { indptr, indices, a, b, r, out });
    } else {
        out.fill(T::default());
    }
}

struct Sampled<'a, T> {
    indptr: &'a [usize],
    indices: &'a [u32],
    a: &'a [T],
    b: &'a [T],
    r: usize,
    out: &'a mut [T],
}

impl<T: Element> Job<T> for Sampled<'_, T> {
    type Out = ();
    // SAFETY: asks for no more than the trait says.
    #[inline(always)]
    unsafe fn run<L: Lanes<Num = T>>(mut self) {
        if L::UNROLLED {
            in_chunks!(self.r, sampled_columns(&mut self));
        } else {
            // SAFETY: `sampled` has checked the sides.
            unsafe { sampled_plainly::<L>(&mut self) }
        }
    }
}

/// The same sums in the same order, entry by entry, without a form for each number of vectors.
///
/// # Safety
/// `sampled` has checked the sides; the level is there.
#[inline(always)]
unsafe fn sampled_plainly<L: Lanes>(job: &mut Sampled<'_, L::Num>) {
    let (r, m, first) = (job.r, job.b.len() / job.r, job.indptr.first().copied().unwrap_or(0));
    for i in 0..job.indptr.len().saturating_sub(1) {
        for at in job.indptr[i]..job.indptr[i + 1] {
            let j = job.indices[at] as usize;
            assert!(j < m, "a row for each column");
            let mut sum = None;
            for from in (0..r).step_by(8 * L::LEN) {
                let chunk = (r - from).min(8 * L::LEN);
                // SAFETY: `chunk` numbers from column `from` on of row i of a and row j of b, which are there.
                let part = unsafe {
                    let (a, b) = (job.a.as_ptr().add(i * r + from), job.b.as_ptr().add(j * r + from));
                    let load = |from: *const L::Num, k: usize| {
                        if k + L::LEN <= chunk { L::load(from.add(k)) } else { L::load_first(from.add(k), chunk - k) }
                    };
                    let mut part = load(a, 0).mul(load(b, 0));
                    for k in (L::LEN..chunk).step_by(L::LEN) {
                        part = load(a, k).mul_add(load(b, k), part);
                    }
                    part.sum()
                };
                sum = Some(sum.map_or(part, |sum| sum + part));
            }
            if let Some(sum) = sum {
                job.out[at - first] = sum;
            }
        }
    }
}

functions! {
    /// Adds what columns `from` on give, `V` vectors of them; `sampled` has checked the rest, and rows of b are checked
    /// one by one.
    fn sampled_columns<L, const V: usize, const TAIL: bool>(
        job: &mut Sampled<'_, L::Num>,
        from: usize,
        last: usize,
    ) {
        let (indices, r, m) = (job.indices, job.r, job.b.len() / job.r);
        let b = job.b.as_ptr().add(from);
        for i in 0..job.indptr.len().saturating_sub(1) {
            let row = load_row::<L, V, TAIL>(job.a.as_ptr().add(i * r + from), last);
            let mut parts = [L::splat(L::Num::default()); 8];
            let end = job.indptr[i + 1];
            for at in (job.indptr[i]..end).step_by(8) {
                let count = (end - at).min(8);
                macro_rules! take {
                    ($k:expr) => {
                        let j = *indices.get_unchecked(at + $k) as usize;
                        assert!(j < m, "a row for each column");
                        let coming = *indices.get_unchecked((at + $k + AHEAD).min(indices.len() - 1)) as usize;
                        prefetch_all(b.wrapping_add(coming * r), V * L::LEN * size_of::<L::Num>());
                        let other = load_row::<L, V, TAIL>(b.add(j * r), last);
                        parts[$k] = row[0].mul(other[0]);
                        for v in 1..V {
                            parts[$k] = row[v].mul_add(other[v], parts[$k]);
                        }
                    };
                }
                // Eight times the same text: indexed by a variable, `parts` would lie in memory.
                macro_rules! take_if_there {
                    ($($k:literal)*) => { $(if $k < count { take!($k); })* };
                }
                if count == 8 {
                    take!(0);
                    take!(1);
                    take!(2);
                    take!(3);
                    take!(4);
                    take!(5);
                    take!(6);
                    take!(7);
                } else {
                    take_if_there!(0 1 2 3 4 5 6);
                }
                let mut sums = [L::Num::default(); 8];
                L::sum_eight(parts, sums.as_mut_ptr());
                let out = &mut job.out[at - job.indptr[0]..][..count];
                for k in 0..count {
                    out[k] = if from == 0 { sums[k] } else { out[k] + sums[k] };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{epsilon, numbers};

    fn check<T: Element>(n: usize, m: usize, r: usize) {
        let (mut indptr, mut indices) = (vec![0], Vec::new());
        for i in 0..n {
            indices.extend((i % 5..if i % 4 == 1 { 0 } else { m }).step_by(1 + i % 3).map(|j| j as u32));
            indptr.push(indices.len());
        }
        let (a, b) = (numbers::<T>(n * r, 2.0), numbers::<T>(m * r, 3.0));
        let epsilon = epsilon::<T>();
        for level in SimdLevel::all() {
            for skip in [0, n / 2] {
                let first = indptr[skip];
                let mut out = numbers(indices.len() - first, 4.0);
                let (some, panel) = (View::rows_of(&a[skip * r..], r), View::rows_of(&b, r));
                sampled(level, &indptr[skip..], &indices, some, panel, &mut out);
                for i in skip..n {
                    for at in indptr[i]..indptr[i + 1] {
                        let row = |x: &[T], i: usize| x[i * r..(i + 1) * r].to_vec();
                        let (x, y) = (row(&a, i), row(&b, indices[at] as usize));
                        let terms: Vec<f64> = x.iter().zip(&y).map(|(x, y)| x.to_f64() * y.to_f64()).collect();
                        let size = terms.iter().map(|term| term.abs()).sum::<f64>();
                        let error = (out[at - first].to_f64() - terms.iter().sum::<f64>()).abs();
                        assert!(error <= 8.0 * epsilon * size, "{level:?} {n} {m} {r} ({i}, {at}): {error:e}");
                    }
                }
            }
        }
    }

    #[test]
    fn sampled_products_agree_with_the_definition() {
        for (n, m) in [(1, 1), (1, 30), (9, 1), (17, 23), (0, 3)] {
            for r in [0, 1, 2, 7, 8, 10, 16, 33, 64, 100, 130, 200] {
                check::<f32>(n, m, r);
                check::<f64>(n, m, r);
            }
        }
    }
}
