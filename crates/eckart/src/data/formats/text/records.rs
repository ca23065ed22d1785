//! Records: the rows of cells of a CSV text, and the way a cell is written into one.
//! In: a byte stream and a delimiter.  Out: row after row, each with the line it begins on.
//! Invariant: RFC 4180: a cell may be quoted, a quoted cell may hold anything; blank lines are no rows; bare cells are
//! trimmed.
//! Not here: what the cells mean (see `csv`, `triplets`, `names`). The crate csv was not taken: it counts lines as
//! records begin, before the blank lines it skips, and reads an open quote silently to the end of the file. It is the
//! oracle of the tests.

use std::io::{self, Read, Write};

use super::lines::{LONGEST, Lines, endless};
use super::number::shown;
use crate::data::Delimiter;
use crate::error::{Code, Error, Result};

pub(in crate::data) struct Records<'a> {
    lines: Lines<'a>,
    delimiter: Delimiter,
    /// What a line that is passed over begins with.
    comment: Option<Vec<u8>>,
    /// How many lines were passed over.
    comments: usize,
    /// How many cells at the beginning of every row are left out, since they hold nothing.
    margin: usize,
    /// A row that was put back, to be read next.
    unread: Option<Record>,
    /// The cells of the row, end to end without quotes or delimiters between them, or the line as it stands.
    text: Vec<u8>,
    cells: Vec<(usize, usize)>,
    /// Of each cell whether it was quoted; empty where none was.
    quoted: Vec<bool>,
    line: u64,
    blank: Option<u64>,
}

/// A row taken out of its `Records`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::data) struct Record {
    /// The line it begins on.
    pub(in crate::data) line: u64,
    pub(in crate::data) cells: Vec<Vec<u8>>,
    /// Of each cell whether it was quoted; empty where none was.
    pub(in crate::data) quoted: Vec<bool>,
}

impl Record {
    pub(in crate::data) fn is_quoted(&self, k: usize) -> bool {
        self.quoted.get(k) == Some(&true)
    }

    /// Leaves out the first cells.
    pub(in crate::data) fn leave_out(&mut self, margin: usize) {
        self.cells.drain(..margin.min(self.cells.len()));
        self.quoted.drain(..margin.min(self.quoted.len()));
    }

    /// Whether there is nothing in any cell.
    pub(in crate::data) fn is_nothing(&self) -> bool {
        self.cells.iter().all(Vec::is_empty)
    }
}

impl<'a> Records<'a> {
    pub(in crate::data) fn new(input: impl Read + 'a, delimiter: Delimiter) -> Self {
        let (text, cells, quoted) = (Vec::new(), Vec::new(), Vec::new());
        let (comment, comments, margin, unread) = (None, 0, 0, None);
        let lines = Lines::new(input);
        Self { lines, delimiter, comment, comments, margin, unread, text, cells, quoted, line: 0, blank: None }
    }

    /// Passes over lines that begin with `mark`.
    pub(in crate::data) fn without_comments(mut self, mark: Option<Vec<u8>>) -> Self {
        self.comment = mark;
        self
    }

    /// Leaves out the first cells of every row, which must hold nothing.
    pub(in crate::data) fn without_margin(mut self, cells: usize) -> Self {
        self.margin = cells;
        self
    }

    /// Passes over the next line.
    pub(in crate::data) fn skip_line(&mut self) -> Result<()> {
        self.lines.advance().map(drop)
    }

    /// Puts a row back, to be read next.
    pub(in crate::data) fn put_back(&mut self, row: Record) {
        self.unread = Some(row);
    }

    /// Reads the next row that is not blank; `false` at the end.
    pub(in crate::data) fn advance(&mut self) -> Result<bool> {
        self.blank = None;
        self.quoted.clear();
        self.cells.clear();
        self.text.clear();
        if let Some(row) = self.unread.take() {
            self.load(row);
            return Ok(true);
        }
        let (mark, blank, comments) = (self.comment.as_ref(), &mut self.blank, &mut self.comments);
        // A line of delimiters only is a row of empty cells, even where the delimiter is a tab.
        let separates = |b: u8| matches!(self.delimiter, Delimiter::Byte(byte) if byte == b);
        let is_nothing = |number: u64, text: &[u8]| {
            if mark.is_some_and(|mark| text.starts_with(mark)) {
                *comments += 1;
                return true;
            }
            let is_blank = !text.iter().any(|&b| separates(b) || !b.is_ascii_whitespace());
            if is_blank {
                blank.get_or_insert(number);
            }
            is_blank
        };
        if !self.lines.advance_past(is_nothing)? {
            return Ok(false);
        }
        self.line = self.lines.number();
        if self.lines.text().contains(&b'"') {
            self.split_quoted()?
        } else if let Delimiter::Byte(byte) = self.delimiter {
            self.split_plain(byte)
        } else {
            self.split_wide()
        }
        if self.cells.iter().any(|(start, end)| start < end) {
            self.lines.found();
        }
        if self.margin > 0 { self.leave_out_margin() } else { Ok(true) }
    }

