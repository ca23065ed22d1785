//! Alternating: every factor in turn, each by the block that the form of its part of the objective asks for.
//! In: a bound problem.  Out: `Method`s.
//! Invariant: the cost never rises; an extrapolated start that does not pay is taken back.
//! Not here: what a block does (see `block`), which one a factor gets (see `choice`).

use std::sync::Arc;

use super::balance::Balance;
use super::choice::{Way, form_in_words, way, way_in_words};
use super::proximal_gradient::rough_part;
use super::reinitialize::Revival;
use super::{Method, Moved};
use crate::error::Result;
use crate::function::Compiled;
use crate::run::{Numbers, Value, sum_rows};
use crate::solve::block::hoisted::Product;
use crate::solve::block::{
    Block, ConjugateBlock, GradientBlock, PoissonBlock, PoissonStep, QuadraticBlock, QuadraticStep,
};
use crate::solve::derive::{Form, derive};
use crate::solve::problem::{Bound, Factor};
use crate::solve::search::checkpoint::State;

/// The extrapolation of Ang and Gillis (2019, algorithm 2): the share of the last move that is added before the next.
struct Momentum {
    share: f64,
    most: f64,
    before: Option<Vec<Value>>,
}

impl Momentum {
    const FIRST: f64 = 0.5;
    /// The share grows by this where the cost fell.
    const GROW: f64 = 1.05;
    /// And so does the most that it may be.
    const GROW_MOST: f64 = 1.01;
    /// It shrinks by this where the cost rose.
    const SHRINK: f64 = 1.5;

    fn new() -> Self {
        Self { share: Self::FIRST, most: 1.0, before: None }
    }

    /// The factors, moved on by a share of their last move, feasible: in the place of those before that move.
    fn ahead(&mut self, bound: &Bound, factors: &[Value]) -> Option<Vec<Value>> {
        let before = self.before.take()?;
        let move_on = |((now, before), factor): ((&Value, Value), &Factor)| match bound.is_narrow() {
            true => moved_on::<f32>(now, before, self.share, factor),
            false => moved_on::<f64>(now, before, self.share, factor),
        };
        Some(factors.iter().zip(before).zip(&bound.factors).map(move_on).collect())
    }

    fn paid(&mut self) {
        self.most = (self.most * Self::GROW_MOST).min(1.0);
        self.share = (self.share * Self::GROW).min(self.most);
    }

    fn failed(&mut self) {
        self.most = self.share;
        self.share /= Self::SHRINK;
    }
}

fn moved_on<T: Numbers>(now: &Value, before: Value, share: f64, factor: &Factor) -> Value {
    let (now, mut numbers) = (now.rect::<T>(), before.into_rect::<T>());
    let cols = factor.shape.cols;
    sum_rows(numbers.make_mut(), cols, |range, part| {
        let now = &now.data[range.start * cols..range.end * cols];
        for (old, now) in part.iter_mut().zip(now) {
            *old = T::from_f64(now.to_f64() + share * (now.to_f64() - old.to_f64()));
        }
        0.0
    });
    factor.prox.constraints().apply(numbers.make_mut(), factor.shape, 1.0);
    Value::of_rect(numbers)
}

/// Block coordinate descent over the factors.
pub(in crate::solve) struct Alternating {
    blocks: Vec<Box<dyn Block>>,
    /// The objective, where the last block does not know it.
    cost: Arc<Compiled>,
    last: Option<f64>,
    momentum: Option<Momentum>,
    rescales: bool,
    balances: Vec<Balance>,
    revivals: Vec<Revival>,
    /// Iterations of this start.
    steps: usize,
    /// Whether a block's step is still growing back.
    tries: bool,
}

/// Iterations between looks for components that have become 0: no more than are of no account before a start has
/// settled.
const REVIVE_EVERY: usize = 3;

/// What ties the blocks together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ties {
    /// Extrapolation where it fits, and a first step that scales.
    Accelerated,
    /// Nothing.
    Plain,
}

