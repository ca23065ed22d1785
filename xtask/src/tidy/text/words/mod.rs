//! A law: the field's terms, in names and in what users read.
//!
//! A name counts where it is chosen: not where it is used, and not where a trait asks for it. What users read is
//! README.md and the pages of `docs`, the strings of Rust, of pages and of the Python package, and the help that clap
//! makes of comments.

mod table;

use crate::tidy::finding::Finding;
use crate::tidy::read::{Declaration, Named, Source, Tree, declarations, strings};
use table::{WORDS, Word};

/// Counts the words of every file of the crates, and of every page for users.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let sources = tree.files.iter().filter(|source| source.is_in("crates") || is_page(source));
    sources.flat_map(check_file).collect()
}

/// Whether this is a page that users read.
fn is_page(source: &Source) -> bool {
    source.path.ends_with(".md") && (source.path == "README.md" || source.is_in("docs"))
}

/// For each word that is banned in some folders only, its name and these.
pub(crate) fn places() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    WORDS.iter().filter(|word| !word.only.is_empty()).map(|word| (word.key, word.only))
}

fn check_file(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    let names = if source.is_crate_source() { names(source) } else { Vec::new() };
    let texts = texts(source);
    let comments: Vec<(usize, String)> = source.comments().map(|(line, text)| (line, as_words(text))).collect();
    for word in WORDS.iter().filter(|word| word.only.is_empty() || word.only.iter().any(|place| source.is_in(place))) {
        let mut sites: Vec<(usize, String)> =
            names.iter().filter(|name| is_banned(word, name)).map(|name| (name.line, name.shown.clone())).collect();
        sites.extend(phrases(&texts, word.texts));
        sites.extend(phrases(&comments, word.comments));
        sites.sort();
        found.extend(finding(source, word, sites));
    }
    found
}

/// A name that the file declares.
struct Name {
    line: usize,
    shown: String,
    /// In small letters, its parts between blanks: ` row form `.
    parts: String,
    named: Named,
}

fn names(source: &Source) -> Vec<Name> {
    let is_chosen = |declaration: &Declaration| !declaration.is_asked_for && !source.is_test(declaration.token);
    let all = declarations(source).into_iter().filter(is_chosen);
    let name = |declaration: Declaration| Name {
        line: source.tokens[declaration.token].line,
        parts: as_parts(&declaration.name),
        named: declaration.named,
        shown: declaration.name,
    };
    all.map(name).collect()
}

/// The parts of a name, each between blanks: `RowForm` and `row_form` are both ` row form `.
fn as_parts(name: &str) -> String {
    let mut parts = String::from(" ");
    let mut before = '_';
    for c in name.chars() {
        let begins = c == '_' || (c.is_uppercase() && !before.is_uppercase());
        if begins && !parts.ends_with(' ') {
            parts.push(' ');
        }
        if c != '_' {
            parts.extend(c.to_lowercase());
        }
        before = c;
    }
    parts + " "
}

/// The words of a text in small letters, each between blanks; what stands in the braces of a format is code.
fn as_words(text: &str) -> String {
    let mut words = String::from(" ");
    let mut depth = 0_usize;
    let text = text.replace("\\n", " ");
    for c in text.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            c if depth == 0 && (c.is_alphanumeric() || c == '_') => words.extend(c.to_lowercase()),
            _ if !words.ends_with(' ') => words.push(' '),
            _ => {}
        }
    }
    words + " "
}

/// What users read of this file, in words.
fn texts(source: &Source) -> Vec<(usize, String)> {
    let is_help = source.find_outside_tests("clap").next().is_some();
    let mut texts: Vec<(usize, &str)> = source.literals().collect();
    if is_help {
        texts.extend(source.comments().filter(|(_, text)| text.starts_with("/// ")));
    }
    texts.extend(strings(&source.path, &source.text));
    let mut texts: Vec<(usize, String)> = texts.into_iter().map(|(line, text)| (line, as_words(text))).collect();
    if is_page(source) {
        texts.extend(paragraphs(&source.text));
    }
    texts
}

/// The paragraphs of a page, in words, each with the line it begins on; code is left out.
fn paragraphs(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let (mut is_code, mut is_within) = (false, false);
    for (i, line) in text.lines().enumerate() {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        let is_prose = !is_code && !is_fence && !line.trim().is_empty();
        match found.last_mut().filter(|_| is_prose && is_within) {
            Some((_, words)) => words.push_str(as_words(line).trim_start()),
            None if is_prose => found.push((i + 1, as_words(line))),
            None => {}
        }
        is_within = is_prose;
    }
    found
}

