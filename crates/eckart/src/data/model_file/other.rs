//! Other: what a file is that is no safetensors file.
//! In: its first bytes.  Out: an error that says what they look like; nothing where they look like nothing known.
//! Invariant: a guess is only made where the file could not be read as what it should be.
//! Not here: how those formats are read (see `data::read`).

use crate::error::{Code, Error};

/// What pages of Eckart say of themselves, near their beginning.
const PAGE: &[u8] = b"<meta name=\"eckart-model\"";

/// The formats that begin with fixed bytes.
const BEGINNINGS: [(&[u8], &str); 6] = [
    (b"\x93NUMPY", "a .npy matrix"),
    (b"%%MatrixMarket", "a Matrix Market file"),
    (b"PK\x03\x04", "a ZIP archive (as .npz is)"),
    (b"\x89HDF", "an HDF5 file"),
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
];

/// What the file with these first bytes seems to be.
pub(super) fn other_format(prefix: &[u8]) -> Option<Error> {
    let begins = |with: &[u8]| prefix.get(..with.len()).is_some_and(|first| first.eq_ignore_ascii_case(with));
    let known = BEGINNINGS.iter().find(|(bytes, _)| begins(bytes)).map(|(_, what)| *what);
    let what = known.or_else(|| is_text(prefix).then_some("a text"))?;
    if what == "an HTML page" && prefix.windows(PAGE.len()).any(|bytes| bytes == PAGE) {
        let message = "this is a page about a model of Eckart, not the model";
        return Some(Error::data(Code::NotAModel, message, "Give the file of the model; `show` says which it is"));
    }
    Some(Error::data(
        Code::NotAModel,
        format!("this is {what}, no safetensors file and no page of Eckart"),
        "Give a model: what `eckart fit -o` or `save` wrote",
    ))
}

/// Whether they are text: of UTF-8, but for a letter that may be cut at the end, and without a control character but
/// blanks and ends of lines. The length of a header has zeros in it.
fn is_text(prefix: &[u8]) -> bool {
    let valid = match std::str::from_utf8(prefix) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&prefix[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !valid.is_empty() && valid.chars().all(|c| !c.is_control() || c.is_whitespace())
}
