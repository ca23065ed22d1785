//! What every method promises, on small problems whose answer is known or can be checked.

use eckart::run::{SimdLevel, simd_level_by_name};
use eckart::solve::{Flow, METHODS, Progress, solve};
use eckart::{Code, Dtype, Factorization, Init, Interrupt, Matrix, Problem, Settings, StopReason};

use crate::errors::check_error;
use crate::random::Random;

/// A matrix of rank 3 plus a little noise.
fn planted(seed: u64, n: usize, m: usize) -> Matrix {
    let mut random = Random(seed);
    let (w, h) = (random.dense(n, 3, 0.0, 1.0), random.dense(3, m, 0.0, 1.0));
    let product = |i: usize, j: usize| (0..3).map(|k| w.get(i, k) * h.get(k, j)).sum::<f64>();
    Matrix::from_fn(n, m, |i, j| product(i, j) + random.between(0.0, 0.01)).unwrap()
}

fn fit(text: &str, x: &Matrix, settings: &Settings) -> Factorization {
    Problem::parse(text).unwrap().data("X", x).rank(3).solve(settings).unwrap()
}

const NMF: &str = "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0";

/// For each method the first of these that it fits.
const FITTING: [&str; 4] = [
    NMF,
    "minimize sum((X - W @ H)**2) + 1e-6*(sum(W**2) + sum(H**2))",
    "minimize sum(kl(X, W @ H)) subject to W >= 0, H >= 0",
    "minimize sum(abs(X - W @ H)) subject to W >= 0, H >= 0",
];

#[test]
fn every_method_reaches_the_planted_fit_and_keeps_constraints() {
    let x = planted(1, 40, 30);
    for row in METHODS {
        let fits = |text: &&str| {
            let problem = Problem::parse(text).unwrap().data("X", &x).rank(3);
            row.unsupported(&problem.bind().unwrap()).is_none()
        };
        let text = FITTING.into_iter().find(fits).unwrap();
        let method = Some(row.name.into());
        let (init, n_init) = (Init::Random, Some(1));
        let settings = Settings { method, init, n_init, max_iter: 3000, tol: 1e-9, ..Settings::default() };
        let found = fit(text, &x, &settings);
        let quality = found.quality.as_ref().unwrap();
        assert!(quality.relative_error < 0.02, "{}: {quality:?}", row.name);
        assert_eq!(quality.reconstruction, "W @ H");
        for (name, factor) in found.factors.iter().filter(|_| text.contains(">= 0")) {
            assert!(factor.values_f64().iter().all(|v| *v >= 0.0), "{}: {name} is negative", row.name);
        }
        let costs: Vec<f64> = found.starts[0].history.iter().map(|s| s.cost).collect();
        // Near the end a cost is a small difference of sums as large as that of all squares.
        let rounding = 1e-14 * x.values_f64().iter().map(|x| x * x).sum::<f64>();
        if row.monotone {
            assert!(costs.windows(2).all(|p| p[1] <= p[0] + rounding), "{} rises", row.name);
        }
        // Entries are put on their bounds at the end, where that lowers the cost.
        let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
        assert!(found.cost <= least + rounding && (row.finishes || found.cost >= least - rounding), "{}", row.name);
    }
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let x = planted(2, 400, 150);
    let run = |threads, n_init| {
        let settings =
            Settings { threads: Some(threads), n_init: Some(n_init), seed: 7, max_iter: 20, ..Settings::default() };
        fit(NMF, &x, &settings)
    };
    let (one, two, again) = (run(1, 2), run(2, 2), run(2, 2));
    for ((_, a), ((_, b), (_, c))) in one.factors.iter().zip(two.factors.iter().zip(&again.factors)) {
        assert_eq!(a.values_f64(), b.values_f64());
        assert_eq!(b.values_f64(), c.values_f64());
    }
    let more = run(2, 3);
    for k in 0..2 {
        let costs = |f: &Factorization| f.starts[k].history.iter().map(|s| s.cost).collect::<Vec<_>>();
        assert_eq!(costs(&one), costs(&more), "start {k} depends on how many there are");
    }
}

