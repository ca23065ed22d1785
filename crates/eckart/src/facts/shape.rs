//! Shape: the sides of every part of a formula.
//! In: a `Dag` and its variables' shapes.  Out: a shape a node, or an error that names both sides.
//! Invariant: one rule a `ShapeRule`; the first unsupported in reading order is the one reported.
//! Not here: guessing the shapes of factors (see `infer`).

use super::Givens;
use crate::error::{Code, Error, Result, Snippet};
use crate::expr::{Dag, Expr, Id, Op, ShapeRule, Span};

/// n x m.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shape {
    /// n.
    pub rows: usize,
    /// m.
    pub cols: usize,
}

impl Shape {
    /// 1 x 1.
    pub const SCALAR: Shape = Shape { rows: 1, cols: 1 };

    /// n m, or the largest number where that overflows.
    pub fn entries(self) -> usize {
        self.rows.saturating_mul(self.cols)
    }

    /// Whether it is 1 x 1.
    pub fn is_scalar(self) -> bool {
        self == Self::SCALAR
    }

    /// Whether a matrix of this shape can be stretched to `to`.
    pub fn stretches_to(self, to: Shape) -> bool {
        (self.rows == to.rows || self.rows == 1) && (self.cols == to.cols || self.cols == 1)
    }

    fn flipped(self) -> Shape {
        Shape { rows: self.cols, cols: self.rows }
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} x {}", self.rows, self.cols)
    }
}

/// The shapes of all nodes.
pub(super) fn shapes(dag: &Dag, givens: &Givens) -> Result<Vec<Shape>> {
    let mut shapes: Vec<Shape> = Vec::with_capacity(dag.len());
    for id in dag.ids() {
        let args: Vec<Shape> = dag.args(id).iter().map(|a| shapes[a.index()]).collect();
        shapes.push(shape_of(dag, id, &args, givens)?);
    }
    Ok(shapes)
}

fn shape_of(dag: &Dag, id: Id, args: &[Shape], givens: &Givens) -> Result<Shape> {
    let fail = |help: &str| Err(unsupported(Code::ShapeMismatch, dag, id, args, help));
    match dag.op(id).row().shape {
        ShapeRule::Given => given(dag.expr(id), givens),
        ShapeRule::Scalar => Ok(Shape::SCALAR),
        ShapeRule::Same => Ok(args[0]),
        ShapeRule::Flip => Ok(args[0].flipped()),
        ShapeRule::Column => Ok(Shape { rows: args[0].rows, cols: 1 }),
        ShapeRule::Line => Ok(Shape { rows: 1, cols: args[0].cols }),
        ShapeRule::Stretch => match (side(args[0].rows, args[1].rows), side(args[0].cols, args[1].cols)) {
            (Some(rows), Some(cols)) => Ok(Shape { rows, cols }),
            (None, _) | (_, None) => fail("Entrywise operations need equal sides, or a side of 1, which is stretched"),
        },
        ShapeRule::Product if args[0].cols == args[1].rows => Ok(Shape { rows: args[0].rows, cols: args[1].cols }),
        ShapeRule::Product => fail("A product A @ B needs as many columns in A as rows in B"),
        ShapeRule::StretchToSecond if args[0].stretches_to(args[1]) => Ok(args[1]),
        ShapeRule::StretchToSecond => fail("The first must have the sides of the second, or sides of 1"),
        ShapeRule::ShrinkToSecond if args[1].stretches_to(args[0]) => Ok(args[1]),
        ShapeRule::ShrinkToSecond => fail("The second must have the sides of the first, or sides of 1"),
        ShapeRule::Square if args[0].rows == args[0].cols => Ok(args[0]),
        ShapeRule::Square => fail("Only a square matrix has a diagonal"),
        ShapeRule::ScalarOnly if args[0].is_scalar() => Ok(Shape::SCALAR),
        ShapeRule::ScalarOnly => {
            let help = "Only a number (1 x 1) can be minimised or differentiated: is a sum(...) missing?";
            Err(unsupported(Code::CostNotScalar, dag, id, args, help))
        }
    }
}

fn given(expr: &Expr, givens: &Givens) -> Result<Shape> {
    let Op::Var(var) = expr.op() else { return Err(Error::Bug(format!("{expr} is no variable"))) };
    if let Some(given) = givens.get(var) {
        if var.is_scalar() && !given.shape.is_scalar() {
            return Err(Error::shape(
                Code::WrongShape,
                format!("{} is a number, it was given {}", var.name(), given.shape),
                "",
            ));
        }
        return Ok(given.shape);
    }
    if let Some(value) = expr.value() {
        return Ok(Shape { rows: value.rows(), cols: value.cols() });
    }
    Err(Error::setting(
        Code::UndefinedName,
        format!(
            "{} is used but not given: pass it as an input, make it a shared variable, or give it a number",
            var.name()
        ),
    ))
}

/// The common length of two sides.
fn side(a: usize, b: usize) -> Option<usize> {
    if a == b || b == 1 {
        Some(a)
    } else if a == 1 {
        Some(b)
    } else {
        None
    }
}

/// Characters of a formula in a message.
const MOST: usize = 60;

/// "W @ H is 1797 x 64, X is 1797 x 65".
fn unsupported(code: Code, dag: &Dag, id: Id, args: &[Shape], help: &str) -> Error {
    let told: Vec<String> = dag
        .args(id)
        .iter()
        .zip(args)
        .map(|(&arg, shape)| format!("{} is {shape}", dag.expr(arg).shortened(MOST)))
        .collect();
    let message = if told.len() == 1 {
        format!("{} does not fit: {}", dag.expr(id).shortened(MOST), told[0])
    } else {
        format!("shapes don't fit: {}", told.join(", "))
    };
    let place = dag.expr(id).span().map(|Span { text, range }| (text.to_string(), range.clone()));
    Error::Shape(Box::new(Snippet { code, message, place, help: help.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::check_error;
    use crate::expr::{matrix, sum};
    use crate::facts::Given;

    fn givens(list: &[(&str, usize, usize)]) -> Givens {
        list.iter().map(|&(name, n, m)| (crate::expr::Var::input(name), Given::dense(n, m))).collect()
    }

    #[test]
    fn a_misfit_names_both_sides() {
        let (x, w, h) = (matrix("X"), matrix("W"), matrix("H"));
        let dag = Dag::new(&[sum((&x - w.dot(&h)).pow(2))]);
        let error = shapes(&dag, &givens(&[("X", 1797, 65), ("W", 1797, 4), ("H", 4, 64)])).unwrap_err();
        check_error(&error, Code::ShapeMismatch, "X is 1797 x 65, W @ H is 1797 x 64");
        let fits = shapes(&dag, &givens(&[("X", 7, 5), ("W", 7, 4), ("H", 4, 5)])).unwrap();
        assert_eq!(fits[dag.roots()[0].index()], Shape::SCALAR);
    }
}
