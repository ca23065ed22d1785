//! Problem: the tasks that begin with a text: how long until it can be run, and until it is solved.
//! In: a data set.  Out: a `Work`.
//! Law: a search starts from the same factors as the peer's: Eckart's own start, written out for the peer to read.
//! Not here: the other tasks (see `tasks`).

use std::time::Duration;

use eckart::data::write_npy;
use eckart::function::Compiled;
use eckart::grad::differentiate;
use eckart::run::available_memory;
use eckart::{Dtype, Matrix, Problem, Settings};

use crate::tasks::{Data, Work};
use crate::{Result, trouble};

/// The objective of [`Ready`].
const SEED: &str = "minimize sum((X - W @ H)**2) + a*sum(W**2) + a*sum(H**2)";
/// The objective of [`Nmf`].
const NMF: &str = "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0";
/// A search that takes longer than this has failed.
const MOST: Duration = Duration::from_secs(60);

/// From the text of the seed programme's objective to a function of its value and gradients; it is not run.
pub(crate) struct Ready {
    x: Matrix,
    factors: [Matrix; 2],
    ready: Option<(eckart::solve::Bound, Compiled)>,
}

impl Ready {
    pub(crate) fn new(data: &Data) -> Result<Self> {
        Ok(Self { x: data.x()?, factors: [data.factor("W")?, data.factor("H")?], ready: None })
    }
}

impl Work for Ready {
    fn run(&mut self) -> Result<()> {
        let rank = self.factors[0].cols();
        let problem = Problem::parse(SEED)?.data("X", &self.x).number("a", 1e-3).rank(rank);
        let bound = problem.bind()?;
        let mut roots = vec![bound.objective.clone()];
        roots.extend(differentiate(&bound.objective, &bound.factor_exprs()));
        let compiled = Compiled::new(&roots, &bound.givens, available_memory())?;
        self.ready = Some((bound, compiled));
        Ok(())
    }

    fn results(&mut self) -> Result<Vec<Matrix>> {
        let Some((bound, compiled)) = &mut self.ready else { return trouble("nothing was compiled yet") };
        for (factor, numbers) in bound.factors.iter().zip(&self.factors) {
            bound.inputs.set_matrix(&factor.var, numbers);
        }
        let values = compiled.run(&bound.inputs)?;
        Ok(values.iter().map(|value| value.to_matrix(Dtype::F64)).collect::<eckart::Result<_>>()?)
    }
}

/// A non-negative factorization, until its cost is that which the peer has reached.
pub(crate) struct Nmf {
    problem: Problem,
    settings: Settings,
    found: Vec<Matrix>,
}

impl Nmf {
    pub(crate) fn new(data: &Data) -> Result<Self> {
        let problem = Problem::parse(NMF)?.data("X", &data.x()?).rank(data.rank);
        let start = problem.solve(&Settings { max_iter: 0, ..Settings::default() })?;
        for (name, factor) in &start.factors {
            write_npy(data.folder.join(format!("start-{name}.npy")), factor)?;
        }
        let settings = Settings { max_iter: usize::MAX, tol: 0.0, time_limit: Some(MOST), ..Settings::default() };
        Ok(Self { problem, settings, found: Vec::new() })
    }
}

impl Work for Nmf {
    fn run(&mut self) -> Result<()> {
        let fit = self.problem.solve(&self.settings)?;
        self.found = ["W", "H"].iter().filter_map(|name| fit.factor(name).cloned()).collect();
        Ok(())
    }

    fn results(&mut self) -> Result<Vec<Matrix>> {
        Ok(self.found.clone())
    }

    fn aim(&mut self, target: f64) {
        self.settings.target = Some(target);
    }
}
