//! Problem: an objective with its data, its numbers and the rank.
//! In: a statement in the text language, matrices by name, numbers by name.  Out: `Problem`, and bound: `Bound`.
//! Law: a name is data, a number or a factor: what is given is data or a number, all else is a factor.
//! Not here: methods (see `method`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::prox::Prox;
use super::split::{Split, split};
use crate::data::{Dtype, Matrix};
use crate::error::{Error, Result};
use crate::expr::text::{Constraint, Dim, Limit, Statement, parse_statement};
use crate::expr::{Dag, Expr, Op, Var};
use crate::facts::{Facts, Given, Givens, Shape, Sides, infer_shapes};
use crate::run::{Dense, Inputs, Value};

/// An objective with its data, its numbers and the rank: everything but how to minimise it.
///
/// ```
/// # use eckart::{Matrix, Problem, Settings};
/// let x = Matrix::from_fn(30, 20, |i, j| ((i * j) as f64).sin().abs())?;
/// let problem = Problem::parse("minimize sum((X - W @ H)**2) + a*sum(abs(H)) subject to W >= 0, H >= 0")?
///     .data("X", &x)
///     .number("a", 0.1)
///     .rank(3);
/// let fit = problem.solve(&Settings::default())?;
/// assert_eq!(fit.factor("W").unwrap().shape(), (30, 3));
/// # Ok::<(), eckart::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Problem {
    statement: Statement,
    data: Vec<(String, Matrix)>,
    numbers: BTreeMap<String, f64>,
    rank: usize,
    /// Factors that stay as they are.
    held: Vec<(String, Matrix)>,
    /// Where the first start of a factor begins.
    starts: Vec<(String, Matrix)>,
    /// What is known of matrices that are not at hand; stand-ins are among `data`.
    assumed: BTreeMap<String, Given>,
}

/// A factor: what is searched for.
#[derive(Debug, Clone)]
pub struct Factor {
    /// Its variable.
    pub var: Var,
    /// n x m.
    pub shape: Shape,
    /// Its constraints and the terms of the objective that are applied to it by a proximal map.
    pub prox: Prox,
    /// Whether it is an offset (declared with a side of 1), which starts at 0.
    pub offset: bool,
    /// Where the first start begins, if it was said.
    pub(super) begin: Option<Arc<Dense>>,
}

impl Problem {
    /// A problem from a statement such as `minimize sum((X - W @ H)**2) subject to W >= 0`.
    ///
    /// # Errors
    /// `Parse`, with the place.
    pub fn parse(text: &str) -> Result<Self> {
        let statement = parse_statement(text)?;
        Ok(Self {
            statement,
            data: Vec::new(),
            numbers: BTreeMap::new(),
            rank: 0,
            held: Vec::new(),
            starts: Vec::new(),
            assumed: BTreeMap::new(),
        })
    }

    /// Gives a matrix of the objective its numbers. The first one given is the one being factorized.
    pub fn data(mut self, name: &str, matrix: &Matrix) -> Self {
        self.data.retain(|(known, _)| known != name);
        self.data.push((name.to_owned(), matrix.clone()));
        self.assumed.remove(name);
        self
    }

    /// Says what is known of a matrix that is not at hand: the problem can then be bound and planned, but not solved.
    ///
    /// # Errors
    /// `Data` where a side is 0 or too long.
    pub fn assume(self, name: &str, given: Given) -> Result<Self> {
        let Shape { rows, cols } = given.shape;
        let stand_in = Matrix::sparse::<f64>(rows, cols, vec![0; rows.saturating_add(1)], Vec::new(), Vec::new())?;
        let mut problem = self.data(name, &stand_in);
        problem.assumed.insert(name.to_owned(), given);
        Ok(problem)
    }

    /// Whether a matrix is only assumed.
    pub(super) fn is_assumed(&self) -> bool {
        !self.assumed.is_empty()
    }

    /// Gives a name of the objective (or of a side, in a declaration) a value.
    pub fn number(mut self, name: &str, value: f64) -> Self {
        self.numbers.insert(name.to_owned(), value);
        self
    }

