//! What the tool is for, on real data: digits, speeches, ratings.

use eckart::data::{ReadOptions, read};
use eckart::{Matrix, Problem, Settings, function, grad, matrix, model, norm, shared, sum};

use crate::random::Random;
use crate::read::shared_data;

pub(crate) fn example(name: &str) -> Matrix {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/");
    read(format!("{path}{name}"), &ReadOptions::default()).unwrap().matrix
}

/// The eigenvalues of a symmetric n x n matrix, largest first, by Jacobi's rotations (Golub and Van Loan 2013, 8.5).
fn eigenvalues(mut a: Vec<f64>, n: usize) -> Vec<f64> {
    for _ in 0..30 {
        for p in 0..n {
            for q in p + 1..n {
                let off = a[p * n + q];
                if off.abs() <= 1e-14 * (a[p * n + p] * a[q * n + q]).abs().sqrt() {
                    continue;
                }
                let theta = (a[q * n + q] - a[p * n + p]) / (2.0 * off);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let (c, s) = (1.0 / (t * t + 1.0).sqrt(), t / (t * t + 1.0).sqrt());
                for k in 0..n {
                    let (x, y) = (a[k * n + p], a[k * n + q]);
                    (a[k * n + p], a[k * n + q]) = (c * x - s * y, s * x + c * y);
                }
                for k in 0..n {
                    let (x, y) = (a[p * n + k], a[q * n + k]);
                    (a[p * n + k], a[q * n + k]) = (c * x - s * y, s * x + c * y);
                }
            }
        }
    }
    let mut values: Vec<f64> = (0..n).map(|i| a[i * n + i]).collect();
    values.sort_by(|x, y| y.total_cmp(x));
    values
}

/// The least of sum((X - W @ H)**2) at rank r: the sum of the squared singular values left out (Eckart and Young 1936).
fn truncated_svd_optimum(x: &Matrix, rank: usize) -> f64 {
    let (n, m) = x.shape();
    let mut gram = vec![0.0; m * m];
    let values = x.to_dense_f64();
    for i in 0..n {
        let row = &values[i * m..(i + 1) * m];
        for p in 0..m {
            for q in 0..m {
                gram[p * m + q] += row[p] * row[q];
            }
        }
    }
    eigenvalues(gram, m)[rank..].iter().sum()
}

#[test]
fn the_seed_programme_comes_within_a_hundredth_of_the_svd() {
    let digits = example("digits/images.npy");
    let (x, mut random) = (matrix("X"), Random(1));
    let w = shared(random.dense(1797, 16, 0.0, 1.0), "W");
    let h = shared(random.dense(16, 64, 0.0, 1.0), "H");
    let beta = shared(Matrix::scalar(100.0).unwrap(), "beta");
    let cost = sum((&x - w.dot(&h)).pow(2)) + 0.0 * sum(w.pow(2)) + 0.0 * sum(h.pow(2));
    let [gw, gh] = grad(&cost, [&w, &h]);
    let updates = [(&w, &w - &beta * &gw / norm(&gw)), (&h, &h - &beta * &gh / norm(&gh)), (&beta, &beta * 0.99)];
    let mut step = function([&x], [&cost], updates).unwrap();
    let costs: Vec<f64> = (0..900).map(|_| step.call([&digits]).unwrap()[0].to_scalar()).collect();
    let optimum = truncated_svd_optimum(&digits, 16);
    assert!(costs[899] >= optimum * (1.0 - 1e-9), "{} is below the least value {optimum}", costs[899]);
    assert!(costs[899] <= 1.01 * optimum, "{} is above {optimum}", costs[899]);
}

#[test]
fn normalised_gradient_comes_within_a_hundredth_of_the_svd() {
    let digits = example("digits/images.npy");
    let settings =
        Settings { method: Some("normalized-gradient".into()), max_iter: 2000, tol: 1e-7, ..Settings::default() };
    let problem = Problem::parse("minimize sum((X - W @ H)**2)").unwrap().data("X", &digits).rank(16);
    let cost = problem.solve(&settings).unwrap().cost;
    let optimum = truncated_svd_optimum(&digits, 16);
    assert!(cost <= 1.01 * optimum, "{cost} is above {optimum}");
}

