//! Svmlight: the text format of SVMlight and LIBSVM, a label and the stored entries of a row on each line.
//! In: lines `label column:value ...`, or without labels.  Out: a sparse `Matrix`; labels are passed over.
//! Invariant: columns count from 1 unless one of them is 0, or a comment says so; a column stands once in a row.
//! Not here: labels and query ids, which are no entries of a matrix.

use std::io::Read;

use super::entries::EntryList;
use super::text::lines::Lines;
use super::text::number::{Choice, inexact, is_rounded, parse, parse_index, shown};
use crate::data::memory::room_for_one;
use crate::data::source::empty_file;
use crate::data::{Matrix, ReadOptions, Table};
use crate::error::{Code, Error, Result};

/// The matrix in an SVMlight text: a row per line, as wide as the largest column in it.
///
/// What stands first is the label of the row, unless it is `column:value` as the rest; it is passed over, as are
/// `qid:...` and what comes after `#`. Columns count from 1, or from 0 where one is 0 or a comment says that they are
/// zero-based, as scikit-learn writes it. Between rows without labels a blank line is a row of zeros: a document of no
/// word. The type is f32 where every value is exact in f32, else f64.
///
/// # Errors
/// `Data`, with the line: a word that is no `column:value`, a value that is missing or infinite, a column that stands
/// twice, no entry at all.
pub fn read_svmlight(input: impl Read, options: &ReadOptions) -> Result<Matrix> {
    Ok(read(input, options)?.matrix)
}

/// As [`read_svmlight`], with how the text was understood.
pub(in crate::data) fn read(input: impl Read, options: &ReadOptions) -> Result<Table> {
    let mut lines = Lines::new(input);
    let (mut entries, mut rows, mut cols, mut from_zero) = (EntryList::default(), 0_u32, 0, false);
    let (mut found, mut blanks) = (Vec::new(), Blanks::default());
    loop {
        let (before, mut comments) = (lines.number(), 0);
        let is_nothing = |number: u64, text: &[u8]| {
            let line = without_comment(text);
            from_zero |= says_zero(&text[line.len()..]);
            let is_nothing = words(line).next().is_none();
            if is_nothing && line.len() < text.len() {
                comments += 1;
            } else if is_nothing && rows > 0 {
                blanks.first.get_or_insert(number);
            }
            is_nothing
        };
        if !lines.advance_past(is_nothing)? {
            break;
        }
        rows = blanks.rows_before(rows, lines.number() - before - 1 - comments, lines.number())?;
        let mut words = words(without_comment(lines.text())).peekable();
        match words.peek() {
            // A row without a label.
            Some(first) if first.contains(&b':') && entry(first).is_ok() => {}
            _ => {
                blanks.has_labels = true;
                words.next();
            }
        }
        let before = found.len();
        for word in words.filter(|word| !word.starts_with(b"qid:")) {
            let (column, value) = entry(word).map_err(|error| error.at_line(lines.number()))?;
            from_zero |= column == 0;
            cols = cols.max(column);
            room_for_one(&mut found)?;
            found.push((rows, column, value, lines.number()));
        }
        if found.len() > before {
            lines.found();
        }
        rows = rows.checked_add(1).ok_or_else(|| too_many_rows().at_line(lines.number()))?;
    }
    if rows == 0 {
        return Err(empty_file());
    }
    if found.is_empty() {
        return Err(Error::data(Code::NoEntries, "there are labels but no entries", "Check how the file was made"));
    }
    let first = u32::from(!from_zero);
    for (row, column, value, line) in found {
        entries.push(row, column - first, value, line)?;
    }
    let label = |i: usize, j: usize| format!("row {}, column {}", i + 1, j + first as usize);
    let shape = (rows as usize, (cols + 1 - first) as usize);
    let choice = options.dtype.map_or(Choice::ExactToF32, Choice::Fixed);
    let matrix = entries.into_matrix(shape, choice, options.duplicates, &label)?;
    Ok(Table { reading: Some(blanks.said()), ..matrix.into() })
}

/// Blank lines between rows.
#[derive(Debug, Default)]
struct Blanks {
    count: u64,
    first: Option<u64>,
    /// Whether a row before them has a label: a row of nothing has one as well.
    has_labels: bool,
}

impl Blanks {
    /// The rows with those that `count` blank lines before the next are.
    fn rows_before(&mut self, rows: u32, count: u64, line: u64) -> Result<u32> {
        if rows == 0 || count == 0 {
            return Ok(rows);
        }
        self.count += count;
        if self.has_labels {
            return Ok(rows);
        }
        let rows = u32::try_from(count).ok().and_then(|count| rows.checked_add(count));
        rows.ok_or_else(|| too_many_rows().at_line(line))
    }

    /// How the text was understood.
    fn said(&self) -> String {
        let labels = if self.has_labels { "labels are left out" } else { "no labels" };
        let lines = format!("{} blank line{}", self.count, if self.count == 1 { "" } else { "s" });
        let are = match (self.has_labels, self.count) {
            (true, _) => "passed over",
            (false, 1) => "is a row of zeros",
            (false, _) => "are rows of zeros",
        };
        match self.first.filter(|_| self.count > 0) {
            Some(first) => format!("SVMlight; {labels}; {lines} {are}, from line {first}"),
            None => format!("SVMlight; {labels}"),
        }
    }
}

fn too_many_rows() -> Error {
    let message = format!("there are more than {} rows", u32::MAX);
    Error::data(Code::TooLarge, message, "Cut the file into several")
}

