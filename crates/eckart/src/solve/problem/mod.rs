//! Problem: an objective with its data, its parameters and the rank.
//! In: a statement in the text language, matrices and parameters by name.  Out: `Problem`, and bound: `Bound`.
//! Invariant: a name is data, a parameter or a factor: what is given is data or a parameter, all else is a factor.
//! Not here: methods (see `method`), what a statement comes to (see `bind`).

mod assumed;
mod bind;
mod entries;
pub(super) mod falling;
pub(super) mod iterate;
pub(super) mod lints;
pub(crate) mod matching;
pub(in crate::solve) mod offsets;
pub(super) mod pairs;
pub(super) mod role;
pub(crate) mod sentinels;
pub(super) mod split;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use super::derive::Subproblem;
use super::problem::role::FactorRole;
use super::result::compared::{Objective, Reconstruction};
use crate::data::{Dtype, Ids, Matching, Matrix, RowSource, Table};
use crate::error::{Result, Warning};
use crate::expr::text::{Statement, parse_statement};
use crate::expr::{Expr, Var};
use crate::facts::{Given, Givens, Shape, Sign};
use crate::function::Compiled;
use crate::rewrite::{SearchReport, rewrite};
use crate::rows::FactorRegularizer;
use crate::run::{Inputs, Value};

/// An objective with its data, its parameters and the rank: everything but how to minimize it.
///
/// ```
/// # use eckart::{Matrix, Problem, Settings};
/// let x = Matrix::from_fn(30, 20, |i, j| ((i * j) as f64).sin().abs())?;
/// let problem = Problem::parse("minimize sum((X - W @ H)**2) + a*sum(abs(H)) subject to W >= 0, H >= 0")?
///     .data("X", &x)
///     .param("a", 0.1)
///     .rank(3);
/// let fit = problem.solve(&Settings::default())?;
/// assert_eq!(fit.factor("W").unwrap().shape(), (30, 3));
/// # Ok::<(), eckart::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Problem {
    pub(super) statement: Statement,
    pub(super) data: Vec<(String, Matrix)>,
    /// Whose rows are read from where, while plans run.
    pub(super) sources: Vec<(String, Arc<dyn RowSource>)>,
    pub(super) params: BTreeMap<String, f64>,
    pub(super) rank: usize,
    pub(super) fixed: Vec<(String, Matrix)>,
    /// Where the first start of a factor begins.
    pub(super) init_values: Vec<(String, Matrix)>,
    /// What is known of matrices that are not at hand; stand-ins are among `data`.
    pub(super) assumed: BTreeMap<String, Given>,
    /// Those of them that are taken to be what the objective needs.
    pub(super) fitting: BTreeSet<String>,
    /// The names of the rows and the columns of what was given by name.
    pub(super) names: BTreeMap<String, SideNames>,
    /// What may have more columns than it shows, of zeros: files in SVMlight.
    pub(super) open: BTreeSet<String>,
    /// Those that are no texts, in their type.
    pub(super) ids: BTreeMap<String, [Option<Ids>; 2]>,
    pub(super) matching: Matching,
    /// What rows and columns are called, once what has names is in one order.
    pub(super) labels: BTreeMap<String, SideNames>,
    /// What was matched by position, once that is known.
    pub(super) told: Vec<Warning>,
    /// Whether it is computed in f64 whatever the data is.
    pub(super) wide: bool,
}

/// Values of factors by name, and what is to be told of their order.
type InitialValues = (Vec<(String, Matrix)>, Vec<Warning>);

/// The names of rows, and of columns.
pub(super) type SideNames = [Option<Arc<Vec<String>>>; 2];

/// A factor: what is searched for.
#[derive(Debug, Clone)]
pub struct Factor {
    /// Its variable.
    pub var: Var,
    /// n x m.
    pub shape: Shape,
    /// Its constraints and the terms of the objective that are applied to it by a proximal map.
    pub regularizer: FactorRegularizer,
    /// What its sides stand for.
    pub role: FactorRole,
    /// Whether it is an offset: declared with a side of 1, and only added to other factors.
    pub offset: bool,
    /// Where an offset begins that was given no start, if not at 0.
    pub(super) level: Option<Value>,
    /// Where the first start begins, if it was said.
    pub(super) begin: Option<Value>,
}

