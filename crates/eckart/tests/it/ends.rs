//! Where searches end: nearly as low as searches that go on for very long, whatever makes them slow to begin with.

use eckart::{Dtype, Factorization, Init, Matrix, Problem, Settings};

use crate::random::Random;

fn search(text: &str, x: &Matrix, rank: usize, settings: &Settings) -> Factorization {
    Problem::parse(text).unwrap().data("X", x).rank(rank).solve(settings).unwrap()
}

/// Some of the digits, whose entries lie between 0 and 16.
fn digits(rows: usize, by: f64) -> Matrix {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits/images.npy");
    let all = eckart::data::read(path, &eckart::data::ReadOptions::default()).unwrap().matrix;
    Matrix::from_fn(rows, all.cols(), |i, j| by * all.get(i, j)).unwrap()
}

/// With its defaults a search ends no more than `share` above where it is after 3,000 iterations.
#[track_caller]
fn check(text: &str, x: &Matrix, rank: usize, init: Init, share: f64) -> Factorization {
    let settings = Settings { init, ..Settings::default() };
    let found = search(text, x, rank, &settings);
    let long = search(text, x, rank, &Settings { tol: 1e-12, max_iter: 3000, ..settings });
    assert!(found.cost <= (1.0 + share) * long.cost, "{text}: {} instead of {}", found.cost, long.cost);
    found
}

#[test]
fn f32_data_with_a_large_mean_is_fitted_as_f64_is() {
    let mut random = Random(1);
    let wide =
        Matrix::from_fn(300, 40, |_, _| 1000.0 + (0..12).map(|_| random.between(-0.5, 0.5)).sum::<f64>()).unwrap();
    let of = |dtype| search("sum((X - W @ H)**2)", &wide.cast(dtype).unwrap(), 6, &Settings::default());
    let (narrow, wide) = (of(Dtype::F32), of(Dtype::F64));
    // With registers of 128 bits products of f32 are summed in longer chains.
    let share = if std::env::var("ECKART_REGISTERS").is_ok_and(|level| level == "base") { 1.1 } else { 1.02 };
    assert!(narrow.cost <= share * wide.cost, "{} instead of {}", narrow.cost, wide.cost);
}

#[test]
fn limited_rows_begin_at_their_limit() {
    let x = digits(600, 1.0 / 16.0);
    let text = "sum((X - W @ H)**2) + 0.1*sum(abs(W)) subject to rownorm(H) <= 1";
    let found = check(text, &x, 16, Init::Auto, 0.02);
    let squares: f64 = x.values_f64().iter().map(|x| x * x).sum();
    assert!(found.cost < 0.6 * squares, "{} of {squares}", found.cost);
}

#[test]
fn counts_are_fitted_from_an_svd() {
    let x = digits(400, 1.0);
    let text = "sum(kl(X, W @ H)) subject to W, H >= 0";
    for init in [Init::Nndsvd, Init::Nndsvda, Init::Nndsvdar] {
        let found = check(text, &x, 10, init, 0.02);
        let random = search(text, &x, 10, &Settings { init: Init::Random, ..Settings::default() });
        assert!(found.cost <= 1.1 * random.cost, "{init:?}: {} instead of {}", found.cost, random.cost);
    }
}

/// A step that is refused or grows back is no sign that the search has settled.
#[test]
fn losses_with_kinks_and_stiff_penalties_go_on() {
    let x = digits(200, 1.0);
    check("sum(abs(X - W @ H)) subject to W, H >= 0", &x, 8, Init::Auto, 0.02);
    check("sum(huber(X - W @ H, 1)) + 0.01*sum(H**2)", &x, 8, Init::Auto, 0.02);
    check("sum((X - W @ H)**2) + 100*sum((W.T @ W - 1)**2) subject to W, H >= 0", &x, 8, Init::Auto, 0.02);
}

/// A factor that begins at 0 has no length of its own for a normalized step to be a share of.
#[test]
fn normalized_steps_leave_zero() {
    for scale in [1e-6, 1.0, 1e6] {
        let x = Matrix::from_fn(6, 4, |i, _| scale * (1.0 + i as f64)).unwrap();
        let row = Matrix::from_fn(1, 4, |_, _| 2.0).unwrap();
        let problem = Problem::parse("over W[n,1]: sum(abs(X - W @ K))").unwrap();
        let problem = problem.data("X", &x).data("K", &row).rank(1);
        let method = Some("normalized-gradient".to_owned());
        let found = problem.solve(&Settings { method, ..Settings::default() }).unwrap();
        let size: f64 = x.values_f64().iter().sum();
        assert!(found.cost < 0.05 * size, "{} of {size}", found.cost);
    }
}

