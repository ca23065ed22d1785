//! Print: a formula as text.
//! In: an `Expr`.  Out: the shortest text that parses back to it, with as few parentheses as Python's rules allow.
//! Invariant: `parse_expr(&formula.to_string()) == formula` where numbers are finite and names are names; no recursion.
//! Not here: statements (see `statement`).

use std::fmt::{self, Write};

use super::names::{ATOM, INFIX, PATTERNS, POSTFIX, SIGN};
use crate::expr::pattern::arguments;
use crate::expr::{Dag, Expr, Id, Op};

/// What is still to be written.
enum Piece {
    Text(&'static str),
    /// A part, in parentheses where it binds less tightly than this.
    Part(Id, u8),
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(self, f)
    }
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(self, f)
    }
}

impl Expr {
    /// At most `most` characters of the formula, with dots where it goes on: a formula whose parts are shared may be
    /// exponentially longer in print than it is in memory.
    pub fn shortened(&self, most: usize) -> String {
        let mut short = Shortened { text: String::new(), left: most };
        if write!(short, "{self}").is_ok() {
            return short.text;
        }
        let kept = short.text.char_indices().nth(most.saturating_sub(3)).map_or(short.text.len(), |(at, _)| at);
        short.text.truncate(kept);
        short.text + "..."
    }
}

/// A text that takes no more than so many characters.
struct Shortened {
    text: String,
    left: usize,
}

impl fmt::Write for Shortened {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        for c in s.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(c);
        }
        Ok(())
    }
}

fn print(formula: &Expr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let dag = Dag::new(std::slice::from_ref(formula));
    // A stack of its own: formulas built by loops are deeper than the thread's.
    let mut left = vec![Piece::Part(dag.roots()[0], 0)];
    while let Some(piece) = left.pop() {
        match piece {
            Piece::Text(text) => f.write_str(text)?,
            Piece::Part(id, least) => {
                let (level, pieces) = layout(&dag, id);
                let open = level < least;
                if open {
                    f.write_str("(")?;
                    left.push(Piece::Text(")"));
                }
                let part = dag.expr(id);
                if let Some(var) = part.as_var() {
                    f.write_str(var.name())?;
                } else if let Some(value) = part.as_number() {
                    number(value, f)?;
                }
                left.extend(pieces.into_iter().rev());
            }
        }
    }
    Ok(())
}

/// How tightly a part binds, and what it is made of; a name or a number is made of nothing.
fn layout(dag: &Dag, id: Id) -> (u8, Vec<Piece>) {
    let (op, args) = (dag.op(id), dag.args(id));
    if let Some((name, args)) = sugar(dag, id) {
        return (ATOM, call(name, &args));
    }
    if let Some(operand) = negated(dag, id) {
        return (SIGN, vec![Piece::Text("-"), Piece::Part(operand, SIGN)]);
    }
    if let Some(infix) = INFIX.iter().find(|infix| infix.op == *op) {
        let pieces = [Piece::Part(args[0], infix.left), Piece::Text(infix.spaced), Piece::Part(args[1], infix.right)];
        return (infix.level, pieces.into());
    }
    if *op == Op::Transpose {
        return (POSTFIX, vec![Piece::Part(args[0], operand_of_dot(dag, args[0])), Piece::Text(".T")]);
    }
    if args.is_empty() {
        let negative = dag.expr(id).as_number().is_some_and(f64::is_sign_negative);
        return (if negative { SIGN } else { ATOM }, Vec::new());
    }
    (ATOM, call(op.row().name, args))
}

fn call(name: &'static str, args: &[Id]) -> Vec<Piece> {
    let mut pieces = vec![Piece::Text(name), Piece::Text("(")];
    for (index, arg) in args.iter().enumerate() {
        if index > 0 {
            pieces.push(Piece::Text(", "));
        }
        pieces.push(Piece::Part(*arg, 0));
    }
    pieces.push(Piece::Text(")"));
    pieces
}

/// A number needs parentheses: in `2.T` the dot is the number's.
fn operand_of_dot(dag: &Dag, id: Id) -> u8 {
    if dag.expr(id).as_number().is_some() { ATOM + 1 } else { POSTFIX }
}

/// The `x` of `-1 * x`. Not where `x` is a number: `-3` is one number, not a product.
fn negated(dag: &Dag, id: Id) -> Option<Id> {
    let &[sign, operand] = dag.args(id) else { return None };
    let is_negated =
        *dag.op(id) == Op::Mul && dag.expr(sign).as_number() == Some(-1.0) && dag.expr(operand).as_number().is_none();
    is_negated.then_some(operand)
}

/// The call of a function made of several primitives, if that is what the part is.
fn sugar(dag: &Dag, id: Id) -> Option<(&'static str, Vec<Id>)> {
    PATTERNS.iter().find_map(|(row, pattern)| Some((row.name, arguments(pattern, row.arity, dag, id)?)))
}

/// The shortest digits that give the same number again.
pub(super) fn number(value: f64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let digits = format!("{value:?}");
    f.write_str(digits.strip_suffix(".0").unwrap_or(&digits))
}
