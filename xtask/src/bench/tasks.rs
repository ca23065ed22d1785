//! The tasks of the comparison and the peers of each: a row a task, a line a peer, with the bar that Eckart is to meet.
//!
//! A new task is a row here, a function in bench/src/tasks.rs and one of the same name in bench/peers/PEER.py; new data
//! is a row of bench/src/sets/mod.rs.

/// What both sides do, on what data, and how their results are held to each other.
pub(super) struct Task {
    pub(super) name: &'static str,
    pub(super) says: &'static str,
    /// The function that does it, on both sides.
    pub(super) work: &'static str,
    /// The data set.
    pub(super) set: &'static str,
    pub(super) rank: usize,
    pub(super) check: Check,
    /// The most bytes that Eckart may hold at its peak, where the task has such a bar.
    pub(super) most_memory: Option<u64>,
    pub(super) against: &'static [Against],
}

/// How results are held to each other.
#[derive(Clone, Copy)]
pub(super) enum Check {
    /// All results are the same, but for this share of their lengths.
    Same(f64),
    /// Eckart's factors have a cost as low as the peer's, but for this share of it. The peer goes first: its cost is
    /// where Eckart's search ends.
    AsLow(f64),
}

/// A peer of a task.
pub(super) struct Against {
    pub(super) peer: &'static str,
    /// Eckart's time over the peer's, at most.
    pub(super) bar: f64,
    /// Whether it is a part of `--quick`.
    pub(super) quick: bool,
}

/// The peer that is Eckart itself with one thread.
pub(super) const ITSELF: &str = "self";
/// The peer that is Eckart itself with one start: the ratio says how many times as long many take.
pub(super) const ONE_START: &str = "one-start";
/// What that peer does in place of the task's work.
pub(super) const ONE_START_WORK: &str = "one_start";

/// The peer that is Eckart at another commit: one of every task, though no row names it.
pub(super) const BEFORE: &str = "before";

/// Whether a peer is Eckart itself.
pub(super) fn is_eckart(peer: &str) -> bool {
    peer == ITSELF || peer == ONE_START
}

const F32: Check = Check::Same(2e-4);
const F64: Check = Check::Same(1e-9);

const fn always(peer: &'static str, bar: f64) -> Against {
    Against { peer, bar, quick: true }
}

const fn unhurried(peer: &'static str, bar: f64) -> Against {
    Against { peer, bar, quick: false }
}

/// The speed-up from one thread to two that is asked for.
const TWO_THREADS: Against = unhurried(ITSELF, 1.0 / 1.7);

const DENSE: &[Against] = &[always("jax", 0.6), always("pytensor", 0.4), always("numpy", 0.85), TWO_THREADS];

const SEED: Task = Task {
    name: "",
    says: "",
    work: "seed_step",
    set: "",
    rank: 32,
    check: F32,
    most_memory: None,
    against: &[unhurried("jax", 0.6), TWO_THREADS],
};

const QUICK_ALS: &[Against] = &[always("cmfrec", 0.5)];

const ALS: Task = Task {
    work: "ratings",
    set: "rated-1m",
    rank: 64,
    check: Check::AsLow(1e-6),
    against: &[unhurried("cmfrec", 0.5)],
    ..SEED
};

const IMPLICIT: Task = Task { work: "implicit_feedback", against: &[unhurried("implicit", 0.7)], ..ALS };