    /// Sets the rank: the length of the sides that nothing else fixes.
    pub fn rank(mut self, rank: usize) -> Self {
        self.rank = rank;
        self
    }

    /// Holds a factor at a value: it is not searched for, and comes back among the factors as it was given, bit for bit.
    /// What depends on data and held factors alone is computed once a search.
    ///
    /// ```
    /// # use eckart::{Matrix, Problem, Settings};
    /// # let x = Matrix::from_fn(30, 20, |i, j| ((i * j) as f64).sin().abs())?;
    /// # let new_rows = Matrix::from_fn(3, 20, |i, j| ((i + j) as f64).cos().abs())?;
    /// let text = "sum((X - W @ H)**2) subject to W >= 0, H >= 0";
    /// let fit = Problem::parse(text)?.data("X", &x).rank(3).solve(&Settings::default())?;
    /// let h = fit.factor("H").unwrap();
    /// // The components of the fit in rows it has not seen:
    /// let folded = Problem::parse(text)?.data("X", &new_rows).hold("H", h).rank(3).solve(&Settings::default())?;
    /// assert_eq!(folded.factor("W").unwrap().shape(), (3, 3));
    /// assert_eq!(folded.factor("H").unwrap().values_f64(), h.values_f64());
    /// # Ok::<(), eckart::Error>(())
    /// ```
    pub fn hold(mut self, name: &str, value: &Matrix) -> Self {
        self.held.retain(|(known, _)| known != name);
        self.held.push((name.to_owned(), value.clone()));
        self
    }

    /// Lets the first start (number 0) begin with this value of a factor. Further starts, and factors without a value, begin
    /// as [`super::Settings::init`] says.
    pub fn start(mut self, name: &str, value: &Matrix) -> Self {
        self.starts.retain(|(known, _)| known != name);
        self.starts.push((name.to_owned(), value.clone()));
        self
    }

    /// The factors that are held, with their values.
    pub fn held(&self) -> &[(String, Matrix)] {
        &self.held
    }

    /// The statement.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// The numbers given.
    pub fn numbers(&self) -> &BTreeMap<String, f64> {
        &self.numbers
    }

    /// The matrices given, by name, in order.
    pub fn matrices(&self) -> &[(String, Matrix)] {
        &self.data
    }

    /// The rank asked for.
    pub fn rank_asked(&self) -> usize {
        self.rank
    }

    /// Minimises the objective.
    ///
    /// # Errors
    /// As [`super::solve`].
    pub fn solve(&self, settings: &super::Settings) -> Result<super::Factorization> {
        super::solve(self, settings, &mut |_| super::Flow::Continue)
    }

