//! Mtx: Matrix Market, the text format of sparse matrices.
//! In: coordinate or array text.  Out: a sparse or a dense `Matrix`.
//! Invariant: what the header promises is checked against what the file holds, and nothing is allocated on its word
//! alone.
//! Not here: complex and Hermitian matrices, which are refused.
//!
//! The format: R. F. Boisvert, R. Pozo, K. A. Remington, The Matrix Market Exchange Formats: Initial Design, NISTIR
//! 5935, 1996.

use std::io::{self, Read, Write};
use std::path::Path;

use super::entries::{EntryList, check_side};
use super::text::lines::Lines;
use super::text::number::{Choice, parse, parse_index, shown};
use crate::data::memory::room_for_one;
use crate::data::sink::write_file;
use crate::data::source::empty_file;
use crate::data::{Dtype, Matrix, ReadOptions};
use crate::error::{Code, Error, Result};

/// The matrix in a Matrix Market text: sparse for `coordinate`, dense for `array`.
///
/// Fields: `real`, `integer` (also `unsigned-integer`), and `pattern`, whose values are 1. Symmetries: `general`,
/// `symmetric`, `skew-symmetric`;
/// the other half is filled in. Zeros that are written out stay in the pattern. In an array `NaN` is a missing entry;
/// in coordinate form it is refused. The type is f64 for `real`; for `integer` and `pattern` f32 where all values are
/// at most 2^24, else f64.
///
/// # Errors
/// `Data`, with the line: a header that can't be read, an index out of range (they count from 1), a value that is not a
/// number of its field, more or fewer entries than promised, and, unless [`ReadOptions::duplicates`] settles it, a
/// repeated entry.
pub fn read_mtx(input: impl Read, options: &ReadOptions) -> Result<Matrix> {
    let mut lines = Lines::new(input);
    let banner = Banner::read(&mut lines)?;
    let choice = match (options.dtype, banner.field) {
        (Some(dtype), _) => Choice::Fixed(dtype),
        (None, Field::Real) => Choice::Fixed(Dtype::F64),
        (None, Field::Integer | Field::Pattern) => Choice::IntegersToF32,
    };
    if banner.coordinate {
        let (shape, entries) = coordinate(&mut lines, banner).map_err(|error| said_of_line(error, &lines))?;
        let label = |i: usize, j: usize| format!("row {}, column {}", i + 1, j + 1);
        entries.into_matrix(shape, choice, options.duplicates, &label)
    } else {
        let ([rows, cols], values) = array(&mut lines, banner).map_err(|error| said_of_line(error, &lines))?;
        choice.dense(rows, cols, by_rows(&values, rows, cols, banner.symmetry))
    }
}

/// `error`, said of the line that was read last where it does not say itself which it is of.
fn said_of_line(error: Error, lines: &Lines<'_>) -> Error {
    if error.line().is_some() { error } else { error.at_line(lines.number()) }
}

/// Writes a matrix as Matrix Market: `coordinate real general` where it is sparse, `array real general` where it is
/// dense. A name that ends in `.gz` is gzipped.
///
/// # Errors
/// `Io` where the file can't be written.
pub fn write_mtx(path: impl AsRef<Path>, matrix: &Matrix) -> Result<()> {
    write_file(path.as_ref(), |out| write_entries(out, matrix))
}