impl Alternating {
    /// Why a factor's own way does not fit, if it does not.
    pub(in crate::solve) fn misfit(bound: &Bound) -> Option<String> {
        let found = ways(bound).ok()?;
        if found.iter().all(|(_, way)| *way == Way::Gradient) {
            return Some("no factor's part of the objective has a form with a method of its own".into());
        }
        let fallback = found.iter().any(|(_, way)| *way == Way::Gradient);
        let rough = if fallback { rough_part(&bound.smooth, bound) } else { None };
        rough.map(|part| format!("{part} has a kink, and is no penalty of one factor alone"))
    }

    pub(in crate::solve) fn prepare(bound: &Bound, memory_limit: usize) -> Result<Box<dyn Method>> {
        Self::with(bound, &ways(bound)?, Ties::Accelerated, memory_limit)
    }

    /// Each factor, its form and its way in words.
    pub(in crate::solve) fn describe(bound: &Bound) -> Result<Vec<String>> {
        let found = ways(bound)?;
        let accelerated = accelerates(&found);
        let line = |(factor, (form, way)): (&Factor, &(Form, Way))| {
            let mut words = vec![form_in_words(form, factor)];
            words.extend(factor.prox.in_words(factor.var.name()));
            let way = way_in_words(*way, form, &factor.prox, accelerated);
            format!("{}: {} -> {way}", factor.var.name(), words.join(", "))
        };
        Ok(bound.factors.iter().zip(&found).map(line).collect())
    }

    fn with(bound: &Bound, found: &[(Form, Way)], ties: Ties, memory_limit: usize) -> Result<Box<dyn Method>> {
        let cost = GradientBlock::costs(bound, memory_limit)?;
        let mut blocks: Vec<Box<dyn Block>> = Vec::new();
        for (index, (form, way)) in found.iter().enumerate() {
            let last = index + 1 == found.len();
            blocks.push(match (way, form) {
                (Way::Quadratic(step), form) => {
                    Box::new(QuadraticBlock::new(bound, index, form, *step, last, memory_limit)?)
                }
                (Way::Poisson(step), Form::Poisson(form)) => {
                    Box::new(PoissonBlock::new(bound, index, form, *step, last, memory_limit)?)
                }
                (Way::ConjugateGradients, Form::Coupled(form)) => {
                    Box::new(ConjugateBlock::new(bound, index, form, last, memory_limit)?)
                }
                (Way::Gradient | Way::ConjugateGradients | Way::Poisson(_), _) => {
                    Box::new(GradientBlock::new(bound, index, &cost, memory_limit)?)
                }
            });
        }
        let momentum = (ties == Ties::Accelerated && accelerates(found)).then(Momentum::new);
        let accelerated = ties == Ties::Accelerated;
        let balances = if accelerated { Balance::all(bound, memory_limit)? } else { Vec::new() };
        let revivals = if accelerated { Revival::all(bound, memory_limit)? } else { Vec::new() };
        Ok(Box::new(Self {
            blocks,
            cost,
            last: None,
            momentum,
            rescales: accelerated,
            balances,
            revivals,
            steps: 0,
            tries: false,
        }))
    }

    /// Scales what only penalties care for, and brings back what has become 0; `from` is where the last move began.
    /// Returns how far the cost fell.
    fn mend(&mut self, bound: &mut Bound, factors: &mut [Value], from: &mut Vec<Value>, fell: f64) -> Result<f64> {
        let mut total = 0.0;
        for balance in &self.balances {
            total += balance.apply(bound, factors, from)?;
        }
        self.steps += 1;
        if self.steps.is_multiple_of(REVIVE_EVERY) || fell + total == 0.0 {
            for revival in &mut self.revivals {
                if let Some([before, now]) = revival.revive(bound, factors, self.steps)? {
                    total += before - now;
                    from.clear();
                }
            }
        }
        Ok(total)
    }

