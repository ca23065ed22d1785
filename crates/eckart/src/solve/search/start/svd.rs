//! Svd: the leading singular vectors of the data, by a randomised range finder.
//! In: a bound problem, how many.  Out: singular values, left and right vectors.
//! Invariant: the data is only multiplied with thin matrices; the same seed gives the same bits.
//! Not here: factors made of them (see `parts`).

use super::eigen::eigen;
use super::offsets::{at_levels, leaves_out, residual};
use super::random::{stream, uniform};
use crate::error::{Error, Result};
use crate::expr::{Expr, Var};
use crate::facts::{Given, Shape};
use crate::function::Compiled;
use crate::run::rows::Cholesky;
use crate::run::rows::grams::times_small;
use crate::run::{Inputs, Numbers, Rect, Value, simd_level};
use crate::solve::problem::Bound;

/// Columns beside those asked for (Halko, Martinsson and Tropp 2011, section 4.2).
const MORE: usize = 10;
/// Times that the range is multiplied with X X.T (ibid., algorithm 4.4).
const POWERS: usize = 4;
/// The stream of random numbers, apart from those of factors.
const STREAM: u64 = u16::MAX as u64;

/// X is about the sum of `values[k] * left[k] * right[k].T`.
pub(super) struct Svd<T> {
    /// The greatest first.
    pub values: Vec<f64>,
    /// r x n: a left vector a row.
    pub left: Rect<T>,
    /// r x m.
    pub right: Rect<T>,
}

/// The `r` leading singular values and vectors of the data, in the type of the factors; a missing entry counts as 0.
///
/// # Errors
/// `Limit` where a plan needs more than `memory_limit` bytes.
pub(super) fn truncated<T: Numbers>(bound: &Bound, r: usize, seed: u64, memory_limit: usize) -> Result<Svd<T>> {
    let (n, m) = (bound.target.1.rows(), bound.target.1.cols());
    let k = (r + MORE).min(n.min(m));
    let mut range = Range::new(bound, k, memory_limit)?;
    let mut random = stream(seed, 0, STREAM);
    let mut sample = Rect::zeros(Shape { rows: m, cols: k });
    sample.make_mut().iter_mut().for_each(|x| *x = T::from_f64(2.0 * uniform(&mut random) - 1.0));
    let mut left = range.forward(sample)?;
    for _ in 0..POWERS {
        // Between powers columns need only stay apart.
        let apart = range.orthonormal(left, 1)?;
        let right = range.back(apart)?;
        let apart = range.orthonormal(right, 1)?;
        left = range.forward(apart)?;
    }
    let left = range.orthonormal(left, 2)?;
    let right = range.back(left.clone())?;
    let gram = range.gram(&right)?;
    let (squares, rotation) = eigen(gram, k);
    let values: Vec<f64> = squares[..r].iter().map(|square| square.max(0.0).sqrt()).collect();
    let by = |j: usize| if values[j] > f64::EPSILON * values[0] { 1.0 / values[j] } else { 0.0 };
    let mut found =
        Svd { left: rotated(left, &rotation, r, &|_| 1.0), right: rotated(right, &rotation, r, &by), values };
    found.fix_signs();
    Ok(found)
}

impl<T: Numbers> Svd<T> {
    /// The largest entry of each left vector is positive.
    fn fix_signs(&mut self) {
        let (n, m) = (self.left.shape.cols, self.right.shape.cols);
        for (left, right) in self.left.make_mut().chunks_mut(n).zip(self.right.make_mut().chunks_mut(m)) {
            let largest =
                left.iter().fold(0.0_f64, |most, x| if x.to_f64().abs() > most.abs() { x.to_f64() } else { most });
            if largest < 0.0 {
                left.iter_mut().chain(right).for_each(|x| *x = -*x);
            }
        }
    }
}

/// The first r columns of A V (A has k columns), each times `by` of its number, as rows.
fn rotated<T: Numbers>(a: Rect<T>, rotation: &[f64], r: usize, by: &dyn Fn(usize) -> f64) -> Rect<T> {
    let Shape { rows, cols: k } = a.shape;
    let factors: Vec<f64> = (0..r).map(by).collect();
    let small: Vec<f64> = (0..k * r).map(|at| rotation[at / r * k + at % r] * factors[at % r]).collect();
    Rect::new(Shape { rows, cols: r }, times_small(&a.data, &small, (k, r))).into_transposed()
}

/// The products that a range finder is made of.
struct Range {
    inputs: Inputs,
    k: usize,
    forward: Compiled,
    back: Compiled,
    /// For arrays of n and of m rows.
    grams: [(usize, Compiled); 2],
}

