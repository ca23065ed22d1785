//! Rows beside plain ones, and beside each other.

use super::newton::FULL_STEP;
use super::*;
use crate::rows::{Picked, Regularizer};
use crate::simd::{Element, SimdLevel};
use crate::tests::{epsilon, f64s};

fn objective(b: &[f64], counts: &[f64], rows: &[Vec<f64>], linear: &[f64], params: Likelihood) -> f64 {
    let own = |k: usize| b[k] * (linear[k] + params.regularizer.l1 + params.square * b[k]);
    let product = |q: &[f64]| q.iter().zip(b).map(|(q, b)| q * b).sum::<f64>();
    let logs: f64 = counts.iter().zip(rows).map(|(c, q)| if *c > 0.0 { c * product(q).ln() } else { 0.0 }).sum();
    (0..b.len()).map(own).sum::<f64>() - logs
}

/// One sweep in plain f64.
fn plainly(b: &mut [f64], counts: &[f64], rows: &[Vec<f64>], linear: &[f64], params: Likelihood) {
    let products = |b: &[f64]| -> Vec<f64> { rows.iter().map(|q| q.iter().zip(b).map(|(q, b)| q * b).sum()).collect() };
    let shares = |b: &[f64], k: usize, power: i32| -> f64 {
        let s = products(b);
        (0..counts.len()).map(|j| counts[j] * (rows[j][k] / s[j]).powi(power)).sum()
    };
    let greatest = |b: &[f64], k: usize| -> f64 {
        let s = products(b);
        (0..counts.len()).filter(|&j| counts[j] > 0.0).map(|j| rows[j][k] / s[j]).fold(0.0, f64::max)
    };
    let start = b.to_vec();
    for k in 0..b.len() {
        if params.step == PoissonStep::Multiplicative {
            let (gain, linear) = (shares(&start, k, 1), linear[k] + params.regularizer.l1);
            let new = if params.square > 0.0 {
                let root = (linear * linear + 8.0 * params.square * gain * start[k]).sqrt();
                (root - linear) / (4.0 * params.square)
            } else {
                start[k] * gain / linear
            };
            b[k] = params.regularizer.clip(new);
            continue;
        }
        let slope = linear[k] + params.regularizer.l1 + 2.0 * params.square * b[k] - shares(b, k, 1);
        let second = shares(b, k, 2) + 2.0 * params.square;
        let aim = if second > 0.0 { b[k] - slope / second } else { params.regularizer.lower };
        let mut d = params.regularizer.clip(aim) - b[k];
        let length = greatest(b, k) * d.abs();
        if slope > 0.0 && length > FULL_STEP {
            d /= 1.0 + length;
        }
        b[k] += d;
    }
}

fn check<T: Element>(r: usize, d: usize, params: Likelihood) {
    let number = |at: usize| T::from_f64(((at * at) as f64 * 0.37).sin().abs() + 0.05);
    let m = d.max(1) + 3;
    let panel: Vec<T> = (0..m * r).map(number).collect();
    // A count of 0 does not count.
    let counts: Vec<T> = (0..d).map(|j| T::from_f64(((j * 7) % 5) as f64)).collect();
    let columns: Vec<u32> = (0..d).map(|j| ((j * 5 + 1) % m) as u32).collect();
    let linear: Vec<T> = (0..r).map(|k| T::from_f64(0.5 + k as f64 * 0.1)).collect();
    let start: Vec<T> = (0..r).map(|k| number(k + 11)).collect();
    let rows: Vec<Vec<f64>> = columns.iter().map(|&j| f64s(&panel[j as usize * r..][..r])).collect();
    let epsilon = epsilon::<T>();
    for level in SimdLevel::all() {
        for picked in [Some(&columns[..]), None] {
            let rows =
                if picked.is_some() { rows.clone() } else { f64s(&panel).chunks(r).map(<[f64]>::to_vec).collect() };
            let mut b = start.clone();
            let mut expected = f64s(&start);
            let entries = Picked { columns: picked, weights: &counts };
            let [mut workspace, mut more] = [LikelihoodWorkspace::default(), LikelihoodWorkspace::default()];
            let one = CountedRow { b: &mut b, picked: entries, linear: &linear, workspace: &mut workspace };
            let [fell, ..] = likelihood(level, [Some(one), None, None, None], &panel, params);
            // The same beside another row, in every place.
            for place in 0..TOGETHER {
                let (mut same, mut other) = (start.clone(), start.clone());
                let few = Picked { columns: picked.map(|all| &all[..d / 2]), weights: &counts[..d / 2] };
                let mut rows = [const { None }; TOGETHER];
                let (linear, workspace) = (&linear[..], &mut workspace);
                rows[place] = Some(CountedRow { b: &mut same, picked: entries, linear, workspace });
                let beside = CountedRow { b: &mut other, picked: few, linear, workspace: &mut more };
                rows[(place + 1) % TOGETHER] = Some(beside);
                let found = likelihood(level, rows, &panel, params)[place];
                assert!(found == fell && f64s(&same) == f64s(&b), "{level:?} {r} {d} {params:?}");
            }
            (0..params.sweeps).for_each(|_| plainly(&mut expected, &f64s(&counts), &rows[..d], &f64s(&linear), params));
            let value = |b: &[f64]| objective(b, &f64s(&counts), &rows[..d], &f64s(&linear), params);
            let (before, after) = (value(&f64s(&start)), value(&f64s(&b)));
            let size = 100.0 * epsilon * (before.abs() + d as f64 * 5.0 + 1.0) * r as f64;
            assert!((before - after - fell).abs() <= size, "{level:?} {r} {d} {params:?}: {fell} {}", before - after);
            assert!(fell >= -size, "{level:?} {r} {d} {params:?}: {fell}");
            for (x, y) in b.iter().zip(&expected) {
                let error = (x.to_f64() - y).abs();
                assert!(error <= 6000.0 * epsilon * (1.0 + y), "{level:?} {r} {d} {params:?}: {x:?} {y}");
            }
        }
    }
}

#[test]
fn rows_agree_with_plain_ones() {
    let positive = Regularizer { lower: 1e-18, ..Regularizer::NONE };
    let boxed = Regularizer { lower: 0.01, upper: 0.9, ..positive };
    for step in [PoissonStep::Newton, PoissonStep::Multiplicative] {
        for r in [1, 3, 17, 33] {
            for d in [0, 1, 5, 40, 1100] {
                for (regularizer, square) in [(positive, 0.0), (Regularizer { l1: 0.2, ..positive }, 0.0), (boxed, 0.3)]
                {
                    check::<f32>(r, d, Likelihood { regularizer, square, step, sweeps: 2 });
                    check::<f64>(r, d, Likelihood { regularizer, square, step, sweeps: 2 });
                }
            }
        }
    }
}
