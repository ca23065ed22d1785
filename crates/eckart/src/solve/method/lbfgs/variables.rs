//! Variables: free numbers in the place of factors with bounds, so that a method for smooth objectives keeps them.
//! In: the constraints and penalties of factors.  Out: factors from variables, gradients in variables from gradients in
//! factors.
//! Invariant: whatever the variables are, the factors satisfy their constraints.
//! Not here: how variables move (see `lbfgs`).
//!
//! An entry with a lower bound is l + u^2, so that its gradient is 2 u times that in the entry; one in a box is
//! l + (h - l) sin(u)^2; a row or column of limited length is z / max(1, |z| / c); an entry whose absolute value is
//! penalized is a^2 - b^2, and its penalty a^2 + b^2, which is the absolute value wherever one of the two is 0, as it
//! is at every minimum. Where a variable is 0 its gradient is 0: no start is on a bound.

use crate::facts::Shape;
use crate::rows::{FactorRegularizer, Regularizer};
use crate::solve::problem::Bound;

/// Of the mean distance from the bound: how near to it a start may be, and what counts as on it at the end.
const LIFT: f64 = 1e-3;
const SNAP: f64 = 1e-6;
/// So many widths from 0, a penalized size counts as 0 at the end.
const NEAR: f64 = 30.0;
/// How near to the ends of a box, of its width, a start may be.
const INSIDE: f64 = 1e-3;

/// What stands for the entries of one factor.
#[derive(Debug, Clone, Copy, PartialEq)]
enum EntryMap {
    Free,
    AtLeast(f64),
    AtMost(f64),
    Between(f64, f64),
    /// The difference of two squares, whose sum is penalized.
    Split,
}

/// Whose sizes are penalized with a kink at 0, which a width rounds: size s counts sqrt(s^2 + w^2).
#[derive(Debug, Clone, Copy, PartialEq)]
enum Group {
    Entries,
    Rows,
    Cols,
}

/// Lines of a factor whose length is limited.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ball {
    Rows(f64),
    Cols(f64),
}

/// One factor.
#[derive(Debug, Clone)]
struct FactorVariables {
    shape: Shape,
    entries: EntryMap,
    ball: Option<Ball>,
    /// The weight of the sum of absolute values.
    l1: f64,
    /// What else is penalized, its weight, and the width.
    group: Option<(Group, f64, f64)>,
}

/// The variables of all factors.
#[derive(Debug, Clone)]
pub(super) struct Variables {
    parts: Vec<FactorVariables>,
}

impl Variables {
    pub(super) fn of(bound: &Bound) -> Self {
        let parts = bound.factors.iter().map(|factor| FactorVariables::of(factor.shape, &factor.regularizer));
        Self { parts: parts.collect() }
    }

    /// Why a penalty has a kink all the same, if one has.
    pub(super) fn has_kink(bound: &Bound) -> Option<String> {
        let at = Self::of(bound).parts.iter().position(|part| part.group.is_some())?;
        Some(format!("a penalty of {} has a kink that no change of variables takes away", bound.factors[at].var.name()))
    }

    /// The mean size of what is penalized with a kink, of each factor that has such a penalty.
    pub(super) fn sizes(&self, factors: &[Vec<f64>]) -> Vec<f64> {
        let grouped = self.parts.iter().zip(factors).filter_map(|(part, x)| Some(part.norms(x, part.group?.0)));
        grouped.map(|norms| norms.iter().sum::<f64>() / norms.len().max(1) as f64).collect()
    }

    /// How many factors have such a penalty.
    pub(super) fn groups(&self) -> usize {
        self.parts.iter().filter(|part| part.group.is_some()).count()
    }

    /// Gives each of these a width.
    pub(super) fn set_widths(&mut self, widths: &[f64]) {
        let grouped = self.parts.iter_mut().filter_map(|part| part.group.as_mut());
        grouped.zip(widths).for_each(|(group, width)| group.2 = *width);
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.parts.iter().map(FactorVariables::count).sum()
    }

    /// Whether factors are their own variables, and nothing else is penalized.
    pub(super) fn are_factors(&self) -> bool {
        let is_free =
            |part: &FactorVariables| part.entries == EntryMap::Free && part.ball.is_none() && part.group.is_none();
        self.parts.iter().all(is_free)
    }

    /// Variables at which the factors are these, or near to them where they are at a bound.
    pub(super) fn begin(&self, factors: &[Vec<f64>]) -> Vec<f64> {
        let mut variables = Vec::with_capacity(self.count());
        self.parts.iter().zip(factors).for_each(|(part, x)| part.begin(x, &mut variables));
        variables
    }

