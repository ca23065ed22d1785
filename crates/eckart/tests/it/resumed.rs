//! What a search has written it goes on from, whatever its objective, its method and its data; what else a file says is
//! refused.

use std::path::Path;
use std::time::Duration;

use eckart::data::{ModelFile, Tensor};
use eckart::solve::{Flow, METHODS, Progress, solve};
use eckart::{Code, Dtype, Factorization, Init, Matrix, Problem, Settings};

use crate::checkpoint::{Changed, floats, wholes};
use crate::contract::{OBJECTIVES, hostile, planted, problem};

/// Objectives beside those of the contract: costs that may be negative, or fall without end.
const MORE: [&str; 6] = [
    "sum(exp(W @ H) - X*(W @ H)) + 0.1*(sum(W**2) + sum(H**2))",
    "sum(W @ H - X*log(W @ H)) subject to W >= 0.01, H >= 0.01",
    "sum((X - W @ H)**2) - 0.001*sum(W) subject to W >= 0, W <= 2, H >= 0, colnorm(H) <= 1",
    "sum((X - W @ H)**2) + 0.1*sum(W**2) subject to colnorm(W) <= 0.5",
    "sum(abs(X - W @ H)) + 0.1*(sum(W**2) + sum(H**2))",
    "over W[n,r], H[r,m]: sum((X - (W*W) @ (H*H))**2) + sum(W) - sum(H)",
];

/// Data of f32 and f64, dense and sparse, with large means and sizes, beside what is hostile.
fn data() -> Vec<(String, Matrix)> {
    let of = |f: &dyn Fn(f64) -> f64, sparse: bool| {
        let x = planted(7, 20, 14, sparse);
        match sparse {
            true => x,
            false => Matrix::from_fn(20, 14, |i, j| f(x.get(i, j))).unwrap(),
        }
    };
    let mut all = vec![
        ("dense".to_owned(), of(&|v| v, false)),
        ("sparse".to_owned(), of(&|v| v, true)),
        ("mean of a thousand".to_owned(), of(&|v| v + 1e3, false)),
        ("mean of a million".to_owned(), of(&|v| v + 1e6, false)),
        ("large".to_owned(), of(&|v| v * 1e8, false)),
        ("small".to_owned(), of(&|v| v * 1e-8, false)),
        ("missing".to_owned(), of(&|v| if v > 1.2 { f64::NAN } else { v }, false)),
    ];
    let narrow: Vec<_> = all.iter().map(|(name, x)| (format!("{name}, f32"), x.cast(Dtype::F32).unwrap())).collect();
    all.extend(narrow);
    all.extend(hostile().into_iter().map(|(name, x)| (name.to_owned(), x)));
    all
}

/// Goes on from a search of two or three starts that was broken off at several places.
fn check(problem: &Problem, settings: &Settings, stops: &[(usize, usize)], file: &Path, told: &str) {
    let mut settings =
        Settings { checkpoint: Some(file.to_owned()), checkpoint_every: Duration::ZERO, ..settings.clone() };
    let _ = std::fs::remove_file(file);
    for stop in stops {
        let mut listen = |now: &Progress| if (now.start, now.iteration) == *stop { Flow::Stop } else { Flow::Continue };
        match solve(problem, &settings, &mut listen) {
            Ok(_) => {}
            // What this data can't have, or not in this objective.
            Err(error) if settings.resume.is_none() => {
                println!("{told}: {error}");
                return;
            }
            Err(error) => panic!("{told}: {error}"),
        }
        settings.resume = Some(file.to_owned());
    }
    settings.max_iter += 5;
    for _ in 0..2 {
        problem.solve(&settings).unwrap_or_else(|error| panic!("{told}: {error}"));
    }
}

#[test]
fn what_a_search_has_written_it_goes_on_from() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("at.safetensors");
    let long = std::env::var_os("ECKART_LONG").is_some();
    for (of_data, (name, x)) in data().into_iter().enumerate() {
        let told = |text: &&&str| x.rows() * x.cols() > 1 || !text.starts_with("over");
        for (at, text) in OBJECTIVES.iter().chain(&MORE).filter(told).enumerate() {
            let rank = x.rows().min(x.cols()).min(3);
            let problem = problem(text, &x, rank);
            let Ok(bound) = problem.bind() else { continue };
            for (k, row) in METHODS.iter().filter(|row| row.unsupported(&bound).is_none()).enumerate() {
                if !long && !(at + k + of_data).is_multiple_of(8) {
                    continue;
                }
                let successive_halving = (at + k) % 4 == 3;
                let settings = Settings {
                    method: Some(row.name.into()),
                    n_init: Some(3),
                    max_iter: 12,
                    tol: [1e-4, 0.0, 1e-2][(at + k) % 3],
                    threads: Some(1),
                    init: [Init::Auto, Init::Random][at % 2],
                    keep_starts: !successive_halving,
                    successive_halving,
                    ..Settings::default()
                };
                check(
                    &problem,
                    &settings,
                    &[(0, 3), (1, 5), (2, 9)],
                    &file,
                    &format!("{} on {text}, {name}", row.name),
                );
            }
        }
    }
}

