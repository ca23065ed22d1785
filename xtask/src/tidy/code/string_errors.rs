//! A law: an error is a type, never a `String`.

use crate::tidy::finding::Finding;
use crate::tidy::read::{Source, Tree};

/// Finds `Result<_, String>`.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in tree.bound() {
        for i in source.find("Result").filter(|&i| has_string_error(source, i)) {
            let line = source.tokens[i].line;
            found.push(Finding::new(&source.path, line, "a `String` as the error", "use the crate's error type"));
        }
    }
    found
}

/// Whether the second argument of the `Result` at token `i` is `String`.
fn has_string_error(source: &Source, i: usize) -> bool {
    let mut at = if source.at(i + 1, "::") { i + 2 } else { i + 1 };
    let mut depth = 0;
    let mut error = None;
    while at < source.tokens.len() {
        match source.tokens[at].text.as_str() {
            "<" => depth += 1,
            ">" => depth -= 1,
            "," if depth == 1 => error = error.or(Some(at + 1)),
            _ => {}
        }
        if depth == 0 {
            break;
        }
        at = source.close(at).unwrap_or(at) + 1;
    }
    error.is_some_and(|from| {
        let last = if source.at(at - 1, ",") { at - 2 } else { at - 1 };
        let is_path = (from..last).all(|k| ["std", "alloc", "string", "::"].contains(&source.tokens[k].text.as_str()));
        is_path && source.at(last, "String")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::lines_found;

    #[test]
    fn string_errors_are_found() {
        let found = |text| assert_eq!(lines_found(check, "crates/eckart/src/a.rs", text), [1], "{text}");
        found("fn f() -> Result<(), String> {}");
        found("fn f() -> Result<Vec<(A, B)>, std::string::String> {}");
        found("type R<T> = std::result::Result<T, String>;");
        found("fn f() { x.collect::<Result<Vec<_>, String,>>() }");
        found("let x = Result::<u8, String>::Ok(1);");
    }

    #[test]
    fn strings_elsewhere_pass() {
        let fine = |text| assert_eq!(lines_found(check, "crates/eckart/src/a.rs", text), [0; 0], "{text}");
        fine("fn f() -> Result<String> {}");
        fine("fn f() -> Result<String, Error> {}");
        fine("fn f() -> Result<Map<A, String>, Error> {}");
        fine("fn f() -> Result<A, Found<A, String>> {}");
        fine("use std::result::Result; fn f(a: A, b: String) -> (Result<A>, String) {}");
    }
}
