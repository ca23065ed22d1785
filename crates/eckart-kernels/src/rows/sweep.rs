//! Sweep: coordinate descent for the rows of a factor, each by itself.
//! In: W and B (n x r), G (r x r), penalty and bounds.  Out: W moved, and what each sweep gained.
//! Invariant: one thread: a row's bits depend on its own numbers and the level alone; no sweep raises the objective.
//! Not here: where G and B come from, and when to stop (see `solve`).
//!
//! Minimizes w G w' - 2 b w' + 2 t |w|_1, t = l1 / 2, over lower <= w <= upper, coordinate after coordinate:
//! g = (G w)_k - b_k, w_k = clamp(soft(w_k - g / G_kk, t / G_kk)). 2 n r^2 flops and about 20 n r for the moves per
//! sweep; 3 n r numbers are read or written once. Loops: batches of rows, transposed so that lanes are rows; sweeps;
//! four coordinates together, whose sums over all others are made at once; then these four one after the other.
//!
//! Measured on Zen 4, 10,000 rows, one sweep (five: a sweep's share), in ms: f32 at rank 8, 16, 32, 64, 100 0.059,
//! 0.135, 0.355, 1.10, 2.69 (0.042, 0.098, 0.28, 0.93, 2.16, which is 79 % of the peak at rank 100 and 62 % at 32),
//! f64 0.110, 0.259, 0.688, 2.66, 5.55 (0.082, 0.195, 0.56, 1.96, 4.26).
//!
//! Rejected, by reckoning: lanes along k, a row at a time (each move waits for the one before, and takes a number out
//! of a register); one coordinate at a time (a load for each multiplication).

use super::regularizer::Regularizer;
use crate::dense::View;
use crate::number::Number;
use crate::simd::{Element, Job, Lanes, SimdLevel, functions};

/// A [`Regularizer`] in the type of the numbers.
#[derive(Clone, Copy)]
struct Params<T> {
    /// Half the weight of |w|.
    t: T,
    lower: T,
    upper: T,
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SweepStats {
    /// By how much the objective fell: a sum of what each move gained, which cannot cancel.
    pub decrease: f64,
    /// The sum over all moves of the size of the projected half gradient before the move, as scikit-learn has it.
    pub violation: f64,
}

/// Coordinates that are moved after one look at all others.
const TOGETHER: usize = 4;

pub(crate) fn sweep<T: Element>(
    level: SimdLevel,
    w: &mut [T],
    b: &[T],
    g: View<'_, T>,
    regularizer: Regularizer,
    done: &mut [SweepStats],
) {
    let (g, r) = (g.whole_rows(), g.cols);
    assert_eq!(w.len(), b.len(), "a number of B for each of W");
    assert_eq!(g.len(), r * r, "a row and a column of G for each coordinate");
    if r == 0 || w.is_empty() {
        return;
    }
    assert_eq!(w.len() % r, 0, "whole rows");
    let Regularizer { l1, lower, upper } = regularizer;
    let params = Params { t: T::from_f64(0.5 * l1), lower: T::from_f64(lower), upper: T::from_f64(upper) };
    if params.t > T::default() {
        T::at_level(level, Sweep::<T, true> { w, b, g, r, params, done });
    } else {
        T::at_level(level, Sweep::<T, false> { w, b, g, r, params, done });
    }
}

struct Sweep<'a, T, const SOFT: bool> {
    w: &'a mut [T],
    b: &'a [T],
    g: &'a [T],
    r: usize,
    params: Params<T>,
    done: &'a mut [SweepStats],
}

impl<T: Element, const SOFT: bool> Job<T> for Sweep<'_, T, SOFT> {
    type Out = ();
    // SAFETY: asks for no more than the trait says.
    #[inline(always)]
    unsafe fn run<L: Lanes<Num = T>>(self) {
        // SAFETY: the level is there, says the caller.
        unsafe { if L::REGISTERS >= 32 { batches::<L, SOFT, 4>(self) } else { batches::<L, SOFT, 2>(self) } }
    }
}

