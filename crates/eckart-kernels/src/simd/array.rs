//! Array: registers of any processor, which the compiler makes vectors of.
//! In: numbers.  Out: `Lanes` and `Bits` in plain Rust.
//! Invariant: what each method of the traits says, without an instruction that not every processor has.
//! Not here: wider registers (see `x86`).

use super::lanes::{Bits, Element, Lanes};
use super::methods::methods;

/// Lanes of any processor.
#[derive(Clone, Copy)]
pub(crate) struct Array<T, const N: usize>(pub(super) [T; N]);

impl<T: Element, const N: usize> Array<T, N> {
    #[inline(always)]
    pub(super) fn zip(self, other: Self, f: impl Fn(T, T) -> T) -> Self {
        Self(std::array::from_fn(|k| f(self.0[k], other.0[k])))
    }
}

// SAFETY: reads and writes what each method says.
unsafe impl<T: Element, const N: usize> Lanes for Array<T, N> {
    type Num = T;
    const LEN: usize = N;
    const FMA: bool = false;
    const REGISTERS: usize = 16;
    // On x86-64 nearly every processor has AVX2; elsewhere there is no wider level.
    const UNROLLED: bool = cfg!(not(target_arch = "x86_64"));
    const SQUARE: usize = 1;
    methods! {
        fn splat(x: T) -> Self { Self([x; N]) }
        // An array has no other alignment than its numbers.
        fn load(at: *const T) -> Self { Self(at.cast::<[T; N]>().read()) }
        fn load_first(at: *const T, count: usize) -> Self {
            Self(std::array::from_fn(|k| if k < count { *at.add(k) } else { T::default() }))
        }
        fn store(self, at: *mut T) { at.cast::<[T; N]>().write(self.0) }
        fn store_first(self, at: *mut T, count: usize) {
            for k in 0..count {
                *at.add(k) = self.0[k]
            }
        }
        fn add(self, other: Self) -> Self { self.zip(other, |a, b| a + b) }
        fn sub(self, other: Self) -> Self { self.zip(other, |a, b| a - b) }
        fn mul(self, other: Self) -> Self { self.zip(other, |a, b| a * b) }
        fn max(self, other: Self) -> Self { self.zip(other, |a, b| if a > b { a } else { b }) }
        fn min(self, other: Self) -> Self { self.zip(other, |a, b| if a < b { a } else { b }) }
        fn where_le(self, other: Self, yes: Self, no: Self) -> Self {
            Self(std::array::from_fn(|k| if self.0[k] <= other.0[k] { yes.0[k] } else { no.0[k] }))
        }
        fn transpose(from: *const T, _: usize, to: *mut T, _: usize) { *to = *from }
        fn mul_add(self, b: Self, c: Self) -> Self { Self(std::array::from_fn(|k| self.0[k] * b.0[k] + c.0[k])) }
        fn sum(self) -> T {
            let mut sum = self.0[0];
            self.0[1..].iter().for_each(|&x| sum += x);
            sum
        }
        fn sum_eight(parts: [Self; 8], at: *mut T) {
            for k in 0..8 {
                *at.add(k) = parts[k].sum()
            }
        }
    }
}

// SAFETY: arrays need nothing of the processor.
unsafe impl<T: Element, const N: usize> Bits for Array<T, N> {
    type Mask = [bool; N];
    type Wide = Array<f64, N>;
    const PARTS: usize = 1;
    methods! {
        fn widen<const PART: usize>(self) -> Array<f64, N> { Array(self.0.map(T::to_f64)) }
        fn less(self, other: Self) -> [bool; N] { std::array::from_fn(|k| self.0[k] < other.0[k]) }
        fn equal(self, other: Self) -> [bool; N] { std::array::from_fn(|k| self.0[k] == other.0[k]) }
        fn choose(mask: [bool; N], yes: Self, no: Self) -> Self {
            Self(std::array::from_fn(|k| if mask[k] { yes.0[k] } else { no.0[k] }))
        }
        fn div(self, other: Self) -> Self { self.zip(other, |a, b| a / b) }
        fn sqrt(self) -> Self { Self(self.0.map(T::root)) }
        fn and(self, other: Self) -> Self { self.zip(other, |a, b| T::of_word(a.word() & b.word())) }
        fn or(self, other: Self) -> Self { self.zip(other, |a, b| T::of_word(a.word() | b.word())) }
        fn xor(self, other: Self) -> Self { self.zip(other, |a, b| T::of_word(a.word() ^ b.word())) }
        fn add_bits(self, other: Self) -> Self { self.zip(other, |a, b| T::of_word(T::add_words(a.word(), b.word()))) }
        fn to_exponent(self) -> Self { Self(self.0.map(|a| T::of_word(a.word() << T::MANTISSA))) }
        fn of_exponent(self) -> Self { Self(self.0.map(|a| T::of_word(a.word() >> T::MANTISSA))) }
        fn scale(self, n: Self) -> Self {
            Self(std::array::from_fn(|k| {
                let (one, two) = two_factors(n.0[k]);
                self.0[k] * one * two
            }))
        }
    }
}

/// Two normal numbers whose product is 2^n.
#[inline(always)]
fn two_factors<T: Element>(n: T) -> (T, T) {
    let half = (n * T::HALF + T::ROUNDING) - T::ROUNDING;
    let power = |k: T| T::of_word((k + T::ROUNDING_AND_BIAS).word() << T::MANTISSA);
    (power(half), power(n - half))
}
