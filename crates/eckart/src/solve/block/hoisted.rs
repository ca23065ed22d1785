//! Hoisted: the product of the data with a factor, taken out of a block's formulas, for many starts to compute it
//! together.
//! In: the formulas as they are to be computed.  Out: the formulas with a variable in its place, and the product.
//! Invariant: a product is taken out only where nothing that is left multiplies with the data.
//! Not here: who computes it (see `cohort`, `run::thin`).

use super::plans::Work;
use crate::error::Result;
use crate::expr::{Dag, Expr, Id, Op, Var};
use crate::facts::{Facts, Given, Shape, Sign};
use crate::function::Hoisted;
use crate::run::{Thin, Value, thin_products};
use crate::solve::problem::Bound;
use crate::solve::problem::iterate::Iterate;

/// The product of the data with a factor.
#[derive(Debug, Clone)]
pub(in crate::solve) struct Product {
    thin: Thin,
    factor: Var,
    /// As it stands in the formulas.
    formula: String,
    /// What stands in its place.
    placeholder: Var,
    /// Of one start.
    pub flops: f64,
    /// Bytes that are read and written for it.
    read: usize,
    /// The columns that it has for a start, and the most bytes that a column of it or of the factor takes.
    pub columns: usize,
    pub bytes: usize,
}

impl Product {
    /// The product that the first of these formulas is, and the formulas without it.
    pub(in crate::solve) fn take_out(formulas: &[Expr], bound: &Bound) -> Option<(Self, Hoisted)> {
        let dag = Dag::new(formulas);
        let facts = Facts::of(&dag, &bound.givens).ok()?;
        let (root, _) = upright(&dag, dag.roots()[0]);
        if *dag.op(root) != Op::MatMul {
            return None;
        }
        let [a, b] = [dag.args(root)[0], dag.args(root)[1]];
        // D F stands as it is; F.T D is the transpose of D.T F.
        let (data, factor, transposed) = if is_data(&dag, a, bound) { (a, b, false) } else { (b, a, true) };
        let ((data, lies), (factor, stands)) = (upright(&dag, data), upright(&dag, factor));
        let (data_var, factor_var) = (dag.expr(data).as_var()?, dag.expr(factor).as_var()?);
        let known = bound.givens.get(data_var).filter(|_| is_data(&dag, data, bound))?;
        if !bound.factors.iter().any(|f| f.var == *factor_var) {
            return None;
        }
        let placeholder = Var::input("hoisted product");
        let by = [(dag.expr(root).clone(), Expr::from(&placeholder))];
        let left: Vec<Expr> = formulas.iter().map(|formula| formula.replace(&by)).collect();
        if multiplies(&left, bound) {
            return None;
        }
        let (shape, inner) = (facts.shape(root), facts.shape(factor));
        let columns = if transposed { shape.rows } else { shape.cols };
        let stored = known.sparse.unwrap_or(known.shape.entries());
        let flops = 2.0 * (stored * columns) as f64;
        let longest = |shape: Shape| shape.entries() / columns.max(1);
        let bytes = bound.dtype().bytes() * longest(shape).max(longest(inner));
        let thin = Thin {
            data: data_var.clone(),
            data_transposed: lies != transposed,
            factor_transposed: stands != transposed,
            transposed,
        };
        let given = Given { dtype: bound.dtype(), sign: Sign::UNKNOWN, ..Given::dense(shape.rows, shape.cols) };
        let hoisted = Hoisted { formulas: left, var: placeholder.clone(), given, flops };
        let index = if known.sparse.is_some() { 4 } else { 0 };
        let read =
            stored * (bound.dtype().bytes() + index) + (shape.entries() + inner.entries()) * bound.dtype().bytes();
        Some((
            Self {
                thin,
                factor: factor_var.clone(),
                formula: dag.expr(root).to_string(),
                read,
                placeholder,
                flops,
                columns,
                bytes,
            },
            hoisted,
        ))
    }

