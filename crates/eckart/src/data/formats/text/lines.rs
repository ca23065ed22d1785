//! Lines: the physical lines of a text, one buffer for all of them.
//! In: a byte stream.  Out: line after line, numbered from 1.
//! Invariant: a line's number is that of the file as an editor shows it; memory is one line. A line ends with `\n`,
//! `\r\n`, or with `\r` in a text that begins so (Excel's "CSV (Macintosh)"). A text without end in which nothing is
//! found is an error.
//! Not here: quoted cells that hold line ends (see `records`).

use std::borrow::Cow;
use std::io::{BufRead, BufReader, ErrorKind, Read};

use crate::data::source::failed;
use crate::error::{Code, Error, Result};

/// The longest line, or row of quoted cells, that is read, and the most that is read without finding anything: a packed
/// file of a few megabytes can hold one without end, and a stream may have none.
pub(in crate::data) const LONGEST: usize = 1 << 28;

pub(in crate::data) struct Lines<'a> {
    input: BufReader<Box<dyn Read + 'a>>,
    raw: Vec<u8>,
    number: u64,
    /// The last byte of a line.
    end: u8,
    /// How many bytes were read since something was found.
    empty: usize,
}

impl<'a> Lines<'a> {
    /// The lines of `input`; a byte order mark of UTF-8 before the first is passed over.
    pub(in crate::data) fn new(input: impl Read + 'a) -> Self {
        let input = BufReader::with_capacity(1 << 16, Box::new(input) as Box<dyn Read + 'a>);
        Self { input, raw: Vec::new(), number: 0, end: b'\n', empty: 0 }
    }

    /// Reads the next line; `false` at the end.
    pub(in crate::data) fn advance(&mut self) -> Result<bool> {
        self.raw.clear();
        if self.empty > LONGEST {
            return Err(nothing_found().at_line(self.number));
        }
        if self.number == 0 {
            let begins = self.input.fill_buf().map_err(|e| failed(e).at_line(1))?;
            self.end = if ends_with_returns(begins) { b'\r' } else { b'\n' };
        }
        let read = self.input.by_ref().take(LONGEST as u64).read_until(self.end, &mut self.raw);
        let count = read.map_err(|e| failed(e).at_line(self.number + 1))?;
        if count == LONGEST {
            return Err(endless().at_line(self.number + 1));
        }
        if count == 0 {
            return Ok(false);
        }
        if self.number == 0 && self.raw.starts_with(b"\xef\xbb\xbf") {
            self.raw.drain(..3);
        }
        // What was read in parts may have been cut between the two bytes of a line's end.
        if self.end == b'\r' && self.raw.starts_with(b"\n") {
            self.raw.remove(0);
        }
        self.number += 1;
        self.empty += count;
        Ok(true)
    }

    /// Reads the next line, by number and text, that is not nothing; `false` at the end. What is said of a blank line
    /// goes for all that follow it at once.
    pub(in crate::data) fn advance_past(&mut self, mut is_nothing: impl FnMut(u64, &[u8]) -> bool) -> Result<bool> {
        loop {
            if !self.advance()? {
                return Ok(false);
            }
            if !is_nothing(self.number, self.text()) {
                return Ok(true);
            }
            self.pass_over(&mut is_nothing)?;
        }
    }

    /// Passes over the lines of nothing that lie whole in the buffer.
    fn pass_over(&mut self, is_nothing: &mut impl FnMut(u64, &[u8]) -> bool) -> Result<()> {
        let buffer = match self.input.fill_buf() {
            Ok(buffer) => buffer,
            // It is read again with the next line.
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(failed(error).at_line(self.number + 1)),
        };
        let (mut at, end) = (0, self.end);
        while let Some(length) = buffer[at..].iter().position(|&b| b == end) {
            let line = &buffer[at..at + length];
            let line = if end == b'\r' { line.strip_prefix(b"\n").unwrap_or(line) } else { line };
            if !is_nothing(self.number + 1, without_end(line)) {
                break;
            }
            at += length + 1;
            let blank = if length == 0 { buffer[at..].iter().take_while(|&&b| b == end).count() } else { 0 };
            at += blank;
            self.number += 1 + blank as u64;
        }
        self.input.consume(at);
        self.empty += at;
        Ok(())
    }

    /// Something was found in the line.
    pub(in crate::data) fn found(&mut self) {
        self.empty = 0;
    }

    /// The line without its end.
    pub(in crate::data) fn text(&self) -> &[u8] {
        without_end(&self.raw)
    }

    /// The line with its end.
    pub(in crate::data) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Its number, counted from 1; at the end of the text, that of the last line.
    pub(in crate::data) fn number(&self) -> u64 {
        self.number
    }
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn ends_with_returns(text: &[u8]) -> bool {
    text.contains(&b'\r') && !text.contains(&b'\n')
}

/// The beginning of a text with `\n` at the ends of lines, where these are `\r` alone.
pub(in crate::data) fn with_line_feeds(text: &[u8]) -> Cow<'_, [u8]> {
    match ends_with_returns(text) {
        true => Cow::Owned(text.iter().map(|&b| if b == b'\r' { b'\n' } else { b }).collect()),
        false => Cow::Borrowed(text),
    }
}

/// A line longer than any that is meant.
pub(in crate::data) fn endless() -> Error {
    let message = format!("the row is longer than {} MiB", LONGEST >> 20);
    Error::data(Code::TooLarge, message, "Check that the file is text, and its line ends")
}

/// Blank lines, comments or rows of nothing without end.
fn nothing_found() -> Error {
    let message = format!("nothing was found in {} MiB: only blank lines, comments or empty rows", LONGEST >> 20);
    Error::data(Code::TooLarge, message, "Check where the file comes from, or take those lines out")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_all_kinds_are_taken_off() {
        let mut lines = Lines::new(&b"\xef\xbb\xbfa\r\n\nb"[..]);
        let mut all = Vec::new();
        while lines.advance().unwrap() {
            all.push((lines.number(), String::from_utf8(lines.text().to_vec()).unwrap()));
        }
        assert_eq!(all, [(1, "a".to_owned()), (2, String::new()), (3, "b".to_owned())]);
        let mut lines = Lines::new(&b"\xef\xbb\xbfa,1\r\rb\r"[..]);
        let mut all = Vec::new();
        while lines.advance().unwrap() {
            all.push((lines.number(), String::from_utf8(lines.text().to_vec()).unwrap()));
        }
        assert_eq!(all, [(1, "a,1".to_owned()), (2, String::new()), (3, "b".to_owned())]);
    }

    /// However a line of nothing ends, and wherever the buffer does, what follows is the same.
    #[test]
    fn lines_of_nothing_are_passed_over_and_counted() {
        for end in ["\n", "\r\n", "\r"] {
            for nothing in ["", " ", "# no", "#"] {
                for count in [1, 2, 1000, 40_000] {
                    let text = format!("a{end}{}b{end}{nothing}{end}c", format!("{nothing}{end}").repeat(count));
                    let mut lines = Lines::new(text.as_bytes());
                    let mut all = Vec::new();
                    let is_nothing = |text: &[u8]| text.trim_ascii().is_empty() || text.starts_with(b"#");
                    while lines.advance_past(|_, text| is_nothing(text)).unwrap() {
                        all.push((lines.number(), lines.text().to_vec()));
                    }
                    let (b, c) = (count as u64 + 2, count as u64 + 4);
                    let expected = [(1, b"a".to_vec()), (b, b"b".to_vec()), (c, b"c".to_vec())];
                    assert_eq!(all, expected, "{count} of {nothing:?}, {end:?}");
                }
            }
        }
    }
}