/// Least squares of f32 data without a penalty, at a rank that leaves nothing: in f32 factors may grow until rounding
/// passes for a decrease. What is said of the cost is true.
#[test]
fn a_cost_is_that_of_its_factors_where_rounding_is_all() {
    let (mut given_up, n) = (0, 50);
    for seed in 0..4 {
        let x = Random(seed).dense(n, n, 0.1, 1.1).cast(Dtype::F32).unwrap();
        for registers in [Some(SimdLevel::Base), None] {
            let settings = Settings { n_init: Some(4), registers, seed, ..Settings::default() };
            let problem = Problem::parse("sum((X - W @ H)**2)").unwrap().data("X", &x).rank(n);
            let found = problem.solve(&settings).unwrap();
            let first = found.starts[found.best].history[0].cost;
            let [w, h] = ["W", "H"].map(|name| found.factor(name).unwrap().to_dense_f64());
            let fitted = |i: usize, j: usize| (0..n).map(|k| w[i * n + k] * h[k * n + j]).sum::<f64>();
            let error = |at: usize| (x.get(at / n, at % n) - fitted(at / n, at % n)).powi(2);
            let (said, cost): (f64, f64) = (found.cost, (0..n * n).map(error).sum());
            let near = (said - cost).abs() <= 1e-6 * cost + 1e-12 * first;
            assert!(near, "{seed} {registers:?}: {said} is said, {cost} is so");
            assert!(found.starts.iter().all(|start| start.cost.is_nan() || start.cost >= 0.0), "{seed} {registers:?}");
            given_up += found.ways.iter().filter(|way| way.contains("f64")).count();
        }
    }
    assert!(given_up > 0, "f32 held all of them: the test says nothing");
}

/// The level of the registers is that of the settings, on every thread and for every start; each level ends where the
/// others do, up to rounding.
#[test]
fn each_level_of_registers_has_bits_of_its_own() {
    let x = planted(4, 300, 70);
    let run = |registers, threads| {
        let settings = Settings { registers, threads, n_init: Some(3), max_iter: 15, ..Settings::default() };
        fit(NMF, &x, &settings)
    };
    let numbers = |f: &Factorization| f.factors.iter().flat_map(|(_, m)| m.values_f64()).collect::<Vec<f64>>();
    let best = run(None, None);
    for level in SimdLevel::all() {
        let one = run(Some(level), Some(1));
        for threads in [None, Some(2)] {
            assert_eq!(numbers(&one), numbers(&run(Some(level), threads)), "{level} {threads:?}");
        }
        assert!((one.cost - best.cost).abs() <= 1e-6 * best.cost, "{level}: {} {}", one.cost, best.cost);
    }
    let named = std::env::var("ECKART_REGISTERS").ok().map(|name| simd_level_by_name(&name).unwrap());
    let own = named.or(SimdLevel::all().last().copied());
    assert_eq!(numbers(&best), numbers(&run(own, None)));
}

#[test]
fn a_penalty_leaves_exact_zeros() {
    let x = planted(3, 30, 20);
    let text = "minimize sum((X - W @ H)**2) + 2*sum(abs(W)) subject to rownorm(H) <= 1";
    let found = fit(text, &x, &Settings { max_iter: 2000, ..Settings::default() });
    let zeros = found.factor("W").unwrap().values_f64().iter().filter(|v| **v == 0.0).count();
    assert!(zeros > 10, "{zeros} zeros");
    let h = found.factor("H").unwrap();
    for i in 0..3 {
        let length: f64 = (0..20).map(|j| h.get(i, j).powi(2)).sum();
        assert!(length <= 1.0 + 1e-12);
    }
}

