//! Kkt: how far factors are from where no small step lowers the cost.
//! In: a bound problem with its factors in place.  Out: a residual a factor, as a share of the cost.
//! Invariant: 0 exactly where the conditions of Karush, Kuhn and Tucker hold, whatever method moved the factors.
//! Not here: when a search stops (see `driver`).

use crate::data::{Dtype, Real};
use crate::error::Result;
use crate::function::Compiled;
use crate::grad::differentiate;
use crate::run::{Numbers, Value, sum_by};
use crate::solve::block::plans::SearchPlan;
use crate::solve::method::proximal_gradient::rough_part;
use crate::solve::problem::iterate::Iterate;
use crate::solve::problem::{Bound, Factor};

/// The gradients of the smooth part, planned together.
pub(in crate::solve) struct Kkt {
    gradients: Compiled,
    names: Vec<String>,
}

impl Kkt {
    /// `None` where the smooth part has a kink, at which a gradient says little.
    ///
    /// # Errors
    /// `Limit` where the plan needs more than `memory_limit` bytes.
    pub(in crate::solve) fn new(bound: &Bound, memory_limit: usize) -> Result<Option<Self>> {
        if rough_part(&bound.smooth, bound).is_some() {
            return Ok(None);
        }
        let gradients = differentiate(&bound.smooth, &bound.factor_exprs());
        Ok(Some(Self {
            gradients: Compiled::new(&gradients, &bound.givens, memory_limit)?,
            names: bound.gradient_names(),
        }))
    }

    pub(in crate::solve) fn plan(&self) -> SearchPlan<'_> {
        let mut plan = SearchPlan::new("gradients, for the stopping test", &self.gradients, &[]);
        plan.formulas.extend_from_slice(&self.names);
        plan
    }

    /// The step length of each factor at the start of a search: its own length over that of its gradient, so that
    /// shares don't depend on the scale of data and factors.
    pub(in crate::solve) fn step_lengths(&self, iterate: &Iterate) -> Result<Vec<f64>> {
        let gradients = self.gradients.run(&iterate.inputs)?;
        let of = |(b, g): (Value, Value)| step_length(&b, &g).unwrap_or(1.0);
        Ok(iterate.factors().into_iter().zip(gradients).map(of).collect())
    }

    /// For each factor the length of its proximal gradient step (of its own length, or `lengths` where it has none)
    /// times its own length, as a share of a cost: by what share of that the slope would lower the cost if the factor
    /// moved by its own length. Scaling the data, or one factor up and another down, does not change it.
    pub(in crate::solve) fn shares(&self, lengths: &[f64], cost: f64, iterate: &Iterate) -> Result<Vec<f64>> {
        let gradients = self.gradients.run(&iterate.inputs)?;
        let all = iterate.factors().into_iter().zip(gradients).zip(iterate.problem.factors.iter().zip(lengths));
        Ok(all
            .map(|((b, g), (factor, &at_start))| {
                let t = step_length(&b, &g).unwrap_or(at_start);
                let now = match b.dtype() {
                    Dtype::F32 => residual::<f32>(factor, &b, g, t),
                    Dtype::F64 => residual::<f64>(factor, &b, g, t),
                };
                let own = Some(length(&b)).filter(|own| *own > 0.0).unwrap_or(t * now);
                if now == 0.0 { 0.0 } else { (now / cost * own).min(f64::MAX) }
            })
            .collect())
    }
}

/// |B - prox_t(B - t g)| / t: the length of the proximal gradient step, which is that of the gradient where there is
/// nothing but the smooth part, and of the projected gradient inside bounds (Parikh and Boyd 2014, section 4.2).
fn residual<T: Numbers>(factor: &Factor, b: &Value, gradient: Value, t: f64) -> f64 {
    if factor.regularizer.is_empty() {
        return length(&gradient);
    }
    let (b, mut moved) = (b.rect::<T>(), gradient.into_rect::<T>());
    let numbers = moved.make_mut();
    numbers.iter_mut().zip(b.data.iter()).for_each(|(g, b)| *g = T::from_f64(b.to_f64() - t * g.to_f64()));
    factor.regularizer.apply(numbers, b.shape, t);
    let steps = moved.data.iter().zip(b.data.iter()).map(|(moved, b)| (moved.to_f64() - b.to_f64()) / t);
    euclidean(&steps.collect::<Vec<f64>>())
}

/// The length of a factor over that of its gradient; `None` where one of them has none.
fn step_length(b: &Value, gradient: &Value) -> Option<f64> {
    let t = length(b) / length(gradient);
    (t > 0.0 && t.is_finite()).then_some(t)
}

/// The Euclidean length of all entries.
fn length(value: &Value) -> f64 {
    match value.dtype() {
        Dtype::F32 => euclidean(&value.rect::<f32>().data),
        Dtype::F64 => euclidean(&value.rect::<f64>().data),
    }
}

/// The Euclidean length of some numbers, without overflow or underflow on the way.
fn euclidean<T: Real>(numbers: &[T]) -> f64 {
    let most = numbers.iter().fold(0.0_f64, |most, x| most.max(x.to_f64().abs()));
    if most == 0.0 || !most.is_finite() {
        return most;
    }
    most * sum_by(numbers, |x| (x.to_f64() / most) * (x.to_f64() / most)).sqrt()
}
