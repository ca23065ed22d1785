//! Model file: named dense matrices with a header of text, as safetensors.
//! In: a `ModelFile`.  Out: bytes that hold it and nothing that can be run; read back the same.
//! Law: the same model gives the same bytes; a file is checked in full before any of it is used.
//! Not here: what the names and texts mean (see `solve`).
//!
//! The format: eight bytes of length, a JSON header, the numbers, as huggingface.co/docs/safetensors has it. The crate
//! safetensors was not taken: it writes the texts in the random order of a hash map, and a header of near 2^64 bytes
//! overflows in it. It is the oracle of the tests.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::number::shown;
use super::source::{failed, open, said_of};
use super::write::write_file;
use super::{Dtype, Matrix, Storage};
use crate::error::{Code, Error, Result};

/// The longest header that is read, as in other readers of the format.
const LONGEST: usize = 100_000_000;
/// The key of the texts, which no matrix can have for a name.
const TEXTS: &str = "__metadata__";

/// Named dense matrices, and named texts about them.
#[derive(Debug, Clone, Default)]
pub struct ModelFile {
    /// The matrices; `NaN` is allowed in them.
    pub tensors: BTreeMap<String, Matrix>,
    /// The texts.
    pub metadata: BTreeMap<String, String>,
}

/// Writes a model file.
///
/// # Errors
/// `Data` where a matrix is sparse or is called `__metadata__`; `Io` where the file can't be written.
pub fn write_model_file(path: impl AsRef<Path>, model: &ModelFile) -> Result<()> {
    let path = path.as_ref();
    let bytes = model_bytes(model).map_err(|error| error.in_file(path))?;
    write_file(path, |out| out.write_all(&bytes))
}

/// Reads a model file.
///
/// # Errors
/// `Io` where the system refuses the file; `Data` where it is no safetensors file, or holds a tensor that is not a
/// matrix of f32 or f64.
pub fn read_model_file(path: impl AsRef<Path>) -> Result<ModelFile> {
    let path = path.as_ref();
    let read = || {
        let mut bytes = Vec::new();
        open(path)?.read_to_end(&mut bytes).map_err(failed)?;
        parse_model_file(&bytes)
    };
    read().map_err(|error| said_of(error, path))
}

/// The bytes of a model file.
///
/// # Errors
/// `Data` where a matrix is sparse or is called `__metadata__`.
pub fn model_bytes(model: &ModelFile) -> Result<Vec<u8>> {
    let mut header = format!("{{\"{TEXTS}\":{{");
    for (k, (key, text)) in model.metadata.iter().enumerate() {
        let comma = if k > 0 { "," } else { "" };
        let _ = write!(header, "{comma}{}:{}", quoted(key), quoted(text));
    }
    header.push('}');
    // The wide numbers come first, so that all stand at multiples of their size.
    let mut numbers = Vec::new();
    for dtype in [Dtype::F64, Dtype::F32] {
        for (name, matrix) in model.tensors.iter().filter(|(_, matrix)| matrix.dtype() == dtype) {
            if name == TEXTS {
                return Err(Error::data(
                    Code::BadName,
                    format!("a matrix can't be called {TEXTS}"),
                    "Give it another name",
                ));
            }
            let start = numbers.len();
            match matrix.storage() {
                Storage::DenseF32(v) => v.iter().for_each(|v| numbers.extend_from_slice(&v.to_le_bytes())),
                Storage::DenseF64(v) => v.iter().for_each(|v| numbers.extend_from_slice(&v.to_le_bytes())),
                Storage::SparseF32(_) | Storage::SparseF64(_) => {
                    return Err(Error::data(
                        Code::SparseNotWritten,
                        format!("{name} is sparse"),
                        "A model file holds dense matrices",
                    ));
                }
            }
            let (rows, cols) = matrix.shape();
            let _ = write!(
                header,
                ",{}:{{\"dtype\":\"{}\",\"shape\":[{rows},{cols}],\"data_offsets\":[{start},{}]}}",
                quoted(name),
                tag(dtype),
                numbers.len()
            );
        }
    }
    header.push('}');
    header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.append(&mut numbers);
    Ok(bytes)
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn tag(dtype: Dtype) -> &'static str {
    match dtype {
        Dtype::F32 => "F32",
        Dtype::F64 => "F64",
    }
}

