//! Panel: products with a thin side, C (p x n) = or += A (p x q) B (q x n).
//! In: A by rows or by columns, B by rows, and where C goes.  Out: C, by rows.
//! Invariant: one thread, one order: the bits depend on shapes, numbers and level alone.
//! Not here: fat products, and which of the two is taken (see `product`).
//!
//! C_ij = sum_k A_ik B_kj, 2 p q n flops; A is read once for every two or three vectors of columns, B once a tile of
//! rows. Loops: parts of C that stay in the second cache, slabs of k, vectors of columns, tiles of rows, k. A tile of
//! 12 x 2 or 8 x 3 vectors of C (AVX-512), 8 x 1, 6 x 2 or 4 x 3 (AVX2) stays in registers while k runs.
//!
//! Measured on Zen 4 (AVX-512), one thread, p or q = 256, 2000 wide, in GFLOP/s, the gemm crate in brackets; the peak
//! is 117 for f32 and 58.7 for f64:
//!
//! | rank | f32 X H.T | X.T W | W.T X | W H | f64 X H.T | X.T W | W.T X | W H |
//! |---|---|---|---|---|---|---|---|---|
//! | 8 | 65 (50) | 66 (34) | 54 (22) | 95 (65) | 44 (29) | 40 (14) | 27 (9) | 46 (32) |
//! | 10 | 64 (56) | 43 (37) | 63 (21) | 100 (72) | 31 (24) | 20 (16) | 30 (11) | 48 (36) |
//! | 16 | 108 (92) | 111 (64) | 90 (30) | 108 (90) | 51 (39) | 46 (24) | 43 (16) | 52 (43) |
//! | 32 | 109 (97) | 110 (70) | 95 (41) | 113 (104) | 54 (46) | 47 (35) | 43 (23) | 55 (50) |
//! | 64 | 111 (103) | 106 (83) | 93 (86) | 114 (107) | 54 (50) | 49 (41) | 42 (41) | 56 (53) |
//! | 100 | 101 (94) | 98 (83) | 97 (94) | 115 (110) | 53 (47) | 50 (43) | 42 (44) | 56 (52) |
//!
//! Where X.T W and W.T X are the same (one the transpose of the other), the second is the better at ranks that fill no
//! vector. Rejected, all f32: slabs of 64 or 128 k with A by rows (rank 32: 81 and 92, as the processor's own
//! look-ahead needs long rows); looking ahead along the rows of A (rank 8: 40 in place of 52); no look-ahead with A by
//! columns (rank 32: 78 in place of 110). Slabs of 128 k with A by columns: f64 40 in place of 48, as each k is another
//! page. 12 x 1 (AVX2): 10 in place of 69.
//!
//! On Sapphire Rapids, f32, 2000 wide: rank 8 X H.T in registers of 512 bits that are half empty 54, of 256 bits 37;
//! W.T X with q = 65 in two slabs of 33 k and not 32, 32 and 1: 142 to 147 in place of 130 to 135 at ranks 8 to 64.
//! Looking ahead in C: 142 in place of 149. X from memory and not from the cache, X H.T and W.T X in turn: where a tile
//! asks for the rows of A below it, rank 8 62, 16 105, 32 140, without 59, 101, 131. X.T W at rank 8, where the sums
//! of a tile are read before any is written, 72, else 38.

use super::view::View;
use crate::simd::{Element, Job, Lanes, SimdLevel, functions, load_row, prefetch};

/// Bytes of the product that stay in the second cache from one slab to the next.
const IN_L2: usize = 1 << 19;

/// Where a product is put: its rows, `stride` apart, which it replaces (`fresh`) or is added to.
pub(crate) struct Target<'a, T> {
    pub(crate) data: &'a mut [T],
    pub(crate) stride: usize,
    pub(crate) fresh: bool,
}

/// `a` `b` into the target, where a is p x q, read by columns or by rows as is said, and b is q x n by rows.
///
/// # Panics
/// Where the sides or strides don't fit.
pub(crate) fn panel<T: Element>(level: SimdLevel, to: Target<'_, T>, a: View<'_, T>, by_columns: bool, b: View<'_, T>) {
    let Target { data: c, stride: c_stride, fresh } = to;
    let (p, q, n) = (a.rows, a.cols, b.cols);
    let fits = (c_stride >= n || p == 1) && p.saturating_sub(1) * c_stride + n <= c.len();
    assert!(p * n == 0 || fits, "space for the product");
    assert!(a.is_inside() && (if by_columns { a.row_stride } else { a.col_stride }) == 1, "the left side");
    assert!(b.is_inside() && b.rows == q && b.col_stride == 1, "the right side");
    if p * n == 0 {
        return;
    }
    if q == 0 {
        if fresh {
            c.chunks_mut(c_stride).take(p).for_each(|row| row[..n].fill(T::default()));
        }
        return;
    }
    let (c, a_stride) = (c.as_mut_ptr(), if by_columns { a.col_stride } else { a.row_stride });
    let (a, b, b_stride) = (a.data.as_ptr(), b.data.as_ptr(), b.row_stride);
    let sides = Sides { p, q, n, c, c_stride, fresh, a, a_stride, b, b_stride };
    if by_columns { T::at_level(level, Panel::<T, true>(sides)) } else { T::at_level(level, Panel::<T, false>(sides)) }
}

