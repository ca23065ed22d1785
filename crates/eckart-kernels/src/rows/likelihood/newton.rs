//! Likelihood: a row of a factor that enters the objective as a Poisson likelihood does.
//! In: a row b (r numbers), its counts c_j and the rows q_j of a panel (m x r), what pulls b down.  Out: b moved.
//! Invariant: one thread, one order; the decrease is that of the objective, by the logarithms of the ratios of the
//! products.
//! Not here: the cut into rows for threads, which of the two ways is taken (see `solve`).
//!
//! Minimises <p, b> + l1 |b|_1 + l2 |b|^2 - sum_j c_j log <b, q_j> over low <= b <= high, either by damped Newton
//! steps, one entry after the other (Hien and Gillis 2021, section 3.4), or by a factor for each entry (Lee and Seung
//! 2001, theorem 2). For d counts about 10 d r flops and d r divisions a sweep of Newton steps, 4 d r flops and d
//! divisions one of factors; d r numbers are gathered, wherever they lie. Lanes are counts: the rows of the panel are
//! turned, so that entry k of all lies together. Loops: sweeps, entries, vectors of counts; the pass that sums up for
//! entry k also moves the products by what entry k - 1 has become.

use super::gather::{Counted, gather};
use crate::math::{log, log_near_one};
use crate::number::Number;
use crate::rows::row_gram::Picked;
use crate::simd::{Element, Job, Lanes, SimdLevel};

/// A full Newton step is taken where its length in the local norm is at most this (Tran-Dinh et al. 2015, section 3).
pub(super) const FULL_STEP: f64 = 0.683_802;
/// An entry below this share of its row's greatest is taken to be stuck near 0.
const ALMOST: f64 = 1e-6;
/// Numbers that are added up as T before they become f64.
const SHORT: usize = 1024;

/// How a row is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// One entry after the other, by damped Newton steps.
    Newton,
    /// All entries at once, by a factor each.
    Factors,
}

/// What is asked of the numbers of a row.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// What an entry costs by its size.
    pub l1: f64,
    /// What it costs by its square.
    pub l2: f64,
    /// The least that a number may be, above 0.
    pub low: f64,
    /// The most that a number may be; infinity for none.
    pub high: f64,
    /// The way.
    pub way: Move,
    /// How often.
    pub sweeps: usize,
}

/// A row to be moved: its numbers, its counts, p, and room.
pub struct Moved<'a, T> {
    /// The row (r).
    pub b: &'a mut [T],
    /// Its counts, and which row of the panel each belongs to.
    pub picked: Picked<'a, T>,
    /// The linear term p (r).
    pub pull: &'a [T],
    /// Working arrays.
    pub room: &'a mut Counted<T>,
}

/// How many rows are moved together.
pub const TOGETHER: usize = 4;

