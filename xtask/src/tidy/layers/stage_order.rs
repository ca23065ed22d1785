//! A law: a stage of the engine uses only itself and the stages above it.

use crate::tidy::finding::Finding;
use crate::tidy::read::{Path, Source, Tree, paths};

/// The stages, first to last; `error` is above them all.
pub(super) const STAGES: [&str; 15] = [
    "error", "data", "expr", "model", "facts", "grad", "rewrite", "rows", "plan", "run", "function", "solve", "apply",
    "report", "explain",
];

pub(super) const SRC: &str = "crates/eckart/src/";

/// Holds every stage to the order.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    let exports = match tree.file("crates/eckart/src/lib.rs") {
        Some(lib) => exports(lib, &mut found),
        None => Vec::new(),
    };
    for source in tree.rust() {
        let Some(place) = source.path.strip_prefix(SRC) else { continue };
        if place == "lib.rs" {
            continue;
        }
        check_file(source, &modules(place), &exports, &mut found);
    }
    found
}

/// The names that lib.rs gives out and the stage each comes from.
fn exports(lib: &Source, found: &mut Vec<Finding>) -> Vec<(String, String)> {
    let mut exports = Vec::new();
    for path in paths(lib).iter().filter(|path| path.imported && !lib.is_test(path.token)) {
        let words: Vec<&str> =
            path.words.iter().map(String::as_str).skip_while(|w| ["crate", "self"].contains(w)).collect();
        if !words.first().is_some_and(|first| STAGES.contains(first)) {
            continue;
        }
        if words.last() == Some(&"*") {
            let what = format!("`{}` gives out names that can't be told to their stage", path.words.join("::"));
            found.push(Finding::new(&lib.path, lib.tokens[path.token].line, what, "give them out one by one"));
        }
        exports.push((path.name.clone(), words[0].to_owned()));
    }
    exports
}

/// The modules of the file at `place`: `data/npy.rs` is `data`, `npy`.
fn modules(place: &str) -> Vec<&str> {
    place.trim_end_matches(".rs").trim_end_matches("/mod").split('/').collect()
}

fn check_file(source: &Source, modules: &[&str], exports: &[(String, String)], found: &mut Vec<Finding>) {
    let stage = modules[0];
    let Some(rank) = rank(stage) else {
        let to_do = "move it into one, or add a row to STAGES in xtask/src/tidy/layers/stage_order.rs";
        found.push(Finding::new(&source.path, 1, format!("`{stage}` is no stage"), to_do));
        return;
    };
    for path in paths(source).iter().filter(|path| !source.is_test(path.token)) {
        let Some(first) = first_from_root(source, path, modules) else { continue };
        let exported = exports.iter().find(|(name, _)| *name == first).map(|(_, stage)| stage.as_str());
        let used = exported.unwrap_or(&first);
        let shown = path.words.join("::");
        let line = source.tokens[path.token].line;
        match self::rank(used) {
            Some(other) if other <= rank => {}
            Some(_) => {
                let what = format!("`{stage}` uses `{shown}` of the later stage `{used}`");
                let to_do = format!("move what both need up to `{stage}` or above, or the user down to `{used}`");
                found.push(Finding::new(&source.path, line, what, to_do));
            }
            None if path.is_macro => {}
            None => {
                let what = format!("`{shown}` can't be told to a stage");
                found.push(Finding::new(&source.path, line, what, "name the stage it comes from: crate::STAGE::NAME"));
            }
        }
    }
}

fn rank(stage: &str) -> Option<usize> {
    STAGES.iter().position(|&s| s == stage)
}

/// The first word of `path` seen from the root of the crate; none where the path begins elsewhere.
fn first_from_root(source: &Source, path: &Path, modules: &[&str]) -> Option<String> {
    let words = &path.words;
    let mut here: Vec<&str> = match words[0].as_str() {
        "crate" => Vec::new(),
        "super" | "self" => modules.iter().copied().chain(source.inline_mods_at(path.token)).collect(),
        _ => return None,
    };
    let mut rest = words.iter().map(String::as_str).peekable();
    while let Some(word) = rest.next_if(|word| ["crate", "self", "super"].contains(word)) {
        if word == "super" {
            here.pop();
        }
    }
    here.extend(rest);
    Some(here.first().copied().unwrap_or("crate").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIB: &str = "pub use data::{Dtype, Matrix}; pub use solve::fit as factorize; pub mod error;";

    fn check_at(place: &str, text: &str, expected: &[&str]) {
        let path = format!("{SRC}{place}");
        let tree = Tree::new([("crates/eckart/src/lib.rs", LIB), (path.as_str(), text)]);
        let found = check(&tree);
        assert_eq!(found.len(), expected.len(), "{text}: {found:?}");
        for (finding, part) in found.iter().zip(expected) {
            assert!(finding.to_string().contains(part), "{finding} should say {part}");
        }
    }

    #[test]
    fn earlier_stages_and_oneself_may_be_used() {
        check_at("grad/rules.rs", "use crate::{data::Matrix, expr::Expr, error::Error}; use crate::grad::x;", &[]);
        check_at("grad/rules.rs", "use super::super::facts::Shape; use super::sweep; use std::fmt;", &[]);
        check_at("grad/mod.rs", "pub(crate) fn f() { super::expr::g(); self::h(); crate::Matrix::new() }", &[]);
        check_at("function.rs", "use super::run::run; use crate::plan::Plan;", &[]);
        check_at("data/a.rs", "/// crate::solve::x\n// crate::run\nconst A: &str = \"crate::solve::x\";", &[]);
    }

    #[test]
    fn later_stages_may_not_be_used() {
        check_at("data/a.rs", "use crate::expr::Expr;", &["rs:1: `data` uses `crate::expr::Expr` of the later stage"]);
        check_at("expr/a.rs", "use crate::{data::Matrix,\nplan::{Plan, Step}};", &["rs:2", "rs:2"]);
        check_at("expr/a/b.rs", "fn f() { super::super::super::run::x() }", &["stage `run`"]);
        check_at("run/mod.rs", "fn f() -> super::function::Function {}", &["stage `function`"]);
        check_at("function.rs", "use super::solve;", &["stage `solve`"]);
        check_at("error.rs", "use crate::data::Matrix;", &["`error` uses"]);
        check_at("expr/a.rs", "mod inner { use super::super::super::run::x; }", &["stage `run`"]);
    }

    #[test]
    fn reexports_are_no_way_round() {
        check_at("run/a.rs", "use crate::factorize;", &["later stage `solve`"]);
        check_at("run/a.rs", "use crate::*;", &["can't be told"]);
        check_at("run/a.rs", "use crate as root;", &["can't be told"]);
        check_at("run/a.rs", "use crate::unknown::x;", &["can't be told"]);
        let tree = Tree::new([("crates/eckart/src/lib.rs", "pub use solve::*;")]);
        assert_eq!(check(&tree).len(), 1);
    }

    #[test]
    fn tests_and_macros_are_free() {
        check_at("data/a.rs", "#[cfg(test)] mod tests { use super::*; use crate::solve::x; }", &[]);
        check_at("data/a.rs", "fn f() { crate::row!(1) }", &[]);
    }

    #[test]
    fn a_file_outside_the_stages_is_named() {
        check_at("cache.rs", "", &["`cache` is no stage"]);
    }
}