impl Problem {
    /// A problem from a statement such as `minimize sum((X - W @ H)**2) subject to W >= 0`.
    ///
    /// # Errors
    /// `Parse`, with the place.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(Self::new(parse_statement(text)?))
    }

    /// A problem from a statement made of formulas.
    ///
    /// ```
    /// # use eckart::{Constraint, Matrix, Problem, Settings, Statement, matrix, sum};
    /// let (x, w, h) = (matrix("X"), matrix("W"), matrix("H"));
    /// let statement = Statement::minimize(sum((&x - w.dot(&h)).pow(2)) + 0.1 * sum(w.pow(2)))
    ///     .subject_to(Constraint::at_least("W", 0.0))
    ///     .subject_to(Constraint::at_least("H", 0.0));
    /// let x = Matrix::from_fn(30, 20, |i, j| ((i * j) as f64).sin().abs())?;
    /// let fit = Problem::of(statement)?.data("X", &x).rank(3).solve(&Settings::default())?;
    /// assert_eq!(fit.factor("H").unwrap().shape(), (3, 20));
    /// # Ok::<(), eckart::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Setting` where the statement has no text that reads as itself, which model files and reports need: a name with
    /// a blank in it, an infinite number, a [`crate::shared`] variable.
    pub fn of(statement: Statement) -> Result<Self> {
        statement.check()?;
        Ok(Self::new(statement))
    }

    /// A problem from a statement that is known to have a text.
    pub(crate) fn new(statement: Statement) -> Self {
        Self {
            statement,
            data: Vec::new(),
            sources: Vec::new(),
            params: BTreeMap::new(),
            rank: 0,
            fixed: Vec::new(),
            init_values: Vec::new(),
            assumed: BTreeMap::new(),
            fitting: BTreeSet::new(),
            names: BTreeMap::new(),
            open: BTreeSet::new(),
            ids: BTreeMap::new(),
            matching: Matching::Names,
            labels: BTreeMap::new(),
            told: Vec::new(),
            wide: false,
        }
    }

    /// Gives a matrix of the objective its numbers: a [`Matrix`], or a [`Table`], whose rows and columns have names.
    /// The first one given is the one being factorized.
    ///
    /// Names decide, not the order: where the formula holds two sides to be the same, such as the rows of X and of
    /// weights S in `sum(S * (X - W @ H)**2)`, and both have names, what was given later is put in the order of what
    /// was given first; the names must be the same. Where only one has names, position decides, and a warning of the
    /// result says so. See [`Problem::match_by`].
    ///
    /// ```
    /// # use eckart::{Matrix, Problem, Settings, Table};
    /// let names = |names: &[&str]| Some(names.iter().map(|name| name.to_string()).collect::<Vec<_>>());
    /// let x = Matrix::dense(2, 2, vec![1.0, 2.0, 3.0, 5.0])?;
    /// let x = Table::named(x, names(&["ann", "bob"]), None);
    /// let weights = |values: Vec<f64>, order: &[&str]| {
    ///     let matrix = Matrix::dense(2, 1, values).unwrap();
    ///     Table::named(matrix, names(order), None)
    /// };
    /// let problem = Problem::parse("minimize sum(s * (X - W @ H)**2)")?.data("X", &x).rank(1);
    /// let one = problem.clone().data("s", weights(vec![1.0, 9.0], &["ann", "bob"])).solve(&Settings::default())?;
    /// let other = problem.data("s", weights(vec![9.0, 1.0], &["bob", "ann"])).solve(&Settings::default())?;
    /// assert_eq!(one.cost, other.cost);
    /// assert_eq!(one.row_names, x.row_names);
    /// # Ok::<(), eckart::Error>(())
    /// ```
    pub fn data(mut self, name: &str, table: impl Into<Table>) -> Self {
        let matrix = self.named(name, table.into());
        self.data.retain(|(known, _)| known != name);
        self.data.push((name.to_owned(), matrix));
        self.assumed.remove(name);
        self
    }

    /// From where the rows of data are read while plans run: those of the matrix that was given by that name. Starts,
    /// and what is said of the fit, still read the matrix itself.
    #[doc(hidden)]
    pub fn rows_from(mut self, name: &str, source: Arc<dyn RowSource>) -> Self {
        self.sources.push((name.to_owned(), source));
        self
    }

    /// Takes the names of what is given by that name.
    fn named(&mut self, name: &str, table: Table) -> Matrix {
        if table.has_open_columns() {
            self.open.insert(name.to_owned());
        } else {
            self.open.remove(name);
        }
        self.ids.insert(name.to_owned(), [table.row_ids, table.col_ids]);
        let names = [table.row_names, table.col_names].map(|names| names.map(Arc::new));
        if names.iter().any(Option::is_some) {
            self.names.insert(name.to_owned(), names);
        } else {
            self.names.remove(name);
        }
        table.matrix
    }

    /// Whether rows and columns that have names are matched by these, or by position.
    pub fn match_by(mut self, matching: Matching) -> Self {
        self.matching = matching;
        self
    }

    /// The names of the rows and of the columns of the matrix that is factorized, in the type in which they were given.
    pub(super) fn ids_of_target(&self) -> [Option<Ids>; 2] {
        let Some((target, _)) = self.data.first() else { return [None, None] };
        let names = self.names.get(target).cloned().unwrap_or_default();
        let [rows, cols] = self.ids.get(target).cloned().unwrap_or_default();
        let of = |names: Option<Arc<Vec<String>>>, ids: Option<Ids>| {
            let names = names?;
            ids.filter(|ids| ids.texts() == *names).or_else(|| Some(Ids::Text(names.to_vec())))
        };
        let [row_names, col_names] = names;
        [of(row_names, rows), of(col_names, cols)]
    }

    /// The initial values of factors, by name, in the order of what the data and they themselves call rows, columns and
    /// components, and what of them was matched by position: what a search begins at.
    ///
    /// ```
    /// # use eckart::{Matrix, Problem, Table};
    /// let names = |text: &str| Some(text.split(' ').map(str::to_owned).collect::<Vec<_>>());
    /// let x = Table::named(Matrix::dense(1, 2, vec![1.0, 2.0])?, None, names("a b"));
    /// let h = Table::named(Matrix::dense(1, 2, vec![5.0, 4.0])?, None, names("b a"));
    /// let problem = Problem::parse("sum((X - W @ H)**2)")?.data("X", &x).init_from("H", &h);
    /// let (values, told) = problem.initial_in_order()?;
    /// assert_eq!((values[0].1.to_dense_f64(), told.len()), (vec![4.0, 5.0], 0));
    /// # Ok::<(), eckart::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Data` where two sides that must be the same have other names, a name stands twice, or there are not as many
    /// names as rows or columns.
    pub fn initial_in_order(&self) -> Result<InitialValues> {
        let matched = self.matched()?;
        Ok((matched.init_values.clone(), matched.told.clone()))
    }

    /// Says what is known of a matrix that is not at hand: the problem can then be bound and planned, but not solved.
    ///
    /// # Errors
    /// `Data` where a side is 0 or too long.
    pub fn assume(self, name: &str, given: Given) -> Result<Self> {
        let Shape { rows, cols } = given.shape;
        let mut problem = self.data(name, &Matrix::assumed(rows, cols)?);
        problem.assumed.insert(name.to_owned(), given);
        Ok(problem)
    }

    /// As [`Problem::assume`], without negative entries where the objective needs that, as `kl(X, W @ H)` does: a shape
    /// has no sign, and the method depends on it. A warning says so.
    ///
    /// # Errors
    /// `Data` where a side is 0 or too long.
    pub fn assume_fitting(self, name: &str, given: Given) -> Result<Self> {
        let mut problem = self.assume(name, given)?;
        problem.fitting.insert(name.to_owned());
        Ok(problem)
    }

    /// Sets a parameter: a scalar of the objective, or a side of a declaration.
    pub fn param(mut self, name: &str, value: f64) -> Self {
        self.params.insert(name.to_owned(), value);
        self
    }

    /// Sets the rank: the length of the sides that nothing else fixes.
    pub fn rank(mut self, rank: usize) -> Self {
        self.rank = rank;
        self
    }

    /// Fixes a factor at a value: it is not searched for, and comes back among the factors as it was given, bit for
    /// bit. What depends on data and fixed factors alone is computed once a search.
    ///
    /// ```
    /// # use eckart::{Matrix, Problem, Settings};
    /// # let x = Matrix::from_fn(30, 20, |i, j| ((i * j) as f64).sin().abs())?;
    /// # let new_rows = Matrix::from_fn(3, 20, |i, j| ((i + j) as f64).cos().abs())?;
    /// let text = "sum((X - W @ H)**2) subject to W >= 0, H >= 0";
    /// let fit = Problem::parse(text)?.data("X", &x).rank(3).solve(&Settings::default())?;
    /// let h = fit.factor("H").unwrap();
    /// // The components of the fit in rows it has not seen:
    /// let folded = Problem::parse(text)?.data("X", &new_rows).fix("H", h).rank(3).solve(&Settings::default())?;
    /// assert_eq!(folded.factor("W").unwrap().shape(), (3, 3));
    /// assert_eq!(folded.factor("H").unwrap().values_f64(), h.values_f64());
    /// # Ok::<(), eckart::Error>(())
    /// ```
    ///
    /// Rows and columns with names are matched as those of [`Problem::data`] are.
    pub fn fix(mut self, name: &str, value: impl Into<Table>) -> Self {
        let value = self.named(name, value.into());
        self.fixed.retain(|(known, _)| known != name);
        self.fixed.push((name.to_owned(), value));
        self
    }

    /// The same with a factor fixed at a value, in place of where it was to begin.
    pub(crate) fn fix_instead(mut self, name: &str, value: &Matrix) -> Self {
        self.init_values.retain(|(known, _)| known != name);
        self.fix(name, value)
    }

    /// Lets the first start (number 0) begin with this value of a factor. Further starts, and factors without a value,
    /// begin as [`super::Settings::init`] says. Rows and columns with names are matched as those of [`Problem::data`]
    /// are. Where the cost is infinite at zeros of a factor that may not be negative, as `kl(X, W @ H)` is beside a
    /// column of zeros, it begins at a millionth of the factor's mean in their place.
    pub fn init_from(mut self, name: &str, value: impl Into<Table>) -> Self {
        let value = self.named(name, value.into());
        self.init_values.retain(|(known, _)| known != name);
        self.init_values.push((name.to_owned(), value));
        self
    }

    /// The fixed factors, with their values.
    pub fn fixed(&self) -> &[(String, Matrix)] {
        &self.fixed
    }

    /// The statement.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// The parameters given.
    pub fn params(&self) -> &BTreeMap<String, f64> {
        &self.params
    }

    /// The matrices given, by name, in order.
    pub fn matrices(&self) -> &[(String, Matrix)] {
        &self.data
    }

    /// The rank asked for.
    pub fn rank_asked(&self) -> usize {
        self.rank
    }
}

