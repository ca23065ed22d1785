//! Row problem: what a model's objective says of rows that it has not seen.
//! In: a `Factorization`, or a `Problem` whose other factors are held.  Out: `RowProblem`: which factors belong to the
//! rows, which are held, which terms are left.
//! Invariant: as a function of the rows' own factors it differs from the model's objective by a constant.
//! Not here: values (see `prepare`), how a row is solved (see `rows::exact`).

use std::collections::{BTreeMap, BTreeSet};

use super::folded::RowsFound;
use crate::data::Matrix;
use crate::error::{Code, Error, Result};
use crate::expr::text::{Constraint, Declaration, Dim, Limit, Statement, parse_statement};
use crate::expr::{Dag, Expr, Id, Op, Var, matrix, sum, weighted_sum, weighted_terms};
use crate::facts::{
    Facts, Given, Givens, Inferred, Links, Shape, SideLength, infer_or_name, lengths_of, reading, unsaid,
};
use crate::solve::{Bound, Factorization, Objective, Problem, Reconstruction, Settings};

/// A factor whose rows (or, where it lies across, columns) are those of X.
#[derive(Debug, Clone)]
pub(in crate::apply) struct RowFactor {
    pub name: String,
    /// Numbers per row of X.
    pub width: usize,
    /// Whether it is r x n rather than n x r.
    pub across: bool,
}

/// The objective of new rows.
#[derive(Debug, Clone)]
pub(in crate::apply) struct RowProblem {
    /// The name of the data.
    pub target: String,
    /// Rows and columns of the data that the model was fitted to.
    pub fitted: Shape,
    /// The factors that belong to rows, in the model's order.
    pub factors: Vec<RowFactor>,
    /// All other factors that the terms use.
    pub held: Vec<(String, Matrix)>,
    /// Data beside X that has a row for each of its rows.
    pub beside: Vec<String>,
    /// Of these, data that has a column for each of its rows as well.
    pub square: Vec<String>,
    /// All data of the objective, also that of terms which no row's factors are in.
    pub used: BTreeSet<String>,
    /// Data that is the same for all rows.
    pub shared: Vec<String>,
    /// The names of the columns of the data, where the model has them.
    pub col_names: Option<Vec<String>>,
    terms: Vec<(f64, Expr)>,
    constraints: Vec<Constraint>,
}

/// What a model says, however it came about.
struct Stated<'a> {
    statement: Statement,
    params: &'a BTreeMap<String, f64>,
    target: &'a str,
    rank: usize,
    /// All factors, in the model's order.
    shapes: Vec<(String, Shape)>,
    /// Those whose values are known.
    values: &'a [(String, Matrix)],
}

impl<'a> Stated<'a> {
    fn of(model: &'a Factorization, statement: Statement) -> Self {
        Self {
            statement,
            params: &model.params,
            target: &model.target,
            rank: model.rank,
            shapes: model.factors.iter().map(|(name, m)| (name.clone(), Shape::of(m))).collect(),
            values: &model.factors,
        }
    }
}

impl RowProblem {
    /// What `model` says of new rows.
    ///
    /// # Errors
    /// `Setting` where no factor belongs to rows, or one grows with them on both sides.
    pub(in crate::apply) fn of(model: &Factorization) -> Result<Self> {
        let problem = Self::of_statement(model, parse_statement(&model.statement)?)?;
        Ok(Self { col_names: model.col_names.clone(), ..problem })
    }

    /// What `model` says of new columns, as rows of the transposed data.
    pub(in crate::apply) fn of_columns(model: &Factorization) -> Result<Self> {
        let mut statement = parse_statement(&model.statement)?;
        let of_target = |formula: &Expr| formula.as_var().is_some_and(|var| var.name() == model.target);
        statement.objective = statement.objective.map(|old, args| {
            // Only a variable itself is observed.
            let observed = *old.op() == Op::Observed && of_target(&old.args()[0]);
            if observed || of_target(old) { old.t() } else { old.with_args(args) }
        });
        Self::of_statement(model, statement)
    }

