//! Cells: what the text of a cell says: a number, that it is missing, or a name.
//! In: the bytes of a cell; what its file makes of commas and of marks such as `NA`.  Out: `CellValue`.
//! Invariant: a comma is a decimal mark or groups thousands throughout a file, never both.
//! Not here: which of the two it is in a file (see `dialect`), the digits of a number (see `number`).

use std::borrow::Cow;

use super::number::{is_rounded, parse};
use crate::data::ReadOptions;

/// What commas in numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::data) enum Commas {
    /// Nothing that is known: such a cell is no number.
    Unknown,
    /// Marks between groups of three digits, as in `1,234.5`.
    Thousands,
    /// Decimal marks, as in `1,5`; points may group thousands.
    Decimal,
}

/// What a cell says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::data) enum CellValue {
    Number(f64),
    Missing,
    Text,
}

/// How the cells of a file are written.
#[derive(Debug, Clone)]
pub(in crate::data) struct CellFormat {
    pub(in crate::data) commas: Commas,
    /// The marks of a missing cell that were said, with the numbers that they are; `None` are the usual ones.
    marks: Option<Vec<(Vec<u8>, Option<f64>)>>,
}

/// The usual marks of a missing cell, besides an empty one, in any case of letters.
const MARKS: [&str; 16] = [
    "NA", "NaN", "N/A", "null", "None", "NaT", "n.a.", "<NA>", "#N/A", "#NA", "-NaN", "1.#QNAN", "-1.#IND", "?", ".",
    "-",
];

impl CellFormat {
    pub(in crate::data) fn new(options: &ReadOptions, commas: Commas) -> Self {
        let mark = |mark: &String| (mark.as_bytes().to_vec(), parse(mark.as_bytes()));
        Self { commas, marks: options.na_values.as_ref().map(|marks| marks.iter().map(mark).collect()) }
    }

    /// What a cell says.
    pub(in crate::data) fn read(&self, text: &[u8]) -> CellValue {
        if text.is_empty() {
            return CellValue::Missing;
        }
        match self.number(text) {
            Some(value) if value.is_nan() || self.is_marked(text) => CellValue::Missing,
            Some(value) => CellValue::Number(value),
            None if self.is_mark(text) => CellValue::Missing,
            None => CellValue::Text,
        }
    }

    /// Whether a cell is neither a number nor missing. One like `1,5` is a number that can't be read, not a name.
    pub(in crate::data) fn is_text(&self, text: &[u8]) -> bool {
        self.read(text) == CellValue::Text && !looks_numeric(text)
    }

    pub(in crate::data) fn is_number(&self, text: &[u8]) -> bool {
        matches!(self.read(text), CellValue::Number(_))
    }

    /// Whether a cell writes a whole number that is not `value`, the nearest that f64 holds.
    pub(in crate::data) fn is_rounded(&self, text: &[u8], value: f64) -> bool {
        if value.abs() < 1e15 {
            return false;
        }
        let text = ungrouped(text).map_or(Cow::Borrowed(text), Cow::Owned);
        let mark = if self.commas == Commas::Decimal { b'.' } else { b',' };
        is_rounded(&if text.contains(&mark) { Cow::Owned(without(&text, mark)) } else { text }, value)
    }

    /// Whether an id is none: empty, or a mark of letters such as `NA`. A `?` or a `.` may be the id of a word.
    pub(in crate::data) fn is_missing_id(&self, text: &[u8]) -> bool {
        let lettered = self.marks.is_some() || text.iter().any(u8::is_ascii_alphabetic);
        text.is_empty() || (lettered && (self.is_mark(text) || self.is_marked(text)))
    }

    /// Whether a text is one of the marks.
    fn is_mark(&self, text: &[u8]) -> bool {
        match &self.marks {
            None => MARKS.iter().any(|mark| text.eq_ignore_ascii_case(mark.as_bytes())),
            Some(marks) => marks.iter().any(|(mark, _)| text.eq_ignore_ascii_case(mark)),
        }
    }