#[test]
fn a_run_says_why_it_stopped() {
    let x = planted(4, 30, 20);
    let stop = |settings: &Settings| fit(NMF, &x, settings).stop_reason();
    let base = Settings { max_iter: 5, tol: 0.0, ..Settings::default() };
    assert_eq!(stop(&base), StopReason::MaxIter);
    assert_eq!(stop(&Settings { target: Some(1e9), ..base.clone() }), StopReason::Target);
    assert_eq!(stop(&Settings { time_limit: Some(std::time::Duration::ZERO), ..base.clone() }), StopReason::TimeLimit);
    let found = Settings { max_iter: 100_000, tol: 1e-3, ..base.clone() };
    assert_eq!(stop(&found), StopReason::Stationary);
    // At a kink no gradient tells.
    assert_eq!(fit("sum(abs(X - W @ H))", &x, &found).stop_reason(), StopReason::Settled);
    // Nothing is said to have been found where nothing was looked for.
    let interrupt = Interrupt::default();
    interrupt.raise();
    let settings = Settings { interrupt: interrupt.clone(), ..base.clone() };
    let problem = Problem::parse(NMF).unwrap().data("X", &x).rank(3);
    assert_eq!(problem.solve(&settings).unwrap_err().code(), Code::Interrupted);
    interrupt.lower();
    assert_eq!(stop(&settings), StopReason::MaxIter);
    for number in [f64::NAN, f64::INFINITY] {
        let problem = Problem::parse("a*sum((X - W @ H)**2)").unwrap().data("X", &x).rank(3).param("a", number);
        assert_eq!(problem.solve(&base).unwrap_err().code(), Code::SettingOutOfRange);
    }
    let problem = Problem::parse(NMF).unwrap().data("X", &x).rank(3);
    let stopped = eckart::solve::solve(&problem, &base, &mut |p| {
        if p.iteration == 2 { Flow::Stop } else { Flow::Continue }
    })
    .unwrap();
    assert_eq!((stopped.stop_reason(), stopped.iterations()), (StopReason::Interrupted, 2));
    assert_eq!(stop(&Settings { max_iter: 0, ..base }), StopReason::MaxIter);
}

#[test]
fn a_model_file_brings_everything_back() {
    let x = planted(6, 12, 10);
    let mut found = fit(NMF, &x, &Settings { n_init: Some(2), max_iter: 10, ..Settings::default() });
    found.col_names = Some((0..10).map(|j| format!("c\"{j}")).collect());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    found.save(&path).unwrap();
    let back = Factorization::load(&path).unwrap();
    let shape = |f: &Factorization| f.factors.iter().map(|(n, m)| (n.clone(), m.values_f64())).collect::<Vec<_>>();
    assert_eq!(shape(&back), shape(&found));
    assert_eq!((&back.statement, &back.params, back.seed), (&found.statement, &found.params, found.seed));
    assert_eq!((&back.starts, back.best, &back.quality), (&found.starts, found.best, &found.quality));
    assert_eq!((&back.col_names, &back.row_names), (&found.col_names, &found.row_names));
    std::fs::write(&path, b"nothing of the kind").unwrap();
    check_error(&Factorization::load(&path).unwrap_err(), Code::NotAModel, "model.safetensors");
}

#[test]
fn a_dictionary_may_have_more_atoms_than_data_has_columns() {
    let x = planted(5, 40, 6);
    let coding = "sum((X - W @ H)**2) + 0.1*sum(abs(W)) subject to rownorm(H) <= 1";
    let problem = Problem::parse(coding).unwrap().data("X", &x).rank(9);
    let found = problem.solve(&Settings { max_iter: 20, ..Settings::default() }).unwrap();
    assert_eq!(found.factor("H").unwrap().shape(), (9, 6));
    assert!(found.cost < found.starts[0].history[0].cost);
    let error = problem.solve(&Settings { init: Init::Svd, ..Settings::default() }).unwrap_err();
    check_error(&error, Code::InitUnsupported, "6 singular values");
}

