//! Prepare: everything about new rows that does not depend on which rows they are.
//! In: a `RowProblem`, what is known of the data, the data that all rows share.  Out: `Prepared`.
//! Invariant: what depends on held factors alone is computed once; what is left is planned once, for one row.
//! Not here: the loop over rows (see `fold_in`), what a row's numbers become (see `row`).

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::row_problem::{RowProblem, uses};
use super::row_values::{Grams, Part, Values, Weighted};
use super::separate::{Lies, lies};
use crate::data::{Dtype, Matrix};
use crate::error::{Error, Result};
use crate::expr::{Dag, Expr, Id, Op, Var, matrix};
use crate::facts::{Given, Givens, Shape};
use crate::function::Compiled;
use crate::plan::Plan;
use crate::rows::exact::{Counted, PoissonTerms, RowRegularizer, Workspace, majorized, poisson, quadratic};
use crate::rows::{FactorRegularizer, Regularizer, RowTerms, symmetric};
use crate::run::{Inputs, PlanCache, Value, run};
use crate::solve::{Bound, Quadratic, Subproblem, derive};

/// What is known of the data of new rows: the name, and its shape but for the rows.
pub(in crate::apply) type Known = (String, Given);

/// A way to find the numbers of one row, whichever it is.
pub(in crate::apply) struct Prepared {
    /// Numbers a row.
    pub width: usize,
    /// Which of them belong to which factor of the problem: its name and their range.
    pub places: Vec<(String, Range<usize>)>,
    regularizer: RowRegularizer,
    form: RowForm,
    /// What is computed of each row; `None` where its data itself is all that is needed.
    plan: Option<Plan>,
    own: Var,
    target: Var,
    constants: Vec<(Var, Matrix)>,
    idle: Mutex<Vec<Worker>>,
}

/// What a row's numbers minimise.
enum RowForm {
    Quadratic { grams: Grams, linear: Part },
    Bounded { grams: Grams, gradient: Part },
    Poisson { counts: Part, columns: Vec<f64>, linear: Part, square: f64 },
}

/// What one thread works with.
#[derive(Default)]
pub(in crate::apply) struct Worker {
    inputs: Inputs,
    kept: PlanCache,
    workspace: Workspace,
    counted: Counted,
    gram: Vec<f64>,
}

/// Formulas, sorted by whether they are the same for all rows.
struct Sorter<'a> {
    bound: &'a Bound,
    rows: &'a dyn Fn(&Var) -> bool,
    once: Vec<Expr>,
    each: Vec<Expr>,
}

/// A formula's place among those of its kind.
enum Place {
    Once(usize),
    Each(usize),
    Data,
}

impl Sorter<'_> {
    fn place(&mut self, formula: &Expr) -> Place {
        if formula.as_var().is_some_and(|var| var.name() == self.bound.target.0) {
            return Place::Data;
        }
        let kind = if uses(formula, self.rows) { &mut self.each } else { &mut self.once };
        let at = kind.iter().position(|known| known == formula).unwrap_or_else(|| {
            kind.push(formula.clone());
            kind.len() - 1
        });
        if uses(formula, self.rows) { Place::Each(at) } else { Place::Once(at) }
    }
}

impl Prepared {
    /// `None` where the rows of the problem hang together, or its form is not one that can be solved row by row.
    ///
    /// # Errors
    /// As [`RowProblem::bind`]; `Limit` where a plan needs more than `memory_limit` bytes.
    pub(in crate::apply) fn new(
        problem: &RowProblem,
        known: &[Known],
        shared: &[(String, Matrix)],
        memory_limit: usize,
    ) -> Result<Option<Self>> {
        let given: Vec<(&str, Given)> = known.iter().map(|(name, given)| (name.as_str(), *given)).collect();
        let bound = problem.bind(&given, shared)?;
        let Some(joined) = Joined::of(problem, bound)? else { return Ok(None) };
        let Joined { bound, regularizer, places, selections } = joined;
        let form = derive(&bound)?.first().cloned().unwrap_or(Subproblem::Smooth);
        let own = bound.factors[0].var.clone();
        let mut rows: Vec<Var> = known.iter().map(|(name, _)| Var::input(name)).collect();
        rows.push(own.clone());
        let of_rows = |var: &Var| rows.contains(var);
        if form.is_transposed() || !is_by_rows(&form, &of_rows) {
            return Ok(None);
        }
        let mut sorter = Sorter { bound: &bound, rows: &of_rows, once: Vec::new(), each: Vec::new() };
        let Some(sketch) = Sketch::of(&form, &mut sorter) else { return Ok(None) };
        let Sorter { mut once, each, .. } = sorter;
        let mut givens = bound.givens.clone();
        for var in &rows {
            if let Some(given) = givens.get_mut(var) {
                *given = Given { shape: Shape { rows: 1, cols: given.shape.cols }, data: false, ..*given };
            }
        }
        // What the formulas of a row hold of the other kind is taken out of them.
        let mut held = Vec::new();
        let each: Vec<Expr> = each.iter().map(|formula| without_constants(formula, &of_rows, &mut held)).collect();
        let own_once = once.len();
        once.extend(held.iter().map(|(_, formula)| formula.clone()));
        let mut values = of_all_rows(&once, &givens, &bound, memory_limit)?;
        let dtype = givens.get(&own).map_or(Dtype::F64, |given| given.dtype);
        let taken_out = values.split_off(own_once).into_iter().zip(&held);
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
        let values: Vec<Vec<f64>> = values.iter().map(|value| value.to_dense().data.clone()).collect();
        let form = sketch.filled(&values, width);
        let target = Var::input(&bound.target.0);
        Ok(Some(Self { width, places, regularizer, form, plan, own, target, constants, idle: Mutex::default() }))
    }

