//! Least squares: rows moved to the minimum of their quadratics.
//! In: the rows' Grams and linear term.  Out: rows moved, and by how much the quadratic fell.
//! Invariant: a Gram that is singular makes the step shorter, and the objective still falls.
//! Not here: the factorizations (see `cholesky` of the kernels), bounds and penalties (see `descent`, `proximal`).

use eckart_kernels::{Cholesky, GramWorkspace, RowSystem, View, shifts};

use super::grams::{Grams, LinearTerm, TOGETHER, read, times, write};
use crate::run::{Numbers, simd_level, sum_rows};

/// Moves each row to its minimum; returns the decrease.
pub(super) fn least_squares<T: Numbers>(grams: &Grams<T>, linear: LinearTerm<'_, T>, array: &mut [T]) -> f64 {
    if !grams.is_shared() {
        return grams.solve_each(array, linear);
    }
    let Some(solver) = Cholesky::shifted(simd_level(), &grams.shared, grams.rank, least_shift::<T>()) else {
        return 0.0;
    };
    solve_shared(array, linear, grams, &solver)
}

impl<T: Numbers> Grams<T> {
    /// Moves each row to its minimum, by a Cholesky factorization each; returns the decrease.
    ///
    /// A singular Gram is made regular by the least multiple of the identity, tried in steps, that lets it be factored:
    /// the step is then shorter than to the minimum, and still falls.
    pub(super) fn solve_each(&self, array: &mut [T], linear: LinearTerm<'_, T>) -> f64 {
        let r = self.rank;
        sum_rows(array, r, &self.cut, |range, part| {
            let (mut workspace, mut gram) = (GramWorkspace::new(r), self.shared.clone());
            let mut own =
                LeastSquares { system: RowSystem::new(r), old: vec![0.0; r], side: vec![0.0; r], new: vec![0.0; r] };
            let (terms, is_gradient) = linear.rows(&range, r);
            let mut total = 0.0;
            for (i, (numbers, term)) in range.zip(part.chunks_mut(r).zip(terms.chunks(r))) {
                self.upper_of_row(i, &mut workspace, &mut gram);
                read(numbers, &mut own.old);
                read(term, &mut own.side);
                if let Some(fell) = own.solve(&gram, is_gradient, least_shift::<T>())
                    && own.new.iter().all(|x| T::from_f64(*x).to_f64().is_finite())
                {
                    write(&own.new, numbers);
                    total += fell;
                }
            }
            total
        })
    }
}

/// Of the mean of a Gram's diagonal: what is added before it is factored. Linear terms of f32 are not right to more
/// than this, and a Gram without it would make a long step of what is rounding.
fn least_shift<T>() -> f64 {
    if size_of::<T>() == 4 { 1e-6 } else { 0.0 }
}

/// A row and its system.
struct LeastSquares {
    system: RowSystem,
    old: Vec<f64>,
    side: Vec<f64>,
    new: Vec<f64>,
}

impl LeastSquares {
    /// Puts the minimum into `new`; returns how far it lies below, or `None` where there is none to be found.
    fn solve(&mut self, gram: &[f64], is_gradient: bool, least: f64) -> Option<f64> {
        let (r, level) = (self.old.len(), simd_level());
        let Self { system, old, side, new } = self;
        let (along, shift) = shifts(gram, r, least).find_map(|shift| {
            system.load(gram, shift, &|k| if is_gradient { -0.5 * side[k] } else { side[k] + shift * old[k] });
            Some((system.solve(level, new)?, shift))
        })?;
        // <d, M d>, and the shift's share, which counts once more.
        let fell = if is_gradient {
            let squares: f64 = new.iter().map(|d| d * d).sum();
            new.iter_mut().zip(old.iter()).for_each(|(x, b)| *x += b);
            along + shift * squares
        } else {
            let d = side;
            (0..r).for_each(|k| d[k] = new[k] - old[k]);
            system.length(level, d) + shift * d.iter().map(|d| d * d).sum::<f64>()
        };
        fell.is_finite().then_some(fell)
    }
}

