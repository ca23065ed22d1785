//! A law: no two files of a stage import each other, directly or round a circle.
//!
//! An import is a `use` or a path in code, tests apart, and leads to the file that defines the item: past a `mod.rs`
//! that gives out what others define. So a `mod.rs` that only declares and re-exports is in no circle; one that defines
//! what its children use, and uses them, is. The root of a crate (`lib.rs`, `main.rs`) is left out: it declares all.
//! Stages can't form a circle, since they have an order (`stage_order`), so each crate is searched as a whole.
//!
//! What is measured is how many files of its own circle a file imports: a circle on the list can't gain an import.

use crate::tidy::finding::Finding;
use crate::tidy::read::{Modules, Source, Target, Tree, paths};
use std::collections::{BTreeMap, BTreeSet};

/// Looks at every crate, and at this tool.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let folder = |source: &Source| source.path.find("/src/").map(|at| source.path[..at + "/src".len()].to_owned());
    let roots: BTreeSet<String> = tree.bound().filter_map(folder).collect();
    roots.iter().flat_map(|src| check_crate(tree, src)).collect()
}

/// For each file the files it imports, each with the line of its first import.
type Imports = Vec<BTreeMap<usize, usize>>;

fn check_crate(tree: &Tree, src: &str) -> Vec<Finding> {
    let modules = Modules::new(tree.files.iter(), src);
    let imports: Imports = (0..modules.files.len()).map(|file| imports(&modules, file)).collect();
    let reached: Vec<BTreeSet<usize>> = (0..imports.len()).map(|file| reached(&imports, file)).collect();
    let finding = |file: usize| {
        let is_back = |other: &usize| reached[*other].contains(&file);
        let circle = reached[file].iter().filter(|other| is_back(other)).count();
        let within: Vec<(usize, usize)> =
            imports[file].iter().map(|(&other, &line)| (other, line)).filter(|(other, _)| is_back(other)).collect();
        let first = within.iter().map(|&(_, line)| line).min()?;
        let names: Vec<&str> = within.iter().map(|&(other, _)| &modules.files[other].path[src.len() + 1..]).collect();
        let what = format!("it imports {}, which lead(s) back to it in a circle of {circle} files", names.join(", "));
        let to_do = "move what both sides need into a file that imports neither, or hand it over as an argument";
        let source = modules.files[file];
        Some(Finding::new(&source.path, first, what, to_do).measured("imports in a circle", within.len()))
    };
    (0..imports.len()).filter_map(finding).collect()
}

fn is_root(source: &Source, modules: &Modules) -> bool {
    let depth = |source: &Source| source.path.matches('/').count();
    let top = modules.files.iter().map(|source| depth(source)).min();
    ["lib", "main"].contains(&source.stem()) && Some(depth(source)) == top
}

/// The other files that the file number `file` imports.
fn imports(modules: &Modules, file: usize) -> BTreeMap<usize, usize> {
    let source = modules.files[file];
    let mut imports = BTreeMap::new();
    if is_root(source, modules) {
        return imports;
    }
    for path in paths(source).iter().filter(|path| !source.is_test(path.token)) {
        let is_public = path.imported && is_public(source, path.token);
        let is_glob = path.words.last().is_some_and(|word| word == "*");
        let other = match modules.target(file, path) {
            Target::Item(other) if !is_public || is_used(source, &path.name) => other,
            Target::Module(other) if is_glob && !is_public => other,
            Target::Module(other) if is_glob && modules.items(other).any(|name| is_used(source, name)) => other,
            _ => continue,
        };
        if other != file && !is_root(modules.files[other], modules) {
            imports.entry(other).or_insert(source.tokens[path.token].line);
        }
    }
    imports
}

/// Whether the `use` that holds `token` gives out what it imports.
fn is_public(source: &Source, token: usize) -> bool {
    let begin = (0..token).rev().find(|&i| source.at(i, "use")).unwrap_or(0);
    begin > 0 && (source.at(begin - 1, "pub") || source.at(begin - 1, ")"))
}

/// Whether the code of the file, its imports and tests apart, names `name`.
fn is_used(source: &Source, name: &str) -> bool {
    let mut i = 0;
    while i < source.tokens.len() {
        if source.at(i, "use") && !source.at(i + 1, "<") {
            i = (i..source.tokens.len()).find(|&k| source.at(k, ";")).unwrap_or(source.tokens.len());
        } else if source.at(i, name) && !source.is_test(i) {
            return true;
        }
        i += 1;
    }
    false
}

