//! Proximal-gradient: for each factor in turn a gradient step on the smooth part, then the proximal map of the rest.
//! In: a bound problem.  Out: a `Method`.
//! Law: the cost never rises; each factor stays feasible; penalties leave exact zeros.
//! Not here: which terms are smooth (see `split`), the maps (see `prox`).

use std::sync::Arc;

use super::method::{Method, Moved};
use super::problem::Bound;
use crate::error::Result;
use crate::expr::{Expr, Op};
use crate::function::Compiled;
use crate::grad::differentiate;
use crate::run::Dense;

/// Halvings of a step before a factor is left where it is.
const MAX_HALVINGS: usize = 60;
/// A step that was accepted at once may be this much longer the next time.
const GROW: f64 = 1.5;

/// Proximal alternating linearised minimisation (Bolte, Sabach and Teboulle 2014, algorithm 1), step lengths by
/// backtracking on the quadratic upper bound (Beck and Teboulle 2009, section 4).
pub(super) struct ProximalGradient {
    /// For each factor: the smooth part and its gradient by that factor.
    slopes: Vec<Compiled>,
    /// The smooth part and the objective.
    costs: Compiled,
    lengths: Vec<Option<f64>>,
}

impl ProximalGradient {
    /// Why it does not fit, if it does not.
    pub(super) fn misfit(bound: &Bound) -> Option<String> {
        let part = rough_part(&bound.smooth, bound)?;
        Some(format!("{part} has a kink, and is no penalty of one factor alone"))
    }

    pub(super) fn prepare(bound: &Bound, memory_limit: usize) -> Result<Box<dyn Method>> {
        let mut slopes = Vec::new();
        for factor in bound.factor_exprs() {
            let gradient = differentiate(&bound.smooth, std::slice::from_ref(&factor)).remove(0);
            slopes.push(Compiled::new(&[bound.smooth.clone(), gradient], &bound.givens, memory_limit)?);
        }
        let costs = Compiled::new(&[bound.smooth.clone(), bound.objective.clone()], &bound.givens, memory_limit)?;
        Ok(Box::new(Self { lengths: vec![None; slopes.len()], slopes, costs }))
    }
}

impl Method for ProximalGradient {
    fn step(&mut self, bound: &mut Bound, factors: &mut [Arc<Dense>]) -> Result<Moved> {
        bound.place_all(factors);
        let mut cost = None;
        let mut moved = false;
        for index in 0..factors.len() {
            if let Some(new) = self.move_factor(bound, factors, index)? {
                cost = Some(new);
                moved = true;
            }
        }
        let cost = match cost {
            Some(cost) => cost,
            None => self.costs.run(&bound.inputs)?[1].to_scalar(),
        };
        Ok(Moved { cost, at_rest: !moved })
    }
}

impl ProximalGradient {
    /// The objective after moving one factor; `None` where no step lowers it.
    fn move_factor(&mut self, bound: &mut Bound, factors: &mut [Arc<Dense>], index: usize) -> Result<Option<f64>> {
        let mut values = self.slopes[index].run(&bound.inputs)?;
        let gradient = values.remove(1).into_dense();
        let smooth = values[0].to_scalar();
        let steepness = gradient.data.iter().map(|g| g * g).sum::<f64>().sqrt();
        if steepness == 0.0 && bound.factors[index].prox.is_empty() {
            return Ok(None);
        }
        let size = factors[index].data.iter().map(|b| b * b).sum::<f64>().sqrt();
        let first = if steepness > 0.0 { size.max(1e-3) / steepness } else { 1.0 };
        let mut t = self.lengths[index].unwrap_or(first);
        for halving in 0..MAX_HALVINGS {
            let mut new = Dense::clone(&factors[index]);
            new.data.iter_mut().zip(&gradient.data).for_each(|(b, g)| *b -= t * g);
            bound.factors[index].prox.apply(&mut new.data, new.shape, t);
            let (mut along, mut squares) = (0.0, 0.0);
            for ((b, old), g) in new.data.iter().zip(&factors[index].data).zip(&gradient.data) {
                along += g * (b - old);
                squares += (b - old) * (b - old);
            }
            if squares == 0.0 {
                return Ok(None);
            }
            let new = Arc::new(new);
            bound.place(index, &new);
            let values = self.costs.run(&bound.inputs)?;
            // Rounding of the smooth part must not count as a rise.
            let slack = 8.0 * f64::EPSILON * smooth.abs();
            if values[0].to_scalar() <= smooth + along + squares / (2.0 * t) + slack {
                self.lengths[index] = Some(if halving == 0 { t * GROW } else { t });
                factors[index] = new;
                return Ok(Some(values[1].to_scalar()));
            }
            t *= 0.5;
        }
        bound.place(index, &factors[index]);
        Ok(None)
    }
}

/// A part of the smooth rest that is not smooth in a factor.
fn rough_part(smooth: &Expr, bound: &Bound) -> Option<Expr> {
    let dag = crate::expr::Dag::new(std::slice::from_ref(smooth));
    let of_factor = |id| dag.expr(id).as_var().is_some_and(|v| bound.factors.iter().any(|f| f.var == *v));
    let depends = dag.depends(of_factor);
    let rough = |op: &Op| matches!(op, Op::Abs | Op::Sign | Op::Greater | Op::Max | Op::Min);
    // |z| within Huber's loss is smooth as a whole, and so is the least of it and delta.
    let smoothed = |id| is_huber(&dag, id) || (*dag.op(id) == Op::Min && is_huber(&dag, dag.args(id)[0]));
    let mut kinks = dag.ids().filter(|&id| depends[id.index()] && rough(dag.op(id)) && !smoothed(id));
    kinks.next().map(|id| dag.expr(id).clone())
}

/// Whether a node is the absolute value inside `huber(z, delta)`, the only way the language has of making a kink smooth,
/// and is read by nothing else.
fn is_huber(dag: &crate::expr::Dag, size: crate::expr::Id) -> bool {
    let readers: Vec<crate::expr::Id> = dag.ids().filter(|&id| dag.args(id).contains(&size)).collect();
    let read_by = |op: &Op| readers.iter().any(|&id| dag.op(id) == op && dag.args(id)[0] == size);
    let by_others = readers.iter().any(|&id| !matches!(dag.op(id), Op::Min | Op::Sub) || dag.args(id)[0] != size);
    *dag.op(size) == Op::Abs && read_by(&Op::Min) && read_by(&Op::Sub) && !by_others
}
