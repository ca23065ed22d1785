//! A law: a folder of source holds at most 12 files.
//!
//! Files of source are Rust, Python and what a page is made of; data is not. Folders of tests are free: each of their
//! files is read by itself, and a new feature brings one.

use crate::tidy::finding::Finding;
use crate::tidy::read::{Source, Tree};
use std::collections::BTreeMap;

const MOST: usize = 12;

const ENDINGS: [&str; 6] = [".rs", ".py", ".pyi", ".js", ".css", ".html"];

/// Counts the files of every folder.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for source in tree.files.iter().filter(|source| is_source(source)) {
        let folder = source.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        *counts.entry(folder).or_default() += 1;
    }
    let finding = |(folder, count): (&str, usize)| {
        let what = format!("the folder has {count} files, and {MOST} is the most");
        let to_do = "move those that belong together into a folder with a name";
        Finding::new(folder, 0, what, to_do).measured("files", count)
    };
    counts.into_iter().filter(|&(_, count)| count > MOST).map(finding).collect()
}

fn is_source(source: &Source) -> bool {
    let parts: Vec<&str> = source.path.split('/').collect();
    let is_in_place = match parts[0] {
        "crates" => ["src", "python"].contains(parts.get(2).unwrap_or(&"")),
        "xtask" | "bench" => parts.get(1) == Some(&"src"),
        _ => false,
    };
    is_in_place && !source.is_all_test() && ENDINGS.iter().any(|ending| source.path.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The measures found in a tree with `count` files in `folder`, and more in a folder below.
    fn measures(folder: &str, count: usize) -> Vec<usize> {
        let files = (0..count).map(|i| (format!("{folder}/f{i}.rs"), "fn f() {}"));
        let below = (0..12).map(|i| (format!("{folder}/below/f{i}.rs"), "fn f() {}"));
        let others = ["a.txt", "b.json"].map(|name| (format!("{folder}/{name}"), "x"));
        let test = (format!("{folder}/tests.rs"), "#![cfg(test)] fn f() {}");
        let tree = Tree::new(files.chain(below).chain(others).chain([test]));
        check(&tree).into_iter().filter_map(|finding| finding.offence).map(|offence| offence.measure).collect()
    }

    #[test]
    fn a_folder_of_source_has_at_most_twelve_files() {
        assert_eq!(measures("crates/eckart/src/data", 12), [0; 0]);
        assert_eq!(measures("crates/eckart/src/data", 13), [13]);
        assert_eq!(measures("xtask/src/tidy", 14), [14]);
        assert_eq!(measures("crates/eckart/tests/it", 14), [0; 0]);
        assert_eq!(measures("bench/peers", 14), [0; 0]);
    }
}
