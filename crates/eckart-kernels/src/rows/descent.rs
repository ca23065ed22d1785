//! Descent: coordinate descent for one row of a factor, in f64.
//! In: a row b (r), its linear term l (r), a Gram G (r x r), penalty and bounds.  Out: b moved so that
//! b G b' - 2 b l' + penalty falls.
//! Invariant: each returns the exact decrease as a sum of terms that are not negative; bits depend on the arguments and
//! the level.
//! Not here: many rows under one Gram (see `sweep`), where G and l come from and which method fits (see `solve`).
//!
//! A move adds a row of G to the half gradient: 2 r flops, and 24 r bytes from the cache that holds G. Of a coordinate
//! that is 0 and stays there, two comparisons say so, without a division. Where few entries are not 0, the sweeps over
//! these have their part of G in a small matrix of its own, and the half gradient of the others follows when they end.

use super::regularizer::Regularizer;
use crate::simd::{Element, Job, Lanes, SimdLevel, functions};

/// A sweep of a row whose decrease is at most this share of that of its first sweep is the last.
const WORTHWHILE: f64 = 0.01;
/// Sweeps over the entries that are not 0 between two sweeps over all, at most.
const INNER: usize = 10;
/// Entries are few where they are at most one in so many: their part of G is then gathered.
const FEW: usize = 4;

/// Working arrays for a row.
#[derive(Default)]
pub struct DescentWorkspace {
    /// The half gradient b G - l.
    half: Vec<f64>,
    /// The entries that are not 0: where they are, what they are, their half gradients and their part of G.
    at: Vec<usize>,
    some: Vec<f64>,
    some_half: Vec<f64>,
    some_gram: Vec<f64>,
    some_regularizers: Vec<Regularizer>,
}

/// The quadratic b G b' - 2 b l' of a row.
#[derive(Debug, Clone, Copy)]
pub struct RowTerms<'a> {
    /// The linear term l (r).
    pub linear: &'a [f64],
    /// The Gram G (r x r), symmetric.
    pub gram: &'a [f64],
}

impl RowTerms<'_> {
    fn check(&self, rank: usize, half: &[f64]) {
        assert_eq!(self.linear.len(), rank, "a number of l for each of b");
        assert_eq!(self.gram.len(), rank * rank, "a row and a column of G for each of b");
        assert_eq!(half.len(), rank, "a half gradient for each of b");
    }
}

/// How a row is swept.
#[derive(Debug, Clone, Copy)]
pub struct Descent {
    /// Sweeps over all entries, at most: fewer where one hardly lowers the row's objective.
    pub sweeps: usize,
    /// Whether there are sweeps between over the entries that are not 0 (the active set of Friedman et al. 2010,
    /// section 2.6).
    pub active_set: bool,
}

/// The half gradient b G - l of a row, into `half`.
///
/// # Panics
/// Where the sides don't fit.
pub fn half_gradient(level: SimdLevel, b: &[f64], terms: RowTerms<'_>, half: &mut [f64]) {
    terms.check(b.len(), half);
    f64::at_level(level, HalfGradient { b, terms, half });
}

/// Minimizes over one entry of a row after the other (hierarchical alternating least squares: Cichocki and Phan 2009,
/// eq. 24; with a penalty, Friedman et al. 2010, eq. 5), as often as pays. There is a regularizer for each entry, or
/// one for all. Returns the decrease.
///
/// # Panics
/// Where the sides don't fit.
pub fn descend(
    level: SimdLevel,
    b: &mut [f64],
    terms: RowTerms<'_>,
    regularizers: &[Regularizer],
    descent: Descent,
    workspace: &mut DescentWorkspace,
) -> f64 {
    workspace.half.resize(b.len(), 0.0);
    terms.check(b.len(), &workspace.half);
    assert!([1, b.len()].contains(&regularizers.len()), "a regularizer for each entry, or one");
    f64::at_level(level, Sweeps { b, terms, regularizers, descent, workspace })
}

struct HalfGradient<'a> {
    b: &'a [f64],
    terms: RowTerms<'a>,
    half: &'a mut [f64],
}

