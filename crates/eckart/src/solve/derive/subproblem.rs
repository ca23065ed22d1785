//! Subproblem: what the smooth part of an objective is in one factor, as formulas.
//! In: what `derive` finds.  Out: Gram matrices, linear terms, gradients: formulas that are free of the factor.
//! Invariant: plain data; it holds for all values of data and factors.
//! Not here: how it is found (see `derive`), which step rule fits it (see `choice`), numbers (see `local`).

use crate::expr::{Expr, Var};
use crate::rows::GramParts;

/// The smooth part of an objective as a function of one factor, the others fixed.
#[derive(Debug, Clone)]
pub enum Subproblem {
    /// Quadratic: its Grams, and its linear term L = -1/2 of the gradient at 0 (as the array of the Grams lies).
    Quadratic(Quadratic, Expr),
    /// Quadratic, and every entry b by itself: `curvature` b^2 - 2 `linear` b, both of the factor's shape.
    Entrywise {
        /// Half the second derivative.
        curvature: Expr,
        /// -1/2 of the gradient at 0.
        linear: Expr,
    },
    /// Quadratic with coupled rows (its Hessian is not block diagonal by rows).
    Coupled(Coupled),
    /// Majorized by a quadratic that touches it, whose Gram matrices these are; the gradient, as the array lies.
    Bounded(Quadratic, Expr),
    /// A Poisson likelihood.
    Poisson(Poisson),
    /// None of these.
    Smooth,
}

impl Subproblem {
    /// Whether rows of the array that methods work on are columns of the factor.
    pub fn is_transposed(&self) -> bool {
        match self {
            Self::Quadratic(q, _) | Self::Bounded(q, _) => q.transposed,
            Self::Poisson(p) => p.transposed,
            Self::Entrywise { .. } | Self::Coupled(_) | Self::Smooth => false,
        }
    }
}

/// A quadratic with coupled rows, as by a graph's Laplacian, or from both sides in `W @ S @ H`.
#[derive(Debug, Clone)]
pub struct Coupled {
    /// The gradient, as the factor lies.
    pub gradient: Expr,
    /// The second derivative along `direction`: what the Hessian makes of it. Free of the factor.
    pub image: Expr,
    /// Of the factor's shape.
    pub direction: Var,
}

/// The part of an objective that is quadratic in a factor, as formulas that are free of it.
///
/// It is said of an array B whose rows are independent of each other: the factor itself (n x r), or its transpose where
/// `transposed`.
#[derive(Debug, Clone, Default)]
pub struct Quadratic {
    /// Whether the rows of the array are the columns of the factor.
    pub transposed: bool,
    /// The Grams of the rows.
    pub grams: GramParts<Expr>,
}

/// The part of an objective that a factor enters as a Poisson likelihood does, as formulas that are free of it.
#[derive(Debug, Clone)]
pub struct Poisson {
    /// Whether the rows of the array are the columns of the factor.
    pub transposed: bool,
    /// C, the counts: n x m.
    pub counts: Expr,
    /// Q, m x r.
    pub columns: Expr,
    /// P, n x r.
    pub linear: Expr,
    /// l2, at least 0: what an entry costs by its square.
    pub square: f64,
}
