//! Grams: the quadratics of a factor's rows, as numbers: one Gram for all rows, or one a row.
//! In: panels, weights, rows of a factor (n x r).  Out: the Gram of each row; rows moved, and by how much the quadratic
//! fell.
//! Invariant: panels and weights have the type of the factor, Grams and decreases are f64; rows are independent, and
//! the cut into shards depends on the data alone.
//! Not here: where the numbers come from and which way rows are moved (see `solve`), the inner loops (see `kernels`).

use std::ops::Range;

use eckart_kernels::{Common, Gathered, Kernels, Picked, Steps, System, View, solve};

use super::machine::shard_sums::{sum_rows, sum_rows_by};
use super::machine::simd::simd_level;
use super::value::typed::{Held, Numbers, Rect};

/// Row i has the Gram `shared + sum_t u_t[i] G_t + sum_j C[i, j] left[j].T right[j]`, made symmetric.
pub(crate) struct Grams<T> {
    /// r.
    pub rank: usize,
    /// r x r, symmetric.
    pub shared: Vec<f64>,
    /// A number a row, and what it multiplies.
    pub scaled: Vec<(Vec<f64>, Vec<f64>)>,
    /// Sums over the entries of a row.
    pub sampled: Vec<Sums<T>>,
}

/// A sum over the entries of a row of weights.
pub(crate) struct Sums<T> {
    /// All weights times this.
    pub scale: f64,
    /// n x m.
    pub weights: Weights<T>,
    /// m x r.
    pub left: Rect<T>,
    /// m x r, where it is not the left side.
    pub right: Option<Rect<T>>,
}

/// What a row's quadratic <b, b G> - 2 <b, l> has beside its Gram: l, or the gradient 2 (b G - l) where the row is.
#[derive(Clone, Copy)]
pub(crate) enum Side<'a, T> {
    /// l of every row.
    Linear(&'a [T]),
    /// The gradient of every row.
    Gradient(&'a [T]),
}

impl<'a, T> Side<'a, T> {
    fn rows(self, range: &Range<usize>, r: usize) -> (&'a [T], bool) {
        let of = |all: &'a [T]| &all[range.start * r..range.end * r];
        match self {
            Self::Linear(all) => (of(all), false),
            Self::Gradient(all) => (of(all), true),
        }
    }
}

/// A number for each entry of a matrix, or for the stored ones.
pub(crate) struct Weights<T>(pub Held<T>);

impl<T: Numbers> Weights<T> {
    /// The entries of row i.
    pub(super) fn row(&self, i: usize) -> Picked<'_, T> {
        match &self.0 {
            Held::Dense(rect) => Picked { columns: None, weights: rect.row(i) },
            Held::Sparse(entries) => {
                let range = entries.range(i);
                Picked { columns: Some(&entries.indices()[range.clone()]), weights: &entries.values[range] }
            }
        }
    }

    /// Where the entries of each row begin, where rows have different numbers of them.
    pub(super) fn ends(&self) -> Option<&[usize]> {
        if let Held::Sparse(entries) = &self.0 { Some(entries.indptr()) } else { None }
    }

    /// The sum of all.
    pub(crate) fn total(&self) -> f64 {
        let numbers = match &self.0 {
            Held::Dense(rect) => &rect.data,
            Held::Sparse(entries) => &entries.values,
        };
        super::sum_by(numbers.len(), |at| numbers[at].to_f64())
    }
}

impl<T: Numbers> Grams<T> {
    /// Whether all rows have one Gram.
    pub(crate) fn is_shared(&self) -> bool {
        self.scaled.is_empty() && self.sampled.is_empty()
    }

    /// Whether they have, and every entry of a row has a positive curvature.
    pub(crate) fn is_definite_shared(&self) -> bool {
        self.is_shared() && (0..self.rank).all(|k| self.shared[k * self.rank + k] > 0.0)
    }

    /// The Gram of row i, into `gram` (r x r): its upper triangle.
    fn upper_of_row(&self, i: usize, room: &mut Gathered<T>, gram: &mut [f64]) {
        gram.copy_from_slice(&self.shared);
        for (rows, of_all) in &self.scaled {
            gram.iter_mut().zip(of_all).for_each(|(g, a)| *g += rows[i] * a);
        }
        for Sums { scale, weights, left, right } in &self.sampled {
            let right = right.as_ref().map(|right| &right.data[..]);
            T::row_gram(simd_level(), (weights.row(i), *scale), (&left.data, right, self.rank), room, gram);
        }
    }

