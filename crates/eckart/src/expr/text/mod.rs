//! Text: the language of objectives, read and written.
//! In: a text such as `minimize sum((X - W @ H)**2) subject to W >= 0`.  Out: a `Statement`; and back again.
//! Law: what is printed parses back to an equal formula; every error points at the character.
//! Not here: which names are data, factors or numbers (see `solve`), shapes (see `facts`).

use std::fmt;

use super::Expr;

pub(super) fn print(expr: &Expr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let _ = expr;
    write!(f, "?")
}
