//! Function: the whole pipeline on one screen: formulas in, a callable out.
//! In: inputs, outputs and updates.  Out: `Function`, which is planned at its first call and run at each.
//! Invariant: all values are computed before any shared variable changes; a call that fails changes nothing.
//! Not here: loops and stopping (see `solve`).

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::data::{Dtype, Matrix};
use crate::error::watch::count;
use crate::error::{Code, Error, Result};
use crate::expr::{Dag, Expr, Op, Var, check_size};
use crate::facts::{Facts, Given, Givens, Shape, Sign, unmasked_in, unsaid_in_shapes};
use crate::plan::{BufferId, Kernel, Plan, RowUpdate, plan, plan_updates};
use crate::rewrite::{SearchReport, rewrite, simplify, size_of_terms};
use crate::rows::RowSolver;
use crate::run::{Inputs, PlanCache, Value, available_memory, run, run_supplied};

/// What it counts for, in steps of a watch, to plan a part of a formula.
const STEPS_OF_PART: u64 = 5_000;
/// Characters of a formula in a message.
const MOST_TEXT: usize = 80;

/// Formulas, ready to be computed for inputs of known shapes: facts, rewrite, plan; then run as often as you like.
///
/// A number that comes out as a difference of large terms (the cost near an exact fit) carries a bound of its rounding
/// error. Where the bound is too large a share of the number, the number is computed again the careful way: as it was
/// written, a block of rows at a time.
#[derive(Debug)]
pub struct Compiled {
    /// The formulas as they were given.
    pub given: Vec<Expr>,
    /// The formulas as they are computed.
    pub rewritten: Vec<Expr>,
    /// What the search for them did.
    pub report: SearchReport,
    /// The steps; the results are the formulas' values, then the sizes that the bounds are made of.
    pub plan: Plan,
    kept: Mutex<PlanCache>,
    guards: Vec<Guard>,
    /// The results that formulas come after: those of row solvers.
    pub(crate) made: usize,
    /// The factor that formulas read moved, as the first result: what is computed the careful way reads it, too.
    moved: Option<Var>,
}

/// A factor that a plan moves by the values of its first formulas.
#[derive(Debug, Clone)]
pub(crate) struct MovedFactor {
    pub factor: Var,
    pub solver: RowSolver,
    /// Data of which several starts may have a product computed together.
    pub shared: Option<Var>,
}

/// What watches over a number that is a difference.
#[derive(Debug)]
struct Guard {
    /// Which result it is; one that was not asked for is read by a row solver, which then runs again.
    root: usize,
    /// Which result is the sum of the sizes of the terms.
    size: usize,
    /// The careful plan and what it keeps; `None` where it would take too long or too much memory.
    careful: Option<(Plan, Mutex<PlanCache>)>,
}

/// A number is computed again where its bound is more than this share of it: in f64, and in f32, where the bound is far
/// from being reached.
const MOST_ERROR: f64 = 1e-7;
const MOST_ERROR_F32: f64 = 1e-4;
/// The careful way is taken where it costs no more than so many flops, or so many times those of the plan.
const MOST_FLOPS: f64 = 2e10;
const MOST_TIMES: f64 = 20.0;

impl Compiled {
    /// Compiles `roots` for variables of which `givens` is known.
    ///
    /// # Errors
    /// `Shape` where shapes don't fit, `Setting` where a variable is not given, `Limit` where the plan needs more than
    /// `memory_limit` bytes.
    pub fn new(roots: &[Expr], givens: &Givens, memory_limit: usize) -> Result<Self> {
        Self::with(roots, givens, memory_limit, None)
    }

    /// As [`Compiled::new`]. The first formulas may be what moves a factor; the first two results are then the factor,
    /// moved, and by how much the objective fell.
    pub(crate) fn with(
        roots: &[Expr],
        givens: &Givens,
        memory_limit: usize,
        moves: Option<MovedFactor>,
    ) -> Result<Self> {
        Self::of_rewritten(roots, rewrite(roots, givens)?, givens, memory_limit, moves)
    }

