//! What a law finds: where, what is wrong, what to do, and how large the offence is where a list of offenders is kept.

use std::fmt;

/// Something that is against a law, and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) path: String,
    /// Counted from 1; 0 where the finding is about the whole file or folder.
    pub(crate) line: usize,
    pub(crate) what: String,
    pub(crate) to_do: String,
    /// Printed, but no failure.
    pub(crate) warning: bool,
    /// What offends and by how much, where the law excuses the offenders on the list.
    pub(crate) offence: Option<Offence>,
}

/// What offends within a file, under a name that unrelated edits leave alone, and a number that is to fall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offence {
    pub(crate) item: String,
    pub(crate) measure: usize,
}

impl Finding {
    pub(crate) fn new(path: &str, line: usize, what: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into(), to_do: to_do.into(), warning: false, offence: None }
    }

    /// The same, excused where the list of offenders has `item` in this file with `measure` or more.
    pub(crate) fn measured(mut self, item: impl Into<String>, measure: usize) -> Self {
        self.offence = Some(Offence { item: item.into(), measure });
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, what, to_do, warning, .. } = self;
        let line = if *line > 0 { format!(":{line}") } else { String::new() };
        write!(f, "{path}{line}: {}{what}; {to_do}", if *warning { "warning: " } else { "" })
    }
}

/// The lines at which `law` finds something in a workspace of the one file `path`.
#[cfg(test)]
pub(crate) fn lines_found(law: fn(&super::read::Tree) -> Vec<Finding>, path: &str, text: &str) -> Vec<usize> {
    law(&super::read::Tree::new([(path, text)])).iter().map(|finding| finding.line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_where_what_and_what_to_do() {
        let mut finding = Finding::new("a.rs", 3, "it is wrong", "right it");
        assert_eq!(finding.to_string(), "a.rs:3: it is wrong; right it");
        finding.warning = true;
        assert_eq!(finding.to_string(), "a.rs:3: warning: it is wrong; right it");
        finding.line = 0;
        assert_eq!(finding.to_string(), "a.rs: warning: it is wrong; right it");
    }
}
