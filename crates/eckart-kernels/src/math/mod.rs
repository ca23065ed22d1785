//! Math: exp, log and their kin on whole registers.
//! In: registers of f32 or f64.  Out: registers.
//! Invariant: at most 2 ulp from the true value at every level, subnormal numbers included; at 0, -0, infinity, `NaN`
//! and below 0 what the rows of `expr::Op` say.
//! Not here: powers (see `power`), the coefficients (see `constants`), loops over slices (see `tile`).
//!
//! The worst errors found, in ulp (f32: every ninth number there is, f64: 4 million each):
//!
//! |     | exp  | log  | x log x | sigmoid | softplus | power |
//! | --- | ---- | ---- | ------- | ------- | -------- | ----- |
//! | f32 | 0.77 | 0.83 | 1.60    | 1.98    | 1.50     | 0.78  |
//! | f64 | 0.77 | 0.79 | 1.56    | 1.80    | 1.44     | 0.93  |
//!
//! Nothing branches, so that all lanes do the same. The methods are the usual ones (Cody and Waite 1980; Tang 1989,
//! 1990; fdlibm's log; the sums in two parts are Dekker's of 1971); the coefficients are ours.

mod constants;
mod power;
#[cfg(test)]
mod precise;
#[cfg(test)]
mod tests;

pub(crate) use constants::Constants;
pub(crate) use power::pow;

use crate::simd::{Lanes, functions};

/// A number in two parts: high, and what is missing there.
type Parts<L> = (L, L);