    /// What a start computes of it.
    pub(in crate::solve) fn work(&self) -> Work {
        Work { name: format!("hoisted product {}", self.formula), flops: self.flops, bytes: self.read as f64 }
    }

    /// The factor that it is made with.
    pub(in crate::solve) fn factor(&self, iterate: &Iterate) -> Result<Value> {
        let value = iterate.inputs.get(&self.factor);
        value.ok_or_else(|| crate::Error::Bug("a factor has no value".into()))
    }

    /// The products with such factors.
    ///
    /// # Errors
    /// `Bug` where the data is not there.
    pub(in crate::solve) fn of(&self, iterate: &Iterate, factors: &[Value]) -> Result<Vec<Value>> {
        match iterate.problem.is_narrow() {
            true => thin_products::<f32>(&iterate.inputs, &self.thin, factors),
            false => thin_products::<f64>(&iterate.inputs, &self.thin, factors),
        }
    }

    /// Puts it where the formulas read it.
    pub(in crate::solve) fn put(&self, iterate: &mut Iterate, product: Value) {
        iterate.inputs.set(&self.placeholder, product);
    }
}

/// What a transpose is of, and whether it was one.
fn upright(dag: &Dag, id: Id) -> (Id, bool) {
    if *dag.op(id) == Op::Transpose { (dag.args(id)[0], true) } else { (id, false) }
}

/// Whether it is the data or its transpose, all of which is there.
fn is_data(dag: &Dag, id: Id, bound: &Bound) -> bool {
    let var = dag.expr(upright(dag, id).0).as_var();
    var.is_some_and(|var| var.name() == bound.target.0 && !var.is_shared() && !bound.inputs.has_missing(var))
}

/// Whether a formula has a product of something with the data.
fn multiplies(formulas: &[Expr], bound: &Bound) -> bool {
    let dag = Dag::new(formulas);
    let mut products = dag.ids().filter(|&id| *dag.op(id) == Op::MatMul);
    products.any(|id| dag.args(id).iter().any(|&arg| is_data(&dag, arg, bound)))
}

#[cfg(test)]
mod tests {
    use crate::rows::QuadraticStep;
    use crate::solve::block::Block;
    use crate::solve::block::row_block::RowBlock;
    use crate::solve::derive::{Subproblem, derive};
    use crate::{Matrix, Problem};

    /// Of which factors a step has its product with the data taken out.
    #[track_caller]
    fn check(text: &str, x: &Matrix, expected: &[&str]) {
        let bound = Problem::parse(text).unwrap().data("X", x).rank(2).bind().unwrap();
        let subproblems = derive(&bound).unwrap();
        let taken = |index: &usize| {
            let Subproblem::Quadratic(..) = subproblems[*index] else { return false };
            let block =
                RowBlock::quadratic(&bound, *index, &subproblems[*index], QuadraticStep::Once, *index == 1, usize::MAX)
                    .unwrap();
            block.product().is_some()
        };
        let found: Vec<&str> =
            (0..subproblems.len()).filter(taken).map(|index| bound.factors[index].var.name()).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn products_are_taken_out_where_nothing_else_reads_the_data() {
        let dense = Matrix::from_fn(9, 7, |i, j| (1 + i * j) as f64).unwrap();
        let sparse = Matrix::from_triplets(9, 7, (0..9).map(|i| (i, i % 7, 1.0)).collect()).unwrap();
        let holes = Matrix::from_fn(9, 7, |i, j| if i == j { f64::NAN } else { 1.0 }).unwrap();
        for x in [&dense, &sparse] {
            check("sum((X - W @ H)**2) subject to W, H >= 0", x, &["W", "H"]);
            check("sum((X - W @ H.T)**2) + 0.1*sum(W**2) + 0.1*sum(abs(H))", x, &["W", "H"]);
            check("sum((X.T - W @ H)**2)", x, &["W", "H"]);
            check("sum(kl(X, W @ H)) subject to W, H >= 0", x, &[]);
            check("sum(observed(X) * (X - W @ H)**2)", &holes, &[]);
        }
    }
}
