//! Row CG: conjugate gradient steps towards the minimum of a row's quadratic, whose Gram is never made.
//! In: a row b and its linear term l, S (r x r), entries that choose rows a_j of a panel (m x r) with weights w_j.
//! Out: b moved, where <b, b G> - 2 <b, l> with G = S + scale sum_j w_j a_j.T a_j is lower by what is returned.
//! Invariant: one thread, one order; the quadratic never rises but for rounding.
//! Not here: the cut into rows for threads, how many steps (see `solve`).
//!
//! Hestenes and Stiefel 1952; Takacs, Pilaszy and Tikk 2011 for rows of ratings. A step takes 4 d r flops for d entries
//! and 2 r^2 for S, or r where S is diagonal; making G would take d r^2 and solving with it r^3 / 3. The d rows are
//! gathered once, and read once per step: eight rows at a time, whose products with the direction are summed up
//! together.

use super::row_gram::RowSum;
use crate::number::Number;
use crate::simd::{Element, Job, Lanes, SimdLevel, functions, prefetch_all};

/// Numbers of a vector: a multiple of this, so that every level has whole registers.
const PAD: usize = 16;
/// Rows that are gone through together.
const TOGETHER: usize = 8;
/// How many entries ahead rows of the panel are asked for.
const AHEAD: usize = 8;
/// Of the first residual's square, what is as good as nothing.
const DONE: f64 = 1e-13;

/// S, laid out for `row_cg`.
#[derive(Debug)]
pub struct SharedGram<T> {
    r: usize,
    /// `stride` numbers per row, zeros behind the last; the diagonal alone where nothing else is there.
    numbers: Vec<T>,
    diagonal: bool,
}

impl<T: Number> SharedGram<T> {
    /// S from its r x r numbers.
    pub fn new(numbers: &[f64], r: usize) -> Self {
        let stride = r.next_multiple_of(PAD);
        let diagonal = numbers.iter().enumerate().all(|(at, x)| *x == 0.0 || at / r == at % r);
        let mut own = vec![T::default(); if diagonal { stride } else { stride * stride }];
        for k in 0..r {
            for l in 0..r {
                match diagonal {
                    true if k == l => own[k] = T::from_f64(numbers[k * r + k]),
                    true => {}
                    false => own[k * stride + l] = T::from_f64(numbers[k * r + l]),
                }
            }
        }
        Self { r, numbers: own, diagonal }
    }
}

/// A row's quadratic <b, b G> - 2 <b, l>, where G = S + scale sum_j w_j a_j.T a_j is never made.
#[derive(Debug, Clone, Copy)]
pub struct RowQuadratic<'a, T> {
    /// l.
    pub linear: &'a [T],
    /// S.
    pub shared: &'a SharedGram<T>,
    /// The sum over the entries, whose two sides are the same.
    pub sum: RowSum<'a, T>,
}

/// Working arrays for a row's entries and its vectors.
#[derive(Debug)]
pub struct CgWorkspace<T> {
    rows: Vec<T>,
    weights: Vec<T>,
    vectors: [Vec<T>; 4],
}

impl<T: Number> CgWorkspace<T> {
    /// For rows of `r` numbers.
    pub fn new(r: usize) -> Self {
        let vector = || vec![T::default(); r.next_multiple_of(PAD)];
        Self { rows: Vec::new(), weights: Vec::new(), vectors: [vector(), vector(), vector(), vector()] }
    }
}

pub(crate) fn row_cg<T: Element>(
    level: SimdLevel,
    b: &mut [T],
    quadratic: RowQuadratic<'_, T>,
    steps: usize,
    workspace: &mut CgWorkspace<T>,
) -> f64 {
    let RowQuadratic { linear, shared, sum } = quadratic;
    let r = shared.r;
    assert!(b.len() == r && linear.len() == r && workspace.vectors[0].len() >= r, "rows of the length of S");
    assert!(sum.left.cols == r && sum.right.is_none(), "one panel, with columns for those of S");
    sum.check();
    gather(&sum, workspace);
    let [x, ..] = &mut workspace.vectors;
    x[..r].copy_from_slice(b);
    let fell = T::at_level(level, ConjugateGradients { linear, shared, steps, workspace });
    let x = &workspace.vectors[0][..r];
    if !(fell.is_finite() && x.iter().all(|x| x.to_f64().is_finite())) {
        return 0.0;
    }
    b.copy_from_slice(x);
    fell
}

