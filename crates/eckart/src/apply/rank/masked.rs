//! Masked: a problem with some entries left out of its cost, and their loss.
//! In: a `Problem`, a share, a seed.  Out: `Masked`: for each rank the mean loss of the entries left out.
//! Invariant: an entry that is left out has no part in the fit, whatever its value; nothing of n x m is made for sparse
//! data.
//! Not here: which entries (see `hold_out`).
//!
//! Where the objective says `observed(X)`, the entries are taken out of X. Else loss(X, S) becomes loss(X', S) -
//! loss(0, S) + (1 - observed(T)) * loss(0, S), X' being X with 0 for the entries, and T their pattern; for dense X,
//! and a loss of which that makes no form with a method of its own, it becomes observed(X') * loss(X', S), the entries
//! missing in X'.

use crate::apply::HoldOut;
use crate::apply::new_rows::row_problem::{constraints_of, uses};
use crate::data::Matrix;
use crate::error::{Code, Error, Result};
use crate::expr::text::{Declaration, Dim, Statement};
use crate::expr::{Dag, Expr, Id, Meaning, Op, Var, matrix, observed, sum, weighted_sum, weighted_terms};
use crate::facts::{Facts, Given, Givens, Shape};
use crate::function::Compiled;
use crate::run::{Inputs, Value, available_memory};
use crate::solve::{Bound, Problem, Settings, Subproblem, derive};

/// Zeros that are held out, at most, for each stored entry that is.
const MOST_ZEROS: f64 = 4.0;

/// What a repetition tells of a rank.
pub(super) struct RankLoss {
    /// The mean loss of an entry that was left out.
    pub loss: f64,
    /// How many of its fits ended before they converged.
    pub early: usize,
}

pub(super) struct Masked {
    problem: Problem,
    /// The entries left out: their losses' sum, and what it is to be multiplied by.
    tests: Vec<(Expr, f64)>,
    inputs: Vec<(String, Matrix)>,
    /// How many entries the losses are of.
    count: f64,
}

impl Masked {
    pub(super) fn new(problem: &Problem, share: f64, seed: u64) -> Result<Self> {
        let bound = problem.clone().rank(1).bind()?;
        let loss = EntryLoss::find(&bound)?;
        let (name, x) = &bound.target;
        let hold_out = HoldOut::new(share, seed)?;
        let (kept, held) = hold_out.split(x)?;
        let held_name = unlike(&bound, "held");
        let held_expr = matrix(&held_name);
        let mut tests = vec![(sum(observed(&held_expr) * loss.at(&held_expr)), 1.0)];
        let mut inputs = vec![(held_name, held.clone())];
        let mut count = held.stored() as f64;
        let mut zeros = Vec::new();
        if let Some(pattern) = x.pattern().filter(|_| !loss.masked) {
            let unstored = (x.rows() * x.cols() - x.stored()) as f64;
            let rate = share.min(MOST_ZEROS * share * x.stored() as f64 / unstored.max(1.0));
            zeros = hold_out.zeros(pattern, rate);
            if !zeros.is_empty() {
                let zeros_name = unlike(&bound, "zeros");
                tests.push((sum(observed(matrix(&zeros_name)) * loss.at_zero()), share / rate));
                let none = zeros.iter().map(|&(i, j)| (i, j, 0.0_f32)).collect();
                inputs.push((zeros_name, Matrix::from_triplets(x.rows(), x.cols(), none)?));
                count += zeros.len() as f64 * share / rate;
            }
        }
        let others = || problem.matrices().iter().filter(|(known, _)| known != name);
        inputs.extend(others().cloned());
        let with = |inner: &Expr, x: &Matrix, more: &[(String, Matrix)]| -> Result<Problem> {
            let statement = stated(problem, loss.objective(inner))?;
            let masked = Problem::new(statement).data(name, x);
            let masked = others().fold(masked, |masked, (name, matrix)| masked.data(name, matrix));
            let masked = more.iter().fold(masked, |masked, (name, matrix)| masked.data(name, matrix));
            Ok(problem.fixed().iter().fold(masked, |masked, (name, value)| masked.fix(name, value)))
        };
        let made = |problem| Ok(Self { problem, tests, inputs, count });
        if loss.masked {
            return made(with(&loss.inner, &kept, &[])?);
        }
        // A Gram for all rows, less a few terms for each, is cheaper than one a row, where the form allows it.
        let mask_name = unlike(&bound, "mask");
        let (at_zero, mask) = (loss.at_zero(), mask(&held, &zeros)?);
        let inner = without(&loss.inner, &at_zero) + (1.0 - observed(matrix(&mask_name))) * at_zero;
        let by_mask = with(&inner, &emptied(&kept)?, &[(mask_name, mask)])?;
        if x.is_sparse() || has_forms(&by_mask)? {
            return made(by_mask);
        }
        made(with(&(observed(matrix(name)) * &loss.inner), &kept, &[])?)
    }

