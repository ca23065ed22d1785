//! Flat: terms that depend on a factor, and whose slope is 0 wherever they have one.
//! In: an objective and its factors.  Out: nothing, or the term and its place in the text.
//! Invariant: refused is only what no slope can tell of: a step that is added, a factor that is under steps alone. A
//! step that scales something, as in the quantile loss `Z * (q - (Z < 0))`, is none.
//! Not here: what has kinks but slopes between them (see `method`).

use crate::error::{Code, Error, Result, Snippet};
use crate::expr::{Dag, Expr, Id, Op, Span, Var};

/// Characters of a formula in a message.
const MOST: usize = 60;

/// Refuses comparisons and signs of factors that a search by slopes would take for constants.
///
/// # Errors
/// `Parse`, with the place of the term.
pub(in crate::solve) fn refuse_flat(objective: &Expr, is_factor: &dyn Fn(&Var) -> bool) -> Result<()> {
    let dag = Dag::new(std::slice::from_ref(objective));
    if !dag.ids().any(|id| is_step(&dag, id)) {
        return Ok(());
    }
    let of_factor = reached(&dag, &|var| is_factor(var), &|_| true);
    let flat = dag.bottom_up(|id, flat: &[bool]| {
        let moves = |arg: &Id| of_factor[arg.index()] && !flat[arg.index()];
        of_factor[id.index()]
            && (is_step(&dag, id) || !read(&dag, id).any(|arg| moves(&arg)))
            && dag.expr(id).as_var().is_none()
    });
    let added = exposed(&dag, &of_factor);
    let found = dag.ids().rev().find(|id| flat[id.index()] && added[id.index()]);
    if let Some(id) = found {
        return Err(no_slope(&dag, id, is_factor));
    }
    for var in objective.variables().iter().filter(|var| is_factor(var)) {
        let own = |other: &Var| other == var;
        let [known, felt] = [reached(&dag, &own, &|_| true), reached(&dag, &own, &|id| !is_step(&dag, id))];
        let root = dag.roots()[0].index();
        if known[root]
            && !felt[root]
            && let Some(id) = dag.ids().find(|&id| is_step(&dag, id) && known[id.index()])
        {
            return Err(no_slope(&dag, id, &own));
        }
    }
    Ok(())
}

fn is_step(dag: &Dag, id: Id) -> bool {
    matches!(dag.op(id), Op::Greater | Op::Sign)
}

/// The arguments of a node whose values count.
fn read(dag: &Dag, id: Id) -> impl Iterator<Item = Id> {
    let uses = move |&(k, _): &(usize, &Id)| dag.op(id).uses_value(k);
    dag.args(id).iter().enumerate().filter(uses).map(|(_, arg)| *arg)
}

/// Which nodes depend on the values of variables, through nodes that pass them on.
fn reached(dag: &Dag, counts: &dyn Fn(&Var) -> bool, passes: &dyn Fn(Id) -> bool) -> Vec<bool> {
    dag.bottom_up(|id, known: &[bool]| {
        dag.expr(id).as_var().is_some_and(counts) || (passes(id) && read(dag, id).any(|arg| known[arg.index()]))
    })
}

/// Which nodes an objective adds to others, or takes functions of: all but what is under a product, quotient or choice
/// of two that depend on factors.
fn exposed(dag: &Dag, of_factor: &[bool]) -> Vec<bool> {
    let mut added = vec![false; dag.len()];
    added[dag.roots()[0].index()] = true;
    for id in dag.ids().rev().filter(|id| of_factor[id.index()]) {
        let both = read(dag, id).filter(|arg| of_factor[arg.index()]).count() > 1;
        let sums = matches!(dag.op(id), Op::Add | Op::Sub);
        if added[id.index()] && (sums || !both) {
            read(dag, id).for_each(|arg| added[arg.index()] = true);
        }
    }
    added
}

fn no_slope(dag: &Dag, id: Id, is_factor: &dyn Fn(&Var) -> bool) -> Error {
    let formula = dag.expr(id);
    let names: Vec<String> =
        formula.variables().iter().filter(|var| is_factor(var)).map(|var| var.name().to_owned()).collect();
    Error::Parse(Box::new(Snippet {
        code: Code::PiecewiseConstant,
        message: format!(
            "{} is a step in {}: its slope is 0 wherever it has one, so that no search would see it",
            formula.shortened(MOST),
            names.join(" and ")
        ),
        place: formula.span().map(|Span { text, range }| (text.to_string(), range.clone())),
        help:
            "Write a smooth function, such as `sigmoid((a - b) / 0.1)` for `a > b`, `tanh(a / 0.1)` for `sign(a)`, or \
               leave it out"
                .to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::check_error;
    use crate::expr::text::parse_statement;

    fn tried(text: &str) -> Result<()> {
        refuse_flat(&parse_statement(text).unwrap().objective, &|var| ["W", "H", "V"].contains(&var.name()))
    }

    #[track_caller]
    fn check(text: &str, place: &str) {
        let error = tried(text).unwrap_err();
        check_error(&error, Code::PiecewiseConstant, place);
        let Error::Parse(snippet) = error else { panic!("{error}") };
        let (text, range) = snippet.place.unwrap();
        assert_eq!(&text[range], place, "{text}");
    }

    #[test]
    fn steps_that_are_added_are_refused_by_their_place() {
        check("sum((X - W @ H)**2) + 1000*sum(W > 0)", "1000*sum(W > 0)");
        check("sum((X - W @ H)**2) - sum(sign(W))", "sum(sign(W))");
        check("sum((X - W @ H)**2 + (W @ H > 1))", "W @ H > 1");
        check("sum((X - (W @ H > 0.5))**2)", "sum((X - (W @ H > 0.5))**2)");
        check("sum((X - W @ H - sign(V))**2)", "sign(V)");
        check("sum((X - W @ H)**2) + norm(sign(W))", "norm(sign(W))");
    }

    #[test]
    fn factors_that_are_under_steps_alone_are_refused() {
        check("sum((X - sign(W) @ H)**2)", "sign(W)");
        check("sum((X - (W > 0.5) @ H)**2)", "W > 0.5");
        check("sum((X - W @ H)**2 * (1 + (V > 0)))", "V > 0");
    }

    #[test]
    fn steps_of_data_and_those_that_scale_are_taken() {
        for text in [
            "sum((X > 0) * (X - W @ H)**2)",
            "sum(sign(X) * (W @ H))",
            "sum((X - W @ H) * (0.3 - (X < W @ H)))",
            "sum((X - W @ H)**2) + sum(sign(W) * W)",
            "sum((X - W @ H)**2) + sum(max(W, 0)) + sum(abs(W))",
            "sum((X - (W * (W > 0) + 0.1 * W * (W < 0)) @ H)**2)",
        ] {
            tried(text).unwrap();
        }
    }
}
