//! Bind: from a problem as it was written to one whose shapes are known and whose objective is split.
//! In: a `Problem`.  Out: `Bound`.
//! Invariant: whatever does not fit together is refused here, by name and with what to do, before anything is computed.
//! Not here: the split (see `split`), shapes (see `facts`).

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::assumed::{assumed_nonnegative, needs_nonnegative};
use super::offsets::only_adds;
use super::role::{FactorRole, roles};
use super::split::{Split, refuse_flat, refuse_unbounded, split};
use super::{Bound, Factor, Problem};
use crate::data::{Dtype, Matrix};
use crate::error::{Code, Error, Result, Snippet, Warning};
use crate::expr::text::{Constraint, Declaration, Dim, Limit};
use crate::expr::{Dag, Expr, Id, Op, Var, constant_of};
use crate::facts::{
    FactorShapes, Facts, Given, Givens, Shape, SideLength, Sign, first_missing, infer_factors, joint_degree,
    lengths_of, unmasked, unmasked_beside, unsaid,
};
use crate::rows::FactorRegularizer;
use crate::run::{Inputs, Value};

impl Problem {
    /// Puts what has names in one order, finds the factors and their shapes, and splits the objective.
    ///
    /// # Errors
    /// `Setting` where data or a number is missing or unused, or the rank or the value of a factor does not fit;
    /// `Shape` where shapes don't fit; `Data` where names that must be the same are not.
    pub fn bind(&self) -> Result<Bound> {
        self.matched()?.bind_matched()
    }

    fn bind_matched(&self) -> Result<Bound> {
        let Some((_, target)) = self.data.first() else {
            return Err(Error::setting(Code::NoData, "no data was given: an objective needs a matrix to factorize"));
        };
        self.check_rank(target)?;
        let objective = self.statement.objective.with_numbers(&self.params);
        let dag = Dag::new(std::slice::from_ref(&objective));
        let variables = objective.variables();
        self.check_params()?;
        self.check_names(&variables)?;
        self.check_scalars(&variables)?;
        check_quotients(&dag)?;
        let (mut givens, assumed) = self.known_data(&objective);
        let FactorShapes { mut shapes, stretched } =
            infer_factors(&dag, &givens, &self.declared(), &lengths_of(&self.params), self.rank)?;
        let told = self.told.iter().cloned().chain(in_doubt(&stretched, &shapes)).chain(assumed).collect();
        let dtype = self.dtype();
        let held = self.held_as(dtype, &mut shapes)?;
        held.iter().try_for_each(|(name, value)| self.check_held(name, value))?;
        givens.extend(held.iter().map(|(name, value)| (Var::input(name), Given::of(value))));
        for (var, &shape) in &shapes {
            givens.insert(var.clone(), Given { dtype, ..Given::dense(shape.rows, shape.cols) });
        }
        let facts = Facts::of(&dag, &givens)?;
        if !facts.shape(dag.roots()[0]).is_scalar() {
            let shape = facts.shape(dag.roots()[0]);
            let message = format!("the objective is {shape}, and only a number can be minimized");
            return Err(Error::shape(Code::CostNotScalar, message, "Add it up: sum(...)"));
        }
        self.check_missing(&dag)?;
        refuse_flat(&objective, &|var| shapes.contains_key(var))?;
        let roles = self.roles(&variables, &givens);
        let Split { smooth, mut regularizers } = split(&objective, &shapes.keys().cloned().collect::<Vec<_>>())?;
        let mut factors = Vec::new();
        for var in variables.iter().filter(|var| shapes.contains_key(var)) {
            let regularizer = regularizers.remove(var).unwrap_or_default();
            let offset = self.is_line(var) && only_adds(&objective, var, &|other| shapes.contains_key(other));
            factors.push(self.factor(var, shapes[var], regularizer, (role_of(&roles, var), offset), dtype)?);
        }
        if factors.is_empty() {
            let message = "the objective has no factor to search for: every name in it was given";
            return Err(Error::setting(Code::NoFactor, message));
        }
        self.check_sizes(&objective, &factors)?;
        refuse_unbounded(&smooth, &factors, &givens)?;
        Ok(Bound {
            objective,
            stated: self.statement.objective.clone(),
            smooth,
            factors,
            fixed: self.fixed.clone(),
            roles,
            givens,
            inputs: self.inputs(&held),
            target: self.data[0].clone(),
            beside: self.data[1..].to_vec(),
            spread: None,
            rank: self.rank,
            labels: if self.labels.is_empty() { self.names.clone() } else { self.labels.clone() },
            told,
            subproblems: OnceLock::new(),
            reconstruction: OnceLock::new(),
            rewritten: OnceLock::new(),
        })
    }

