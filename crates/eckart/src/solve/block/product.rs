//! Product: the product of the data with a factor that a block's plan reads, for many starts to compute it together.
//! In: a plan.  Out: the product of each of several factors.
//! Invariant: a start gets the numbers that its own plan would compute.
//! Not here: which plans have one (see `plan::passes`), who computes it (see `cohort`).

use crate::data::Dtype;
use crate::error::Result;
use crate::expr::Var;
use crate::plan::{BufferId, Plan, ThinProduct};
use crate::run::{Value, thin_products};
use crate::solve::problem::iterate::Iterate;

/// The product of the data with a factor.
#[derive(Debug, Clone)]
pub(in crate::solve) struct Product {
    thin: ThinProduct,
    data: Var,
    /// The data whose cut into shards it takes, with others.
    cuts: Vec<Var>,
    factor: Var,
    /// Where the plan holds it.
    pub buffer: BufferId,
    /// Of one start.
    pub flops: f64,
    /// The columns that it has for a start, and the most bytes that a column of it or of the factor takes.
    pub columns: usize,
    pub bytes: usize,
}

impl Product {
    /// The product that a plan for numbers of type `dtype` reads, if it does.
    pub(in crate::solve) fn of(plan: &Plan, dtype: Dtype) -> Option<Self> {
        let (buffer, thin, [data, factor], flops) = plan.thin_product()?;
        let made = |buffer: &BufferId| plan.buffers[*buffer].shape;
        let step = plan.steps.iter().find(|step| step.outs == [buffer])?;
        let (factor_shape, shape) = (made(&step.args[1]), made(&buffer));
        let columns = thin.columns(factor_shape);
        let bytes = dtype.bytes() * factor_shape.entries().max(shape.entries()) / columns.max(1);
        let [data, factor] = [data, factor].map(Var::clone);
        Some(Self { thin, data, cuts: plan.cuts.clone(), factor, buffer, flops, columns, bytes })
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
    pub(in crate::solve) fn with(&self, iterate: &Iterate, factors: &[Value]) -> Result<Vec<Value>> {
        match iterate.problem.is_narrow() {
            true => thin_products::<f32>(&iterate.inputs, &self.data, &self.cuts, self.thin, factors),
            false => thin_products::<f64>(&iterate.inputs, &self.data, &self.cuts, self.thin, factors),
        }
    }
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
            !block.products().is_empty()
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