    /// The factors at `variables`, and by how much the penalties of the variables are more than those of the factors.
    pub(super) fn factors(&self, variables: &[f64]) -> (Vec<Vec<f64>>, f64) {
        let mut excess = 0.0;
        let of = |(part, own): (&FactorVariables, &[f64])| {
            let (x, sizes) = part.factor(own);
            excess += part.l1 * (sizes - x.iter().map(|x| x.abs()).sum::<f64>());
            if let Some((group, weight, width)) = part.group {
                excess += weight * part.norms(&x, group).iter().map(|norm| norm.hypot(width) - norm).sum::<f64>();
            }
            x
        };
        let factors = self.cut(variables).map(of).collect();
        (factors, excess)
    }

    /// The gradient in `variables` of the cost and the penalties, from the gradient of the cost in each factor. Lines
    /// that are longer than their limit though their slope leads inwards are taken back to it, which changes no factor:
    /// beyond the limit that slope is not seen.
    pub(super) fn gradient(&self, variables: &mut [f64], gradients: Vec<Vec<f64>>) -> Vec<f64> {
        let (mut all, mut rest) = (Vec::with_capacity(variables.len()), variables);
        for (part, slope) in self.parts.iter().zip(gradients) {
            let (own, others) = rest.split_at_mut(part.count());
            part.gradient(own, slope, &mut all);
            rest = others;
        }
        all
    }

    /// The factors with the entries that are as good as on a bound put there, where `gradients` of the cost lead there.
    pub(super) fn snapped(&self, factors: &[Vec<f64>], gradients: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let all = self.parts.iter().zip(factors).zip(gradients);
        all.map(|((part, x), g)| part.snapped(x, g)).collect()
    }

    fn cut<'a>(&'a self, variables: &'a [f64]) -> impl Iterator<Item = (&'a FactorVariables, &'a [f64])> {
        let mut rest = variables;
        self.parts.iter().map(move |part| {
            let (own, others) = rest.split_at(part.count());
            rest = others;
            (part, own)
        })
    }
}

impl FactorVariables {
    fn of(shape: Shape, regularizer: &FactorRegularizer) -> Self {
        let FactorRegularizer { entries: Regularizer { l1, lower, upper }, row_group, col_group, row_norm, col_norm } =
            *regularizer;
        let entries = match (lower > f64::NEG_INFINITY, upper < f64::INFINITY) {
            (false, false) if l1 > 0.0 => EntryMap::Split,
            (false, false) => EntryMap::Free,
            (true, false) => EntryMap::AtLeast(lower),
            (false, true) => EntryMap::AtMost(upper),
            (true, true) => EntryMap::Between(lower, upper),
        };
        // Inside bounds of one sign the absolute value is linear.
        let is_smooth = l1 == 0.0 || entries == EntryMap::Split || lower >= 0.0 || upper <= 0.0;
        let ball = row_norm.map(Ball::Rows).or(col_norm.map(Ball::Cols));
        let group = match (is_smooth, row_group > 0.0, col_group > 0.0) {
            (_, true, _) => Some((Group::Rows, row_group, 0.0)),
            (_, _, true) => Some((Group::Cols, col_group, 0.0)),
            (false, ..) => Some((Group::Entries, l1, 0.0)),
            _ => None,
        };
        Self { shape, entries, ball, l1: if is_smooth { l1 } else { 0.0 }, group }
    }

    /// The sizes of what a group is of.
    fn norms(&self, x: &[f64], group: Group) -> Vec<f64> {
        let mut squares = match group {
            Group::Entries => return x.iter().map(|x| x.abs()).collect(),
            Group::Rows => vec![0.0; self.shape.rows],
            Group::Cols => vec![0.0; self.shape.cols],
        };
        x.iter().enumerate().for_each(|(at, x)| squares[self.line_of_group(at, group)] += x * x);
        squares.into_iter().map(f64::sqrt).collect()
    }

    /// The number of what an entry belongs to.
    fn line_of_group(&self, at: usize, group: Group) -> usize {
        match group {
            Group::Entries => at,
            Group::Rows => at / self.shape.cols,
            Group::Cols => at % self.shape.cols,
        }
    }

    fn count(&self) -> usize {
        self.shape.entries() * if self.entries == EntryMap::Split { 2 } else { 1 }
    }

