//! Npy: NumPy's file of one array.
//! In: a .npy stream of version 1, 2 or 3.  Out: a dense `Matrix`, rows first.
//! Invariant: the header is read as data, never run; numbers are converted only where that is exact.
//! Not here: .npz archives, and object arrays, which are pickles and can run code.
//!
//! The format: NumPy Enhancement Proposal 1, and the documentation of numpy.lib.format.

use std::io::Read;
use std::path::Path;

use super::npy_header::{Header, NpyType, NumberClass};
use super::text::number::too_large;
use crate::data::memory::{check_room, room_for_one};
use crate::data::sink::write_file;
use crate::data::source::failed;
use crate::data::{Dtype, Matrix, ReadOptions, Real};
use crate::error::{Code, Error, Result};

/// The matrix in a .npy stream.
///
/// An array of n numbers is one column, n x 1. One of three or more dimensions, such as a stack of n images, has a row
/// for each step of its first: n x (product of the others), the last running fastest.
///
/// `float32` stays f32 and `float64` f64. `bool`, integers of 8 and 16 bits and `float16` become f32, wider integers
/// f64, and one that f64 can't hold exactly is refused. `NaN` is a missing entry. [`ReadOptions::dtype`] overrides the
/// type.
///
/// # Errors
/// `Data` where the stream is no .npy file, is of a type that holds no real numbers (complex, text, dates, objects,
/// records), holds fewer or more bytes than its header says, or an infinity.
pub fn read_npy(mut input: impl Read, options: &ReadOptions) -> Result<Matrix> {
    let input: &mut dyn Read = &mut input;
    let header = Header::read(input)?;
    match options.dtype.unwrap_or(header.kind.dtype()) {
        Dtype::F32 => read_array::<f32>(input, &header),
        Dtype::F64 => read_array::<f64>(input, &header),
    }
}

/// Writes a dense matrix as a .npy file of version 1, rows first, of its own type.
///
/// # Errors
/// `Data` where the matrix is sparse; `Io` where the file can't be written.
pub fn write_npy(path: impl AsRef<Path>, matrix: &Matrix) -> Result<()> {
    use crate::data::Storage;
    let header = |descr: &str| {
        let (rows, cols) = matrix.shape();
        let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({rows}, {cols}), }}");
        // Magic, version and length take 10 bytes; the numbers begin at a multiple of 64.
        let padded = (10 + text.len() + 1).next_multiple_of(64) - 10;
        text.extend(std::iter::repeat_n(' ', padded - 1 - text.len()));
        text.push('\n');
        [b"\x93NUMPY\x01\x00", &(padded as u16).to_le_bytes()[..], text.as_bytes()].concat()
    };
    match matrix.storage() {
        Storage::DenseF32(values) => write_file(path.as_ref(), |out| {
            out.write_all(&header("<f4"))?;
            values.iter().try_for_each(|v| out.write_all(&v.to_le_bytes()))
        }),
        Storage::DenseF64(values) => write_file(path.as_ref(), |out| {
            out.write_all(&header("<f8"))?;
            values.iter().try_for_each(|v| out.write_all(&v.to_le_bytes()))
        }),
        Storage::SparseF32(_) | Storage::SparseF64(_) => Err(Error::data(
            Code::SparseNotWritten,
            "a sparse matrix is not written as .npy, which stores every zero",
            "Name the file .mtx",
        )),
    }
}

/// The numbers of an array in a .npy stream, in the order of its memory, with its shape and the type that holds them.
pub(super) fn read_numbers(mut input: impl Read) -> Result<(Vec<usize>, Vec<f64>, Dtype)> {
    let input: &mut dyn Read = &mut input;
    let header = Header::read(input)?;
    let count = header.shape.iter().try_fold(1usize, |product, &side| product.checked_mul(side));
    let Some(bytes) = count.and_then(|count| count.checked_mul(header.kind.bytes)) else {
        return Err(Error::data(Code::TooLarge, "the array is larger than memory can hold", "Save the array again"));
    };
    let values = read_values::<f64>(input, &header, bytes)?;
    let dtype = header.kind.dtype();
    Ok((header.shape, values, dtype))
}

