//! System: a symmetric system of a row's own, factored and solved.
//! In: M (r x r, f64, upper triangle) and a right side.  Out: x with M x = b, by Cholesky, and |R.T^-1 b|^2 = <b, x>.
//! Invariant: one thread, one order; a matrix that is singular to working precision is refused, never divided by.
//! Not here: what is done with one that is refused (see `run::grams`).
//!
//! M = R.T R, R upper (Golub and Van Loan 2013, section 4.2), r^3 / 3 flops and r^2 for each of the two triangular
//! systems. The right side is a further column of M, so that the first of these is solved while M is factored. Loops:
//! four rows of R, made one after the other; for the rows below, four at a time, what these four take away from them,
//! all in registers.

use crate::simd::{Element, Job, Lanes, SimdLevel};

/// A pivot below this share of its diagonal entry says that the matrix is singular to working precision.
const LEAST_PIVOT: f64 = 1e-13;
/// Rows that are made, or changed, together.
const TOGETHER: usize = 4;

/// System for a system of side r: a row of `stride` numbers for each of M, the right side behind the last column.
#[derive(Debug)]
pub struct System {
    r: usize,
    stride: usize,
    numbers: Vec<f64>,
    diagonal: Vec<f64>,
}

impl System {
    /// For systems of side `r`.
    pub fn new(r: usize) -> Self {
        let stride = (r + 1).next_multiple_of(8);
        Self { r, stride, numbers: vec![0.0; r * stride], diagonal: vec![0.0; r] }
    }

    /// Sets the system up: the upper triangle of `gram` with `shift` on the diagonal.
    pub fn load(&mut self, gram: &[f64], shift: f64, side: &dyn Fn(usize) -> f64) {
        let (r, stride) = (self.r, self.stride);
        for k in 0..r {
            self.numbers[k * stride + k..k * stride + r].copy_from_slice(&gram[k * r + k..(k + 1) * r]);
            self.numbers[k * stride + k] += shift;
            self.diagonal[k] = self.numbers[k * stride + k];
            self.numbers[k * stride + r] = side(k);
        }
    }

    /// The squared length of R d.
    pub fn length(&self, level: SimdLevel, d: &[f64]) -> f64 {
        assert_eq!(d.len(), self.r, "a number for each column");
        f64::at_level(level, Length { room: self, d })
    }
}

/// Factors the system in `room` and puts its solution into `x`; gives <side, x>, or `None` where a pivot is too small.
///
/// # Panics
/// Where x does not fit.
pub fn solve(level: SimdLevel, room: &mut System, x: &mut [f64]) -> Option<f64> {
    assert_eq!(x.len(), room.r, "a number for each column");
    f64::at_level(level, Solve { room, x })
}

struct Solve<'a> {
    room: &'a mut System,
    x: &'a mut [f64],
}

impl Job<f64> for Solve<'_> {
    type Out = Option<f64>;
    #[inline(always)]
    // SAFETY: asks for no more than the trait says.
    unsafe fn run<L: Lanes<Num = f64>>(self) -> Option<f64> {
        let System { r, stride, numbers, diagonal } = self.room;
        let (r, stride, a) = (*r, *stride, numbers.as_mut_ptr());
        // SAFETY: r rows of `stride` > r numbers each; the level is there.
        unsafe {
            for k in (0..r).step_by(TOGETHER) {
                let end = (k + TOGETHER).min(r);
                for p in k..end {
                    for q in k..p {
                        take_away::<L, 1, 1>(a, stride, r, q, p);
                    }
                    let pivot = *a.add(p * stride + p);
                    if !(pivot > LEAST_PIVOT * diagonal[p] && pivot.is_finite()) {
                        return None;
                    }
                    let inverse = 1.0 / pivot.sqrt();
                    scale::<L>(a.add(p * stride), p, r + 1, inverse);
                    // What is divided by later.
                    diagonal[p] = inverse;
                }
                let mut i = end;
                while i + TOGETHER <= r {
                    take_away::<L, TOGETHER, TOGETHER>(a, stride, r, k, i);
                    i += TOGETHER;
                }
                while i < r {
                    take_away::<L, TOGETHER, 1>(a, stride, r, k, i);
                    i += 1;
                }
            }
            let mut total = 0.0;
            for k in 0..r {
                let y = *a.add(k * stride + r);
                total += y * y;
            }
            for k in (0..r).rev() {
                let known = dot::<L>(a.add(k * stride), self.x.as_ptr(), k + 1, r);
                self.x[k] = (*a.add(k * stride + r) - known) * diagonal[k];
            }
            Some(total)
        }
    }
}

