//! Source: the bytes of a file or of standard input, unpacked where they are gzipped.
//! In: a path.  Out: a reader that shows its first bytes before they are read.
//! Invariant: nothing is read beyond what is asked for; a broken gzip stream is a data error, never a short file.
//! Not here: what the bytes mean (see the formats).

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::error::{Code, Error, Result};

/// How many bytes are looked at before a format or a delimiter is chosen.
pub(super) const PEEK: usize = 1 << 16;

/// The bytes of `path` (`-` is standard input), gunzipped where they begin as gzip does.
pub(super) fn open(path: &Path) -> Result<Peeked<Box<dyn Read>>> {
    let raw: Box<dyn Read> = if is_stdin(path) {
        Box::new(io::stdin().lock())
    } else {
        if path.is_dir() {
            let reason = "this is a folder, not a file; name a file in it";
            return Err(io_error(path, io::Error::new(io::ErrorKind::IsADirectory, reason)));
        }
        Box::new(File::open(path).map_err(|e| io_error(path, e))?)
    };
    let raw = Peeked::new(raw, 2);
    let gzipped = raw.prefix() == [0x1f, 0x8b];
    if !gzipped && is_gz(path) && !raw.prefix().is_empty() {
        let message = "the name ends in .gz, but the file is not gzipped";
        return Err(Error::data(Code::NotGzipped, message, "Take .gz off its name, or compress it with gzip"));
    }
    let input: Box<dyn Read> = if gzipped { Box::new(Gunzip::new(raw)) } else { Box::new(raw) };
    Ok(Peeked::new(input, PEEK))
}

/// Whether `path` means standard input or output.
pub(super) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Whether the name of `path` says that it is gzipped.
pub(super) fn is_gz(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz"))
}

/// The extension of `path` in lower case, without a final `.gz`.
pub(super) fn extension(path: &Path) -> Option<String> {
    let inner = if is_gz(path) { Path::new(path.file_stem()?) } else { path };
    Some(inner.extension()?.to_str()?.to_ascii_lowercase())
}

pub(super) fn said_of(error: Error, path: &Path) -> Error {
    let name = if is_stdin(path) { Path::new("standard input") } else { path };
    match error {
        Error::Io { path, source } if path.as_os_str().is_empty() => Error::Io { path: name.to_owned(), source },
        other => other.in_file(name),
    }
}

/// The system's refusal of `path`.
pub(super) fn io_error(path: &Path, source: io::Error) -> Error {
    Error::Io { path: path.to_owned(), source }
}

pub(super) fn empty_file() -> Error {
    Error::data(Code::EmptyFile, "the file is empty", "Check how it was made")
}

/// What a failed read means: a broken gzip stream is a data error, anything else the system's refusal (of a file that
/// [`said_of`] names later: the formats read streams and know no path).
pub(super) fn failed(error: io::Error) -> Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<BadGzip>()) {
        Some(bad) => Error::data(
            Code::DamagedFile,
            bad.to_string(),
            "The file is damaged or was copied only in part: get it again, and test it with gzip -t",
        ),
        None => Error::Io { path: PathBuf::new(), source: error },
    }
}

/// A reader whose first bytes can be looked at; they are read again with the rest.
pub(super) struct Peeked<R> {
    prefix: Vec<u8>,
    at: usize,
    /// An error met while peeking, kept until the bytes before it have been read.
    fault: Option<io::Error>,
    rest: R,
}

impl<R: Read> Peeked<R> {
    /// Looks at the first `len` bytes of `rest`, or all where there are fewer.
    pub(super) fn new(mut rest: R, len: usize) -> Self {
        let mut prefix = Vec::new();
        let fault = rest.by_ref().take(len as u64).read_to_end(&mut prefix).err();
        Self { prefix, at: 0, fault, rest }
    }

    pub(super) fn prefix(&self) -> &[u8] {
        &self.prefix
    }
}

impl<R: Read> Read for Peeked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = &self.prefix[self.at..];
        if !left.is_empty() {
            let count = left.len().min(buffer.len());
            buffer[..count].copy_from_slice(&left[..count]);
            self.at += count;
            return Ok(count);
        }
        match self.fault.take() {
            Some(fault) => Err(fault),
            None => self.rest.read(buffer),
        }
    }
}

/// A gzip stream of any number of members.
struct Gunzip<R> {
    inner: MultiGzDecoder<BufReader<R>>,
    found: u64,
}

impl<R: Read> Gunzip<R> {
    fn new(input: R) -> Self {
        Self { inner: MultiGzDecoder::new(BufReader::with_capacity(1 << 16, input)), found: 0 }
    }
}

impl<R: Read> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.inner.read(buffer);
        if let Ok(count) = result {
            self.found += count as u64;
        }
        result.map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => io::Error::other(BadGzip { found: self.found, cut: true }),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                io::Error::other(BadGzip { found: self.found, cut: false })
            }
            _ => e,
        })
    }
}

#[derive(Debug)]
struct BadGzip {
    found: u64,
    cut: bool,
}

impl fmt::Display for BadGzip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.cut { "breaks off" } else { "is damaged" };
        write!(f, "the gzip stream {what} after {} unpacked bytes", self.found)
    }
}

impl std::error::Error for BadGzip {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peeked_reader_gives_every_byte_once() {
        let mut peeked = Peeked::new(&b"abcdef"[..], 4);
        assert_eq!(peeked.prefix(), b"abcd");
        let mut all = String::new();
        peeked.read_to_string(&mut all).unwrap();
        assert_eq!(all, "abcdef");
    }

    #[test]
    fn extensions_look_through_gz() {
        let check = |name: &str, ext: Option<&str>| assert_eq!(extension(Path::new(name)).as_deref(), ext);
        check("a/b.mtx", Some("mtx"));
        check("a/b.MTX.GZ", Some("mtx"));
        check("a/b.gz", None);
        check("b", None);
    }
}
