//! The contract of all methods, on problems of every form and on data that is hostile.

use eckart::expr::Expr;
use eckart::grad::differentiate;
use eckart::run::Inputs;
use eckart::solve::{Bound, METHODS, Regularizer};
use eckart::{Factorization, Matrix, Problem, Settings, StopReason};

use crate::random::Random;

/// An objective of each form, with each kind of bound and penalty that a method treats by itself.
pub(crate) const OBJECTIVES: &[&str] = &[
    "sum((X - W @ H)**2) + 0.1*(sum(W**2) + sum(H**2))",
    "sum((X - W @ H)**2) subject to W >= 0, H >= 0",
    "sum((X - W @ H)**2) + 0.01*sum(W**2) + 0.01*sum(H**2) subject to W >= 0",
    "sum((X - W @ H)**2) + 0.3*sum(abs(W)) subject to rownorm(H) <= 1",
    "sum((X - W @ H)**2) + 0.1*sum(abs(W)) + 0.1*sum(abs(H)) subject to W, H >= 0",
    "sum((X - W @ H)**2) + 0.1*sum(H**2) subject to 0 <= W <= 1",
    "sum((X - W @ H)**2) + 0.2*sum(rownorm(W)) + 0.1*sum(H**2)",
    "sum((X - W @ H)**2) + 0.1*sum(H**2) subject to rownorm(W) <= 1",
    "sum(observed(X)*(X - W @ H)**2) + 0.1*(sum(W**2) + sum(H**2))",
    "sum(observed(X)*(X - W @ H)**2) + 0.1*(sum(W**2) + sum(H**2)) subject to W, H >= 0",
    "sum((1 + 2*X)*((X > 0) - W @ H)**2) + 0.1*(sum(W**2) + sum(H**2))",
    "over W[n,r], H[r,m], b[n,1], c[1,m], mu[1,1]: sum(observed(X)*(X - W @ H - b - c - mu)**2) \
     + 0.5*(sum(W**2) + sum(H**2)) + 0.1*(sum(b**2) + sum(c**2))",
    "sum(softplus(W @ H) - (X > 0.5)*(W @ H)) + 0.1*(sum(W**2) + sum(H**2))",
    "sum(huber(X - W @ H, 0.3)) + 0.1*(sum(W**2) + sum(H**2))",
    "sum(kl(X, W @ H)) subject to W, H >= 0",
    "sum(kl(X, W @ H)) + 0.1*sum(abs(W)) + 0.1*sum(abs(H)) subject to W, H >= 0",
    "sum(kl(X, W @ H)) + 0.1*(sum(W**2) + sum(H**2)) subject to W, H >= 0",
    "sum((X - W @ H)**2) + 0.5*sum((W.T @ W - eye(W.T @ W))**2) + 0.1*sum(H**2)",
    "over W[n,r], S[r,r], H[r,m]: sum((X - W @ S @ H)**2) + 0.1*(sum(W**2) + sum(S**2) + sum(H**2))",
    "sum((X - X @ W @ H)**2) + 0.1*(sum(W**2) + sum(H**2))",
    "sum(sqrt(1 + (X - W @ H)**2)) + 0.1*(sum(W**2) + sum(H**2))",
];

pub(crate) fn problem(text: &str, x: &Matrix, rank: usize) -> Problem {
    Problem::parse(text).unwrap().data("X", x).rank(rank)
}

/// A matrix of rank 3 plus noise, no entry negative; dense, or with a third of its entries.
pub(crate) fn planted(seed: u64, n: usize, m: usize, sparse: bool) -> Matrix {
    let mut random = Random(seed);
    let (w, h) = (random.dense(n, 3, 0.0, 1.0), random.dense(3, m, 0.0, 1.0));
    let product = |i: usize, j: usize| (0..3).map(|k| w.get(i, k) * h.get(k, j)).sum::<f64>();
    let mut entries = Vec::new();
    for i in 0..n {
        for j in 0..m {
            if !sparse || random.below(3) == 0 {
                entries.push((i, j, product(i, j) + random.between(0.0, 0.05)));
            }
        }
    }
    if sparse {
        Matrix::from_triplets(n, m, entries).unwrap()
    } else {
        Matrix::from_fn(n, m, |i, j| entries[i * m + j].2).unwrap()
    }
}

