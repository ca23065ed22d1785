//! A law: what a text refers to exists: the files in backticks, and what a module's text says to `see`.
//!
//! Bound are CONTRIBUTING.md, ARCHITECTURE.md and the text at the head of every Rust file. A path may begin at any
//! folder (`text/references.rs`), may leave out `.rs`, may have braces (`text/{references,machine_paths}.rs`), a `*`,
//! or a word in capitals for any name (`bench/peers/PEER.py`). What git ignores is built, and not looked for.

use crate::tidy::finding::Finding;
use crate::tidy::read::{Names, Source, Tree};

/// The endings by which a name without a folder is taken for a file of this workspace.
const ENDINGS: [&str; 8] = ["rs", "md", "py", "pyi", "toml", "css", "js", "sh"];

/// Types of the language, which no file declares.
const PRIMITIVES: [&str; 8] = ["f32", "f64", "usize", "u8", "u32", "u64", "i32", "i64"];

const PAGES: [&str; 2] = ["CONTRIBUTING.md", "ARCHITECTURE.md"];

/// Looks at every reference.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let names = Names::new(tree);
    let ignored: Vec<&str> = tree
        .file(".gitignore")
        .map(|source| source.text.lines().filter_map(|line| line.strip_prefix('/')).collect())
        .unwrap_or_default();
    let mut found = Vec::new();
    for source in tree.files.iter().filter(|source| PAGES.contains(&source.path.as_str())) {
        let lines = source.text.lines().enumerate().map(|(i, line)| (i + 1, line));
        found.extend(missing_files(tree, source, &texts_of(lines), &ignored));
    }
    for source in tree.rust() {
        let lines = source.text.lines().map_while(|line| line.strip_prefix("//!"));
        let texts = texts_of(lines.enumerate().map(|(i, line)| (i + 1, line)));
        found.extend(missing_files(tree, source, &texts, &ignored));
        found.extend(missing_names(source, &texts, &names));
    }
    found
}

/// What stands in backticks: the line, whether a `see` comes before it, the text.
type Quoted<'a> = (usize, bool, &'a str);

/// All that stands in backticks within a line, code in fences apart.
fn texts_of<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> Vec<Quoted<'a>> {
    let mut found = Vec::new();
    let (mut is_fenced, mut is_quoted, mut sees) = (false, false, false);
    for (number, line) in lines {
        let is_fence = line.trim_start().starts_with("```");
        is_fenced ^= is_fence;
        if is_fence || is_fenced || line.trim().is_empty() {
            // A quotation ends with its paragraph at the latest.
            is_quoted = false;
            continue;
        }
        let parts: Vec<&str> = line.split('`').collect();
        for (i, part) in parts.iter().enumerate() {
            let is_whole = i > 0 && i + 1 < parts.len();
            if is_quoted && is_whole {
                found.push((number, sees, *part));
            } else if !is_quoted {
                sees = still_sees(sees, part);
            }
            is_quoted ^= i + 1 < parts.len();
        }
    }
    found
}

/// Whether what comes after `text` is to be seen: it ends with `see`, or goes on with a list that does.
fn still_sees(sees: bool, text: &str) -> bool {
    let text = text.trim();
    text == "see" || text.ends_with("(see") || (sees && ["", ",", "and", "or", ", and"].contains(&text))
}

fn missing_files(tree: &Tree, source: &Source, texts: &[Quoted], ignored: &[&str]) -> Vec<Finding> {
    let mut found = Vec::new();
    for &(line, _, text) in texts.iter().filter(|(_, _, text)| is_file(text)) {
        for path in spread(text) {
            let is_built = ignored.iter().any(|place| path.starts_with(place));
            if !is_built && !tree.files.iter().any(|file| names_file(&path, &file.path)) {
                let what = format!("`{text}` is in no folder: there is no `{path}`");
                found.push(Finding::new(&source.path, line, what, "name the file or folder as it is now"));
            }
        }
    }
    found
}

/// Whether `text` looks like a file or a folder of this workspace.
fn is_file(text: &str) -> bool {
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./{},*".contains(c));
    let parts: Vec<&str> = text.trim_end_matches('/').split('/').collect();
    let is_name =
        |part: &&str| part.starts_with(['{', '*', '.', '_']) || part.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_word = |part: &&str| part.chars().filter(char::is_ascii_lowercase).count() > 1 || part.contains('*');
    let ending = parts.last().and_then(|part| part.rsplit_once('.')).filter(|(stem, _)| !stem.is_empty());
    let is_source = ending.is_some_and(|(_, ending)| ENDINGS.contains(&ending));
    is_plain && parts.iter().all(is_name) && (is_source || (parts.len() > 1 && parts.iter().all(is_word)))
}

/// The paths that `text` stands for: `a/{b,c}.rs` is two.
fn spread(text: &str) -> Vec<String> {
    let braces = text.find('{').and_then(|open| Some((open, open + text[open..].find('}')?)));
    let Some((open, close)) = braces else { return vec![text.trim_end_matches('/').to_owned()] };
    let each = |part: &str| format!("{}{part}{}", &text[..open], &text[close + 1..]);
    text[open + 1..close].split(',').flat_map(|part| spread(&each(part))).collect()
}