/// The data of a model with its default numbers.
fn of_model(name: &str, x: &Matrix, rank: usize) -> Problem {
    let model = model::find(name).unwrap();
    let problem = Problem::parse(model.statement).unwrap().data("X", x).rank(rank);
    model.params.iter().fold(problem, |problem, (name, value)| problem.param(name, *value))
}

#[test]
fn sparse_coding_leaves_exact_zeros_and_nmf_no_negative_entry() {
    let digits = example("digits/images.npy");
    let settings = Settings { max_iter: 30, ..Settings::default() };
    let coded = of_model("sparse-coding", &digits, 20).solve(&settings).unwrap();
    let codes = coded.factor("W").unwrap().values_f64();
    let zeros = codes.iter().filter(|v| **v == 0.0).count();
    assert!(zeros > 100, "{zeros} zeros among {}", codes.len());
    let parts = of_model("nmf", &digits, 10).solve(&settings).unwrap();
    assert!(parts.factors.iter().all(|(_, f)| f.values_f64().iter().all(|v| *v >= 0.0)));
}

#[test]
fn speeches_give_the_same_bits_with_one_thread_and_two() {
    let counts = example("sotu/counts.mtx.gz");
    let run = |threads| {
        let settings = Settings { threads: Some(threads), max_iter: 2, ..Settings::default() };
        let found = of_model("nmf", &counts, 5).solve(&settings).unwrap();
        found.factors.iter().map(|(_, f)| f.values_f64()).collect::<Vec<_>>()
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(2));
}

/// A tenth of the entries, by a fixed stream, and the rest.
fn hold_out(x: &Matrix, seed: u64) -> (Matrix, Vec<(usize, usize, f64)>) {
    let mut random = Random(seed);
    let (pattern, values) = (x.pattern().unwrap(), x.values_f64());
    let (mut kept, mut held) = (Vec::new(), Vec::new());
    for (at, &value) in values.iter().enumerate() {
        let entry = (pattern.row_of(at), pattern.indices()[at] as usize, value);
        if random.below(10) == 0 { held.push(entry) } else { kept.push(entry) }
    }
    (Matrix::from_triplets(x.rows(), x.cols(), kept).unwrap(), held)
}

fn rmse(held: &[(usize, usize, f64)], predict: impl Fn(usize, usize) -> f64) -> f64 {
    let squares: f64 = held.iter().map(|&(i, j, v)| (v - predict(i, j)).powi(2)).sum();
    (squares / held.len() as f64).sqrt()
}

#[test]
fn ratings_predict_what_was_held_out() {
    let Some(path) = shared_data("ratings/movielens-small/ratings.csv") else { return };
    let ratings = read(path, &ReadOptions::default()).unwrap().matrix;
    let errors: Vec<(f64, f64)> = (1..=10).map(|seed| held_out_errors(&ratings, seed)).collect();
    let mean = |of: fn(&(f64, f64)) -> f64| errors.iter().map(of).sum::<f64>() / errors.len() as f64;
    let (of_mean, of_model) = (mean(|e| e.0), mean(|e| e.1));
    println!("held-out RMSE: mean {of_mean:.4}, model {of_model:.4}");
    assert!((of_mean - 1.06).abs() < 0.02, "{of_mean}");
    assert!(of_model <= 0.875, "{of_model}");
}

/// The RMSE on a tenth held out, of the mean and of the model `ratings` with its default numbers.
fn held_out_errors(ratings: &Matrix, seed: u64) -> (f64, f64) {
    let (kept, held) = hold_out(ratings, seed);
    let mean = kept.values_f64().iter().sum::<f64>() / kept.stored() as f64;
    let found = of_model("ratings", &kept, 10).solve(&Settings::default()).unwrap();
    let f = |name: &str| found.factor(name).unwrap();
    let (w, h, b, c, mu) = (f("W"), f("H"), f("b"), f("c"), f("mu"));
    let product = |i, j| (0..10).map(|k| w.get(i, k) * h.get(k, j)).sum::<f64>();
    let of_model = rmse(&held, |i, j| product(i, j) + b.get(i, 0) + c.get(0, j) + mu.to_scalar());
    (rmse(&held, |_, _| mean), of_model)
}
