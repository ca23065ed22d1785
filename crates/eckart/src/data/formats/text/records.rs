//! Records: the rows of cells of a CSV text, and the way a cell is written into one.
//! In: a byte stream and a delimiter.  Out: row after row, each with the line it begins on.
//! Invariant: RFC 4180: a cell may be quoted, a quoted cell may hold anything; blank lines are no rows; bare cells are
//! trimmed.
//! Not here: what the cells mean (see `csv`, `triplets`, `names`). The crate csv was not taken: it counts lines as
//! records begin, before the blank lines it skips, and reads an open quote silently to the end of the file. It is the
//! oracle of the tests.

use std::io::{self, Read, Write};

use super::lines::{LONGEST, Lines, endless};
use crate::error::{Code, Error, Result};

pub(in crate::data) struct Records<'a> {
    lines: Lines<'a>,
    delimiter: u8,
    /// The cells of the row, end to end without quotes or delimiters between them, or the line as it stands.
    text: Vec<u8>,
    cells: Vec<(usize, usize)>,
    line: u64,
    blank: Option<u64>,
}

/// A row taken out of its `Records`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::data) struct Record {
    /// The line it begins on.
    pub(in crate::data) line: u64,
    pub(in crate::data) cells: Vec<Vec<u8>>,
}

impl<'a> Records<'a> {
    pub(in crate::data) fn new(input: impl Read + 'a, delimiter: u8) -> Self {
        let (text, cells) = (Vec::new(), Vec::new());
        Self { lines: Lines::new(input), delimiter, text, cells, line: 0, blank: None }
    }

    /// Reads the next row that is not blank; `false` at the end.
    pub(in crate::data) fn advance(&mut self) -> Result<bool> {
        self.blank = None;
        loop {
            if !self.lines.advance()? {
                return Ok(false);
            }
            let text = self.lines.text();
            // A line of delimiters only is a row of empty cells, even where the delimiter is a tab.
            if text.iter().any(|&b| b == self.delimiter || !b.is_ascii_whitespace()) {
                break;
            }
            self.blank.get_or_insert(self.lines.number());
        }
        self.line = self.lines.number();
        self.cells.clear();
        self.text.clear();
        if self.lines.text().contains(&b'"') {
            self.split_quoted()?
        } else {
            self.split_plain()
        }
        Ok(true)
    }

    /// Reads the next row and takes it out; `None` at the end.
    pub(in crate::data) fn take(&mut self) -> Result<Option<Record>> {
        Ok(if self.advance()? { Some(self.row()) } else { None })
    }

    pub(in crate::data) fn row(&self) -> Record {
        Record { line: self.line, cells: (0..self.len()).map(|k| self.cell(k).to_vec()).collect() }
    }

    pub(in crate::data) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(in crate::data) fn cell(&self, k: usize) -> &[u8] {
        let (start, end) = self.cells[k];
        &self.text[start..end]
    }

    pub(in crate::data) fn line(&self) -> u64 {
        self.line
    }

    /// The first of the blank lines that were passed over to reach this row.
    pub(in crate::data) fn blank(&self) -> Option<u64> {
        self.blank
    }

    fn split_plain(&mut self) {
        self.text.extend_from_slice(self.lines.text());
        let mut start = 0;
        for at in 0..=self.text.len() {
            if at == self.text.len() || self.text[at] == self.delimiter {
                self.cells.push(trimmed(&self.text, start, at));
                start = at + 1;
            }
        }
    }

    fn split_quoted(&mut self) -> Result<()> {
        let mut at = 0;
        loop {
            let line = self.lines.text();
            while at < line.len() && line[at] != self.delimiter && line[at].is_ascii_whitespace() {
                at += 1;
            }
            let start = self.text.len();
            if line.get(at) == Some(&b'"') {
                at = self.quoted_cell(at + 1)?;
                let end = self.text.len();
                self.cells.push((start, end));
            } else {
                let end = line[at..].iter().position(|&b| b == self.delimiter).map_or(line.len(), |k| at + k);
                self.text.extend_from_slice(&line[at..end]);
                at = end;
                self.cells.push(trimmed(&self.text, start, self.text.len()));
            }
            match self.lines.text().get(at) {
                None => return Ok(()),
                Some(_) => at += 1,
            }
        }
    }

