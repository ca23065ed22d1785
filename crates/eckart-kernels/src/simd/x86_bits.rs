//! Bits of the registers of x86: comparisons, choices and bit patterns of AVX2 and AVX-512.
//! In: registers.  Out: registers and masks, by one instruction or a few.
//! Invariant: a mask chooses lane by lane; no comparison with `NaN` holds.
//! Not here: loading, storing and arithmetic (see `x86`).

use std::arch::x86_64::*;

use super::lanes::{Bits, Lanes};
use super::methods::methods;
use super::x86::{F32x8, F32x16, F64x4, F64x8};
use crate::math::Constants;

macro_rules! of_two {
    ($($name:ident = |$a:ident, $b:ident| $what:expr;)*) => {
        methods! {$(
            fn $name(self, other: Self) -> Self {
                let ($a, $b) = (self.0, other.0);
                Self($what)
            }
        )*}
    };
}

macro_rules! of_one {
    ($($name:ident = |$a:ident| $what:expr;)*) => {
        methods! {$(
            fn $name(self) -> Self {
                let $a = self.0;
                Self($what)
            }
        )*}
    };
}

/// AVX2 has no instruction for it: twice half of it, so that either factor is normal.
macro_rules! scale_in_two_steps {
    ($num:ident) => {
        methods! {
            fn scale(self, n: Self) -> Self {
                let splat = |x| <Self as Lanes>::splat(x);
                let half = n.mul_add(splat($num::HALF), splat($num::ROUNDING)).sub(splat($num::ROUNDING));
                let bias = splat($num::ROUNDING_AND_BIAS);
                self.mul(half.add(bias).to_exponent()).mul(n.sub(half).add(bias).to_exponent())
            }
        }
    };
}

// SAFETY: the level is AVX2.
unsafe impl Bits for F32x8 {
    type Mask = __m256;
    type Wide = F64x4;
    const PARTS: usize = 2;
    methods! {
        fn widen<const PART: usize>(self) -> F64x4 {
            let half = if PART == 0 { _mm256_castps256_ps128(self.0) } else { _mm256_extractf128_ps::<1>(self.0) };
            F64x4(_mm256_cvtps_pd(half))
        }
        fn less(self, other: Self) -> __m256 { _mm256_cmp_ps::<_CMP_LT_OQ>(self.0, other.0) }
        fn equal(self, other: Self) -> __m256 { _mm256_cmp_ps::<_CMP_EQ_OQ>(self.0, other.0) }
        fn choose(mask: __m256, yes: Self, no: Self) -> Self { Self(_mm256_blendv_ps(no.0, yes.0, mask)) }
    }
    of_two! {
        div = |a, b| _mm256_div_ps(a, b);
        and = |a, b| _mm256_and_ps(a, b);
        or = |a, b| _mm256_or_ps(a, b);
        xor = |a, b| _mm256_xor_ps(a, b);
        add_bits = |a, b| _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(a), _mm256_castps_si256(b)));
    }
    of_one! {
        sqrt = |a| _mm256_sqrt_ps(a);
        to_exponent = |a| _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_castps_si256(a)));
        of_exponent = |a| _mm256_castsi256_ps(_mm256_srli_epi32::<23>(_mm256_castps_si256(a)));
    }
    scale_in_two_steps!(f32);
}

// SAFETY: the level is AVX2.
unsafe impl Bits for F64x4 {
    type Mask = __m256d;
    type Wide = F64x4;
    const PARTS: usize = 1;
    methods! {
        fn widen<const PART: usize>(self) -> F64x4 { self }
        fn less(self, other: Self) -> __m256d { _mm256_cmp_pd::<_CMP_LT_OQ>(self.0, other.0) }
        fn equal(self, other: Self) -> __m256d { _mm256_cmp_pd::<_CMP_EQ_OQ>(self.0, other.0) }
        fn choose(mask: __m256d, yes: Self, no: Self) -> Self { Self(_mm256_blendv_pd(no.0, yes.0, mask)) }
    }
    of_two! {
        div = |a, b| _mm256_div_pd(a, b);
        and = |a, b| _mm256_and_pd(a, b);
        or = |a, b| _mm256_or_pd(a, b);
        xor = |a, b| _mm256_xor_pd(a, b);
        add_bits = |a, b| _mm256_castsi256_pd(_mm256_add_epi64(_mm256_castpd_si256(a), _mm256_castpd_si256(b)));
    }
    of_one! {
        sqrt = |a| _mm256_sqrt_pd(a);
        to_exponent = |a| _mm256_castsi256_pd(_mm256_slli_epi64::<52>(_mm256_castpd_si256(a)));
        of_exponent = |a| _mm256_castsi256_pd(_mm256_srli_epi64::<52>(_mm256_castpd_si256(a)));
    }
    scale_in_two_steps!(f64);
}