    /// What is known of the data, and what had to be assumed of it.
    fn known_data(&self, objective: &Expr) -> (Givens, Vec<Warning>) {
        let (mut givens, mut told) = (Givens::new(), Vec::new());
        for (name, matrix) in &self.data {
            let var = Var::input(name);
            let mut given = self.assumed.get(name).copied().unwrap_or_else(|| Given::of(matrix));
            let is_open = self.fitting.contains(name) && given.sign == Sign::UNKNOWN;
            if is_open && needs_nonnegative(objective, &var) {
                given.sign = Sign::NONNEGATIVE;
                told.push(assumed_nonnegative(name));
            }
            givens.insert(var, given);
        }
        (givens, told)
    }

    /// The data and the factors that are held.
    fn inputs(&self, held: &[(String, Matrix)]) -> Inputs {
        let mut inputs = Inputs::default();
        for (name, matrix) in self.data.iter().chain(held) {
            inputs.set_matrix(&Var::input(name), matrix);
        }
        for (name, source) in &self.sources {
            inputs.set_source(&Var::input(name), source.clone());
        }
        inputs
    }

    /// Refuses data whose squares would all be 0, or infinite, or next to it: any factors would fit it, or none.
    fn check_sizes(&self, objective: &Expr, factors: &[Factor]) -> Result<()> {
        let degree = joint_degree(objective, &|var| factors.iter().any(|factor| factor.var == *var));
        // The cost of W @ H is of degree 4; where it is of more, a step is made from products of squares.
        let far = if degree.is_some_and(|degree| degree > 4) { 1e75 } else { 1e150 };
        self.data.iter().try_for_each(|data| check_size(data, far))
    }

    fn check_rank(&self, target: &Matrix) -> Result<()> {
        if self.rank > 0 {
            return Ok(());
        }
        let (rows, cols) = target.shape();
        let message = format!("rank 0 does not fit a {rows} x {cols} matrix: choose 1 to {}", rows.min(cols));
        Err(Error::setting(Code::RankOutOfRange, message))
    }

    /// A factor with its constraints, and where its first start begins.
    fn factor(
        &self,
        var: &Var,
        shape: Shape,
        mut regularizer: FactorRegularizer,
        (role, offset): (FactorRole, bool),
        dtype: Dtype,
    ) -> Result<Factor> {
        self.constrain(var.name(), &mut regularizer)?;
        let begin = self.begin(var, shape, &regularizer, dtype)?;
        Ok(Factor { var: var.clone(), shape, regularizer, role, offset, level: None, begin })
    }

    fn constrain(&self, factor: &str, regularizer: &mut FactorRegularizer) -> Result<()> {
        let mut own = self.statement.constraints.iter().filter(|constraint| constraint.factor == factor);
        own.try_for_each(|constraint| regularizer.constrain(constraint.bound, self.limit(constraint)?, constraint))
    }

    /// What the sides of each factor stand for, fixed ones among them, in the order of `variables`.
    fn roles(&self, variables: &[Var], givens: &Givens) -> Vec<(String, FactorRole)> {
        let is_data = |var: &&Var| self.data.iter().any(|(name, _)| name == var.name());
        let shape = |var: &Var| Some((var.name().to_owned(), givens.get(var)?.shape));
        let shapes: Vec<(String, Shape)> = variables.iter().filter(|var| !is_data(var)).filter_map(shape).collect();
        let roles = roles(&self.statement, &self.params, &self.data[0].0, &shapes);
        shapes.into_iter().map(|(name, _)| name).zip(roles).collect()
    }

