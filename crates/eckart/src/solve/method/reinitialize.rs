//! Reinitialize: dead components, which have become 0 and which no block can move, for their gradient is 0, too.
//! In: the factors.  Out: dead components re-initialized by what lowers the cost the most.
//! Invariant: a component is re-initialized only where the objective falls by it; all others stay as they are.
//! Not here: components that penalties keep at 0 with reason: the cost does not fall by them, and they stay.

use crate::error::Result;
use crate::function::Compiled;
use crate::grad::differentiate;
use crate::run::{Numbers, Value};
use crate::solve::block::plans::SearchPlan;
use crate::solve::block::state::MethodState;
use crate::solve::problem::Bound;
use crate::solve::problem::iterate::Iterate;
use crate::solve::problem::pairs::{Lengths, Pair, PairSide, pairs};

/// Rounds of the power method by which the direction is found in which the cost falls the most.
const ROUNDS: usize = 2;
/// Rows from which it is looked for.
const ROWS: usize = 8;
/// Sizes of a component that are tried, each a quarter of the one before.
const SIZES: usize = 20;
/// The greatest slope.
const STEEP: f64 = 1e30;
/// Of the greatest squared size of a component, what is as good as 0: entries of Poisson subproblems stay above it.
const DEAD: f64 = 1e-24;
/// Of the cost, what a component must bring.
const LEAST: f64 = 1e-6;

/// A pair of factors whose components may die.
pub(in crate::solve) struct Reinitialization {
    pair: Pair,
    lengths: Lengths,
    /// The objective, and the slopes of its smooth part by the two factors; the length of the data. Once one has died.
    slopes: Option<(Compiled, f64)>,
    /// Before this iteration none is tried: one could not be re-initialized, and after twice as many it may.
    rests_until: usize,
    memory_limit: usize,
}

impl Reinitialization {
    /// One for each pair whose components may be of any size.
    ///
    /// # Errors
    /// `Limit` where a plan needs more than `memory_limit` bytes.
    pub(in crate::solve) fn all(bound: &Bound, memory_limit: usize) -> Result<Vec<Self>> {
        let free = |pair: &Pair| pair.factors(bound).iter().all(|f| f.regularizer.constraints().is_cone());
        let all = pairs(bound).into_iter().filter(free);
        all.map(|pair| {
            let lengths = Lengths::new(bound, &pair, memory_limit)?;
            Ok(Self { pair, lengths, slopes: None, rests_until: 0, memory_limit })
        })
        .collect()
    }

