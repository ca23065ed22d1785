//! Regularizer: constraints and separable terms of one factor, applied by their proximal map.
//! In: what the statement says of the factor.  Out: v -> argmin_b ||b - v||^2 / (2 t) + penalty(b), b feasible.
//! Invariant: exact for every combination that is accepted; a combination it can't do exactly is refused.
//! Not here: finding the terms in an objective (see `solve`).

use eckart_kernels::Regularizer;

use crate::data::Real;
use crate::error::{Code, Error, Result};
use crate::expr::text::{BoundKind as Kind, Constraint};
use crate::facts::Shape;

/// The constraints and separable terms of one factor. The default is none at all.
///
/// The proximal map of a sum is not the chain of the maps in general; it is for those combined here: soft threshold,
/// then clamp at a lower bound of 0 and any upper bound, then shrink rows (or columns), then scale into the ball
/// (Parikh and Boyd 2014, section 6; Yu 2013, theorem 1).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FactorRegularizer {
    /// The weight of the sum of absolute values, and the bounds of entries.
    pub entries: Regularizer,
    /// Weight of the sum of row lengths.
    pub row_group: f64,
    /// Weight of the sum of column lengths.
    pub col_group: f64,
    /// Rows are at most so long.
    pub row_norm: Option<f64>,
    /// Columns are at most so long.
    pub col_norm: Option<f64>,
}

impl FactorRegularizer {
    /// Of entries alone.
    pub(crate) fn of(entries: Regularizer) -> Self {
        Self { entries, ..Self::default() }
    }

    /// Whether there is nothing to apply.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The same for the transposed factor.
    pub(crate) fn transposed(&self) -> Self {
        let (row_group, col_group) = (self.col_group, self.row_group);
        let (row_norm, col_norm) = (self.col_norm, self.row_norm);
        Self { row_group, col_group, row_norm, col_norm, ..*self }
    }

    /// Whether it concerns entries only, not lengths of rows or columns.
    pub(crate) fn is_entrywise(&self) -> bool {
        !self.is_of_rows() && !self.is_of_cols()
    }

    /// Whether it concerns lengths of rows.
    pub(crate) fn is_of_rows(&self) -> bool {
        self.row_group > 0.0 || self.row_norm.is_some()
    }

    /// Whether it concerns lengths of columns.
    pub(crate) fn is_of_cols(&self) -> bool {
        self.col_group > 0.0 || self.col_norm.is_some()
    }

    /// Whether every multiple of a feasible factor by a number above 0 is feasible, at no cost of its own.
    pub(crate) fn is_cone(&self) -> bool {
        let lower = self.entries.lower;
        (lower == 0.0 || lower == f64::NEG_INFINITY) && *self == Self::of(Regularizer { lower, ..Regularizer::NONE })
    }

    /// The constraints, without the penalties.
    pub(crate) fn constraints(&self) -> Self {
        Self { entries: Regularizer { l1: 0.0, ..self.entries }, row_group: 0.0, col_group: 0.0, ..*self }
    }

    /// Each penalty and constraint as it stands in an objective, for a factor of that name.
    pub fn in_words(&self, name: &str) -> Vec<String> {
        let weighted = |weight: f64, term: String| (weight > 0.0).then(|| format!("{weight} * sum({term})"));
        let limited = |limit: Option<f64>, mark: &str, of: String| limit.map(|limit| format!("{of} {mark} {limit}"));
        let bound = |bound: f64| bound.is_finite().then_some(bound);
        let all = [
            weighted(self.entries.l1, format!("abs({name})")),
            weighted(self.row_group, format!("rownorm({name})")),
            weighted(self.col_group, format!("colnorm({name})")),
            limited(bound(self.entries.lower), ">=", name.to_owned()),
            limited(bound(self.entries.upper), "<=", name.to_owned()),
            limited(self.row_norm, "<=", format!("rownorm({name})")),
            limited(self.col_norm, "<=", format!("colnorm({name})")),
        ];
        all.into_iter().flatten().collect()
    }

