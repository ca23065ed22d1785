//! Local: what a factor's part of the objective is at the present values of the others, as numbers.
//! In: a subproblem's formulas, compiled once; the values of all factors.  Out: arrays of the factor's type that blocks
//! work on.
//! Invariant: the one place in `solve`, beside the drivers of gradients, where values of a plan become plain numbers.
//! Not here: the formulas (see `derive`), Grams (see `rows::grams`), what is done with the numbers (see `block`).

use std::sync::Arc;

use super::cohort::CohortPlace;
use super::hoisted::Product;
use super::plans::SearchPlan;
use crate::error::Result;
use crate::expr::Expr;
use crate::function::Compiled;
use crate::rows::{GramParts, Grams, LinearTerm, Weights};
use crate::run::{Numbers, Rect, Value};
use crate::solve::derive::{Poisson, Quadratic};
use crate::solve::problem::Bound;
use crate::solve::problem::iterate::Iterate;

/// The formulas of a quadratic, planned together.
pub(in crate::solve) struct Terms {
    compiled: Compiled,
    /// Which Grams there are: their values are those of the formulas, in this order.
    grams: GramParts<()>,
    transposed: bool,
    rank: usize,
    /// The product of the data that the formulas read.
    product: Option<Product>,
    /// The starts that have it computed together.
    cohort: Option<Arc<CohortPlace>>,
}

/// The numbers of a quadratic <B, B G> - 2 <B, L>.
pub(in crate::solve) struct Local<T> {
    /// L, or the gradient where the quadratic is a bound; n x r.
    pub array: Rect<T>,
    /// G.
    pub grams: Grams<T>,
    /// The values of further formulas, which are numbers.
    pub numbers: Vec<f64>,
}

impl Terms {
    /// Plans a quadratic's formulas, the array that goes with them, and further ones that are numbers.
    pub(in crate::solve) fn new(
        quadratic: &Quadratic,
        array: &Expr,
        further: &[Expr],
        bound: &Bound,
        memory_limit: usize,
    ) -> Result<Self> {
        // As the factor lies: from a transpose the search for equal formulas makes transposes of what is as large as
        // the data.
        let transposed = quadratic.transposed;
        let mut roots = vec![if transposed { array.t() } else { array.clone() }];
        let grams = quadratic.grams.map(|formula| {
            roots.push(formula.clone());
            Ok(())
        })?;
        roots.extend_from_slice(further);
        let mut product = None;
        let compiled = Compiled::with(&roots, &bound.givens, memory_limit, |formulas| {
            let (taken, rest) = Product::take_out(formulas, bound)?;
            product = Some(taken);
            Some(rest)
        })?;
        let shape = compiled.plan.buffers[compiled.plan.outputs[0]].shape;
        let rank = if transposed { shape.rows } else { shape.cols };
        Ok(Self { compiled, grams, transposed, rank, product, cohort: None })
    }

    /// The plan, and what it computes; `array` says what the first result is.
    pub(in crate::solve) fn plan(&self, name: String, array: &str, further: &[&str]) -> SearchPlan<'_> {
        let mut results = vec![array];
        results.extend(self.grams.shared.map(|()| "Gram matrix"));
        results.extend(self.grams.scaled.iter().flat_map(|_| ["scale of each row", "its Gram matrix"]));
        for sampled in &self.grams.sampled {
            results.extend(["weights", "left side"]);
            results.extend(sampled.right.map(|()| "right side"));
        }
        results.extend(further);
        let mut plan = SearchPlan::new(name, &self.compiled, &results);
        plan.beside.extend(self.product.as_ref().map(Product::work));
        plan
    }

    /// The stored entries of all weights, and whether there is a Gram matrix per row.
    pub(in crate::solve) fn row_grams(&self) -> (f64, bool) {
        let mut at = 1 + usize::from(self.grams.shared.is_some()) + 2 * self.grams.scaled.len();
        let mut stored = 0;
        for sampled in &self.grams.sampled {
            let weights = &self.compiled.plan.buffers[self.compiled.plan.outputs[at]];
            stored += weights.layout.stored(weights.shape);
            at += 2 + usize::from(sampled.right.is_some());
        }
        (stored as f64, self.grams.scaled.len() + self.grams.sampled.len() > 0)
    }

    /// Flops of a run.
    pub(in crate::solve) fn flops(&self) -> f64 {
        self.compiled.plan.flops() + self.product.as_ref().map_or(0.0, |product| product.flops)
    }

    /// The product of the data that starts may compute together.
    pub(in crate::solve) fn product(&self) -> Option<&Product> {
        self.product.as_ref()
    }

    /// As [`super::Block::join`].
    pub(in crate::solve) fn join(&mut self, cohort: Option<&Arc<CohortPlace>>) {
        self.cohort = cohort.filter(|_| self.product.is_some()).cloned();
    }

    /// The numbers of block `index` at the present values of the factors.
    pub(in crate::solve) fn run<T: Numbers>(&self, index: usize, iterate: &mut Iterate) -> Result<Local<T>> {
        if let Some(product) = &self.product {
            let value = match &self.cohort {
                Some(place) => place.product(index, product, iterate)?,
                None => product.of(iterate, &[product.factor(iterate)?])?.swap_remove(0),
            };
            product.put(iterate, value);
        }
        let mut values = self.compiled.run(&iterate.inputs)?.into_iter();
        let mut next = || values.next().ok_or_else(|| crate::Error::Bug("a formula has no value".into()));
        let array = rows_of(next()?, self.transposed);
        let grams = self.grams.map(|()| next())?.into_grams(self.rank);
        let further = values.map(|value| value.to_scalar()).collect();
        Ok(Local { array, grams, numbers: further })
    }
}

