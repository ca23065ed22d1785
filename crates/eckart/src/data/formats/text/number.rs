//! Number: the text of a number, and the type that holds a file's numbers.
//! In: bytes of a cell; the numbers of a file as f64.  Out: an f64; f32 where nothing is lost by it.
//! Invariant: parsing is correctly rounded; a number is narrowed only where that is exact or was asked for.
//! Not here: where a number stood (the formats say it in their errors).

use crate::data::{Dtype, Matrix};
use crate::error::{Code, Error, Result};

/// The largest n such that every integer up to n is exact in f32.
const F32_INTEGERS: f64 = 16_777_216.0;

/// How the type of a file's numbers is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::data) enum Choice {
    Fixed(Dtype),
    /// f32 where all are integers of at most 2^24 (or missing), else f64.
    IntegersToF32,
    /// f32 where every one of them is exact in f32, else f64.
    ExactToF32,
}

impl Choice {
    pub(in crate::data) fn of(self, values: &[f64]) -> Dtype {
        let narrow = match self {
            Self::Fixed(dtype) => return dtype,
            Self::IntegersToF32 => values.iter().all(|v| v.is_nan() || (v.fract() == 0.0 && v.abs() <= F32_INTEGERS)),
            Self::ExactToF32 => values.iter().all(|&v| f64::from(v as f32) == v),
        };
        if narrow { Dtype::F32 } else { Dtype::F64 }
    }

    /// The dense rows x cols matrix of `values`, row by row, in their type.
    pub(in crate::data) fn dense(self, rows: usize, cols: usize, values: Vec<f64>) -> Result<Matrix> {
        match self.of(&values) {
            Dtype::F64 => Matrix::dense(rows, cols, values),
            Dtype::F32 => {
                let place = |at: usize| format!("row {}, column {}", at / cols + 1, at % cols + 1);
                Matrix::dense(rows, cols, narrow(&values, place)?)
            }
        }
    }
}

/// The numbers as f32; `place` says where one is that is too large for it.
pub(in crate::data) fn narrow(values: &[f64], place: impl Fn(usize) -> String) -> Result<Vec<f32>> {
    match values.iter().position(|&v| v.is_finite() && !(v as f32).is_finite()) {
        Some(at) => Err(too_large(values[at], &place(at))),
        None => Ok(values.iter().map(|&v| v as f32).collect()),
    }
}

/// A number that f32 can't hold; `place` says where it is.
pub(in crate::data) fn too_large(value: f64, place: &str) -> Error {
    let message = format!("{value:e} at {place} is too large for f32");
    Error::data(Code::F32Overflow, message, "Keep f64, or divide the data by a constant")
}

