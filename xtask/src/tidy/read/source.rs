//! One file as the laws see it: its lines, its tokens, which brace closes which, and which parts are tests.

use super::lexer::{Comment, Kind, Token, lex};

/// A text file of the workspace. Only Rust files have tokens.
pub(crate) struct Source {
    /// The path from the root of the workspace, with `/`.
    pub(crate) path: String,
    /// The text.
    pub(crate) text: String,
    /// The tokens, without comments.
    pub(crate) tokens: Vec<Token>,
    /// The comments.
    comments: Vec<Comment>,
    /// For each opening token the index of the one that closes it.
    partner: Vec<Option<usize>>,
    /// For each token, whether it is part of a test.
    test: Vec<bool>,
    /// The modules written out in this file: name, first and last token.
    inline_mods: Vec<(String, usize, usize)>,
}

impl Source {
    /// Reads `text` as the file `path`.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let (tokens, comments) = if path.ends_with(".rs") { lex(text) } else { Default::default() };
        let partner = match_brackets(&tokens);
        let test = vec![false; tokens.len()];
        let mut source = Self {
            path: path.to_owned(),
            text: text.to_owned(),
            tokens,
            comments,
            partner,
            test,
            inline_mods: Vec::new(),
        };
        source.inline_mods = source.find_inline_mods();
        source.mark_tests();
        source
    }

    /// Whether this is Rust.
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether the path is `place`, the file of the module `place`, or a file below the folder `place`.
    pub(crate) fn is_in(&self, place: &str) -> bool {
        let Some(rest) = self.path.strip_prefix(place) else { return false };
        rest.is_empty() || rest == ".rs" || rest.starts_with('/')
    }

    /// Whether the file is the source of a crate (its tests, benches and examples are not).
    pub(crate) fn is_crate_source(&self) -> bool {
        let mut parts = self.path.split('/');
        self.is_rust() && parts.next() == Some("crates") && parts.nth(1) == Some("src")
    }

    /// The name of the file without its folder and its ending.
    pub(crate) fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.split('.').next().unwrap_or(name)
    }

    /// The strings and characters outside tests, with their quotes, each with its line.
    pub(crate) fn literals(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_literal = |(i, token): &(usize, &Token)| token.kind == Kind::Literal && !self.test[*i];
        self.tokens.iter().enumerate().filter(is_literal).map(|(_, t)| (t.line, &self.text[t.span.0..t.span.1]))
    }

    /// The comments outside tests, with their marks, each with its line.
    pub(crate) fn comments(&self) -> impl Iterator<Item = (usize, &str)> {
        let all = self.comments.iter().map(|comment| (comment.line, &self.text[comment.span.0..comment.span.1]));
        all.filter(|(line, _)| !self.is_all_test() && !self.is_test_line(*line))
    }

    /// Whether token `i` is part of a test.
    pub(crate) fn is_test(&self, i: usize) -> bool {
        self.test[i]
    }

    /// Whether line `line` (counted from 1) is part of a test: it lies between test tokens.
    pub(crate) fn is_test_line(&self, line: usize) -> bool {
        let before = self.tokens.iter().rposition(|t| t.line <= line);
        let after = self.tokens.iter().position(|t| t.line >= line);
        before.is_some_and(|i| self.test[i]) && after.is_some_and(|i| self.test[i])
    }

    /// Whether the whole file is a test.
    pub(crate) fn is_all_test(&self) -> bool {
        !self.test.is_empty() && self.test.iter().all(|&test| test)
    }

    /// Makes the whole file a test.
    pub(crate) fn mark_all_test(&mut self) {
        self.test.fill(true);
    }

    /// Whether token `i` is there and is the word or mark `text`.
    pub(crate) fn at(&self, i: usize, text: &str) -> bool {
        self.tokens.get(i).is_some_and(|t| t.is(text))
    }

    /// Whether the tokens from `i` on are `texts`.
    pub(crate) fn reads(&self, i: usize, texts: &[&str]) -> bool {
        texts.iter().enumerate().all(|(k, text)| self.at(i + k, text))
    }

    /// The token that closes the bracket at `i`.
    pub(crate) fn close(&self, i: usize) -> Option<usize> {
        self.partner.get(i).copied().flatten()
    }

    /// Whether a bracket that opens at `from` or later holds token `i`.
    pub(crate) fn is_inside_bracket(&self, from: usize, i: usize) -> bool {
        (from..i).any(|open| self.close(open).is_some_and(|close| close > i))
    }

    /// The indices of every token that is `text`.
    pub(crate) fn find<'a>(&'a self, text: &'a str) -> impl Iterator<Item = usize> + 'a {
        (0..self.tokens.len()).filter(move |&i| self.at(i, text))
    }

    /// The same, tests left out.
    pub(crate) fn find_outside_tests<'a>(&'a self, text: &'a str) -> impl Iterator<Item = usize> + 'a {
        self.find(text).filter(|&i| !self.test[i])
    }

    /// The first `{` or `;` from `i` on that is in no round or square bracket; none where the surrounding block ends
    /// first.
    pub(crate) fn body_or_end(&self, mut i: usize) -> Option<usize> {
        while i < self.tokens.len() {
            match self.tokens[i].text.as_str() {
                "{" | ";" => return Some(i),
                "(" | "[" => i = self.close(i)? + 1,
                "}" | ")" | "]" => return None,
                _ => i += 1,
            }
        }
        None
    }

    /// The names of the modules written out in this file that hold token `i`, outermost first.
    pub(crate) fn inline_mods_at(&self, i: usize) -> impl Iterator<Item = &str> {
        self.inline_mods.iter().filter(move |(_, from, to)| (*from..=*to).contains(&i)).map(|(name, ..)| name.as_str())
    }

    /// The names of the modules of other files that are declared for tests only.
    pub(crate) fn test_mod_files(&self) -> impl Iterator<Item = &str> {
        self.find("mod").filter(|&i| self.test[i] && self.at(i + 2, ";")).map(|i| self.tokens[i + 1].text.as_str())
    }

    fn find_inline_mods(&self) -> Vec<(String, usize, usize)> {
        let name_and_span = |i: usize| {
            let open = i + 2;
            let close = if self.at(open, "{") { self.close(open)? } else { return None };
            Some((self.tokens[i + 1].text.clone(), open, close))
        };
        self.find("mod").filter_map(name_and_span).collect()
    }

    /// Marks what follows `#[test]` and `#[cfg(test)]`, and the whole file under `#![cfg(test)]`.
    fn mark_tests(&mut self) {
        for i in 0..self.tokens.len() {
            if self.reads(i, &["#", "!", "["]) && self.gates_tests(i + 2) {
                self.mark_all_test();
                return;
            }
            if self.reads(i, &["#", "["]) && self.gates_tests(i + 1) {
                let end = self.item_end(i);
                self.test[i..=end].fill(true);
            }
        }
    }

    /// Whether the attribute whose `[` is at `open` is `test`, `cfg(test)` or `cfg(all(test, ...))`.
    fn gates_tests(&self, open: usize) -> bool {
        if self.reads(open, &["[", "test", "]"]) {
            return true;
        }
        let Some(close) = self.close(open) else { return false };
        self.reads(open, &["[", "cfg", "("])
            && (open..close).any(|i| self.at(i, "test") && !self.reads(i - 2, &["not", "("]))
            && !(open..close).any(|i| self.at(i, "any"))
    }

    /// The last token of the item whose first attribute begins at `i`.
    fn item_end(&self, mut i: usize) -> usize {
        let last = self.tokens.len() - 1;
        while self.reads(i, &["#", "["]) {
            match self.close(i + 1) {
                Some(close) => i = close + 1,
                None => return last,
            }
        }
        match self.body_or_end(i) {
            Some(end) if self.at(end, ";") => end,
            Some(open) => {
                let close = self.close(open).unwrap_or(last);
                if self.at(close + 1, ";") { close + 1 } else { close }
            }
            None => i.min(last),
        }
    }
}

