//! Rewrite: from formulas as they were written or derived to the formulas that are computed.
//! In: root expressions and what is known of their variables.  Out: as many expressions of the same values.
//! Law: values don't change (up to rounding); the same input gives the same output; nothing is evaluated.
//! Not here: kernels and buffers (see `plan`).

mod rules;
mod term;

use crate::error::Result;
use crate::expr::{Dag, Expr};
use crate::facts::{Facts, Givens};
use term::Term;

/// Formulas of the same values as `roots`, cheaper to compute.
///
/// # Errors
/// `Shape` where shapes don't fit, `Setting` where a variable is not given.
pub fn rewrite(roots: &[Expr], givens: &Givens) -> Result<Vec<Expr>> {
    let dag = Dag::new(roots);
    let facts = Facts::of(&dag, givens)?;
    let mut new: Vec<Term> = Vec::with_capacity(dag.len());
    for id in dag.ids() {
        let args = dag.args(id).iter().map(|a| new[a.index()].clone()).collect();
        let plain = Term::new(dag.expr(id), args, facts.shape(id));
        new.push(rules::simplify(&plain));
    }
    Ok(dag.roots().iter().map(|root| new[root.index()].to_expr()).collect())
}
