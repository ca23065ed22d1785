//! Precise: exp, log and their kin to 95 bits, for tests.
#![allow(clippy::should_implement_trait, reason = "three operations need no traits")]

/// A number as an unevaluated sum of two (Dekker 1971).
#[derive(Debug, Clone, Copy)]
pub(super) struct Twofold(pub(super) f64, pub(super) f64);

/// A twofold number times a power of two, beyond the limits of f64 if need be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scaled(pub(super) Twofold, pub(super) i32);

const LN2: Twofold = Twofold(std::f64::consts::LN_2, 2.319_046_813_846_299_6e-17);

impl Twofold {
    pub(super) const ONE: Twofold = Twofold(1.0, 0.0);

    fn sum(a: f64, b: f64) -> Self {
        let sum = a + b;
        let part = sum - a;
        Twofold(sum, (a - (sum - part)) + (b - part))
    }

    pub(super) fn add(self, other: Self) -> Self {
        let high = Self::sum(self.0, other.0);
        let low = Self::sum(self.1, other.1);
        let near = Self::sum(high.0, high.1 + low.0);
        Self::sum(near.0, near.1 + low.1)
    }

    pub(super) fn mul(self, other: Self) -> Self {
        let high = self.0 * other.0;
        let low = self.0.mul_add(other.0, -high) + (self.0 * other.1 + self.1 * other.0);
        Self::sum(high, low)
    }

    pub(super) fn minus(self) -> Self {
        Twofold(-self.0, -self.1)
    }

    pub(super) fn div(self, other: Self) -> Self {
        let first = self.0 / other.0;
        let rest = self.add(other.mul(Twofold(-first, 0.0)));
        let second = rest.0 / other.0;
        let rest = rest.add(other.mul(Twofold(-second, 0.0)));
        Self::sum(first, second).add(Twofold(rest.0 / other.0, 0.0))
    }

    /// e^x for |x| below 10,000.
    pub(super) fn exp(self) -> Scaled {
        let k = (self.0 / LN2.0).round();
        let r = self.add(LN2.mul(Twofold(-k, 0.0)));
        let r = Twofold(r.0 / 256.0, r.1 / 256.0);
        // e^r - 1 by Taylor, |r| < 0.0014; squared eight times as (1 + s)^2 - 1.
        let mut s = Twofold(0.0, 0.0);
        for n in (1..=11).rev() {
            s = r.div(Twofold(f64::from(n), 0.0)).mul(s.add(Twofold::ONE));
        }
        for _ in 0..8 {
            s = s.add(s).add(s.mul(s));
        }
        Scaled(s.add(Twofold::ONE), k as i32)
    }

    /// log x of a positive normal number: one step of Newton's method from f64's.
    pub(super) fn log(self) -> Self {
        let near = Twofold(self.0.ln(), 0.0);
        let Scaled(inverse, k) = near.minus().exp();
        let scaled = |x: f64| times_power(x, k);
        let rest = Twofold(scaled(self.0), scaled(self.1)).mul(inverse).add(Twofold::ONE.minus());
        // log(1 + r) = r - r^2 / 2, with r of the order of 2^-53 |log x|.
        near.add(rest.add(rest.mul(rest).mul(Twofold(-0.5, 0.0))))
    }

    /// log(1 + x) for x from 0 to 1.
    pub(super) fn log_1p(self) -> Self {
        if self.0 > 1e-3 {
            return self.add(Twofold::ONE).log();
        }
        let mut sum = Twofold(0.0, 0.0);
        for n in (1..=12).rev() {
            let sign = if n % 2 == 0 { -1.0 } else { 1.0 };
            sum = sum.mul(self).add(Twofold(sign, 0.0).div(Twofold(f64::from(n), 0.0)));
        }
        sum.mul(self)
    }
}

impl Scaled {
    /// The number itself, where it is not too small to be twofold.
    pub(super) fn plain(self) -> Twofold {
        Twofold(times_power(self.0.0, self.1), times_power(self.0.1, self.1))
    }

    /// By how many units in the last place a number is off, those of `digits` bits above 2^`least`; infinity counts as
    /// the power of two after the greatest number.
    pub(super) fn ulps_to(self, got: f64, digits: i32, least: i32, most: i32) -> f64 {
        let Scaled(truth, k) = self;
        let exponent = exponent(truth.0) + k;
        if got == f64::INFINITY && exponent >= most {
            return 0.0;
        }
        let unit = (exponent + 1 - digits).max(least);
        let error = if got.is_infinite() {
            Twofold(got.signum() * times_power(1.0, most - k), 0.0)
        } else {
            Twofold(times_power(got, -k), 0.0)
        };
        times_power(error.add(truth.minus()).0, k - unit).abs()
    }
}

/// The e with 2^e <= |x| < 2^(e + 1).
fn exponent(x: f64) -> i32 {
    if x == 0.0 {
        return -10_000;
    }
    if x.abs() < f64::MIN_POSITIVE {
        return exponent(x * 2f64.powi(200)) - 200;
    }
    (x.to_bits() >> 52 & 0x7ff) as i32 - 1023
}

/// x * 2^k, exact where the result is no subnormal number.
pub(super) fn times_power(x: f64, k: i32) -> f64 {
    let step = k.clamp(-1000, 1000);
    let x = x * 2f64.powi(step);
    if step == k { x } else { times_power(x, k - step) }
}
