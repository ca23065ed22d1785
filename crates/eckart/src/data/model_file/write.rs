//! Write: texts and tensors as a safetensors file, with checksums at its end.
//! In: texts, `TensorSource`s.  Out: bytes, made while they are written.
//! Invariant: the same contents give the same bytes; what the reader would refuse is refused before a byte is written.
//! Not here: that a file appears whole or not at all (see `data::write`).

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::header::header_bytes;
use super::tensor::{ElementType, TensorSource};
use crate::data::sink::write_file;
use crate::error::{Error, Result};

/// The SHA-256 of some bytes, in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a file of texts and tensors.
///
/// # Errors
/// `Data` where the header would be too long, or a name is taken; `Io` where the file can't be written.
pub(crate) fn write_tensors(
    path: &Path,
    metadata: &BTreeMap<String, String>,
    tensors: Vec<TensorSource>,
) -> Result<()> {
    let (header, tensors) = laid_out(metadata, tensors).map_err(|error| error.in_file(path))?;
    write_file(path, |out| write_all(out, &header, &tensors))
}

/// The bytes of such a file.
pub(crate) fn tensor_bytes(metadata: &BTreeMap<String, String>, tensors: Vec<TensorSource>) -> Result<Vec<u8>> {
    let (header, tensors) = laid_out(metadata, tensors)?;
    let mut bytes = Vec::new();
    write_all(&mut bytes, &header, &tensors).map_err(|error| Error::Bug(error.to_string()))?;
    Ok(bytes)
}

/// The header, and the tensors in the order of their places: by type, the widest first, then by name.
fn laid_out<'a>(
    metadata: &BTreeMap<String, String>,
    mut tensors: Vec<TensorSource<'a>>,
) -> Result<(Vec<u8>, Vec<TensorSource<'a>>)> {
    let order = |element: &ElementType| ElementType::KNOWN.iter().position(|known| known == element);
    tensors.sort_by(|a, b| (order(&a.element), &a.name).cmp(&(order(&b.element), &b.name)));
    if let Some(pair) = tensors.windows(2).find(|pair| pair[0].name == pair[1].name) {
        return Err(Error::Bug(format!("two tensors of a file are called {}", pair[0].name)));
    }
    let header = header_bytes(metadata, &tensors)?;
    Ok((header, tensors))
}

fn write_all(out: &mut dyn Write, header: &[u8], tensors: &[TensorSource]) -> io::Result<()> {
    let mut digests = Sha256::digest(header).to_vec();
    out.write_all(header)?;
    for tensor in tensors {
        let mut hashing = Hashing { out, sum: Sha256::new(), written: 0 };
        (tensor.write)(&mut hashing)?;
        if hashing.written != tensor.bytes() {
            return Err(io::Error::other(format!("{} has not as many bytes as its shape says", tensor.name)));
        }
        digests.extend_from_slice(&hashing.sum.finalize());
    }
    out.write_all(&digests)
}

/// Sums up what goes through it.
struct Hashing<'a> {
    out: &'a mut dyn Write,
    sum: Sha256,
    written: usize,
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.sum.update(&bytes[..count]);
        self.written += count;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
