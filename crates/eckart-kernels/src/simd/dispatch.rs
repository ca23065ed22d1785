//! Dispatch: a job done with the registers of a level.
//! In: a `Job` and a level.  Out: its result.
//! Invariant: code for registers that the processor lacks is never run.
//! Not here: what is computed (see the kernels).

use super::array::Array;
use super::lanes::{Element, Job};
use super::level::SimdLevel;
#[cfg(target_arch = "x86_64")]
use super::x86::{F32x8, F32x16, F64x4, F64x8};

macro_rules! element {
    ($num:ty, $array:ty, $avx2:ty, $avx512:ty, $on_avx2:ident, $on_avx512:ident) => {
        impl Element for $num {
            fn at_level<J: Job<Self>>(level: SimdLevel, job: J) -> J::Out {
                match level {
                    // SAFETY: arrays need nothing of the processor.
                    SimdLevel::Base => unsafe { job.run::<$array>() },
                    #[cfg(target_arch = "x86_64")]
                    SimdLevel::Avx2 => {
                        assert!(SimdLevel::best() >= SimdLevel::Avx2, "the processor has AVX2");
                        // SAFETY: asserted on the line before.
                        unsafe { $on_avx2(job) }
                    }
                    #[cfg(target_arch = "x86_64")]
                    SimdLevel::Avx512 => {
                        assert!(SimdLevel::best() >= SimdLevel::Avx512, "the processor has AVX-512");
                        // SAFETY: asserted on the line before.
                        unsafe { $on_avx512(job) }
                    }
                    #[cfg(not(target_arch = "x86_64"))]
                    SimdLevel::Avx2 | SimdLevel::Avx512 => unreachable!("no such registers here"),
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

element!(f32, Array<f32, 4>, F32x8, F32x16, on_avx2_f32, on_avx512_f32);
element!(f64, Array<f64, 2>, F64x4, F64x8, on_avx2_f64, on_avx512_f64);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::lanes::Lanes;

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
        for level in SimdLevel::all() {
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
