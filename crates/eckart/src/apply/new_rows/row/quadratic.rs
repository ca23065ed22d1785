//! Quadratic: the least point of a small quadratic under bounds, l1 and limits of lengths.
//! In: G (r x r, symmetric), l (r), laws, where to begin.  Out: b that minimises <b, G b> - 2 <b, l> + penalty(b).
//! Invariant: to working precision where G is definite; every step lowers the value.
//! Not here: functions that are not quadratic (see `poisson`, `bounded`).

use super::{Laws, dot};
use crate::solve::Cholesky;

/// Rounds, at most: a sweep over all numbers, then a step of those that are free to move.
const ROUNDS: usize = 300;
/// Proximal steps, at most, where lengths are limited.
const STEPS: usize = 20_000;
/// A step below this share of the numbers' size is the last.
const STILL: f64 = 1e-13;
/// A sweep that moves numbers by less than this share of their size, after they were at their least point together, has
/// changed no number's being free: what it moves is rounding.
const ROUNDING: f64 = 1e-9;

/// Room to work in, used again from row to row.
#[derive(Debug, Default)]
pub(in crate::apply) struct Room {
    half: Vec<f64>,
    gram: Vec<f64>,
    right: Vec<f64>,
    free: Vec<usize>,
}

/// Moves `b` to the least point.
pub(in crate::apply) fn quadratic(b: &mut [f64], gram: &[f64], linear: &[f64], laws: &Laws, room: &mut Room) {
    if !laws.groups.is_empty() {
        return proximal(b, gram, linear, laws);
    }
    half_gradient(b, gram, linear, &mut room.half);
    let mut whole = step_of_free(b, gram, laws, room);
    for _ in 0..ROUNDS {
        let moved = sweep(b, gram, laws, &mut room.half);
        if moved <= STILL || (whole && moved <= ROUNDING) {
            // Once more from the gradient itself, which many steps may have blurred.
            half_gradient(b, gram, linear, &mut room.half);
            step_of_free(b, gram, laws, room);
            return;
        }
        whole = step_of_free(b, gram, laws, room);
    }
}

/// G b - l.
fn half_gradient(b: &[f64], gram: &[f64], linear: &[f64], half: &mut Vec<f64>) {
    half.clear();
    half.extend(linear.iter().map(|l| -l));
    for (&x, row) in b.iter().zip(gram.chunks(b.len())) {
        if x != 0.0 {
            add(half, x, row);
        }
    }
}

fn add(to: &mut [f64], by: f64, from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(t, f)| *t += by * f);
}

/// One number after the other to its least point (Friedman et al. 2010, eq. 5); the largest move, as a share of the
/// largest number.
fn sweep(b: &mut [f64], gram: &[f64], laws: &Laws, half: &mut [f64]) -> f64 {
    let r = b.len();
    let mut most = 0.0_f64;
    for k in 0..r {
        let (q, law, old) = (gram[k * r + k], &laws.entries[k], b[k]);
        let new = if q > 0.0 { law.shrunk(old - half[k] / q, 0.5 * law.l1 / q) } else { on_line(old, half[k], law) };
        let d = new - old;
        if d == 0.0 || !d.is_finite() {
            continue;
        }
        b[k] = new;
        add(half, d, &gram[k * r..(k + 1) * r]);
        most = most.max(d.abs());
    }
    let size = b.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    if most == 0.0 { 0.0 } else { most / size.max(f64::MIN_POSITIVE) }
}

/// The least point of 2 half b + l1 |b| within the bounds; `old` where there is none, or all are alike.
fn on_line(old: f64, half: f64, law: &super::Entry) -> f64 {
    let (up, down) = (2.0 * half + law.l1, 2.0 * half - law.l1);
    if up < 0.0 && law.high.is_finite() {
        law.high
    } else if down > 0.0 && law.low.is_finite() {
        law.low
    } else if law.l1 > 0.0 && up > 0.0 && down < 0.0 {
        0.0_f64.max(law.low).min(law.high)
    } else {
        old
    }
}

/// Moves the numbers that no law holds where they are towards the least point of them together, as far as the laws let
/// them: a step of the active-set method (Nocedal and Wright 2006, algorithm 16.3). Returns whether they got there.
fn step_of_free(b: &mut [f64], gram: &[f64], laws: &Laws, room: &mut Room) -> bool {
    let r = b.len();
    let Room { half, gram: small, right, free } = room;
    free.clear();
    let is_free = |k: usize| {
        let (law, x) = (&laws.entries[k], b[k]);
        let inside = x > law.low && x < law.high;
        gram[k * r + k] > 0.0 && inside && (law.l1 == 0.0 || x != 0.0)
    };
    free.extend((0..r).filter(|&k| is_free(k)));
    if free.is_empty() {
        return true;
    }
    small.clear();
    free.iter().for_each(|&k| small.extend(free.iter().map(|&l| gram[k * r + l])));
    right.clear();
    right.extend(free.iter().map(|&k| -half[k] - 0.5 * laws.entries[k].l1 * sign(b[k])));
    let Some(solver) = Cholesky::of(small, free.len()) else { return false };
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
        let law = &laws.entries[k];
        let edge = match (d < 0.0, law.l1 > 0.0) {
            (true, true) if b[k] > 0.0 => law.low.max(0.0),
            (true, _) => law.low,
            (false, true) if b[k] < 0.0 => law.high.min(0.0),
            (false, _) => law.high,
        };
        if d != 0.0 && edge.is_finite() {
            share = share.min((edge - b[k]) / d);
        }
    }
    for (&k, &d) in free.iter().zip(right.iter()) {
        let law = &laws.entries[k];
        let (old, new) = (b[k], (b[k] + share * d).max(law.low).min(law.high));
        b[k] = new;
        add(half, new - old, &gram[k * r..(k + 1) * r]);
    }
    share == full
}

fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        0.0
    }
}

/// Accelerated proximal gradient steps (Beck and Teboulle 2009, section 4), begun anew where they turn back
/// (O'Donoghue and Candes 2015, section 3.2).
fn proximal(b: &mut [f64], gram: &[f64], linear: &[f64], laws: &Laws) {
    let r = b.len();
    // The greatest eigenvalue is at most the greatest sum of sizes of a row.
    let steepest = gram.chunks(r).map(|row| row.iter().map(|x| x.abs()).sum::<f64>()).fold(0.0, f64::max);
    if !(steepest > 0.0 && steepest.is_finite()) {
        return;
    }
    let (mut ahead, mut half, mut momentum) = (b.to_vec(), Vec::new(), 1.0_f64);
    for _ in 0..STEPS {
        half_gradient(&ahead, gram, linear, &mut half);
        let mut new: Vec<f64> = ahead.iter().zip(&half).map(|(x, h)| x - h / steepest).collect();
        laws.apply(&mut new, 0.5 / steepest);
        let turns = (0..r).map(|k| (ahead[k] - new[k]) * (new[k] - b[k])).sum::<f64>() > 0.0;
        let next = if turns { 1.0 } else { 0.5 * (1.0 + (1.0 + 4.0 * momentum * momentum).sqrt()) };
        let share = if turns { 0.0 } else { (momentum - 1.0) / next };
        let moved = new.iter().zip(b.iter()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        let size = new.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
        for k in 0..r {
            ahead[k] = new[k] + share * (new[k] - b[k]);
        }
        b.copy_from_slice(&new);
        momentum = next;
        if moved <= STILL * size && !turns {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::new_rows::row::Entry;
    use crate::solve::Prox;

    const GRAM: [f64; 9] = [4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];

    /// No feasible point near the one found is lower.
    #[track_caller]
    fn check(gram: &[f64], linear: &[f64], laws: &Laws) {
        let r = linear.len();
        let value = |b: &[f64]| {
            let mut half = Vec::new();
            half_gradient(b, gram, linear, &mut half);
            dot(b, &half) - dot(b, linear) + laws.penalty(b)
        };
        let mut b = laws.origin();
        quadratic(&mut b, gram, linear, laws, &mut Room::default());
        let least = value(&b);
        for step in 0..3_usize.pow(r as u32) {
            for size in [1e-2, 1e-4, 1e-6] {
                let to = |k: usize| b[k] + size * (step / 3_usize.pow(k as u32) % 3) as f64 - size;
                let mut near: Vec<f64> = (0..r).map(to).collect();
                // Made feasible without the penalties.
                let plain = |law: &Entry| Entry { l1: 0.0, ..*law };
                let groups = laws.groups.iter().map(|(range, prox)| (range.clone(), Prox { row_group: 0.0, ..*prox }));
                let bounds = Laws { entries: laws.entries.iter().map(plain).collect(), groups: groups.collect() };
                bounds.apply(&mut near, 1.0);
                assert!(value(&near) >= least - 1e-13, "{laws:?}: {near:?} is below {b:?}");
            }
        }
    }

    #[test]
    fn the_least_point_is_found_under_every_law() {
        let none = Prox::default();
        let laws = [
            none,
            Prox { lower: Some(0.0), ..none },
            Prox { l1: 0.8, ..none },
            Prox { l1: 0.8, lower: Some(0.0), ..none },
            Prox { lower: Some(-0.1), upper: Some(0.2), ..none },
            Prox { row_norm: Some(0.3), ..none },
            Prox { row_group: 0.5, lower: Some(0.0), ..none },
        ];
        for prox in laws {
            let mut law = Laws::default();
            law.push(&prox, 3);
            check(&GRAM, &[1.0, -2.0, 0.5], &law);
            check(&GRAM, &[-1.0, -2.0, -0.5], &law);
        }
        let mut mixed = Laws::default();
        mixed.push(&Prox { lower: Some(0.0), ..none }, 2);
        mixed.push(&none, 1);
        check(&GRAM, &[1.0, -2.0, -0.5], &mixed);
    }

    #[test]
    fn a_singular_gram_is_no_trouble() {
        let mut law = Laws::default();
        law.push(&Prox { lower: Some(0.0), ..Prox::default() }, 2);
        check(&[1.0, 1.0, 1.0, 1.0], &[2.0, 2.0], &law);
        check(&[0.0, 0.0, 0.0, 1.0], &[0.0, 2.0], &law);
        let mut free = Laws::default();
        free.push(&Prox::default(), 2);
        check(&[1.0, 1.0, 1.0, 1.0], &[2.0, 2.0], &free);
    }

    /// Thirty numbers that hang together strongly: coordinate descent alone would take thousands of sweeps.
    #[test]
    fn a_badly_conditioned_gram_is_no_trouble() {
        let r = 30;
        let gram: Vec<f64> = (0..r * r).map(|at: usize| 0.999_f64.powi((at / r).abs_diff(at % r) as i32)).collect();
        let wanted: Vec<f64> = (0..r).map(|k| ((k * 7) % 5) as f64).collect();
        let linear: Vec<f64> = gram.chunks(r).map(|row| dot(row, &wanted)).collect();
        let mut law = Laws::default();
        law.push(&Prox { lower: Some(0.0), ..Prox::default() }, r);
        let mut b = law.origin();
        quadratic(&mut b, &gram, &linear, &law, &mut Room::default());
        assert!(b.iter().zip(&wanted).all(|(x, y)| (x - y).abs() < 1e-8), "{b:?}");
    }
}
