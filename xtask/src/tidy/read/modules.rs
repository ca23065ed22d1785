//! The modules of one crate, and which file a path leads to: re-exports are followed to the file that defines the item.

use super::declarations::{Declaration, Named, declarations};
use super::paths::{Path, paths};
use super::source::Source;
use std::collections::{BTreeMap, BTreeSet};

/// More names than this on the way to an item are a circle of re-exports.
const DEPTH: usize = 16;

/// The modules of a crate, by their path from its root (`solve`, `block`; the root itself is empty).
pub(crate) struct Modules<'a> {
    /// Its files, sorted by path.
    pub(crate) files: Vec<&'a Source>,
    modules: BTreeMap<Vec<String>, Module>,
}

#[derive(Default)]
struct Module {
    file: usize,
    imports: Vec<Path>,
    declared: BTreeSet<String>,
}

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// To a module: the file that holds it.
    Module(usize),
    /// To an item: the file that defines it, or the macro or generated item that nobody can tell.
    Item(usize),
    /// Out of the crate.
    Outside,
}

enum Found {
    Module(Vec<String>),
    Item(usize),
    Outside,
}

impl<'a> Modules<'a> {
    /// The modules of the crate whose root file lies in the folder `src`.
    pub(crate) fn new(files: impl Iterator<Item = &'a Source>, src: &str) -> Self {
        let files: Vec<&Source> = files.filter(|source| source.is_rust() && source.is_in(src)).collect();
        let mut modules: BTreeMap<Vec<String>, Module> = BTreeMap::new();
        for (file, source) in files.iter().enumerate() {
            let own = module_path(&source.path[src.len() + 1..]);
            modules.entry(own.clone()).or_default().file = file;
            let at = |token| own.iter().cloned().chain(source.inline_mods_at(token).map(str::to_owned)).collect();
            for path in paths(source).into_iter().filter(|path| path.imported && !source.is_test(path.token)) {
                let module = modules.entry(at(path.token)).or_default();
                module.file = file;
                module.imports.push(path);
            }
            let is_item = |d: &Declaration| d.named != Named::Other && !source.is_test(d.token);
            for declaration in declarations(source).into_iter().filter(is_item) {
                let module = modules.entry(at(declaration.token)).or_default();
                module.file = file;
                module.declared.insert(declaration.name);
            }
        }
        Self { files, modules }
    }

    /// Where `path`, named in the file number `file`, leads.
    pub(crate) fn target(&self, file: usize, path: &Path) -> Target {
        let source = self.files[file];
        let own = self.modules.iter().find(|(at, module)| module.file == file && !self.is_inline(at));
        let Some((own, _)) = own else { return Target::Outside };
        let inline = source.inline_mods_at(path.token).map(str::to_owned);
        let at: Vec<String> = own.iter().cloned().chain(inline).collect();
        match self.resolve(&at, &path.words, 0) {
            Found::Module(module) => Target::Module(self.modules[&module].file),
            Found::Item(file) => Target::Item(file),
            Found::Outside => Target::Outside,
        }
    }

    /// The items that the modules of the file number `file` declare.
    pub(crate) fn items(&self, file: usize) -> impl Iterator<Item = &str> {
        let own = self.modules.values().filter(move |module| module.file == file);
        own.flat_map(|module| module.declared.iter().map(String::as_str))
    }

    /// Whether the module is written out in the file of its parent.
    fn is_inline(&self, at: &[String]) -> bool {
        let parent = at.split_last().and_then(|(_, parent)| self.modules.get(parent));
        parent.is_some_and(|parent| parent.file == self.modules[at].file)
    }

    fn resolve(&self, at: &[String], words: &[String], depth: usize) -> Found {
        let mut here = at.to_vec();
        let mut rest = words.iter();
        let mut is_rooted = false;
        while let Some(word) =
            rest.as_slice().first().filter(|word| ["crate", "self", "super"].contains(&word.as_str()))
        {
            match word.as_str() {
                "crate" => here.clear(),
                "super" => drop(here.pop()),
                _ => {}
            }
            is_rooted = true;
            rest.next();
        }
        let rest = rest.as_slice();
        match rest.first() {
            Some(first) if !is_rooted && !self.knows(&here, first) => Found::Outside,
            _ => self.descend(here, rest, depth),
        }
    }

    /// Whether `name` means something of this crate in the module `at`, by declaration or import.
    fn knows(&self, at: &[String], name: &str) -> bool {
        self.child(at, name).is_some() || self.import(at, name).is_some()
    }

