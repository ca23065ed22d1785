//! Gradient: a factor moved by a gradient step on the smooth part, then the proximal map of the rest.
//! In: the smooth part and its gradient, compiled.  Out: the factor moved.
//! Law: the smooth part is at most its quadratic upper bound at the new place, or the factor stays.
//! Not here: forms for which there is something better (see `quadratic`, `poisson`).

use std::sync::Arc;

use super::{Block, Done};
use crate::error::Result;
use crate::function::Compiled;
use crate::grad::differentiate;
use crate::run::Dense;
use crate::solve::problem::Bound;

/// Halvings of a step before a factor is left where it is.
const MAX_HALVINGS: usize = 60;
/// A step that was accepted at once may be this much longer the next time.
const GROW: f64 = 1.5;

/// Proximal linearised step of one factor (Bolte, Sabach and Teboulle 2014, algorithm 1), its length by backtracking on
/// the quadratic upper bound (Beck and Teboulle 2009, section 4).
pub(in crate::solve) struct GradientBlock {
    index: usize,
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
        Ok(Self { index, slope, costs: costs.clone(), length: None })
    }
}

/// What rounding products to f32 makes of a sum of many of them, as a share of it, about.
const NARROW_SLACK: f64 = 1e-8;

impl Block for GradientBlock {
    fn restart(&mut self) {
        self.length = None;
    }

    fn step(&mut self, bound: &mut Bound, factors: &mut [Arc<Dense>]) -> Result<Done> {
        let index = self.index;
        let stays = Done { decrease: 0.0, cost: None };
        let mut values = self.slope.run(&bound.inputs)?;
        let gradient = values.remove(1).into_dense();
        let smooth = values[0].to_scalar();
        let steepness = gradient.data.iter().map(|g| g * g).sum::<f64>().sqrt();
        if steepness == 0.0 && bound.factors[index].prox.is_empty() {
            return Ok(stays);
        }
        let size = factors[index].data.iter().map(|b| b * b).sum::<f64>().sqrt();
        let first = if steepness > 0.0 { size.max(1e-3) / steepness } else { 1.0 };
        let mut t = self.length.unwrap_or(first);
        let prox = bound.factors[index].prox;
        for halving in 0..MAX_HALVINGS {
            let mut new = Dense::clone(&factors[index]);
            new.data.iter_mut().zip(&gradient.data).for_each(|(b, g)| *b -= t * g);
            prox.apply(&mut new.data, new.shape, t);
            let (mut along, mut squares) = (0.0, 0.0);
            for ((b, old), g) in new.data.iter().zip(&factors[index].data).zip(&gradient.data) {
                along += g * (b - old);
                squares += (b - old) * (b - old);
            }
            if squares == 0.0 {
                break;
            }
            let new = Arc::new(new);
            bound.place(index, &new);
            let values = self.costs.run(&bound.inputs)?;
            // Rounding of the smooth part must not count as a rise.
            let slack = if bound.is_narrow() { NARROW_SLACK } else { 8.0 * f64::EPSILON } * smooth.abs();
            if values[0].to_scalar() <= smooth + along + squares / (2.0 * t) + slack {
                self.length = Some(if halving == 0 { t * GROW } else { t });
                let before = prox.penalty(&factors[index].data, new.shape);
                let gained = before - prox.penalty(&new.data, new.shape);
                let decrease = (gained - along - squares / (2.0 * t)).max(0.0);
                factors[index] = new;
                return Ok(Done { decrease, cost: Some(values[1].to_scalar()) });
            }
            t *= 0.5;
        }
        bound.place(index, &factors[index]);
        Ok(stays)
    }
}