fn read_array<T: Real>(input: &mut dyn Read, header: &Header) -> Result<Matrix> {
    let [rows, rest @ ..] = &header.shape[..] else {
        let message = "the array is a single number without dimensions";
        return Err(Error::data(Code::NotAMatrix, message, "Save a two-dimensional array"));
    };
    let cols = rest.iter().try_fold(1usize, |product, &side| product.checked_mul(side));
    let count = cols.and_then(|cols| rows.checked_mul(cols));
    let bytes = count.and_then(|count| count.checked_mul(header.kind.bytes));
    let (Some(cols), Some(bytes)) = (cols, bytes) else {
        let message = format!("the header promises an array of shape {:?}, more than memory can hold", header.shape);
        return Err(Error::data(Code::TooLarge, message, "The file is damaged: save the array again"));
    };
    let values = read_values::<T>(input, header, bytes)?;
    let values = if header.fortran_order { by_rows(&values, &header.shape) } else { values };
    if let Some(at) = values.iter().position(|v| v.to_f64().is_infinite()) {
        let place = format!("row {}, column {}", at / cols + 1, at % cols + 1);
        let message = format!("the entry at {place} is infinite");
        let help = "Replace it by a finite number, or by NaN where the entry is missing";
        return Err(Error::data(Code::InfiniteValue, message, help));
    }
    Matrix::dense(*rows, cols, values)
}

/// The numbers, as they stand in the stream, which must hold `promised` bytes of them.
fn read_values<T: Real>(input: &mut dyn Read, header: &Header, promised: usize) -> Result<Vec<T>> {
    const CHUNK: usize = 1 << 16;
    let size = header.kind.bytes;
    // The header may lie: room is made as the numbers arrive, and asked for once there are more than a few.
    const FIRST: usize = 1 << 20;
    let mut values = Vec::with_capacity((promised / size).min(FIRST));
    let mut chunk = Vec::with_capacity(CHUNK);
    let mut found = 0;
    while found < promised {
        chunk.clear();
        let want = CHUNK.min(promised - found);
        input.take(want as u64).read_to_end(&mut chunk).map_err(failed)?;
        found += chunk.len();
        for bytes in chunk.chunks_exact(size) {
            if values.len() == FIRST {
                check_room((promised / size - FIRST) * size_of::<T>())?;
            }
            room_for_one(&mut values)?;
            values.push(convert(header, bytes, values.len())?);
        }
        if chunk.len() < want {
            let message = format!("the header promises {promised} bytes of numbers, the file holds {found}");
            return Err(Error::data(Code::TruncatedFile, message, "It was cut short: copy or save it again"));
        }
    }
    if input.read(&mut [0]).map_err(failed)? > 0 {
        let message = format!("the file goes on after the {promised} bytes of numbers that the header promises");
        return Err(Error::data(Code::TrailingData, message, "Save one array to a file"));
    }
    Ok(values)
}

/// One number from its bytes; `at` others came before it.
fn convert<T: Real>(header: &Header, bytes: &[u8], at: usize) -> Result<T> {
    let mut little = [0; 8];
    little[..bytes.len()].copy_from_slice(bytes);
    if header.big_endian {
        little[..bytes.len()].reverse();
    }
    let value = decode(header.kind, little).ok_or_else(|| {
        Error::data(
            Code::InexactInteger,
            format!("number {} of the array is an integer too large to be exact in f64", at + 1),
            "Divide by a constant, or say array.astype(float) before saving if rounding is meant",
        )
    })?;
    let number = T::from_f64(value);
    if value.is_finite() && !number.to_f64().is_finite() {
        return Err(too_large(value, &format!("number {} of the array", at + 1)));
    }
    Ok(number)
}

/// The number in little-endian bytes, where f64 holds it exactly.
fn decode(kind: NpyType, bytes: [u8; 8]) -> Option<f64> {
    let bits = u64::from_le_bytes(bytes);
    // What of 64 bits lies above the number's own.
    let above = 64 - 8 * kind.bytes;
    match (kind.class, kind.bytes) {
        (NumberClass::Bool, _) => Some(f64::from(bits != 0)),
        (NumberClass::Unsigned, _) => exact(i128::from(bits)),
        (NumberClass::Signed, _) => exact(i128::from((bits << above) as i64 >> above)),
        (NumberClass::Float, 2) => Some(half(bits as u16)),
        (NumberClass::Float, 4) => Some(f64::from(f32::from_bits(bits as u32))),
        (NumberClass::Float, _) => Some(f64::from_bits(bits)),
    }
}

