//! Prepare: everything about new rows that does not depend on which rows they are.
//! In: a `RowProblem`, what is known of the data, the data that all rows share.  Out: `Prepared`.
//! Invariant: what depends on held factors alone is computed once; what is left is planned once, for one row.
//! Not here: the loop over rows (see `fold_in`), what a row's numbers become (see `row`).

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::row_problem::{RowProblem, uses};
use super::row_values::{RowGrams, RowPart, Values};
use super::separate::{Lies, lies};
use crate::data::{Dtype, Matrix};
use crate::error::{Error, Result};
use crate::expr::{Dag, Expr, Id, Op, Var, matrix};
use crate::facts::{Given, Givens, Shape, reading};
use crate::function::Compiled;
use crate::grad::differentiate;
use crate::plan::Plan;
use crate::rows::{FactorRegularizer, Regularizer};
use crate::run::rows::RowTerms;
use crate::run::rows::exact::{Counted, PoissonTerms, RowRegularizer, Workspace, majorized, poisson, quadratic};
use crate::run::{Inputs, PlanCache, Value, run};
use crate::solve::{Bound, Quadratic, Subproblem, derive};

/// What is known of the data of new rows: the name, and its shape but for the rows.
pub(in crate::apply) type KnownData = (String, Given);

/// A way to find the numbers of one row, whichever it is.
pub(in crate::apply) struct Prepared {
    /// Numbers per row.
    pub width: usize,
    /// Which of them belong to which factor of the problem: its name and their range.
    pub places: Vec<(String, Range<usize>)>,
    regularizer: RowRegularizer,
    subproblem: RowSubproblem,
    /// What is computed of each row; `None` where its data itself is all that is needed.
    plan: Option<Plan>,
    own: Var,
    target: Var,
    constants: Vec<(Var, Matrix)>,
    idle: Mutex<Vec<RowWorker>>,
}

/// What a row's numbers minimize.
enum RowSubproblem {
    Quadratic { grams: RowGrams, linear: RowPart },
    Bounded { grams: RowGrams, gradient: RowPart },
    Poisson { counts: RowPart, columns: Vec<f64>, linear: RowPart, square: f64 },
}

/// What one thread works with.
#[derive(Default)]
pub(in crate::apply) struct RowWorker {
    inputs: Inputs,
    kept: PlanCache,
    workspace: Workspace,
    counted: Counted,
    gram: Vec<f64>,
}

/// Formulas, sorted by whether they are the same for all rows.
struct Sorted<'a> {
    target: &'a str,
    once: Vec<Expr>,
    each: Vec<Expr>,
}

impl<'a> Sorted<'a> {
    fn of(formulas: &[(&Expr, bool)], target: &'a str, of_rows: &dyn Fn(&Var) -> bool) -> Self {
        let mut sorted = Self { target, once: Vec::new(), each: Vec::new() };
        for (formula, _) in formulas {
            let kind = if uses(formula, of_rows) { &mut sorted.each } else { &mut sorted.once };
            if !is_named(formula, target) && !kind.contains(formula) {
                kind.push((*formula).clone());
            }
        }
        sorted
    }

    /// What a formula is for a row, `values` being those that are the same for all.
    fn part(&self, formula: &Expr, values: &[Value]) -> RowPart {
        if is_named(formula, self.target) {
            return RowPart::Data;
        }
        match self.once.iter().position(|known| known == formula) {
            Some(at) => RowPart::Once(values[at].clone()),
            None => RowPart::Each(self.each.iter().position(|known| known == formula).unwrap_or_default()),
        }
    }
}

fn is_named(formula: &Expr, name: &str) -> bool {
    formula.as_var().is_some_and(|var| var.name() == name)
}