/// What is known of all variables, the signs of factors that may not be negative among it.
pub(super) fn with_signs(givens: &Givens, factors: &[Factor]) -> Givens {
    let mut known = givens.clone();
    for factor in factors.iter().filter(|factor| factor.regularizer.entries.is_nonnegative()) {
        known.entry(factor.var.clone()).and_modify(|given| given.sign = Sign::NONNEGATIVE);
    }
    known
}

/// A problem whose shapes are known and whose objective is split: what methods work on.
#[derive(Debug)]
pub struct Bound {
    /// The objective, the values of parameters written in.
    pub objective: Expr,
    /// The objective as it was stated, parameters by name.
    pub stated: Expr,
    /// The objective without the terms that `Factor::regularizer` holds.
    pub smooth: Expr,
    /// The factors, in the order in which they are met in the objective.
    pub factors: Vec<Factor>,
    /// The fixed factors, with their values.
    pub fixed: Vec<(String, Matrix)>,
    /// What the sides of each factor stand for, fixed ones among them, in the order in which the objective names them.
    pub roles: Vec<(String, FactorRole)>,
    /// What is known of all variables.
    pub givens: Givens,
    /// The data, and the fixed factors.
    pub inputs: Inputs,
    /// The name and numbers of the matrix being factorized.
    pub target: (String, Matrix),
    /// The further data.
    pub(super) beside: Vec<(String, Matrix)>,
    /// The root mean square of what offsets leave of the data where they begin; `None` where they begin at 0.
    pub(super) spread: Option<f64>,
    /// The rank.
    pub rank: usize,
    /// What rows and columns are called.
    pub(super) labels: BTreeMap<String, SideNames>,
    /// What was matched by position, since it has no names.
    pub told: Vec<Warning>,
    /// The subproblems of the smooth part in each factor, once they have been asked for.
    pub(super) subproblems: OnceLock<Vec<Subproblem>>,
    /// What the objective compares the data with, once it has been asked for.
    pub(super) reconstruction: OnceLock<Option<Reconstruction>>,
    /// The objective as it is computed, once it has been asked for.
    pub(super) rewritten: OnceLock<(Vec<Expr>, SearchReport)>,
}

