//! The functions a file declares: each with the type it belongs to, its lines, and its parameters.

use super::lexer::Kind;
use super::source::Source;

/// A function with a name: free, of a type, or of a trait.
pub(crate) struct Function {
    /// `Type::name`, or `name` alone.
    pub(crate) name: String,
    /// Whether a trait asks for it, with this name and these parameters: it stands in `impl Trait for Type`.
    pub(crate) is_asked_for: bool,
    /// The token `fn`.
    pub(crate) token: usize,
    /// From `fn` to the closing brace; none where there is no body.
    pub(crate) lines: Option<usize>,
    /// Its parameters but `self`, each as the span of its tokens.
    pub(crate) parameters: Vec<(usize, usize)>,
}

/// Every function of `source`, tests included.
pub(crate) fn functions(source: &Source) -> Vec<Function> {
    let owners = owners(source);
    let function = |i: usize| {
        let name = source.tokens.get(i + 1).filter(|name| name.kind == Kind::Word)?;
        let owner = owner_of(&owners, i);
        let body = source.body_or_end(i).filter(|&open| source.at(open, "{"));
        let line = source.tokens[i].line;
        Some(Function {
            name: owner.map_or(name.text.clone(), |owner| format!("{}::{}", owner.name, name.text)),
            is_asked_for: owner.is_some_and(|owner| owner.is_of_trait),
            token: i,
            lines: body.and_then(|open| source.close(open)).map(|close| source.tokens[close].line - line + 1),
            parameters: parameters(source, i + 2),
        })
    };
    source.find("fn").filter_map(function).collect()
}

/// A block `impl Type`, `impl Trait for Type` or `trait Type`.
pub(crate) struct Owner {
    name: String,
    /// Whether it is `impl Trait for Type`.
    pub(crate) is_of_trait: bool,
    open: usize,
    close: usize,
}

/// The innermost block that holds token `i`.
pub(crate) fn owner_of(owners: &[Owner], i: usize) -> Option<&Owner> {
    owners.iter().rfind(|owner| (owner.open..owner.close).contains(&i))
}

/// The blocks that functions belong to.
pub(crate) fn owners(source: &Source) -> Vec<Owner> {
    let owner = |i: usize| {
        let open = source.body_or_end(i).filter(|&open| source.at(open, "{"))?;
        let is_of_trait = (i..open).any(|k| source.at(k, "for") && !source.at(k + 1, "<"));
        Some(Owner { name: owner_name(source, i + 1, open)?, is_of_trait, open, close: source.close(open)? })
    };
    let is_item = |i: &usize| source.at(*i, "trait") || (source.at(*i, "impl") && begins_item(source, *i));
    (0..source.tokens.len()).filter(is_item).filter_map(owner).collect()
}

/// Whether the `impl` at `i` begins a block, and is not a type such as `impl Fn()`.
fn begins_item(source: &Source, i: usize) -> bool {
    i == 0 || ["}", "{", ";", "]", ")", "unsafe"].iter().any(|mark| source.at(i - 1, mark))
}

/// The name of the type in the header from `at` to `open`: the last word outside angle brackets, before `where`.
fn owner_name(source: &Source, mut at: usize, open: usize) -> Option<String> {
    let mut name = None;
    while at < open && !source.at(at, "where") && !(name.is_some() && source.at(at, ":")) {
        if source.at(at, "<") {
            at = after_angles(source, at, open);
            continue;
        }
        let token = &source.tokens[at];
        if token.kind == Kind::Word && !["for", "dyn", "mut"].contains(&token.text.as_str()) {
            name = Some(token.text.clone());
        }
        at += 1;
    }
    name
}

/// The parameters in the round bracket at or after `at`, behind generics if there are any.
fn parameters(source: &Source, at: usize) -> Vec<(usize, usize)> {
    let open = if source.at(at, "<") { after_angles(source, at, source.tokens.len()) } else { at };
    let Some(close) = source.close(open).filter(|_| source.at(open, "(")) else { return Vec::new() };
    let mut all = split_at_commas(source, open + 1, close);
    all.retain(|&(from, to)| {
        let end = (from..to).find(|&i| source.at(i, ":")).unwrap_or(to);
        !(from..end).any(|i| source.at(i, "self"))
    });
    all
}

/// The spans between the commas from `from` to `to` that are in no bracket of any kind.
pub(crate) fn split_at_commas(source: &Source, from: usize, to: usize) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    let (mut begin, mut at) = (from, from);
    while at < to {
        if source.at(at, ",") {
            spans.push((begin, at));
            begin = at + 1;
        }
        at = if source.at(at, "<") { after_angles(source, at, to) } else { source.close(at).unwrap_or(at) + 1 };
    }
    spans.push((begin, to));
    spans.retain(|(from, to)| from < to);
    spans
}

/// The token after the `>` that closes the `<` at `at`, and at most `end`.
pub(crate) fn after_angles(source: &Source, mut at: usize, end: usize) -> usize {
    let mut depth = 0;
    while at < end {
        depth += i32::from(source.at(at, "<")) - i32::from(source.at(at, ">"));
        at = source.close(at).unwrap_or(at) + 1;
        if depth == 0 {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, Option<usize>, usize)]) {
        let source = Source::new("a.rs", text);
        let functions = functions(&source);
        let shown: Vec<_> = functions.iter().map(|f| (f.name.as_str(), f.lines, f.parameters.len())).collect();
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn functions_are_named_for_their_type() {
        check("fn f() {}\nimpl A { fn g(&self) {\n} }", &[("f", Some(1), 0), ("A::g", Some(2), 0)]);
        check("impl<T: B<C>> D<T> for a::E<T> where T: F { fn f() {} }", &[("E::f", Some(1), 0)]);
        check("trait A: B { fn f(self: Box<Self>, x: u8); }", &[("A::f", None, 1)]);
        check("impl A for &mut dyn B { fn f() {} }", &[("B::f", Some(1), 0)]);
        check("fn f(x: impl Fn(u8) -> u8) -> impl G { fn g() {} }", &[("f", Some(1), 1), ("g", Some(1), 0)]);
    }

    #[test]
    fn what_a_trait_asks_for_is_told_from_the_rest() {
        let text = "impl A for B { fn f() {} } impl<F: for<'a> G<'a>> B<F> { fn g() {} } trait A { fn f(); }";
        let asked: Vec<bool> = functions(&Source::new("a.rs", text)).iter().map(|f| f.is_asked_for).collect();
        assert_eq!(asked, [true, false, false]);
    }

    #[test]
    fn parameters_are_counted_without_self() {
        check("fn f<F: Fn(A) -> B, const N: usize>(mut self, a: A<B, C>, (b, c): (D, E),) {}", &[("f", Some(1), 2)]);
        check("fn f(&'a mut self, #[x(a, b)] a: [u8; { 3 }], f: fn(A, B) -> C) {}", &[("f", Some(1), 2)]);
        check("type F = fn(A, B);", &[]);
    }
}