    /// Reads a quoted cell whose text begins at `at` of the line; the place of the delimiter or line end after it.
    fn quoted_cell(&mut self, mut at: usize) -> Result<usize> {
        let opened = self.lines.number();
        loop {
            let raw = self.lines.raw();
            match raw.get(at) {
                None => {
                    if !self.lines.advance()? {
                        return Err(Error::data(
                            Code::UnclosedQuote,
                            "a quoted cell begins here and never ends",
                            "Close it with a quotation mark, and write a mark inside a quoted cell twice",
                        )
                        .at_line(opened));
                    }
                    if self.text.len() > LONGEST {
                        return Err(endless().at_line(opened));
                    }
                    at = 0;
                }
                Some(b'"') if raw.get(at + 1) == Some(&b'"') => {
                    self.text.push(b'"');
                    at += 2;
                }
                Some(b'"') => {
                    // What stands between the closing mark and the delimiter belongs to the cell, as other readers
                    // have it; blanks there don't.
                    let line = self.lines.text();
                    let rest = &line[(at + 1).min(line.len())..];
                    let len = rest.iter().position(|&b| b == self.delimiter).unwrap_or(rest.len());
                    self.text.extend_from_slice(rest[..len].trim_ascii_end());
                    return Ok(line.len().min(at + 1) + len);
                }
                Some(&byte) => {
                    self.text.push(byte);
                    at += 1;
                }
            }
        }
    }
}

/// The part of `text[start..end]` without blanks at its ends.
fn trimmed(text: &[u8], mut start: usize, mut end: usize) -> (usize, usize) {
    while start < end && text[start].is_ascii_whitespace() {
        start += 1;
    }
    while start < end && text[end - 1].is_ascii_whitespace() {
        end -= 1;
    }
    (start, end)
}

/// The delimiter of a text that begins with `prefix`: of tab, semicolon and comma the first that stands equally often
/// on each of the first lines, else the one that is most frequent on the first; comma where there is none.
///
/// The order matters where decimals are written with a comma: there commas are as regular as the semicolons between
/// the cells.
pub(in crate::data) fn delimiter(prefix: &[u8], whole: bool) -> u8 {
    const CANDIDATES: [u8; 3] = [b'\t', b';', b','];
    let mut counts: Vec<[usize; 3]> = Vec::new();
    let mut row = [0; 3];
    let (mut quoted, mut blank) = (false, true);
    for &byte in prefix.iter().chain(if whole { b"\n" } else { &b""[..] }) {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => {
                if !blank {
                    counts.push(row);
                }
                (row, blank) = ([0; 3], true);
                if counts.len() == 10 {
                    break;
                }
                continue;
            }
            _ if quoted => {}
            _ => {
                if let Some(k) = CANDIDATES.iter().position(|&c| c == byte) {
                    row[k] += 1;
                }
            }
        }
        blank &= byte.is_ascii_whitespace() && byte != b'\t';
    }
    let first = counts.first().copied().unwrap_or(row);
    let second = counts.get(1).copied().unwrap_or(first);
    let regular = |k: &usize| second[*k] > 0 && counts.iter().skip(1).all(|row| row[*k] == second[*k]);
    let even = |k: &usize| regular(k) && first[*k] == second[*k];
    // The first row may have one cell less: its first column holds names and is not named itself.
    let short = |k: &usize| regular(k) && first[*k] + 1 == second[*k];
    let most = || (0..3).filter(|&k| first[k] > 0).max_by_key(|&k| first[k]);
    (0..3).find(even).or_else(|| (0..3).find(short)).or_else(most).map_or(b',', |k| CANDIDATES[k])
}

pub(in crate::data) fn cell_text(cell: &[u8], line: u64) -> Result<String> {
    match std::str::from_utf8(cell) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(Error::data(
            Code::NotUtf8,
            format!("the name {} is not UTF-8", super::number::shown(cell)),
            "Save the file as UTF-8",
        )
        .at_line(line)),
    }
}

