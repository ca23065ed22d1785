//! Tests of math: every function against one of 95 bits, all over its range, at every level.

use super::precise::{Scaled, Twofold};
use crate::simd::{Element, SimdLevel};
use crate::tile::{Code, Instruction, Source, TILE, run};

/// How far a function may be off, in units in the last place.
const MOST: f64 = 2.0;

/// A type of number, for tests.
trait Tested: Element {
    /// Bits of the mantissa, exponents of the least subnormal number and of the first power of two that is infinite.
    const LIMITS: (i32, i32, i32);
    fn from_sample(bits: u64) -> Self;
    fn std_pow(a: Self, b: Self) -> Self;
}

impl Tested for f32 {
    const LIMITS: (i32, i32, i32) = (24, -149, 128);
    fn from_sample(bits: u64) -> f32 {
        f32::from_bits((bits >> 32) as u32)
    }
    fn std_pow(a: f32, b: f32) -> f32 {
        a.powf(b)
    }
}

impl Tested for f64 {
    const LIMITS: (i32, i32, i32) = (53, -1074, 1024);
    fn from_sample(bits: u64) -> f64 {
        f64::from_bits(bits)
    }
    fn std_pow(a: f64, b: f64) -> f64 {
        a.powf(b)
    }
}

/// A code's values, at any length.
fn compute<T: Element>(level: SimdLevel, code: Code, a: &[T], b: &[T]) -> Vec<T> {
    let args = [Source::Input(0), Source::Input(1), Source::Number(T::ONE)];
    let mut register = vec![T::default(); TILE];
    let mut out = Vec::with_capacity(a.len());
    for (a, b) in a.chunks(TILE).zip(b.chunks(TILE)) {
        run(level, &[Instruction { code, out: 0, args }], &[a, b], &mut register, a.len());
        out.extend_from_slice(&register[..a.len()]);
    }
    out
}

/// Numbers of every exponent and of either sign, and many from -`wide` to `wide`.
fn samples<T: Tested>(count: usize, wide: f64) -> Vec<T> {
    let step = (u64::MAX / count as u64) | 1;
    let spread = (0..count as u64).map(|i| T::from_sample(i.wrapping_mul(step)));
    let near = (0..count).map(|i| T::from_f64((i as f64 + 0.37) / count as f64 * 2.0 * wide - wide));
    spread.chain(near).collect()
}

/// The worst error over all levels, in units in the last place, where there is a true value.
fn worst<T: Tested>(code: Code, a: &[T], b: &[T], truth: impl Fn(f64, f64) -> Option<Scaled>) -> f64 {
    let (digits, least, most) = T::LIMITS;
    let truth: Vec<_> = a.iter().zip(b).map(|(x, y)| truth(x.to_f64(), y.to_f64())).collect();
    let mut worst = 0.0;
    for level in SimdLevel::all() {
        let mut here = (0.0, 0);
        for (i, got) in compute(level, code, a, b).iter().enumerate() {
            if let Some(truth) = truth[i] {
                let ulps = truth.ulps_to(got.to_f64(), digits, least, most);
                assert!(!ulps.is_nan() && ulps <= 1e9, "{code:?} {:?} {:?} {level:?}: {got:?}", a[i], b[i]);
                here = if ulps > here.0 { (ulps, i) } else { here };
            }
        }
        eprintln!(
            "{:?} {code:?} {level:?} {:.3} at {:?} {:?}",
            std::any::type_name::<T>(),
            here.0,
            a[here.1],
            b[here.1]
        );
        worst = here.0.max(worst);
    }
    worst
}

fn finite(x: f64) -> bool {
    x.is_finite()
}

fn exp(x: f64) -> Option<Scaled> {
    finite(x).then(|| Twofold(x.clamp(-2000.0, 2000.0), 0.0).exp())
}

fn log(x: f64) -> Option<Scaled> {
    (finite(x) && x > 0.0).then(|| Scaled(log_of(x), 0))
}

/// log x, of subnormal numbers too.
fn log_of(x: f64) -> Twofold {
    if x < f64::MIN_POSITIVE {
        let shift = Twofold(2.0, 0.0).log().mul(Twofold(-200.0, 0.0));
        return Twofold(x * 2f64.powi(200), 0.0).log().add(shift);
    }
    Twofold(x, 0.0).log()
}

fn x_log_x(x: f64) -> Option<Scaled> {
    let small = x < 1e-290;
    let (x, shift) = if small { (x * 2f64.powi(300), -300) } else { (x, 0) };
    let log = log_of(super::precise::times_power(x, shift));
    (finite(x) && x > 0.0 && x < 1e300).then(|| Scaled(Twofold(x, 0.0).mul(log), shift))
}

fn sigmoid(x: f64) -> Option<Scaled> {
    let Scaled(e, k) = exp(-x.abs())?;
    let below = Scaled(e, k).plain().add(Twofold::ONE);
    Some(if x < 0.0 { Scaled(e.div(below), k) } else { Scaled(Twofold::ONE.div(below), 0) })
}

