//! A law: the crates and places that the tables of the laws name exist, for a row about nothing guards nothing.

use super::stage_order::{SRC, STAGES};
use super::unsafe_code::PLACES;
use super::walls::WALLS;
use crate::tidy::code::banned_words;
use crate::tidy::finding::Finding;
use crate::tidy::read::{Source, Tree};
use crate::tidy::text::words;
use std::collections::BTreeSet;

/// The file that has the table, in which a row is wrong.
const WALLS_FILE: &str = "xtask/src/tidy/layers/walls.rs";
const UNSAFE_FILE: &str = "xtask/src/tidy/layers/unsafe_code.rs";
const STAGES_FILE: &str = "xtask/src/tidy/layers/stage_order.rs";
const BANS_FILE: &str = "xtask/src/tidy/code/banned_words.rs";
const WORDS_FILE: &str = "xtask/src/tidy/text/words/table.rs";

/// Looks at all rows.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let crates = WALLS.iter().flat_map(|wall| wall.crates).copied();
    let mut found = missing_crates(tree, crates);
    let mut look = |file: &str, place: &str| found.extend(missing_place(tree, file, &[place]));
    WALLS.iter().flat_map(|wall| wall.places).for_each(|place| look(WALLS_FILE, place));
    PLACES.iter().for_each(|place| look(UNSAFE_FILE, place));
    STAGES.iter().for_each(|stage| look(STAGES_FILE, &format!("{SRC}{stage}")));
    banned_words::places().for_each(|place| look(BANS_FILE, place));
    // A word may be banned already where a stage is to come, but not only there.
    found.extend(words::places().filter_map(|(_, places)| missing_place(tree, WORDS_FILE, places)));
    found
}

fn missing_crates(tree: &Tree, crates: impl Iterator<Item = &'static str>) -> Vec<Finding> {
    let manifests = tree.files.iter().filter(|source| source.path.ends_with("Cargo.toml"));
    let known: BTreeSet<String> = manifests.flat_map(dependencies).collect();
    let finding = |name: &str| {
        let what = format!("a wall around `{name}`, which no Cargo.toml names as a dependency (those of tests apart)");
        Finding::new(WALLS_FILE, 0, what, "remove it from its row of WALLS")
    };
    crates.filter(|name| !known.contains(*name)).map(finding).collect()
}

/// The names of the crates that a manifest depends on, as code writes them; those that only tests need are left out.
fn dependencies(manifest: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let mut section = "";
    for line in manifest.text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
            let own = name.split_once("dependencies.").filter(|(before, _)| !before.ends_with("dev-"));
            found.extend(own.map(|(_, name)| name.replace('-', "_")));
        } else if section.ends_with("dependencies") && !section.ends_with("dev-dependencies") {
            let end = line.find(['.', '=', ' ']).unwrap_or(line.len());
            found.push(line[..end].replace('-', "_"));
        }
    }
    found
}

/// Finds fault where none of `places` exists.
fn missing_place(tree: &Tree, file: &str, places: &[&str]) -> Option<Finding> {
    if tree.files.iter().any(|source| places.iter().any(|place| source.is_in(place))) {
        return None;
    }
    let what = format!("a row names {}, and there is no such file or folder", places.join(", "));
    Some(Finding::new(file, 0, what, "name the place as it is now, or remove the row"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_this_workspace_names_what_exists() {
        let tree = Tree::read(&crate::root()).expect("the workspace can be read");
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn rows_about_nothing_are_found() {
        let found = check(&Tree::new([("a.rs", "")]));
        let said = |file: &str, what: &str| found.iter().any(|f| f.path == file && f.what.contains(what));
        assert!(said(WALLS_FILE, "a wall around `egg`") && said(WALLS_FILE, "names crates/eckart-cli,"));
        assert!(said(UNSAFE_FILE, PLACES[0]) && said(STAGES_FILE, "crates/eckart/src/expr"));
        assert!(said(BANS_FILE, "crates/eckart-python/src") && said(WORDS_FILE, "crates/eckart/src/solve"));
    }

    #[test]
    fn dependencies_of_tests_are_none() {
        let text = "[package]\nname = \"x\"\n[dependencies]\na-b = \"1\"\nc.workspace = true\n\
                    [dev-dependencies]\nd = \"1\"\n[target.'cfg(unix)'.dependencies]\ne={ version = \"1\" }\n\
                    [dependencies.f]\n[dev-dependencies.g]\n";
        let found = dependencies(&Source::new("Cargo.toml", text));
        assert_eq!(found, ["a_b", "c", "e", "f"]);
    }
}
