//! Shape: the sides of a matrix.
//! In: two sides; the rule of a primitive.  Out: `Shape`.
//! Invariant: one rule a `ShapeRule`.
//! Not here: whether shapes fit (see `shapes`), guessing the shapes of factors (see `infer`).

use crate::data::Matrix;
use crate::expr::ShapeRule;

/// n x m.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shape {
    /// n.
    pub rows: usize,
    /// m.
    pub cols: usize,
}

impl Shape {
    /// 1 x 1.
    pub const SCALAR: Shape = Shape { rows: 1, cols: 1 };

    /// The shape of a matrix.
    pub fn of(matrix: &Matrix) -> Self {
        Self { rows: matrix.rows(), cols: matrix.cols() }
    }

    /// n m, or the largest number where that overflows.
    pub fn entries(self) -> usize {
        self.rows.saturating_mul(self.cols)
    }

    /// Whether it is 1 x 1.
    pub fn is_scalar(self) -> bool {
        self == Self::SCALAR
    }

    /// Whether a matrix of this shape can be stretched to `to`.
    pub fn stretches_to(self, to: Shape) -> bool {
        (self.rows == to.rows || self.rows == 1) && (self.cols == to.cols || self.cols == 1)
    }

    pub(crate) fn transposed(self) -> Shape {
        Shape { rows: self.cols, cols: self.rows }
    }

    /// The common shape of two that fit.
    pub(crate) fn stretched(self, other: Shape) -> Shape {
        Shape { rows: self.rows.max(other.rows), cols: self.cols.max(other.cols) }
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} x {}", self.rows, self.cols)
    }
}

/// The shape of a value by its rule, the shapes of its arguments being known to fit.
pub(crate) fn fitting_shape(rule: ShapeRule, args: &[Shape]) -> Shape {
    match rule {
        ShapeRule::Given | ShapeRule::Scalar | ShapeRule::ScalarOnly => Shape::SCALAR,
        ShapeRule::Stretch => args[0].stretched(args[1]),
        ShapeRule::Same | ShapeRule::Square => args[0],
        ShapeRule::Product => Shape { rows: args[0].rows, cols: args[1].cols },
        ShapeRule::Transposed => args[0].transposed(),
        ShapeRule::Column => Shape { cols: 1, ..args[0] },
        ShapeRule::Line => Shape { rows: 1, ..args[0] },
        ShapeRule::StretchToSecond | ShapeRule::ShrinkToSecond => args[1],
    }
}
