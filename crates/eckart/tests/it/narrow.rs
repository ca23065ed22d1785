//! What f32 promises: the fit of f64, or f64 itself; costs of the factors that are saved; no cost below what can be.

use std::time::Duration;

use eckart::{Code, Dtype, Factorization, Matrix, Problem, Settings};

use crate::random::Random;

const OBJECTIVES: [&str; 8] = [
    "sum((X - W @ H)**2) subject to W >= 0, H >= 0",
    "sum(kl(X, W @ H)) subject to W >= 0, H >= 0",
    "sum((X - W @ H)**2) + 0.01*(sum(W**2) + sum(H**2))",
    "sum(observed(X)*(X - W @ H)**2) + 0.01*(sum(W**2) + sum(H**2))",
    "sum((1 + 2*X)*((X > 0) - W @ H)**2) + 0.1*(sum(W**2) + sum(H**2))",
    "sum(softplus(W @ H) - (X > 1)*(W @ H)) + 0.1*(sum(W**2) + sum(H**2))",
    "sum(X**2*(X - W @ H)**2) + 0.01*(sum(W**2) + sum(H**2))",
    "over W[n,r], S[r,r], H[r,m]: sum((X - W @ S @ H)**2) + 0.01*(sum(W**2) + sum(S**2) + sum(H**2))",
];

/// Data of some size, or of a large mean beside its spread, whose numbers f32 has.
fn data(kind: usize, seed: u64) -> Matrix {
    let mut random = Random(seed);
    let (size, mean) = [(1.0, 0.0), (1e4, 0.0), (1e-6, 0.0), (3.0, 1e5), (1.0, 1e3), (1e25, 0.0), (1e-25, 0.0)][kind];
    let (n, m, rank) = (60, 45, 4);
    let mut numbers = |count: usize| (0..count).map(|_| random.between(0.0, 1.0)).collect::<Vec<f64>>();
    let (w, h, noise) = (numbers(n * rank), numbers(rank * m), numbers(n * m));
    let entry = |i: usize, j: usize| {
        let product: f64 = (0..rank).map(|k| w[i * rank + k] * h[k * m + j]).sum();
        f64::from((mean + size * (product + 0.2 * noise[i * m + j])) as f32)
    };
    Matrix::from_fn(n, m, entry).unwrap()
}

fn fit(objective: &str, x: &Matrix, dtype: Dtype, rank: usize, settings: &Settings) -> Factorization {
    let x = x.cast(dtype).unwrap();
    Problem::parse(&format!("minimize {objective}").replace("minimize over", "over"))
        .unwrap()
        .data("X", &x)
        .rank(rank)
        .solve(settings)
        .unwrap()
}

fn costs(model: &Factorization) -> Vec<f64> {
    model.starts[model.best].history.iter().map(|step| step.cost).collect()
}

fn check(combination: usize, max_iter: usize) {
    let (objective, rest) = (OBJECTIVES[combination % 8], combination / 8);
    let (kind, rank) = (rest % 7, [2, 16, 31, 32, 64][(rest / 7 + combination) % 5]);
    let x = data(kind, combination as u64);
    let settings = Settings { max_iter, ..Settings::default() };
    let [narrow, wide] = [Dtype::F32, Dtype::F64].map(|dtype| fit(objective, &x, dtype, rank, &settings));
    // What is left of a fit that is as good as exact depends on where each step was rounded.
    let slack = 1e-2 * wide.cost.abs() + 1e-12 * costs(&wide)[0].abs();
    let told = format!("{objective}, rank {rank}, data {kind}");
    assert!(narrow.cost <= wide.cost + slack, "{told}: {:e} in f32, {:e} in f64", narrow.cost, wide.cost);
    for model in [&narrow, &wide] {
        let costs = costs(model);
        let first = costs[0].abs();
        let rises = costs.windows(2).any(|pair| pair[1] > pair[0] + 3e-4 * pair[0].abs() + 1e-11 * first);
        assert!(!rises, "{told}: {costs:?}");
        assert!(costs.iter().all(|cost| *cost >= 0.0), "{told}: {costs:?}");
    }
}

#[test]
fn a_fit_of_f32_is_that_of_f64() {
    let (most, max_iter) = if std::env::var_os("ECKART_LONG").is_some() { (400, 1000) } else { (40, 60) };
    (0..most).for_each(|at| check(at * 11, max_iter));
}

