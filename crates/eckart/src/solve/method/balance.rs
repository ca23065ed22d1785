//! Balance: how large the one factor of a product is beside the other, where only penalties care: component by
//! component, or all at once where lines through all of them are penalised (`rownorm(W)`).
//! In: a bound problem whose factors are in place.  Out: the factors, scaled so that their penalties are least.
//! Invariant: the product stays what it is but for rounding, a zero stays 0, and the cost never rises.
//! Not here: penalties that such a scale makes worthless (see `lints`).

use crate::error::Result;
use crate::expr::{Expr, colnorm, rownorm, sum};
use crate::facts::Shape;
use crate::function::Compiled;
use crate::rows::{FactorRegularizer, Regularizer};
use crate::run::{Numbers, Value, for_rows};
use crate::solve::block::plans::SearchPlan;
use crate::solve::problem::iterate::Iterate;
use crate::solve::problem::pairs::{Lengths, OfSide, Pair, PairSide, pairs};
use crate::solve::problem::{Bound, Factor};

/// Nothing is scaled where its logarithm is no more than this: the penalties would fall by a millionth.
const LEAST: f64 = 1e-3;
/// Steps of Newton's method.
const STEPS: usize = 50;

/// A pair of factors, with the penalties that a scale of their components moves between them.
pub(in crate::solve) struct Balance {
    pair: Pair,
    lengths: Lengths,
    /// Of each factor.
    weights: [PenaltyWeights; 2],
    /// The sums of the lengths of lines that run through all components, where they count: all have one scale then.
    across: Option<[Compiled; 2]>,
}

#[derive(Debug, Clone, Copy)]
struct PenaltyWeights {
    /// Of the sum of absolute values, and of the sum of squares.
    sums: f64,
    squares: f64,
    /// Of the sum of the lengths of components, and of that of the lines across them.
    own: f64,
    across: f64,
}

impl PenaltyWeights {
    fn of(factor: &Factor, side: PairSide, squares: f64) -> Self {
        let FactorRegularizer { entries: Regularizer { l1, .. }, row_group, col_group, .. } = factor.regularizer;
        let (own, across) = if side.by_rows { (row_group, col_group) } else { (col_group, row_group) };
        Self { sums: l1, squares, own, across }
    }

    fn any(&self) -> bool {
        [self.sums, self.squares, self.own, self.across].iter().any(|weight| *weight > 0.0)
    }
}

impl Balance {
    /// One for each pair that has penalties on both sides, and nothing else that a scale would change.
    ///
    /// # Errors
    /// `Limit` where a plan needs more than `memory_limit` bytes.
    pub(in crate::solve) fn all(bound: &Bound, memory_limit: usize) -> Result<Vec<Self>> {
        let mut found = Vec::new();
        for pair in pairs(bound) {
            let Some(squares) = pair.squares(bound) else { continue };
            let (factors, sides) = (pair.factors(bound), [pair.left, pair.right]);
            let weights = [0, 1].map(|k| PenaltyWeights::of(factors[k], sides[k], squares[k]));
            if [0, 1].into_iter().all(|k| factors[k].regularizer.constraints().is_cone() && weights[k].any()) {
                let lengths = Lengths::new(bound, &pair, memory_limit)?;
                let through = weights.iter().any(|weights| weights.across > 0.0);
                let across = |k: usize| {
                    let factor = Expr::from(&factors[k].var);
                    let lines = if sides[k].by_rows { colnorm(factor) } else { rownorm(factor) };
                    Compiled::new(&[sum(lines)], &bound.givens, memory_limit)
                };
                let across = if through { Some([across(0)?, across(1)?]) } else { None };
                found.push(Self { pair, lengths, weights, across });
            }
        }
        Ok(found)
    }

