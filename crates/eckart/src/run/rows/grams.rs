//! Grams: the quadratics of a factor's rows, as numbers: one Gram for all rows, or one per row.
//! In: panels, weights, rows of a factor (n x r).  Out: the Gram of each row; rows moved, and by how much the quadratic
//! fell.
//! Invariant: panels and weights have the type of the factor, Grams and decreases are f64; rows are independent, and
//! the cut into shards depends on the data alone.
//! Not here: where the numbers come from and how rows are moved (see `solve`), the inner loops (see
//! `crates/eckart-kernels`).

use std::ops::Range;

use eckart_kernels::{CgWorkspace, GramWorkspace, Kernels, Picked, RowQuadratic, RowSum, SharedGram, View};

use super::descent::half_gradient;
use crate::rows::{GramParts, SampledGram};
use crate::run::{Cut, Held, Numbers, Rect, Value, for_rows, simd_level, sum_by, sum_rows};

impl GramParts<Value> {
    /// The Grams, of side `rank`, of rows that are cut so.
    pub(crate) fn into_grams<T: Numbers>(self, rank: usize, cut: Cut) -> Grams<T> {
        let gram = |value: Value| symmetric(value.into_rect().data.into_vec(), rank);
        let sum = |of: SampledGram<Value>| SampledRows {
            scale: of.scale,
            weights: Weights(of.weights.cast()),
            left: of.left.into_rect(),
            right: of.right.map(Value::into_rect),
        };
        Grams {
            rank,
            cut,
            shared: self.shared.map_or_else(|| vec![0.0; rank * rank], gram),
            scaled: self.scaled.into_iter().map(|(u, of)| (u.into_rect().data.into_vec(), gram(of))).collect(),
            sampled: self.sampled.into_iter().map(sum).collect(),
        }
    }
}

/// The Grams of rows, as numbers.
pub(crate) struct Grams<T> {
    /// r.
    pub rank: usize,
    /// The cut of the rows, over which decreases are added up.
    pub cut: Cut,
    /// r x r, symmetric.
    pub shared: Vec<f64>,
    /// A number per row, and what it multiplies.
    pub scaled: Vec<(Vec<f64>, Vec<f64>)>,
    /// Sums over the entries of a row.
    pub sampled: Vec<SampledRows<T>>,
}

/// A [`SampledGram`] as numbers.
pub(crate) struct SampledRows<T> {
    pub scale: f64,
    pub weights: Weights<T>,
    pub left: Rect<T>,
    pub right: Option<Rect<T>>,
}

/// The linear term l of the rows' quadratics <b, b G> - 2 <b, l>.
#[derive(Clone, Copy)]
pub(crate) enum LinearTerm<'a, T> {
    /// l of every row.
    Known(&'a [T]),
    /// The gradient 2 (b G - l) of every row where it is.
    OfGradient(&'a [T]),
}

impl<'a, T> LinearTerm<'a, T> {
    pub(super) fn rows(self, range: &Range<usize>, r: usize) -> (&'a [T], bool) {
        let of = |all: &'a [T]| &all[range.start * r..range.end * r];
        match self {
            Self::Known(all) => (of(all), false),
            Self::OfGradient(all) => (of(all), true),
        }
    }
}

/// A number for each entry of a matrix, or for the stored ones.
pub(crate) struct Weights<T>(pub Held<T>);

impl<T: Numbers> Weights<T> {
    /// The entries of row i.
    pub(super) fn row(&self, i: usize) -> Picked<'_, T> {
        match &self.0 {
            Held::Dense(rect) => Picked { columns: None, weights: rect.row(i) },
            Held::Sparse(entries) => {
                let range = entries.range(i);
                Picked { columns: Some(&entries.indices()[range.clone()]), weights: &entries.values[range] }
            }
        }
    }

    /// The sum of all.
    pub(crate) fn total(&self) -> f64 {
        let numbers = match &self.0 {
            Held::Dense(rect) => &rect.data,
            Held::Sparse(entries) => &entries.values,
        };
        sum_by(numbers, T::to_f64)
    }
}