    /// What `model` compares its data with, and that comparison alone: masks, weights and penalties, and the data that
    /// they read, have no part in a prediction.
    ///
    /// # Errors
    /// `Setting` where the data is compared with nothing that factors alone tell; as [`RowProblem::of`].
    pub(in crate::apply) fn of_prediction(model: &Factorization) -> Result<(Self, Reconstruction)> {
        let stated = Stated::of(model, parse_statement(&model.statement)?);
        let target = Var::input(model.target.as_str());
        let all = stated.statement.objective.with_numbers(&model.params);
        let own = weighted_terms(&all).into_iter().filter(|(_, term)| uses(term, &|var| *var == target));
        let formula = weighted_sum(own);
        let shapes = SidesOf { model: &stated, objective: &formula }.fitted()?;
        let fitted = shapes.get(&target).copied().ok_or_else(|| no_shape(&stated))?;
        let is_factor = |var: &Var| model.factor(var.name()).is_some();
        let given = |(var, s): (&Var, &Shape)| {
            let known = if is_factor(var) { Given::dense(s.rows, s.cols) } else { Given::data(s.rows, s.cols, None) };
            (var.clone(), known)
        };
        let compared = Reconstruction::of(&Objective {
            formula: &formula,
            givens: &shapes.iter().map(given).collect(),
            target: (&model.target, fitted),
            // Where the fit was told what share it explains, its data was of the scale of what it was compared with.
            binary: model.quality.is_some(),
            is_factor: &is_factor,
        })?;
        let Some(compared) = compared else {
            let message = format!("`{}` compares {} with nothing that predicts it", model.statement, model.target);
            return Err(Error::setting(Code::NoPrediction, message));
        };
        if let Some(other) = compared.part.variables().iter().find(|var| !is_factor(var)) {
            let message = format!(
                "what predicts {}, {}, reads {}, which the model does not hold: compute it from the factors with a \
                 formula",
                model.target,
                compared.part.shortened(60),
                other.name()
            );
            return Err(Error::setting(Code::NoPrediction, message));
        }
        let residual = matrix(&model.target) - &compared.part;
        let in_it = |name: &str| compared.part.variables().contains(&Var::input(name));
        let declared = stated.statement.declared.iter().filter(|d| in_it(&d.name)).cloned().collect();
        let statement = Statement::from_parts(declared, sum(residual.pow(2)), Vec::new());
        let shapes = stated.shapes.iter().filter(|(name, _)| in_it(name)).cloned().collect();
        Ok((Self::of_stated(&Stated { statement, shapes, ..stated })?, compared))
    }

    fn of_statement(model: &Factorization, statement: Statement) -> Result<Self> {
        Self::of_stated(&Stated::of(model, statement))
    }

    /// What `problem`, the data of which is `target` of shape `fitted`, says of new rows, its held factors being those
    /// of a model.
    ///
    /// # Errors
    /// As [`RowProblem::of`]; those of [`Problem::bind`]; `Setting` where a factor that is not of the rows is not held.
    pub(in crate::apply) fn holding(problem: &Problem, target: &str, fitted: Shape) -> Result<Self> {
        let bound = problem.clone().assume(target, Given::dense(fitted.rows, fitted.cols))?.bind()?;
        let free = bound.factors.iter().map(|factor| (factor.var.name().to_owned(), factor.shape));
        let held = problem.fixed().iter().map(|(name, m)| (name.clone(), Shape::of(m)));
        Self::of_stated(&Stated {
            statement: problem.statement().clone(),
            params: problem.params(),
            target,
            rank: problem.rank_asked(),
            shapes: free.chain(held).collect(),
            values: problem.fixed(),
        })
    }

