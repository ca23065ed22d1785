//! Smoothing: an objective with kinks as the end of smooth ones.
//! In: the part of an objective that no proximal map takes.  Out: a formula of widths, with which it is smooth.
//! Invariant: at widths of 0 it is the objective.
//! Not here: how widths fall (see `stages`), penalties of a factor's own entries (see `variables`).

use crate::error::Result;
use crate::expr::{Dag, Expr, Op, Var, abs, scalar, sum};
use crate::facts::{Facts, Given, Givens};
use crate::solve::problem::Bound;

use super::super::proximal_gradient::kinks;

/// A part that has a kink where its argument is 0.
pub(super) struct Kink {
    /// The number by which it is rounded.
    pub width: Var,
    /// The mean size of the argument.
    pub size: Expr,
}

/// An objective whose kinks are rounded.
pub(super) struct Smoothed {
    pub formula: Expr,
    pub kinks: Vec<Kink>,
    /// What is known of all variables, widths included.
    pub givens: Givens,
}

/// Why the kinks of a problem can't be rounded, if they can't: a step has none that leads down.
pub(super) fn unsupported(bound: &Bound) -> Option<String> {
    let dag = Dag::new(std::slice::from_ref(&bound.smooth));
    let step = kinks(&dag, bound).into_iter().find(|&id| matches!(dag.op(id), Op::Sign | Op::Greater))?;
    Some(format!("{} is constant but for jumps", dag.expr(step)))
}

/// The smooth part of a problem with every kink rounded: |z| becomes sqrt(z^2 + w^2), the greater of a and b
/// (a + b + sqrt((a - b)^2 + w^2)) / 2, a root sqrt(z + w^2).
///
/// # Errors
/// Those of shapes that don't fit.
pub(super) fn smoothed(bound: &Bound) -> Result<Smoothed> {
    let dag = Dag::new(std::slice::from_ref(&bound.smooth));
    let facts = Facts::of(&dag, &bound.givens)?;
    let at = kinks(&dag, bound);
    let (mut found, mut givens) = (Vec::new(), bound.givens.clone());
    let new = dag.bottom_up(|id, new: &[Expr]| {
        let args: Vec<Expr> = dag.args(id).iter().map(|arg| new[arg.index()].clone()).collect();
        if !at.contains(&id) {
            return if args.is_empty() { dag.expr(id).clone() } else { dag.expr(id).with_args(args) };
        }
        // No variable of a statement has a blank in its name (`Statement::check`).
        let name = format!("width {}", found.len());
        let w = scalar(&name);
        let old = |k: usize| dag.expr(dag.args(id)[k]);
        let (argument, rounded) = if *dag.op(id) == Op::Abs {
            (abs(old(0)), root_of_squares(&args[0], &w))
        } else if matches!(dag.op(id), Op::Max | Op::Min) {
            let (written, apart) = (old(0) - old(1), &args[0] - &args[1]);
            let sign = if *dag.op(id) == Op::Max { 1.0 } else { -1.0 };
            (abs(written), 0.5 * (&args[0] + &args[1] + sign * root_of_squares(&apart, &w)))
        } else {
            (dag.expr(id).clone(), (&args[0] + w.pow(2)).pow(0.5))
        };
        let shape = facts.shape(id);
        let width = Var::scalar(&name);
        givens.insert(width.clone(), Given::dense(1, 1));
        found.push(Kink { width, size: sum(argument) / shape.entries() as f64 });
        rounded
    });
    Ok(Smoothed { formula: new[dag.roots()[0].index()].clone(), kinks: found, givens })
}

fn root_of_squares(z: &Expr, w: &Expr) -> Expr {
    (z.pow(2) + w.pow(2)).pow(0.5)
}