    /// The same of formulas that have been rewritten for these shapes, layouts and signs.
    pub(crate) fn of_rewritten(
        roots: &[Expr],
        (rewritten, report): (Vec<Expr>, SearchReport),
        givens: &Givens,
        memory_limit: usize,
        moves: Option<MovedFactor>,
    ) -> Result<Self> {
        let mut known = std::borrow::Cow::Borrowed(givens);
        let update = moves.map(|moves| update(moves, &rewritten, known.to_mut()));
        let read = update.as_ref().map_or(0, |update| update.reads.len() - 1);
        let made = update.iter().flat_map(|update| [&update.moved, &update.decrease]).map(Expr::from);
        let mut all: Vec<Expr> = made.chain(rewritten[read..].iter().cloned()).collect();
        let (asked, made) = (all.len(), all.len() + read - rewritten.len());
        let dag = Dag::new(&rewritten);
        count(STEPS_OF_PART * dag.len() as u64)?;
        let facts = Facts::of(&dag, &known)?;
        let mut guarded = Vec::new();
        for (root, expr) in rewritten.iter().enumerate() {
            let number = facts.shape(dag.roots()[root]).is_scalar();
            if let Some(size) = size_of_terms(expr).filter(|_| number) {
                // A number that the row solver reads is a result as well, to be looked at.
                let at = if root < read { all.len() } else { root - read + made };
                all.extend((root < read).then(|| expr.clone()));
                guarded.push((root, at, all.len()));
                all.push(size);
            }
        }
        let mut plan = plan_updates(&all, update.as_slice(), &known)?;
        plan.asked = asked;
        plan.check_memory(memory_limit)?;
        let mut guards = Vec::new();
        for (root, at, size) in guarded {
            let careful = Self::careful(&roots[root], givens, memory_limit, plan.flops_of_formulas())?;
            guards.push(Guard { root: at, size, careful });
        }
        Ok(Self { given: roots.to_vec(), rewritten, report, plan, kept: Mutex::default(), guards, made, moved: None })
    }

    /// One plan for two, of which each moves a factor: it moves the first, then the second by formulas that read the
    /// first as it is then, with the numbers that the two plans give. `None` where that is not one pass over the data.
    ///
    /// # Errors
    /// As for [`Compiled::new`].
    pub(crate) fn one_pass(
        [first, second]: [(&Self, MovedFactor); 2],
        givens: &Givens,
        memory_limit: usize,
    ) -> Result<Option<Self>> {
        let reads = [first.0.read(), second.0.read()];
        let formulas = second.0.rewritten.len() - reads[1];
        let is_simple = first.0.rewritten.len() == reads[0] && first.0.guards.is_empty();
        if !is_simple || second.0.guards.iter().any(|guard| guard.root >= second.0.made + formulas) {
            return Ok(None);
        }
        let (mut known, factor) = (givens.clone(), first.1.factor.clone());
        let before = update(first.1, &first.0.rewritten, &mut known);
        let by = BTreeMap::from([(factor.clone(), Expr::from(&before.moved))]);
        let rewritten: Vec<Expr> = second.0.rewritten.iter().map(|formula| formula.substitute(&by)).collect();
        let after = update(second.1, &rewritten, &mut known);
        let made = [&before.moved, &before.decrease, &after.moved, &after.decrease].map(Expr::from);
        let mut all: Vec<Expr> = made.iter().chain(&rewritten[reads[1]..]).cloned().collect();
        let asked = all.len();
        let mut guards = Vec::new();
        for guard in &second.0.guards {
            let root = guard.root + made.len() - second.0.made;
            let size = size_of_terms(&all[root]).ok_or_else(|| Error::Bug("a difference without terms".into()))?;
            let careful = guard.careful.as_ref().map(|(plan, _)| (plan.clone(), Mutex::default()));
            guards.push(Guard { root, size: all.len(), careful });
            all.push(size);
        }
        let mut plan = plan_updates(&all, &[before, after], &known)?;
        plan.asked = asked;
        if !plan.moves_rows_in_blocks() || plan.check_memory(memory_limit).is_err() {
            return Ok(None);
        }
        let given = [&first.0.given[..], &second.0.given].concat();
        let rewritten = [&first.0.rewritten[..], &rewritten].concat();
        let (report, kept) = (second.0.report.clone(), Mutex::default());
        Ok(Some(Self { given, rewritten, report, plan, kept, guards, made: made.len(), moved: Some(factor) }))
    }

