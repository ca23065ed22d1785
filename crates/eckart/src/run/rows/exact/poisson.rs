//! Poisson: the minimum of <p, b> + s |b|^2 - sum_j c_j log <b, q_j> + penalty(b), nothing negative.
//! In: counts c, the q_j, p, s, a regularizer.  Out: b.
//! Invariant: proximal Newton steps, each shortened until the value falls: it never rises, and ends to working
//! precision.
//! Not here: the quadratic that each step minimizes (see `quadratic`).

use eckart_kernels::{Kernels, Picked, RowSum, RowTerms, View};

use super::quadratic::{Workspace, dot, quadratic};
use super::regularizer::RowRegularizer;
use crate::run::rows::grams::mirror;
use crate::run::simd_level;

/// Newton steps, at most.
const STEPS: usize = 200;
/// Halvings of one, at most.
const HALVINGS: usize = 60;
/// The value has settled where a step promises less than this share of the counts.
const SETTLED: f64 = 1e-15;
/// Of the largest diagonal entry of the curvature, added to the diagonal: there may be fewer counts than numbers.
const SHIFT: f64 = 1e-12;

/// The columns of a row that have a count.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    /// c_j.
    pub counts: Vec<f64>,
    /// q_j, one after the other.
    pub columns: Vec<f64>,
}

impl Counted {
    /// Takes a column in, if the factors can explain its count at all.
    pub(crate) fn push(&mut self, count: f64, column: &[f64]) {
        if count > 0.0 && column.iter().any(|q| *q > 0.0) {
            self.counts.push(count);
            self.columns.extend_from_slice(column);
        }
    }

    /// Forgets all columns.
    pub(crate) fn clear(&mut self) {
        self.counts.clear();
        self.columns.clear();
    }

    fn products(&self, b: &[f64]) -> Vec<f64> {
        self.columns.chunks(b.len()).map(|q| dot(q, b)).collect()
    }

    /// sum_j c_j log s_j
    fn logs(&self, products: &[f64]) -> f64 {
        self.counts.iter().zip(products).map(|(c, s)| c * s.ln()).sum()
    }
}

/// What the objective has beside the logarithms.
#[derive(Clone, Copy)]
pub(crate) struct PoissonTerms<'a> {
    /// p.
    pub linear: &'a [f64],
    /// s.
    pub square: f64,
    /// Bounds and penalty.
    pub regularizer: &'a RowRegularizer,
}

/// Moves `b` to the minimum (Lee, Sun and Saunders 2014, algorithm 1).
pub(crate) fn poisson(b: &mut [f64], counted: &Counted, terms: PoissonTerms<'_>, workspace: &mut Workspace) {
    let PoissonTerms { linear: p, square, regularizer } = terms;
    let r = b.len();
    begin(b, counted, terms);
    let total: f64 = counted.counts.iter().sum();
    if total == 0.0 {
        return;
    }
    let mut products = counted.products(b);
    let own = |b: &[f64]| dot(p, b) + square * dot(b, b) + regularizer.penalty(b);
    let mut value = own(b) - counted.logs(&products);
    let (mut gram, mut slope) = (vec![0.0; r * r], vec![0.0; r]);
    for _ in 0..STEPS {
        (0..r).for_each(|k| slope[k] = p[k] + 2.0 * square * b[k]);
        curve(counted, &products, workspace, &mut gram, &mut slope);
        (0..r).for_each(|k| gram[k * r + k] += square);
        // <d, H d> / 2 + <g, d> in b + d is <b, G b> - 2 <b, l> with G = H / 2 and l = (H b - g) / 2.
        let of = |row: &[f64], g: f64| dot(row, b) - 0.5 * g;
        let linear: Vec<f64> = gram.chunks(r).zip(&slope).map(|(row, &g)| of(row, g)).collect();
        let mut aim = b.to_vec();
        quadratic(&mut aim, RowTerms { linear: &linear, gram: &gram }, regularizer, workspace);
        let step: Vec<f64> = aim.iter().zip(b.iter()).map(|(new, old)| new - old).collect();
        let promise = -dot(&slope, &step) + regularizer.penalty(b) - regularizer.penalty(&aim);
        if !(promise > SETTLED * total && promise.is_finite()) {
            return;
        }
        let mut share = 1.0;
        let mut found = None;
        for _ in 0..HALVINGS {
            let new: Vec<f64> = b.iter().zip(&step).map(|(old, d)| old + share * d).collect();
            let reached = counted.products(&new);
            let reached_value = own(&new) - counted.logs(&reached);
            if reached_value < value {
                found = Some((new, reached, reached_value));
                break;
            }
            share *= 0.5;
        }
        let Some((new, reached, reached_value)) = found else { return };
        b.copy_from_slice(&new);
        (products, value) = (reached, reached_value);
    }
}