/// The model in the bytes of a file.
///
/// # Errors
/// As for [`read_model_file`].
pub fn parse_model_file(bytes: &[u8]) -> Result<ModelFile> {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        return Err(damaged("it is shorter than its header"));
    };
    let length = u64::from_le_bytes(*length);
    let length = usize::try_from(length).ok().filter(|&n| n <= LONGEST);
    let Some(length) = length else { return Err(damaged("its header has an absurd length")) };
    let Some((header, numbers)) = rest.split_at_checked(length) else {
        return Err(damaged(&format!("its header takes {length} bytes, and {} are there", rest.len())));
    };
    let header: serde_json::Map<String, Value> =
        serde_json::from_slice(header).map_err(|e| damaged(&format!("its header is not JSON ({e})")))?;
    let mut model = ModelFile::default();
    let mut spans = Vec::new();
    for (name, value) in &header {
        if name == TEXTS {
            model.metadata = texts(value).ok_or_else(|| damaged("its metadata are not texts"))?;
        } else {
            spans.push((Span::read(name, value, numbers.len())?, name));
        }
    }
    spans.sort_by(|a, b| (a.0.start, a.0.end, a.1).cmp(&(b.0.start, b.0.end, b.1)));
    let mut next = 0;
    for (span, name) in spans {
        if span.start != next {
            return Err(damaged(&format!("the numbers of {} don't follow those before", shown(name.as_bytes()))));
        }
        next = span.end;
        let matrix = span.matrix(&numbers[span.start..span.end]);
        model.tensors.insert(name.clone(), matrix.map_err(|e| about(name, e))?);
    }
    if next != numbers.len() {
        let message = format!("it holds {} bytes of numbers, its header speaks of {next}", numbers.len());
        return Err(damaged(&message));
    }
    Ok(model)
}

fn damaged(what: &str) -> Error {
    Error::data(
        Code::NotAModel,
        format!("this is no model file: {what}"),
        "Model files are safetensors; if it was one, copy it again or train the model again",
    )
}

/// An error about a matrix, with its name.
fn about(name: &str, error: Error) -> Error {
    match error {
        Error::Data(mut data) => {
            data.message = format!("in {}: {}", shown(name.as_bytes()), data.message);
            Error::Data(data)
        }
        other => other,
    }
}

fn texts(value: &Value) -> Option<BTreeMap<String, String>> {
    value.as_object()?.iter().map(|(key, text)| Some((key.clone(), text.as_str()?.to_owned()))).collect()
}

/// Where the numbers of a matrix stand.
struct Span {
    dtype: Dtype,
    shape: (usize, usize),
    start: usize,
    end: usize,
}

impl Span {
    /// What the header says of `name`, where it is a matrix that fits into `available` bytes.
    fn read(name: &str, value: &Value, available: usize) -> Result<Self> {
        let numbers = |key: &str| -> Option<Vec<usize>> {
            value.get(key)?.as_array()?.iter().map(|n| usize::try_from(n.as_u64()?).ok()).collect()
        };
        let (tag, shape, offsets) =
            (value.get("dtype").and_then(Value::as_str), numbers("shape"), numbers("data_offsets"));
        let (Some(tag), Some(shape), Some(offsets)) = (tag, shape, offsets) else {
            return Err(damaged(&format!("the type, shape or place of {} is not given", shown(name.as_bytes()))));
        };
        let dtype = match tag {
            "F32" => Some(Dtype::F32),
            "F64" => Some(Dtype::F64),
            _ => None,
        };
        let (Some(dtype), [rows, cols]) = (dtype, &shape[..]) else {
            return Err(Error::data(
                Code::UnsupportedType,
                format!("the tensor {} is of type {tag} and shape {shape:?}", shown(name.as_bytes())),
                "Eckart reads matrices of F32 and F64",
            ));
        };
        let bytes = rows.checked_mul(*cols).and_then(|n| n.checked_mul(dtype.bytes()));
        match offsets[..] {
            [start, end] if start <= end && end <= available && Some(end - start) == bytes => {
                Ok(Self { dtype, shape: (*rows, *cols), start, end })
            }
            _ => Err(damaged(&format!("the numbers of {} are not all there", shown(name.as_bytes())))),
        }
    }

