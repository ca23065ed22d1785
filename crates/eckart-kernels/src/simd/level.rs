//! Level: how wide the vector registers are that kernels compute with.
//! In: a name, or the processor at hand.  Out: a `SimdLevel`.
//! Invariant: a kernel's bits depend on its arguments and the level alone.
//! Not here: the registers themselves (see `lanes`).

use std::fmt;
use std::sync::OnceLock;

/// How wide the registers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SimdLevel {
    /// What every processor of this kind has: arrays, which the compiler makes vectors of.
    Base,
    /// 256 bits, with fused multiply-add (AVX2 and FMA).
    Avx2,
    /// 512 bits (AVX-512F, DQ, BW and VL).
    Avx512,
}

impl SimdLevel {
    /// Every level, the narrowest first, whatever this processor has.
    pub const ALL: [Self; 3] = [Self::Base, Self::Avx2, Self::Avx512];

    /// Its name, as the command and Python say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// The widest that this processor has. Asked once.
    pub fn best() -> Self {
        static BEST: OnceLock<SimdLevel> = OnceLock::new();
        *BEST.get_or_init(|| Self::all().last().copied().unwrap_or(Self::Base))
    }

    /// All that this processor has, the narrowest first.
    pub fn all() -> Vec<Self> {
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

impl fmt::Display for SimdLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
