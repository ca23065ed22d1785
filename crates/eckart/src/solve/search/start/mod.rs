//! Start: where a search begins.
//! In: a bound problem, settings, the number of the start.  Out: numbers for each factor, feasible.
//! Invariant: start k of a seed is the same whatever the number of starts and threads.
//! Not here: how many starts there are (see `driver`).

mod eigen;
mod offsets;
mod parts;
mod random;
mod svd;

pub(in crate::solve) use offsets::{ShortSearch, place_offsets};

use super::multistart::many_minima;
use super::settings::{Init, Settings};
use crate::error::{Code, Error, Result};
use crate::expr::Var;
use crate::facts::{Shape, depends_on, joint_degree};
use crate::run::{Numbers, Rect, Value, sum_by};
use crate::solve::derive::{Subproblem, derive};
use crate::solve::problem::role::FactorAxis;
use crate::solve::problem::{Bound, Factor};

/// Where start `index` begins. The first one (0) takes the values that were given, and of the rest what
/// [`Settings::init`] says; further ones are random, but for one of objectives with many minima.
///
/// # Errors
/// `Setting` where the objective has no pair of factors for a truncated SVD; `Limit` where that needs too much memory.
pub(in crate::solve) fn begin(
    bound: &Bound,
    settings: &Settings,
    index: usize,
    memory_limit: usize,
) -> Result<Vec<Value>> {
    // Where there are many minima, a second start from the SVD: NNDSVD and its positive part lead to others.
    let is_second = index == 1 && settings.init == Init::Auto && bound.factors.iter().all(|f| f.begin.is_none());
    let is_from_svd = is_second && automatic(bound)? == Init::Nndsvd && many_minima(bound)?.is_some();
    if index > 0 && !is_from_svd {
        return random::random_start(bound, settings.seed, index as u64, vec![None; bound.factors.len()]);
    }
    let mut known: Vec<Option<Value>> = bound.factors.iter().map(|factor| factor.begin.clone()).collect();
    let init = match settings.init {
        _ if is_from_svd => Init::Svd,
        Init::Auto => automatic(bound)?,
        said => said,
    };
    if init != Init::Random && known.iter().any(Option::is_none) {
        let found = match bound.is_narrow() {
            true => from_svd::<f32>(bound, init, settings.seed, memory_limit)?,
            false => from_svd::<f64>(bound, init, settings.seed, memory_limit)?,
        };
        let subproblems = derive(bound)?;
        for (which, numbers) in found {
            // The logarithm of a product that is 0 can't be computed, even where nothing was counted.
            let lifted = |numbers: Value| match bound.is_narrow() {
                true => without_zeros::<f32>(numbers),
                false => without_zeros::<f64>(numbers),
            };
            let numbers = if matches!(subproblems[which], Subproblem::Poisson(_)) { lifted(numbers) } else { numbers };
            known[which].get_or_insert(numbers);
        }
    }
    random::random_start(bound, settings.seed, index as u64, known)
}

/// A start with random numbers for every factor.
pub(in crate::solve) fn at_random(bound: &Bound, settings: &Settings) -> Result<Vec<Value>> {
    random::random_start(bound, settings.seed, 0, vec![None; bound.factors.len()])
}

/// The same start with random offsets, for one at which the cost is infinite with zeros in their place; `None` where
/// there is none that began so.
pub(in crate::solve) fn begin_apart_from_zero(
    bound: &Bound,
    settings: &Settings,
    index: usize,
    factors: &[Value],
) -> Result<Option<Vec<Value>>> {
    random::with_random_offsets(bound, settings.seed, index as u64, factors)
}

/// The values that were given for a start, small positive numbers in the place of the zeros of factors that may not be
/// negative: for one at which the cost is infinite, as `kl(X, W @ H)` is beside a column of zeros. `None` where it has
/// none.
pub(in crate::solve) fn begin_within(bound: &Bound, index: usize, factors: &[Value]) -> Option<Vec<Value>> {
    let is_given = |factor: &Factor| index == 0 && factor.begin.is_some();
    let lifted = |(factor, value): (&Factor, &Value)| {
        if !is_given(factor) || !factor.regularizer.entries.is_nonnegative() {
            return value.clone();
        }
        match bound.is_narrow() {
            true => feasible::<f32>(without_zeros::<f32>(value.clone()), factor),
            false => feasible::<f64>(without_zeros::<f64>(value.clone()), factor),
        }
    };
    let others: Vec<Value> = bound.factors.iter().zip(factors).map(lifted).collect();
    let differs = |(a, b): (&Value, &Value)| a.to_dense().data != b.to_dense().data;
    others.iter().zip(factors).any(differs).then_some(others)
}

/// A factor, made feasible.
fn feasible<T: Numbers>(value: Value, factor: &Factor) -> Value {
    let mut rect = value.into_rect::<T>();
    factor.regularizer.constraints().apply(rect.make_mut(), factor.shape, 1.0);
    Value::of_rect(rect)
}