    /// The plan that tells dead components.
    pub(in crate::solve) fn plan(&self) -> SearchPlan<'_> {
        self.lengths.plan("norms of components, to find dead ones")
    }

    pub(in crate::solve) fn restart(&mut self) {
        self.rests_until = 0;
    }

    pub(in crate::solve) fn state(&self, to: &mut MethodState) {
        to.put(self.rests_until as f64);
    }

    pub(in crate::solve) fn restore(&mut self, from: &mut MethodState) -> Result<()> {
        self.rests_until = from.take_whole()?;
        Ok(())
    }

    /// Re-initializes what components it can, after so many iterations; returns the objective before and after where
    /// there were any.
    pub(in crate::solve) fn reinitialize(
        &mut self,
        iterate: &mut Iterate,
        iterations: usize,
    ) -> Result<Option<[f64; 2]>> {
        if iterations < self.rests_until {
            return Ok(None);
        }
        let [left, right] = self.lengths.of(iterate)?;
        let sizes: Vec<f64> = left.squares.iter().zip(&right.squares).map(|(left, right)| left * right).collect();
        let most = sizes.iter().copied().fold(0.0, f64::max);
        let dead: Vec<usize> = (0..sizes.len()).filter(|&k| sizes[k] <= DEAD * most).collect();
        if dead.is_empty() {
            return Ok(None);
        }
        let slopes = match self.slopes.take() {
            Some(slopes) => slopes,
            None => (self.compile(&iterate.problem)?, length_of(&iterate.problem)),
        };
        let first = slopes.0.run(&iterate.inputs)?[0].to_scalar();
        let mut now = first;
        for k in dead {
            let found = match iterate.problem.is_narrow() {
                true => self.one::<f32>(&slopes, iterate, k, now)?,
                false => self.one::<f64>(&slopes, iterate, k, now)?,
            };
            let Some(lower) = found else {
                self.rests_until = 2 * iterations;
                break;
            };
            now = lower;
        }
        self.slopes = Some(slopes);
        Ok((now < first).then_some([first, now]))
    }

    fn compile(&self, bound: &Bound) -> Result<Compiled> {
        let all = bound.factor_exprs();
        let of = [self.pair.left, self.pair.right].map(|side| all[side.index].clone());
        let roots = [vec![bound.objective.clone()], differentiate(&bound.smooth, &of)].concat();
        Compiled::new(&roots, &bound.givens, self.memory_limit)
    }

    /// Re-initializes component k, where that lowers the objective: the new one.
    fn one<T: Numbers>(
        &self,
        (slopes, most): &(Compiled, f64),
        iterate: &mut Iterate,
        k: usize,
        cost: f64,
    ) -> Result<Option<f64>> {
        let sides = [self.pair.left, self.pair.right];
        let old = sides.map(|side| iterate.factor(side.index));
        let problem = iterate.problem.clone();
        let count = |side: PairSide| {
            let shape = problem.factors[side.index].shape;
            if side.by_rows { shape.cols } else { shape.rows }
        };
        // Down the slope by one side while the other is a unit vector.
        let mut down = |to: usize, unit: &[f64]| -> Result<(f64, Vec<f64>)> {
            let from = 1 - to;
            put::<T>(iterate, (sides[from], k), unit, 1.0);
            put::<T>(iterate, (sides[to], k), &vec![0.0; count(sides[to])], 1.0);
            let slope = slopes.run(&iterate.inputs)?.swap_remove(1 + to).into_rect::<T>();
            let free = problem.factors[sides[to].index].regularizer.entries.lower == f64::NEG_INFINITY;
            // Of a logarithm near 0 the slope may be beyond all numbers, which is as good as very steep.
            let down = |x: &f64| match x.is_nan() {
                true => 0.0,
                false if free => (-x).clamp(-STEEP, STEEP),
                false => (-x).clamp(0.0, STEEP),
            };
            let mut found: Vec<f64> =
                component(&slope.data, slope.shape.cols, (sides[to], k)).iter().map(down).collect();
            Ok((normalize(&mut found), found))
        };
        // From single rows, for what one lacks others may have too much of; then in turn from the steepest.
        let shape = old[0].shape();
        let rows = if sides[0].by_rows { shape.cols } else { shape.rows };
        let (mut steepness, mut units) = (0.0, [Vec::new(), Vec::new()]);
        for row in 0..ROWS.min(rows) {
            let mut unit = vec![0.0; rows];
            unit[rows * (2 * row + 1) / (2 * ROWS.min(rows))] = 1.0;
            let (length, found) = down(1, &unit)?;
            if length > steepness {
                (steepness, units[1]) = (length, found);
            }
        }
        for half in 0..2 * ROUNDS {
            if steepness > 0.0 {
                (steepness, units[half % 2]) = down(half % 2, &units[1 - half % 2])?;
            }
        }
        // Where the loss is a sum of squares, half the slope is the best size.
        let mut size = (0.5 * steepness).min(*most);
        if steepness > 0.0 && steepness.is_finite() {
            for _ in 0..SIZES {
                for (side, unit) in sides.iter().zip(&units) {
                    put::<T>(iterate, (*side, k), unit, size.sqrt());
                }
                let lower = slopes.run(&iterate.inputs)?[0].to_scalar();
                if lower < cost - LEAST * cost.abs() {
                    return Ok(Some(lower));
                }
                size *= 0.25;
            }
        }
        for (side, old) in sides.iter().zip(old) {
            iterate.set(side.index, old);
        }
        Ok(None)
    }
}

