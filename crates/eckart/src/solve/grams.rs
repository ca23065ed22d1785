//! Grams: of a quadratic's rows, as numbers: one for all, or one a row.
//! In: the values of a quadratic's formulas.  Out: the Gram of a row, in f64.
//! Law: panels and weights have the type of the factor; a Gram is f64, and so is every sum that goes into it.
//! Not here: the formulas (see `derive`), what is done with a Gram (see `block`).

use crate::run::{Held, Numbers, Rect};

/// Row i has the Gram `shared + sum_t u_t[i] G_t + sum_j C[i, j] left[j].T right[j]`, made symmetric.
pub(super) struct Grams<T> {
    /// r.
    pub rank: usize,
    /// r x r, symmetric.
    pub shared: Vec<f64>,
    /// A number a row, and what it multiplies.
    pub scaled: Vec<(Vec<f64>, Vec<f64>)>,
    /// Sums over the entries of a row.
    pub sampled: Vec<Sums<T>>,
}

/// A sum over the entries of a row of weights.
pub(super) struct Sums<T> {
    /// n x m.
    pub weights: Weights<T>,
    /// m x r.
    pub left: Rect<T>,
    /// m x r, where it is not the left side.
    pub right: Option<Rect<T>>,
}

/// A number for each entry of a matrix, or for the stored ones.
pub(super) struct Weights<T>(pub Held<T>);

impl<T: Numbers> Weights<T> {
    /// Calls `visit` with each column of row i that counts, and its weight.
    pub(super) fn for_row(&self, i: usize, mut visit: impl FnMut(usize, T)) {
        match &self.0 {
            Held::Dense(rect) => {
                let weights = rect.row(i).iter().enumerate();
                weights.filter(|(_, weight)| **weight != T::default()).for_each(|(j, &weight)| visit(j, weight));
            }
            Held::Sparse(entries) => {
                let range = entries.range(i);
                let columns = &entries.indices()[range.clone()];
                columns.iter().zip(&entries.values[range]).for_each(|(&j, &weight)| visit(j as usize, weight));
            }
        }
    }
}

impl<T: Numbers> Grams<T> {
    /// Whether all rows have one Gram.
    pub(super) fn is_shared(&self) -> bool {
        self.scaled.is_empty() && self.sampled.is_empty()
    }

    /// Whether they have, and every entry of a row has a positive curvature.
    pub(super) fn is_definite_shared(&self) -> bool {
        self.is_shared() && (0..self.rank).all(|k| self.shared[k * self.rank + k] > 0.0)
    }

    /// The Gram of row i, into `gram` (r x r).
    pub(super) fn of_row(&self, i: usize, gram: &mut [f64]) {
        let r = self.rank;
        gram.copy_from_slice(&self.shared);
        for (rows, of_all) in &self.scaled {
            gram.iter_mut().zip(of_all).for_each(|(g, a)| *g += rows[i] * a);
        }
        for Sums { weights, left, right } in &self.sampled {
            weights.for_row(i, |j, weight| {
                let weight = weight.to_f64();
                let a = left.row(j);
                let Some(right) = right else {
                    for k in 0..r {
                        let scaled = weight * a[k].to_f64();
                        gram[k * r..=k * r + k].iter_mut().zip(a).for_each(|(g, a)| *g += scaled * a.to_f64());
                    }
                    return;
                };
                let b = right.row(j);
                for k in 0..r {
                    let (x, y) = (0.5 * weight * a[k].to_f64(), 0.5 * weight * b[k].to_f64());
                    for l in 0..=k {
                        gram[k * r + l] += x * b[l].to_f64() + y * a[l].to_f64();
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