/// All files that imports lead to from `file`, itself only where they lead back.
fn reached(imports: &Imports, file: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut open = vec![file];
    while let Some(at) = open.pop() {
        for &other in imports[at].keys() {
            if reached.insert(other) {
                open.push(other);
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    const SRC: &str = "crates/eckart/src/";

    /// A crate of `files`, with the modules above them.
    fn tree(files: &[(&str, &str)]) -> Tree {
        let above = [("lib.rs", "mod a;"), ("a/mod.rs", "")];
        let above = above.iter().filter(|(path, _)| !files.iter().any(|file| file.0 == *path));
        Tree::new(above.chain(files).map(|(path, text)| (format!("{SRC}{path}"), *text)))
    }

    /// The files found with their measures, in a crate of `files`.
    fn check_files(files: &[(&str, &str)], expected: &[(&str, usize)]) {
        let found = check(&tree(files));
        let mut shown: Vec<(&str, usize)> = found
            .iter()
            .filter_map(|finding| Some((&finding.path[SRC.len()..], finding.offence.as_ref()?.measure)))
            .collect();
        shown.sort_unstable();
        assert_eq!(shown, expected, "{found:?}");
    }

    #[test]
    fn two_files_that_import_each_other_are_found() {
        let files = [
            ("a/mod.rs", "mod b; mod c; pub use b::B;"),
            ("a/b.rs", "use super::c::C;\npub struct B;"),
            ("a/c.rs", "pub struct C; fn f() { crate::a::B::new() }"),
        ];
        check_files(&files, &[("a/b.rs", 1), ("a/c.rs", 1)]);
        assert!(check(&tree(&files))[0].to_string().contains("a/b.rs:1: it imports a/c.rs, which lead(s) back"));
    }

    #[test]
    fn longer_circles_are_found_and_what_hangs_on_them_is_not() {
        let files = [
            ("a/b.rs", "use crate::a::c::from_c; use crate::a::e::from_e; fn from_b() {}"),
            ("a/c.rs", "use crate::a::d::from_d; fn from_c() {}"),
            ("a/d.rs", "fn from_d() { super::b::from_b(); super::b::from_e() }"),
            ("a/e.rs", "fn from_e() {}"),
            ("a/h.rs", "use super::{b, c}; fn f() { b::from_b(); c::from_c(); }"),
        ];
        check_files(&files, &[("a/b.rs", 1), ("a/c.rs", 1), ("a/d.rs", 1)]);
    }

    #[test]
    fn a_facade_is_in_no_circle_but_a_parent_with_code_of_its_own_is() {
        let child = "use super::Shared; fn f(shared: Shared) {}";
        check_files(&[("a/mod.rs", "mod b; pub use b::f; pub struct Shared;"), ("a/b.rs", child)], &[]);
        let globs = "mod b; pub use b::*; pub struct Shared; fn g(x: &u8) { *x }";
        check_files(&[("a/mod.rs", globs), ("a/b.rs", child)], &[]);
        let used = "mod b; pub use b::*; pub struct Shared; fn g() { f() }";
        check_files(&[("a/mod.rs", used), ("a/b.rs", child)], &[("a/b.rs", 1), ("a/mod.rs", 1)]);
        let parent = "mod b; pub use b::f; pub struct Shared; fn g() { f() }";
        check_files(&[("a/mod.rs", parent), ("a/b.rs", child)], &[("a/b.rs", 1), ("a/mod.rs", 1)]);
        let parent = "mod b; pub struct Shared; fn g() { b::f() }";
        check_files(&[("a/mod.rs", parent), ("a/b.rs", child)], &[("a/b.rs", 1), ("a/mod.rs", 1)]);
    }

    #[test]
    fn roots_tests_and_modules_that_are_only_declared_are_free() {
        check_files(&[("lib.rs", "mod a; fn f() { a::f() }"), ("a/mod.rs", "use crate::f;")], &[]);
        let test = "fn f() {} #[cfg(test)] mod tests { use crate::a::c::g; }";
        check_files(&[("a/b.rs", test), ("a/c.rs", "use super::b::f; fn g() {}")], &[]);
        check_files(&[("a/mod.rs", "mod b; fn f() {}"), ("a/b.rs", "use super::f; use super::super::a;")], &[]);
    }
}
