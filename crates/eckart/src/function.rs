//! Function: the whole pipeline on one screen: formulas in, a callable out.
//! In: inputs, outputs and updates.  Out: `Function`, which is planned at its first call and run at each.
//! Law: all values are computed before any shared variable changes; a call that fails changes nothing.
//! Not here: loops and stopping (see `solve`).

use crate::data::{Dtype, Matrix};
use crate::error::{Error, Result};
use crate::expr::{Expr, Var};
use crate::facts::{Given, Givens};
use crate::plan::{Plan, plan};
use crate::rewrite::{Report, rewrite};
use crate::run::{Inputs, Value, available_memory, run};

/// Formulas, ready to be computed for inputs of known shapes: facts, rewrite, plan; then run as often as you like.
#[derive(Debug)]
pub struct Compiled {
    /// The formulas as they are computed.
    pub rewritten: Vec<Expr>,
    /// What the search for them did.
    pub report: Report,
    /// The steps.
    pub plan: Plan,
}

impl Compiled {
    /// Compiles `roots` for variables of which `givens` is known.
    ///
    /// # Errors
    /// `Shape` where shapes don't fit, `Setting` where a variable is not given, `Limit` where the plan needs more than
    /// `memory_limit` bytes.
    pub fn new(roots: &[Expr], givens: &Givens, memory_limit: usize) -> Result<Self> {
        let (rewritten, report) = rewrite(roots, givens)?;
        let plan = plan(&rewritten, givens)?;
        plan.check_memory(memory_limit)?;
        Ok(Self { rewritten, report, plan })
    }

    /// The values of the formulas.
    ///
    /// # Errors
    /// `Bug` where an input was not given.
    pub fn run(&self, inputs: &Inputs) -> Result<Vec<Value>> {
        run(&self.plan, inputs)
    }
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
/// `Setting` where an input is not a plain variable, an update's target is not a shared variable or comes twice, or a
/// variable of a formula is neither input nor shared.
pub fn function<'a>(
    inputs: impl IntoIterator<Item = &'a Expr>,
    outputs: impl IntoIterator<Item = &'a Expr>,
    updates: impl IntoIterator<Item = (&'a Expr, Expr)>,
) -> Result<Function> {
    let mut input_vars: Vec<Var> = Vec::new();
    for input in inputs {
        let var = input.as_var().filter(|v| !v.is_shared() && !input_vars.contains(v)).ok_or_else(|| {
            Error::Setting(format!("the input {input} must be a plain variable, as matrix(\"X\") makes, named once"))
        })?;
        input_vars.push(var.clone());
    }
    let outputs: Vec<Expr> = outputs.into_iter().cloned().collect();
    let updates: Vec<(Expr, Expr)> = updates.into_iter().map(|(var, new)| (var.clone(), new)).collect();
    for (at, (target, _)) in updates.iter().enumerate() {
        if !target.as_var().is_some_and(Var::is_shared) || updates[..at].iter().any(|(other, _)| other == target) {
            return Err(Error::Setting(format!(
                "the update of {target} must be of a shared variable, and the only one"
            )));
        }
    }
    let mut shared: Vec<Expr> = Vec::new();
    for formula in outputs.iter().chain(updates.iter().flat_map(|(a, b)| [a, b])) {
        for var in formula.variables() {
            let expr = Expr::leaf(crate::expr::Op::Var(var.clone()));
            if var.is_shared() && !shared.contains(&expr) {
                shared.push(expr);
            } else if !var.is_shared() && !input_vars.contains(&var) {
                return Err(Error::Setting(format!("{expr} is used but is neither an input nor a shared variable")));
            }
        }
    }
    Ok(Function { inputs: input_vars, shared, outputs, updates, ready: None, held: Inputs::default() })
}

impl Function {
    /// Computes the outputs for these inputs, in the order they were declared, then applies the updates.
    ///
    /// # Errors
    /// As [`Compiled::new`]; `Setting` where the number of inputs is wrong; `Data` where an update would store a value
    /// that is not finite. No shared variable has changed then.
    pub fn call<'a>(&mut self, inputs: impl IntoIterator<Item = &'a Matrix>) -> Result<Vec<Matrix>> {
        let inputs: Vec<&Matrix> = inputs.into_iter().collect();
        if inputs.len() != self.inputs.len() {
            let names: Vec<&str> = self.inputs.iter().map(Var::name).collect();
            let expected = names.join(", ");
            return Err(Error::Setting(format!("the function takes {expected}; it was called with {}", inputs.len())));
        }
        self.prepare(&inputs)?;
        let Some((_, compiled)) = &self.ready else { return Err(Error::Bug("a function was not prepared".into())) };
        let values = compiled.run(&self.held)?;
        let (outputs, updates) = values.split_at(self.outputs.len());
        let dtype = self.dtype(&inputs);
        let of = |value: &Value| value.to_matrix(if value.shape().is_scalar() { Dtype::F64 } else { dtype });
        let outputs = outputs.iter().map(of).collect::<Result<Vec<Matrix>>>()?;
        let mut new = Vec::with_capacity(updates.len());
        for ((target, _), value) in self.updates.iter().zip(updates) {
            let matrix = of(value).ok().filter(|m| m.missing() == 0).ok_or_else(|| {
                Error::data(
                    format!("the new value of {target} is not finite"),
                    "Take smaller steps, or guard a division",
                )
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

    /// Binds values, and plans where what is known of them has changed.
    fn prepare(&mut self, inputs: &[&Matrix]) -> Result<()> {
        let mut givens = Givens::new();
        for (var, matrix) in self.inputs.iter().zip(inputs) {
            self.held.set_matrix(var, matrix);
            givens.insert(var.clone(), Given::of(matrix));
        }
        for expr in &self.shared {
            if let (Some(var), Some(value)) = (expr.as_var(), expr.value()) {
                self.held.set_matrix(var, &value);
                givens.insert(var.clone(), Given { data: false, ..Given::of(&value) });
            }
        }
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

    fn check_updates(&self, compiled: &Compiled, givens: &Givens) -> Result<()> {
        for ((target, _), &at) in self.updates.iter().zip(&compiled.plan.outputs[self.outputs.len()..]) {
            let new = compiled.plan.buffers[at].shape;
            let held = target.as_var().and_then(|var| givens.get(var)).map(|given| given.shape);
            if held != Some(new) {
                let held = held.map_or_else(String::new, |shape| shape.to_string());
                return Err(Error::shape(
                    format!("{target} is {held}, its update is {new}"),
                    "An update must have its variable's shape",
                ));
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
