//! L-BFGS: all factors at once down a quasi-Newton direction, its length by the conditions of Wolfe.
//! In: a bound problem whose objective is smooth but for bounds and penalties of entries.  Out: a `Method`.
//! Invariant: the cost of the variables never rises; every pair that is remembered has positive curvature.
//! Not here: how bounds are kept (see `variables`), subproblems with a step rule of their own (see `alternating`).

mod smoothing;
mod stages;
mod variables;

use std::collections::VecDeque;

use smoothing::{Smoothed, smoothed};
use stages::Stages;
use variables::Variables;

use super::proximal_gradient::rough_part;
use super::{Method, StepStats};
use crate::error::Result;
use crate::expr::{Expr, Var};
use crate::function::Compiled;
use crate::grad::differentiate;
use crate::run::{Value, dot};
use crate::solve::block::plans::{Runs, SearchPlan};
use crate::solve::block::state::MethodState;
use crate::solve::problem::Bound;
use crate::solve::problem::iterate::Iterate;

/// Pairs of steps and changes of the gradient that are remembered (Liu and Nocedal 1989).
const MEMORY: usize = 10;
/// Of the decrease that the slope promises, what a step must bring at least.
const ARMIJO: f64 = 1e-4;
/// The share of the slope that may be left after a step.
const WOLFE: f64 = 0.9;
/// The first step, as a share of the length of all variables.
const FIRST: f64 = 0.1;
/// A step to where the cost is undefined is cut to this share.
const CUT: f64 = 0.2;
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
    /// The smooth part of the objective and its gradients; where kinks are rounded, the part as it is after it.
    compiled: Compiled,
    /// Where kinks are rounded.
    rounded: Option<Rounded>,
    /// Of the gradients.
    names: Vec<String>,
    variables: Variables,
    pairs: VecDeque<CurvaturePair>,
    here: Option<Here>,
}

/// Kinks that are rounded, less from stage to stage.
struct Rounded {
    stages: Stages,
    kinks: Vec<Var>,
    /// The mean sizes of what they are of.
    sizes: Compiled,
    widths: Vec<f64>,
}

/// Where the variables are: the cost there, with the penalties, and its gradient in the variables.
struct Here {
    point: Vec<f64>,
    cost: f64,
    /// By how much that is more than the cost of the factors.
    excess: f64,
    gradient: Vec<f64>,
}

impl Lbfgs {
    /// Why it does not fit, if it does not.
    pub(in crate::solve) fn unsupported(bound: &Bound) -> Option<String> {
        let kink = || rough_part(&bound.smooth, bound).map(|part| format!("{part} has a kink"));
        Variables::has_kink(bound).or_else(kink)
    }

    /// Why it does not fit with kinks rounded, if it does not.
    pub(in crate::solve) fn unsupported_rounded(bound: &Bound) -> Option<String> {
        if Self::unsupported(bound).is_none() {
            return Some("there is no kink: l-bfgs is the same without stages".into());
        }
        smoothing::unsupported(bound)
    }

    pub(in crate::solve) fn prepare(bound: &Bound, memory_limit: usize) -> Result<Box<dyn Method>> {
        let mut roots = vec![bound.smooth.clone()];
        roots.extend(differentiate(&bound.smooth, &bound.factor_exprs()));
        let compiled = Compiled::new(&roots, &bound.givens, memory_limit)?;
        Ok(Box::new(Self::of(bound, compiled, None)))
    }