/// # Safety
/// `sweep` has checked the sides; the level is there.
#[inline(always)]
unsafe fn batches<L: Lanes, const SOFT: bool, const V: usize>(job: Sweep<'_, L::Num, SOFT>) {
    let (r, high) = (job.r, V * L::LEN);
    // Columns of W and B, from where a line of memory begins: else each vector would lie in two.
    let spare = 64 / size_of::<L::Num>();
    let mut workspace = vec![L::Num::default(); 2 * r * high + spare];
    let start = workspace.as_ptr().align_offset(64).min(spare);
    let (columns_w, columns_b) = workspace[start..][..2 * r * high].split_at_mut(r * high);
    for (w, b) in job.w.chunks_mut(high * r).zip(job.b.chunks(high * r)) {
        let rows = w.len() / r;
        // SAFETY: the rows are there, and there is space for `high` of them.
        unsafe {
            transpose::<L>((w.as_ptr(), r, rows), r, (columns_w.as_mut_ptr(), high));
            transpose::<L>((b.as_ptr(), r, rows), r, (columns_b.as_mut_ptr(), high));
        }
        let batch =
            Batch { w: columns_w.as_mut_ptr(), b: columns_b.as_ptr(), g: job.g.as_ptr(), r, params: job.params };
        for done in job.done.iter_mut() {
            // SAFETY: r rows of V vectors each in both, and r x r numbers in g.
            let (gains, slopes) = unsafe { once::<L, SOFT, V>(batch) };
            for v in 0..V {
                let within = rows.saturating_sub(v * L::LEN).min(L::LEN);
                // SAFETY: the level is there.
                unsafe {
                    done.decrease += sum_of(gains[v], within);
                    done.violation += sum_of(slopes[v], within);
                }
            }
        }
        // SAFETY: as above, the other way round.
        unsafe { transpose::<L>((columns_w.as_ptr(), high, r), rows, (w.as_mut_ptr(), r)) };
    }
}

/// The sum of the first `count` lanes.
///
/// # Safety
/// The level is there.
#[inline(always)]
unsafe fn sum_of<L: Lanes>(sums: L, count: usize) -> f64 {
    let mut lanes = [L::Num::default(); 64];
    // SAFETY: no register holds more than 64.
    unsafe { sums.store(lanes.as_mut_ptr()) };
    lanes[..count].iter().map(|x| x.to_f64()).sum()
}

functions! {
    /// Writes `rows` rows of `cols` numbers as columns; a stride goes with each pointer.
    pub(super) fn transpose<L>(
        (from, stride, rows): (*const L::Num, usize, usize),
        cols: usize,
        (to, to_stride): (*mut L::Num, usize),
    ) {
        let (whole_rows, whole_cols) = (rows - rows % L::SQUARE, cols - cols % L::SQUARE);
        for j in (0..whole_cols).step_by(L::SQUARE) {
            for i in (0..whole_rows).step_by(L::SQUARE) {
                L::transpose(from.add(i * stride + j), stride, to.add(j * to_stride + i), to_stride);
            }
        }
        for j in 0..cols {
            for i in if j < whole_cols { whole_rows } else { 0 }..rows {
                *to.add(j * to_stride + i) = *from.add(i * stride + j);
            }
        }
    }
}

/// Rows that are swept together: number k of all of them is from k V LEN on.
#[derive(Clone, Copy)]
struct Batch<T> {
    w: *mut T,
    b: *const T,
    g: *const T,
    r: usize,
    params: Params<T>,
}

functions! {
    /// One sweep; gives decrease and violation, lane by lane.
    fn once<L, const SOFT: bool, const V: usize>(batch: Batch<L::Num>) -> ([L; V], [L; V]) {
        let nothing = [L::splat(L::Num::default()); V];
        let mut tally = (nothing, nothing);
        let whole = batch.r - batch.r % TOGETHER;
        for k in (0..whole).step_by(TOGETHER) {
            some::<L, SOFT, V, TOGETHER>(batch, k, &mut tally);
        }
        for k in whole..batch.r {
            some::<L, SOFT, V, 1>(batch, k, &mut tally);
        }
        tally
    }

    /// Moves coordinates `k` to `k + K`, which are there.
    fn some<L, const SOFT: bool, const V: usize, const K: usize>(
        batch: Batch<L::Num>,
        k: usize,
        tally: &mut ([L; V], [L; V]),
    ) {
        let (r, high) = (batch.r, V * L::LEN);
        let mut slopes = [[L::splat(L::Num::default()); V]; K];
        for c in 0..K {
            for v in 0..V {
                slopes[c][v] = slopes[c][v].sub(L::load(batch.b.add((k + c) * high + v * L::LEN)));
            }
        }
        for l in 0..r {
            let mut w = [L::splat(L::Num::default()); V];
            for v in 0..V {
                w[v] = L::load(batch.w.add(l * high + v * L::LEN));
            }
            for c in 0..K {
                let x = L::splat(*batch.g.add(l * r + k + c));
                for v in 0..V {
                    slopes[c][v] = x.mul_add(w[v], slopes[c][v]);
                }
            }
        }
        for c in 0..K {
            let curve = *batch.g.add((k + c) * (r + 1));
            if curve > L::Num::default() {
                for v in 0..V {
                    let at = batch.w.add((k + c) * high + v * L::LEN);
                    let step = step::<L, SOFT>(L::load(at), slopes[c][v], curve, batch.params);
                    step.to.store(at);
                    tally.0[v] = tally.0[v].add(step.gain);
                    tally.1[v] = tally.1[v].add(step.slope);
                    for d in c + 1..K {
                        let x = L::splat(*batch.g.add((k + c) * r + k + d));
                        slopes[d][v] = x.mul_add(step.by, slopes[d][v]);
                    }
                }
            }
        }
    }
}

