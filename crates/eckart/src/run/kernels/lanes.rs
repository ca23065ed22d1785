//! Lanes: vector registers of the processor at hand, chosen when the programme runs.
//! In: a `Job` written once for any `Lanes`.  Out: its result, computed with the widest registers there are.
//! Law: a job's bits depend on its arguments and the level alone; no level reads or writes beyond the slices given.
//! Not here: what is computed (see the jobs beside this file).

use std::sync::OnceLock;

use super::bits::Bits;
use super::math::Constants;
use crate::data::Real;

/// How wide the registers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// What every processor of this kind has: arrays, which the compiler makes vectors of.
    Base,
    /// 256 bits, with fused multiply-add (AVX2 and FMA).
    Avx2,
    /// 512 bits (AVX-512F, DQ, BW and VL).
    Avx512,
}

impl Level {
    /// The widest that this processor has. Asked once.
    pub(crate) fn best() -> Self {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(|| Self::all().last().copied().unwrap_or(Self::Base))
    }

    /// All that this processor has, the narrowest first.
    pub(crate) fn all() -> Vec<Self> {
        let mut levels = vec![Self::Base];
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                levels.push(Self::Avx2);
                let wide = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq");
                if wide && is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vl") {
                    levels.push(Self::Avx512);
                }
            }
        }
        levels
    }
}

/// Some numbers in one register.
///
/// # Safety
/// Every method may only be called where the processor has the level the type belongs to; a pointer must be valid for
/// as many numbers as the method says.
pub(crate) unsafe trait Lanes: Bits {
    /// The type of a number.
    type Num: Element;
    /// How many there are.
    const LEN: usize;
    /// Whether a * b + c is one instruction.
    const FMA: bool;
    /// How many registers the processor has.
    const REGISTERS: usize;
    /// The same number in all lanes.
    // SAFETY: as the trait says.
    unsafe fn splat(x: Self::Num) -> Self;
    /// `LEN` numbers from `at` on.
    // SAFETY: as the trait says.
    unsafe fn load(at: *const Self::Num) -> Self;
    /// The first `count` < `LEN` numbers from `at` on, zeros in the other lanes.
    // SAFETY: as the trait says.
    unsafe fn load_first(at: *const Self::Num, count: usize) -> Self;
    /// Puts `LEN` numbers at `at`.
    // SAFETY: as the trait says.
    unsafe fn store(self, at: *mut Self::Num);
    /// Puts the first `count` < `LEN` numbers at `at`.
    // SAFETY: as the trait says.
    unsafe fn store_first(self, at: *mut Self::Num, count: usize);
    /// self + other.
    // SAFETY: as the trait says.
    unsafe fn add(self, other: Self) -> Self;
    /// self - other.
    // SAFETY: as the trait says.
    unsafe fn sub(self, other: Self) -> Self;
    /// self * other.
    // SAFETY: as the trait says.
    unsafe fn mul(self, other: Self) -> Self;
    /// The greater of each two; `other` where either is `NaN`.
    // SAFETY: as the trait says.
    unsafe fn max(self, other: Self) -> Self;
    /// The lesser of each two; `other` where either is `NaN`.
    // SAFETY: as the trait says.
    unsafe fn min(self, other: Self) -> Self;
    /// Of each lane that of `yes` where self <= other, else (and where either is `NaN`) that of `no`.
    // SAFETY: as the trait says.
    unsafe fn where_le(self, other: Self, yes: Self, no: Self) -> Self;
    /// self * b + c.
    // SAFETY: as the trait says.
    unsafe fn mul_add(self, b: Self, c: Self) -> Self;
    /// How many rows and columns `turn` takes; divides `LEN`.
    const SQUARE: usize;
    /// Transposes `SQUARE` rows of as many numbers, `stride` apart, into others that are `to_stride` apart.
    // SAFETY: as the trait says.
    unsafe fn turn(from: *const Self::Num, stride: usize, to: *mut Self::Num, to_stride: usize);
    /// The sum of all lanes, in a fixed order.
    // SAFETY: as the trait says.
    unsafe fn sum(self) -> Self::Num;
    /// Puts the sums of eight at `at`, each in the same order, but not in that of `sum`.
    // SAFETY: as the trait says.
    unsafe fn sum_eight(parts: [Self; 8], at: *mut Self::Num);
}

/// Asks for the line of memory that holds `at`, which may lie anywhere: nothing is read.
#[inline(always)]
pub(crate) fn prefetch<T>(at: *const T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: every processor of this kind has the instruction, which faults on no address.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = at;
}