pub(super) const TASKS: &[Task] = &[
    Task {
        name: "seed-dense-f32",
        says: "gradient-descent step, 2,000 x 2,000, f32",
        set: "dense-2000-f32",
        against: DENSE,
        ..SEED
    },
    Task {
        name: "seed-dense-f64",
        says: "gradient-descent step, 2,000 x 2,000, f64",
        set: "dense-2000-f64",
        check: F64,
        against: DENSE,
        ..SEED
    },
    Task { name: "seed-tall-f32", says: "gradient-descent step, 20,000 x 2,000, f32", set: "tall-20000-f32", ..SEED },
    Task {
        name: "seed-tall-f64",
        says: "gradient-descent step, 20,000 x 2,000, f64",
        set: "tall-20000-f64",
        check: F64,
        ..SEED
    },
    Task {
        name: "seed-sotu",
        says: "gradient-descent step, sotu counts",
        set: "sotu",
        against: &[always("scipy", 0.3), unhurried("jax", 0.1), TWO_THREADS],
        ..SEED
    },
    Task {
        name: "kl-sotu",
        says: "KL cost and gradients, sotu counts",
        work: "kl",
        set: "sotu",
        against: &[always("scipy", 0.1), TWO_THREADS],
        ..SEED
    },
    Task {
        name: "masked-10m",
        says: "masked squared error, cost and gradients, 10 M stored, r 64",
        work: "masked",
        set: "ratings-10m",
        rank: 64,
        against: &[unhurried("jax", 0.15), TWO_THREADS],
        ..SEED
    },
    Task {
        name: "product-5m",
        says: "100,000 x 20,000 with 5 M stored times 20,000 x 32, f32",
        work: "product",
        set: "sparse-5m",
        against: &[always("mkl", 0.8), always("scipy", 0.8)],
        ..SEED
    },
    Task {
        name: "logistic",
        says: "logistic loss, cost and gradients, 20,000 x 2,000",
        work: "logistic",
        set: "binary-20000",
        // X and 100 MB.
        most_memory: Some(260_000_000),
        against: &[always("jax", 0.7), TWO_THREADS],
        ..SEED
    },
    Task {
        name: "ready",
        says: "text to a function of cost and gradients",
        work: "ready",
        set: "dense-2000-f32",
        against: &[always("jax", 0.1)],
        ..SEED
    },
    Task {
        name: "nmf-sotu",
        says: "NMF of sotu to the cost of 200 iterations of coordinate descent",
        work: "nmf",
        set: "sotu",
        check: Check::AsLow(1e-6),
        against: &[unhurried("sklearn", 0.1), unhurried("rcppml", 0.3)],
        ..SEED
    },
    Task {
        name: "nmf-fashion",
        says: "NMF of fashion-mnist-10k to the cost of 200 iterations of coordinate descent",
        work: "nmf",
        set: "fashion-10k",
        check: Check::AsLow(1e-6),
        against: &[unhurried("sklearn", 0.2)],
        ..SEED
    },
    Task {
        name: "kl-sotu-nmf",
        says: "KL-NMF of sotu to the divergence of 200 multiplicative updates",
        work: "kl_nmf",
        set: "sotu",
        check: Check::AsLow(1e-6),
        against: &[unhurried("sklearn", 0.03)],
        ..SEED
    },
    Task {
        name: "hals-path",
        says: "200 iterations of plain HALS on digits, f64, the same cost after each",
        work: "hals",
        set: "digits",
        rank: 10,
        check: Check::Same(1e-8),
        against: &[always("sklearn", 0.33)],
        ..SEED
    },
    Task {
        name: "dictionary",
        says: "dictionary of 256 atoms for 50,000 patches, to the cost on held-out patches of 1,000 batches",
        work: "dictionary",
        set: "natural-patches",
        rank: 256,
        check: Check::AsLow(1e-6),
        against: &[unhurried("spams", 0.7)],
        ..SEED
    },
    Task {
        name: "ratings-1m",
        says: "ratings, 1 M, to the cost of 10 rounds of Cholesky ALS",
        against: QUICK_ALS,
        ..ALS
    },
    Task {
        name: "ratings-1m-cg",
        says: "ratings, 1 M, to the cost of 10 rounds of conjugate-gradient ALS",
        work: "ratings_cg",
        against: QUICK_ALS,
        ..ALS
    },
    Task {
        name: "ratings-1m-rmse",
        says: "ratings, 1 M, to the held-out RMSE of 20 rounds of stochastic gradients",
        work: "predicted",
        against: &[always("libmf", 1.0)],
        ..ALS
    },
    Task {
        name: "ratings-10m",
        says: "ratings, 10 M, to the cost of 10 rounds of Cholesky ALS",
        set: "rated-10m",
        ..ALS
    },
    Task {
        name: "ratings-10m-cg",
        says: "ratings, 10 M, to the cost of 10 rounds of conjugate-gradient ALS",
        work: "ratings_cg",
        set: "rated-10m",
        ..ALS
    },
    Task {
        name: "ratings-10m-rmse",
        says: "ratings, 10 M, to the held-out RMSE of 20 rounds of stochastic gradients",
        work: "predicted",
        set: "rated-10m",
        against: &[unhurried("libmf", 1.0)],
        ..ALS
    },
    Task {
        name: "implicit-1m",
        says: "implicit feedback, 1 M, r 64, to the cost of 15 rounds of conjugate-gradient ALS",
        against: &[always("implicit", 0.7)],
        ..IMPLICIT
    },
    Task {
        name: "implicit-10m",
        says: "implicit feedback, 10 M, r 64, to the cost of 15 rounds of conjugate-gradient ALS",
        set: "rated-10m",
        ..IMPLICIT
    },
    Task {
        name: "implicit-10m-256",
        says: "implicit feedback, 10 M, r 256, to the cost of 15 rounds of conjugate-gradient ALS",
        set: "rated-10m",
        rank: 256,
        ..IMPLICIT
    },
    Task {
        name: "starts-digits",
        says: "20 starts of NMF of digits, r 10, against one of them",
        work: "starts",
        set: "digits",
        rank: 10,
        check: Check::Same(0.0),
        against: &[always(ONE_START, 6.0)],
        ..SEED
    },
    Task {
        name: "starts-sotu",
        says: "20 starts of NMF of sotu, r 10, against one of them",
        work: "starts",
        set: "sotu",
        rank: 10,
        check: Check::Same(0.0),
        against: &[unhurried(ONE_START, 10.0)],
        ..SEED
    },
    Task {
        name: "ten-digits",
        says: "10 starts of NMF of digits, r 10, against one of them",
        work: "ten",
        set: "digits",
        rank: 10,
        check: Check::Same(0.0),
        against: &[always(ONE_START, 4.0)],
        ..SEED
    },
    Task {
        name: "ten-fashion",
        says: "10 starts of NMF of fashion-mnist-10k, r 10, against one of them",
        work: "ten",
        set: "fashion-10k",
        rank: 10,
        check: Check::Same(0.0),
        against: &[unhurried(ONE_START, 4.0)],
        ..SEED
    },
    Task {
        name: "halved-digits",
        says: "20 starts of NMF of digits, r 10, successive halving, against one of them",
        work: "halved",
        set: "digits",
        rank: 10,
        check: Check::Same(0.0),
        against: &[always(ONE_START, 6.0)],
        ..SEED
    },
    Task {
        name: "halved-sotu",
        says: "20 starts of NMF of sotu, r 10, successive halving, against one of them",
        work: "halved",
        set: "sotu",
        rank: 10,
        check: Check::Same(0.0),
        against: &[unhurried(ONE_START, 10.0)],
        ..SEED
    },
];

