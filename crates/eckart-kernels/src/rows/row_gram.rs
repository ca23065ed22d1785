//! Row Gram: the Gram of a row whose entries choose rows of a panel, each with a weight.
//! In: the columns and weights of a row and what all weights are multiplied by, panels A and B (m x r).  Out: G (r x r,
//! f64, upper triangle) += sum_j w_j a_j.T b_j.
//! Invariant: one thread, one order; f32 adds up at most 256 rows before it becomes f64.
//! Not here: the cut into rows for threads, what is solved with G (see `cholesky`).
//!
//! About d r (r + 16) flops for d entries where A is B, of which one triangle is made; d r numbers are read, wherever
//! they lie. Loops: blocks of entries, whose rows are gathered side by side, once as they are and once times their
//! weights; tiles of columns, entries (see `panel`). Where A is not B the product is made in full and its two halves
//! are averaged.

use std::ops::Range;

use crate::dense::{Target, View, panel};
use crate::number::Number;
use crate::simd::{Element, Job, Lanes, SimdLevel, prefetch_all};

/// Entries that are added up as T: f32 keeps about as many digits as its products have.
const ROWS: usize = 256;
/// Bytes of what is gathered as it is, about: with as many times the weights it stays in the first cache.
const IN_L1: usize = 1 << 14;
/// Columns of G that are made together: few, so that little is made below the diagonal.
const COLUMNS: usize = 16;
/// How many entries ahead rows of the panel are asked for.
const AHEAD: usize = 8;

/// The entries of a row: all columns in order, or those that are named; and a weight each.
#[derive(Debug, Clone, Copy)]
pub struct Picked<'a, T> {
    /// `None`: column k is entry k.
    pub columns: Option<&'a [u32]>,
    /// As many as there are entries.
    pub weights: &'a [T],
}

impl<T> Picked<'_, T> {
    /// The column of entry `at`.
    #[inline(always)]
    pub fn column(&self, at: usize) -> usize {
        self.columns.map_or(at, |columns| columns[at] as usize)
    }
}

/// The sum scale sum_j w_j a_j.T b_j over the entries of a row, where a_j and b_j are rows of two panels (m x r).
#[derive(Debug, Clone, Copy)]
pub struct RowSum<'a, T> {
    /// Which rows of the panels, and the w_j.
    pub picked: Picked<'a, T>,
    /// What all weights are multiplied by.
    pub scale: f64,
    /// The a_j.
    pub left: View<'a, T>,
    /// The b_j, where they are not the a_j.
    pub right: Option<View<'a, T>>,
}

impl<T> RowSum<'_, T> {
    /// # Panics
    /// Where entries lack a weight.
    pub(super) fn check(&self) {
        let Picked { columns, weights } = self.picked;
        assert!(columns.is_none_or(|columns| columns.len() == weights.len()), "a weight for each column");
    }
}

/// Working arrays for what is gathered.
#[derive(Debug)]
pub struct GramWorkspace<T> {
    plain: Vec<T>,
    scaled: Vec<T>,
    part: Vec<T>,
}

impl<T: Number> GramWorkspace<T> {
    /// For Grams of side `r`.
    pub fn new(r: usize) -> Self {
        let some = || vec![T::default(); ROWS * r];
        Self { plain: some(), scaled: some(), part: vec![T::default(); r * r] }
    }
}

pub(crate) fn row_gram<T: Element>(
    level: SimdLevel,
    sum: RowSum<'_, T>,
    workspace: &mut GramWorkspace<T>,
    g: &mut [f64],
) {
    sum.check();
    let (count, r) = (sum.picked.weights.len(), sum.left.cols);
    assert_eq!(g.len(), r * r, "a number for each pair of columns");
    let block = (IN_L1 / (r.max(1) * size_of::<T>())).clamp(16, ROWS);
    for short in (0..count).step_by(ROWS) {
        let end = (short + ROWS).min(count);
        for from in (short..end).step_by(block) {
            add(level, &sum, from..(from + block).min(end), workspace, from == short);
        }
        match sum.right {
            Some(_) => average(&workspace.part, r, g),
            None => T::at_level(level, Widen { part: &workspace.part, r, g }),
        }
    }
}

/// `part` = (`fresh`) or += what some entries say: all of it where there is a right side, else the tiles that hold its
/// upper triangle.
fn add<T: Element>(
    level: SimdLevel,
    sum: &RowSum<'_, T>,
    entries: Range<usize>,
    workspace: &mut GramWorkspace<T>,
    fresh: bool,
) {
    let RowSum { picked, scale, left, right } = *sum;
    let (r, rows, from) = (left.cols, entries.len(), entries.start);
    let GramWorkspace { plain, scaled, part } = workspace;
    let (b, a) = (&mut plain[..rows * r], &mut scaled[..rows * r]);
    let (scale, left, right) = (T::from_f64(scale), left.whole_rows(), right.unwrap_or(left).whole_rows());
    T::at_level(level, GatherRows { picked, scale, left, right, r, from, scaled: a, plain: b });
    let high = if sum.right.is_some() { r } else { COLUMNS };
    for k in (0..r).step_by(high.max(1)) {
        let columns = View::rows_of(a, r).columns(k, high.min(r - k)).transposed();
        let to = Target { data: &mut part[k * r + k..], stride: r, fresh };
        panel(level, to, columns, true, View::rows_of(b, r).columns(k, r - k));
    }
}

