//! A law: a line is no wider than what `rustfmt.toml` allows, counted in characters.
//!
//! In Rust all lines count, also comments and strings, which rustfmt leaves alone. In Markdown prose does; tables and
//! code can't be broken, nor can a word, such as a link, that is as wide by itself.

use crate::tidy::finding::Finding;
use crate::tidy::read::{Source, Tree};

/// Where `rustfmt.toml` says nothing.
const DEFAULT: usize = 100;

/// Measures every line of Rust and Markdown.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let most = tree.file("rustfmt.toml").and_then(max_width).unwrap_or(DEFAULT);
    let rust = tree.rust().map(|source| (source, wide(source.text.lines().enumerate(), most)));
    let pages = tree.files.iter().filter(|source| source.path.ends_with(".md"));
    let pages = pages.map(|source| (source, wide(prose(&source.text).filter(|(_, line)| can_break(line, most)), most)));
    rust.chain(pages)
        .filter(|(_, lines)| !lines.is_empty())
        .map(|(source, lines)| finding(source, &lines, most))
        .collect()
}

fn max_width(config: &Source) -> Option<usize> {
    let (_, value) =
        config.text.lines().find_map(|line| line.split_once('=').filter(|row| row.0.trim() == "max_width"))?;
    value.trim().parse().ok()
}

/// The numbers of the lines that have more than `most` characters.
fn wide<'a>(lines: impl Iterator<Item = (usize, &'a str)>, most: usize) -> Vec<usize> {
    lines.filter(|(_, line)| line.chars().count() > most).map(|(i, _)| i + 1).collect()
}

/// The lines of Markdown that are in no table and no code.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_code = false;
    text.lines().enumerate().filter(move |(_, line)| {
        let line = line.trim_start();
        let is_fence = line.starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence && !line.starts_with('|')
    })
}

/// Whether a line could be broken: its first `most` characters hold a blank between words.
fn can_break(line: &str, most: usize) -> bool {
    let words = line.trim_start_matches([' ', '-', '*', '>', '#']);
    let before = line.len() - words.len();
    words.find(' ').is_some_and(|at| line[..before + at].chars().count() <= most)
}

fn finding(source: &Source, lines: &[usize], most: usize) -> Finding {
    let shown: Vec<String> = lines.iter().take(8).map(usize::to_string).collect();
    let more = if lines.len() > shown.len() { ", ..." } else { "" };
    let what = format!("{} line(s) with more than {most} characters: {}{more}", lines.len(), shown.join(", "));
    Finding::new(&source.path, lines[0], what, "break them").measured("wide lines", lines.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of wide lines in the file `path`, where 10 characters are the most.
    fn count(path: &str, text: &str) -> usize {
        let tree = Tree::new([("rustfmt.toml", "edition = \"2024\"\nmax_width = 10\n"), (path, text)]);
        check(&tree).iter().filter_map(|finding| finding.offence.as_ref()).map(|offence| offence.measure).sum()
    }

    #[test]
    fn lines_of_rust_are_measured_in_characters() {
        assert_eq!(count("a.rs", "// 4567890\nlet éàü=1;"), 0);
        assert_eq!(count("a.rs", "// 45678901\nlet a = \"\n12345678901\";"), 2);
        assert_eq!(count("a.py", "# 345678901"), 0);
    }

    #[test]
    fn prose_is_measured_and_tables_code_and_links_are_not() {
        assert_eq!(count("a.md", "one two three\n```\none two three\n```\n| one two three |\none two three"), 2);
        assert_eq!(count("a.md", "[link](https://x.y)\n- `one_two_three`, four\n## h\n"), 0);
    }

    #[test]
    fn this_workspace_says_how_wide_a_line_is() {
        let tree = Tree::read(&crate::root()).expect("the workspace can be read");
        assert_eq!(tree.file("rustfmt.toml").and_then(max_width), Some(120));
    }
}
