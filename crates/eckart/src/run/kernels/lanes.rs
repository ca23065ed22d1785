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
    /// self * b + c: rounded once where `FMA`, which is slow where the processor has no such instruction.
    fn multiply_add<const FMA: bool>(self, b: Self, c: Self) -> Self;
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

            #[inline(always)]
            fn multiply_add<const FMA: bool>(self, b: Self, c: Self) -> Self {
                if FMA { self.mul_add(b, c) } else { self * b + c }
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
<<<<<<< ours
pub(super) mod x86 {
    use std::arch::x86_64::*;

    use super::Lanes;

    macro_rules! common {
        ($num:ty, $len:expr, $registers:expr, $set1:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident, $max:ident,
         $min:ident, $fma:ident) => {
            type Num = $num;
            const LEN: usize = $len;
            const FMA: bool = true;
            const REGISTERS: usize = $registers;
            #[inline(always)]
            unsafe fn splat(x: $num) -> Self {
                // SAFETY (here and below): the level is there and pointers are valid, says the caller.
                Self(unsafe { $set1(x) })
            }
            #[inline(always)]
            unsafe fn load(at: *const $num) -> Self {
                // SAFETY: as above.
                Self(unsafe { $load(at) })
            }
            #[inline(always)]
            unsafe fn store(self, at: *mut $num) {
                // SAFETY: as above.
                unsafe { $store(at, self.0) }
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $add(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn sub(self, other: Self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $sub(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn mul(self, other: Self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $mul(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn max(self, other: Self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $max(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn min(self, other: Self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $min(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn mul_add(self, b: Self, c: Self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $fma(self.0, b.0, c.0) })
            }
        };
    }

    /// Eight f32 of AVX2.
    #[derive(Clone, Copy)]
    pub(crate) struct F32x8(pub(in crate::run::kernels) __m256);

    /// Lane k of the mask is set where k < count.
    #[inline(always)]
    unsafe fn mask_32(count: usize) -> __m256i {
        // SAFETY: the level is there, says the caller.
        unsafe { _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)) }
    }

    #[inline(always)]
    unsafe fn mask_64(count: usize) -> __m256i {
        // SAFETY: the level is there, says the caller.
        unsafe { _mm256_cmpgt_epi64(_mm256_set1_epi64x(count as i64), _mm256_setr_epi64x(0, 1, 2, 3)) }
    }

    #[inline(always)]
    unsafe fn sum_f32(x: __m256) -> f32 {
        // SAFETY: the level is there, says the caller.
        unsafe {
            let four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
        }
    }

    #[inline(always)]
    unsafe fn sum_f64(x: __m256d) -> f64 {
        // SAFETY: the level is there, says the caller.
        unsafe {
            let two = _mm_add_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd::<1>(x));
            _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)))
        }
    }

    // SAFETY: reads and writes what each method says; masked-off lanes are not touched.
    unsafe impl Lanes for F32x8 {
        common!(
            f32,
            8,
            16,
            _mm256_set1_ps,
            _mm256_loadu_ps,
            _mm256_storeu_ps,
            _mm256_add_ps,
            _mm256_sub_ps,
            _mm256_mul_ps,
            _mm256_max_ps,
            _mm256_min_ps,
            _mm256_fmadd_ps
        );
        #[inline(always)]
        unsafe fn load_first(at: *const f32, count: usize) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm256_maskload_ps(at, mask_32(count)) })
        }
        #[inline(always)]
        unsafe fn store_first(self, at: *mut f32, count: usize) {
            // SAFETY: as above.
            unsafe { _mm256_maskstore_ps(at, mask_32(count), self.0) }
        }
        #[inline(always)]
        unsafe fn sum(self) -> f32 {
            // SAFETY: as above.
            unsafe { sum_f32(self.0) }
        }
        #[inline(always)]
        unsafe fn sum_eight(p: [Self; 8], at: *mut f32) {
            // SAFETY: as above.
            unsafe {
                // Halves of the registers hold sums of the same four: first lanes add up in pairs, then pairs.
                let low = _mm256_hadd_ps(_mm256_hadd_ps(p[0].0, p[1].0), _mm256_hadd_ps(p[2].0, p[3].0));
                let high = _mm256_hadd_ps(_mm256_hadd_ps(p[4].0, p[5].0), _mm256_hadd_ps(p[6].0, p[7].0));
                let left = _mm256_permute2f128_ps::<0x20>(low, high);
                _mm256_storeu_ps(at, _mm256_add_ps(left, _mm256_permute2f128_ps::<0x31>(low, high)));
            }
        }
    }

    /// Four f64 of AVX2.
    #[derive(Clone, Copy)]
    pub(crate) struct F64x4(pub(in crate::run::kernels) __m256d);

    // SAFETY: reads and writes what each method says; masked-off lanes are not touched.
    unsafe impl Lanes for F64x4 {
        common!(
            f64,
            4,
            16,
            _mm256_set1_pd,
            _mm256_loadu_pd,
            _mm256_storeu_pd,
            _mm256_add_pd,
            _mm256_sub_pd,
            _mm256_mul_pd,
            _mm256_max_pd,
            _mm256_min_pd,
            _mm256_fmadd_pd
        );
        #[inline(always)]
        unsafe fn load_first(at: *const f64, count: usize) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm256_maskload_pd(at, mask_64(count)) })
        }
        #[inline(always)]
        unsafe fn store_first(self, at: *mut f64, count: usize) {
            // SAFETY: as above.
            unsafe { _mm256_maskstore_pd(at, mask_64(count), self.0) }
        }
        #[inline(always)]
        unsafe fn sum(self) -> f64 {
            // SAFETY: as above.
            unsafe { sum_f64(self.0) }
        }
        #[inline(always)]
        unsafe fn sum_eight(p: [Self; 8], at: *mut f64) {
            for half in 0..2 {
                let k = 4 * half;
                // SAFETY: as above.
                unsafe {
                    let (low, high) = (_mm256_hadd_pd(p[k].0, p[k + 1].0), _mm256_hadd_pd(p[k + 2].0, p[k + 3].0));
                    let left = _mm256_permute2f128_pd::<0x20>(low, high);
                    _mm256_storeu_pd(at.add(k), _mm256_add_pd(left, _mm256_permute2f128_pd::<0x31>(low, high)));
                }
            }
        }
    }

    /// Sixteen f32 of AVX-512.
    #[derive(Clone, Copy)]
    pub(crate) struct F32x16(pub(in crate::run::kernels) __m512);

    // SAFETY: reads and writes what each method says; masked-off lanes are not touched.
    unsafe impl Lanes for F32x16 {
        common!(
            f32,
            16,
            32,
            _mm512_set1_ps,
            _mm512_loadu_ps,
            _mm512_storeu_ps,
            _mm512_add_ps,
            _mm512_sub_ps,
            _mm512_mul_ps,
            _mm512_max_ps,
            _mm512_min_ps,
            _mm512_fmadd_ps
        );
        #[inline(always)]
        unsafe fn load_first(at: *const f32, count: usize) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm512_maskz_loadu_ps((1u16 << count) - 1, at) })
        }
        #[inline(always)]
        unsafe fn store_first(self, at: *mut f32, count: usize) {
            // SAFETY: as above.
            unsafe { _mm512_mask_storeu_ps(at, (1u16 << count) - 1, self.0) }
        }
        #[inline(always)]
        unsafe fn sum(self) -> f32 {
            // SAFETY: as above.
            unsafe {
                let low = _mm512_castps512_ps256(self.0);
                sum_f32(_mm256_add_ps(low, _mm512_extractf32x8_ps::<1>(self.0)))
            }
        }
        #[inline(always)]
        unsafe fn sum_eight(p: [Self; 8], at: *mut f32) {
            // SAFETY: as above.
            unsafe {
                // Macros, not closures: see `load_row`.
                macro_rules! fold {
                    ($x:expr, $y:expr) => {{
                        let left = _mm512_shuffle_f32x4::<0x44>($x, $y);
                        _mm512_add_ps(left, _mm512_shuffle_f32x4::<0xee>($x, $y))
                    }};
                }
                macro_rules! pair {
                    ($x:expr, $y:expr) => {
                        _mm512_add_ps(_mm512_shuffle_ps::<0x88>($x, $y), _mm512_shuffle_ps::<0xdd>($x, $y))
                    };
                }
                let (a, b) = (fold!(p[0].0, p[4].0), fold!(p[1].0, p[5].0));
                let (c, d) = (fold!(p[2].0, p[6].0), fold!(p[3].0, p[7].0));
                let all = pair!(pair!(a, b), pair!(c, d));
                let ends = _mm512_castps512_ps256(_mm512_shuffle_f32x4::<0x08>(all, all));
                let others = _mm512_castps512_ps256(_mm512_shuffle_f32x4::<0x0d>(all, all));
                _mm256_storeu_ps(at, _mm256_add_ps(ends, others));
            }
        }
    }

    /// Eight f64 of AVX-512.
    #[derive(Clone, Copy)]
    pub(crate) struct F64x8(pub(in crate::run::kernels) __m512d);

    // SAFETY: reads and writes what each method says; masked-off lanes are not touched.
    unsafe impl Lanes for F64x8 {
        common!(
            f64,
            8,
            32,
            _mm512_set1_pd,
            _mm512_loadu_pd,
            _mm512_storeu_pd,
            _mm512_add_pd,
            _mm512_sub_pd,
            _mm512_mul_pd,
            _mm512_max_pd,
            _mm512_min_pd,
            _mm512_fmadd_pd
        );
        #[inline(always)]
        unsafe fn load_first(at: *const f64, count: usize) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm512_maskz_loadu_pd((1u8 << count) - 1, at) })
        }
        #[inline(always)]
        unsafe fn store_first(self, at: *mut f64, count: usize) {
            // SAFETY: as above.
            unsafe { _mm512_mask_storeu_pd(at, (1u8 << count) - 1, self.0) }
        }
        #[inline(always)]
        unsafe fn sum(self) -> f64 {
            // SAFETY: as above.
            unsafe {
                let low = _mm512_castpd512_pd256(self.0);
                sum_f64(_mm256_add_pd(low, _mm512_extractf64x4_pd::<1>(self.0)))
            }
        }
        #[inline(always)]
        unsafe fn sum_eight(p: [Self; 8], at: *mut f64) {
            // SAFETY: as above.
            unsafe {
                macro_rules! pair {
                    ($x:expr, $y:expr) => {
                        _mm512_add_pd(_mm512_unpacklo_pd($x, $y), _mm512_unpackhi_pd($x, $y))
                    };
                }
                macro_rules! fold {
                    ($x:expr, $y:expr) => {{
                        let left = _mm512_shuffle_f64x2::<0x88>($x, $y);
                        _mm512_add_pd(left, _mm512_shuffle_f64x2::<0xdd>($x, $y))
                    }};
                }
                let low = fold!(pair!(p[0].0, p[1].0), pair!(p[2].0, p[3].0));
                let high = fold!(pair!(p[4].0, p[5].0), pair!(p[6].0, p[7].0));
                _mm512_storeu_pd(at, fold!(low, high));
            }
        }
    }
}
=======
mod x86;
>>>>>>> theirs

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