/// Writes `name` as a cell, quoted where it must be to come back the same. Marks that could be taken for the delimiter
/// are quoted, too.
pub(in crate::data) fn write_cell(out: &mut dyn Write, name: &str) -> io::Result<()> {
    let special = |b: u8| matches!(b, b',' | b';' | b'\t' | b'"' | b'\n' | b'\r');
    let bare = !name.is_empty() && name.trim_ascii() == name && !name.bytes().any(special);
    if bare { out.write_all(name.as_bytes()) } else { write!(out, "\"{}\"", name.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::check_error;

    fn all(text: &[u8], delimiter: u8) -> Result<Vec<(u64, Vec<String>)>> {
        let mut records = Records::new(text, delimiter);
        let mut rows = Vec::new();
        while let Some(row) = records.take()? {
            let cells = row.cells.into_iter().map(|c| String::from_utf8(c).unwrap()).collect();
            rows.push((row.line, cells));
        }
        Ok(rows)
    }

    #[track_caller]
    fn check(text: &str, rows: &[(u64, &[&str])]) {
        let found = all(text.as_bytes(), b',').unwrap();
        let found: Vec<(u64, Vec<&str>)> =
            found.iter().map(|(l, c)| (*l, c.iter().map(String::as_str).collect())).collect();
        let rows: Vec<(u64, Vec<&str>)> = rows.iter().map(|(l, c)| (*l, c.to_vec())).collect();
        assert_eq!(found, rows);
    }

    #[test]
    fn rows_are_split() {
        check("a,b\n1, 2 \n", &[(1, &["a", "b"]), (2, &["1", "2"])]);
        check("a,\r\n\r\n,b", &[(1, &["a", ""]), (3, &["", "b"])]);
        check("\"a,\"\"b\", c\n", &[(1, &["a,\"b", "c"])]);
        check("\"x\r\ny\",1\nz,2", &[(1, &["x\r\ny", "1"]), (3, &["z", "2"])]);
        check("\"a\"b ,c\"d\n", &[(1, &["ab", "c\"d"])]);
        check("\"\",\"\"\n", &[(1, &["", ""])]);
        check("", &[]);
        let error = all(b"a,b\n1,\"2\n3,4\n", b',').unwrap_err();
        check_error(&error, Code::UnclosedQuote, "line 2");
    }

    #[test]
    fn delimiters_are_told_apart() {
        let check = |text: &str, expected: u8| assert_eq!(delimiter(text.as_bytes(), true) as char, expected as char);
        check("a,b\n1,2\n", b',');
        check("a\tb, c\n1\t2\n", b'\t');
        check("a;b\n1,5;2,5\n3;4\n", b';');
        check("name;x, y\n", b';');
        check("x\n1\n2\n", b',');
        check("\"a;b\",c\n\"d;e;f\",2\n", b',');
        check("a,b\nr1,1,2\nr2,3,4\n", b',');
        check("name,1,2\nx;y,0,0\nz;,0,0\n", b',');
    }

    proptest! {
        /// Rows of any cells are read as the crate csv reads them, and come back from their own writing.
        #[test]
        fn agrees_with_the_crate_csv(
            rows in prop::collection::vec(prop::collection::vec("[ab \",\n\r;]{0,5}", 2), 1..4)
        ) {
            let mut text = Vec::new();
            for row in &rows {
                for (k, cell) in row.iter().enumerate() {
                    if k > 0 {
                        text.push(b',');
                    }
                    write_cell(&mut text, cell).unwrap();
                }
                text.push(b'\n');
            }
            let ours: Vec<Vec<String>> = all(&text, b',').unwrap().into_iter().map(|r| r.1).collect();
            prop_assert_eq!(&ours, &rows);
            let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_slice());
            let theirs: Vec<Vec<String>> =
                reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
            prop_assert_eq!(&ours, &theirs);
        }

        /// No text makes the splitter panic, and no line number lies.
        #[test]
        fn takes_any_text(text in "[a\",\n\r ]{0,40}") {
            if let Ok(rows) = all(text.as_bytes(), b',') {
                prop_assert!(rows.windows(2).all(|p| p[0].0 < p[1].0));
                prop_assert!(rows.iter().all(|r| r.0 as usize <= text.lines().count().max(1)));
            }
        }
    }
}