/// Whether `path` names the file at `file`, a folder above it, or, with `.rs`, the module.
fn names_file(path: &str, file: &str) -> bool {
    let wanted: Vec<&str> = path.split('/').collect();
    let parts: Vec<&str> = file.split('/').collect();
    let begins = |at: usize| wanted.iter().zip(&parts[at..]).all(|(wanted, part)| is_same(wanted, part));
    (0..parts.len()).any(|at| parts.len() - at >= wanted.len() && begins(at))
}

/// Whether `part` of a path is what `wanted` says.
fn is_same(wanted: &str, part: &str) -> bool {
    if wanted == part || part.strip_suffix(".rs") == Some(wanted) {
        return true;
    }
    let pattern = any_name(wanted);
    let Some((first, rest)) = pattern.split_once('*') else { return false };
    let last = rest.rsplit('*').next().unwrap_or(rest);
    part.len() >= first.len() + last.len() && part.starts_with(first) && part.ends_with(last)
}

/// `wanted` with a `*` for each word in capitals.
fn any_name(wanted: &str) -> String {
    let mut pattern = String::new();
    for word in wanted.split_inclusive(['-', '.', '_']) {
        let letters = word.trim_end_matches(['-', '.', '_']);
        let is_any = letters.len() > 1 && letters.chars().all(|c| c.is_ascii_uppercase());
        pattern += &if is_any { word.replace(letters, "*") } else { word.to_owned() };
    }
    pattern
}

fn missing_names(source: &Source, texts: &[Quoted], names: &Names) -> Vec<Finding> {
    let mut found = Vec::new();
    for &(line, sees, text) in texts {
        let words: Vec<&str> = text.split("::").collect();
        let is_name = |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !words.iter().all(is_name) || !(sees || is_ours(&words, names)) {
            continue;
        }
        let is_known = match words[..] {
            [name] => names.has(name),
            _ => words.windows(2).all(|pair| names.has_within(pair[0], pair[1])),
        };
        if !is_known {
            let what = format!("`{text}` is the name of nothing");
            found.push(Finding::new(&source.path, line, what, "name what does it now"));
        }
    }
    found
}

/// Whether a path begins with something of this workspace.
fn is_ours(words: &[&str], names: &Names) -> bool {
    words.len() > 1 && names.has(words[0]) && !PRIMITIVES.contains(&words[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines found in `text` as the file `path`, beside a few others.
    fn check_text(path: &str, text: &str) -> Vec<usize> {
        let tree = Tree::new([
            (path, text),
            (".gitignore", "/target\n"),
            ("crates/x/src/run/mod.rs", "fn run() {}"),
            ("crates/x/src/run/exec.rs", "struct Exec; impl Exec { fn start() {} }"),
            ("bench/peers/jax.py", ""),
        ]);
        check(&tree).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn files_that_are_there_pass() {
        let fine = |text: &str| assert_eq!(check_text("CONTRIBUTING.md", text), [0; 0], "{text}");
        fine(
            "`crates/x/src/run/exec.rs`, `run/exec.rs`, `run/exec`, `exec.rs`, `crates/x`, `run/`, `run/{mod,exec}.rs`",
        );
        fine("`bench/peers/PEER.py`, `bench/*/jax.py`, `target/debug/x`");
        fine("`X/Y`, `a @ b`, `1/2`, `0/0`, `n/m`, `W.T`, `--a/b`, `cargo run`, `NAME.safetensors`");
        fine("```sh\n`no/such/file.rs`\n```");
        fine("as `cargo xtask\nsuch/file.rs` and `exec.rs`, `run\n\nno/such/file.rs");
    }

    #[test]
    fn files_that_are_not_are_found() {
        let found = |text: &str| assert_eq!(check_text("ARCHITECTURE.md", text), [2], "{text}");
        found("x\n`crates/why/src`");
        found("x\n(`run/plan.rs`)");
        found("`x\ny` in `plan.rs`");
        assert_eq!(check_text("CONTRIBUTING.md", "```\n```\n`plan.rs`"), [3]);

        found("x\n`plan.rs`");
        found("x\n`run/{exec,plan}.rs`");
        found("x\n`bench/peers/PEER.rs`");
        assert_eq!(check_text("README.md", "`no/such/file.rs`"), [0; 0]);
        assert_eq!(check_text("crates/x/src/lib.rs", "//! `run/plan.rs`\n// `no/such.rs`"), [1]);
    }

    #[test]
    fn what_is_to_be_seen_is_there() {
        let fine = |text: &str| assert_eq!(check_text("crates/x/src/lib.rs", text), [0; 0], "{text}");
        fine("//! Not here: a (see `run`), b (see `exec`, `run::exec` and `Exec::start`), `plan`, `std::fmt`.");
        let found = |text: &str| assert_eq!(check_text("crates/x/src/lib.rs", text), [2], "{text}");
        found("//! A.\n//! Not here: b (see `plan`).");
        found("//! A.\n//! Not here: b (see `run`, `plan`).");
        found("//! A.\n//! `run::plan` does it.");
        found("//! A.\n//! `Exec::stop` does it.");
    }
}
