//! Functions: what is called by name in a formula: primitives, and sugar made of them.
//! In: formulas.  Out: formulas.
//! Invariant: sugar is spelled out in primitives at once, so no later stage knows of it.
//! Not here: marks (see `operators`); the names in a text (see `text`).

use super::op::Op;
use super::tree::Expr;

macro_rules! primitives {
    ($($(#[$doc:meta])* $name:ident($($arg:ident),+) => $op:expr;)*) => {$(
        $(#[$doc])*
        pub fn $name($($arg: impl Into<Expr>),+) -> Expr {
            Expr::new($op, vec![$($arg.into()),+])
        }
    )*};
}
primitives! {
    /// The sum of all entries, 1 x 1.
    sum(a) => Op::Sum;
    /// The sum of each row, n x 1.
    rowsum(a) => Op::RowSum;
    /// The sum of each column, 1 x m.
    colsum(a) => Op::ColSum;
    /// The exponential of each entry.
    exp(a) => Op::Exp;
    /// The natural logarithm of each entry.
    log(a) => Op::Log;
    /// x log x of each entry, 0 where x is 0.
    xlogx(a) => Op::XLogX;
    /// The absolute value of each entry.
    abs(a) => Op::Abs;
    /// -1, 0 or 1, as each entry is negative, zero or positive.
    sign(a) => Op::Sign;
    /// The logistic function 1 / (1 + exp(-x)) of each entry.
    sigmoid(a) => Op::Sigmoid;
    /// log(1 + exp(x)) of each entry.
    softplus(a) => Op::Softplus;
    /// 1 where a data matrix has an entry (stored, or not `NaN`), 0 where it has none: the mask for missing data.
    observed(a) => Op::Observed;
    /// The identity matrix of the shape of a square matrix.
    eye(a) => Op::Eye;
    /// The greater of each pair of entries.
    max(a, b) => Op::Max;
    /// The lesser of each pair of entries.
    min(a, b) => Op::Min;
    /// 1 where an entry of `a` is greater than that of `b`, else 0. In a text: `a > b`.
    greater(a, b) => Op::Greater;
    /// `a` stretched to the shape of `like`, whose values don't matter.
    expand(a, like) => Op::Expand;
    /// `a` summed down to the shape of `like`, whose values don't matter.
    sumto(a, like) => Op::SumTo;
}

/// The square root of each entry.
pub fn sqrt(a: impl Into<Expr>) -> Expr {
    a.into().pow(0.5)
}

/// The hyperbolic tangent of each entry.
pub fn tanh(a: impl Into<Expr>) -> Expr {
    2.0 * sigmoid(2.0 * a.into()) - 1.0
}

/// The Frobenius norm: the root of the sum of all squares, 1 x 1.
pub fn norm(a: impl Into<Expr>) -> Expr {
    sqrt(sum(a.into().pow(2)))
}

/// The Euclidean length of each row, n x 1.
pub fn rownorm(a: impl Into<Expr>) -> Expr {
    sqrt(rowsum(a.into().pow(2)))
}

/// The Euclidean length of each column, 1 x m.
pub fn colnorm(a: impl Into<Expr>) -> Expr {
    sqrt(colsum(a.into().pow(2)))
}

/// The mean of all entries, 1 x 1.
pub fn mean(a: impl Into<Expr>) -> Expr {
    let a = a.into();
    sum(&a) / sum(expand(1.0, a))
}

/// The sum of the diagonal of a square matrix, 1 x 1.
pub fn trace(a: impl Into<Expr>) -> Expr {
    let a = a.into();
    sum(eye(&a) * a)
}

/// Each entry kept within `low` and `high`.
pub fn clip(a: impl Into<Expr>, low: impl Into<Expr>, high: impl Into<Expr>) -> Expr {
    min(max(a, low), high)
}

/// Huber's loss of each entry: z²/2 up to `delta`, then the straight line delta (|z| - delta/2) that goes on from it
/// (Huber 1964, eq. 1.1).
pub fn huber(z: impl Into<Expr>, delta: impl Into<Expr>) -> Expr {
    let size = abs(z);
    let core = min(&size, delta);
    &core * (size - &core / 2.0)
}

/// The generalised Kullback-Leibler divergence of each pair of entries: x log(x / s) - x + s (Lee and Seung 2001,
/// eq. 3); s where x is 0.
pub fn kl(x: impl Into<Expr>, s: impl Into<Expr>) -> Expr {
    let (x, s) = (x.into(), s.into());
    xlogx(&x) - &x - &x * log(&s) + s
}