    /// Finds the factors and their shapes, and splits the objective.
    ///
    /// # Errors
    /// `Setting` where data or a number is missing or unused, or the rank or the value of a factor does not fit; `Shape`
    /// where shapes don't fit.
    pub fn bind(&self) -> Result<Bound> {
        let Some((_, target)) = self.data.first() else {
            return Err(Error::Setting("no data was given: an objective needs a matrix to factorize".into()));
        };
        self.check_rank(target)?;
        let objective = self.with_numbers();
        let dag = Dag::new(std::slice::from_ref(&objective));
        let variables = objective.variables();
        self.check_names(&variables)?;
        let known = |(name, matrix): &(String, Matrix)| {
            (Var::input(name), self.assumed.get(name).copied().unwrap_or_else(|| Given::of(matrix)))
        };
        let mut givens: Givens = self.data.iter().map(known).collect();
        let mut shapes = infer_shapes(&dag, &givens, &self.declared(), &self.side_lengths(), self.rank)?;
        let dtype = self.dtype();
        let held = self.held_as(dtype, &mut shapes)?;
        givens.extend(held.iter().map(|(name, value)| (Var::input(name), Given::of(value))));
        for (var, &shape) in &shapes {
            givens.insert(var.clone(), Given { dtype, ..Given::dense(shape.rows, shape.cols) });
        }
        let facts = Facts::of(&dag, &givens)?;
        if !facts.shape(dag.roots()[0]).is_scalar() {
            let shape = facts.shape(dag.roots()[0]);
            return Err(Error::shape(
                format!("the objective is {shape}, and only a number can be minimised"),
                "Add it up: sum(...)",
            ));
        }
        self.check_missing(&dag)?;
        let Split { smooth, mut proxes } = split(&objective, &shapes.keys().cloned().collect::<Vec<_>>())?;
        let mut factors = Vec::new();
        for var in variables.iter().filter(|var| shapes.contains_key(var)) {
            let mut prox = proxes.remove(var).unwrap_or_default();
            for constraint in self.statement.constraints.iter().filter(|c| c.factor == var.name()) {
                prox.constrain(constraint.bound, self.limit(constraint)?, constraint)?;
            }
            let offset = self.declared().get(var).is_some_and(|sides| sides.contains(&Sides::Number(1)));
            let begin = self.begin(var, shapes[var], &prox)?;
            factors.push(Factor { var: var.clone(), shape: shapes[var], prox, offset, begin });
        }
        if factors.is_empty() {
            return Err(Error::Setting("the objective has no factor to search for: every name in it was given".into()));
        }
        let mut inputs = Inputs::default();
        for (name, matrix) in self.data.iter().chain(&held) {
            inputs.set_matrix(&Var::input(name), matrix);
        }
        let order = variables.iter().map(|var| var.name().to_owned()).collect();
        let held = self.held.clone();
        Ok(Bound {
            objective,
            smooth,
            factors,
            held,
            order,
            givens,
            inputs,
            target: self.data[0].clone(),
            rank: self.rank,
        })
    }

    /// The factors that are held, in the type to compute with; takes them out of what is searched for.
    fn held_as(&self, dtype: Dtype, shapes: &mut BTreeMap<Var, Shape>) -> Result<Vec<(String, Matrix)>> {
        let of = |(name, value): &(String, Matrix)| {
            let shape = shapes.remove(&Var::input(name)).unwrap_or(shape_of(value));
            check_shape(name, "value", value, shape)?;
            if value.missing() > 0 {
                let at = first_missing(value);
                let at = place(at.0 * shape.cols + at.1, shape);
                return Err(Error::Setting(format!("{name} is held, and its value has no number at {at}")));
            }
            Ok((name.clone(), value.cast(dtype)?))
        };
        self.held.iter().map(of).collect()
    }

    /// Where the first start of a factor begins, if it was said.
    fn begin(&self, var: &Var, shape: Shape, prox: &Prox) -> Result<Option<Arc<Dense>>> {
        let Some((name, value)) = self.starts.iter().find(|(name, _)| name == var.name()) else { return Ok(None) };
        check_shape(name, "start", value, shape)?;
        let dense = Value::of(value).into_dense();
        if let Some(at) = dense.data.iter().position(|b| !b.is_finite()) {
            return Err(Error::Setting(format!("the start of {name} is {} at {}", dense.data[at], place(at, shape))));
        }
        let mut feasible = dense.data.clone();
        prox.constraints().apply(&mut feasible, shape, 1.0);
        let far = |(a, b): (&f64, &f64)| (a - b).abs() > 1e-6 * a.abs().max(1.0);
        if let Some(at) = dense.data.iter().zip(&feasible).position(far) {
            return Err(Error::Setting(format!(
                "the start of {name} is {} at {}, which the bounds of {name} don't allow",
                dense.data[at],
                place(at, shape)
            )));
        }
        Ok(Some(Arc::new(Dense { shape, data: feasible })))
    }

    /// The type to compute with: f32 where all data is, and of a size whose squares and products f32 can hold.
    fn dtype(&self) -> Dtype {
        let of = |(name, matrix): &(String, Matrix)| self.assumed.get(name).map_or(matrix.dtype(), |given| given.dtype);
        let narrow = self.data.iter().all(|data| of(data) == Dtype::F32 && data.1.is_moderate())
            && self.held.iter().all(|(_, value)| value.is_moderate());
        if narrow { Dtype::F32 } else { Dtype::F64 }
    }

