//! Tests: systems of which the solution is known.
//! In: matrices of many sides and kinds.  Out: nothing.
//! Invariant: every level solves them to working precision, and refuses what is singular.
//! Not here: the systems of rows that an objective has.

use super::*;

fn check(r: usize) {
    let rows: Vec<f64> = (0..(r + 3) * r).map(|k| ((k * k) as f64 * 0.7).sin()).collect();
    let entry = |k: usize, l: usize| rows.chunks(r).map(|row| row[k] * row[l]).sum::<f64>();
    let gram: Vec<f64> = (0..r * r).map(|at| if at / r > at % r { f64::NAN } else { entry(at / r, at % r) }).collect();
    let truth: Vec<f64> = (0..r).map(|k| (k as f64).cos()).collect();
    let shift = 0.5;
    let side = |k: usize| (0..r).map(|l| entry(k, l) * truth[l]).sum::<f64>() + shift * truth[k];
    for level in SimdLevel::all() {
        let (mut system, mut x) = (RowSystem::new(r), vec![0.0; r]);
        system.load(&gram, shift, &side);
        let along = system.solve(level, &mut x).unwrap();
        let expected: f64 = (0..r).map(|k| side(k) * truth[k]).sum();
        assert!((along - expected).abs() <= 1e-10 * expected, "{level:?} {r}: {along} {expected}");
        assert!((system.length(level, &truth) - expected).abs() <= 1e-10 * expected, "{level:?} {r}");
        let worst = x.iter().zip(&truth).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        assert!(worst <= 1e-9, "{level:?} {r}: {worst:e}");
    }
}

#[test]
fn systems_are_solved() {
    [1, 2, 3, 4, 5, 8, 17, 33, 64, 67, 100, 150].into_iter().for_each(check);
}

/// Zeros are left out without another result.
#[test]
fn matrices_of_blocks_are_solved_block_by_block() {
    let r = 3 * PANEL + 5;
    for width in [1, 7, PANEL] {
        let entry = |k: usize, l: usize| match k / width == l / width {
            true => f64::from(u8::from(k == l)) + 0.5_f64.powi(k.abs_diff(l) as i32),
            false => 0.0,
        };
        let gram: Vec<f64> = (0..r * r).map(|at| entry(at / r, at % r)).collect();
        let truth: Vec<f64> = (0..r).map(|k| (k as f64).sin()).collect();
        for level in SimdLevel::all() {
            let mut x: Vec<f64> = (0..r).map(|k| (0..r).map(|l| gram[k * r + l] * truth[l]).sum()).collect();
            Cholesky::shifted(level, &gram, r, 0.0).unwrap().solve_rows(&mut x);
            assert!(x.iter().zip(&truth).all(|(x, y)| (x - y).abs() < 1e-12), "{level:?} {width}");
        }
    }
}

#[test]
fn singular_systems_are_refused() {
    for level in SimdLevel::all() {
        for gram in [vec![1.0; 25], vec![0.0; 25], vec![f64::NAN; 25]] {
            let mut system = RowSystem::new(5);
            system.load(&gram, 0.0, &|_| 1.0);
            assert_eq!(system.solve(level, &mut [0.0; 5]), None, "{level:?}");
        }
    }
}

#[test]
fn many_right_sides_are_solved() {
    let gram = [4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];
    let mut x = [1.0, -2.0, 0.5];
    let solver = Cholesky::shifted(SimdLevel::Base, &gram, 3, 0.0).unwrap();
    solver.solve(&mut x);
    for (k, b) in [1.0, -2.0, 0.5].iter().enumerate() {
        let product: f64 = (0..3).map(|l| gram[k * 3 + l] * x[l]).sum();
        assert!((product - b).abs() < 1e-14);
    }
    assert_eq!(solver.shift, 0.0);
}

#[test]
fn a_singular_matrix_is_shifted_and_nothing_is_refused() {
    let shifted = |gram: &[f64]| Cholesky::shifted(SimdLevel::Base, gram, 2, 0.0);
    let solver = shifted(&[1.0; 4]).unwrap();
    assert!(solver.shift > 0.0 && solver.shift < 1e-10);
    let mut x = [1.0, 1.0];
    solver.solve(&mut x);
    assert!((x[0] + x[1] - 1.0).abs() < 1e-9);
    assert!(shifted(&[0.0; 4]).is_none());
    assert!(shifted(&[f64::NAN, 0.0, 0.0, 1.0]).is_none());
}

#[test]
fn wide_matrices_are_solved_as_small_ones() {
    for r in [WIDE, WIDE + 3, 100] {
        let gram: Vec<f64> = (0..r * r).map(|at: usize| 0.9_f64.powi((at / r).abs_diff(at % r) as i32)).collect();
        let truth: Vec<f64> = (0..(SIDES + 1) * r).map(|k| ((k * k) as f64).sin()).collect();
        let image = |row: &[f64], k: usize| (0..r).map(|l| gram[k * r + l] * row[l]).sum::<f64>();
        let sides: Vec<f64> = truth.chunks(r).flat_map(|row| (0..r).map(move |k| image(row, k))).collect();
        let small = Cholesky { lower: factor(&gram, r, 0.0).unwrap(), upper: Vec::new(), r, shift: 0.0 };
        for level in SimdLevel::all() {
            let wide = Cholesky::shifted(level, &gram, r, 0.0).unwrap();
            for solver in [&wide, &small] {
                let mut rows = sides.clone();
                solver.solve_rows(&mut rows);
                let worst = rows.iter().zip(&truth).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
                assert!(worst < 1e-11, "{level:?} {r}: {worst:e}");
            }
            assert!(Cholesky::shifted(level, &vec![0.0; r * r], r, 0.0).is_none());
        }
    }
}
