//! Row block: a factor whose rows are independent, moved by the row solver of its plan.
//! In: a subproblem with Grams or a Poisson likelihood.  Out: the factor moved, and by how much the objective fell.
//! Invariant: one run of the plan is one step; the decrease is exact where the part is quadratic or a likelihood, else
//! the least it can be.
//! Not here: which step is taken (see `choice`), how rows are moved (see `run::rows`).

use std::sync::Arc;

use super::cohort::CohortPlace;
use super::plans::SearchPlan;
use super::product::Product;
use super::{Block, Done};
use crate::error::{Error, Result};
use crate::expr::{Expr, Var};
use crate::function::{Compiled, MovedFactor};
use crate::plan::{BufferId, Kernel, Plan};
use crate::rows::{Likelihood, PoissonStep, QuadraticRows, QuadraticStep, Regularizer, RowObjective, RowSolver};
use crate::run::Value;
use crate::run::rows::likelihood::likelihood_workspace;
use crate::solve::derive::{Poisson, Quadratic, Subproblem};
use crate::solve::problem::Bound;
use crate::solve::problem::iterate::Iterate;

/// Sweeps over a row with a Poisson likelihood; they share the row's products.
const SWEEPS: usize = 2;
/// The least an entry becomes. An exact 0 would make products 0, and 0 log 0 is undefined where X holds a 0.
const LEAST: f64 = 1e-100;
/// The same where the products are of f32.
const LEAST_F32: f64 = 1e-18;

/// A factor with independent rows.
pub(in crate::solve) struct RowBlock {
    index: usize,
    moves: MovedFactor,
    compiled: Compiled,
    /// Whether the objective is computed along.
    costs: bool,
    /// Whether the best multiple of the factor is feasible and known.
    rescales: bool,
    /// Bytes that the row solver needs beside the plan's buffers.
    workspace: usize,
    /// The product of the data that the formulas read.
    product: Option<Product>,
    /// The starts that have it computed together.
    cohort: Option<Arc<CohortPlace>>,
}

impl RowBlock {
    /// A block for factor `index` of a subproblem that is quadratic or bounded; where `costs`, the objective is
    /// computed along.
    ///
    /// # Errors
    /// `Limit` where the plan needs more than `memory_limit` bytes.
    pub(in crate::solve) fn quadratic(
        bound: &Bound,
        index: usize,
        subproblem: &Subproblem,
        step: QuadraticStep,
        costs: bool,
        memory_limit: usize,
    ) -> Result<Self> {
        let (Quadratic { transposed, grams }, array, bounded) = match subproblem {
            Subproblem::Quadratic(quadratic, linear) => (quadratic, linear, false),
            Subproblem::Bounded(quadratic, gradient) => (quadratic, gradient, true),
            Subproblem::Entrywise { .. } | Subproblem::Coupled(_) | Subproblem::Poisson(_) | Subproblem::Smooth => {
                return Err(Error::Bug("a factor has no quadratic subproblem".into()));
            }
        };
        // As the factor lies: from a transpose the search for equal formulas makes transposes of what is as large as
        // the data.
        let mut reads = vec![if *transposed { array.t() } else { array.clone() }];
        let grams = grams.map(|formula| {
            reads.push(formula.clone());
            Ok::<_, Error>(())
        })?;
        let own = &bound.factors[index].regularizer;
        let regularizer = if *transposed { own.transposed() } else { *own };
        let rows = RowObjective::Quadratic(QuadraticRows { step, regularizer, grams, bounded, sweeps: 0 });
        let solver = RowSolver { rows, transposed: *transposed, rescales: false };
        let mut block = Self::new(bound, index, reads, solver, costs && !bounded, memory_limit)?;
        block.rescales = !bounded && own.is_cone();
        Ok(block)
    }

    /// A block for a factor with a Poisson likelihood, moved by multiplicative updates or by damped Newton steps of its
    /// entries; the objective sees the factor B as sum <P_i, b_i> + l2 |b_i|^2 - sum C_ij log <b_i, Q_j>.
    ///
    /// # Errors
    /// `Limit` where the plan needs more than `memory_limit` bytes.
    pub(in crate::solve) fn poisson(
        bound: &Bound,
        index: usize,
        subproblem: &Poisson,
        step: PoissonStep,
        costs: bool,
        memory_limit: usize,
    ) -> Result<Self> {
        let reads = vec![subproblem.counts.clone(), subproblem.columns.clone(), subproblem.linear.clone()];
        let own = bound.factors[index].regularizer;
        let least = if bound.is_narrow() { LEAST_F32 } else { LEAST };
        let regularizer = Regularizer { lower: own.entries.lower.max(least.min(own.entries.upper)), ..own.entries };
        let likelihood = Likelihood { regularizer, square: subproblem.square, step, sweeps: SWEEPS };
        let (rows, transposed) = (RowObjective::Poisson(likelihood), subproblem.transposed);
        let solver = RowSolver { rows, transposed, rescales: false };
        let mut block = Self::new(bound, index, reads, solver, costs, memory_limit)?;
        block.rescales = own.is_cone() && subproblem.square == 0.0;
        Ok(block)
    }