impl Prepared {
    /// `None` where the rows are coupled, or the subproblem is not one that can be solved row by row.
    ///
    /// # Errors
    /// As [`RowProblem::bind`]; `Limit` where a plan needs more than `memory_limit` bytes.
    pub(in crate::apply) fn new(
        problem: &RowProblem,
        known: &[KnownData],
        shared: &[(String, Matrix)],
        memory_limit: usize,
    ) -> Result<Option<Self>> {
        let given: Vec<(&str, Given)> = known.iter().map(|(name, given)| (name.as_str(), *given)).collect();
        let bound = problem.bind(&given, shared)?;
        let Some(joined) = Joined::of(problem, bound)? else { return Ok(None) };
        let Joined { bound, regularizer, places, selections } = joined;
        let subproblem = derive(&bound)?.first().cloned().unwrap_or(Subproblem::Smooth);
        let own = bound.factors[0].var.clone();
        let mut rows: Vec<Var> = known.iter().map(|(name, _)| Var::input(name)).collect();
        rows.push(own.clone());
        let of_rows = |var: &Var| rows.contains(var);
        let Some(formulas) = formulas(&subproblem).filter(|_| !subproblem.is_transposed()) else { return Ok(None) };
        if !are_by_rows(&formulas, &of_rows) {
            return Ok(None);
        }
        let sorted = Sorted::of(&formulas, &bound.target.0, &of_rows);
        let mut givens = bound.givens.clone();
        for var in &rows {
            if let Some(given) = givens.get_mut(var) {
                *given = Given { shape: Shape { rows: 1, cols: given.shape.cols }, data: false, ..*given };
            }
        }
        // What the formulas of a row hold of the other kind is taken out of them.
        let mut held = Vec::new();
        let of_row = sorted.each.iter().map(|formula| without_constants(formula, &of_rows, &mut held));
        let each: Vec<Expr> = of_row.collect();
        let once: Vec<Expr> = sorted.once.iter().chain(held.iter().map(|(_, formula)| formula)).cloned().collect();
        let mut values = of_all_rows(&once, &givens, &bound, memory_limit)?;
        let dtype = givens.get(&own).map_or(Dtype::F64, |given| given.dtype);
        let taken_out = values.split_off(sorted.once.len()).into_iter().zip(&held);
        let taken_out = taken_out.map(|(value, (var, _))| Ok((var.clone(), value.into_matrix(dtype)?)));
        let mut constants = taken_out.collect::<Result<Vec<(Var, Matrix)>>>()?;
        let named = problem.held.iter().chain(shared).chain(&selections);
        constants.extend(named.map(|(name, matrix)| (Var::input(name), matrix.clone())));
        let used: Vec<Var> = each.iter().flat_map(Expr::variables).collect();
        constants.retain(|(var, _)| used.contains(var));
        givens.extend(constants.iter().map(|(var, matrix)| (var.clone(), Given::of(matrix))));
        let plan = match each.as_slice() {
            [] => None,
            each => Some(Compiled::new(each, &givens, memory_limit)?.plan),
        };
        let width = bound.factors[0].shape.cols;
        let dense = |value: Value| Value::of_rect(value.into_rect::<f64>());
        let values: Vec<Value> = values.into_iter().map(dense).collect();
        let subproblem = RowSubproblem::of(&subproblem, |formula| sorted.part(formula, &values), width)?;
        let target = Var::input(&bound.target.0);
        Ok(Some(Self { width, places, regularizer, subproblem, plan, own, target, constants, idle: Mutex::default() }))
    }

    /// A worker, one that has worked before if there is one.
    pub(in crate::apply) fn worker(&self) -> RowWorker {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| {
            let mut worker = RowWorker::default();
            for (var, matrix) in &self.constants {
                worker.inputs.set_matrix(var, matrix);
            }
            worker
        })
    }

    /// Takes a worker back.
    pub(in crate::apply) fn rest(&self, worker: RowWorker) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
    }

    /// Finds the numbers of a row: `data` is its row of each matrix that has one, the target first. Where what they
    /// are solved from is infinite or undefined, they are NaN.
    pub(in crate::apply) fn solve(&self, worker: &mut RowWorker, data: &[(Var, Matrix)], b: &mut [f64]) -> Result<()> {
        b.copy_from_slice(&self.regularizer.origin());
        for (var, row) in data {
            worker.inputs.set_matrix(var, row);
        }
        let RowWorker { inputs, kept, workspace, counted, gram } = worker;
        gram.resize(self.width * self.width, 0.0);
        if let RowSubproblem::Bounded { .. } = self.subproblem {
            inputs.set(&self.own, self.value(b));
        }
        let values = match &self.plan {
            Some(plan) => run(plan, inputs, kept)?,
            None => Vec::new(),
        };
        let row = || data.iter().find(|(var, _)| *var == self.target).map(|(_, row)| Value::of(row));
        let values = Values { values, row: &row };
        let mut is_defined = true;
        match &self.subproblem {
            RowSubproblem::Quadratic { grams, linear } => {
                let gram = grams.of(&values, workspace, gram, self.width)?;
                let terms = RowTerms { linear: &values.numbers(linear)?, gram };
                is_defined = are_finite(terms.linear) && are_finite(gram);
                quadratic(b, terms, &self.regularizer, workspace);
            }
            RowSubproblem::Poisson { counts, columns, linear, square } => {
                counted.clear();
                let width = self.width;
                values.each(counts, |j, count| {
                    // A missing entry reads as 0.
                    is_defined &= !count.is_infinite();
                    counted.push(count, &columns[j * width..(j + 1) * width]);
                })?;
                let linear = &values.numbers(linear)?;
                is_defined &= are_finite(linear);
                let terms = PoissonTerms { linear, square: *square, regularizer: &self.regularizer };
                poisson(b, counted, terms, workspace);
            }
            RowSubproblem::Bounded { grams, gradient } => {
                let gram = grams.of(&values, workspace, gram, self.width)?;
                is_defined = are_finite(gram);
                let RowPart::Each(at) = gradient else {
                    return Err(Error::Bug("a gradient that no row changes".into()));
                };
                let mut slope = |b: &[f64]| {
                    inputs.set(&self.own, self.value(b));
                    let Some(plan) = &self.plan else { return Err(Error::Bug("a gradient without a plan".into())) };
                    let values = run(plan, inputs, kept)?;
                    let slope = values[*at].to_dense().data.clone();
                    is_defined &= are_finite(&slope);
                    Ok(slope)
                };
                majorized(b, &mut slope, gram, &self.regularizer, workspace)?;
            }
        }
        if !is_defined {
            b.fill(f64::NAN);
        }
        Ok(())
    }

    fn value(&self, b: &[f64]) -> Value {
        Value::dense(Shape { rows: 1, cols: self.width }, b.to_vec())
    }
}