/// Takes away from rows `i` to `i + I` what rows `p` to `p + P` of R say, in all columns from that of row i on.
///
/// # Safety
/// The rows are there; the level is, too.
#[inline(always)]
unsafe fn take_away<L: Lanes<Num = f64>, const P: usize, const I: usize>(
    a: *mut f64,
    stride: usize,
    r: usize,
    p: usize,
    i: usize,
) {
    // SAFETY: as above; columns before i are left of the diagonal, where nothing is read from.
    unsafe {
        let mut by = [[L::splat(0.0); P]; I];
        for row in 0..I {
            for q in 0..P {
                by[row][q] = L::splat(-*a.add((p + q) * stride + i + row));
            }
        }
        let mut at = i - i % L::LEN;
        // The stride is whole vectors of every level, and what lies behind the right side is of no account.
        while at < r + 1 {
            let mut from = [L::splat(0.0); P];
            for q in 0..P {
                from[q] = L::load(a.add((p + q) * stride + at));
            }
            for row in 0..I {
                let to = a.add((i + row) * stride + at);
                let mut sum = L::load(to);
                for q in 0..P {
                    sum = by[row][q].mul_add(from[q], sum);
                }
                sum.store(to);
            }
            at += L::LEN;
        }
    }
}

/// # Safety
/// `to` numbers from `row` on, whole vectors of them; the level is there.
#[inline(always)]
unsafe fn scale<L: Lanes<Num = f64>>(row: *mut f64, from: usize, to: usize, by: f64) {
    // SAFETY: as above.
    unsafe {
        let mut at = from - from % L::LEN;
        while at < to {
            L::load(row.add(at)).mul(L::splat(by)).store(row.add(at));
            at += L::LEN;
        }
    }
}

/// The sum of products from `from` to `to`.
///
/// # Safety
/// `to` numbers in both; the level is there.
#[inline(always)]
unsafe fn dot<L: Lanes<Num = f64>>(a: *const f64, b: *const f64, from: usize, to: usize) -> f64 {
    // SAFETY: as above.
    unsafe {
        let mut sum = L::splat(0.0);
        let mut at = from;
        while at + L::LEN <= to {
            sum = L::load(a.add(at)).mul_add(L::load(b.add(at)), sum);
            at += L::LEN;
        }
        if at < to {
            sum = L::load_first(a.add(at), to - at).mul_add(L::load_first(b.add(at), to - at), sum);
        }
        sum.sum()
    }
}

struct Length<'a> {
    room: &'a System,
    d: &'a [f64],
}

impl Job<f64> for Length<'_> {
    type Out = f64;
    #[inline(always)]
    // SAFETY: asks for no more than the trait says.
    unsafe fn run<L: Lanes<Num = f64>>(self) -> f64 {
        let System { r, stride, numbers, .. } = self.room;
        let mut total = 0.0;
        for k in 0..*r {
            // SAFETY: r numbers of both.
            let along = unsafe { dot::<L>(numbers.as_ptr().add(k * stride), self.d.as_ptr(), k, *r) };
            total += along * along;
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(r: usize) {
        let rows: Vec<f64> = (0..(r + 3) * r).map(|k| ((k * k) as f64 * 0.7).sin()).collect();
        let entry = |k: usize, l: usize| rows.chunks(r).map(|row| row[k] * row[l]).sum::<f64>();
        let gram: Vec<f64> =
            (0..r * r).map(|at| if at / r > at % r { f64::NAN } else { entry(at / r, at % r) }).collect();
        let truth: Vec<f64> = (0..r).map(|k| (k as f64).cos()).collect();
        let shift = 0.5;
        let side = |k: usize| (0..r).map(|l| entry(k, l) * truth[l]).sum::<f64>() + shift * truth[k];
        for level in SimdLevel::all() {
            let (mut room, mut x) = (System::new(r), vec![0.0; r]);
            room.load(&gram, shift, &side);
            let along = solve(level, &mut room, &mut x).unwrap();
            let expected: f64 = (0..r).map(|k| side(k) * truth[k]).sum();
            assert!((along - expected).abs() <= 1e-10 * expected, "{level:?} {r}: {along} {expected}");
            assert!((room.length(level, &truth) - expected).abs() <= 1e-10 * expected, "{level:?} {r}");
            let worst = x.iter().zip(&truth).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
            assert!(worst <= 1e-9, "{level:?} {r}: {worst:e}");
        }
    }

    #[test]
    fn systems_are_solved() {
        [1, 2, 3, 4, 5, 8, 17, 33, 64, 100].into_iter().for_each(check);
    }

    #[test]
    fn singular_systems_are_refused() {
        for level in SimdLevel::all() {
            for gram in [vec![1.0; 25], vec![0.0; 25], vec![f64::NAN; 25]] {
                let mut room = System::new(5);
                room.load(&gram, 0.0, &|_| 1.0);
                assert_eq!(solve(level, &mut room, &mut [0.0; 5]), None, "{level:?}");
            }
        }
    }
}
