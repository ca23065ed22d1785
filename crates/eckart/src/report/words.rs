//! Words: what is said of a matrix, a search's end, a factor.
//! In: a `Matrix`, a `StopReason`.  Out: a few words.
//! Invariant: the command and the page say the same.
//! Not here: digits (see `numbers`).

use super::numbers::{count, short};
use crate::data::Matrix;
use crate::solve::StopReason;

/// "1,797 x 64, dense, f32"
pub fn describe(matrix: &Matrix) -> String {
    let entries = matrix.rows() as f64 * matrix.cols() as f64;
    let stored = if matrix.is_sparse() {
        let share = format!("{} %", short(100.0 * matrix.stored() as f64 / entries));
        format!("sparse with {} stored entries ({share})", count(matrix.stored()))
    } else if matrix.missing() > 0 {
        let (seen, missing) = (count(matrix.observed()), count(matrix.missing()));
        format!("dense with {seen} observed entries, {missing} missing")
    } else {
        "dense".to_owned()
    };
    format!("{} x {}, {stored}, {}", count(matrix.rows()), count(matrix.cols()), matrix.dtype())
}

/// The share of a matrix's stored entries that are exactly 0.
pub fn zeros(matrix: &Matrix) -> f64 {
    share_of_zeros(&matrix.values_f64())
}

/// The share of some numbers that are exactly 0.
pub(super) fn share_of_zeros(numbers: &[f64]) -> f64 {
    numbers.iter().filter(|&&x| x == 0.0).count() as f64 / numbers.len().max(1) as f64
}

/// What to make of the reason for which a search ended.
pub(super) fn meaning(stop: StopReason) -> &'static str {
    match stop {
        StopReason::Settled => "The cost had settled.",
        StopReason::Stationary => "No small step of a factor lowers the cost.",
        StopReason::Target => "The cost reached its target.",
        StopReason::MaxIter => "The limit of iterations was reached before the cost had settled: a larger one goes on.",
        StopReason::TimeLimit => "The time limit was reached: these are the best factors so far.",
        StopReason::Interrupted => "It was interrupted: these are the best factors so far.",
        StopReason::Diverged => "The cost became infinite or undefined: these are the best factors before that.",
        StopReason::Dropped => "Other starts were better.",
    }
}