    /// The factors that are held, in the type to compute with; takes them out of what is searched for.
    fn held_as(&self, dtype: Dtype, shapes: &mut BTreeMap<Var, Shape>) -> Result<Vec<(String, Matrix)>> {
        let of = |(name, value): &(String, Matrix)| {
            let shape = shapes.remove(&Var::input(name)).unwrap_or(Shape::of(value));
            check_shape(name, "value", value, shape)?;
            if value.missing() > 0 {
                let at = first_missing(value);
                let at = place(at.0 * shape.cols + at.1, shape);
                let message = format!("{name} is fixed, and its value has no number at {at}");
                return Err(Error::setting(Code::StartNotFinite, message));
            }
            Ok((name.clone(), value.cast(dtype)?))
        };
        self.fixed.iter().map(of).collect()
    }

    /// A factor that is held must keep its bounds, for nobody else sees to that.
    fn check_held(&self, name: &str, value: &Matrix) -> Result<()> {
        let mut regularizer = FactorRegularizer::default();
        self.constrain(name, &mut regularizer)?;
        let (shape, entries) = (Shape::of(value), value.to_dense_f64());
        let Some(at) = infeasible(&regularizer, &entries, shape, 1.0).0 else { return Ok(()) };
        Err(Error::setting(
            Code::StartOutOfBounds,
            format!(
                "{name} is fixed, and its value is {} at {}, which the bounds of {name} don't allow: fix it at another \
                 value, or leave the bound out",
                entries[at],
                place(at, shape)
            ),
        ))
    }

    /// Where the first start of a factor begins, if it was said.
    fn begin(&self, var: &Var, shape: Shape, regularizer: &FactorRegularizer, dtype: Dtype) -> Result<Option<Value>> {
        let Some((name, value)) = self.init_values.iter().find(|(name, _)| name == var.name()) else { return Ok(None) };
        check_shape(name, "start", value, shape)?;
        let dense = Value::of(value).into_dense();
        if let Some(at) = dense.data.iter().position(|b| !b.is_finite()) {
            let message = format!("the start of {name} is {} at {}", dense.data[at], place(at, shape));
            return Err(Error::setting(Code::StartNotFinite, message));
        }
        let (far, feasible) = infeasible(regularizer, &dense.data, shape, 1.0);
        if let Some(at) = far {
            return Err(Error::setting(
                Code::StartOutOfBounds,
                format!(
                    "the start of {name} is {} at {}, which the bounds of {name} don't allow",
                    dense.data[at],
                    place(at, shape)
                ),
            ));
        }
        Ok(Some(Value::of_numbers(shape, feasible, dtype)))
    }

    /// The same problem, to be computed in f64 whatever the data is.
    pub(in crate::solve) fn in_f64(&self) -> Self {
        Self { wide: true, ..self.clone() }
    }

    /// The type to compute with: f32 where all data is, and of a size whose squares and products f32 can hold, but for
    /// a problem that f32 was seen not to hold.
    fn dtype(&self) -> Dtype {
        let of = |(name, matrix): &(String, Matrix)| self.assumed.get(name).map_or(matrix.dtype(), |given| given.dtype);
        let narrow = !self.wide
            && self.data.iter().all(|data| of(data) == Dtype::F32 && data.1.is_moderate())
            && self.fixed.iter().all(|(_, value)| value.is_moderate());
        if narrow { Dtype::F32 } else { Dtype::F64 }
    }

    fn declared(&self) -> BTreeMap<Var, [SideLength; 2]> {
        let sides = |d: &Declaration| (Var::input(&d.name), [SideLength::from(&d.rows), SideLength::from(&d.cols)]);
        self.statement.declared.iter().map(sides).collect()
    }

    /// Whether a factor is declared with a side of 1.
    fn is_line(&self, var: &Var) -> bool {
        let own = self.statement.declared.iter().find(|declared| declared.name == var.name());
        own.is_some_and(|declared| declared.rows == Dim::Number(1) || declared.cols == Dim::Number(1))
    }

    /// What was built as a scalar is no factor.
    fn check_scalars(&self, variables: &[Var]) -> Result<()> {
        let given = |var: &Var| self.data.iter().chain(&self.fixed).any(|(name, _)| name == var.name());
        let missing = variables.iter().find(|var| var.is_scalar() && !given(var));
        missing.map_or(Ok(()), |var| {
            let message = format!("{} is a scalar without a value: give it one, as a parameter", var.name());
            Err(Error::setting(Code::ParameterMissing, message))
        })
    }

