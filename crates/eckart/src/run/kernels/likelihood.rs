//! Likelihood: a row of a factor that enters the objective as a Poisson likelihood does.
//! In: a row b (r numbers), its counts c_j and the rows q_j of a panel (m x r), what pulls b down.  Out: b moved.
//! Law: one thread, one order; the decrease is that of the objective, by the logarithms of the ratios of the products.
//! Not here: the cut into rows for threads, which of the two ways is taken (see `solve`).
//!
//! Minimises <p, b> + l1 |b|_1 + l2 |b|^2 - sum_j c_j log <b, q_j> over low <= b <= high, either by damped Newton steps,
//! one entry after the other (Hien and Gillis 2021, section 3.4), or by a factor for each entry (Lee and Seung 2001,
//! theorem 2). For d counts about 10 d r flops and d r divisions a sweep of Newton steps, 4 d r flops and d divisions one of
//! factors; d r numbers are gathered, wherever they lie. Lanes are counts: the rows of the panel are turned, so that entry k of all
//! lies together. Loops: sweeps, entries, vectors of counts; the pass that sums up for entry k also moves the products by
//! what entry k - 1 has become.

use super::lanes::{Element, Job, Lanes, Level, prefetch_all};
use super::math::{log, log_near_one};
use super::row_gram::Picked;
use super::sweep::turn;
use crate::data::Real;

/// A full Newton step is taken where its length in the local norm is at most this (Tran-Dinh et al. 2015, section 3).
const FULL_STEP: f64 = 0.683_802;
/// An entry below this share of its row's greatest is taken to be stuck near 0.
const ALMOST: f64 = 1e-6;
/// How many counts ahead rows of the panel are asked for.
const AHEAD: usize = 8;
/// Numbers that are added up as T before they become f64.
const SHORT: usize = 1024;

/// How a row is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Move {
    /// One entry after the other, by damped Newton steps.
    Newton,
    /// All entries at once, by a factor each.
    Factors,
}

/// What is asked of the numbers of a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// What an entry costs by its size.
    pub(crate) l1: f64,
    /// What it costs by its square.
    pub(crate) l2: f64,
    /// The least that a number may be, above 0.
    pub(crate) low: f64,
    /// The most that a number may be; infinity for none.
    pub(crate) high: f64,
    /// The way.
    pub(crate) way: Move,
    /// How often.
    pub(crate) sweeps: usize,
}

/// Room for a row's counts and what belongs to them.
#[derive(Debug)]
pub(crate) struct Counted<T> {
    counts: Vec<T>,
    rows: Vec<T>,
    turned: Vec<T>,
    products: Vec<T>,
    before: Vec<T>,
    ratios: Vec<T>,
    numbers: Vec<f64>,
}

impl<T> Counted<T> {
    pub(crate) fn new() -> Self {
        let numbers = Vec::new();
        let [counts, rows, turned, products, before, ratios] = [(); 6].map(|()| Vec::new());
        Self { counts, rows, turned, products, before, ratios, numbers }
    }
}

/// Moves the row `b`; returns by how much the objective fell. Counts of 0 and below don't count. `pull` is p.
///
/// # Panics
/// Where the sides don't fit, or a column has no row of the panel.
pub(crate) fn likelihood<T: Element>(
    level: Level,
    b: &mut [T],
    picked: Picked<'_, T>,
    (panel, pull): (&[T], &[T]),
    wanted: Wanted,
    room: &mut Counted<T>,
) -> f64 {
    assert_eq!(b.len(), pull.len(), "a pull for each number");
    assert!(picked.columns.is_none_or(|columns| columns.len() == picked.weights.len()), "a count for each column");
    T::at_level(level, Likelihood { b, picked, panel, pull, wanted, room })
}

struct Likelihood<'a, T> {
    b: &'a mut [T],
    picked: Picked<'a, T>,
    panel: &'a [T],
    pull: &'a [T],
    wanted: Wanted,
    room: &'a mut Counted<T>,
}

