//! Layout: which cells of a table are names.
//! In: its first rows, options.  Out: `TableLayout`.
//! Invariant: a cell that is no number is a name; a number is one only where a mark or the shape of the table says so.
//! Not here: numbers that are names by what they are (see `index`).

use super::index::{go_up, is_index};
use crate::data::ReadOptions;
use crate::data::formats::text::cells::{CellFormat, CellValue, Commas};
use crate::data::formats::text::number::{parse, shown};
use crate::data::formats::text::records::{Record, cell_text};
use crate::error::{Code, Error, Result};

/// What the first rows say of a table.
#[derive(Debug)]
pub(super) struct TableLayout {
    /// The names of the columns of numbers, where there is a header.
    pub(super) header: Option<Vec<String>>,
    /// The name of the column of names, where it has one.
    corner: Option<String>,
    /// Whether the first column holds names.
    pub(super) names: bool,
    /// Whether nothing but the text in the first cell under the header says so.
    pub(super) names_by_text: bool,
    /// The only cell that makes the first row a header: its place and its text.
    pub(super) header_by: Option<(usize, String)>,
    /// How many cells a row has, the name included.
    pub(super) width: usize,
}

impl TableLayout {
    pub(super) fn detect(
        first: &Record,
        second: Option<&Record>,
        sample: &[Record],
        format: &CellFormat,
        options: &ReadOptions,
    ) -> Result<Self> {
        let begins = Beginning { first: &ended_alike(first, second, sample), second, format };
        let (first, width) = (begins.first, begins.first.cells.len());
        let under = begins.second.is_some_and(|row| format.is_text(&row.cells[0]));
        let text = first.cells.iter().any(|cell| format.is_text(cell));
        // One cell less than the rows: the header of a column of names that has no name itself.
        let short = second.is_some_and(|row| row.cells.len() == width + 1)
            && options.header != Some(false)
            && options.row_names != Some(false)
            && (text || under || options.row_names == Some(true) || first.is_quoted(0));
        let between_commas = format.commas == Commas::Thousands && options.delimiter.is_none();
        if short && width == 1 && between_commas && options.row_names.is_none() && options.decimal.is_none() {
            begins.refuse_decimals()?;
        }
        let header = match options.header {
            Some(header) => header,
            None => short || begins.has_quoted_header() || begins.has_header(under)?,
        };
        let corner = first.cells[0].as_slice();
        let blank_corner = width > 1 && corner.is_empty();
        let quoted = match header {
            true => second.is_some_and(|row| begins.has_quoted_name(row)),
            false => begins.has_quoted_name(first),
        };
        let plain = if header { blank_corner || under } else { format.is_text(corner) };
        let names = options.row_names.unwrap_or(short || (width > 1 && (quoted || plain)));
        let certain = short || quoted || options.row_names.is_some() || (header && blank_corner);
        let by_text = begins.only_text().filter(|(k, _)| options.header.is_none() && (!names || *k > 0));
        let header_by = by_text.filter(|_| header && !short && !begins.has_quoted_header());
        let skip = usize::from(names && !short);
        let text = |cell: &Vec<u8>| cell_text(cell, first.line);
        let corner = if header && skip == 1 { Some(text(&first.cells[0])?) } else { None };
        let header = match header {
            true => Some(first.cells.iter().skip(skip).map(text).collect::<Result<Vec<_>>>()?),
            false => None,
        };
        let width = width + usize::from(short);
        if width == usize::from(names) {
            let message = "there is a column of names but none of numbers";
            return Err(Error::data(Code::NoNumbers, message, "Check the delimiter (--delimiter)"));
        }
        Ok(Self { header, corner, names, names_by_text: names && !certain, header_by, width })
    }

    /// The name of the column of names, where it has one.
    pub(super) fn corner(&self) -> Option<String> {
        self.corner.clone()
    }
}

/// The first row with as many cells as the rows below: a delimiter at the end of all of them, or of it alone, adds a
/// cell of nothing.
fn ended_alike(first: &Record, second: Option<&Record>, sample: &[Record]) -> Record {
    let mut first = first.clone();
    let width = second.map_or(first.cells.len(), |row| row.cells.len());
    let ends_empty = |row: &Record| row.cells.len() == width && row.cells.last().is_some_and(Vec::is_empty);
    let body = sample.get(1..).unwrap_or_default();
    if first.cells.len() + 1 == width && !body.is_empty() && body.iter().all(ends_empty) {
        first.cells.push(Vec::new());
    } else if first.cells.len() > width && first.cells[width..].iter().all(Vec::is_empty) {
        first.cells.truncate(width);
    }
    first
}

/// The first two rows of a table.
struct Beginning<'a> {
    first: &'a Record,
    second: Option<&'a Record>,
    format: &'a CellFormat,
}

