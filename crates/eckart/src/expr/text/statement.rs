//! Statement: a whole problem: what to minimize, over what, subject to what.
//! In: `minimize over W[n,r], H[r,m]: sum((X - W @ H)**2) subject to W >= 0`, or formulas.  Out: its parts; the text.
//! Invariant: a statement's text parses back to an equal statement.
//! Not here: formulas (see `parser`), bounds (see `constraint`), what the names stand for (see `solve`).

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::constraint::{Constraint, Limit};
use super::lexer::{TokenKind, is_name};
use super::names::KEYWORDS;
use super::parser::{LONGEST, Parser};
use crate::error::{Code, Error, Result};
use crate::expr::{Dag, Expr, Var, check_size};

/// A problem as it is stated, in a text or by formulas. Two are equal when they say the same, wherever it stands in
/// their texts.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The text it was read from; of one made of formulas its own, shortened.
    pub text: Arc<str>,
    /// The factors whose shapes are declared, in their order; empty where shapes are left to be inferred.
    pub declared: Vec<Declaration>,
    /// What is minimized.
    pub objective: Expr,
    /// What the factors must obey, in their order.
    pub constraints: Vec<Constraint>,
}

impl PartialEq for Statement {
    fn eq(&self, other: &Self) -> bool {
        self.declared == other.declared && self.objective == other.objective && self.constraints == other.constraints
    }
}

/// Characters of an objective that are kept for messages.
const MOST_TEXT: usize = 10_000;

impl Statement {
    /// A statement made of formulas: minimizes `objective`, which must be 1 x 1, and bounds nothing. What is not given
    /// as data or as a parameter (see [`crate::Problem`]) is a factor.
    ///
    /// ```
    /// # use eckart::{Constraint, Statement, matrix, sum};
    /// let (x, w, h, b) = (matrix("X"), matrix("W"), matrix("H"), matrix("b"));
    /// let statement = Statement::minimize(sum((x - w.dot(h) - b).pow(2)))
    ///     .over("W", "n", "r")
    ///     .over("H", "r", "m")
    ///     .over("b", "n", 1)
    ///     .subject_to(Constraint::at_least("W", 0.0));
    /// let text = "minimize over W[n,r], H[r,m], b[n,1]: sum((X - W @ H - b)**2) subject to W >= 0";
    /// assert_eq!(statement.to_string(), text);
    /// ```
    pub fn minimize(objective: impl Into<Expr>) -> Self {
        Self::from_parts(Vec::new(), objective.into(), Vec::new())
    }

    /// The same with the shape of a factor declared: each side a length, or a name that all declarations share (`"r"`
    /// is the rank). Where one factor is declared, so is each that the data does not give a shape to.
    pub fn over(mut self, factor: &str, rows: impl Into<Dim>, cols: impl Into<Dim>) -> Self {
        self.declared.push(Declaration { name: factor.into(), rows: rows.into(), cols: cols.into(), span: 0..0 });
        Self::from_parts(self.declared, self.objective, self.constraints)
    }

    /// The same with a further constraint.
    pub fn subject_to(mut self, constraint: Constraint) -> Self {
        self.constraints.push(constraint);
        Self::from_parts(self.declared, self.objective, self.constraints)
    }

    /// Of these parts, with the places that they have in the text.
    pub(crate) fn from_parts(declared: Vec<Declaration>, objective: Expr, constraints: Vec<Constraint>) -> Self {
        let mut statement = Self { text: "".into(), declared, objective, constraints };
        let (text, spans) = statement.written(&statement.objective.shortened(MOST_TEXT));
        statement.text = text.into();
        let places = statement.declared.iter_mut().map(|declaration| &mut declaration.span);
        let places = places.chain(statement.constraints.iter_mut().map(|constraint| &mut constraint.span));
        places.zip(spans).for_each(|(place, span)| *place = span);
        statement
    }

