//! Warning: what was done, but hardly as it was meant.
//! In: a code, a message.  Out: `Warning`.
//! Invariant: a warning has a code of the table, as an error has.
//! Not here: who shows it, and where.

use std::fmt;

use super::{Code, PrintedAs, printable};

/// Something to know of a result. Its `Display` is the message, printable.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// The kind of thing it is about.
    pub code: Code,
    /// What was hardly meant, and what to do about it.
    pub message: String,
}

impl Warning {
    /// A warning of that kind.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.message, PrintedAs::Lines))
    }
}
