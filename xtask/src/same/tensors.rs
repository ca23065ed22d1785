//! Tensors of a safetensors file: eight bytes that say how long the header is, a header of JSON, then the numbers.

use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;

/// A file that was read.
#[derive(Debug, PartialEq)]
pub(super) struct Tensors {
    /// The texts of the header.
    pub(super) texts: BTreeMap<String, String>,
    tensors: BTreeMap<String, Tensor>,
}

/// One of its tensors.
#[derive(Debug, PartialEq, Eq)]
struct Tensor {
    dtype: String,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Tensors {
    /// Reads the bytes of a file, or says what is wrong with them.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let length = u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?);
        let begin = 8_usize.checked_add(usize::try_from(length).ok()?)?;
        let header: Value = serde_json::from_slice(bytes.get(8..begin)?).ok()?;
        let numbers = &bytes[begin..];
        let mut read = Self { texts: BTreeMap::new(), tensors: BTreeMap::new() };
        for (name, value) in header.as_object()? {
            if name == "__metadata__" {
                let texts = value.as_object()?.iter();
                read.texts = texts.filter_map(|(key, text)| Some((key.clone(), text.as_str()?.to_owned()))).collect();
            } else {
                read.tensors.insert(name.clone(), Tensor::read(value, numbers)?);
            }
        }
        Some(read)
    }

    /// The names of the factors, in their order: those that the header lists, or all tensors where it lists none.
    fn factors(&self) -> Vec<String> {
        let listed = self.texts.get("factors").and_then(|text| serde_json::from_str(text).ok());
        listed.unwrap_or_else(|| self.tensors.keys().cloned().collect())
    }
}

impl Tensor {
    fn read(value: &Value, numbers: &[u8]) -> Option<Self> {
        let whole = |value: &Value| usize::try_from(value.as_u64()?).ok();
        let shape = value["shape"].as_array()?.iter().map(whole).collect::<Option<Vec<_>>>()?;
        let offsets: Range<usize> = whole(&value["data_offsets"][0])?..whole(&value["data_offsets"][1])?;
        let bytes = numbers.get(offsets)?.to_owned();
        Some(Self { dtype: value["dtype"].as_str()?.to_owned(), shape, bytes })
    }

    /// How many bytes a number has.
    fn width(&self) -> usize {
        match self.dtype.as_str() {
            "F64" | "I64" | "U64" => 8,
            "F32" | "I32" | "U32" => 4,
            _ => 1,
        }
    }

    /// The number at a place.
    fn at(&self, k: usize) -> f64 {
        let bytes = &self.bytes[k * self.width()..][..self.width()];
        match (self.dtype.as_str(), bytes.len()) {
            ("F64", 8) => bytes.try_into().map_or(f64::NAN, f64::from_le_bytes),
            ("F32", 4) => bytes.try_into().map_or(f64::NAN, |four| f64::from(f32::from_le_bytes(four))),
            _ => f64::from(bytes[0]),
        }
    }

    /// What is different in `other`, first and most; none where all bytes are the same.
    fn difference(&self, name: &str, other: &Self) -> Option<String> {
        let form = |tensor: &Self| {
            let shape: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
            format!("{} {}", shape.join(" x "), tensor.dtype)
        };
        if (&self.dtype, &self.shape) != (&other.dtype, &other.shape) {
            return Some(format!("{name} was {} and is {}", form(self), form(other)));
        }
        let width = self.width();
        let pairs = || self.bytes.chunks_exact(width).zip(other.bytes.chunks_exact(width)).enumerate();
        let first = pairs().find(|(_, (a, b))| a != b)?.0;
        let differing: Vec<usize> = pairs().filter(|(_, (a, b))| a != b).map(|(k, _)| k).collect();
        let most = differing.iter().map(|&k| relative(self.at(k), other.at(k))).fold(0.0, f64::max);
        Some(format!(
            "{name}{} was {:?} and is {:?}; {} of {} entries differ, by {most:.1e} of their size at most",
            place(first, &self.shape),
            self.at(first),
            other.at(first),
            differing.len(),
            self.bytes.len() / width,
        ))
    }
}

/// "[3, 4]", the place of the k-th number of a tensor, row by row.
fn place(mut k: usize, shape: &[usize]) -> String {
    let mut indices = Vec::new();
    for &side in shape.iter().rev() {
        indices.push((k % side.max(1)).to_string());
        k /= side.max(1);
    }
    indices.reverse();
    format!("[{}]", indices.join(", "))
}

/// The difference of two numbers as a share of the larger one. Infinite where one alone is not finite.
pub(super) fn relative(a: f64, b: f64) -> f64 {
    if a.to_bits() == b.to_bits() || a == b || (a.is_nan() && b.is_nan()) {
        return 0.0;
    }
    let share = (a - b).abs() / a.abs().max(b.abs());
    if share.is_finite() { share } else { f64::INFINITY }
}

/// What two files differ in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Differences {
    /// Factors that are not the same in every bit.
    pub(super) factors: Vec<String>,
    /// What is in one of the files alone and is no factor, and texts that differ.
    pub(super) others: Vec<String>,
}

/// Texts of the header that differ from run to run, or whose content is compared elsewhere.
const UNCOMPARED: [&str; 2] = ["seconds", "starts"];

