//! Offsets: where the offsets of an objective begin: at their minimum while all other factors are 0, or where they were
//! said to begin.
//! In: a bound problem, a search over some of its factors.  Out: the values of its offsets, and what they leave.
//! Invariant: the same for every start of a search; offsets of which nothing is known begin at 0.
//! Not here: which factors are offsets (see `problem/offsets.rs`).
//!
//! Beside offsets at 0 a component takes the mean of the data, and alternating steps give it back slowly: from data of
//! mean 1,000, spread 4 and rank 3, `sum((X - W @ H - c)**2)` settled at 8 times its least cost.

use crate::data::Matrix;
use crate::error::Result;
use crate::expr::{Dag, Expr, Var, observed, sum};
use crate::facts::masks;
use crate::function::Compiled;
use crate::run::{Inputs, Value};
use crate::solve::derive::{Subproblem, derive};
use crate::solve::problem::offsets::is_added;
use crate::solve::problem::{Bound, Factor, Problem};
use crate::solve::result::Factorization;
use crate::solve::result::compared::{Reconstruction, ReconstructionScale};

/// With more offsets, planning takes longer than they are worth.
const MOST: usize = 16;
/// A search that brings offsets near enough.
#[derive(Clone, Copy)]
pub(in crate::solve) struct ShortSearch {
    pub max_iter: usize,
    pub method: Option<&'static str>,
}

/// Where each offset has a quadratic subproblem, and elsewhere: steps of a bounded curvature are as short from afar as
/// they are near the minimum.
const QUADRATIC: ShortSearch = ShortSearch { max_iter: 3, method: None };
const ELSEWHERE: ShortSearch = ShortSearch { max_iter: 100, method: Some("l-bfgs") };

/// Places the offsets of a problem that has a product of factors beside them; `minimize` is the search for them. What
/// can't be minimized with the other factors at 0 keeps its offsets at 0.
///
/// # Errors
/// As [`Bound::reconstruction`].
pub(in crate::solve) fn place_offsets(
    problem: &Problem,
    bound: &mut Bound,
    memory_limit: usize,
    minimize: &mut dyn FnMut(&Problem, ShortSearch) -> Result<Factorization>,
) -> Result<()> {
    let is_factor = |var: &Var| bound.factors.iter().any(|factor| factor.var == *var);
    let is_placed = |factor: &Factor| factor.offset && is_added(&bound.objective, &factor.var, &is_factor);
    let placed: Vec<bool> = bound.factors.iter().map(is_placed).collect();
    let offsets = placed.iter().filter(|&&placed| placed).count();
    let products = bound.factors.iter().filter(|factor| !factor.offset).count();
    if !(1..=MOST).contains(&offsets) || products < 2 {
        return Ok(());
    }
    let mut alone = problem.clone();
    alone.init_values.clear();
    for (factor, _) in bound.factors.iter().zip(&placed).filter(|(_, placed)| !**placed) {
        let zeros = || Value::of_numbers(factor.shape, vec![0.0; factor.shape.entries()], bound.dtype());
        let value = factor.begin.clone().unwrap_or_else(zeros);
        alone = alone.fix(factor.var.name(), value.into_matrix(bound.dtype())?);
    }
    let is_quadratic = |subproblem: &Subproblem| matches!(subproblem, Subproblem::Quadratic(..));
    let mut parts = placed.iter().zip(derive(bound)?).filter(|(placed, _)| **placed);
    let how = if parts.all(|(_, part)| is_quadratic(part)) { QUADRATIC } else { ELSEWHERE };
    let Ok(found) = minimize(&alone, how).or_else(|_| minimize(&alone, ShortSearch { method: None, ..how })) else {
        return Ok(());
    };
    if !found.cost.is_finite() {
        return Ok(());
    }
    let dtype = bound.dtype();
    for (factor, _) in bound.factors.iter_mut().zip(placed).filter(|(_, placed)| *placed) {
        let of = |matrix: &Matrix| Value::of_numbers(factor.shape, matrix.values_f64(), dtype);
        factor.level = found.factor(factor.var.name()).map(of);
    }
    bound.spread = spread(bound, memory_limit)?;
    Ok(())
}

/// The root mean square of what the offsets leave of the entries that count; `None` where the objective does not
/// compare the data itself.
fn spread(bound: &Bound, memory_limit: usize) -> Result<Option<f64>> {
    let Some(rest) = residual(bound)? else { return Ok(None) };
    let x = Expr::from(Var::input(&bound.target.0));
    let (squares, count) = match leaves_out(bound) {
        true => (sum(observed(&x) * rest.pow(2.0)), bound.target.1.observed()),
        false => (sum(rest.pow(2.0)), bound.target.1.rows() * bound.target.1.cols()),
    };
    let Ok(plan) = Compiled::new(&[squares], &bound.givens, memory_limit) else { return Ok(None) };
    let squares = plan.run(&at_levels(bound))?[0].to_scalar();
    Ok(Some((squares / count.max(1) as f64).sqrt()).filter(|spread| *spread > 0.0 && spread.is_finite()))
}

/// Whether missing entries don't count.
pub(super) fn leaves_out(bound: &Bound) -> bool {
    masks(&Dag::new(std::slice::from_ref(&bound.objective)), &Var::input(&bound.target.0))
}

/// What the factors leave of the data, where the objective compares the data itself.
pub(super) fn residual(bound: &Bound) -> Result<Option<Expr>> {
    let compared = bound.reconstruction()?.filter(|compared| compared.scale == ReconstructionScale::Data);
    Ok(compared.map(|Reconstruction { part, .. }| Expr::from(Var::input(&bound.target.0)) - part))
}

/// The values of all variables, offsets where they begin, other factors at 0.
pub(super) fn at_levels(bound: &Bound) -> Inputs {
    let mut inputs = bound.inputs.clone();
    for factor in &bound.factors {
        let zeros = || Value::of_numbers(factor.shape, vec![0.0; factor.shape.entries()], bound.dtype());
        inputs.set(&factor.var, factor.level.clone().unwrap_or_else(zeros));
    }
    inputs
}
