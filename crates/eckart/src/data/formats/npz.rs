//! Npz: an archive of NumPy's arrays, one of them, or a sparse matrix of SciPy.
//! In: a zip archive of .npy files, stored or deflated.  Out: a `Matrix`, dense or sparse.
//! Invariant: what the directory of the archive promises is not allocated, and checked against what is there.
//! Not here: one array (see `npy`). No crate of zip archives was taken: of the format two records are needed.
//!
//! The format: .ZIP File Format Specification (APPNOTE.TXT), 4.3.7, 4.3.12 and 4.3.16; scipy.sparse.save_npz.

use std::io::Read;

use flate2::read::DeflateDecoder;

use super::entries::{EntryList, check_side};
use super::npy::{read_npy, read_numbers};
use super::text::number::Choice;
use crate::data::source::{empty_file, failed};
use crate::data::{Dtype, Duplicates, Matrix, ReadOptions};
use crate::error::{Code, Error, Result};

/// The matrix in an .npz archive: its only array, or what `scipy.sparse.save_npz` wrote of a matrix in CSR, CSC or COO
/// form.
///
/// Numbers keep their type as those of `.npy` files do. Entries of a sparse matrix that stand twice are refused, unless
/// [`ReadOptions::duplicates`] says what becomes of them: `Sum` is what SciPy takes them for.
///
/// # Errors
/// `Data` where it is no such archive, is damaged or encrypted, holds several arrays that are no sparse matrix, or one
/// that is in another form.
pub fn read_npz(mut input: impl Read, options: &ReadOptions) -> Result<Matrix> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes).map_err(failed)?;
    if bytes.is_empty() {
        return Err(empty_file());
    }
    let archive = Archive { members: members(&bytes)?, bytes: &bytes };
    if archive.members.iter().any(|member| member.name == "indptr.npy" || member.name == "format.npy") {
        return sparse(&archive, options);
    }
    match &archive.members[..] {
        [only] => read_npy(archive.open(only)?, options).map_err(|error| archive.said_of(error, &only.name)),
        several => {
            let names: Vec<&str> = several.iter().map(|member| member.name.trim_end_matches(".npy")).collect();
            let message = format!("the archive holds {} arrays: {}", names.len(), names.join(", "));
            Err(Error::data(Code::NotAMatrix, message, "Save the one that is meant with numpy.save"))
        }
    }
}

/// A file of an archive.
#[derive(Debug)]
struct ArchiveMember {
    name: String,
    /// Whether it is deflated; else it is stored as it is.
    deflated: bool,
    /// Where its record begins, and how many bytes it takes in the archive.
    at: usize,
    packed: usize,
}

struct Archive<'a> {
    bytes: &'a [u8],
    members: Vec<ArchiveMember>,
}

fn damaged(what: &str) -> Error {
    let help = "Get the whole file, or save it again with numpy.savez or scipy.sparse.save_npz";
    Error::data(Code::DamagedFile, format!("the zip archive is damaged: {what}"), help)
}

/// A whole number of `count` bytes, least first.
fn whole(bytes: &[u8], at: usize, count: usize) -> Result<usize> {
    let field = at.checked_add(count).and_then(|end| bytes.get(at..end)).ok_or_else(|| damaged("it ends too early"))?;
    Ok(field.iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte)))
}