/// Wherever a search that halves its starts is broken off or killed, it goes on to the starts and the factors of one
/// that never was.
#[test]
fn starts_that_are_halved_go_on_from_a_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let (file, copy) = (folder.path().join("at.safetensors"), folder.path().join("killed.safetensors"));
    let x = planted(3, 40, 30, false);
    let bits = |found: &Factorization| {
        let starts: Vec<_> = found.starts.iter().map(|start| (start.stop, start.iterations, start.cost)).collect();
        let factors: Vec<_> = found.factors.iter().map(|(_, factor)| factor.values_f64()).collect();
        (starts, found.best, found.ways.clone(), factors)
    };
    // Said, and by default where an objective has several minima; with starts that settle on the way.
    let kl = "minimize sum(kl(X, W @ H)) subject to W >= 0, H >= 0";
    for (text, n_init, tol) in [(NMF, Some(9), 0.0), (NMF, Some(6), 1e-3), (kl, None, 0.0), (kl, None, 1e-2)] {
        let problem = Problem::parse(text).unwrap().data("X", &x).rank(3);
        let base = Settings { n_init, successive_halving: n_init.is_some(), max_iter: 220, tol, ..Settings::default() };
        let whole = bits(&problem.solve(&base).unwrap());
        for (at, threads) in [(0, 1), (3, 1), (24, 2), (25, 1), (26, 1), (50, 2), (51, 1), (120, 1)] {
            let every = [Duration::ZERO, Duration::from_secs(60)][at % 2];
            let told = format!("{text}, {n_init:?}, tol {tol}: broken off at {at}, {threads} threads, {every:?}");
            let _ = std::fs::remove_file(&file);
            let _ = std::fs::remove_file(&copy);
            let (checkpoint, checkpoint_every) = (Some(file.clone()), every);
            let first = Settings { checkpoint, checkpoint_every, threads: Some(threads), ..base.clone() };
            let mut listen = |now: &Progress| {
                // The first start of a round to come so far, or one in the middle of it.
                if now.iteration < at || (at % 2 == 0 && now.start < 3) {
                    return Flow::Continue;
                }
                if !copy.exists() {
                    std::fs::copy(&file, &copy).unwrap();
                }
                Flow::Stop
            };
            solve(&problem, &first, &mut listen).unwrap();
            for from in [&file, &copy].into_iter().filter(|from| from.exists()) {
                let rest = Settings { resume: Some(from.clone()), ..base.clone() };
                let found = problem.solve(&rest).unwrap_or_else(|error| panic!("{told}: {error}"));
                assert!(bits(&found) == whole, "{told}: {:?} and not {:?}", bits(&found).0, whole.0);
            }
        }
        let others = Settings { resume: Some(file.clone()), n_init: Some(4), successive_halving: true, ..base };
        assert_eq!(problem.solve(&others).unwrap_err().code(), Code::CheckpointDiffers);
    }
}

const NMF: &str = "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0";

fn stop(file: &mut ModelFile, code: u8) {
    let Some(Tensor::U8(stops)) = file.tensors.get_mut("starts.stop") else { panic!("no stops") };
    stops.fill(code);
}

/// All costs of a list of histories, and those that are said beside it.
fn scale(file: &mut ModelFile, names: &[&str], by: f64) {
    names.iter().for_each(|name| floats(file, name).iter_mut().for_each(|cost| *cost *= by));
}

