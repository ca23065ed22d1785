//! Alternating: every factor in turn, each by the block that the subproblem of its part of the objective asks for.
//! In: a bound problem.  Out: `Method`s.
//! Invariant: the cost never rises; an extrapolated start that does not pay is taken back.
//! Not here: what a block does (see `block`), which one a factor gets (see `choice`).

use std::sync::Arc;

use super::balance::Balance;
use super::choice::{StepRule, rule_in_words, step_rule, structure_in_words};
use super::lbfgs::Lbfgs;
use super::momentum::Momentum;
use super::proximal_gradient::rough_part;
use super::reinitialize::Reinitialization;
use super::{Method, StepStats};
use crate::error::Result;
use crate::expr::{Dag, Op, Var};
use crate::facts::joint_degree;
use crate::function::Compiled;
use crate::rows::{PoissonStep, QuadraticStep};
use crate::run::Value;
use crate::solve::block::Block;
use crate::solve::block::cohort::CohortPlace;
use crate::solve::block::conjugate::ConjugateBlock;
use crate::solve::block::entrywise::EntrywiseBlock;
use crate::solve::block::gradient::GradientBlock;
use crate::solve::block::one_pass::OnePass;
use crate::solve::block::plans::{Runs, SearchPlan};
use crate::solve::block::product::Product;
use crate::solve::block::row_block::RowBlock;
use crate::solve::block::state::MethodState;
use crate::solve::derive::{Subproblem, derive};
use crate::solve::problem::iterate::Iterate;
use crate::solve::problem::{Bound, Factor};

/// Block coordinate descent over the factors.
pub(in crate::solve) struct Alternating {
    blocks: Vec<Box<dyn Block>>,
    /// The objective, where the last block does not know it.
    cost: Arc<Compiled>,
    /// Whether it does.
    knows_cost: bool,
    last: Option<f64>,
    momentum: Option<Momentum>,
    rescales: bool,
    balances: Vec<Balance>,
    pairs: Vec<Reinitialization>,
    /// Iterations of this start.
    steps: usize,
    /// Whether one step is to the minimum: there is one factor, and its block is exact.
    is_exact: bool,
}

/// What a step from the minimum may lower a cost by, as a share of it, of f64 and of f32.
const ROUNDING: f64 = 1e-12;
const ROUNDING_F32: f64 = 1e-6;

/// Iterations between looks for dead components.
const LOOK_EVERY: usize = 3;

/// What is done between the steps of the blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coupling {
    /// Extrapolation where it fits, a first step that scales, balanced norms, re-initialized components.
    Accelerated,
    None,
}

impl Alternating {
    /// Why no step rule fits, if none does.
    pub(in crate::solve) fn unsupported(bound: &Bound) -> Option<String> {
        let found = rules(bound).ok()?;
        if found.iter().all(|(_, rule)| *rule == StepRule::Gradient) {
            return Some("no factor's subproblem has a step rule of its own".into());
        }
        let fallback = found.iter().any(|(_, rule)| *rule == StepRule::Gradient);
        if fallback && is_for_lbfgs(bound) {
            return Some(
                "a factor's subproblem has no step rule of its own, and l-bfgs takes all factors at once".into(),
            );
        }
        let rough = if fallback { rough_part(&bound.smooth, bound) } else { None };
        rough.map(|part| format!("{part} has a kink, and is no penalty of one factor alone"))
    }

    pub(in crate::solve) fn prepare(bound: &Bound, memory_limit: usize) -> Result<Box<dyn Method>> {
        Self::with(bound, &rules(bound)?, Coupling::Accelerated, memory_limit)
    }

    /// Each factor, its subproblem and its step rule in words.
    pub(in crate::solve) fn describe(bound: &Bound) -> Result<Vec<String>> {
        let found = rules(bound)?;
        let accelerated = accelerates(&found);
        let line = |(factor, (subproblem, rule)): (&Factor, &(Subproblem, StepRule))| {
            let mut words = vec![structure_in_words(subproblem, factor)];
            words.extend(factor.regularizer.in_words(factor.var.name()));
            let rule = rule_in_words(*rule, subproblem, &factor.regularizer, accelerated);
            format!("{}: {} -> {rule}", factor.var.name(), words.join(", "))
        };
        Ok(bound.factors.iter().zip(&found).map(line).collect())
    }