#[test]
fn misuse_is_named() {
    let x = planted(5, 6, 5);
    let holes = Matrix::from_fn(6, 5, |i, j| if i == j { f64::NAN } else { 1.0 }).unwrap();
    let refuses = |text: &str, x: &Matrix, rank: usize, settings: &Settings, code: Code, part: &str| {
        let solved = Problem::parse(text).and_then(|p| p.data("X", x).rank(rank).solve(settings));
        check_error(&solved.unwrap_err(), code, part);
    };
    let base = Settings::default();
    refuses(NMF, &x, 0, &base, Code::RankOutOfRange, "rank 0 does not fit a 6 x 5 matrix: choose 1 to 5");
    refuses(NMF, &holes, 2, &base, Code::MissingEntries, "X has 5 missing entries (NaN), the first at row 1, column 1");
    refuses("sum((X - W @ H)**2) + l1*sum(W**2)", &x, 2, &base, Code::UndeclaredName, "l1");
    refuses("sum((X - W @ H)**2) subject to X >= 0", &x, 2, &base, Code::NotAFactor, "X");
    refuses("(X - W @ H)**2", &x, 2, &base, Code::CostNotScalar, "6 x 5");
    refuses("sum(W**2)", &x, 2, &base, Code::UnusedData, "X");
    refuses("sum(X**2)", &x, 2, &base, Code::NoFactor, "");
    refuses(NMF, &x, 2, &Settings { method: Some("magic".into()), ..base.clone() }, Code::UnknownMethod, "magic");
    refuses(NMF, &x, 2, &Settings { n_init: Some(0), ..base.clone() }, Code::SettingOutOfRange, "n_init is 0");
    refuses(NMF, &x, 2, &Settings { threads: Some(0), ..base.clone() }, Code::SettingOutOfRange, "threads is 0");
    let proximal = Settings { method: Some("proximal-gradient".into()), ..base.clone() };
    refuses("sum(abs(X - W @ H))", &x, 2, &proximal, Code::MethodUnsupported, "has a kink");
    refuses("sum(huber(X - W @ H, 1)) + sum(abs(X - W @ H))", &x, 2, &proximal, Code::MethodUnsupported, "has a kink");
    refuses(
        "sum(huber(X - W @ H, 1)) + sum(max(W, 0.5))",
        &x,
        2,
        &proximal,
        Code::MethodUnsupported,
        "max(W, 0.5) has a kink",
    );
    assert!(Problem::parse("sum(huber(X - W @ H, 1))").unwrap().data("X", &x).rank(2).solve(&proximal).is_ok());
    let small = Settings { memory_limit: Some(10), ..base };
    refuses(NMF, &x, 2, &small, Code::OverLimit, "the largest parts are");
}

#[test]
fn an_assumed_matrix_is_bound_but_not_solved() {
    use eckart::facts::{Given, Shape};

    let given = Given::data(1_000_000, 500, Some(3_000_000));
    let problem = Problem::parse(NMF).unwrap().rank(3).assume("X", given).unwrap();
    let bound = problem.bind().unwrap();
    assert_eq!(bound.givens.values().filter(|known| **known == given).count(), 1);
    assert_eq!(bound.factors[0].shape, Shape { rows: 1_000_000, cols: 3 });
    assert!(METHODS[0].unsupported(&bound).is_none());
    assert_eq!(problem.solve(&Settings::default()).unwrap_err().code(), Code::ShapeOnly);
    assert!(problem.data("X", planted(1, 8, 6)).solve(&Settings::default()).is_ok());
}

#[test]
fn a_search_that_is_ended_early_says_so_whichever_start_was_best() {
    let x = planted(2, 20, 10);
    // With two threads the third start may be under way when the second is stopped.
    let settings = Settings { n_init: Some(3), tol: 1e-9, max_iter: 200, threads: Some(1), ..Settings::default() };
    let problem = Problem::parse(NMF).unwrap().data("X", &x).rank(3);
    let mut stop_second = |now: &eckart::solve::Progress| if now.start == 1 { Flow::Stop } else { Flow::Continue };
    let found = eckart::solve::solve(&problem, &settings, &mut stop_second).unwrap();
    assert_eq!((found.best, found.starts.len(), found.stop_reason()), (0, 2, StopReason::Interrupted));
}

