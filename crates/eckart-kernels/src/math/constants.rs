//! Constants: what the elementary functions need to know of a type of number.
//! In: nothing.  Out: limits, bit patterns and coefficients of f32 and f64.
//! Invariant: each list of coefficients is the best polynomial of its degree (Remez exchange in 300 bits) on the
//! interval it names; its error is given in bits of the function's value and is far below half an ulp.
//! Not here: how they are used (see `math` and `power`).

use std::ops::{BitAnd, BitOr, BitXor, Shl, Shr};

/// What is known of a type of number at compile time.
pub(crate) trait Constants: Copy + 'static {
    /// An unsigned integer as wide as a number.
    type Word: Copy
        + BitAnd<Output = Self::Word>
        + BitOr<Output = Self::Word>
        + BitXor<Output = Self::Word>
        + Shl<u32, Output = Self::Word>
        + Shr<u32, Output = Self::Word>;
    /// Stored bits of the mantissa.
    const MANTISSA: u32;
    const HALF: Self;
    const MINUS_HALF: Self;
    /// 1/d is this - d/2, to 4 %, for d from 1 to 2.
    const INVERSE_OF_ONE_TO_TWO: Self;
    const ONE: Self;
    const TWO: Self;
    const INFINITY: Self;
    const NAN: Self;
    const SIGN_BIT: Self;
    /// All but the sign bit set.
    const ABS_BITS: Self;
    const MANTISSA_BITS: Self;
    /// The square root of 1/2: mantissas are taken from here to twice this.
    const SQRT_HALF: Self;
    /// The bits of 1 minus those of `SQRT_HALF`.
    const SQRT_HALF_TO_ONE: Self;
    /// 2^MANTISSA: from here on numbers are whole; its last bits are those of the integer that is added to it.
    const WHOLE: Self;
    /// `WHOLE` + the bias of the exponent.
    const WHOLE_AND_BIAS: Self;
    /// 1.5 * 2^MANTISSA: adding and subtracting it rounds to the nearest integer.
    const ROUNDING: Self;
    /// `ROUNDING` + the bias of the exponent: adding it to an integer k makes the last bits the exponent of 2^k.
    const ROUNDING_AND_BIAS: Self;
    /// The least normal number.
    const LEAST: Self;
    /// A power of two that makes subnormal numbers normal.
    const LIFT: Self;
    /// Which power that is.
    const LIFTED_BY: Self;
    /// exp of more is infinite.
    const EXP_MOST: Self;
    /// exp of less is 0.
    const EXP_LEAST: Self;
    /// 1 / log 2.
    const LOG2_E: Self;
    /// -log 2 to so many bits that its product with any exponent is exact.
    const MINUS_LN2_HIGH: Self;
    /// What is missing there.
    const MINUS_LN2_LOW: Self;
    /// (exp(r) - 1 - r) / r^2 for |r| <= log(2) / 2, in powers of r.
    const EXP: &'static [Self];
    /// (2 atanh(s) / s - 2 - 2/3 z) / z^2 with z = s^2, for |s| <= 0.2, in powers of z.
    const LOG: &'static [Self];
    /// The same for |s| <= 0.1716, to more bits.
    const LOG_FOR_POWER: &'static [Self];
    const TWO_THIRDS: Self;
    /// What is missing there.
    const TWO_THIRDS_LOW: Self;
    /// 2^k + 1, half the mantissa: multiplying by it splits a number in two halves (Dekker 1971).
    const SPLITTER: Self;
    /// A power as large as this, of a number other than 1, is 0 or infinite.
    const POWER_MOST: Self;
    fn word(self) -> Self::Word;
    fn of_word(word: Self::Word) -> Self;
    /// Sum of the bits as integers, without the carry.
    fn add_words(a: Self::Word, b: Self::Word) -> Self::Word;
    fn root(self) -> Self;
}