    /// Whether a number is one that was said to be a mark: `-999.0` where that was `-999`.
    fn is_marked(&self, text: &[u8]) -> bool {
        let Some(marks) = &self.marks else { return false };
        let value = self.number(text);
        marks.iter().any(|(mark, number)| text.eq_ignore_ascii_case(mark) || (number.is_some() && value == *number))
    }

    /// The number that a cell writes; infinities and NaN included.
    fn number(&self, text: &[u8]) -> Option<f64> {
        self.plain_number(text).or_else(|| self.plain_number(&ungrouped(text)?))
    }

    fn plain_number(&self, text: &[u8]) -> Option<f64> {
        match self.commas {
            Commas::Decimal => decimal_comma(text),
            Commas::Unknown => parse(text),
            Commas::Thousands => parse(text).or_else(|| is_grouped(text, b',').then(|| parse(&without(text, b',')))?),
        }
    }
}

/// The number of a text with a decimal comma, whose thousands may be grouped by points.
fn decimal_comma(text: &[u8]) -> Option<f64> {
    let whole = text.split(|&b| b == b',').next().unwrap_or(text);
    if whole.contains(&b'.') {
        return is_grouped(text, b'.').then(|| decimal_comma(&without(text, b'.')))?;
    }
    if !text.contains(&b',') {
        return parse(text);
    }
    let pointed: Vec<u8> = text.iter().map(|&b| if b == b',' { b'.' } else { b }).collect();
    parse(&pointed)
}

fn without(text: &[u8], mark: u8) -> Vec<u8> {
    text.iter().copied().filter(|&b| b != mark).collect()
}

/// The text of a number without the blanks (or apostrophes) between its groups of three digits: `1 234,5`; `None` of
/// any other text.
fn ungrouped(text: &[u8]) -> Option<Vec<u8>> {
    const MARKS: [&str; 4] = ["\u{a0}", "\u{202f}", " ", "'"];
    // Most texts that are no numbers begin so.
    let begins = text.iter().take(2).any(u8::is_ascii_digit) && text.len() > 4;
    let text = std::str::from_utf8(text).ok().filter(|_| begins)?;
    let mark = MARKS.into_iter().find(|mark| text.contains(mark))?;
    let decimals = text.find([',', '.']).unwrap_or(text.len());
    let grouped = text[..decimals].replace(mark, ",");
    is_grouped(grouped.as_bytes(), b',').then(|| text.replace(mark, "").into_bytes())
}

/// Whether the whole part of a number is grouped by threes: `1,234`, `-12,345,678.9`. What begins with 0 is not.
pub(in crate::data) fn is_grouped(text: &[u8], mark: u8) -> bool {
    let other = if mark == b',' { b'.' } else { b',' };
    let unsigned = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let mut parts = unsigned.splitn(2, |&b| b == other);
    let whole = parts.next().unwrap_or_default();
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    let mut groups = whole.split(|&b| b == mark);
    let first = groups.next().unwrap_or_default();
    let begins = (1..=3).contains(&first.len()) && first[0] != b'0' && digits(first);
    let mut count = 0;
    let rest = groups.all(|group| {
        count += 1;
        group.len() == 3 && digits(group)
    });
    begins && rest && count > 0 && parts.next().is_none_or(digits)
}

/// Whether a text is a number with a comma before its decimals that is no mark of thousands: `0,127`, `1.234,5`.
pub(super) fn is_decimal_comma(text: &[u8]) -> bool {
    let text = ungrouped(text).map_or(Cow::Borrowed(text), Cow::Owned);
    let commas = text.iter().filter(|&&b| b == b',').count();
    commas == 1 && !is_grouped(&text, b',') && decimal_comma(&text).is_some()
}

/// What is to be done about a cell that looks like a number and can't be read.
pub(in crate::data) fn decimal_help(text: &[u8]) -> Option<&'static str> {
    match looks_numeric(text) {
        true => Some("Write decimals with a point, or say their mark by decimal (--decimal ,)"),
        false => is_grouped(text, b'.')
            .then_some("Where points group thousands, say so by the mark of decimals: decimal (--decimal ,)"),
    }
}

