//! The names that a file brings into being: items, fields, variants, parameters and variables.

use super::functions::{functions, owner_of, owners, split_at_commas};
use super::lexer::Kind;
use super::source::Source;

/// What a name is given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// A struct, an enum, a union, a trait or a type alias; one that belongs to a trait is an `Other`.
    Type,
    /// A function, a constant or a module that belongs to no type.
    Item,
    /// All else.
    Other,
}

/// A name where it is declared; where it is used it is not the user's to choose.
pub(crate) struct Declaration {
    pub(crate) name: String,
    pub(crate) token: usize,
    pub(crate) named: Named,
    /// Whether a trait asks for it by this name.
    pub(crate) is_asked_for: bool,
}

/// Every declaration of `source`, tests included, but for the parameters of closures and what a match arm binds.
pub(crate) fn declarations(source: &Source) -> Vec<Declaration> {
    let mut reader = Reader { source, found: Vec::new() };
    let owners = owners(source);
    for i in 0..source.tokens.len() {
        let owner = owner_of(&owners, i);
        let known = reader.found.len();
        reader.item(i, owner.is_some());
        let is_asked_for = owner.is_some_and(|owner| owner.is_of_trait);
        reader.found[known..].iter_mut().for_each(|declaration| declaration.is_asked_for = is_asked_for);
        reader.variable(i);
    }
    for function in functions(source) {
        for (from, to) in function.parameters {
            let colon = (from..to).find(|&i| source.at(i, ":") && !source.is_inside_bracket(from, i));
            reader.pattern(from, colon.unwrap_or(to));
        }
    }
    reader.found
}

struct Reader<'a> {
    source: &'a Source,
    found: Vec<Declaration>,
}

