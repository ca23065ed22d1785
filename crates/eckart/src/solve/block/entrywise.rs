//! Entrywise: a factor of which every entry has a quadratic of its own, moved to the minimum.
//! In: half the second derivative and the linear term of each entry, compiled.  Out: the factor moved.
//! Invariant: exact under bounds and l1, also where a quadratic is concave; an entry without a minimum stays; the
//! decrease is a sum of terms that are not negative.
//! Not here: quadratics that rows share (see `row_block`).

use super::plans::SearchPlan;
use super::{Block, Done};
use crate::error::Result;
use crate::expr::Expr;
use crate::function::Compiled;
use crate::run::{Numbers, Value};
use crate::solve::problem::Bound;
use crate::solve::problem::iterate::Iterate;

/// A factor whose entries are independent, as S of `X - W @ H - S`.
pub(in crate::solve) struct EntrywiseBlock {
    index: usize,
    name: String,
    /// The curvature and the linear term, and where `costs` the objective.
    compiled: Compiled,
    costs: bool,
}

impl EntrywiseBlock {
    /// A block for factor `index`, of its curvature and linear term; where `costs`, the objective is computed along.
    ///
    /// # Errors
    /// `Limit` where the plan needs more than `memory_limit` bytes.
    pub(in crate::solve) fn new(
        bound: &Bound,
        index: usize,
        [curvature, linear]: [&Expr; 2],
        costs: bool,
        memory_limit: usize,
    ) -> Result<Self> {
        let mut roots = vec![curvature.clone(), linear.clone()];
        roots.extend(costs.then(|| bound.objective.clone()));
        let compiled = Compiled::new(&roots, &bound.givens, memory_limit)?;
        Ok(Self { index, name: bound.factors[index].var.name().to_owned(), compiled, costs })
    }

    fn step_in<T: Numbers>(&self, iterate: &mut Iterate) -> Result<Done> {
        let mut values = self.compiled.run(&iterate.inputs)?;
        let before = if self.costs { values.pop().map(|cost| cost.to_scalar()) } else { None };
        let linear = values.remove(1).into_rect::<T>();
        let curvature = values.remove(0).into_rect::<T>();
        let entries = iterate.problem.factors[self.index].regularizer.entries;
        let mut factor = iterate.take(self.index).into_rect::<T>();
        let mut decrease = 0.0;
        for (b, (q, l)) in factor.make_mut().iter_mut().zip(curvature.data.iter().zip(linear.data.iter())) {
            let (old, q, l) = (b.to_f64(), q.to_f64(), l.to_f64());
            let half = q * old - l;
            let new = match q {
                q if q > 0.0 => entries.minimum(l / q, q),
                q if q < 0.0 => entries.minimum_of_concave(old, q, l),
                _ => entries.minimum_on_line(old, half),
            };
            let new = T::from_f64(new);
            let d = new.to_f64() - old;
            let fell = entries.l1 * (old.abs() - new.to_f64().abs()) - (2.0 * half + q * d) * d;
            if fell > 0.0 && new.to_f64().is_finite() {
                *b = new;
                decrease += fell;
            }
        }
        iterate.set(self.index, Value::of_rect(factor));
        Ok(Done { decrease, cost: before.map(|cost| cost - decrease) })
    }
}

impl Block for EntrywiseBlock {
    fn plans(&self) -> Vec<SearchPlan<'_>> {
        let results = &["curvature", "linear term", "objective"][..if self.costs { 3 } else { 2 }];
        vec![SearchPlan::new(format!("subproblem in {}", self.name), &self.compiled, results)]
    }

    fn step(&mut self, iterate: &mut Iterate) -> Result<Done> {
        if iterate.problem.is_narrow() { self.step_in::<f32>(iterate) } else { self.step_in::<f64>(iterate) }
    }
}