    fn check_rank(&self, target: &Matrix) -> Result<()> {
        // Beside a factor that is held, a single row may have all components.
        let most = if self.held.is_empty() { target.rows().min(target.cols()) } else { usize::MAX };
        if self.rank == 0 || self.rank > most {
            return Err(Error::Setting(format!(
                "rank {} does not fit a {} x {} matrix: choose 1 to {}",
                self.rank,
                target.rows(),
                target.cols(),
                target.rows().min(target.cols())
            )));
        }
        Ok(())
    }

    /// The objective with every named number written in.
    fn with_numbers(&self) -> Expr {
        let by = self.numbers.iter().map(|(name, &value)| (Var::input(name), Expr::number(value))).collect();
        self.statement.objective.substitute(&by)
    }

    fn side_lengths(&self) -> BTreeMap<String, usize> {
        let whole = |v: f64| v >= 1.0 && v.fract() == 0.0 && v < 1e15;
        self.numbers.iter().filter(|(_, v)| whole(**v)).map(|(name, &v)| (name.clone(), v as usize)).collect()
    }

    fn declared(&self) -> BTreeMap<Var, [Sides; 2]> {
        let side = |dim: &Dim| match dim {
            Dim::Number(length) => Sides::Number(*length),
            Dim::Name(name) => Sides::Name(name.clone()),
        };
        let declared = &self.statement.declared;
        declared.iter().map(|d| (Var::input(&d.name), [side(&d.rows), side(&d.cols)])).collect()
    }

    /// Every name given, declared or constrained must occur, or it was misspelt.
    fn check_names(&self, variables: &[Var]) -> Result<()> {
        let text = &self.statement.text;
        let used = |name: &str| variables.iter().any(|v| v.name() == name);
        for (name, _) in &self.data {
            if !used(name) {
                return Err(Error::Setting(format!("the objective does not use the data {name}: {text}")));
            }
        }
        let in_original = self.statement.objective.variables();
        let sides: Vec<&Dim> = self.statement.declared.iter().flat_map(|d| [&d.rows, &d.cols]).collect();
        for name in self.numbers.keys() {
            let in_side = sides.iter().any(|d| **d == Dim::Name(name.clone()));
            let in_limit = self.statement.constraints.iter().any(|c| c.limit == Limit::Name(name.clone()));
            if !in_side && !in_limit && !in_original.iter().any(|v| v.name() == name) {
                return Err(Error::Setting(format!("the objective does not use the number {name}: {text}")));
            }
        }
        for (name, what) in self
            .held
            .iter()
            .map(|(name, _)| (name, "held"))
            .chain(self.starts.iter().map(|(n, _)| (n, "given a start")))
        {
            let given = self.data.iter().any(|(known, _)| known == name) || self.numbers.contains_key(name);
            if !used(name) || given {
                return Err(Error::Setting(format!("{name} is {what} but is no factor of the objective: {text}")));
            }
        }
        if let Some((name, _)) = self.starts.iter().find(|(name, _)| self.held.iter().any(|(held, _)| held == name)) {
            return Err(Error::Setting(format!("{name} is held and given a start: only one of the two can be")));
        }
        for declaration in &self.statement.declared {
            if !used(&declaration.name) || self.data.iter().any(|(name, _)| *name == declaration.name) {
                let message = format!("{} is declared but is no factor of the objective", declaration.name);
                return Err(Error::parse(message, text, declaration.span.clone(), "Leave it out"));
            }
        }
        for constraint in &self.statement.constraints {
            let is_data = self.data.iter().any(|(name, _)| *name == constraint.factor);
            if !used(&constraint.factor) || is_data {
                let message = format!("{} is constrained but is no factor of the objective", constraint.factor);
                return Err(Error::parse(message, text, constraint.span.clone(), "Only a factor can be constrained"));
            }
        }
        Ok(())
    }