fn softplus(x: f64) -> Option<Scaled> {
    let e = exp(-x.abs())?;
    if x < -100.0 {
        return Some(e);
    }
    Some(Scaled(e.plain().log_1p().add(Twofold(x.max(0.0), 0.0)), 0))
}

fn power(a: f64, b: f64) -> Option<Scaled> {
    let t = log_of(a).mul(Twofold(b, 0.0));
    (finite(a) && a > 0.0 && finite(b) && t.0.abs() < 5000.0).then(|| t.exp())
}

fn check<T: Tested>(count: usize) {
    let one = |code: Code, wide: f64, truth: &dyn Fn(f64) -> Option<Scaled>| {
        let x = samples::<T>(count, wide);
        let ulps = worst(code, &x, &x, |x, _| truth(x));
        assert!(ulps <= MOST, "{code:?} of {:?} is off by {ulps} ulp", std::any::type_name::<T>());
    };
    one(Code::Exp, f64::from(T::LIMITS.2) * 0.72, &exp);
    one(Code::Log, 2.0, &log);
    one(Code::XLogX, 2.0, &x_log_x);
    one(Code::Sigmoid, 40.0, &sigmoid);
    one(Code::Softplus, 40.0, &softplus);
    // Powers of all sizes: b = t / log a, for t over the range of exp.
    let a: Vec<T> = samples::<T>(count, 2.0).iter().map(|a| T::from_f64(a.to_f64().abs())).collect();
    let range = f64::from(T::LIMITS.2) * 0.75;
    let b: Vec<T> = a
        .iter()
        .enumerate()
        .map(|(i, a)| T::from_f64(((i as f64 * 0.618).fract() * 2.0 - 1.0) * range / a.to_f64().ln()))
        .collect();
    let ulps = worst(Code::Pow, &a, &b, power);
    assert!(ulps <= MOST, "{:?} is off by {ulps} ulp", std::any::type_name::<T>());
}

#[test]
fn functions_of_f32_are_precise() {
    check::<f32>(500_000);
}

#[test]
fn functions_of_f64_are_precise() {
    check::<f64>(100_000);
}

/// Values at the odd places, signs of 0 and all: `NaN` where it is, else the same, or as near as the law says.
fn check_odd<T: Tested>(code: Code, truth: impl Fn(T, T) -> T) {
    let odd = [0.0, 0.5, 1.0, 2.0, 3.0, 2.5, 1e6 + 1.0, 3e9, 1e-45, 5e-324, 1e30, 1e300, f64::INFINITY];
    let odd = odd.iter().flat_map(|&x| [x, -x]).chain([f64::NAN]).map(T::from_f64);
    let odd: Vec<T> = odd.collect();
    for &a in &odd {
        let a = vec![a; odd.len()];
        for level in SimdLevel::all() {
            for (got, (&a, &b)) in compute(level, code, &a, &odd).iter().zip(a.iter().zip(&odd)) {
                let (want, got) = (truth(a, b).to_f64(), got.to_f64());
                let same = got == want && got.is_sign_negative() == want.is_sign_negative();
                let near = want != 0.0 && (got / want - 1.0).abs() < 1e-6;
                let fine = same || near || (got.is_nan() && want.is_nan());
                assert!(fine, "{:?} {level:?} {code:?}({a:?}, {b:?}) is {want}, not {got}", std::any::type_name::<T>());
            }
        }
    }
}

fn check_all_odd<T: Tested>() {
    let one = |f: fn(f64) -> f64| move |x: T, _: T| T::from_f64(f(x.to_f64()));
    check_odd(Code::Exp, one(f64::exp));
    check_odd(Code::Log, one(f64::ln));
    check_odd(Code::Sqrt, one(f64::sqrt));
    check_odd(Code::Abs, one(f64::abs));
    check_odd(Code::XLogX, one(|x| if x == 0.0 { 0.0 } else { x * x.ln() }));
    check_odd(Code::Sign, one(|x| if x == 0.0 || x.is_nan() { x } else { x.signum() }));
    check_odd(Code::Sigmoid, one(|x| if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) }));
    check_odd(Code::Softplus, one(|x| if x < 0.0 { x.exp().ln_1p() } else { x + (-x).exp().ln_1p() }));
    check_odd(Code::Max, |a: T, b| if a >= b || a.to_f64().is_nan() { a } else { b });
    check_odd(Code::Min, |a: T, b| if a <= b || a.to_f64().is_nan() { a } else { b });
    check_odd(Code::Pow, |a: T, b| {
        // The root of the row of `expr::Op`, which is that of -0 and -infinity too.
        if b == T::HALF { T::from_f64(a.to_f64().sqrt()) } else { T::std_pow(a, b) }
    });
}

#[test]
fn odd_places_are_as_the_primitives_say() {
    check_all_odd::<f32>();
    check_all_odd::<f64>();
}