/// Asks for the lines of memory that hold `bytes` > 0 bytes from `at` on.
#[inline(always)]
pub(crate) fn prefetch_all<T>(at: *const T, bytes: usize) {
    let at = at.cast::<u8>();
    for line in 0..bytes.div_ceil(64) {
        prefetch(at.wrapping_add(64 * line));
    }
    // One line more where they begin within one.
    prefetch(at.wrapping_add(bytes - 1));
}

/// `V` vectors from `at` on; where `TAIL`, the last has only `last` < `LEN` numbers.
///
/// A loop, where `std::array::from_fn` would be shorter: a closure does not always become part of code that is made for
/// wider registers than the rest, and then the vectors go through memory (sparse products took ten times as long).
///
/// # Safety
/// There are so many numbers, and the processor has the level of `L`.
#[inline(always)]
pub(crate) unsafe fn load_row<L: Lanes, const V: usize, const TAIL: bool>(at: *const L::Num, last: usize) -> [L; V] {
    // SAFETY: as above.
    unsafe {
        let mut row = [L::splat(L::Num::default()); V];
        for v in 0..V {
            let at = at.add(v * L::LEN);
            row[v] = if TAIL && v == V - 1 { L::load_first(at, last) } else { L::load(at) };
        }
        row
    }
}

/// Puts `V` vectors at `at`; where `TAIL`, of the last only `last` < `LEN` numbers.
///
/// # Safety
/// There is room, and the processor has the level of `L`.
#[inline(always)]
pub(crate) unsafe fn store_row<L: Lanes, const V: usize, const TAIL: bool>(row: [L; V], at: *mut L::Num, last: usize) {
    for v in 0..V {
        // SAFETY: as above.
        unsafe {
            let at = at.add(v * L::LEN);
            if TAIL && v == V - 1 { row[v].store_first(at, last) } else { row[v].store(at) }
        }
    }
}

/// Calls `$f::<L, V, TAIL>($args, from, last)` for chunks of at most eight vectors of `$r` columns: `V` vectors from column
/// `from` on, of which (where `TAIL`) the last has only `last` numbers.
macro_rules! in_chunks {
    ($r:expr, $f:ident($($args:expr),*)) => {{
        let mut from = 0;
        while from < $r {
            let n = ($r - from).min(8 * L::LEN);
            let last = (n - 1) % L::LEN + 1;
            macro_rules! pick {
                ($v:literal) => {
                    // SAFETY: the columns exist, and the level is there, says the caller.
                    unsafe {
                        if last == L::LEN {
                            $f::<L, $v, false>($($args,)* from, last);
                        } else {
                            $f::<L, $v, true>($($args,)* from, last);
                        }
                    }
                };
            }
            match n.div_ceil(L::LEN) {
                1 => pick!(1),
                2 => pick!(2),
                3 => pick!(3),
                4 => pick!(4),
                5 => pick!(5),
                6 => pick!(6),
                7 => pick!(7),
                _ => pick!(8),
            }
            from += n;
        }
    }};
}
pub(super) use in_chunks;

/// Something to be computed with vector registers.
pub(crate) trait Job<T> {
    /// What comes out.
    type Out;
    /// Does it. Implementations are `#[inline(always)]`, so that the code is made for the registers of the caller.
    ///
    /// # Safety
    /// The processor must have the level of `L`.
    unsafe fn run<L: Lanes<Num = T>>(self) -> Self::Out;
}

/// A number that kernels compute with.
pub(crate) trait Element:
    Real
    + Constants
    + Default
    + PartialOrd
    + std::ops::Add<Output = Self>
    + std::ops::Sub<Output = Self>
    + std::ops::Mul<Output = Self>
    + std::ops::Div<Output = Self>
    + std::ops::Neg<Output = Self>
    + std::ops::AddAssign
{
    /// Does a job at a level.
    ///
    /// # Panics
    /// Where the processor does not have the level.
    fn at_level<J: Job<Self>>(level: Level, job: J) -> J::Out;
}

