//! Files: a matrix from a file of any known format, and into one.
//! In: a path (`-` is standard input or output), options.  Out: a `Table`; a file.
//! Invariant: every error names the file, the line where there is one, and what to do; no file can make it panic.
//! Not here: the formats, one a module: `npy`, `npz`, `mtx`, `csv`, `svmlight`.

use std::io::Read;
use std::path::Path;

use super::Table;
use super::formats::csv::{read_csv, write_csv};
use super::formats::mtx::{read_mtx, write_mtx};
use super::formats::npy::{read_npy, write_npy};
use super::formats::npz::read_npz;
use super::formats::svmlight::{self, looks_like};
use super::formats::text::lines::with_line_feeds;
use super::formats::text::number::parse;
use super::options::{Delimiter, Format, ReadOptions};
use super::source::{empty_file, is_stdin, open, said_of};
use crate::error::{Code, Error, Result};

/// The matrix in the file `path`, with its names where the format has them; `-` reads standard input.
///
/// `.npy`, `.npz`, `.mtx`, `.csv`, `.tsv` and `.svmlight` are known by their extension, any of them with `.gz` after
/// it; another file by its first bytes. Files are unpacked where they are gzipped, whatever they are called.
///
/// # Errors
/// `Io` where the system refuses the file; `Data` where its format is unknown or what it holds can't be used.
pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Table> {
    let path = path.as_ref();
    read_any(path, options).map_err(|error| said_of(error, path))
}

fn read_any(path: &Path, options: &ReadOptions) -> Result<Table> {
    let input = open(path)?;
    // A text of Matrix Market has a first line of its own, whatever it is called.
    let of_name = Format::of_name(path).map(|format| match format {
        Format::Csv | Format::Tsv if is_matrix_market(input.prefix()) => Format::Mtx,
        format => format,
    });
    let format = match options.format.or(of_name) {
        Some(format) => format,
        None => sniff(input.prefix(), options)?,
    };
    read_as(format, input, options)
}

/// The matrix in `input`, which is of format `format`.
///
/// # Errors
/// As for [`read`], without the file's name.
pub fn read_as(format: Format, input: impl Read, options: &ReadOptions) -> Result<Table> {
    match format {
        Format::Npy => Ok(read_npy(input, options)?.into()),
        Format::Npz => Ok(read_npz(input, options)?.into()),
        Format::Mtx => Ok(read_mtx(input, options)?.into()),
        Format::Csv => read_csv(input, options),
        Format::Tsv => {
            let delimiter = options.delimiter.clone().or(Some(Delimiter::Byte(b'\t')));
            read_csv(input, &ReadOptions { delimiter, ..options.clone() })
        }
        Format::Svmlight => svmlight::read(input, options),
    }
}

/// Writes a matrix in the format that the extension of `path` names: `.npy` (dense), `.mtx`, `.csv` or `.tsv` (dense,
/// with names), each also with `.gz`; `-` writes CSV to standard output.
///
/// # Errors
/// `Data` where the extension is unknown or the format can't hold the matrix; `Io` where the file can't be written.
pub fn write(path: impl AsRef<Path>, table: &Table) -> Result<()> {
    let path = path.as_ref();
    match Format::of_name(path) {
        Some(Format::Npy) => write_npy(path, &table.matrix),
        Some(Format::Mtx) => write_mtx(path, &table.matrix),
        Some(Format::Csv | Format::Tsv) => write_csv(path, table),
        None if is_stdin(path) => write_csv(path, table),
        None | Some(Format::Npz | Format::Svmlight) => Err(Error::data(
            Code::UnknownFormat,
            "the name does not say a format that is written",
            "End it in .npy, .mtx, .csv or .tsv",
        )),
    }
    .map_err(|error| error.in_file(path))
}

