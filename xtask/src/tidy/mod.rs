//! Checks the laws of the house: each is a small file here and a row of `LAWS`.

mod banned_words;
mod file_names;
mod file_size;
mod function_size;
mod lexer;
mod machine_paths;
mod module_docs;
mod paths;
mod prim_wildcards;
mod source;
mod stage_order;
mod string_errors;
mod tree;
mod unsafe_code;
mod walls;

use crate::Failure;
use std::fmt;
use std::path::Path;
use tree::Tree;

/// A law: what it is called and how a tree is held to it.
struct Law {
    name: &'static str,
    check: fn(&Tree) -> Vec<Finding>,
}

const LAWS: &[Law] = &[
    Law { name: "stages use only themselves and the stages above", check: stage_order::check },
    Law { name: "an outside crate has one place", check: walls::check },
    Law { name: "files are short", check: file_size::check },
    Law { name: "functions are short", check: function_size::check },
    Law { name: "modules say what they are", check: module_docs::check },
    Law { name: "files have telling names", check: file_names::check },
    Law { name: "unsafe code has one place and gives its reason", check: unsafe_code::check },
    Law { name: "a match on the primitives lists them all", check: prim_wildcards::check },
    Law { name: "banned words", check: banned_words::check },
    Law { name: "errors are typed", check: string_errors::check },
    Law { name: "no path of one machine", check: machine_paths::check },
];

/// Something that is against a law, and the way out.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    line: usize,
    what: String,
    to_do: String,
    /// Printed, but no failure.
    warning: bool,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into(), to_do: to_do.into(), warning: false }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, what, to_do, warning } = self;
        write!(f, "{path}:{line}: {}{what}; {to_do}", if *warning { "warning: " } else { "" })
    }
}

/// Holds the workspace at `root` to every law and prints what is against one.
pub(crate) fn tidy(root: &Path) -> Result<(), Failure> {
    let tree = Tree::read(root).map_err(|error| Failure::new(format!("can't read the workspace: {error}")))?;
    let mut violations = 0;
    for law in LAWS {
        let findings = (law.check)(&tree);
        let broken = findings.iter().filter(|finding| !finding.warning).count();
        if broken > 0 {
            println!("against the law \"{}\":", law.name);
        }
        for finding in &findings {
            println!("{finding}");
        }
        violations += broken;
    }
    if violations > 0 {
        return Err(Failure::new(format!("tidy: {violations} violation(s)")));
    }
    println!("tidy: {} files, {} laws, no violation", tree.files.len(), LAWS.len());
    Ok(())
}

/// The lines at which `law` finds something in a workspace of the one file `path`.
#[cfg(test)]
fn lines_found(law: fn(&Tree) -> Vec<Finding>, path: &str, text: &str) -> Vec<usize> {
    law(&Tree::new([(path, text)])).iter().map(|finding| finding.line).collect()
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
    }
}