    /// Missing entries need `observed(...)`: otherwise they would silently count as zeros.
    fn check_missing(&self, dag: &Dag) -> Result<()> {
        for (name, matrix) in self.data.iter().filter(|(_, matrix)| matrix.missing() > 0) {
            let masks =
                |id| *dag.op(id) == Op::Observed && dag.expr(dag.args(id)[0]).as_var() == Some(&Var::input(name));
            if !dag.ids().any(masks) {
                let at = first_missing(matrix);
                return Err(Error::data(
                    format!(
                        "{name} has {} missing entries (NaN), the first at row {}, column {}, and the objective does \
                         not say what becomes of them",
                        matrix.missing(),
                        at.0 + 1,
                        at.1 + 1
                    ),
                    format!("Fill them in, or leave them out of the cost: sum(observed({name}) * ({name} - W @ H)**2)"),
                ));
            }
        }
        Ok(())
    }

    fn limit(&self, constraint: &Constraint) -> Result<f64> {
        match &constraint.limit {
            Limit::Number(value) => Ok(*value),
            Limit::Name(name) => self.numbers.get(name).copied().ok_or_else(|| {
                Error::parse(
                    format!("{name} has no value"),
                    &self.statement.text,
                    constraint.span.clone(),
                    "Give it one",
                )
            }),
        }
    }
}

fn shape_of(value: &Matrix) -> Shape {
    Shape { rows: value.rows(), cols: value.cols() }
}

fn check_shape(name: &str, what: &str, value: &Matrix, shape: Shape) -> Result<()> {
    if shape_of(value) == shape {
        return Ok(());
    }
    Err(Error::shape(
        format!("the {what} of {name} is {}, and {name} is {shape}", shape_of(value)),
        format!("Give a {what} of that shape, or the rank that fits it"),
    ))
}

/// An entry's row and column, from 1, in words.
fn place(at: usize, shape: Shape) -> String {
    format!("row {}, column {}", at / shape.cols + 1, at % shape.cols + 1)
}

fn first_missing(matrix: &Matrix) -> (usize, usize) {
    let at = matrix.values_f64().iter().position(|v| v.is_nan()).unwrap_or(0);
    (at / matrix.cols(), at % matrix.cols())
}

/// A problem whose shapes are known and whose objective is split: what methods work on.
#[derive(Debug)]
pub struct Bound {
    /// The objective, numbers written in.
    pub objective: Expr,
    /// The objective without the terms that `Factor::prox` holds.
    pub smooth: Expr,
    /// The factors, in the order in which they are met in the objective.
    pub factors: Vec<Factor>,
    /// The factors that stay as they are, with their values.
    pub held: Vec<(String, Matrix)>,
    /// The names of all variables in the order in which they are met in the objective.
    pub(super) order: Vec<String>,
    /// What is known of all variables.
    pub givens: Givens,
    /// The data, and the factors that are held.
    pub inputs: Inputs,
    /// The name and numbers of the matrix being factorized.
    pub target: (String, Matrix),
    /// The rank.
    pub rank: usize,
}

impl Bound {
    /// The factors' variables as formulas.
    pub fn factor_exprs(&self) -> Vec<Expr> {
        self.factors.iter().map(|f| Expr::leaf(Op::Var(f.var.clone()))).collect()
    }

    /// Whether products are of f32.
    pub(super) fn is_narrow(&self) -> bool {
        let of = |factor: &Factor| self.givens.get(&factor.var).is_some_and(|given| given.dtype == Dtype::F32);
        self.factors.iter().any(of)
    }

    /// Gives factor `index` a value.
    pub(super) fn place(&mut self, index: usize, numbers: &Arc<Dense>) {
        let var = &self.factors[index].var;
        let dtype = self.givens.get(var).map_or(Dtype::F64, |given| given.dtype);
        self.inputs.set(var, Value::of_dense(numbers, dtype));
    }

    /// Gives all factors values.
    pub(super) fn place_all(&mut self, factors: &[Arc<Dense>]) {
        for (index, numbers) in factors.iter().enumerate() {
            self.place(index, numbers);
        }
    }
}