/// The cost and the gradient of the smooth part in each factor, from the formulas as they are written: nothing
/// rewritten.
fn literal(bound: &Bound, found: &Factorization) -> (f64, Vec<Vec<f64>>) {
    let mut inputs = Inputs::default();
    inputs.set_matrix(&eckart::expr::Var::input("X"), &bound.target.1);
    for ((_, matrix), factor) in found.factors.iter().zip(&bound.factors) {
        inputs.set_matrix(&factor.var, matrix);
    }
    let roots: Vec<Expr> =
        std::iter::once(bound.objective.clone()).chain(differentiate(&bound.smooth, &bound.factor_exprs())).collect();
    let plan = eckart::plan::plan(&roots, &bound.givens).unwrap();
    let values = eckart::run::run(&plan, &inputs, &mut eckart::run::PlanCache::default()).unwrap();
    (values[0].to_scalar(), values[1..].iter().map(|v| v.to_dense().data.clone()).collect())
}

/// How far the factors are from where no small step lowers the cost, as a share of the size of the gradient's parts:
/// for entries alone, worked out here by hand.
fn entrywise_violation(bound: &Bound, found: &Factorization, gradients: &[Vec<f64>]) -> f64 {
    let mut worst = 0.0_f64;
    for (((_, matrix), factor), gradient) in found.factors.iter().zip(&bound.factors).zip(gradients) {
        let Regularizer { l1, lower: low, upper: high } = factor.regularizer.entries;
        for (b, g) in matrix.values_f64().into_iter().zip(gradient) {
            // The slopes to the right and to the left.
            let (right, left) = if b > 1e-9 {
                (g + l1, g + l1)
            } else if b < -1e-9 {
                (g - l1, g - l1)
            } else {
                (g + l1, g - l1)
            };
            let up = if b >= high - 1e-9 { 0.0 } else { (-right).max(0.0) };
            let down = if b <= low + 1e-9 { 0.0 } else { left.max(0.0) };
            worst = worst.max(up).max(down);
        }
    }
    worst
}

#[test]
fn methods_fall_stay_feasible_and_end_where_no_small_step_helps() {
    for (at, text) in OBJECTIVES.iter().enumerate() {
        for sparse in [false, true] {
            let x = planted(at as u64, 24, 18, sparse);
            let problem = problem(text, &x, 3);
            let bound = problem.bind().unwrap();
            for row in METHODS.iter().filter(|row| row.unsupported(&bound).is_none()) {
                if !["normalized-gradient", "smoothed-l-bfgs"].contains(&row.name) {
                    check(&problem, &bound, (row.name, row.monotone), text);
                }
            }
        }
    }
}

fn check(problem: &Problem, bound: &Bound, (method, monotone): (&str, bool), text: &str) {
    let (method, n_init) = (Some(method.to_owned()), Some(1));
    let settings = Settings { method, n_init, max_iter: 6000, tol: 1e-12, ..Settings::default() };
    let found = problem.solve(&settings).unwrap();
    let at = format!("{} on {text}, {}", found.method, found.stop_reason());
    let costs: Vec<f64> = found.starts[0].history.iter().map(|s| s.cost).collect();
    for pair in costs.windows(2).filter(|_| monotone) {
        assert!(
            pair[1] <= pair[0] + 1e-10 * pair[0].abs().max(1e-3 * costs[0].abs()),
            "{at}: {} after {}",
            pair[1],
            pair[0]
        );
    }
    let (cost, gradients) = literal(bound, &found);
    assert!(
        (cost - found.cost).abs() <= 1e-7 * cost.abs().max(1e-3 * costs[0].abs()),
        "{at}: {} is {cost}",
        found.cost
    );
    for ((name, matrix), factor) in found.factors.iter().zip(&bound.factors) {
        assert!(is_feasible(matrix, factor.regularizer), "{at}: {name}");
    }
    let slow = ["l-bfgs", "proximal-gradient", "multiplicative", "hals", "als"].contains(&&*found.method);
    let residual = found.residuals(&found.starts[0]).into_values().fold(0.0, f64::max);
    let most = if slow { 1e-1 } else { 1e-4 };
    assert!(residual <= most, "{at}: residuals {:?} after {}", found.residuals(&found.starts[0]), found.iterations());
    if bound
        .factors
        .iter()
        .all(|f| f.regularizer.row_group + f.regularizer.col_group == 0.0 && f.regularizer.row_norm.is_none())
        && !slow
    {
        let violation = entrywise_violation(bound, &found, &gradients);
        assert!(violation <= 2e-3, "{at}: a slope of {violation} is left");
    }
}

