//! Array: registers of any processor, which the compiler makes vectors of.
//! In: numbers.  Out: `Lanes` and `Bits` in plain Rust.
//! Invariant: what each method of the traits says, without an instruction that not every processor has.
//! Not here: wider registers (see `x86`).

use super::lanes::{Bits, Element, Lanes};

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
    #[inline(always)]
    // SAFETY: as the trait says.
    unsafe fn splat(x: T) -> Self {
        Self([x; N])
    }
    #[inline(always)]
    // SAFETY: as the trait says.
    unsafe fn load(at: *const T) -> Self {
        // SAFETY: valid for N numbers, says the caller; an array of N has no other alignment than its numbers.
        Self(unsafe { at.cast::<[T; N]>().read() })
    }
    #[inline(always)]
    // SAFETY: as the trait says.
    unsafe fn load_first(at: *const T, count: usize) -> Self {
        // SAFETY: valid for `count` numbers, says the caller.
        Self(std::array::from_fn(|k| if k < count { unsafe { *at.add(k) } } else { T::default() }))
    }
    #[inline(always)]
    // SAFETY: as the trait says.
    unsafe fn store(self, at: *mut T) {
        // SAFETY: valid for N numbers, says the caller.
        unsafe { at.cast::<[T; N]>().write(self.0) }
    }
    #[inline(always)]
    // SAFETY: as the trait says.
    unsafe fn store_first(self, at: *mut T, count: usize) {
        for k in 0..count {
            // SAFETY: valid for `count` numbers, says the caller.
            unsafe { *at.add(k) = self.0[k] }
        }
    }
    #[inline(always)]
    // SAFETY: as the trait says.
    unsafe fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
    #[inline(always)]
    // SAFETY: as the trait says.
    unsafe fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
    #[inline(always)]
    // SAFETY: as the trait says.
    unsafe fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
    #[inline(always)]
    // SAFETY: as the trait says.
    unsafe fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    // SAFETY: as the trait says.
    unsafe fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    // SAFETY: as the trait says.
    unsafe fn where_le(self, other: Self, yes: Self, no: Self) -> Self {
        Self(std::array::from_fn(|k| if self.0[k] <= other.0[k] { yes.0[k] } else { no.0[k] }))
    }
    const SQUARE: usize = 1;
    #[inline(always)]
    // SAFETY: as the trait says.
    unsafe fn transpose(from: *const T, _: usize, to: *mut T, _: usize) {
        // SAFETY: one number there and room for one, says the caller.
        unsafe { *to = *from }
    }
    #[inline(always)]
    // SAFETY: as the trait says.
    unsafe fn mul_add(self, b: Self, c: Self) -> Self {
        Self(std::array::from_fn(|k| self.0[k] * b.0[k] + c.0[k]))
    }
    #[inline(always)]
    // SAFETY: as the trait says.
    unsafe fn sum(self) -> T {
        let mut sum = self.0[0];
        self.0[1..].iter().for_each(|&x| sum += x);
        sum
    }
    #[inline(always)]
    // SAFETY: as the trait says.
    unsafe fn sum_eight(parts: [Self; 8], at: *mut T) {
        for k in 0..8 {
            // SAFETY: room for eight, says the caller.
            unsafe { *at.add(k) = parts[k].sum() }
        }
    }
}

// SAFETY: arrays need nothing of the processor.
unsafe impl<T: Element, const N: usize> Bits for Array<T, N> {
    type Mask = [bool; N];
    type Wide = Array<f64, N>;
    const PARTS: usize = 1;
    // SAFETY: as the trait says.
    #[inline(always)]
    unsafe fn widen<const PART: usize>(self) -> Array<f64, N> {
        Array(self.0.map(T::to_f64))
    }
    // SAFETY: as the trait says.
    #[inline(always)]
    unsafe fn less(self, other: Self) -> [bool; N] {
        std::array::from_fn(|k| self.0[k] < other.0[k])
    }
    // SAFETY: as the trait says.
    #[inline(always)]
    unsafe fn equal(self, other: Self) -> [bool; N] {
        std::array::from_fn(|k| self.0[k] == other.0[k])
    }
    // SAFETY: as the trait says.
    #[inline(always)]
    unsafe fn choose(mask: [bool; N], yes: Self, no: Self) -> Self {
        Self(std::array::from_fn(|k| if mask[k] { yes.0[k] } else { no.0[k] }))
    }
    // SAFETY: as the trait says.
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }
    // SAFETY: as the trait says.
    #[inline(always)]
    unsafe fn sqrt(self) -> Self {
        Self(self.0.map(T::root))
    }
    // SAFETY: as the trait says.
    #[inline(always)]
    unsafe fn and(self, other: Self) -> Self {
        self.zip(other, |a, b| T::of_word(a.word() & b.word()))
    }
    // SAFETY: as the trait says.
    #[inline(always)]
    unsafe fn or(self, other: Self) -> Self {
        self.zip(other, |a, b| T::of_word(a.word() | b.word()))
    }
    // SAFETY: as the trait says.
    #[inline(always)]
    unsafe fn xor(self, other: Self) -> Self {
        self.zip(other, |a, b| T::of_word(a.word() ^ b.word()))
    }
    // SAFETY: as the trait says.
    #[inline(always)]
    unsafe fn add_bits(self, other: Self) -> Self {
        self.zip(other, |a, b| T::of_word(T::add_words(a.word(), b.word())))
    }
    // SAFETY: as the trait says.
    #[inline(always)]
    unsafe fn to_exponent(self) -> Self {
        Self(self.0.map(|a| T::of_word(a.word() << T::MANTISSA)))
    }
    // SAFETY: as the trait says.
    #[inline(always)]
    unsafe fn of_exponent(self) -> Self {
        Self(self.0.map(|a| T::of_word(a.word() >> T::MANTISSA)))
    }
    // SAFETY: as the trait says.
    #[inline(always)]
    unsafe fn scale(self, n: Self) -> Self {
        Self(std::array::from_fn(|k| {
            let (one, two) = two_factors(n.0[k]);
            self.0[k] * one * two
        }))
    }
}

/// Two normal numbers whose product is 2^n.
#[inline(always)]
fn two_factors<T: Element>(n: T) -> (T, T) {
    let half = (n * T::HALF + T::ROUNDING) - T::ROUNDING;
    let power = |k: T| T::of_word((k + T::ROUNDING_AND_BIAS).word() << T::MANTISSA);
    (power(half), power(n - half))
}
