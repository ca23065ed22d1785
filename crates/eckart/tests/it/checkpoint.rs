//! A search that is broken off goes on to the same bits, whatever its method.

use std::time::Duration;

use eckart::data::{ModelFile, Tensor, read_model_file, write_model_file};
use eckart::solve::{Flow, METHODS, Progress, show, solve};
use eckart::{Code, Error, Factorization, Init, Matrix, Problem, Settings};

use crate::random::Random;

/// For each method the first of these that it fits; with `derived` all of them are tried.
const FITTING: [&str; 6] = [
    "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0",
    "minimize sum((X - W @ H)**2) + 0.01*(sum(W**2) + sum(H**2))",
    "minimize sum(kl(X, W @ H)) subject to W >= 0, H >= 0",
    "minimize sum(softplus(W @ H) - X * (W @ H)) + 0.1*(sum(W**2) + sum(H**2))",
    "minimize norm(X - W @ H) + 0.01*(sum(W**2) + sum(H**2))",
    "minimize sum(abs(X - W @ H)) + 0.01*(sum(abs(W)) + sum(rownorm(H)))",
];

fn bits(found: &Factorization) -> Vec<Vec<u64>> {
    found.factors.iter().map(|(_, f)| f.values_f64().iter().map(|x| x.to_bits()).collect()).collect()
}

#[test]
fn every_method_goes_on_to_the_same_bits() {
    let mut random = Random(3);
    let x = random.dense(25, 18, 0.0, 1.0);
    let narrow = x.cast(eckart::Dtype::F32).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let fits = |text: &str, method: &str| {
        let bound = Problem::parse(text).unwrap().data("X", &x).rank(3).bind().unwrap();
        METHODS.iter().find(|row| row.name == method).unwrap().unsupported(&bound).is_none()
    };
    let first = METHODS.iter().filter_map(|row| {
        let text = FITTING.iter().find(|text| fits(text, row.name))?;
        Some((*text, row.name))
    });
    let mut cases: Vec<(&str, &str)> = first.collect();
    assert_eq!(cases.len(), METHODS.len());
    cases.extend(FITTING.iter().filter(|text| fits(text, "derived")).map(|text| (*text, "derived")));
    for (at, (text, method)) in cases.into_iter().enumerate() {
        for (kind, x) in [&x, &narrow].into_iter().enumerate() {
            let problem = Problem::parse(text).unwrap().data("X", x).rank(3);
            let plain = Settings {
                method: Some(method.into()),
                n_init: Some(2),
                max_iter: 30,
                tol: 1e-9,
                keep_starts: true,
                threads: Some(1),
                ..Settings::default()
            };
            let whole = problem.solve(&plain).unwrap();
            let file = folder.path().join(format!("{at}.{kind}.safetensors"));
            let checkpoint = Some(file.clone());
            let mut settings = Settings { checkpoint, checkpoint_every: Duration::ZERO, ..plain };
            // Broken off in the first start, in the first again, and in the second.
            for stop in [(0, 7), (0, 13), (1, 4)] {
                let mut listen = |now: &Progress| {
                    if (now.start, now.iteration) == stop { Flow::Stop } else { Flow::Continue }
                };
                solve(&problem, &settings, &mut listen).unwrap();
                settings.resume = Some(file.clone());
            }
            let parts = problem.solve(&settings).unwrap();
            assert_eq!(bits(&whole), bits(&parts), "{method}: {text}");
            assert_eq!((whole.cost, whole.best), (parts.cost, parts.best));
            let costs = |found: &Factorization| -> Vec<Vec<f64>> {
                found.starts.iter().map(|start| start.history.iter().map(|step| step.cost).collect()).collect()
            };
            assert_eq!(costs(&whole), costs(&parts), "{method}: {text}");
            let components = |found: &Factorization| -> Vec<Vec<f64>> {
                found.kept.iter().map(|kept| kept.components.values_f64()).collect()
            };
            assert_eq!(components(&whole), components(&parts));
        }
    }
}

#[test]
fn more_starts_than_before_may_be_asked_for() {
    let x: Matrix = Random(1).dense(12, 9, 0.0, 1.0);
    let problem = Problem::parse(FITTING[0]).unwrap().data("X", &x).rank(2);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("at.safetensors");
    let few = Settings { n_init: Some(2), checkpoint: Some(file.clone()), ..Settings::default() };
    let two = problem.solve(&few).unwrap();
    let four = problem.solve(&Settings { n_init: Some(4), resume: Some(file), ..few }).unwrap();
    let anew = problem.solve(&Settings { n_init: Some(4), ..Settings::default() }).unwrap();
    assert_eq!((two.starts.len(), four.starts.len()), (2, 4));
    assert_eq!(bits(&four), bits(&anew));
}

