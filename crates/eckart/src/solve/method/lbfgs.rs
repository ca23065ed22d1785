//! L-BFGS: all factors at once down a quasi-Newton direction, its length by the conditions of Wolfe.
//! In: a bound problem whose objective is smooth, its factors free.  Out: a `Method`.
//! Invariant: the cost never rises; every pair that is remembered has positive curvature.
//! Not here: bounds and penalties (see `proximal_gradient`), subproblems with a step rule of their own (see
//! `alternating`).

use std::collections::VecDeque;

use super::proximal_gradient::rough_part;
use super::{Method, StepStats};
use crate::error::Result;
use crate::function::Compiled;
use crate::grad::differentiate;
use crate::run::{Value, dot};
use crate::solve::block::plans::SearchPlan;
use crate::solve::block::state::MethodState;
use crate::solve::problem::Bound;
use crate::solve::problem::iterate::Iterate;

/// Pairs of steps and changes of the gradient that are remembered (Liu and Nocedal 1989).
const MEMORY: usize = 10;
/// Of the decrease that the slope promises, what a step must bring at least.
const ARMIJO: f64 = 1e-4;
/// The share of the slope that may be left after a step.
const WOLFE: f64 = 0.9;
/// Lengths that are tried in one iteration.
const TRIES: usize = 40;
/// What rounding makes of a cost, as a share of it, about: in f64, and with products of f32.
const SLACK: f64 = 1e-14;
const SLACK_F32: f64 = 1e-8;

/// A step, the change of the gradient along it, and one over their product.
struct CurvaturePair {
    step: Vec<f64>,
    change: Vec<f64>,
    inverse: f64,
}

pub(in crate::solve) struct Lbfgs {
    /// The objective and its gradients.
    compiled: Compiled,
    /// Of the gradients.
    names: Vec<String>,
    pairs: VecDeque<CurvaturePair>,
    /// Cost and gradient where the factors are.
    here: Option<(f64, Vec<f64>)>,
}

impl Lbfgs {
    /// Why it does not fit, if it does not.
    pub(in crate::solve) fn unsupported(bound: &Bound) -> Option<String> {
        if let Some(factor) = bound.factors.iter().find(|factor| !factor.regularizer.is_empty()) {
            return Some(format!("{} has bounds or penalties with kinks", factor.var.name()));
        }
        rough_part(&bound.smooth, bound).map(|part| format!("{part} has a kink"))
    }

    pub(in crate::solve) fn prepare(bound: &Bound, memory_limit: usize) -> Result<Box<dyn Method>> {
        let mut roots = vec![bound.objective.clone()];
        roots.extend(differentiate(&bound.objective, &bound.factor_exprs()));
        let compiled = Compiled::new(&roots, &bound.givens, memory_limit)?;
        Ok(Box::new(Self { compiled, names: bound.gradient_names(), pairs: VecDeque::new(), here: None }))
    }

    /// Cost and gradient at `point`, which is put in place.
    fn look(&self, iterate: &mut Iterate, point: &[f64]) -> Result<(f64, Vec<f64>)> {
        let mut from = 0;
        for index in 0..iterate.len() {
            let (shape, dtype) = (iterate.problem.factors[index].shape, iterate.problem.dtype());
            let numbers = point[from..from + shape.entries()].to_vec();
            from += shape.entries();
            iterate.set(index, Value::of_numbers(shape, numbers, dtype));
        }
        self.values(iterate)
    }

    fn values(&self, iterate: &Iterate) -> Result<(f64, Vec<f64>)> {
        let mut values = self.compiled.run(&iterate.inputs)?.into_iter();
        let cost = values.next().map_or(f64::NAN, |cost| cost.to_scalar());
        Ok((cost, flat(values)))
    }

    /// -H g, by the two loops of Nocedal and Wright (2006, algorithm 7.4).
    fn direction(&self, gradient: &[f64]) -> Vec<f64> {
        let mut d: Vec<f64> = gradient.iter().map(|g| -g).collect();
        let mut shares = Vec::with_capacity(self.pairs.len());
        for pair in self.pairs.iter().rev() {
            let share = pair.inverse * dot(&pair.step, &d);
            add(&mut d, -share, &pair.change);
            shares.push(share);
        }
        if let Some(pair) = self.pairs.back() {
            let scale = 1.0 / (pair.inverse * dot(&pair.change, &pair.change));
            d.iter_mut().for_each(|x| *x *= scale);
        }
        for (pair, share) in self.pairs.iter().zip(shares.into_iter().rev()) {
            let back = pair.inverse * dot(&pair.change, &d);
            add(&mut d, share - back, &pair.step);
        }
        d
    }