    /// The same with kinks rounded.
    pub(in crate::solve) fn prepare_rounded(bound: &Bound, memory_limit: usize) -> Result<Box<dyn Method>> {
        let Smoothed { formula, kinks, givens } = smoothed(bound)?;
        let mut roots = vec![formula.clone(), bound.smooth.clone()];
        roots.extend(differentiate(&formula, &bound.factor_exprs()));
        let compiled = Compiled::new(&roots, &givens, memory_limit)?;
        let sizes: Vec<Expr> = kinks.iter().map(|kink| kink.size.clone()).collect();
        let sizes = Compiled::new(&sizes, &bound.givens, memory_limit)?;
        let kinks: Vec<Var> = kinks.into_iter().map(|kink| kink.width).collect();
        let rounded = Rounded { stages: Stages::default(), kinks, sizes, widths: Vec::new() };
        Ok(Box::new(Self::of(bound, compiled, Some(rounded))))
    }

    fn of(bound: &Bound, compiled: Compiled, rounded: Option<Rounded>) -> Self {
        let (names, variables) = (bound.gradient_names(), Variables::of(bound));
        Self { compiled, rounded, names, variables, pairs: VecDeque::new(), here: None }
    }

    /// Begins the next stage, where the last is over: rounds kinks less, and forgets the curvature of before.
    fn begin_stage(&mut self, iterate: &mut Iterate) -> Result<()> {
        let Some(rounded) = self.rounded.as_mut().filter(|rounded| rounded.stages.is_over()) else { return Ok(()) };
        let factors: Vec<Vec<f64>> = iterate.factors().into_iter().map(numbers).collect();
        let mut sizes: Vec<f64> = rounded.sizes.run(&iterate.inputs)?.iter().map(Value::to_scalar).collect();
        sizes.extend(self.variables.sizes(&factors));
        rounded.widths = rounded.stages.next(&sizes);
        self.set_widths(iterate);
        self.pairs.clear();
        self.here = match self.here.take() {
            Some(here) => Some(self.look(iterate, here.point)?),
            None => None,
        };
        Ok(())
    }

    fn set_widths(&mut self, iterate: &mut Iterate) {
        let Some(rounded) = &self.rounded else { return };
        for (kink, &width) in rounded.kinks.iter().zip(&rounded.widths) {
            iterate.inputs.set(kink, Value::scalar(width));
        }
        self.variables.set_widths(&rounded.widths[rounded.kinks.len()..]);
    }

    /// Puts the factors of `point` in place; cost and gradient there.
    fn look(&self, iterate: &mut Iterate, mut point: Vec<f64>) -> Result<Here> {
        let (factors, excess) = self.variables.factors(&point);
        let penalty = self.put(iterate, factors);
        let CostAndGradients { smooth, cost, gradients } = self.values(iterate)?;
        let gradient = self.variables.gradient(&mut point, gradients);
        Ok(Here { point, cost: smooth + penalty + excess, excess: smooth - cost + excess, gradient })
    }

    /// Puts factors in place; the sum of their penalties.
    fn put(&self, iterate: &mut Iterate, factors: Vec<Vec<f64>>) -> f64 {
        let problem = iterate.problem.clone();
        let mut penalty = 0.0;
        for (index, (numbers, factor)) in factors.into_iter().zip(&problem.factors).enumerate() {
            penalty += factor.regularizer.penalty(&numbers, factor.shape);
            iterate.set(index, Value::of_numbers(factor.shape, numbers, problem.dtype()));
        }
        penalty
    }