fn match_brackets(tokens: &[Token]) -> Vec<Option<usize>> {
    let mut partner = vec![None; tokens.len()];
    let mut open = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "(" | "[" | "{" => open.push(i),
            ")" | "]" | "}" => {
                if let Some(from) = open.pop() {
                    partner[from] = Some(i);
                }
            }
            _ => {}
        }
    }
    partner
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words that are no test, of a file with `text`.
    fn check(text: &str, expected: &[&str]) {
        let source = Source::new("crates/eckart/src/a.rs", text);
        let is_name = |t: &Token| t.text.starts_with("keep");
        let kept: Vec<&str> = (0..source.tokens.len())
            .filter(|&i| !source.is_test(i) && is_name(&source.tokens[i]))
            .map(|i| source.tokens[i].text.as_str())
            .collect();
        assert_eq!(kept, expected, "{text}");
    }

    #[test]
    fn test_items_are_found() {
        check("fn keep() {} #[cfg(test)] mod tests { fn keep2() { \"}\"; } } fn keep3() {}", &["keep", "keep3"]);
        check("#[cfg(test)] use a::{keep1, b}; fn keep2() {}", &["keep2"]);
        check("#[test] #[should_panic(expected = \"x\")] fn keep1() {} fn keep2() {}", &["keep2"]);
        check("#[cfg(test)] const A: [u8; keep1] = [0; 3]; fn keep2() {}", &["keep2"]);
        check("#[cfg(all(test, unix))] mod keep1 {} fn keep2() {}", &["keep2"]);
        check("#![cfg(test)] fn keep1() {}", &[]);
    }

    #[test]
    fn what_runs_outside_tests_is_no_test() {
        check("#[cfg(not(test))] fn keep() {}", &["keep"]);
        check("#[cfg(any(test, unix))] fn keep() {}", &["keep"]);
        check("#[cfg(feature = \"test\")] fn keep() {}", &["keep"]);
    }

    #[test]
    fn lines_between_test_tokens_are_tests() {
        let source = Source::new("a.rs", "fn a() {}\n// b\n#[cfg(test)]\nmod tests {\n// c\n}\n// d\n");
        let tests: Vec<usize> = (1..=7).filter(|&line| source.is_test_line(line)).collect();
        assert_eq!(tests, [3, 4, 5, 6]);
    }

    #[test]
    fn places_are_folders_files_and_modules() {
        let source = |path| Source::new(path, "");
        assert!(source("crates/eckart/src/run/mod.rs").is_in("crates/eckart/src/run"));
        assert!(source("crates/eckart/src/run.rs").is_in("crates/eckart/src/run"));
        assert!(!source("crates/eckart/src/running.rs").is_in("crates/eckart/src/run"));
        assert!(!source("crates/eckart-cli/src/main.rs").is_in("crates/eckart"));
    }
}