    fn new(
        bound: &Bound,
        index: usize,
        reads: Vec<Expr>,
        solver: RowSolver,
        costs: bool,
        memory_limit: usize,
    ) -> Result<Self> {
        let factor = &bound.factors[index];
        let mut roots = reads;
        roots.extend(costs.then(|| bound.objective.clone()));
        let x = Var::input(&bound.target.0);
        let shared = (!bound.inputs.has_missing(&x)).then_some(x);
        let moves = MovedFactor { factor: factor.var.clone(), solver, shared };
        let compiled = Compiled::with(&roots, &bound.givens, memory_limit, Some(moves.clone()))?;
        let product = Product::of(&compiled.plan, bound.dtype());
        let workspace = workspace(&moves.solver, &compiled.plan, bound.dtype().bytes());
        Ok(Self { index, moves, compiled, costs, rescales: false, workspace, product, cohort: None })
    }

    /// The plan, and what it does.
    pub(super) fn compiled(&self) -> &Compiled {
        &self.compiled
    }

    /// The factor, and the row solver of the plan.
    pub(super) fn moves(&self) -> MovedFactor {
        let solver = self.compiled.plan.steps.iter().find_map(|step| match &step.kernel {
            Kernel::Rows(solver) => Some((**solver).clone()),
            _ => None,
        });
        MovedFactor { solver: solver.unwrap_or_else(|| self.moves.solver.clone()), ..self.moves.clone() }
    }

    /// The name of the factor.
    pub(super) fn name(&self) -> &str {
        self.moves.factor.name()
    }

    /// What the formulas of the plan are.
    pub(super) fn formulas(&self) -> Vec<&'static str> {
        let mut formulas = self.moves.solver.reads();
        formulas.extend(self.costs.then_some("objective"));
        formulas
    }

    /// Puts the factor that a plan made in place, in the type of the factors.
    pub(super) fn set(&self, iterate: &mut Iterate, factor: Value) {
        let factor = match iterate.problem.is_narrow() {
            true => Value::of_rect::<f32>(factor.into_rect()),
            false => Value::of_rect::<f64>(factor.into_rect()),
        };
        iterate.set(self.index, factor);
    }

    /// The product of the data, where a cohort computes it.
    fn supplied(&self, iterate: &Iterate) -> Result<Vec<(BufferId, Value)>> {
        match (&self.product, &self.cohort) {
            (Some(product), Some(place)) => Ok(vec![(product.buffer, place.product(self.index, product, iterate)?)]),
            (_, _) => Ok(Vec::new()),
        }
    }
}

impl Block for RowBlock {
    fn plans(&self) -> Vec<SearchPlan<'_>> {
        let mut plan = SearchPlan::new(format!("subproblem in {}", self.name()), &self.compiled, &self.formulas());
        plan.workspace = self.workspace;
        vec![plan]
    }

    fn join(&mut self, cohort: Option<&Arc<CohortPlace>>) {
        self.cohort = cohort.filter(|_| self.product.is_some()).cloned();
    }

    fn products(&self) -> Vec<&Product> {
        self.product.iter().collect()
    }

    fn step(&mut self, iterate: &mut Iterate) -> Result<Done> {
        let supplied = self.supplied(iterate)?;
        let mut values = self.compiled.run_supplied(&iterate.inputs, &supplied)?.into_iter();
        let (Some(factor), Some(decrease)) = (values.next(), values.next()) else {
            return Err(Error::Bug("a row solver made nothing".into()));
        };
        self.set(iterate, factor);
        let decrease = decrease.to_scalar();
        let cost = values.next().filter(|_| self.costs).map(|before| before.to_scalar() - decrease);
        Ok(Done { decrease, cost })
    }

    fn rescale(&mut self, iterate: &mut Iterate) -> Result<()> {
        if self.rescales {
            let (factor, _) = self.compiled.rescale(&iterate.inputs, &self.supplied(iterate)?)?;
            self.set(iterate, factor);
        }
        Ok(())
    }
}

/// Bytes of what moving rows needs beside the plan's buffers: per thread for counts, all columns where they are dense,
/// twice the mean of a row where they are sparse.
fn workspace(solver: &RowSolver, plan: &Plan, number: usize) -> usize {
    let RowObjective::Poisson(_) = solver.rows else { return 0 };
    let Some(step) = plan.steps.iter().find(|step| matches!(step.kernel, Kernel::Rows(_))) else { return 0 };
    let [factor, counts] = [0, 1].map(|at| &plan.buffers[step.args[at]]);
    let longest = (2 * counts.layout.stored(counts.shape) / counts.shape.rows.max(1)).min(counts.shape.cols);
    likelihood_workspace(longest, solver.array(factor.shape), number)
}
