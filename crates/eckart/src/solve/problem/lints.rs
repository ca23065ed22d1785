//! Lint: what an objective says that its author hardly meant.
//! In: a bound problem.  Out: warnings, each with what to add.
//! Invariant: a warning is given only where the cost has no minimum, is undefined somewhere near, can't use all
//! components or the data, or can't leave its start.
//! Not here: what can't be minimized at all, which is refused (see `problem`, `split`), the data (see `entries`,
//! `falling`).

use super::pairs::pairs;
use super::{Bound, Factor, Problem, entries, falling, with_signs};
use crate::data::Matrix;
use crate::error::{Code, Result, Warning};
use crate::expr::{Dag, Expr, Op, Var, signed_terms};
use crate::facts::{Facts, degrees};
use crate::solve::derive::{Subproblem, derive};
use crate::solve::method::table::MethodRow;
use crate::solve::search::settings::{Init, Settings};

/// Warnings about an objective.
///
/// # Errors
/// Those of shapes that don't fit.
pub fn lints(bound: &Bound) -> Result<Vec<Warning>> {
    let mut found = bound.told.clone();
    found.extend(scales(bound));
    found.extend(slopes(bound)?);
    found.extend(falling::of_data(bound)?);
    found.extend(logarithms(bound)?);
    found.extend(entries::unused_rank(bound));
    found.extend(entries::sentinels(bound));
    found.extend(entries::negative(bound)?);
    found.extend(entries::unobserved(bound));
    found.extend(entries::all_equal(bound));
    Ok(found)
}

/// A method that multiplies leaves a 0 what it is: what of a start it can never move.
pub(in crate::solve) fn locked(problem: &Problem, settings: &Settings, row: &MethodRow) -> Vec<Warning> {
    if !row.keeps_zeros {
        return Vec::new();
    }
    let zeros =
        |matrix: &Matrix| matrix.rows() * matrix.cols() - matrix.values_f64().iter().filter(|x| **x != 0.0).count();
    let started =
        problem.init_values.iter().map(|(name, matrix)| (name, zeros(matrix))).filter(|(_, zeros)| *zeros > 0);
    let mut found: Vec<Warning> = started
        .map(|(name, zeros)| {
            let message = format!(
                "{zeros} entries of {name} begin at 0 and will stay there, for {} only multiplies: begin at small \
                 numbers, or leave the method to Eckart",
                row.name
            );
            Warning::new(Code::ZerosStay, message)
        })
        .collect();
    if settings.init == Init::Nndsvd {
        let message = format!(
            "a start by nndsvd has many zeros, and {} only multiplies, so that they stay: begin with nndsvda or \
             nndsvdar",
            row.name
        );
        found.push(Warning::new(Code::ZerosStay, message));
    }
    found
}

/// A penalty on one factor of a product is worth nothing where the other may grow for it.
fn scales(bound: &Bound) -> Vec<Warning> {
    let mut found = Vec::new();
    for pair in pairs(bound) {
        let Some(squares) = pair.squares(bound) else { continue };
        let [left, right] = pair.factors(bound);
        for (small, large, squares) in [(left, right, squares), (right, left, [squares[1], squares[0]])] {
            if let Some(penalty) = free_penalty(bound, small, large, squares) {
                let message = format!(
                    "the objective has no least value: making {small} smaller and {large} larger by the same factor \
                     leaves {} as it is and lowers {penalty}, without end. Limit {large} as well: add a penalty such \
                     as `a*sum({large}**2)`, or `subject to {side}({large}) <= 1`",
                    pair.product,
                    small = small.var.name(),
                    large = large.var.name(),
                    side = if large.shape.rows <= large.shape.cols { "rownorm" } else { "colnorm" },
                );
                found.push(Warning::new(Code::UnboundedScale, message));
            }
        }
    }
    found
}

/// The penalty on `small` as it was stated, where nothing limits `large`; `squares` are the weights of their sums of
/// squares.
fn free_penalty(bound: &Bound, small: &Factor, large: &Factor, squares: [f64; 2]) -> Option<String> {
    let limits = &large.regularizer;
    let limited =
        limits.entries.upper < f64::INFINITY || !limits.is_entrywise() || limits.entries.l1 > 0.0 || squares[1] > 0.0;
    let held = small.regularizer.entries.lower > 0.0;
    if limited || held {
        return None;
    }
    let name = small.var.name();
    let penalty = small.regularizer.in_words(name).into_iter().find(|words| words.contains('*'));
    let penalty = penalty.or_else(|| (squares[0] > 0.0).then(|| format!("{} * sum({name}**2)", squares[0])))?;
    Some(stated_penalty(bound, name).unwrap_or(penalty))
}

/// The one term of the objective as it was stated that speaks of this factor and of no other matrix.
fn stated_penalty(bound: &Bound, name: &str) -> Option<String> {
    let is_matrix = |var: &Var| bound.givens.contains_key(var);
    let is_own = |term: &Expr| {
        let variables = term.variables();
        variables.iter().filter(|var| is_matrix(var)).map(Var::name).eq([name])
    };
    let mut own = signed_terms(&bound.stated).into_iter().filter(|(sign, term)| *sign > 0.0 && is_own(term));
    let (_, only) = own.next()?;
    own.next().is_none().then(|| only.to_string())
}

