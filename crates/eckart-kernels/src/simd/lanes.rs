//! Lanes: what kernels ask of a vector register, whatever its width.
//! In: numbers.  Out: traits: a register's arithmetic (`Lanes`), its bits (`Bits`), a computation written for any
//! (`Job`).
//! Invariant: no method reads or writes beyond the pointers and counts it is given.
//! Not here: the registers (see `array`, `x86`, `x86_bits`), which of them is taken (see `dispatch`).

use super::level::SimdLevel;
use super::methods::declared;
use crate::math::Constants;
use crate::number::Number;

/// Some numbers in one register.
///
/// # Safety
/// Every method may only be called where the processor has the level the type belongs to; a pointer must be valid for
/// as many numbers as the method says.
pub(crate) unsafe trait Lanes: Bits {
    type Num: Element;
    /// How many there are.
    const LEN: usize;
    /// Whether a * b + c is one instruction.
    const FMA: bool;
    /// How many registers the processor has.
    const REGISTERS: usize;
    /// Whether loops take several vectors at once. The code of a level that only stands in for a wider one is kept
    /// small: it is for the few processors that have nothing else, and was almost half of all code.
    const UNROLLED: bool;
    /// How many rows and columns `transpose` takes; divides `LEN`.
    const SQUARE: usize;
    declared! {
        /// The same number in all lanes.
        fn splat(x: Self::Num) -> Self;
        /// `LEN` numbers from `at` on.
        fn load(at: *const Self::Num) -> Self;
        /// The first `count` < `LEN` numbers from `at` on, zeros in the other lanes.
        fn load_first(at: *const Self::Num, count: usize) -> Self;
        /// Puts `LEN` numbers at `at`.
        fn store(self, at: *mut Self::Num);
        /// Puts the first `count` < `LEN` numbers at `at`.
        fn store_first(self, at: *mut Self::Num, count: usize);
        /// self + other.
        fn add(self, other: Self) -> Self;
        /// self - other.
        fn sub(self, other: Self) -> Self;
        /// self * other.
        fn mul(self, other: Self) -> Self;
        /// The greater of each two; `other` where either is `NaN`.
        fn max(self, other: Self) -> Self;
        /// The lesser of each two; `other` where either is `NaN`.
        fn min(self, other: Self) -> Self;
        /// Of each lane that of `yes` where self <= other, else (and where either is `NaN`) that of `no`.
        fn where_le(self, other: Self, yes: Self, no: Self) -> Self;
        /// self * b + c.
        fn mul_add(self, b: Self, c: Self) -> Self;
        /// Transposes `SQUARE` rows of as many numbers, `stride` apart, into others that are `to_stride` apart.
        fn transpose(from: *const Self::Num, stride: usize, to: *mut Self::Num, to_stride: usize);
        /// The sum of all lanes, in a fixed order.
        fn sum(self) -> Self::Num;
        /// Puts the sums of eight at `at`, each in the same order, but not in that of `sum`.
        fn sum_eight(parts: [Self; 8], at: *mut Self::Num);
    }
}

/// What elementary functions need of a register beside arithmetic.
///
/// # Safety
/// Every method may only be called where the processor has the level the type belongs to.
pub(crate) unsafe trait Bits: Copy {
    /// For each lane, whether something holds.
    type Mask: Copy;
    /// A register of f64.
    type Wide: Lanes<Num = f64>;
    /// How many of those hold the same numbers as f64: 1 or 2.
    const PARTS: usize;
    declared! {
        /// Part 0 or 1 of the numbers as f64.
        fn widen<const PART: usize>(self) -> Self::Wide;
        /// self < other.
        fn less(self, other: Self) -> Self::Mask;
        /// self == other.
        fn equal(self, other: Self) -> Self::Mask;
        /// `yes` where the mask holds, else `no`.
        fn choose(mask: Self::Mask, yes: Self, no: Self) -> Self;
        /// self / other.
        fn div(self, other: Self) -> Self;
        /// The square root.
        fn sqrt(self) -> Self;
        /// Bits of both.
        fn and(self, other: Self) -> Self;
        /// Bits of either.
        fn or(self, other: Self) -> Self;
        /// Bits of one alone.
        fn xor(self, other: Self) -> Self;
        /// The sum of the bits as integers, without the carry.
        fn add_bits(self, other: Self) -> Self;
        /// The last bits moved to where the exponent stands.
        fn to_exponent(self) -> Self;
        /// Exponent and sign moved to where the last bits stand.
        fn of_exponent(self) -> Self;
        /// self * 2^n for whole n, |n| at most twice the greatest exponent; rounded once where that is subnormal.
        fn scale(self, n: Self) -> Self;
    }
}

/// Something to be computed with vector registers.
pub(crate) trait Job<T> {
    type Out;
    /// Does it. Implementations are `#[inline(always)]`, so that the code is made for the registers of the caller.
    ///
    /// # Safety
    /// The processor must have the level of `L`.
    unsafe fn run<L: Lanes<Num = T>>(self) -> Self::Out;
}

/// A type of number that the registers hold.
pub(crate) trait Element: Number + Constants {
    /// Does a job at a level.
    ///
    /// # Panics
    /// Where the processor does not have the level.
    fn at_level<J: Job<Self>>(level: SimdLevel, job: J) -> J::Out;
}