#[test]
fn starts_are_halved() {
    let x = planted(9, 60, 40);
    let base = Settings { n_init: Some(9), max_iter: 150, tol: 0.0, ..Settings::default() };
    let whole = fit(NMF, &x, &base);
    let halved = |threads| fit(NMF, &x, &Settings { successive_halving: true, threads: Some(threads), ..base.clone() });
    let (one, two) = (halved(1), halved(2));
    let ends = |found: &Factorization| -> Vec<(StopReason, usize, f64)> {
        found.starts.iter().map(|start| (start.stop, start.iterations, start.cost)).collect()
    };
    assert_eq!((ends(&one), one.best), (ends(&two), two.best));
    assert_eq!(one.factor("W").unwrap().values_f64(), two.factor("W").unwrap().values_f64());
    // Of 9 starts 4 are dropped after 25 iterations, 2 after 50, 1 after 100, 1 after 200: none gets there.
    let dropped = |after| one.starts.iter().filter(|s| (s.stop, s.iterations) == (StopReason::Dropped, after)).count();
    assert_eq!([dropped(25), dropped(50), dropped(100)], [4, 2, 1]);
    // What is left goes the way that it would have gone, and is the best of its kind.
    assert_eq!(one.starts[one.best].history.len(), whole.starts[one.best].history.len());
    assert_eq!(one.cost, whole.starts[one.best].cost);
    assert!(one.starts.iter().all(|start| start.cost >= one.cost));
    let keeps = Settings { successive_halving: true, keep_starts: true, ..base.clone() };
    let problem = Problem::parse(NMF).unwrap().data("X", &x).rank(3);
    check_error(&problem.solve(&keeps).unwrap_err(), Code::SettingsConflict, "halv");
    // Broken off, it still says what was asked for, also once it was saved; those that wait are not dropped.
    let mut listen = |now: &Progress| if now.iteration < 30 { Flow::Continue } else { Flow::Stop };
    let asked = Settings { successive_halving: true, threads: Some(1), ..base.clone() };
    let broken = solve(&problem, &asked, &mut listen).unwrap();
    let folder = tempfile::tempdir().unwrap();
    broken.save(folder.path().join("m.safetensors")).unwrap();
    let read = Factorization::load(folder.path().join("m.safetensors")).unwrap();
    for found in [&broken, &read] {
        assert_eq!((found.n_init, found.successive_halving), (9, true));
        assert_eq!(found.starts.iter().filter(|start| start.stop == StopReason::Dropped).count(), 4);
        assert_eq!(found.starts.iter().filter(|start| start.stop == StopReason::Interrupted).count(), 5);
    }
    // A target that is reached at the end of the first round is seen in the second, which is the last.
    let target = one.starts.iter().map(|start| start.history[25].cost).fold(f64::INFINITY, f64::min);
    let found = fit(NMF, &x, &Settings { successive_halving: true, target: Some(target), ..base });
    assert_eq!(found.stop_reason(), StopReason::Target);
    assert!(found.starts.iter().all(|start| start.iterations <= 50));
}

#[test]
fn starts_that_run_side_by_side_end_as_they_do_one_after_the_other() {
    let x = planted(8, 60, 40);
    let costs = |settings: &Settings| {
        let found = fit(NMF, &x, settings);
        let starts: Vec<(f64, usize, StopReason)> =
            found.starts.iter().map(|start| (start.cost, start.iterations, start.stop)).collect();
        (starts, found.best, found.cost, found.factor("W").unwrap().values_f64())
    };
    let with = |threads, target| Settings {
        threads: Some(threads),
        n_init: Some(9),
        max_iter: 12,
        target,
        ..Settings::default()
    };
    let alone = costs(&with(1, None));
    assert_eq!(alone.0.len(), 9);
    for threads in [2, 4] {
        assert_eq!(costs(&with(threads, None)), alone);
    }
    // Whichever start reaches the target: those before it are run to their end, those after it don't count.
    for (index, start) in alone.0.iter().enumerate() {
        let expected = costs(&with(1, Some(start.0)));
        assert!(expected.0.len() <= index + 1 && expected.0.last().unwrap().2 == StopReason::Target);
        for threads in [2, 3] {
            assert_eq!(costs(&with(threads, Some(start.0))), expected, "{threads} threads, target of start {index}");
        }
    }
}

