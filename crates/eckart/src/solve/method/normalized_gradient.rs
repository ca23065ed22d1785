//! Normalized-gradient: the seed's method: every factor moves a set length down its gradient.
//! In: a bound problem.  Out: a `Method`.
//! Invariant: the best factors met are the driver's to keep; the length halves when the cost rises.
//! Not here: proximal maps of penalties (their gradient is taken instead, sign(0) = 0).

use super::{Method, StepStats};
use crate::error::Result;
use crate::expr::Expr;
use crate::function::Compiled;
use crate::grad::differentiate;
use crate::rows::FactorRegularizer;
use crate::run::{Numbers, Value, dot};
use crate::solve::block::plans::SearchPlan;
use crate::solve::block::state::MethodState;
use crate::solve::problem::Bound;
use crate::solve::problem::iterate::Iterate;

/// The first step's length, as a share of a factor's own.
const FIRST: f64 = 0.1;
/// The step grows by this while the cost falls.
const GROW: f64 = 1.1;
/// And shrinks by this when it rises.
const SHRINK: f64 = 0.5;
/// No step shorter than this share of a factor changes anything worth having.
const LEAST: f64 = 1e-12;

/// The cost, the factors it is of, and its gradients there.
type Evaluated = (f64, Vec<Value>, Vec<Value>);

pub(in crate::solve) struct NormalizedGradient {
    compiled: Compiled,
    /// Of the gradients.
    names: Vec<String>,
    length: f64,
    /// The mean size of the entries of the data: what a number of a factor that is 0 throughout moves by.
    unit: f64,
    last: Option<Evaluated>,
}

impl NormalizedGradient {
    pub(in crate::solve) fn prepare(bound: &Bound, memory_limit: usize) -> Result<Box<dyn Method>> {
        let factors = bound.factor_exprs();
        let roots: Vec<Expr> =
            std::iter::once(bound.objective.clone()).chain(differentiate(&bound.objective, &factors)).collect();
        let compiled = Compiled::new(&roots, &bound.givens, memory_limit)?;
        let x = &bound.target.1;
        let mut sizes = 0.0;
        x.for_each(|v| sizes += if v.is_nan() { 0.0 } else { v.abs() });
        let unit = sizes / (x.rows() * x.cols() - x.missing()).max(1) as f64;
        Ok(Box::new(Self { compiled, names: bound.gradient_names(), length: FIRST, unit, last: None }))
    }
}

impl Method for NormalizedGradient {
    fn held_bytes(&self, problem: &Bound) -> usize {
        2 * problem.factor_bytes()
    }

    fn plans(&self) -> Vec<SearchPlan<'_>> {
        let mut plan = SearchPlan::new("cost and gradients", &self.compiled, &["objective"]);
        plan.formulas.extend_from_slice(&self.names);
        vec![plan]
    }

    fn restart(&mut self) {
        self.length = FIRST;
        self.last = None;
    }

    fn state(&self, to: &mut MethodState) {
        to.put(self.length);
        to.put_maybe(self.last.as_ref().map(|(cost, ..)| *cost));
        if let Some((_, from, gradients)) = &self.last {
            to.put_values(from);
            to.put_values(gradients);
        }
    }

    fn restore(&mut self, from: &mut MethodState) -> Result<()> {
        self.length = from.take()?;
        self.last = match from.take_maybe()? {
            Some(cost) => Some((cost, from.take_factors()?, from.take_gradients()?)),
            None => None,
        };
        Ok(())
    }

    fn step(&mut self, iterate: &mut Iterate) -> Result<StepStats> {
        let (cost, from, gradients) = match self.last.take() {
            Some(last) => last,
            None => self.evaluate(iterate)?,
        };
        for (index, gradient) in gradients.iter().enumerate() {
            let (regularizer, from) = (iterate.problem.factors[index].regularizer.constraints(), &from[index]);
            let step = (self.length, self.unit);
            let new = match iterate.problem.is_narrow() {
                true => moved::<f32>(from, gradient, step, &regularizer),
                false => moved::<f64>(from, gradient, step, &regularizer),
            };
            iterate.set(index, new);
        }
        let new = self.evaluate(iterate)?;
        if new.0 < cost {
            self.length *= GROW;
            let moved = StepStats { cost: new.0, decrease: None, at_rest: false };
            self.last = Some(new);
            return Ok(moved);
        }
        self.length *= SHRINK;
        iterate.set_all(&from);
        self.last = Some((cost, from, gradients));
        Ok(StepStats { cost, decrease: None, at_rest: self.length < LEAST })
    }
}

impl NormalizedGradient {
    fn evaluate(&self, iterate: &Iterate) -> Result<Evaluated> {
        let mut values = self.compiled.run(&iterate.inputs)?;
        let gradients = values.split_off(1);
        Ok((values[0].to_scalar(), iterate.factors(), gradients))
    }
}

/// A factor moved down its gradient by `share` of its own length, or of that of one whose numbers are all `unit` where
/// it has none, and made feasible.
fn moved<T: Numbers>(
    from: &Value,
    gradient: &Value,
    (share, unit): (f64, f64),
    constraints: &FactorRegularizer,
) -> Value {
    let (mut new, gradient) = (from.rect::<T>(), gradient.rect::<T>());
    let norm = |v: &[T]| dot(v, v).sqrt();
    let own = match norm(&new.data) {
        0.0 => unit * (new.data.len() as f64).sqrt(),
        own => own,
    };
    let (size, length) = (norm(&gradient.data), share * own);
    let (shape, numbers) = (new.shape, new.make_mut());
    if size > 0.0 {
        let down = |(b, g): (&mut T, &T)| *b = T::from_f64(b.to_f64() - length * g.to_f64() / size);
        numbers.iter_mut().zip(gradient.data.iter()).for_each(down);
    }
    constraints.apply(numbers, shape, 1.0);
    Value::of_rect(new)
}
