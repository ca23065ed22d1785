//! What several starts say together, and how many components the data bears.

use eckart::apply::{Validation, choose_rank, consensus};
use eckart::data::{ReadOptions, read};
use eckart::{Code, Matrix, Problem, Settings};

use crate::errors::check_error;
use crate::random::Random;
use crate::read::shared_data;

const NMF: &str = "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0";
const KL: &str = "minimize sum(kl(X, W @ H)) subject to W >= 0, H >= 0";

#[test]
fn starts_that_agree_say_so() {
    let mut random = Random(1);
    // Three groups of columns, each with rows of its own.
    let x = Matrix::from_fn(30, 12, |i, j| {
        if i % 3 == j / 4 { 1.0 + random.between(0.0, 0.2) } else { random.between(0.0, 0.05) }
    });
    let x = x.unwrap();
    let settings = Settings { n_init: Some(8), keep_starts: true, max_iter: 300, ..Settings::default() };
    let problem = Problem::parse(NMF).unwrap().data("X", &x).rank(3);
    let model = problem.solve(&settings).unwrap();
    let found = consensus(&model).unwrap();
    let agreement = &found.agreement;
    assert_eq!((agreement.starts, agreement.of_columns, agreement.sampled.len()), (8, true, 12));
    assert_eq!(agreement.groups, [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    assert!(agreement.cophenetic > 0.95 && agreement.stability.iter().all(|s| *s > 0.9), "{agreement:?}");
    assert!(found.matrix.get(0, 1) > 0.8 && found.matrix.get(0, 11) < 0.2);
    let refit = found.refit(&problem, &model, &settings).unwrap();
    assert!(refit.cost < 1.2 * model.cost, "{} and {}", refit.cost, model.cost);
    assert_eq!(refit.factor("H").unwrap().values_f64(), found.components.values_f64());
    // Only where starts were kept, and there is more than one.
    let error = consensus(&problem.solve(&Settings { n_init: Some(2), ..Settings::default() }).unwrap()).unwrap_err();
    assert_eq!(error.code(), Code::StartsNotKept, "{error}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.safetensors");
    refit.save(&path).unwrap();
    assert_eq!(eckart::Factorization::load(&path).unwrap().agreement.as_ref(), Some(agreement));
}

/// Brunet et al. 2004: at rank 3 the consensus tells B-cell and T-cell leukemia and AML apart.
#[test]
fn leukemias_are_told_apart() {
    let Some(path) = shared_data("bio/golub-leukemia/expression.csv") else { return };
    let table = read(path, &ReadOptions::default()).unwrap();
    let settings = Settings { n_init: Some(50), keep_starts: true, ..Settings::default() };
    let problem = Problem::parse(NMF).unwrap().data("X", &table.matrix).rank(3);
    let model = problem.solve(&settings).unwrap();
    let found = consensus(&model).unwrap();
    let names = table.col_names.unwrap();
    let class = |name: &str| match name {
        name if name.contains("B-cell") => 0,
        name if name.contains("T-cell") => 1,
        _ => 2,
    };
    let mut counts = [[0; 3]; 3];
    for (name, group) in names.iter().zip(&found.agreement.groups) {
        counts[*group][class(name)] += 1;
    }
    // Each group is of the class that it has most of.
    let right: usize = counts.iter().map(|group| group.iter().max().unwrap()).sum();
    println!("{counts:?}, cophenetic {:.4}, stability {:?}", found.agreement.cophenetic, found.agreement.stability);
    assert_eq!(names.len(), 38);
    assert!(right >= 35, "{counts:?}");
}

/// A matrix of that rank with noise of `noise` times its spread.
fn planted(seed: u64, (n, m): (usize, usize), rank: usize, noise: f64) -> Matrix {
    let mut random = Random(seed);
    let normal = |random: &mut Random| (0..12).map(|_| random.between(-0.5, 0.5)).sum::<f64>();
    // Entries with a long tail, so that components differ.
    let (w, h) = (random.dense(n, rank, 0.0, 1.0), random.dense(rank, m, 0.0, 1.0));
    let product = |i: usize, j: usize| (0..rank).map(|k| w.get(i, k).powi(3) * h.get(k, j).powi(3)).sum::<f64>();
    let values: Vec<f64> = (0..n * m).map(|at| product(at / m, at % m)).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let spread = (values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / values.len() as f64).sqrt();
    let noisy = |v: &f64, random: &mut Random| (v + noise * spread * normal(random)) as f32;
    let values: Vec<f32> = values.iter().map(|v| noisy(v, &mut random)).collect();
    Matrix::dense(n, m, values).unwrap()
}

/// Counts whose means are such a matrix.
fn planted_counts(seed: u64, (n, m): (usize, usize), rank: usize, mean: f64) -> Matrix {
    let means = planted(seed, (n, m), rank, 0.0).values_f64();
    let scale = mean / (means.iter().sum::<f64>() / means.len() as f64);
    let mut random = Random(seed + 1000);
    let mut poisson = |mean: f64| {
        // By inversion, in pieces that exp can hold.
        let (mut left, mut count) = (mean, 0);
        while left > 0.0 {
            let part = left.min(20.0);
            let (mut product, limit) = (random.between(0.0, 1.0), (-part).exp());
            while product > limit {
                count += 1;
                product *= random.between(0.0, 1.0);
            }
            left -= part;
        }
        f64::from(count)
    };
    let entries = means.iter().enumerate().map(|(at, x)| (at / m, at % m, poisson(scale * x) as f32));
    Matrix::from_triplets(n, m, entries.filter(|(_, _, v)| *v > 0.0).collect()).unwrap()
}

#[track_caller]
fn check_rank(text: &str, x: &Matrix, way: Validation) {
    let problem = Problem::parse(text).unwrap().data("X", x);
    let settings = Settings { max_iter: 1000, tol: 1e-6, ..Settings::default() };
    let ranks: Vec<usize> = (2..8).collect();
    let found = choose_rank(&problem, &ranks, way, 3, &settings, |_| ()).unwrap();
    let losses: Vec<String> =
        found.scores.iter().map(|s| format!("{} {:.4e} +- {:.1e}", s.rank, s.mean, s.error)).collect();
    println!("{text} {way:?}: {} of {losses:?}", found.chosen);
    assert!((3..=5).contains(&found.chosen), "{text}: {} of {losses:?}", found.chosen);
}

#[test]
fn a_planted_rank_is_found() {
    let hold_out = Validation::HoldOut { share: 0.1 };
    let x = planted(1, (150, 60), 4, 0.05);
    check_rank("minimize sum((X - W @ H)**2) + 1e-6*(sum(W**2) + sum(H**2))", &x, hold_out);
    check_rank("minimize sum((X - W @ H)**2) + 1e-6*(sum(W**2) + sum(H**2))", &x, Validation::Bcv);
    let counts = planted_counts(2, (150, 60), 4, 3.0);
    check_rank(KL, &counts, hold_out);
    check_rank(KL, &counts, Validation::Bcv);
}

#[test]
fn what_can_not_be_compared_is_refused() {
    let x = planted(1, (20, 12), 2, 0.05);
    let problem = Problem::parse(NMF).unwrap().data("X", &x);
    let refuses = |ranks: &[usize], way: Validation, repeats: usize, code: Code, part: &str| {
        let error = choose_rank(&problem, ranks, way, repeats, &Settings::default(), |_| ()).unwrap_err();
        check_error(&error, code, part);
    };
    refuses(&[], Validation::Bcv, 3, Code::RanksNotIncreasing, "");
    refuses(&[3, 2], Validation::Bcv, 3, Code::RanksNotIncreasing, "");
    refuses(&[2], Validation::Bcv, 2, Code::SettingOutOfRange, "2 repetitions");
    refuses(&[2, 6], Validation::Bcv, 3, Code::RankOutOfRange, "rank 6 is not below 6");
    refuses(&[2], Validation::HoldOut { share: 1.5 }, 3, Code::SettingOutOfRange, "1.5");
    refuses(&[0], Validation::HoldOut { share: 0.1 }, 3, Code::RankOutOfRange, "rank 0");
}
