//! Checks the laws of the house: each is a small file in `layers`, `code` or `text`, and a row of `LAWS`.

mod code;
mod finding;
mod hold;
mod layers;
mod offenders;
mod read;
mod text;

use crate::Failure;
use code::{arguments, banned_words, function_size, kept_tests, prim_wildcards, string_errors, type_names};
use hold::{Law, Listing, hold};
use layers::{file_cycles, file_names, file_size, folder_size, named_rows, stage_order, unsafe_code, walls};
use std::path::Path;
use text::{line_width, machine_paths, module_docs, references, words};

const LAWS: &[Law] = &[
    Law { key: "stage-order", name: "stages use only themselves and the stages above", check: stage_order::check },
    Law { key: "file-cycles", name: "no files import each other in a circle", check: file_cycles::check },
    Law { key: "walls", name: "an outside crate has one place", check: walls::check },
    Law { key: "named-rows", name: "laws name crates and places that exist", check: named_rows::check },
    Law { key: "file-size", name: "files are short", check: file_size::check },
    Law { key: "function-size", name: "functions are short", check: function_size::check },
    Law { key: "arguments", name: "functions have few arguments", check: arguments::check },
    Law { key: "type-names", name: "a type's name stands for one thing in a crate", check: type_names::check },
    Law { key: "folder-size", name: "folders are small", check: folder_size::check },
    Law { key: "line-width", name: "lines are short", check: line_width::check },
    Law { key: "module-docs", name: "modules say what they are", check: module_docs::check },
    Law { key: "file-names", name: "files have telling names", check: file_names::check },
    Law { key: "unsafe-code", name: "unsafe code has one place and gives its reason", check: unsafe_code::check },
    Law { key: "prim-wildcards", name: "a match on the primitives lists them all", check: prim_wildcards::check },
    Law { key: "banned-words", name: "banned words", check: banned_words::check },
    Law { key: "kept-tests", name: "no test goes without a word", check: kept_tests::check },
    Law { key: "string-errors", name: "errors are typed", check: string_errors::check },
    Law { key: "words", name: "names and texts use the field's terms", check: words::check },
    Law { key: "references", name: "what a text refers to exists", check: references::check },
    Law { key: "machine-paths", name: "no path of one machine", check: machine_paths::check },
];

/// `cargo xtask tidy [--shrink | --tests]`: `--shrink` shortens the list of offenders, `--tests` adds new tests to the
/// list of tests. `--first-list`, for whoever adds a law, writes the list that is not there yet.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    if args == ["--tests"] {
        return kept_tests::add_new(&crate::root());
    }
    hold(&crate::root(), LAWS, listing(args)?)
}

fn listing(args: &[String]) -> Result<Listing, Failure> {
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok(Listing::Hold),
        ["--shrink"] => Ok(Listing::Shrink),
        ["--first-list"] => Ok(Listing::First),
        _ => Err(Failure::new(format!(
            "`tidy` takes `--shrink`, `--tests` or nothing, and `{}` was given",
            args.join(" ")
        ))),
    }
}

/// Holds the workspace at `root` to every law and prints what is against one.
pub(crate) fn tidy(root: &Path) -> Result<(), Failure> {
    hold(root, LAWS, Listing::Hold)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_of_the_list_is_read() {
        let listing = |text: &str| listing(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(listing("").ok(), Some(Listing::Hold));
        assert_eq!(listing("--shrink").ok(), Some(Listing::Shrink));
        assert_eq!(listing("--first-list").ok(), Some(Listing::First));
        assert!(listing("--shrink it").is_err() && listing("--grow").is_err());
    }

    #[test]
    fn every_law_has_a_key_of_its_own() {
        let keys: std::collections::BTreeSet<&str> = LAWS.iter().map(|law| law.key).collect();
        assert_eq!(keys.len(), LAWS.len());
    }
}