fn are_finite(numbers: &[f64]) -> bool {
    numbers.iter().all(|x| x.is_finite())
}

/// The rows' factors side by side as one factor, so that a row is one small problem.
struct Joined {
    bound: Bound,
    regularizer: RowRegularizer,
    places: Vec<(String, Range<usize>)>,
    /// For each factor the matrix that picks its numbers out of a row's.
    selections: Vec<(String, Matrix)>,
}

impl Joined {
    /// `None` where a limit or penalty of lengths couples the rows.
    fn of(problem: &RowProblem, mut bound: Bound) -> Result<Option<Self>> {
        let (mut regularizer, mut places, mut across) = (RowRegularizer::default(), Vec::new(), Vec::new());
        for factor in &bound.factors {
            let Some(own) = problem.factors.iter().find(|own| own.name == factor.var.name()) else {
                return Err(Error::Bug(format!("{} is no factor of rows", factor.var.name())));
            };
            let of_rows = if own.across { factor.regularizer.transposed() } else { factor.regularizer };
            if of_rows.is_of_cols() {
                return Ok(None);
            }
            let from = regularizer.entries.len();
            regularizer.push(&of_rows, own.width);
            places.push((own.name.clone(), from..from + own.width));
            across.push(own.across);
        }
        if bound.factors.len() == 1 && !across[0] {
            return Ok(Some(Self { bound, regularizer, places, selections: Vec::new() }));
        }
        let width = regularizer.entries.len();
        let rows = bound.target.1.rows();
        let var = Var::input("all numbers of a row");
        let whole = Expr::from(&var);
        let (mut by, mut selections) = (BTreeMap::new(), Vec::new());
        for ((name, range), across) in places.iter().zip(&across) {
            let place = format!("place of {name}");
            let at = |i: usize, j: usize| f32::from(u8::from(i == range.start + j));
            let selection = Matrix::from_fn(width, range.len(), at)?;
            let mine = whole.dot(matrix(&place));
            by.insert(Var::input(name), if *across { mine.t() } else { mine });
            bound.givens.insert(Var::input(&place), Given::of(&selection));
            bound.inputs.set_matrix(&Var::input(&place), &selection);
            selections.push((place, selection));
        }
        let nonnegative = bound.factors.iter().all(|factor| factor.regularizer.entries.is_nonnegative());
        let lower = if nonnegative { 0.0 } else { f64::NEG_INFINITY };
        let shape = Shape { rows, cols: width };
        let dtype = if bound.factors.iter().all(|f| bound.givens.get(&f.var).is_some_and(|g| g.dtype == Dtype::F32)) {
            Dtype::F32
        } else {
            Dtype::F64
        };
        bound.givens.insert(var.clone(), Given { dtype, ..Given::dense(rows, width) });
        bound.objective = bound.objective.substitute(&by);
        bound.smooth = bound.smooth.substitute(&by);
        bound.factors.truncate(1);
        let factor = &mut bound.factors[0];
        (factor.var, factor.shape, factor.regularizer) =
            (var, shape, FactorRegularizer::of(Regularizer { lower, ..Regularizer::NONE }));
        Ok(Some(Self { bound, regularizer, places, selections }))
    }
}

/// The formulas of a subproblem, each with whether it must be the same for all rows; `None` where rows are not solved
/// one by one.
fn formulas(subproblem: &Subproblem) -> Option<Vec<(&Expr, bool)>> {
    let mut all = Vec::new();
    match subproblem {
        Subproblem::Quadratic(q, array) | Subproblem::Bounded(q, array) => {
            all.extend(q.grams.shared.iter().map(|gram| (gram, true)));
            all.extend(q.grams.scaled.iter().flat_map(|(rows, gram)| [(rows, false), (gram, true)]));
            for s in &q.grams.sampled {
                all.extend(s.right.iter().map(|right| (right, true)));
                all.extend([(&s.weights, false), (&s.left, true)]);
            }
            all.push((array, false));
        }
        Subproblem::Poisson(p) => all.extend([(&p.counts, false), (&p.columns, true), (&p.linear, false)]),
        Subproblem::Entrywise { .. } | Subproblem::Coupled(_) | Subproblem::Smooth => return None,
    }
    Some(all)
}

