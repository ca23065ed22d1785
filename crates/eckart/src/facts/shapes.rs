//! Shapes: the sides of every part of a formula.
//! In: a `Dag` and its variables' shapes.  Out: a shape a node, or an error that names both sides.
//! Invariant: the first misfit in reading order is the one reported.
//! Not here: guessing the shapes of factors (see `infer`).

use super::given::Givens;
use super::shape::{Shape, fitting_shape};
use crate::error::{Code, Error, Result, Snippet};
use crate::expr::{Dag, Expr, Id, Op, ShapeRule, Span};

pub(super) fn shapes(dag: &Dag, givens: &Givens) -> Result<Vec<Shape>> {
    let mut shapes: Vec<Shape> = Vec::with_capacity(dag.len());
    for id in dag.ids() {
        let args: Vec<Shape> = dag.args(id).iter().map(|a| shapes[a.index()]).collect();
        shapes.push(shape_of(dag, id, &args, givens)?);
    }
    Ok(shapes)
}

fn shape_of(dag: &Dag, id: Id, args: &[Shape], givens: &Givens) -> Result<Shape> {
    let rule = dag.op(id).row().shape;
    let (fits, help) = match (rule, args) {
        (ShapeRule::Given, _) => return given(dag.expr(id), givens),
        (ShapeRule::Stretch, [a, b]) => (
            a.stretches_to(a.stretched(*b)) && b.stretches_to(a.stretched(*b)),
            "Entrywise operations need equal sides, or a side of 1, which is stretched",
        ),
        (ShapeRule::Product, [a, b]) => (a.cols == b.rows, "A product A @ B needs as many columns in A as rows in B"),
        (ShapeRule::StretchToSecond, [a, b]) => {
            (a.stretches_to(*b), "The first must have the sides of the second, or sides of 1")
        }
        (ShapeRule::ShrinkToSecond, [a, b]) => {
            (b.stretches_to(*a), "The second must have the sides of the first, or sides of 1")
        }
        (ShapeRule::Square, [a]) => (a.rows == a.cols, "Only a square matrix has a diagonal"),
        (ShapeRule::ScalarOnly, [a]) if !a.is_scalar() => {
            let help = "Only a number (1 x 1) can be minimized or differentiated: is a sum(...) missing?";
            return Err(misfit(Code::CostNotScalar, dag, id, args, help));
        }
        (_, _) => (true, ""),
    };
    if fits { Ok(fitting_shape(rule, args)) } else { Err(misfit(Code::ShapeMismatch, dag, id, args, help)) }
}

fn given(expr: &Expr, givens: &Givens) -> Result<Shape> {
    let Op::Var(var) = expr.op() else { return Err(Error::Bug(format!("{expr} is no variable"))) };
    if let Some(given) = givens.get(var) {
        if var.is_scalar() && !given.shape.is_scalar() {
            let message = format!("{} is a number, it was given {}", var.name(), given.shape);
            return Err(Error::shape(Code::WrongShape, message, ""));
        }
        return Ok(given.shape);
    }
    if let Some(value) = expr.value() {
        return Ok(Shape::of(&value));
    }
    Err(Error::setting(
        Code::UndefinedName,
        format!(
            "{} is used but not given: pass it as an input, make it a shared variable, or give it a number",
            var.name()
        ),
    ))
}

/// Characters of a formula in a message.
const MOST: usize = 60;

/// "W @ H is 1797 x 64, X is 1797 x 65".
fn misfit(code: Code, dag: &Dag, id: Id, args: &[Shape], help: &str) -> Error {
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