fn sniff(prefix: &[u8], options: &ReadOptions) -> Result<Format> {
    /// First bytes of files that people try, and what to do with them.
    const FOREIGN: [(&[u8], &str, &str); 4] = [
        (b"\x89HDF", "an HDF5 file", "Save the matrix as .npy, .mtx or .csv"),
        (b"PAR1", "a Parquet file", "Save it as .csv"),
        (
            b"\x80\x04",
            "a Python pickle, which is never read because it can run code",
            "Save the matrix with numpy.save",
        ),
        (b"\x28\xb5\x2f\xfd", "packed by zstd", "Unpack it first"),
    ];
    if prefix.is_empty() {
        return Err(empty_file());
    }
    if prefix.starts_with(b"\x93NUMPY") {
        return Ok(Format::Npy);
    }
    if is_matrix_market(prefix) {
        return Ok(Format::Mtx);
    }
    if prefix.starts_with(b"PK\x03\x04") {
        return zip(prefix);
    }
    for (magic, what, help) in FOREIGN {
        if prefix.starts_with(magic) {
            return Err(Error::data(Code::UnsupportedFormat, format!("this is {what}"), help));
        }
    }
    if prefix.contains(&0) || !is_text(prefix) {
        return Err(unknown());
    }
    if options.are_of_text() {
        return Ok(Format::Csv);
    }
    let prefix = &*with_line_feeds(prefix);
    if looks_like(prefix) {
        return Ok(Format::Svmlight);
    }
    // A text whose lines are cut into cells, or begin as numbers do.
    let line = prefix.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).find(|line| !line.is_empty()).unwrap_or_default();
    let separated = line.iter().any(|b| b",\t;|".contains(b)) || line.windows(2).any(|pair| pair == b"::");
    let is_number = |b: &u8| b.is_ascii_digit() || b"+-.".contains(b);
    if separated || line.first().is_some_and(|b| is_number(b) || b"\"#%".contains(b)) || has_numbers(prefix) {
        return Ok(Format::Csv);
    }
    Err(unknown())
}

fn is_matrix_market(prefix: &[u8]) -> bool {
    prefix.get(..14).is_some_and(|begins| begins.eq_ignore_ascii_case(b"%%MatrixMarket"))
}

/// Whether a line of the text has a word that is a number.
fn has_numbers(prefix: &[u8]) -> bool {
    let words = |line: &[u8]| line.split(u8::is_ascii_whitespace).any(|word| parse(word).is_some());
    prefix.split(|&b| b == b'\n').skip(1).take(1).any(words)
}

/// Whether the bytes are text: UTF-8, but for a character that the end cuts, or none of it but printed.
fn is_text(prefix: &[u8]) -> bool {
    match std::str::from_utf8(prefix) {
        Ok(_) => true,
        Err(error) => {
            error.error_len().is_none() || !prefix.iter().any(|b| b.is_ascii_control() && !b.is_ascii_whitespace())
        }
    }
}

/// What a zip archive is: one of NumPy's arrays, or a workbook.
fn zip(prefix: &[u8]) -> Result<Format> {
    let name = prefix.get(30..).unwrap_or_default();
    let length = prefix.get(26).copied().unwrap_or_default();
    if name.get(..usize::from(length)).is_some_and(|name| name.ends_with(b".npy")) {
        return Ok(Format::Npz);
    }
    let help = "Save a sheet as CSV, or an array with numpy.save";
    Err(Error::data(Code::UnsupportedFormat, "this is a zip archive and no .npz (.xlsx is such)", help))
}

fn unknown() -> Error {
    Error::data(
        Code::UnknownFormat,
        "the format can't be told from the name or the first bytes",
        "Supported are .npy, .npz, .mtx, .csv, .tsv and .svmlight, each also with .gz: name the file so, or say the \
         format",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::check_error;

    #[test]
    fn formats_are_sniffed() {
        let check = |bytes: &[u8], format| assert_eq!(sniff(bytes, &ReadOptions::default()).unwrap(), format);
        check(b"\x93NUMPY\x01\x00", Format::Npy);
        check(b"%%matrixmarket matrix coordinate", Format::Mtx);
        check(b"a,b\n1,2\n", Format::Csv);
        check(b"a\tb\n1\t2\n", Format::Csv);
        check(b"9::4::2::978300760\n", Format::Csv);
        check(b"8 3 2\n6 0 2\n", Format::Csv);
        check(b"  1.27e-01 2.96e-01\n", Format::Csv);
        check(b"# a b\n1 2\n", Format::Csv);
        check(b"a b\n1 2\n", Format::Csv);
        check(b"a b\r1 2\r", Format::Csv);
        check(b"1 4:0.313\n1 1:0.5 2:1\n", Format::Svmlight);
        check(b"PK\x03\x04aaaaaaaaaaaaaaaaaaaaaa\x0b\0\0\0indices.npy", Format::Npz);
    }

    #[test]
    fn unknown_formats_are_refused() {
        let refuses = |bytes: &[u8], code: Code, part: &str| {
            check_error(&sniff(bytes, &ReadOptions::default()).unwrap_err(), code, part)
        };
        refuses(b"", Code::EmptyFile, "");
        refuses(b"PK\x03\x04rest", Code::UnsupportedFormat, "zip archive");
        refuses(b"\x80\x04\x95", Code::UnsupportedFormat, "pickle");
        refuses(b"hello", Code::UnknownFormat, "Supported are .npy, .npz, .mtx, .csv, .tsv");
        refuses(b"a,b\0\n", Code::UnknownFormat, "");
        let said = ReadOptions { comment: Some("hello".into()), ..ReadOptions::default() };
        assert_eq!(sniff(b"hello\n", &said).unwrap(), Format::Csv);
    }
}
