//! Quadratic: the minimum of a small quadratic under bounds, l1 and limits of lengths.
//! In: G (r x r, symmetric), l (r), a regularizer, where to begin.  Out: b that minimizes <b, G b> - 2 <b, l> +
//! penalty(b).
//! Invariant: to working precision where G is definite; every step lowers the value.
//! Not here: functions that are not quadratic (see `poisson`, `majorized`).

use eckart_kernels::{
    Cholesky, Descent, DescentWorkspace, GramWorkspace, Regularizer, RowTerms, descend, half_gradient,
};

use super::acceleration::{Acceleration, largest};
use super::regularizer::RowRegularizer;
use crate::run::rows::grams::steepest;
use crate::run::simd_level;

/// Rounds, at most: a sweep over all numbers, then a step of those that are free to move.
const ROUNDS: usize = 300;
/// Proximal steps, at most, where lengths are limited.
const STEPS: usize = 20_000;
/// A step below this share of the numbers' size is the last.
const STILL: f64 = 1e-13;
/// A sweep that moves numbers by less than this share of their size, after they were at their minimum together, has
/// changed no number's being free: what it moves is rounding.
const ROUNDING: f64 = 1e-9;

/// Working arrays, used again from row to row.
#[derive(Default)]
pub(crate) struct Workspace {
    descent: DescentWorkspace,
    gram: Option<(usize, GramWorkspace<f64>)>,
    old: Vec<f64>,
    half: Vec<f64>,
    /// The numbers that are free to move, their part of G, and what is to be solved for.
    free: Vec<usize>,
    small: Vec<f64>,
    right: Vec<f64>,
}

impl Workspace {
    /// What a Gram of side `r` is gathered in.
    pub(crate) fn gram_of(&mut self, r: usize) -> &mut GramWorkspace<f64> {
        if self.gram.as_ref().is_none_or(|(side, _)| *side != r) {
            self.gram = None;
        }
        &mut self.gram.get_or_insert_with(|| (r, GramWorkspace::new(r))).1
    }
}

/// Moves `b` to the minimum: sweeps of coordinate descent, which find the numbers that are free to move, in turn with
/// steps that move these together.
pub(crate) fn quadratic(b: &mut [f64], terms: RowTerms<'_>, regularizer: &RowRegularizer, workspace: &mut Workspace) {
    if !regularizer.groups.is_empty() {
        return proximal(b, terms, regularizer);
    }
    let entries = &regularizer.entries;
    let sweep = Descent { sweeps: 1, active_set: false };
    for _ in 0..ROUNDS {
        let whole = step_of_free(b, terms, entries, workspace);
        workspace.old.clear();
        workspace.old.extend_from_slice(b);
        descend(simd_level(), b, terms, entries, sweep, &mut workspace.descent);
        let size = largest(b.iter().copied());
        let step = largest(b.iter().zip(&workspace.old).map(|(x, old)| x - old));
        if step <= STILL * size || (whole && step <= ROUNDING * size) {
            step_of_free(b, terms, entries, workspace);
            return;
        }
    }
}

/// Moves the numbers that no bound or penalty holds where they are towards their minimum together, as far as these let
/// them: a step of the active-set method (Nocedal and Wright 2006, algorithm 16.3). Returns whether they got there.
fn step_of_free(b: &mut [f64], terms: RowTerms<'_>, entries: &[Regularizer], workspace: &mut Workspace) -> bool {
    let (r, gram) = (b.len(), terms.gram);
    let Workspace { half, small, right, free, .. } = workspace;
    free.clear();
    let is_free = |k: usize| {
        let Regularizer { l1, lower, upper } = entries[k];
        gram[k * r + k] > 0.0 && b[k] > lower && b[k] < upper && (l1 == 0.0 || b[k] != 0.0)
    };
    free.extend((0..r).filter(|&k| is_free(k)));
    if free.is_empty() {
        return true;
    }
    small.clear();
    free.iter().for_each(|&k| small.extend(free.iter().map(|&l| gram[k * r + l])));
    half.resize(r, 0.0);
    half_gradient(simd_level(), b, terms, half);
    right.clear();
    right.extend(free.iter().map(|&k| -half[k] - 0.5 * entries[k].l1 * b[k].signum()));
    let Some(solver) = Cholesky::shifted(simd_level(), small, free.len(), 0.0) else { return false };
    // The slope along the step is taken before it is one.
    let slope = right.clone();
    solver.solve(right);
    if right.iter().any(|d| !d.is_finite()) {
        return false;
    }
    let along = dot(&slope, right);
    let curve: f64 = small.chunks(free.len()).zip(right.iter()).map(|(row, d)| d * dot(row, right)).sum();
    if !(along > 0.0 && curve > 0.0) {
        return along == 0.0;
    }
    let full = (along / curve).min(1.0);
    let mut share = full;
    for (&k, &d) in free.iter().zip(right.iter()) {
        let Regularizer { l1, lower, upper } = entries[k];
        let edge = match (d < 0.0, l1 > 0.0) {
            (true, true) if b[k] > 0.0 => lower.max(0.0),
            (true, _) => lower,
            (false, true) if b[k] < 0.0 => upper.min(0.0),
            (false, _) => upper,
        };
        if d != 0.0 && edge.is_finite() {
            share = share.min((edge - b[k]) / d);
        }
    }
    for (&k, &d) in free.iter().zip(right.iter()) {
        b[k] = entries[k].clip(b[k] + share * d);
    }
    share == full
}