/// The files that the central directory at the end of the archive lists.
fn members(bytes: &[u8]) -> Result<Vec<ArchiveMember>> {
    const END: &[u8] = b"PK\x05\x06";
    const ENTRY: &[u8] = b"PK\x01\x02";
    let tail = bytes.len().saturating_sub((1 << 16) + 22);
    let end = bytes[tail..].windows(END.len()).rposition(|window| window == END).map(|at| tail + at);
    let end = end.ok_or_else(|| damaged("it has no directory"))?;
    let (count, mut at) = (whole(bytes, end + 10, 2)?, whole(bytes, end + 16, 4)?);
    let mut members = Vec::new();
    for _ in 0..count {
        if bytes.get(at..).is_none_or(|rest| !rest.starts_with(ENTRY)) {
            return Err(damaged("its directory is cut"));
        }
        let (flags, method) = (whole(bytes, at + 8, 2)?, whole(bytes, at + 10, 2)?);
        let (packed, unpacked) = (whole(bytes, at + 20, 4)?, whole(bytes, at + 24, 4)?);
        let (name, extra, comment) = (whole(bytes, at + 28, 2)?, whole(bytes, at + 30, 2)?, whole(bytes, at + 32, 2)?);
        let text = bytes.get(at + 46..at + 46 + name).ok_or_else(|| damaged("its directory is cut"))?;
        let text = String::from_utf8_lossy(text).into_owned();
        if flags & 1 == 1 || !matches!(method, 0 | 8) {
            let message = format!("{text} is encrypted, or packed by a method other than deflate");
            return Err(Error::data(Code::UnsupportedFormat, message, "Save it with numpy.savez_compressed"));
        }
        if packed == u32::MAX as usize || unpacked == u32::MAX as usize {
            let message = format!("{text} is larger than 4 GB");
            return Err(Error::data(Code::TooLarge, message, "Save it as .npy or .mtx"));
        }
        members.push(ArchiveMember { name: text, deflated: method == 8, at: whole(bytes, at + 42, 4)?, packed });
        at += 46 + name + extra + comment;
    }
    if members.is_empty() {
        return Err(Error::data(Code::NoEntries, "the archive holds no array", "Check how it was made"));
    }
    Ok(members)
}

impl Archive<'_> {
    /// The bytes of a file, unpacked as they are read.
    fn open(&self, member: &ArchiveMember) -> Result<Box<dyn Read + '_>> {
        let (name, extra) = (whole(self.bytes, member.at + 26, 2)?, whole(self.bytes, member.at + 28, 2)?);
        let start = member.at + 30 + name + extra;
        let packed = self.bytes.get(start..).and_then(|rest| rest.get(..member.packed));
        let packed = packed.ok_or_else(|| damaged(&format!("{} is cut", member.name)))?;
        Ok(if member.deflated { Box::new(DeflateDecoder::new(packed)) } else { Box::new(packed) })
    }

    fn named(&self, name: &str) -> Result<&ArchiveMember> {
        let file = format!("{name}.npy");
        self.members.iter().find(|member| member.name == file).ok_or_else(|| {
            let message = format!("the archive of a sparse matrix lacks the array {name}");
            Error::data(Code::DamagedFile, message, "Save it again with scipy.sparse.save_npz")
        })
    }

    /// The numbers of an array, and the type that holds them.
    fn numbers(&self, name: &str) -> Result<(Vec<f64>, Dtype)> {
        let member = self.named(name)?;
        let (_, values, dtype) = read_numbers(self.open(member)?).map_err(|error| self.said_of(error, &member.name))?;
        Ok((values, dtype))
    }

    /// Those of an array of places, each below `limit`.
    fn places(&self, name: &str, limit: usize) -> Result<Vec<usize>> {
        let place = |value: f64| {
            let fits = value >= 0.0 && value.fract() == 0.0 && value < limit as f64;
            fits.then_some(value as usize).ok_or_else(|| {
                let message = format!("{name} holds {value}, which must be a whole number below {limit}");
                Error::data(Code::IndexOutOfRange, message, "Save it again with scipy.sparse.save_npz")
            })
        };
        self.numbers(name)?.0.into_iter().map(place).collect()
    }

    /// The letters of an array of one text; "csr" in one byte a letter or in four.
    fn word(&self, name: &str) -> Result<String> {
        const LONGEST: u64 = 1 << 12;
        let mut bytes = Vec::new();
        self.open(self.named(name)?)?.take(LONGEST).read_to_end(&mut bytes).map_err(|_| damaged(name))?;
        let header = if bytes.get(6) == Some(&1) { 10 + whole(&bytes, 8, 2)? } else { 12 + whole(&bytes, 8, 4)? };
        let letters = bytes.get(header..).unwrap_or_default().iter().filter(|byte| byte.is_ascii_alphabetic());
        Ok(letters.map(|&byte| char::from(byte)).collect())
    }

    fn said_of(&self, error: Error, name: &str) -> Error {
        let code = error.code();
        // What flate2 refuses comes as an error of reading, which has no file here.
        if matches!(error, Error::Io { .. }) {
            damaged(&format!("{name} can't be unpacked"))
        } else {
            Error::data(code, format!("{name}: {error}"), "Save the array again")
        }
    }
}

