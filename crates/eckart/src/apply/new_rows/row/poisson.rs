//! Poisson: the least point of <p, b> + s |b|^2 - sum_j c_j log <b, q_j> + penalty(b), nothing negative.
//! In: counts c, the q_j, p, s, laws.  Out: b.
//! Invariant: proximal Newton steps, each shortened until the value falls: it never rises, and ends to working
//! precision.
//! Not here: the quadratic that each step minimises (see `quadratic`).

use super::{Laws, Room, dot, quadratic};

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
pub(in crate::apply) struct Counted {
    /// c_j.
    pub counts: Vec<f64>,
    /// q_j, one after the other.
    pub columns: Vec<f64>,
}

impl Counted {
    /// Takes a column in, if the factors can explain its count at all.
    pub(in crate::apply) fn push(&mut self, count: f64, column: &[f64]) {
        if count > 0.0 && column.iter().any(|q| *q > 0.0) {
            self.counts.push(count);
            self.columns.extend_from_slice(column);
        }
    }

    /// Forgets all columns.
    pub(in crate::apply) fn clear(&mut self) {
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

/// The least point (Lee, Sun and Saunders 2014, algorithm 1).
pub(in crate::apply) fn poisson(
    b: &mut [f64],
    counted: &Counted,
    (pull, square): (&[f64], f64),
    laws: &Laws,
    room: &mut Room,
) {
    let r = b.len();
    begin(b, counted, (pull, square), laws);
    let total: f64 = counted.counts.iter().sum();
    if total == 0.0 {
        return;
    }
    let mut products = counted.products(b);
    let own = |b: &[f64]| dot(pull, b) + square * dot(b, b) + laws.penalty(b);
    let mut value = own(b) - counted.logs(&products);
    let (mut gram, mut linear) = (vec![0.0; r * r], vec![0.0; r]);
    for _ in 0..STEPS {
        (0..r).for_each(|k| linear[k] = pull[k] + 2.0 * square * b[k]);
        curve(counted, &products, &mut gram, &mut linear);
        (0..r).for_each(|k| gram[k * r + k] += square);
        // <d, H d> / 2 + <g, d> in b + d is <b, G b> - 2 <b, l> with G = H / 2 and l = (H b - g) / 2.
        let slope = linear.clone();
        let of = |row: &[f64], g: f64| dot(row, b) - 0.5 * g;
        linear = gram.chunks(r).zip(&slope).map(|(row, &g)| of(row, g)).collect();
        let mut aim = b.to_vec();
        quadratic(&mut aim, &gram, &linear, laws, room);
        let step: Vec<f64> = aim.iter().zip(b.iter()).map(|(new, old)| new - old).collect();
        let promise = -dot(&slope, &step) + laws.penalty(b) - laws.penalty(&aim);
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

/// Where all numbers pull alike and the products add up to the counts.
fn begin(b: &mut [f64], counted: &Counted, (pull, square): (&[f64], f64), laws: &Laws) {
    let total: f64 = counted.counts.iter().sum();
    for ((x, law), &p) in b.iter_mut().zip(&laws.entries).zip(pull) {
        // The root of 2 s x^2 + w x = c, whose slope is that of its share of the counts.
        let (weight, share) = (p + law.l1, total / pull.len() as f64);
        let root = (weight * weight + 8.0 * square * share).sqrt();
        let even = if share > 0.0 && root + weight > 0.0 { 2.0 * share / (weight + root) } else { total };
        *x = even.max(law.low).min(law.high);
    }
}

/// Half the second derivative into `gram`; takes the logarithms' part off the slope.
fn curve(counted: &Counted, products: &[f64], gram: &mut [f64], slope: &mut [f64]) {
    let r = slope.len();
    gram.fill(0.0);
    for ((&c, &s), q) in counted.counts.iter().zip(products).zip(counted.columns.chunks(r)) {
        let share = c / s;
        let weight = 0.5 * share / s;
        for k in 0..r {
            slope[k] -= share * q[k];
            let scaled = weight * q[k];
            gram[k * r..=k * r + k].iter_mut().zip(q).for_each(|(g, x)| *g += scaled * x);
        }
    }
    let most = (0..r).map(|k| gram[k * r + k]).fold(0.0, f64::max);
    for k in 0..r {
        gram[k * r + k] += SHIFT * most;
        for l in 0..k {
            gram[l * r + k] = gram[k * r + l];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solve::Prox;

    /// The least point has no slope but where a bound holds it (Karush, Kuhn and Tucker).
    #[track_caller]
    fn check(counts: &[f64], columns: &[f64], pull: &[f64], prox: Prox) {
        for square in [0.0, 0.7] {
            check_with(counts, columns, (pull, square), prox);
        }
    }

    #[track_caller]
    fn check_with(counts: &[f64], columns: &[f64], (pull, square): (&[f64], f64), prox: Prox) {
        let r = pull.len();
        let mut counted = Counted::default();
        counts.iter().zip(columns.chunks(r)).for_each(|(&c, q)| counted.push(c, q));
        let mut laws = Laws::default();
        laws.push(&prox, r);
        let mut b = laws.origin();
        poisson(&mut b, &counted, (pull, square), &laws, &mut Room::default());
        let products = counted.products(&b);
        for k in 0..r {
            let pulls: f64 =
                (0..products.len()).map(|j| counted.counts[j] * counted.columns[j * r + k] / products[j]).sum();
            let weight = pull[k] + prox.l1 + 2.0 * square * b[k];
            let (slope, scale) = (weight - pulls, weight + pulls);
            let at_bound = (b[k] == 0.0 && slope >= -1e-6 * scale) || prox.upper.is_some_and(|high| b[k] == high);
            assert!(slope.abs() <= 1e-6 * scale || at_bound, "{k}: slope {slope} at {b:?}");
        }
    }

    #[test]
    fn the_least_point_is_found() {
        let nonnegative = Prox { lower: Some(0.0), ..Prox::default() };
        let columns = [1.0, 0.5, 0.0, 2.0, 0.1, 0.1, 3.0, 0.0, 0.2, 0.7];
        check(&[3.0, 0.0, 10.0, 1.0, 2.0], &columns, &[4.0, 2.0], nonnegative);
        check(&[300.0, 1.0, 1e5, 1.0, 2.0], &columns, &[4.0, 2.0], nonnegative);
        check(&[3.0, 1.0, 10.0, 1.0, 2.0], &columns, &[4.0, 2.0], Prox { l1: 2.0, ..nonnegative });
        check(&[3.0, 1.0, 10.0, 1.0, 2.0], &columns, &[4.0, 2.0], Prox { upper: Some(1.5), ..nonnegative });
        // One count and two numbers; a count that no number explains; no count at all.
        check(&[3.0], &[1.0, 0.5], &[4.0, 2.0], nonnegative);
        check(&[3.0, 1.0], &[1.0, 0.5, 0.0, 0.0], &[4.0, 2.0], nonnegative);
        check(&[0.0], &[1.0, 0.5], &[4.0, 2.0], nonnegative);
    }
}
