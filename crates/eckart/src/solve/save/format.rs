//! Format: the texts with which the header of every file of Eckart begins.
//! In: the kind of a file.  Out: texts; or, of a file that is read, its format.
//! Invariant: a format that is not known is refused by its number; a kind that was not asked for, by its name.
//! Not here: all other texts (see `header`, `checkpoint`); docs/format.md has the whole.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::error::{Code, Error, Result};
use crate::solve::result::Numerics;

/// The format that is written.
const FORMAT: u64 = 2;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::solve) enum FileKind {
    /// A factorization.
    Model,
    /// Where a search stands.
    Checkpoint,
    /// Factors of rows that a model has not seen.
    Factors,
}

impl FileKind {
    pub(in crate::solve) fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Checkpoint => "checkpoint",
            Self::Factors => "factors",
        }
    }

    /// What a file is refused for that is of another kind.
    fn code_of_others(self) -> Code {
        match self {
            Self::Model | Self::Factors => Code::NotAModel,
            Self::Checkpoint => Code::NotACheckpoint,
        }
    }
}

/// The first texts of a header.
pub(in crate::solve) fn opening(kind: FileKind) -> BTreeMap<String, String> {
    opening_of(kind, &Numerics::current())
}

/// The same of what was computed elsewhere, or before.
pub(in crate::solve) fn opening_of(kind: FileKind, numerics: &Numerics) -> BTreeMap<String, String> {
    let rows = [
        ("eckart", env!("CARGO_PKG_VERSION").to_owned()),
        ("format", FORMAT.to_string()),
        ("kind", kind.name().to_owned()),
        ("numerics", numerics.version.to_string()),
    ];
    let registers = numerics.registers.iter().map(|registers| ("registers", registers.clone()));
    rows.into_iter().chain(registers).map(|(key, text)| (key.to_owned(), text)).collect()
}

/// The format and kind of a file; `None` where its header is not of Eckart.
pub(in crate::solve) fn format_and_kind(metadata: &BTreeMap<String, String>) -> Option<(u64, String)> {
    if !metadata.contains_key("eckart") {
        return None;
    }
    // Checkpoints of format 1 had a key of their own.
    if let Some(format) = metadata.get("checkpoint") {
        return Some((format.parse().ok()?, FileKind::Checkpoint.name().to_owned()));
    }
    let kind = metadata.get("kind").map_or(FileKind::Model.name(), String::as_str);
    Some((metadata.get("format")?.parse().ok()?, kind.to_owned()))
}

/// The format of a file that is to be of a kind.
///
/// # Errors
/// `Data` where it is of another kind, of nobody's, or of a format that is not known yet.
pub(in crate::solve) fn check(metadata: &BTreeMap<String, String>, wanted: FileKind) -> Result<u64> {
    let Some((format, kind)) = format_and_kind(metadata) else {
        return Err(match wanted {
            FileKind::Checkpoint => {
                Error::data(Code::NotACheckpoint, "this is no checkpoint", "Give a file that --checkpoint wrote")
            }
            FileKind::Model | FileKind::Factors => no_such(wanted, "format"),
        });
    };
    if !(1..=FORMAT).contains(&format) {
        let by = metadata.get("eckart").map_or("", String::as_str);
        return Err(Error::data(
            Code::UnsupportedVersion,
            format!(
                "the file is of format {format}, written by Eckart {by}, and this is Eckart {}, which reads formats 1 \
                 to {FORMAT}",
                env!("CARGO_PKG_VERSION")
            ),
            "Update Eckart",
        ));
    }
    if kind == wanted.name() {
        return Ok(format);
    }
    Err(Error::data(
        wanted.code_of_others(),
        format!("the file is of kind {kind}, and one of kind {} is needed", wanted.name()),
        match wanted {
            FileKind::Model => {
                "Give a file that `eckart fit -o` or Factorization::save wrote; --resume goes on from a checkpoint"
            }
            FileKind::Checkpoint => {
                "Give a file that --checkpoint wrote; a search begins at a factor of a model with --start"
            }
            FileKind::Factors => "Give a file that `eckart transform -o` wrote",
        },
    ))
}

/// What the numbers of a file were computed with.
pub(in crate::solve) fn numerics(metadata: &BTreeMap<String, String>, format: u64) -> Option<Numerics> {
    if format == 1 {
        return Some(Numerics::of_format_1());
    }
    let version = metadata.get("numerics")?.parse().ok()?;
    Some(Numerics { version, registers: metadata.get("registers").cloned() })
}

/// That a file lacks something of its kind.
pub(in crate::solve) fn no_such(kind: FileKind, what: &str) -> Error {
    let (code, message, help) = match kind {
        FileKind::Model => (
            Code::NotAModel,
            format!("this is no model of Eckart: it has no usable {what}"),
            "Give a file that `eckart fit -o` or Factorization::save wrote",
        ),
        FileKind::Checkpoint => (
            Code::CheckpointDamaged,
            format!("the checkpoint is damaged: it has no usable {what}"),
            "Begin anew, without it",
        ),
        FileKind::Factors => {
            (Code::NotAModel, format!("the file has no usable {what}"), "Give a file that `eckart transform -o` wrote")
        }
    };
    Error::data(code, message, help)
}

/// The limits of a search.
pub(in crate::solve) fn limits_to_json(max_iter: usize, tol: f64, target: Option<f64>) -> Value {
    json!({"max_iter": max_iter, "tol": tol, "target": target})
}