    /// The mean loss of an entry left out, of a fit of that rank.
    pub(super) fn loss(&self, rank: usize, settings: &Settings) -> Result<RankLoss> {
        let found = self.problem.clone().rank(rank).solve(settings)?;
        let formulas: Vec<Expr> = self.tests.iter().map(|(formula, _)| formula.clone()).collect();
        let matrices = self.inputs.iter().chain(&found.factors).map(|(name, matrix)| (name, matrix));
        let values = numbers_of(&formulas, matrices)?;
        let total: f64 = values.iter().zip(&self.tests).map(|(value, (_, weight))| weight * value).sum();
        Ok(RankLoss { loss: total / self.count, early: usize::from(found.ended_early().is_some()) })
    }
}

/// The numbers that some formulas of these matrices are.
pub(super) fn numbers_of<'a>(
    formulas: &[Expr],
    matrices: impl IntoIterator<Item = (&'a String, &'a Matrix)>,
) -> Result<Vec<f64>> {
    let (mut givens, mut inputs) = (Givens::new(), Inputs::default());
    for (name, matrix) in matrices {
        givens.insert(Var::input(name), Given::of(matrix));
        inputs.set_matrix(&Var::input(name), matrix);
    }
    let values = Compiled::new(formulas, &givens, available_memory())?.run(&inputs)?;
    Ok(values.iter().map(Value::to_scalar).collect())
}

/// Whether every factor's part of the objective is quadratic or a likelihood of counts.
fn has_forms(problem: &Problem) -> Result<bool> {
    let bound = problem.clone().rank(1).bind()?;
    let forms = derive(&bound)?;
    Ok(forms.iter().all(|form| matches!(form, Subproblem::Quadratic(..) | Subproblem::Poisson(_))))
}

/// The matrix with 0 where it has no entry.
fn emptied(kept: &Matrix) -> Result<Matrix> {
    if kept.is_sparse() {
        return Ok(kept.clone());
    }
    let values = kept.values_f64().into_iter().map(|v| if v.is_nan() { 0.0 } else { v }).collect();
    Matrix::dense(kept.rows(), kept.cols(), values)?.cast(kept.dtype())
}

/// A name that the problem does not use.
fn unlike(bound: &Bound, name: &str) -> String {
    let mut name = name.to_owned();
    while bound.givens.contains_key(&Var::input(&name)) {
        name.push('_');
    }
    name
}

/// The pattern of all that is held out.
fn mask(held: &Matrix, zeros: &[(usize, usize)]) -> Result<Matrix> {
    let (rows, cols) = held.shape();
    let mut all: Vec<(usize, usize, f32)> = zeros.iter().map(|&(i, j)| (i, j, 1.0)).collect();
    if let Some(pattern) = held.pattern() {
        let stored = (0..rows).flat_map(|i| pattern.range(i).map(move |at| (i, at)));
        all.extend(stored.map(|(i, at)| (i, pattern.indices()[at] as usize, 1.0)));
    }
    Matrix::from_triplets(rows, cols, all)
}

/// The statement of a problem with another objective, numbers written in.
fn stated(problem: &Problem, objective: Expr) -> Result<Statement> {
    let old = problem.statement();
    let side = |dim: &Dim| match dim {
        Dim::Name(name) => match problem.params().get(name) {
            Some(&length) if length >= 1.0 => Dim::Number(length as usize),
            _ => dim.clone(),
        },
        Dim::Number(_) => dim.clone(),
    };
    let of = |d: &Declaration| Declaration { rows: side(&d.rows), cols: side(&d.cols), ..d.clone() };
    let declared = old.declared.iter().map(of).collect();
    let constraints = constraints_of(old, |_| true, problem.params())?;
    Ok(Statement::from_parts(declared, objective, constraints))
}

/// The part of an objective that compares X, entry by entry: the argument of the one sum that does.
pub(super) struct EntryLoss {
    /// n x m.
    pub inner: Expr,
    /// Whether it is multiplied by `observed(X)`, so that what is not there does not count.
    pub masked: bool,
    objective: Expr,
    target: Var,
}