/// Kinks are rounded on the way, and exact at the end.
#[test]
fn penalized_rows_beside_kinks_become_zero() {
    let x = Matrix::from_fn(12, 9, |i, j| if i < 6 { 1.0 + ((i * j) % 5) as f64 } else { 0.0 }).unwrap();
    let problem = Problem::parse("sum(abs(X - W @ H)) + sum(rownorm(W)) + 0.1*sum(H**2)").unwrap();
    let found = problem.data("X", &x).rank(2).solve(&Settings::default()).unwrap();
    let w = found.factor("W").unwrap();
    let zeros = (0..12).filter(|&i| (0..2).all(|k| w.get(i, k) == 0.0)).count();
    assert_eq!(found.method, "smoothed-l-bfgs");
    assert_eq!(zeros, 6, "{w:?}");
}

/// A penalty on the lengths of rows does not end a search at 0 before their partners have grown.
#[test]
fn groups_live_where_they_pay() {
    let x = digits(300, 1.0);
    let squares: f64 = x.values_f64().iter().map(|x| x * x).sum();
    for text in [
        "sum((X - W @ H)**2) + 100*sum(rownorm(W)) + sum(H**2)",
        "sum((X - W @ H)**2) + 100*sum(colnorm(W)) + sum(H**2)",
        "sum((X - W @ H)**2) + 100*sum(rownorm(W)) + 10*sum(rownorm(H)) subject to W, H >= 0",
    ] {
        let found = check(text, &x, 8, Init::Auto, 0.02);
        assert!(found.cost < 0.5 * squares, "{text}: {} of {squares}", found.cost);
    }
}

/// An entry whose quadratic is concave goes to the better of its bounds, wherever it began.
#[test]
fn concave_entries_end_at_the_better_bound() {
    let x = Matrix::from_fn(12, 9, |i, j| ((5 * i + 7 * j) % 11) as f64 / 10.0).unwrap();
    for (text, value) in [
        ("over S[n,m]: -sum((X - S)**2) subject to S >= 0, S <= 1", 0.0),
        ("over S[n,m]: -sum((X - S)**2) + 0.5*sum(abs(S)) subject to S >= -1, S <= 1", 0.5),
    ] {
        let at = |x: f64, s: f64| value * s.abs() - (x - s).powi(2);
        let ends = [if value == 0.0 { 0.0 } else { -1.0 }, 0.0, 1.0];
        let least = |x: &f64| ends.iter().map(|&s| at(*x, s)).fold(f64::INFINITY, f64::min);
        let least: f64 = x.values_f64().iter().map(least).sum();
        for seed in 0..3 {
            let found = search(text, &x, 2, &Settings { seed, init: Init::Random, ..Settings::default() });
            assert!((found.cost - least).abs() < 1e-9, "{text}: {} instead of {least}", found.cost);
        }
    }
}

/// Data whose mean is large beside what it is about is fitted by offsets and a product as if it had none.
#[test]
fn offsets_take_the_mean() {
    let mut random = Random(3);
    let mut normal = || (0..12).map(|_| random.between(0.0, 1.0)).sum::<f64>() - 6.0;
    let (n, m) = (60, 30);
    let [w, h]: [Vec<f64>; 2] = [3 * n, 3 * m].map(|count| (0..count).map(|_| normal()).collect());
    let noise: Vec<f64> = (0..n * m).map(|_| 0.5 * normal()).collect();
    let of = |i: usize, j: usize| (0..3).map(|k| 2.0 * w[3 * i + k] * h[3 * j + k]).sum::<f64>() + noise[i * m + j];
    let missing = |i: usize, j: usize| (7 * i + 3 * j).is_multiple_of(5);
    let plain = Matrix::from_fn(n, m, of).unwrap();
    let with_mean = Matrix::from_fn(n, m, |i, j| 1000.0 + 100.0 * (j % 3) as f64 + of(i, j)).unwrap();
    let holes = Matrix::from_fn(n, m, |i, j| if missing(i, j) { f64::NAN } else { with_mean.get(i, j) }).unwrap();
    let holes_plain = Matrix::from_fn(n, m, |i, j| if missing(i, j) { f64::NAN } else { plain.get(i, j) }).unwrap();
    for (text, x, y) in [
        ("over W[n,r], H[r,m], c[1,m]: sum((X - W @ H - c)**2)", &plain, &with_mean),
        ("over W[n,r], H[r,m], c[1,m]: sum(huber(X - W @ H - c, 1))", &plain, &with_mean),
        ("over W[n,r], H[r,m], c[1,m]: sum(observed(X) * (X - W @ H - c)**2)", &holes_plain, &holes),
        (
            "over W[n,r], H[r,m], b[n,1], c[1,m]: sum((X - W @ H - b - c)**2) + 0.1*(sum(W**2) + sum(H**2))",
            &plain,
            &with_mean,
        ),
    ] {
        let settings = Settings { tol: 1e-9, max_iter: 3000, ..Settings::default() };
        let least = search(text, x, 3, &settings).cost;
        let found = search(text, y, 3, &Settings::default());
        assert!(found.cost <= 1.01 * least, "{text}: {} instead of {least}", found.cost);
    }
}