/// Compares two files, a factor at a time.
pub(super) fn compare(before: &Tensors, now: &Tensors) -> Differences {
    let mut found = Differences::default();
    let (old, new) = (before.factors(), now.factors());
    if old != new {
        found.factors.push(format!("the factors were {} and are {}", old.join(", "), new.join(", ")));
    }
    for name in old.iter().filter(|name| new.contains(name)) {
        let difference = match (before.tensors.get(name), now.tensors.get(name)) {
            (Some(a), Some(b)) => a.difference(name, b),
            _ => Some(format!("a file lists the factor {name} and lacks it")),
        };
        found.factors.extend(difference);
    }
    for (side, one, other, factors) in [("gone", before, now, &old), ("new", now, before, &new)] {
        for name in one.tensors.keys().filter(|name| !factors.contains(name) && !other.tensors.contains_key(*name)) {
            found.others.push(format!("{side}: tensor {name}"));
        }
        for key in one.texts.keys().filter(|key| !other.texts.contains_key(*key)) {
            found.others.push(format!("{side}: text {key} of the model's header"));
        }
    }
    for (key, text) in before.texts.iter().filter(|(key, _)| !UNCOMPARED.contains(&key.as_str())) {
        if now.texts.get(key).is_some_and(|other| other != text) {
            found.others.push(format!("other words: text {key} of the model's header"));
        }
    }
    found
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;

    /// The bytes of a file of f32 tensors: name, shape, numbers.
    pub(in super::super) fn file(texts: &Value, tensors: &[(&str, [usize; 2], &[f32])]) -> Vec<u8> {
        let (mut header, mut numbers) = (json!({ "__metadata__": texts }), Vec::new());
        for (name, shape, values) in tensors {
            let begin = numbers.len();
            values.iter().for_each(|v| numbers.extend(v.to_le_bytes()));
            header[*name] = json!({ "dtype": "F32", "shape": shape, "data_offsets": [begin, numbers.len()] });
        }
        let header = header.to_string();
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &numbers].concat()
    }

    fn compared(before: &[u8], now: &[u8]) -> Differences {
        compare(&Tensors::read(before).expect("a file"), &Tensors::read(now).expect("a file"))
    }

    #[test]
    fn the_first_entry_that_differs_is_named() {
        let texts = json!({ "factors": "[\"W\"]" });
        let one = file(&texts, &[("W", [2, 2], &[1.0, 2.0, 3.0, 4.0])]);
        let other = file(&texts, &[("W", [2, 2], &[1.0, 2.0, 3.5, 8.0])]);
        assert_eq!(compared(&one, &one), Differences::default());
        let found = compared(&one, &other);
        assert_eq!(
            found.factors,
            ["W[1, 0] was 3.0 and is 3.5; 2 of 4 entries differ, by 5.0e-1 of their size at most"]
        );
        assert!(found.others.is_empty());
        let flat = file(&texts, &[("W", [1, 4], &[1.0, 2.0, 3.0, 4.0])]);
        assert_eq!(compared(&one, &flat).factors, ["W was 2 x 2 F32 and is 1 x 4 F32"]);
    }

    #[test]
    fn the_sign_of_zero_is_a_bit_too() {
        let texts = json!({});
        let found = compared(&file(&texts, &[("W", [1, 1], &[0.0])]), &file(&texts, &[("W", [1, 1], &[-0.0])]));
        assert_eq!(found.factors.len(), 1, "{found:?}");
    }

    #[test]
    fn another_format_of_the_file_is_no_other_factor() {
        let one = file(&json!({ "factors": "[\"W\"]", "row_names": "null", "cost": "1" }), &[("W", [1, 1], &[1.0])]);
        let texts = json!({ "factors": "[\"W\"]", "numerics": "2", "cost": "1.0" });
        let other = file(&texts, &[("W", [1, 1], &[1.0]), ("row_names.text", [1, 1], &[0.0])]);
        let found = compared(&one, &other);
        assert!(found.factors.is_empty(), "{found:?}");
        assert_eq!(
            found.others,
            [
                "gone: text row_names of the model's header",
                "new: tensor row_names.text",
                "new: text numerics of the model's header",
                "other words: text cost of the model's header",
            ]
        );
    }

    #[test]
    fn a_factor_that_is_lost_is_a_difference() {
        let one = file(&json!({ "factors": "[\"W\",\"H\"]" }), &[("W", [1, 1], &[1.0]), ("H", [1, 1], &[1.0])]);
        let other = file(&json!({ "factors": "[\"W\"]" }), &[("W", [1, 1], &[1.0])]);
        assert_eq!(compared(&one, &other).factors, ["the factors were W, H and are W"]);
        let broken = file(&json!({ "factors": "[\"W\",\"H\"]" }), &[("W", [1, 1], &[1.0])]);
        assert_eq!(compared(&one, &broken).factors, ["a file lists the factor H and lacks it"]);
    }

    #[test]
    fn what_is_cut_short_is_not_read() {
        let whole = file(&json!({}), &[("W", [1, 2], &[1.0, 2.0])]);
        assert!(Tensors::read(&whole).is_some());
        for length in [0, 7, 20, whole.len() - 1] {
            assert_eq!(Tensors::read(&whole[..length]), None, "{length}");
        }
        assert_eq!(Tensors::read(&[255; 16]), None);
    }

    #[test]
    fn differences_are_shares_of_the_larger_number() {
        assert_eq!(relative(1.0, 2.0), 0.5);
        assert_eq!((relative(0.0, -0.0), relative(f64::NAN, f64::NAN)), (0.0, 0.0));
        assert_eq!((relative(f64::NAN, 1.0), relative(f64::INFINITY, 1.0)), (f64::INFINITY, f64::INFINITY));
    }
}