/// What is homogeneous in data and factors is fitted as well at any size, from random starts too.
#[test]
fn a_fit_does_not_depend_on_the_size_of_the_data() {
    let x = data(0, 5);
    for (objective, degree, most) in [
        ("sum((X - W @ H)**2) subject to W >= 0, H >= 0", 2, 0.01),
        ("sum(kl(X, W @ H)) subject to W >= 0, H >= 0", 1, 0.01),
        ("sum(observed(X)*(X - W @ H)**2)", 2, 0.01),
        ("over W[n,r], S[r,r], H[r,m]: sum((X - W @ S @ H)**2)", 2, 0.01),
        ("over W[n,r], S[r,r], H[r,m]: sum((X - W @ S @ H)**2) subject to W >= 0, S >= 0, H >= 0", 2, 0.01),
        ("over W[n,r], H[r,m]: sum((X - (W*W) @ (H*H))**2)", 2, 0.05),
    ] {
        let cost = |power: i32| {
            let size = 2f64.powi(power);
            let sized = Matrix::from_fn(x.rows(), x.cols(), |i, j| size * x.get(i, j)).unwrap();
            let model = fit(objective, &sized, Dtype::F64, 3, &Settings { max_iter: 2000, ..Settings::default() });
            model.cost / size.powi(degree)
        };
        let one = cost(0);
        for power in [-160, -66, 66, 160] {
            let far = cost(power);
            assert!((far - one).abs() <= most * one, "{objective} at 2^{power}: {far} and {one}");
        }
    }
}

#[test]
fn what_f32_cannot_hold_is_computed_in_f64_and_said() {
    let objective = "sum((X - W @ H)**2)";
    let of = |kind| fit(objective, &data(kind, 1), Dtype::F32, 3, &Settings::default());
    let is_wide = |model: &Factorization| model.ways.iter().any(|way| way.contains("f64"));
    let model = of(3);
    assert!(is_wide(&model), "{:?}", model.ways);
    assert_eq!(model.factors[0].1.dtype(), Dtype::F32);
    assert!(!is_wide(&of(0)));
}

/// A search that gave way to f64 goes on in f64, to the same bits.
#[test]
fn a_checkpoint_in_f64_of_data_in_f32_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.safetensors");
    let (objective, x) = ("sum((X - W @ H)**2) subject to W >= 0, H >= 0", data(3, 2));
    let plain = Settings { max_iter: 40, tol: 0.0, ..Settings::default() };
    let whole = fit(objective, &x, Dtype::F32, 3, &plain);
    let first =
        Settings { max_iter: 9, checkpoint: Some(file.clone()), checkpoint_every: Duration::ZERO, ..plain.clone() };
    fit(objective, &x, Dtype::F32, 3, &first);
    let rest = fit(objective, &x, Dtype::F32, 3, &Settings { resume: Some(file), ..plain });
    assert_eq!(rest.cost.to_bits(), whole.cost.to_bits());
    assert_eq!(costs(&rest), costs(&whole));
}

/// The cost is that of the factors as they are saved, to more digits than f32 has.
#[test]
fn a_cost_is_that_of_the_factors_that_are_saved() {
    let x = data(0, 3);
    let model = fit(OBJECTIVES[0], &x, Dtype::F32, 3, &Settings::default());
    let [w, h] = ["W", "H"].map(|name| model.factor(name).unwrap().clone());
    let entry = |i: usize, j: usize| x.get(i, j) - (0..3).map(|k| w.get(i, k) * h.get(k, j)).sum::<f64>();
    let expected: f64 = (0..60).flat_map(|i| (0..45).map(move |j| (i, j))).map(|(i, j)| entry(i, j).powi(2)).sum();
    assert!((model.cost - expected).abs() <= 1e-9 * expected, "{} and {expected}", model.cost);
}

#[test]
fn sums_of_squares_are_not_negative() {
    let x = Matrix::from_fn(12, 9, |_, _| f64::from(3.7f32)).unwrap();
    for objective in [OBJECTIVES[0], OBJECTIVES[1]] {
        for dtype in [Dtype::F32, Dtype::F64] {
            let model = fit(objective, &x, dtype, 3, &Settings::default());
            assert!(model.cost >= 0.0 && costs(&model).iter().all(|cost| *cost >= 0.0), "{objective}: {}", model.cost);
        }
    }
}

#[test]
fn data_whose_squares_are_nothing_is_refused() {
    let (small, large) = (Code::EntriesTooSmall, Code::EntriesTooLarge);
    let square = "minimize sum((X - W @ H)**2)";
    let more = "over W[n,r], S[r,r], H[r,m]: sum((X - W @ S @ H)**2)";
    for (objective, size, code) in [
        (square, 1e-160, small),
        (square, 1e-200, small),
        (square, 1e-310, small),
        (square, 1e152, large),
        (square, 1e300, large),
        (more, 1e-90, small),
        (more, 1e90, large),
    ] {
        let x = Matrix::from_fn(6, 5, |i, j| -size * (i + j) as f64).unwrap();
        let problem = Problem::parse(objective).unwrap().data("X", &x).rank(2);
        let error = problem.solve(&Settings::default()).unwrap_err();
        assert_eq!(error.code(), code, "{objective}: {error}");
    }
}

/// Where a step leaves the range of numbers, the factors before it are the result.
#[test]
fn factors_of_a_start_that_diverged_are_numbers() {
    let x = Matrix::from_fn(20, 15, |i, j| 1e60 * (1.0 + ((i * 7 + j * 3) % 5) as f64)).unwrap();
    let model = fit("sum((X - exp(W @ H))**2)", &x, Dtype::F64, 3, &Settings::default());
    assert!(model.factors.iter().all(|(_, factor)| factor.values_f64().iter().all(|entry| entry.is_finite())));
}