// SAFETY: the level is AVX-512.
unsafe impl Bits for F32x16 {
    type Mask = __mmask16;
    type Wide = F64x8;
    const PARTS: usize = 2;
    methods! {
        fn widen<const PART: usize>(self) -> F64x8 {
            let half = if PART == 0 { _mm512_castps512_ps256(self.0) } else { _mm512_extractf32x8_ps::<1>(self.0) };
            F64x8(_mm512_cvtps_pd(half))
        }
        fn less(self, other: Self) -> __mmask16 { _mm512_cmp_ps_mask::<_CMP_LT_OQ>(self.0, other.0) }
        fn equal(self, other: Self) -> __mmask16 { _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(self.0, other.0) }
        fn choose(mask: __mmask16, yes: Self, no: Self) -> Self { Self(_mm512_mask_blend_ps(mask, no.0, yes.0)) }
    }
    of_two! {
        div = |a, b| _mm512_div_ps(a, b);
        and = |a, b| _mm512_and_ps(a, b);
        or = |a, b| _mm512_or_ps(a, b);
        xor = |a, b| _mm512_xor_ps(a, b);
        add_bits = |a, b| _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b)));
    }
    of_one! {
        sqrt = |a| _mm512_sqrt_ps(a);
        to_exponent = |a| _mm512_castsi512_ps(_mm512_slli_epi32::<23>(_mm512_castps_si512(a)));
        of_exponent = |a| _mm512_castsi512_ps(_mm512_srli_epi32::<23>(_mm512_castps_si512(a)));
    }
    methods! {
        fn scale(self, n: Self) -> Self { Self(_mm512_scalef_ps(self.0, n.0)) }
    }
}

// SAFETY: the level is AVX-512.
unsafe impl Bits for F64x8 {
    type Mask = __mmask8;
    type Wide = F64x8;
    const PARTS: usize = 1;
    methods! {
        fn widen<const PART: usize>(self) -> F64x8 { self }
        fn less(self, other: Self) -> __mmask8 { _mm512_cmp_pd_mask::<_CMP_LT_OQ>(self.0, other.0) }
        fn equal(self, other: Self) -> __mmask8 { _mm512_cmp_pd_mask::<_CMP_EQ_OQ>(self.0, other.0) }
        fn choose(mask: __mmask8, yes: Self, no: Self) -> Self { Self(_mm512_mask_blend_pd(mask, no.0, yes.0)) }
    }
    of_two! {
        div = |a, b| _mm512_div_pd(a, b);
        and = |a, b| _mm512_and_pd(a, b);
        or = |a, b| _mm512_or_pd(a, b);
        xor = |a, b| _mm512_xor_pd(a, b);
        add_bits = |a, b| _mm512_castsi512_pd(_mm512_add_epi64(_mm512_castpd_si512(a), _mm512_castpd_si512(b)));
    }
    of_one! {
        sqrt = |a| _mm512_sqrt_pd(a);
        to_exponent = |a| _mm512_castsi512_pd(_mm512_slli_epi64::<52>(_mm512_castpd_si512(a)));
        of_exponent = |a| _mm512_castsi512_pd(_mm512_srli_epi64::<52>(_mm512_castpd_si512(a)));
    }
    methods! {
        fn scale(self, n: Self) -> Self { Self(_mm512_scalef_pd(self.0, n.0)) }
    }
}