/// The number that is written in `text` (which has no blanks around it); infinities and NaN included.
pub(in crate::data) fn parse(text: &[u8]) -> Option<f64> {
    // Integers of up to 15 digits are exact in f64 and most of what files hold.
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if let Some(value) = small_integer(digits) {
        return Some(if negative { -(value as f64) } else { value as f64 });
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The integer that is written in one to fifteen digits.
pub(in crate::data) fn small_integer(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 15 {
        return None;
    }
    let mut value = 0;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u64::from(digit - b'0');
    }
    Some(value)
}

/// The number that an id is, where it is written the one usual way: "01" is an id of its own beside "1".
pub(in crate::data) fn whole_number(id: &[u8]) -> Option<u64> {
    if id.len() > 1 && id[0] == b'0' { None } else { small_integer(id) }
}

/// `101` of `101.0`: a column of whole numbers turns to such texts where one of them was missing once.
pub(in crate::data) fn without_zero_decimals(id: &[u8]) -> &[u8] {
    let Some(b'0') = id.last() else { return id };
    let zeros = id.iter().rev().take_while(|&&b| b == b'0').count();
    match id[..id.len() - zeros] {
        [ref whole @ .., b'.'] if whole_number(whole.strip_prefix(b"-").unwrap_or(whole)).is_some() => whole,
        _ => id,
    }
}

/// Calls whole floats as the integers that they are, beside texts, too; beside fractions each is one of them, and they
/// keep their decimals.
pub(in crate::data) fn name_whole_floats(names: &mut [String]) {
    let is_fraction = |name: &String| parse(name.as_bytes()).is_some_and(|value| value.fract() != 0.0);
    if names.iter().any(is_fraction) {
        return;
    }
    for name in names {
        let whole = without_zero_decimals(name.as_bytes()).len();
        name.truncate(whole);
    }
}

/// Whether `digits` write a whole number that is not `value`, the nearest that f64 holds.
pub(in crate::data) fn is_rounded(digits: &[u8], value: f64) -> bool {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let digits = digits.strip_prefix(b"-").or_else(|| digits.strip_prefix(b"+")).unwrap_or(digits);
    if value.abs() < EXACT || !value.is_finite() || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let first = digits.iter().position(|&b| b != b'0').unwrap_or(0);
    format!("{:.0}", value.abs()).as_bytes() != &digits[first..]
}

/// The refusal of a whole number that f64 would round.
pub(in crate::data) fn inexact(text: &[u8], place: &str, help: &str) -> Error {
    let message = format!("{}{place} is a whole number that f64 does not hold exactly", shown(text));
    let help = format!("{help}; where rounding is meant, write it with decimals, as in 12345678901234567890.0");
    Error::data(Code::InexactInteger, message, help)
}

/// The whole number that is written in `text` with digits only.
pub(in crate::data) fn parse_index(text: &[u8]) -> Option<usize> {
    match small_integer(text) {
        Some(value) => usize::try_from(value).ok(),
        None if text.first().is_some_and(|b| b.is_ascii_digit()) => std::str::from_utf8(text).ok()?.parse().ok(),
        None => None,
    }
}

/// A cell as it is shown in an error: its text in quotes, cut where it is long.
pub(in crate::data) fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut cut: String = text.chars().take(40).collect();
    if cut.len() < text.len() {
        cut.push_str("...");
    }
    format!("{cut:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read() {
        let check = |text: &str, value: Option<f64>| assert_eq!(parse(text.as_bytes()), value, "{text}");
        check("12", Some(12.0));
        check("-12", Some(-12.0));
        check("+7", Some(7.0));
        check("1e3", Some(1000.0));
        check("-.5", Some(-0.5));
        check("0.1", Some(0.1));
        check("9007199254740993", Some(9_007_199_254_740_992.0));
        check("-inf", Some(f64::NEG_INFINITY));
        for bad in ["", "-", "+-1", "--1", "1,5", "1 2", "0x10", "12a", "1_000"] {
            check(bad, None);
        }
        assert!(parse(b"-0").unwrap().is_sign_negative());
        let rounded = |text: &str| is_rounded(text.as_bytes(), parse(text.as_bytes()).unwrap());
        for exact in ["9007199254740992", "-9007199254740994", "0018446744073709551616", "9007199254740993.0", "1e30"] {
            assert!(!rounded(exact), "{exact}");
        }
        assert!(["9007199254740993", "-1212360731695427585", "100000000000000000000001"].into_iter().all(rounded));
        assert_eq!((parse_index(b"00012"), parse_index(b"+1"), parse_index(b"-1")), (Some(12), None, None));
        assert_eq!(parse_index(b"99999999999999999999"), None);
    }

    #[test]
    fn types_are_chosen() {
        let check = |choice: Choice, values: &[f64], dtype| assert_eq!(choice.of(values), dtype, "{values:?}");
        check(Choice::IntegersToF32, &[1.0, f64::NAN, -16_777_216.0], Dtype::F32);
        check(Choice::IntegersToF32, &[16_777_217.0], Dtype::F64);
        check(Choice::IntegersToF32, &[0.5], Dtype::F64);
        check(Choice::ExactToF32, &[0.5, 1e30f32 as f64], Dtype::F32);
        check(Choice::ExactToF32, &[0.1], Dtype::F64);
        let error = narrow(&[1.0, 1e300], |at| format!("place {at}")).unwrap_err();
        crate::error::check_error(&error, Code::F32Overflow, "1e300 at place 1");
    }
}