/// As many starts are run as are asked for, also where the best that a checkpoint knows is not among them, and the file
/// keeps what it knows of the others.
#[test]
fn fewer_starts_than_before_may_be_asked_for() {
    let x: Matrix = Random(1).dense(12, 9, 0.0, 1.0);
    let problem = Problem::parse(FITTING[0]).unwrap().data("X", &x).rank(3);
    let folder = tempfile::tempdir().unwrap();
    let mut left_out = [0; 2];
    for (at, (tol, max_iter)) in [(0.0, 20), (1e-4, 500)].into_iter().enumerate() {
        for seed in 0..4 {
            let file = folder.path().join(format!("{at}.{seed}.safetensors"));
            let plain = Settings {
                n_init: Some(6),
                max_iter,
                tol,
                seed,
                init: Init::Random,
                keep_starts: true,
                ..Settings::default()
            };
            let settings = Settings { checkpoint: Some(file.clone()), ..plain.clone() };
            let six = problem.solve(&settings).unwrap();
            left_out[at] += six.best.min(1);
            let few = six.best.max(1);
            for max_iter in [max_iter, 2 * max_iter] {
                let plain = Settings { n_init: Some(few), max_iter, ..plain.clone() };
                let settings = Settings { resume: Some(file.clone()), n_init: Some(few), max_iter, ..settings.clone() };
                let (found, anew) = (problem.solve(&settings).unwrap(), problem.solve(&plain).unwrap());
                assert_eq!((bits(&found), found.best, found.starts.len()), (bits(&anew), anew.best, few));
                assert_eq!(found.kept.len(), few);
            }
            let max_iter = 2 * max_iter;
            let again = problem.solve(&Settings { resume: Some(file.clone()), max_iter, ..settings }).unwrap();
            let anew = problem.solve(&Settings { max_iter, ..plain }).unwrap();
            assert_eq!((bits(&again), again.best, again.starts.len()), (bits(&anew), anew.best, 6));
        }
    }
    assert!(left_out.iter().all(|&count| count > 0), "the best was never left out");
}

/// What is refused writes no checkpoint, and leaves one that is there as it is.
#[test]
fn a_search_that_is_refused_writes_no_checkpoint() {
    let x: Matrix = Random(1).dense(40, 30, 0.0, 1.0);
    let problem = Problem::parse(FITTING[0]).unwrap().data("X", &x).rank(2);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("at.safetensors");
    let settings = Settings { max_iter: 3, checkpoint: Some(file.clone()), ..Settings::default() };
    let small = Settings { memory_limit: Some(1), ..settings.clone() };
    assert_eq!(problem.solve(&small).unwrap_err().code(), Code::OverLimit);
    assert!(!file.exists());
    problem.solve(&settings).unwrap();
    let before = std::fs::read(&file).unwrap();
    let resumed = Settings { resume: Some(file.clone()), ..settings };
    let refused = [
        (Settings { memory_limit: Some(1), ..resumed.clone() }, Code::OverLimit),
        (Settings { seed: 5, ..resumed.clone() }, Code::CheckpointDiffers),
        (Settings { n_init: Some(0), ..resumed }, Code::SettingOutOfRange),
    ];
    for (settings, code) in refused {
        assert_eq!(problem.solve(&settings).unwrap_err().code(), code);
        assert_eq!(std::fs::read(&file).unwrap(), before, "{code:?}");
    }
}

