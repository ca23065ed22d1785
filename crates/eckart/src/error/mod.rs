//! Error: everything that can go wrong, in the user's words.
//! In: what failed, where, and what to do about it.  Out: one type with a readable `Display` and a stable `Code`.
//! Invariant: two families: yours (`Parse`, `Shape`, `Data`, `Io`, `Setting`, `Limit`) and ours (`Bug`); none is made
//! without a code; what a `Display` says is printable, whatever was in a file.
//! Not here: how the command or Python show it (they print the `Display` text and the code).

mod code;
mod code_kind;
mod printable;
mod warning;
pub(crate) mod watch;

pub use code::Code;
pub use code_kind::CodeKind;
pub use printable::{PrintedAs, printable};
pub use warning::Warning;

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What went wrong. The `Display` text is complete: it says what, where and what to do.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text of an objective can't be read.
    #[error("{0}")]
    Parse(Box<Snippet>),
    /// Shapes don't fit together; the message names both by the user's names.
    #[error("{0}")]
    Shape(Box<Snippet>),
    /// A file or a matrix holds something that can't be used.
    #[error("{0}")]
    Data(Box<DataError>),
    /// The operating system refused a file.
    #[error("{path}: {source}", path = printable(&path.display().to_string(), PrintedAs::Line))]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A setting has a value that can't be used, or does not fit the problem.
    #[error("{0}")]
    Setting(Refusal),
    /// The plan needs more memory than it may have; nothing was allocated.
    #[error("{0}")]
    Limit(Refusal),
    /// A defect of Eckart itself: please report it with the text.
    #[error("internal error, please report it: {text}", text = printable(.0, PrintedAs::Lines))]
    Bug(String),
}

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can't be done, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The kind of thing that is wrong.
    pub code: Code,
    /// What is wrong, where, and what to do.
    pub message: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.message, PrintedAs::Lines))
    }
}

/// A message with the place in a text it is about, shown with a caret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The kind of thing that is wrong.
    pub code: Code,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// The text, and the bytes of it that are meant; `None` where the formula was built in code.
    pub place: Option<(String, Range<usize>)>,
    /// What to do about it; may be empty.
    pub help: String,
}

impl fmt::Display for Snippet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.message, PrintedAs::Lines))?;
        if let Some((text, span)) = &self.place {
            let start = floor_char(text, span.start);
            let end = floor_char(text, span.end).max(start);
            let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
            let line_end = text[start..].find('\n').map_or(text.len(), |i| start + i);
            let part = |from: usize, to: usize| printable(&text[from..to], PrintedAs::Line);
            let line = part(line_start, line_end);
            let pad = part(line_start, start).chars().count();
            let width = part(start, end.min(line_end)).chars().count().max(1);
            write!(f, "\n  | {line}\n  | {}{}", " ".repeat(pad), "^".repeat(width))?;
        }
        if !self.help.is_empty() {
            write!(f, "\n  {}", printable(&self.help, PrintedAs::Lines))?;
        }
        Ok(())
    }
}

/// The largest character boundary of `text` at or below `at`.
fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// What is wrong with a data file or matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataError {
    /// The kind of thing that is wrong.
    pub code: Code,
    /// The file, where there is one.
    pub file: Option<PathBuf>,
    /// The line of a text file, counted from 1.
    pub line: Option<u64>,
    /// What is wrong.
    pub message: String,
    /// What to do about it; may be empty.
    pub help: String,
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            f.write_str(&printable(&file.display().to_string(), PrintedAs::Line))?;
        }
        match (&self.file, self.line) {
            (Some(_), Some(line)) => write!(f, ", line {line}: ")?,
            (Some(_), None) => f.write_str(": ")?,
            (None, Some(line)) => write!(f, "line {line}: ")?,
            (None, None) => {}
        }
        f.write_str(&printable(&self.message, PrintedAs::Lines))?;
        if !self.help.is_empty() {
            write!(f, ". {}", printable(&self.help, PrintedAs::Lines))?;
        }
        Ok(())
    }
}

