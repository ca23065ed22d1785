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

/// "1 start", "6 starts"
pub(super) fn counted(number: usize, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

/// "10,621 × 10"
pub(super) fn sides((rows, cols): (usize, usize)) -> String {
    format!("{} × {}", count(rows), count(cols))
}

/// The share of a matrix's stored entries that are exactly 0.
pub fn zeros(matrix: &Matrix) -> f64 {
    share_of_zeros(&matrix.values_f64())
}

/// The share of some numbers that are exactly 0.
pub(super) fn share_of_zeros(numbers: &[f64]) -> f64 {
    numbers.iter().filter(|&&x| x == 0.0).count() as f64 / numbers.len().max(1) as f64
}

/// What a KKT residual is, as the command and the page say it below a table.
pub const KKT_RESIDUAL: &str = "KKT residual: relative projected-gradient norm, norm(proximal gradient step) * \
                                norm(factor) / cost; 0 at a stationary point.";

/// A factor's KKT residual in that table, beside those of others.
pub fn kkt_residual(residual: Option<&f64>) -> String {
    match residual {
        None => "fixed".to_owned(),
        // The largest number stands for one that is not finite.
        Some(&residual) if residual < f64::MAX => short(residual),
        Some(_) => "undefined".to_owned(),
    }
}

/// What the reason for which a search ended says.
pub(super) fn meaning(stop: StopReason) -> &'static str {
    match stop {
        StopReason::Settled => "Converged: the relative decrease of the cost fell below the tolerance.",
        StopReason::Stationary => "Converged: the relative decrease and all KKT residuals fell below the tolerance.",
        StopReason::Target => "The cost reached its target.",
        StopReason::MaxIter => "Not converged within the limit of iterations: increase it.",
        StopReason::TimeLimit => "Time limit reached: these are the best factors so far.",
        StopReason::Interrupted => "Interrupted: these are the best factors so far.",
        StopReason::Diverged => {
            "Diverged: the cost became infinite or undefined. These are the best factors before that."
        }
        StopReason::Dropped => "Other initializations were better.",
    }
}