    fn of_stated(model: &Stated) -> Result<Self> {
        let statement = &model.statement;
        let objective = statement.objective.with_numbers(model.params);
        let sides = SidesOf { model, objective: &objective };
        let shapes = sides.fitted()?;
        let fitted = shapes.get(&Var::input(model.target)).copied().ok_or_else(|| no_shape(model))?;
        let links = sides.of_rows(&shapes, fitted);
        let are_rows = |name: &str| links.are_rows(&Var::input(name));
        let mut factors = Vec::new();
        for (name, shape) in &model.shapes {
            let [of_rows, across] = are_rows(name);
            if of_rows && across {
                return Err(Error::setting(
                    Code::RowsCoupled,
                    format!("{name} is {shape}: it grows with the rows on both sides, so new rows have no place in it"),
                ));
            }
            if of_rows || across {
                let width = if across { shape.rows } else { shape.cols };
                factors.push(RowFactor { name: name.clone(), width, across });
            } else if !model.values.iter().any(|(known, _)| known == name) {
                return Err(Error::setting(
                    Code::DataMissing,
                    format!("{name} is {shape}: it is not of the rows of {}, so give its value", model.target),
                ));
            }
        }
        if factors.is_empty() {
            return Err(Error::setting(
                Code::NothingToFind,
                format!(
                    "no factor of `{statement}` has a row for each row of {}, so there is nothing to find for new rows",
                    model.target
                ),
            ));
        }
        let own = |var: &Var| factors.iter().any(|factor| factor.name == var.name());
        let counted = count_entries(&objective, &shapes)?;
        let terms: Vec<(f64, Expr)> =
            weighted_terms(&counted).into_iter().filter(|(_, term)| uses(term, &own)).collect();
        let all = Dag::new(&terms.iter().map(|(_, term)| term.clone()).collect::<Vec<_>>());
        if Links::of(&all, &|var| links.sides(var), &|_| false).rows_clash {
            return Err(coupled_rows(model));
        }
        let named: BTreeSet<Var> = terms.iter().flat_map(|(_, term)| term.variables()).collect();
        let of_model = |name: &str| model.shapes.iter().any(|(known, _)| known == name);
        let data: Vec<String> = named.iter().map(|var| var.name().to_owned()).collect();
        let data: Vec<String> = data.into_iter().filter(|name| name != model.target && !of_model(name)).collect();
        let square = data.iter().filter(|name| are_rows(name) == [true, true]).cloned().collect();
        let (beside, shared) = data.into_iter().partition(|name| are_rows(name) != [false, false]);
        let held = model.values.iter().filter(|(name, _)| named.contains(&Var::input(name)));
        let held = held.filter(|(name, _)| !own(&Var::input(name))).cloned().collect();
        let constraints = constraints_of(statement, |name| own(&Var::input(name)), model.params)?;
        factors.retain(|factor| named.contains(&Var::input(&factor.name)));
        let target = model.target.to_owned();
        let used =
            objective.variables().iter().map(|var| var.name().to_owned()).filter(|name| !of_model(name)).collect();
        let col_names = None;
        Ok(Self { target, fitted, factors, held, beside, square, shared, used, col_names, terms, constraints })
    }

    /// The part of the objective that does not say what becomes of missing entries of X.
    pub(in crate::apply) fn unsaid(&self) -> Option<Expr> {
        self.terms.iter().find_map(|(_, term)| unsaid(&Dag::new(std::slice::from_ref(term)), &Var::input(&self.target)))
    }

    /// Whether a term speaks of the rows' factors and not of X.
    pub(in crate::apply) fn has_penalty(&self) -> bool {
        let of_target = |var: &Var| var.name() == self.target;
        self.terms.iter().any(|(_, term)| !uses(term, &of_target))
    }

    /// The terms that don't use X but data beside it that is not among `given`: they are left out for new rows.
    pub(in crate::apply) fn left_out(&self, given: &[&str]) -> Vec<&Expr> {
        self.terms.iter().filter(|(_, term)| self.lacks(term, given)).map(|(_, term)| term).collect()
    }

    fn lacks(&self, term: &Expr, given: &[&str]) -> bool {
        let variables = term.variables();
        let has = |name: &str| variables.iter().any(|var| var.name() == name);
        !has(&self.target) && self.beside.iter().any(|name| has(name) && !given.contains(&name.as_str()))
    }

