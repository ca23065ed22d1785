//! Header: what a safetensors file says of its tensors, before their bytes.
//! In: JSON; or texts and tensors.  Out: `FileHeader`: texts, and each tensor's type, shape and place; or JSON.
//! Invariant: tensors follow one another without a gap; a header that says otherwise is refused.
//! Not here: the bytes of tensors (see `read`, `write`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use super::tensor::{ElementType, TensorSource};
use crate::data::formats::text::number::shown;
use crate::error::{Code, Error, Result};

/// The key of the texts, which no tensor can have for a name.
pub(super) const TEXTS: &str = "__metadata__";

/// The tensor of the checksums: a row of 32 bytes for the header (its eight bytes of length included), then one for
/// each other tensor in the order of their places. It is the last of a file.
pub(super) const CHECKSUM: &str = "checksum.sha256";

/// The longest header that is written, in bytes: other readers of the format take no longer one.
const LONGEST_WRITTEN: usize = 100_000_000;

/// The longest that is read: files of format 1 held names in their header, and some are longer than what is written
/// now.
pub(super) const LONGEST_READ: usize = 1 << 30;

pub(super) const DIGEST: usize = 32;

/// What a file says of a tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its name.
    pub name: String,
    /// The type of its elements.
    pub element: ElementType,
    /// Its sides; none for a single number.
    pub shape: Vec<usize>,
    /// How many bytes it has.
    pub bytes: usize,
}

