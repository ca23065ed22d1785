//! A law: no test goes without a word. `xtask/tests.txt` has the name of every test, and a line with its reason for
//! each that is gone. A test that only moves to another file keeps its line.

use crate::Failure;
use crate::tidy::finding::Finding;
use crate::tidy::read::{Source, Tree};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The list.
const FILE: &str = "xtask/tests.txt";
const HEAD: &str = "\
# The name of every test, with its number where several have it. A test that goes has a line `- NAME: REASON`.
# `cargo xtask tidy --tests` adds the names that are new; it removes none.
";

/// How many tests have a name.
type Names = BTreeMap<String, usize>;

/// Holds the tests of the tree to the list.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(file) = tree.file(FILE) else { return Vec::new() };
    let (listed, gone, mut found) = read(&file.text);
    let there = tests(tree);
    for (name, count) in &listed {
        let left = there.get(name).copied().unwrap_or(0);
        let gone = gone.get(name).copied().unwrap_or(0);
        if left + gone < *count {
            let what = format!("of {count} test(s) called `{name}` {left} are left");
            found.push(Finding::new(FILE, 0, what, format!("bring it back, or add `- {name}: REASON`")));
        }
    }
    for (name, count) in &there {
        if listed.get(name).is_none_or(|listed| listed < count) {
            let what = format!("the test `{name}` is not listed");
            found.push(Finding::new(FILE, 0, what, "`cargo xtask tidy --tests` adds it"));
        }
    }
    found
}

/// Adds the names that are new to the list of the workspace at `root`.
pub(crate) fn add_new(root: &Path) -> Result<(), Failure> {
    let failed = |what: &str, error: &std::io::Error| Failure::new(format!("can't {what} {FILE}: {error}"));
    let tree = Tree::read(root).map_err(|error| failed("read the workspace for", &error))?;
    let text = fs::read_to_string(root.join(FILE)).unwrap_or_default();
    let (mut listed, _, _) = read(&text);
    let mut new = 0;
    for (name, count) in tests(&tree) {
        let known = listed.entry(name).or_default();
        new += count.saturating_sub(*known);
        *known = count.max(*known);
    }
    let mut written = HEAD.to_owned();
    text.lines().filter(|line| line.starts_with("- ")).for_each(|line| written += &format!("{line}\n"));
    for (name, count) in &listed {
        written += &if *count > 1 { format!("{name} {count}\n") } else { format!("{name}\n") };
    }
    fs::write(root.join(FILE), written).map_err(|error| failed("write", &error))?;
    println!("{FILE}: {new} test(s) added, {} in all", listed.values().sum::<usize>());
    Ok(())
}

/// The names that are listed, those that are gone, and the lines that say neither.
fn read(text: &str) -> (Names, Names, Vec<Finding>) {
    let (mut listed, mut gone, mut found) = (Names::new(), Names::new(), Vec::new());
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
        if let Some(line) = line.strip_prefix("- ") {
            match line.split_once(": ") {
                Some((name, reason)) if !reason.trim().is_empty() => *gone.entry(name.to_owned()).or_default() += 1,
                _ => {
                    found.push(Finding::new(FILE, at + 1, "a test is gone without a reason", "write `- NAME: REASON`"))
                }
            }
            continue;
        }
        let (name, count) = line.split_once(' ').map_or((line, Some(1)), |(name, count)| (name, count.parse().ok()));
        match count {
            Some(count) => drop(listed.insert(name.to_owned(), count)),
            None => found.push(Finding::new(FILE, at + 1, "this is no name and number", "write `NAME` or `NAME 2`")),
        }
    }
    (listed, gone, found)
}

/// The tests of the tree.
fn tests(tree: &Tree) -> Names {
    let mut names = Names::new();
    for source in &tree.files {
        let found = if source.is_rust() { rust_tests(source) } else { python_tests(source) };
        found.into_iter().for_each(|name| *names.entry(name).or_default() += 1);
    }
    names
}

fn rust_tests(source: &Source) -> Vec<String> {
    let marked = source.find("#").filter(|&i| source.reads(i, &["#", "[", "test", "]"]));
    marked
        .filter_map(|i| (i..source.tokens.len()).find(|&k| source.at(k, "fn")))
        .map(|k| name_at(source, k + 1))
        .collect()
}

fn name_at(source: &Source, i: usize) -> String {
    source.tokens.get(i).map_or_else(String::new, |token| token.text.clone())
}

fn python_tests(source: &Source) -> Vec<String> {
    if !source.path.starts_with("tests/python/") || !source.path.ends_with(".py") {
        return Vec::new();
    }
    let named = |line: &str| {
        let name = line.trim_start().strip_prefix("def ")?.split('(').next()?;
        name.starts_with("test_").then(|| name.to_owned())
    };
    source.text.lines().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "#[test]\nfn one() {}\n#[test]\n#[should_panic(expected = \"x\")]\nfn two() {}\nfn three() {}\n";

    fn findings(list: &str) -> Vec<String> {
        let python = "def test_four(a):\n    pass\n\nclass T:\n    def test_four(self):\n        pass\n";
        let tree = Tree::new([
            ("crates/a/src/lib.rs", CODE),
            ("tests/python/test_a.py", python),
            ("examples/b.py", python),
            (FILE, list),
        ]);
        check(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_list_of_all_tests_holds() {
        assert_eq!(findings("# head\none\ntest_four 2\ntwo\n"), [""; 0]);
        assert_eq!(findings("- old: it was wrong\nold\none\ntest_four 2\ntwo\n"), [""; 0]);
    }

    #[test]
    fn a_test_that_goes_or_comes_is_found() {
        let found = findings("old\none\ntest_four 3\n- old:\nnine eyes\n");
        assert_eq!(found.len(), 5, "{found:?}");
        let says = |text: &str| found.iter().any(|line| line.contains(text));
        assert!(says("tests.txt:4: a test is gone without a reason") && says("tests.txt:5: this is no name"));
        assert!(says("of 1 test(s) called `old` 0 are left") && says("of 3 test(s) called `test_four` 2 are left"));
        assert!(says("the test `two` is not listed"));
    }
}
