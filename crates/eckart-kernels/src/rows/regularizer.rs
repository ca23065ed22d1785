//! Regularizer: what an entry of a factor costs by its size, and the bounds that it keeps.
//! In: a weight, bounds, a number.  Out: the number that the proximal map makes of it.
//! Invariant: one convention for all kernels: the objective has the term `l1 * sum(abs(b))`, not half of it.
//! Not here: squares, which are part of the quadratic (see `Likelihood` for the one exception), and lengths of rows or
//! columns (the engine's).

/// The term `l1 * sum(abs(b))` of an objective, and the constraint lower <= b <= upper.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Regularizer {
    /// The weight of |b|, at least 0.
    pub l1: f64,
    /// The least that b may be; minus infinity for none.
    pub lower: f64,
    /// The most that b may be; infinity for none.
    pub upper: f64,
}

impl Default for Regularizer {
    fn default() -> Self {
        Self::NONE
    }
}

impl Regularizer {
    /// No term and no bounds.
    pub const NONE: Self = Self { l1: 0.0, lower: f64::NEG_INFINITY, upper: f64::INFINITY };

    /// Whether b may not be negative.
    pub fn is_nonnegative(&self) -> bool {
        self.lower >= 0.0
    }

    /// Whether there is a bound.
    pub fn is_bounded(&self) -> bool {
        self.lower > f64::NEG_INFINITY || self.upper < f64::INFINITY
    }

    /// The nearest number within the bounds.
    #[inline]
    pub fn clip(&self, b: f64) -> f64 {
        b.max(self.lower).min(self.upper)
    }

    /// The proximal map for step `t`: the b that minimizes (b - v)^2 / (2 t) + l1 |b| within the bounds (Parikh and
    /// Boyd 2014, section 6.5).
    #[inline]
    pub fn prox(&self, v: f64, t: f64) -> f64 {
        self.shrink(v, t * self.l1)
    }

    /// The b that minimizes q (b - v)^2 + l1 |b| within the bounds.
    #[inline]
    pub fn minimum(&self, v: f64, q: f64) -> f64 {
        self.shrink(v, 0.5 * self.l1 / q)
    }

    /// Soft threshold, then the bounds.
    #[inline]
    fn shrink(&self, v: f64, threshold: f64) -> f64 {
        self.clip(v - v.max(-threshold).min(threshold))
    }

    /// The b that minimizes 2 half b + l1 |b| within the bounds; `old` where nothing depends on it, or there is no
    /// minimum.
    pub fn minimum_on_line(&self, old: f64, half: f64) -> f64 {
        let value = |b: f64| 2.0 * half * b + self.l1 * b.abs();
        let is_unbounded = (2.0 * half + self.l1 < 0.0 && self.upper == f64::INFINITY)
            || (2.0 * half - self.l1 > 0.0 && self.lower == f64::NEG_INFINITY);
        if is_unbounded || half.is_nan() { old } else { self.best_end(old, value) }
    }

    /// The b that minimizes q b^2 - 2 linear b + l1 |b| within the bounds, for q < 0; `old` where there is none.
    pub fn minimum_of_concave(&self, old: f64, q: f64, linear: f64) -> f64 {
        let is_bounded = self.lower > f64::NEG_INFINITY && self.upper < f64::INFINITY;
        let value = |b: f64| (q * b - 2.0 * linear) * b + self.l1 * b.abs();
        if is_bounded { self.best_end(old, value) } else { old }
    }

    /// Where a function is least that is concave between the bounds and 0; `old` where it is no less elsewhere.
    fn best_end(&self, old: f64, value: impl Fn(f64) -> f64) -> f64 {
        let ends = [self.lower, self.clip(0.0), self.upper];
        let finite = ends.into_iter().filter(|end| end.is_finite());
        finite.fold(old, |best, end| if value(end) < value(best) { end } else { best })
    }

    /// The half gradients at which an entry that is 0 stays 0, from the first to the second; none where it may not be
    /// 0.
    #[inline]
    pub(crate) fn resting(&self) -> (f64, f64) {
        let cut = 0.5 * self.l1;
        match (self.lower <= 0.0, self.upper >= 0.0) {
            (true, true) => (
                if self.upper == 0.0 { f64::NEG_INFINITY } else { -cut },
                if self.lower == 0.0 { f64::INFINITY } else { cut },
            ),
            _ => (f64::INFINITY, f64::NEG_INFINITY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minimum_of_a_concave_function_is_at_an_end() {
        let none = Regularizer::NONE;
        let bounded = Regularizer { l1: 0.8, lower: -1.0, upper: 2.0 };
        for (q, linear) in [(-0.3, 0.0), (-1.0, 0.9), (-1.0, -3.0), (-0.01, 0.1), (-0.01, 0.5)] {
            let value = |b: f64| (q * b - 2.0 * linear) * b + bounded.l1 * b.abs();
            for old in [-1.0, -0.3, 0.0, 0.4, 2.0] {
                let found = value(bounded.minimum_of_concave(old, q, linear));
                assert!((0..=300).all(|k| found <= value(-1.0 + f64::from(k) / 100.0) + 1e-12), "{q}, {linear}, {old}");
                assert_eq!(Regularizer { lower: 0.0, ..none }.minimum_of_concave(old, q, linear), old);
            }
        }
        // Without a better end an entry stays where it is.
        assert_eq!(Regularizer { lower: -1.0, upper: 1.0, ..none }.minimum_of_concave(1.0, -1.0, 0.0), 1.0);
    }

    /// No number within the bounds is better than what the maps find.
    #[test]
    fn maps_find_the_minimum() {
        let none = Regularizer::NONE;
        let all = [
            none,
            Regularizer { l1: 0.8, ..none },
            Regularizer { lower: 0.0, ..none },
            Regularizer { l1: 0.8, lower: -0.1, upper: 0.2 },
            Regularizer { l1: 0.3, lower: 0.1, ..none },
        ];
        for (regularizer, v) in all.into_iter().flat_map(|one| [-1.7, -0.2, 0.0, 0.3, 2.5].map(|v| (one, v))) {
            for q in [0.3, 1.0, 7.0] {
                let value = |b: f64| q * (b - v) * (b - v) + regularizer.l1 * b.abs();
                let found = regularizer.minimum(v, q);
                assert_eq!(found, regularizer.clip(found));
                assert!((found - regularizer.prox(v, 0.5 / q)).abs() <= 1e-15, "{regularizer:?} {v} {q}");
                for k in -3000..3000 {
                    let other = regularizer.clip(f64::from(k) * 1e-3);
                    assert!(value(found) <= value(other) + 1e-15, "{regularizer:?} {v} {q}: {other} is below {found}");
                }
            }
        }
    }

    #[test]
    fn l1_leaves_exact_zeros() {
        let l1 = Regularizer { l1: 1.0, ..Regularizer::NONE };
        let zeros = [0.3, -0.3, 0.0, -0.0, 0.5, -0.5].map(|v| l1.prox(v, 0.5).to_bits());
        assert_eq!(zeros, [0; 6]);
        assert_eq!([l1.prox(2.0, 0.5), l1.prox(-2.0, 0.5)], [1.5, -1.5]);
    }
}