impl Error {
    /// A data error of no file, with what to do about it.
    pub fn data(code: Code, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Data(Box::new(DataError { code, file: None, line: None, message: message.into(), help: help.into() }))
    }

    /// A parse error at `span` of `text`.
    pub fn parse(
        code: Code,
        message: impl Into<String>,
        text: &str,
        span: Range<usize>,
        help: impl Into<String>,
    ) -> Self {
        let place = Some((text.to_owned(), span));
        Self::Parse(Box::new(Snippet { code, message: message.into(), place, help: help.into() }))
    }

    /// A shape error of a formula that was built in code.
    pub fn shape(code: Code, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Shape(Box::new(Snippet { code, message: message.into(), place: None, help: help.into() }))
    }

    /// A setting, or something else that was asked for, which can't be used; the message says what to do.
    pub fn setting(code: Code, message: impl Into<String>) -> Self {
        Self::Setting(Refusal { code, message: message.into() })
    }

    /// A need of more memory than there may be.
    pub fn limit(message: impl Into<String>) -> Self {
        Self::Limit(Refusal { code: Code::OverLimit, message: message.into() })
    }

    /// The kind of thing that is wrong, as a stable word.
    pub fn code(&self) -> Code {
        match self {
            Self::Parse(snippet) | Self::Shape(snippet) => snippet.code,
            Self::Data(data) => data.code,
            Self::Io { source, .. } => Code::of_io(source),
            Self::Setting(refusal) | Self::Limit(refusal) => refusal.code,
            Self::Bug(_) => Code::Internal,
        }
    }

    /// What to do about it, where that is told apart from the message (of `Parse`, `Shape` and `Data`).
    pub fn help(&self) -> Option<&str> {
        let help = match self {
            Self::Parse(snippet) | Self::Shape(snippet) => &snippet.help,
            Self::Data(data) => &data.help,
            Self::Io { .. } | Self::Setting(_) | Self::Limit(_) | Self::Bug(_) => return None,
        };
        (!help.is_empty()).then_some(help)
    }

    /// The file that it is of, where that is known.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Data(data) => data.file.as_deref(),
            Self::Io { path, .. } => Some(path),
            Self::Parse(_) | Self::Shape(_) | Self::Setting(_) | Self::Limit(_) | Self::Bug(_) => None,
        }
    }

    /// The line of that file, counted from 1, where it is known.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::Data(data) => data.line,
            Self::Io { .. } | Self::Parse(_) | Self::Shape(_) | Self::Setting(_) | Self::Limit(_) | Self::Bug(_) => {
                None
            }
        }
    }

    /// The same error, said of `file` (where it is a data error that names none yet).
    pub fn in_file(mut self, file: &Path) -> Self {
        if let Self::Data(data) = &mut self
            && data.file.is_none()
        {
            data.file = Some(file.to_owned());
        }
        self
    }

    /// The same data error with other advice, made of its own.
    pub fn advising(mut self, advice: impl FnOnce(&str) -> String) -> Self {
        if let Self::Data(data) = &mut self {
            data.help = advice(&data.help);
        }
        self
    }

    /// The same data error, said of line `line` (counted from 1).
    pub fn at_line(mut self, line: u64) -> Self {
        if let Self::Data(data) = &mut self {
            data.line = Some(line);
        }
        self
    }

    /// Whether the user, rather than Eckart, is at fault.
    pub fn is_users_fault(&self) -> bool {
        !matches!(self, Self::Bug(_))
    }
}

/// Holds an error to its code, and to a part of its text that names what is wrong in the case at hand.
#[cfg(test)]
#[track_caller]
pub(crate) fn check_error(error: &Error, code: Code, part: &str) {
    let found = error.code();
    assert!(found == code && error.to_string().contains(part), "{code} with {part:?} is not {found}: {error}");
}