    fn values(&self, iterate: &Iterate) -> Result<CostAndGradients> {
        let mut values = self.compiled.run(&iterate.inputs)?.into_iter();
        let mut number = || values.next().map_or(f64::NAN, |cost| cost.to_scalar());
        let smooth = number();
        let cost = if self.rounded.is_some() { number() } else { smooth };
        Ok(CostAndGradients { smooth, cost, gradients: values.map(numbers).collect() })
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
    /// algorithm 2.6), and where it leads; `None` where no length does.
    fn search(&self, iterate: &mut Iterate, from: &Here, line: &Line) -> Result<Option<Here>> {
        let slack = from.cost.abs() * if iterate.problem.is_narrow() { SLACK_F32 } else { SLACK };
        let (mut low, mut high, mut t) = (0.0, f64::INFINITY, line.first);
        for tries in 0..TRIES {
            let point: Vec<f64> = from.point.iter().zip(&line.direction).map(|(b, d)| b + t * d).collect();
            let there = self.look(iterate, point)?;
            let slope = dot(&there.gradient, &line.direction);
            // Where the cost or its gradient is undefined, the step is too long.
            let is_defined = there.cost.is_finite() && slope.is_finite();
            let falls = there.cost <= from.cost + ARMIJO * t * line.slope && there.cost < from.cost;
            // Near the end the cost is rounding, and the slope decides (Hager and Zhang 2005, section 2).
            let even = (there.cost - from.cost).abs() <= slack && slope >= line.slope && there.cost <= from.cost;
            if !is_defined {
                high = t;
                t = low + CUT * (t - low);
                continue;
            }
            if !(falls || even) {
                high = t;
            } else if slope < WOLFE * line.slope && tries + 1 < TRIES {
                low = t;
            } else {
                return Ok(Some(there));
            }
            t = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * low };
        }
        Ok(None)
    }
}

/// What is minimized besides penalties, smooth, the same as it is, and the gradient of the first in each factor.
struct CostAndGradients {
    smooth: f64,
    cost: f64,
    gradients: Vec<Vec<f64>>,
}

/// A direction, and the slope of the cost along it.
struct Line {
    direction: Vec<f64>,
    slope: f64,
    /// The length that is tried first.
    first: f64,
}

impl Method for Lbfgs {
    fn held_bytes(&self, _problem: &Bound) -> usize {
        // Pairs, two points, the direction, two gradients: in f64.
        (2 * MEMORY + 4) * self.variables.count() * size_of::<f64>()
    }

