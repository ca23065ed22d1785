//! Complaint: what is said of a text that can't be read.
//! In: where the parser stands.  Out: an error with its place, what was expected there and what to write instead.
//! Invariant: every message says what was expected or what was meant; none changes the parser.
//! Not here: characters that begin no token (see `lexer::explain`).

use std::ops::Range;

use super::lexer::{Token, TokenKind, explain};
use super::names::{Callable, KEYWORDS, all, suggest};
use super::parser::{DEEPEST, Parser};
use crate::error::{Code, Error};

/// What begins constraints or a text elsewhere, and what does here.
const PHRASES: [(&str, &str); 6] = [
    ("such", "Constraints follow the words `subject to`"),
    ("st", "Constraints follow the words `subject to`"),
    ("where", "Constraints follow the words `subject to`"),
    ("with", "Constraints follow the words `subject to`"),
    ("min", "A statement begins with `minimize`"),
    ("argmin", "A statement begins with `minimize`"),
];

impl Parser<'_> {
    pub(super) fn complain(
        &self,
        code: Code,
        message: impl Into<String>,
        span: Range<usize>,
        help: impl Into<String>,
    ) -> Error {
        Error::parse(code, message, self.text, span, help)
    }

    /// Something else was expected than what comes next.
    pub(super) fn expected(&self, what: &str) -> Error {
        self.expected_with(what, "")
    }

    /// The same, with what to do.
    pub(super) fn expected_with(&self, what: &str, help: &str) -> Error {
        let token = self.next();
        let source = self.source(token);
        match token.kind {
            TokenKind::Wrong => explain(self.text, token.span()),
            TokenKind::Name if KEYWORDS.contains(&source) => self.keyword(token, what),
            TokenKind::End => {
                let before = self.previous().map_or("", |token| self.source(token));
                let message = format!("the text ends too early: expected {what} after `{before}`");
                self.complain(Code::TextEndsEarly, message, token.span(), help)
            }
            TokenKind::Number(_) | TokenKind::Name | TokenKind::Mark(_) => {
                self.complain(Code::UnexpectedToken, format!("expected {what}, found `{source}`"), token.span(), help)
            }
        }
    }

    fn keyword(&self, token: Token, expected: &str) -> Error {
        let word = self.source(token);
        let help = match word {
            "maximize" | "maximise" => "Minimize the negative: `minimize -(...)`",
            "minimize" | "minimise" => "It stands at the start of a whole statement",
            "over" => "`over W[n,r], H[r,m]:` stands before the objective",
            _ => "`subject to` stands once, after the objective",
        };
        let message = format!("expected {expected}, found the keyword `{word}`");
        self.complain(Code::MisplacedKeyword, message, token.span(), help)
    }

    /// A formula is complete, and what comes next can't go on from it.
    pub(super) fn after_operand(&self, expected: &str) -> Error {
        let token = self.next();
        let source = self.source(token);
        match token.kind {
            TokenKind::Number(_) | TokenKind::Name if !KEYWORDS.contains(&source) => self.missing_operator(token),
            TokenKind::Mark("(") => self.missing_operator(token),
            TokenKind::Mark(">=" | "<=") => self.complain(
                Code::UnexpectedToken,
                format!("expected {expected}, found `{source}`"),
                token.span(),
                format!(
                    "A formula compares by `>` and `<`: write `a {source} b` as `1 - (a {} b)`; a bound on a factor \
                     stands after `subject to`",
                    if source == ">=" { "<" } else { ">" }
                ),
            ),
            TokenKind::Mark("[") => self.expected_with(
                expected,
                "Brackets give shapes, as in `minimize over W[n,r]: ...`; entries can't be picked out of a matrix",
            ),
            TokenKind::Mark(")") => {
                let message = format!("this `)` closes nothing: expected {expected}");
                self.complain(Code::UnbalancedBrackets, message, token.span(), "Take it away")
            }
            _ => self.expected(expected),
        }
    }

    fn missing_operator(&self, token: Token) -> Error {
        let source = self.source(token);
        let before = self.previous().map_or("", |token| self.source(token));
        let keyword = |word: &str| KEYWORDS.iter().find(|k| **k != word && k.eq_ignore_ascii_case(word));
        // `s.t.` begins with a name as any other.
        let source_or_st = if self.text[token.start..].starts_with("s.t") { "st" } else { source };
        let phrase = |word: &str| PHRASES.iter().find(|(theirs, _)| *theirs == word);
        let help = if let Some(keyword) = keyword(before).or_else(|| keyword(source)) {
            format!("Keywords are written in small letters: `{keyword}`")
        } else if [">=", "<="].iter().any(|mark| self.text[token.end..].trim_start().starts_with(mark)) {
            "Constraints follow the words `subject to`".to_owned()
        } else if let Some((_, help)) = phrase(before).or_else(|| phrase(source_or_st)) {
            (*help).to_owned()
        } else {
            "Multiplication is written `*` (entry by entry) or `@` (matrix product)".to_owned()
        };
        self.complain(Code::MissingOperator, format!("expected an operator before `{source}`"), token.span(), help)
    }

    pub(super) fn chained(&self) -> Error {
        self.complain(
            Code::ChainedComparison,
            "expected the end of the comparison: `>` and `<` don't chain",
            self.next().span(),
            "Multiply two comparisons: `(a > b) * (b > c)`",
        )
    }

    pub(super) fn never_closed(&self, open: Token) -> Error {
        let mark = self.source(open);
        let close = if mark == "[" { "]" } else { ")" };
        let message = format!("this `{mark}` is never closed: expected `{close}`");
        self.complain(Code::UnbalancedBrackets, message, open.span(), "")
    }

    pub(super) fn too_deep(&self, place: Token) -> Error {
        self.complain(
            Code::NestedTooDeep,
            format!("expected at most {DEEPEST} levels of parentheses, signs and powers; this one is nested deeper"),
            place.span(),
            "Take parentheses away that are not needed",
        )
    }

    pub(super) fn no_such_function(&self, name: Token) -> Error {
        let name_text = self.source(name);
        let (message, help) = match suggest(name_text) {
            Some(meant) => (format!("there is no function `{name_text}`; did you mean {meant}?"), String::new()),
            None => (
                format!("there is no function `{name_text}`"),
                format!(
                    "To multiply, write `{name_text} * (...)` or `{name_text} @ (...)`; the functions are {}",
                    all().join(", ")
                ),
            ),
        };
        self.complain(Code::UnknownFunction, message, name.span(), help)
    }

    pub(super) fn wrong_arity(&self, name: Token, arity: usize, found: usize) -> Error {
        let plural = if arity == 1 { "" } else { "s" };
        let name_text = self.source(name);
        let shown = ["a", "b", "c"][..arity.min(3)].join(", ");
        self.complain(
            Code::WrongArity,
            format!("`{name_text}` takes {arity} argument{plural}, found {found}"),
            self.since(name.start),
            format!("Write `{name_text}({shown})`"),
        )
    }

    /// A dot after the operand at `operand` is followed by something else than `T`, which comes next.
    pub(super) fn no_such_method(&self, operand: Range<usize>) -> Error {
        let token = self.next();
        if token.kind == TokenKind::Wrong {
            return explain(self.text, token.span());
        }
        let operand = &self.text[operand];
        let bare = operand.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(operand);
        let operand = if operand.chars().count() <= 24 && !operand.contains('\n') { operand } else { "..." };
        let help = match self.word() {
            Some("t") => format!("The transpose is written `{operand}.T`"),
            Some(word) if Callable::find(word).is_some() => {
                format!("Functions stand before: write `{word}({bare})`")
            }
            _ => format!("The only thing after a dot is the transpose: `{operand}.T`"),
        };
        self.expected_with("`T` after the dot", &help)
    }
}