/// A start that came to its last iteration goes on where the limit is raised, to the bits of a search that had it at
/// once.
#[test]
fn more_iterations_than_before_may_be_asked_for() {
    let x: Matrix = Random(2).dense(14, 9, 0.0, 1.0);
    let folder = tempfile::tempdir().unwrap();
    for (at, (text, method)) in [(FITTING[0], "derived"), (FITTING[3], "l-bfgs")].into_iter().enumerate() {
        let problem = Problem::parse(text).unwrap().data("X", &x).rank(2);
        let file = folder.path().join(format!("{at}.safetensors"));
        let plain = Settings {
            method: Some(method.into()),
            n_init: Some(3),
            max_iter: 40,
            tol: 0.0,
            keep_starts: true,
            ..Settings::default()
        };
        let whole = problem.solve(&plain).unwrap();
        let checkpoint = Some(file.clone());
        let mut settings = Settings { checkpoint, ..plain.clone() };
        for max_iter in [0, 7, 25, 40] {
            settings.max_iter = max_iter;
            let part = problem.solve(&settings).unwrap();
            assert!(part.starts.iter().all(|start| start.iterations <= max_iter), "{method}: {max_iter}");
            settings.resume = Some(file.clone());
        }
        // Broken off before the best start could go on, what was found before still counts.
        let before = problem.solve(&settings).unwrap();
        let broken = Settings { max_iter: 60, time_limit: Some(Duration::ZERO), ..settings.clone() };
        assert!(problem.solve(&broken).unwrap().cost <= before.cost);
        assert_eq!(bits(&whole), bits(&before), "{method}");
        assert_eq!((whole.best, whole.kept.len()), (before.best, before.kept.len()));
    }
}

/// A checkpoint of two starts, one done and one in its middle, and how to go on from a changed one.
pub(crate) struct Changed {
    problem: Problem,
    settings: Settings,
    whole: ModelFile,
    folder: tempfile::TempDir,
}

impl Changed {
    pub(crate) fn of(text: &str, method: &str) -> Self {
        let x: Matrix = Random(5).dense(9, 7, 0.0, 1.0);
        let problem = Problem::parse(text).unwrap().data("X", &x).rank(2);
        let settings = Settings {
            method: Some(method.into()),
            n_init: Some(2),
            max_iter: 20,
            tol: 1e-9,
            keep_starts: true,
            threads: Some(1),
            ..Settings::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("whole.safetensors");
        let checkpoint = Some(file.clone());
        let mut listen =
            |now: &Progress| if (now.start, now.iteration) == (1, 8) { Flow::Stop } else { Flow::Continue };
        solve(&problem, &Settings { checkpoint, checkpoint_every: Duration::ZERO, ..settings.clone() }, &mut listen)
            .unwrap();
        let whole = read_model_file(&file).unwrap();
        Self { problem, settings: Settings { max_iter: 25, ..settings }, whole, folder }
    }

    /// Goes on from the checkpoint once `change` was done to it; its checksums are right.
    pub(crate) fn go_on(&self, change: &dyn Fn(&mut ModelFile)) -> Result<Factorization, Error> {
        let mut file = self.whole.clone();
        change(&mut file);
        let path = self.folder.path().join("changed.safetensors");
        write_model_file(&path, &file).unwrap();
        // What is shown is told or refused, too.
        if let Err(error) = show(&path) {
            assert_eq!(error.code(), Code::CheckpointDamaged, "{error}");
        }
        self.problem.solve(&Settings { resume: Some(path), ..self.settings.clone() })
    }

    #[track_caller]
    fn refuses(&self, what: &str, change: &dyn Fn(&mut ModelFile)) {
        self.refuses_tensor("", what, change);
    }

    /// The same, with the name of the tensor that is at fault, or how it begins.
    #[track_caller]
    pub(crate) fn refuses_tensor(&self, tensor: &str, what: &str, change: &dyn Fn(&mut ModelFile)) {
        let error = self.go_on(change).expect_err(what);
        let text = error.to_string();
        let names = text.contains("changed.safetensors") && text.contains(&format!("no usable {tensor}"));
        assert!(error.code() == Code::CheckpointDamaged && names, "{what}: {text}");
    }
}

pub(crate) fn wholes<'a>(file: &'a mut ModelFile, name: &str) -> &'a mut Vec<u64> {
    let Some(Tensor::U64(list)) = file.tensors.get_mut(name) else { panic!("{name} is no list of whole numbers") };
    list
}

pub(crate) fn floats<'a>(file: &'a mut ModelFile, name: &str) -> &'a mut Vec<f64> {
    let Some(Tensor::F64(list)) = file.tensors.get_mut(name) else { panic!("{name} is no list of numbers") };
    list
}

