//! A law: a match on the primitives lists them all, so that the compiler stops whoever adds one.

use crate::tidy::finding::Finding;
use crate::tidy::read::{Kind, Source, Tree, after_angles};

/// The names the enum of primitives may have.
const ENUMS: [&str; 2] = ["Op", "Prim"];

/// Finds the arms that catch every primitive.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in tree.bound() {
        let inherent = impls(source);
        for i in source.find_outside_tests("match") {
            let within = inherent.iter().any(|&(open, close)| (open..close).contains(&i));
            let arms = arms(source, i);
            let on_primitives = |&(from, _): &(usize, usize)| names_primitive(source, from, within);
            if !arms.iter().any(on_primitives) {
                continue;
            }
            for &(from, _) in arms.iter().filter(|&&(from, to)| catches_all(source, from, to)) {
                let what = format!("the arm `{} =>` hides the primitives to come", source.tokens[from].text);
                let line = source.tokens[from].line;
                found.push(Finding::new(&source.path, line, what, "list the primitives it stands for"));
            }
        }
    }
    found
}

/// The blocks `impl Op { }` and `impl Trait for Op { }`, in which `Self::` is a primitive too.
fn impls(source: &Source) -> Vec<(usize, usize)> {
    let block = |i: usize| {
        let open = source.body_or_end(i)?;
        let is_primitive = ENUMS.iter().any(|name| source.at(open - 1, name));
        if is_primitive { Some((open, source.close(open)?)) } else { None }
    };
    source.find("impl").filter_map(block).collect()
}

/// Whether the pattern at `from` begins with a primitive.
fn names_primitive(source: &Source, mut from: usize, within_impl: bool) -> bool {
    while source.at(from, "|") || source.at(from, "&") {
        from += 1;
    }
    // `expr::Op::Add` names one as well as `Op::Add`.
    while source.at(from + 1, "::") {
        let name = source.tokens[from].text.as_str();
        if ENUMS.contains(&name) || (within_impl && name == "Self") {
            return true;
        }
        from += 2;
    }
    false
}

/// Whether the pattern from `from` to `to` is `_` or one new name; a guard makes it harmless.
fn catches_all(source: &Source, from: usize, to: usize) -> bool {
    let token = &source.tokens[from];
    to == from + 1 && token.kind == Kind::Word && token.text.starts_with(|c: char| c == '_' || c.is_lowercase())
}

/// The patterns of the match at token `i`: the first token and the `=>` of each.
fn arms(source: &Source, i: usize) -> Vec<(usize, usize)> {
    let mut arms = Vec::new();
    let Some((open, close)) = body(source, i) else { return arms };
    let mut at = open + 1;
    while at < close {
        let Some(arrow) = skip_to(source, at, close, "=>") else { break };
        arms.push((at, arrow));
        at = if source.at(arrow + 1, "{") {
            let end = source.close(arrow + 1).unwrap_or(close) + 1;
            if source.at(end, ",") { end + 1 } else { end }
        } else {
            skip_to(source, closure_body(source, arrow + 1), close, ",").map_or(close, |comma| comma + 1)
        };
    }
    arms
}

/// The braces of the match at token `i`.
fn body(source: &Source, i: usize) -> Option<(usize, usize)> {
    let mut at = i + 1;
    if source.at(at, "unsafe") || source.at(at, "loop") {
        at += 1;
    }
    if source.at(at, "{") {
        at = source.close(at)? + 1;
    }
    let open = source.body_or_end(at)?;
    Some((open, source.close(open)?))
}

/// Where the body begins of the closure at `i`, if there is one: its parameters hold commas.
fn closure_body(source: &Source, i: usize) -> usize {
    let bar = if source.at(i, "move") { i + 1 } else { i };
    if !source.at(bar, "|") {
        return i;
    }
    (bar + 1..source.tokens.len()).find(|&k| source.at(k, "|")).map_or(i, |k| k + 1)
}

/// The first `mark` from `at` on that is in no bracket and no turbofish.
fn skip_to(source: &Source, mut at: usize, end: usize, mark: &str) -> Option<usize> {
    while at < end {
        if source.at(at, mark) {
            return Some(at);
        }
        at = if source.reads(at, &["::", "<"]) {
            after_angles(source, at + 1, end)
        } else {
            source.close(at).unwrap_or(at) + 1
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::lines_found;

    const PATH: &str = "crates/eckart/src/grad/mod.rs";

    #[test]
    fn a_full_list_passes() {
        let fine = |text| assert_eq!(lines_found(check, PATH, text), [0; 0], "{text}");
        fine("match op { Op::Add | Op::Sub => 1, Op::Mul { .. } => { _ = 2; } Op::Map(_) => f(|_| 3) }");
        fine("match op { Op::Add => match x { 1 => 2, _ => 3 }, Op::Sub => 4 }");
        fine("match shape { (1, 1) => Op::Add, _ => Op::Sub }");
        fine("match op { Op::Add => 1, _ if x => 2, Op::Sub => 3 }");
        fine("match x { Some(Op::Add) => 1, _ => 2 }");
        fine("impl Error { fn f(&self) { match self { Self::A => 1, _ => 2 } } }");
        fine("#[cfg(test)] mod tests { fn f() { match op { Op::Add => 1, _ => 2 } } }");
        fine("matches!(op, Op::Add | Op::Sub)");
    }

    #[test]
    fn an_arm_for_the_rest_is_found() {
        let found = |text| assert_eq!(lines_found(check, PATH, text), [2], "{text}");
        found("match op { Op::Add => 1,\n_ => 2 }");
        found("match &op { &Op::Add => 1,\nother => f(other) }");
        found("match op { Prim::Add(a, b) => { 1 }\n_ => 2 }");
        found("match op {\n_ => { 2 } | crate::expr::Op::Add => 1 }");
        found("match unsafe { x } { Op::Add => f::<A, B>(1), Op::Sub => |a, b| a,\n_ => 2 }");
        found("impl Op { fn f(self) { match self { Self::Add => 1,\n_ => 2 } } }");
        found("impl fmt::Display for Prim { fn f(self) { match self { Self::Add => 1,\n_ => 2 } } }");
        found("match x { 1 => match op { Op::Add => '}',\n_ => '{' }, _ => '_' }");
    }
}
