//! Cholesky: small symmetric systems, factored and solved.
//! In: symmetric r x r matrices without negative eigenvalues, right sides.  Out: solutions.
//! Invariant: one order; a matrix that is singular to working precision is refused, never divided by, and made regular
//! by the least multiple of the identity, tried in steps, that lets it be factored.
//! Not here: which systems (the engine's).
//!
//! A matrix that many right sides have in common ([`Cholesky`]) is factored once, r^3 / 3 flops: without vector
//! registers where it is small, next to what is done for the rows nothing, and as that of a row where it is not. A
//! row's own matrix ([`RowSystem`]) is factored for one right side, M = R.T R with R upper (Golub and Van Loan 2013,
//! section 4.2), r^3 / 3 flops and r^2 for each of the two triangular systems. The right side is a further column of
//! M, so that the first of these is solved while M is factored. Loops: panels of rows of R that fit into the cache; in
//! each, four rows, made one after the other, and for the panel's rows below, four at a time, what these four subtract
//! from them; then for the rows below the panel what all of it subtracts, a few columns of four rows in registers. A
//! row that has 0 where it is multiplied is left out, so a matrix that is diagonal costs what reading it does.

use crate::simd::{Element, Job, Lanes, SimdLevel, functions};

/// A pivot below this share of its diagonal entry says that the matrix is singular to working precision.
const LEAST_PIVOT: f64 = 1e-13;
/// Of the mean of the diagonal: the first shift that is tried where none does not do.
const FIRST_SHIFT: f64 = 1e-13;
/// How many shifts are tried, each ten times the one before.
const SHIFTS: usize = 14;
/// Rows that are made, or changed, together.
const TOGETHER: usize = 4;
/// Rows of a panel, a multiple of these.
const PANEL: usize = 64;
/// The side from which on a matrix is factored in vector registers.
const WIDE: usize = 64;
/// The side of the squares in which a matrix is transposed.
const TILE: usize = 32;
/// Right sides that are solved together: each row of L is read once for all of them.
const SIDES: usize = 8;

/// What is added to the diagonal of `gram` (r x r) until it can be factored, one after the other: `least` times the
/// mean of the diagonal first. There is none where that mean is not positive and finite.
pub fn shifts(gram: &[f64], r: usize, least: f64) -> impl Iterator<Item = f64> + use<> {
    let scale = (0..r).map(|k| gram[k * r + k]).sum::<f64>() / r as f64;
    let first = (scale > 0.0 && scale.is_finite()).then_some(least * scale);
    let next = move |shift: &f64| Some(if *shift == 0.0 { FIRST_SHIFT * scale } else { 10.0 * shift });
    std::iter::successors(first, next).take(SHIFTS)
}

/// M = G + shift I = L L.T.
pub struct Cholesky {
    lower: Vec<f64>,
    /// L.T, where it is wide.
    upper: Vec<f64>,
    r: usize,
    /// What was added to the diagonal.
    pub shift: f64,
}

impl Cholesky {
    /// Factors `gram` (Golub and Van Loan 2013, algorithm 4.2.1) with at least the share `least` of the mean of the
    /// diagonal added to it; `None` where it is 0 or not finite.
    pub fn shifted(level: SimdLevel, gram: &[f64], r: usize, least: f64) -> Option<Self> {
        if r < WIDE {
            let of = |shift| Some(Self { lower: factor(gram, r, shift)?, upper: Vec::new(), r, shift });
            return shifts(gram, r, least).find_map(of);
        }
        let (mut system, mut unused) = (RowSystem::new(r), vec![0.0; r]);
        let shift = shifts(gram, r, least).find(|&shift| {
            system.load(gram, shift, &|_| 0.0);
            system.solve(level, &mut unused).is_some()
        })?;
        let (mut lower, mut upper) = (vec![0.0; r * r], vec![0.0; r * r]);
        for k in 0..r {
            let row = &system.numbers[k * system.stride..k * system.stride + r];
            upper[k * r + k..(k + 1) * r].copy_from_slice(&row[k..]);
        }
        // Square by square: of rows of a whole matrix each number would be another line of the cache.
        for (k, j) in (0..r).step_by(TILE).flat_map(|k| (k..r).step_by(TILE).map(move |j| (k, j))) {
            for at in j..(j + TILE).min(r) {
                (k..(k + TILE).min(at + 1)).for_each(|k| lower[at * r + k] = upper[k * r + at]);
            }
        }
        Some(Self { lower, upper, r, shift })
    }

