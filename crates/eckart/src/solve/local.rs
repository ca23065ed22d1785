//! Local: what a factor's part of the objective is at the present values of the others, as numbers.
//! In: a form's formulas, compiled once; the values of all factors.  Out: arrays of f64 that sweeps work on.
//! Law: the one place in `solve`, beside the drivers of gradients, where values of a plan become plain numbers.
//! Not here: the formulas (see `derive`), what is done with the numbers (see `sweep`, `update`).

use std::sync::Arc;

use super::derive::{Poisson, Quadratic};
use super::problem::Bound;
use crate::data::Sparse;
use crate::error::Result;
use crate::expr::Expr;
use crate::facts::Shape;
use crate::function::Compiled;
use crate::run::{Dense, Value, transpose};

/// The formulas of a quadratic, planned together.
pub(super) struct Terms {
    compiled: Compiled,
    shared: bool,
    scaled: usize,
    /// For each, whether its right side is its left one.
    sampled: Vec<bool>,
    rank: usize,
}

/// The numbers of a quadratic <B, B G> - 2 <B, L>.
pub(super) struct Local {
    /// n.
    pub rows: usize,
    /// r.
    pub rank: usize,
    /// L, or the gradient where the quadratic is a bound; n x r.
    pub array: Vec<f64>,
    /// r x r, symmetric.
    pub shared: Vec<f64>,
    scaled: Vec<(Vec<f64>, Vec<f64>)>,
    sampled: Vec<(Weights, Vec<f64>, Option<Vec<f64>>)>,
    /// The values of further formulas, which are numbers.
    pub numbers: Vec<f64>,
}

impl Terms {
    /// Plans a quadratic's formulas, the array that goes with them, and further ones that are numbers.
    pub(super) fn new(
        quadratic: &Quadratic,
        array: &Expr,
        further: &[Expr],
        bound: &Bound,
        memory_limit: usize,
    ) -> Result<Self> {
        let mut roots = vec![array.clone()];
        roots.extend(quadratic.shared.clone());
        roots.extend(quadratic.scaled.iter().flat_map(|(rows, gram)| [rows.clone(), gram.clone()]));
        let sampled = quadratic.sampled.iter();
        roots.extend(sampled.flat_map(|s| [s.weights.clone(), s.left.clone(), s.right.clone()]));
        roots.extend_from_slice(further);
        let compiled = Compiled::new(&roots, &bound.givens, memory_limit)?;
        let rank = compiled.plan.buffers[compiled.plan.outputs[0]].shape.cols;
        let scaled = quadratic.scaled.len();
        let sampled = quadratic.sampled.iter().map(|s| s.left == s.right).collect();
        Ok(Self { compiled, shared: quadratic.shared.is_some(), scaled, sampled, rank })
    }

    /// Flops of a run.
    pub(super) fn flops(&self) -> f64 {
        self.compiled.plan.flops()
    }

    /// The numbers at the present values of the factors.
    pub(super) fn run(&self, bound: &Bound) -> Result<Local> {
        let mut values = self.compiled.run(&bound.inputs)?.into_iter();
        let mut next = || values.next().ok_or_else(|| crate::Error::Bug("a formula has no value".into()));
        let array = numbers(next()?);
        let rank = self.rank;
        let shared = if self.shared { symmetric(numbers(next()?), rank) } else { vec![0.0; rank * rank] };
        let mut scaled = Vec::new();
        for _ in 0..self.scaled {
            let rows = numbers(next()?);
            scaled.push((rows, symmetric(numbers(next()?), rank)));
        }
        let mut sampled = Vec::new();
        for &same in &self.sampled {
            let weights = Weights::of(next()?);
            let left = numbers(next()?);
            let right = next()?;
            sampled.push((weights, left, (!same).then(|| numbers(right))));
        }
        let further = values.map(|value| value.to_scalar()).collect();
        Ok(Local { rows: array.len() / rank, rank, array, shared, scaled, sampled, numbers: further })
    }
}

impl Local {
    /// Whether every entry of every row has a positive curvature, the same for all rows.
    pub(super) fn is_definite_shared(&self) -> bool {
        self.is_shared() && (0..self.rank).all(|k| self.shared[k * self.rank + k] > 0.0)
    }

    /// Whether all rows have one Gram.
    pub(super) fn is_shared(&self) -> bool {
        self.scaled.is_empty() && self.sampled.is_empty()
    }