/// Whether a text is made of digits, points and commas only.
fn looks_numeric(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_digit) && text.iter().all(|b| b"+-0123456789,.".contains(b)) && text.contains(&b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(commas: Commas, text: &str, expected: CellValue) {
        let format = CellFormat::new(&ReadOptions::default(), commas);
        assert_eq!(format.read(text.as_bytes()), expected, "{text}");
    }

    #[test]
    fn commas_are_what_the_file_says() {
        check(Commas::Unknown, "1,234", CellValue::Text);
        check(Commas::Thousands, "1,234", CellValue::Number(1234.0));
        check(Commas::Thousands, "-12,345,678.9", CellValue::Number(-12_345_678.9));
        for wrong in ["0,127", "1,23", "1,2345", "1234,567", ",123", "1,234,5"] {
            check(Commas::Thousands, wrong, CellValue::Text);
        }
        check(Commas::Decimal, "1,5", CellValue::Number(1.5));
        check(Commas::Decimal, "-0,127e2", CellValue::Number(-12.7));
        check(Commas::Decimal, "1.234,5", CellValue::Number(1234.5));
        check(Commas::Decimal, "1.234", CellValue::Number(1234.0));
        check(Commas::Decimal, "7", CellValue::Number(7.0));
        check(Commas::Decimal, "1 234,5", CellValue::Number(1234.5));
        check(Commas::Unknown, "-12\u{a0}345\u{a0}678.9", CellValue::Number(-12_345_678.9));
        check(Commas::Unknown, "1'000", CellValue::Number(1000.0));
        for wrong in ["1 23", "12 3456", "0 123", "1 234 5", "2021 census"] {
            check(Commas::Unknown, wrong, CellValue::Text);
        }
        for wrong in ["0.5", "1,2,3", "1,234.5"] {
            check(Commas::Decimal, wrong, CellValue::Text);
        }
    }

    #[test]
    fn whole_numbers_are_rounded_in_any_writing() {
        let check = |commas: Commas, text: &str, expected: bool| {
            let format = CellFormat::new(&ReadOptions::default(), commas);
            let CellValue::Number(value) = format.read(text.as_bytes()) else { panic!("{text}") };
            assert_eq!(format.is_rounded(text.as_bytes(), value), expected, "{text}");
        };
        check(Commas::Unknown, "9007199254740993", true);
        check(Commas::Unknown, "9 007 199 254 740 993", true);
        check(Commas::Thousands, "9,007,199,254,740,993", true);
        check(Commas::Thousands, "9,007,199,254,740,992", false);
        check(Commas::Decimal, "9.007.199.254.740.993", true);
        check(Commas::Decimal, "9007199254740993,5", false);
        check(Commas::Unknown, "9007199254740993.5", false);
    }

    #[test]
    fn missing_marks() {
        for mark in ["", "na", "NA", "nan", "NULL", "?", "n/a", "None", "<NA>", "#N/A", "."] {
            check(Commas::Unknown, mark, CellValue::Missing);
        }
        check(Commas::Unknown, "0", CellValue::Number(0.0));
        check(Commas::Unknown, "none of these", CellValue::Text);
        let said = ReadOptions { na_values: Some(vec!["-999".into(), "x".into()]), ..ReadOptions::default() };
        let format = CellFormat::new(&said, Commas::Unknown);
        for (text, cell) in [
            ("-999", CellValue::Missing),
            ("-999.0", CellValue::Missing),
            ("X", CellValue::Missing),
            ("", CellValue::Missing),
            ("NA", CellValue::Text),
            ("-99", CellValue::Number(-99.0)),
        ] {
            assert_eq!(format.read(text.as_bytes()), cell, "{text}");
        }
    }

    #[test]
    fn ids_may_be_signs_but_no_marks() {
        let usual = CellFormat::new(&ReadOptions::default(), Commas::Unknown);
        assert!(["", "NA", "null", "nan"].iter().all(|id| usual.is_missing_id(id.as_bytes())));
        assert!(["?", ".", "-", "0", "Nathan"].iter().all(|id| !usual.is_missing_id(id.as_bytes())));
        let none = ReadOptions { na_values: Some(Vec::new()), ..ReadOptions::default() };
        let none = CellFormat::new(&none, Commas::Unknown);
        assert!(!none.is_missing_id(b"NA") && none.is_missing_id(b""));
    }
}
