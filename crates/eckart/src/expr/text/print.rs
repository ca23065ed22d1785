//! Print: a formula as text.
//! In: an `Expr`.  Out: the shortest text that parses back to it, with as few parentheses as Python's rules allow.
//! Invariant: `parse_expr(&formula.to_string()) == formula` where numbers are finite and names are names; no recursion.
//! Not here: statements (see `statement`).

use std::fmt::{self, Write};

use super::names::{ATOM, INFIX, PATTERNS, POSTFIX, SIGN, Sugar};
use crate::expr::pattern::arguments;
use crate::expr::{Dag, Expr, Id, MOST_PARTS, Op, exceeds};

/// Parts of a formula that is shown shortened, at most; derived ones are larger than what users may write.
const MOST_SHOWN: usize = 10 * MOST_PARTS;

/// What is still to be written.
enum Piece {
    Text(&'static str),
    /// A part, in parentheses where it binds less tightly than this.
    Part(Id, u8),
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dag = Dag::new(std::slice::from_ref(self));
        print(&dag, dag.roots()[0], f)
    }
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Expr {
    /// At most `most` characters of the formula, with dots where it goes on: a formula whose parts are shared may be
    /// exponentially longer in print than it is in memory. One of more parts than can be planned is only said to be so.
    pub fn shortened(&self, most: usize) -> String {
        if exceeds(std::slice::from_ref(self), MOST_SHOWN) {
            return format!("(a formula of more than {MOST_SHOWN} parts)");
        }
        let mut short = Shortened { text: String::new(), left: most + 1 };
        let _ = write!(short, "{self}");
        with_dots(short.text, most)
    }
}

impl Dag {
    /// Each part, shortened as [`Expr::shortened`] does: all of them in one pass, for a sum of n terms has n parts that
    /// begin alike.
    pub(crate) fn shortened(&self, most: usize) -> Vec<String> {
        let begins = self.bottom_up(|id, known: &[(u8, String)]| {
            let (level, pieces) = layout(self, id);
            // One character more than is shown tells whether the text goes on.
            let mut begin = Shortened { text: String::new(), left: most + 1 };
            let part = self.expr(id);
            let _ = match (part.as_var(), part.as_number()) {
                (Some(var), _) => begin.write_str(var.name()),
                (None, Some(value)) => number(value, &mut begin),
                (None, None) => pieces.iter().try_for_each(|piece| match piece {
                    Piece::Text(text) => begin.write_str(text),
                    Piece::Part(arg, least) => {
                        let (own, text) = &known[arg.index()];
                        let (open, close) = if own < least { ("(", ")") } else { ("", "") };
                        [open, text, close].iter().try_for_each(|text| begin.write_str(text))
                    }
                }),
            };
            (level, begin.text)
        });
        begins.into_iter().map(|(_, begin)| with_dots(begin, most)).collect()
    }
}

/// A text of which `most` characters at most are shown.
fn with_dots(mut text: String, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text;
    }
    let kept = text.char_indices().nth(most.saturating_sub(3)).map_or(text.len(), |(at, _)| at);
    text.truncate(kept);
    text + "..."
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

fn print(dag: &Dag, root: Id, f: &mut dyn fmt::Write) -> fmt::Result {
    // A stack of its own: formulas built by loops are deeper than the thread's.
    let mut left = vec![Piece::Part(root, 0)];
    while let Some(piece) = left.pop() {
        match piece {
            Piece::Text(text) => f.write_str(text)?,
            Piece::Part(id, least) => {
                let (level, pieces) = layout(dag, id);
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
    let find = |(row, pattern): &(&Sugar, Expr)| Some((row.name, arguments(pattern, row.arity, dag, id)?));
    let called = dag.expr(id).written_as();
    let written = called.and_then(|name| PATTERNS.iter().filter(|(row, _)| row.name == name).find_map(find));
    written.or_else(|| PATTERNS.iter().filter(|(row, _)| row.is_known).find_map(find))
}

/// The shortest digits that give the same number again.
pub(super) fn number(value: f64, f: &mut dyn fmt::Write) -> fmt::Result {
    let digits = format!("{value:?}");
    f.write_str(digits.strip_suffix(".0").unwrap_or(&digits))
}