/// A cost that no factors of the file have, factors that the problem does not allow.
#[test]
fn costs_and_bounds_that_are_not_those_of_the_factors_are_refused() {
    for method in ["derived", "hals", "normalized-gradient"] {
        let changed = Changed::of(NMF, method);
        assert!(changed.go_on(&|_| ()).is_ok());
        let done = ["starts.cost", "starts.history.cost"];
        let running = ["running.history.cost", "running.best_cost"];
        for by in [0.0, 0.5, 0.99, 2.0] {
            changed.refuses_tensor("starts.cost", &format!("{method}: costs of starts times {by}"), &|file| {
                scale(file, &done, by);
                // What goes on is the same start.
                scale(file, &running, by);
            });
        }
        changed.refuses_tensor("running.history.cost", &format!("{method}: costs of what goes on"), &|file| {
            let at = wholes(file, "running.history.offsets").clone();
            let which = wholes(file, "running.index").iter().position(|&index| index == 1).unwrap();
            let own = at[which] as usize..at[which + 1] as usize;
            floats(file, "running.history.cost")[own].iter_mut().for_each(|cost| *cost *= 0.5);
            floats(file, "running.best_cost")[which] *= 0.5;
        });
        for pack in ["best.factors", "running.factors"] {
            let numbers = format!("{pack}.f64");
            changed.refuses_tensor(pack, &format!("{method}: {pack} below 0"), &|file| {
                floats(file, &numbers).iter_mut().for_each(|entry| *entry = -*entry - 1e-3);
            });
        }
        changed.refuses_tensor("starts.cost", &format!("{method}: other factors"), &|file| {
            floats(file, "best.factors.f64").iter_mut().for_each(|entry| *entry *= 1.5);
        });
        changed.refuses_tensor("starts.cost", &format!("{method}: huge factors"), &|file| {
            floats(file, "best.factors.f64").fill(1e308);
        });
    }
    let bounded = Changed::of("minimize sum((X - W @ H)**2) subject to colnorm(W) <= 1, H <= 1", "derived");
    assert!(bounded.go_on(&|_| ()).is_ok());
    bounded.refuses_tensor("best.factors", "columns that are too long", &|file| {
        floats(file, "best.factors.f64").iter_mut().for_each(|entry| *entry *= 1.1);
    });
}

/// What is said of a start twice, in different words.
#[test]
fn what_a_checkpoint_says_of_its_starts_agrees() {
    for method in ["derived", "hals", "normalized-gradient"] {
        let changed = Changed::of(NMF, method);
        let refuses = |tensor: &str, what: &str, change: &dyn Fn(&mut ModelFile)| {
            changed.refuses_tensor(tensor, &format!("{method}: {what}"), change);
        };
        for cost in [-1000.0, 0.0, f64::NAN, f64::INFINITY] {
            refuses("starts.cost", "another cost", &|file| floats(file, "starts.cost").fill(cost));
            refuses("running.best_cost", "another best", &|file| floats(file, "running.best_cost").fill(cost));
        }
        for cost in [-1.0, f64::NAN, f64::INFINITY] {
            refuses("starts.history.cost", "no cost on the way", &|file| floats(file, "starts.history.cost")[1] = cost);
            refuses("running.history.cost", "no cost on the way", &|file| {
                floats(file, "running.history.cost")[1] = cost;
            });
        }
        for seconds in [-1.0, f64::NAN, 1e300] {
            refuses("starts.history.seconds", "no time", &|file| floats(file, "starts.history.seconds")[2] = seconds);
            refuses("starts.seconds", "no time", &|file| floats(file, "starts.seconds")[0] = seconds);
        }
        // Settled (it could go on), stationary, the target of none, broken off, diverged at a finite cost.
        for code in [0, 1, 2, 4, 5, 6] {
            refuses("starts.stop", &format!("stop {code}"), &|file| stop(file, code));
        }
        refuses("best", "another number", &|file| wholes(file, "starts.index")[0] = 1);
        refuses("best", "no best", &|file| drop(file.metadata.remove("best")));
        for residual in [-1.0, f64::NAN, f64::INFINITY] {
            refuses("starts.residuals", "no residual", &|file| {
                floats(file, "starts.residuals.values")[0] = residual;
            });
        }
        refuses("starts.residuals", "of one factor", &|file| {
            floats(file, "starts.residuals.values").truncate(1);
            *wholes(file, "starts.residuals.offsets").last_mut().unwrap() = 1;
        });
        refuses("running.lengths", "no length", &|file| floats(file, "running.lengths.values").fill(-1.0));
        refuses("kept.index", "of a start that is not there", &|file| wholes(file, "kept.index").fill(7));
        refuses("running.history.cost", "another way", &|file| {
            // Of the start that is done.
            let at = wholes(file, "running.index").iter().position(|&index| index == 0).unwrap();
            let from = wholes(file, "running.history.offsets")[at] as usize;
            floats(file, "running.history.cost")[from] *= 2.0;
        });
    }
}