    /// Calls what `visitor` makes, once a shard of rows, with each row of the array, its linear term and its Gram, in
    /// f64; returns the sum of what it returns.
    pub(crate) fn each_row<V>(&self, array: &mut [T], side: Side<'_, T>, visitor: impl Fn() -> V + Sync) -> f64
    where
        V: FnMut(&mut [f64], &[f64], &[f64]) -> f64,
    {
        let r = self.rank;
        sum_rows_by(array, r, self.ends(), |range, part| {
            let (mut room, mut gram) = (Gathered::new(r), self.shared.clone());
            let (mut row, mut linear) = (vec![0.0; r], vec![0.0; r]);
            let mut visit = visitor();
            let (terms, is_gradient) = side.rows(&range, r);
            let mut total = 0.0;
            for (i, (numbers, term)) in range.zip(part.chunks_mut(r).zip(terms.chunks(r))) {
                if !self.is_shared() {
                    self.upper_of_row(i, &mut room, &mut gram);
                    mirror(&mut gram, r);
                }
                read(numbers, &mut row);
                read(term, &mut linear);
                if is_gradient {
                    // The parabola that touches at b has l = b G - gradient / 2.
                    linear.iter_mut().for_each(|l| *l *= -0.5);
                    times(&mut linear, View::rows_of(&row, r), View::rows_of(&gram, r));
                }
                total += visit(&mut row, &linear, &gram);
                write(&row, numbers);
            }
            total
        })
    }

    /// Moves each row to its minimum, by a Cholesky factorization each; returns the decrease.
    ///
    /// A singular Gram is made regular by the least multiple of the identity, tried in steps, that lets it be factored:
    /// the step is then shorter than to the minimum, and still falls.
    pub(crate) fn solve_each(&self, array: &mut [T], side: Side<'_, T>) -> f64 {
        let r = self.rank;
        sum_rows_by(array, r, self.ends(), |range, part| {
            let (mut room, mut gram) = (Gathered::new(r), self.shared.clone());
            let mut own = Own { system: System::new(r), old: vec![0.0; r], side: vec![0.0; r], new: vec![0.0; r] };
            let (terms, is_gradient) = side.rows(&range, r);
            let mut total = 0.0;
            for (i, (numbers, term)) in range.zip(part.chunks_mut(r).zip(terms.chunks(r))) {
                self.upper_of_row(i, &mut room, &mut gram);
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

    /// Moves each row by conjugate gradient steps, no Gram being made; returns the decrease. `None` where the Grams are
    /// not one for all and one sum over the entries of each row.
    pub(crate) fn descend_each(&self, array: &mut [T], linear: &[T], steps: usize) -> Option<f64> {
        let (r, [Sums { scale, weights, left, right: None }]) = (self.rank, &self.sampled[..]) else { return None };
        if !self.scaled.is_empty() {
            return None;
        }
        let common = Common::new(&self.shared, r);
        Some(sum_rows_by(array, r, self.ends(), |range, part| {
            let mut room = Steps::new(r);
            let mut total = 0.0;
            for (i, row) in range.zip(part.chunks_mut(r)) {
                let entries = (weights.row(i), *scale, &left.data[..]);
                let linear = &linear[i * r..(i + 1) * r];
                total += T::row_cg(simd_level(), (row, linear), &common, entries, steps, &mut room);
            }
            total
        }))
    }

    fn ends(&self) -> Option<&[usize]> {
        self.sampled.iter().find_map(|sums| sums.weights.ends())
    }
}

/// Of the mean of a Gram's diagonal: what is added before it is factored. Linear terms of f32 are not right to more
/// than this, and a Gram without it would make a long step of what is rounding.
pub(crate) fn least_shift<T>() -> f64 {
    if size_of::<T>() == 4 { 1e-6 } else { 0.0 }
}

/// Of the mean of the diagonal: the first shift that is tried where none does not do.
const FIRST_SHIFT: f64 = 1e-13;
/// How many are tried, each ten times the one before.
const SHIFTS: usize = 14;

/// A row and its system.
struct Own {
    system: System,
    old: Vec<f64>,
    side: Vec<f64>,
    new: Vec<f64>,
}

impl Own {
    /// Puts the minimum into `new`; returns how far it lies below, or `None` where there is none to be found.
    fn solve(&mut self, gram: &[f64], is_gradient: bool, least: f64) -> Option<f64> {
        let (r, level) = (self.old.len(), simd_level());
        let scale = (0..r).map(|k| gram[k * r + k]).sum::<f64>() / r as f64;
        if !(scale > 0.0 && scale.is_finite()) {
            return None;
        }
        let mut shift = least * scale;
        for _ in 0..SHIFTS {
            let Self { system, old, side, new } = self;
            system.load(gram, shift, &|k| if is_gradient { -0.5 * side[k] } else { side[k] + shift * old[k] });
            let Some(along) = solve(level, system, new) else {
                shift = if shift == 0.0 { FIRST_SHIFT * scale } else { 10.0 * shift };
                continue;
            };
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
            return fell.is_finite().then_some(fell);
        }
        None
    }
}

/// Rows that are moved together where all have one Gram: they and what is made of them stay in a core's own cache.
const TOGETHER: usize = 64;

/// Moves rows that all have the Gram `gram` by -(b G - l) M^-1, where M = G + shift I and `inverse` is M^-1: to the
/// minimum where nothing was added. Returns the decrease: where M may be close to singular, of the step as it is, not
/// as it should be.
pub(crate) fn solve_shared<T: Numbers>(
    array: &mut [T],
    side: Side<'_, T>,
    (gram, inverse, shift): (&[f64], &[f64], f64),
    r: usize,
) -> f64 {
    sum_rows(array, r, |range, part| {
        let (terms, is_gradient) = side.rows(&range, r);
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
            step.fill(0.0);
            times(step, View::rows_of(half, r), View::rows_of(inverse, r));
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

/// B G - gradient / 2: the linear term of the parabola that touches at B and has the Gram G for all rows.
pub(crate) fn tangent<T: Numbers>(array: &[T], gradient: &[T], gram: &[f64], r: usize) -> Vec<T> {
    let mut linear = T::pool().take(array.len());
    sum_rows(&mut linear, r, |range, part| {
        let all = range.start * r..range.end * r;
        let (mut rows, mut along) = (vec![0.0; TOGETHER * r], vec![0.0; TOGETHER * r]);
        let parts = part.chunks_mut(TOGETHER * r).zip(array[all.clone()].chunks(TOGETHER * r));
        for ((linear, array), gradient) in parts.zip(gradient[all].chunks(TOGETHER * r)) {
            let (rows, along) = (&mut rows[..linear.len()], &mut along[..linear.len()]);
            read(array, rows);
            along.iter_mut().zip(gradient).for_each(|(l, g)| *l = -0.5 * g.to_f64());
            times(along, View::rows_of(rows, r), View::rows_of(gram, r));
            write(along, linear);
        }
        0.0
    });
    linear
}

/// A M, where A has k columns and M (k x r) is small.
pub(crate) fn times_small<T: Numbers>(array: &[T], small: &[f64], (k, r): (usize, usize)) -> Vec<T> {
    let mut out = T::pool().take(array.len() / k.max(1) * r);
    sum_rows(&mut out, r, |range, part| {
        let (mut rows, mut product) = (vec![0.0; TOGETHER * k], vec![0.0; TOGETHER * r]);
        let from = &array[range.start * k..range.end * k];
        for (numbers, from) in part.chunks_mut(TOGETHER * r).zip(from.chunks(TOGETHER * k)) {
            let (rows, product) = (&mut rows[..from.len()], &mut product[..numbers.len()]);
            read(from, rows);
            product.fill(0.0);
            times(product, View::rows_of(rows, k), View::rows_of(small, r));
            write(product, numbers);
        }
        0.0
    });
    out
}

fn read<T: Numbers>(from: &[T], to: &mut [f64]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = from.to_f64());
}

fn write<T: Numbers>(from: &[f64], to: &mut [T]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = T::from_f64(*from));
}

/// `out` += `a` `b` in f64.
fn times(out: &mut [f64], a: View<'_>, b: View<'_>) {
    f64::multiply_add(simd_level(), out, a, b, None);
}

/// Writes the upper triangle into the lower one.
fn mirror(gram: &mut [f64], r: usize) {
    for k in 0..r {
        for l in 0..k {
            gram[k * r + l] = gram[l * r + k];
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::data::Pattern;
    use crate::facts::Shape;
    use crate::run::value::typed::Entries;

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
        grams.each_row(&mut copy, Side::Linear(linear), || {
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
        let sums = Sums { scale: 1.5, weights: weights(n, m), left: rect(m, r, 2.0), right: None };
        let mut shared_gram: Vec<f64> = (0..r * r).map(ridge).collect();
        if !sampled {
            let panel = rect::<f64>(2 * r + 3, r, 4.0);
            (0..r * r).for_each(|at| {
                shared_gram[at] += (0..2 * r + 3).map(|i| panel.row(i)[at / r] * panel.row(i)[at % r]).sum::<f64>()
            });
        }
        let grams =
            Grams { rank: r, shared: shared_gram, scaled: vec![], sampled: if sampled { vec![sums] } else { vec![] } };
        // A linear term in the span of the Gram, so that there is a minimum.
        let mut linear = numbers::<T>(n * r, 1.0);
        grams.each_row(&mut linear, Side::Linear(&numbers(n * r, 5.0)), || {
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
            grams.each_row(&mut out, Side::Linear(&linear), || {
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
        for side in [Side::Linear(&linear[..]), Side::Gradient(&gradient[..])] {
            let mut array = start.clone();
            let fell = if sampled {
                grams.solve_each(&mut array, side)
            } else {
                let mut inverse = vec![0.0; r * r];
                for (k, row) in inverse.chunks_mut(r).enumerate() {
                    let mut system = System::new(r);
                    system.load(&grams.shared, 0.0, &|l| f64::from(u8::from(k == l)));
                    solve(simd_level(), &mut system, row).unwrap();
                }
                solve_shared(&mut array, side, (&grams.shared, &inverse, 0.0), r)
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
            shared: (0..r * r).map(|at| f64::from(u8::from(at % (r + 1) == 0))).collect(),
            scaled: vec![],
            sampled: vec![Sums { scale: 1.0, weights: weights(n, m), left: rect::<f32>(m, r, 2.0), right: None }],
        };
        let run = |threads| {
            let mut array = numbers::<f32>(n * r, 3.0);
            let linear = numbers::<f32>(n * r, 1.0);
            let solve = || grams.solve_each(&mut array, Side::Linear(&linear));
            let fell = super::super::with_threads(Some(threads), solve).unwrap();
            (fell.to_bits(), array)
        };
        assert_eq!(run(1), run(2));
    }
}
