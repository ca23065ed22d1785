//! Solver: what moves all rows of a factor in one step of a plan.
//! In: the structure of the rows' part of the objective, a regularizer, the kind of step.  Out: `RowSolver`.
//! Invariant: plain data; what it says of its arguments is all that a plan has to know to run it.
//! Not here: how rows are moved (see `run::rows`), which step is taken (see `solve`).

use std::convert::Infallible;

use super::grams::GramParts;
use super::regularizer::FactorRegularizer;
use super::{Likelihood, PoissonStep};
use crate::facts::Shape;

/// How the rows of a factor are moved whose part of the objective is quadratic, or has a quadratic majorizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuadraticStep {
    /// To the minimum, by Cholesky.
    LeastSquares,
    /// Towards it, by conjugate gradient steps of each row, whose Gram is not made.
    ConjugateGradients,
    /// One entry after the other, once.
    Once,
    /// One entry after the other, as often as pays.
    Coordinates,
    /// The same, with an active set.
    ActiveSet,
    /// One component after the other: a column of the array and its proximal map.
    Components,
    /// Proximal gradient steps, a row at a time.
    RowSteps,
}

/// Share of the time of the products that sweeps may take (Gillis and Glineur 2012, section 3.1).
const SWEEP_SHARE: f64 = 0.5;
/// Sweeps over the same Gram, at most.
pub(crate) const MOST_SWEEPS: usize = 10;

/// What moves the rows of a factor, and what it reads: the factor B, then what `rows` says.
///
/// The objective is that of an array whose rows are independent: B itself (n x r), or its transpose.
#[derive(Debug, Clone, PartialEq)]
pub struct RowSolver {
    /// The rows' part of the objective, and the step.
    pub rows: RowObjective,
    /// Whether rows of the array are columns of the factor.
    pub transposed: bool,
    /// Whether no row is moved: all are multiplied by the one number that fits best.
    pub rescales: bool,
}

/// The rows' part of the objective, and the step that lowers it.
#[derive(Debug, Clone, PartialEq)]
pub enum RowObjective {
    /// Quadratics <b, b G> - 2 <b, l>: reads the linear term L as the factor lies, then the parts of the Grams.
    Quadratic(QuadraticRows),
    /// Poisson likelihoods: reads the counts C (n x m), the columns Q (m x r) and the linear term P (n x r).
    Poisson(Likelihood),
}

/// Rows with quadratics.
#[derive(Debug, Clone, PartialEq)]
pub struct QuadraticRows {
    /// The step.
    pub step: QuadraticStep,
    /// Of the array.
    pub regularizer: FactorRegularizer,
    /// Which parts of Grams there are; they are read in this order.
    pub grams: GramParts<()>,
    /// Whether the quadratic is a majorizer, and its gradient is read in place of L.
    pub bounded: bool,
    /// Sweeps, at most, where all rows have one Gram; 0 where that is still to be chosen.
    pub sweeps: usize,
}

impl QuadraticRows {
    /// The places of the parts of the Grams among the arguments.
    pub(crate) fn places(&self) -> GramParts<usize> {
        let mut next = 1;
        let Ok(places) = self.grams.map(|()| {
            next += 1;
            Ok::<usize, Infallible>(next)
        });
        places
    }
}

impl RowSolver {
    /// Allows as many sweeps over rows of this many numbers as are worth their time beside `flops` of products.
    pub(crate) fn allow_sweeps(&mut self, array: Shape, flops: f64) {
        if let RowObjective::Quadratic(rows @ QuadraticRows { sweeps: 0, .. }) = &mut self.rows {
            let sweep = 2.0 * array.rows as f64 * (array.cols * array.cols) as f64;
            rows.sweeps = 1 + (SWEEP_SHARE * flops / sweep).clamp(0.0, MOST_SWEEPS as f64) as usize;
        }
    }

    /// Whether a row moves as it would alone, by what is known before any has moved.
    pub(crate) fn is_row_by_row(&self) -> bool {
        let RowObjective::Quadratic(rows) = &self.rows else { return false };
        let is_whole = self.transposed || self.rescales || rows.bounded || !rows.grams.sampled.is_empty();
        !is_whole && rows.step != QuadraticStep::Components
    }

    /// The shape of the array whose rows are moved.
    pub(crate) fn array(&self, factor: Shape) -> Shape {
        if self.transposed { factor.transposed() } else { factor }
    }

    /// What the results of a plan that ends in it are made of: its arguments after the factor.
    pub(crate) fn reads(&self) -> Vec<&'static str> {
        let RowObjective::Quadratic(rows) = &self.rows else { return vec!["counts", "columns", "linear term"] };
        let mut reads = vec![if rows.bounded { "gradient" } else { "linear term" }];
        reads.extend(rows.grams.shared.map(|()| "Gram matrix"));
        reads.extend(rows.grams.scaled.iter().flat_map(|_| ["scale of each row", "its Gram matrix"]));
        for sampled in &rows.grams.sampled {
            reads.extend(["weights", "left side"]);
            reads.extend(sampled.right.map(|()| "right side"));
        }
        reads
    }

    /// The name of the kernel.
    pub(crate) fn name(&self) -> &'static str {
        match &self.rows {
            _ if self.rescales => "rescale",
            RowObjective::Poisson(likelihood) => match likelihood.step {
                PoissonStep::Multiplicative => "multiplicative",
                PoissonStep::Newton => "damped Newton",
            },
            RowObjective::Quadratic(rows) => match rows.step {
                QuadraticStep::LeastSquares => "least squares",
                QuadraticStep::ConjugateGradients => "conjugate gradients",
                QuadraticStep::Once | QuadraticStep::Coordinates => "coordinate descent",
                QuadraticStep::ActiveSet => "active set",
                QuadraticStep::Components => "column descent",
                QuadraticStep::RowSteps => "proximal gradient",
            },
        }
    }

    /// Sweeps of a step, at most.
    pub(crate) fn sweeps(&self) -> usize {
        match &self.rows {
            RowObjective::Poisson(likelihood) => likelihood.sweeps,
            RowObjective::Quadratic(rows) => match rows.step {
                QuadraticStep::LeastSquares | QuadraticStep::Once => 1,
                QuadraticStep::ConjugateGradients => CONJUGATE_STEPS,
                QuadraticStep::RowSteps => PROXIMAL_STEPS,
                QuadraticStep::ActiveSet => MOST_SWEEPS,
                QuadraticStep::Coordinates if !rows.grams.is_shared() => MOST_SWEEPS,
                QuadraticStep::Coordinates | QuadraticStep::Components => rows.sweeps,
            },
        }
    }
}

/// Conjugate gradient steps of a row (Takacs, Pilaszy and Tikk 2011).
pub(crate) const CONJUGATE_STEPS: usize = 3;
/// Proximal gradient steps of a row.
pub(crate) const PROXIMAL_STEPS: usize = 5;