    /// The objective and its factors for as many rows as nothing else has, for data of which `given` is known, the
    /// target first; `shared` is the data that is the same for all rows.
    ///
    /// # Errors
    /// `Setting` where data is lacking; `Shape` where it does not fit.
    pub(in crate::apply) fn bind(&self, given: &[(&str, Given)], shared: &[(String, Matrix)]) -> Result<Bound> {
        let names: Vec<&str> = given.iter().map(|(name, _)| *name).collect();
        let (mut problem, used) = self.start(&names, shared)?;
        let rows = self.unlike_rows(shared);
        for (name, known) in given.iter().filter(|(name, _)| used.contains(*name)) {
            let shape = Shape { rows, cols: known.shape.cols };
            problem = problem.assume(name, Given { shape, ..*known })?;
        }
        self.with_constants(problem, &used, shared).bind()
    }

    /// The factors of all rows in one search, each n' x its width. Where the objective is infinite or undefined, so
    /// that it could not begin, they are NaN and every row is undefined.
    ///
    /// # Errors
    /// As [`RowProblem::bind`], and those of a search.
    pub(super) fn solve_together(
        &self,
        data: &[(&str, &Matrix)],
        shared: &[(String, Matrix)],
        settings: &Settings,
    ) -> Result<RowsFound> {
        let names: Vec<&str> = data.iter().map(|(name, _)| *name).collect();
        let (mut problem, used) = self.start(&names, shared)?;
        for (name, matrix) in data.iter().filter(|(name, _)| used.contains(*name)) {
            problem = problem.data(name, *matrix);
        }
        let found = self.with_constants(problem, &used, shared).solve(settings)?;
        let is_across = |name: &str| self.factors.iter().any(|factor| factor.name == name && factor.across);
        let upright =
            |(name, m): (String, Matrix)| if is_across(&name) { Ok((name, m.transposed()?)) } else { Ok((name, m)) };
        let (is_undefined, first) = (!found.cost.is_finite(), found.undefined);
        let mut factors = found.factors.into_iter().map(upright).collect::<Result<Vec<_>>>()?;
        if !is_undefined {
            return Ok(RowsFound { factors, ..RowsFound::default() });
        }
        for (_, matrix) in &mut factors {
            *matrix = Matrix::from_fn(matrix.rows(), matrix.cols(), |_, _| f64::NAN)?;
        }
        let rows = data.first().map_or(0, |(_, x)| x.rows());
        Ok(RowsFound { factors, undefined: (0..rows).collect(), first })
    }

    /// The problem with what is the same for all rows, of what it uses.
    fn with_constants(&self, problem: Problem, used: &BTreeSet<String>, shared: &[(String, Matrix)]) -> Problem {
        let constants = self.held.iter().chain(shared).filter(|(name, _)| used.contains(name));
        constants.fold(problem, |problem, (name, matrix)| problem.data(name, matrix))
    }

    /// The problem without its data, for data of those names, and the names that it uses.
    fn start(&self, given: &[&str], shared: &[(String, Matrix)]) -> Result<(Problem, BTreeSet<String>)> {
        let kept = self.terms.iter().filter(|(_, term)| !self.lacks(term, given));
        let objective = weighted_sum(kept.cloned());
        let used: BTreeSet<String> = objective.variables().iter().map(|var| var.name().to_owned()).collect();
        if !used.contains(&self.target) {
            let message = format!("no term of the objective relates new rows to {}", self.target);
            return Err(Error::setting(Code::NothingToFind, message));
        }
        for name in self.beside.iter().chain(&self.shared).filter(|name| used.contains(*name)) {
            if !given.contains(&name.as_str()) && !shared.iter().any(|(known, _)| known == name) {
                let what = if self.beside.contains(name) { "its rows for the new rows" } else { "it" };
                let message = format!("the objective reads {name} beside {}: give {what}", self.target);
                return Err(Error::setting(Code::DataMissing, message));
            }
        }
        let rows = || Dim::Name("n".to_owned());
        let declared = |f: &RowFactor| {
            let width = Dim::Number(f.width);
            let (rows, cols) = if f.across { (width, rows()) } else { (rows(), width) };
            Declaration { name: f.name.clone(), rows, cols, span: 0..0 }
        };
        let declared = self.factors.iter().filter(|f| used.contains(&f.name)).map(declared).collect();
        let constraints = self.constraints.iter().filter(|c| used.contains(&c.factor)).cloned().collect();
        let statement = Statement::from_parts(declared, objective, constraints);
        // All sides are said, so the rank is of no use; new rows may be fewer.
        Ok((Problem::new(statement).rank(1), used))
    }