    /// A worker, one that has worked before if there is one.
    pub(in crate::apply) fn worker(&self) -> Worker {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| {
            let mut worker = Worker::default();
            for (var, matrix) in &self.constants {
                worker.inputs.set_matrix(var, matrix);
            }
            worker
        })
    }

    /// Takes a worker back.
    pub(in crate::apply) fn rest(&self, worker: Worker) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
    }

    /// Finds the numbers of a row: `data` is its row of each matrix that has one, the target first.
    ///
    /// # Errors
    /// Those of running a plan.
    pub(in crate::apply) fn solve(&self, worker: &mut Worker, data: &[(Var, Matrix)], b: &mut [f64]) -> Result<()> {
        b.copy_from_slice(&self.regularizer.origin());
        for (var, row) in data {
            worker.inputs.set_matrix(var, row);
        }
        let Worker { inputs, kept, workspace, counted, gram } = worker;
        if let RowForm::Bounded { .. } = self.form {
            inputs.set(&self.own, self.value(b));
        }
        let values = match &self.plan {
            Some(plan) => run(plan, inputs, kept)?,
            None => Vec::new(),
        };
        let row = || data.iter().find(|(var, _)| *var == self.target).map(|(_, row)| Value::of(row));
        let values = Values { values, row: &row };
        match &self.form {
            RowForm::Quadratic { grams, linear } => {
                let gram = grams.of(&values, self.width, gram)?;
                let terms = RowTerms { linear: &values.numbers(linear)?, gram };
                quadratic(b, terms, &self.regularizer, workspace);
            }
            RowForm::Poisson { counts, columns, linear, square } => {
                counted.clear();
                let width = self.width;
                values.each(counts, |j, count| counted.push(count, &columns[j * width..(j + 1) * width]))?;
                let linear = &values.numbers(linear)?;
                let terms = PoissonTerms { linear, square: *square, regularizer: &self.regularizer };
                poisson(b, counted, terms, workspace);
            }
            RowForm::Bounded { grams, gradient } => {
                let gram = grams.of(&values, self.width, gram)?;
                let Part::Each(at) = gradient else { return Err(Error::Bug("a gradient that no row changes".into())) };
                let mut slope = |b: &[f64]| {
                    inputs.set(&self.own, self.value(b));
                    let Some(plan) = &self.plan else { return Err(Error::Bug("a gradient without a plan".into())) };
                    let values = run(plan, inputs, kept)?;
                    Ok(values[*at].to_dense().data.clone())
                };
                majorized(b, &mut slope, gram, &self.regularizer, workspace)?;
            }
        }
        Ok(())
    }

    fn value(&self, b: &[f64]) -> Value {
        Value::dense(Shape { rows: 1, cols: self.width }, b.to_vec())
    }
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
    /// `None` where a limit or penalty of lengths ties the rows together.
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

/// Whether every formula of a form can be computed a row at a time, and its Grams' parts for all rows at once.
fn is_by_rows(form: &Subproblem, of_rows: &dyn Fn(&Var) -> bool) -> bool {
    let (mut free, mut by_rows): (Vec<&Expr>, Vec<&Expr>) = (Vec::new(), Vec::new());
    match form {
        Subproblem::Quadratic(q, array) | Subproblem::Bounded(q, array) => {
            free.extend(q.shared.iter().chain(q.scaled.iter().map(|(_, gram)| gram)));
            free.extend(q.sampled.iter().flat_map(|s| [&s.left, &s.right]));
            by_rows.extend(q.scaled.iter().map(|(rows, _)| rows).chain(q.sampled.iter().map(|s| &s.weights)));
            by_rows.push(array);
        }
        Subproblem::Poisson(p) => {
            free.push(&p.columns);
            by_rows.extend([&p.counts, &p.linear]);
        }
        Subproblem::Coupled(_) | Subproblem::Smooth => return false,
    }
    let lies = |formula: &&Expr| lies(formula, |var| if of_rows(var) { Lies::Rows } else { Lies::Free });
    free.iter().all(|formula| lies(formula) == Lies::Free)
        && by_rows.iter().all(|formula| matches!(lies(formula), Lies::Free | Lies::Rows))
}