    fn begin(&self, x: &[f64], to: &mut Vec<f64>) {
        // How far entries are from a bound; none begins on it.
        let lifted = |distance: &dyn Fn(f64) -> f64| {
            let mean = x.iter().map(|&x| distance(x).abs()).sum::<f64>() / x.len().max(1) as f64;
            let least = LIFT * if mean > 0.0 { mean } else { 1.0 };
            move |distance: f64| distance.max(least).sqrt()
        };
        match self.entries {
            EntryMap::Free => to.extend_from_slice(x),
            EntryMap::AtLeast(lower) => {
                let lift = lifted(&|x| x - lower);
                to.extend(x.iter().map(|x| lift(x - lower)));
            }
            EntryMap::AtMost(upper) => {
                let lift = lifted(&|x| upper - x);
                to.extend(x.iter().map(|x| lift(upper - x)));
            }
            EntryMap::Between(lower, upper) => {
                let share = |x: f64| if upper > lower { (x - lower) / (upper - lower) } else { 0.5 };
                to.extend(x.iter().map(|&x| share(x).clamp(INSIDE, 1.0 - INSIDE).sqrt().asin()));
            }
            EntryMap::Split => {
                let mean = x.iter().map(|x| x.abs()).sum::<f64>() / x.len().max(1) as f64;
                let least = LIFT * if mean > 0.0 { mean } else { 1.0 };
                to.extend(x.iter().map(|x| (x.max(0.0) + least).sqrt()));
                to.extend(x.iter().map(|x| ((-x).max(0.0) + least).sqrt()));
            }
        }
    }

    /// The entries before the lengths of lines are limited.
    fn entries(&self, own: &[f64]) -> Vec<f64> {
        match self.entries {
            EntryMap::Free => own.to_vec(),
            EntryMap::AtLeast(lower) => own.iter().map(|u| lower + u * u).collect(),
            EntryMap::AtMost(upper) => own.iter().map(|u| upper - u * u).collect(),
            EntryMap::Between(lower, upper) => {
                // Rounding may not leave the box.
                own.iter().map(|u| (lower + (upper - lower) * u.sin() * u.sin()).clamp(lower, upper)).collect()
            }
            EntryMap::Split => {
                let (a, b) = own.split_at(self.shape.entries());
                a.iter().zip(b).map(|(a, b)| a * a - b * b).collect()
            }
        }
    }

    /// The factor, and the sum of what stands for the absolute values of its entries.
    fn factor(&self, own: &[f64]) -> (Vec<f64>, f64) {
        let mut x = self.entries(own);
        let scale = self.ball.map(|ball| self.scales(&x, ball));
        let over = |at: usize| scale.as_ref().map_or(1.0, |scale| scale[self.line(at)]);
        if scale.is_some() {
            x.iter_mut().enumerate().for_each(|(at, x)| *x /= over(at));
        }
        let sizes = match self.entries {
            EntryMap::Split => {
                let (a, b) = own.split_at(self.shape.entries());
                a.iter().zip(b).enumerate().map(|(at, (a, b))| (a * a + b * b) / over(at)).sum()
            }
            _ => x.iter().map(|x| x.abs()).sum(),
        };
        (x, sizes)
    }

    /// The number of the row or column that an entry is in, by which lengths are limited.
    fn line(&self, at: usize) -> usize {
        match self.ball {
            Some(Ball::Cols(_)) => at % self.shape.cols,
            Some(Ball::Rows(_)) | None => at / self.shape.cols,
        }
    }

    /// The sum of `values` along each line.
    fn sums(&self, values: impl Iterator<Item = f64>) -> Vec<f64> {
        let lines = if matches!(self.ball, Some(Ball::Cols(_))) { self.shape.cols } else { self.shape.rows };
        let mut sums = vec![0.0; lines];
        values.enumerate().for_each(|(at, value)| sums[self.line(at)] += value);
        sums
    }

    /// What each line is divided by.
    fn scales(&self, z: &[f64], (Ball::Rows(most) | Ball::Cols(most)): Ball) -> Vec<f64> {
        let squares = self.sums(z.iter().map(|z| z * z));
        squares.into_iter().map(|squares| (squares.sqrt() / most).max(1.0)).collect()
    }