    /// How many formulas row solvers read.
    fn read(&self) -> usize {
        self.rewritten.len() + self.made - self.plan.asked
    }

    fn careful(root: &Expr, givens: &Givens, limit: usize, flops: f64) -> Result<Option<(Plan, Mutex<PlanCache>)>> {
        let written = simplify(std::slice::from_ref(root), givens)?;
        let plan = plan(&written, givens)?;
        let affordable = plan.flops() <= MOST_FLOPS.max(MOST_TIMES * flops) && plan.peak_bytes <= limit;
        Ok(affordable.then(|| (plan, Mutex::default())))
    }

    /// The values of the formulas.
    ///
    /// # Errors
    /// `Bug` where an input was not given.
    pub fn run(&self, inputs: &Inputs) -> Result<Vec<Value>> {
        self.run_supplied(inputs, &[])
    }

    /// As [`Compiled::run`]; some buffers have their values already.
    ///
    /// # Errors
    /// As for [`Compiled::run`].
    pub(crate) fn run_supplied(&self, inputs: &Inputs, supplied: &[(BufferId, Value)]) -> Result<Vec<Value>> {
        Ok(self.run_with(inputs, supplied)?.0)
    }

    /// The values of the formulas, and for each a bound of the rounding error that its last sum brings; 0 where it is
    /// no difference of numbers.
    ///
    /// It is an estimate rather than a proof: 4 u (8 + log2 N) times the sum S of the sizes of the terms, u the unit
    /// roundoff of f64 and N the operations of a run, for sums that are taken in blocks and trees; with f32 data, whose
    /// products are rounded to f32 before they are summed in f64, 2 units of f32 more. Of a value v that was
    /// computed again the careful way it is that unit times v + sqrt(v S) + unit S, as for squares of residuals. A
    /// value for which the careful way is too dear is returned with its large bound.
    ///
    /// # Errors
    /// `Bug` where an input was not given.
    pub fn run_bounded(&self, inputs: &Inputs) -> Result<(Vec<Value>, Vec<f64>)> {
        self.run_with(inputs, &[])
    }

    fn run_with(&self, inputs: &Inputs, supplied: &[(BufferId, Value)]) -> Result<(Vec<Value>, Vec<f64>)> {
        let mut values = run_supplied(&self.plan, inputs, &mut unpoisoned(&self.kept), supplied)?;
        let mut bounds = vec![0.0; values.len()];
        let mut replaced = supplied.to_vec();
        let narrow = self.plan.dtype == Dtype::F32;
        let rounding = if narrow { f64::from(f32::EPSILON) } else { 0.0 };
        let unit = rounding + 4.0 * f64::EPSILON / 2.0 * (8.0 + self.plan.flops_of_formulas().max(2.0).log2());
        let most_error = if narrow { MOST_ERROR_F32 } else { MOST_ERROR };
        for guard in &self.guards {
            let bound = unit * values[guard.size].to_scalar();
            bounds[guard.root] = bound;
            let value = values[guard.root].to_scalar();
            if let Some((plan, kept)) = guard.careful.as_ref().filter(|_| bound > most_error * value.abs()) {
                let mut inputs = std::borrow::Cow::Borrowed(inputs);
                if let Some(moved) = &self.moved {
                    inputs.to_mut().set(moved, values[0].clone());
                }
                values[guard.root] = run(plan, &inputs, &mut unpoisoned(kept))?.remove(0);
                // A sum of squares of residuals whose own error is a unit of the terms they are the difference of.
                let (value, size) = (values[guard.root].to_scalar().abs(), bound / unit);
                bounds[guard.root] = unit * (value + (value * size).sqrt() + unit * size);
                if guard.root >= self.plan.asked {
                    replaced.push((self.plan.outputs[guard.root], values[guard.root].clone()));
                }
            }
        }
        if replaced.len() > supplied.len() {
            let again = run_supplied(&self.plan, inputs, &mut unpoisoned(&self.kept), &replaced)?;
            (0..self.made).for_each(|at| values[at] = again[at].clone());
        }
        values.truncate(self.plan.asked);
        bounds.truncate(self.plan.asked);
        Ok((values, bounds))
    }