/// Matrices of other shapes than the search has them, with as many numbers as before, or with none.
#[test]
fn matrices_of_other_shapes_are_refused() {
    let cases = [
        (FITTING[0], "derived", true),
        (FITTING[3], "l-bfgs", true),
        (FITTING[5], "smoothed-l-bfgs", true),
        (FITTING[0], "normalized-gradient", true),
        (FITTING[0], "hals", false),
    ];
    for (text, method, has_state) in cases {
        let changed = Changed::of(text, method);
        assert!(changed.go_on(&|_| ()).is_ok());
        let packs = ["best.factors", "running.factors", "kept.matrices", "running.state"];
        for pack in &packs[..3 + usize::from(has_state)] {
            let shapes = format!("{pack}.shapes");
            changed.refuses_tensor(pack, &format!("{method}: {pack} transposed"), &|file| {
                wholes(file, &shapes).chunks_mut(2).for_each(|pair| pair.reverse());
            });
            changed.refuses_tensor(pack, &format!("{method}: {pack} as columns"), &|file| {
                wholes(file, &shapes).chunks_mut(2).for_each(|pair| (pair[0], pair[1]) = (pair[0] * pair[1], 1));
            });
            for huge in [[1 << 62, 0], [0, 1 << 62]] {
                changed.refuses_tensor(pack, &format!("{method}: {pack} of {huge:?}"), &|file| {
                    wholes(file, &shapes).chunks_mut(2).for_each(|pair| pair.copy_from_slice(&huge));
                    floats(file, &format!("{pack}.f64")).clear();
                });
            }
        }
    }
}

/// State is held to what factors are held to: their type, and that no number is infinite or missing.
#[test]
fn numbers_that_no_search_has_are_refused_by_the_name_of_their_tensor() {
    let fitting = [(0, "derived"), (3, "l-bfgs"), (5, "smoothed-l-bfgs"), (0, "normalized-gradient")];
    for (text, method) in fitting.map(|(at, method)| (FITTING[at], method)) {
        let changed = Changed::of(text, method);
        for pack in ["best.factors", "running.factors", "running.state"] {
            // State may have gradients that are infinite: L-BFGS begins with them, the other ends with them.
            let at = |list: &Vec<f64>| if method == "normalized-gradient" { 0 } else { list.len() - 1 };
            for number in [f64::INFINITY, f64::NAN] {
                changed.refuses_tensor(pack, &format!("{method}: {pack} with {number}"), &|file| {
                    let list = floats(file, &format!("{pack}.f64"));
                    let at = at(list);
                    list[at] = number;
                });
            }
            changed.refuses_tensor(&format!("{pack}.bits"), &format!("{method}: {pack} in f32"), &|file| {
                let list = std::mem::take(floats(file, &format!("{pack}.f64")));
                let narrow = list.iter().map(|&x| x as f32).collect();
                file.tensors.insert(format!("{pack}.f32"), Tensor::F32(narrow));
                let Some(Tensor::U8(bits)) = file.tensors.get_mut(&format!("{pack}.bits")) else { panic!("no bits") };
                bits.fill(32);
            });
            changed.refuses_tensor(&format!("{pack}.f64"), &format!("{method}: a number less in {pack}"), &|file| {
                floats(file, &format!("{pack}.f64")).pop();
            });
        }
        for kept in 1..8 {
            changed.refuses_tensor("running.numbers", &format!("{method}: the first {kept} numbers alone"), &|file| {
                let numbers = floats(file, "running.numbers.values");
                let all = numbers.len();
                numbers.truncate(kept.min(all - 1));
                let count = numbers.len() as u64;
                wholes(file, "running.numbers.offsets").iter_mut().for_each(|at| *at = (*at).min(count));
            });
        }
        changed.refuses_tensor("running.numbers", &format!("{method}: an infinite number"), &|file| {
            floats(file, "running.numbers.values").fill(f64::INFINITY);
        });
    }
}

/// What no search comes to.
#[test]
fn what_can_not_be_true_is_refused() {
    let changed = Changed::of(FITTING[0], "derived");
    for many in [0, 1 << 40, u64::MAX] {
        changed.refuses("iterations", &|file| wholes(file, "starts.iterations")[0] = many);
        changed.refuses("quiet", &|file| wholes(file, "running.quiet")[0] = many.max(1 << 20));
    }
    for pack in ["best.factors.f64", "running.factors.f64"] {
        changed.refuses(pack, &|file| floats(file, pack)[1] = f64::INFINITY);
    }
    changed.refuses("seconds", &|file| *floats(file, "running.history.seconds").last_mut().unwrap() = -1.0);
    changed.refuses("numbers", &|file| floats(file, "running.numbers.values").fill(1e300));
    // The same start twice.
    let both = Changed::of(FITTING[0], "hals");
    both.refuses("index", &|file| {
        let index = wholes(file, "running.index");
        assert_eq!(index[..], [0, 1]);
        index.fill(1);
    });
}