/// The matrix that `scipy.sparse.save_npz` wrote.
fn sparse(archive: &Archive<'_>, options: &ReadOptions) -> Result<Matrix> {
    let form = archive.word("format")?;
    let compressed = match form.as_str() {
        "csr" | "csc" => true,
        "coo" => false,
        _ => {
            let message = format!("the sparse matrix is in the form {form:?}; CSR, CSC and COO are read");
            return Err(Error::data(
                Code::UnsupportedFormat,
                message,
                "Save matrix.tocsr() with scipy.sparse.save_npz",
            ));
        }
    };
    let shape = archive.places("shape", u32::MAX as usize)?;
    let [rows, cols] = shape[..] else {
        let message = format!("the sparse array has {} dimensions", shape.len());
        return Err(Error::data(Code::NotAMatrix, message, "Save one of two dimensions"));
    };
    let (values, kind) = archive.numbers("data")?;
    if rows == 0 || cols == 0 {
        let message = format!("the matrix is {rows} x {cols}: it has no entries");
        return Err(Error::data(Code::NoEntries, message, "Check how it was made"));
    }
    check_side("rows", rows, values.len())?;
    check_side("columns", cols, values.len())?;
    if let Some(at) = values.iter().position(|value| !value.is_finite()) {
        let code = if values[at].is_nan() { Code::MissingValue } else { Code::InfiniteValue };
        let message = format!("entry {} of the sparse matrix is {}", at + 1, values[at]);
        return Err(Error::data(code, message, "Leave missing entries out and write observed(X) in the objective"));
    }
    let (row, col) = if compressed {
        let (major, minor) = if form == "csr" { (rows, cols) } else { (cols, rows) };
        let starts = archive.places("indptr", values.len() + 1)?;
        let (along, across) = (lines_of(&starts, major, values.len())?, archive.places("indices", minor)?);
        if form == "csr" { (along, across) } else { (across, along) }
    } else {
        (archive.places("row", rows)?, archive.places("col", cols)?)
    };
    if row.len() != values.len() || col.len() != values.len() {
        return Err(damaged("its arrays are of different lengths"));
    }
    if options.duplicates == Duplicates::Error {
        refuse_repeated(&row, &col)?;
    }
    let mut entries = EntryList::default();
    for (at, ((i, j), value)) in row.into_iter().zip(col).zip(values).enumerate() {
        entries.push(i as u32, j as u32, value, at as u64 + 1)?;
    }
    let label = |i: usize, j: usize| format!("row {}, column {}", i + 1, j + 1);
    entries.into_matrix((rows, cols), Choice::Fixed(options.dtype.unwrap_or(kind)), options.duplicates, &label)
}

/// # Errors
/// `Data` where two entries are at one place.
fn refuse_repeated(row: &[usize], col: &[usize]) -> Result<()> {
    let place = |k: usize| (row[k], col[k]);
    if (1..row.len()).all(|k| place(k - 1) < place(k)) {
        return Ok(());
    }
    let mut order: Vec<usize> = (0..row.len()).collect();
    order.sort_by_key(|&k| place(k));
    let Some(pair) = order.windows(2).find(|pair| place(pair[0]) == place(pair[1])) else { return Ok(()) };
    let (i, j) = place(pair[0]);
    let message = format!(
        "the entry at row {}, column {} is stored twice, as entries {} and {} of the arrays",
        i + 1,
        j + 1,
        pair[0] + 1,
        pair[1] + 1
    );
    let help = "Say what becomes of them: sum, as SciPy adds them up, or last (--duplicates, duplicates=)";
    Err(Error::data(Code::DuplicateEntry, message, help))
}