    fn matrix(&self, bytes: &[u8]) -> Result<Matrix> {
        let (rows, cols) = self.shape;
        match self.dtype {
            Dtype::F32 => {
                let (numbers, _) = bytes.as_chunks::<4>();
                Matrix::dense(rows, cols, numbers.iter().map(|&b| f32::from_le_bytes(b)).collect())
            }
            Dtype::F64 => {
                let (numbers, _) = bytes.as_chunks::<8>();
                Matrix::dense(rows, cols, numbers.iter().map(|&b| f64::from_le_bytes(b)).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use safetensors::SafeTensors;

    use super::*;
    use crate::error::check_error;

    fn model() -> ModelFile {
        let mut model = ModelFile::default();
        model.tensors.insert("W".to_owned(), Matrix::dense(2, 1, vec![1.0f32, f32::NAN]).unwrap());
        model.tensors.insert("\"H\"\n".to_owned(), Matrix::dense(1, 2, vec![0.5, -0.0]).unwrap());
        model.metadata.insert("objective".to_owned(), "minimize sum((X - W @ H)**2) \u{2265} \"0\"".to_owned());
        model
    }

    #[test]
    fn the_crate_safetensors_reads_it() {
        let bytes = model_bytes(&model()).unwrap();
        let theirs = SafeTensors::deserialize(&bytes).unwrap();
        let w = theirs.tensor("W").unwrap();
        assert_eq!((w.dtype(), w.shape()), (safetensors::Dtype::F32, &[2, 1][..]));
        assert_eq!(w.data(), [1.0f32.to_le_bytes(), f32::NAN.to_le_bytes()].concat());
        assert_eq!(theirs.tensor("\"H\"\n").unwrap().shape(), [1, 2]);
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        assert_eq!(header.metadata().as_ref().unwrap()["objective"], model().metadata["objective"]);
    }

    #[track_caller]
    fn refuses(header: &str, numbers: &[u8], code: Code, part: &str) {
        let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), numbers].concat();
        check_error(&parse_model_file(&bytes).unwrap_err(), code, part);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let one = |dtype: &str, shape: &str, offsets: &str| {
            format!("{{\"W\":{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":{offsets}}}}}")
        };
        refuses("", &[], Code::NotAModel, "its header is not JSON");
        refuses("{\"__metadata__\":{\"a\":1}}", &[], Code::NotAModel, "its metadata are not texts");
        refuses("{\"W\":1}", &[], Code::NotAModel, "of \"W\" is not given");
        refuses(
            &one("I64", "[1,1]", "[0,8]"),
            &[0; 8],
            Code::UnsupportedType,
            "the tensor \"W\" is of type I64 and shape [1, 1]",
        );
        refuses(
            &one("F32", "[2]", "[0,8]"),
            &[0; 8],
            Code::UnsupportedType,
            "the tensor \"W\" is of type F32 and shape [2]",
        );
        refuses(&one("F32", "[1,2]", "[0,4]"), &[0; 4], Code::NotAModel, "the numbers of \"W\" are not all there");
        refuses(&one("F32", "[1,2]", "[0,8]"), &[0; 4], Code::NotAModel, "the numbers of \"W\" are not all there");
        refuses(&one("F32", "[1,1]", "[4,8]"), &[0; 8], Code::NotAModel, "the numbers of \"W\" don't follow");
        refuses(
            &one("F32", "[1,1]", "[0,4]"),
            &[0; 8],
            Code::NotAModel,
            "it holds 8 bytes of numbers, its header speaks of 4",
        );
        refuses(&one("F64", "[18446744073709551615,2]", "[0,8]"), &[0; 8], Code::NotAModel, "are not all there");
        refuses(&one("F32", "[0,1]", "[0,0]"), &[], Code::NoEntries, "in \"W\": the matrix is 0 x 1");
        refuses(
            &one("F32", "[1,1]", "[0,4]"),
            &f32::INFINITY.to_le_bytes(),
            Code::InfiniteValue,
            "in \"W\": the entry at row 1",
        );
        let refuses = |bytes: &[u8], part: &str| {
            check_error(&parse_model_file(bytes).unwrap_err(), Code::NotAModel, part);
        };
        refuses(b"abc", "shorter than its header");
        refuses(&[0xff; 16], "absurd length");
        refuses(&[9, 0, 0, 0, 0, 0, 0, 0, b'{'], "takes 9 bytes, and 1 are there");
    }

    #[test]
    fn what_a_model_can_not_hold_is_refused() {
        let refuses = |name: &str, matrix: Matrix, code: Code| {
            let mut model = ModelFile::default();
            model.tensors.insert(name.to_owned(), matrix);
            check_error(&model_bytes(&model).unwrap_err(), code, name);
        };
        refuses("W", Matrix::from_triplets(1, 1, vec![(0, 0, 1.0)]).unwrap(), Code::SparseNotWritten);
        refuses(TEXTS, Matrix::scalar(1.0).unwrap(), Code::BadName);
    }

    proptest! {
        #[test]
        fn models_come_back_with_the_same_bytes(
            tensors in prop::collection::btree_map(".{1,4}", ((1usize..4, 1usize..4), -1.0..1.0, any::<bool>()), 0..4),
            metadata in prop::collection::btree_map(".{0,4}", ".{0,8}", 0..4),
        ) {
            let mut model = ModelFile { metadata, ..ModelFile::default() };
            for (name, ((rows, cols), value, wide)) in tensors {
                let matrix = Matrix::from_fn(rows, cols, |i, j| value * (i + 2 * j) as f64).unwrap();
                model.tensors.insert(name, if wide { matrix } else { matrix.cast(Dtype::F32).unwrap() });
            }
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("a.safetensors");
            write_model_file(&path, &model).unwrap();
            let found = read_model_file(&path).unwrap();
            prop_assert_eq!(&found.metadata, &model.metadata);
            prop_assert_eq!(model_bytes(&found).unwrap(), model_bytes(&model).unwrap());
            prop_assert!(SafeTensors::deserialize(&model_bytes(&model).unwrap()).is_ok());
        }
    }
}