impl<T: Element> Job<T> for Likelihood<'_, T> {
    type Out = f64;
    #[inline(always)]
    // SAFETY: asks for no more than the trait says.
    unsafe fn run<L: Lanes<Num = T>>(self) -> f64 {
        let Self { b, picked, panel, pull, wanted, room } = self;
        let r = b.len();
        // SAFETY: the level is there, says the caller; so for all that follows.
        unsafe {
            let len = gather::<L>(picked, (panel, r), room);
            room.numbers.clear();
            for k in 0..r {
                room.numbers.push(b[k].to_f64());
            }
            let old = std::mem::take(&mut room.numbers);
            let mut row = Row::<L> {
                b,
                pull,
                wanted,
                len,
                counts: &room.counts,
                columns: &room.turned,
                products: &mut room.products,
                floor: T::from_f64(if size_of::<T>() == 4 { 1e-20 } else { 1e-300 }),
                constant: constant(&room.counts[..len]),
                lanes: std::marker::PhantomData,
            };
            row.multiply_out();
            room.before.clear();
            room.before.extend_from_slice(row.products);
            match wanted.way {
                Move::Newton => {
                    for _ in 0..wanted.sweeps {
                        row.newton();
                    }
                }
                Move::Factors => {
                    room.ratios.resize(row.products.len(), T::default());
                    for _ in 0..wanted.sweeps {
                        row.factors(&mut room.ratios);
                    }
                    // A factor can hardly move an entry away from 0: a Newton step can.
                    let small = ALMOST * old.iter().fold(0.0_f64, |most, b| most.max(*b));
                    for k in 0..r {
                        if old[k] <= small {
                            let d = row.step(k, (0, T::default()));
                            row.settle((k, d));
                        }
                    }
                }
            }
            let fell = row.fallen(&room.before, &old);
            room.numbers = old;
            fell
        }
    }
}

/// -c log s is self-concordant with the constant 1 / sqrt(c).
fn constant<T: Element>(counts: &[T]) -> f64 {
    counts.iter().fold(0.0_f64, |most, c| most.max(1.0 / c.to_f64().sqrt()))
}

/// Fills `counts` and `turned` (entry after entry, each as many numbers as there is room for counts: whole vectors, with
/// zeros behind the last); returns how many counts there are.
///
/// # Safety
/// The level is there.
#[inline(always)]
unsafe fn gather<L: Lanes>(
    picked: Picked<'_, L::Num>,
    (panel, r): (&[L::Num], usize),
    room: &mut Counted<L::Num>,
) -> usize {
    let zero = L::Num::default();
    room.counts.clear();
    room.rows.clear();
    let last = picked.weights.len().saturating_sub(1);
    for (at, &count) in picked.weights.iter().enumerate() {
        if count > zero {
            let coming = picked.column((at + AHEAD).min(last)) * r;
            prefetch_all(panel.as_ptr().wrapping_add(coming), (r * size_of::<L::Num>()).max(1));
            let j = picked.column(at) * r;
            room.counts.push(count);
            room.rows.extend_from_slice(&panel[j..j + r]);
        }
    }
    let len = room.counts.len();
    let padded = len.next_multiple_of(L::LEN);
    room.counts.resize(padded, zero);
    room.rows.resize(padded * r, zero);
    room.turned.resize(padded * r, zero);
    room.products.resize(padded, zero);
    // SAFETY: `padded` rows of r numbers, and room for as many.
    unsafe { turn::<L>((room.rows.as_ptr(), r, padded), r, (room.turned.as_mut_ptr(), padded.max(1))) };
    len
}

/// A row with what belongs to it; all arrays are whole vectors.
struct Row<'a, L: Lanes> {
    b: &'a mut [L::Num],
    pull: &'a [L::Num],
    wanted: Wanted,
    len: usize,
    counts: &'a [L::Num],
    columns: &'a [L::Num],
    products: &'a mut [L::Num],
    floor: L::Num,
    constant: f64,
    lanes: std::marker::PhantomData<L>,
}

