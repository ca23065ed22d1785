//! Gradient: a factor moved by a gradient step on the smooth part, then the proximal map of the rest.
//! In: the smooth part and its gradient, compiled.  Out: the factor moved.
//! Invariant: the smooth part is at most its quadratic upper bound at the new place, or the factor stays.
//! Not here: subproblems for which there is something better (see `quadratic`, `poisson`).

use std::sync::Arc;

use super::plans::SearchPlan;
use super::{Block, Done};
use crate::error::Result;
use crate::function::Compiled;
use crate::grad::differentiate;
use crate::run::{Numbers, Value, dot};
use crate::solve::block::state::MethodState;
use crate::solve::problem::Bound;
use crate::solve::problem::iterate::Iterate;

/// Halvings of a step before a factor is left where it is.
const MAX_HALVINGS: usize = 60;
/// A step that was accepted at once may be this much longer the next time.
const GROW: f64 = 1.5;

/// Proximal linearized step of one factor (Bolte, Sabach and Teboulle 2014, algorithm 1), its length by backtracking on
/// the quadratic upper bound (Beck and Teboulle 2009, section 4).
pub(in crate::solve) struct GradientBlock {
    index: usize,
    name: String,
    /// The smooth part and its gradient by the factor.
    slope: Compiled,
    /// The smooth part and the objective.
    costs: Arc<Compiled>,
    length: Option<f64>,
}

impl GradientBlock {
    /// The smooth part and the objective, for all blocks of a problem.
    ///
    /// # Errors
    /// `Limit` where the plan needs more than `memory_limit` bytes.
    pub(in crate::solve) fn costs(bound: &Bound, memory_limit: usize) -> Result<Arc<Compiled>> {
        let roots = [bound.smooth.clone(), bound.objective.clone()];
        Ok(Arc::new(Compiled::new(&roots, &bound.givens, memory_limit)?))
    }

    /// A block for factor `index`.
    ///
    /// # Errors
    /// `Limit` where the plan needs more than `memory_limit` bytes.
    pub(in crate::solve) fn new(
        bound: &Bound,
        index: usize,
        costs: &Arc<Compiled>,
        memory_limit: usize,
    ) -> Result<Self> {
        let factor = bound.factor_exprs().swap_remove(index);
        let gradient = differentiate(&bound.smooth, &[factor]).remove(0);
        let slope = Compiled::new(&[bound.smooth.clone(), gradient], &bound.givens, memory_limit)?;
        let name = bound.factors[index].var.name().to_owned();
        Ok(Self { index, name, slope, costs: costs.clone(), length: None })
    }
}

/// What rounding products to f32 makes of a sum of many of them, as a share of it, about.
const NARROW_SLACK: f64 = 1e-8;

impl Block for GradientBlock {
    fn plans(&self) -> Vec<SearchPlan<'_>> {
        let slope = SearchPlan::new(format!("gradient in {}", self.name), &self.slope, &["smooth part", "gradient"]);
        let name = format!("cost after a step in {}", self.name);
        vec![slope, SearchPlan::new(name, &self.costs, &["smooth part", "objective"])]
    }

    fn restart(&mut self) {
        self.length = None;
    }

    fn state(&self, to: &mut MethodState) {
        to.put_maybe(self.length);
    }

    fn restore(&mut self, from: &mut MethodState) -> Result<()> {
        self.length = from.take_maybe()?;
        Ok(())
    }

    fn step(&mut self, iterate: &mut Iterate) -> Result<Done> {
        if iterate.problem.is_narrow() { self.step_in::<f32>(iterate) } else { self.step_in::<f64>(iterate) }
    }
}

impl GradientBlock {
    fn step_in<T: Numbers>(&mut self, iterate: &mut Iterate) -> Result<Done> {
        let (index, problem) = (self.index, iterate.problem.clone());
        let stays = Done { decrease: 0.0, cost: None };
        let mut values = self.slope.run(&iterate.inputs)?;
        let (gradient, smooth) = (values.remove(1).into_rect::<T>(), values[0].to_scalar());
        let before = iterate.factor(index);
        let old = before.rect::<T>();
        let length = |of: &[T]| dot(of, of).sqrt();
        let steepness = length(&gradient.data);
        if steepness == 0.0 && problem.factors[index].regularizer.is_empty() {
            return Ok(stays);
        }
        let first = if steepness > 0.0 { length(&old.data).max(1e-3) / steepness } else { 1.0 };
        let mut t = self.length.unwrap_or(first);
        let regularizer = problem.factors[index].regularizer;
        for halving in 0..MAX_HALVINGS {
            let mut new = old.clone();
            let numbers = new.make_mut();
            let down = |(b, g): (&mut T, &T)| *b = T::from_f64(b.to_f64() - t * g.to_f64());
            numbers.iter_mut().zip(gradient.data.iter()).for_each(down);
            regularizer.apply(numbers, old.shape, t);
            let moved = new.data.iter().zip(old.data.iter()).map(|(new, old)| new.to_f64() - old.to_f64());
            let moved: Vec<f64> = moved.collect();
            let (along, squares) = (dot(&gradient.data, &moved), dot(&moved, &moved));
            if squares == 0.0 {
                break;
            }
            let gained = regularizer.penalty(&old.data, old.shape) - regularizer.penalty(&new.data, old.shape);
            iterate.set(index, Value::of_rect(new));
            let values = self.costs.run(&iterate.inputs)?;
            // Rounding of the smooth part must not count as a rise.
            let slack = if problem.is_narrow() { NARROW_SLACK } else { 8.0 * f64::EPSILON } * smooth.abs();
            if values[0].to_scalar() <= smooth + along + squares / (2.0 * t) + slack {
                self.length = Some(if halving == 0 { t * GROW } else { t });
                let decrease = (gained - along - squares / (2.0 * t)).max(0.0);
                return Ok(Done { decrease, cost: Some(values[1].to_scalar()) });
            }
            t *= 0.5;
        }
        iterate.set(index, before);
        Ok(stays)
    }
}