    /// A length at which the cost has fallen enough and the slope has flattened, by bisection (Lewis and Overton 2013,
    /// algorithm 2.6): where it leaves the factors, their cost and gradient; `None` where no length does.
    fn search(&self, iterate: &mut Iterate, from: &From) -> Result<Option<(f64, f64, Vec<f64>)>> {
        let slack = from.cost.abs() * if iterate.problem.is_narrow() { SLACK_F32 } else { SLACK };
        let (mut low, mut high, mut t) = (0.0, f64::INFINITY, from.first);
        for tries in 0..TRIES {
            let point: Vec<f64> = from.point.iter().zip(&from.direction).map(|(b, d)| b + t * d).collect();
            let (cost, gradient) = self.look(iterate, &point)?;
            let falls = cost <= from.cost + ARMIJO * t * from.slope && cost < from.cost;
            // Near the end the cost is rounding, and the slope decides (Hager and Zhang 2005, section 2).
            let even = (cost - from.cost).abs() <= slack && dot(&gradient, &from.direction) >= from.slope;
            if !(falls || even && cost <= from.cost) {
                high = t;
            } else if dot(&gradient, &from.direction) < WOLFE * from.slope && tries + 1 < TRIES {
                low = t;
            } else {
                return Ok(Some((t, cost, gradient)));
            }
            t = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * low };
        }
        Ok(None)
    }
}

/// Where a search along a line starts.
struct From {
    point: Vec<f64>,
    direction: Vec<f64>,
    cost: f64,
    slope: f64,
    /// The length that is tried first.
    first: f64,
}

impl Method for Lbfgs {
    fn held_bytes(&self, problem: &Bound) -> usize {
        // Pairs, the point, the direction, two gradients: in f64.
        (2 * MEMORY + 4) * problem.shapes().iter().map(|shape| shape.entries()).sum::<usize>() * size_of::<f64>()
    }

    fn plans(&self) -> Vec<SearchPlan<'_>> {
        let mut plan = SearchPlan::new("cost and gradients", &self.compiled, &["objective"]);
        plan.formulas.extend_from_slice(&self.names);
        vec![plan]
    }

    fn restart(&mut self) {
        self.pairs.clear();
        self.here = None;
    }

    fn state(&self, to: &mut MethodState) {
        to.put_maybe(self.here.as_ref().map(|(cost, _)| *cost));
        if let Some((_, gradient)) = &self.here {
            to.put_array(gradient);
        }
        to.put(self.pairs.len() as f64);
        for pair in &self.pairs {
            to.put(pair.inverse);
            to.put_array(&pair.step);
            to.put_array(&pair.change);
        }
    }

    fn restore(&mut self, from: &mut MethodState) -> Result<()> {
        self.here = match from.take_maybe()? {
            Some(cost) => Some((cost, from.take_gradient()?)),
            None => None,
        };
        self.pairs.clear();
        for _ in 0..from.take_count()? {
            let inverse = from.take()?;
            self.pairs.push_back(CurvaturePair { step: from.take_array()?, change: from.take_array()?, inverse });
        }
        Ok(())
    }

    fn step(&mut self, iterate: &mut Iterate) -> Result<StepStats> {
        let (cost, gradient) = match self.here.take() {
            Some(here) => here,
            None => self.values(iterate)?,
        };
        let point = flat(iterate.factors().into_iter());
        let old = iterate.factors();
        loop {
            let direction = self.direction(&gradient);
            let slope = dot(&gradient, &direction);
            let first = if self.pairs.is_empty() { length(&point).max(1e-3) / length(&gradient) } else { 1.0 };
            let from = From { point: point.clone(), direction, cost, slope, first: first.min(f64::MAX) };
            let found = if slope < 0.0 { self.search(iterate, &from)? } else { None };
            if let Some((t, new_cost, new_gradient)) = found {
                self.remember(t, &from.direction, &gradient, &new_gradient);
                self.here = Some((new_cost, new_gradient));
                return Ok(StepStats { cost: new_cost, decrease: None, at_rest: false, tries: false });
            }
            iterate.set_all(&old);
            if self.pairs.is_empty() {
                self.here = Some((cost, gradient));
                return Ok(StepStats { cost, decrease: Some(0.0), at_rest: true, tries: false });
            }
            // What was remembered misleads here: down the gradient instead.
            self.pairs.clear();
        }
    }
}

impl Lbfgs {
    fn remember(&mut self, t: f64, direction: &[f64], old: &[f64], new: &[f64]) {
        let step: Vec<f64> = direction.iter().map(|d| t * d).collect();
        let change: Vec<f64> = new.iter().zip(old).map(|(new, old)| new - old).collect();
        let product = dot(&step, &change);
        if product > f64::EPSILON * dot(&change, &change) && product.is_finite() {
            if self.pairs.len() == MEMORY {
                self.pairs.pop_front();
            }
            self.pairs.push_back(CurvaturePair { step, change, inverse: 1.0 / product });
        }
    }
}

/// The numbers of all values, one after the other.
fn flat(values: impl Iterator<Item = Value>) -> Vec<f64> {
    values.flat_map(|value| value.into_rect::<f64>().data.into_vec()).collect()
}

fn length(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

fn add(to: &mut [f64], by: f64, from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(t, f)| *t += by * f);
}