fn is_banned(word: &Word, name: &Name) -> bool {
    word.parts.iter().any(|part| name.parts.contains(&as_parts(part)))
        || word.names.contains(&name.shown.as_str())
        || (name.named == Named::Type && word.types.contains(&name.shown.as_str()))
}

/// Each place in `texts` that has one of the `phrases`.
fn phrases(texts: &[(usize, String)], phrases: &[&str]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for phrase in phrases {
        let words = as_words(phrase);
        // A blank between two words belongs to both, so that matches don't overlap by it.
        for (line, text) in texts {
            let count = text.matches(words.trim_end()).filter(|_| text.contains(&words)).count();
            found.extend(std::iter::repeat_n((*line, format!("\"{phrase}\"")), count));
        }
    }
    found
}

fn finding(source: &Source, word: &Word, sites: Vec<(usize, String)>) -> Option<Finding> {
    let (first, _) = sites.first()?;
    let shown: Vec<String> = sites.iter().take(8).map(|(line, shown)| format!("{shown} (line {line})")).collect();
    let more = if sites.len() > shown.len() { ", ..." } else { "" };
    let what = format!("{} time(s) `{}`: {}{more}", sites.len(), word.key, shown.join(", "));
    let to_do = format!("the field's term is {}", word.term);
    Some(Finding::new(&source.path, *first, what, to_do).measured(word.key, sites.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words found in the file `path`, with their counts.
    fn found(path: &str, text: &str) -> Vec<(String, usize)> {
        let found = check(&Tree::new([(path, text)]));
        found.into_iter().filter_map(|finding| finding.offence).map(|offence| (offence.item, offence.measure)).collect()
    }

    fn check_words(path: &str, text: &str, expected: &[(&str, usize)]) {
        let found = found(path, text);
        let shown: Vec<(&str, usize)> = found.iter().map(|(word, count)| (word.as_str(), *count)).collect();
        assert_eq!(shown, expected, "{path}: {text}");
    }

    const SOLVE: &str = "crates/eckart/src/solve/a.rs";

    #[test]
    fn every_banned_form_of_every_word_is_found() {
        for word in WORDS {
            let folder = word.only.first().unwrap_or(&"crates/eckart/src/data");
            let path = format!("{folder}/a.rs");
            let texts = word.texts.iter().map(|text| format!("const A: &str = \"so {text}, it\";"));
            let comments = word.comments.iter().map(|text| format!("// So {text}."));
            let types = word.types.iter().map(|name| format!("struct {name};"));
            let names = word.names.iter().chain(word.parts).map(|name| format!("fn {name}() {{}}"));
            let all: Vec<String> = texts.chain(comments).chain(types).chain(names).collect();
            assert!(!all.is_empty(), "{} is banned nowhere", word.key);
            for text in all {
                assert!(found(&path, &text).contains(&(word.key.to_owned(), 1)), "{path}: {text}");
            }
        }
    }

    #[test]
    fn a_name_counts_where_it_is_declared() {
        check_words(SOLVE, "fn room(room: &mut Room) { room.clear(); super::room(); }", &[("room", 2)]);
        check_words(SOLVE, "impl Method for A { fn misfit(&self, room: B) {} } fn f(C { room }: C) {}", &[("room", 1)]);
        check_words(SOLVE, "struct WorkRoom { mushroom: u8 } fn headroom() {}", &[("room", 1)]);
        check_words("crates/eckart/tests/it/a.rs", "fn room() {}", &[]);
        check_words(SOLVE, "#[cfg(test)] mod tests { fn room() {} }", &[]);
    }

    #[test]
    fn ordinary_english_is_free() {
        check_words(SOLVE, "fn whole_number(means_of: u8, wanted: bool, moved: bool, anyway: A) {}", &[("means", 1)]);
        check_words("crates/eckart/src/data/a.rs", "fn number(form: F, means: M, chain: C, fold_in: D) {}", &[]);
        check_words(SOLVE, "const A: &str = \"each in turn, as whatever stands in, in the best way {room}\";", &[]);
        check_words(
            "crates/eckart/src/plan/a.rs",
            "const A: &str = \"{fold}, folds\"; // hang together well",
            &[("hang together", 1)],
        );
    }

    #[test]
    fn what_users_read_is_read() {
        let help = "use clap::Args; struct A { /// Not too dear.\n b: u8 } // dear\n";
        check_words("crates/eckart-cli/src/args.rs", help, &[("dear", 1)]);
        check_words("crates/eckart-cli/src/args.rs", &help.replace("use clap::Args;", ""), &[]);
        check_words("crates/eckart/src/report/page.js", "title('Too dear'); dear()", &[("dear", 1)]);
        check_words(
            "crates/eckart-python/python/eckart/a.py",
            "def f():\n    \"\"\"A likeness.\"\"\"",
            &[("likeness", 1)],
        );
    }
}