    /// Moves every factor once from where it is.
    fn pass(&mut self, bound: &mut Bound, factors: &mut [Value]) -> Result<(f64, f64)> {
        let mut decrease = 0.0;
        let mut cost = None;
        self.tries = false;
        for block in &mut self.blocks {
            let done = block.step(bound, factors)?;
            decrease += done.decrease;
            self.tries |= done.tries;
            cost = done.cost;
        }
        let cost = match cost {
            Some(cost) => cost,
            None => self.cost.run(&bound.inputs)?[1].to_scalar(),
        };
        Ok((cost, decrease))
    }
}

impl Method for Alternating {
    fn products(&self) -> Vec<&Product> {
        self.blocks.iter().filter_map(|block| block.product()).collect()
    }

    fn restart(&mut self) {
        self.last = None;
        self.steps = 0;
        self.revivals.iter_mut().for_each(Revival::restart);
        self.momentum = self.momentum.as_ref().map(|_| Momentum::new());
        self.blocks.iter_mut().for_each(|block| block.restart());
    }

    fn state(&self, to: &mut State) {
        to.put_maybe(self.last);
        to.put(self.steps as f64);
        self.revivals.iter().for_each(|revival| revival.state(to));
        if let Some(momentum) = &self.momentum {
            to.put(momentum.share);
            to.put(momentum.most);
            to.put_values(momentum.before.as_deref().unwrap_or_default());
        }
        self.blocks.iter().for_each(|block| block.state(to));
    }

    fn restore(&mut self, from: &mut State) -> Result<()> {
        self.last = from.take_maybe()?;
        self.steps = from.take_whole()?;
        self.revivals.iter_mut().try_for_each(|revival| revival.restore(from))?;
        if let Some(momentum) = &mut self.momentum {
            (momentum.share, momentum.most) = (from.take()?, from.take()?);
            momentum.before = from.take_values()?;
        }
        self.blocks.iter_mut().try_for_each(|block| block.restore(from))
    }

    fn step(&mut self, bound: &mut Bound, factors: &mut [Value]) -> Result<Moved> {
        bound.place_all(factors);
        if self.last.is_none() && self.rescales {
            for balance in &self.balances {
                balance.apply(bound, factors, &mut [])?;
            }
            self.blocks[0].rescale(bound, factors)?;
        }
        // Shared, and given up before a block moves the factors where nothing is extrapolated from them.
        let mut from = if self.momentum.is_some() { factors.to_vec() } else { Vec::new() };
        let ahead = match (&mut self.momentum, self.last) {
            (Some(momentum), Some(last)) => momentum.ahead(bound, factors).map(|ahead| (ahead, last)),
            (_, _) => None,
        };
        let mut moved = None;
        if let Some((ahead, last)) = ahead {
            factors.iter_mut().zip(ahead).for_each(|(factor, ahead)| *factor = ahead);
            bound.place_all(factors);
            let (cost, decrease) = self.pass(bound, factors)?;
            if cost <= last {
                moved = Some((cost, decrease));
            } else {
                factors.clone_from_slice(&from);
                bound.place_all(factors);
            }
            if let Some(momentum) = &mut self.momentum {
                if moved.is_some() { momentum.paid() } else { momentum.failed() }
            }
        }
        let (mut cost, mut decrease) = match moved {
            Some(moved) => moved,
            None => self.pass(bound, factors)?,
        };
        let fell = self.mend(bound, factors, &mut from, decrease)?;
        (cost, decrease) = (cost - fell, decrease + fell);
        if let Some(momentum) = &mut self.momentum {
            momentum.before = Some(from).filter(|from| !from.is_empty());
        }
        self.last = Some(cost);
        Ok(Moved { cost, decrease: Some(decrease), at_rest: decrease == 0.0, tries: self.tries })
    }
}

fn ways(bound: &Bound) -> Result<Vec<(Form, Way)>> {
    let forms = derive(bound)?;
    let with_way = |(form, factor): (&Form, &Factor)| (form.clone(), way(factor, form));
    Ok(forms.iter().zip(&bound.factors).map(with_way).collect())
}