impl EntryLoss {
    /// # Errors
    /// `Setting` where X is not compared entry by entry inside one sum.
    pub(super) fn find(bound: &Bound) -> Result<Self> {
        let target = Var::input(&bound.target.0);
        let dag = Dag::new(std::slice::from_ref(&bound.objective));
        let facts = Facts::of(&dag, &bound.givens)?;
        let of_x = dag.depends(|id| dag.expr(id).as_var() == Some(&target));
        let full = |id: Id| facts.shape(id) == Shape::of(&bound.target.1);
        let compares = |arg: Id| full(arg) && *dag.op(arg) != Op::Expand;
        let is_loss = |id: &Id| *dag.op(*id) == Op::Sum && of_x[id.index()] && compares(dag.args(*id)[0]);
        let sums: Vec<Id> = dag.ids().filter(is_loss).collect();
        let refused = || {
            Error::setting(
                Code::HoldoutUnsupported,
                format!(
                    "entries of {} can't be left out of `{}`: it must compare {0} entry by entry inside one sum, as \
                 sum(({0} - W @ H)**2) does",
                    target.name(),
                    bound.objective.shortened(80)
                ),
            )
        };
        let [at] = sums.as_slice() else { return Err(refused()) };
        let inner = dag.expr(dag.args(*at)[0]).clone();
        // X may stand nowhere else, but where only its shape counts.
        let rest = bound.objective.replace(&[(dag.expr(*at).clone(), matrix("the loss"))]);
        let is_x = |var: &Var| *var == target;
        if uses(&rest, &is_x) || !is_entrywise(&inner, &target) {
            return Err(refused());
        }
        let masked = is_masked(&inner, &target);
        Ok(Self { inner, masked, objective: rest, target })
    }

    /// The objective with another loss.
    fn objective(&self, inner: &Expr) -> Expr {
        self.objective.substitute(&[(Var::input("the loss"), sum(inner))].into())
    }

    /// The loss where X is another matrix.
    pub(super) fn at(&self, x: &Expr) -> Expr {
        self.inner.substitute(&[(self.target.clone(), x.clone())].into())
    }

    /// The loss where X is 0 and not observed.
    fn at_zero(&self) -> Expr {
        let of_x = |formula: &Expr| formula.as_var() == Some(&self.target);
        self.inner.map(|old, args| {
            let gone = of_x(old) || (*old.op() == Op::Observed && of_x(&old.args()[0]));
            if gone { Expr::number(0.0) } else { folded(old.op(), args) }
        })
    }
}

/// Whether each entry of a formula depends on the same entry of `x` alone.
fn is_entrywise(formula: &Expr, x: &Var) -> bool {
    let dag = Dag::new(std::slice::from_ref(formula));
    let of_x = dag.depends(|id| dag.expr(id).as_var() == Some(x));
    let fits = |id: Id| match dag.op(id).row().meaning {
        Meaning::Leaf | Meaning::Map(_) | Meaning::Zip(_) => true,
        Meaning::Whole => *dag.op(id) == Op::Observed,
    };
    dag.ids().filter(|id| of_x[id.index()]).all(fits)
}

/// Whether a product has `observed(x)` among its factors.
fn is_masked(formula: &Expr, x: &Var) -> bool {
    match (formula.op(), formula.args()) {
        (Op::Observed, [arg]) => arg.as_var() == Some(x),
        (Op::Mul, [a, b]) => is_masked(a, x) || is_masked(b, x),
        (_, _) => false,
    }
}

/// A function of parts, numbers computed and zeros dropped.
fn folded(op: &Op, args: Vec<Expr>) -> Expr {
    let number = |k: usize| args.get(k).and_then(Expr::as_number);
    match (op, number(0), number(1)) {
        (Op::Mul, Some(0.0), _) | (Op::Mul, _, Some(0.0)) => return Expr::number(0.0),
        (Op::Add, Some(0.0), _) => return args[1].clone(),
        (Op::Add | Op::Sub, _, Some(0.0)) => return args[0].clone(),
        (_, _, _) => {}
    }
    let literals: Option<Vec<f64>> = args.iter().map(Expr::as_number).collect();
    let value = literals.and_then(|literals| op.of_numbers(&literals));
    value.map_or_else(|| Expr::new(op.clone(), args), Expr::number)
}

