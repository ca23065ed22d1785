//! Code kind: what a code speaks of.
//! In: nothing.  Out: `CodeKind`, and its word.
//! Invariant: a kind is never renamed.
//! Not here: the codes (see `code`).

use std::fmt;

/// What a code speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CodeKind {
    /// Something can't be done as it is given.
    Error,
    /// The input could mean several things: it is refused, and the message names the options that decide.
    Doubt,
    /// It was done, but hardly as it was meant.
    Warning,
}

impl CodeKind {
    /// `error`, `doubt` or `warning`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Doubt => "doubt",
            Self::Warning => "warning",
        }
    }
}

impl fmt::Display for CodeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
