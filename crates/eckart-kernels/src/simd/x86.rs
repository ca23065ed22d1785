//! The registers of x86: 256 bits (AVX2) and 512 (AVX-512), of f32 and f64.
//! In: lanes.  Out: lanes, by one instruction or a few.
//! Invariant: reads and writes what each method of `Lanes` says; masked-off lanes are not touched.
//! Not here: what the methods mean (see `Lanes`).

use std::arch::x86_64::*;

use super::lanes::Lanes;
use super::methods::methods;

macro_rules! common {
    ($num:ty, $len:expr, $registers:expr, $set1:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident,
     $max:ident, $min:ident, $fma:ident) => {
        type Num = $num;
        const LEN: usize = $len;
        const FMA: bool = true;
        const REGISTERS: usize = $registers;
        const UNROLLED: bool = true;
        methods! {
            fn splat(x: $num) -> Self { Self($set1(x)) }
            fn load(at: *const $num) -> Self { Self($load(at)) }
            fn store(self, at: *mut $num) { $store(at, self.0) }
            fn add(self, other: Self) -> Self { Self($add(self.0, other.0)) }
            fn sub(self, other: Self) -> Self { Self($sub(self.0, other.0)) }
            fn mul(self, other: Self) -> Self { Self($mul(self.0, other.0)) }
            fn max(self, other: Self) -> Self { Self($max(self.0, other.0)) }
            fn min(self, other: Self) -> Self { Self($min(self.0, other.0)) }
            fn mul_add(self, b: Self, c: Self) -> Self { Self($fma(self.0, b.0, c.0)) }
        }
    };
}

/// Eight f32 of AVX2.
#[derive(Clone, Copy)]
pub(crate) struct F32x8(pub(crate) __m256);