impl<T: Numbers> Local<T> {
    /// The linear term of the rows, where the array is the gradient (`bounded`) or not.
    pub(in crate::solve) fn linear(&self, bounded: bool) -> LinearTerm<'_, T> {
        if bounded { LinearTerm::OfGradient(&self.array.data) } else { LinearTerm::Known(&self.array.data) }
    }
}

/// The formulas of a Poisson subproblem, planned together.
pub(in crate::solve) struct Counts {
    compiled: Compiled,
}

/// The numbers of a Poisson subproblem.
pub(in crate::solve) struct PoissonLocal<T> {
    /// C.
    pub counts: Weights<T>,
    /// Q, m x r.
    pub columns: Rect<T>,
    /// P, n x r.
    pub linear: Rect<T>,
    /// The values of further formulas, which are numbers.
    pub numbers: Vec<f64>,
}

impl Counts {
    /// Plans a Poisson subproblem's formulas, and further ones that are numbers.
    pub(in crate::solve) fn new(
        subproblem: &Poisson,
        further: &[Expr],
        bound: &Bound,
        memory_limit: usize,
    ) -> Result<Self> {
        let mut roots = vec![subproblem.counts.clone(), subproblem.columns.clone(), subproblem.linear.clone()];
        roots.extend_from_slice(further);
        Ok(Self { compiled: Compiled::new(&roots, &bound.givens, memory_limit)? })
    }

    /// The counts of a row: all columns where they are dense, twice the mean where they are sparse.
    pub(in crate::solve) fn longest_row(&self) -> usize {
        let shape = self.compiled.plan.buffers[self.compiled.plan.outputs[0]].shape;
        (2 * self.stored() / shape.rows.max(1)).min(shape.cols)
    }

    /// The stored counts.
    pub(in crate::solve) fn stored(&self) -> usize {
        let buffer = &self.compiled.plan.buffers[self.compiled.plan.outputs[0]];
        buffer.layout.stored(buffer.shape)
    }

    /// The plan, and what it computes.
    pub(in crate::solve) fn plan(&self, name: String, further: &[&str]) -> SearchPlan<'_> {
        let results = [&["counts", "columns", "linear term"], further].concat();
        SearchPlan::new(name, &self.compiled, &results)
    }

    /// The numbers at the present values of the factors.
    pub(in crate::solve) fn run<T: Numbers>(&self, iterate: &Iterate) -> Result<PoissonLocal<T>> {
        let mut values = self.compiled.run(&iterate.inputs)?.into_iter();
        let mut next = || values.next().ok_or_else(|| crate::Error::Bug("a formula has no value".into()));
        let (counts, columns, linear) = (Weights(next()?.cast()), next()?.into_rect(), next()?.into_rect());
        Ok(PoissonLocal { counts, columns, linear, numbers: values.map(|value| value.to_scalar()).collect() })
    }
}

/// The array that methods work on: the factor's numbers, transposed where `transposed`.
pub(in crate::solve) fn rows_of<T: Numbers>(factor: Value, transposed: bool) -> Rect<T> {
    let rect = factor.into_rect();
    if transposed { rect.into_transposed() } else { rect }
}

/// The factor of such an array.
pub(in crate::solve) fn factor_of<T: Numbers>(rows: Rect<T>, transposed: bool) -> Value {
    Value::of_rect(if transposed { rows.into_transposed() } else { rows })
}
