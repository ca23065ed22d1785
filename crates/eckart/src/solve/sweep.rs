//! Sweep: the inner loops of block methods, on plain arrays.
//! In: rows of B (n x r), of L (n x r), a Gram G (r x r).  Out: B moved so that <B, B G> - 2 <B, L> + penalty falls.
//! Law: each returns the exact decrease as a sum of terms that are not negative; rows are independent of each other.
//! Not here: where G and L come from (see `local`), which sweep fits (see `choice`).

/// What an entry may be, and what it costs: l1 |b|, low <= b <= high.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Entrywise {
    pub l1: f64,
    pub low: f64,
    pub high: f64,
}

impl Entrywise {
    /// The b that minimises q (b - v)^2 + l1 |b| within the bounds.
    #[inline]
    pub(super) fn least(&self, v: f64, q: f64) -> f64 {
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

    /// The b that minimises 2 half b + l1 |b| within the bounds; `old` where nothing depends on it, or there is no least.
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
}

/// `to` += by `from`.
#[inline]
fn add(to: &mut [f64], by: f64, from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(t, f)| *t += by * f);
}

/// The half gradient b G - L of a row, into `half`.
#[inline]
pub(super) fn half_gradient(b: &[f64], linear: &[f64], gram: &[f64], half: &mut [f64]) {
    half.iter_mut().zip(linear).for_each(|(h, l)| *h = -l);
    for (&b, gram) in b.iter().zip(gram.chunks(b.len())) {
        if b != 0.0 {
            add(half, b, gram);
        }
    }
}

/// A sweep of a row whose decrease is at most this share of that of its first sweep is the last.
const WORTHWHILE: f64 = 0.01;

/// Minimises over one entry of a row after the other (hierarchical alternating least squares: Cichocki and Phan 2009,
/// eq. 24; with a penalty, Friedman et al. 2010, eq. 5), as often as pays, at most `sweeps` times. Returns the decrease.
///
/// `half` is room for a row.
pub(super) fn coordinates(
    b: &mut [f64],
    linear: &[f64],
    gram: &[f64],
    law: Entrywise,
    sweeps: usize,
    half: &mut [f64],
) -> f64 {
    half_gradient(b, linear, gram, half);
    let mut total = 0.0;
    for _ in 0..sweeps {
        let fell: f64 = (0..b.len()).map(|k| coordinate(b, half, gram, law, k)).sum();
        total += fell;
        if fell <= WORTHWHILE * total {
            break;
        }
    }
    total
}

#[inline]
fn coordinate(b: &mut [f64], half: &mut [f64], gram: &[f64], law: Entrywise, k: usize) -> f64 {
    let r = b.len();
    let q = gram[k * r + k];
    let old = b[k];
    if q <= 0.0 || q.is_nan() {
        b[k] = law.least_on_line(old, half[k]);
        return 2.0 * half[k] * (old - b[k]) + law.l1 * (old.abs() - b[k].abs());
    }
    let new = law.least(old - half[k] / q, q);
    let d = new - old;
    if d == 0.0 || !d.is_finite() {
        return 0.0;
    }
    let fell = -(2.0 * half[k] + q * d) * d + law.l1 * (old.abs() - new.abs());
    b[k] = new;
    add(half, d, &gram[k * r..(k + 1) * r]);
    fell
}

/// Sweeps a row until it hardly falls any more: over all entries, then over those that are not 0, and again over all
/// (the active set of Friedman et al. 2010, section 2.6). At most `sweeps` over all.
pub(super) fn active_set(
    b: &mut [f64],
    linear: &[f64],
    gram: &[f64],
    law: Entrywise,
    sweeps: usize,
    half: &mut [f64],
) -> f64 {
    const INNER: usize = 10;
    half_gradient(b, linear, gram, half);
    let mut total = 0.0;
    for _ in 0..sweeps {
        let first: f64 = (0..b.len()).map(|k| coordinate(b, half, gram, law, k)).sum();
        total += first;
        if first <= WORTHWHILE * total {
            break;
        }
        for _ in 0..INNER {
            let over = (0..b.len()).map(|k| if b[k] == 0.0 { 0.0 } else { coordinate(b, half, gram, law, k) });
            let more: f64 = over.sum();
            total += more;
            if more <= WORTHWHILE * first {
                break;
            }
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAM: [f64; 9] = [4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];
    const LINEAR: [f64; 3] = [1.0, -2.0, 0.7];

    fn value(b: &[f64], law: Entrywise) -> f64 {
        let along = |k: usize| (0..3).map(|l| b[l] * GRAM[l * 3 + k]).sum::<f64>();
        (0..3).map(|k| b[k] * (along(k) - 2.0 * LINEAR[k]) + law.l1 * b[k].abs()).sum()
    }

    #[track_caller]
    fn check(law: Entrywise) {
        let start = [0.5_f64, -0.3, 1.0].map(|b| b.max(law.low).min(law.high));
        let mut b = start;
        let mut decrease = 0.0;
        for _ in 0..60 {
            let fell = coordinates(&mut b, &LINEAR, &GRAM, law, 1, &mut [0.0; 3]);
            assert!(fell >= 0.0);
            decrease += fell;
        }
        let least = value(&b, law);
        assert!((value(&start, law) - least - decrease).abs() < 1e-13);
        let mut quick = start;
        active_set(&mut quick, &LINEAR, &GRAM, law, 60, &mut [0.0; 3]);
        assert!(value(&quick, law) <= value(&start, law));
        for step in 0..81 {
            let other = [step % 3, step / 3 % 3, step / 9 % 3];
            let near: Vec<f64> =
                b.iter().zip(other).map(|(b, s)| (b + (s as f64 - 1.0) * 1e-3).max(law.low).min(law.high)).collect();
            assert!(value(&near, law) >= least - 1e-14, "{law:?}: {near:?} is below {b:?}");
        }
    }

    #[test]
    fn sweeps_end_at_the_minimum_and_know_how_far_they_fell() {
        let free = Entrywise { l1: 0.0, low: f64::NEG_INFINITY, high: f64::INFINITY };
        check(free);
        check(Entrywise { low: 0.0, ..free });
        check(Entrywise { l1: 0.8, ..free });
        check(Entrywise { l1: 0.8, low: 0.0, ..free });
        check(Entrywise { low: -0.1, high: 0.2, ..free });
    }

    #[test]
    fn what_nothing_depends_on_stays() {
        let law = Entrywise { l1: 0.0, low: 0.0, high: f64::INFINITY };
        let mut b = [0.5, 0.25];
        assert_eq!(coordinates(&mut b, &[0.0, 0.0], &[0.0; 4], law, 3, &mut [0.0; 2]), 0.0);
        assert_eq!(b, [0.5, 0.25]);
    }
}