/// The chosen rows side by side, `stride` numbers each, and their weights; zeros up to a multiple of `TOGETHER`.
fn gather<T: Element>(sum: &RowSum<'_, T>, workspace: &mut CgWorkspace<T>) {
    let RowSum { picked, scale, left, .. } = *sum;
    let (panel, r) = (left.whole_rows(), left.cols);
    let (count, stride) = (picked.weights.len(), r.next_multiple_of(PAD));
    let padded = count.next_multiple_of(TOGETHER);
    let scale = T::from_f64(scale);
    workspace.weights.clear();
    workspace.weights.extend(picked.weights.iter().map(|w| scale * *w));
    workspace.weights.resize(padded, T::default());
    workspace.rows.resize(padded * stride, T::default());
    for (at, row) in workspace.rows.chunks_exact_mut(stride).enumerate() {
        if at < count {
            let coming = picked.column((at + AHEAD).min(count - 1)) * r;
            prefetch_all(panel.as_ptr().wrapping_add(coming), r * size_of::<T>());
            let j = picked.column(at) * r;
            row[..r].copy_from_slice(&panel[j..j + r]);
            row[r..].fill(T::default());
        } else {
            row.fill(T::default());
        }
    }
}

/// A row's Gram: S, the chosen rows and their weights.
struct Gram<'a, T> {
    shared: &'a SharedGram<T>,
    rows: &'a [T],
    weights: &'a [T],
}

struct ConjugateGradients<'a, T> {
    linear: &'a [T],
    shared: &'a SharedGram<T>,
    steps: usize,
    workspace: &'a mut CgWorkspace<T>,
}

impl<T: Element> Job<T> for ConjugateGradients<'_, T> {
    type Out = f64;
    #[inline(always)]
    // SAFETY: asks for no more than the trait says.
    unsafe fn run<L: Lanes<Num = T>>(self) -> f64 {
        let Self { linear, shared, steps, workspace } = self;
        let CgWorkspace { rows, weights, vectors: [x, left, along, image] } = workspace;
        let (r, gram) = (linear.len(), Gram { shared, rows, weights });
        let mut fell = 0.0;
        // SAFETY: all vectors have whole registers; the level is there.
        unsafe {
            multiply::<L>(&gram, x, image);
            for k in 0..r {
                left[k] = linear[k] - image[k];
            }
            left[r..].fill(T::default());
            // Of size 1, by a power of two: its square and its curvature then stay within the range of f32.
            let size = power_of_two(left);
            left.iter_mut().for_each(|x| *x = *x * T::from_f64(size.recip()));
            along.copy_from_slice(left);
            let first = dot::<L>(left, left);
            let mut squares = first;
            for _ in 0..steps {
                multiply::<L>(&gram, along, image);
                let curvature = dot::<L>(along, image);
                if !(curvature > 0.0 && squares > DONE * first) {
                    break;
                }
                let length = squares / curvature;
                add::<L>(x, length * size, along);
                add::<L>(left, -length, image);
                fell += length * squares;
                let next = dot::<L>(left, left);
                let share = T::from_f64(next / squares);
                for k in 0..along.len() {
                    along[k] = left[k] + share * along[k];
                }
                squares = next;
            }
            fell * size * size
        }
    }
}

/// The power of two below the size of the largest of some numbers, between 2^-100 and 2^100; 1 where all are 0.
fn power_of_two<T: Number>(numbers: &[T]) -> f64 {
    const EXPONENT: u64 = 0x7ff << 52;
    let most = numbers.iter().fold(0.0, |most: f64, x| most.max(x.to_f64().abs()));
    if most == 0.0 { 1.0 } else { f64::from_bits(most.to_bits() & EXPONENT).clamp((-100f64).exp2(), 100f64.exp2()) }
}