    fn descend(&self, mut here: Vec<String>, words: &[String], depth: usize) -> Found {
        if depth > DEPTH || !self.modules.contains_key(&here) {
            return Found::Outside;
        }
        for (i, word) in words.iter().enumerate() {
            if word == "*" {
                break;
            }
            if let Some(child) = self.child(&here, word) {
                here = child;
            } else if let Some(import) = self.import(&here, word) {
                match self.resolve_import(&here, import, depth) {
                    Found::Module(module) => here = module,
                    item => return item,
                }
            } else {
                return self.by_glob(&here, &words[i..], depth).unwrap_or(Found::Item(self.modules[&here].file));
            }
        }
        Found::Module(here)
    }

    fn resolve_import(&self, here: &[String], import: &Path, depth: usize) -> Found {
        // `use egg::egg`: the name is not its own origin.
        let names_itself = import.words.first() == Some(&import.name) && self.child(here, &import.name).is_none();
        if names_itself { Found::Outside } else { self.resolve(here, &import.words, depth + 1) }
    }

    fn child(&self, at: &[String], name: &str) -> Option<Vec<String>> {
        let mut child = at.to_vec();
        child.push(name.to_owned());
        self.modules.contains_key(&child).then_some(child)
    }

    fn import(&self, at: &[String], name: &str) -> Option<&Path> {
        self.modules
            .get(at)?
            .imports
            .iter()
            .find(|path| path.name == name && path.words.last().is_some_and(|w| w != "*"))
    }

    /// What a glob import of the module `here` brings in under the first of `words`.
    fn by_glob(&self, here: &[String], words: &[String], depth: usize) -> Option<Found> {
        let module = &self.modules[here];
        if module.declared.contains(&words[0]) {
            return None;
        }
        let globs = module.imports.iter().filter(|path| path.words.last().is_some_and(|word| word == "*"));
        for glob in globs {
            let base = &glob.words[..glob.words.len() - 1];
            let Found::Module(base) = self.resolve(here, base, depth + 1) else { continue };
            if base != here && (self.knows(&base, &words[0]) || self.modules[&base].declared.contains(&words[0])) {
                return Some(self.descend(base, words, depth + 1));
            }
        }
        None
    }
}

/// The path of the module in the file `place`: `data/npy.rs` is `data`, `npy`, and `data/mod.rs` is `data`.
fn module_path(place: &str) -> Vec<String> {
    let place = place.trim_end_matches(".rs");
    let place = place.strip_suffix("/mod").unwrap_or(place);
    if ["lib", "main", "mod"].contains(&place) { Vec::new() } else { place.split('/').map(str::to_owned).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::read::Tree;

    /// Where the paths of `b.rs` lead in a crate of a few files.
    fn check(text: &str, expected: &[&str]) {
        let tree = Tree::new([
            ("crates/x/src/a/b.rs", text),
            ("crates/x/src/a/c.rs", "pub struct C; pub fn c() {} pub mod inner { pub use super::super::super::d::D; }"),
            (
                "crates/x/src/a/mod.rs",
                "mod b; pub mod c; pub use c::C; use self::c as other; pub struct A; pub use super::d::*;",
            ),
            ("crates/x/src/d.rs", "pub struct D; pub use crate::a::c::c as renamed;"),
            ("crates/x/src/lib.rs", "mod a; mod d; pub use a::C as Top; pub use egg::Id;"),
        ]);
        let modules = Modules::new(tree.files.iter(), "crates/x/src");
        let file = modules.files.iter().position(|source| source.path.ends_with("b.rs")).expect("it is there");
        let shown: Vec<String> = paths(modules.files[file])
            .iter()
            .map(|path| match modules.target(file, path) {
                Target::Module(at) => format!("mod {}", &modules.files[at].path["crates/x/src/".len()..]),
                Target::Item(at) => modules.files[at].path["crates/x/src/".len()..].to_owned(),
                Target::Outside => "outside".to_owned(),
            })
            .collect();
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn an_item_is_where_it_is_defined() {
        check("use super::c::C; use crate::d::D; fn f() { crate::a::A::new() }", &["a/c.rs", "d.rs", "a/mod.rs"]);
        check("use super::C; use crate::Top; use crate::d::renamed;", &["a/c.rs", "a/c.rs", "a/c.rs"]);
        check("use super::D; use crate::a::c::inner::D as E;", &["d.rs", "d.rs"]);
        check("fn f() { super::other::c() }", &["a/c.rs"]);
    }

    #[test]
    fn modules_are_told_from_items() {
        check("use super::c; fn f() { c::c(); }", &["mod a/c.rs", "a/c.rs"]);
        check("use crate::d::*; use super::c::inner;", &["mod d.rs", "mod a/c.rs"]);
        check("mod own { use super::super::c::C; pub struct P; } fn f() { own::P }", &["a/c.rs", "a/b.rs"]);
    }

    #[test]
    fn other_crates_are_outside() {
        check("use std::fmt; use crate::Id; fn f() { fmt::g(); d::D::new() }", &["outside"; 4]);
    }
}
