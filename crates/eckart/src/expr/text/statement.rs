//! Statement: a whole problem in one text: what to minimise, over what, subject to what.
//! In: `minimize over W[n,r], H[r,m]: sum((X - W @ H)**2) subject to W >= 0`.  Out: its parts; and the text again.
//! Invariant: a statement's text parses back to an equal statement.
//! Not here: formulas (see `parser`), bounds (see `constraint`), what the names stand for (see `solve`).

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::constraint::Constraint;
use super::lexer::Kind;
use super::parser::Parser;
use crate::error::{Code, Result};
use crate::expr::Expr;

/// A problem as it is written. Two are equal when they say the same, wherever it stands in their texts.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The text it was read from.
    pub text: Arc<str>,
    /// The factors whose shapes are declared, in their order; empty where shapes are left to be inferred.
    pub declared: Vec<Declaration>,
    /// What is minimised.
    pub objective: Expr,
    /// What the factors must obey, in their order.
    pub constraints: Vec<Constraint>,
}

impl PartialEq for Statement {
    fn eq(&self, other: &Self) -> bool {
        self.declared == other.declared && self.objective == other.objective && self.constraints == other.constraints
    }
}

impl fmt::Display for Statement {
    /// The canonical text, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("minimize ")?;
        for (index, declaration) in self.declared.iter().enumerate() {
            write!(f, "{}{declaration}", if index == 0 { "over " } else { ", " })?;
        }
        f.write_str(if self.declared.is_empty() { "" } else { ": " })?;
        write!(f, "{}", self.objective)?;
        for (index, constraint) in self.constraints.iter().enumerate() {
            write!(f, "{}{constraint}", if index == 0 { " subject to " } else { ", " })?;
        }
        Ok(())
    }
}

/// The shape of a factor, as in `W[n,r]`. Two are equal when they say the same, wherever they stand.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// The factor.
    pub name: String,
    /// How many rows it has.
    pub rows: Dim,
    /// How many columns it has.
    pub cols: Dim,
    /// The bytes of the text where it stands.
    pub span: Range<usize>,
}

impl PartialEq for Declaration {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.rows == other.rows && self.cols == other.cols
    }
}

impl fmt::Display for Declaration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{},{}]", self.name, self.rows, self.cols)
    }
}

/// The length of a side of a factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dim {
    /// A number, at least 1.
    Number(usize),
    /// A name for a length that is known later; equal names are equal lengths.
    Name(String),
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// Reads a whole problem: `[minimize] [over W[n,r], H[r,m]:] OBJECTIVE [subject to W >= 0, rownorm(H) <= 1]`.
///
/// # Errors
/// `Parse`, with the place in the text and what was expected there.
pub fn parse_statement(text: &str) -> Result<Statement> {
    let text: Arc<str> = text.into();
    let mut parser = Parser::new(&text)?;
    let _ = parser.eat_word("minimize") || parser.eat_word("minimise");
    let declared = if parser.eat_word("over") { parser.declarations()? } else { Vec::new() };
    let objective = parser.formula()?;
    let mut constraints = Vec::new();
    if parser.eat_word("subject") {
        if !parser.eat_word("to") {
            return Err(parser.expected("`to` after `subject`"));
        }
        constraints = parser.constraints()?;
    } else {
        parser.finish("an operator, `subject to` or the end of the text")?;
    }
    Ok(Statement { text, declared, objective, constraints })
}

impl Parser<'_> {
    /// `W[n,r], H[r,m]:`
    fn declarations(&mut self) -> Result<Vec<Declaration>> {
        let mut all: Vec<Declaration> = Vec::new();
        loop {
            let declaration = self.declaration()?;
            if all.iter().any(|earlier| earlier.name == declaration.name) {
                let message = format!("expected another name: the shape of `{}` is already given", declaration.name);
                return Err(self.complain(
                    Code::DeclaredTwice,
                    message,
                    declaration.span,
                    "Give each factor one shape",
                ));
            }
            all.push(declaration);
            if self.eat(":") {
                return Ok(all);
            }
            if !self.eat(",") {
                return Err(self.expected_with("`,` or `:` after a shape", "Write for example `over W[n,r], H[r,m]:`"));
            }
        }
    }

    fn declaration(&mut self) -> Result<Declaration> {
        let start = self.next().start;
        let name = self.name("the name of a factor")?.to_owned();
        let open = self.next();
        if !self.eat("[") {
            return Err(
                self.expected_with("`[` and the shape of the factor", &format!("Write for example `{name}[n,r]`"))
            );
        }
        let rows = self.dim()?;
        if self.at_mark("]") {
            let help = format!("A column is `{name}[{rows},1]`, a row is `{name}[1,{rows}]`");
            return Err(self.expected_with("`,` and the number of columns", &help));
        }
        if !self.eat(",") {
            return Err(self.expected("`,` and the number of columns"));
        }
        let cols = self.dim()?;
        if self.next().kind == Kind::End {
            return Err(self.never_closed(open));
        }
        if !self.eat("]") {
            return Err(self.expected("`]` after the two sides of a shape"));
        }
        Ok(Declaration { name, rows, cols, span: self.since(start) })
    }

    fn dim(&mut self) -> Result<Dim> {
        let expected = "the length of a side: a name or a whole number of at least 1";
        let token = self.next();
        if !matches!(token.kind, Kind::Number(_)) {
            return Ok(Dim::Name(self.name(expected)?.to_owned()));
        }
        match self.source(token).parse() {
            Ok(length) if length > 0 => {
                self.take();
                Ok(Dim::Number(length))
            }
            _ => Err(self.expected(expected)),
        }
    }
}
