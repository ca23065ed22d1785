//! Ties: two factors that the objective multiplies, component by component.
//! In: a bound problem.  Out: `Pair`s; the lengths of their components.
//! Invariant: what a pair says of an objective holds for all values of the factors.
//! Not here: what follows from it (see `lints`, `balance`, `reinitialize`).

use super::iterate::Iterate;
use super::{Bound, Factor};
use crate::error::Result;
use crate::expr::{Dag, Expr, Id, Op, Var, abs, colsum, matrix, rowsum, weighted_terms};
use crate::function::Compiled;
use crate::solve::block::plans::SearchPlan;

#[derive(Debug, Clone, Copy)]
pub(in crate::solve) struct PairSide {
    /// Its place among the factors.
    pub index: usize,
    /// Whether its components are the rows of its array.
    pub by_rows: bool,
}

/// Two different factors, and their product as it stands in the objective.
#[derive(Debug)]
pub(in crate::solve) struct Pair {
    pub product: Expr,
    pub left: PairSide,
    pub right: PairSide,
}

/// The products of two different factors.
pub(in crate::solve) fn pairs(bound: &Bound) -> Vec<Pair> {
    let dag = Dag::new(std::slice::from_ref(&bound.smooth));
    // Of the left one the columns are components, of the right one the rows; turned over where it is transposed.
    let side = |id: Id, by_rows: bool| {
        let transposed = *dag.op(id) == Op::Transpose;
        let inner = if transposed { dag.args(id)[0] } else { id };
        let index = bound.factors.iter().position(|f| dag.expr(inner).as_var() == Some(&f.var))?;
        Some(PairSide { index, by_rows: by_rows != transposed })
    };
    let pair = |id: Id| {
        let (left, right) = (side(dag.args(id)[0], false)?, side(dag.args(id)[1], true)?);
        (left.index != right.index).then(|| Pair { product: dag.expr(id).clone(), left, right })
    };
    dag.ids().filter(|&id| *dag.op(id) == Op::MatMul).filter_map(pair).collect()
}

impl Pair {
    /// The factors.
    pub(in crate::solve) fn factors<'a>(&self, bound: &'a Bound) -> [&'a Factor; 2] {
        [self.left, self.right].map(|side| &bound.factors[side.index])
    }

    /// The weights of the sums of squares of the two, where the smooth part of the objective has nothing else of them
    /// but their product.
    pub(in crate::solve) fn squares(&self, bound: &Bound) -> Option<[f64; 2]> {
        let [left, right] = self.factors(bound);
        let product = [(self.product.clone(), matrix("the product"))];
        let mut squares = [0.0; 2];
        for (weight, term) in weighted_terms(&bound.smooth) {
            let names = term.replace(&product).variables();
            let of = |factor: &Factor| names.contains(&factor.var);
            match (of(left), of(right)) {
                (false, false) => {}
                (true, false) if is_square_of(&term, &left.var) && weight > 0.0 => squares[0] += weight,
                (false, true) if is_square_of(&term, &right.var) && weight > 0.0 => squares[1] += weight,
                (_, _) => return None,
            }
        }
        Some(squares)
    }
}

/// Whether a term is `sum(B**2)`.
fn is_square_of(term: &Expr, var: &Var) -> bool {
    let square = (*term.op() == Op::Sum).then(|| &term.args()[0]);
    square.is_some_and(|square| *square.op() == Op::Pow && square.args()[0].as_var() == Some(var))
}

/// What computes the lengths of the components of a pair.
pub(in crate::solve) struct Lengths(Compiled);

/// Of each component of one factor.
pub(in crate::solve) struct OfSide {
    /// The sum of absolute values.
    pub sums: Vec<f64>,
    /// The sum of squares.
    pub squares: Vec<f64>,
}

impl Lengths {
    /// # Errors
    /// `Limit` where the plan needs more than `memory_limit` bytes.
    pub(in crate::solve) fn new(bound: &Bound, pair: &Pair, memory_limit: usize) -> Result<Self> {
        let of = |side: PairSide| {
            let factor = Expr::from(&bound.factors[side.index].var);
            let [sizes, squares] = [abs(&factor), factor.pow(2)];
            if side.by_rows { [rowsum(sizes), rowsum(squares)] } else { [colsum(sizes), colsum(squares)] }
        };
        Ok(Self(Compiled::new(&[of(pair.left), of(pair.right)].concat(), &bound.givens, memory_limit)?))
    }

    /// The plan that computes them.
    pub(in crate::solve) fn plan(&self, name: &str) -> SearchPlan<'_> {
        let results = ["sizes, left", "squares, left", "sizes, right", "squares, right"];
        SearchPlan::new(name, &self.0, &results)
    }

    /// Those of the factors in place.
    pub(in crate::solve) fn of(&self, iterate: &Iterate) -> Result<[OfSide; 2]> {
        let mut values = self.0.run(&iterate.inputs)?.into_iter().map(|value| value.to_dense().data.to_vec());
        let mut next = || values.next().unwrap_or_default();
        Ok([OfSide { sums: next(), squares: next() }, OfSide { sums: next(), squares: next() }])
    }
}