functions! {
    /// All lanes the same.
    fn all<L>(x: L::Num) -> L { L::splat(x) }

    /// A polynomial, the constant term first, given x and x^2. A long one has its even and its odd powers apart, which
    /// halves the wait of each step for the one before (5 to 10 % of exp and log in f64; it costs a short one more than
    /// it brings).
    fn polynomial<L>(x: L, square: L, coefficients: &[L::Num]) -> L {
        let last = coefficients.len() - 1;
        let mut one = all::<L>(coefficients[last]);
        if last < 6 {
            for k in (0..last).rev() {
                one = one.mul_add(x, all(coefficients[k]));
            }
            return one;
        }
        let mut other = all::<L>(coefficients[last - 1]);
        for k in (0..last - 1).rev() {
            (one, other) = (other, one.mul_add(square, all(coefficients[k])));
        }
        one.mul_add(x, other)
    }

    /// a + b in two parts, where |a| >= |b| or a = 0.
    fn sum<L>(a: L, b: L) -> Parts<L> {
        let sum = a.add(b);
        (sum, b.sub(sum.sub(a)))
    }

    pub(crate) fn abs<L>(x: L) -> L { x.and(all(L::Num::ABS_BITS)) }

    /// The greater of two, `NaN` where either is.
    pub(crate) fn maximum<L>(a: L, b: L) -> L { L::choose(b.equal(b), b.max(a), b) }

    /// The lesser of two, `NaN` where either is.
    pub(crate) fn minimum<L>(a: L, b: L) -> L { L::choose(b.equal(b), b.min(a), b) }

    /// 1 where a > b, else 0.
    pub(crate) fn greater<L>(a: L, b: L) -> L { L::choose(b.less(a), all(L::Num::ONE), all(L::Num::default())) }

    /// -1, 0 or 1; `NaN` of itself.
    pub(crate) fn sign<L>(x: L) -> L {
        let (zero, one) = (all::<L>(L::Num::default()), all::<L>(L::Num::ONE));
        let side = one.or(x.and(all(L::Num::SIGN_BIT)));
        L::choose(zero.less(abs(x)), side, x)
    }

    /// e^x: 0 where x is below all limits, infinite above, `NaN` of `NaN`.
    pub(crate) fn exp<L>(x: L) -> L {
        let (n, r) = reduce(x);
        exp_of_parts(n, r)
    }

    /// x = n log 2 + r with whole n and |r| <= log(2) / 2, r in two parts; x within what exp has values for.
    fn reduce<L>(x: L) -> (L, Parts<L>) {
        // The second argument of `max` and `min` is what comes out for `NaN`.
        let x = all::<L>(L::Num::EXP_LEAST).max(all::<L>(L::Num::EXP_MOST).min(x));
        let n = x.mul_add(all(L::Num::LOG2_E), all(L::Num::ROUNDING)).sub(all(L::Num::ROUNDING));
        let near = n.mul_add(all(L::Num::MINUS_LN2_HIGH), x); // Exact.
        let r = n.mul_add(all(L::Num::MINUS_LN2_LOW), near);
        (n, (r, n.mul_add(all(L::Num::MINUS_LN2_LOW), near.sub(r))))
    }

    /// 2^n e^r.
    fn exp_of_parts<L>(n: L, (r, r_low): Parts<L>) -> L {
        // (1 + r in two parts) + (r_low + r^2 p), the small ones first.
        let (high, low) = sum(all(L::Num::ONE), r);
        let square = r.mul(r);
        let p = polynomial(r, square, L::Num::EXP);
        square.mul_add(p, low.add(r_low)).add(high).scale(n)
    }

    /// x = 2^k m with m from sqrt(1/2) to sqrt(2), of a positive finite x: (k, m).
    fn decompose<L>(x: L) -> (L, L) {
        let subnormal = x.less(all(L::Num::LEAST));
        let x = L::choose(subnormal, x.mul(all(L::Num::LIFT)), x);
        let shifted = x.add_bits(all(L::Num::SQRT_HALF_TO_ONE));
        let k = shifted.of_exponent().or(all(L::Num::WHOLE)).sub(all(L::Num::WHOLE_AND_BIAS));
        let k = L::choose(subnormal, k.sub(all(L::Num::LIFTED_BY)), k);
        let m = shifted.and(all(L::Num::MANTISSA_BITS)).add_bits(all(L::Num::SQRT_HALF));
        (k, m)
    }

    /// k log 2 + log(1 + f), for f from -0.3 to 0.5 and whole k.
    fn log_of_parts<L>(k: L, f: L) -> L {
        let s = f.div(f.add(all(L::Num::TWO)));
        let z = s.mul(s);
        // log(1 + f) = 2 atanh(s) = f - (f^2 / 2 - s (f^2 / 2 + z (2/3 + z p))).
        let p = z.mul(polynomial(z, z.mul(z), L::Num::LOG).mul_add(z, all(L::Num::TWO_THIRDS)));
        let half = f.mul(f).mul(all(L::Num::HALF));
        // The parts that are not small in a sum of two parts.
        let (high, low) = sum(minus(k).mul(all(L::Num::MINUS_LN2_HIGH)), f);
        let correction = s.mul_add(half.add(p), minus(k).mul(all(L::Num::MINUS_LN2_LOW)));
        low.sub(half.sub(correction)).add(high)
    }

    pub(crate) fn minus<L>(x: L) -> L { x.xor(all(L::Num::SIGN_BIT)) }

    /// The natural logarithm: -infinity at 0 and -0, `NaN` below.
    pub(crate) fn log<L>(x: L) -> L {
        let (zero, infinity) = (all::<L>(L::Num::default()), all::<L>(L::Num::INFINITY));
        let (k, m) = decompose(x);
        let regular = log_of_parts(k, m.sub(all(L::Num::ONE)));
        let above = L::choose(x.less(infinity), regular, x);
        let below = L::choose(x.equal(zero), minus(infinity), all(L::Num::NAN));
        L::choose(zero.less(x), above, below)
    }

    /// log(1 + f), for f from -0.3 to 0.5.
    pub(crate) fn log_near_one<L>(f: L) -> L { log_of_parts(all(L::Num::default()), f) }

    /// x log x, 0 at 0.
    pub(crate) fn x_log_x<L>(x: L) -> L {
        let zero = all::<L>(L::Num::default());
        L::choose(x.equal(zero), zero, x.mul(log(x)))
    }

    /// 1 / (1 + e^-x).
    pub(crate) fn sigmoid<L>(x: L) -> L {
        let one = all::<L>(L::Num::ONE);
        // Never infinite; below 0 the same number times e^x / e^x.
        let e = exp(minus(abs(x)));
        let (below, below_low) = sum(one, e);
        let ratio = L::choose(x.less(all(L::Num::default())), e, one).div(below);
        // What the sum below has lost, over the sum: a few bits of 1 / (1 + e) are enough.
        let inverse = below.mul_add(all(L::Num::MINUS_HALF), all(L::Num::INVERSE_OF_ONE_TO_TWO));
        ratio.mul_add(minus(below_low).mul(inverse), ratio)
    }

    /// log(1 + e^x).
    pub(crate) fn softplus<L>(x: L) -> L {
        let (zero, half, one) = (all::<L>(L::Num::default()), all::<L>(L::Num::HALF), all::<L>(L::Num::ONE));
        let e = exp(minus(abs(x)));
        // 1 + e is 2 (1 + (e - 1) / 2) from 1.5 on: e - 1 is exact there, where 1 + e isn't.
        let far = e.less(half);
        let k = L::choose(far, zero, one);
        let f = L::choose(far, e, e.sub(one).mul(half));
        maximum(x, zero).add(log_of_parts(k, f))
    }
}
