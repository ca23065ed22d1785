//! Files: a matrix from a file of any known format, and into one.
//! In: a path (`-` is standard input or output), options.  Out: a `Table`; a file.
//! Invariant: every error names the file, the line where there is one, and what to do; no file can make it panic.
//! Not here: the formats, one a module: `npy`, `mtx`, `csv`.

use std::io::Read;
use std::path::Path;

use super::Table;
use super::formats::csv::{read_csv, write_csv};
use super::formats::mtx::{read_mtx, write_mtx};
use super::formats::npy::{read_npy, write_npy};
use super::options::{Format, ReadOptions};
use super::source::{empty_file, is_stdin, open, said_of};
use crate::error::{Code, Error, Result};

/// The matrix in the file `path`, with its names where the format has them; `-` reads standard input.
///
/// `.npy`, `.mtx`, `.csv` and `.tsv` are known by their extension, any of them with `.gz` after it; another file by its
/// first bytes. Files are unpacked where they are gzipped, whatever they are called.
///
/// # Errors
/// `Io` where the system refuses the file; `Data` where its format is unknown or what it holds can't be used.
pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Table> {
    let path = path.as_ref();
    read_any(path, options).map_err(|error| said_of(error, path))
}

fn read_any(path: &Path, options: &ReadOptions) -> Result<Table> {
    let input = open(path)?;
    let format = match options.format.or_else(|| Format::of_name(path)) {
        Some(format) => format,
        None => sniff(input.prefix())?,
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
        Format::Mtx => Ok(read_mtx(input, options)?.into()),
        Format::Csv => read_csv(input, options),
        Format::Tsv => {
            let delimiter = options.delimiter.or(Some(b'\t'));
            read_csv(input, &ReadOptions { delimiter, ..options.clone() })
        }
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
        None => Err(Error::data(
            Code::UnknownFormat,
            "the name does not say the format",
            "End it in .npy, .mtx, .csv or .tsv",
        )),
    }
    .map_err(|error| error.in_file(path))
}

fn sniff(prefix: &[u8]) -> Result<Format> {
    /// First bytes of files that people try, and what to do with them.
    const FOREIGN: [(&[u8], &str, &str); 5] = [
        (
            b"PK\x03\x04",
            "a zip archive (.npz and .xlsx are such)",
            "Save one array with numpy.save, or the sheet as CSV",
        ),
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
    if prefix.len() >= 14 && prefix[..14].eq_ignore_ascii_case(b"%%MatrixMarket") {
        return Ok(Format::Mtx);
    }
    for (magic, what, help) in FOREIGN {
        if prefix.starts_with(magic) {
            return Err(Error::data(Code::UnsupportedFormat, format!("this is {what}"), help));
        }
    }
    let first_line = prefix.split(|&b| b == b'\n').next().unwrap_or_default();
    let is_text = !prefix.contains(&0) && first_line.iter().any(|b| b",\t;".contains(b));
    if is_text {
        return Ok(Format::Csv);
    }
    Err(Error::data(
        Code::UnknownFormat,
        "the format can't be told from the name or the first bytes",
        "Supported are .npy, .mtx, .csv and .tsv, each also with .gz: name the file so, or say the format",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::check_error;

    #[test]
    fn formats_are_sniffed() {
        let check = |bytes: &[u8], format| assert_eq!(sniff(bytes).unwrap(), format);
        check(b"\x93NUMPY\x01\x00", Format::Npy);
        check(b"%%matrixmarket matrix coordinate", Format::Mtx);
        check(b"a,b\n1,2\n", Format::Csv);
        check(b"a\tb\n1\t2\n", Format::Csv);
    }

    #[test]
    fn unknown_formats_are_refused() {
        let refuses = |bytes: &[u8], code: Code, part: &str| check_error(&sniff(bytes).unwrap_err(), code, part);
        refuses(b"", Code::EmptyFile, "");
        refuses(b"PK\x03\x04rest", Code::UnsupportedFormat, "zip archive");
        refuses(b"\x80\x04\x95", Code::UnsupportedFormat, "pickle");
        refuses(b"hello", Code::UnknownFormat, "Supported are .npy, .mtx, .csv and .tsv");
        refuses(b"a,b\0\n", Code::UnknownFormat, "");
    }
}
