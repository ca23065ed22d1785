//! Proximal: steps under limits and penalties of lengths, by the proximal map of the whole regularizer.
//! In: rows or columns of an array, Grams, a linear term, a regularizer.  Out: the numbers moved, and the decrease.
//! Invariant: the objective never rises.
//! Not here: regularizers of entries alone (see `descent`).

use eckart_kernels::View;

use super::descent::half_gradient;
use super::grams::steepest;
use crate::facts::Shape;
use crate::rows::{FactorRegularizer, PROXIMAL_STEPS};
use crate::run::Numbers;

/// Minimizes over one column of the array after the other: with the others fixed its part is q |c|^2 - 2 <c, p>, whose
/// minimum is the proximal map of p / q (Mairal et al. 2010, algorithm 2, for columns of limited length), or that of a
/// linear function where q is 0.
pub(super) fn components<T: Numbers>(
    linear: &[T],
    gram: View<'_>,
    array: &mut [T],
    regularizer: &FactorRegularizer,
) -> f64 {
    let (r, gram) = (gram.cols(), gram.whole_rows());
    let n = array.len() / r;
    let shape = Shape { rows: n, cols: 1 };
    let (mut old, mut new, mut half) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    let mut total = 0.0;
    for k in 0..r {
        let q = gram[k * r + k].max(0.0);
        let gram = &gram[k * r..(k + 1) * r];
        for i in 0..n {
            let row = &array[i * r..(i + 1) * r];
            let along: f64 = row.iter().zip(gram).map(|(b, g)| b.to_f64() * g).sum();
            half[i] = along - linear[i * r + k].to_f64();
            old[i] = row[k].to_f64();
        }
        if q > 0.0 {
            (0..n).for_each(|i| new[i] = old[i] - half[i] / q);
            regularizer.apply(&mut new, shape, 0.5 / q);
        } else {
            new.copy_from_slice(&old);
            regularizer.minimize_linear(&mut new, &half);
        }
        if new.iter().any(|x| !x.is_finite()) {
            continue;
        }
        let mut fall = regularizer.penalty(&old, shape) - regularizer.penalty(&new, shape);
        for i in 0..n {
            let d = new[i] - old[i];
            fall -= (2.0 * half[i] + q * d) * d;
            array[i * r + k] = T::from_f64(new[i]);
        }
        total += fall;
    }
    total
}

/// Proximal gradient steps of one row, of the length that its Gram allows.
pub(super) fn proximal_steps(row: &mut [f64], linear: &[f64], gram: &[f64], regularizer: &FactorRegularizer) -> f64 {
    let r = row.len();
    let shape = Shape { rows: 1, cols: r };
    let steepest = steepest(gram, r);
    let (mut half, mut next) = (vec![0.0; r], vec![0.0; r]);
    let mut total = 0.0;
    for _ in 0..PROXIMAL_STEPS {
        half_gradient(row, linear, gram, &mut half);
        match steepest {
            Some(steepest) => {
                (0..r).for_each(|k| next[k] = row[k] - half[k] / steepest);
                regularizer.apply(&mut next, shape, 0.5 / steepest);
            }
            None => {
                next.copy_from_slice(row);
                regularizer.minimize_linear(&mut next, &half);
            }
        }
        let d: Vec<f64> = next.iter().zip(row.iter()).map(|(new, old)| new - old).collect();
        let mut fall = regularizer.penalty(row, shape) - regularizer.penalty(&next, shape);
        let mut along = vec![0.0; r];
        half_gradient(&d, &vec![0.0; r], gram, &mut along);
        for k in 0..r {
            fall -= (2.0 * half[k] + along[k]) * d[k];
        }
        if fall <= 0.0 || fall.is_nan() {
            break;
        }
        row.copy_from_slice(&next);
        total += fall;
    }
    total
}