/// Starts that have their products with the data computed together end as each does alone.
#[test]
fn starts_in_company_end_as_they_do_alone() {
    let wide = planted(8, 1100, 520);
    let sparse = {
        let mut random = Random(9);
        let kept = (0..1100).flat_map(|i| (0..520).map(move |j| (i, j))).filter(|_| random.below(2) == 0);
        let kept: Vec<_> = kept.map(|(i, j)| (i, j, wide.get(i, j))).collect();
        Matrix::from_triplets(1100, 520, kept).unwrap()
    };
    for x in [wide.clone(), wide.cast(eckart::Dtype::F32).unwrap(), sparse] {
        for text in [NMF, "minimize sum((X - W @ H)**2) + 0.2*sum(abs(W)) subject to rownorm(H) <= 1"] {
            let problem = Problem::parse(text).unwrap().data("X", &x).rank(10);
            let run = |threads, n_init, successive_halving| {
                let base = Settings { init: Init::Random, max_iter: 25, ..Settings::default() };
                problem
                    .solve(&Settings { threads: Some(threads), n_init: Some(n_init), successive_halving, ..base })
                    .unwrap()
            };
            let costs = |f: &Factorization, k: usize| f.starts[k].history.iter().map(|s| s.cost).collect::<Vec<_>>();
            let (one, many, again) = (run(2, 1, false), run(1, 5, false), run(3, 5, false));
            assert_eq!(costs(&one, 0), costs(&many, 0), "{text}: a start depends on its company");
            for k in 0..5 {
                assert_eq!(costs(&many, k), costs(&again, k), "{text}: start {k} depends on the threads");
            }
            assert_eq!(many.factors[0].1.values_f64(), again.factors[0].1.values_f64());
            let (halved, alone) = (run(2, 5, true), run(1, 5, true));
            (0..5).for_each(|k| assert_eq!(costs(&halved, k), costs(&alone, k), "{text}: halved, start {k}"));
        }
    }
}

/// Data of one entry is a matrix as any other: sides that are declared by name are its own.
/// Entries from 1e-15 on: the smallest one alone must not keep the others from falling.
#[test]
fn a_poisson_fit_is_not_held_up_by_its_smallest_entries() {
    let size = |i: usize, j: usize| ((i * 31 + j * 17) as f64 * 0.731).sin().abs();
    let x = Matrix::from_fn(60, 40, |i, j| (size(i, j) + 1e-3).powi(5) * (1.0 + size(j, i))).unwrap();
    for rank in [3, 8] {
        let cost = |method: &str, max_iter: usize| {
            let settings = Settings { method: Some(method.into()), max_iter, n_init: Some(4), ..Settings::default() };
            let problem = Problem::parse("sum(kl(X, W @ H)) subject to W, H >= 0").unwrap().data("X", &x).rank(rank);
            problem.solve(&settings).unwrap().cost
        };
        let [newton, factors] = [cost("derived", 200), cost("multiplicative", 2000)];
        assert!(newton <= 1.005 * factors, "rank {rank}: {newton}, by factors {factors}");
    }
}

#[test]
fn one_entry_can_be_factorized() {
    let one = Matrix::scalar(4.0).unwrap();
    for model in eckart::model::MODELS {
        let problem = model
            .params
            .iter()
            .fold(Problem::parse(model.statement).unwrap(), |p, (name, value)| p.param(name, *value));
        let found = problem.data("X", &one).rank(1).solve(&Settings::default()).unwrap();
        let shape = |name: &str| found.factor(name).unwrap().shape();
        assert_eq!((shape("W"), shape("H")), ((1, 1), (1, 1)), "{}", model.name);
        assert!(eckart::FoldIn::new(&found).unwrap().transform(&one).is_ok(), "{}", model.name);
    }
    // A number that is given as data says nothing of the rank.
    let text = "minimize sum((X - W @ H)**2) + sum(q * W**2) + sum(q * H**2)";
    let x = Matrix::from_fn(6, 5, |i, j| (i * j) as f64).unwrap();
    let found =
        Problem::parse(text).unwrap().data("X", &x).data("q", &one).rank(2).solve(&Settings::default()).unwrap();
    assert_eq!(found.factor("W").unwrap().shape(), (6, 2));
}