macro_rules! constants {
    ($num:ident, $word:ident, $mantissa:expr, $bias:expr,
     { $($name:ident = $value:expr;)* }, { $($list:ident = $values:expr;)* }) => {
        impl Constants for $num {
            type Word = $word;
            const MANTISSA: u32 = $mantissa;
            const HALF: Self = 0.5;
            const MINUS_HALF: Self = -0.5;
            const INVERSE_OF_ONE_TO_TWO: Self = 1.457;
            const ONE: Self = 1.0;
            const TWO: Self = 2.0;
            const INFINITY: Self = $num::INFINITY;
            const NAN: Self = $num::NAN;
            const SIGN_BIT: Self = -0.0;
            const ABS_BITS: Self = $num::from_bits($word::MAX >> 1);
            const MANTISSA_BITS: Self = $num::from_bits((1 << $mantissa) - 1);
            const SQRT_HALF: Self = std::$num::consts::FRAC_1_SQRT_2;
            const SQRT_HALF_TO_ONE: Self =
                $num::from_bits((1.0 as $num).to_bits() - std::$num::consts::FRAC_1_SQRT_2.to_bits());
            const WHOLE: Self = (1u64 << $mantissa) as $num;
            const WHOLE_AND_BIAS: Self = Self::WHOLE + $bias;
            const ROUNDING: Self = 1.5 * Self::WHOLE;
            const ROUNDING_AND_BIAS: Self = Self::ROUNDING + $bias;
            const LEAST: Self = $num::MIN_POSITIVE;
            const LOG2_E: Self = std::$num::consts::LOG2_E;
            $(const $name: Self = $value;)*
            $(const $list: &'static [Self] = &$values;)*
            #[inline(always)]
            fn word(self) -> $word {
                self.to_bits()
            }
            #[inline(always)]
            fn of_word(word: $word) -> Self {
                Self::from_bits(word)
            }
            #[inline(always)]
            fn add_words(a: $word, b: $word) -> $word {
                a.wrapping_add(b)
            }
            #[inline(always)]
            fn root(self) -> Self {
                self.sqrt()
            }
        }
    };
}

constants!(
    f32,
    u32,
    23,
    127.0,
    {
        LIFT = 33_554_432.0; // 2^25
        LIFTED_BY = 25.0;
        EXP_MOST = 89.0;
        EXP_LEAST = -104.0;
        MINUS_LN2_HIGH = -0.693_145_75;
        MINUS_LN2_LOW = -1.428_606_8e-6;
        TWO_THIRDS = 0.666_666_7;
        TWO_THIRDS_LOW = -1.986_821_5e-8;
        SPLITTER = 4_097.0;
        POWER_MOST = 1.152_921_5e18; // 2^60
    },
    {
        // 28 bits.
        EXP = [0.499_999_93, 0.166_665_2, 0.041_668_39, 0.008_368_724, 0.001_381_459_7];
        // 34 bits.
        LOG = [0.400_003_93, 0.285_254_84, 0.238_751_2];
        // 36 bits.
        LOG_FOR_POWER = [0.400_001_52, 0.285_471_23, 0.234_188_27];
    }
);

constants!(
    f64,
    u64,
    52,
    1023.0,
    {
        LIFT = 18_014_398_509_481_984.0; // 2^54
        LIFTED_BY = 54.0;
        EXP_MOST = 710.0;
        EXP_LEAST = -746.0;
        MINUS_LN2_HIGH = -0.693_147_180_559_890_3;
        MINUS_LN2_LOW = -5.497_923_018_708_371e-14;
        TWO_THIRDS = 0.666_666_666_666_666_6;
        TWO_THIRDS_LOW = 3.700_743_415_417_188e-17;
        SPLITTER = 134_217_729.0;
        POWER_MOST = 1_267_650_600_228_229_401_496_703_205_376.0; // 2^100
    },
    {
        // 57 bits.
        EXP = [
            0.500_000_000_000_001_1,
            0.166_666_666_666_664_13,
            0.041_666_666_666_530_05,
            0.008_333_333_333_494_685,
            0.001_388_888_894_366_218_5,
            0.000_198_412_695_061_766_85,
            2.480_149_306_161_054e-5,
            2.755_758_666_583_438_7e-6,
            2.763_026_295_020_410_5e-7,
            2.499_999_774_044_122_7e-8,
        ];
        // 62 bits.
        LOG = [
            0.400_000_000_000_205_47,
            0.285_714_285_625_538_97,
            0.222_222_236_795_267_48,
            0.181_816_968_882_953_37,
            0.153_902_409_532_899_7,
            0.131_864_269_909_142_96,
            0.137_658_511_715_007_68,
        ];
        // 73 bits.
        LOG_FOR_POWER = [
            0.399_999_999_999_999_8,
            0.285_714_285_714_451_23,
            0.222_222_222_175_337_9,
            0.181_818_188_706_458_83,
            0.153_845_568_482_163_5,
            0.133_363_183_016_559_9,
            0.116_748_004_792_697_77,
            0.119_891_641_436_676_12,
        ];
    }
);
