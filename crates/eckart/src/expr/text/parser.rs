//! Parser: from tokens to formulas, by the binding strength of the marks (Pratt 1973).
//! In: a text.  Out: one `Expr` after another, as statements ask for them.
//! Invariant: recursion is bounded by `DEEPEST`; sums and products of any length are a loop; what is longer than
//! `LONGEST`, or has more than `MOST_WRITTEN` parts, is refused as soon as that is seen.
//! Not here: statements and constraints (see `statement`), the wording of errors (see `complaint`).

use std::ops::Range;
use std::sync::Arc;

use super::lexer::{Token, TokenKind, lex};
use super::names::{Callable, INFIX, Infix, KEYWORDS, SIGN};
use crate::error::{Code, Error, Result};
use crate::expr::{Expr, MOST_PARTS, MOST_WRITTEN, Op, Span, check_size, matrix, too_large};

/// How deep parentheses, calls, signs and towers of powers may be nested.
pub(super) const DEEPEST: usize = 200;

/// Characters of a text, at most.
pub(super) const LONGEST: usize = 1_000_000;

/// A place in the tokens of a text.
pub(super) struct Parser<'a> {
    pub(super) text: &'a Arc<str>,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    /// Parts that have been made.
    parts: usize,
}

impl<'a> Parser<'a> {
    /// At the start of a text, which must not be empty.
    pub(super) fn new(text: &'a Arc<str>) -> Result<Self> {
        if text.len() > LONGEST {
            let message = format!(
                "the text has {} characters, and {LONGEST} at most are read: write what repeats as a product of \
                 matrices, or as a number times one term",
                text.len()
            );
            return Err(Error::setting(Code::FormulaTooLarge, message));
        }
        let tokens = lex(text);
        if tokens.len() == 1 {
            return Err(Error::parse(
                Code::EmptyObjective,
                "the text is empty: expected an objective",
                text,
                0..0,
                "Write for example: minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0",
            ));
        }
        Ok(Self { text, tokens, at: 0, depth: 0, parts: 0 })
    }

    /// The token that comes next; `End` at the end, again and again.
    pub(super) fn next(&self) -> Token {
        self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    /// The token that was taken last, if any was.
    pub(super) fn previous(&self) -> Option<Token> {
        self.at.checked_sub(1).map(|at| self.tokens[at])
    }

    pub(super) fn take(&mut self) -> Token {
        let token = self.next();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    pub(super) fn at_mark(&self, mark: &str) -> bool {
        matches!(self.next().kind, TokenKind::Mark(found) if found == mark)
    }

    /// Takes the mark if it comes next.
    pub(super) fn eat(&mut self, mark: &str) -> bool {
        let found = self.at_mark(mark);
        if found {
            self.take();
        }
        found
    }

    /// The name or keyword that comes next.
    pub(super) fn word(&self) -> Option<&'a str> {
        (self.next().kind == TokenKind::Name).then(|| self.source(self.next()))
    }

    /// Takes the keyword if it comes next.
    pub(super) fn eat_word(&mut self, keyword: &str) -> bool {
        let found = self.word() == Some(keyword);
        if found {
            self.take();
        }
        found
    }

    /// Takes a name that is no keyword.
    pub(super) fn name(&mut self, expected: &str) -> Result<&'a str> {
        match self.word() {
            Some(word) if !KEYWORDS.contains(&word) => {
                self.take();
                Ok(word)
            }
            _ => Err(self.expected(expected)),
        }
    }