    /// Adds a constraint.
    ///
    /// # Errors
    /// `Setting` where no entry can satisfy it, or it can't be combined exactly with the others.
    pub(crate) fn constrain(&mut self, kind: Kind, limit: f64, constraint: &Constraint) -> Result<()> {
        let shorter = |old: Option<f64>| Some(old.map_or(limit, |old| old.min(limit)));
        match kind {
            Kind::AtLeast => self.entries.lower = self.entries.lower.max(limit),
            Kind::AtMost => self.entries.upper = self.entries.upper.min(limit),
            Kind::RowNormAtMost => self.row_norm = shorter(self.row_norm),
            Kind::ColNormAtMost => self.col_norm = shorter(self.col_norm),
        }
        let refuse = |code: Code, why: &str| Err(Error::setting(code, format!("{constraint}: {why}")));
        let grouped = self.row_group > 0.0 || self.col_group > 0.0;
        let balls = usize::from(self.row_norm.is_some()) + usize::from(self.col_norm.is_some());
        let Regularizer { lower, upper, .. } = self.entries;
        let boxed = upper < f64::INFINITY || (lower > f64::NEG_INFINITY && lower != 0.0);
        if lower > upper {
            return refuse(Code::EmptyBounds, "no number is both at least the lower and at most the upper bound");
        }
        if matches!(kind, Kind::RowNormAtMost | Kind::ColNormAtMost) && limit <= 0.0 {
            return refuse(Code::EmptyBounds, "a length can only be limited to more than 0");
        }
        if balls > 1 || (grouped && balls > 0) {
            return refuse(
                Code::UnsupportedConstraint,
                "a factor can have one limit or penalty of lengths, by rows or by columns",
            );
        }
        if boxed && (grouped || balls > 0) {
            return refuse(
                Code::UnsupportedConstraint,
                "bounds other than >= 0 can't be combined with limits or penalties of lengths",
            );
        }
        Ok(())
    }

    /// The value of the terms at `b`.
    pub(crate) fn penalty<T: Real>(&self, b: &[T], shape: Shape) -> f64 {
        let squares = |row: &[T]| row.iter().map(|x| x.to_f64() * x.to_f64()).sum::<f64>();
        let mut total = 0.0;
        if self.entries.l1 > 0.0 {
            total += self.entries.l1 * b.iter().map(|x| x.to_f64().abs()).sum::<f64>();
        }
        if self.row_group > 0.0 {
            total += self.row_group * b.chunks(shape.cols).map(|row| squares(row).sqrt()).sum::<f64>();
        }
        if self.col_group > 0.0 {
            total += self.col_group * column_squares(b, shape).into_iter().map(f64::sqrt).sum::<f64>();
        }
        total
    }

    /// Minimizes 2 <half, b> + penalty(b) over the feasible b, where all of `b` is one row or column whose length is
    /// limited or costs something: what the proximal map tends to as its step grows. Leaves `b` where there is no
    /// minimum, or it is one.
    pub(crate) fn minimize_linear(&self, b: &mut [f64], half: &[f64]) {
        let (limit, group) = (self.row_norm.or(self.col_norm), self.row_group + self.col_group);
        if limit.is_none() && group == 0.0 {
            b.iter_mut().zip(half).for_each(|(b, half)| *b = self.entries.minimum_on_line(*b, *half));
            return;
        }
        let downhill: Vec<f64> = half.iter().map(|half| self.entries.prox(-2.0 * half, 1.0)).collect();
        let length = downhill.iter().map(|d| d * d).sum::<f64>().sqrt();
        let value = |b: &[f64]| {
            let along: f64 = b.iter().zip(half).map(|(b, half)| 2.0 * half * b + self.entries.l1 * b.abs()).sum();
            along + group * b.iter().map(|b| b * b).sum::<f64>().sqrt()
        };
        let least = match limit {
            Some(limit) if length > 0.0 => downhill.iter().map(|d| d * (limit / length)).collect(),
            None if length > group => return,
            _ => vec![0.0; b.len()],
        };
        if value(&least) < value(b) {
            b.copy_from_slice(&least);
        }
    }

    /// The proximal map for step `t`, in place.
    pub(crate) fn apply<T: Real>(&self, b: &mut [T], shape: Shape, t: f64) {
        let Regularizer { l1, lower, upper } = self.entries;
        if l1 > 0.0 {
            b.iter_mut().for_each(|x| *x = T::from_f64(self.entries.prox(x.to_f64(), t)));
        } else {
            // Loops of one bound each are turned into vector code.
            if lower > f64::NEG_INFINITY {
                b.iter_mut().for_each(|x| *x = T::from_f64(x.to_f64().max(lower)));
            }
            if upper < f64::INFINITY {
                b.iter_mut().for_each(|x| *x = T::from_f64(x.to_f64().min(upper)));
            }
        }
        let shrink = |cut: f64| move |length: f64| if length > cut { 1.0 - cut / length } else { 0.0 };
        let ball = |most: f64| move |length: f64| if length > most { most / length } else { 1.0 };
        if self.row_group > 0.0 {
            scale_rows(b, shape, shrink(t * self.row_group));
        }
        if self.col_group > 0.0 {
            scale_cols(b, shape, shrink(t * self.col_group));
        }
        if let Some(most) = self.row_norm {
            scale_rows(b, shape, ball(most));
        }
        if let Some(most) = self.col_norm {
            scale_cols(b, shape, ball(most));
        }
    }
}

/// Multiplies each row by a function of its length.
fn scale_rows<T: Real>(b: &mut [T], shape: Shape, by: impl Fn(f64) -> f64) {
    for row in b.chunks_mut(shape.cols) {
        let scale = by(row.iter().map(|x| x.to_f64() * x.to_f64()).sum::<f64>().sqrt());
        row.iter_mut().for_each(|x| *x = T::from_f64(x.to_f64() * scale));
    }
}