/// What a product is made of.
#[derive(Clone, Copy)]
struct Sides<T> {
    p: usize,
    q: usize,
    n: usize,
    c: *mut T,
    c_stride: usize,
    fresh: bool,
    a: *const T,
    a_stride: usize,
    b: *const T,
    b_stride: usize,
}

struct Panel<T, const BY_COLUMNS: bool>(Sides<T>);

impl<T: Element, const BY_COLUMNS: bool> Job<T> for Panel<T, BY_COLUMNS> {
    type Out = ();
    #[inline(always)]
    // SAFETY: asks for no more than the trait says.
    unsafe fn run<L: Lanes<Num = T>>(self) {
        let whole = self.0;
        // What is added up in several passes stays in the second cache between them.
        let most = IN_L2 / size_of::<T>();
        // By rows long ways suit the processor's own look-ahead. By columns each k is another page; slabs are of equal
        // depth, as a last one of a few k would read and write all of C for them.
        let deep = if BY_COLUMNS {
            let deep = 128 / size_of::<T>();
            whole.q.div_ceil(((whole.q + deep / 2) / deep).max(1))
        } else {
            512
        };
        let (high, wide) = if whole.q <= deep || whole.p * whole.n <= most {
            (whole.p, whole.n)
        } else if whole.n < whole.p {
            ((most / whole.n).max(24), whole.n)
        } else {
            (whole.p, (most / whole.p / L::LEN).max(12) * L::LEN)
        };
        for i in (0..whole.p).step_by(high) {
            for j in (0..whole.n).step_by(wide) {
                for k in (0..whole.q).step_by(deep) {
                    let (p, n, q) = (high.min(whole.p - i), wide.min(whole.n - j), deep.min(whole.q - k));
                    // SAFETY: the part lies inside the whole, which `panel` has checked.
                    unsafe {
                        slab::<L, BY_COLUMNS>(Sides {
                            p,
                            q,
                            n,
                            c: whole.c.add(i * whole.c_stride + j),
                            fresh: whole.fresh && k == 0,
                            a: whole.a.add(if BY_COLUMNS { k * whole.a_stride + i } else { i * whole.a_stride + k }),
                            b: whole.b.add(k * whole.b_stride + j),
                            ..whole
                        });
                    }
                }
            }
        }
    }
}

/// The product, two or three vectors of columns after the other.
///
/// # Safety
/// The sides are valid, and the processor has the level of `L`.
#[inline(always)]
unsafe fn slab<L: Lanes, const BY_COLUMNS: bool>(whole: Sides<L::Num>) {
    let mut j = 0;
    while j < whole.n {
        let left = (whole.n - j).div_ceil(L::LEN);
        // An odd number of vectors begins with three, so that one alone is rare: its tiles wait for loads.
        let vectors = if !L::UNROLLED {
            1
        } else if left % 2 == 1 && left > 1 {
            3
        } else {
            left.min(2)
        };
        let n = (vectors * L::LEN).min(whole.n - j);
        // SAFETY: the columns from j on lie inside the whole.
        unsafe {
            let part = Sides { n, c: whole.c.add(j), b: whole.b.add(j), ..whole };
            if L::UNROLLED {
                match vectors {
                    1 => column::<L, BY_COLUMNS, 1>(part),
                    2 => column::<L, BY_COLUMNS, 2>(part),
                    _ => column::<L, BY_COLUMNS, 3>(part),
                }
            } else {
                column::<L, BY_COLUMNS, 1>(part);
            }
        }
        j += n;
    }
}

functions! {
    /// The product for the columns of `V` vectors, the last perhaps not full: 0 < n <= V LEN.
    fn column<L, const BY_COLUMNS: bool, const V: usize>(whole: Sides<L::Num>) {
        if whole.n == V * L::LEN {
            tiles::<L, BY_COLUMNS, V, false>(whole)
        } else {
            tiles::<L, BY_COLUMNS, V, true>(whole)
        }
    }
}

/// Tile under tile, the highest that the registers hold as long as rows are left for it.
///
/// # Safety
/// As `column`; `TAIL` says that the last vector is not full.
#[inline(always)]
unsafe fn tiles<L: Lanes, const BY_COLUMNS: bool, const V: usize, const TAIL: bool>(mut whole: Sides<L::Num>) {
    // The first tile asks for the next columns of B, where these do not follow by themselves.
    let mut ahead = whole.b_stride > 4 * V * L::LEN;
    macro_rules! take {
        ($rows:literal) => {
            while whole.p >= $rows {
                // SAFETY: $rows rows are left.
                unsafe {
                    tile::<L, BY_COLUMNS, $rows, V, TAIL>(whole, ahead);
                    whole.a = whole.a.add(if BY_COLUMNS { $rows } else { $rows * whole.a_stride });
                    whole.c = whole.c.wrapping_add($rows * whole.c_stride);
                }
                whole.p -= $rows;
                ahead = false;
            }
        };
    }
    if L::UNROLLED {
        if L::REGISTERS >= 32 {
            if V < 3 {
                take!(12);
            }
            take!(8);
        } else if V == 1 {
            take!(8);
        } else if V < 3 {
            take!(6);
        }
        take!(4);
        take!(2);
    } else {
        take!(4);
    }
    take!(1);
}