impl Job<f64> for HalfGradient<'_> {
    type Out = ();
    #[inline(always)]
    // SAFETY: asks for no more than the trait says.
    unsafe fn run<L: Lanes<Num = f64>>(self) {
        // SAFETY: the sides are checked, and the level is there, says the caller.
        unsafe { slope::<L>(self.b, self.terms, self.half) }
    }
}

struct Sweeps<'a> {
    b: &'a mut [f64],
    terms: RowTerms<'a>,
    regularizers: &'a [Regularizer],
    descent: Descent,
    workspace: &'a mut DescentWorkspace,
}

impl Job<f64> for Sweeps<'_> {
    type Out = f64;
    #[inline(always)]
    // SAFETY: asks for no more than the trait says.
    unsafe fn run<L: Lanes<Num = f64>>(self) -> f64 {
        let Self { b, terms, regularizers, descent, workspace } = self;
        let mut total = 0.0;
        // SAFETY: the sides are checked, and the level is there, says the caller.
        unsafe {
            slope::<L>(b, terms, &mut workspace.half);
            for _ in 0..descent.sweeps {
                let first = once::<L, false>(b, &mut workspace.half, terms.gram, regularizers);
                total += first;
                if first <= WORTHWHILE * total {
                    break;
                }
                if descent.active_set {
                    total += inner::<L>(b, workspace, terms.gram, regularizers, WORTHWHILE * first);
                }
            }
        }
        total
    }
}

/// Sweeps over the entries that are not 0 until one falls by no more than `least`; gives the decrease.
///
/// # Safety
/// The sides fit, and the level is there.
#[inline(always)]
unsafe fn inner<L: Lanes<Num = f64>>(
    b: &mut [f64],
    workspace: &mut DescentWorkspace,
    gram: &[f64],
    regularizers: &[Regularizer],
    least: f64,
) -> f64 {
    let DescentWorkspace { half, at, some, some_half, some_gram, some_regularizers } = workspace;
    let r = b.len();
    let count = b.iter().filter(|b| **b != 0.0).count();
    let few = count <= r / FEW;
    if few {
        at.clear();
        at.extend((0..r).filter(|&k| b[k] != 0.0));
        some.clear();
        some.extend(at.iter().map(|&k| b[k]));
        some_half.clear();
        some_half.extend(at.iter().map(|&k| half[k]));
        some_gram.clear();
        for &k in &*at {
            let row = &gram[k * r..(k + 1) * r];
            some_gram.extend(at.iter().map(|&l| row[l]));
        }
        some_regularizers.clear();
        match regularizers {
            [one] => some_regularizers.push(*one),
            each => some_regularizers.extend(at.iter().map(|&k| each[k])),
        }
    }
    let mut total = 0.0;
    for _ in 0..INNER {
        // SAFETY: as above; the part of G has a row and a column for each of the entries.
        let more = unsafe {
            if few {
                once::<L, true>(some, some_half, some_gram, some_regularizers)
            } else {
                once::<L, true>(b, half, gram, regularizers)
            }
        };
        total += more;
        if more <= least {
            break;
        }
    }
    if few {
        for (&k, &new) in at.iter().zip(&*some) {
            let d = new - b[k];
            b[k] = new;
            if d != 0.0 {
                // SAFETY: the Gram has a row for each number of b.
                unsafe { add::<L>(half, d, gram.as_ptr().add(k * r)) }
            }
        }
    }
    total
}

/// `half` = b G - l.
///
/// # Safety
/// The sides fit, and the level is there.
#[inline(always)]
unsafe fn slope<L: Lanes<Num = f64>>(b: &[f64], RowTerms { linear, gram }: RowTerms<'_>, half: &mut [f64]) {
    half.iter_mut().zip(linear).for_each(|(h, l)| *h = -l);
    for (k, &b) in b.iter().enumerate() {
        if b != 0.0 {
            // SAFETY: the Gram has a row for each number of b.
            unsafe { add::<L>(half, b, gram.as_ptr().add(k * half.len())) }
        }
    }
}