functions! {
    /// `image` = `along` times the Gram. All vectors and rows are whole registers, here and below.
    fn multiply<L>(gram: &Gram<'_, L::Num>, along: &[L::Num], image: &mut [L::Num]) {
        let Gram { shared, rows, weights } = gram;
        let stride = along.len();
        if shared.diagonal {
            for at in (0..stride).step_by(L::LEN) {
                let own = L::load(shared.numbers.as_ptr().add(at));
                own.mul(L::load(along.as_ptr().add(at))).store(image.as_mut_ptr().add(at));
            }
        } else {
            image.fill(L::Num::default());
            for (k, shares) in along.chunks_exact(TOGETHER).enumerate() {
                let from = shared.numbers.as_ptr().add(k * TOGETHER * stride);
                add_rows::<L>((from, stride), shares.as_ptr(), image);
            }
        }
        let mut shares = [L::Num::default(); TOGETHER];
        for (k, weights) in weights.chunks_exact(TOGETHER).enumerate() {
            let from = rows.as_ptr().add(k * TOGETHER * stride);
            let mut sums = [L::splat(L::Num::default()); TOGETHER];
            for at in (0..stride).step_by(L::LEN) {
                let direction = L::load(along.as_ptr().add(at));
                for row in 0..TOGETHER {
                    sums[row] = L::load(from.add(row * stride + at)).mul_add(direction, sums[row]);
                }
            }
            L::sum_eight(sums, shares.as_mut_ptr());
            for row in 0..TOGETHER {
                shares[row] = weights[row] * shares[row];
            }
            add_rows::<L>((from, stride), shares.as_ptr(), image);
        }
    }

    /// `image` += `TOGETHER` rows, each times its share.
    fn add_rows<L>((from, stride): (*const L::Num, usize), shares: *const L::Num, image: &mut [L::Num]) {
        let mut by = [L::splat(L::Num::default()); TOGETHER];
        for row in 0..TOGETHER {
            by[row] = L::splat(*shares.add(row));
        }
        for at in (0..stride).step_by(L::LEN) {
            // Two sums, so that one need not wait for the other.
            let to = image.as_mut_ptr().add(at);
            let (mut even, mut odd) = (L::load(to), L::splat(L::Num::default()));
            for row in (0..TOGETHER).step_by(2) {
                even = L::load(from.add(row * stride + at)).mul_add(by[row], even);
                odd = L::load(from.add((row + 1) * stride + at)).mul_add(by[row + 1], odd);
            }
            even.add(odd).store(to);
        }
    }

    /// <a, b>, both of one length.
    fn dot<L>(a: &[L::Num], b: &[L::Num]) -> f64 {
        let mut sum = L::splat(L::Num::default());
        for at in (0..a.len()).step_by(L::LEN) {
            sum = L::load(a.as_ptr().add(at)).mul_add(L::load(b.as_ptr().add(at)), sum);
        }
        sum.sum().to_f64()
    }

    /// `to` += `by` * `what`.
    fn add<L>(to: &mut [L::Num], by: f64, what: &[L::Num]) {
        let by = L::splat(L::Num::from_f64(by));
        for at in (0..to.len()).step_by(L::LEN) {
            let sum = L::load(what.as_ptr().add(at)).mul_add(by, L::load(to.as_ptr().add(at)));
            sum.store(to.as_mut_ptr().add(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dense::View;
    use crate::rows::row_gram::Picked;
    use crate::tests::{epsilon, numbers};

    fn check<T: Element>(r: usize, d: usize, diagonal: bool) {
        let m = 60;
        let (panel, linear, start) = (numbers::<T>(m * r, 1.0), numbers::<T>(r, 2.0), numbers::<T>(r, 3.0));
        let weights: Vec<T> = (0..d).map(|k| T::from_f64(0.5 + (k % 3) as f64)).collect();
        let columns: Vec<u32> = (0..d).map(|k| (k * 37 % m) as u32).collect();
        let picked = Picked { columns: Some(&columns), weights: &weights };
        let own = |at: usize| match (at / r == at % r, diagonal) {
            (true, _) => 2.0,
            (false, true) => 0.0,
            (false, false) => 0.5 / (1.0 + (at / r).abs_diff(at % r) as f64),
        };
        let own: Vec<f64> = (0..r * r).map(own).collect();
        let mut gram = own.clone();
        for (k, &j) in columns.iter().enumerate() {
            let row = &panel[j as usize * r..(j as usize + 1) * r];
            (0..r * r).for_each(|at| {
                gram[at] += 0.7 * weights[k].to_f64() * row[at / r].to_f64() * row[at % r].to_f64();
            });
        }
        let value = |b: &[T]| -> f64 {
            let image = |k: usize| (0..r).map(|l| gram[k * r + l] * b[l].to_f64()).sum::<f64>();
            (0..r).map(|k| b[k].to_f64() * (image(k) - 2.0 * linear[k].to_f64())).sum()
        };
        let epsilon = epsilon::<T>();
        for level in SimdLevel::all() {
            let (shared, mut workspace) = (SharedGram::new(&own, r), CgWorkspace::new(r));
            let mut falls = Vec::new();
            for steps in [1, 3, 4 * r] {
                let mut b = start.clone();
                let sum = RowSum { picked, scale: 0.7, left: View::rows_of(&panel, r), right: None };
                let quadratic = RowQuadratic { linear: &linear, shared: &shared, sum };
                let fell = row_cg(level, &mut b, quadratic, steps, &mut workspace);
                let slack = 100.0 * epsilon * (value(&start).abs() + fell) * (r + d) as f64;
                assert!((value(&start) - value(&b) - fell).abs() <= slack, "{level:?} {r} {d} {steps}: {fell}");
                falls.push(fell);
                if steps > 3 {
                    // Where no small move helps.
                    for sign in [-1e-2, 1e-2] {
                        let near = |(k, b): (usize, &T)| T::from_f64(b.to_f64() + sign * (k as f64).cos());
                        let near: Vec<T> = b.iter().enumerate().map(near).collect();
                        assert!(value(&near) >= value(&b) - slack, "{level:?} {r} {d}");
                    }
                }
            }
            assert!(falls[0] > 0.0 && falls[0] <= falls[1] * 1.0001 && falls[1] <= falls[2] * 1.0001, "{falls:?}");
        }
    }

    #[test]
    fn rows_go_down_and_arrive() {
        for r in [1, 3, 16, 33, 64] {
            for d in [0, 1, 5, 40] {
                for diagonal in [true, false] {
                    check::<f32>(r, d, diagonal);
                    check::<f64>(r, d, diagonal);
                }
            }
        }
    }

    #[test]
    fn a_row_of_any_size_moves_by_the_same_bits() {
        let (r, m) = (33, 40);
        let (panel, linear, start) = (numbers::<f32>(m * r, 1.0), numbers::<f32>(r, 2.0), numbers::<f32>(r, 3.0));
        let weights = vec![1.0f32; m];
        let moved = |by: f32| {
            let scaled = |numbers: &[f32]| numbers.iter().map(|x| x * by).collect::<Vec<f32>>();
            let (linear, mut b) = (scaled(&linear), scaled(&start));
            let picked = Picked { columns: None, weights: &weights };
            let sum = RowSum { picked, scale: 1.0, left: View::rows_of(&panel, r), right: None };
            let quadratic = RowQuadratic { linear: &linear, shared: &SharedGram::new(&vec![0.5; r * r], r), sum };
            let fell = row_cg(SimdLevel::best(), &mut b, quadratic, 3, &mut CgWorkspace::new(r));
            (b.iter().map(|x| x / by).collect::<Vec<f32>>(), fell / f64::from(by) / f64::from(by))
        };
        assert!(moved(1.0).1 > 0.0);
        // Squares of residuals of this size are beyond f32.
        for by in [2f32.powi(70), 2f32.powi(-70)] {
            assert_eq!(moved(by), moved(1.0));
        }
    }

    #[test]
    fn what_is_not_a_number_stays_out() {
        let picked = Picked { columns: None, weights: &[] };
        let sum = RowSum { picked, scale: 1.0, left: View::rows_of(&[], 1), right: None };
        let quadratic = RowQuadratic { linear: &[f64::NAN], shared: &SharedGram::new(&[1.0], 1), sum };
        let mut b = [2.0];
        let fell = row_cg(SimdLevel::best(), &mut b, quadratic, 3, &mut CgWorkspace::new(1));
        assert_eq!((b, fell), ([2.0], 0.0));
    }
}
