//! Descent: coordinate descent for one row of a factor, in f64.
//! In: a row b (r), its linear term l (r), a Gram G (r x r), penalty and bounds.  Out: b moved so that
//! b G b' - 2 b l' + penalty falls.
//! Invariant: each returns the exact decrease as a sum of terms that are not negative; bits depend on the arguments and
//! the level.
//! Not here: many rows under one Gram (see `sweep`), where G and l come from and which way fits (see `solve`).
//!
//! A move adds a row of G to the half gradient: 2 r flops, and 24 r bytes from the cache that holds G. Of a coordinate
//! that is 0 and stays there, two comparisons say so, without a division. Where few entries are not 0, the sweeps over
//! these have their part of G in a small matrix of its own, and the half gradient of the others follows when they end.

use crate::simd::{Element, Job, Lanes, SimdLevel};

/// What an entry may be, and what it costs: l1 |b|, low <= b <= high.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entrywise {
    /// The weight of |b|.
    pub l1: f64,
    /// The least that b may be; minus infinity for none.
    pub low: f64,
    /// The most that b may be; infinity for none.
    pub high: f64,
}

impl Entrywise {
    /// The b that minimises q (b - v)^2 + l1 |b| within the bounds.
    #[inline]
    pub fn least(&self, v: f64, q: f64) -> f64 {
        let cut = 0.5 * self.l1 / q;
        let soft = if v > cut {
            v - cut
        } else if v < -cut {
            v + cut
        } else {
            0.0
        };
        soft.max(self.low).min(self.high)
    }

    /// The b that minimises 2 half b + l1 |b| within the bounds; `old` where nothing depends on it, or there is no
    /// least.
    fn least_on_line(&self, old: f64, half: f64) -> f64 {
        let value = |b: f64| 2.0 * half * b + self.l1 * b.abs();
        let falls_for_ever = (2.0 * half + self.l1 < 0.0 && self.high == f64::INFINITY)
            || (2.0 * half - self.l1 > 0.0 && self.low == f64::NEG_INFINITY);
        if falls_for_ever || half.is_nan() {
            return old;
        }
        let ends = [self.low, 0.0_f64.max(self.low).min(self.high), self.high];
        let finite = ends.into_iter().filter(|end| end.is_finite());
        finite.fold(old, |best, end| if value(end) < value(best) { end } else { best })
    }

    /// The half gradients at which an entry that is 0 stays 0, from the first to the second; none where it may not be
    /// 0.
    #[inline]
    fn resting(&self) -> (f64, f64) {
        let cut = 0.5 * self.l1;
        match (self.low <= 0.0, self.high >= 0.0) {
            (true, true) => (
                if self.high == 0.0 { f64::NEG_INFINITY } else { -cut },
                if self.low == 0.0 { f64::INFINITY } else { cut },
            ),
            _ => (f64::INFINITY, f64::NEG_INFINITY),
        }
    }
}

/// A sweep of a row whose decrease is at most this share of that of its first sweep is the last.
const WORTHWHILE: f64 = 0.01;
/// Sweeps over the entries that are not 0 between two sweeps over all, at most.
const INNER: usize = 10;
/// Entries are few where they are at most one in so many: their part of G is then gathered.
const FEW: usize = 4;

/// Room for what is computed of a row.
pub struct Room {
    /// The half gradient b G - l.
    half: Vec<f64>,
    /// The entries that are not 0: where they are, what they are, their half gradients and their part of G.
    at: Vec<usize>,
    some: Vec<f64>,
    some_half: Vec<f64>,
    some_gram: Vec<f64>,
}

impl Room {
    /// For rows of `rank` numbers.
    pub fn new(rank: usize) -> Self {
        let few = Vec::with_capacity(rank / FEW);
        let some_gram = Vec::with_capacity((rank / FEW).pow(2));
        Self { half: vec![0.0; rank], at: Vec::with_capacity(rank / FEW), some: few.clone(), some_half: few, some_gram }
    }
}

/// A row's terms: the linear one (r) and the Gram (r x r).
pub type RowTerms<'a> = (&'a [f64], &'a [f64]);

/// The half gradient b G - l of a row, into `half`.
///
/// # Panics
/// Where the sides don't fit.
pub fn half_gradient(level: SimdLevel, b: &[f64], terms: RowTerms<'_>, half: &mut [f64]) {
    check(b.len(), terms, half);
    f64::at_level(level, HalfGradient { b, terms, half });
}