/// loss - at zero, terms that are in both taken away.
fn without(loss: &Expr, at_zero: &Expr) -> Expr {
    let (mut own, mut other) = (weighted_terms(loss), weighted_terms(at_zero));
    own.retain(|(weight, term)| {
        let same = other.iter().position(|(w, t)| w == weight && t == term);
        same.map(|at| other.remove(at)).is_none()
    });
    // What is 0 at zero anyway: a number alone has no shape to be summed over.
    other.retain(|(_, term)| term.as_number() != Some(0.0));
    weighted_sum(own.into_iter().chain(other.into_iter().map(|(weight, term)| (-weight, term))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(loss: &str, at_zero: &str, rest: &str) {
        let x = Matrix::from_triplets(4, 3, vec![(0, 0, 2.0), (3, 2, 1.0)]).unwrap();
        let problem = Problem::parse(&format!("minimize 0.5*sum({loss}) + sum(W**2)")).unwrap().data("X", &x).rank(1);
        let found = EntryLoss::find(&problem.bind().unwrap()).unwrap();
        assert_eq!(found.at_zero().to_string(), at_zero);
        assert_eq!(without(&found.inner, &found.at_zero()).to_string(), rest);
    }

    #[test]
    fn what_a_loss_is_at_zero_is_seen() {
        check("(X - W @ H)**2", "(0 - W @ H)**2", "(X - W @ H)**2 - (0 - W @ H)**2");
        check("kl(X, W @ H)", "W @ H", "xlogx(X) - X - X * log(W @ H)");
        check("softplus(W @ H) - X * (W @ H)", "softplus(W @ H)", "-(X * (W @ H))");
    }

    #[test]
    fn what_can_not_be_left_out_is_refused() {
        let x = Matrix::from_fn(4, 3, |i, j| (i + j) as f64).unwrap();
        for text in ["sum((X - W @ H)**2) + sum((X.T @ W)**2)", "sum((X - X @ W @ H)**2)", "sum(abs(X.T @ X - W @ H))"]
        {
            let problem = Problem::parse(text).unwrap().data("X", &x).rank(1);
            let error = problem.bind().and_then(|bound| EntryLoss::find(&bound).map(|_| ())).unwrap_err();
            assert_eq!(error.code(), Code::HoldoutUnsupported, "{text}: {error}");
        }
    }

    /// The cost of the masked problem does not change with the entries left out.
    #[test]
    fn entries_left_out_change_no_cost() {
        let value = |i: usize, j: usize| 1.0 + ((i * 7 + j * 3) % 5) as f64;
        let places = || (0..20).flat_map(|i| (0..15).filter(move |j| (i + j) % 2 == 0).map(move |j| (i, j)));
        let hold = HoldOut::new(0.2, 5).unwrap();
        let sparse = |by: f64| {
            let entry = |(i, j): (usize, usize)| (i, j, value(i, j) * if hold.holds(i, j) { by } else { 1.0 });
            Matrix::from_triplets(20, 15, places().map(entry).collect()).unwrap()
        };
        let dense =
            |by: f64| Matrix::from_fn(20, 15, |i, j| value(i, j) * if hold.holds(i, j) { by } else { 1.0 }).unwrap();
        let losses = [
            "sum((X - W @ H)**2)",
            "sum(kl(X, W @ H))",
            "sum(observed(X) * (X - W @ H)**2)",
            "sum((1 + X) * (observed(X) - W @ H)**2)",
        ];
        for (text, make) in losses.iter().flat_map(|text| [(text, &sparse as &dyn Fn(f64) -> Matrix), (text, &dense)]) {
            let cost = |by: f64| {
                let statement = format!("minimize {text} subject to W >= 0, H >= 0");
                let problem = Problem::parse(&statement).unwrap().data("X", make(by));
                let masked = Masked::new(&problem, 0.2, 5).unwrap();
                let settings = Settings { max_iter: 3, ..Settings::default() };
                let found = masked.problem.rank(2).solve(&settings).unwrap();
                (found.starts[0].history.iter().map(|step| step.cost).collect::<Vec<f64>>(), found.method)
            };
            let ((one, method), (other, _)) = (cost(1.0), cost(3.0));
            // The start is scaled by the data, of which entries that are left out are a part no more.
            assert!(one.iter().zip(&other).all(|(a, b)| (a - b).abs() <= 1e-9 * a.abs()), "{text}: {one:?} {other:?}");
            assert_eq!(method, "derived", "{text}");
        }
    }
}
