//! Rows beside plain ones, and beside each other.

use super::newton::FULL_STEP;
use super::*;
use crate::rows::Picked;
use crate::simd::{Element, SimdLevel};

fn objective(b: &[f64], counts: &[f64], rows: &[Vec<f64>], pull: &[f64], wanted: Wanted) -> f64 {
    let own = |k: usize| b[k] * (pull[k] + wanted.l1 + wanted.l2 * b[k]);
    let product = |q: &[f64]| q.iter().zip(b).map(|(q, b)| q * b).sum::<f64>();
    let logs: f64 = counts.iter().zip(rows).map(|(c, q)| if *c > 0.0 { c * product(q).ln() } else { 0.0 }).sum();
    (0..b.len()).map(own).sum::<f64>() - logs
}

/// One sweep in plain f64.
fn plainly(b: &mut [f64], counts: &[f64], rows: &[Vec<f64>], pull: &[f64], wanted: Wanted) {
    let products = |b: &[f64]| -> Vec<f64> { rows.iter().map(|q| q.iter().zip(b).map(|(q, b)| q * b).sum()).collect() };
    let shares = |b: &[f64], k: usize, power: i32| -> f64 {
        let s = products(b);
        (0..counts.len()).map(|j| counts[j] * (rows[j][k] / s[j]).powi(power)).sum()
    };
    let constant = counts.iter().filter(|c| **c > 0.0).fold(0.0_f64, |most, c| most.max(1.0 / c.sqrt()));
    let start = b.to_vec();
    for k in 0..b.len() {
        if wanted.way == Move::Factors {
            let (gain, pull) = (shares(&start, k, 1), pull[k] + wanted.l1);
            let new = if wanted.l2 > 0.0 {
                let root = (pull * pull + 8.0 * wanted.l2 * gain * start[k]).sqrt();
                (root - pull) / (4.0 * wanted.l2)
            } else {
                start[k] * gain / pull
            };
            b[k] = new.max(wanted.low).min(wanted.high);
            continue;
        }
        let slope = pull[k] + wanted.l1 + 2.0 * wanted.l2 * b[k] - shares(b, k, 1);
        let second = shares(b, k, 2) + 2.0 * wanted.l2;
        let aim = if second > 0.0 { b[k] - slope / second } else { wanted.low };
        let mut d = aim.max(wanted.low).min(wanted.high) - b[k];
        let length = constant * second.sqrt() * d.abs();
        if slope > 0.0 && length > FULL_STEP {
            d /= 1.0 + length;
        }
        b[k] += d;
    }
}

fn check<T: Element>(r: usize, d: usize, wanted: Wanted) {
    let number = |at: usize| T::from_f64(((at * at) as f64 * 0.37).sin().abs() + 0.05);
    let m = d.max(1) + 3;
    let panel: Vec<T> = (0..m * r).map(number).collect();
    // A count of 0 does not count.
    let counts: Vec<T> = (0..d).map(|j| T::from_f64(((j * 7) % 5) as f64)).collect();
    let columns: Vec<u32> = (0..d).map(|j| ((j * 5 + 1) % m) as u32).collect();
    let pull: Vec<T> = (0..r).map(|k| T::from_f64(0.5 + k as f64 * 0.1)).collect();
    let start: Vec<T> = (0..r).map(|k| number(k + 11)).collect();
    let f64s = |x: &[T]| -> Vec<f64> { x.iter().map(|x| x.to_f64()).collect() };
    let rows: Vec<Vec<f64>> = columns.iter().map(|&j| f64s(&panel[j as usize * r..][..r])).collect();
    let epsilon = if size_of::<T>() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON };
    for level in SimdLevel::all() {
        for picked in [Some(&columns[..]), None] {
            let rows =
                if picked.is_some() { rows.clone() } else { f64s(&panel).chunks(r).map(<[f64]>::to_vec).collect() };
            let mut b = start.clone();
            let mut expected = f64s(&start);
            let entries = Picked { columns: picked, weights: &counts };
            let [mut room, mut more] = [Counted::default(), Counted::default()];
            let one = Moved { b: &mut b, picked: entries, pull: &pull, room: &mut room };
            let [fell, ..] = likelihood(level, [Some(one), None, None, None], &panel, wanted);
            // The same beside another row, in every place.
            for place in 0..TOGETHER {
                let (mut same, mut other) = (start.clone(), start.clone());
                let few = Picked { columns: picked.map(|all| &all[..d / 2]), weights: &counts[..d / 2] };
                let mut rows = [const { None }; TOGETHER];
                rows[place] = Some(Moved { b: &mut same, picked: entries, pull: &pull, room: &mut room });
                rows[(place + 1) % TOGETHER] = Some(Moved { b: &mut other, picked: few, pull: &pull, room: &mut more });
                let found = likelihood(level, rows, &panel, wanted)[place];
                assert!(found == fell && f64s(&same) == f64s(&b), "{level:?} {r} {d} {wanted:?}");
            }
            (0..wanted.sweeps).for_each(|_| plainly(&mut expected, &f64s(&counts), &rows[..d], &f64s(&pull), wanted));
            let value = |b: &[f64]| objective(b, &f64s(&counts), &rows[..d], &f64s(&pull), wanted);
            let (before, after) = (value(&f64s(&start)), value(&f64s(&b)));
            let size = 100.0 * epsilon * (before.abs() + d as f64 * 5.0 + 1.0) * r as f64;
            assert!((before - after - fell).abs() <= size, "{level:?} {r} {d} {wanted:?}: {fell} {}", before - after);
            assert!(fell >= -size, "{level:?} {r} {d} {wanted:?}: {fell}");
            for (x, y) in b.iter().zip(&expected) {
                let error = (x.to_f64() - y).abs();
                assert!(error <= 3000.0 * epsilon * (1.0 + y), "{level:?} {r} {d} {wanted:?}: {x:?} {y}");
            }
        }
    }
}

#[test]
fn rows_agree_with_plain_ones() {
    let base = Wanted { l1: 0.0, l2: 0.0, low: 1e-18, high: f64::INFINITY, way: Move::Newton, sweeps: 2 };
    for way in [Move::Newton, Move::Factors] {
        for r in [1, 3, 17, 33] {
            for d in [0, 1, 5, 40, 1100] {
                for wanted in [base, Wanted { l1: 0.2, ..base }, Wanted { l2: 0.3, high: 0.9, low: 0.01, ..base }] {
                    check::<f32>(r, d, Wanted { way, ..wanted });
                    check::<f64>(r, d, Wanted { way, ..wanted });
                }
            }
        }
    }
}