/// Moves one entry after the other, of those that are not 0 where `ACTIVE`; gives the decrease.
///
/// # Safety
/// The sides fit, and the level is there.
#[inline(always)]
unsafe fn once<L: Lanes<Num = f64>, const ACTIVE: bool>(
    b: &mut [f64],
    half: &mut [f64],
    gram: &[f64],
    regularizers: &[Regularizer],
) -> f64 {
    let r = b.len();
    let Some(mut regularizer) = regularizers.first() else { return 0.0 };
    let mut rest = regularizer.resting();
    let mut total = 0.0;
    for k in 0..r {
        if regularizers.len() > 1 {
            regularizer = &regularizers[k];
            rest = regularizer.resting();
        }
        let (old, slope) = (b[k], half[k]);
        if old == 0.0 && (ACTIVE || rest.0 <= slope && slope <= rest.1) {
            continue;
        }
        let q = gram[k * r + k];
        if q <= 0.0 || q.is_nan() {
            b[k] = regularizer.minimum_on_line(old, slope);
            total += 2.0 * slope * (old - b[k]) + regularizer.l1 * (old.abs() - b[k].abs());
            continue;
        }
        let new = regularizer.minimum(old - slope / q, q);
        let d = new - old;
        if d == 0.0 || !d.is_finite() {
            continue;
        }
        // At the minimum the terms cancel, and what rounding leaves may be negative.
        total += (regularizer.l1 * (old.abs() - new.abs()) - (2.0 * slope + q * d) * d).max(0.0);
        b[k] = new;
        // SAFETY: the Gram has a row for each number of b.
        unsafe { add::<L>(half, d, gram.as_ptr().add(k * r)) }
    }
    total
}