/// Minimises over one entry of a row after the other (hierarchical alternating least squares: Cichocki and Phan 2009,
/// eq. 24; with a penalty, Friedman et al. 2010, eq. 5), as often as pays, at most `sweeps` times. Returns the
/// decrease.
///
/// # Panics
/// Where the sides don't fit.
pub fn coordinates(
    level: SimdLevel,
    b: &mut [f64],
    terms: RowTerms<'_>,
    law: Entrywise,
    sweeps: usize,
    room: &mut Room,
) -> f64 {
    check(b.len(), terms, &room.half);
    f64::at_level(level, Sweeps::<false> { b, terms, law, sweeps, room })
}

/// Sweeps a row until it hardly falls any more: over all entries, then over those that are not 0, and again over all
/// (the active set of Friedman et al. 2010, section 2.6). At most `sweeps` over all.
///
/// # Panics
/// Where the sides don't fit.
pub fn active_set(
    level: SimdLevel,
    b: &mut [f64],
    terms: RowTerms<'_>,
    law: Entrywise,
    sweeps: usize,
    room: &mut Room,
) -> f64 {
    check(b.len(), terms, &room.half);
    f64::at_level(level, Sweeps::<true> { b, terms, law, sweeps, room })
}

fn check(r: usize, (linear, gram): RowTerms<'_>, half: &[f64]) {
    assert_eq!(linear.len(), r, "a number of l for each of b");
    assert_eq!(gram.len(), r * r, "a row and a column of G for each of b");
    assert_eq!(half.len(), r, "room for the half gradient");
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

struct Sweeps<'a, const ACTIVE: bool> {
    b: &'a mut [f64],
    terms: RowTerms<'a>,
    law: Entrywise,
    sweeps: usize,
    room: &'a mut Room,
}

