//! Proximal-gradient: for each factor in turn a gradient step on the smooth part, then the proximal map of the rest.
//! In: a bound problem.  Out: a `Method`.
//! Invariant: the cost never rises; each factor stays feasible; penalties leave exact zeros.
//! Not here: the step of one factor (see `block::gradient`), which terms are smooth (see `split`), the maps (see
//! `rows::regularizer`).

use std::sync::Arc;

use super::{Method, StepStats};
use crate::error::Result;
use crate::expr::{Dag, Expr, Huber, Id, Op, huber_at};
use crate::function::Compiled;
use crate::solve::block::Block;
use crate::solve::block::gradient::GradientBlock;
use crate::solve::block::plans::SearchPlan;
use crate::solve::block::state::MethodState;
use crate::solve::problem::Bound;
use crate::solve::problem::iterate::Iterate;

/// Proximal alternating linearized minimization (Bolte, Sabach and Teboulle 2014, algorithm 1): the gradient's block
/// for every factor.
pub(in crate::solve) struct ProximalGradient {
    blocks: Vec<GradientBlock>,
    costs: Arc<Compiled>,
}

impl ProximalGradient {
    /// Why it does not fit, if it does not.
    pub(in crate::solve) fn unsupported(bound: &Bound) -> Option<String> {
        let part = rough_part(&bound.smooth, bound)?;
        Some(format!("{part} has a kink, and is no penalty of one factor alone"))
    }

    pub(in crate::solve) fn prepare(bound: &Bound, memory_limit: usize) -> Result<Box<dyn Method>> {
        let costs = GradientBlock::costs(bound, memory_limit)?;
        let block = |index| GradientBlock::new(bound, index, &costs, memory_limit);
        let blocks = (0..bound.factors.len()).map(block).collect::<Result<_>>()?;
        Ok(Box::new(Self { blocks, costs }))
    }
}

impl Method for ProximalGradient {
    fn held_bytes(&self, problem: &Bound) -> usize {
        problem.factor_bytes()
    }

    fn plans(&self) -> Vec<SearchPlan<'_>> {
        self.blocks.iter().flat_map(Block::plans).collect()
    }

    fn restart(&mut self) {
        self.blocks.iter_mut().for_each(Block::restart);
    }

    fn state(&self, to: &mut MethodState) {
        self.blocks.iter().for_each(|block| block.state(to));
    }

    fn restore(&mut self, from: &mut MethodState) -> Result<()> {
        self.blocks.iter_mut().try_for_each(|block| block.restore(from))
    }

    fn step(&mut self, iterate: &mut Iterate) -> Result<StepStats> {
        let mut cost = None;
        for block in &mut self.blocks {
            cost = block.step(iterate)?.cost.or(cost);
        }
        let at_rest = cost.is_none();
        let cost = match cost {
            Some(cost) => cost,
            None => self.costs.run(&iterate.inputs)?[1].to_scalar(),
        };
        Ok(StepStats { cost, decrease: None, at_rest })
    }
}

/// A part of the smooth rest that is not smooth in a factor.
pub(in crate::solve) fn rough_part(smooth: &Expr, bound: &Bound) -> Option<Expr> {
    let dag = Dag::new(std::slice::from_ref(smooth));
    kinks(&dag, bound).first().map(|&id| dag.expr(id).clone())
}

/// All such parts, the inner ones first.
pub(super) fn kinks(dag: &Dag, bound: &Bound) -> Vec<Id> {
    let of_factor = |id| dag.expr(id).as_var().is_some_and(|v| bound.factors.iter().any(|f| f.var == *v));
    let depends = dag.depends(of_factor);
    let rough = |op: &Op| matches!(op, Op::Abs | Op::Sign | Op::Greater | Op::Max | Op::Min);
    let losses: Vec<Huber> = dag.ids().filter_map(|id| huber_at(dag, id)).collect();
    // The kinks within Huber's loss cancel, where nothing else reads them.
    let smoothed = |id: Id| {
        let of = || losses.iter().filter(|loss| loss.kinks.contains(&id));
        let mut readers = dag.ids().filter(|&reader| dag.args(reader).contains(&id));
        of().next().is_some() && readers.all(|reader| of().any(|loss| loss.parts.contains(&reader)))
    };
    let is_kink = |id: Id| rough(dag.op(id)) && !smoothed(id) || is_norm(dag, id);
    dag.ids().filter(|&id| depends[id.index()] && is_kink(id)).collect()
}

/// Whether a part is a matrix of square roots of sums of squares, which have a kink where all of these are 0.
fn is_norm(dag: &Dag, id: Id) -> bool {
    let is = |id: Id, op: Op, number: f64| *dag.op(id) == op && dag.expr(dag.args(id)[1]).as_number() == Some(number);
    if !is(id, Op::Pow, 0.5) {
        return false;
    }
    let upright = |id: Id| if *dag.op(id) == Op::Transpose { dag.args(id)[0] } else { id };
    let of = upright(dag.args(id)[0]);
    let sums = matches!(dag.op(of), Op::RowSum | Op::ColSum | Op::MatMul);
    sums && dag.args(of).iter().any(|&arg| is(upright(arg), Op::Pow, 2.0))
}
