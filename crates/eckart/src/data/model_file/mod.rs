//! Model file: named tensors with a header of text, as safetensors.
//! In: a `ModelFile`.  Out: bytes that hold it and nothing that can be run; read back the same.
//! Invariant: the same model gives the same bytes; a file is checked in full before any of it is used.
//! Not here: what the names and texts mean (see `solve`, and docs/format.md).
//!
//! The format: eight bytes of length, a JSON header, the numbers, as huggingface.co/docs/safetensors has it. The crate
//! safetensors was not taken: it writes the texts in the random order of a hash map, and a header of near 2^64 bytes
//! overflows in it. It is the oracle of the tests.

mod header;
mod other;
mod read;
mod tensor;
mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

pub use header::TensorInfo;
pub(crate) use read::{Contents, parse_tensors, read_tensors};
pub(crate) use tensor::TensorSource;
pub use tensor::{ElementType, Tensor};
pub(crate) use write::{sha256, tensor_bytes, write_tensors};

use crate::error::Result;

/// Named tensors, and named texts about them.
#[derive(Debug, Clone, Default)]
pub struct ModelFile {
    /// The tensors.
    pub tensors: BTreeMap<String, Tensor>,
    /// The texts.
    pub metadata: BTreeMap<String, String>,
}

impl From<Contents> for ModelFile {
    fn from(contents: Contents) -> Self {
        Self { tensors: contents.tensors, metadata: contents.metadata }
    }
}

impl ModelFile {
    fn sources(&self) -> Result<Vec<TensorSource<'_>>> {
        self.tensors.iter().map(|(name, tensor)| TensorSource::of(name, tensor)).collect()
    }
}

/// Writes a model file.
///
/// # Errors
/// `Data` where a matrix is sparse, a tensor is called `__metadata__` or `checksum.sha256`, or the texts would make a
/// header that is not read; `Io` where the file can't be written. A file that was there before is kept then.
pub fn write_model_file(path: impl AsRef<Path>, model: &ModelFile) -> Result<()> {
    let path = path.as_ref();
    write_tensors(path, &model.metadata, model.sources().map_err(|error| error.in_file(path))?)
}

/// Reads a model file.
///
/// # Errors
/// `Io` where the system refuses the file; `Data` where it is no safetensors file, is damaged, or holds a tensor that
/// [`Tensor`] can't.
pub fn read_model_file(path: impl AsRef<Path>) -> Result<ModelFile> {
    read_tensors(path.as_ref(), &|_, _| true).map(ModelFile::from)
}

/// The bytes of a model file.
///
/// # Errors
/// `Data`, as [`write_model_file`].
pub fn model_bytes(model: &ModelFile) -> Result<Vec<u8>> {
    tensor_bytes(&model.metadata, model.sources()?)
}

/// The model in the bytes of a file.
///
/// # Errors
/// `Data`, as [`read_model_file`].
pub fn parse_model_file(mut bytes: &[u8]) -> Result<ModelFile> {
    let length = bytes.len();
    parse_tensors(&mut bytes, length, &|_, _| true).map(ModelFile::from)
}