impl<const ACTIVE: bool> Job<f64> for Sweeps<'_, ACTIVE> {
    type Out = f64;
    #[inline(always)]
    // SAFETY: asks for no more than the trait says.
    unsafe fn run<L: Lanes<Num = f64>>(self) -> f64 {
        let Self { b, terms, law, sweeps, room } = self;
        let gram = terms.1;
        let mut total = 0.0;
        // SAFETY: the sides are checked, and the level is there, says the caller.
        unsafe {
            slope::<L>(b, terms, &mut room.half);
            for _ in 0..sweeps {
                let first = once::<L, false>(b, &mut room.half, gram, law);
                total += first;
                if first <= WORTHWHILE * total {
                    break;
                }
                if ACTIVE {
                    total += inner::<L>(b, room, gram, law, WORTHWHILE * first);
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
unsafe fn inner<L: Lanes<Num = f64>>(b: &mut [f64], room: &mut Room, gram: &[f64], law: Entrywise, least: f64) -> f64 {
    let Room { half, at, some, some_half, some_gram } = room;
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
    }
    let mut total = 0.0;
    for _ in 0..INNER {
        // SAFETY: as above; the part of G has a row and a column for each of the entries.
        let more = unsafe {
            if few { once::<L, true>(some, some_half, some_gram, law) } else { once::<L, true>(b, half, gram, law) }
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
unsafe fn slope<L: Lanes<Num = f64>>(b: &[f64], (linear, gram): RowTerms<'_>, half: &mut [f64]) {
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
    law: Entrywise,
) -> f64 {
    let r = b.len();
    let rest = law.resting();
    let mut total = 0.0;
    for k in 0..r {
        let (old, slope) = (b[k], half[k]);
        if old == 0.0 && (ACTIVE || rest.0 <= slope && slope <= rest.1) {
            continue;
        }
        let q = gram[k * r + k];
        if q <= 0.0 || q.is_nan() {
            b[k] = law.least_on_line(old, slope);
            total += 2.0 * slope * (old - b[k]) + law.l1 * (old.abs() - b[k].abs());
            continue;
        }
        let new = law.least(old - slope / q, q);
        let d = new - old;
        if d == 0.0 || !d.is_finite() {
            continue;
        }
        // At the minimum the terms cancel, and what rounding leaves may be negative.
        total += (law.l1 * (old.abs() - new.abs()) - (2.0 * slope + q * d) * d).max(0.0);
        b[k] = new;
        // SAFETY: the Gram has a row for each number of b.
        unsafe { add::<L>(half, d, gram.as_ptr().add(k * r)) }
    }
    total
}

/// `to` += by `from`.
///
/// # Safety
/// `from` has as many numbers as `to`, and the level is there.
#[inline(always)]
unsafe fn add<L: Lanes<Num = f64>>(to: &mut [f64], by: f64, from: *const f64) {
    /// Vectors that are added together.
    const TOGETHER: usize = 4;
    let r = to.len();
    let to = to.as_mut_ptr();
    let mut at = 0;
    // SAFETY: no more than r numbers from either pointer.
    unsafe {
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
    const FREE: Entrywise = Entrywise { l1: 0.0, low: f64::NEG_INFINITY, high: f64::INFINITY };

    /// Laws of all kinds: free, with a penalty, with bounds of which 0 is one, lies between, or is outside.
    const LAWS: [Entrywise; 10] = [
        FREE,
        Entrywise { l1: 1.8, ..FREE },
        Entrywise { low: 0.0, ..FREE },
        Entrywise { l1: 0.8, ..FREE },
        Entrywise { l1: 0.8, low: 0.0, ..FREE },
        Entrywise { low: -0.1, high: 0.2, ..FREE },
        Entrywise { l1: 0.8, high: 0.0, ..FREE },
        Entrywise { l1: 0.3, low: 0.1, ..FREE },
        Entrywise { l1: 0.3, high: -0.1, ..FREE },
        Entrywise { l1: 0.3, low: 0.0, high: 0.0 },
    ];

    fn value(b: &[f64], (linear, gram): RowTerms<'_>, law: Entrywise) -> f64 {
        let r = b.len();
        let along = |k: usize| (0..r).map(|l| b[l] * gram[l * r + k]).sum::<f64>();
        (0..r).map(|k| b[k] * (along(k) - 2.0 * linear[k]) + law.l1 * b[k].abs()).sum()
    }

    #[track_caller]
    fn check_end(level: SimdLevel, law: Entrywise) {
        let terms = (&LINEAR[..], &GRAM[..]);
        let start = [0.5_f64, -0.3, 1.0].map(|b| b.max(law.low).min(law.high));
        let mut b = start;
        let mut decrease = 0.0;
        for _ in 0..60 {
            let fell = coordinates(level, &mut b, terms, law, 1, &mut Room::new(3));
            assert!(fell >= 0.0);
            decrease += fell;
        }
        let least = value(&b, terms, law);
        assert!((value(&start, terms, law) - least - decrease).abs() < 1e-13);
        let mut quick = start;
        active_set(level, &mut quick, terms, law, 60, &mut Room::new(3));
        assert!(value(&quick, terms, law) <= value(&start, terms, law));
        for step in 0..81 {
            let other = [step % 3, step / 3 % 3, step / 9 % 3];
            let near: Vec<f64> =
                b.iter().zip(other).map(|(b, s)| (b + (s as f64 - 1.0) * 1e-3).max(law.low).min(law.high)).collect();
            assert!(value(&near, terms, law) >= least - 1e-14, "{law:?}: {near:?} is below {b:?}");
        }
    }

    #[test]
    fn sweeps_end_at_the_minimum_and_know_how_far_they_fell() {
        for level in SimdLevel::all() {
            LAWS.into_iter().for_each(|law| check_end(level, law));
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
            let terms = (&linear[..], &gram[..]);
            for law in LAWS {
                let begin = vec![0.0_f64.max(law.low).min(law.high); r];
                for sweeps in [1, 5] {
                    let ends: Vec<(Vec<f64>, f64)> = SimdLevel::all()
                        .into_iter()
                        .flat_map(|level| {
                            [coordinates, active_set].map(|way| {
                                let mut b = begin.clone();
                                let fell = way(level, &mut b, terms, law, sweeps, &mut Room::new(r));
                                let apart = value(&begin, terms, law) - value(&b, terms, law) - fell;
                                assert!(apart.abs() < 1e-12, "{level:?} {law:?} {r}: {apart}");
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
        let law = Entrywise { low: 0.0, ..FREE };
        for level in SimdLevel::all() {
            let mut b = [0.5, 0.25];
            assert_eq!(coordinates(level, &mut b, (&[0.0, 0.0], &[0.0; 4]), law, 3, &mut Room::new(2)), 0.0);
            assert_eq!(b, [0.5, 0.25]);
        }
    }
}
