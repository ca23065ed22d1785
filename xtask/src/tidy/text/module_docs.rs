//! A law: a file begins by saying what it is, and a module of a crate also what goes in, comes out, holds and is
//! absent.

use crate::tidy::finding::Finding;
use crate::tidy::read::{Source, Tree};

/// Each label, and whether it may stand within a line.
const LABELS: [(&str, bool); 4] = [("In:", false), ("Out:", true), ("Invariant:", false), ("Not here:", false)];

/// What `Invariant:` was called: it stands for it, and is an offender.
const OLD: &str = "Law:";

/// Reads the first lines of every file.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let documented = |source: &&Source| {
        ["xtask/src", "bench/src"].iter().any(|place| source.is_in(place)) || source.is_crate_source()
    };
    tree.rust().filter(documented).filter_map(check_file).collect()
}

fn check_file(source: &Source) -> Option<Finding> {
    let docs: Vec<&str> = source.text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    let is_label = |line: &&&str| line.starts_with(OLD) || LABELS.iter().any(|(label, _)| line.starts_with(label));
    let sentence: Vec<&str> = docs.iter().take_while(|line| !is_label(line) && !line.is_empty()).copied().collect();
    if !sentence.last().is_some_and(|line| line.ends_with('.')) {
        let to_do = "begin it with `//! ` and one sentence, with a full stop, that says what it is for";
        return Some(Finding::new(&source.path, 1, "the file doesn't say what it is", to_do));
    }
    let missing = missing(&docs);
    if needs_labels(source) && !missing.is_empty() {
        let what = format!("the module's text lacks {}", missing.join(" and "));
        return Some(Finding::new(
            &source.path,
            1,
            what,
            "add it below the first sentence, as `//! In: ...  Out: ...`",
        ));
    }
    let old = docs.iter().position(|line| line.starts_with(OLD))?;
    let what = format!("the label `{OLD}` is called `Invariant:` now");
    Some(Finding::new(&source.path, old + 1, what, "rename it").measured(OLD, 1))
}

/// The labels that the lines of a module's text lack.
fn missing(docs: &[&str]) -> Vec<&'static str> {
    let has =
        |label: &str, inside: bool| docs.iter().any(|line| line.starts_with(label) || (inside && line.contains(label)));
    let is_there = |label: &str, inside: bool| has(label, inside) || (label == "Invariant:" && has(OLD, false));
    LABELS.iter().filter(|(label, inside)| !is_there(label, *inside)).map(|row| row.0).collect()
}

/// The root of a crate or of a command says what it is in its own way, a module of tests needs its sentence only, and
/// this tool is no part of the engine.
fn needs_labels(source: &Source) -> bool {
    let is_root = ["lib", "main"].contains(&source.stem()) || source.path.contains("/bin/");
    source.is_crate_source() && !is_root && !source.is_all_test()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::lines_found;

    const FULL: &str = "//! Reads: a and b,\n//! and c.\n//! In: a.  Out: b.\n//! Invariant: c.\n//! Not here: d.\n";

    #[test]
    fn what_says_enough_passes() {
        let fine = |path, text: &str| assert_eq!(lines_found(check, path, text), [0; 0], "{path}: {text}");
        fine("crates/eckart/src/data/npy.rs", FULL);
        fine("crates/eckart/src/data/npy.rs", &FULL.replace("  Out", "\n//! Out"));
        fine("crates/eckart/src/lib.rs", "//! A crate.\n");
        fine("crates/eckart-cli/src/bin/x.rs", "//! A command.\n");
        fine("xtask/src/a.rs", "//! A task.\n");
        fine("crates/eckart/tests/it/a.rs", "");
        fine("crates/eckart/src/data/tests.rs", "//! Tests.\n#![cfg(test)]\nfn f() {}\n");
    }

    #[test]
    fn what_says_too_little_is_found() {
        let found = |path, text: &str| assert_eq!(lines_found(check, path, text), [1], "{path}: {text}");
        for (label, _) in LABELS {
            found("crates/eckart/src/data/npy.rs", &FULL.replace(label, "Else:"));
        }
        found(
            "crates/eckart/src/data/npy.rs",
            &format!(
                "use a::b;
{FULL}"
            ),
        );
        found("crates/eckart/src/data/npy.rs", "//! In: a.  Out: b.\n//! Invariant: c.\n//! Not here: d.\n");
        found("crates/eckart/src/lib.rs", "pub mod data;\n");
        found("crates/eckart-cli/src/main.rs", "//! no full stop\n");
        found("xtask/src/a.rs", "// no doc\n");
    }

    #[test]
    fn the_old_label_counts_and_is_an_offender() {
        let check_text = |text: &str| check(&Tree::new([("crates/eckart/src/data/npy.rs", text)]));
        let old = FULL.replace("Invariant:", OLD);
        let found = check_text(&old);
        assert_eq!(found.len(), 1);
        assert_eq!(lines_found(check, "bench/src/a.rs", &old), [4]);
        assert_eq!((found[0].line, found[0].offence.is_some()), (4, true));
        let found = check_text(&old.replace("In:", "Else:"));
        assert_eq!((found.len(), found[0].offence.is_some()), (1, false), "another label is missing: no excuse");
    }
}