    /// The factor that the plan moves, multiplied by the number that fits best instead, and that number.
    ///
    /// # Errors
    /// `Bug` where an input was not given, or the plan moves no factor.
    pub(crate) fn rescale(&self, inputs: &Inputs, supplied: &[(BufferId, Value)]) -> Result<(Value, f64)> {
        let mut plan = self.plan.clone();
        for step in &mut plan.steps {
            if let Kernel::Rows(solver) = &mut step.kernel {
                solver.rescales = true;
            }
        }
        match &run_supplied(&plan, inputs, &mut unpoisoned(&self.kept), supplied)?[..] {
            [factor, by, ..] if self.made > 0 => Ok((factor.clone(), by.to_scalar())),
            _ => Err(Error::Bug("a plan moves no factor".into())),
        }
    }
}

/// The update by a row solver that reads the first of `formulas`; what it makes becomes known.
fn update(moves: MovedFactor, formulas: &[Expr], known: &mut Givens) -> RowUpdate {
    let MovedFactor { factor, solver, shared } = moves;
    // No variable of a statement has a blank in its name (`Statement::check`).
    let moved = Var::input(&format!("{} moved", factor.name()));
    let decrease = Var::input(&format!("decrease by {}", factor.name()));
    if let Some(given) = known.get(&factor).copied() {
        known.insert(moved.clone(), given);
        known.insert(decrease.clone(), Given { shape: Shape::SCALAR, ..given });
    }
    let mut reads = vec![Expr::from(&factor)];
    reads.extend_from_slice(&formulas[..solver.reads().len()]);
    RowUpdate { solver, reads, moved, decrease, shared }
}

/// What a thread that panicked held is still whole: it is replaced, never changed in place.
fn unpoisoned(kept: &Mutex<PlanCache>) -> MutexGuard<'_, PlanCache> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A callable made of formulas: values for `outputs`, and new values for shared variables.
#[derive(Debug)]
pub struct Function {
    inputs: Vec<Var>,
    shared: Vec<Expr>,
    outputs: Vec<Expr>,
    updates: Vec<(Expr, Expr)>,
    ready: Option<(Vec<Given>, Compiled)>,
    held: Inputs,
}

/// A function of `inputs` that returns `outputs` and then gives each shared variable of `updates` its new value.
///
/// Shapes are bound at the first call (and again when they change); the type of the updated values follows the data:
/// f32 where all matrices passed in are f32, else f64. Numbers (1 x 1) are computed and returned in f64.
///
/// # Errors
/// `Setting` where an input is not a plain variable, an update's target is not a shared variable or comes twice, a
/// variable of a formula is neither input nor shared, or the formulas together have more than
/// [`MOST_PARTS`](crate::expr::MOST_PARTS) parts.
pub fn function<'a>(
    inputs: impl IntoIterator<Item = &'a Expr>,
    outputs: impl IntoIterator<Item = &'a Expr>,
    updates: impl IntoIterator<Item = (&'a Expr, Expr)>,
) -> Result<Function> {
    let mut input_vars: Vec<Var> = Vec::new();
    for input in inputs {
        let var = input.as_var().filter(|v| !v.is_shared() && !input_vars.contains(v)).ok_or_else(|| {
            let input = input.shortened(MOST_TEXT);
            let message = format!("the input {input} must be a plain variable, as matrix(\"X\") makes, named once");
            Error::setting(Code::InputNotVariable, message)
        })?;
        input_vars.push(var.clone());
    }
    let outputs: Vec<Expr> = outputs.into_iter().cloned().collect();
    let updates: Vec<(Expr, Expr)> = updates.into_iter().map(|(var, new)| (var.clone(), new)).collect();
    let all: Vec<Expr> = outputs.iter().chain(updates.iter().flat_map(|(var, new)| [var, new])).cloned().collect();
    check_size(&all)?;
    for (at, (target, _)) in updates.iter().enumerate() {
        if !target.as_var().is_some_and(Var::is_shared) || updates[..at].iter().any(|(other, _)| other == target) {
            let target = target.shortened(MOST_TEXT);
            let message = format!("the update of {target} must be of a shared variable, and the only one");
            return Err(Error::setting(Code::UpdateNotShared, message));
        }
    }
    let mut shared: Vec<Expr> = Vec::new();
    for formula in outputs.iter().chain(updates.iter().flat_map(|(a, b)| [a, b])) {
        for var in formula.variables() {
            let expr = Expr::from(&var);
            if var.is_shared() && !shared.contains(&expr) {
                shared.push(expr);
            } else if !var.is_shared() && !input_vars.contains(&var) {
                let message = format!("{expr} is used but is neither an input nor a shared variable");
                return Err(Error::setting(Code::UndefinedName, message));
            }
        }
    }
    Ok(Function { inputs: input_vars, shared, outputs, updates, ready: None, held: Inputs::default() })
}