    /// L^-1 b, in place.
    pub fn forward(&self, b: &mut [f64]) {
        let (l, r) = (&self.lower, self.r);
        for k in 0..r {
            let known: f64 = l[k * r..k * r + k].iter().zip(&b[..k]).map(|(x, y)| x * y).sum();
            b[k] = (b[k] - known) / l[k * r + k];
        }
    }

    /// M^-1, row by row.
    pub fn inverse(&self) -> Vec<f64> {
        let mut inverse = vec![0.0; self.r * self.r];
        (0..self.r).for_each(|k| inverse[k * self.r + k] = 1.0);
        self.solve_rows(&mut inverse);
        inverse
    }

    /// M^-1 b of every row b (r numbers), in place.
    pub fn solve_rows(&self, rows: &mut [f64]) {
        let (l, r) = (&self.lower, self.r);
        if self.upper.is_empty() {
            return rows.chunks_mut(r).for_each(|row| self.solve(row));
        }
        let less = |to: &mut [f64], by: f64, from: &[f64]| {
            if by != 0.0 {
                to.iter_mut().zip(from).for_each(|(t, f)| *t -= by * f);
            }
        };
        for rows in rows.chunks_mut(SIDES * r) {
            for k in 0..r {
                let upper = &self.upper[k * r..(k + 1) * r];
                for row in rows.chunks_mut(r) {
                    row[k] /= upper[k];
                    let known = row[k];
                    less(&mut row[k + 1..], known, &upper[k + 1..]);
                }
            }
            for k in (0..r).rev() {
                let lower = &l[k * r..k * r + k + 1];
                for row in rows.chunks_mut(r) {
                    row[k] /= lower[k];
                    let known = row[k];
                    less(&mut row[..k], known, &lower[..k]);
                }
            }
        }
    }

    /// M^-1 b, in place.
    pub fn solve(&self, b: &mut [f64]) {
        self.forward(b);
        let (l, r) = (&self.lower, self.r);
        for k in (0..r).rev() {
            b[k] /= l[k * r + k];
            let done = b[k];
            for i in 0..k {
                b[i] -= l[k * r + i] * done;
            }
        }
    }
}

fn factor(gram: &[f64], r: usize, shift: f64) -> Option<Vec<f64>> {
    let mut l = vec![0.0; r * r];
    for k in 0..r {
        let diagonal = gram[k * r + k] + shift;
        for i in k..r {
            let known: f64 = (0..k).map(|p| l[i * r + p] * l[k * r + p]).sum();
            if i == k {
                let pivot = diagonal - known;
                if !(pivot > LEAST_PIVOT * diagonal && pivot.is_finite()) {
                    return None;
                }
                l[k * r + k] = pivot.sqrt();
            } else {
                l[i * r + k] = (gram[i * r + k] - known) / l[k * r + k];
            }
        }
    }
    Some(l)
}

/// The system of a row: a row of `stride` numbers for each of M, the right side behind the last column.
#[derive(Debug)]
pub struct RowSystem {
    r: usize,
    stride: usize,
    numbers: Vec<f64>,
    diagonal: Vec<f64>,
}

impl RowSystem {
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
        f64::at_level(level, Length { system: self, d })
    }

    /// Factors the system and puts its solution into `x`; gives <side, x> = |R.T^-1 side|^2, or `None` where a pivot
    /// is too small.
    ///
    /// # Panics
    /// Where x does not fit.
    pub fn solve(&mut self, level: SimdLevel, x: &mut [f64]) -> Option<f64> {
        assert_eq!(x.len(), self.r, "a number for each column");
        f64::at_level(level, Solve { system: self, x })
    }
}

struct Solve<'a> {
    system: &'a mut RowSystem,
    x: &'a mut [f64],
}

