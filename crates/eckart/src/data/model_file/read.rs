//! Read: a safetensors file, from its first byte to its last.
//! In: a stream.  Out: `Contents`: texts, the tensors that are wanted, what the header says of all.
//! Invariant: nothing is allocated on the header's word; where a file has checksums, no byte of it goes unchecked.
//! Not here: what names and texts mean (see `solve`).

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::header::{CHECKSUM, DIGEST, FileHeader, LONGEST_READ, TensorInfo, changed, damaged, foreign, quoted};
use super::other::other_format;
use super::tensor::{Element, ElementType, Tensor};
use crate::data::Matrix;
use crate::data::source::{failed, open, said_of};
use crate::error::{Code, Error, Result};

/// How many bytes are read at a time.
const BLOCK: usize = 1 << 16;

#[derive(Debug)]
pub(crate) struct Contents {
    pub metadata: BTreeMap<String, String>,
    /// Those that were wanted.
    pub tensors: BTreeMap<String, Tensor>,
    /// What the file says of all of them but the checksums, in the order of their places.
    pub infos: Vec<TensorInfo>,
    /// Whether the file has checksums; they are right then.
    pub is_checked: bool,
}

/// Whether a tensor is to be read, of a file that has these texts.
pub(crate) type IsRead<'a> = &'a dyn Fn(&BTreeMap<String, String>, &TensorInfo) -> bool;

/// Reads the tensors of a file that `wanted` asks for.
///
/// # Errors
/// `Io` where the system refuses the file; `Data` where it is no safetensors file, is damaged, or holds a tensor that
/// is wanted and of a type or number of axes that Eckart does not read.
pub(crate) fn read_tensors(path: &Path, wanted: IsRead) -> Result<Contents> {
    // Only a guide to how much is reserved: the file may be packed, or grow.
    let length = std::fs::metadata(path).map_or(0, |about| about.len());
    open(path)
        .and_then(|mut input| {
            let other = other_format(input.prefix());
            let found = parse_tensors(&mut input, usize::try_from(length).unwrap_or(0), wanted);
            // What else a file may be is looked at only where it is no safetensors file.
            found.map_err(|error| other.filter(|_| error.code() == Code::NotAModel).unwrap_or(error))
        })
        .map_err(|error| said_of(error, path))
}

/// The same of a stream of about `length` bytes.
pub(crate) fn parse_tensors(input: &mut dyn Read, length: usize, wanted: IsRead) -> Result<Contents> {
    let mut input = Input { input, length, sum: Sha256::new(), block: Vec::with_capacity(BLOCK) };
    let header = input.header()?;
    let mut digests = vec![input.digest()];
    let mut lists = Vec::new();
    let has_checksum = header.has_checksum();
    let count = header.tensors.len() - usize::from(has_checksum);
    for info in &header.tensors[..count] {
        if wanted(&header.metadata, info) {
            lists.push((info, input.list(info)?));
        } else {
            input.skip(info)?;
        }
        digests.push(input.digest());
    }
    if has_checksum {
        let known: Vec<u8> = input.elements(&header.tensors[count])?;
        check(&known, &digests, &header.tensors[..count])?;
    } else if header.is_of_checksums() {
        return Err(changed("its checksums are lacking"));
    }
    input.end()?;
    // Numbers are looked at only once it is known that they are those which were written.
    let mut tensors = BTreeMap::new();
    for (info, list) in lists {
        tensors.insert(info.name.clone(), shaped(list, info).map_err(|error| about(&info.name, error))?);
    }
    let FileHeader { metadata, tensors: mut infos } = header;
    infos.truncate(count);
    Ok(Contents { metadata, tensors, infos, is_checked: has_checksum })
}

/// # Errors
/// `Data`, naming the first part whose bytes are not those that were written.
fn check(known: &[u8], digests: &[[u8; DIGEST]], infos: &[TensorInfo]) -> Result<()> {
    let (known, _) = known.as_chunks::<DIGEST>();
    let Some(at) = (0..digests.len()).find(|&at| known.get(at) != Some(&digests[at])) else { return Ok(()) };
    let what = match at.checked_sub(1) {
        None => "its header is".to_owned(),
        Some(at) => format!("the numbers of {} are", quoted(&infos[at].name)),
    };
    Err(changed(&format!("{what} not what was written, by the SHA-256 in its tensor {CHECKSUM}")))
}

/// An error about a tensor, with its name.
fn about(name: &str, error: Error) -> Error {
    match error {
        Error::Data(mut data) => {
            data.message = format!("in {}: {}", quoted(name), data.message);
            Error::Data(data)
        }
        other => other,
    }
}