    /// A number that is none makes everything none.
    fn check_params(&self) -> Result<()> {
        let Some((name, value)) = self.params.iter().find(|(_, value)| !value.is_finite()) else { return Ok(()) };
        let message = format!("the parameter {name} is {value}: give a finite number");
        Err(Error::setting(Code::SettingOutOfRange, message))
    }

    /// Every name given, declared or constrained must occur, or it was misspelt.
    fn check_names(&self, variables: &[Var]) -> Result<()> {
        let text = &self.statement.text;
        let used = |name: &str| variables.iter().any(|v| v.name() == name);
        if let Some((name, _)) = self.data.iter().find(|(name, _)| !used(name)) {
            let message = format!("the objective does not use the data {name}: {text}");
            return Err(Error::setting(Code::UnusedData, message));
        }
        let in_original = self.statement.objective.variables();
        let sides: Vec<&Dim> = self.statement.declared.iter().flat_map(|d| [&d.rows, &d.cols]).collect();
        for name in self.params.keys() {
            let in_side = sides.iter().any(|d| **d == Dim::Name(name.clone()));
            let in_limit = self.statement.constraints.iter().any(|c| c.limit == Limit::Name(name.clone()));
            if !in_side && !in_limit && !in_original.iter().any(|v| v.name() == name) {
                let message = format!("the objective does not use the parameter {name}: {text}");
                return Err(Error::setting(Code::UnusedParameter, message));
            }
        }
        let is_factor = |name: &str| used(name) && !self.data.iter().any(|(known, _)| known == name);
        let fixed = self.fixed.iter().map(|(name, _)| (name, "fixed"));
        let mut valued = fixed.chain(self.init_values.iter().map(|(name, _)| (name, "given a start")));
        if let Some((name, what)) = valued.find(|(name, _)| !is_factor(name) || self.params.contains_key(*name)) {
            let message = format!("{name} is {what} but is no factor of the objective: {text}");
            return Err(Error::setting(Code::NotAFactor, message));
        }
        if let Some((name, _)) =
            self.init_values.iter().find(|(name, _)| self.fixed.iter().any(|(held, _)| held == name))
        {
            let message = format!("{name} is fixed and given a start: only one of the two can be");
            return Err(Error::setting(Code::HeldAndStarted, message));
        }
        let declared = self.statement.declared.iter().map(|d| (&d.name, &d.span, "declared", "Leave it out"));
        let constrained = self.statement.constraints.iter();
        let constrained = constrained.map(|c| (&c.factor, &c.span, "constrained", "Only a factor can be constrained"));
        if let Some((name, span, what, help)) = declared.chain(constrained).find(|(name, ..)| !is_factor(name)) {
            let message = format!("{name} is {what} but is no factor of the objective");
            return Err(Error::parse(Code::NotAFactor, message, text, span.clone(), help));
        }
        Ok(())
    }

    /// Missing entries need `observed(...)`: otherwise they would silently count as zeros.
    fn check_missing(&self, dag: &Dag) -> Result<()> {
        for (name, matrix) in self.data.iter().filter(|(_, matrix)| matrix.missing() > 0) {
            let Some(part) = unsaid(dag, &Var::input(name)) else { continue };
            let target = &self.data[0].0;
            return Err(match name == target {
                true => unmasked(name, matrix, &part),
                false => unmasked_beside(name, matrix, target, &part),
            });
        }
        Ok(())
    }

    fn limit(&self, constraint: &Constraint) -> Result<f64> {
        match &constraint.limit {
            Limit::Number(value) => Ok(*value),
            Limit::Name(name) => self.params.get(name).copied().ok_or_else(|| {
                Error::parse(
                    Code::ParameterMissing,
                    format!("{name} has no value"),
                    &self.statement.text,
                    constraint.span.clone(),
                    "Give it one",
                )
            }),
        }
    }
}

