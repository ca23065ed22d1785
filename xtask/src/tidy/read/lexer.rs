//! Cuts Rust text into tokens, so that the laws never trip over strings, characters, lifetimes or comments.

/// What a token is, as far as the laws care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name, a keyword or a number.
    Word,
    /// A string or a character of any sort; its text stands in the file only, so that no law takes it for code.
    Literal,
    /// `'a`; its text is not kept.
    Lifetime,
    /// One mark, or one of `::`, `=>` and `->`.
    Mark,
}

/// A token, where it begins and the line it begins on (counted from 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its text; empty for literals and lifetimes.
    pub(crate) text: String,
    /// Its line.
    pub(crate) line: usize,
    /// Its first byte and the byte after its last.
    pub(crate) span: (usize, usize),
}

/// A comment, with its marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comment {
    /// The line it begins on.
    pub(crate) line: usize,
    /// Its first byte and the byte after its last.
    pub(crate) span: (usize, usize),
}

impl Token {
    /// Whether this is the word or the mark `text`.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.text == text
    }
}

/// The tokens of `text`, and its comments. Text that is no valid Rust gives some tokens too, never a panic.
pub(crate) fn lex(text: &str) -> (Vec<Token>, Vec<Comment>) {
    let mut lexer = Lexer { rest: text, at: 0, line: 1, tokens: Vec::new(), comments: Vec::new() };
    while !lexer.rest.is_empty() {
        lexer.step();
    }
    (lexer.tokens, lexer.comments)
}

struct Lexer<'a> {
    rest: &'a str,
    at: usize,
    line: usize,
    tokens: Vec<Token>,
    comments: Vec<Comment>,
}

impl Lexer<'_> {
    /// Takes one token, comment or blank.
    fn step(&mut self) {
        let rest = self.rest;
        let first = rest.chars().next().expect("the caller checks that text is left");
        if first.is_whitespace() {
            self.take(first.len_utf8());
        } else if rest.starts_with("//") {
            self.comment(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            self.comment(block_comment_len(rest));
        } else if let Some(len) = string_len(rest) {
            self.push(Kind::Literal, len);
        } else if first == '\'' {
            match char_len(rest) {
                Some(len) => self.push(Kind::Literal, len),
                None => self.push(Kind::Lifetime, 1 + word_len(&rest[1..])),
            }
        } else if rest.starts_with("r#") && word_len(&rest[2..]) > 0 {
            self.push(Kind::Word, 2 + word_len(&rest[2..]));
        } else if word_len(rest) > 0 {
            self.push(Kind::Word, word_len(rest));
        } else if ["::", "=>", "->"].iter().any(|mark| rest.starts_with(mark)) {
            self.push(Kind::Mark, 2);
        } else {
            self.push(Kind::Mark, first.len_utf8());
        }
    }

    fn push(&mut self, kind: Kind, len: usize) {
        let keep = matches!(kind, Kind::Word | Kind::Mark);
        let text = if keep { self.rest[..len].to_owned() } else { String::new() };
        self.tokens.push(Token { kind, text, line: self.line, span: (self.at, self.at + len) });
        self.take(len);
    }

    fn comment(&mut self, len: usize) {
        self.comments.push(Comment { line: self.line, span: (self.at, self.at + len) });
        self.take(len);
    }

    fn take(&mut self, len: usize) {
        let (taken, rest) = self.rest.split_at(len);
        self.line += taken.matches('\n').count();
        self.at += len;
        self.rest = rest;
    }
}

fn word_len(text: &str) -> usize {
    text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len())
}

/// The length of a block comment; they nest.
fn block_comment_len(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0);
    loop {
        let open = text[at..].find("/*");
        let close = text[at..].find("*/");
        match (open, close) {
            (Some(open), Some(close)) if open < close => {
                depth += 1;
                at += open + 2;
            }
            (_, Some(close)) => {
                depth -= 1;
                at += close + 2;
                if depth == 0 {
                    return at;
                }
            }
            (_, None) => return text.len(),
        }
    }
}

/// The length of the string, byte string, C string, raw string or byte character that `text` begins with.
fn string_len(text: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""].iter().find(|&&prefix| {
        let after = text.strip_prefix(prefix).unwrap_or("");
        let after = if prefix.ends_with('r') { after.trim_start_matches('#') } else { after };
        after.starts_with('"') || (prefix == "b" && after.starts_with('\''))
    })?;
    let body = &text[prefix.len()..];
    if prefix.ends_with('r') {
        let hashes = body.len() - body.trim_start_matches('#').len();
        let end = format!("\"{}", "#".repeat(hashes));
        let inside = hashes + 1;
        let len = body[inside..].find(&end).map_or(body.len(), |i| inside + i + end.len());
        return Some(prefix.len() + len);
    }
    let len = if body.starts_with('\'') { char_len(body)? } else { quoted_len(body, '"') };
    Some(prefix.len() + len)
}

/// The length of a character literal; none where the quote begins a lifetime.
fn char_len(text: &str) -> Option<usize> {
    let mut chars = text[1..].chars();
    let first = chars.next()?;
    if first == '\\' || (first != '\'' && chars.next() == Some('\'')) {
        return Some(quoted_len(text, '\''));
    }
    None
}

/// The length from one quote to the next that no backslash precedes.
fn quoted_len(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (i, c) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return i + 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let shown: Vec<String> = lex(text)
            .0
            .iter()
            .map(|t| match t.kind {
                Kind::Literal => "LIT".to_owned(),
                Kind::Lifetime => "LIFE".to_owned(),
                Kind::Word | Kind::Mark => t.text.clone(),
            })
            .collect();
        assert_eq!(shown.join(" "), expected, "{text}");
    }

    #[test]
    fn strings_and_characters_are_one_token() {
        check(r#"a("}{\"", '{', '\'', b'}', b"{")"#, "a ( LIT , LIT , LIT , LIT , LIT )");
        check(r###"r#"a " b }"# r"\" br##"x"# "## c"y""###, "LIT LIT LIT LIT");
        check("'é' 'a 'static '\\u{1F600}' ' '", "LIT LIFE LIFE LIT LIT");
    }

    #[test]
    fn lifetimes_are_no_characters() {
        check("fn f<'a>(x: &'a str) -> T<'a>", "fn f < LIFE > ( x : & LIFE str ) -> T < LIFE >");
        check("'outer: loop { break 'outer }", "LIFE : loop { break LIFE }");
    }

    #[test]
    fn comments_vanish_and_nest() {
        check("a // \" { \nb /* /* } */ \" */ c", "a b c");
        check("/* open for ever", "");
        let text = "a // é b\nc /* d\n */ \"e\"";
        let (tokens, comments) = lex(text);
        let shown: Vec<&str> = comments.iter().map(|comment| &text[comment.span.0..comment.span.1]).collect();
        assert_eq!(shown, ["// é b", "/* d\n */"]);
        assert_eq!(&text[tokens[2].span.0..tokens[2].span.1], "\"e\"");
    }

    #[test]
    fn raw_names_are_words() {
        check("r#type bar r x::<T> => ->", "r#type bar r x :: < T > => ->");
    }

    #[test]
    fn lines_are_counted_through_strings_and_comments() {
        let lines: Vec<usize> = lex("a \"x\ny\" b\n/* \n */ c").0.iter().map(|t| t.line).collect();
        assert_eq!(lines, [1, 1, 2, 4]);
    }

    #[test]
    fn broken_text_does_not_panic() {
        for text in ["\"", "'", "r#\"", "b'", "/*", "'\\", "é'", "r#"] {
            lex(text);
        }
    }
}