impl TensorInfo {
    /// Whether its type and number of axes are of those that [`super::Tensor`] holds.
    pub(crate) fn is_known(&self) -> bool {
        match self.element {
            ElementType::F64 | ElementType::F32 => [1, 2].contains(&self.shape.len()),
            ElementType::I64 | ElementType::U64 | ElementType::U8 => self.shape.len() == 1,
            ElementType::Other(_) => false,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct FileHeader {
    pub metadata: BTreeMap<String, String>,
    /// In the order of their places.
    pub tensors: Vec<TensorInfo>,
}

/// That a file is no safetensors file.
pub(super) fn foreign(what: &str) -> Error {
    Error::data(
        Code::NotAModel,
        format!("this is no safetensors file: {what}"),
        "Models, checkpoints and factors of Eckart are safetensors files; if it was one, copy it again or make it anew",
    )
}

/// That a safetensors file is not whole any more.
pub(super) fn damaged(code: Code, what: &str) -> Error {
    let message = format!("the file is not whole: {what}");
    Error::data(code, message, "Copy it again from where it was whole, or make it anew")
}

/// That a file with checksums was written anew by a program that does not know them, as far as can be told.
pub(super) fn changed(what: &str) -> Error {
    Error::data(
        Code::DamagedFile,
        format!("the file is damaged, or another program has changed it: {what}"),
        format!(
            "Copy it again from where it was whole, or make it anew; where another program has to change it, let it \
             leave out the texts eckart and format and the tensor {CHECKSUM}: the file is one of that program then"
        ),
    )
}

pub(super) fn quoted(name: &str) -> String {
    shown(name.as_bytes())
}

impl FileHeader {
    /// # Errors
    /// `Data` where it is no header of a safetensors file.
    pub(super) fn parse(json: &[u8]) -> Result<Self> {
        let all: serde_json::Map<String, Value> =
            serde_json::from_slice(json).map_err(|e| foreign(&format!("its header is not JSON ({e})")))?;
        if let Some(key) = twice(json) {
            return Err(damaged(Code::DamagedFile, &format!("its header has the key {} twice", quoted(&key))));
        }
        let mut header = Self::default();
        let mut placed = Vec::new();
        for (name, value) in &all {
            if name == TEXTS {
                header.metadata = texts(value).ok_or_else(|| foreign("its metadata are not texts"))?;
            } else {
                let (start, info) = tensor_info(name, value)?;
                placed.push((start, start + info.bytes, info));
            }
        }
        placed.sort_by(|a, b| (a.0, a.1, &a.2.name).cmp(&(b.0, b.1, &b.2.name)));
        let mut next = 0;
        for (start, end, info) in placed {
            if start != next {
                return Err(foreign(&format!("the numbers of {} don't follow those before", quoted(&info.name))));
            }
            next = end;
            header.tensors.push(info);
        }
        header.check_checksum()?;
        Ok(header)
    }

    fn check_checksum(&self) -> Result<()> {
        let Some(at) = self.tensors.iter().position(|info| info.name == CHECKSUM) else { return Ok(()) };
        let info = &self.tensors[at];
        let fits = info.element == ElementType::U8 && info.shape == [self.tensors.len(), DIGEST];
        let is_last = at + 1 == self.tensors.len();
        if fits && is_last {
            Ok(())
        } else {
            Err(changed(&format!("the tensor {CHECKSUM} is not its last, or not of the right shape")))
        }
    }

    /// Whether its format is one of those that have checksums: all but the first.
    pub(super) fn is_of_checksums(&self) -> bool {
        let format = self.metadata.get("format").and_then(|format| format.parse::<u64>().ok());
        self.metadata.contains_key("eckart") && format.is_some_and(|format| format > 1)
    }

    pub(super) fn has_checksum(&self) -> bool {
        self.tensors.last().is_some_and(|info| info.name == CHECKSUM)
    }
}

/// The header of a file of texts and tensors, and its eight bytes of length before it.
///
/// # Errors
/// `Data` where a tensor has a name that is taken, or the header would be too long for those who read it.
pub(super) fn header_bytes(metadata: &BTreeMap<String, String>, tensors: &[TensorSource]) -> Result<Vec<u8>> {
    let mut text = format!("{{\"{TEXTS}\":{{");
    for (k, (key, value)) in metadata.iter().enumerate() {
        let comma = if k > 0 { "," } else { "" };
        let _ = write!(text, "{comma}{}:{}", Value::from(key.as_str()), Value::from(value.as_str()));
    }
    text.push('}');
    let mut place = 0;
    for tensor in tensors {
        if [TEXTS, CHECKSUM].contains(&tensor.name.as_str()) {
            let message = format!("a tensor can't be called {}", tensor.name);
            return Err(Error::data(Code::BadName, message, "Give it another name"));
        }
        add_tensor(&mut text, (&tensor.name, &tensor.element, &tensor.shape), &mut place, tensor.bytes());
    }
    let digests = tensors.len() + 1;
    add_tensor(&mut text, (CHECKSUM, &ElementType::U8, &[digests, DIGEST]), &mut place, digests * DIGEST);
    text.push('}');
    text.extend(std::iter::repeat_n(' ', text.len().next_multiple_of(8) - text.len()));
    if text.len() > LONGEST_WRITTEN {
        let message = format!("the header would take {} bytes, {} are the most", text.len(), LONGEST_WRITTEN);
        return Err(Error::data(Code::TooLarge, message, "Shorten the objective, or what is said beside it"));
    }
    Ok([&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat())
}

fn add_tensor(
    text: &mut String,
    (name, element, shape): (&str, &ElementType, &[usize]),
    place: &mut usize,
    bytes: usize,
) {
    let (start, end) = (*place, *place + bytes);
    let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
    let _ = write!(
        text,
        ",{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{start},{end}]}}",
        Value::from(name),
        element.name(),
        shape.join(",")
    );
    *place = end;
}

/// A key that an object of some JSON has twice, which the format forbids: readers would make different things of it.
fn twice(json: &[u8]) -> Option<String> {
    // The keys of each object that is open; `None` stands for a list.
    let mut open: Vec<Option<BTreeSet<String>>> = Vec::new();
    let mut at = 0;
    while at < json.len() {
        match json[at] {
            b'{' => open.push(Some(BTreeSet::new())),
            b'[' => open.push(None),
            b'}' | b']' => drop(open.pop()),
            b'"' => {
                let end = end_of_text(json, at);
                let is_key = json[end..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
                if let (true, Some(Some(keys))) = (is_key, open.last_mut()) {
                    let key: String = serde_json::from_slice(&json[at..end]).ok()?;
                    if !keys.insert(key.clone()) {
                        return Some(key);
                    }
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where a text of valid JSON ends that begins at `at`.
fn end_of_text(json: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while json.get(end).is_some_and(|&byte| byte != b'"') {
        end += if json[end] == b'\\' { 2 } else { 1 };
    }
    (end + 1).min(json.len())
}

fn texts(value: &Value) -> Option<BTreeMap<String, String>> {
    value.as_object()?.iter().map(|(key, text)| Some((key.clone(), text.as_str()?.to_owned()))).collect()
}

/// What the header says of `name`, and where its bytes begin.
fn tensor_info(name: &str, value: &Value) -> Result<(usize, TensorInfo)> {
    let numbers = |key: &str| -> Option<Vec<usize>> {
        value.get(key)?.as_array()?.iter().map(|n| usize::try_from(n.as_u64()?).ok()).collect()
    };
    let (tag, shape, place) = (value.get("dtype").and_then(Value::as_str), numbers("shape"), numbers("data_offsets"));
    let (Some(tag), Some(shape), Some(place)) = (tag, shape, place) else {
        return Err(foreign(&format!("the type, shape or place of {} is not given", quoted(name))));
    };
    let element = ElementType::from_name(tag);
    let count = shape.iter().try_fold(1_usize, |count, &side| count.checked_mul(side));
    let wanted = element.bytes().map(|bytes| count.and_then(|count| count.checked_mul(bytes)));
    match place[..] {
        [start, end] if start <= end && wanted.is_none_or(|wanted| wanted == Some(end - start)) => {
            Ok((start, TensorInfo { name: name.to_owned(), element, shape, bytes: end - start }))
        }
        _ => Err(foreign(&format!("the numbers of {} are not as many as its shape says", quoted(name)))),
    }
}
