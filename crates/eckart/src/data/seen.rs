//! Seen: what is true of all of some numbers.
//! In: numbers.  Out: whether they are finite, not negative, 0 or 1, of moderate size.
//! Law: one pass without branches, so that many numbers are looked at at once.
//! Not here: which number is at fault (see `matrix`).

use super::Real;

/// What is true of all of some numbers; of those that are not missing, the last two.
pub(super) struct Seen {
    pub finite: bool,
    pub nonnegative: bool,
    pub binary: bool,
    pub moderate: bool,
}

/// Looks at numbers without branches, so that many are looked at at once.
#[allow(clippy::eq_op, reason = "a number that is not itself is NaN, and nothing else tells it as quickly")]
pub(super) fn look_at<T: Real>(values: &[T]) -> Seen {
    let [zero, one, least, plain, most, endless] = [0.0, 1.0, 1e-18, 1e-9, 1e9, f64::INFINITY].map(T::from_f64);
    let [minus_least, minus_plain, minus_most, minus_endless] =
        [-1e-18, -1e-9, -1e9, f64::NEG_INFINITY].map(T::from_f64);
    let (mut strange, mut negative, mut other) = (false, false, false);
    let (mut extreme, mut seen, mut large) = (false, false, false);
    for chunk in values.chunks(1024) {
        for &x in chunk {
            strange |= (x != x) | (x == endless) | (x == minus_endless);
            negative |= x < zero;
            other |= (x != zero) & (x != one) & (x == x);
            extreme |= (x >= most) | (x <= minus_most) | ((x != zero) & (x < least) & (x > minus_least));
            large |= (x > plain) | (x < minus_plain);
            seen |= x != zero;
        }
    }
    Seen { finite: !strange, nonnegative: !negative, binary: !other, moderate: !extreme && (large || !seen) }
}