    fn plans(&self) -> Vec<SearchPlan<'_>> {
        let costs: &[&str] = if self.rounded.is_some() { &["rounded objective", "objective"] } else { &["objective"] };
        let mut plan = SearchPlan::new("cost and gradients", &self.compiled, costs);
        plan.formulas.extend_from_slice(&self.names);
        let sizes = self.rounded.iter().filter(|rounded| !rounded.kinks.is_empty()).map(|rounded| {
            let names: Vec<&str> = rounded.kinks.iter().map(|_| "mean size").collect();
            SearchPlan::new("sizes of what has a kink", &rounded.sizes, &names).runs(Runs::PerStart)
        });
        std::iter::once(plan).chain(sizes).collect()
    }

    fn finish(&mut self, iterate: &mut Iterate) -> Result<Option<f64>> {
        // Where no stage has begun no step was taken.
        let has_begun = self.rounded.as_ref().is_none_or(|rounded| !rounded.widths.is_empty());
        if self.variables.are_factors() || !has_begun {
            return Ok(None);
        }
        self.set_widths(iterate);
        let factors: Vec<Vec<f64>> = iterate.factors().into_iter().map(numbers).collect();
        let gradients = self.values(iterate)?.gradients;
        let snapped = self.variables.snapped(&factors, &gradients);
        if snapped == factors {
            return Ok(None);
        }
        let penalty = self.put(iterate, snapped);
        Ok(Some(self.values(iterate)?.cost + penalty))
    }

    fn comparable(&self) -> usize {
        self.rounded.as_ref().map_or(usize::MAX, |rounded| rounded.stages.iterations_of_last())
    }

    fn restart(&mut self) {
        self.pairs.clear();
        if let Some(rounded) = &mut self.rounded {
            rounded.stages.restart();
            rounded.widths.clear();
        }
        self.here = None;
    }

    fn state(&self, to: &mut MethodState) {
        to.put_maybe(self.here.as_ref().map(|here| here.cost));
        if let Some(here) = &self.here {
            to.put(here.excess);
            to.put_array(&here.point);
            to.put_array(&here.gradient);
        }
        if let Some(rounded) = &self.rounded {
            rounded.stages.state(to);
            to.put_list(&rounded.widths);
        }
        to.put(self.pairs.len() as f64);
        for pair in &self.pairs {
            to.put(pair.inverse);
            to.put_array(&pair.step);
            to.put_array(&pair.change);
        }
    }

    fn restore(&mut self, from: &mut MethodState) -> Result<()> {
        let count = self.variables.count();
        self.here = match from.take_maybe()? {
            Some(cost) => {
                let (excess, point) = (from.take()?, from.take_array(count)?);
                Some(Here { point, cost, excess, gradient: from.take_gradient(count)? })
            }
            None => None,
        };
        if let Some(rounded) = &mut self.rounded {
            let widths = rounded.kinks.len() + self.variables.groups();
            rounded.stages.restore(from, widths)?;
            rounded.widths = from.take_list(if rounded.stages.has_begun() { widths } else { 0 })?;
        }
        self.pairs.clear();
        for _ in 0..from.take_count()? {
            let inverse = from.take()?;
            self.pairs.push_back(CurvaturePair {
                step: from.take_array(count)?,
                change: from.take_array(count)?,
                inverse,
            });
        }
        Ok(())
    }

    fn step(&mut self, iterate: &mut Iterate) -> Result<StepStats> {
        if self.rounded.as_ref().is_some_and(|rounded| !rounded.widths.is_empty()) {
            self.set_widths(iterate);
        }
        self.begin_stage(iterate)?;
        let here = match self.here.take() {
            Some(here) => here,
            None => {
                let factors: Vec<Vec<f64>> = iterate.factors().into_iter().map(numbers).collect();
                self.look(iterate, self.variables.begin(&factors))?
            }
        };
        let old = iterate.factors();
        loop {
            let direction = self.direction(&here.gradient);
            let slope = dot(&here.gradient, &direction);
            let first = match self.pairs.is_empty() {
                true => (FIRST * length(&here.point).max(1e-3) / length(&here.gradient)).min(f64::MAX),
                false => 1.0,
            };
            let line = Line { direction, slope, first };
            let found = if slope < 0.0 { self.search(iterate, &here, &line)? } else { None };
            if let Some(there) = found {
                self.remember(&here, &there);
                let cost = there.cost - there.excess;
                if let Some(rounded) = &mut self.rounded {
                    rounded.stages.push(there.cost);
                }
                self.here = Some(there);
                return Ok(StepStats { cost, decrease: None, at_rest: false });
            }
            iterate.set_all(&old);
            if self.pairs.is_empty() {
                let cost = here.cost - here.excess;
                self.here = Some(here);
                // There is no way down in this stage: the next one begins.
                if let Some(rounded) = self.rounded.as_mut().filter(|rounded| !rounded.stages.is_last()) {
                    rounded.stages.end();
                    return Ok(StepStats { cost, decrease: None, at_rest: false });
                }
                return Ok(StepStats { cost, decrease: None, at_rest: true });
            }
            // What was remembered misleads here: down the gradient instead.
            self.pairs.clear();
        }
    }
}

impl Lbfgs {
    fn remember(&mut self, from: &Here, to: &Here) {
        let differences = |to: &[f64], from: &[f64]| to.iter().zip(from).map(|(to, from)| to - from).collect();
        let step: Vec<f64> = differences(&to.point, &from.point);
        let change: Vec<f64> = differences(&to.gradient, &from.gradient);
        let product = dot(&step, &change);
        if product > f64::EPSILON * dot(&change, &change) && product.is_finite() && (1.0 / product).is_finite() {
            if self.pairs.len() == MEMORY {
                self.pairs.pop_front();
            }
            self.pairs.push_back(CurvaturePair { step, change, inverse: 1.0 / product });
        }
    }
}

fn numbers(value: Value) -> Vec<f64> {
    value.into_rect::<f64>().data.into_vec()
}

fn length(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

fn add(to: &mut [f64], by: f64, from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(t, f)| *t += by * f);
}
