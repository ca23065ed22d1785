//! Random: factors of random numbers.
//! In: a bound problem, a seed, the number of the start.  Out: numbers for each factor, feasible.
//! Invariant: start k of a seed is the same whatever the number of starts and threads.
//! Not here: starts from the data (see `svd`).

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::data::Matrix;
use crate::run::{Numbers, Rect, Value};
use crate::solve::problem::{Bound, Factor};

/// Random factors where none is known, scaled so that their product is of the size of the data.
///
/// Factors that may not be negative are |N(0, 1)| times sqrt(mean / r), as is usual for non-negative factorization;
/// others are N(0, 1) times a tenth of (variance / r)^(1/4), a small start. Rows or columns whose length is limited
/// begin at the limit (where they have more than a few numbers): from less, a penalty on their partner could end a
/// search at 0. Offsets begin at 0.
pub(super) fn random_start(bound: &Bound, seed: u64, start: u64, known: Vec<Option<Value>>) -> Vec<Value> {
    if known.iter().all(Option::is_some) {
        return known.into_iter().flatten().collect();
    }
    let (mean, variance) = moments(&bound.target.1);
    let rank = bound.rank as f64;
    let fill = |(index, factor): (usize, &Factor)| {
        let nonnegative = factor.regularizer.entries.is_nonnegative();
        let scale = if nonnegative { (mean / rank).sqrt() } else { 0.1 * (variance / rank).powf(0.25) };
        let scale = factor.regularizer.row_norm.or(factor.regularizer.col_norm).unwrap_or(scale);
        let scale = if scale > 0.0 && scale.is_finite() { scale } else { 1.0 };
        let mut random = stream(seed, start, index as u64);
        let number = || {
            let normal = normal(&mut random);
            scale * if nonnegative { normal.abs() } else { normal }
        };
        if bound.is_narrow() { filled::<f32>(factor, number) } else { filled::<f64>(factor, number) }
    };
    let all = bound.factors.iter().enumerate().zip(known);
    all.map(|(factor, known)| known.unwrap_or_else(|| fill(factor))).collect()
}

/// A factor of such numbers, an offset of zeros, made feasible.
fn filled<T: Numbers>(factor: &Factor, mut number: impl FnMut() -> f64) -> Value {
    let mut factor_numbers = Rect::<T>::zeros(factor.shape);
    let numbers = factor_numbers.make_mut();
    if !factor.offset {
        numbers.iter_mut().for_each(|x| *x = T::from_f64(number()));
    }
    factor.regularizer.constraints().apply(numbers, factor.shape, 1.0);
    Value::of_rect(factor_numbers)
}

/// A stream of its own for each start and factor.
pub(super) fn stream(seed: u64, start: u64, factor: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(start << 16 | factor);
    random
}

/// A number between 0 and 1.
pub(super) fn uniform(random: &mut ChaCha8Rng) -> f64 {
    ((random.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

/// A standard normal number, by the polar form of Box and Muller (1958).
pub(super) fn normal(random: &mut ChaCha8Rng) -> f64 {
    let (radius, angle) = (uniform(random), uniform(random));
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

/// The mean size and the variance of the entries that count: of the observed ones where some are missing.
fn moments(x: &Matrix) -> (f64, f64) {
    let count = if x.missing() > 0 { x.observed() } else { x.rows() * x.cols() } as f64;
    let (mut size, mut sum, mut squares) = (0.0, 0.0, 0.0);
    x.for_each(|v| {
        if !v.is_nan() {
            size += v.abs();
            sum += v;
            squares += v * v;
        }
    });
    let mean = sum / count;
    (size / count, (squares / count - mean * mean).max(0.0))
}
