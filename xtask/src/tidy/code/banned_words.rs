//! A law: words that hide a defect are banned, each in its places: unordered maps, skipped tests, half-done code,
//! unwrap.

use crate::tidy::finding::Finding;
use crate::tidy::read::{Source, Tree};

/// A run of tokens, where it is banned, and what to write instead.
struct Ban {
    tokens: &'static [&'static str],
    /// Empty: everywhere.
    places: &'static [&'static str],
    in_tests: bool,
    to_do: &'static str,
}

const ENGINE: &[&str] = &["crates/eckart/src"];
const SHIPPED: &[&str] = &["crates/eckart/src", "crates/eckart-cli/src", "crates/eckart-python/src"];
const EVERYWHERE: &[&str] = &[];
const ORDER: &str = "its order changes from run to run: use a BTreeMap, a BTreeSet or an indexed vector";
const FINISH: &str = "finish it, or leave it out";

const BANS: &[Ban] = &[
    Ban { tokens: &["HashMap"], places: ENGINE, in_tests: false, to_do: ORDER },
    Ban { tokens: &["HashSet"], places: ENGINE, in_tests: false, to_do: ORDER },
    Ban { tokens: &["#", "[", "ignore"], places: EVERYWHERE, in_tests: true, to_do: "make it run, or delete it" },
    Ban { tokens: &["todo", "!"], places: EVERYWHERE, in_tests: true, to_do: FINISH },
    Ban { tokens: &["unimplemented", "!"], places: EVERYWHERE, in_tests: true, to_do: FINISH },
    Ban { tokens: &["dbg", "!"], places: EVERYWHERE, in_tests: true, to_do: "delete it" },
    Ban {
        tokens: &[".", "unwrap", "(", ")"],
        places: SHIPPED,
        in_tests: false,
        to_do: "pass the error on, or give the reason it can't fail: expect(\"reason\")",
    },
];

/// Every folder that a row names.
pub(crate) fn places() -> impl Iterator<Item = &'static str> {
    BANS.iter().flat_map(|ban| ban.places.iter().copied())
}

/// Finds the banned words; their rows say where they are banned.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in tree.rust() {
        for ban in BANS.iter().filter(|ban| binds(ban, source)) {
            for i in source.find(ban.tokens[0]).filter(|&i| source.reads(i, ban.tokens)) {
                if ban.in_tests || !source.is_test(i) {
                    let what = format!("`{}` is banned here", ban.tokens.concat());
                    found.push(Finding::new(&source.path, source.tokens[i].line, what, ban.to_do));
                }
            }
        }
    }
    found
}

fn binds(ban: &Ban, source: &Source) -> bool {
    ban.places.is_empty() || ban.places.iter().any(|place| source.is_in(place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::lines_found;

    const ENGINE_FILE: &str = "crates/eckart/src/data/npy.rs";

    #[test]
    fn every_banned_word_is_found_where_it_is_banned() {
        for ban in BANS {
            let text = format!("fn f() {{\n {} }}", ban.tokens.concat());
            assert_eq!(lines_found(check, ENGINE_FILE, &text), [2], "{text}");
            let test = format!("#[cfg(test)] mod tests {{\n{text} }}");
            assert_eq!(lines_found(check, ENGINE_FILE, &test).len(), usize::from(ban.in_tests), "{test}");
            let elsewhere = lines_found(check, "crates/eckart/tests/it/a.rs", &text).len();
            assert_eq!(elsewhere, usize::from(ban.places.is_empty()), "{text}");
        }
        assert_eq!(lines_found(check, "a.rs", "#[ignore = \"slow\"]\nfn f() {}"), [1]);
        assert_eq!(lines_found(check, "crates/eckart-cli/src/main.rs", "fn f() { a\n.unwrap() }"), [2]);
    }

    #[test]
    fn what_only_looks_alike_passes() {
        let fine = |text| assert_eq!(lines_found(check, ENGINE_FILE, text), [0; 0], "{text}");
        fine("/// a.unwrap(), HashMap\nfn f() { a.expect(\"reason\"); b.unwrap_or(1); c.unwrap_or_default() }");
        fine("const A: &str = \"todo!() dbg!() #[ignore]\"; let todo = !x;");
    }
}