/// A factor with a millionth of its mean in the place of every 0.
fn without_zeros<T: Numbers>(numbers: Value) -> Value {
    let mut rect = numbers.into_rect::<T>();
    let mean = sum_by(&rect.data, T::to_f64) / rect.data.len().max(1) as f64;
    let least = if mean > 0.0 { T::from_f64(1e-6 * mean) } else { T::from_f64(1e-6) };
    rect.make_mut().iter_mut().for_each(|x| *x = if *x > least { *x } else { least });
    Value::of_rect(rect)
}

/// What `Init::Auto` means for a problem. On counts of words (sotu, rank 32) the search from NNDSVD ended at a lower
/// cost than random ones, after as many iterations; the SVD takes as long as five of them. One component with a scale
/// of its own, as `d * u @ v` has, begins at the singular vectors (Witten, Tibshirani and Hastie 2009): beside random
/// vectors the best scale is so small that a penalty on them ends the search at 0.
///
/// Plain quadratics without bounds begin at random: their minima are few, and the SVD would be of no help. So do
/// objectives that weight entries or leave them out, which an SVD does not see, and products of more than two factors.
fn automatic(bound: &Bound) -> Result<Init> {
    let (name, x) = &bound.target;
    let Some((pair, r)) = pair(bound).filter(|(_, r)| *r <= x.rows().min(x.cols())) else { return Ok(Init::Random) };
    let is_free = |which: usize| !bound.factors[which].regularizer.entries.is_nonnegative();
    if r == 1 && pair.into_iter().all(is_free) && has_scale(bound, pair)? {
        return Ok(Init::Svd);
    }
    let subproblems = derive(bound)?;
    let is_nonnegative = pair.iter().all(|&which| bound.factors[which].regularizer.entries.is_nonnegative());
    let is_shared = |subproblem: &Subproblem| matches!(subproblem, Subproblem::Quadratic(q, _) if q.grams.is_shared());
    let shared = pair.iter().all(|&which| is_shared(&subproblems[which]));
    let by_rows = subproblems.iter().all(|subproblem| matches!(subproblem, Subproblem::Quadratic(..)));
    let is_factor = |var: &Var| bound.factors.iter().any(|factor| factor.var == *var);
    let product = bound.reconstruction()?.and_then(|product| joint_degree(&product.part, &is_factor));
    let weighted =
        bound.givens.iter().any(|(var, given)| var.name() != name && !is_factor(var) && given.shape == Shape::of(x));
    let leaves_out = offsets::leaves_out(bound);
    Ok(match is_nonnegative {
        true if shared => Init::Nndsvd,
        _ if by_rows || leaves_out || weighted || product.is_some_and(|degree| degree > 2) => Init::Random,
        true => Init::Nndsvd,
        false => Init::Svd,
    })
}

/// Whether what stands for the data is a product of a pair and of a single number that is searched for as well.
fn has_scale(bound: &Bound, pair: [usize; 2]) -> Result<bool> {
    let Some(compared) = bound.reconstruction()? else { return Ok(false) };
    let is_scale = |at: usize| !pair.contains(&at) && bound.factors[at].shape.is_scalar() && !bound.factors[at].offset;
    let scales = (0..bound.factors.len()).filter(|&at| is_scale(at));
    Ok(scales.into_iter().any(|at| depends_on(&compared.part, &bound.factors[at].var)))
}

/// W and H, and how many components both have; this need not be the rank, which is that of sides nobody declared.
fn pair(bound: &Bound) -> Option<([usize; 2], usize)> {
    let pair = bound.components()?;
    let [left, right] = pair.map(|which| {
        let Factor { shape, role, .. } = &bound.factors[which];
        if role.components == Some(FactorAxis::Rows) { shape.rows } else { shape.cols }
    });
    (left == right).then_some((pair, left))
}

/// The factors that begin at a truncated SVD of X, and their numbers.
fn from_svd<T: Numbers>(bound: &Bound, init: Init, seed: u64, memory_limit: usize) -> Result<[(usize, Value); 2]> {
    let x = &bound.target.1;
    let (n, m) = (x.rows(), x.cols());
    let Some(([left, right], r)) = pair(bound) else {
        let r = bound.rank;
        return Err(Error::setting(
            Code::InitUnsupported,
            format!(
                "a start from the SVD of {} needs a product of two factors, one for its rows and one for its columns \
                 ({n} x {r} and {r} x {m}), and the objective has none: start at random, or give the factors their \
                 values",
                bound.target.0
            ),
        ));
    };
    if r > n.min(m) {
        return Err(Error::setting(
            Code::InitUnsupported,
            format!(
                "{} has no more than {} singular values, so rank {r} can't begin from its SVD: start at random, or \
                 give the factors their values",
                bound.target.0,
                n.min(m)
            ),
        ));
    }
    let (w, h) = parts::of(svd::truncated::<T>(bound, r, seed, memory_limit)?, init, x, seed);
    // Both are lists of components, as H is.
    let placed = |which: usize, components: Rect<T>| {
        let factor = &bound.factors[which];
        let by_rows = factor.role.components == Some(FactorAxis::Rows);
        let mut value = if by_rows { components } else { components.into_transposed() };
        factor.regularizer.constraints().apply(value.make_mut(), factor.shape, 1.0);
        (which, Value::of_rect(value))
    };
    Ok([placed(left, w), placed(right, h)])
}