/// Refuses to divide by a number that is 0: 0 / 0 counts as 0, so that nothing would tell.
fn check_quotients(dag: &Dag) -> Result<()> {
    let by_zero = |id: &Id| *dag.op(*id) == Op::Div && constant_of(dag.expr(dag.args(*id)[1])) == Some(0.0);
    let Some(quotient) = dag.ids().find(by_zero).map(|id| dag.expr(id)) else { return Ok(()) };
    let help = match quotient.written_as() {
        Some(_) => "Its limits have names: `is(X, S)` at 0, `kl(X, S)` at 1",
        None => "Give another number",
    };
    Err(Error::Parse(Box::new(Snippet {
        code: Code::DivisionByZero,
        message: format!("{} divides by 0", quotient.shortened(60)),
        place: quotient.span().map(|span| (span.text.to_string(), span.range.clone())),
        help: help.to_owned(),
    })))
}

/// Refuses data that is `far` times smaller, or larger, than 1.
fn check_size((name, matrix): &(String, Matrix), far: f64) -> Result<()> {
    let size = matrix.size();
    if size == 0.0 || (size >= 1.0 / far && size <= far) {
        return Ok(());
    }
    let by = -size.log10().round();
    let (code, message) = match size < 1.0 {
        true => (
            Code::EntriesTooSmall,
            format!("no entry of {name} is larger than {size:e}: products of such numbers can't be told from 0"),
        ),
        false => (
            Code::EntriesTooLarge,
            format!("an entry of {name} is {size:e}: products of such numbers are larger than all numbers of f64"),
        ),
    };
    Err(Error::data(code, message, format!("Multiply it, by 1e{by:.0} say")))
}

/// What the rank decides though a side of 1 would do as well.
fn in_doubt(stretched: &[Var], shapes: &BTreeMap<Var, Shape>) -> Option<Warning> {
    stretched.first()?;
    let shaped: Vec<String> = stretched.iter().map(|var| format!("{} ({})", var.name(), shapes[var])).collect();
    let message = format!(
        "the rank decides the shape of {}: what meets it entry by entry has one row or column, which broadcasting fits \
         to any length. Where one column is meant, declare the sides of the factor that has it, as in `minimize over \
         W[n,1]: ...`; where these shapes are meant, `W[n,r]`",
        shaped.join(" and of ")
    );
    Some(Warning::new(Code::StretchedSide, message))
}

fn role_of(roles: &[(String, FactorRole)], var: &Var) -> FactorRole {
    roles.iter().find(|(name, _)| name == var.name()).map_or(FactorRole::NONE, |(_, role)| *role)
}

impl Bound {
    /// The first entry of a list of factors that their bounds don't allow, in words.
    pub(in crate::solve) fn out_of_bounds(&self, factors: &[Value]) -> Option<String> {
        let bounded =
            self.factors.iter().zip(factors).filter(|(factor, _)| !factor.regularizer.constraints().is_empty());
        bounded.into_iter().find_map(|(Factor { var, shape, regularizer, .. }, value)| {
            let dense = value.to_dense();
            let size = dense.data.iter().fold(0.0_f64, |size, entry| size.max(entry.abs()));
            let at = infeasible(regularizer, &dense.data, *shape, size).0?;
            let (name, entry) = (var.name(), dense.data[at]);
            Some(format!("{name} is {entry} at {}, which its bounds don't allow", place(at, *shape)))
        })
    }
}

/// The first entry that bounds don't allow, by more than what is rounding beside `size`, if there is one, and the
/// nearest values that they do.
fn infeasible(regularizer: &FactorRegularizer, values: &[f64], shape: Shape, size: f64) -> (Option<usize>, Vec<f64>) {
    let mut feasible = values.to_vec();
    regularizer.constraints().apply(&mut feasible, shape, 1.0);
    let far = |(a, b): (&f64, &f64)| (a - b).abs() > 1e-6 * a.abs().max(size);
    (values.iter().zip(&feasible).position(far), feasible)
}

fn check_shape(name: &str, what: &str, value: &Matrix, shape: Shape) -> Result<()> {
    if Shape::of(value) == shape {
        return Ok(());
    }
    let message = format!("the {what} of {name} is {}, and {name} is {shape}", Shape::of(value));
    let help = format!("Give a {what} of that shape, or the rank that fits it");
    Err(Error::shape(Code::WrongShape, message, help))
}

/// An entry's row and column, from 1, in words.
fn place(at: usize, shape: Shape) -> String {
    format!("row {}, column {}", at / shape.cols + 1, at % shape.cols + 1)
}
