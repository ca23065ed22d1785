//! Plans: what a search runs, each plan with its name, how often it runs, and what its results are.
//! In: the compiled formulas of blocks and methods.  Out: `SearchPlan`s, for whoever explains or counts.
//! Invariant: these are the plans that run, not plans made for show.
//! Not here: words and totals (see `explain`).

use crate::function::Compiled;

/// How often a plan runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Runs {
    /// So many times an iteration; 0.1 is once every ten.
    PerIteration(f64),
    /// At the beginning of each start.
    PerStart,
    /// Once, when the search has ended.
    AtEnd,
}

impl Runs {
    /// Runs of an iteration, on average; at least, where a method may need more (step lengths by backtracking).
    pub fn per_iteration(self) -> f64 {
        match self {
            Self::PerIteration(times) => times,
            Self::PerStart | Self::AtEnd => 0.0,
        }
    }
}

/// A plan that a search runs.
#[derive(Debug, Clone)]
pub struct SearchPlan<'a> {
    /// What it is for, such as `subproblem in W`.
    pub name: String,
    /// How often it runs.
    pub runs: Runs,
    /// The formulas, as derived and as computed, and the plan.
    pub compiled: &'a Compiled,
    /// What each formula is.
    pub formulas: Vec<String>,
    /// Bytes of workspace that all threads need beside the plan's buffers.
    pub workspace: usize,
}

impl<'a> SearchPlan<'a> {
    /// A plan that runs once an iteration.
    pub(in crate::solve) fn new(name: impl Into<String>, compiled: &'a Compiled, formulas: &[&str]) -> Self {
        let formulas = formulas.iter().map(|&formula| formula.to_owned()).collect();
        Self { name: name.into(), runs: Runs::PerIteration(1.0), compiled, formulas, workspace: 0 }
    }

    /// The same plan, run so often.
    pub(in crate::solve) fn runs(self, runs: Runs) -> Self {
        Self { runs, ..self }
    }

    /// What each result of the plan is: a row solver takes the first formulas in and makes a factor of them.
    pub fn results(&self) -> Vec<String> {
        let made = ["the factor, updated", "decrease of the objective"].iter().cycle().take(self.compiled.made);
        let read = self.formulas.len() + self.compiled.made - self.compiled.plan.asked;
        made.map(|&name| name.to_owned()).chain(self.formulas[read..].iter().cloned()).collect()
    }

    /// Floating point operations of a run.
    pub fn flops(&self) -> f64 {
        self.compiled.plan.flops()
    }

    /// Bytes that a run reads and writes.
    pub fn bytes(&self) -> f64 {
        self.compiled.plan.traffic()
    }
}
