//! Text: the language of objectives, read and written.
//! In: a text such as `minimize sum((X - W @ H)**2) subject to W >= 0`.  Out: a `Statement`; and back again.
//! Invariant: what is printed parses back to an equal formula (up to 200 levels of nesting); every error points at the
//! character.
//! Not here: which names are data, factors or numbers (see `solve`), shapes (see `facts`).

mod complaint;
mod constraint;
mod lexer;
mod names;
mod parser;
mod print;
mod statement;
#[cfg(test)]
mod tests;

pub use constraint::{BoundKind, Constraint, Limit};
pub use names::nearest;
pub use statement::{Declaration, Dim, Statement, parse_statement};

use super::Expr;
use crate::error::Result;

/// Reads a formula such as `sum((X - W @ H)**2)`: every name is an input variable, and every part knows its place in
/// the text.
///
/// The marks have Python's precedence: `>` and `<`, then `+` and `-`, then `*`, `@` and `/`, then a sign, then `**`,
/// then `.T`.
///
/// # Errors
/// `Parse`, with the place in the text and what was expected there; `Setting` where it is too long, or has more than
/// [`MOST_PARTS`](super::MOST_PARTS) parts.
pub fn parse_expr(text: &str) -> Result<Expr> {
    let text = text.into();
    let mut parser = parser::Parser::new(&text)?;
    let formula = parser.whole_formula()?;
    parser.finish("an operator or the end of the text")?;
    Ok(formula)
}