fn write_entries(out: &mut dyn Write, matrix: &Matrix) -> io::Result<()> {
    let (rows, cols) = matrix.shape();
    let number = |out: &mut dyn Write, value: f64| match matrix.dtype() {
        Dtype::F32 => writeln!(out, "{:?}", value as f32),
        Dtype::F64 => writeln!(out, "{value:?}"),
    };
    let values = matrix.values_f64();
    let Some(pattern) = matrix.pattern() else {
        writeln!(out, "%%MatrixMarket matrix array real general\n{rows} {cols}")?;
        for j in 0..cols {
            for i in 0..rows {
                number(out, values[i * cols + j])?;
            }
        }
        return Ok(());
    };
    writeln!(out, "%%MatrixMarket matrix coordinate real general\n{rows} {cols} {}", pattern.nnz())?;
    for i in 0..rows {
        for at in pattern.range(i) {
            write!(out, "{} {} ", i + 1, pattern.indices()[at] + 1)?;
            number(out, values[at])?;
        }
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Real,
    Integer,
    Pattern,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Symmetry {
    General,
    Symmetric,
    Skew,
}

/// The first line.
#[derive(Debug, Clone, Copy)]
struct Banner {
    coordinate: bool,
    field: Field,
    symmetry: Symmetry,
}

impl Banner {
    fn read(lines: &mut Lines<'_>) -> Result<Self> {
        if !lines.advance()? {
            return Err(empty_file());
        }
        let line = String::from_utf8_lossy(lines.text()).to_ascii_lowercase();
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let ["%%matrixmarket", "matrix", layout, field, symmetry] = words[..] else {
            return Err(Error::data(
                Code::BadHeader,
                format!("this is no Matrix Market header: {}", shown(lines.text())),
                "It reads like: %%MatrixMarket matrix coordinate real general",
            )
            .at_line(1));
        };
        let unknown = |what: &str, word: &str, known: &str| {
            let message = format!("{what} {word:?} is not supported");
            let help = format!("Supported are {known}");
            Error::data(Code::UnsupportedType, message, help).at_line(1)
        };
        let coordinate = match layout {
            "coordinate" => true,
            "array" => false,
            _ => return Err(unknown("the layout", layout, "coordinate and array")),
        };
        let field = match field {
            "real" | "double" => Field::Real,
            // What scipy writes of integers without a sign.
            "integer" | "unsigned-integer" => Field::Integer,
            "pattern" if coordinate => Field::Pattern,
            _ => return Err(unknown("the field", field, "real, integer and (in coordinate form) pattern")),
        };
        let symmetry = match symmetry {
            "general" => Symmetry::General,
            "symmetric" => Symmetry::Symmetric,
            "skew-symmetric" if field != Field::Pattern => Symmetry::Skew,
            _ => return Err(unknown("the symmetry", symmetry, "general, symmetric and (with values) skew-symmetric")),
        };
        Ok(Self { coordinate, field, symmetry })
    }

    /// The numbers of the line after the comments: rows, columns and, in coordinate form, entries.
    fn sizes<const N: usize>(&self, lines: &mut Lines<'_>) -> Result<[usize; N]> {
        if !advance(lines)? {
            let message = "the file ends before the line of sizes";
            return Err(Error::data(Code::TruncatedFile, message, "Get the whole file"));
        }
        let mut words = words(lines.text());
        let sizes = [(); N].map(|()| words.next().and_then(parse_index));
        if sizes.contains(&None) || words.next().is_some() {
            let expected = if N == 3 { "rows, columns and entries" } else { "rows and columns" };
            let message = format!("the line of sizes reads {}", shown(lines.text()));
            return Err(Error::data(Code::BadHeader, message, format!("It holds {expected} as whole numbers")));
        }
        let sizes = sizes.map(Option::unwrap_or_default);
        let (rows, cols) = (sizes[0], sizes[1]);
        if rows == 0 || cols == 0 {
            let message = format!("the matrix is {rows} x {cols}: it has no entries");
            return Err(Error::data(Code::NoEntries, message, "Check how it was made"));
        }
        if self.symmetry != Symmetry::General && rows != cols {
            let message = format!("a symmetric matrix can't be {rows} x {cols}");
            return Err(Error::data(Code::BadHeader, message, "Write general for its symmetry"));
        }
        Ok(sizes)
    }
}

/// Reads the next line that is neither blank nor a comment; `false` at the end.
fn advance(lines: &mut Lines<'_>) -> Result<bool> {
    let is_nothing = |_, line: &[u8]| line.trim_ascii_start().first().is_none_or(|&b| b == b'%');
    let is_there = lines.advance_past(is_nothing)?;
    lines.found();
    Ok(is_there)
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

fn coordinate(lines: &mut Lines<'_>, banner: Banner) -> Result<((usize, usize), EntryList)> {
    let [rows, cols, promised] = banner.sizes::<3>(lines)?;
    check_side("rows", rows, promised)?;
    check_side("columns", cols, promised)?;
    let mut entries = EntryList::default();
    while advance(lines)? {
        if entries.len() == promised {
            return Err(count_differs(promised, "and this is one more"));
        }
        let (row, col, value) = entry(lines.text(), rows, cols, banner.field)?;
        if banner.symmetry == Symmetry::Skew && row == col && value != 0.0 {
            return Err(skew_diagonal());
        }
        entries.push(row, col, value, lines.number())?;
    }
    if entries.len() < promised {
        return Err(count_differs(promised, &format!("but the file ends after {}", entries.len())));
    }
    match banner.symmetry {
        Symmetry::General => {}
        Symmetry::Symmetric => entries.mirror(1.0),
        Symmetry::Skew => entries.mirror(-1.0),
    }
    Ok(((rows, cols), entries))
}

/// One entry: row and column counted from 0, and its number.
fn entry(line: &[u8], rows: usize, cols: usize, field: Field) -> Result<(u32, u32, f64)> {
    let mut words = words(line);
    let (Some(row), Some(col)) = (words.next(), words.next()) else { return Err(bad_entry(line, field)) };
    let row = index(row, rows, "row", line, field)?;
    let col = index(col, cols, "column", line, field)?;
    let value = match field {
        Field::Pattern => 1.0,
        Field::Real | Field::Integer => match words.next() {
            Some(word) => number(word, field)?,
            None => return Err(bad_entry(line, field)),
        },
    };
    if !value.is_finite() {
        let code = if value.is_nan() { Code::MissingValue } else { Code::InfiniteValue };
        let message = format!("the value at row {}, column {} is {value}", row + 1, col + 1);
        return Err(Error::data(code, message, "Leave missing entries out and write observed(X) in the objective"));
    }
    if words.next().is_some() { Err(bad_entry(line, field)) } else { Ok((row, col, value)) }
}

fn index(word: &[u8], side: usize, what: &str, line: &[u8], field: Field) -> Result<u32> {
    match parse_index(word) {
        // `check_side` has seen to it that a side fits u32.
        Some(k) if k >= 1 && k <= side => Ok((k - 1) as u32),
        Some(0) => Err(Error::data(
            Code::IndexOutOfRange,
            format!("the {what} is 0"),
            "Rows and columns are counted from 1 in this format",
        )),
        Some(k) => Err(Error::data(
            Code::IndexOutOfRange,
            format!("{what} {k} lies outside the {side} {what}s that the header promises"),
            "Correct the index or the header",
        )),
        None => Err(bad_entry(line, field)),
    }
}

/// A number of the field; an integer must come out exact.
fn number(word: &[u8], field: Field) -> Result<f64> {
    let value = parse(word);
    if field == Field::Real {
        return value.ok_or_else(|| {
            Error::data(Code::NotANumber, format!("{} is not a number", shown(word)), "Write it like 1.5 or 1e-3")
        });
    }
    let exact = match value {
        Some(v) if v.abs() < 9e15 => v.fract() == 0.0,
        Some(v) => {
            let whole = std::str::from_utf8(word).ok().and_then(|w| w.parse::<i128>().ok());
            whole.is_some_and(|whole| v as i128 == whole)
        }
        None => false,
    };
    match value {
        Some(value) if exact => Ok(value),
        _ => Err(Error::data(
            Code::InexactInteger,
            format!("{} is not an integer that f64 holds exactly", shown(word)),
            "Write real for the field in the header",
        )),
    }
}

fn bad_entry(line: &[u8], field: Field) -> Error {
    let expected = match field {
        Field::Pattern => "row and column",
        Field::Real | Field::Integer => "row, column and value",
    };
    let message = format!("the entry reads {}", shown(line));
    Error::data(Code::BadEntry, message, format!("A line of this file holds {expected}"))
}

fn count_differs(promised: usize, found: &str) -> Error {
    let message = format!("the header promises {promised} entries, {found}");
    Error::data(Code::TruncatedFile, message, "Correct the header, or get the whole file")
}

fn skew_diagonal() -> Error {
    let message = "a skew-symmetric matrix has a number on its diagonal";
    Error::data(Code::BadEntry, message, "Take it out, or write general for the symmetry")
}

/// The sides, and the numbers column by column (of their lower part, where the matrix is symmetric).
fn array(lines: &mut Lines<'_>, banner: Banner) -> Result<([usize; 2], Vec<f64>)> {
    let [rows, cols] = banner.sizes::<2>(lines)?;
    let promised = match banner.symmetry {
        Symmetry::General => rows.checked_mul(cols),
        Symmetry::Symmetric => rows.checked_add(1).and_then(|n| rows.checked_mul(n)).map(|n| n / 2),
        Symmetry::Skew => rows.checked_mul(rows - 1).map(|n| n / 2),
    };
    let promised = promised.ok_or_else(|| {
        Error::data(Code::TooLarge, format!("{rows} x {cols} is more than memory can hold"), "Correct the header")
    })?;
    let mut values = Vec::new();
    while advance(lines)? {
        for word in words(lines.text()) {
            if values.len() == promised {
                return Err(count_differs(promised, "and this is one more"));
            }
            let value = number(word, banner.field)?;
            if value.is_infinite() {
                let message = format!("the value {} is infinite", shown(word));
                let help = "Replace it by a finite number, or by NaN where the entry is missing";
                return Err(Error::data(Code::InfiniteValue, message, help));
            }
            room_for_one(&mut values)?;
            values.push(value);
        }
    }
    if values.len() < promised {
        return Err(count_differs(promised, &format!("but the file ends after {}", values.len())));
    }
    Ok(([rows, cols], values))
}

/// The full matrix, row by row, from the numbers that `array` has read.
fn by_rows(values: &[f64], rows: usize, cols: usize, symmetry: Symmetry) -> Vec<f64> {
    let mut full = vec![0.0; rows * cols];
    let mut next = values.iter();
    for j in 0..cols {
        let first = match symmetry {
            Symmetry::General => 0,
            Symmetry::Symmetric => j,
            Symmetry::Skew => j + 1,
        };
        for (i, &value) in (first..rows).zip(&mut next) {
            full[i * cols + j] = value;
            match symmetry {
                Symmetry::General => {}
                Symmetry::Symmetric => full[j * cols + i] = value,
                Symmetry::Skew => full[j * cols + i] = -value,
            }
        }
    }
    full
}

#[cfg(test)]
mod tests;