/// <a, b>.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Accelerated proximal gradient steps.
fn proximal(b: &mut [f64], terms: RowTerms<'_>, regularizer: &RowRegularizer) {
    let (r, level) = (b.len(), simd_level());
    let Some(steepest) = steepest(terms.gram, r) else {
        let half: Vec<f64> = terms.linear.iter().map(|l| -l).collect();
        return regularizer.minimize_linear(b, &half);
    };
    let (mut acceleration, mut half) = (Acceleration::new(b), vec![0.0; r]);
    for _ in 0..STEPS {
        let ahead = &acceleration.ahead;
        half_gradient(level, ahead, terms, &mut half);
        let mut new: Vec<f64> = ahead.iter().zip(&half).map(|(x, h)| x - h / steepest).collect();
        regularizer.prox(&mut new, 0.5 / steepest);
        let is_back = (0..r).map(|k| (ahead[k] - new[k]) * (new[k] - b[k])).sum::<f64>() > 0.0;
        let step = largest((0..r).map(|k| new[k] - b[k]));
        acceleration.step(b, &new, is_back);
        if step <= STILL * largest(new.into_iter()) && !is_back {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::FactorRegularizer;

    const GRAM: [f64; 9] = [4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];

    /// No feasible point near the one found is lower.
    #[track_caller]
    fn check(gram: &[f64], linear: &[f64], regularizer: &RowRegularizer) {
        let r = linear.len();
        let value = |b: &[f64]| {
            let image: Vec<f64> = gram.chunks(r).map(|row| dot(row, b)).collect();
            dot(b, &image) - 2.0 * dot(b, linear) + regularizer.penalty(b)
        };
        let mut b = regularizer.origin();
        quadratic(&mut b, RowTerms { linear, gram }, regularizer, &mut Workspace::default());
        let least = value(&b);
        for step in 0..3_usize.pow(r as u32) {
            for size in [1e-2, 1e-4, 1e-6] {
                let to = |k: usize| b[k] + size * (step / 3_usize.pow(k as u32) % 3) as f64 - size;
                let mut near: Vec<f64> = (0..r).map(to).collect();
                // Made feasible without the penalties.
                let plain = |entry: &Regularizer| Regularizer { l1: 0.0, ..*entry };
                let groups = regularizer.groups.iter().map(|(range, lengths)| (range.clone(), lengths.constraints()));
                let entries = regularizer.entries.iter().map(plain).collect();
                RowRegularizer { entries, groups: groups.collect() }.prox(&mut near, 1.0);
                assert!(value(&near) >= least - 1e-13, "{regularizer:?}: {near:?} is below {b:?}");
            }
        }
    }

    /// Of `width` numbers each.
    fn regularizer(factors: &[(FactorRegularizer, usize)]) -> RowRegularizer {
        let mut all = RowRegularizer::default();
        factors.iter().for_each(|(factor, width)| all.push(factor, *width));
        all
    }

    const NONNEGATIVE: Regularizer = Regularizer { lower: 0.0, ..Regularizer::NONE };

    #[test]
    fn the_minimum_is_found_under_every_regularizer() {
        let none = FactorRegularizer::default();
        let nonnegative = FactorRegularizer::of(NONNEGATIVE);
        let all = [
            none,
            nonnegative,
            FactorRegularizer::of(Regularizer { l1: 0.8, ..Regularizer::NONE }),
            FactorRegularizer::of(Regularizer { l1: 0.8, ..NONNEGATIVE }),
            FactorRegularizer::of(Regularizer { l1: 0.0, lower: -0.1, upper: 0.2 }),
            FactorRegularizer { row_norm: Some(0.3), ..none },
            FactorRegularizer { row_group: 0.5, ..nonnegative },
        ];
        for factor in all {
            check(&GRAM, &[1.0, -2.0, 0.5], &regularizer(&[(factor, 3)]));
            check(&GRAM, &[-1.0, -2.0, -0.5], &regularizer(&[(factor, 3)]));
        }
        check(&GRAM, &[1.0, -2.0, -0.5], &regularizer(&[(nonnegative, 2), (none, 1)]));
    }

    #[test]
    fn a_singular_gram_is_no_trouble() {
        let nonnegative = regularizer(&[(FactorRegularizer::of(NONNEGATIVE), 2)]);
        check(&[1.0, 1.0, 1.0, 1.0], &[2.0, 2.0], &nonnegative);
        check(&[0.0, 0.0, 0.0, 1.0], &[0.0, 2.0], &nonnegative);
        let ball = FactorRegularizer { row_norm: Some(0.3), ..FactorRegularizer::of(NONNEGATIVE) };
        check(&[0.0; 9], &[1.0, -2.0, -0.5], &regularizer(&[(ball, 2), (FactorRegularizer::of(NONNEGATIVE), 1)]));
        check(&[1.0, 1.0, 1.0, 1.0], &[2.0, 2.0], &regularizer(&[(FactorRegularizer::default(), 2)]));
    }

    /// Thirty numbers that are strongly coupled: coordinate descent alone would take thousands of sweeps.
    #[test]
    fn a_badly_conditioned_gram_is_no_trouble() {
        let r = 30;
        let gram: Vec<f64> = (0..r * r).map(|at: usize| 0.999_f64.powi((at / r).abs_diff(at % r) as i32)).collect();
        let truth: Vec<f64> = (0..r).map(|k| ((k * 7) % 5) as f64).collect();
        let linear: Vec<f64> = gram.chunks(r).map(|row| dot(row, &truth)).collect();
        let nonnegative = regularizer(&[(FactorRegularizer::of(NONNEGATIVE), r)]);
        let mut b = nonnegative.origin();
        quadratic(&mut b, RowTerms { linear: &linear, gram: &gram }, &nonnegative, &mut Workspace::default());
        assert!(b.iter().zip(&truth).all(|(x, y)| (x - y).abs() < 1e-8), "{b:?}");
    }
}