struct Step<L> {
    to: L,
    by: L,
    gain: L,
    slope: L,
}

functions! {
    /// Moves `w`, where the half gradient is `g` and the curvature `curve` > 0.
    fn step<L, const SOFT: bool>(w: L, g: L, curve: L::Num, params: Params<L::Num>) -> Step<L> {
        let zero = L::splat(L::Num::default());
        let (lower, upper) = (L::splat(params.lower), L::splat(params.upper));
        let (curve, inverse) = (L::splat(curve), L::splat(L::Num::from_f64(1.0) / curve));
        let (t, minus_t) = (L::splat(params.t), L::splat(-params.t));
        let mut to = w.sub(g.mul(inverse));
        let mut slope = g;
        if SOFT {
            let most = t.mul(inverse);
            to = to.sub(most.min(zero.sub(most).max(to)));
            // The side on which w lies, or at zero what the penalty leaves of the gradient.
            let at_zero = g.sub(t.min(minus_t.max(g)));
            let below = zero.where_le(w, at_zero, g.add(minus_t));
            slope = w.where_le(zero, below, g.add(t));
        }
        // The bound comes first, so that NaN is not made a bound.
        to = upper.min(lower.max(to));
        slope = w.where_le(lower, slope.min(zero), slope);
        slope = upper.where_le(w, slope.max(zero), slope);
        let by = to.sub(w);
        let minus = zero.sub(g.add(g)).sub(curve.mul(by));
        let mut gain = by.mul(minus);
        if SOFT {
            let grown = to.max(zero.sub(to)).sub(w.max(zero.sub(w)));
            gain = gain.sub(t.add(t).mul(grown));
        }
        Step { to, by, gain, slope: slope.max(zero.sub(slope)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{epsilon, f64s};

    /// The same in plain f64.
    fn plainly(w: &mut [f64], b: &[f64], g: View<'_>, regularizer: Regularizer) -> SweepStats {
        let (r, g, Regularizer { l1, lower, upper }) = (g.cols, g.whole_rows(), regularizer);
        let t = 0.5 * l1;
        let mut done = SweepStats::default();
        let soft = |x: f64, t: f64| x.signum() * (x.abs() - t).max(0.0);
        for (w, b) in w.chunks_mut(r).zip(b.chunks(r)) {
            for k in 0..r {
                let curve = g[k * r + k];
                if curve <= 0.0 {
                    continue;
                }
                let slope = (0..r).map(|l| g[k * r + l] * w[l]).sum::<f64>() - b[k];
                let side = if w[k] == 0.0 { soft(slope, t) } else { slope + w[k].signum() * t };
                let side = if w[k] <= lower { side.min(0.0) } else { side };
                done.violation += if w[k] >= upper { side.max(0.0) } else { side }.abs();
                let to = soft(w[k] - slope / curve, t / curve).max(lower).min(upper);
                let by = to - w[k];
                done.decrease += -(2.0 * slope * by + curve * by * by) - l1 * (to.abs() - w[k].abs());
                w[k] = to;
            }
        }
        done
    }

    fn objective(w: &[f64], b: &[f64], g: &[f64], r: usize, l1: f64) -> f64 {
        let row = |w: &[f64], b: &[f64]| -> f64 {
            (0..r)
                .map(|k| w[k] * ((0..r).map(|l| g[k * r + l] * w[l]).sum::<f64>() - 2.0 * b[k]) + l1 * w[k].abs())
                .sum()
        };
        w.chunks(r).zip(b.chunks(r)).map(|(w, b)| row(w, b)).sum()
    }

    fn check<T: Element>(n: usize, r: usize, l1: f64, lower: f64, upper: f64) {
        let numbers = |len: usize, seed: f64| -> Vec<T> {
            (0..len).map(|k| T::from_f64((seed + (k * k) as f64 * 0.7).sin())).collect()
        };
        let a = numbers((r + 2) * r, 1.0);
        let mut g = vec![T::default(); r * r];
        for (k, l) in (0..r * r).map(|at| (at / r, at % r)) {
            let sum: f64 = a.chunks(r).map(|row| row[k].to_f64() * row[l].to_f64()).sum();
            // Nothing depends on one coordinate.
            g[k * r + l] = T::from_f64(if r > 2 && (k == 2 || l == 2) { 0.0 } else { sum });
        }
        let b = numbers(n * r, 2.0);
        let start: Vec<T> =
            numbers(n * r, 3.0).iter().map(|x| T::from_f64(x.to_f64().max(lower.max(0.0)).min(upper))).collect();
        let epsilon = epsilon::<T>();
        // As the type of the numbers has it.
        let in_type = |x: f64| T::from_f64(x).to_f64();
        let regularizer = Regularizer { l1: 2.0 * in_type(l1), lower, upper };
        let (wide_b, wide_g) = (f64s(&b), f64s(&g));
        for level in SimdLevel::all() {
            let (mut w, mut expected) = (start.clone(), f64s(&start));
            let mut done = [SweepStats::default(); 3];
            sweep(level, &mut w, &b, View::rows_of(&g, r), regularizer, &mut done);
            let before = objective(&expected, &wide_b, &wide_g, r, regularizer.l1);
            let bound = 200.0 * epsilon * (n * r * r) as f64;
            for done in done {
                let plain = plainly(&mut expected, &wide_b, View::rows_of(&wide_g, r), regularizer);
                assert!((done.decrease - plain.decrease).abs() <= bound, "{level:?} {n} {r}: {done:?} {plain:?}");
                assert!((done.violation - plain.violation).abs() <= bound, "{level:?} {n} {r}: {done:?} {plain:?}");
                assert!(done.decrease >= -bound * 1e-3, "{done:?}");
            }
            for (x, y) in w.iter().zip(&expected) {
                assert!((x.to_f64() - y).abs() <= 2000.0 * epsilon * r as f64, "{level:?} {n} {r}: {x:?} {y}");
                assert!(*x >= T::from_f64(lower) && *x <= T::from_f64(upper));
            }
            let after = objective(&f64s(&w), &wide_b, &wide_g, r, regularizer.l1);
            let fell: f64 = done.iter().map(|done| done.decrease).sum();
            assert!((before - after - fell).abs() <= bound, "{level:?} {n} {r}: {before} {after} {fell}");
        }
    }

    #[test]
    fn sweeps_agree_with_plain_ones() {
        let free = f64::INFINITY;
        for (n, r) in [(1, 1), (1, 9), (37, 3), (70, 10), (130, 33), (5, 64)] {
            for (l1, lower, upper) in [(0.0, 0.0, free), (0.0, -free, free), (0.3, -free, free), (0.2, 0.0, 0.5)] {
                check::<f32>(n, r, l1, lower, upper);
                check::<f64>(n, r, l1, lower, upper);
            }
        }
    }

    #[test]
    fn a_row_does_not_depend_on_its_neighbours() {
        let (r, n) = (5, 40);
        let numbers = |seed: f64| -> Vec<f64> { (0..n * r).map(|k| (seed + k as f64).sin().abs()).collect() };
        let g: Vec<f64> = (0..r * r).map(|at| if at % (r + 1) == 0 { 3.0 } else { 0.5 }).collect();
        let (g, nonnegative) = (View::rows_of(&g, r), Regularizer { lower: 0.0, ..Regularizer::NONE });
        for level in SimdLevel::all() {
            let (mut all, b) = (numbers(1.0), numbers(2.0));
            let mut one = all[7 * r..8 * r].to_vec();
            sweep(level, &mut all, &b, g, nonnegative, &mut [SweepStats::default(); 2]);
            sweep(level, &mut one, &b[7 * r..8 * r], g, nonnegative, &mut [SweepStats::default(); 2]);
            assert_eq!(one, all[7 * r..8 * r]);
        }
    }
}