/// Moves rows that all have one Gram by -(b G - l) M^-1, where M = G + shift I is what `solver` has factored: to
/// the minimum where nothing was added. Returns the decrease: where M may be close to singular, of the step as it is,
/// not as it should be.
fn solve_shared<T: Numbers>(array: &mut [T], linear: LinearTerm<'_, T>, grams: &Grams<T>, solver: &Cholesky) -> f64 {
    let (r, gram) = (grams.rank, &grams.shared[..]);
    // For fewer rows than columns the inverse is more work than the rows are.
    let inverse = (array.len() >= r * r).then(|| solver.inverse());
    let shift = solver.shift;
    sum_rows(array, r, &grams.cut, |range, part| {
        let (terms, is_gradient) = linear.rows(&range, r);
        let (mut rows, mut half, mut step) =
            (vec![0.0; TOGETHER * r], vec![0.0; TOGETHER * r], vec![0.0; TOGETHER * r]);
        let is_regular = shift > 0.0 && least_shift::<T>() > 0.0;
        let mut total = 0.0;
        for (numbers, terms) in part.chunks_mut(TOGETHER * r).zip(terms.chunks(TOGETHER * r)) {
            let len = numbers.len();
            let (rows, half, step) = (&mut rows[..len], &mut half[..len], &mut step[..len]);
            let scale = if is_gradient { 0.5 } else { -1.0 };
            half.iter_mut().zip(terms).for_each(|(h, t)| *h = scale * t.to_f64());
            if !is_gradient {
                read(numbers, rows);
                times(half, View::rows_of(rows, r), View::rows_of(gram, r));
            }
            if let Some(inverse) = &inverse {
                step.fill(0.0);
                times(step, View::rows_of(half, r), View::rows_of(inverse, r));
            } else {
                step.copy_from_slice(half);
                solver.solve_rows(step);
            }
            // The step times G: what it would be times M, where it is exact, is known without a product.
            if is_regular {
                rows.iter_mut().zip(half.iter().zip(step.iter())).for_each(|(x, (h, d))| *x = h - shift * d);
            } else {
                rows.fill(0.0);
                times(rows, View::rows_of(step, r), View::rows_of(gram, r));
            }
            let moves = half.chunks(r).zip(step.chunks(r)).zip(rows.chunks(r));
            for (numbers, ((half, step), curved)) in numbers.chunks_mut(r).zip(moves) {
                let fell: f64 = half.iter().zip(step).zip(curved).map(|((h, d), c)| d * (2.0 * h - c)).sum();
                if fell.is_finite() && fell >= 0.0 && (0..r).all(|k| (numbers[k].to_f64() - step[k]).is_finite()) {
                    numbers.iter_mut().zip(step).for_each(|(b, d)| *b = T::from_f64(b.to_f64() - d));
                    total += fell;
                }
            }
        }
        total
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::data::{Pattern, Shards};
    use crate::facts::Shape;
    use crate::run::Cut;
    use crate::run::rows::grams::{Grams, LinearTerm, SampledRows, Weights};
    use crate::run::{Entries, Held, Rect, with_threads};

    fn numbers<T: Numbers>(len: usize, seed: f64) -> Vec<T> {
        (0..len).map(|k| T::from_f64((seed + (k * k) as f64 * 0.37).sin())).collect()
    }

    fn rect<T: Numbers>(rows: usize, cols: usize, seed: f64) -> Rect<T> {
        Rect::new(Shape { rows, cols }, numbers(rows * cols, seed))
    }

    /// Rows of very different lengths, some empty.
    fn weights<T: Numbers>(n: usize, m: usize) -> Weights<T> {
        let (mut indptr, mut indices) = (vec![0], Vec::new());
        for i in 0..n {
            indices.extend((0..m).step_by(1 + i % 7).filter(|j| i % 5 != 2 && i + j != 4).map(|j| j as u32));
            indptr.push(indices.len());
        }
        let pattern = Pattern::new(n, m, indptr, indices).unwrap();
        let values: Vec<T> = (0..pattern.nnz()).map(|k| T::from_f64(0.5 + (k % 3) as f64)).collect();
        Weights(Held::Sparse(Entries::on(Arc::new(pattern), values)))
    }

    /// b G b.T - 2 <b, l>, summed over all rows.
    fn value<T: Numbers>(grams: &Grams<T>, array: &[T], linear: &[T]) -> f64 {
        let mut copy = array.to_vec();
        grams.each_row(&mut copy, LinearTerm::Known(linear), || {
            |b: &mut [f64], l: &[f64], gram: &[f64]| {
                let r = b.len();
                let along = |k: usize| (0..r).map(|j| b[j] * gram[j * r + k]).sum::<f64>();
                (0..r).map(|k| b[k] * (along(k) - 2.0 * l[k])).sum()
            }
        })
    }

    /// Rows end where no step helps, from either side, and know how far they fell.
    fn check<T: Numbers>(n: usize, r: usize, sampled: bool, shared: bool) {
        let m = 60;
        let ridge = |at: usize| if shared && at / r == at % r { 0.7 } else { 0.0 };
        let sums = SampledRows { scale: 1.5, weights: weights(n, m), left: rect(m, r, 2.0), right: None };
        let mut shared_gram: Vec<f64> = (0..r * r).map(ridge).collect();
        if !sampled {
            let panel = rect::<f64>(2 * r + 3, r, 4.0);
            (0..r * r).for_each(|at| {
                shared_gram[at] += (0..2 * r + 3).map(|i| panel.row(i)[at / r] * panel.row(i)[at % r]).sum::<f64>()
            });
        }
        let grams = Grams {
            rank: r,
            cut: Cut::none(n),
            shared: shared_gram,
            scaled: vec![],
            sampled: if sampled { vec![sums] } else { vec![] },
        };
        // A linear term in the span of the Gram, so that there is a minimum.
        let mut linear = numbers::<T>(n * r, 1.0);
        grams.each_row(&mut linear, LinearTerm::Known(&numbers(n * r, 5.0)), || {
            let mut out = vec![0.0; r];
            move |b: &mut [f64], _: &[f64], gram: &[f64]| {
                (0..r).for_each(|k| out[k] = (0..r).map(|j| b[j] * gram[j * r + k]).sum());
                b.copy_from_slice(&out);
                0.0
            }
        });
        let start = numbers::<T>(n * r, 3.0);
        let gradient: Vec<T> = {
            let mut out = start.clone();
            grams.each_row(&mut out, LinearTerm::Known(&linear), || {
                move |b: &mut [f64], l: &[f64], gram: &[f64]| {
                    let half: Vec<f64> =
                        (0..r).map(|k| (0..r).map(|j| b[j] * gram[j * r + k]).sum::<f64>() - l[k]).collect();
                    b.iter_mut().zip(half).for_each(|(b, half)| *b = 2.0 * half);
                    0.0
                }
            });
            out
        };
        let before = value(&grams, &start, &linear);
        let epsilon = if size_of::<T>() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON };
        for side in [LinearTerm::Known(&linear[..]), LinearTerm::OfGradient(&gradient[..])] {
            let mut array = start.clone();
            let fell = if sampled {
                grams.solve_each(&mut array, side)
            } else {
                let solver = Cholesky::shifted(simd_level(), &grams.shared, r, 0.0).unwrap();
                solve_shared(&mut array, side, &grams, &solver)
            };
            let after = value(&grams, &array, &linear);
            let slack = 200.0 * epsilon * (before.abs() + fell.abs()) * r as f64;
            assert!((before - after - fell).abs() <= slack, "{n} {r} {sampled} {shared}: {fell} {}", before - after);
            for sign in [-1e-3, 1e-3] {
                let near: Vec<T> =
                    array.iter().enumerate().map(|(k, b)| T::from_f64(b.to_f64() + sign * (k as f64).sin())).collect();
                assert!(value(&grams, &near, &linear) >= after - slack, "{n} {r} {sampled} {shared}");
            }
        }
    }

    #[test]
    fn rows_are_moved_to_their_minimum() {
        for n in [1, 9, 300] {
            for r in [1, 3, 17, 33] {
                for (sampled, shared) in [(true, true), (true, false), (false, true)] {
                    check::<f32>(n, r, sampled, shared);
                    check::<f64>(n, r, sampled, shared);
                }
            }
        }
    }

    #[test]
    fn shards_of_rows_of_different_lengths_give_the_same_bits_with_any_threads() {
        let (n, m, r) = (3000, 60, 5);
        let grams = Grams {
            rank: r,
            cut: Cut::of(Shards::even(n, 7)),
            shared: (0..r * r).map(|at| f64::from(u8::from(at % (r + 1) == 0))).collect(),
            scaled: vec![],
            sampled: vec![SampledRows {
                scale: 1.0,
                weights: weights(n, m),
                left: rect::<f32>(m, r, 2.0),
                right: None,
            }],
        };
        let run = |threads| {
            let mut array = numbers::<f32>(n * r, 3.0);
            let linear = numbers::<f32>(n * r, 1.0);
            let solve = || grams.solve_each(&mut array, LinearTerm::Known(&linear));
            let fell = with_threads(Some(threads), solve).unwrap();
            (fell.to_bits(), array)
        };
        assert_eq!(run(1), run(2));
    }
}