/// Whether a text that begins with `prefix` reads like this format: labels, and words of `column:value`.
pub(in crate::data) fn looks_like(prefix: &[u8]) -> bool {
    let first = prefix.split(|&b| b == b'\n').find(|line| words(without_comment(line)).next().is_some());
    let is_entry = |word: &[u8]| word.starts_with(b"qid:") || entry(word).is_ok();
    first.is_some_and(|line| {
        let mut words = words(without_comment(line));
        let first = words.next().unwrap_or_default();
        // Without labels one pair alone is no sign.
        let begins = first.split(|&b| b == b',').all(|part| parse(part).is_some()) || entry(first).is_ok();
        let mut rest = words.peekable();
        begins && rest.peek().is_some() && rest.all(is_entry)
    })
}

fn without_comment(line: &[u8]) -> &[u8] {
    line.split(|&b| b == b'#').next().unwrap_or_default()
}

/// Whether a comment says that columns count from 0.
fn says_zero(comment: &[u8]) -> bool {
    comment.windows(10).any(|part| part.eq_ignore_ascii_case(b"zero-based"))
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// A column as the file counts it, and its value.
fn entry(word: &[u8]) -> Result<(u32, f64)> {
    let wrong = |code: Code, what: &str| {
        let message = format!("{} is {what}", shown(word));
        Error::data(code, message, "Lines read: label column:value column:value ..., without missing values")
    };
    let colon = word.iter().position(|&b| b == b':').ok_or_else(|| wrong(Code::BadEntry, "no column:value"))?;
    let column = parse_index(&word[..colon]).and_then(|column| u32::try_from(column).ok()).filter(|&k| k < u32::MAX);
    match (column, parse(&word[colon + 1..])) {
        (Some(_), Some(value)) if is_rounded(&word[colon + 1..], value) => {
            Err(inexact(word, "", "Divide by a constant"))
        }
        (Some(column), Some(value)) if value.is_finite() => Ok((column, value)),
        (Some(_), Some(value)) if value.is_nan() => Err(wrong(Code::MissingValue, "missing")),
        (Some(_), Some(_)) => Err(wrong(Code::InfiniteValue, "infinite")),
        _ => Err(wrong(Code::BadEntry, "no column:value")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::check_error;

    #[track_caller]
    fn check(text: &str, shape: (usize, usize), dense: &[f64]) {
        let found = read_svmlight(text.as_bytes(), &ReadOptions::default()).unwrap();
        assert_eq!((found.shape(), found.to_dense_f64()), (shape, dense.to_vec()));
        assert!(found.is_sparse());
    }

    #[test]
    fn rows_are_read() {
        check("1 1:0.5 3:2\n-1 2:1 # a comment\n\n+1\n", (3, 3), &[0.5, 0.0, 2.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        check("# head\n1,2 qid:7 2:1 0:3\n", (1, 3), &[3.0, 0.0, 1.0]);
        // Without labels; with empty ones; counted from 0 by the word of whoever wrote it.
        check("1:3 2:4\n3:1\n", (2, 3), &[3.0, 4.0, 0.0, 0.0, 0.0, 1.0]);
        check(" 1:3 2:4\n1 2:1\n", (2, 2), &[3.0, 4.0, 0.0, 1.0]);
        // A document of no word, between others; beside labels, and at either end, a blank line is none.
        check("\n1:2 2:1\n\n1:1\n\n\n", (3, 2), &[2.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
        check("1:2\n# a comment\n \n\n1:1\n", (4, 1), &[2.0, 0.0, 0.0, 1.0]);
        check("1 1:2\n\n0\n1 1:1\n", (3, 1), &[2.0, 0.0, 1.0]);
        let said = |text: &str| read(text.as_bytes(), &ReadOptions::default()).unwrap().reading.unwrap();
        assert!(said("1:2 2:1\n\n1:1\n").ends_with("1 blank line is a row of zeros, from line 2"));
        assert!(said("1 1:2\n\n\n1 1:1\n").ends_with("2 blank lines passed over, from line 2"));
        assert_eq!(said("\n1 1:2\n\n"), "SVMlight; labels are left out");
        check("# Column indices are zero-based\n1 1:3 2:4\n", (1, 3), &[0.0, 3.0, 4.0]);
        check("# Column indices are one-based\n1 1:3 2:4\n", (1, 2), &[3.0, 4.0]);
    }

    #[test]
    fn they_are_told_from_other_texts() {
        let check = |text: &str, expected: bool| assert_eq!(looks_like(text.as_bytes()), expected, "{text}");
        check("1 4:0.313\n1 1:0.5\n", true);
        check("# by hand\n0,3 qid:2 1:1\n", true);
        check("1:3 2:4\n", true);
        check("1:3\n2:4\n", false);
        check("1 2 3\n", false);
        check("1\n2 1:3\n", false);
        check("a 1:2\n", false);
        check("9::4::2\n", false);
        check("", false);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let refuses = |text: &str, code: Code, part: &str| {
            check_error(&read_svmlight(text.as_bytes(), &ReadOptions::default()).unwrap_err(), code, part);
        };
        refuses("", Code::EmptyFile, "");
        refuses("1\n2\n", Code::NoEntries, "");
        refuses("1 1:2\n1 x\n", Code::BadEntry, "line 2: \"x\"");
        refuses("1 1:nan\n", Code::MissingValue, "line 1");
        refuses("1 1:inf\n", Code::InfiniteValue, "line 1");
        refuses("1 1:9007199254740993\n", Code::InexactInteger, "line 1");
        refuses("1 2:1 2:3\n", Code::DuplicateEntry, "row 1, column 2");
        refuses("1 4294967295:1\n", Code::BadEntry, "line 1");
        refuses("1 4000000000:1\n", Code::NumberingGaps, "columns");
    }
}