/// All peers, with what each is. Those that no task names yet are there to be imported.
pub(super) const PEERS: &[(&str, &str)] = &[
    (ITSELF, "Eckart with one thread"),
    (ONE_START, "Eckart with one start"),
    ("numpy", "NumPy, by hand"),
    ("scipy", "SciPy, by hand"),
    ("mkl", "Intel MKL by way of sparse_dot_mkl"),
    ("jax", "JAX, compiled"),
    ("pytensor", "PyTensor"),
    ("sklearn", "scikit-learn"),
    ("implicit", "implicit"),
    ("cmfrec", "cmfrec"),
    ("spams", "SPAMS"),
    ("libmf", "LIBMF"),
    ("torch", "PyTorch, where this machine's own Python has it"),
    ("rcppml", "RcppML, an R package: Debian has it as r-cran-rcppml"),
];

/// The tasks and peers that words choose: a word that is a peer's name chooses peers, any other all tasks whose names
/// hold it. No word of a kind chooses all of it. A word that chooses nothing comes back as the error.
pub(super) fn chosen(words: &[String], quick: bool) -> Result<Vec<(&'static Task, &'static Against)>, &str> {
    let is_peer = |word: &&String| PEERS.iter().any(|(name, _)| name == word);
    let (peers, names): (Vec<&String>, Vec<&String>) = words.iter().partition(is_peer);
    if let Some(lost) = names.iter().find(|word| !TASKS.iter().any(|task| task.name.contains(word.as_str()))) {
        return Err(lost);
    }
    let wants_task = |task: &Task| names.is_empty() || names.iter().any(|word| task.name.contains(word.as_str()));
    let wants_peer = |a: &Against| (!quick || a.quick) && (peers.is_empty() || peers.iter().any(|p| *p == a.peer));
    let pairs = TASKS.iter().filter(|task| wants_task(task));
    Ok(pairs.flat_map(|task| task.against.iter().filter(|a| wants_peer(a)).map(move |a| (task, a))).collect())
}