/// Where all numbers have the same share of the counts and the products add up to these.
fn begin(b: &mut [f64], counted: &Counted, PoissonTerms { linear, square, regularizer }: PoissonTerms<'_>) {
    let total: f64 = counted.counts.iter().sum();
    for ((x, entry), &p) in b.iter_mut().zip(&regularizer.entries).zip(linear) {
        // The root of 2 s x^2 + w x = c, whose slope is that of its share of the counts.
        let (weight, share) = (p + entry.l1, total / linear.len() as f64);
        let root = (weight * weight + 8.0 * square * share).sqrt();
        let even = if share > 0.0 && root + weight > 0.0 { 2.0 * share / (weight + root) } else { total };
        *x = entry.clip(even);
    }
}

/// Half the second derivative into `gram`; subtracts the logarithms' part from the slope.
fn curve(counted: &Counted, products: &[f64], workspace: &mut Workspace, gram: &mut [f64], slope: &mut [f64]) {
    let r = slope.len();
    for ((&c, &s), q) in counted.counts.iter().zip(products).zip(counted.columns.chunks(r)) {
        slope.iter_mut().zip(q).for_each(|(slope, q)| *slope -= c / s * q);
    }
    let weights: Vec<f64> = counted.counts.iter().zip(products).map(|(c, s)| 0.5 * (c / s) / s).collect();
    let (picked, left) = (Picked { columns: None, weights: &weights }, View::rows_of(&counted.columns, r));
    gram.fill(0.0);
    f64::row_gram(simd_level(), RowSum { picked, scale: 1.0, left, right: None }, workspace.gram_of(r), gram);
    let most = (0..r).map(|k| gram[k * r + k]).fold(0.0, f64::max);
    (0..r).for_each(|k| gram[k * r + k] += SHIFT * most);
    mirror(gram, r);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::FactorRegularizer;
    use eckart_kernels::Regularizer;

    /// The minimum has no slope but where a bound holds it (Karush, Kuhn and Tucker).
    #[track_caller]
    fn check(counts: &[f64], columns: &[f64], linear: &[f64], entries: Regularizer) {
        for square in [0.0, 0.7] {
            check_with(counts, columns, linear, square, entries);
        }
    }

    #[track_caller]
    fn check_with(counts: &[f64], columns: &[f64], linear: &[f64], square: f64, entries: Regularizer) {
        let r = linear.len();
        let mut counted = Counted::default();
        counts.iter().zip(columns.chunks(r)).for_each(|(&c, q)| counted.push(c, q));
        let mut regularizer = RowRegularizer::default();
        regularizer.push(&FactorRegularizer::of(entries), r);
        let mut b = regularizer.origin();
        let terms = PoissonTerms { linear, square, regularizer: &regularizer };
        poisson(&mut b, &counted, terms, &mut Workspace::default());
        let products = counted.products(&b);
        for k in 0..r {
            let rises: f64 =
                (0..products.len()).map(|j| counted.counts[j] * counted.columns[j * r + k] / products[j]).sum();
            let weight = linear[k] + entries.l1 + 2.0 * square * b[k];
            let (slope, scale) = (weight - rises, weight + rises);
            let at_bound = (b[k] == 0.0 && slope >= -1e-6 * scale) || b[k] == entries.upper;
            assert!(slope.abs() <= 1e-6 * scale || at_bound, "{k}: slope {slope} at {b:?}");
        }
    }

    #[test]
    fn the_minimum_is_found() {
        let nonnegative = Regularizer { lower: 0.0, ..Regularizer::NONE };
        let columns = [1.0, 0.5, 0.0, 2.0, 0.1, 0.1, 3.0, 0.0, 0.2, 0.7];
        check(&[3.0, 0.0, 10.0, 1.0, 2.0], &columns, &[4.0, 2.0], nonnegative);
        check(&[300.0, 1.0, 1e5, 1.0, 2.0], &columns, &[4.0, 2.0], nonnegative);
        check(&[3.0, 1.0, 10.0, 1.0, 2.0], &columns, &[4.0, 2.0], Regularizer { l1: 2.0, ..nonnegative });
        check(&[3.0, 1.0, 10.0, 1.0, 2.0], &columns, &[4.0, 2.0], Regularizer { upper: 1.5, ..nonnegative });
        // One count and two numbers; a count that no number explains; no count at all.
        check(&[3.0], &[1.0, 0.5], &[4.0, 2.0], nonnegative);
        check(&[3.0, 1.0], &[1.0, 0.5, 0.0, 0.0], &[4.0, 2.0], nonnegative);
        check(&[0.0], &[1.0, 0.5], &[4.0, 2.0], nonnegative);
    }
}