methods! {
    /// Lane k of the mask is set where k < count.
    fn mask_32(count: usize) -> __m256i {
        _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
    }
    fn mask_64(count: usize) -> __m256i {
        _mm256_cmpgt_epi64(_mm256_set1_epi64x(count as i64), _mm256_setr_epi64x(0, 1, 2, 3))
    }
    fn sum_f32(x: __m256) -> f32 {
        let four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
    }
    fn sum_f64(x: __m256d) -> f64 {
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
    const SQUARE: usize = 8;
    methods! {
        fn load_first(at: *const f32, count: usize) -> Self { Self(_mm256_maskload_ps(at, mask_32(count))) }
        fn store_first(self, at: *mut f32, count: usize) { _mm256_maskstore_ps(at, mask_32(count), self.0) }
        fn sum(self) -> f32 { sum_f32(self.0) }
        fn where_le(self, other: Self, yes: Self, no: Self) -> Self {
            Self(_mm256_blendv_ps(no.0, yes.0, _mm256_cmp_ps::<_CMP_LE_OQ>(self.0, other.0)))
        }
        fn transpose(from: *const f32, stride: usize, to: *mut f32, to_stride: usize) {
            // Rows k and k + 4 side by side, so that all that follows stays within halves.
            let mut x = [_mm256_setzero_ps(); 8];
            for k in 0..4 {
                for half in 0..2 {
                    let at = from.add(k * stride + 4 * half);
                    let low = _mm256_castps128_ps256(_mm_loadu_ps(at));
                    x[4 * half + k] = _mm256_insertf128_ps::<1>(low, _mm_loadu_ps(at.add(4 * stride)));
                }
            }
            for half in 0..2 {
                let x = &x[4 * half..];
                let (a, b) = (_mm256_unpacklo_ps(x[0], x[1]), _mm256_unpackhi_ps(x[0], x[1]));
                let (c, d) = (_mm256_unpacklo_ps(x[2], x[3]), _mm256_unpackhi_ps(x[2], x[3]));
                let to = to.add(4 * half * to_stride);
                _mm256_storeu_ps(to, _mm256_shuffle_ps::<0x44>(a, c));
                _mm256_storeu_ps(to.add(to_stride), _mm256_shuffle_ps::<0xee>(a, c));
                _mm256_storeu_ps(to.add(2 * to_stride), _mm256_shuffle_ps::<0x44>(b, d));
                _mm256_storeu_ps(to.add(3 * to_stride), _mm256_shuffle_ps::<0xee>(b, d));
            }
        }
        fn sum_eight(p: [Self; 8], at: *mut f32) {
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
pub(crate) struct F64x4(pub(crate) __m256d);

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
    const SQUARE: usize = 4;
    methods! {
        fn load_first(at: *const f64, count: usize) -> Self { Self(_mm256_maskload_pd(at, mask_64(count))) }
        fn store_first(self, at: *mut f64, count: usize) { _mm256_maskstore_pd(at, mask_64(count), self.0) }
        fn sum(self) -> f64 { sum_f64(self.0) }
        fn where_le(self, other: Self, yes: Self, no: Self) -> Self {
            Self(_mm256_blendv_pd(no.0, yes.0, _mm256_cmp_pd::<_CMP_LE_OQ>(self.0, other.0)))
        }
        fn transpose(from: *const f64, stride: usize, to: *mut f64, to_stride: usize) {
            for half in 0..2 {
                // Rows k and k + 2 side by side.
                let at = from.add(2 * half);
                let low = _mm256_castpd128_pd256(_mm_loadu_pd(at));
                let a = _mm256_insertf128_pd::<1>(low, _mm_loadu_pd(at.add(2 * stride)));
                let low = _mm256_castpd128_pd256(_mm_loadu_pd(at.add(stride)));
                let b = _mm256_insertf128_pd::<1>(low, _mm_loadu_pd(at.add(3 * stride)));
                let to = to.add(2 * half * to_stride);
                _mm256_storeu_pd(to, _mm256_unpacklo_pd(a, b));
                _mm256_storeu_pd(to.add(to_stride), _mm256_unpackhi_pd(a, b));
            }
        }
        fn sum_eight(p: [Self; 8], at: *mut f64) {
            for half in 0..2 {
                let k = 4 * half;
                let (low, high) = (_mm256_hadd_pd(p[k].0, p[k + 1].0), _mm256_hadd_pd(p[k + 2].0, p[k + 3].0));
                let left = _mm256_permute2f128_pd::<0x20>(low, high);
                _mm256_storeu_pd(at.add(k), _mm256_add_pd(left, _mm256_permute2f128_pd::<0x31>(low, high)));
            }
        }
    }
}

/// Sixteen f32 of AVX-512.
#[derive(Clone, Copy)]
pub(crate) struct F32x16(pub(crate) __m512);

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
    const SQUARE: usize = 8;
    methods! {
        fn load_first(at: *const f32, count: usize) -> Self { Self(_mm512_maskz_loadu_ps((1u16 << count) - 1, at)) }
        fn store_first(self, at: *mut f32, count: usize) { _mm512_mask_storeu_ps(at, (1u16 << count) - 1, self.0) }
        fn sum(self) -> f32 {
            let low = _mm512_castps512_ps256(self.0);
            sum_f32(_mm256_add_ps(low, _mm512_extractf32x8_ps::<1>(self.0)))
        }
        fn where_le(self, other: Self, yes: Self, no: Self) -> Self {
            let mask = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(self.0, other.0);
            Self(_mm512_mask_blend_ps(mask, no.0, yes.0))
        }
        fn transpose(from: *const f32, stride: usize, to: *mut f32, to_stride: usize) {
            F32x8::transpose(from, stride, to, to_stride)
        }
        fn sum_eight(p: [Self; 8], at: *mut f32) {
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
pub(crate) struct F64x8(pub(crate) __m512d);

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
    const SQUARE: usize = 4;
    methods! {
        fn load_first(at: *const f64, count: usize) -> Self { Self(_mm512_maskz_loadu_pd((1u8 << count) - 1, at)) }
        fn store_first(self, at: *mut f64, count: usize) { _mm512_mask_storeu_pd(at, (1u8 << count) - 1, self.0) }
        fn sum(self) -> f64 {
            let low = _mm512_castpd512_pd256(self.0);
            sum_f64(_mm256_add_pd(low, _mm512_extractf64x4_pd::<1>(self.0)))
        }
        fn where_le(self, other: Self, yes: Self, no: Self) -> Self {
            let mask = _mm512_cmp_pd_mask::<_CMP_LE_OQ>(self.0, other.0);
            Self(_mm512_mask_blend_pd(mask, no.0, yes.0))
        }
        fn transpose(from: *const f64, stride: usize, to: *mut f64, to_stride: usize) {
            F64x4::transpose(from, stride, to, to_stride)
        }
        fn sum_eight(p: [Self; 8], at: *mut f64) {
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