    pub(super) fn with(
        bound: &Bound,
        found: &[(Subproblem, StepRule)],
        coupling: Coupling,
        memory_limit: usize,
    ) -> Result<Box<dyn Method>> {
        let cost = GradientBlock::costs(bound, memory_limit)?;
        let mut blocks: Vec<Box<dyn Block>> = Vec::new();
        // A block that waits to be joined by the next.
        let mut waiting: Option<RowBlock> = None;
        for (index, (subproblem, rule)) in found.iter().enumerate() {
            let last = index + 1 == found.len();
            if let StepRule::Quadratic(step) = rule {
                let block = RowBlock::quadratic(bound, index, subproblem, *step, last, memory_limit)?;
                match waiting.take() {
                    Some(before) => blocks.extend(OnePass::of(before, block, bound, memory_limit)?),
                    None if OnePass::may_pay(bound) => waiting = Some(block),
                    None => blocks.push(Box::new(block)),
                }
                continue;
            }
            blocks.extend(waiting.take().map(|block| Box::new(block) as Box<dyn Block>));
            blocks.push(match (rule, subproblem) {
                (StepRule::Poisson(step), Subproblem::Poisson(subproblem)) => {
                    Box::new(RowBlock::poisson(bound, index, subproblem, *step, last, memory_limit)?)
                }
                (StepRule::Entrywise, Subproblem::Entrywise { curvature, linear }) => {
                    Box::new(EntrywiseBlock::new(bound, index, [curvature, linear], last, memory_limit)?)
                }
                (StepRule::ConjugateGradients, Subproblem::Coupled(subproblem)) => {
                    Box::new(ConjugateBlock::new(bound, index, subproblem, last, memory_limit)?)
                }
                (_, _) => Box::new(GradientBlock::new(bound, index, &cost, memory_limit)?),
            });
        }
        blocks.extend(waiting.take().map(|block| Box::new(block) as Box<dyn Block>));
        let momentum = (coupling == Coupling::Accelerated && accelerates(found)).then(Momentum::new);
        let accelerated = coupling == Coupling::Accelerated;
        let balances = if accelerated { Balance::all(bound, memory_limit)? } else { Vec::new() };
        let pairs = if accelerated { Reinitialization::all(bound, memory_limit)? } else { Vec::new() };
        Ok(Box::new(Self {
            knows_cost: !matches!(found.last(), Some((Subproblem::Bounded(..), StepRule::Quadratic(_)))),
            blocks,
            cost,
            last: None,
            momentum,
            rescales: accelerated,
            balances,
            pairs,
            steps: 0,
            is_exact: matches!(
                found,
                [(Subproblem::Quadratic(..), StepRule::Quadratic(QuadraticStep::LeastSquares))]
                    | [(Subproblem::Entrywise { .. }, _)]
            ),
        }))
    }

    /// Balances norms that only penalties depend on, and re-initializes dead components; `from` is where the last move
    /// began. Returns how far the cost fell.
    fn between_passes(&mut self, iterate: &mut Iterate, from: &mut Vec<Value>, fell: f64) -> Result<f64> {
        let mut total = 0.0;
        for balance in &self.balances {
            total += balance.apply(iterate, from)?;
        }
        self.steps += 1;
        if self.steps.is_multiple_of(LOOK_EVERY) || fell + total == 0.0 {
            for pair in &mut self.pairs {
                if let Some([before, now]) = pair.reinitialize(iterate, self.steps)? {
                    total += before - now;
                    from.clear();
                }
            }
        }
        Ok(total)
    }

    /// Moves every factor once from where it is.
    fn pass(&mut self, iterate: &mut Iterate) -> Result<(f64, f64)> {
        let mut decrease = 0.0;
        let mut cost = None;
        for block in &mut self.blocks {
            let done = block.step(iterate)?;
            decrease += done.decrease;
            cost = done.cost;
        }
        let cost = match cost {
            Some(cost) => cost,
            None => self.cost.run(&iterate.inputs)?[1].to_scalar(),
        };
        Ok((cost, decrease))
    }
}

impl Method for Alternating {
    fn held_bytes(&self, problem: &Bound) -> usize {
        if self.momentum.is_some() { problem.factor_bytes() } else { 0 }
    }