fn is_feasible(matrix: &Matrix, regularizer: eckart::solve::FactorRegularizer) -> bool {
    let values = matrix.values_f64();
    let length = |v: Vec<f64>| v.iter().map(|x| x * x).sum::<f64>().sqrt();
    let rows = (0..matrix.rows()).map(|i| length((0..matrix.cols()).map(|j| matrix.get(i, j)).collect()));
    let inside = values.iter().all(|v| regularizer.entries.clip(*v) == *v);
    inside && regularizer.row_norm.is_none_or(|most| rows.into_iter().all(|length| length <= most * (1.0 + 1e-12)))
}

#[test]
fn every_form_gives_the_same_bits_with_one_thread_and_two() {
    for text in OBJECTIVES {
        let x = planted(5, 300, 40, true);
        let run = |threads| {
            let settings = Settings { threads: Some(threads), max_iter: 4, seed: 3, ..Settings::default() };
            let found = problem(text, &x, 3).solve(&settings).unwrap();
            found.factors.iter().map(|(_, f)| f.values_f64()).collect::<Vec<_>>()
        };
        let one = run(1);
        assert_eq!(one, run(2), "{text}");
        assert_eq!(one, run(2), "{text}");
    }
}

#[test]
fn data_of_f32_is_fitted_as_well_as_the_same_data_in_f64() {
    for (at, text) in OBJECTIVES.iter().enumerate() {
        for sparse in [false, true] {
            let narrow = planted(at as u64, 60, 45, sparse).cast(eckart::Dtype::F32).unwrap();
            let wide = narrow.cast(eckart::Dtype::F64).unwrap();
            let settings = Settings { max_iter: 2000, tol: 1e-9, seed: 1, ..Settings::default() };
            let narrow = problem(text, &narrow, 3).solve(&settings).unwrap();
            // From another start rounding may lead to another minimum.
            let there =
                narrow.factors.iter().fold(problem(text, &wide, 3), |there, (name, at)| there.init_from(name, at));
            let wide = there.solve(&settings).unwrap();
            let first = narrow.starts[0].history[0].cost;
            let apart = (narrow.cost - wide.cost).abs();
            assert!(apart <= 1e-4 * wide.cost.abs().max(1e-2 * first.abs()), "{text}: {} {}", narrow.cost, wide.cost);
        }
    }
}

/// Data that breaks careless arithmetic.
pub(crate) fn hostile() -> Vec<(&'static str, Matrix)> {
    let mut random = Random(11);
    let plain = planted(2, 7, 5, false);
    let of = |f: &dyn Fn(usize, usize) -> f64, n: usize, m: usize| Matrix::from_fn(n, m, f).unwrap();
    let stored = |n: usize, m: usize, entries: Vec<(usize, usize, f64)>| Matrix::from_triplets(n, m, entries).unwrap();
    vec![
        ("zeros", of(&|_, _| 0.0, 6, 5)),
        ("nothing stored", stored(6, 5, Vec::new())),
        ("one entry", stored(6, 5, vec![(2, 3, 4.0)])),
        ("zeros stored", stored(6, 5, vec![(0, 0, 0.0), (1, 1, 0.0), (2, 2, 1.0), (2, 3, 0.0)])),
        ("constant", of(&|_, _| 3.0, 6, 5)),
        ("zero row and column", of(&|i, j| if i == 1 || j == 2 { 0.0 } else { plain.get(i, j) }, 7, 5)),
        ("one row", of(&|_, j| j as f64, 1, 6)),
        ("one column", of(&|i, _| i as f64, 6, 1)),
        ("one number", of(&|_, _| 2.0, 1, 1)),
        ("tiny", of(&|i, j| 1e-30 * plain.get(i, j), 7, 5)),
        ("huge", of(&|i, j| 1e30 * plain.get(i, j), 7, 5)),
        ("both", of(&|i, j| if (i + j) % 2 == 0 { 1e-30 } else { 1e30 }, 7, 5)),
        ("duplicates", of(&|i, j| plain.get(i % 2, j), 7, 5)),
        ("sparse duplicates", stored(6, 5, (0..6).map(|i| (i, i % 2, 1.0)).collect())),
        ("single precision", plain.cast(eckart::Dtype::F32).unwrap()),
        ("random", random.sparse(8, 6, 0.0, 5.0)),
    ]
}

