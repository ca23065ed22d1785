//! Lexer: from characters to tokens.
//! In: a text.  Out: its tokens, the last of them `End`.
//! Invariant: never fails: what can't be read becomes a `Wrong` token, so that an earlier mistake is reported first.
//! Not here: what the tokens mean together (see `parser`).

use std::ops::Range;

use crate::error::{Code, Error};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum TokenKind {
    /// A finite number, never negative.
    Number(f64),
    /// A name or a keyword.
    Name,
    /// One of `MARKS`.
    Mark(&'static str),
    /// What can't be read (see `explain`); nothing after it is looked at.
    Wrong,
    /// The end; its place is the last character of the last token.
    End,
}

/// A piece of the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Token {
    /// The bytes of the text it stands on.
    pub(super) fn span(self) -> Range<usize> {
        self.start..self.end
    }
}

/// The marks of the language, a longer one before its beginning.
const MARKS: [&str; 17] = ["**", ">=", "<=", "+", "-", "*", "/", "@", ">", "<", "(", ")", "[", "]", ",", ":", "."];

const EQUATION: &str = "There are no equations: a bound is written `W >= 0` or `W <= 1` after `subject to`, and the \
                        value of a named number is set beside the text";
const BOUND: &str = "A bound is written with `>=` or `<=`";
const TRANSPOSE: &str = "The transpose is written `W.T`";
const PRODUCT: &str = "Multiplication is written `*` (entry by entry) or `@` (matrix product)";
const MINUS: &str = "Minus is written `-`";

/// Marks of other languages, and what is written here instead; a longer one before its beginning.
const FOREIGN: [(&str, &str); 35] = [
    ("==", EQUATION),
    ("=>", BOUND),
    ("=<", BOUND),
    ("=", EQUATION),
    ("!=", "Two sides are compared with `>` or `<`"),
    ("≠", "Two sides are compared with `>` or `<`"),
    ("≥", "It is written `>=`"),
    ("≤", "It is written `<=`"),
    ("⩾", "It is written `>=`"),
    ("⩽", "It is written `<=`"),
    ("^", "A power is written `**`"),
    ("²", "A square is written `**2`"),
    ("³", "A cube is written `**3`"),
    ("√", "A square root is written `sqrt(x)`"),
    ("'", TRANSPOSE),
    ("’", TRANSPOSE),
    ("ᵀ", TRANSPOSE),
    ("⊤", TRANSPOSE),
    ("−", MINUS),
    ("–", MINUS),
    ("—", MINUS),
    ("·", PRODUCT),
    ("⋅", PRODUCT),
    ("∙", PRODUCT),
    ("×", PRODUCT),
    ("∗", PRODUCT),
    ("⊙", PRODUCT),
    ("∘", PRODUCT),
    ("÷", "Division is written `/`"),
    ("//", "Division is written `/`; a comment begins with `#`"),
    ("∑", "A sum of all entries is written `sum(x)`"),
    ("‖", "The Frobenius norm is written `norm(x)`"),
    ("|", "Absolute values are written `abs(x)`, the Frobenius norm `norm(x)`"),
    ("{", "Parts of a formula are grouped with `(` and `)`"),
    (";", "Constraints are separated by `,`"),
];

pub(super) fn lex(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    // Editors put a byte order mark before a text without showing it.
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    loop {
        at += blank(&text[at..]);
        if at == text.len() || matches!(tokens.last(), Some(Token { kind: TokenKind::Wrong, .. })) {
            break;
        }
        let (kind, length) = read(&text[at..]);
        tokens.push(Token { kind, start: at, end: at + length });
        at += length;
    }
    let end = tokens.last().map_or(0, |last| last.end);
    let start = text[..end].char_indices().next_back().map_or(0, |(start, _)| start);
    tokens.push(Token { kind: TokenKind::End, start, end });
    tokens
}

/// The length of the blanks and comments at the start.
fn blank(text: &str) -> usize {
    let mut rest = text.trim_start();
    while rest.starts_with('#') {
        rest = rest.find('\n').map_or("", |line| &rest[line..]).trim_start();
    }
    text.len() - rest.len()
}

/// The token at the start of a text that is not empty, and its length.
fn read(rest: &str) -> (TokenKind, usize) {
    if begins_number(rest) {
        return number(rest);
    }
    if let Some((mark, _)) = foreign(rest) {
        return (TokenKind::Wrong, mark.len());
    }
    if let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(**mark)) {
        return (TokenKind::Mark(mark), mark.len());
    }
    match rest.find(|c| !in_name(c)) {
        Some(0) => (TokenKind::Wrong, rest.chars().next().map_or(0, char::len_utf8)),
        length => (TokenKind::Name, length.unwrap_or(rest.len())),
    }
}

fn begins_number(rest: &str) -> bool {
    rest.strip_prefix('.').unwrap_or(rest).starts_with(|c: char| c.is_ascii_digit())
}

/// Digits begin no name, because `read` looks for numbers first. A superscript T is a letter to Unicode, a transpose
/// to a reader.
fn in_name(c: char) -> bool {
    (c.is_alphabetic() && c != 'ᵀ') || c == '_' || c.is_ascii_digit()
}

/// Whether a whole text is one name; keywords are names here.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && read(text) == (TokenKind::Name, text.len())
}

fn foreign(rest: &str) -> Option<(&'static str, &'static str)> {
    FOREIGN.iter().find(|(mark, _)| rest.starts_with(mark)).copied()
}

fn number(rest: &str) -> (TokenKind, usize) {
    let digits = |from: usize| rest[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut length = digits(0);
    if rest[length..].starts_with('.') {
        length += 1;
        length += digits(length);
    }
    if rest[length..].starts_with(['e', 'E']) {
        let sign = usize::from(rest[length + 1..].starts_with(['+', '-']));
        let exponent = digits(length + 1 + sign);
        // `2e` is a number beside a name: the parser says that an operator is missing.
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    if rest[length..].starts_with('_') {
        let more = rest[length..].bytes().take_while(|b| b.is_ascii_digit() || *b == b'_').count();
        return (TokenKind::Wrong, length + more);
    }
    match rest[..length].parse::<f64>() {
        Ok(value) if value.is_finite() => (TokenKind::Number(value), length),
        _ => (TokenKind::Wrong, length),
    }
}

/// Why the `Wrong` token at `span` can't be read.
pub(super) fn explain(text: &str, span: Range<usize>) -> Error {
    let piece = &text[span.clone()];
    let (code, message, help) = if let Some((mark, help)) = foreign(piece) {
        (Code::UnknownCharacter, format!("`{mark}` is not a mark of this language"), help.to_owned())
    } else if begins_number(piece) && piece.contains('_') {
        let help = format!("Write {}", piece.replace('_', ""));
        (Code::BadNumber, "expected a number without underscores".to_owned(), help)
    } else if begins_number(piece) {
        let message = "expected a number that is not too large for 64-bit floating point".to_owned();
        (Code::BadNumber, message, "The largest number is about 1.8e308".to_owned())
    } else {
        let c = piece.chars().next().unwrap_or_default();
        let shown = if c.is_control() { c.escape_unicode().to_string() } else { c.to_string() };
        let message = format!("the character `{shown}` (U+{:04X}) has no meaning here", u32::from(c));
        let help = "Expected a name, a number or one of the marks + - * / @ ** > < ( ) .T";
        (Code::UnknownCharacter, message, help.to_owned())
    };
    Error::parse(code, message, text, span, help)
}