    pub(in crate::solve) fn plans(&self) -> Vec<SearchPlan<'_>> {
        let across = self.across.iter().flatten();
        let across = across.map(|sums| SearchPlan::new("norms across components", sums, &["sum of norms"]));
        std::iter::once(self.lengths.plan("norms of components, to balance them")).chain(across).collect()
    }

    /// Scales the components of the factors in place, and those of `before`, which may be empty, by the same numbers.
    /// Returns how far the penalties fell.
    pub(in crate::solve) fn apply(&self, iterate: &mut Iterate, before: &mut [Value]) -> Result<f64> {
        let lengths = self.lengths.of(iterate)?;
        // What grows with the scale, and what with its square.
        let penalty = |k: usize, at: usize| {
            let (weights, OfSide { sums, squares }) = (self.weights[k], &lengths[k]);
            [weights.sums * sums[at] + weights.own * squares[at].sqrt(), weights.squares * squares[at]]
        };
        let components = lengths[0].sums.len();
        let (scales, fall) = if let Some(across) = &self.across {
            let mut whole = [[0.0; 2]; 2];
            for k in 0..2 {
                whole[k][0] = self.weights[k].across * across[k].run(&iterate.inputs)?[0].to_scalar();
                for at in 0..components {
                    let [linear, square] = penalty(k, at);
                    whole[k] = [whole[k][0] + linear, whole[k][1] + square];
                }
            }
            let (scale, fall) = best_scale(whole[0], whole[1]);
            (vec![scale; components], fall)
        } else {
            let found = (0..components).map(|at| best_scale(penalty(0, at), penalty(1, at)));
            let (scales, falls): (Vec<f64>, Vec<f64>) = found.unzip();
            (scales, falls.iter().sum())
        };
        if fall == 0.0 {
            return Ok(0.0);
        }
        let inverse: Vec<f64> = scales.iter().map(|scale| 1.0 / scale).collect();
        for (side, scales) in [(self.pair.left, &scales), (self.pair.right, &inverse)] {
            let taken = iterate.take(side.index);
            iterate.set(side.index, scaled(&iterate.problem, taken, side, scales));
            if let Some(before) = before.get_mut(side.index) {
                let taken = std::mem::replace(before, Value::scalar(0.0));
                *before = scaled(&iterate.problem, taken, side, scales);
            }
        }
        Ok(fall)
    }
}

fn scaled(bound: &Bound, factor: Value, side: PairSide, by: &[f64]) -> Value {
    let shape = bound.factors[side.index].shape;
    match bound.is_narrow() {
        true => scaled_in::<f32>(factor, shape, side, by),
        false => scaled_in::<f64>(factor, shape, side, by),
    }
}

fn scaled_in<T: Numbers>(factor: Value, shape: Shape, side: PairSide, by: &[f64]) -> Value {
    let mut rect = factor.into_rect::<T>();
    for_rows(rect.make_mut(), shape.cols, |range, part| {
        for (i, row) in range.zip(part.chunks_mut(shape.cols)) {
            for (j, x) in row.iter_mut().enumerate() {
                *x = T::from_f64(x.to_f64() * by[if side.by_rows { i } else { j }]);
            }
        }
    });
    Value::of_rect(rect)
}