#[test]
fn no_data_makes_a_factor_that_is_not_a_number() {
    for (name, x) in hostile() {
        for rank in [1, x.rows().min(x.cols())] {
            // Nothing tells a 1 x 1 matrix from a number, so it can't fix a declared side.
            let told = |text: &&&str| x.rows() * x.cols() > 1 || !text.starts_with("over");
            for text in OBJECTIVES.iter().filter(told) {
                let problem = problem(text, &x, rank);
                let bound = problem.bind().unwrap();
                for row in METHODS.iter().filter(|row| row.unsupported(&bound).is_none()) {
                    let settings = Settings { method: Some(row.name.into()), max_iter: 12, ..Settings::default() };
                    let at = format!("{} on {text}, rank {rank} of {name}", row.name);
                    let found = problem.solve(&settings).unwrap_or_else(|error| panic!("{at}: {error}"));
                    assert!(found.cost.is_finite(), "{at}: the cost is {}", found.cost);
                    assert!(
                        found.stop_reason() != StopReason::Diverged || row.name == "normalized-gradient",
                        "{at}: diverged"
                    );
                    for (factor, matrix) in &found.factors {
                        assert_eq!(matrix.missing(), 0, "{at}: {factor}");
                    }
                    let residuals = found.residuals(&found.starts[0]);
                    assert!(residuals.values().all(|r| r.is_finite()), "{at}: {residuals:?}");
                }
            }
        }
    }
}

/// One sweep of hierarchical least squares over a (rows x r) array, entry by entry, as plainly as it can be written.
fn plain_sweep(b: &mut [f64], linear: &[f64], gram: &[f64], r: usize) {
    for i in 0..b.len() / r {
        for k in 0..r {
            let along: f64 = (0..r).map(|l| b[i * r + l] * gram[l * r + k]).sum();
            let step = (along - linear[i * r + k]) / gram[k * r + k];
            b[i * r + k] = (b[i * r + k] - step).max(0.0);
        }
    }
}

#[test]
fn hals_goes_the_way_of_plain_coordinate_descent() {
    let (n, m, r, iterations) = (40, 25, 4, 50);
    let x = planted(9, n, m, false);
    let solve = |max_iter| {
        let settings = Settings { method: Some("hals".into()), max_iter, tol: 0.0, seed: 2, ..Settings::default() };
        problem("sum((X - W @ H)**2) subject to W, H >= 0", &x, r).solve(&settings).unwrap()
    };
    let (start, found) = (solve(0), solve(iterations));
    let mut w = start.factor("W").unwrap().values_f64();
    let h = start.factor("H").unwrap();
    // H is kept transposed: m x r.
    let mut ht: Vec<f64> = (0..m * r).map(|at| h.get(at % r, at / r)).collect();
    let gram = |b: &[f64]| -> Vec<f64> {
        (0..r * r).map(|at| b.chunks(r).map(|row| row[at / r] * row[at % r]).sum()).collect()
    };
    for iteration in 1..=iterations {
        let linear: Vec<f64> =
            (0..n * r).map(|at| (0..m).map(|j| x.get(at / r, j) * ht[j * r + at % r]).sum()).collect();
        plain_sweep(&mut w, &linear, &gram(&ht), r);
        let linear: Vec<f64> =
            (0..m * r).map(|at| (0..n).map(|i| x.get(i, at / r) * w[i * r + at % r]).sum()).collect();
        plain_sweep(&mut ht, &linear, &gram(&w), r);
        let product = |i: usize, j: usize| (0..r).map(|k| w[i * r + k] * ht[j * r + k]).sum::<f64>();
        let cost: f64 = (0..n * m).map(|at| (x.get(at / m, at % m) - product(at / m, at % m)).powi(2)).sum();
        let ours = found.starts[0].history[iteration].cost;
        assert!((ours - cost).abs() <= 1e-8 * cost, "iteration {iteration}: {ours} is not {cost}");
    }
}
