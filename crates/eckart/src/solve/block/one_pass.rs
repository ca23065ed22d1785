//! One pass: two factors moved one after the other, while the data is read once.
//! In: the blocks of W and of H, in that order.  Out: both moved, with the numbers of the two blocks.
//! Invariant: in a cohort of starts, which share their products, the blocks move one after the other, to the same
//! bits.
//! Not here: what is computed in the pass (see `plan::passes::row_tiling`).

use std::sync::Arc;

use super::cohort::CohortPlace;
use super::plans::SearchPlan;
use super::product::Product;
use super::row_block::RowBlock;
use super::{Block, Done};
use crate::error::{Error, Result};
use crate::function::Compiled;
use crate::solve::problem::Bound;
use crate::solve::problem::iterate::Iterate;

/// Bytes of dense data from which on it is read from memory in each pass.
const LEAST_BYTES: usize = 32 << 20;

/// Two factors moved in one pass over the data.
pub(in crate::solve) struct OnePass {
    blocks: [RowBlock; 2],
    compiled: Compiled,
    in_cohort: bool,
}

impl OnePass {
    /// Whether it may pay to have one pass, where the blocks allow it.
    pub(in crate::solve) fn may_pay(bound: &Bound) -> bool {
        let data = &bound.target.1;
        !data.is_sparse() && data.missing() == 0 && data.bytes() >= LEAST_BYTES
    }

    /// The two blocks as one, or as they are where that is not possible.
    ///
    /// # Errors
    /// Those of planning.
    pub(in crate::solve) fn of(
        first: RowBlock,
        second: RowBlock,
        bound: &Bound,
        memory_limit: usize,
    ) -> Result<Vec<Box<dyn Block>>> {
        let moves = [&first, &second].map(|block| (block.compiled(), block.moves()));
        Ok(match Compiled::one_pass(moves, &bound.givens, memory_limit)? {
            Some(compiled) => vec![Box::new(Self { blocks: [first, second], compiled, in_cohort: false })],
            None => vec![Box::new(first), Box::new(second)],
        })
    }
}

impl Block for OnePass {
    fn plans(&self) -> Vec<SearchPlan<'_>> {
        if self.in_cohort {
            return self.blocks.iter().flat_map(Block::plans).collect();
        }
        let [first, second] = &self.blocks;
        let mut results = first.formulas();
        results.extend(second.formulas());
        let name = format!("subproblems in {} and {}", first.name(), second.name());
        vec![SearchPlan::new(name, &self.compiled, &results)]
    }

    fn join(&mut self, cohort: Option<&Arc<CohortPlace>>) {
        self.in_cohort = cohort.is_some();
        self.blocks.iter_mut().for_each(|block| block.join(cohort));
    }

    fn products(&self) -> Vec<&Product> {
        self.blocks.iter().flat_map(Block::products).collect()
    }

    fn step(&mut self, iterate: &mut Iterate) -> Result<Done> {
        if self.in_cohort {
            let [first, second] = &mut self.blocks;
            let before = first.step(iterate)?;
            let after = second.step(iterate)?;
            return Ok(Done { decrease: before.decrease + after.decrease, ..after });
        }
        let mut values = self.compiled.run(&iterate.inputs)?.into_iter();
        let mut decreases = [0.0; 2];
        for (block, decrease) in self.blocks.iter().zip(&mut decreases) {
            let (Some(factor), Some(fell)) = (values.next(), values.next()) else {
                return Err(Error::Bug("a row solver made nothing".into()));
            };
            block.set(iterate, factor);
            *decrease = fell.to_scalar();
        }
        let cost = values.next().map(|before| before.to_scalar() - decreases[1]);
        Ok(Done { decrease: decreases[0] + decreases[1], cost })
    }

    fn rescale(&mut self, iterate: &mut Iterate) -> Result<()> {
        self.blocks[0].rescale(iterate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::QuadraticStep;
    use crate::run::with_threads;
    use crate::solve::derive::derive;
    use crate::{Dtype, Matrix, Problem};

    fn bound(text: &str, dtype: Dtype) -> Arc<Bound> {
        let entry = |i: usize, j: usize| (((i * 7919 + j * 31) % 1000) as f64 * 0.37).sin().abs();
        let x = Matrix::from_fn(3000, 64, entry).unwrap().cast(dtype).unwrap();
        Arc::new(Problem::parse(text).unwrap().data("X", &x).rank(8).bind().unwrap())
    }

    fn blocks(bound: &Bound, step: QuadraticStep) -> [RowBlock; 2] {
        let subproblems = derive(bound).unwrap();
        [0, 1]
            .map(|index| RowBlock::quadratic(bound, index, &subproblems[index], step, index == 1, usize::MAX).unwrap())
    }

    /// The factors' bits, and each iteration's decrease and cost.
    fn trace(bound: &Arc<Bound>, blocks: &mut [Box<dyn Block>]) -> (Vec<Vec<f64>>, Vec<[u64; 2]>) {
        let start = |index: usize| {
            let shape = bound.factors[index].shape;
            let entry = |at: usize| (((at * 37 + index) % 101) as f64 * 0.17).cos().abs();
            let numbers = (0..shape.entries()).map(entry).collect();
            crate::run::Value::of_numbers(shape, numbers, bound.dtype())
        };
        let mut iterate = Iterate::new(bound);
        iterate.set_all(&[start(0), start(1)]);
        let mut seen = Vec::new();
        for _ in 0..4 {
            let mut decrease = 0.0;
            let mut cost = None;
            for block in &mut *blocks {
                let done = block.step(&mut iterate).unwrap();
                decrease += done.decrease;
                cost = done.cost;
            }
            seen.push([decrease.to_bits(), cost.unwrap().to_bits()]);
        }
        (iterate.factors().iter().map(|factor| factor.to_dense().data.clone()).collect(), seen)
    }

    #[test]
    fn one_pass_gives_the_bits_of_two() {
        for text in [
            "sum((X - W @ H)**2) subject to W >= 0, H >= 0",
            "sum((X - W @ H)**2) + 0.1*sum(W**2) + 0.1*sum(H**2)",
            "sum((X - W @ H)**2) + 0.5*sum(abs(W)) + 0.1*sum(H**2)",
            "sum((X - W @ H.T)**2) subject to W >= 0",
        ] {
            for step in [QuadraticStep::Coordinates, QuadraticStep::LeastSquares] {
                for dtype in [Dtype::F32, Dtype::F64] {
                    let bound = bound(text, dtype);
                    let [first, second] = blocks(&bound, step);
                    let mut two: Vec<Box<dyn Block>> = vec![Box::new(first), Box::new(second)];
                    let expected = trace(&bound, &mut two);
                    let [first, second] = blocks(&bound, step);
                    let mut one = OnePass::of(first, second, &bound, usize::MAX).unwrap();
                    assert_eq!(one.len(), 1, "{text}");
                    for threads in [1, 3] {
                        let found = with_threads(Some(threads), || trace(&bound, &mut one)).unwrap();
                        assert_eq!(found.1, expected.1, "{text} {step:?} {dtype:?}");
                        assert!(found.0 == expected.0, "{text} {step:?} {dtype:?}");
                    }
                }
            }
        }
    }
}
