//! Problem: the tasks that begin with a text: until it can be run, and for a number of iterations.
//! In: a data set.  Out: a `Work`.
//! Invariant: the number of iterations is the same on both sides.
//! Not here: searches that end at a value (see `searches`), the other tasks (see `tasks`).

use eckart::function::Compiled;
use eckart::grad::differentiate;
use eckart::run::available_memory;
use eckart::{Dtype, Factorization, Init, Matrix, Problem, Settings};

use crate::work::{Data, Work};
use crate::{Result, trouble};

/// The objective of [`Ready`].
const SEED: &str = "minimize sum((X - W @ H)**2) + a*sum(W**2) + a*sum(H**2)";
/// The objective of [`Iterations`].
const NMF: &str = "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0";
/// Iterations of HALS; those of scikit-learn's side are as many.
const PATH: usize = 200;
/// How many starts are held to one; fewer of them.
const STARTS: usize = 20;
const TEN: usize = 10;
/// The iteration after which the first start is looked at: it must be the same in both.
const LOOK: usize = 10;

/// From the text of the seed program's objective to a function of its value and gradients; it is not run.
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
        let problem = Problem::parse(SEED)?.data("X", &self.x).param("a", 1e-3).rank(rank);
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

/// A non-negative factorization for a number of iterations.
pub(crate) struct Iterations {
    problem: Problem,
    settings: Settings,
    show: fn(&Factorization) -> Vec<f64>,
    fit: Option<Factorization>,
}

impl Iterations {
    /// HALS from the set's own factors, without extrapolation; its results are the cost after each iteration.
    pub(crate) fn hals(data: &Data) -> Result<Self> {
        let problem = Self::problem(data)?.init_from("W", &data.factor("W")?).init_from("H", &data.factor("H")?);
        let settings = Settings { method: Some("hals".into()), max_iter: PATH, tol: 0.0, ..Settings::default() };
        let show = |fit: &Factorization| fit.starts[0].history[1..].iter().map(|step| step.cost).collect();
        Ok(Self { problem, settings, show, fit: None })
    }

    /// Twenty starts, each until it settles; the result is where the first of them is after some iterations, as of one
    /// alone.
    pub(crate) fn starts(data: &Data) -> Result<Self> {
        let one = Self::one_start(data)?;
        Ok(Self { settings: Settings { n_init: Some(STARTS), ..one.settings }, ..one })
    }

    /// Ten of them.
    pub(crate) fn ten(data: &Data) -> Result<Self> {
        let one = Self::one_start(data)?;
        Ok(Self { settings: Settings { n_init: Some(TEN), ..one.settings }, ..one })
    }

    /// As many, halved as they go.
    pub(crate) fn halved(data: &Data) -> Result<Self> {
        let all = Self::starts(data)?;
        Ok(Self { settings: Settings { successive_halving: true, ..all.settings }, ..all })
    }

    /// One start, until it settles.
    pub(crate) fn one_start(data: &Data) -> Result<Self> {
        let show = |fit: &Factorization| {
            let history = &fit.starts[0].history;
            history.get(LOOK).or(history.last()).map(|step| step.cost).into_iter().collect()
        };
        let settings = Settings { init: Init::Random, ..Settings::default() };
        Ok(Self { problem: Self::problem(data)?, settings, show, fit: None })
    }

    fn problem(data: &Data) -> Result<Problem> {
        Ok(Problem::parse(NMF)?.data("X", &data.x()?).rank(data.rank))
    }
}

impl Work for Iterations {
    fn run(&mut self) -> Result<()> {
        self.fit = Some(self.problem.solve(&self.settings)?);
        Ok(())
    }

    fn results(&mut self) -> Result<Vec<Matrix>> {
        let costs = self.fit.as_ref().map(self.show).unwrap_or_default();
        Ok(costs.into_iter().map(Matrix::scalar).collect::<eckart::Result<_>>()?)
    }
}