    fn gradient(&self, own: &mut [f64], mut slope: Vec<f64>, to: &mut Vec<f64>) {
        let mut lines = None;
        match self.entries {
            EntryMap::Free | EntryMap::Split => {}
            EntryMap::AtMost(upper) | EntryMap::Between(_, upper) if upper <= 0.0 => {
                slope.iter_mut().for_each(|g| *g -= self.l1);
            }
            EntryMap::AtLeast(_) | EntryMap::AtMost(_) | EntryMap::Between(..) => {
                slope.iter_mut().for_each(|g| *g += self.l1);
            }
        }
        if let Some((group, weight, width)) = self.group {
            // In a box with an absolute value and in a ball there may be both.
            let (x, _) = self.factor(own);
            let norms = self.norms(&x, group);
            for (at, (g, x)) in slope.iter_mut().zip(&x).enumerate() {
                *g += weight * x / norms[self.line_of_group(at, group)].hypot(width);
            }
        }
        if let Some(ball) = self.ball {
            let z = self.entries(own);
            let scales = self.scales(&z, ball);
            let (Ball::Rows(most) | Ball::Cols(most)) = ball;
            let mut inner =
                self.sums(z.iter().zip(&slope).enumerate().map(|(at, (z, g))| z / scales[self.line(at)] * g));
            if self.entries == EntryMap::Split && self.l1 > 0.0 {
                let (a, b) = own.split_at(self.shape.entries());
                let sizes = a.iter().zip(b).enumerate();
                let sizes = self.sums(sizes.map(|(at, (a, b))| (a * a + b * b) / scales[self.line(at)]));
                inner.iter_mut().zip(sizes).for_each(|(inner, size)| *inner += self.l1 * size);
            }
            for (at, (g, z)) in slope.iter_mut().zip(&z).enumerate() {
                let (scale, inner) = (scales[self.line(at)], inner[self.line(at)]);
                if scale > 1.0 && inner <= 0.0 {
                    *g = (*g - z / scale * inner / (most * most)) / scale;
                }
            }
            let back: Vec<f64> =
                scales.iter().zip(&inner).map(|(&scale, inner)| if *inner > 0.0 { scale } else { 1.0 }).collect();
            // Bounds beside a limit of lengths are of 0 alone.
            for (at, u) in own.iter_mut().enumerate() {
                let back = back[self.line(at % self.shape.entries())];
                *u /= if self.entries == EntryMap::Free { back } else { back.sqrt() };
            }
            let scales = scales.iter().zip(back).map(|(scale, back)| scale / back).collect::<Vec<f64>>();
            lines = Some(scales);
        }
        match self.entries {
            EntryMap::Free => to.append(&mut slope),
            EntryMap::AtLeast(_) => to.extend(own.iter().zip(&slope).map(|(u, g)| 2.0 * u * g)),
            EntryMap::AtMost(_) => to.extend(own.iter().zip(&slope).map(|(u, g)| -2.0 * u * g)),
            EntryMap::Between(lower, upper) => {
                to.extend(own.iter().zip(&slope).map(|(u, g)| (upper - lower) * (2.0 * u).sin() * g));
            }
            EntryMap::Split => {
                let (a, b) = own.split_at(self.shape.entries());
                let size = |at: usize| self.l1 / lines.as_ref().map_or(1.0, |scales| scales[self.line(at)]);
                to.extend(a.iter().zip(&slope).enumerate().map(|(at, (a, g))| 2.0 * a * (g + size(at))));
                to.extend(b.iter().zip(&slope).enumerate().map(|(at, (b, g))| -2.0 * b * (g - size(at))));
            }
        }
    }