/// The t > 0 for which a t + b t^2 + c / t + d / t^2 is least, and how far that lies below its value at 1: by Newton's
/// method on log t, in which the sum is convex.
fn best_scale([a, b]: [f64; 2], [c, d]: [f64; 2]) -> (f64, f64) {
    let stays = (1.0, 0.0);
    if !(a + b > 0.0 && c + d > 0.0) {
        return stays;
    }
    let at = |s: f64| [a * s.exp(), b * (2.0 * s).exp(), c * (-s).exp(), d * (-2.0 * s).exp()];
    let mut s = 0.0;
    for _ in 0..STEPS {
        let [a, b, c, d] = at(s);
        let step = (c + 2.0 * d - a - 2.0 * b) / (a + 4.0 * b + c + 4.0 * d);
        s += step;
        if step.abs() <= 1e-9 || step.is_nan() {
            break;
        }
    }
    let fall = a + b + c + d - at(s).iter().sum::<f64>();
    if s.abs() > LEAST && fall > 0.0 && s.exp().is_normal() && fall.is_finite() { (s.exp(), fall) } else { stays }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Matrix;
    use crate::solve::{Problem, Settings};

    #[test]
    fn the_best_scale_is_found() {
        for (left, right) in [([0.0, 3.0], [0.0, 1e-6]), ([2.0, 0.0], [0.0, 5.0]), ([1e-9, 1e3], [4.0, 0.1])] {
            let (t, fall) = best_scale(left, right);
            let value = |t: f64| left[0] * t + left[1] * t * t + right[0] / t + right[1] / (t * t);
            assert!((value(1.0) - value(t) - fall).abs() <= 1e-12 * value(1.0));
            assert!(value(t) <= value(1.001 * t) && value(t) <= value(t / 1.001), "{t}");
        }
        assert_eq!(best_scale([1.0, 1.0], [0.0, 0.0]), (1.0, 0.0));
        assert_eq!(best_scale([0.0, 2.0], [0.0, 2.0]), (1.0, 0.0));
        assert_eq!(best_scale([f64::INFINITY, 2.0], [0.0, 2.0]), (1.0, 0.0));
    }

    fn found(text: &str) -> usize {
        let x = Matrix::from_fn(6, 5, |i, j| (1 + i * j) as f64).unwrap();
        let bound = Problem::parse(text).unwrap().data("X", &x).rank(2).bind().unwrap();
        Balance::all(&bound, usize::MAX).unwrap().len()
    }

    #[test]
    fn only_free_scales_are_changed() {
        assert_eq!(found("sum((X - W @ H)**2) + 0.1*sum(abs(W)) + 0.2*sum(H**2) subject to W, H >= 0"), 1);
        assert_eq!(found("sum(kl(X, W @ H.T)) + 0.1*sum(W**2) + 0.2*sum(H**2) subject to W, H >= 0"), 1);
        assert_eq!(found("sum((X - W @ H)**2) + 0.1*sum(rownorm(W)) + 0.2*sum(rownorm(H))"), 1);
        assert_eq!(found("sum((X - W @ H)**2) + 0.1*sum(rownorm(W)) + 0.2*sum(H**2) subject to rownorm(H) <= 1"), 0);
        assert_eq!(found("sum((X - W @ H)**2) + 0.1*sum(W**2)"), 0);
        assert_eq!(found("sum((X - W @ H)**2) + 0.1*sum(W**2) + 0.1*sum(H**2) subject to W <= 1"), 0);
        assert_eq!(found("sum((X - W @ H)**2) + 0.1*sum(W**2) + 0.1*sum(H**2) + sum(rowsum(H)**2)"), 0);
        assert_eq!(found("sum((X - W @ H)**2) + sum((X - W @ K)**2) + 0.1*sum(W**2) + 0.1*sum(H**2)"), 0);
    }

    /// From factors of very different sizes the search begins where their penalties are least, and never rises.
    #[test]
    fn factors_that_differ_in_size_are_balanced() {
        let x = Matrix::from_fn(30, 20, |i, j| ((i * j) as f64).sin().abs()).unwrap();
        for text in [
            "sum((X - W @ H)**2) + 0.1*sum(W**2) + 0.1*sum(H**2)",
            "sum((X - W @ H)**2) + 0.1*sum(abs(W)) + 0.1*sum(H**2) subject to W, H >= 0",
            "sum((X - W @ H.T)**2) + 0.1*sum(W**2) + 0.1*sum(H**2)",
            "sum((X - W @ H)**2) + 0.1*sum(rownorm(W)) + 0.1*sum(H**2)",
            "sum((X - W @ H)**2) + 0.1*sum(colnorm(W)) + 0.1*sum(rownorm(H)) subject to W, H >= 0",
        ] {
            for dtype in [crate::Dtype::F32, crate::Dtype::F64] {
                let problem = Problem::parse(text).unwrap().data("X", x.cast(dtype).unwrap()).rank(3);
                let plain = problem.solve(&Settings { max_iter: 300, ..Settings::default() }).unwrap();
                let times = |name: &str, by: f64| {
                    let factor = plain.factor(name).unwrap();
                    Matrix::from_fn(factor.rows(), factor.cols(), |i, j| by * factor.get(i, j)).unwrap()
                };
                let moved = problem.clone().init_from("W", times("W", 1e3)).init_from("H", times("H", 1e-3));
                let found = moved.solve(&Settings { max_iter: 2, ..Settings::default() }).unwrap();
                let costs: Vec<f64> = found.starts[0].history.iter().map(|step| step.cost).collect();
                // In f32 but for rounding.
                assert!(costs.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 1e-6)), "{text}: {costs:?}");
                assert!((found.cost - plain.cost).abs() <= 1e-3 * plain.cost, "{text}: {costs:?} {}", plain.cost);
            }
        }
    }
}