/// The row of each entry of compressed rows, or the column of compressed columns.
fn lines_of(starts: &[usize], count: usize, entries: usize) -> Result<Vec<usize>> {
    let ends = starts.len() == count + 1 && starts[0] == 0 && starts[count] == entries;
    if !ends || !starts.is_sorted() {
        return Err(damaged("indptr does not count the entries"));
    }
    Ok((0..count).flat_map(|line| std::iter::repeat_n(line, starts[line + 1] - starts[line])).collect())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    use super::*;
    use crate::error::check_error;

    /// A .npy file of a flat array.
    fn array(descr: &str, count: &str, bytes: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({count}), }}\n");
        [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), bytes].concat()
    }

    fn integers(values: &[i32]) -> Vec<u8> {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        array("<i4", &format!("{},", values.len()), &bytes)
    }

    fn floats(values: &[f64]) -> Vec<u8> {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        array("<f8", &format!("{},", values.len()), &bytes)
    }

    /// An archive as Python's zipfile lays it out.
    fn archive(members: &[(&str, Vec<u8>)], deflate: bool) -> Vec<u8> {
        let (mut body, mut directory) = (Vec::new(), Vec::new());
        for (name, bytes) in members {
            let name = format!("{name}.npy");
            let packed = if deflate {
                let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            } else {
                bytes.clone()
            };
            let method = if deflate { 8u16 } else { 0 };
            let sizes = [[0; 4], (packed.len() as u32).to_le_bytes(), (bytes.len() as u32).to_le_bytes()].concat();
            let at = (body.len() as u32).to_le_bytes();
            let names = [(name.len() as u16).to_le_bytes(), [0, 0]].concat();
            let head = [&[45, 0, 0, 0][..], &method.to_le_bytes(), &[0; 4], &sizes, &names].concat();
            body.extend([b"PK\x03\x04", &head[..], name.as_bytes(), &packed].concat());
            let tail = [&[0; 10][..], &at, name.as_bytes()].concat();
            directory.extend([b"PK\x01\x02", &[45, 0][..], &head, &tail].concat());
        }
        let count = (members.len() as u16).to_le_bytes();
        let (size, at) = ((directory.len() as u32).to_le_bytes(), (body.len() as u32).to_le_bytes());
        let end = [b"PK\x05\x06", &[0; 4][..], &count, &count, &size, &at, &[0, 0]].concat();
        [body, directory, end].concat()
    }

    /// [[1, 0, 2], [0, 3, 0]] in a form.
    fn matrix(form: &str) -> Vec<(&'static str, Vec<u8>)> {
        let word = if form == "coo" {
            let wide: Vec<u8> = form.chars().flat_map(|letter| (letter as u32).to_le_bytes()).collect();
            array("<U3", "", &wide)
        } else {
            array("|S3", "", form.as_bytes())
        };
        let arrays = match form {
            "csc" => vec![
                ("indices", integers(&[0, 1, 0])),
                ("indptr", integers(&[0, 1, 2, 3])),
                ("data", floats(&[1.0, 3.0, 2.0])),
            ],
            "coo" => {
                vec![("row", integers(&[1, 0, 0])), ("col", integers(&[1, 0, 2])), ("data", floats(&[3.0, 1.0, 2.0]))]
            }
            _ => vec![
                ("indices", integers(&[0, 2, 1])),
                ("indptr", integers(&[0, 2, 3])),
                ("data", floats(&[1.0, 2.0, 3.0])),
            ],
        };
        [arrays, vec![("format", word), ("shape", integers(&[2, 3]))]].concat()
    }

    #[track_caller]
    fn refuses(bytes: &[u8], code: Code, part: &str) {
        check_error(&read_npz(bytes, &ReadOptions::default()).unwrap_err(), code, part);
    }

    #[test]
    fn sparse_matrices_are_read() {
        for form in ["csr", "csc", "coo"] {
            for deflate in [false, true] {
                let bytes = archive(&matrix(form), deflate);
                let found = read_npz(&bytes[..], &ReadOptions::default()).unwrap();
                assert_eq!(found.to_dense_f64(), [1.0, 0.0, 2.0, 0.0, 3.0, 0.0], "{form}");
                assert_eq!((found.stored(), found.dtype()), (3, Dtype::F64));
            }
        }
    }

    #[test]
    fn entries_that_are_stored_twice_are_settled_as_asked() {
        let twice = |form: &str| {
            let mut arrays = matrix(form);
            let data = [
                ("row", integers(&[1, 0, 1])),
                ("col", integers(&[1, 0, 1])),
                ("indices", integers(&[0, 1, 1])),
                ("indptr", if form == "csr" { integers(&[0, 1, 3]) } else { integers(&[0, 1, 3, 3]) }),
                ("data", if form == "coo" { floats(&[3.0, 1.0, 2.0]) } else { floats(&[1.0, 3.0, 2.0]) }),
            ];
            for (name, bytes) in data {
                arrays.iter_mut().filter(|array| array.0 == name).for_each(|array| array.1.clone_from(&bytes));
            }
            archive(&arrays, true)
        };
        for form in ["csr", "csc", "coo"] {
            refuses(&twice(form), Code::DuplicateEntry, "row 2, column 2 is stored twice");
            for (duplicates, value) in [(Duplicates::Sum, 5.0), (Duplicates::Last, 2.0)] {
                let options = ReadOptions { duplicates, ..ReadOptions::default() };
                let found = read_npz(&twice(form)[..], &options).unwrap();
                assert_eq!(found.to_dense_f64(), [1.0, 0.0, 0.0, 0.0, value, 0.0], "{form}");
            }
        }
    }

    #[test]
    fn one_array_is_read() {
        let bytes =
            archive(&[("arr_0", array("<f8", "1, 2", &[1.5f64.to_le_bytes(), 2.0f64.to_le_bytes()].concat()))], true);
        assert_eq!(read_npz(&bytes[..], &ReadOptions::default()).unwrap().to_dense_f64(), [1.5, 2.0]);
        let two = archive(&[("a", integers(&[1])), ("b", integers(&[2]))], false);
        refuses(&two, Code::NotAMatrix, "a, b");
    }

    #[test]
    fn what_is_wrong_is_said() {
        refuses(b"", Code::EmptyFile, "");
        refuses(b"PK\x03\x04 and no more", Code::DamagedFile, "directory");
        refuses(&archive(&matrix("bsr"), false), Code::UnsupportedFormat, "\"bsr\"");
        let with = |name: &str, bytes: Vec<u8>| {
            let mut arrays = matrix("csr");
            arrays.iter_mut().find(|array| array.0 == name).unwrap().1 = bytes;
            archive(&arrays, true)
        };
        refuses(&with("indices", integers(&[0, 3, 1])), Code::IndexOutOfRange, "indices holds 3");
        refuses(&with("indptr", integers(&[0, 2, 2])), Code::DamagedFile, "indptr");
        refuses(&with("data", floats(&[1.0, f64::NAN, 3.0])), Code::MissingValue, "entry 2");
        refuses(&with("shape", integers(&[6])), Code::NotAMatrix, "1 dimensions");
        let mut cut = archive(&matrix("csr"), true);
        for at in 30..200 {
            cut[at] = 0xff;
        }
        assert!(read_npz(&cut[..], &ReadOptions::default()).is_err());
    }
}
