//! Lines: the physical lines of a text, one buffer for all of them.
//! In: a byte stream.  Out: line after line, numbered from 1.
//! Invariant: a line's number is that of the file as an editor shows it; memory is one line. A line ends with `\n`,
//! `\r\n`, or with `\r` in a text that begins so (Excel's "CSV (Macintosh)").
//! Not here: quoted cells that hold line ends (see `records`).

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};

use crate::data::source::failed;
use crate::error::{Code, Error, Result};

/// The longest line, or row of quoted cells, that is read: a packed file of a few megabytes can hold one without end.
pub(in crate::data) const LONGEST: usize = 1 << 28;

pub(in crate::data) struct Lines<'a> {
    input: BufReader<Box<dyn Read + 'a>>,
    raw: Vec<u8>,
    number: u64,
    /// The last byte of a line.
    end: u8,
}

impl<'a> Lines<'a> {
    /// The lines of `input`; a byte order mark of UTF-8 before the first is passed over.
    pub(in crate::data) fn new(input: impl Read + 'a) -> Self {
        Self { input: BufReader::with_capacity(1 << 16, Box::new(input)), raw: Vec::new(), number: 0, end: b'\n' }
    }

    /// Reads the next line; `false` at the end.
    pub(in crate::data) fn advance(&mut self) -> Result<bool> {
        self.raw.clear();
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
        Ok(true)
    }

    /// The line without its end.
    pub(in crate::data) fn text(&self) -> &[u8] {
        let line = self.raw.strip_suffix(b"\n").unwrap_or(&self.raw);
        line.strip_suffix(b"\r").unwrap_or(line)
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
}
