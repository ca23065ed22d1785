//! Random: factors of random numbers.
//! In: a bound problem, a seed, the number of the start.  Out: numbers for each factor, feasible.
//! Invariant: start k of a seed is the same whatever the number of starts and threads.
//! Not here: starts from the data (see `svd`).

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::data::Matrix;
use crate::error::Result;
use crate::expr::Var;
use crate::facts::{degree_of, joint_degree};
use crate::run::{Numbers, Rect, Value};
use crate::solve::derive::{Subproblem, derive, slopes_at_zero};
use crate::solve::problem::{Bound, Factor};
use crate::solve::result::compared::{Reconstruction, ReconstructionScale};

/// Random factors where none is known, scaled so that their product is of the size of the data.
///
/// Factors that may not be negative are |N(0, 1)| times sqrt(mean / r), as is usual for non-negative factorization;
/// others are N(0, 1) times a tenth of (variance / r)^(1/4), a small start. Where what stands for the data is no
/// product of two factors, as in `X - W @ S @ H`, see [`SizeOfStart`]. Rows or columns whose length is limited begin at
/// the limit (where they have more than a few numbers): from less, a penalty on their partner could end a search at 0.
/// Offsets begin at their minimum beside factors of 0 where that is known (see `offsets`), and factors of the size of
/// what they leave; else at 0, unless the objective has no slope there.
pub(super) fn random_start(bound: &Bound, seed: u64, start: u64, known: Vec<Option<Value>>) -> Result<Vec<Value>> {
    drawn(bound, (seed, start), known, true)
}

/// A start with random numbers in the place of the offsets that began at 0, which may be outside the domain of the
/// objective: a logarithm, a division. `None` where there is none.
pub(super) fn with_random_offsets(
    bound: &Bound,
    seed: u64,
    start: u64,
    factors: &[Value],
) -> Result<Option<Vec<Value>>> {
    let is_given = |factor: &Factor| start == 0 && factor.begin.is_some();
    let known = bound.factors.iter().zip(factors);
    let known: Vec<Option<Value>> =
        known.map(|(factor, value)| (!factor.offset || is_given(factor)).then(|| value.clone())).collect();
    if known.iter().all(Option::is_some) {
        return Ok(None);
    }
    drawn(bound, (seed, start), known, false).map(Some)
}

/// The start of a seed; `offsets_at_zero` says whether offsets begin at 0.
fn drawn(
    bound: &Bound,
    (seed, start): (u64, u64),
    known: Vec<Option<Value>>,
    offsets_at_zero: bool,
) -> Result<Vec<Value>> {
    if known.iter().all(Option::is_some) {
        return Ok(known.into_iter().flatten().collect());
    }
    let (mean, variance) = match bound.spread {
        Some(spread) => (spread, spread * spread),
        None => moments(&bound.target.1),
    };
    let (rank, sizes) = (bound.rank as f64, SizeOfStart::of(bound, &known)?);
    let at_zero: Vec<bool> = bound.factors.iter().map(|factor| begins_at_zero(bound, factor)).collect::<Result<_>>()?;
    let fill = |(index, factor): (usize, &Factor)| {
        let nonnegative = factor.regularizer.entries.is_nonnegative();
        let scale = match (&sizes, nonnegative) {
            (None, true) => (mean / rank).sqrt(),
            (None, false) => 0.1 * (variance / rank).powf(0.25),
            (Some(sizes), true) => sizes.scale(mean),
            (Some(sizes), false) => 0.1 * sizes.scale(variance.sqrt()),
        };
        let scale = factor.regularizer.row_norm.or(factor.regularizer.col_norm).unwrap_or(scale);
        let scale = if scale > 0.0 && scale.is_finite() { scale } else { 1.0 };
        let mut random = stream(seed, start, index as u64);
        let number = || {
            let normal = normal(&mut random);
            scale * if nonnegative { normal.abs() } else { normal }
        };
        if let Some(level) = factor.level.as_ref().filter(|_| offsets_at_zero) {
            return level.clone();
        }
        let is_zero = offsets_at_zero && at_zero[index];
        if bound.is_narrow() { filled::<f32>(factor, is_zero, number) } else { filled::<f64>(factor, is_zero, number) }
    };
    let all = bound.factors.iter().enumerate().zip(known);
    Ok(all.map(|(factor, known)| known.unwrap_or_else(|| fill(factor))).collect())
}

/// Whether a factor begins at 0: an offset from which the objective has a slope that leads away.
fn begins_at_zero(bound: &Bound, factor: &Factor) -> Result<bool> {
    if !factor.offset {
        return Ok(false);
    }
    let which = bound.factors.iter().position(|other| other.var == factor.var).unwrap_or_default();
    let is_quadratic = matches!(
        derive(bound)?[which],
        Subproblem::Quadratic(..) | Subproblem::Entrywise { .. } | Subproblem::Coupled(_)
    );
    Ok(is_quadratic || slopes_at_zero(bound, factor)?)
}

/// How what stands for the data grows.
struct SizeOfStart {
    /// Its degree in the factors that begin at random, together.
    degree: f64,
    /// The logarithm of its size where their numbers, and those of the data, are of size 1.
    offset: f64,
    /// Its degree in the data.
    of_data: f64,
}

impl SizeOfStart {
    /// `None` where it is of degree 2 in the factors, as W @ H is, or nothing of the size of the data is a polynomial
    /// in them.
    fn of(bound: &Bound, known: &[Option<Value>]) -> Result<Option<Self>> {
        let compared = bound.reconstruction()?.filter(|compared| compared.scale == ReconstructionScale::Data);
        let Some(Reconstruction { part: formula, .. }) = compared else { return Ok(None) };
        let factor = |var: &Var| bound.factors.iter().position(|factor| factor.var == *var && !factor.offset);
        let all = joint_degree(formula, &|var| factor(var).is_some());
        let free = joint_degree(formula, &|var| factor(var).is_some_and(|at| known[at].is_none()));
        let data = Var::input(&bound.target.0);
        let (Some(all), Some(free), Some(of_data)) = (all, free, joint_degree(formula, &|var| *var == data)) else {
            return Ok(None);
        };
        if free == 0 || all == 2 && of_data == 0 {
            return Ok(None);
        }
        let of_known = |(factor, value): (&Factor, &Option<Value>)| {
            let numbers = &value.as_ref()?.to_dense().data;
            let mean = numbers.iter().map(|x| x.abs()).sum::<f64>() / numbers.len().max(1) as f64;
            Some(f64::from(degree_of(formula, &factor.var)?) * mean.ln())
        };
        let offset = (bound.rank as f64).ln() + bound.factors.iter().zip(known).filter_map(of_known).sum::<f64>();
        Ok(Some(Self { degree: f64::from(free), offset, of_data: f64::from(of_data) }))
    }

    /// The size of the numbers of the factors for data of such a size.
    fn scale(&self, size: f64) -> f64 {
        ((size.ln() * (1.0 - self.of_data) - self.offset) / self.degree).exp()
    }
}

/// A factor of such numbers, or of zeros, made feasible.
fn filled<T: Numbers>(factor: &Factor, is_zero: bool, mut number: impl FnMut() -> f64) -> Value {
    let mut factor_numbers = Rect::<T>::zeros(factor.shape);
    let numbers = factor_numbers.make_mut();
    if !is_zero {
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