functions! {
    /// `R` rows of the product in registers, as `tiles`, with p >= R; with `ahead` the columns behind those of the tile
    /// are asked for.
    fn tile<L, const BY_COLUMNS: bool, const R: usize, const V: usize, const TAIL: bool>(
        s: Sides<L::Num>,
        ahead: bool,
    ) {
        let last = s.n - (V - 1) * L::LEN;
        let mut sums = [[L::splat(L::Num::default()); V]; R];
        let (mut a, mut b) = (s.a, s.b);
        let line = 64 / size_of::<L::Num>();
        let mut below = a;
        for k in 0..s.q {
            if BY_COLUMNS {
                prefetch(a.wrapping_add(R + line));
            } else {
                below = if k % line == 0 { a.wrapping_add(R * s.a_stride) } else { below.wrapping_add(s.a_stride) };
                prefetch(below);
            }
            if ahead {
                (V..2 * V).for_each(|v| prefetch(b.wrapping_add(v * L::LEN)));
            }
            let row = load_row::<L, V, TAIL>(b, last);
            for i in 0..R {
                let x = L::splat(*a.add(if BY_COLUMNS { i } else { i * s.a_stride }));
                for v in 0..V {
                    sums[i][v] = x.mul_add(row[v], sums[i][v]);
                }
            }
            a = a.wrapping_add(if BY_COLUMNS { s.a_stride } else { 1 });
            b = b.wrapping_add(s.b_stride);
        }
        let at = |i: usize, v: usize| s.c.add(i * s.c_stride + v * L::LEN);
        // All are read before any is written: a read next to what has just been written by part of a vector waits.
        if !s.fresh {
            for i in 0..R {
                for v in 0..V {
                    let tail = TAIL && v == V - 1;
                    let before = if tail { L::load_first(at(i, v), last) } else { L::load(at(i, v)) };
                    sums[i][v] = before.add(sums[i][v]);
                }
            }
        }
        for i in 0..R {
            for v in 0..V {
                if TAIL && v == V - 1 {
                    sums[i][v].store_first(at(i, v), last);
                } else {
                    sums[i][v].store(at(i, v));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{epsilon, numbers};

    fn check<T: Element>(p: usize, q: usize, n: usize, by_columns: bool, fresh: bool, gap: usize) {
        let (outer, inner) = if by_columns { (q, p) } else { (p, q) };
        let (a_stride, b_stride, c_stride) = (inner + gap, n + gap, n + gap);
        let (a, b) = (numbers::<T>(outer * a_stride, 1.0), numbers::<T>(q * b_stride, 2.0));
        let before = numbers::<T>(p * c_stride, 3.0);
        for level in SimdLevel::all() {
            let mut c = before.clone();
            let outer = View { data: &a, rows: outer, cols: inner, row_stride: a_stride, col_stride: 1 };
            let right = View { data: &b, rows: q, cols: n, row_stride: b_stride, col_stride: 1 };
            let to = Target { data: &mut c, stride: c_stride, fresh };
            panel(level, to, outer.transposed_if(by_columns), by_columns, right);
            for i in 0..p {
                for j in 0..c_stride {
                    let at = i * c_stride + j;
                    let x = |k: usize| if by_columns { a[k * a_stride + i] } else { a[i * a_stride + k] };
                    let old = if fresh && j < n { 0.0 } else { before[at].to_f64() };
                    let terms: Vec<f64> =
                        (0..if j < n { q } else { 0 }).map(|k| x(k).to_f64() * b[k * b_stride + j].to_f64()).collect();
                    let bound = (old.abs() + terms.iter().map(|t| t.abs()).sum::<f64>()) * epsilon::<T>() * 16.0;
                    let error = (c[at].to_f64() - old - terms.iter().sum::<f64>()).abs();
                    assert!(error <= bound, "{level:?} {p} {q} {n} {by_columns} {fresh} ({i}, {j}): {error:e}");
                }
            }
        }
    }

    #[test]
    fn panels_agree_with_the_definition() {
        for (p, q, n) in [(1, 1, 1), (13, 5, 10), (12, 0, 3), (0, 3, 3), (31, 40, 33), (3, 1, 100), (29, 600, 20)] {
            for (by_columns, fresh, gap) in [(false, false, 0), (true, true, 0), (false, true, 3), (true, false, 3)] {
                check::<f32>(p, q, n, by_columns, fresh, gap);
                check::<f64>(p, q, n, by_columns, fresh, gap);
            }
        }
    }

    #[test]
    fn products_too_large_for_the_cache_are_cut() {
        for (p, n) in [(3, 50_000), (50_000, 3)] {
            check::<f32>(p, 40, n, true, false, 0);
            check::<f64>(p, 40, n, true, true, 0);
        }
    }
}
