//! Seen: what is true of all of some numbers.
//! In: numbers.  Out: whether they are finite, not negative, 0 or 1, of moderate size.
//! Invariant: one pass without branches, so that many numbers are looked at at once; parts of it add up in any order.
//! Not here: which number is at fault (see `matrix`).

use crate::number::Number;
use crate::simd::{Element, Job, Lanes, SimdLevel};

/// So many numbers are looked at at once.
const LANES: usize = 16;

/// The extremes of some numbers, those that are missing (`NaN`) apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    least: f64,
    most: f64,
    /// The least size of those that are not 0.
    tiniest: f64,
    missing: bool,
    /// Whether there are others than 0 and 1.
    other: bool,
}

impl Seen {
    /// Of no numbers.
    pub const NOTHING: Self =
        Self { least: f64::INFINITY, most: f64::NEG_INFINITY, tiniest: f64::INFINITY, missing: false, other: false };

    /// Looks at numbers. Inlined, so that it is made for the vector registers of the caller.
    #[inline(always)]
    fn of<T: Number>(values: &[T]) -> Self {
        let mut lanes = Extremes::new();
        let mut chunks = values.chunks_exact(LANES);
        for chunk in &mut chunks {
            lanes.look_at(chunk);
        }
        let mut rest = [T::from_f64(0.0); LANES];
        if let (Some(&first), length) = (chunks.remainder().first(), chunks.remainder().len()) {
            // The first number once more changes nothing.
            rest.fill(first);
            rest[..length].copy_from_slice(chunks.remainder());
            lanes.look_at(&rest);
        }
        lanes.together()
    }

    /// What is true of these numbers and others.
    pub fn and(self, other: Self) -> Self {
        Self {
            least: self.least.min(other.least),
            most: self.most.max(other.most),
            tiniest: self.tiniest.min(other.tiniest),
            missing: self.missing || other.missing,
            other: self.other || other.other,
        }
    }

    /// None is infinite or missing.
    pub fn is_finite(&self) -> bool {
        !self.missing && self.least != f64::NEG_INFINITY && self.most != f64::INFINITY
    }

    /// None is negative.
    pub fn is_nonnegative(&self) -> bool {
        self.least >= 0.0
    }

    /// All are 0 or 1.
    pub fn is_binary(&self) -> bool {
        !self.other
    }

    /// The largest size; 0 where there is no number.
    pub fn size(&self) -> f64 {
        self.most.max(-self.least).max(0.0)
    }

    /// Sizes are below 1e9 and, but for zeros, not below 1e-18; all are 0 or one is above 1e-9.
    pub fn is_moderate(&self) -> bool {
        let size = self.size();
        size < 1e9 && self.tiniest >= 1e-18 && (size > 1e-9 || self.tiniest == f64::INFINITY)
    }
}

/// What is true of all of `numbers`, by vector registers: n comparisons with each of five bounds; n numbers are read.
pub(crate) fn seen<T: Element>(level: SimdLevel, numbers: &[T]) -> Seen {
    T::at_level(level, Look(numbers))
}

struct Look<'a, T>(&'a [T]);

impl<T: Element> Job<T> for Look<'_, T> {
    type Out = Seen;
    // SAFETY: as the trait says.
    #[inline(always)]
    unsafe fn run<L: Lanes<Num = T>>(self) -> Seen {
        Seen::of(self.0)
    }
}

/// The extremes of every sixteenth number.
struct Extremes<T> {
    least: [T; LANES],
    most: [T; LANES],
    /// The least that is above 0, and the most that is below.
    above: [T; LANES],
    below: [T; LANES],
    missing: [T; LANES],
    other: [T; LANES],
}

impl<T: Number> Extremes<T> {
    #[inline(always)]
    fn new() -> Self {
        let [zero, endless, minus_endless] = [0.0, f64::INFINITY, f64::NEG_INFINITY].map(|x| [T::from_f64(x); LANES]);
        let (least, most, above, below) = (endless, minus_endless, endless, minus_endless);
        Self { least, most, above, below, missing: zero, other: zero }
    }

    /// Choices in place of branches; a comparison with NaN is false.
    #[inline(always)]
    #[allow(clippy::eq_op, reason = "a number that is not itself is NaN, and nothing else tells it as quickly")]
    fn look_at(&mut self, chunk: &[T]) {
        let [zero, one] = [0.0, 1.0].map(T::from_f64);
        for (k, &x) in chunk.iter().enumerate().take(LANES) {
            self.least[k] = if x < self.least[k] { x } else { self.least[k] };
            self.most[k] = if x > self.most[k] { x } else { self.most[k] };
            self.above[k] = if (x > zero) & (x < self.above[k]) { x } else { self.above[k] };
            self.below[k] = if (x < zero) & (x > self.below[k]) { x } else { self.below[k] };
            self.missing[k] = if x != x { one } else { self.missing[k] };
            self.other[k] = if (x != zero) & (x != one) & (x == x) { one } else { self.other[k] };
        }
    }

    fn together(self) -> Seen {
        (0..LANES).fold(Seen::NOTHING, |all, k| {
            all.and(Seen {
                least: self.least[k].to_f64(),
                most: self.most[k].to_f64(),
                tiniest: self.above[k].to_f64().min(-self.below[k].to_f64()),
                missing: self.missing[k].to_f64() != 0.0,
                other: self.other[k].to_f64() != 0.0,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether such numbers are finite, not negative, binary and moderate, wherever among others they stand.
    #[track_caller]
    fn check(values: &[f64], expected: [bool; 4]) {
        let said = |seen: Seen| [seen.is_finite(), seen.is_nonnegative(), seen.is_binary(), seen.is_moderate()];
        assert_eq!(said(Seen::of(values)), expected);
        let many: Vec<f64> = values.iter().copied().cycle().take(values.len() * 37).collect();
        assert_eq!(said(Seen::of(&many)), expected);
        let halves = many.chunks(5).fold(Seen::NOTHING, |all, part| all.and(Seen::of(part)));
        assert_eq!(said(halves), expected);
        let narrow: Vec<f32> = values.iter().map(|&x| x as f32).collect();
        assert_eq!(said(Seen::of(&narrow)), expected);
    }

    #[test]
    fn extremes_are_found_in_any_place() {
        check(&[0.0, 1.0, -0.0], [true, true, true, true]);
        check(&[0.0], [true, true, true, true]);
        check(&[2.5, 1.0], [true, true, false, true]);
        check(&[2.5, -1.0, 0.0], [true, false, false, true]);
        check(&[f64::NAN, 1.0, 0.0], [false, true, true, true]);
        check(&[f64::NAN, -3.0], [false, false, false, true]);
        check(&[1.0, f64::INFINITY], [false, true, false, false]);
        check(&[1.0, f64::NEG_INFINITY], [false, false, false, false]);
        check(&[1.0, -1e10], [true, false, false, false]);
        check(&[1.0, 1e-20], [true, true, false, false]);
        check(&[1e-10, 0.0], [true, true, false, false]);
        check(&[-1e-3, 1e-10], [true, false, false, true]);
    }
}
