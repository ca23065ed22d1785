//! Sentinels: numbers that files write where there is none: -999, 9999, 1e20.
//! In: a matrix and its name.  Out: a warning.
//! Invariant: told only of a known mark that stands apart: the only negative number, or ten times as far from 0 as all
//! others.
//! Not here: other entries that can't be fitted (see `entries`).

use crate::data::Matrix;
use crate::error::{Code, Warning};

/// What such numbers are without their sign.
const MARKS: [f64; 10] = [99.0, 99.9, 99.99, 999.0, 999.25, 999.9, 9999.0, 9999.9, 99999.0, 999_999.0];
/// From here on every number is one, where it is so many times as large as all others.
const HUGE: f64 = 1e20;
const ABOVE_HUGE: f64 = 1e6;
/// How many times as far from 0 a mark is as all others.
const FAR: f64 = 10.0;

/// Warns of a number that hardly is one.
pub(crate) fn sentinel(name: &str, x: &Matrix) -> Option<Warning> {
    let seen = Extremes::of(x);
    let is_mark = |value: f64| MARKS.iter().any(|mark| (value.abs() - mark).abs() <= 1e-6 * mark);
    let Extremes { least, negative, only_negative, farthest, count, next } = seen;
    let (value, count, why) = if only_negative && is_mark(least) {
        (least, negative, "no other is negative")
    } else if is_mark(farthest) && next > 0.0 && farthest.abs() >= FAR * next && (farthest < 0.0 || seen.repeats(x)) {
        (farthest, count, "all others are ten times nearer to 0, or more")
    } else if farthest.abs() >= HUGE && farthest.abs() >= ABOVE_HUGE * next {
        (farthest, count, "all others are a million times nearer to 0, or more")
    } else {
        return None;
    };
    let (entries, are) = if count == 1 { ("entry", "is") } else { ("entries", "are") };
    let value = if value.abs() < HUGE { value.to_string() } else { format!("{value:e}") };
    let message = format!(
        "{count} {entries} of {name} {are} {value}, and {why}: if that marks what is missing, leave such cells empty \
         (NaN), and write observed({name}) in the objective"
    );
    Some(Warning::new(Code::SentinelEntries, message))
}

/// What stands apart in a matrix.
struct Extremes {
    /// The least entry, how many are negative, and whether these are all the same.
    least: f64,
    negative: usize,
    only_negative: bool,
    /// The entry that is farthest from 0, how often it stands, and how far the next is.
    farthest: f64,
    count: usize,
    next: f64,
}

impl Extremes {
    fn of(x: &Matrix) -> Self {
        let mut seen = Self { least: 0.0, negative: 0, only_negative: true, farthest: 0.0, count: 0, next: 0.0 };
        x.for_each(|entry| {
            if entry < 0.0 {
                seen.only_negative &= seen.negative == 0 || entry == seen.least;
                (seen.least, seen.negative) = (seen.least.min(entry), seen.negative + 1);
            }
            if entry == seen.farthest {
                seen.count += 1;
            } else if entry.abs() > seen.farthest.abs() {
                (seen.next, seen.farthest, seen.count) = (seen.next.max(seen.farthest.abs()), entry, 1);
            } else {
                // Not a number is no larger than any.
                seen.next = seen.next.max(entry.abs());
            }
        });
        seen.only_negative &= seen.negative > 0;
        seen
    }

    /// Whether the farthest entry stands twice and more, beside twice as many others.
    fn repeats(&self, x: &Matrix) -> bool {
        self.count > 1 && x.observed() >= 3 * self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_that_stand_apart_are_told_from_data() {
        let check = |marks: &[f64], factor: f64, expected: &str| {
            let entry = |i: usize, j: usize| marks.get(i * 5 + j).copied().unwrap_or(factor * (1 + i + j) as f64);
            let found = sentinel("X", &Matrix::from_fn(6, 5, entry).unwrap());
            let told = found.map_or_else(String::new, |warning| warning.message);
            let begins = told.split(&[',', ':'][..]).next().unwrap();
            assert_eq!(begins, expected, "{marks:?}: {told}");
        };
        check(&[-999.0, -999.0], 1.0, "2 entries of X are -999");
        check(&[-9999.0], 1.0, "1 entry of X is -9999");
        check(&[-999.25, -3.0], 1.0, "1 entry of X is -999.25");
        check(&[-9999.0, -1.0, f64::NAN], 1.0, "1 entry of X is -9999");
        check(&[9999.0, 9999.0, -2.0], 1.0, "2 entries of X are 9999");
        check(&[99.0, 99.0, 99.0], 0.5, "3 entries of X are 99");
        check(&[1e20], 1.0, "1 entry of X is 1e20");
        // Ordinary numbers: one large one, one that is no mark, large ones beside it, single noughts and negatives.
        for marks in [&[9999.0][..], &[9998.0, 9998.0], &[99.0, 99.0, 60.0], &[-999.0, -150.0], &[-3.0], &[-1.0, -1.0]]
        {
            check(marks, 1.0, "");
        }
        check(&[1e20], 1e18, "");
    }
}