/// The tasks that words choose by their names, whatever their peers; `quick` leaves those out that have no quick one.
/// A word that chooses nothing comes back as the error.
pub(super) fn tasks_of(words: &[String], quick: bool) -> Result<Vec<&'static Task>, &str> {
    if let Some(peer) = words.iter().find(|word| PEERS.iter().any(|(name, _)| name == word)) {
        return Err(peer);
    }
    let mut tasks: Vec<&'static Task> = chosen(words, quick)?.into_iter().map(|(task, _)| task).collect();
    tasks.dedup_by_key(|task| task.name);
    Ok(tasks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str, quick: bool) -> Vec<String> {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let pairs = chosen(&words, quick).expect(text);
        pairs.iter().map(|(task, against)| format!("{}/{}", task.name, against.peer)).collect()
    }

    #[test]
    fn words_choose_tasks_and_peers() {
        assert_eq!(names("seed-dense jax", false), ["seed-dense-f32/jax", "seed-dense-f64/jax"]);
        assert_eq!(names("kl scipy", false), ["kl-sotu/scipy"]);
        assert_eq!(names("kl product mkl scipy", true), ["kl-sotu/scipy", "product-5m/mkl", "product-5m/scipy"]);
        assert!(names("self", false).len() >= 5 && names("self", true).is_empty());
        let all: usize = TASKS.iter().map(|task| task.against.len()).sum();
        assert_eq!(names("", false).len(), all);
        assert_eq!(chosen(&["seed".to_owned(), "torchh".to_owned()], false).err(), Some("torchh"));
    }

    #[test]
    fn a_task_is_chosen_once_however_many_peers_it_has() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let names = |text: &str, quick| {
            let words = words(text);
            tasks_of(&words, quick)
                .map(|tasks| tasks.iter().map(|task| task.name).collect::<Vec<_>>())
                .map_err(str::to_owned)
        };
        assert_eq!(names("seed-dense", false), Ok(vec!["seed-dense-f32", "seed-dense-f64"]));
        assert_eq!(names("", false).map(|all| all.len()), Ok(TASKS.len()));
        assert_eq!(names("ratings-10m", true), Ok(vec![]));
        assert_eq!(names("seed jax", false), Err("jax".to_owned()));
        assert_eq!(names("no-such-task", false), Err("no-such-task".to_owned()));
    }

    #[test]
    fn every_peer_of_a_task_is_listed_and_has_a_file() {
        let folder = crate::root().join("bench/peers");
        for (name, _) in PEERS.iter().filter(|(name, _)| !is_eckart(name)) {
            assert!(folder.join(format!("{name}.py")).is_file(), "{name}");
        }
        for (task, against) in chosen(&[], false).expect("no word was given") {
            assert!(PEERS.iter().any(|(name, _)| *name == against.peer), "{}: {}", task.name, against.peer);
            if !is_eckart(against.peer) {
                let path = folder.join(format!("{}.py", against.peer));
                let text = std::fs::read_to_string(path).expect("it is a file");
                assert!(text.contains(&format!("\ndef {}(data):", task.work)), "{}: {}", against.peer, task.work);
            }
        }
    }

    #[test]
    fn every_task_and_its_data_are_known_to_the_worker() {
        let read = |name: &str| std::fs::read_to_string(crate::root().join("bench/src").join(name)).expect(name);
        let (tasks, sets) = (read("tasks.rs"), read("sets/mod.rs"));
        for task in TASKS {
            assert!(tasks.contains(&format!("\"{}\" =>", task.work)), "{}", task.work);
            assert!(sets.contains(&format!("name: \"{}\"", task.set)), "{}", task.set);
        }
        assert!(tasks.contains(&format!("\"{ONE_START_WORK}\" =>")));
    }
}