impl Bound {
    /// What the objective compares the data with, found at the first call; `None` where that is no formula of factors
    /// alone.
    ///
    /// # Errors
    /// Those of shapes that don't fit.
    pub(in crate::solve) fn reconstruction(&self) -> Result<Option<&Reconstruction>> {
        if let Some(known) = self.reconstruction.get() {
            return Ok(known.as_ref());
        }
        let (name, matrix) = &self.target;
        let found = Reconstruction::of(&Objective {
            formula: &self.objective,
            givens: &self.givens,
            target: (name, Shape::of(matrix)),
            binary: self.givens.get(&Var::input(name)).is_some_and(|given| given.sign.binary),
            is_factor: &|var| self.factors.iter().any(|factor| factor.var == *var),
        })?;
        Ok(self.reconstruction.get_or_init(|| found).as_ref())
    }

    /// The objective as a plan, for these number types; it is rewritten at the first call.
    ///
    /// # Errors
    /// Those of shapes that don't fit, and of a plan that needs more memory than the limit.
    pub(in crate::solve) fn cost(&self, givens: &Givens, memory_limit: usize) -> Result<Compiled> {
        let roots = std::slice::from_ref(&self.objective);
        let rewritten = match self.rewritten.get() {
            Some(known) => known.clone(),
            None => {
                let found = rewrite(roots, &self.givens)?;
                self.rewritten.get_or_init(|| found).clone()
            }
        };
        Compiled::of_rewritten(roots, rewritten, givens, memory_limit, None)
    }