    fn snapped(&self, x: &[f64], g: &[f64]) -> Vec<f64> {
        let mean = |of: &dyn Fn(f64) -> f64| x.iter().map(|&x| of(x)).sum::<f64>() / x.len().max(1) as f64;
        let to = |bound: f64, sign: f64| {
            let near = SNAP * mean(&|x| (x - bound).abs());
            x.iter().zip(g).map(|(&x, g)| if (x - bound).abs() < near && sign * g > 0.0 { bound } else { x }).collect()
        };
        if let Some((group, _, width)) = self.group {
            let norms = self.norms(x, group);
            let is_none = |at: usize| norms[self.line_of_group(at, group)] <= NEAR * width;
            return x.iter().enumerate().map(|(at, &x)| if is_none(at) { 0.0 } else { x }).collect();
        }
        match self.entries {
            EntryMap::Free => x.to_vec(),
            EntryMap::AtLeast(lower) => to(lower, 1.0),
            EntryMap::AtMost(upper) => to(upper, -1.0),
            EntryMap::Between(lower, upper) => {
                let near = SNAP * (upper - lower);
                let snap = |(&x, &g): (&f64, &f64)| match x {
                    x if x - lower < near && g > 0.0 => lower,
                    x if upper - x < near && g < 0.0 => upper,
                    x => x,
                };
                x.iter().zip(g).map(snap).collect()
            }
            EntryMap::Split => {
                let near = SNAP * mean(&f64::abs);
                x.iter().zip(g).map(|(&x, g)| if x.abs() < near && g.abs() < self.l1 { 0.0 } else { x }).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { rows: 3, cols: 2 };
    const NONE: FactorRegularizer = FactorRegularizer {
        entries: Regularizer::NONE,
        row_group: 0.0,
        col_group: 0.0,
        row_norm: None,
        col_norm: None,
    };

    fn all() -> Vec<FactorRegularizer> {
        let bounds = |l1, lower, upper| FactorRegularizer { entries: Regularizer { l1, lower, upper }, ..NONE };
        let (least, most) = (f64::NEG_INFINITY, f64::INFINITY);
        let entries = [
            bounds(0.0, least, most),
            bounds(0.7, least, most),
            bounds(0.0, 0.0, most),
            bounds(0.7, 0.0, most),
            bounds(0.0, least, 0.4),
            bounds(0.7, least, -0.4),
            bounds(0.0, -0.3, 0.8),
            bounds(0.7, 0.0, 1.5),
        ];
        // Lengths are limited beside bounds of 0 alone.
        let in_balls = entries[..4].iter().flat_map(|own| {
            [FactorRegularizer { row_norm: Some(0.9), ..*own }, FactorRegularizer { col_norm: Some(0.9), ..*own }]
        });
        in_balls.chain(entries).collect()
    }

    fn of(regularizer: &FactorRegularizer) -> Variables {
        Variables { parts: vec![FactorVariables::of(SHAPE, regularizer)] }
    }

    #[test]
    fn gradients_are_those_of_the_cost_with_its_penalties() {
        // A smooth cost with a gradient that differs from entry to entry.
        let cost = |x: &[f64]| x.iter().enumerate().map(|(at, x)| (x - 0.3 * at as f64).powi(2) + x.sin()).sum::<f64>();
        let slope =
            |x: &[f64]| x.iter().enumerate().map(|(at, x)| 2.0 * (x - 0.3 * at as f64) + x.cos()).collect::<Vec<f64>>();
        for regularizer in all() {
            let variables = of(&regularizer);
            let mut start: Vec<f64> = (0..variables.count()).map(|at| ((5 * at + 3) as f64).sin()).collect();
            let value = |u: &[f64]| {
                let (factors, excess) = variables.factors(u);
                cost(&factors[0]) + regularizer.penalty(&factors[0], SHAPE) + excess
            };
            let before = (start.clone(), variables.factors(&start).0);
            let gradient = variables.gradient(&mut start, vec![slope(&before.1[0])]);
            let same = variables.factors(&start).0[0].iter().zip(&before.1[0]).all(|(a, b)| (a - b).abs() < 1e-12);
            assert!(same, "{regularizer:?}");
            // On a limit, where a line was taken back to, there is a kink.
            for at in (0..start.len()).filter(|_| start == before.0) {
                let moved = |by: f64| {
                    value(
                        &start.iter().enumerate().map(|(k, u)| if k == at { u + by } else { *u }).collect::<Vec<f64>>(),
                    )
                };
                let found = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!(
                    (found - gradient[at]).abs() < 1e-6 * (1.0 + found.abs()),
                    "{regularizer:?}: {found} is no {}",
                    gradient[at]
                );
            }
        }
    }

    #[test]
    fn factors_satisfy_their_constraints_and_a_start_is_met() {
        for regularizer in all() {
            let variables = of(&regularizer);
            let mut x = vec![0.3, -0.2, 0.0, 0.9, 0.5, -0.6];
            regularizer.constraints().apply(&mut x, SHAPE, 1.0);
            let near = |u: &[f64], most: f64| {
                let found = variables.factors(u).0.remove(0);
                let mut projected = found.clone();
                regularizer.constraints().apply(&mut projected, SHAPE, 1.0);
                let is_feasible = projected.iter().zip(&found).all(|(a, b)| (a - b).abs() < 1e-12);
                assert!(is_feasible, "{regularizer:?}: {found:?}");
                assert!(
                    found.iter().zip(&x).all(|(a, b)| (a - b).abs() < most),
                    "{regularizer:?}: {found:?} for {x:?}"
                );
            };
            near(&variables.begin(std::slice::from_ref(&x)), 0.02);
            near(&vec![1.7; variables.count()], f64::INFINITY);
        }
    }
}