    /// The text, and where in it the declarations and the constraints stand.
    fn written(&self, objective: &str) -> (String, Vec<Range<usize>>) {
        let (mut text, mut spans) = ("minimize ".to_owned(), Vec::new());
        let mut add = |text: &mut String, before: &str, part: &dyn fmt::Display| {
            text.push_str(before);
            let start = text.len();
            text.push_str(&part.to_string());
            spans.push(start..text.len());
        };
        for (index, declaration) in self.declared.iter().enumerate() {
            add(&mut text, if index == 0 { "over " } else { ", " }, declaration);
        }
        text.push_str(if self.declared.is_empty() { "" } else { ": " });
        text.push_str(objective);
        for (index, constraint) in self.constraints.iter().enumerate() {
            add(&mut text, if index == 0 { " subject to " } else { ", " }, constraint);
        }
        (text, spans)
    }

    /// Whether it can be written and read again, as model files and reports do.
    ///
    /// # Errors
    /// `Setting` where a name or a number has no text, a variable holds a value of its own, or the formula or its text
    /// would be too long; `Parse` where formulas are nested too deep.
    pub(crate) fn check(&self) -> Result<()> {
        check_size(std::slice::from_ref(&self.objective))?;
        let bounds = self.constraints.iter().map(|constraint| &constraint.limit);
        let sides = self.declared.iter().flat_map(|declaration| [&declaration.rows, &declaration.cols]);
        let mut names: Vec<&str> = self.declared.iter().map(|declaration| declaration.name.as_str()).collect();
        names.extend(self.constraints.iter().map(|constraint| constraint.factor.as_str()));
        names.extend(bounds.clone().filter_map(Limit::name).chain(sides.filter_map(Dim::name)));
        let dag = Dag::new(std::slice::from_ref(&self.objective));
        let variables = || dag.ids().filter_map(|id| dag.expr(id).as_var());
        names.extend(variables().map(Var::name));
        if let Some(name) = names.into_iter().find(|name| !is_name(name) || KEYWORDS.contains(name)) {
            let message =
                format!("{name:?} can't be a name in an objective: use letters, digits and _, a letter first");
            return Err(Error::setting(Code::BadName, message));
        }
        if let Some(var) = variables().find(|var| var.is_shared()) {
            let message = format!(
                "{0} holds a value of its own: write it as matrix({0:?}), and say where its search begins",
                var.name()
            );
            return Err(Error::setting(Code::InputNotVariable, message));
        }
        let literals = dag.ids().filter_map(|id| dag.expr(id).as_number());
        if let Some(value) = literals.chain(bounds.filter_map(Limit::value)).find(|value| !value.is_finite()) {
            return Err(Error::setting(Code::BadNumber, format!("the objective has the number {value}")));
        }
        // One whose parts are shared may be exponentially longer as a text.
        if self.objective.shortened(LONGEST).len() >= LONGEST {
            let message = format!(
                "the objective takes more than {LONGEST} characters to write, as parts that are shared are written \
                 each time: make a factor of what is shared, or write it as a product of matrices"
            );
            return Err(Error::setting(Code::FormulaTooLarge, message));
        }
        let text = self.to_string();
        match parse_statement(&text)? == *self {
            true => Ok(()),
            false => Err(Error::Bug(format!("`{text}` does not read as it was written"))),
        }
    }
}

impl fmt::Display for Statement {
    /// The canonical text, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written(&self.objective.to_string()).0)
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

impl From<usize> for Dim {
    fn from(length: usize) -> Self {
        Self::Number(length)
    }
}

impl From<&str> for Dim {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl Dim {
    fn name(&self) -> Option<&str> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }
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
/// As [`super::parse_expr`].
pub fn parse_statement(text: &str) -> Result<Statement> {
    let text: Arc<str> = text.into();
    let mut parser = Parser::new(&text)?;
    let _ = parser.eat_word("minimize") || parser.eat_word("minimise");
    let declared = if parser.eat_word("over") { parser.declarations()? } else { Vec::new() };
    let objective = parser.whole_formula()?;
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
        if self.next().kind == TokenKind::End {
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
        if !matches!(token.kind, TokenKind::Number(_)) {
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