    /// The factors' variables as formulas.
    pub fn factor_exprs(&self) -> Vec<Expr> {
        self.factors.iter().map(|f| Expr::from(&f.var)).collect()
    }

    pub(super) fn gradient_names(&self) -> Vec<String> {
        self.factors.iter().map(|factor| format!("gradient in {}", factor.var.name())).collect()
    }

    pub(super) fn factor_bytes(&self) -> usize {
        self.shapes().iter().map(|shape| shape.entries()).sum::<usize>() * self.dtype().bytes()
    }

    /// The factors that hold components, by their place: W, and H; `None` where the objective has no such pair. Of
    /// several, W is the first and H the last.
    pub(super) fn components(&self) -> Option<[usize; 2]> {
        let w = self.factors.iter().position(|factor| factor.role.is_rows())?;
        let h = (0..self.factors.len()).rev().find(|&at| at != w && self.factors[at].role.is_cols())?;
        Some([w, h])
    }

    /// Whether products are of f32.
    pub(super) fn is_narrow(&self) -> bool {
        let of = |factor: &Factor| self.givens.get(&factor.var).is_some_and(|given| given.dtype == Dtype::F32);
        self.factors.iter().any(of)
    }

    /// The type to compute with.
    pub(super) fn dtype(&self) -> Dtype {
        if self.is_narrow() { Dtype::F32 } else { Dtype::F64 }
    }

    /// The values of the factors that are searched for, of all.
    pub(super) fn values_of(&self, all: &[(String, Matrix)]) -> Vec<Value> {
        let of = |factor: &Factor| all.iter().find(|(name, _)| name == factor.var.name());
        self.factors.iter().filter_map(of).map(|(_, matrix)| Value::of(matrix)).collect()
    }

    pub(super) fn shapes(&self) -> Vec<Shape> {
        self.factors.iter().map(|factor| factor.shape).collect()
    }
}
