//! Searches: problems that are solved until their value is that which the peer has reached.
//! In: a data set.  Out: a `Work`.
//! Invariant: all of Eckart's time counts, that of its start included; a peer that takes a start is given one of random
//! numbers.
//! Not here: how a value is computed (see `judge`).

use std::path::{Path, PathBuf};
use std::time::Duration;

use eckart::data::write_npy;
use eckart::{Init, Matrix, Problem, Settings};

use crate::judge::Judge;
use crate::work::{Data, Work};
use crate::{Result, trouble};

/// What is searched for, and from where.
pub(crate) struct Goal {
    statement: &'static str,
    numbers: &'static [(&'static str, f64)],
    init: Init,
    begin: Begin,
    /// Starts, at most; each goes on until it has settled, unless there is but one.
    starts: usize,
    /// The factors that are judged.
    factors: &'static [&'static str],
    judge: Judge,
}

/// What is prepared of the start.
#[derive(Clone, Copy, PartialEq)]
enum Begin {
    /// Nothing: either side begins as it likes.
    Apart,
    /// Random factors for the peer, which takes no time of either side.
    Random,
    /// Rows of X for H, for both sides; W is 0.
    Samples,
}

const WH: &[&str] = &["W", "H"];

/// Non-negative factorization.
pub(crate) const NMF: Goal = Goal {
    statement: "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0",
    numbers: &[],
    init: Init::Nndsvd,
    begin: Begin::Random,
    starts: 1_000,
    factors: WH,
    judge: Judge::SquaredError,
};

/// The same for the divergence of Kullback and Leibler.
pub(crate) const KL_NMF: Goal = Goal {
    statement: "minimize sum(kl(X, W @ H)) subject to W >= 0, H >= 0",
    init: Init::Random,
    judge: Judge::Divergence,
    ..NMF
};

/// Ratings: squares of the stored entries alone, and penalties.
pub(crate) const RATINGS: Goal = Goal {
    statement: "minimize sum(observed(X) * (X - W @ H)**2) + a*(sum(W**2) + sum(H**2))",
    numbers: &[("a", 16.0)],
    init: Init::Random,
    begin: Begin::Apart,
    starts: 1,
    factors: WH,
    judge: Judge::Ratings { a: 16.0 },
};

/// The same, judged by ratings that were held out.
pub(crate) const PREDICTED: Goal = Goal { judge: Judge::HeldOutEntries, ..RATINGS };

/// Implicit feedback (Hu, Koren and Volinsky 2008): confidence 1 + c X that what is stored is liked.
pub(crate) const IMPLICIT: Goal = Goal {
    statement: "minimize sum((1 + c*X) * (observed(X) - W @ H)**2) + a*(sum(W**2) + sum(H**2))",
    numbers: &[("c", 1.0), ("a", 1.0)],
    judge: Judge::Implicit { c: 1.0, a: 1.0 },
    ..RATINGS
};

/// Dictionary learning, judged by the codes that rows which were held out have with it.
pub(crate) const DICTIONARY: Goal = Goal {
    statement: "minimize sum((X - W @ H)**2) + a*sum(abs(W)) subject to rownorm(H) <= 1",
    numbers: &[("a", 0.2)],
    init: Init::Random,
    begin: Begin::Samples,
    starts: 1,
    factors: &["H"],
    judge: Judge::HeldOutRows { a: 0.2 },
};

/// A search that takes longer than this has failed.
const MOST: Duration = Duration::from_secs(if cfg!(test) { 3 } else { 400 });
/// Iterations that a search is given at most where they are what ends it.
const MOST_ITERATIONS: usize = 256;

/// A search for a goal.
pub(crate) struct Search {
    problem: Problem,
    goal: Goal,
    folder: PathBuf,
    settings: Settings,
    found: Vec<Matrix>,
}

impl Search {
    pub(crate) fn new(data: &Data, goal: Goal) -> Result<Self> {
        let x = data.x()?;
        let mut problem = Problem::parse(goal.statement)?.data("X", &x).rank(data.rank);
        for (name, value) in goal.numbers {
            problem = problem.param(name, *value);
        }
        match goal.begin {
            Begin::Apart => {}
            Begin::Random => {
                let start = problem.solve(&Settings { init: Init::Random, max_iter: 0, ..Settings::default() })?;
                start.factors.iter().try_for_each(|(name, factor)| leave(data.folder, name, factor))?;
            }
            Begin::Samples => {
                let atoms = samples(&x, data.rank)?;
                leave(data.folder, "H", &atoms)?;
                let codes = Matrix::from_fn(x.rows(), data.rank, |_, _| 0.0)?.cast(x.dtype())?;
                problem = problem.init_from("W", &codes).init_from("H", &atoms);
            }
        }
        let settings =
            Settings { init: goal.init, n_init: Some(goal.starts), time_limit: Some(MOST), ..Settings::default() };
        let settings = match goal.starts {
            1 => Settings { max_iter: usize::MAX, tol: 0.0, ..settings },
            // With the default the first start settles just above the value of scikit-learn's 200 iterations (sotu).
            _ => Settings { tol: 1e-6, ..settings },
        };
        Ok(Self { problem, goal, folder: data.folder.to_owned(), settings, found: Vec::new() })
    }

    /// Runs so many iterations; whether the value is then as low as `target`.
    fn reaches(&mut self, target: f64, iterations: usize) -> Result<bool> {
        self.settings.max_iter = iterations;
        self.run()?;
        Ok(self.value(&self.found)? <= target)
    }

    /// The least number of iterations that reach `target`.
    fn iterations_to(&mut self, target: f64) -> Result<usize> {
        let mut enough = 1;
        while enough < MOST_ITERATIONS && !self.reaches(target, enough)? {
            enough *= 2;
        }
        let mut short = enough / 2;
        while enough - short > 1 {
            let middle = usize::midpoint(short, enough);
            if self.reaches(target, middle)? {
                enough = middle;
            } else {
                short = middle;
            }
        }
        Ok(enough)
    }
}

impl Work for Search {
    fn run(&mut self) -> Result<()> {
        let fit = self.problem.solve(&self.settings)?;
        self.found = self.goal.factors.iter().filter_map(|name| fit.factor(name).cloned()).collect();
        Ok(())
    }

    fn results(&mut self) -> Result<Vec<Matrix>> {
        Ok(self.found.clone())
    }

    /// A value that is the cost itself ends the search; for any other the number of iterations is sought beforehand.
    fn aim(&mut self, target: f64) -> Result<()> {
        if self.goal.judge.is_of_held_out() {
            self.settings.max_iter = self.iterations_to(target)?;
        } else {
            self.settings.target = Some(target);
        }
        Ok(())
    }

    fn factors(&self) -> &'static [&'static str] {
        self.goal.factors
    }

    fn value(&self, factors: &[Matrix]) -> Result<f64> {
        let [(_, x), ..] = self.problem.matrices() else { return trouble("the search has no data") };
        self.goal.judge.value(x, &self.folder, factors)
    }
}

/// Writes a start of the factor `name` for the peer.
fn leave(folder: &Path, name: &str, factor: &Matrix) -> Result<()> {
    Ok(write_npy(folder.join(format!("start-{name}.npy")), factor)?)
}

/// `rank` rows of X, evenly spaced.
fn samples(x: &Matrix, rank: usize) -> Result<Matrix> {
    let row = |k: usize| k * x.rows() / rank;
    Ok(Matrix::from_fn(rank, x.cols(), |k, j| x.get(row(k), j))?.cast(x.dtype())?)
}