fn exact(value: i128) -> Option<f64> {
    let float = value as f64;
    (float as i128 == value).then_some(float)
}

/// The number of an IEEE 754 half: sign, 5 bits of exponent, 10 of fraction.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let fraction = f64::from(bits & 0x3ff);
    match i32::from(bits >> 10 & 0x1f) {
        0 => sign * fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        exponent => sign * (1024.0 + fraction) * 2f64.powi(exponent - 25),
    }
}

/// The numbers of a Fortran array (first index fastest) with the last index fastest.
fn by_rows<T: Real>(values: &[T], shape: &[usize]) -> Vec<T> {
    let mut strides = vec![1; shape.len()];
    for d in (1..shape.len()).rev() {
        strides[d - 1] = strides[d] * shape[d];
    }
    let mut out = values.to_vec();
    let mut index = vec![0; shape.len()];
    let mut at = 0;
    for &value in values {
        out[at] = value;
        for d in 0..shape.len() {
            index[d] += 1;
            at += strides[d];
            if index[d] < shape[d] {
                break;
            }
            at -= strides[d] * shape[d];
            index[d] = 0;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::read;
    use crate::error::check_error;

    fn file(descr: &str, fortran: bool, shape: &str, numbers: &[u8]) -> Vec<u8> {
        let fortran = if fortran { "True" } else { "False" };
        let header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
        [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), numbers].concat()
    }

    #[track_caller]
    fn check(descr: &str, numbers: &[u8], dtype: Dtype, expected: &[f64]) {
        let bytes = file(descr, false, &format!("(1, {})", expected.len()), numbers);
        let matrix = read_npy(bytes.as_slice(), &ReadOptions::default()).unwrap();
        assert_eq!(matrix.dtype(), dtype);
        let bits = |v: &[f64]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&matrix.values_f64()), bits(expected));
    }

    #[track_caller]
    fn refuses(bytes: &[u8], code: Code, part: &str) {
        check_error(&read_npy(bytes, &ReadOptions::default()).unwrap_err(), code, part);
    }

    #[test]
    fn every_type_is_read() {
        check("|b1", &[0, 1], Dtype::F32, &[0.0, 1.0]);
        check("|u1", &[0, 255], Dtype::F32, &[0.0, 255.0]);
        check("|i1", &[1, 255], Dtype::F32, &[1.0, -1.0]);
        check("<u2", &[1, 2], Dtype::F32, &[513.0]);
        check(">i2", &[255, 254], Dtype::F32, &[-2.0]);
        check("<i4", &[254, 255, 255, 255], Dtype::F64, &[-2.0]);
        check(">u4", &[0, 0, 1, 0], Dtype::F64, &[256.0]);
        check("<i8", &(-5i64).to_le_bytes(), Dtype::F64, &[-5.0]);
        check(">u8", &(1u64 << 60).to_be_bytes(), Dtype::F64, &[(1u64 << 60) as f64]);
        check("<f4", &0.1f32.to_le_bytes(), Dtype::F32, &[f64::from(0.1f32)]);
        check(">f8", &(-0.0f64).to_be_bytes(), Dtype::F64, &[-0.0]);
        // Halves: 1, -2, 65504 (the largest), 2^-24 (the least), 2^-14 (the least with full precision), 1/3, -0.
        let halves: [u16; 7] = [0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x3555, 0x8000];
        let values = [1.0, -2.0, 65504.0, 2f64.powi(-24), 2f64.powi(-14), 0.333_251_953_125, -0.0];
        check("<f2", &halves.map(u16::to_le_bytes).concat(), Dtype::F32, &values);
    }

    #[test]
    fn shapes_become_rows_and_columns() {
        let check = |fortran: bool, shape: &str, size: (usize, usize), expected: &[f64]| {
            let bytes = file("|u1", fortran, shape, &(0..expected.len() as u8).collect::<Vec<_>>());
            let matrix = read_npy(bytes.as_slice(), &ReadOptions::default()).unwrap();
            assert_eq!((matrix.shape(), matrix.values_f64().as_slice()), (size, expected));
        };
        check(false, "(2, 3)", (2, 3), &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        check(true, "(2, 3)", (2, 3), &[0.0, 2.0, 4.0, 1.0, 3.0, 5.0]);
        check(false, "(3,)", (3, 1), &[0.0, 1.0, 2.0]);
        check(false, "(2, 2, 2)", (2, 4), &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        check(true, "(2, 2, 2)", (2, 4), &[0.0, 4.0, 2.0, 6.0, 1.0, 5.0, 3.0, 7.0]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        refuses(b"", Code::EmptyFile, "");
        refuses(b"PK\x03\x04aaaaaaaa", Code::BadHeader, ".npy");
        refuses(b"\x93NUMPY\x09\x00\x00\x00", Code::UnsupportedVersion, "9");
        refuses(b"\x93NUMPY\x01\x00\x76\x00{'de", Code::TruncatedFile, "118 bytes are promised, 4 found");
        refuses(b"\x93NUMPY\x02\x00\xff\xff\xff\xff", Code::BadHeader, "4294967295");
        refuses(
            &file("<f8", false, "(2, 2)", &[0; 20]),
            Code::TruncatedFile,
            "promises 32 bytes of numbers, the file holds 20",
        );
        refuses(&file("<f8", false, "(99999999999, 999)", &[0; 20]), Code::TruncatedFile, "holds 20");
        refuses(&file("<f8", false, "(99999999999, 99999999999)", &[]), Code::TooLarge, "[99999999999, 99999999999]");
        refuses(&file("|u1", false, "(2, 2)", &[0; 5]), Code::TrailingData, "4 bytes");
        refuses(&file("|u1", false, "(0, 2)", &[]), Code::NoEntries, "0 x 2");
        refuses(&file("|u1", false, "()", &[0]), Code::NotAMatrix, "");
        refuses(&file("<f8", false, "(1, 1)", &f64::INFINITY.to_le_bytes()), Code::InfiniteValue, "row 1, column 1");
        refuses(&file("<f2", false, "(1, 1)", &0x7c00u16.to_le_bytes()), Code::InfiniteValue, "row 1, column 1");
        let odd = (1i64 << 53) + 1;
        refuses(&file("<i8", false, "(1, 1)", &odd.to_le_bytes()), Code::InexactInteger, "number 1");
        let f32 = ReadOptions { dtype: Some(Dtype::F32), ..ReadOptions::default() };
        let error = read_npy(file("<f8", false, "(1, 1)", &1e300f64.to_le_bytes()).as_slice(), &f32).unwrap_err();
        check_error(&error, Code::F32Overflow, "1e300 at number 1 of the array");
    }

    #[test]
    fn sparse_matrices_are_not_written() {
        let sparse = Matrix::from_triplets(1, 1, vec![(0, 0, 1.0)]).unwrap();
        assert_eq!(write_npy("never.npy", &sparse).unwrap_err().code(), Code::SparseNotWritten);
    }

    proptest! {
        #[test]
        fn matrices_come_back(
            (rows, cols) in (1usize..5, 1usize..30),
            bits in prop::collection::vec(any::<f64>().prop_filter("finite", |v| !v.is_infinite()), 150),
            wide: bool,
        ) {
            let entry = |i: usize, j: usize| if wide { bits[i * cols + j] } else { bits[i * cols + j] / 1e290 };
            let matrix = Matrix::from_fn(rows, cols, entry).unwrap();
            let matrix = if wide { matrix } else { matrix.cast(Dtype::F32).unwrap() };
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("a.npy");
            write_npy(&path, &matrix).unwrap();
            let found = read(&path, &ReadOptions::default()).unwrap().matrix;
            prop_assert_eq!((found.shape(), found.dtype()), (matrix.shape(), matrix.dtype()));
            let same = |(a, b): (f64, f64)| a == b || (a.is_nan() && b.is_nan());
            prop_assert!(found.values_f64().into_iter().zip(matrix.values_f64()).all(same));
        }
    }
}
