//! A law: a file has at most 1,000 lines; more than 500 are a warning.

use crate::tidy::finding::Finding;
use crate::tidy::read::Tree;

const WARN: usize = 500;
const FAIL: usize = 1000;

/// Counts the lines, tests included.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in tree.bound() {
        let lines = source.text.lines().count();
        if lines > WARN {
            let what = format!("{lines} lines, and {} is the most", if lines > FAIL { FAIL } else { WARN });
            let mut finding = Finding::new(&source.path, lines, what, "cut it where two subjects meet");
            finding.warning = lines <= FAIL;
            found.push(finding);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_warn_and_very_long_ones_fail() {
        let warnings = |lines: usize| {
            let tree = Tree::new([("crates/eckart/src/a.rs", "//\n".repeat(lines))]);
            check(&tree).iter().map(|finding| finding.warning).collect::<Vec<_>>()
        };
        assert_eq!(warnings(500), [false; 0]);
        assert_eq!(warnings(501), [true]);
        assert_eq!(warnings(1000), [true]);
        assert_eq!(warnings(1001), [false]);
    }
}
