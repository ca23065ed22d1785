//! Format: the texts with which the header of every file of Eckart begins.
//! In: the kind of a file.  Out: texts; or, of a file that is read, its format.
//! Invariant: a format that is not known is refused by its number; a kind that was not asked for, by its name.
//! Not here: all other texts (see `header`, `checkpoint`); docs/format.md has the whole.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::data::TensorInfo;
use crate::error::{Code, Error, Result};
use crate::solve::result::Numerics;

/// The format that is written.
const FORMAT: u64 = 2;

const MODEL_HELP: &str = "Give a model: what `eckart fit -o` or `save` wrote";

pub(in crate::solve) const CHECKPOINT_HELP: &str =
    "Give a checkpoint: what a search wrote to `--checkpoint`, in Python checkpoint=";

const FACTORS_HELP: &str = "Give factors of new rows: what `eckart transform -o` wrote";

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

    fn with_article(self) -> &'static str {
        match self {
            Self::Model => "a model",
            Self::Checkpoint => "a checkpoint",
            Self::Factors => "factors of new rows",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Model, Self::Checkpoint, Self::Factors].into_iter().find(|kind| kind.name() == name)
    }

    /// What to do where a file of kind `self` is needed and one of another kind was given.
    fn help(self, given: Option<Self>) -> String {
        let (wanted, other) = match (self, given) {
            (Self::Model, Some(Self::Checkpoint)) => {
                (MODEL_HELP, "a search goes on from a checkpoint with resume (`--resume`, in Python resume=)")
            }
            (Self::Model, Some(Self::Factors)) => {
                (MODEL_HELP, "a search begins at factors with `--init-from` and fixes them with `--fix`")
            }
            (Self::Checkpoint, Some(Self::Model | Self::Factors)) => {
                (CHECKPOINT_HELP, "a search begins at a factor with `--init-from NAME=FILE`, in Python init_from=")
            }
            (Self::Model, _) => return MODEL_HELP.to_owned(),
            (Self::Checkpoint, _) => return CHECKPOINT_HELP.to_owned(),
            (Self::Factors, _) => return FACTORS_HELP.to_owned(),
        };
        format!("{wanted}; {other}")
    }

    /// What a file is refused for that is of another kind.
    fn code_of_others(self) -> Code {
        match self {
            Self::Model | Self::Factors => Code::NotAModel,
            Self::Checkpoint => Code::NotACheckpoint,
        }
    }
}

/// The texts of a header: those that every file begins with, what computed it among them, and `own`.
pub(in crate::solve) fn texts_of<const N: usize>(
    kind: FileKind,
    numerics: &Numerics,
    own: [(&str, String); N],
) -> BTreeMap<String, String> {
    let every = [
        ("eckart", env!("CARGO_PKG_VERSION").to_owned()),
        ("format", FORMAT.to_string()),
        ("kind", kind.name().to_owned()),
        ("numerics", numerics.version.to_string()),
    ];
    let registers = numerics.registers.iter().map(|registers| ("registers", registers.clone()));
    every.into_iter().chain(registers).chain(own).map(|(key, text)| (key.to_owned(), text)).collect()
}

/// A whole number as it is written: without a sign, zeros before it or blanks.
pub(super) fn whole(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().filter(|number| number.to_string() == text)
}

/// Whether a tensor is to be read where only files of a kind are of use: of others, and of types that are not known
/// here, the bytes are checked and nothing is held, so that a file of another program is refused for what it is.
pub(in crate::solve) fn of_kind(wanted: FileKind) -> impl Fn(&BTreeMap<String, String>, &TensorInfo) -> bool {
    move |metadata, info| {
        info.is_known() && matches!(format_and_kind(metadata), Ok(Some((_, kind))) if kind == wanted.name())
    }
}

/// The format and kind of a file; `None` where its header is not of Eckart.
///
/// # Errors
/// `Data` where it is of a format that is not known yet, or of no kind.
pub(in crate::solve) fn format_and_kind(metadata: &BTreeMap<String, String>) -> Result<Option<(u64, String)>> {
    // Checkpoints of format 1 had a key of their own.
    let old = metadata.get("checkpoint");
    let (Some(by), Some(format)) = (metadata.get("eckart"), old.or_else(|| metadata.get("format"))) else {
        return Ok(None);
    };
    let Some(number) = whole(format).filter(|format| (1..=FORMAT).contains(format)) else {
        let is_number = !format.is_empty() && format.bytes().all(|byte| byte.is_ascii_digit());
        let format = if is_number { format.clone() } else { format!("{format:?}") };
        return Err(Error::data(
            Code::UnsupportedVersion,
            format!(
                "the file is of format {format}, written by Eckart {by}, and this is Eckart {}, which reads formats 1 \
                 to {FORMAT}",
                env!("CARGO_PKG_VERSION")
            ),
            "Update Eckart",
        ));
    };
    let kind = match metadata.get("kind") {
        _ if old.is_some() => FileKind::Checkpoint.name(),
        Some(kind) => kind,
        None if number == 1 => FileKind::Model.name(),
        None => {
            let message = "the file does not say of which kind it is: its text `kind` is lacking";
            return Err(Error::data(Code::NotAModel, message, "Copy it again from where it was whole"));
        }
    };
    Ok(Some((number, kind.to_owned())))
}

/// The format of a file that is to be of a kind.
///
/// # Errors
/// `Data` where it is of another kind, of nobody's, or of a format that is not known yet.
pub(in crate::solve) fn check(metadata: &BTreeMap<String, String>, wanted: FileKind) -> Result<u64> {
    let Some((format, kind)) = format_and_kind(metadata)? else {
        let message = format!("this is a safetensors file of another program, and {} is needed", wanted.with_article());
        return Err(Error::data(wanted.code_of_others(), message, wanted.help(None)));
    };
    if kind == wanted.name() {
        return Ok(format);
    }
    let given = FileKind::from_name(&kind);
    let found = given.map_or_else(|| format!("what it calls {kind}"), |given| given.with_article().to_owned());
    Err(Error::data(
        wanted.code_of_others(),
        format!("this file holds {found}, and {} is needed", wanted.with_article()),
        wanted.help(given),
    ))
}

/// What the numbers of a file were computed with.
pub(in crate::solve) fn numerics(metadata: &BTreeMap<String, String>, format: u64) -> Option<Numerics> {
    if format == 1 {
        return Some(Numerics::of_format_1());
    }
    let version = whole(metadata.get("numerics")?).filter(|version| *version > 0)?;
    let version = u32::try_from(version).ok()?;
    Some(Numerics { version, registers: metadata.get("registers").cloned() })
}

/// That a file lacks something of its kind.
pub(in crate::solve) fn no_such(kind: FileKind, what: &str) -> Error {
    let (code, message, help) = match kind {
        FileKind::Model => {
            (Code::NotAModel, format!("this is no model of Eckart: it has no usable {what}"), MODEL_HELP)
        }
        FileKind::Checkpoint => (
            Code::CheckpointDamaged,
            format!("the checkpoint is damaged: it has no usable {what}"),
            "Begin anew, without it",
        ),
        FileKind::Factors => (Code::NotAModel, format!("the file has no usable {what}"), FACTORS_HELP),
    };
    Error::data(code, message, help)
}

pub(super) fn no_model(what: &str) -> Error {
    no_such(FileKind::Model, what)
}

pub(in crate::solve) fn limits_to_json(
    (max_iter, tol, target): (usize, f64, Option<f64>),
    (n_init, halved): (usize, bool),
) -> Value {
    json!({"max_iter": max_iter, "tol": tol, "target": target, "n_init": n_init, "successive_halving": halved})
}
