//! Checks the laws of the house: each is a small file in `layers`, `code` or `text`, and a row of `LAWS`.

mod code;
mod finding;
mod layers;
mod offenders;
mod read;
mod text;

use crate::Failure;
use code::{arguments, banned_words, function_size, prim_wildcards, string_errors, type_names};
use finding::Finding;
use layers::{file_cycles, file_names, file_size, folder_size, named_rows, stage_order, unsafe_code, walls};
use offenders::{Key, Offenders};
use read::Tree;
use std::fs;
use std::path::Path;
use text::{line_width, machine_paths, module_docs, references, words};

/// A law: what it is called and how a tree is held to it.
struct Law {
    /// What the list of offenders calls it.
    key: &'static str,
    name: &'static str,
    check: fn(&Tree) -> Vec<Finding>,
}

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
    Law { key: "string-errors", name: "errors are typed", check: string_errors::check },
    Law { key: "words", name: "names and texts use the field's terms", check: words::check },
    Law { key: "references", name: "what a text refers to exists", check: references::check },
    Law { key: "machine-paths", name: "no path of one machine", check: machine_paths::check },
];

/// What is done with the list of offenders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listing {
    /// The tree has to be as the list says.
    Hold,
    /// Lines that say too much are removed or lowered.
    Shrink,
    /// The list is written anew, where there is none.
    First,
}

/// `cargo xtask tidy [--shrink]`. `--first-list`, for whoever adds a law, writes the list that is not there yet.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    hold(&crate::root(), listing(args)?)
}

fn listing(args: &[String]) -> Result<Listing, Failure> {
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok(Listing::Hold),
        ["--shrink"] => Ok(Listing::Shrink),
        ["--first-list"] => Ok(Listing::First),
        _ => Err(Failure::new(format!("`tidy` takes `--shrink` or nothing, and `{}` was given", args.join(" ")))),
    }
}

/// Holds the workspace at `root` to every law and prints what is against one.
pub(crate) fn tidy(root: &Path) -> Result<(), Failure> {
    hold(root, Listing::Hold)
}

fn hold(root: &Path, listing: Listing) -> Result<(), Failure> {
    let tree = Tree::read(root).map_err(|error| Failure::new(format!("can't read the workspace: {error}")))?;
    let findings: Vec<(&Law, Vec<Finding>)> = LAWS.iter().map(|law| (law, (law.check)(&tree))).collect();
    let mut found = Offenders::default();
    for (law, findings) in &findings {
        found.add(law.key, findings);
    }
    let file = root.join(offenders::FILE);
    let write = |list: &Offenders| {
        fs::write(&file, list.render())
            .map_err(|error| Failure::new(format!("can't write {}: {error}", offenders::FILE)))
    };
    if listing == Listing::First {
        if file.exists() {
            return Err(Failure::new(format!("{} is there: remove it first", offenders::FILE)));
        }
        write(&found)?;
    }
    let listed = Offenders::parse(&fs::read_to_string(&file).unwrap_or_default())?;
    let verdict = listed.judge(&found, &tree);
    let mut violations = 0;
    for (law, findings) in &findings {
        let is_excused = |finding: &&Finding| Key::of(law.key, finding).is_none_or(|key| verdict.worse.contains(&key));
        violations += report(law, findings.iter().filter(is_excused), &listed);
    }
    if listing == Listing::Shrink {
        write(&verdict.shrunk)?;
        println!("{}: {} line(s) removed, lowered or moved", offenders::FILE, verdict.too_much.len());
    } else {
        violations += report_too_much(&verdict.too_much);
    }
    if violations > 0 {
        return Err(Failure::new(format!("tidy: {violations} violation(s)")));
    }
    println!("tidy: {} files, {} laws, no violation; {}", tree.files.len(), LAWS.len(), left(&verdict.shrunk));
    Ok(())
}

/// Prints what is against `law`; returns how much of it is a failure.
fn report<'a>(law: &Law, findings: impl Iterator<Item = &'a Finding>, listed: &Offenders) -> usize {
    let findings: Vec<&Finding> = findings.collect();
    let broken = findings.iter().filter(|finding| !finding.warning).count();
    if broken > 0 {
        println!("against the law \"{}\" ({}):", law.name, law.key);
    }
    for finding in findings {
        let excused = Key::of(law.key, finding).and_then(|key| listed.listed(&key));
        match excused {
            Some(most) => println!("{finding} ({} excuses no more than {most})", offenders::FILE),
            None => println!("{finding}"),
        }
    }
    broken
}

/// Prints the lines of the list that say too much; returns their number.
fn report_too_much(lines: &[String]) -> usize {
    if !lines.is_empty() {
        println!("{} says more than there is; `cargo xtask tidy --shrink` does what follows:", offenders::FILE);
    }
    for line in lines {
        println!("{line}");
    }
    lines.len()
}

/// How many offenders of each law are left.
fn left(list: &Offenders) -> String {
    let counts = list.counts();
    if counts.is_empty() {
        return "no offenders left".to_owned();
    }
    let each: Vec<String> = counts.iter().map(|(law, count)| format!("{law} {count}")).collect();
    format!("offenders left: {}", each.join(", "))
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
    fn what_is_left_is_counted_by_law() {
        let list = Offenders::parse("a | x.rs | f | 9\na | y.rs | g | 9\nb | x.rs | f | 9\n");
        assert_eq!(left(&list.expect("the list is well-formed")), "offenders left: a 2, b 1");
        assert_eq!(left(&Offenders::default()), "no offenders left");
    }

    #[test]
    fn every_law_has_a_key_of_its_own() {
        let keys: std::collections::BTreeSet<&str> = LAWS.iter().map(|law| law.key).collect();
        assert_eq!(keys.len(), LAWS.len());
    }
}