    fn leave_out_margin(&mut self) -> Result<bool> {
        let margin = self.margin.min(self.len());
        if let Some(k) = (0..margin).find(|&k| !self.cell(k).is_empty()) {
            let message = format!("column {} holds {} here, and nothing in the rows above", k + 1, shown(self.cell(k)));
            let help = "Take the column out, or give it a name in the header";
            return Err(Error::data(Code::RaggedRows, message, help).at_line(self.line));
        }
        self.cells.drain(..margin);
        self.quoted.drain(..margin.min(self.quoted.len()));
        Ok(true)
    }

    fn load(&mut self, row: Record) {
        self.line = row.line;
        self.quoted = row.quoted;
        for cell in row.cells {
            let start = self.text.len();
            self.text.extend_from_slice(&cell);
            self.cells.push((start, self.text.len()));
        }
    }

    /// Reads the next row and takes it out; `None` at the end.
    pub(in crate::data) fn take(&mut self) -> Result<Option<Record>> {
        Ok(if self.advance()? { Some(self.row()) } else { None })
    }

    /// Takes the next row out that is not made of empty cells alone, with the number of those before it that are.
    pub(in crate::data) fn take_filled(&mut self) -> Result<(Option<Record>, usize)> {
        let mut empty = 0;
        while self.advance()? {
            if self.len() <= 1 || self.cells.iter().any(|(start, end)| start < end) {
                return Ok((Some(self.row()), empty));
            }
            empty += 1;
        }
        Ok((None, empty))
    }

    pub(in crate::data) fn row(&self) -> Record {
        let cells = (0..self.len()).map(|k| self.cell(k).to_vec()).collect();
        Record { line: self.line, cells, quoted: self.quoted.clone() }
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

    /// How many lines of comments were passed over.
    pub(in crate::data) fn comments(&self) -> usize {
        self.comments
    }

    fn split_plain(&mut self, delimiter: u8) {
        self.text.extend_from_slice(self.lines.text());
        let mut start = 0;
        for at in 0..=self.text.len() {
            if at == self.text.len() || self.text[at] == delimiter {
                self.cells.push(trimmed(&self.text, start, at));
                start = at + 1;
            }
        }
    }

    /// The same where a delimiter is longer than a byte.
    fn split_wide(&mut self) {
        self.text.extend_from_slice(content(&self.lines, &self.delimiter));
        let mut start = begin(&self.delimiter, &self.text);
        loop {
            let next = find(&self.delimiter, &self.text, start);
            let (end, after) = next.unwrap_or((self.text.len(), self.text.len()));
            self.cells.push(trimmed(&self.text, start, end));
            start = after;
            if next.is_none() {
                return;
            }
        }
    }

    fn split_quoted(&mut self) -> Result<()> {
        let mut at = 0;
        loop {
            let line = content(&self.lines, &self.delimiter);
            let separates = |b: u8| matches!(self.delimiter, Delimiter::Byte(byte) if byte == b);
            while at < line.len() && !separates(line[at]) && line[at].is_ascii_whitespace() {
                at += 1;
            }
            let start = self.text.len();
            let quoted = line.get(at) == Some(&b'"');
            if quoted {
                at = self.quoted_cell(at + 1)?;
                let end = self.text.len();
                self.cells.push((start, end));
            } else {
                let end = find(&self.delimiter, line, at).map_or(line.len(), |(end, _)| end);
                self.text.extend_from_slice(&line[at..end]);
                at = end;
                self.cells.push(trimmed(&self.text, start, self.text.len()));
            }
            self.quoted.push(quoted);
            match find(&self.delimiter, content(&self.lines, &self.delimiter), at) {
                None => return Ok(()),
                Some((_, after)) => at = after,
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
                    let line = content(&self.lines, &self.delimiter);
                    let from = line.len().min(at + 1);
                    let end = find(&self.delimiter, line, from).map_or(line.len(), |(end, _)| end);
                    self.text.extend_from_slice(line[from..end].trim_ascii_end());
                    return Ok(end);
                }
                Some(&byte) => {
                    self.text.push(byte);
                    at += 1;
                }
            }
        }
    }
}

/// The line, without blanks at its end where blanks are the delimiter: no cell comes after them.
fn content<'l>(lines: &'l Lines<'_>, delimiter: &Delimiter) -> &'l [u8] {
    let text = lines.text();
    if *delimiter == Delimiter::Blanks { text.trim_ascii_end() } else { text }
}

/// Where the first cell of a line begins.
fn begin(delimiter: &Delimiter, line: &[u8]) -> usize {
    if *delimiter == Delimiter::Blanks { line.len() - line.trim_ascii_start().len() } else { 0 }
}