impl<L: Lanes> Row<'_, L> {
    /// The numbers of entry k in all rows of the panel.
    #[inline(always)]
    fn column(&self, k: usize) -> &[L::Num] {
        let padded = self.counts.len();
        &self.columns[k * padded..(k + 1) * padded]
    }

    /// The products of b with all rows of the panel.
    ///
    /// # Safety
    /// Of this and all that follow: the level is there.
    #[inline(always)]
    unsafe fn multiply_out(&mut self) {
        let padded = self.counts.len();
        for at in (0..padded).step_by(L::LEN) {
            // SAFETY: whole vectors of all arrays.
            unsafe {
                let mut sum = L::splat(L::Num::default());
                for k in 0..self.b.len() {
                    let q = L::load(self.columns.as_ptr().add(k * padded + at));
                    sum = q.mul_add(L::splat(self.b[k]), sum);
                }
                sum.store(self.products.as_mut_ptr().add(at));
            }
        }
    }

    /// # Safety: as above.
    #[inline(always)]
    unsafe fn newton(&mut self) {
        let mut last = (0, L::Num::default());
        for k in 0..self.b.len() {
            // SAFETY: as above.
            last = (k, unsafe { self.step(k, last) });
        }
        // SAFETY: as above.
        unsafe { self.settle(last) };
    }

    /// Moves entry k, after the products have been told that another entry has grown by so much; returns by how much.
    /// # Safety: as above.
    #[inline(always)]
    unsafe fn step(&mut self, k: usize, told: (usize, L::Num)) -> L::Num {
        // SAFETY: as above.
        let (first, second) = unsafe { self.slope(k, told) };
        let Wanted { l1, l2, low, high, .. } = self.wanted;
        let old = self.b[k].to_f64();
        let slope = self.pull[k].to_f64() + l1 + 2.0 * l2 * old - first;
        let second = second + 2.0 * l2;
        let aim = if second > 0.0 {
            old - slope / second
        } else if slope > 0.0 {
            low
        } else {
            return L::Num::default();
        };
        if !aim.is_finite() {
            return L::Num::default();
        }
        let mut d = aim.max(low).min(high) - old;
        let length = self.constant * second.sqrt() * d.abs();
        if slope > 0.0 && length > FULL_STEP {
            d /= 1.0 + length;
        }
        // As far as the type of the numbers can tell.
        let new = L::Num::from_f64((old + d).max(low).min(high));
        let d = new - self.b[k];
        self.b[k] = new;
        d
    }

    /// sum_j c_j q_jk / s_j and sum_j c_j (q_jk / s_j)^2.
    /// # Safety: as above.
    #[inline(always)]
    unsafe fn slope(&mut self, k: usize, (last, d): (usize, L::Num)) -> (f64, f64) {
        let padded = self.counts.len();
        let (mut first, mut second) = (0.0, 0.0);
        // SAFETY: whole vectors of all arrays.
        unsafe {
            let (zero, floor, d) = (L::splat(L::Num::default()), L::splat(self.floor), L::splat(d));
            let (moved, column) = (self.columns.as_ptr().add(last * padded), self.columns.as_ptr().add(k * padded));
            for from in (0..padded).step_by(SHORT) {
                let mut sums = (zero, zero);
                for at in (from..(from + SHORT).min(padded)).step_by(L::LEN) {
                    let product = self.products.as_mut_ptr().add(at);
                    let s = L::load(moved.add(at)).mul_add(d, L::load(product)).max(zero);
                    s.store(product);
                    let share = L::load(column.add(at)).div(s.max(floor));
                    let part = L::load(self.counts.as_ptr().add(at)).mul(share);
                    sums = (sums.0.add(part), part.mul_add(share, sums.1));
                }
                first += sums.0.sum().to_f64();
                second += sums.1.sum().to_f64();
            }
        }
        (first, second)
    }

    /// Tells the products that an entry has grown by so much.
    /// # Safety: as above.
    #[inline(always)]
    unsafe fn settle(&mut self, (k, d): (usize, L::Num)) {
        let padded = self.counts.len();
        for at in (0..padded).step_by(L::LEN) {
            // SAFETY: whole vectors of all arrays.
            unsafe {
                let product = self.products.as_mut_ptr().add(at);
                let q = L::load(self.columns.as_ptr().add(k * padded + at));
                q.mul_add(L::splat(d), L::load(product)).max(L::splat(L::Num::default())).store(product);
            }
        }
    }

    /// Multiplies each entry by what leads to the minimum of the usual bound, which a square is added to.
    /// # Safety: as above.
    #[inline(always)]
    unsafe fn factors(&mut self, ratios: &mut [L::Num]) {
        let padded = self.counts.len();
        let Wanted { l1, l2, low, high, .. } = self.wanted;
        // SAFETY: whole vectors of all arrays.
        unsafe {
            let floor = L::splat(self.floor);
            for at in (0..padded).step_by(L::LEN) {
                let s = L::load(self.products.as_ptr().add(at)).max(floor);
                L::load(self.counts.as_ptr().add(at)).div(s).store(ratios.as_mut_ptr().add(at));
            }
            for k in 0..self.b.len() {
                let (mut gain, column) = (0.0, self.column(k).as_ptr());
                for from in (0..padded).step_by(SHORT) {
                    let mut sum = L::splat(L::Num::default());
                    for at in (from..(from + SHORT).min(padded)).step_by(L::LEN) {
                        sum = L::load(column.add(at)).mul_add(L::load(ratios.as_ptr().add(at)), sum);
                    }
                    gain += sum.sum().to_f64();
                }
                let (old, pull) = (self.b[k].to_f64(), self.pull[k].to_f64() + l1);
                // The b at which pull + 2 l2 b = gain old / b.
                let root = (pull * pull + 8.0 * l2 * gain * old).sqrt();
                let new = L::Num::from_f64((2.0 * gain * old / (pull + root)).max(low).min(high));
                if (gain * old / (pull + root)).is_finite() {
                    self.b[k] = new;
                }
            }
            self.multiply_out();
        }
    }

    /// By how much the objective has fallen since the products were `before` and the entries `old`.
    /// # Safety: as above.
    #[inline(always)]
    unsafe fn fallen(&self, before: &[L::Num], old: &[f64]) -> f64 {
        let Wanted { l1, l2, .. } = self.wanted;
        let mut fell = 0.0;
        for k in 0..old.len() {
            let new = self.b[k].to_f64();
            fell += (old[k] - new) * (self.pull[k].to_f64() + l1 + l2 * (old[k] + new));
        }
        // SAFETY: whole vectors of all arrays; 0 counts nothing, and where it stands products may be 0.
        unsafe {
            let floor = L::splat(self.floor);
            let (low, high) = (L::splat(L::Num::from_f64(-0.25)), L::splat(L::Num::from_f64(0.45)));
            let (zero, mut total) = (L::splat(L::Num::default()), [L::Wide::splat(0.0); 2]);
            for at in (0..self.len).step_by(L::LEN) {
                let then = L::load(before.as_ptr().add(at)).max(floor);
                let now = L::load(self.products.as_ptr().add(at)).max(floor);
                let grown = now.sub(then).div(then);
                // By the quotient where it is near 1, as a difference where it might overflow.
                let near = log_near_one(grown.max(low).min(high));
                let far = log(now).sub(log(then));
                let change = L::choose(grown.less(low), far, L::choose(high.less(grown), far, near));
                let count = L::load(self.counts.as_ptr().add(at));
                let gain = L::choose(zero.less(count), count.mul(change), zero);
                total[0] = total[0].add(gain.widen::<0>());
                if L::PARTS == 2 {
                    total[1] = total[1].add(gain.widen::<1>());
                }
            }
            fell + total[0].add(total[1]).sum()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objective(b: &[f64], counts: &[f64], rows: &[Vec<f64>], pull: &[f64], wanted: Wanted) -> f64 {
        let own = |k: usize| b[k] * (pull[k] + wanted.l1 + wanted.l2 * b[k]);
        let product = |q: &[f64]| q.iter().zip(b).map(|(q, b)| q * b).sum::<f64>();
        let logs: f64 = counts.iter().zip(rows).map(|(c, q)| if *c > 0.0 { c * product(q).ln() } else { 0.0 }).sum();
        (0..b.len()).map(own).sum::<f64>() - logs
    }

    /// One sweep in plain f64.
    fn plainly(b: &mut [f64], counts: &[f64], rows: &[Vec<f64>], pull: &[f64], wanted: Wanted) {
        let products =
            |b: &[f64]| -> Vec<f64> { rows.iter().map(|q| q.iter().zip(b).map(|(q, b)| q * b).sum()).collect() };
        let shares = |b: &[f64], k: usize, power: i32| -> f64 {
            let s = products(b);
            (0..counts.len()).map(|j| counts[j] * (rows[j][k] / s[j]).powi(power)).sum()
        };
        let constant = counts.iter().filter(|c| **c > 0.0).fold(0.0_f64, |most, c| most.max(1.0 / c.sqrt()));
        let start = b.to_vec();
        for k in 0..b.len() {
            if wanted.way == Move::Factors {
                let (gain, pull) = (shares(&start, k, 1), pull[k] + wanted.l1);
                let new = if wanted.l2 > 0.0 {
                    let root = (pull * pull + 8.0 * wanted.l2 * gain * start[k]).sqrt();
                    (root - pull) / (4.0 * wanted.l2)
                } else {
                    start[k] * gain / pull
                };
                b[k] = new.max(wanted.low).min(wanted.high);
                continue;
            }
            let slope = pull[k] + wanted.l1 + 2.0 * wanted.l2 * b[k] - shares(b, k, 1);
            let second = shares(b, k, 2) + 2.0 * wanted.l2;
            let aim = if second > 0.0 { b[k] - slope / second } else { wanted.low };
            let mut d = aim.max(wanted.low).min(wanted.high) - b[k];
            let length = constant * second.sqrt() * d.abs();
            if slope > 0.0 && length > FULL_STEP {
                d /= 1.0 + length;
            }
            b[k] += d;
        }
    }

    fn check<T: Element>(r: usize, d: usize, wanted: Wanted) {
        let number = |at: usize| T::from_f64(((at * at) as f64 * 0.37).sin().abs() + 0.05);
        let m = d.max(1) + 3;
        let panel: Vec<T> = (0..m * r).map(number).collect();
        // A count of 0 does not count.
        let counts: Vec<T> = (0..d).map(|j| T::from_f64(((j * 7) % 5) as f64)).collect();
        let columns: Vec<u32> = (0..d).map(|j| ((j * 5 + 1) % m) as u32).collect();
        let pull: Vec<T> = (0..r).map(|k| T::from_f64(0.5 + k as f64 * 0.1)).collect();
        let start: Vec<T> = (0..r).map(|k| number(k + 11)).collect();
        let f64s = |x: &[T]| -> Vec<f64> { x.iter().map(|x| x.to_f64()).collect() };
        let rows: Vec<Vec<f64>> = columns.iter().map(|&j| f64s(&panel[j as usize * r..][..r])).collect();
        let epsilon = if size_of::<T>() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON };
        for level in Level::all() {
            for picked in [Some(&columns[..]), None] {
                let rows =
                    if picked.is_some() { rows.clone() } else { f64s(&panel).chunks(r).map(<[f64]>::to_vec).collect() };
                let mut b = start.clone();
                let mut expected = f64s(&start);
                let entries = Picked { columns: picked, weights: &counts };
                let fell = likelihood(level, &mut b, entries, (&panel, &pull), wanted, &mut Counted::new());
                (0..wanted.sweeps)
                    .for_each(|_| plainly(&mut expected, &f64s(&counts), &rows[..d], &f64s(&pull), wanted));
                let value = |b: &[f64]| objective(b, &f64s(&counts), &rows[..d], &f64s(&pull), wanted);
                let (before, after) = (value(&f64s(&start)), value(&f64s(&b)));
                let size = 100.0 * epsilon * (before.abs() + d as f64 * 5.0 + 1.0) * r as f64;
                assert!(
                    (before - after - fell).abs() <= size,
                    "{level:?} {r} {d} {wanted:?}: {fell} {}",
                    before - after
                );
                assert!(fell >= -size, "{level:?} {r} {d} {wanted:?}: {fell}");
                for (x, y) in b.iter().zip(&expected) {
                    let error = (x.to_f64() - y).abs();
                    assert!(error <= 3000.0 * epsilon * (1.0 + y), "{level:?} {r} {d} {wanted:?}: {x:?} {y}");
                }
            }
        }
    }

    #[test]
    fn rows_agree_with_plain_ones() {
        let base = Wanted { l1: 0.0, l2: 0.0, low: 1e-18, high: f64::INFINITY, way: Move::Newton, sweeps: 2 };
        for way in [Move::Newton, Move::Factors] {
            for r in [1, 3, 17, 33] {
                for d in [0, 1, 5, 40, 1100] {
                    for wanted in [base, Wanted { l1: 0.2, ..base }, Wanted { l2: 0.3, high: 0.9, low: 0.01, ..base }] {
                        check::<f32>(r, d, Wanted { way, ..wanted });
                        check::<f64>(r, d, Wanted { way, ..wanted });
                    }
                }
            }
        }
    }
}