/// Moves rows, each of which comes out as it would alone; returns by how much the objective fell for each. Counts of 0
/// and below don't count.
///
/// Every Newton step waits for the sums of the one before: with several rows there is something to do meanwhile, and
/// the numbers of all are worked out at once.
///
/// # Panics
/// Where the sides don't fit, or a column has no row of the panel.
pub(crate) fn likelihood<T: Element>(
    level: SimdLevel,
    rows: [Option<Moved<'_, T>>; TOGETHER],
    panel: &[T],
    wanted: Wanted,
) -> [f64; TOGETHER] {
    let rank = rows.iter().flatten().map(|row| row.b.len()).next().unwrap_or(0);
    for Moved { b, picked, pull, .. } in rows.iter().flatten() {
        assert!(b.len() == rank && pull.len() == rank, "rows of one length, and a pull for each number");
        assert!(picked.columns.is_none_or(|columns| columns.len() == picked.weights.len()), "a count for each column");
    }
    T::at_level(level, Likelihood { rows, rank, panel, wanted })
}

struct Likelihood<'a, T> {
    rows: [Option<Moved<'a, T>>; TOGETHER],
    rank: usize,
    panel: &'a [T],
    wanted: Wanted,
}

impl<T: Element> Job<T> for Likelihood<'_, T> {
    type Out = [f64; TOGETHER];
    #[inline(always)]
    // SAFETY: asks for no more than the trait says.
    unsafe fn run<L: Lanes<Num = T>>(self) -> [f64; TOGETHER] {
        let Self { rows: moved, rank, panel, wanted } = self;
        let mut rows: [Option<Row<'_, L>>; TOGETHER] = [const { None }; TOGETHER];
        let mut fallen = [0.0; TOGETHER];
        // SAFETY: the level is there, says the caller; so for all that follows.
        unsafe {
            for (row, moved) in rows.iter_mut().zip(moved) {
                if let Some(moved) = moved {
                    *row = Some(Row::of(moved, panel, wanted));
                }
            }
            match wanted.way {
                Move::Newton => {
                    for _ in 0..wanted.sweeps {
                        newton(&mut rows, rank, wanted);
                    }
                }
                Move::Factors => {
                    for row in rows.iter_mut().flatten() {
                        row.all_factors();
                    }
                }
            }
            for (fell, row) in fallen.iter_mut().zip(&rows) {
                if let Some(row) = row {
                    *fell = row.fallen();
                }
            }
        }
        fallen
    }
}

/// A sweep over rows, an entry of each in turn.
///
/// # Safety
/// The level is there.
#[inline(always)]
unsafe fn newton<L: Lanes>(rows: &mut [Option<Row<'_, L>>; TOGETHER], rank: usize, wanted: Wanted) {
    let zero = L::Num::default();
    let zeros = [0.0_f64; TOGETHER];
    let (mut moved, mut constants) = ([zero; TOGETHER], zeros);
    for (constant, row) in constants.iter_mut().zip(rows.iter()) {
        if let Some(row) = row {
            *constant = row.constant;
        }
    }
    // SAFETY: as above.
    unsafe {
        for k in 0..rank {
            let mut lanes = [L::splat(zero); 2 * TOGETHER];
            let (mut first, mut second, mut old, mut pull) = (zeros, zeros, zeros, zeros);
            for i in 0..TOGETHER {
                if let Some(row) = &mut rows[i] {
                    (first[i], second[i], lanes[2 * i], lanes[2 * i + 1]) =
                        row.slope(k, (k.saturating_sub(1), moved[i]));
                    (old[i], pull[i]) = (row.b[k].to_f64(), row.pull[k].to_f64());
                }
            }
            let mut sums = [zero; 2 * TOGETHER];
            L::sum_eight(lanes, sums.as_mut_ptr());
            let mut new = zeros;
            for i in 0..TOGETHER {
                let first = first[i] + sums[2 * i].to_f64();
                let second = second[i] + sums[2 * i + 1].to_f64();
                new[i] = newton_step((old[i], pull[i]), (first, second), constants[i], wanted);
            }
            for i in 0..TOGETHER {
                if let Some(row) = &mut rows[i] {
                    // As far as the type of the numbers can tell.
                    let new = L::Num::from_f64(new[i]);
                    moved[i] = new - row.b[k];
                    row.b[k] = new;
                }
            }
        }
        for i in 0..TOGETHER {
            if let Some(row) = &mut rows[i] {
                row.settle((rank.saturating_sub(1), moved[i]));
            }
        }
    }
}

/// What an entry becomes that is `old` and pulled down by `pull`; the two sums are sum_j c_j q_jk / s_j and
/// sum_j c_j (q_jk / s_j)^2. Choices, not branches, so that several are worked out at once.
#[inline(always)]
fn newton_step((old, pull): (f64, f64), (first, second): (f64, f64), constant: f64, wanted: Wanted) -> f64 {
    let Wanted { l1, l2, low, high, .. } = wanted;
    let (slope, second) = (pull + l1 + 2.0 * l2 * old - first, second + 2.0 * l2);
    let flat = if slope > 0.0 { low } else { old };
    let aim = if second > 0.0 { old - slope / second } else { flat };
    let aim = if aim.is_finite() { aim } else { old };
    let d = aim.max(low).min(high) - old;
    let squared = constant * constant * second * d * d;
    let damped = (slope > 0.0) & (squared > FULL_STEP * FULL_STEP);
    let d = d / if damped { 1.0 + squared.sqrt() } else { 1.0 };
    (old + d).max(low).min(high)
}

/// -c log s is self-concordant with the constant 1 / sqrt(c).
fn constant<T: Element>(counts: &[T]) -> f64 {
    counts.iter().fold(0.0_f64, |most, c| most.max(1.0 / c.to_f64().sqrt()))
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
    /// The products before b was moved, and b itself.
    before: &'a mut Vec<L::Num>,
    old: &'a mut Vec<f64>,
    ratios: &'a mut Vec<L::Num>,
    floor: L::Num,
    constant: f64,
    lanes: std::marker::PhantomData<L>,
}

impl<'a, L: Lanes> Row<'a, L> {
    /// A row, made ready.
    ///
    /// # Safety
    /// The level is there.
    #[inline(always)]
    unsafe fn of(moved: Moved<'a, L::Num>, panel: &[L::Num], wanted: Wanted) -> Self {
        let Moved { b, picked, pull, room } = moved;
        // SAFETY: as above.
        unsafe {
            let len = gather::<L>(picked, (panel, b.len()), room);
            let Counted { counts, turned, products, before, ratios, numbers: old, .. } = room;
            old.clear();
            for x in b.iter() {
                old.push(x.to_f64());
            }
            let mut row = Self {
                b,
                pull,
                wanted,
                len,
                constant: constant(&counts[..len]),
                counts: &counts[..],
                columns: turned,
                products,
                before,
                old,
                ratios,
                floor: L::Num::from_f64(if size_of::<L::Num>() == 4 { 1e-20 } else { 1e-300 }),
                lanes: std::marker::PhantomData,
            };
            row.multiply_out();
            row.before.clear();
            row.before.extend_from_slice(row.products);
            row
        }
    }

    /// All sweeps of factors.
    ///
    /// # Safety
    /// As above.
    #[inline(always)]
    unsafe fn all_factors(&mut self) {
        self.ratios.resize(self.products.len(), L::Num::default());
        // SAFETY: as above.
        unsafe {
            for _ in 0..self.wanted.sweeps {
                self.factors();
            }
            // A factor can hardly move an entry away from 0: a Newton step can.
            let small = ALMOST * self.old.iter().fold(0.0_f64, |most, b| most.max(*b));
            for k in 0..self.b.len() {
                if self.old[k] <= small {
                    self.step(k);
                }
            }
        }
    }

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

    /// Moves entry k, the products being those of the numbers as they are.
    /// # Safety: as above.
    #[inline(always)]
    unsafe fn step(&mut self, k: usize) {
        // SAFETY: as above.
        let (first, second) = unsafe {
            let (first, second, one, other) = self.slope(k, (k, L::Num::default()));
            (first + one.sum().to_f64(), second + other.sum().to_f64())
        };
        let at = (self.b[k].to_f64(), self.pull[k].to_f64());
        let new = L::Num::from_f64(newton_step(at, (first, second), self.constant, self.wanted));
        let d = new - self.b[k];
        self.b[k] = new;
        // SAFETY: as above.
        unsafe { self.settle((k, d)) };
    }

    /// The two sums of a step of entry k, after the products have been told that another entry has grown by so much: of
    /// all but the last numbers, and of those as they lie in the lanes.
    /// # Safety: as above.
    #[inline(always)]
    unsafe fn slope(&mut self, k: usize, (last, d): (usize, L::Num)) -> (f64, f64, L, L) {
        let padded = self.counts.len();
        let (mut first, mut second) = (0.0, 0.0);
        // SAFETY: whole vectors of all arrays.
        unsafe {
            let (zero, floor, d) = (L::splat(L::Num::default()), L::splat(self.floor), L::splat(d));
            let (moved, column) = (self.columns.as_ptr().add(last * padded), self.columns.as_ptr().add(k * padded));
            let mut sums = (zero, zero);
            for from in (0..padded).step_by(SHORT) {
                if from > 0 {
                    first += sums.0.sum().to_f64();
                    second += sums.1.sum().to_f64();
                    sums = (zero, zero);
                }
                for at in (from..(from + SHORT).min(padded)).step_by(L::LEN) {
                    let product = self.products.as_mut_ptr().add(at);
                    let s = L::load(moved.add(at)).mul_add(d, L::load(product)).max(zero);
                    s.store(product);
                    let share = L::load(column.add(at)).div(s.max(floor));
                    let part = L::load(self.counts.as_ptr().add(at)).mul(share);
                    sums = (sums.0.add(part), part.mul_add(share, sums.1));
                }
            }
            (first, second, sums.0, sums.1)
        }
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
    unsafe fn factors(&mut self) {
        let padded = self.counts.len();
        let Wanted { l1, l2, low, high, .. } = self.wanted;
        // SAFETY: whole vectors of all arrays.
        unsafe {
            let floor = L::splat(self.floor);
            for at in (0..padded).step_by(L::LEN) {
                let s = L::load(self.products.as_ptr().add(at)).max(floor);
                L::load(self.counts.as_ptr().add(at)).div(s).store(self.ratios.as_mut_ptr().add(at));
            }
            for k in 0..self.b.len() {
                let (mut gain, column) = (0.0, self.column(k).as_ptr());
                for from in (0..padded).step_by(SHORT) {
                    let mut sum = L::splat(L::Num::default());
                    for at in (from..(from + SHORT).min(padded)).step_by(L::LEN) {
                        sum = L::load(column.add(at)).mul_add(L::load(self.ratios.as_ptr().add(at)), sum);
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

    /// By how much the objective has fallen.
    /// # Safety: as above.
    #[inline(always)]
    unsafe fn fallen(&self) -> f64 {
        let Wanted { l1, l2, .. } = self.wanted;
        let (old, before) = (&self.old[..], &self.before[..]);
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
