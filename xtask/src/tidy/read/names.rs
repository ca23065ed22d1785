//! Every name in the workspace's Rust, to tell a reference in a text from one to nothing.

use super::declarations::declarations;
use super::paths::paths;
use super::source::Source;
use super::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};

/// For each name the files that it names something of.
pub(crate) struct Names {
    /// The files that declare or import the name.
    known: BTreeMap<String, BTreeSet<usize>>,
    /// The files that are the module of the name, lie in its folder, or declare it.
    owned: BTreeMap<String, BTreeSet<usize>>,
}

impl Names {
    /// Reads all Rust files of `tree`.
    pub(crate) fn new(tree: &Tree) -> Self {
        let mut names = Self { known: BTreeMap::new(), owned: BTreeMap::new() };
        for (file, source) in tree.rust().enumerate() {
            names.add(file, source);
        }
        names
    }

    fn add(&mut self, file: usize, source: &Source) {
        for folder in source.path.split('/') {
            let name = folder.trim_end_matches(".rs").replace('-', "_");
            self.owned.entry(name.clone()).or_default().insert(file);
            self.known.entry(name).or_default().insert(file);
        }
        for declaration in declarations(source) {
            self.owned.entry(declaration.name.clone()).or_default().insert(file);
            self.known.entry(declaration.name).or_default().insert(file);
        }
        for path in paths(source).into_iter().filter(|path| path.imported) {
            self.known.entry(path.name).or_default().insert(file);
        }
    }

    /// Whether the code has something called `name`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.owned.contains_key(name)
    }

    /// Whether `owner` is a module, a folder or a type in whose file `name` is known.
    pub(crate) fn has_within(&self, owner: &str, name: &str) -> bool {
        match (self.owned.get(owner), self.known.get(name)) {
            (Some(owners), Some(known)) => owners.intersection(known).next().is_some(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_where_they_are() {
        let tree = Tree::new([
            ("crates/x/src/a/b.rs", "pub struct B; impl B { fn c() {} }"),
            ("crates/x/src/a/mod.rs", "pub use b::B;"),
            ("crates/x/src/d.rs", "use egg::Id; fn e() {}"),
        ]);
        let names = Names::new(&tree);
        assert!(names.has("a") && names.has("B") && names.has("c") && names.has("d"));
        assert!(!names.has("Id") && !names.has("f"));
        assert!(names.has_within("a", "B") && names.has_within("B", "c") && names.has_within("b", "c"));
        assert!(!names.has_within("d", "c") && !names.has_within("B", "e"));
    }
}