/// A list as the matrix that it is where it has two axes.
fn shaped(list: Tensor, info: &TensorInfo) -> Result<Tensor> {
    Ok(match (list, &info.shape[..]) {
        (Tensor::F64(numbers), &[rows, cols]) => Tensor::Matrix(Matrix::dense(rows, cols, numbers)?),
        (Tensor::F32(numbers), &[rows, cols]) => Tensor::Matrix(Matrix::dense(rows, cols, numbers)?),
        (list, _) => list,
    })
}

/// A stream that sums up what is read of it.
struct Input<'a> {
    input: &'a mut dyn Read,
    length: usize,
    sum: Sha256,
    block: Vec<u8>,
}

impl Input<'_> {
    /// The sum of what was read since it was last asked for.
    fn digest(&mut self) -> [u8; DIGEST] {
        self.sum.finalize_reset().into()
    }

    /// The next `count` bytes, or as many as there are: hands them on in pieces of multiples of eight, the last one
    /// excepted.
    fn bytes(&mut self, count: usize, take: &mut dyn FnMut(&[u8])) -> Result<usize> {
        let mut left = count;
        while left > 0 {
            self.block.clear();
            let wanted = left.min(BLOCK);
            self.input.take(wanted as u64).read_to_end(&mut self.block).map_err(failed)?;
            self.sum.update(&self.block);
            take(&self.block);
            left -= self.block.len();
            if self.block.len() < wanted {
                break;
            }
        }
        Ok(count - left)
    }

    fn header(&mut self) -> Result<FileHeader> {
        let mut length = Vec::new();
        if self.bytes(8, &mut |bytes| length.extend_from_slice(bytes))? < 8 {
            return Err(foreign("it is shorter than its header"));
        }
        let length = length.first_chunk::<8>().map_or(u64::MAX, |&bytes| u64::from_le_bytes(bytes));
        let Some(length) = usize::try_from(length).ok().filter(|&n| n <= LONGEST_READ) else {
            return Err(foreign("its first bytes are not the length of a header"));
        };
        let mut json = Vec::with_capacity(length.min(self.length));
        let found = self.bytes(length, &mut |bytes| json.extend_from_slice(bytes))?;
        if found < length {
            let what = format!("its header takes {length} bytes, and {found} are there");
            let begun = json.first() == Some(&b'{');
            return Err(if begun { damaged(Code::TruncatedFile, &what) } else { foreign(&what) });
        }
        FileHeader::parse(&json)
    }

    /// The numbers of a tensor, not looked at yet.
    fn list(&mut self, info: &TensorInfo) -> Result<Tensor> {
        let unread = || {
            let (name, tag) = (quoted(&info.name), info.element.name());
            let help = "Eckart reads matrices of F32 and F64, and lists of F32, F64, I64, U64 and U8";
            let message = format!("the tensor {name} is of type {tag} and shape {:?}", info.shape);
            Error::data(Code::UnsupportedType, message, help)
        };
        Ok(match info.element {
            _ if !info.is_known() => return Err(unread()),
            ElementType::F64 => Tensor::F64(self.elements(info)?),
            ElementType::I64 => Tensor::I64(self.elements(info)?),
            ElementType::U64 => Tensor::U64(self.elements(info)?),
            ElementType::F32 => Tensor::F32(self.elements(info)?),
            ElementType::U8 => Tensor::U8(self.elements(info)?),
            ElementType::Other(_) => return Err(unread()),
        })
    }

    fn elements<T: Element>(&mut self, info: &TensorInfo) -> Result<Vec<T>> {
        let mut numbers = Vec::with_capacity(info.bytes.min(self.length) / size_of::<T>());
        let found = self.bytes(info.bytes, &mut |bytes| T::take(bytes, &mut numbers))?;
        self.complete(info, found)?;
        Ok(numbers)
    }

    fn skip(&mut self, info: &TensorInfo) -> Result<()> {
        let found = self.bytes(info.bytes, &mut |_| ())?;
        self.complete(info, found)
    }

    fn complete(&self, info: &TensorInfo, found: usize) -> Result<()> {
        if found == info.bytes {
            return Ok(());
        }
        let (name, bytes) = (quoted(&info.name), info.bytes);
        Err(damaged(Code::TruncatedFile, &format!("{bytes} bytes of {name} are promised, and {found} are there")))
    }

    /// # Errors
    /// `Data` where something follows.
    fn end(&mut self) -> Result<()> {
        let mut more = 0_usize;
        while let found @ 1.. = self.bytes(BLOCK, &mut |_| ())? {
            more += found;
        }
        if more > 0 {
            Err(damaged(Code::TrailingData, &format!("{more} bytes follow its last tensor")))
        } else {
            Ok(())
        }
    }
}
