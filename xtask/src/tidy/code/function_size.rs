//! A law: a function has at most 70 lines, from its `fn` to its closing brace; beyond 80 there is no excuse.

use crate::tidy::finding::Finding;
use crate::tidy::read::{Tree, functions};

const MOST: usize = 70;
/// The most that the list of offenders excuses.
const CAP: usize = 80;

/// Measures every function, those of tests included.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in tree.bound() {
        for function in functions(source) {
            let Some(lines) = function.lines.filter(|&lines| lines > MOST) else { continue };
            let line = source.tokens[function.token].line;
            let what = format!("`{}` has {lines} lines, and {MOST} is the most", function.name);
            let finding = Finding::new(&source.path, line, what, "give its parts names of their own");
            found.push(if lines > CAP { finding } else { finding.measured(function.name, lines) });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::lines_found;

    /// A function of `lines` lines that begins on line 2, in text with many a trap.
    fn function(lines: usize) -> String {
        let body = "    let a = ('}', \"}\", r#\"}\"#, 'x); // }\n".repeat(lines - 3);
        format!("type F = fn(u8) -> u8;\nfn f<'a>(x: [u8; {{ 3 }}])\nwhere u8: 'a {{\n{body}}}\nfn g() {{}}\n")
    }

    #[test]
    fn seventy_lines_are_enough_and_eighty_the_most_that_is_excused() {
        let path = "crates/eckart/src/a.rs";
        assert_eq!(lines_found(check, path, &function(70)), [0; 0]);
        assert_eq!(lines_found(check, path, &function(71)), [2]);
        let excuse =
            |lines| check(&Tree::new([(path, function(lines))]))[0].offence.clone().map(|o| (o.item, o.measure));
        assert_eq!(excuse(80), Some(("f".to_owned(), 80)));
        assert_eq!(excuse(81), None);
    }
}