macro_rules! element {
    ($num:ty, $array:ty, $avx2:ty, $avx512:ty, $on_avx2:ident, $on_avx512:ident) => {
        impl Element for $num {
            fn at_level<J: Job<Self>>(level: Level, job: J) -> J::Out {
                match level {
                    // SAFETY: arrays need nothing of the processor.
                    Level::Base => unsafe { job.run::<$array>() },
                    #[cfg(target_arch = "x86_64")]
                    Level::Avx2 => {
                        assert!(Level::best() >= Level::Avx2, "the processor has AVX2");
                        // SAFETY: asserted on the line before.
                        unsafe { $on_avx2(job) }
                    }
                    #[cfg(target_arch = "x86_64")]
                    Level::Avx512 => {
                        assert!(Level::best() >= Level::Avx512, "the processor has AVX-512");
                        // SAFETY: asserted on the line before.
                        unsafe { $on_avx512(job) }
                    }
                    #[cfg(not(target_arch = "x86_64"))]
                    Level::Avx2 | Level::Avx512 => unreachable!("no such registers here"),
                }
            }
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        // SAFETY: the caller has the level.
        unsafe fn $on_avx2<J: Job<$num>>(job: J) -> J::Out {
            // SAFETY: the caller has checked the level.
            unsafe { job.run::<$avx2>() }
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma,avx512f,avx512dq,avx512bw,avx512vl")]
        // SAFETY: the caller has the level.
        unsafe fn $on_avx512<J: Job<$num>>(job: J) -> J::Out {
            // SAFETY: the caller has checked the level.
            unsafe { job.run::<$avx512>() }
        }
    };
}

#[cfg(target_arch = "x86_64")]
use x86::{F32x8, F32x16, F64x4, F64x8};

element!(f32, Array<f32, 4>, F32x8, F32x16, on_avx2_f32, on_avx512_f32);
element!(f64, Array<f64, 2>, F64x4, F64x8, on_avx2_f64, on_avx512_f64);

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
    unsafe fn turn(from: *const T, _: usize, to: *mut T, _: usize) {
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

#[cfg(target_arch = "x86_64")]
pub(super) mod x86;

#[cfg(test)]
mod tests {
    use super::*;

    struct Sums<'a, T>(&'a [T]);

    impl<T: Element> Job<T> for Sums<'_, T> {
        type Out = ();
        #[inline(always)]
        // SAFETY: asks for no more than the trait says.
        unsafe fn run<L: Lanes<Num = T>>(self) {
            let mut out = [T::default(); 8];
            // SAFETY: the slice is LEN + 7 long.
            unsafe {
                let mut parts = [L::splat(T::default()); 8];
                (0..8).for_each(|k| parts[k] = L::load(self.0.as_ptr().add(k)));
                L::sum_eight(parts, out.as_mut_ptr());
            }
            for k in 0..8 {
                let sum: f64 = self.0[k..k + L::LEN].iter().map(|x| x.to_f64()).sum();
                assert_eq!(out[k].to_f64(), sum);
            }
        }
    }

    struct Probe<'a, T>(&'a [T], usize);

    impl<T: Element> Job<T> for Probe<'_, T> {
        type Out = (f64, Vec<T>);
        #[inline(always)]
        // SAFETY: asks for no more than the trait says.
        unsafe fn run<L: Lanes<Num = T>>(self) -> Self::Out {
            let mut out = vec![T::from_f64(-1.0); L::LEN];
            let count = self.1.min(L::LEN - 1);
            // SAFETY: the slices are at least LEN long, and count < LEN.
            unsafe {
                let part = L::load_first(self.0.as_ptr(), count);
                let whole = L::load(self.0.as_ptr());
                part.add(whole).store_first(out.as_mut_ptr(), count);
                (whole.mul_add(whole, part).sum().to_f64(), out)
            }
        }
    }

    fn check<T: Element>() {
        let numbers: Vec<T> = (0..32).map(|k| T::from_f64(f64::from(k))).collect();
        for level in Level::all() {
            T::at_level(level, Sums(&numbers.iter().map(|&x| x * x).collect::<Vec<_>>()));
            for count in 0..5 {
                let (sum, out) = T::at_level(level, Probe(&numbers, count));
                let (len, count) = (out.len(), count.min(out.len() - 1));
                let squares: usize = (0..len).map(|k| k * k).sum();
                assert_eq!(sum, (squares + (0..count).sum::<usize>()) as f64, "{level:?} {count}");
                for (k, x) in out.iter().enumerate() {
                    assert_eq!(x.to_f64(), if k < count { 2.0 * k as f64 } else { -1.0 }, "{level:?} {count}");
                }
            }
        }
    }

    #[test]
    fn lanes_do_as_they_say() {
        check::<f32>();
        check::<f64>();
    }
}