impl Function {
    /// Computes the outputs for these inputs, in the order they were declared, then applies the updates.
    ///
    /// # Errors
    /// As [`Compiled::new`]; `Setting` where the number of inputs is wrong; `Data` where a variable has missing entries
    /// and a formula that reads it does not ask which (`observed(...)`), where an output is infinite, or an update
    /// would store a value that is not finite. No shared variable has changed then.
    pub fn call<'a>(&mut self, inputs: impl IntoIterator<Item = &'a Matrix>) -> Result<Vec<Matrix>> {
        let inputs: Vec<&Matrix> = inputs.into_iter().collect();
        if inputs.len() != self.inputs.len() {
            let names: Vec<&str> = self.inputs.iter().map(Var::name).collect();
            let expected = names.join(", ");
            let message = format!("the function takes {expected}; it was called with {}", inputs.len());
            return Err(Error::setting(Code::InputCount, message));
        }
        self.check_missing(&inputs)?;
        self.prepare(&inputs)?;
        let Some((_, compiled)) = &self.ready else { return Err(Error::Bug("a function was not prepared".into())) };
        let mut values = compiled.run(&self.held)?;
        let updates = values.split_off(self.outputs.len());
        let dtype = self.dtype(&inputs);
        let of = |value: Value| {
            let dtype = if value.shape().is_scalar() { Dtype::F64 } else { dtype };
            value.into_matrix(dtype)
        };
        let outputs =
            values.into_iter().enumerate().map(|(at, value)| of(value).map_err(|error| self.unfit(at, error)));
        let outputs = outputs.collect::<Result<Vec<Matrix>>>()?;
        let mut new = Vec::with_capacity(updates.len());
        for ((target, _), value) in self.updates.iter().zip(updates) {
            let matrix = of(value).ok().filter(|m| m.missing() == 0).ok_or_else(|| {
                let message = format!("the new value of {target} is not finite");
                Error::data(Code::ResultNotFinite, message, "Take smaller steps, or guard a division")
            })?;
            new.push(matrix);
        }
        for ((target, _), matrix) in self.updates.iter().zip(new) {
            target.set_value(matrix)?;
        }
        Ok(outputs)
    }

    /// The plan for the inputs of the last call, in words; `None` before the first.
    pub fn explain(&self) -> Option<String> {
        self.ready.as_ref().map(|(_, compiled)| compiled.plan.to_string())
    }

    /// The plan for the inputs of the last call; `None` before the first.
    #[doc(hidden)]
    pub fn plan(&self) -> Option<&Plan> {
        self.ready.as_ref().map(|(_, compiled)| &compiled.plan)
    }

    /// Binds values, and plans where what is known of them has changed.
    fn prepare(&mut self, inputs: &[&Matrix]) -> Result<()> {
        for (var, matrix) in self.inputs.iter().zip(inputs) {
            self.held.set_matrix(var, matrix);
        }
        for expr in &self.shared {
            if let (Some(var), Some(value)) = (expr.as_var(), expr.value()) {
                self.held.set_matrix(var, &value);
            }
        }
        let givens = self.givens(inputs);
        let key: Vec<Given> = givens.values().copied().collect();
        if self.ready.as_ref().is_none_or(|(known, _)| *known != key) {
            let roots: Vec<Expr> =
                self.outputs.iter().chain(self.updates.iter().map(|(_, new)| new)).cloned().collect();
            let compiled = Compiled::new(&roots, &givens, available_memory())?;
            self.check_updates(&compiled, &givens)?;
            self.ready = Some((key, compiled));
        }
        Ok(())
    }

    /// What is known of the variables.
    fn givens(&self, inputs: &[&Matrix]) -> Givens {
        let dtype = self.dtype(inputs);
        let given = self.inputs.iter().zip(inputs).map(|(var, matrix)| (var.clone(), Given::of(matrix)));
        let held = self.shared.iter().filter_map(|expr| {
            let (var, value) = (expr.as_var()?.clone(), expr.value()?);
            Some((var, Given { dtype, data: false, sign: Sign::UNKNOWN, ..Given::of(&value) }))
        });
        given.chain(held).collect()
    }

    /// Missing entries need `observed(...)` in every formula that reads them: otherwise they would silently count as
    /// zeros.
    fn check_missing(&self, inputs: &[&Matrix]) -> Result<()> {
        let given = self.inputs.iter().cloned().zip(inputs.iter().map(|matrix| (*matrix).clone()));
        let held = self.shared.iter().filter_map(|expr| Some((expr.as_var()?.clone(), expr.value()?)));
        for (var, matrix) in given.chain(held).filter(|(_, matrix)| matrix.missing() > 0) {
            let formulas = self.outputs.iter().chain(self.updates.iter().map(|(_, new)| new));
            for (at, formula) in formulas.enumerate() {
                let dag = Dag::new(std::slice::from_ref(formula));
                let facts = Facts::of(&dag, &self.givens(inputs))?;
                let is_whole = |id| *dag.op(id) == Op::SumTo && facts.shape(id) == facts.shape(dag.args(id)[0]);
                if unsaid_in_shapes(&dag, &var, is_whole).is_some() {
                    return Err(unmasked_in(&self.called(at), var.name(), &matrix));
                }
            }
        }
        Ok(())
    }

    /// What the formula of this number is called: outputs first, then new values.
    fn called(&self, at: usize) -> String {
        match self.updates.get(at.wrapping_sub(self.outputs.len())) {
            Some((target, new)) => format!("the new value of {target}, {},", new.shortened(MOST_TEXT)),
            None => format!("output {} of {}, {},", at + 1, self.outputs.len(), self.outputs[at].shortened(MOST_TEXT)),
        }
    }

    /// The error of an output that is no matrix, said of the output.
    fn unfit(&self, at: usize, error: Error) -> Error {
        let Error::Data(data) = error else { return error };
        let help = "Something overflowed, or was divided by 0: scale the data or the variables, or guard the division";
        Error::data(Code::ResultNotFinite, format!("{} can't be returned: {}", self.called(at), data.message), help)
    }

    fn check_updates(&self, compiled: &Compiled, givens: &Givens) -> Result<()> {
        for ((target, _), &at) in self.updates.iter().zip(&compiled.plan.outputs[self.outputs.len()..]) {
            let new = compiled.plan.buffers[at].shape;
            let held = target.as_var().and_then(|var| givens.get(var)).map(|given| given.shape);
            if held != Some(new) {
                let held = held.map_or_else(String::new, |shape| shape.to_string());
                let message = format!("{target} is {held}, its update is {new}");
                return Err(Error::shape(Code::WrongShape, message, "An update must have its variable's shape"));
            }
        }
        Ok(())
    }

    fn dtype(&self, inputs: &[&Matrix]) -> Dtype {
        let shared = self.updates.iter().filter_map(|(target, _)| target.value());
        let matrices = inputs.iter().filter(|m| m.shape() != (1, 1)).map(|m| m.dtype());
        let mut types: Vec<Dtype> = matrices.collect();
        if types.is_empty() {
            types = shared.map(|m| m.dtype()).collect();
        }
        if !types.is_empty() && types.iter().all(|t| *t == Dtype::F32) { Dtype::F32 } else { Dtype::F64 }
    }
}
