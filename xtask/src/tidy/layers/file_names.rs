//! A law: no file or folder is named for being a leftover.

use crate::tidy::finding::Finding;
use crate::tidy::read::Tree;

const BANNED: [&str; 7] = ["utils", "util", "helpers", "helper", "common", "base", "misc"];

/// Looks at every part of every path.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in &tree.files {
        let mut parts: Vec<&str> = source.path.split('/').collect();
        parts.pop();
        parts.push(source.stem());
        if let Some(name) = parts.iter().find(|name| BANNED.contains(name)) {
            let what = format!("`{name}` says nothing of what is in it");
            found.push(Finding::new(
                &source.path,
                1,
                what,
                "name it for what it does, or move its parts where they belong",
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::lines_found;

    #[test]
    fn leftovers_are_found() {
        for path in ["crates/eckart/src/data/utils.rs", "crates/eckart/tests/common/mod.rs", "bench/misc.py"] {
            assert_eq!(lines_found(check, path, ""), [1], "{path}");
        }
        for path in ["crates/eckart/src/data/utility.rs", "database.md", "bench/based.py"] {
            assert_eq!(lines_found(check, path, ""), [0; 0], "{path}");
        }
    }
}
