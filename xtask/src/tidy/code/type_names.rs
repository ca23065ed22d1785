//! A law: a crate has one type of a name: no second file of it defines another.
//!
//! Structs, enums, unions, traits and aliases count, public or not, those of tests apart. A reader who searches for
//! `Part` is to find one, and an error message that names it is to mean one. Types of different crates may share a
//! name, as the classes of the Python package do with the types that they hold.

use crate::tidy::finding::Finding;
use crate::tidy::read::{Named, Tree, declarations};
use std::collections::BTreeMap;

/// Where a type is defined: the file and the line.
type Site = (String, usize);

/// Looks at all types of every crate.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut sites: BTreeMap<(&str, String), Vec<Site>> = BTreeMap::new();
    for source in tree.rust().filter(|source| source.is_crate_source()) {
        let end = source.path.find("/src/").map_or(0, |at| at + "/src".len());
        for declaration in declarations(source).into_iter().filter(|d| d.named == Named::Type) {
            if !source.is_test(declaration.token) {
                let sites = sites.entry((&source.path[..end], declaration.name)).or_default();
                if sites.last().is_none_or(|(path, _)| *path != source.path) {
                    sites.push((source.path.clone(), source.tokens[declaration.token].line));
                }
            }
        }
    }
    sites
        .into_iter()
        .filter(|(_, sites)| sites.len() > 1)
        .map(|((root, name), sites)| finding(root, name, &sites))
        .collect()
}

fn finding(root: &str, name: String, sites: &[Site]) -> Finding {
    let shown: Vec<String> = sites.iter().map(|(path, line)| format!("{path}:{line}")).collect();
    let what = format!("{} files define a type `{name}`: {}", sites.len(), shown.join(", "));
    let to_do = "name each for what it is a part, a state or a kind of, or share one";
    Finding::new(root, 0, what, to_do).measured(name, sites.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_type_of_a_name_is_found() {
        let tree = Tree::new([
            (
                "crates/a/src/b.rs",
                "struct Part; #[cfg(test)] mod tests { struct Case; } impl T for B { type Out = C; }",
            ),
            (
                "crates/a/src/c.rs",
                "\nenum Part {} struct Other; mod d { trait Part {} } impl T for C { type Out = C; }",
            ),
            ("crates/a/src/e.rs", "struct Case; fn f(part: Part) {}"),
            ("crates/f/src/b.rs", "struct Other;"),
        ]);
        let found = check(&tree);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].what.contains("2 files define a type `Part`: crates/a/src/b.rs:1, crates/a/src/c.rs:2"));
        assert_eq!(found[0].offence.as_ref().map(|offence| offence.measure), Some(2));
    }
}