/// A form whose formulas have their places.
enum Sketch {
    Quadratic { grams: GramSketch, linear: Place },
    Bounded { grams: GramSketch, gradient: Place },
    Poisson { counts: Place, columns: Place, linear: Place, square: f64 },
}

struct GramSketch {
    shared: Option<Place>,
    scaled: Vec<(Place, Place)>,
    weighted: Vec<(f64, Place, Place, Option<Place>)>,
}

impl GramSketch {
    fn of(q: &Quadratic, sorter: &mut Sorter) -> Self {
        let shared = q.shared.as_ref().map(|gram| sorter.place(gram));
        let scaled = q.scaled.iter().map(|(rows, gram)| (sorter.place(rows), sorter.place(gram))).collect();
        let weighted = q.sampled.iter().map(|s| {
            let right = (s.left != s.right).then(|| sorter.place(&s.right));
            (s.scale, sorter.place(&s.weights), sorter.place(&s.left), right)
        });
        Self { shared, scaled, weighted: weighted.collect() }
    }

    fn filled(self, values: &[Vec<f64>], width: usize) -> Grams {
        let symmetric = |place: Place| symmetric(once(place, values), width);
        let scaled = self.scaled.into_iter().map(|(rows, gram)| (part(rows, values), symmetric(gram)));
        let weighted = self.weighted.into_iter().map(|(scale, weights, left, right)| Weighted {
            scale,
            weights: part(weights, values),
            left: once(left, values),
            right: right.map(|place| once(place, values)),
        });
        let shared = self.shared.map_or_else(|| vec![0.0; width * width], symmetric);
        Grams { shared, scaled: scaled.collect(), weighted: weighted.collect() }
    }
}

impl Sketch {
    /// `None` for a form that is not solved row by row.
    fn of(form: &Subproblem, sorter: &mut Sorter) -> Option<Self> {
        Some(match form {
            Subproblem::Quadratic(q, linear) => {
                Self::Quadratic { grams: GramSketch::of(q, sorter), linear: sorter.place(linear) }
            }
            Subproblem::Bounded(q, gradient) => {
                Self::Bounded { grams: GramSketch::of(q, sorter), gradient: sorter.place(gradient) }
            }
            Subproblem::Poisson(p) => Self::Poisson {
                counts: sorter.place(&p.counts),
                columns: sorter.place(&p.columns),
                linear: sorter.place(&p.linear),
                square: p.square,
            },
            Subproblem::Coupled(_) | Subproblem::Smooth => return None,
        })
    }

    fn filled(self, values: &[Vec<f64>], width: usize) -> RowForm {
        match self {
            Self::Quadratic { grams, linear } => {
                RowForm::Quadratic { grams: grams.filled(values, width), linear: part(linear, values) }
            }
            Self::Bounded { grams, gradient } => {
                RowForm::Bounded { grams: grams.filled(values, width), gradient: part(gradient, values) }
            }
            Self::Poisson { counts, columns, linear, square } => RowForm::Poisson {
                square,
                counts: part(counts, values),
                columns: once(columns, values),
                linear: part(linear, values),
            },
        }
    }
}

fn part(place: Place, values: &[Vec<f64>]) -> Part {
    match place {
        Place::Once(at) => Part::Once(values[at].clone()),
        Place::Each(at) => Part::Each(at),
        Place::Data => Part::Data,
    }
}

/// The numbers of a formula that `is_by_rows` found to be the same for all rows.
fn once(place: Place, values: &[Vec<f64>]) -> Vec<f64> {
    match place {
        Place::Once(at) => values[at].clone(),
        Place::Each(_) | Place::Data => Vec::new(),
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
    let (mut of_row, mut computed): (Vec<bool>, Vec<bool>) = (Vec::new(), Vec::new());
    let without = |id: Id, mut parts: Vec<Expr>| {
        let (op, args) = (dag.op(id), dag.args(id));
        let read = |k: usize| op.uses_value(k) || *op == Op::Observed;
        let own = dag.expr(id).as_var().is_some_and(of_rows);
        of_row.push(own || (0..args.len()).any(|k| read(k) && of_row[args[k].index()]));
        computed.push(args.iter().any(|arg| computed[arg.index()] || dag.expr(*arg).as_var().is_some()));
        for (k, arg) in args.iter().enumerate() {
            if of_row[id.index()] && read(k) && !of_row[arg.index()] && computed[arg.index()] {
                parts[k] = stand_in(dag.expr(*arg), held);
            }
        }
        dag.expr(id).with_args(parts)
    };
    dag.map(without).remove(0)
}

fn stand_in(part: &Expr, held: &mut Vec<(Var, Expr)>) -> Expr {
    let known = held.iter().find(|(_, known)| known == part).map(|(var, _)| var.clone());
    let var = known.unwrap_or_else(|| {
        let var = Var::input(&format!("held part {}", held.len()));
        held.push((var.clone(), part.clone()));
        var
    });
    Expr::from(var)
}
