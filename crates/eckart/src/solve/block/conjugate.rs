//! Conjugate: a free factor of a quadratic subproblem with coupled rows, moved by conjugate gradients.
//! In: the gradient and the image of a direction under the Hessian, compiled.  Out: the factor moved towards its
//! minimum.
//! Invariant: the decrease is a sum of terms that are not negative; along a direction of no curvature the factor stays.
//! Not here: rows that are independent (see `quadratic`).

use super::plans::{Runs, SearchPlan};
use super::{Block, Done};
use crate::error::Result;
use crate::expr::Var;
use crate::facts::Given;
use crate::function::Compiled;
use crate::run::{Numbers, Rect, Value, dot};
use crate::solve::derive::Coupled;
use crate::solve::problem::Bound;
use crate::solve::problem::iterate::Iterate;

/// Steps from one gradient, at most: the others move next, so an inexact minimum serves.
const STEPS: usize = 20;
/// The share of its length to which the gradient is brought down.
const ENOUGH: f64 = 0.05;

/// Conjugate gradients on H D = -g (Hestenes and Stiefel 1952; Golub and Van Loan 2013, algorithm 11.3.3).
pub(in crate::solve) struct ConjugateBlock {
    index: usize,
    direction: Var,
    /// The gradient and, where `costs`, the objective.
    slope: Compiled,
    image: Compiled,
    costs: bool,
    name: String,
}

impl ConjugateBlock {
    /// A block for factor `index`; where `costs`, the objective is computed along.
    ///
    /// # Errors
    /// `Limit` where the plan needs more than `memory_limit` bytes.
    pub(in crate::solve) fn new(
        bound: &Bound,
        index: usize,
        coupled: &Coupled,
        costs: bool,
        memory_limit: usize,
    ) -> Result<Self> {
        let mut roots = vec![coupled.gradient.clone()];
        roots.extend(costs.then(|| bound.objective.clone()));
        let slope = Compiled::new(&roots, &bound.givens, memory_limit)?;
        let shape = bound.factors[index].shape;
        let mut givens = bound.givens.clone();
        let given = Given { dtype: bound.dtype(), ..Given::dense(shape.rows, shape.cols) };
        givens.insert(coupled.direction.clone(), given);
        let name = bound.factors[index].var.name().to_owned();
        let image = Compiled::new(std::slice::from_ref(&coupled.image), &givens, memory_limit)?;
        Ok(Self { index, direction: coupled.direction.clone(), slope, image, costs, name })
    }

    fn image<T: Numbers>(&self, iterate: &mut Iterate, direction: &Rect<T>) -> Result<Rect<T>> {
        iterate.inputs.set(&self.direction, Value::of_rect(direction.clone()));
        let image = self.image.run(&iterate.inputs)?.remove(0).into_rect();
        drop(iterate.inputs.take(&self.direction));
        Ok(image)
    }

    fn step_in<T: Numbers>(&self, iterate: &mut Iterate) -> Result<Done> {
        let mut values = self.slope.run(&iterate.inputs)?;
        let before = if self.costs { values.pop().map(|cost| cost.to_scalar()) } else { None };
        let mut rest = values.remove(0).into_rect::<T>();
        rest.make_mut().iter_mut().for_each(|g| *g = T::from_f64(-g.to_f64()));
        let first = dot(&rest.data, &rest.data);
        let (mut direction, mut squares) = (rest.clone(), first);
        let mut new = iterate.take(self.index).into_rect::<T>();
        iterate.set(self.index, Value::of_rect(new.clone()));
        let mut decrease = 0.0;
        for _ in 0..STEPS.min(new.shape.entries()) {
            if squares <= ENOUGH * ENOUGH * first || squares == 0.0 || !squares.is_finite() {
                break;
            }
            let image = self.image(iterate, &direction)?;
            let curvature = dot(&direction.data, &image.data);
            let length = squares / curvature;
            if !(curvature > 0.0 && length.is_finite()) {
                break;
            }
            add(&mut new, length, &direction);
            add(&mut rest, -length, &image);
            decrease += 0.5 * length * squares;
            let last = std::mem::replace(&mut squares, dot(&rest.data, &rest.data));
            let on = squares / last;
            let numbers = direction.make_mut().iter_mut().zip(rest.data.iter());
            numbers.for_each(|(d, r)| *d = T::from_f64(r.to_f64() + on * d.to_f64()));
        }
        iterate.set(self.index, Value::of_rect(new));
        Ok(Done { decrease, cost: before.map(|cost| cost - decrease) })
    }
}

impl Block for ConjugateBlock {
    fn plans(&self) -> Vec<SearchPlan<'_>> {
        let results: &[&str] = if self.costs { &["gradient", "objective"] } else { &["gradient"] };
        let slope = SearchPlan::new(format!("subproblem in {}", self.name), &self.slope, results);
        let image = SearchPlan::new(format!("Hessian times a direction, in {}", self.name), &self.image, &["product"]);
        vec![slope, image.runs(Runs::PerIteration(STEPS as f64))]
    }

    fn step(&mut self, iterate: &mut Iterate) -> Result<Done> {
        if iterate.problem.is_narrow() { self.step_in::<f32>(iterate) } else { self.step_in::<f64>(iterate) }
    }
}

/// `to` += by `from`.
fn add<T: Numbers>(to: &mut Rect<T>, by: f64, from: &Rect<T>) {
    let numbers = to.make_mut().iter_mut().zip(from.data.iter());
    numbers.for_each(|(t, f)| *t = T::from_f64(t.to_f64() + by * f.to_f64()));
}
