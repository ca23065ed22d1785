//! A law: a function has at most 6 arguments.
//!
//! A tuple counts as many as it has parts, also within tuples and behind `&`: `(a, b): (A, B)` is two arguments that
//! lack a name. `self` counts as none: it is what the function belongs to, not what it is told. A slice or an
//! `Option` of tuples is one thing. A function that a trait asks for counts where the trait declares it.

use crate::tidy::finding::Finding;
use crate::tidy::read::{Kind, Source, Tree, functions, split_at_commas};

const MOST: usize = 6;

/// Counts the arguments of every function, those of tests included.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in tree.bound() {
        for function in functions(source).into_iter().filter(|function| !function.is_asked_for) {
            let count: usize = function.parameters.iter().map(|&(from, to)| count(source, from, to)).sum();
            if count > MOST {
                let line = source.tokens[function.token].line;
                let what = format!(
                    "`{}` has {count} arguments (parts of tuples counted), and {MOST} is the most",
                    function.name
                );
                let to_do = "give those that go together a type with a name";
                found.push(Finding::new(&source.path, line, what, to_do).measured(function.name, count));
            }
        }
    }
    found
}

/// How many arguments the parameter from `from` to `to` is: those of its pattern, or of its type where these are more.
fn count(source: &Source, mut from: usize, to: usize) -> usize {
    while source.reads(from, &["#", "["]) {
        from = source.close(from + 1).unwrap_or(to) + 1;
    }
    let colon = (from..to).find(|&i| source.at(i, ":") && !source.is_inside_bracket(from, i));
    let pattern = parts(source, from, colon.unwrap_or(to));
    colon.map_or(pattern, |colon| pattern.max(parts(source, colon + 1, to)))
}

/// The number of parts of the pattern or type from `from` to `to`; 1 where it is no tuple.
fn parts(source: &Source, mut from: usize, to: usize) -> usize {
    while from < to && (source.at(from, "&") || source.at(from, "mut") || source.tokens[from].kind == Kind::Lifetime) {
        from += 1;
    }
    let is_tuple = source.at(from, "(") && source.close(from).is_some_and(|close| close + 1 == to);
    if !is_tuple {
        return 1;
    }
    let inner = split_at_commas(source, from + 1, to - 1);
    inner.iter().map(|&(from, to)| parts(source, from, to)).sum::<usize>().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The arguments counted in `text`; none where they are few enough.
    fn counted(text: &str) -> Option<usize> {
        let found = check(&Tree::new([("crates/eckart/src/a.rs", text)]));
        found.first().and_then(|finding| finding.offence.as_ref()).map(|offence| offence.measure)
    }

    #[test]
    fn six_arguments_and_self_are_enough() {
        assert_eq!(counted("fn f(a: A, b: A, c: A, d: A, e: A, f: A) {}"), None);
        assert_eq!(counted("impl A { fn f(&mut self, a: A, b: A, c: A, d: A, e: A, f: A) {} }"), None);
        assert_eq!(
            counted("fn f(a: &[(A, B)], b: Option<(A, B, C)>, c: HashMap<A, B>, d: (), e: (dyn Fn(A, B))) {}"),
            None
        );
        assert_eq!(counted("impl A for B { fn f(a: A, b: A, c: A, d: A, e: A, f: A, g: A) {} }"), None);
        assert_eq!(counted("fn f(View { a, b, c, d, e, f, g }: View) {}"), None);
        assert_eq!(counted("fn f(a: A, b: A, c: A, d: A, e: A, f: A, g: A) {}"), Some(7));
    }

    #[test]
    fn parts_of_tuples_are_arguments() {
        assert_eq!(counted("fn f((a, b): (A, B), (c, d): Pair, &(e, f, g): &(A, B, C)) {}"), Some(7));
        assert_eq!(counted("fn f(a: &'a mut ((A, B), [C; 2], (D, E)), b: (A, B)) {}"), Some(7));
        assert_eq!(counted("trait A { fn f(self, #[a(x, y)] a: (A, B, C), b: (D, E, F, G<H, I>)); }"), Some(7));
    }
}
