//! Lists the paths that a file names, `use` trees written out: `use a::{b, c::d}` names `a::b` and `a::c::d`.

use super::lexer::Kind;
use super::source::Source;

/// A path such as `crate::data::Matrix`, as the code names it.
pub(crate) struct Path {
    /// Its words; `*` at the end of a glob import.
    pub(crate) words: Vec<String>,
    /// The name it is known by here: the alias, or the last word.
    pub(crate) name: String,
    /// The token it begins at (in a tree: the token of its last part).
    pub(crate) token: usize,
    /// Whether a `use` names it.
    pub(crate) imported: bool,
    /// Whether it is the name of a macro that is called.
    pub(crate) is_macro: bool,
}

/// Every path of two words or more, and every path that is imported.
pub(crate) fn paths(source: &Source) -> Vec<Path> {
    let mut found = Vec::new();
    let mut i = 0;
    while i < source.tokens.len() {
        if source.at(i, "use") && !is_capture(source, i) {
            i = use_tree(source, i + 1, &[], &mut found);
        } else if source.tokens[i].kind == Kind::Word && !continues_a_path(source, i) {
            i = plain_path(source, i, &mut found);
        } else {
            i += 1;
        }
    }
    found
}

/// Whether the `use` at `i` is the one of `impl Trait + use<'a>`.
fn is_capture(source: &Source, i: usize) -> bool {
    source.at(i + 1, "<")
}

/// Whether the word at `i` comes after `x::`, `<T>::` or a dot.
fn continues_a_path(source: &Source, i: usize) -> bool {
    // `a.b` goes on, `..b` does not.
    if i > 0 && source.at(i - 1, ".") {
        return i < 2 || !source.at(i - 2, ".");
    }
    i > 1
        && source.at(i - 1, "::")
        && (source.at(i - 2, ">") || (source.tokens[i - 2].kind == Kind::Word && !source.at(i - 2, "in")))
}

/// Reads the path that begins at `i`; returns the token after it.
fn plain_path(source: &Source, i: usize, found: &mut Vec<Path>) -> usize {
    let mut words = vec![source.tokens[i].text.clone()];
    let mut end = i + 1;
    while source.at(end, "::") && source.tokens.get(end + 1).is_some_and(|t| t.kind == Kind::Word) {
        words.push(source.tokens[end + 1].text.clone());
        end += 2;
    }
    if words.len() > 1 {
        let is_macro = source.at(end, "!") && !source.at(end + 1, "=");
        let name = words[words.len() - 1].clone();
        found.push(Path { words, name, token: i, imported: false, is_macro });
    }
    end
}

/// Reads the `use` tree that begins at `i` below `prefix`; returns the token after it.
fn use_tree(source: &Source, mut i: usize, prefix: &[String], found: &mut Vec<Path>) -> usize {
    let mut words = prefix.to_vec();
    let first = i;
    let mut last = i;
    while let Some(token) = source.tokens.get(i) {
        match token.text.as_str() {
            "::" => i += 1,
            "{" => return use_group(source, i, &words, found),
            "as" | "," | "}" | ";" => break,
            _ if token.kind == Kind::Word || token.is("*") => {
                words.push(token.text.clone());
                last = i;
                i += 1;
            }
            _ => break,
        }
    }
    if words.len() > 1 && words.last().is_some_and(|word| word == "self") {
        words.pop();
    }
    let alias = source.at(i, "as").then(|| source.tokens.get(i + 1)).flatten();
    let name = alias.map(|t| t.text.clone()).or(words.last().cloned()).unwrap_or_default();
    let end = if alias.is_some() { i + 2 } else { i };
    if !words.is_empty() {
        found.push(Path { words, name, token: last, imported: true, is_macro: false });
    }
    end.max(first)
}

/// Reads the trees between the braces at `open`; returns the token after them.
fn use_group(source: &Source, open: usize, prefix: &[String], found: &mut Vec<Path>) -> usize {
    let close = source.close(open).unwrap_or(source.tokens.len());
    let mut i = open + 1;
    while i < close {
        i = if source.at(i, ",") { i + 1 } else { use_tree(source, i, prefix, found).max(i + 1) };
    }
    close + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let source = Source::new("a.rs", text);
        let shown: Vec<String> = paths(&source).iter().map(|p| p.words.join("::")).collect();
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn trees_are_written_out() {
        check(
            "use a::{b, c::{d, self}, e as f}; use g; pub use h::*;",
            &["a::b", "a::c::d", "a::c", "a::e", "g", "h::*"],
        );
        check("use ::egg::Runner; use {a::b, c};", &["egg::Runner", "a::b", "c"]);
        check("use crate as root; use super::super::x;", &["crate", "super::super::x"]);
    }

    #[test]
    fn paths_in_code_are_found_once() {
        check("let x: a::B = c::d::<e::F>::new(g.h::<i>());", &["a::B", "c::d", "e::F"]);
        check("fn f() -> impl A + use<'a> { crate::x!(y) }", &["crate::x"]);
        check("for i in 0..crate::a::N { x.b::<c::D>() }", &["crate::a::N", "c::D"]);
        check("pub(crate) fn f(x: &::egg::Id) { \"a::b\"; }", &["egg::Id"]);
    }
}