    /// A number of rows that no other side has: a formula that needs a shape alone (see `derive`) takes it from a
    /// variable with sides of these lengths.
    fn unlike_rows(&self, shared: &[(String, Matrix)]) -> usize {
        let sides = self.held.iter().chain(shared).flat_map(|(_, matrix)| [matrix.rows(), matrix.cols()]);
        let taken: BTreeSet<usize> =
            sides.chain(self.factors.iter().map(|f| f.width)).chain([self.fitted.cols]).collect();
        (2..).find(|rows| !taken.contains(rows)).unwrap_or(usize::MAX)
    }
}

/// What is said where the factors of a row can't be found without those of the others.
fn coupled_rows(model: &Stated) -> Error {
    Error::setting(
        Code::RowsCoupled,
        format!(
            "`{}` couples the rows of {1}: the factors of new rows depend on those of the fit, so that they can't be \
             found alone. Fit again, with the new rows among those of {1}",
            model.statement, model.target
        ),
    )
}

fn no_shape(model: &Stated) -> Error {
    let message = format!("the factors of `{}` don't tell the shape of {}", model.statement, model.target);
    Error::setting(Code::UnknownSide, message)
}

/// Whether the value of a formula depends on one of some variables. A pattern is a part of the data.
pub(in crate::apply) fn uses(expr: &Expr, is_one: &dyn Fn(&Var) -> bool) -> bool {
    let dag = Dag::new(std::slice::from_ref(expr));
    reading(&dag, is_one, true)[dag.roots()[0].index()]
}

/// The constraints of some factors, their limits as numbers.
pub(in crate::apply) fn constraints_of(
    statement: &Statement,
    is_one: impl Fn(&str) -> bool,
    params: &BTreeMap<String, f64>,
) -> Result<Vec<Constraint>> {
    let own = |c: &&Constraint| is_one(&c.factor);
    let with_number = |c: &Constraint| {
        let limit = match &c.limit {
            Limit::Number(value) => *value,
            Limit::Name(name) => *params.get(name).ok_or_else(|| {
                Error::setting(Code::ParameterMissing, format!("the model does not say the value of {name}"))
            })?,
        };
        Ok(Constraint { limit: Limit::Number(limit), ..c.clone() })
    };
    statement.constraints.iter().filter(own).map(with_number).collect()
}

/// A mean over rows divides by how many there were: that number is written in, so that it stays.
fn count_entries(objective: &Expr, shapes: &BTreeMap<Var, Shape>) -> Result<Expr> {
    let given = |(var, shape): (&Var, &Shape)| (var.clone(), Given::dense(shape.rows, shape.cols));
    let givens: Givens = shapes.iter().map(given).collect();
    let dag = Dag::new(std::slice::from_ref(objective));
    let facts = Facts::of(&dag, &givens)?;
    let counted = |id: Id| {
        let stretched = (*dag.op(id) == Op::Sum).then(|| dag.args(id)[0]).filter(|&arg| *dag.op(arg) == Op::Expand)?;
        Some(dag.expr(dag.args(stretched)[0]).as_number()? * facts.shape(stretched).entries() as f64)
    };
    let replaced = |id, args| counted(id).map_or_else(|| dag.expr(id).with_args(args), Expr::number);
    Ok(dag.map(replaced).remove(0))
}