/// Where the next delimiter of a line begins, and where it ends.
fn find(delimiter: &Delimiter, line: &[u8], from: usize) -> Option<(usize, usize)> {
    let rest = line.get(from..)?;
    match delimiter {
        Delimiter::Byte(byte) => rest.iter().position(|b| b == byte).map(|k| (from + k, from + k + 1)),
        Delimiter::Text(text) => {
            let text = text.as_bytes();
            rest.windows(text.len()).position(|part| part == text).map(|k| (from + k, from + k + text.len()))
        }
        Delimiter::Blanks => {
            let start = from + rest.iter().position(u8::is_ascii_whitespace)?;
            let end = line[start..].iter().position(|b| !b.is_ascii_whitespace()).map_or(line.len(), |k| start + k);
            Some((start, end))
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

pub(in crate::data) fn cell_text(cell: &[u8], line: u64) -> Result<String> {
    match std::str::from_utf8(cell) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => {
            Err(Error::data(Code::NotUtf8, format!("the name {} is not UTF-8", shown(cell)), "Save the file as UTF-8")
                .at_line(line))
        }
    }
}

/// Writes `name` as a cell, quoted where it must be to come back the same. Marks that could be taken for the delimiter
/// are quoted, too.
pub(in crate::data) fn write_cell(out: &mut dyn Write, name: &str) -> io::Result<()> {
    let special = |b: u8| matches!(b, b',' | b';' | b'\t' | b'"' | b'\n' | b'\r');
    let bare = !name.is_empty() && name.trim_ascii() == name && !name.bytes().any(special);
    if bare { out.write_all(name.as_bytes()) } else { write_quoted(out, name) }
}

/// The same with quotation marks in any case: a number so written is a name.
pub(in crate::data) fn write_quoted(out: &mut dyn Write, name: &str) -> io::Result<()> {
    write!(out, "\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::formats::text::lines::with_line_feeds;
    use crate::error::check_error;

    fn all(text: &[u8], delimiter: impl Into<Delimiter>) -> Result<Vec<(u64, Vec<String>)>> {
        let mut records = Records::new(text, delimiter.into());
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
    fn delimiters_may_be_wide() {
        let check = |delimiter: Delimiter, text: &str, cells: &[&str]| {
            let rows = all(text.as_bytes(), delimiter).unwrap();
            assert_eq!(rows[0].1, cells, "{text}");
        };
        let colons = || Delimiter::Text("::".into());
        check(colons(), "1::2:3::::4", &["1", "2:3", "", "4"]);
        check(colons(), "\"a::b\" :: 2", &["a::b", "2"]);
        check(Delimiter::Blanks, "  1 \t 2  3  ", &["1", "2", "3"]);
        check(Delimiter::Blanks, " \"a b\"  2 \"\" ", &["a b", "2", ""]);
    }

    #[test]
    fn comments_are_passed_over_and_rows_put_back() {
        let mut records = Records::new(&b"# x\na,b\n#y\n\n1,\"2\"\n"[..], b','.into());
        records = records.without_comments(Some(b"#".to_vec()));
        let first = records.take().unwrap().unwrap();
        assert_eq!((first.line, records.comments()), (2, 1));
        records.put_back(first.clone());
        assert_eq!(records.take().unwrap().unwrap(), first);
        let second = records.take().unwrap().unwrap();
        assert_eq!((second.line, second.is_quoted(0), second.is_quoted(1)), (5, false, true));
        assert_eq!((records.blank(), records.comments()), (Some(4), 2));
    }

    proptest! {
        /// Rows of any cells are read as the crate csv reads them, and come back from their own writing.
        #[test]
        fn agrees_with_the_crate_csv(
            rows in prop::collection::vec(prop::collection::vec("[ab \",\n\r;|\t]{0,5}", 2), 1..4),
            delimiter in prop::sample::select(vec![b',', b';', b'|', b'\t']),
        ) {
            let mut text = Vec::new();
            for row in &rows {
                for (k, cell) in row.iter().enumerate() {
                    if k > 0 {
                        text.push(delimiter);
                    }
                    if cell.contains('|') {
                        write_quoted(&mut text, cell).unwrap();
                    } else {
                        write_cell(&mut text, cell).unwrap();
                    }
                }
                text.push(b'\n');
            }
            let ours: Vec<Vec<String>> = all(&text, delimiter).unwrap().into_iter().map(|r| r.1).collect();
            prop_assert_eq!(&ours, &rows);
            let mut reader = ::csv::ReaderBuilder::new();
            let mut reader = reader.has_headers(false).delimiter(delimiter).from_reader(text.as_slice());
            let theirs: Vec<Vec<String>> =
                reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
            prop_assert_eq!(&ours, &theirs);
        }

        /// No text makes the splitter panic, and no line number lies.
        #[test]
        fn takes_any_text(text in "[a\",\n\r ]{0,40}") {
            if let Ok(rows) = all(text.as_bytes(), b',') {
                prop_assert!(rows.windows(2).all(|p| p[0].0 < p[1].0));
                let lines = with_line_feeds(text.as_bytes()).split(|&b| b == b'\n').count();
                prop_assert!(rows.iter().all(|r| r.0 as usize <= lines));
            }
        }
    }
}
