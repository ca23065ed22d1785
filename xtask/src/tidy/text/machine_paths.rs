//! A law: no text names a place of one machine.

use crate::tidy::finding::Finding;
use crate::tidy::read::{Source, Tree};

/// The folders at the root of a machine that are its own.
const FOLDERS: [&str; 4] = ["home", "root", "work", "tmp"];

/// Reads every text file but the lock file, the gate's own folder and tests.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in tree.files.iter().filter(|source| !is_exempt(source)) {
        for (i, line) in source.text.lines().enumerate() {
            let Some(folder) = FOLDERS.iter().find(|folder| names_folder(line, folder)) else { continue };
            if !source.is_test_line(i + 1) {
                let what = format!("`/{folder}/` is a place of one machine");
                found.push(Finding::new(
                    &source.path,
                    i + 1,
                    what,
                    "name it from the workspace's root, or by a variable",
                ));
            }
        }
    }
    found
}

fn is_exempt(source: &Source) -> bool {
    let mut folders = source.path.split('/');
    source.path == "Cargo.lock" || source.is_in(".ci") || folders.any(|name| name == "tests" || name == "python-tests")
}

/// Whether `line` names `/folder/` as the beginning of a path.
fn names_folder(line: &str, folder: &str) -> bool {
    let path = format!("/{folder}/");
    let is_beginning = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-~*}>)$".contains(c));
    line.match_indices(&path).any(|(at, _)| is_beginning(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::lines_found;

    #[test]
    fn places_of_a_machine_are_found() {
        for folder in FOLDERS {
            let text = format!("a\nsee /{folder}/x\n");
            assert_eq!(lines_found(check, "README.md", &text), [2], "{text}");
            assert_eq!(lines_found(check, "crates/eckart/src/a.rs", &format!("\n// \"/{folder}/x\"\n")), [2]);
            for exempt in ["Cargo.lock", ".ci/run", "tests/python/test_models.py", "crates/eckart/tests/it/a.rs"] {
                assert_eq!(lines_found(check, exempt, &text), [0; 0], "{exempt}");
            }
        }
    }

    #[test]
    fn other_paths_and_tests_pass() {
        let fine = |path, text| assert_eq!(lines_found(check, path, text), [0; 0], "{text}");
        fine("README.md", "https://example.org/home/x, target/tmp/y, $DIR/work/z, /usr/bin/env, ./root/a");
        fine("xtask/src/a.rs", "#[cfg(test)]\nmod tests {\n// /tmp/a\n}");
    }
}