/// The upper triangle of the mean of a matrix and its transpose.
fn average<T: Element>(part: &[T], r: usize, g: &mut [f64]) {
    for k in 0..r {
        for l in k..r {
            g[k * r + l] += 0.5 * (part[k * r + l].to_f64() + part[l * r + k].to_f64());
        }
    }
}

struct GatherRows<'a, T> {
    picked: Picked<'a, T>,
    scale: T,
    left: &'a [T],
    right: &'a [T],
    r: usize,
    from: usize,
    scaled: &'a mut [T],
    plain: &'a mut [T],
}

impl<T: Element> Job<T> for GatherRows<'_, T> {
    type Out = ();
    #[inline(always)]
    // SAFETY: asks for no more than the trait says.
    unsafe fn run<L: Lanes<Num = T>>(self) {
        let (r, picked, right) = (self.r, self.picked, self.right);
        let last = picked.weights.len() - 1;
        for (k, (scaled, plain)) in self.scaled.chunks_exact_mut(r).zip(self.plain.chunks_exact_mut(r)).enumerate() {
            let at = self.from + k;
            let coming = picked.column((at + AHEAD).min(last)) * r;
            prefetch_all(self.left.as_ptr().wrapping_add(coming), r * size_of::<T>());
            let j = picked.column(at) * r;
            let (a, b) = (&self.left[j..j + r], &right[j..j + r]);
            let weight = self.scale * picked.weights[at];
            for l in 0..r {
                scaled[l] = weight * a[l];
                plain[l] = b[l];
            }
        }
    }
}

struct Widen<'a, T> {
    part: &'a [T],
    r: usize,
    g: &'a mut [f64],
}

impl<T: Element> Job<T> for Widen<'_, T> {
    type Out = ();
    #[inline(always)]
    // SAFETY: asks for no more than the trait says.
    unsafe fn run<L: Lanes<Num = T>>(self) {
        let r = self.r;
        for k in 0..r {
            // What the tiles made: from the first column of their own on.
            let (from, to) = (k * r + k - k % COLUMNS, (k + 1) * r);
            let (part, g) = (&self.part[from..to], &mut self.g[from..to]);
            let whole = part.len() - part.len() % L::LEN;
            for at in (0..whole).step_by(L::LEN) {
                // SAFETY: LEN numbers of both from `at` on.
                unsafe {
                    let sum = L::load(part.as_ptr().add(at));
                    add_to(sum.widen::<0>(), g.as_mut_ptr().add(at));
                    if L::PARTS == 2 {
                        add_to(sum.widen::<1>(), g.as_mut_ptr().add(at + L::Wide::LEN));
                    }
                }
            }
            for at in whole..part.len() {
                g[at] += part[at].to_f64();
            }
        }
    }
}

/// # Safety
/// There are `LEN` numbers at `at`, and the processor has the level of `W`.
#[inline(always)]
unsafe fn add_to<W: Lanes<Num = f64>>(sum: W, at: *mut f64) {
    // SAFETY: as above.
    unsafe { W::load(at).add(sum).store(at) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{epsilon, numbers};

    fn check<T: Element>(r: usize, d: usize, all: bool, mixed: bool) {
        let m = if all { d.max(1) } else { 400 };
        let (a, b, weights) = (numbers::<T>(m * r, 1.0), numbers::<T>(m * r, 2.0), numbers::<T>(d, 3.0));
        let columns: Vec<u32> = (0..d).map(|k| (k * 37 % m) as u32).collect();
        let picked = Picked { columns: (!all).then_some(&columns[..]), weights: &weights };
        let right = if mixed { &b } else { &a };
        let epsilon = epsilon::<T>();
        for level in SimdLevel::all() {
            let mut g: Vec<f64> = (0..r * r).map(|at| (at / r + at % r) as f64).collect();
            let panel = |of| View::rows_of(of, r);
            let sum = RowSum { picked, scale: 0.5, left: panel(&a), right: mixed.then(|| panel(&b)) };
            row_gram(level, sum, &mut GramWorkspace::new(r), &mut g);
            for k in 0..r {
                for l in k..r {
                    let term = |x: &[T], y: &[T], at: usize, k: usize, l: usize| {
                        let j = picked.column(at) * r;
                        0.5 * weights[at].to_f64() * x[j + k].to_f64() * y[j + l].to_f64()
                    };
                    let terms = (0..d).map(|at| 0.5 * (term(&a, right, at, k, l) + term(&a, right, at, l, k)));
                    let (sum, size) = terms.fold((0.0, 1.0), |(sum, size), x| (sum + x, size + x.abs()));
                    let error = (g[k * r + l] - (k + l) as f64 - sum).abs();
                    assert!(
                        error <= 8.0 * epsilon * (size + (k + l) as f64),
                        "{level:?} {r} {d} ({k}, {l}): {error:e}"
                    );
                }
            }
        }
    }

    #[test]
    fn row_grams_agree_with_the_definition() {
        for r in [1, 3, 17, 33, 64] {
            for d in [0, 1, 5, 40, 300] {
                for (all, mixed) in [(false, false), (true, false), (false, true)] {
                    check::<f32>(r, d, all, mixed);
                    check::<f64>(r, d, all, mixed);
                }
            }
        }
    }
}
