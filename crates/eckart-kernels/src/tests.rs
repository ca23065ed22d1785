//! Tests: what the tests of kernels share.
//! In: a length and a seed.  Out: numbers, and how exact their type is.
//! Invariant: the same numbers at every call.
//! Not here: the tests (beside the kernels).

use crate::number::Number;

/// So many numbers from -1 to 1.
pub(crate) fn numbers<T: Number>(len: usize, seed: f64) -> Vec<T> {
    (0..len).map(|k| T::from_f64((seed + k as f64 * 0.7).sin())).collect()
}

/// The same in f64.
pub(crate) fn f64s<T: Number>(numbers: &[T]) -> Vec<f64> {
    numbers.iter().map(|x| x.to_f64()).collect()
}

/// The distance of 1 from the next number.
pub(crate) fn epsilon<T: Number>() -> f64 {
    if size_of::<T>() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON }
}