impl<T: Numbers> SampledRows<T> {
    /// The sum of row i.
    fn row(&self, i: usize) -> RowSum<'_, T> {
        fn panel<T: Numbers>(rect: &Rect<T>) -> View<'_, T> {
            View::rows_of(&rect.data, rect.shape.cols)
        }
        let right = self.right.as_ref().map(panel);
        RowSum { picked: self.weights.row(i), scale: self.scale, left: panel(&self.left), right }
    }
}

impl<T: Numbers> Grams<T> {
    /// Whether all rows have one Gram.
    pub(crate) fn is_shared(&self) -> bool {
        self.scaled.is_empty() && self.sampled.is_empty()
    }

    /// Whether they have, and every entry of a row has a positive curvature.
    pub(crate) fn is_definite_shared(&self) -> bool {
        self.is_shared() && (0..self.rank).all(|k| self.shared[k * self.rank + k] > 0.0)
    }

    /// The Gram of row i, into `gram` (r x r).
    pub(crate) fn of_row(&self, i: usize, workspace: &mut GramWorkspace<T>, gram: &mut [f64]) {
        self.upper_of_row(i, workspace, gram);
        mirror(gram, self.rank);
    }

    /// The Gram of row i, into `gram` (r x r): its upper triangle.
    pub(super) fn upper_of_row(&self, i: usize, workspace: &mut GramWorkspace<T>, gram: &mut [f64]) {
        gram.copy_from_slice(&self.shared);
        for (rows, of_all) in &self.scaled {
            gram.iter_mut().zip(of_all).for_each(|(g, a)| *g += rows[i] * a);
        }
        for sum in &self.sampled {
            T::row_gram(simd_level(), sum.row(i), workspace, gram);
        }
    }