/// What the formula of a model says of the sides of its variables.
struct SidesOf<'a> {
    model: &'a Stated<'a>,
    objective: &'a Expr,
}

impl SidesOf<'_> {
    /// The shapes that all variables had in the fit.
    fn fitted(&self) -> Result<BTreeMap<Var, Shape>> {
        let of = |(name, s): &(String, Shape)| (Var::input(name), Given::dense(s.rows, s.cols));
        let givens: Givens = self.model.shapes.iter().map(of).collect();
        let mut declared: BTreeMap<Var, [SideLength; 2]> = BTreeMap::new();
        for d in &self.model.statement.declared {
            declared.insert(Var::input(&d.name), [SideLength::from(&d.rows), SideLength::from(&d.cols)]);
        }
        for var in self.objective.variables().into_iter().filter(|var| !givens.contains_key(var)) {
            let sides = [0, 1].map(|k| SideLength::Name(side_name(&var, k)));
            declared.insert(var, sides);
        }
        let dag = Dag::new(std::slice::from_ref(self.objective));
        let mut shapes = match infer_or_name(&dag, &givens, &declared, &lengths_of(self.model.params), self.model.rank)?
        {
            Inferred::Shapes(found) => found.shapes,
            Inferred::Untold(name) => return Err(self.untold(&name)),
        };
        shapes.extend(givens.iter().map(|(var, given)| (var.clone(), given.shape)));
        Ok(shapes)
    }

    /// Which sides are the rows of the data, however many: not one that is only by chance as long as the fit had rows.
    fn of_rows(&self, shapes: &BTreeMap<Var, Shape>, fitted: Shape) -> Links {
        let named = lengths_of(self.model.params);
        let sides = |var: &Var| {
            if var.name() == self.model.target {
                return [SideLength::Rows, SideLength::Number(fitted.cols)];
            }
            let declared = self.model.statement.declared.iter().find(|d| d.name == var.name());
            let lengths = shapes.get(var).map_or([fitted.rows; 2], |shape| [shape.rows, shape.cols]);
            [0, 1].map(|k| match declared.map(|d| SideLength::from([&d.rows, &d.cols][k])) {
                Some(SideLength::Name(name)) if name == "r" || named.contains_key(&name) => {
                    SideLength::Number(lengths[k])
                }
                None | Some(SideLength::Name(_)) if lengths[k] != fitted.rows => SideLength::Number(lengths[k]),
                declared => declared.unwrap_or(SideLength::Open),
            })
        };
        Links::of(&Dag::new(std::slice::from_ref(self.objective)), &sides, &|_| false)
    }

    /// The error where the factors of a model don't tell a side of its data, or one that its author has named.
    fn untold(&self, name: &str) -> Error {
        let Stated { statement, target, .. } = self.model;
        let sides = self.objective.variables().into_iter().flat_map(|var| [(var.clone(), 0), (var, 1)]);
        match sides.into_iter().find(|(var, side)| side_name(var, *side) == name) {
            Some((var, 0)) if var.name() == *target => Error::setting(
                Code::NothingToFind,
                format!(
                    "no factor of `{statement}` has a row for each row of {target}, so there is nothing to find for \
                     new rows: what it says of them follows from them and the factors alone, and a formula computes \
                     it, such as {target} @ W"
                ),
            ),
            Some((var, _)) if var.name() == *target => coupled_rows(self.model),
            Some((var, _)) => Error::setting(
                Code::RowsCoupled,
                format!(
                    "new rows of {target} can't be taken in: `{statement}` reads {0} beside {target}, and the factors \
                     don't tell how large {0} is, so that a part for new rows alone can't be told from the rest. Fit \
                     again, with the new rows among those of {target}",
                    var.name()
                ),
            ),
            None => Error::setting(
                Code::UnknownSide,
                format!("the factors of `{statement}` don't tell how long the side `{name}` is"),
            ),
        }
    }
}

/// A name for a side of data, which no objective can contain.
fn side_name(var: &Var, side: usize) -> String {
    format!("side {side} of {}", var.name())
}