/// Multiplies each column by a function of its length.
fn scale_cols<T: Real>(b: &mut [T], shape: Shape, by: impl Fn(f64) -> f64) {
    let scales: Vec<f64> = column_squares(b, shape).into_iter().map(|s| by(s.sqrt())).collect();
    for row in b.chunks_mut(shape.cols) {
        row.iter_mut().zip(&scales).for_each(|(x, s)| *x = T::from_f64(x.to_f64() * s));
    }
}

/// The sum of squares of each column.
fn column_squares<T: Real>(b: &[T], shape: Shape) -> Vec<f64> {
    let mut squares = vec![0.0; shape.cols];
    for row in b.chunks(shape.cols) {
        squares.iter_mut().zip(row).for_each(|(s, x)| *s += x.to_f64() * x.to_f64());
    }
    squares
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { rows: 3, cols: 2 };

    /// No feasible point near `apply`'s result has a lower value of what `apply` minimizes.
    #[track_caller]
    fn check(regularizer: FactorRegularizer) {
        let v = [0.9, -0.4, 0.05, 1.7, -2.0, 0.3];
        let t = 0.7;
        let value = |b: &[f64]| {
            let distance: f64 = b.iter().zip(&v).map(|(x, y)| (x - y) * (x - y)).sum();
            distance / (2.0 * t) + regularizer.penalty(b, SHAPE)
        };
        let mut best = v;
        regularizer.apply(&mut best, SHAPE, t);
        let least = value(&best);
        let mut state = 1_u64;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1_u64 << 31) as f64 * 2.0 - 1.0
        };
        for round in 0..4000 {
            let size = 10f64.powi(-(round % 5));
            let mut other = best.map(|x| x + size * noise());
            // Made feasible without the penalties.
            regularizer.constraints().apply(&mut other, SHAPE, 1.0);
            assert!(value(&other) >= least - 1e-12, "{regularizer:?}: {best:?} is worse than {other:?}");
        }
    }

    #[test]
    fn a_linear_function_is_minimized() {
        let of = |l1: f64, lower: f64| FactorRegularizer::of(Regularizer { l1, lower, ..Regularizer::NONE });
        let free = f64::NEG_INFINITY;
        let check = |regularizer: FactorRegularizer, half: [f64; 3], expected: [f64; 3]| {
            let mut b = [0.3, -0.1, 0.2].map(|x| regularizer.entries.clip(x));
            regularizer.minimize_linear(&mut b, &half);
            assert!(b.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-14), "{regularizer:?} {half:?}: {b:?}");
        };
        let ball = FactorRegularizer { col_norm: Some(2.0), ..of(0.0, free) };
        check(ball, [3.0, 0.0, -4.0], [-1.2, 0.0, 1.6]);
        check(ball, [0.0; 3], [0.3, -0.1, 0.2]);
        check(FactorRegularizer { col_norm: Some(2.0), ..of(0.0, 0.0) }, [3.0, -3.0, -4.0], [0.0, 1.2, 1.6]);
        check(FactorRegularizer { col_norm: Some(2.0), ..of(0.0, 0.0) }, [3.0, 1.0, 0.0], [0.0, 0.0, 0.0]);
        check(FactorRegularizer { row_norm: Some(2.0), ..of(2.0, free) }, [4.0, 0.5, -5.0], [-1.2, 0.0, 1.6]);
        // Shorter than the penalty on lengths: 0; longer: no minimum.
        check(FactorRegularizer { row_group: 2.0, ..of(0.0, free) }, [0.3, 0.0, 0.4], [0.0; 3]);
        check(FactorRegularizer { row_group: 0.5, ..of(0.0, free) }, [0.3, 0.0, 0.4], [0.3, -0.1, 0.2]);
        check(of(1.0, free), [0.4, -0.4, 0.0], [0.0; 3]);
    }

    #[test]
    fn the_map_is_the_minimum() {
        let none = FactorRegularizer::default();
        let l1 = |l1: f64| Regularizer { l1, ..Regularizer::NONE };
        let nonnegative = |l1: f64| Regularizer { l1, lower: 0.0, ..Regularizer::NONE };
        let of = FactorRegularizer::of;
        check(none);
        check(of(l1(0.5)));
        check(of(nonnegative(0.0)));
        check(of(nonnegative(0.5)));
        check(of(Regularizer { l1: 0.5, lower: -0.1, upper: 0.5 }));
        check(FactorRegularizer { row_norm: Some(1.0), ..none });
        check(FactorRegularizer { col_norm: Some(1.0), ..of(nonnegative(0.0)) });
        check(FactorRegularizer { col_norm: Some(1.0), ..of(nonnegative(0.3)) });
        check(FactorRegularizer { row_group: 0.6, ..none });
        check(FactorRegularizer { col_group: 0.6, ..of(nonnegative(0.2)) });
    }
}
