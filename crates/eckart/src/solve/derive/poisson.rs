//! Poisson: objectives that are linear but for logarithms of a product with the factor: Kullback-Leibler and its kin.
//! In: a smooth objective and a factor that may not be negative.  Out: `Poisson`: the formulas its updates need.
//! Invariant: the objective is sum_i <P_i, b_i> + l2 |b_i|^2 - sum_j C[i, j] log(<b_i, Q_j>) + const, with C, Q, P >=
//! 0.
//! Not here: the updates (see `block::poisson`).

use super::calculus::{Second, at_zero, gradient, simplified};
use super::chain::{Chain, Link, chains, product};
use super::curvature::{LossTerm, PulledOut, pull_out};
use super::subproblem::Poisson;
use crate::error::Result;
use crate::expr::{Dag, Expr, Op, Var};
use crate::facts::{Givens, degrees, depends_on, is_linear, is_nonnegative};

/// The Poisson form, where the objective has it.
pub(super) fn poisson(smooth: &Expr, factor: &Var, givens: &Givens) -> Result<Option<Poisson>> {
    let dag = Dag::new(std::slice::from_ref(smooth));
    let degree = degrees(&dag, factor);
    let of_factor = |id: &crate::expr::Id| *dag.op(*id) == Op::Log && degree[dag.args(*id)[0].index()] == Some(1);
    let logs: Vec<LossTerm> = dag
        .ids()
        .filter(of_factor)
        .map(|id| LossTerm { id, inner: dag.expr(dag.args(id)[0]).clone(), curvature: 0.0 })
        .collect();
    let [log] = logs.as_slice() else { return Ok(None) };
    let Some(parts) = pull_out(&dag, &logs, givens)? else { return Ok(None) };
    let counts = simplified(-1.0 * &parts.weights[0], &parts.givens)?;
    let Some((linear, square)) = linear_and_square(&parts, factor)? else { return Ok(None) };
    let inner = simplified(log.inner.clone(), givens)?;
    for free in [&counts, &linear] {
        if depends_on(free, factor) || !is_nonnegative(free, &parts.givens)? {
            return Ok(None);
        }
    }
    let Some(found) = chains(&inner, factor, givens)? else { return Ok(None) };
    let Some((transposed, columns)) = columns_of(&found) else { return Ok(None) };
    if !is_nonnegative(&columns, givens)? {
        return Ok(None);
    }
    let upright = |e: Expr| if transposed { e.t() } else { e };
    Ok(Some(Poisson { transposed, counts: upright(counts), columns, linear: upright(linear), square }))
}

/// P and l2, where the objective without the logarithms is <P, B> + l2 |B|^2 + const in the factor B.
fn linear_and_square(parts: &PulledOut, factor: &Var) -> Result<Option<(Expr, f64)>> {
    let gradient = gradient(&parts.rest, factor, &parts.givens)?;
    if !depends_on(&gradient, factor) {
        return Ok(Some((gradient, 0.0)));
    }
    // A kink has no second derivative either.
    if !is_linear(&gradient, factor) {
        return Ok(None);
    }
    let Second { image, direction, givens } = Second::of(&gradient, factor, &parts.givens)?;
    let found = if depends_on(&image, factor) { None } else { chains(&image, &direction, &givens)? };
    let Some(found) = found else { return Ok(None) };
    // Every chain a literal times the direction itself: nothing ties an entry to others.
    let twice = |chain: &Chain| chain.weight.as_number().filter(|_| chain.links.is_empty() && !chain.transposed);
    let Some(curvatures) = found.iter().map(twice).collect::<Option<Vec<f64>>>() else { return Ok(None) };
    let square = 0.5 * curvatures.into_iter().sum::<f64>();
    let linear = simplified(at_zero(&gradient, factor), &parts.givens)?;
    Ok((square >= 0.0).then_some((linear, square)))
}

/// Q and whether the factor lies as its transpose, where the product is one of the array and Q.T: a sum of chains that
/// multiply the factor from the same side.
fn columns_of(found: &[Chain]) -> Option<(bool, Expr)> {
    let mut all: Option<(bool, Expr)> = None;
    for chain in found {
        let mut side: Option<(bool, Expr)> = None;
        for link in &chain.links {
            let (left, by) = match link {
                Link::Right(q) => (false, q.t()),
                Link::Left(q) => (true, q.clone()),
                Link::Rows(_) | Link::Cols(_) | Link::Full(_) => return None,
            };
            side = Some(match side {
                None => (left, by),
                Some((known, product)) if known == left => (left, by.dot(product)),
                Some(_) => return None,
            });
        }
        let (left, columns) = side.filter(|_| !chain.transposed)?;
        let columns = product(chain.weight.clone(), columns);
        all = Some(match all {
            None => (left, columns),
            Some((known, sum)) if known == left => (left, sum + columns),
            Some(_) => return None,
        });
    }
    all
}