impl Reader<'_> {
    fn add(&mut self, token: usize, named: Named) {
        if let Some(name) = self.source.tokens.get(token).filter(|name| name.kind == Kind::Word) {
            self.found.push(Declaration { name: name.text.clone(), token, named, is_asked_for: false });
        }
    }

    /// The item that the keyword at `i` declares, with its fields and variants.
    fn item(&mut self, i: usize, is_within_owner: bool) {
        let source = self.source;
        let item = if is_within_owner { Named::Other } else { Named::Item };
        match source.tokens[i].text.as_str() {
            "struct" | "union" | "enum" if source.tokens.get(i + 1).is_some_and(|name| name.kind == Kind::Word) => {
                self.add(i + 1, Named::Type);
                let body = source.body_or_end(i).filter(|&open| source.at(open, "{"));
                if let Some((open, close)) = body.and_then(|open| Some((open, source.close(open)?))) {
                    self.members(open, close);
                }
            }
            "trait" => self.add(i + 1, Named::Type),
            "type" => self.add(i + 1, if is_within_owner { Named::Other } else { Named::Type }),
            "fn" | "mod" => self.add(i + 1, item),
            "const" | "static" if i == 0 || !source.at(i - 1, "*") => {
                let name = if source.at(i + 1, "mut") { i + 2 } else { i + 1 };
                if source.at(name + 1, ":") {
                    self.add(name, item);
                }
            }
            "macro_rules" => self.add(i + 2, item),
            _ => {}
        }
    }

    /// The fields or variants between the braces at `open` and `close`.
    fn members(&mut self, open: usize, close: usize) {
        for (mut at, end) in split_at_commas(self.source, open + 1, close) {
            while self.source.reads(at, &["#", "["]) {
                at = self.source.close(at + 1).unwrap_or(end) + 1;
            }
            if self.source.at(at, "pub") {
                at = self.source.close(at + 1).unwrap_or(at) + 1;
            }
            self.add(at, Named::Other);
            if let Some(close) = self.source.close(at + 1).filter(|_| self.source.at(at + 1, "{")) {
                self.members(at + 1, close);
            }
        }
    }

    /// What the `let` or `for` at `i` binds.
    fn variable(&mut self, i: usize) {
        let source = self.source;
        let ends: &[&str] = match source.tokens[i].text.as_str() {
            "let" => &["=", ":", ";", "{"],
            "for" if !source.at(i + 1, "<") => &["in", "{", ";", "where"],
            _ => return,
        };
        let mut end = i + 1;
        while end < source.tokens.len() && !ends.iter().any(|mark| source.at(end, mark)) {
            // The braces of a pattern belong to it; those of a block come after `=` or `in`.
            end = source.close(end).unwrap_or(end) + 1;
            if source.at(end, "{") && ends[0] == "=" {
                end = source.close(end).unwrap_or(end) + 1;
            }
        }
        if ends[0] == "=" || source.at(end, "in") {
            self.pattern(i + 1, end.min(source.tokens.len()));
        }
    }

    /// The names that the pattern from `from` to `to` chooses: words in small letters that are no path and no field,
    /// also not the short form of one, as in `View { rows, .. }`.
    fn pattern(&mut self, from: usize, to: usize) {
        for i in from..to {
            let text = self.source.tokens[i].text.as_str();
            let is_name = self.source.tokens[i].kind == Kind::Word
                && text.starts_with(|c: char| c.is_lowercase() || c == '_')
                && !["mut", "ref", "box", "if", "true", "false"].contains(&text);
            let is_path = self.source.at(i + 1, "::") || (i > 0 && self.source.at(i - 1, "::"));
            let is_field = (i + 1 < to && self.source.at(i + 1, ":")) || self.is_short_field(from, i);
            if is_name && !is_path && !is_field {
                self.add(i, Named::Other);
            }
        }
    }

    /// Whether token `i` stands for a field and its variable: directly between braces, and after no colon.
    fn is_short_field(&self, from: usize, i: usize) -> bool {
        let innermost = (from..i).rev().find(|&open| self.source.close(open).is_some_and(|close| close > i));
        let first = (from..i).rev().find(|&k| !["mut", "ref"].contains(&self.source.tokens[k].text.as_str()));
        innermost.is_some_and(|open| self.source.at(open, "{")) && !first.is_some_and(|k| self.source.at(k, ":"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let source = Source::new("a.rs", text);
        let mut all = declarations(&source);
        all.sort_by_key(|declaration| declaration.token);
        let names: Vec<&str> = all.iter().map(|declaration| declaration.name.as_str()).collect();
        assert_eq!(names, expected, "{text}");
    }

    #[test]
    fn items_fields_and_variants_are_declared() {
        check("pub struct A<T> { pub(crate) b: B<C, D>, #[x(y)] e: F } struct G(H);", &["A", "b", "e", "G"]);
        check("enum A { B, C(D), E { f: G }, H = 3 } union U { a: u8 }", &["A", "B", "C", "E", "f", "H", "U", "a"]);
        check("mod a; const B: *const u8 = C; static mut D: E = F; macro_rules! g { () => {} }", &["a", "B", "D", "g"]);
        check("fn f() { let union = 1; g(A { b: 2 }) }", &["f", "union"]);
    }

    #[test]
    fn parameters_and_variables_are_declared() {
        check("fn f(&self, a: A, (b, mut c): (B, C), D { e, f: g }: D) {}", &["f", "a", "b", "c", "g"]);
        check("fn f() { let Some(a) = b else { c }; let d: E = h::I { j }; }", &["f", "a", "d"]);
        check(
            "fn f() { for (a, b) in c { while let D::E { g, h: mut i, j: (k, l) } = m {} } }",
            &["f", "a", "b", "i", "k", "l"],
        );
        check("impl A for B { fn f() where for<'a> C: D {} }", &["f"]);
    }

    #[test]
    fn types_are_told_from_the_rest() {
        let source = Source::new("a.rs", "trait A { type B; } type C = D; impl A for E { type B = F; } enum G { H }");
        let types: Vec<String> =
            declarations(&source).into_iter().filter(|d| d.named == Named::Type).map(|d| d.name).collect();
        assert_eq!(types, ["A", "C", "G"]);
        let source =
            Source::new("a.rs", "fn a(b: B) { let c = d; } impl B { fn e() {} const F: G = h; } const I: J = k;");
        let items: Vec<String> =
            declarations(&source).into_iter().filter(|d| d.named == Named::Item).map(|d| d.name).collect();
        assert_eq!(items, ["a", "I"]);
    }
}