impl Job<f64> for Solve<'_> {
    type Out = Option<f64>;
    #[inline(always)]
    // SAFETY: asks for no more than the trait says.
    unsafe fn run<L: Lanes<Num = f64>>(self) -> Option<f64> {
        let RowSystem { r, stride, numbers, diagonal } = self.system;
        let (r, stride, a) = (*r, *stride, numbers.as_mut_ptr());
        // SAFETY: r rows of `stride` > r numbers each; the level is there.
        unsafe {
            for k in (0..r).step_by(TOGETHER) {
                let end = (k + TOGETHER).min(r);
                let panel = k - k % PANEL;
                let below = (panel + PANEL).min(r);
                for p in k..end {
                    for q in k..p {
                        downdate::<L, 1, 1>(a, stride, r, q, p);
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
                while i + TOGETHER <= below {
                    downdate::<L, TOGETHER, TOGETHER>(a, stride, r, k, i);
                    i += TOGETHER;
                }
                while i < below {
                    downdate::<L, TOGETHER, 1>(a, stride, r, k, i);
                    i += 1;
                }
                if end < below {
                    continue;
                }
                while i + TOGETHER <= r {
                    downdate_by_panel::<L, TOGETHER>(a, stride, panel, i);
                    i += TOGETHER;
                }
                while i < r {
                    downdate_by_panel::<L, 1>(a, stride, panel, i);
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

functions! {
    /// Subtracts from rows `i` to `i + I` the products with rows `p` to `p + P` of R, in all columns from that of row i
    /// on: what lies left of the diagonal is not read from.
    fn downdate<L: Lanes<Num = f64>, const P: usize, const I: usize>(
        a: *mut f64,
        stride: usize,
        r: usize,
        p: usize,
        i: usize,
    ) {
        let mut by = [[L::splat(0.0); P]; I];
        for row in 0..I {
            for q in 0..P {
                by[row][q] = L::splat(-*a.add((p + q) * stride + i + row));
            }
        }
        if (0..I).all(|row| (0..P).all(|q| *a.add((p + q) * stride + i + row) == 0.0)) {
            return;
        }
        let mut at = i - i % L::LEN;
        // The stride is whole vectors of every level, and nothing reads what lies behind the right side.
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

    /// The same with all rows of the panel from `p` on.
    fn downdate_by_panel<L: Lanes<Num = f64>, const I: usize>(a: *mut f64, stride: usize, p: usize, i: usize) {
        let (mut by, mut rows, mut count) = ([[0.0; I]; PANEL], [0; PANEL], 0);
        for q in p..p + PANEL {
            for row in 0..I {
                by[count][row] = -*a.add(q * stride + i + row);
            }
            rows[count] = q * stride;
            count += usize::from(by[count].iter().any(|number| *number != 0.0));
        }
        let mut at = i - i % L::LEN;
        while at + 2 * L::LEN <= stride {
            downdate_columns::<L, I, 2>(a, stride, (i, at), &by[..count], &rows[..count]);
            at += 2 * L::LEN;
        }
        if at < stride {
            downdate_columns::<L, I, 1>(a, stride, (i, at), &by[..count], &rows[..count]);
        }
    }

    /// Adds to V vectors of rows `i` to `i + I`, from column `at` on, the rows that begin at `rows`, times `by`.
    fn downdate_columns<L: Lanes<Num = f64>, const I: usize, const V: usize>(
        a: *mut f64,
        stride: usize,
        (i, at): (usize, usize),
        by: &[[f64; I]],
        rows: &[usize],
    ) {
        let mut sums = [[L::splat(0.0); V]; I];
        for row in 0..I {
            for v in 0..V {
                sums[row][v] = L::load(a.add((i + row) * stride + at + v * L::LEN));
            }
        }
        for (by, &begin) in by.iter().zip(rows) {
            let mut from = [L::splat(0.0); V];
            for v in 0..V {
                from[v] = L::load(a.add(begin + at + v * L::LEN));
            }
            for row in 0..I {
                for v in 0..V {
                    sums[row][v] = L::splat(by[row]).mul_add(from[v], sums[row][v]);
                }
            }
        }
        for row in 0..I {
            for v in 0..V {
                sums[row][v].store(a.add((i + row) * stride + at + v * L::LEN));
            }
        }
    }

    /// Multiplies the numbers of a row up to `to`, in whole vectors from that which holds number `from` on.
    fn scale<L: Lanes<Num = f64>>(row: *mut f64, from: usize, to: usize, by: f64) {
        let mut at = from - from % L::LEN;
        while at < to {
            L::load(row.add(at)).mul(L::splat(by)).store(row.add(at));
            at += L::LEN;
        }
    }

    /// The sum of products from `from` to `to`.
    fn dot<L: Lanes<Num = f64>>(a: *const f64, b: *const f64, from: usize, to: usize) -> f64 {
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
    system: &'a RowSystem,
    d: &'a [f64],
}

impl Job<f64> for Length<'_> {
    type Out = f64;
    #[inline(always)]
    // SAFETY: asks for no more than the trait says.
    unsafe fn run<L: Lanes<Num = f64>>(self) -> f64 {
        let RowSystem { r, stride, numbers, .. } = self.system;
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
mod tests;