    fn plans(&self) -> Vec<SearchPlan<'_>> {
        let mut plans: Vec<SearchPlan<'_>> = self.blocks.iter().flat_map(|block| block.plans()).collect();
        if !self.knows_cost {
            plans.push(SearchPlan::new("cost", &self.cost, &["smooth part", "objective"]));
        }
        plans.extend(self.balances.iter().flat_map(Balance::plans));
        let often = Runs::PerIteration(1.0 / LOOK_EVERY as f64);
        plans.extend(self.pairs.iter().map(|pair| pair.plan().runs(often)));
        plans
    }

    fn join(&mut self, cohort: Option<&Arc<CohortPlace>>) {
        self.blocks.iter_mut().for_each(|block| block.join(cohort));
    }

    fn products(&self) -> Vec<&Product> {
        self.blocks.iter().flat_map(|block| block.products()).collect()
    }

    fn restart(&mut self) {
        self.last = None;
        self.steps = 0;
        self.pairs.iter_mut().for_each(Reinitialization::restart);
        self.momentum = self.momentum.as_ref().map(|_| Momentum::new());
        self.blocks.iter_mut().for_each(|block| block.restart());
    }

    fn state(&self, to: &mut MethodState) {
        to.put_maybe(self.last);
        to.put(self.steps as f64);
        self.pairs.iter().for_each(|pair| pair.state(to));
        self.momentum.iter().for_each(|momentum| momentum.state(to));
        self.blocks.iter().for_each(|block| block.state(to));
    }

    fn restore(&mut self, from: &mut MethodState) -> Result<()> {
        self.last = from.take_maybe()?;
        self.steps = from.take_whole()?;
        self.pairs.iter_mut().try_for_each(|pair| pair.restore(from))?;
        self.momentum.iter_mut().try_for_each(|momentum| momentum.restore(from))?;
        self.blocks.iter_mut().try_for_each(|block| block.restore(from))
    }

    fn step(&mut self, iterate: &mut Iterate) -> Result<StepStats> {
        if self.last.is_none() && self.rescales {
            for balance in &self.balances {
                balance.apply(iterate, &mut [])?;
            }
            self.blocks[0].rescale(iterate)?;
        }
        // Shared, and given up before a block moves the factors where nothing is extrapolated from them.
        let mut from = if self.momentum.is_some() { iterate.factors() } else { Vec::new() };
        let ahead = match (&mut self.momentum, self.last) {
            (Some(momentum), Some(last)) => momentum.ahead(iterate).map(|ahead| (ahead, last)),
            (_, _) => None,
        };
        let mut moved = None;
        if let Some((ahead, last)) = ahead {
            iterate.set_all(&ahead);
            drop(ahead);
            let (cost, decrease) = self.pass(iterate)?;
            if cost <= last {
                moved = Some((cost, decrease));
            } else {
                iterate.set_all(&from);
            }
            if let Some(momentum) = &mut self.momentum {
                if moved.is_some() { momentum.paid() } else { momentum.failed() }
            }
        }
        let (mut cost, mut decrease) = match moved {
            Some(moved) => moved,
            None => self.pass(iterate)?,
        };
        let fell = self.between_passes(iterate, &mut from, decrease)?;
        (cost, decrease) = (cost - fell, decrease + fell);
        if let Some(momentum) = &mut self.momentum {
            momentum.before = Some(from).filter(|from| !from.is_empty());
        }
        self.last = Some(cost);
        // A step from the minimum is rounding.
        let rounding = if iterate.problem.is_narrow() { ROUNDING_F32 } else { ROUNDING };
        let at_rest = decrease == 0.0 || (self.is_exact && decrease <= rounding * cost.abs());
        Ok(StepStats { cost, decrease: Some(decrease), at_rest })
    }
}

/// Whether all factors at once down quasi-Newton directions do better than a gradient step for one of them: where the
/// objective is no polynomial, and no step of all is too long for an exponential.
fn is_for_lbfgs(bound: &Bound) -> bool {
    let is_factor = |var: &Var| bound.factors.iter().any(|factor| factor.var == *var);
    let dag = Dag::new(std::slice::from_ref(&bound.smooth));
    let of_factor = dag.depends(|id| dag.expr(id).as_var().is_some_and(is_factor));
    let has_exp = dag.ids().any(|id| of_factor[id.index()] && *dag.op(id) == Op::Exp);
    !has_exp && joint_degree(&bound.smooth, &is_factor).is_none() && Lbfgs::unsupported(bound).is_none()
}

fn rules(bound: &Bound) -> Result<Vec<(Subproblem, StepRule)>> {
    let subproblems = derive(bound)?;
    let with_rule = |(subproblem, factor): (&Subproblem, &Factor)| (subproblem.clone(), step_rule(factor, subproblem));
    Ok(subproblems.iter().zip(&bound.factors).map(with_rule).collect())
}

/// Whether extrapolation fits: the parts are parabolas or Poisson, along which it does no harm that its guard does not
/// see. On counts of words (sotu, rank 10) a divergence that took 300 iterations without it took 116.
fn accelerates(found: &[(Subproblem, StepRule)]) -> bool {
    found.len() > 1
        && found.iter().all(|(_, rule)| {
            matches!(
                rule,
                StepRule::Quadratic(_)
                    | StepRule::Entrywise
                    | StepRule::ConjugateGradients
                    | StepRule::Poisson(PoissonStep::Newton)
            )
        })
}