    /// Calls what `visitor` makes, once a shard of rows, with each row of the array, its linear term and its Gram, in
    /// f64; returns the sum of what it returns.
    pub(crate) fn each_row<V>(&self, array: &mut [T], linear: LinearTerm<'_, T>, visitor: impl Fn() -> V + Sync) -> f64
    where
        V: FnMut(&mut [f64], &[f64], &[f64]) -> f64,
    {
        let r = self.rank;
        sum_rows(array, r, &self.cut, |range, part| {
            let (mut workspace, mut gram) = (GramWorkspace::new(r), self.shared.clone());
            let (mut row, mut own) = (vec![0.0; r], vec![0.0; r]);
            let mut visit = visitor();
            let (terms, is_gradient) = linear.rows(&range, r);
            let mut total = 0.0;
            for (i, (numbers, term)) in range.zip(part.chunks_mut(r).zip(terms.chunks(r))) {
                if !self.is_shared() {
                    self.of_row(i, &mut workspace, &mut gram);
                }
                read(numbers, &mut row);
                read(term, &mut own);
                if is_gradient {
                    // The quadratic that touches at b has l = b G - gradient / 2.
                    own.iter_mut().for_each(|l| *l *= -0.5);
                    times(&mut own, View::rows_of(&row, r), View::rows_of(&gram, r));
                }
                total += visit(&mut row, &own, &gram);
                write(&row, numbers);
            }
            total
        })
    }

    /// Moves each row by conjugate gradient steps, no Gram being made; returns the decrease. `None` where the Grams are
    /// not one for all and one sum over the entries of each row, or the linear term is to be found first.
    pub(super) fn descend_each(&self, array: &mut [T], linear: LinearTerm<'_, T>, steps: usize) -> Option<f64> {
        let LinearTerm::Known(linear) = linear else { return None };
        let (r, [sum @ SampledRows { right: None, .. }]) = (self.rank, &self.sampled[..]) else { return None };
        if !self.scaled.is_empty() {
            return None;
        }
        let shared = &SharedGram::new(&self.shared, r);
        Some(sum_rows(array, r, &self.cut, |range, part| {
            let mut workspace = CgWorkspace::new(r);
            let mut total = 0.0;
            for (i, row) in range.zip(part.chunks_mut(r)) {
                let quadratic = RowQuadratic { linear: &linear[i * r..(i + 1) * r], shared, sum: sum.row(i) };
                total += T::row_cg(simd_level(), row, quadratic, steps, &mut workspace);
            }
            total
        }))
    }

    /// The sum of <b, b G> over all rows.
    pub(crate) fn curvature(&self, array: &mut [T]) -> f64 {
        let nothing = vec![T::default(); array.len()];
        self.each_row(array, LinearTerm::Known(&nothing), || {
            let mut product = vec![0.0; self.rank];
            move |row: &mut [f64], nothing: &[f64], gram: &[f64]| {
                half_gradient(row, nothing, gram, &mut product);
                row.iter().zip(&product).map(|(b, p)| b * p).sum()
            }
        })
    }
}

/// Rows that are moved together where all have one Gram: they and what is made of them stay in a core's own cache.
pub(super) const TOGETHER: usize = 64;

/// B G - gradient / 2: the linear term of the quadratic that touches at B and has the Gram G for all rows.
pub(crate) fn tangent<T: Numbers>(array: &[T], gradient: &[T], gram: &[f64], r: usize) -> Vec<T> {
    let mut linear = T::pool().take(array.len());
    for_rows(&mut linear, r, |range, part| {
        let all = range.start * r..range.end * r;
        let (mut rows, mut along) = (vec![0.0; TOGETHER * r], vec![0.0; TOGETHER * r]);
        let parts = part.chunks_mut(TOGETHER * r).zip(array[all.clone()].chunks(TOGETHER * r));
        for ((linear, array), gradient) in parts.zip(gradient[all].chunks(TOGETHER * r)) {
            let (rows, along) = (&mut rows[..linear.len()], &mut along[..linear.len()]);
            read(array, rows);
            along.iter_mut().zip(gradient).for_each(|(l, g)| *l = -0.5 * g.to_f64());
            times(along, View::rows_of(rows, r), View::rows_of(gram, r));
            write(along, linear);
        }
    });
    linear
}

/// A M, where A has k columns and M (k x r) is small.
pub(crate) fn times_small<T: Numbers>(array: &[T], small: &[f64], (k, r): (usize, usize)) -> Vec<T> {
    let mut out = T::pool().take(array.len() / k.max(1) * r);
    for_rows(&mut out, r, |range, part| {
        let (mut rows, mut product) = (vec![0.0; TOGETHER * k], vec![0.0; TOGETHER * r]);
        let from = &array[range.start * k..range.end * k];
        for (numbers, from) in part.chunks_mut(TOGETHER * r).zip(from.chunks(TOGETHER * k)) {
            let (rows, product) = (&mut rows[..from.len()], &mut product[..numbers.len()]);
            read(from, rows);
            product.fill(0.0);
            times(product, View::rows_of(rows, k), View::rows_of(small, r));
            write(product, numbers);
        }
    });
    out
}

pub(super) fn read<T: Numbers>(from: &[T], to: &mut [f64]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = from.to_f64());
}

pub(super) fn write<T: Numbers>(from: &[f64], to: &mut [T]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = T::from_f64(*from));
}

/// `out` += `a` `b` in f64.
pub(super) fn times(out: &mut [f64], a: View<'_>, b: View<'_>) {
    f64::multiply_add(simd_level(), out, a, b, None);
}

/// The greatest sum of sizes of a row of the Gram, which its greatest eigenvalue is no more than; `None` where it is 0
/// or not finite.
pub(crate) fn steepest(gram: &[f64], r: usize) -> Option<f64> {
    let most = gram.chunks(r).map(|row| row.iter().map(|x| x.abs()).sum::<f64>()).fold(0.0, f64::max);
    (most > 0.0 && most.is_finite()).then_some(most)
}

/// A matrix made symmetric: the mean of it and its transpose.
pub(crate) fn symmetric(mut gram: Vec<f64>, r: usize) -> Vec<f64> {
    for k in 0..r {
        for l in 0..k {
            let mean = 0.5 * (gram[k * r + l] + gram[l * r + k]);
            (gram[k * r + l], gram[l * r + k]) = (mean, mean);
        }
    }
    gram
}

/// Writes the upper triangle into the lower one.
pub(super) fn mirror(gram: &mut [f64], r: usize) {
    for k in 0..r {
        for l in 0..k {
            gram[k * r + l] = gram[l * r + k];
        }
    }
}
