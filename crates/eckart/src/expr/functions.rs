//! Functions: what is called by name in a formula: primitives, and sugar made of them.
//! In: formulas.  Out: formulas.
//! Invariant: sugar is spelled out in primitives at once, so no later stage knows of it, but for the printer.
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

/// The Itakura-Saito divergence of each pair of entries: x / s - log(x / s) - 1 (Fevotte, Bertin and Durrieu 2009).
///
/// Both must be positive: it is infinite where x is 0.
pub fn is(x: impl Into<Expr>, s: impl Into<Expr>) -> Expr {
    let ratio = x.into() / s.into();
    (&ratio - log(&ratio) - 1.0).called("is")
}

/// The beta divergence of each pair of entries: (x^b + (b - 1) s^b - b x s^(b-1)) / (b (b - 1)) (Fevotte and Idier
/// 2011).
///
/// `b` is 1 x 1. At 2 it is half the squared error; at 1 its limit is [`kl`], at 0 [`is`], which a number 1 or 0 for
/// `b` stands for. A parameter of that value is refused where a problem is bound. Below 1 both x and s must be
/// positive.
///
/// ```
/// # use eckart::{beta, is, kl, matrix};
/// let (x, s) = (matrix("X"), matrix("S"));
/// assert_eq!(beta(&x, &s, 1.0), kl(&x, &s));
/// assert_eq!(beta(&x, &s, 0.0), is(&x, &s));
/// assert_eq!(beta(&x, &s, 1.5).to_string(), "beta(X, S, 1.5)");
/// ```
pub fn beta(x: impl Into<Expr>, s: impl Into<Expr>, b: impl Into<Expr>) -> Expr {
    let (x, s, b) = (x.into(), s.into(), b.into());
    match b.as_number() {
        Some(0.0) => return is(x, s),
        Some(1.0) => return kl(x, s),
        _ => {}
    }
    let less = &b - 1.0;
    let sum = x.pow(&b) + &less * s.pow(&b) - &b * x * s.pow(&less);
    (sum / (&b * &less)).called("beta")
}

/// The divergence of the negative binomial distribution of mean s and size k from each entry: x log(x / s) - (x + k)
/// log((x + k) / (s + k)) (Gouvert, Oberlin and Fevotte 2020); k log((s + k) / k) where x is 0.
///
/// Its variance is s + s^2 / k: for large k it is [`kl`]. x and s must not be negative, k be positive and given: what
/// depends on x and k alone is not the logarithm of the likelihood, by which k could be fitted.
pub fn nb(x: impl Into<Expr>, s: impl Into<Expr>, k: impl Into<Expr>) -> Expr {
    let (x, s, k) = (x.into(), s.into(), k.into());
    let both = &x + &k;
    (xlogx(&x) - x * log(&s) - xlogx(&both) + both * log(s + k)).called("nb")
}

/// The hinge loss of each pair of entries: max(1 - y s, 0), y being 1 or -1 (Cortes and Vapnik 1995; of matrices
/// Srebro, Rennie and Jaakkola 2005).
pub fn hinge(y: impl Into<Expr>, s: impl Into<Expr>) -> Expr {
    max(1.0 - y.into() * s.into(), 0.0).called("hinge")
}

/// The loss of each residual z whose least sum is at the quantile q, between 0 and 1: q z where z is positive, else (q
/// - 1) z (Koenker and Bassett 1978).
pub fn pinball(z: impl Into<Expr>, q: impl Into<Expr>) -> Expr {
    let (z, q) = (z.into(), q.into());
    max(&q * &z, (&q - 1.0) * &z).called("pinball")
}

/// The elastic net, 1 x 1: l sum(|w|) + (1 - l) / 2 sum(w^2), l being 1 x 1, between 0 and 1 (Zou and Hastie 2005; in
/// this form Friedman, Hastie and Tibshirani 2010).
pub fn elasticnet(w: impl Into<Expr>, l: impl Into<Expr>) -> Expr {
    let (w, l) = (w.into(), l.into());
    (&l * sum(abs(&w)) + (1.0 - &l) / 2.0 * sum(w.pow(2))).called("elasticnet")
}

/// The sum of the Euclidean lengths of the rows, 1 x 1: it makes whole rows 0 (Yuan and Lin 2006, groups of one size).
pub fn group(w: impl Into<Expr>) -> Expr {
    sum(rownorm(w)).called("group")
}

/// Automatic relevance determination of the components of `w @ h`, 1 x 1: the sum over k of log(|w_k|^2 / 2 + |h_k|^2 /
/// 2 + b), w_k the columns of w and h_k the rows of h (Tan and Fevotte 2013, half-normal priors).
///
/// Components that are not needed shrink until b, 1 x 1 and positive, is all that is left of their logarithm.
pub fn ard(w: impl Into<Expr>, h: impl Into<Expr>, b: impl Into<Expr>) -> Expr {
    let (w, h) = (w.into(), h.into());
    sum(log(colsum(w.pow(2)) / 2.0 + rowsum(h.pow(2)).t() / 2.0 + b.into())).called("ard")
}

/// The graph penalty trace(w' l w), 1 x 1: of a graph's Laplacian l, n x n, it is the sum over its edges of their
/// weight times the squared distance of the rows of w, n x r, that they join (Cai, He, Han and Huang 2011).
pub fn laplacian(w: impl Into<Expr>, l: impl Into<Expr>) -> Expr {
    let w = w.into();
    trace(w.t().dot(l).dot(&w)).called("laplacian")
}

/// The total variation along rows, 1 x 1: the sum of |h d|, d, m x k, being what takes differences: column j has -1 at
/// j and 1 at j + 1 (Rudin, Osher and Fatemi 1992, in its anisotropic form).
pub fn tv(h: impl Into<Expr>, d: impl Into<Expr>) -> Expr {
    sum(abs(h.into().dot(d))).called("tv")
}