functions! {
    /// `to` += by `from`, as many numbers as `to` has.
    fn add<L: Lanes<Num = f64>>(to: &mut [f64], by: f64, from: *const f64) {
        /// Vectors that are added together.
        const TOGETHER: usize = 4;
        let r = to.len();
        let to = to.as_mut_ptr();
        let mut at = 0;
        let by_all = L::splat(by);
        while at + TOGETHER * L::LEN <= r {
            for v in 0..TOGETHER {
                let at = at + v * L::LEN;
                by_all.mul_add(L::load(from.add(at)), L::load(to.add(at))).store(to.add(at));
            }
            at += TOGETHER * L::LEN;
        }
        while at + L::LEN <= r {
            by_all.mul_add(L::load(from.add(at)), L::load(to.add(at))).store(to.add(at));
            at += L::LEN;
        }
        if at < r {
            let sum = by_all.mul_add(L::load_first(from.add(at), r - at), L::load_first(to.add(at), r - at));
            sum.store_first(to.add(at), r - at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAM: [f64; 9] = [4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];
    const LINEAR: [f64; 3] = [1.0, -2.0, 0.7];
    const FREE: Regularizer = Regularizer::NONE;
    const ONCE: Descent = Descent { sweeps: 1, active_set: false };

    /// Regularizers of all kinds: free, with a penalty, with bounds of which 0 is one, lies between, or is outside.
    const REGULARIZERS: [Regularizer; 10] = [
        FREE,
        Regularizer { l1: 1.8, ..FREE },
        Regularizer { lower: 0.0, ..FREE },
        Regularizer { l1: 0.8, ..FREE },
        Regularizer { l1: 0.8, lower: 0.0, ..FREE },
        Regularizer { lower: -0.1, upper: 0.2, ..FREE },
        Regularizer { l1: 0.8, upper: 0.0, ..FREE },
        Regularizer { l1: 0.3, lower: 0.1, ..FREE },
        Regularizer { l1: 0.3, upper: -0.1, ..FREE },
        Regularizer { l1: 0.3, lower: 0.0, upper: 0.0 },
    ];

    fn value(b: &[f64], RowTerms { linear, gram }: RowTerms<'_>, l1: f64) -> f64 {
        let r = b.len();
        let along = |k: usize| (0..r).map(|l| b[l] * gram[l * r + k]).sum::<f64>();
        (0..r).map(|k| b[k] * (along(k) - 2.0 * linear[k]) + l1 * b[k].abs()).sum()
    }

    #[track_caller]
    fn check_end(level: SimdLevel, one: Regularizer) {
        let terms = RowTerms { linear: &LINEAR, gram: &GRAM };
        let start = [0.5_f64, -0.3, 1.0].map(|b| one.clip(b));
        let mut b = start;
        let mut decrease = 0.0;
        for _ in 0..60 {
            let fell = descend(level, &mut b, terms, &[one], ONCE, &mut DescentWorkspace::default());
            assert!(fell >= 0.0);
            decrease += fell;
        }
        let least = value(&b, terms, one.l1);
        assert!((value(&start, terms, one.l1) - least - decrease).abs() < 1e-13);
        let mut quick = start;
        let descent = Descent { sweeps: 60, active_set: true };
        descend(level, &mut quick, terms, &[one; 3], descent, &mut DescentWorkspace::default());
        assert!(value(&quick, terms, one.l1) <= value(&start, terms, one.l1));
        for step in 0..81 {
            let other = [step % 3, step / 3 % 3, step / 9 % 3];
            let near: Vec<f64> = b.iter().zip(other).map(|(b, s)| one.clip(b + (s as f64 - 1.0) * 1e-3)).collect();
            assert!(value(&near, terms, one.l1) >= least - 1e-14, "{one:?}: {near:?} is below {b:?}");
        }
    }

    #[test]
    fn sweeps_end_at_the_minimum_and_know_how_far_they_fell() {
        for level in SimdLevel::all() {
            REGULARIZERS.into_iter().for_each(|one| check_end(level, one));
        }
    }

    /// Rows of every length that vectors can end in, from zeros: an entry that rests at 0 is one that would not move.
    #[test]
    fn every_level_goes_the_same_way() {
        for r in (1..20).chain([33, 64]) {
            let linear: Vec<f64> = (0..r).map(|k| (k as f64 * 1.7).sin()).collect();
            let entry = |i: usize, j: usize| (1.0 + i as f64 * 0.37 + j as f64 * 1.3).sin() / r as f64;
            let gram: Vec<f64> = (0..r * r)
                .map(|at| {
                    (0..2 * r).map(|l| entry(at / r, l) * entry(at % r, l)).sum::<f64>() + f64::from(at / r == at % r)
                })
                .collect();
            let terms = RowTerms { linear: &linear, gram: &gram };
            for one in REGULARIZERS {
                let begin = vec![one.clip(0.0); r];
                for sweeps in [1, 5] {
                    let ends: Vec<(Vec<f64>, f64)> = SimdLevel::all()
                        .into_iter()
                        .flat_map(|level| {
                            [false, true].map(|active_set| {
                                let mut b = begin.clone();
                                let (descent, mut workspace) =
                                    (Descent { sweeps, active_set }, DescentWorkspace::default());
                                let fell = descend(level, &mut b, terms, &[one], descent, &mut workspace);
                                let apart = value(&begin, terms, one.l1) - value(&b, terms, one.l1) - fell;
                                assert!(apart.abs() < 1e-12, "{level:?} {one:?} {r}: {apart}");
                                (b, fell)
                            })
                        })
                        .collect();
                    for (k, (b, fell)) in ends.iter().enumerate().skip(2) {
                        assert!((fell - ends[k % 2].1).abs() < 1e-12);
                        assert!(b.iter().zip(&ends[k % 2].0).all(|(b, other)| (b - other).abs() < 1e-12));
                    }
                }
            }
        }
    }

    #[test]
    fn what_nothing_depends_on_stays() {
        let one = Regularizer { lower: 0.0, ..FREE };
        let terms = RowTerms { linear: &[0.0, 0.0], gram: &[0.0; 4] };
        for level in SimdLevel::all() {
            let mut b = [0.5, 0.25];
            assert_eq!(descend(level, &mut b, terms, &[one], ONCE, &mut DescentWorkspace::default()), 0.0);
            assert_eq!(b, [0.5, 0.25]);
        }
    }
}
