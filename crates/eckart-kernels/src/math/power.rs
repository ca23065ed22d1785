//! Power: a ** b on whole registers.
//! In: two registers.  Out: one.
//! Invariant: at most 2 ulp from the true value (see `tests`); `f64::powf`'s answers at 0, infinity, `NaN` and below 0,
//! and those of a square, a root and a reciprocal where the exponent is 2, 0.5 or -1, as the row of `expr::Op` says.
//! Not here: integer exponents known beforehand (see `tile::fuse`).
//!
//! exp(b log a) with log a in two parts, since the error of the logarithm is multiplied by up to 1000 (the way of
//! fdlibm and of SLEEF); sums and products in two parts are Dekker's (1971).

use super::{Constants, Parts, abs, all, decompose, exp_of_parts, minus, polynomial, reduce, sum};
use crate::simd::{Lanes, functions};

functions! {
    pub(crate) fn pow<L>(a: L, b: L) -> L {
        let (zero, one, infinity) = (all::<L>(L::Num::default()), all::<L>(L::Num::ONE), all::<L>(L::Num::INFINITY));
        let size = abs(a);
        let regular = size_to(size, b);
        // Of 0, infinity and `NaN`: itself, or its reciprocal; `NaN` where b is.
        let end = L::choose(zero.less(b), size, L::choose(b.less(zero), one.div(size), b));
        let power = L::choose(zero.less(size), L::choose(size.less(infinity), regular, end), end);
        let power = L::choose(size.equal(one), one, power);
        let power = L::choose(b.equal(zero), one, with_sign(power, a, b));
        let power = L::choose(b.equal(all(L::Num::TWO)), a.mul(a), power);
        let power = L::choose(b.equal(all(L::Num::HALF)), a.sqrt(), power);
        L::choose(b.equal(minus(one)), one.div(a), power)
    }

    /// The sign of a ** b, given |a| ** b: that of `a` where `b` is odd; `NaN` below 0 where `b` is not whole.
    fn with_sign<L>(power: L, a: L, b: L) -> L {
        let zero = all::<L>(L::Num::default());
        let size = abs(b);
        let half = size.mul(all(L::Num::HALF));
        let (whole, even) = (is_whole(size), is_whole(half));
        let sign = L::choose(even, zero, L::choose(whole, all(L::Num::SIGN_BIT), zero));
        let of_whole = power.xor(a.and(sign));
        let finite = minus(all::<L>(L::Num::INFINITY)).less(a);
        let undefined = L::choose(finite, all(L::Num::NAN), of_whole);
        L::choose(a.less(zero), L::choose(whole, of_whole, undefined), of_whole)
    }

    /// Whether x >= 0 is an integer; infinity is.
    fn is_whole<L>(x: L) -> L::Mask {
        let least = all::<L>(L::Num::WHOLE);
        L::choose(x.less(least), x.add(least).sub(least), x).equal(x)
    }

    /// exp(b log a) for a > 0, both finite; infinite b are as good as large ones.
    fn size_to<L>(a: L, b: L) -> L {
        let (high, low) = log_in_parts(a);
        let most = all::<L>(L::Num::POWER_MOST);
        let b = minus(most).max(most.min(b));
        let (power, rest) = product(b, high);
        let rest = b.mul_add(low, rest);
        let (n, (r, r_low)) = reduce(power);
        // Beyond the limits of exp the rest may be anything.
        let inside = abs(power).less(minus(all::<L>(L::Num::EXP_LEAST)));
        let rest = L::choose(inside, rest, all(L::Num::default()));
        exp_of_parts(n, sum(r, r_low.add(rest)))
    }

    /// log a of a positive finite number, in two parts.
    fn log_in_parts<L>(a: L) -> Parts<L> {
        let one = all::<L>(L::Num::ONE);
        let (k, m) = decompose(a);
        let f = m.sub(one);
        // s = f / (2 + f).
        let below = m.add(one);
        let below_low = m.sub(below.sub(one));
        let inverse = one.div(below);
        let s = f.mul(inverse);
        let (back, back_low) = product(s, below);
        let s_low = s.mul(minus(below_low)).add(f.sub(back).sub(back_low)).mul(inverse);
        // s z (2/3 + z p), all but z p in two parts.
        let z = product_of_parts((s, s_low), (s, s_low));
        let p = z.0.mul(polynomial(z.0, z.0.mul(z.0), L::Num::LOG_FOR_POWER));
        let (c, c_low) = sum(all(L::Num::TWO_THIRDS), p);
        let c = (c, c_low.add(all(L::Num::TWO_THIRDS_LOW)));
        let w = product_of_parts(product_of_parts(z, c), (s, s_low));
        // k log 2 + 2 s + w, the largest first.
        let (high, low) = sum(minus(k).mul(all(L::Num::MINUS_LN2_HIGH)), s.add(s));
        let (high, low_of_w) = sum(high, w.0);
        let low = minus(k).mul_add(all(L::Num::MINUS_LN2_LOW), s_low.add(s_low).add(w.1).add(low).add(low_of_w));
        sum(high, low)
    }

    /// a * b in two parts.
    fn product<L>(a: L, b: L) -> Parts<L> {
        let high = a.mul(b);
        if L::FMA {
            return (high, a.mul_add(b, minus(high)));
        }
        let ((a, a_low), (b, b_low)) = (split(a), split(b));
        let rest = a.mul(b).sub(high).add(a.mul(b_low)).add(a_low.mul(b)).add(a_low.mul(b_low));
        (high, rest)
    }

    /// A number as a sum of two with half the bits.
    fn split<L>(a: L) -> Parts<L> {
        let large = a.mul(all(L::Num::SPLITTER));
        let high = large.sub(large.sub(a));
        (high, a.sub(high))
    }

    fn product_of_parts<L>(a: Parts<L>, b: Parts<L>) -> Parts<L> {
        let (high, low) = product(a.0, b.0);
        (high, a.0.mul_add(b.1, a.1.mul_add(b.0, low)))
    }
}