impl Beginning<'_> {
    /// Whether the first row is a header; `under` says that the cell under its first is text.
    fn has_header(&self, under: bool) -> Result<bool> {
        let (corner, rest) = (self.first.cells[0].as_slice(), &self.first.cells[1..]);
        if rest.iter().any(|cell| self.format.is_text(cell)) {
            return Ok(true);
        }
        if rest.is_empty() || self.second.is_none() {
            return Ok(rest.is_empty() && self.format.is_text(corner));
        }
        if self.format.is_text(corner) {
            // A name over numbers heads their column; a name over a name may be a name of either.
            return if under { Err(doubtful(self.first.line)) } else { Ok(true) };
        }
        if corner.is_empty() {
            // The columns of a data frame without names are numbered.
            let numbered = |from: usize| rest.iter().enumerate().all(|(k, c)| parse(c) == Some((from + k) as f64));
            return if under || numbered(0) || numbered(1) { Ok(true) } else { Err(doubtful(self.first.line)) };
        }
        Ok(false)
    }

    /// The only text of the first row, where all its other cells are numbers or missing; none where these numbers go up
    /// as the names of columns do: whole ones, or as many fractions as show an order.
    fn only_text(&self) -> Option<(usize, String)> {
        let cells = &self.first.cells;
        let mut texts = (0..cells.len()).filter(|&k| self.format.is_text(&cells[k]));
        let at = texts.next().filter(|&k| !self.first.is_quoted(k) && !cells[0].is_empty())?;
        let numbers: Vec<f64> = cells.iter().filter_map(|cell| self.number(cell)).collect();
        let text = String::from_utf8_lossy(&cells[at]).into_owned();
        let is_name = (at == 0 && is_index(&text)) || go_up(&numbers);
        (texts.next().is_none() && !numbers.is_empty() && !is_name).then_some((at, text))
    }

    fn number(&self, cell: &[u8]) -> Option<f64> {
        if let CellValue::Number(number) = self.format.read(cell) { Some(number) } else { None }
    }

    /// Refuses digits, a comma and digits under a header of one cell, which may be one number.
    fn refuse_decimals(&self) -> Result<()> {
        let digits = |cell: &Vec<u8>| !cell.is_empty() && cell.iter().all(u8::is_ascii_digit);
        match self.second {
            Some(row) if row.quoted.is_empty() && row.cells.iter().all(digits) => {
                let text = String::from_utf8_lossy(&row.cells.join(&b',')).into_owned();
                Err(Error::data(
                    Code::DecimalMark,
                    format!("{text:?} can be a number with a decimal comma, or the name of a row and its number"),
                    "Say which: `--decimal ,`, or `--index-col`; in Python decimal=\",\" or index_col=True",
                )
                .at_line(row.line))
            }
            _ => Ok(()),
        }
    }

    /// Whether the first row is quoted and the numbers below are not: whoever wrote it took its cells for names.
    fn has_quoted_header(&self) -> bool {
        let quoted = |row: &Record, k: usize| row.cells[k].is_empty() || row.is_quoted(k);
        let names = !self.first.is_nothing() && (0..self.first.cells.len()).all(|k| quoted(self.first, k));
        names && self.second.is_some_and(|row| self.bare_numbers(row, 0))
    }

    /// Whether the first cell of a row is quoted and its numbers are not.
    fn has_quoted_name(&self, row: &Record) -> bool {
        row.is_quoted(0) && self.bare_numbers(row, 1)
    }

    /// Whether a row has numbers from cell `from` on, and none of them is quoted.
    fn bare_numbers(&self, row: &Record, from: usize) -> bool {
        let is_number = |k: &usize| matches!(self.format.read(&row.cells[*k]), CellValue::Number(_));
        // A quoted first cell is a name.
        let from = from.max(usize::from(row.is_quoted(0)));
        let mut numbers = (from..row.cells.len()).filter(is_number).peekable();
        numbers.peek().is_some() && numbers.all(|k| !row.is_quoted(k))
    }
}

/// The refusal of a first row that is a header by one cell alone.
pub(super) fn header_by_one(at: usize, text: &str, line: u64) -> Error {
    let message = format!(
        "this row can be a header whose columns are named by numbers, or the first row of the numbers: only its cell \
         {} in column {} is no number",
        shown(text.as_bytes()),
        at + 1
    );
    let help = "Correct the cell, leave it empty where the entry is missing, or say `--header`, in Python header=True";
    Error::data(Code::HeaderOrData, message, help).at_line(line)
}

/// The refusal of a first column of which hardly any cell but the first is no number.
pub(super) fn names_by_one(column: &str, text: &str, line: u64) -> Error {
    let message = format!(
        "{column} can be the names of the rows, or numbers: its cell {} is no number, and those below are",
        shown(text.as_bytes())
    );
    let help = "Correct the cell, leave it empty where the entry is missing, or say `--index-col`, in Python \
                index_col=True";
    Error::data(Code::IndexOrData, message, help).at_line(line)
}

/// The refusal of a row under the header that may be another.
pub(super) fn second_header(line: u64) -> Error {
    Error::data(
        Code::HeaderOrData,
        "the row under the header has numbers and no name as the others have: it can be a second header",
        "Take the line out where it is one; `--header` (in Python header=True) says that it is data",
    )
    .at_line(line + 1)
}

/// The refusal of a first row that may be a header.
pub(super) fn doubtful(line: u64) -> Error {
    Error::data(
        Code::HeaderOrData,
        "this row can be a header whose columns are named by numbers, or the first row of the numbers",
        "Say which: `--header` or `--header=false`, in Python header=True or header=False",
    )
    .at_line(line)
}