/// The length of the data as one vector.
fn length_of(bound: &Bound) -> f64 {
    let mut squares = 0.0;
    bound.target.1.for_each(|x| squares += if x.is_nan() { 0.0 } else { x * x });
    squares.sqrt()
}

/// Scales a vector to length 1; returns the length that it had.
fn normalize(vector: &mut [f64]) -> f64 {
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
    length
}

/// The places of a component in the array of a factor with so many columns.
fn places(len: usize, cols: usize, (side, k): (PairSide, usize)) -> impl Iterator<Item = usize> {
    let (from, step, to) = if side.by_rows { (k * cols, 1, (k + 1) * cols) } else { (k, cols, len) };
    (from..to).step_by(step)
}

fn component<T: Numbers>(array: &[T], cols: usize, which: (PairSide, usize)) -> Vec<f64> {
    places(array.len(), cols, which).map(|at| array[at].to_f64()).collect()
}

/// Sets a component to a vector times a number.
fn put<T: Numbers>(iterate: &mut Iterate, which: (PairSide, usize), vector: &[f64], by: f64) {
    let index = which.0.index;
    let mut rect = iterate.take(index).into_rect::<T>();
    let cols = rect.shape.cols;
    let array = rect.make_mut();
    for (at, x) in places(array.len(), cols, which).zip(vector) {
        array[at] = T::from_f64(by * x);
    }
    iterate.set(index, Value::of_rect(rect));
}

#[cfg(test)]
mod tests {
    use crate::solve::{Problem, Settings};
    use crate::{Dtype, Matrix};

    /// A start with a component that is 0 comes as far as others do.
    #[track_caller]
    fn check(text: &str, dtype: Dtype) {
        let x = Matrix::from_fn(40, 30, |i, j| ((i % 4 == j % 4) as u8) as f64 * (1.0 + ((i * j) % 5) as f64)).unwrap();
        let problem = Problem::parse(text).unwrap().data("X", x.cast(dtype).unwrap()).rank(4);
        let whole = problem.solve(&Settings { n_init: Some(4), ..Settings::default() }).unwrap();
        let start = |name: &str, by_rows: bool| {
            let factor = whole.factor(name).unwrap();
            let value =
                |i: usize, j: usize| if (if by_rows { i } else { j }) == 1 { 0.0 } else { 0.5 + factor.get(i, j) };
            Matrix::from_fn(factor.rows(), factor.cols(), value).unwrap()
        };
        let problem = problem.init_from("W", start("W", false)).init_from("H", start("H", true));
        let found = problem.solve(&Settings { max_iter: 2000, ..Settings::default() }).unwrap();
        let costs: Vec<f64> = found.starts[0].history.iter().map(|step| step.cost).collect();
        assert!(costs.windows(2).all(|pair| pair[1] <= pair[0] + 1e-7 * costs[0]), "{text}: {costs:?}");
        assert!(found.cost <= 1.05 * whole.cost + 1e-9 * costs[0], "{text} {dtype:?}: {} {}", found.cost, whole.cost);
    }

    #[test]
    fn dead_components_come_back() {
        for dtype in [Dtype::F32, Dtype::F64] {
            check("sum((X - W @ H)**2) subject to W, H >= 0", dtype);
            check("sum((X - W @ H)**2) + 0.1*sum(W**2) + 0.1*sum(H**2)", dtype);
            check("sum(kl(X, W @ H)) subject to W, H >= 0", dtype);
        }
    }

    /// What a penalty keeps at 0 stays there.
    #[test]
    fn components_that_do_not_pay_stay_dead() {
        let x = Matrix::from_fn(12, 9, |i, j| 1.0 + 0.01 * ((i * j) as f64).sin()).unwrap();
        let text = "sum((X - W @ H)**2) + 1*sum(abs(W)) + 1*sum(abs(H)) subject to W, H >= 0";
        let found = Problem::parse(text).unwrap().data("X", &x).rank(3).solve(&Settings::default()).unwrap();
        let w = found.factor("W").unwrap();
        let alive = (0..3).filter(|&k| (0..12).any(|i| w.get(i, k) > 0.0)).count();
        assert_eq!(alive, 1);
    }
}