/// A cost that is a straight line in a factor falls for ever unless a bound holds it.
fn slopes(bound: &Bound) -> Result<Vec<Warning>> {
    let line = |(subproblem, factor): (&Subproblem, &Factor)| {
        let Subproblem::Quadratic(quadratic, _) = subproblem else { return None };
        let flat = quadratic.grams.shared.is_none() && quadratic.grams.is_shared();
        let regularizer = &factor.regularizer;
        let held = regularizer.entries.is_bounded() || !regularizer.is_entrywise() || regularizer.entries.l1 > 0.0;
        let name = factor.var.name();
        (flat && !held).then(|| {
            let message = format!(
                "the objective is linear in {name}, so it has no least value: add a penalty such as \
                 `a*sum({name}**2)`, or a bound such as `{name} >= 0`"
            );
            Warning::new(Code::UnboundedLinear, message)
        })
    };
    Ok(derive(bound)?.iter().zip(&bound.factors).filter_map(line).collect())
}

/// A logarithm of what may become negative.
fn logarithms(bound: &Bound) -> Result<Vec<Warning>> {
    let dag = Dag::new(std::slice::from_ref(&bound.smooth));
    let facts = Facts::of(&dag, &with_signs(&bound.givens, &bound.factors))?;
    let mut found = Vec::new();
    for id in dag.ids().filter(|&id| *dag.op(id) == Op::Log) {
        let inner = dag.args(id)[0];
        let free =
            |f: &&Factor| !f.regularizer.entries.is_nonnegative() && degrees(&dag, &f.var)[inner.index()] != Some(0);
        let names: Vec<&str> = bound.factors.iter().filter(free).map(|f| f.var.name()).collect();
        if !facts.sign(inner).nonnegative && !names.is_empty() {
            let message = format!(
                "{} is undefined where {} is negative, and nothing keeps it from that: add `subject to {} >= 0`",
                dag.expr(id).shortened(60),
                dag.expr(inner).shortened(60),
                names.join(", "),
            );
            found.push(Warning::new(Code::LogOfNegative, message));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(Code, &str)]) {
        let x = Matrix::from_triplets(6, 5, vec![(0, 0, 1.0), (1, 1, 2.0), (2, 2, 1.0), (3, 3, 1.0)]).unwrap();
        let bound = Problem::parse(text).unwrap().data("X", &x).rank(3).bind().unwrap();
        let found = lints(&bound).unwrap();
        assert_eq!(found.len(), expected.len(), "{text}: {found:?}");
        for (found, (code, part)) in found.iter().zip(expected) {
            assert!(found.code == *code && found.message.contains(part), "{text}: {found:?}");
        }
    }

    #[test]
    fn what_was_hardly_meant_is_named() {
        let free = (Code::UnboundedScale, "making W smaller and H larger by the same factor leaves W @ H as it is");
        check("sum((X - W @ H)**2) + 0.5*sum(abs(W))", &[free]);
        check("sum((X - W @ H)**2) + 0.5*sum(W**2) subject to H >= 0", &[free]);
        check("sum((X - W @ H)**2) + 0.5*sum(abs(W)) subject to rownorm(H) <= 1", &[]);
        check("sum((X - W @ H)**2) + 0.5*sum(abs(W)) + 0.1*sum(H**2)", &[]);
        check("sum((X - W @ H)**2) + 0.5*sum(W**2) + sum((W @ H)*X) + sum(rowsum(H)**2)", &[]);
        check("sum((X - W @ H)**2) subject to W, H >= 0", &[]);
        check("sum((X - W @ H)**2) + 0.5*sum((X - W @ K)**2) + sum(W**2)", &[]);
        check("over W[n,r], H[r,m], b[n,1]: sum((X - W @ H)**2) - sum(b)", &[(Code::UnboundedLinear, "linear in b")]);
        check("sum(kl(X, W @ H)) subject to W >= 0", &[(Code::LogOfNegative, "add `subject to H >= 0`")]);
        check("sum(kl(X, W @ H)) subject to W, H >= 0", &[]);
    }

    #[test]
    fn penalties_are_named_as_they_were_stated() {
        let x = Matrix::from_fn(6, 5, |i, j| (1 + i * j) as f64).unwrap();
        let check = |text: &str, expected: &str| {
            let problem = Problem::parse(text).unwrap().data("X", &x).param("a", 0.5).rank(2);
            let found = lints(&problem.bind().unwrap()).unwrap();
            assert!(found[0].message.contains(&format!("lowers {expected}, without end")), "{text}: {found:?}");
        };
        check("sum((X - W @ H)**2) + a*sum(abs(W))", "a * sum(abs(W))");
        check("sum((X - W @ H)**2) + a*sum(W**2)", "a * sum(W**2)");
        check("sum((X - W @ H)**2) + a*sum(W**2) + 3*sum(W**2)", "3.5 * sum(W**2)");
    }

    #[test]
    fn a_start_that_a_method_can_not_leave_is_named() {
        let x = Matrix::from_fn(5, 4, |i, j| (1 + i + j) as f64).unwrap();
        let problem = Problem::parse("sum(kl(X, W @ H)) subject to W, H >= 0").unwrap().data("X", &x).rank(2);
        let start = Matrix::from_fn(5, 2, |i, j| (i * j) as f64).unwrap();
        let with =
            |method: &str, init| Settings { method: Some(method.into()), init, max_iter: 3, ..Settings::default() };
        let warnings = |problem: &Problem, settings: &Settings| problem.solve(settings).unwrap().warnings;
        let started = problem.clone().init_from("W", &start);
        let found = warnings(&started, &with("multiplicative", Init::Random));
        assert!(found[0].code == Code::ZerosStay && found[0].message.starts_with("6 entries of W "), "{found:?}");
        assert_eq!(warnings(&problem, &with("multiplicative", Init::Nndsvd))[0].code, Code::ZerosStay);
        assert!(warnings(&problem, &with("multiplicative", Init::Nndsvda)).is_empty());
        assert!(warnings(&started, &with("derived", Init::Random)).is_empty());
    }
}
