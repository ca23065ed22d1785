//! Quadratic: the Grams of a quadratic function of one factor.
//! In: the chains of its second derivative along a direction.  Out: `Quadratic`: a Gram for all rows, or one a row.
//! Invariant: the function is <B, B G> - 2 <B, L> + const, row by row; `None` where rows are coupled.
//! Not here: how a formula becomes chains (see `chain`), numbers (see `local`).

use super::chain::{Chain, Link, product};
use super::subproblem::Quadratic;
use crate::expr::{Expr, Op, eye};
use crate::rows::{GramParts, SampledGram};

/// Whether no chain multiplies by a matrix: every entry of the factor has a second derivative of its own.
pub(super) fn are_entrywise(chains: &[Chain]) -> bool {
    let is_product = |link: &Link| matches!(link, Link::Left(_) | Link::Right(_));
    chains.iter().all(|chain| !chain.transposed && !chain.links.iter().any(is_product))
}

/// The quadratic whose second derivative along D is the sum of `chains`; `factor` stands for the shapes. Where both
/// rows and columns are independent, `transposed` says which are the rows of the array.
pub(super) fn assemble(chains: &[Chain], factor: &Expr, transposed: bool) -> Option<Quadratic> {
    if chains.iter().any(|chain| chain.transposed) {
        return None;
    }
    let has = |chain: &Chain, left: bool| {
        chain.links.iter().any(|link| if left { matches!(link, Link::Left(_)) } else { matches!(link, Link::Right(_)) })
    };
    let lefts = chains.iter().any(|chain| has(chain, true));
    let rights = chains.iter().any(|chain| has(chain, false));
    if lefts && rights {
        return None;
    }
    let transposed = lefts || (transposed && !rights);
    let (chains, factor): (Vec<Chain>, Expr) = if transposed {
        (chains.iter().cloned().map(Chain::of_transpose).collect(), factor.t())
    } else {
        (chains.to_vec(), factor.clone())
    };
    let identity = eye(factor.t().dot(&factor));
    let mut grams = GramParts::default();
    for chain in &chains {
        add(&mut grams, chain, &identity)?;
    }
    Some(Quadratic { transposed, grams })
}

/// What a chain has come to.
#[derive(Default)]
struct ChainProduct {
    /// The product of matrices from the right since the last weights; `None` is the identity.
    product: Option<Expr>,
    /// A number a row.
    rows: Option<Expr>,
    /// Weights, and the product before them.
    weights: Option<(Expr, Option<Expr>)>,
}

/// Adds what one chain says.
fn add(grams: &mut GramParts<Expr>, chain: &Chain, identity: &Expr) -> Option<()> {
    let mut run = ChainProduct::default();
    for link in &chain.links {
        match link {
            Link::Right(a) => run.product = Some(run.product.map_or_else(|| a.clone(), |p| p.dot(a))),
            Link::Cols(v) => {
                // The identity of the rank's side; further on there is always a product.
                let own = if run.weights.is_some() && run.product.is_none() { return None } else { run.product };
                run.product = Some(own.unwrap_or_else(|| identity.clone()) * v);
            }
            Link::Rows(u) => run.rows = Some(run.rows.map_or_else(|| u.clone(), |known| known * u)),
            Link::Full(c) => {
                run.weights = Some(match run.weights {
                    None => (c.clone(), run.product.take()),
                    Some((known, before)) if run.product.is_none() => (known * c, before),
                    Some(_) => return None,
                });
            }
            Link::Left(_) => return None,
        }
    }
    // A second derivative is twice the Gram.
    let half = product(Expr::number(0.5), chain.weight.clone());
    let Some((weights, before)) = run.weights else {
        let gram = product(half, run.product.unwrap_or_else(|| identity.clone()));
        match run.rows {
            None => grams.shared = Some(grams.shared.take().map_or_else(|| gram.clone(), |known| known + &gram)),
            Some(rows) => grams.scaled.push((rows, gram)),
        }
        return Some(());
    };
    // Literals stay apart, so that C is the data itself where it can be, and is not held twice.
    let (literal, weights) = without_literals(weights);
    let (scale, weights) = match half.as_number() {
        Some(number) => (number * literal, weights),
        None => (literal, product(half, weights)),
    };
    let weights = run.rows.map_or_else(|| weights.clone(), |rows| &weights * rows);
    let left = before.unwrap_or_else(|| identity.clone()).t();
    let right = run.product.unwrap_or_else(|| identity.clone());
    let right = (left != right).then_some(right);
    grams.sampled.push(SampledGram { scale, weights, left, right });
    Some(())
}

/// A formula as a literal times another.
fn without_literals(formula: Expr) -> (f64, Expr) {
    match (formula.op(), formula.args()) {
        (Op::Transpose, [inner]) => {
            let (literal, inner) = without_literals(inner.clone());
            (literal, inner.t())
        }
        (Op::Mul, [a, b]) => {
            let (number, rest) = match (a.as_number(), b.as_number()) {
                (Some(number), None) => (number, b),
                (None, Some(number)) => (number, a),
                (_, _) => return (1.0, formula),
            };
            let (literal, rest) = without_literals(rest.clone());
            (number * literal, rest)
        }
        (_, _) => (1.0, formula),
    }
}
