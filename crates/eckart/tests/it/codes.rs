//! Codes: the table, what is made of it (`ECKART_BLESS=1` writes it anew), and that the sources use all of it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use eckart::Code;
use eckart::error::CodeKind;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What `docs/codes.md` begins with.
const HEAD: &str = "\
# Codes

Every error, doubt and warning of Eckart has a code: in Rust `error.code()` and `warning.code`, in Python `.code` of the
exception or the warning, in the command `error[CODE]: ...` on standard error and `code` in the object of `--json`. A
code stays what it is, so that programs can branch on it; messages may become clearer. `eckart codes`,
`eckart.codes()` in Python and `Code::all()` list the table. This page is made from it
(`ECKART_BLESS=1 cargo test -p eckart --test it codes`).
";

/// The sections of the page.
const KINDS: [(CodeKind, &str, &str); 3] = [
    (
        CodeKind::Doubt,
        "Doubts",
        "The input could mean several things. It is refused (exit code 2, `ValueError`), and the message names what\n\
         decides.",
    ),
    (CodeKind::Error, "Errors", "Something can't be done as it is given: exit code 2, or 1 for `internal`."),
    (CodeKind::Warning, "Warnings", "It was done, but probably not as intended."),
];

/// `docs/codes.md`.
fn page() -> String {
    let mut out = HEAD.to_owned();
    for (kind, title, text) in KINDS {
        writeln!(out, "\n## {title}\n\n{text}\n\n| code | what it means | what to do |\n|---|---|---|").unwrap();
        let mut rows: Vec<Code> = Code::all().filter(|code| code.kind() == kind).collect();
        rows.sort_by_key(|code| code.as_str());
        for code in rows {
            writeln!(out, "| `{code}` | {} | {} |", code.meaning(), code.remedy()).unwrap();
        }
    }
    out
}

/// The words for type checkers of Python.
fn python() -> String {
    let head = "\"\"\"Codes: the words of the engine's table, for type checkers; made by `tests/it/codes.rs`.\"\"\"";
    let mut out = format!("{head}\n\nfrom typing import Literal\n\nCode = Literal[\n");
    Code::all().for_each(|code| writeln!(out, "    \"{code}\",").unwrap());
    out + "]\n"
}

#[test]
fn what_is_made_of_the_table_is_as_the_table_says() {
    let bless = std::env::var_os("ECKART_BLESS").is_some();
    for (path, text) in [("docs/codes.md", page()), ("crates/eckart-python/python/eckart/_codes.py", python())] {
        let path = root().join(path);
        if bless {
            std::fs::write(&path, &text).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == text, "{} is not what the table says: ECKART_BLESS=1 writes it anew", path.display());
    }
}

/// The sources below a folder with that ending, without tests and without the table and what is made of it.
fn sources(folder: &Path, ending: &str, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "tests" {
                sources(&path, ending, found);
            }
        } else if name.ends_with(ending) && !["tests.rs", "code.rs", "_codes.py"].contains(&name.as_str()) {
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
            found.push((path.display().to_string(), text));
        }
    }
}

/// The words after each `before` in a text: letters, digits and hyphens.
fn words<'a>(text: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(before).map(move |(at, _)| {
        let rest = &text[at + before.len()..];
        &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len())]
    })
}

/// The first text in each call of `coded(KIND, "code", ...)` and `coded_warning("code", ...)`, which is its code.
fn python_codes(text: &str) -> impl Iterator<Item = &str> {
    let calls = ["raise coded(", "coded_warning("]
        .into_iter()
        .flat_map(move |call| text.match_indices(call).map(move |(at, _)| &text[at + call.len()..]));
    calls.filter_map(|arguments| {
        // KIND is a name, or a call such as `type(error)`: what comes before the first quotation mark holds no other.
        let (before, rest) = arguments.split_once('"')?;
        let names = before.chars().all(|c| c.is_alphanumeric() || "_(), \n".contains(c));
        (names && before.matches(',').count() <= 1).then(|| rest.split('"').next().unwrap_or_default())
    })
}

#[test]
fn the_sources_use_every_code_and_no_other() {
    let (mut rust, mut python) = (Vec::new(), Vec::new());
    for stage in ["eckart", "eckart-cli", "eckart-python"] {
        sources(&root().join("crates").join(stage).join("src"), ".rs", &mut rust);
    }
    sources(&root().join("crates/eckart-python/python"), ".py", &mut python);
    let variants: BTreeSet<&str> = rust.iter().flat_map(|(_, text)| words(text, "Code::")).collect();
    let mut used: BTreeSet<Code> = Code::all().filter(|code| variants.contains(format!("{code:?}").as_str())).collect();
    for (path, text) in &python {
        for word in python_codes(text) {
            let code = Code::from_name(word);
            used.insert(code.unwrap_or_else(|| panic!("{path}: there is no code {word:?}")));
        }
    }
    // The system's refusals are told from each other beside the table.
    used.extend([Code::FileNotFound, Code::PermissionDenied, Code::IsADirectory, Code::NoSpace, Code::Io]);
    let unused: Vec<Code> = Code::all().filter(|code| !used.contains(code)).collect();
    assert!(unused.is_empty(), "nothing says {unused:?}: use them, or take their rows away");

    // A code is written as a variant; its word stands in the table alone. Single words are words of English, too.
    for code in Code::all().filter(|code| code.as_str().contains('-')) {
        let literal = format!("\"{code}\"");
        for (path, text) in &rust {
            assert!(!text.contains(&literal), "{path} writes {literal}: say Code::{code:?}");
        }
    }
}

#[test]
fn warnings_have_codes_of_warnings_and_errors_have_not() {
    let mut rust = Vec::new();
    for stage in ["eckart", "eckart-cli", "eckart-python"] {
        sources(&root().join("crates").join(stage).join("src"), ".rs", &mut rust);
    }
    let mut seen = 0;
    for (path, text) in &rust {
        for (name, is_warning) in [
            ("Warning::new(", true),
            ("Error::data(", false),
            ("Error::setting(", false),
            ("Error::parse(", false),
            ("Error::shape(", false),
        ] {
            for (at, _) in text.match_indices(name) {
                let argument = text[at + name.len()..].trim_start();
                let Some(variant) = argument.strip_prefix("Code::").map(|_| words(argument, "Code::").next().unwrap())
                else {
                    continue;
                };
                let code = Code::all().find(|code| format!("{code:?}") == variant).unwrap();
                assert_eq!(code.kind() == CodeKind::Warning, is_warning, "{path}: {name}Code::{variant}");
                seen += 1;
            }
        }
    }
    assert!(seen > 150, "{seen}");
}

/// The page on bad input names the tests that hold it.
#[test]
fn promises_are_held_by_tests_that_are_there() {
    let read = |path: &str| std::fs::read_to_string(format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (page, tests) = (read("docs/promises.md"), read("xtask/tests.txt"));
    let known: Vec<&str> = tests.lines().filter_map(|line| line.split(' ').next()).collect();
    let named: Vec<&str> = page.split('`').skip(1).step_by(2).filter(|word| word.contains('_')).collect();
    assert!(named.len() > 30, "{named:?}");
    let gone: Vec<&&str> = named.iter().filter(|name| !known.contains(*name)).collect();
    assert!(gone.is_empty(), "{gone:?}");
}
