//! Poisson: objectives that are linear but for logarithms of a product with the factor: Kullback-Leibler and its kin.
//! In: a smooth objective and a factor that may not be negative.  Out: `Poisson`: the formulas its updates need.
//! Invariant: the objective is sum_i <P_i, b_i> + l2 |b_i|^2 - sum_j C[i, j] log(<b_i, Q_j>) + const, with C, Q, P >=
//! 0.
//! Not here: the updates (see `block::poisson`).

use super::chain::{Chain, Link, chains, product};
use super::curvature::{Loss, PulledOut, pull_out, uses};
use super::is_of_degree;
use super::subproblem::Poisson;
use crate::error::Result;
use crate::expr::{Dag, Expr, Op, Var, expand, sum};
use crate::facts::{Facts, Given, Givens, Sign, degrees};
use crate::grad::differentiate;
use crate::rewrite::simplify;

/// The Poisson form, where the objective has it.
///
/// # Errors
/// Those of shapes that don't fit.
pub(super) fn poisson(smooth: &Expr, factor: &Var, givens: &Givens, nonnegative: &[Var]) -> Result<Option<Poisson>> {
    let mut givens = givens.clone();
    for var in nonnegative {
        if let Some(given) = givens.get_mut(var) {
            given.sign = Sign::NONNEGATIVE;
        }
    }
    let dag = Dag::new(std::slice::from_ref(smooth));
    let degree = degrees(&dag, factor);
    let of_factor = |id: &crate::expr::Id| *dag.op(*id) == Op::Log && degree[dag.args(*id)[0].index()] == Some(1);
    let logs: Vec<Loss> = dag
        .ids()
        .filter(of_factor)
        .map(|id| Loss { id, inner: dag.expr(dag.args(id)[0]).clone(), curvature: 0.0 })
        .collect();
    let [log] = logs.as_slice() else { return Ok(None) };
    let Some(parts) = pull_out(&dag, &logs, &givens)? else { return Ok(None) };
    let counts = simplify(&[-1.0 * &parts.weights[0]], &parts.givens)?.remove(0);
    let Some((linear, square)) = linear_and_square(&parts, factor)? else { return Ok(None) };
    let inner = simplify(std::slice::from_ref(&log.inner), &givens)?.remove(0);
    let all = Dag::new(&[counts.clone(), linear.clone()]);
    let facts = Facts::of(&all, &parts.givens)?;
    let fits = all.roots().iter().all(|&root| facts.sign(root).nonnegative)
        && [&counts, &linear].iter().all(|e| !uses(e, factor));
    let Some(found) = chains(&inner, factor, &givens)?.filter(|_| fits) else { return Ok(None) };
    let Some((transposed, columns)) = columns_of(&found) else { return Ok(None) };
    let columns_dag = Dag::new(std::slice::from_ref(&columns));
    if !Facts::of(&columns_dag, &givens)?.sign(columns_dag.roots()[0]).nonnegative {
        return Ok(None);
    }
    let turned = |e: Expr| if transposed { e.t() } else { e };
    Ok(Some(Poisson { transposed, counts: turned(counts), columns, linear: turned(linear), square }))
}

/// P and l2, where the objective without the logarithms is <P, B> + l2 |B|^2 + const in the factor B.
fn linear_and_square(parts: &PulledOut, factor: &Var) -> Result<Option<(Expr, f64)>> {
    let leaf = Expr::from(factor);
    let gradient = simplify(&differentiate(&parts.rest, std::slice::from_ref(&leaf)), &parts.givens)?.remove(0);
    if !uses(&gradient, factor) {
        return Ok(Some((gradient, 0.0)));
    }
    // A kink has no second derivative either.
    if !is_of_degree(&gradient, factor, 1) {
        return Ok(None);
    }
    let direction = Var::input(&format!("direction of {}", factor.name()));
    let along = Expr::from(&direction);
    let mut givens = parts.givens.clone();
    let Some(given) = givens.get(factor).copied() else { return Ok(None) };
    givens.insert(direction.clone(), Given::dense(given.shape.rows, given.shape.cols));
    let slope = sum(&gradient * along);
    let second = simplify(&differentiate(&slope, std::slice::from_ref(&leaf)), &givens)?.remove(0);
    let found = if uses(&second, factor) { None } else { chains(&second, &direction, &givens)? };
    let Some(found) = found else { return Ok(None) };
    // Every chain a literal times the direction itself: nothing ties an entry to others.
    let twice = |chain: &Chain| chain.weight.as_number().filter(|_| chain.links.is_empty() && !chain.transposed);
    let Some(curvatures) = found.iter().map(twice).collect::<Option<Vec<f64>>>() else { return Ok(None) };
    let square = 0.5 * curvatures.into_iter().sum::<f64>();
    let nothing = [(factor.clone(), expand(0.0, &leaf))].into();
    let linear = simplify(&[gradient.substitute(&nothing)], &parts.givens)?.remove(0);
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