/// Whether extrapolation fits: the parts are parabolas or Poisson, along which it does no harm that its guard does not
/// see. On counts of words (sotu, rank 10) a divergence that took 300 iterations without it took 116.
fn accelerates(found: &[(Form, Way)]) -> bool {
    found.len() > 1
        && found.iter().all(|(_, way)| {
            matches!(way, Way::Quadratic(_) | Way::ConjugateGradients | Way::Poisson(PoissonStep::Newton))
        })
}

/// Hierarchical alternating least squares as it was published: each entry once, no extrapolation.
pub(in crate::solve) mod hals {
    use super::{Alternating, Bound, Form, Method, QuadraticStep, Result, Ties, Way, derive};

    pub(in crate::solve) fn misfit(bound: &Bound) -> Option<String> {
        super::needs(bound, |form, factor| {
            let shared = matches!(form, Form::Quadratic(q, _) if q.scaled.is_empty() && q.sampled.is_empty());
            if !shared {
                return Some("is not quadratic with one Gram for all rows");
            }
            (!factor.prox.is_entrywise()).then_some("has limits or penalties of lengths of rows or columns")
        })
    }

    pub(in crate::solve) fn prepare(bound: &Bound, memory_limit: usize) -> Result<Box<dyn Method>> {
        let forms = derive(bound)?.iter().cloned();
        let found: Vec<(Form, Way)> = forms.map(|form| (form, Way::Quadratic(QuadraticStep::Once))).collect();
        Alternating::with(bound, &found, Ties::Plain, memory_limit)
    }
}

/// Alternating least squares as it was published: each factor to its minimum, no extrapolation.
pub(in crate::solve) mod als {
    use super::{Alternating, Bound, Form, Method, QuadraticStep, Result, Ties, Way, derive};

    pub(in crate::solve) fn misfit(bound: &Bound) -> Option<String> {
        super::needs(bound, |form, factor| {
            if !matches!(form, Form::Quadratic(..)) {
                return Some("is not quadratic row by row");
            }
            (!factor.prox.is_empty()).then_some("has bounds or penalties that least squares know nothing of")
        })
    }

    pub(in crate::solve) fn prepare(bound: &Bound, memory_limit: usize) -> Result<Box<dyn Method>> {
        let forms = derive(bound)?.iter().cloned();
        let found: Vec<(Form, Way)> = forms.map(|form| (form, Way::Quadratic(QuadraticStep::LeastSquares))).collect();
        Alternating::with(bound, &found, Ties::Plain, memory_limit)
    }
}

/// Multiplicative updates for Poisson forms.
pub(in crate::solve) mod multiplicative {
    use super::{Alternating, Bound, Form, Method, PoissonStep, Result, Ties, Way, derive};

    pub(in crate::solve) fn misfit(bound: &Bound) -> Option<String> {
        super::needs(bound, |form, factor| {
            if !matches!(form, Form::Poisson(_)) {
                return Some("is not linear but for logarithms of a product of factors that may not be negative");
            }
            (!factor.prox.is_entrywise()).then_some("has limits or penalties of lengths of rows or columns")
        })
    }

    pub(in crate::solve) fn prepare(bound: &Bound, memory_limit: usize) -> Result<Box<dyn Method>> {
        let forms = derive(bound)?.iter().cloned();
        let found: Vec<(Form, Way)> = forms.map(|form| (form, Way::Poisson(PoissonStep::Multiplicative))).collect();
        Alternating::with(bound, &found, Ties::Plain, memory_limit)
    }
}

/// The first factor whose part of the objective lacks what a method needs, in words.
fn needs(bound: &Bound, lacks: impl Fn(&Form, &Factor) -> Option<&'static str>) -> Option<String> {
    let forms = derive(bound).ok()?;
    let of = |(form, factor): (&Form, &Factor)| {
        let name = factor.var.name();
        lacks(form, factor).map(|what| format!("the objective's part in {name} {what}"))
    };
    forms.iter().zip(&bound.factors).find_map(of)
}