impl Range {
    fn new(bound: &Bound, k: usize, memory_limit: usize) -> Result<Self> {
        let (name, matrix) = &bound.target;
        let (n, m) = matrix.shape();
        let dtype = bound.dtype();
        // What the offsets leave, where every entry counts.
        let rest = if bound.spread.is_some() && !leaves_out(bound) { residual(bound)? } else { None };
        let x = rest.unwrap_or_else(|| Expr::from(Var::input(name)));
        let plan = |formula: Expr, rows: usize| {
            let mut givens = bound.givens.clone();
            givens.insert(thin(), Given { dtype, ..Given::dense(rows, k) });
            Compiled::new(&[formula], &givens, memory_limit)
        };
        let a = Expr::from(thin());
        let inputs = at_levels(bound);
        let (forward, back) = (plan(x.dot(&a), m)?, plan(x.t().dot(&a), n)?);
        let grams = [(n, plan(a.t().dot(&a), n)?), (m, plan(a.t().dot(&a), m)?)];
        Ok(Self { inputs, k, forward, back, grams })
    }

    /// X A, n x k.
    fn forward<T: Numbers>(&mut self, array: Rect<T>) -> Result<Rect<T>> {
        Ok(product(&self.forward, &mut self.inputs, array)?.into_rect())
    }

    /// X.T A, m x k.
    fn back<T: Numbers>(&mut self, array: Rect<T>) -> Result<Rect<T>> {
        Ok(product(&self.back, &mut self.inputs, array)?.into_rect())
    }

    /// A.T A, k x k.
    fn gram<T: Numbers>(&mut self, array: &Rect<T>) -> Result<Vec<f64>> {
        let plan = self.grams.iter().find(|(length, _)| *length == array.shape.rows);
        let (_, plan) = plan.ok_or_else(|| Error::Bug("an array is as long as neither side".into()))?;
        Ok(product(plan, &mut self.inputs, array.clone())?.into_rect::<f64>().data.into_vec())
    }

    /// The array with columns made orthonormal: A L^-T, where A.T A = L L.T; as good as working precision when it
    /// is done twice (Fukaya et al. 2014, CholeskyQR2). Columns that depend on others become small, not orthonormal;
    /// they span nothing.
    fn orthonormal<T: Numbers>(&mut self, mut array: Rect<T>, times: usize) -> Result<Rect<T>> {
        for _ in 0..times {
            let gram = self.gram(&array)?;
            let Some(solver) = Cholesky::shifted(simd_level(), &gram, self.k, 0.0) else { return Ok(array) };
            // Row k of L^-T is L^-1 times the unit vector k.
            let mut inverse = vec![0.0; self.k * self.k];
            for (k, row) in inverse.chunks_mut(self.k).enumerate() {
                row[k] = 1.0;
                solver.forward(row);
            }
            array = Rect::new(array.shape, times_small(&array.data, &inverse, (self.k, self.k)));
        }
        Ok(array)
    }
}

/// A name that no formula of a user can hold.
fn thin() -> Var {
    Var::input("a thin matrix")
}

/// What a plan makes of a thin matrix.
fn product<T: Numbers>(plan: &Compiled, inputs: &mut Inputs, array: Rect<T>) -> Result<Value> {
    inputs.set(&thin(), Value::of_rect(array));
    let value = plan.run(inputs)?.into_iter().next();
    drop(inputs.take(&thin()));
    value.ok_or_else(|| Error::Bug("a formula has no value".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Matrix, Problem};

    /// A matrix of rank 6 whose singular values are known, sparse or dense.
    #[test]
    fn singular_values_and_vectors_are_found() {
        let (n, m) = (40, 30);
        // Orthogonal columns: cosines of different frequencies.
        let wave = |length: usize, k: usize, i: usize| {
            let phase = std::f64::consts::PI * (i as f64 + 0.5) * (k + 1) as f64 / length as f64;
            phase.cos() * (2.0 / length as f64).sqrt()
        };
        let known = [9.0, 7.0, 4.0, 2.0, 1.0, 0.5];
        let entry = |i, j| known.iter().enumerate().map(|(k, s)| s * wave(n, k, i) * wave(m, k, j)).sum::<f64>();
        let x = Matrix::from_fn(n, m, entry).unwrap();
        let problem = Problem::parse("sum((X - W @ H)**2)").unwrap().data("X", &x).rank(4);
        let svd = truncated::<f64>(&problem.bind().unwrap(), 4, 0, usize::MAX).unwrap();
        for k in 0..4 {
            assert!((svd.values[k] - known[k]).abs() < 1e-9, "{:?}", svd.values);
            let along: f64 = (0..n).map(|i| svd.left.data[k * n + i] * wave(n, k, i)).sum();
            let across: f64 = (0..m).map(|j| svd.right.data[k * m + j] * wave(m, k, j)).sum();
            assert!((along.abs() - 1.0).abs() < 1e-9 && (along - across).abs() < 1e-9);
        }
    }

    #[test]
    fn what_is_zero_or_of_low_rank_has_zeros() {
        for scale in [0.0, 1.0] {
            let x = Matrix::from_fn(12, 9, |i, j| scale * (i + 1) as f64 * (j + 1) as f64).unwrap();
            let problem = Problem::parse("sum((X - W @ H)**2)").unwrap().data("X", &x).rank(3);
            let svd = truncated::<f64>(&problem.bind().unwrap(), 3, 0, usize::MAX).unwrap();
            assert!(svd.left.data.iter().chain(svd.right.data.iter()).chain(&svd.values).all(|v| v.is_finite()));
            assert!(svd.values[1] <= 1e-6 * svd.values[0]);
        }
    }
}