    /// The token as it is written.
    pub(super) fn source(&self, token: Token) -> &'a str {
        &self.text[token.span()]
    }

    /// From `start` to the end of what was taken.
    pub(super) fn since(&self, start: usize) -> Range<usize> {
        start..self.previous().map_or(start, |token| token.end)
    }

    /// Nothing may follow.
    pub(super) fn finish(&self, expected: &str) -> Result<()> {
        if self.next().kind == TokenKind::End { Ok(()) } else { Err(self.after_operand(expected)) }
    }

    /// The formula that comes next, which is no part of another.
    pub(super) fn whole_formula(&mut self) -> Result<Expr> {
        let formula = self.formula()?;
        if self.parts <= MOST_PARTS {
            return Ok(formula);
        }
        // Equal parts count once.
        let shared = formula.map(Expr::with_args);
        check_size(std::slice::from_ref(&shared))?;
        Ok(shared)
    }

    fn formula(&mut self) -> Result<Expr> {
        self.operand(0)
    }

    /// A formula as far as its marks bind at least as tightly as `least`.
    fn operand(&mut self, least: u8) -> Result<Expr> {
        let start = self.next().start;
        let mut left = self.signed()?;
        while let Some((infix, swapped)) = self.infix().filter(|(infix, _)| infix.level >= least) {
            let mark = self.take();
            // Only powers lean to the right, so only a tower of powers goes deeper and deeper.
            let right = if infix.op == Op::Pow {
                self.nested(mark, |p| p.operand(infix.right))?
            } else {
                self.operand(infix.right)?
            };
            let args = if swapped { vec![right, left] } else { vec![left, right] };
            left = self.placed(Expr::new(infix.op.clone(), args), start)?;
            if infix.op == Op::Greater && (self.at_mark(">") || self.at_mark("<")) {
                return Err(self.chained());
            }
        }
        Ok(left)
    }

    /// The row of the mark that comes next, and whether its operands change places: `a < b` is `b > a`.
    fn infix(&self) -> Option<(&'static Infix, bool)> {
        let TokenKind::Mark(mark) = self.next().kind else { return None };
        let swapped = mark == "<";
        let mark = if swapped { ">" } else { mark };
        INFIX.iter().find(|infix| infix.mark == mark).map(|infix| (infix, swapped))
    }

    /// An operand with any signs before it.
    fn signed(&mut self) -> Result<Expr> {
        let sign = self.next();
        if self.eat("+") {
            return self.nested(sign, |p| p.operand(SIGN));
        }
        if !self.eat("-") {
            return self.transposed();
        }
        let operand = self.nested(sign, |p| p.operand(SIGN))?;
        let negative = operand.as_number().map_or_else(|| -&operand, |value| Expr::number(-value));
        self.placed(negative, sign.start)
    }

    /// An operand with any `.T` after it.
    fn transposed(&mut self) -> Result<Expr> {
        let start = self.next().start;
        let mut operand = self.atom()?;
        while self.at_mark(".") {
            let operand_end = self.since(start).end;
            self.take();
            if self.word() != Some("T") {
                return Err(self.no_such_method(start..operand_end));
            }
            self.take();
            operand = self.placed(operand.t(), start)?;
        }
        Ok(operand)
    }

    /// A number, a name, a call, or a formula in parentheses.
    fn atom(&mut self) -> Result<Expr> {
        let token = self.next();
        match token.kind {
            TokenKind::Number(value) => {
                self.take();
                self.placed(Expr::number(value), token.start)
            }
            TokenKind::Name if !KEYWORDS.contains(&self.source(token)) => {
                self.take();
                if self.at_mark("(") {
                    return self.call(token);
                }
                self.placed(matrix(self.source(token)), token.start)
            }
            TokenKind::Mark("(") => {
                self.take();
                let inside = self.nested(token, Self::formula)?;
                self.close(token, "an operator or `)`")?;
                Ok(inside)
            }
            _ => Err(self.expected("a name, a number, a function or `(`")),
        }
    }

    /// The call of the function `name`, whose `(` comes next.
    fn call(&mut self, name: Token) -> Result<Expr> {
        let function = Callable::find(self.source(name)).ok_or_else(|| self.no_such_function(name))?;
        let open = self.take();
        let mut args = Vec::new();
        if !self.at_mark(")") {
            args.push(self.nested(open, Self::formula)?);
            while self.eat(",") {
                args.push(self.nested(open, Self::formula)?);
            }
        }
        self.close(open, "an operator, `,` or `)`")?;
        if args.len() != function.arity() {
            return Err(self.wrong_arity(name, function.arity(), args.len()));
        }
        self.placed(function.call(args), name.start)
    }

    /// Takes the `)` of the parenthesis `open`.
    fn close(&mut self, open: Token, expected: &str) -> Result<()> {
        if self.eat(")") {
            return Ok(());
        }
        let keyword = self.word().is_some_and(|word| KEYWORDS.contains(&word));
        Err(if keyword || self.next().kind == TokenKind::End {
            self.never_closed(open)
        } else {
            self.after_operand(expected)
        })
    }

    /// One level deeper.
    fn nested<T>(&mut self, place: Token, inside: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == DEEPEST {
            return Err(self.too_deep(place));
        }
        self.depth += 1;
        let result = inside(self);
        self.depth -= 1;
        result
    }

    /// The formula, said to stand from `start` to the end of what was taken.
    fn placed(&mut self, formula: Expr, start: usize) -> Result<Expr> {
        self.parts += 1;
        if self.parts > MOST_WRITTEN {
            return Err(too_large());
        }
        Ok(place(&formula, &Span { text: self.text.clone(), range: self.since(start) }))
    }
}

/// Gives the place of a call or a mark to all new parts of its formula; its operands keep their own. As deep as the
/// sugar is, whatever the operands are.
fn place(formula: &Expr, span: &Span) -> Expr {
    if formula.span().is_some() {
        return formula.clone();
    }
    let args = formula.args().iter().map(|arg| place(arg, span)).collect();
    formula.with_args(args).at(span.clone())
}
