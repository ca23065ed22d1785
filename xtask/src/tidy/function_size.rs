//! A law: a function has at most 80 lines, from its `fn` to its closing brace.

use super::Finding;
use super::lexer::Kind;
use super::tree::Tree;

const MOST: usize = 80;

/// Measures every function, those of tests included.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in tree.bound() {
        for i in source.find("fn") {
            let Some(name) = source.tokens.get(i + 1).filter(|name| name.kind == Kind::Word) else { continue };
            let Some(close) = source.body_or_end(i).and_then(|open| source.close(open)) else { continue };
            let line = source.tokens[i].line;
            let lines = source.tokens[close].line - line + 1;
            if lines > MOST {
                let what = format!("`{}` has {lines} lines, and {MOST} is the most", name.text);
                found.push(Finding::new(&source.path, line, what, "give its parts names of their own"));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::lines_found;
    use super::*;

    /// A function of `lines` lines that begins on line 2, in text with many a trap.
    fn function(lines: usize) -> String {
        let body = "    let a = ('}', \"}\", r#\"}\"#, 'x); // }\n".repeat(lines - 3);
        format!("type F = fn(u8) -> u8;\nfn f<'a>(x: [u8; {{ 3 }}])\nwhere u8: 'a {{\n{body}}}\nfn g() {{}}\n")
    }

    #[test]
    fn eighty_lines_are_enough() {
        let path = "crates/eckart/src/a.rs";
        assert_eq!(lines_found(check, path, &function(80)), [0; 0]);
        assert_eq!(lines_found(check, path, &function(81)), [2]);
    }
}
