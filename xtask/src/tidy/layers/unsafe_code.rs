//! A law: `unsafe` stands only in the kernels and the Python binding, each with its reason above it.

use crate::tidy::finding::Finding;
use crate::tidy::read::{Source, Tree};

pub(super) const PLACES: [&str; 2] = ["crates/eckart-kernels/src", "crates/eckart-python"];

/// Looks at every `unsafe` of every Rust file, tests included.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in tree.rust() {
        for i in source.find("unsafe") {
            let line = source.tokens[i].line;
            if !PLACES.iter().any(|place| source.is_in(place)) {
                let to_do = format!("write it without, or move it to {}", PLACES.join(" or "));
                found.push(Finding::new(&source.path, line, "`unsafe` outside its place", to_do));
            } else if !is_fn_type(source, i) && !has_reason(source, i) {
                let to_do = "say why it is sound in a `// SAFETY:` comment above it";
                found.push(Finding::new(&source.path, line, "`unsafe` without a reason", to_do));
            }
        }
    }
    found
}

/// Whether this is a type such as `unsafe fn(u8)` or `unsafe extern "C" fn(u8)`, which does nothing yet.
fn is_fn_type(source: &Source, i: usize) -> bool {
    source.reads(i + 1, &["fn", "("]) || (source.at(i + 1, "extern") && source.reads(i + 3, &["fn", "("]))
}

/// Whether the comments above the statement of token `i`, or on its line, give a reason.
fn has_reason(source: &Source, i: usize) -> bool {
    let declares = source.at(i + 1, "fn") || source.at(i + 1, "trait") || source.at(i + 1, "extern");
    let gives = |line: &str| line.contains("// SAFETY:") || (declares && line.contains("/// # Safety"));
    let lines: Vec<&str> = source.text.lines().map(str::trim).collect();
    let at = source.tokens[i].line - 1;
    if gives(lines[at]) {
        return true;
    }
    for line in lines[..at].iter().rev() {
        let is_beside = line.starts_with("//") || line.starts_with("#[");
        if is_beside && gives(line) {
            return true;
        }
        // A line of code that ends nothing belongs to the same statement.
        let ends = line.is_empty() || line.ends_with([';', '}', '{', ',']);
        if !is_beside && ends {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::lines_found;

    const KERNEL: &str = "crates/eckart-kernels/src/dot.rs";

    #[test]
    fn a_reason_passes_in_the_kernels() {
        let fine = |text| assert_eq!(lines_found(check, KERNEL, text), [0; 0], "{text}");
        fine("fn f() {\n    // SAFETY: in range,\n    // as checked.\n    #[inline]\n    unsafe { g() }\n}");
        fine("// SAFETY: as above.\nlet x =\n    unsafe { g() };");
        fine("/// Adds.\n/// # Safety\n/// x is in range.\npub unsafe fn f() {}");
        fine("type F = unsafe fn(u8); type G = unsafe extern \"C\" fn(u8);");
        fine("// unsafe\nconst A: &str = \"unsafe\";");
    }

    #[test]
    fn no_reason_or_another_place_is_found() {
        assert_eq!(lines_found(check, KERNEL, "fn f() {\n    unsafe { g() }\n}"), [2]);
        assert_eq!(lines_found(check, KERNEL, "// SAFETY: one.\na();\nunsafe { g() }"), [3]);
        assert_eq!(lines_found(check, KERNEL, "/// # Safety\nfn f() {\nunsafe { g() } }"), [3]);
        let text = "// SAFETY: in range.\nunsafe { g() }";
        assert_eq!(lines_found(check, "crates/eckart/src/run/mod.rs", text), [2]);
        assert_eq!(lines_found(check, "crates/eckart/tests/it/a.rs", text), [2]);
    }
}