/// Whether the objective is a sum of what is of one row each: the gradient of a row reads that row alone.
///
/// # Errors
/// As [`RowProblem::bind`].
pub(in crate::apply) fn are_independent(
    problem: &RowProblem,
    known: &[KnownData],
    shared: &[(String, Matrix)],
) -> Result<bool> {
    let given: Vec<(&str, Given)> = known.iter().map(|(name, given)| (name.as_str(), *given)).collect();
    let Some(Joined { bound, .. }) = Joined::of(problem, problem.bind(&given, shared)?)? else { return Ok(false) };
    let own = &bound.factors[0].var;
    let gradient = differentiate(&bound.smooth, &[Expr::from(own)]);
    let of_rows = |var: &Var| var == own || known.iter().any(|(name, _)| var.name() == name);
    Ok(gradient.iter().all(|gradient| are_by_rows(&[(gradient, false)], &of_rows)))
}

/// Whether every formula can be computed a row at a time, or is the same for all rows where it must be.
fn are_by_rows(formulas: &[(&Expr, bool)], of_rows: &dyn Fn(&Var) -> bool) -> bool {
    let lies = |formula: &Expr| lies(formula, |var| if of_rows(var) { Lies::Rows } else { Lies::Free });
    formulas.iter().all(|&(formula, is_free)| match lies(formula) {
        Lies::Free => true,
        Lies::Rows => !is_free,
        Lies::Cols | Lies::Mixed => false,
    })
}

impl RowSubproblem {
    /// A subproblem that has [`formulas`], `part` being what each is for a row.
    fn of(subproblem: &Subproblem, part: impl Fn(&Expr) -> RowPart, width: usize) -> Result<Self> {
        let grams = |q: &Quadratic| RowGrams::new(q.grams.map(|formula| Ok(part(formula)))?, width);
        // What must be the same for all rows has been found to be.
        let once = |formula: &Expr| match part(formula) {
            RowPart::Once(value) => value.into_rect().data.into_vec(),
            RowPart::Each(_) | RowPart::Data => Vec::new(),
        };
        Ok(match subproblem {
            Subproblem::Bounded(q, gradient) => Self::Bounded { grams: grams(q)?, gradient: part(gradient) },
            Subproblem::Poisson(p) => Self::Poisson {
                counts: part(&p.counts),
                columns: once(&p.columns),
                linear: part(&p.linear),
                square: p.square,
            },
            Subproblem::Quadratic(q, linear) => Self::Quadratic { grams: grams(q)?, linear: part(linear) },
            Subproblem::Entrywise { .. } | Subproblem::Coupled(_) | Subproblem::Smooth => {
                unreachable!("formulas() has none of it")
            }
        })
    }
}

/// The values of formulas that are the same for all rows.
fn of_all_rows(formulas: &[Expr], givens: &Givens, bound: &Bound, memory_limit: usize) -> Result<Vec<Value>> {
    if formulas.is_empty() {
        return Ok(Vec::new());
    }
    Compiled::new(formulas, givens, memory_limit)?.run(&bound.inputs)
}

/// A formula of a row with a variable in the place of each largest part that is the same for all rows; `held` gets the
/// variables and what they stand for.
fn without_constants(formula: &Expr, of_rows: &dyn Fn(&Var) -> bool, held: &mut Vec<(Var, Expr)>) -> Expr {
    let dag = Dag::new(std::slice::from_ref(formula));
    let (of_row, of_some) = (reading(&dag, of_rows, true), dag.depends(|id| dag.expr(id).as_var().is_some()));
    let without = |id: Id, mut parts: Vec<Expr>| {
        let op = dag.op(id);
        for (k, &arg) in dag.args(id).iter().enumerate() {
            let read = op.uses_value(k) || *op == Op::Observed;
            let computed = of_some[arg.index()] && dag.expr(arg).as_var().is_none();
            if of_row[id.index()] && read && !of_row[arg.index()] && computed {
                parts[k] = variable_for(dag.expr(arg), held);
            }
        }
        dag.expr(id).with_args(parts)
    };
    dag.map(without).remove(0)
}

fn variable_for(part: &Expr, held: &mut Vec<(Var, Expr)>) -> Expr {
    let known = held.iter().find(|(_, known)| known == part).map(|(var, _)| var.clone());
    let var = known.unwrap_or_else(|| {
        let var = Var::input(&format!("held part {}", held.len()));
        held.push((var.clone(), part.clone()));
        var
    });
    Expr::from(var)
}