    /// The Gram of row i, into `gram` (r x r).
    pub(super) fn gram(&self, i: usize, gram: &mut [f64]) {
        let r = self.rank;
        gram.copy_from_slice(&self.shared);
        for (rows, of_all) in &self.scaled {
            gram.iter_mut().zip(of_all).for_each(|(g, a)| *g += rows[i] * a);
        }
        for (weights, left, right) in &self.sampled {
            weights.for_row(i, |j, weight| {
                let a = &left[j * r..(j + 1) * r];
                let Some(right) = right else {
                    for k in 0..r {
                        let scaled = weight * a[k];
                        gram[k * r..=k * r + k].iter_mut().zip(a).for_each(|(g, a)| *g += scaled * a);
                    }
                    return;
                };
                let b = &right[j * r..(j + 1) * r];
                for k in 0..r {
                    let (x, y) = (0.5 * weight * a[k], 0.5 * weight * b[k]);
                    for l in 0..=k {
                        gram[k * r + l] += x * b[l] + y * a[l];
                    }
                }
            });
        }
        if !self.sampled.is_empty() {
            for k in 0..r {
                for l in 0..k {
                    gram[l * r + k] = gram[k * r + l];
                }
            }
        }
    }
}

/// A number for each entry of a matrix, or for the stored ones.
pub(super) struct Weights(std::result::Result<Sparse<f64>, Arc<Dense>>);

impl Weights {
    fn of(value: Value) -> Self {
        Self(value.into_sparse())
    }

    /// Calls `visit` with each column of row i that counts, and its weight.
    pub(super) fn for_row(&self, i: usize, mut visit: impl FnMut(usize, f64)) {
        match &self.0 {
            Err(dense) => {
                let cols = dense.shape.cols;
                for (j, &weight) in dense.data[i * cols..(i + 1) * cols].iter().enumerate() {
                    if weight != 0.0 {
                        visit(j, weight);
                    }
                }
            }
            Ok(sparse) => {
                let pattern = sparse.pattern();
                for at in pattern.range(i) {
                    visit(pattern.indices()[at] as usize, sparse.values()[at]);
                }
            }
        }
    }
}

/// The formulas of a Poisson form, planned together.
pub(super) struct Counts {
    compiled: Compiled,
}

/// The numbers of a Poisson form.
pub(super) struct PoissonLocal {
    /// C.
    pub counts: Weights,
    /// Q, m x r.
    pub columns: Vec<f64>,
    /// P, n x r.
    pub pull: Vec<f64>,
    /// The values of further formulas, which are numbers.
    pub numbers: Vec<f64>,
}

impl Counts {
    /// Plans a Poisson form's formulas, and further ones that are numbers.
    pub(super) fn new(form: &Poisson, further: &[Expr], bound: &Bound, memory_limit: usize) -> Result<Self> {
        let mut roots = vec![form.counts.clone(), form.columns.clone(), form.pull.clone()];
        roots.extend_from_slice(further);
        Ok(Self { compiled: Compiled::new(&roots, &bound.givens, memory_limit)? })
    }

    /// The numbers at the present values of the factors.
    pub(super) fn run(&self, bound: &Bound) -> Result<PoissonLocal> {
        let mut values = self.compiled.run(&bound.inputs)?.into_iter();
        let mut next = || values.next().ok_or_else(|| crate::Error::Bug("a formula has no value".into()));
        let (counts, columns, pull) = (Weights::of(next()?), numbers(next()?), numbers(next()?));
        Ok(PoissonLocal { counts, columns, pull, numbers: values.map(|value| value.to_scalar()).collect() })
    }
}

fn numbers(value: Value) -> Vec<f64> {
    Arc::try_unwrap(value.into_dense()).map_or_else(|shared| shared.data.clone(), |own| own.data)
}

fn symmetric(mut gram: Vec<f64>, r: usize) -> Vec<f64> {
    for k in 0..r {
        for l in 0..k {
            let mean = 0.5 * (gram[k * r + l] + gram[l * r + k]);
            (gram[k * r + l], gram[l * r + k]) = (mean, mean);
        }
    }
    gram
}

/// The array that methods work on: the factor's numbers, transposed where `flipped`.
pub(super) fn rows_of(factor: &Dense, flipped: bool) -> Vec<f64> {
    if flipped { transposed(&factor.data, factor.shape.cols) } else { factor.data.clone() }
}

/// The factor of such an array.
pub(super) fn factor_of(rows: &[f64], shape: Shape, flipped: bool) -> Dense {
    let data = if flipped { transposed(rows, shape.rows) } else { rows.to_vec() };
    Dense { shape, data }
}

/// The transpose of an array with `cols` numbers a row.
fn transposed(data: &[f64], cols: usize) -> Vec<f64> {
    let mut out = vec![0.0; data.len()];
    transpose(data, cols, &mut out);
    out
}
