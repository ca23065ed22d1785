//! Likelihood: a row of a factor that enters the objective as a Poisson likelihood does.
//! In: a row b (r numbers), its counts c_j and the rows q_j of a panel (m x r), a linear term p.  Out: b moved.
//! Invariant: one thread, one order; the decrease is that of the objective, by the logarithms of the ratios of the
//! products.
//! Not here: the cut into rows for threads, which of the two steps is taken (see `solve`).
//!
//! Minimizes <p, b> + l1 |b|_1 + square |b|^2 - sum_j c_j log <b, q_j> over lower <= b <= upper, either by damped
//! Newton steps, one entry after the other (Hien and Gillis 2021, section 3.4), or by a factor for each entry (Lee and
//! Seung 2001, theorem 2). For d counts about 10 d r flops and d r divisions a sweep of Newton steps, 4 d r flops and d
//! divisions one of factors; d r numbers are gathered, wherever they lie. Lanes are counts: the rows of the panel are
//! transposed, so that entry k of all lies together. Loops: sweeps, entries, vectors of counts; the pass that sums up
//! for entry k also moves the products by what entry k - 1 has become.

use super::gather::{LikelihoodWorkspace, gather};
use crate::math::{log, log_near_one};
use crate::number::Number;
use crate::rows::regularizer::Regularizer;
use crate::rows::row_gram::Picked;
use crate::simd::{Element, Job, Lanes, SimdLevel, functions, methods};

/// A full Newton step is taken where the greatest share by which a product falls is at most this: up to it -log(1 - u)
/// <= u + u^2 holds.
pub(super) const FULL_STEP: f64 = 0.683_802;
/// An entry below this share of its row's greatest is taken to be stuck near 0.
const ALMOST: f64 = 1e-6;
/// Numbers that are added up as T before they become f64.
const SHORT: usize = 1024;

/// The step of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoissonStep {
    /// All entries at once, by a factor each (Lee and Seung 2001, theorem 2).
    Multiplicative,
    /// One entry after the other, by damped Newton steps (Hien and Gillis 2021, section 3.4).
    Newton,
}

/// How rows are moved, and what their entries cost beside the likelihood.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likelihood {
    /// Bounds and penalty; the lower bound is above 0.
    pub regularizer: Regularizer,
    /// The weight of the sum of squares of the entries.
    pub square: f64,
    /// The step.
    pub step: PoissonStep,
    /// How often.
    pub sweeps: usize,
}

/// A row to be moved.
pub struct CountedRow<'a, T> {
    /// The row (r).
    pub b: &'a mut [T],
    /// Its counts, and which row of the panel each belongs to.
    pub picked: Picked<'a, T>,
    /// The linear term p (r).
    pub linear: &'a [T],
    /// Working arrays.
    pub workspace: &'a mut LikelihoodWorkspace<T>,
}

/// How many rows are moved together.
pub const TOGETHER: usize = 4;

/// Moves rows. Every Newton step waits for the sums of the one before: with several rows there is something to do
/// meanwhile, and the numbers of all are worked out at once.
pub(crate) fn likelihood<T: Element>(
    level: SimdLevel,
    rows: [Option<CountedRow<'_, T>>; TOGETHER],
    panel: &[T],
    likelihood: Likelihood,
) -> [f64; TOGETHER] {
    let rank = rows.iter().flatten().map(|row| row.b.len()).next().unwrap_or(0);
    for CountedRow { b, picked, linear, .. } in rows.iter().flatten() {
        assert!(b.len() == rank && linear.len() == rank, "rows of one length, and a linear term for each number");
        assert!(picked.columns.is_none_or(|columns| columns.len() == picked.weights.len()), "a count for each column");
    }
    T::at_level(level, MoveRows { rows, rank, panel, likelihood })
}

struct MoveRows<'a, T> {
    rows: [Option<CountedRow<'a, T>>; TOGETHER],
    rank: usize,
    panel: &'a [T],
    likelihood: Likelihood,
}

impl<T: Element> Job<T> for MoveRows<'_, T> {
    type Out = [f64; TOGETHER];
    #[inline(always)]
    // SAFETY: asks for no more than the trait says.
    unsafe fn run<L: Lanes<Num = T>>(self) -> [f64; TOGETHER] {
        let Self { rows: counted, rank, panel, likelihood } = self;
        let mut rows: [Option<Row<'_, L>>; TOGETHER] = [const { None }; TOGETHER];
        let mut fallen = [0.0; TOGETHER];
        // SAFETY: the level is there, says the caller; so for all that follows.
        unsafe {
            for (row, counted) in rows.iter_mut().zip(counted) {
                if let Some(counted) = counted {
                    *row = Some(Row::of(counted, panel, likelihood));
                }
            }
            match likelihood.step {
                PoissonStep::Newton => {
                    for _ in 0..likelihood.sweeps {
                        newton(&mut rows, rank, likelihood);
                    }
                }
                PoissonStep::Multiplicative => {
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

functions! {
    /// A sweep over rows, an entry of each in turn.
    fn newton<L>(rows: &mut [Option<Row<'_, L>>; TOGETHER], rank: usize, likelihood: Likelihood) {
        let zero = L::Num::default();
        let zeros = [0.0_f64; TOGETHER];
        let (mut grown, mut constants, mut shares) = ([zero; TOGETHER], zeros, [L::splat(zero); TOGETHER]);
        for (constant, row) in constants.iter_mut().zip(rows.iter()) {
            if let Some(row) = row {
                *constant = row.constant;
            }
        }
        for k in 0..rank {
            let mut lanes = [L::splat(zero); 2 * TOGETHER];
            let (mut first, mut second, mut old, mut linear) = (zeros, zeros, zeros, zeros);
            for i in 0..TOGETHER {
                if let Some(row) = &mut rows[i] {
                    let slope = row.slope(k, (k.saturating_sub(1), grown[i]));
                    (first[i], second[i], lanes[2 * i], lanes[2 * i + 1], shares[i]) = slope;
                    (old[i], linear[i]) = (row.b[k].to_f64(), row.linear[k].to_f64());
                }
            }
            let mut sums = [zero; 2 * TOGETHER];
            L::sum_eight(lanes, sums.as_mut_ptr());
            let (mut new, mut rising) = (zeros, [false; TOGETHER]);
            for i in 0..TOGETHER {
                let first = first[i] + sums[2 * i].to_f64();
                let second = second[i] + sums[2 * i + 1].to_f64();
                let (step, may_rise) = newton_step((old[i], linear[i]), (first, second), constants[i], likelihood);
                new[i] = step;
                rising[i] = may_rise;
            }
            for i in 0..TOGETHER {
                if rising[i] {
                    new[i] = damped::<L>(old[i], new[i], shares[i]);
                }
            }
            for i in 0..TOGETHER {
                if let Some(row) = &mut rows[i] {
                    // As far as the type of the numbers can tell.
                    let new = L::Num::from_f64(new[i]);
                    grown[i] = new - row.b[k];
                    row.b[k] = new;
                }
            }
        }
        for i in 0..TOGETHER {
            if let Some(row) = &mut rows[i] {
                row.settle((rank.saturating_sub(1), grown[i]));
            }
        }
    }
}

/// What an entry becomes by a full Newton step that is `old` and has this linear term, and whether the step may be so
/// long that it must be damped; the two sums are sum_j c_j q_jk / s_j and sum_j c_j (q_jk / s_j)^2. Choices, not
/// branches, so that several are worked out at once.
#[inline(always)]
fn newton_step(
    (old, linear): (f64, f64),
    (first, second): (f64, f64),
    constant: f64,
    Likelihood { regularizer, square, .. }: Likelihood,
) -> (f64, bool) {
    let Regularizer { l1, lower, upper } = regularizer;
    let (slope, second) = (linear + l1 + 2.0 * square * old - first, second + 2.0 * square);
    let flat = if slope > 0.0 { lower } else { old };
    let aim = if second > 0.0 { old - slope / second } else { flat };
    let aim = if aim.is_finite() { aim } else { old };
    let new = aim.max(lower).min(upper);
    // No product falls by a greater share than this.
    let squared = constant * constant * second * (new - old) * (new - old);
    (new, (slope > 0.0) & (squared > FULL_STEP * FULL_STEP))
}

functions! {
    /// The step from `old` to `new`, damped where a product falls by too great a share: `shares` are greatest ratios
    /// q_jk / s_j. With d the fall and t the greatest of them all, d / (1 + d t) never raises the objective, as
    /// -log(1 - u) <= u + (u / u_0)^2 (-u_0 - log(1 - u_0)) for u <= u_0 < 1.
    fn damped<L>(old: f64, new: f64, shares: L) -> f64 {
        let (mut greatest, mut lanes) = (0.0_f64, [L::Num::default(); 64]);
        shares.store(lanes.as_mut_ptr());
        for share in &lanes[..L::LEN] {
            greatest = greatest.max(share.to_f64());
        }
        let share = (new - old).abs() * greatest;
        if share > FULL_STEP { old + (new - old) / (1.0 + share) } else { new }
    }
}

/// 1 / sqrt(c) of the smallest count c: times the length of a step in the local norm it bounds the share by which any
/// product falls (-c log s is self-concordant with this constant).
fn constant<T: Element>(counts: &[T]) -> f64 {
    counts.iter().fold(0.0_f64, |most, c| most.max(1.0 / c.to_f64().sqrt()))
}

/// A row with what belongs to it; all arrays are whole vectors.
struct Row<'a, L: Lanes> {
    b: &'a mut [L::Num],
    linear: &'a [L::Num],
    likelihood: Likelihood,
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
    unsafe fn of(row: CountedRow<'a, L::Num>, panel: &[L::Num], likelihood: Likelihood) -> Self {
        let CountedRow { b, picked, linear, workspace } = row;
        // SAFETY: as above.
        unsafe {
            let len = gather::<L>(picked, panel, b.len(), workspace);
            let LikelihoodWorkspace { counts, columns, products, before, ratios, numbers: old, .. } = workspace;
            old.clear();
            for x in b.iter() {
                old.push(x.to_f64());
            }
            let mut row = Self {
                b,
                linear,
                likelihood,
                len,
                constant: constant(&counts[..len]),
                counts: &counts[..],
                columns,
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

    methods! {
        /// All sweeps of factors.
        fn all_factors(&mut self) {
            self.ratios.resize(self.products.len(), L::Num::default());
            for _ in 0..self.likelihood.sweeps {
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

        /// The products of b with all rows of the panel.
        fn multiply_out(&mut self) {
            let padded = self.counts.len();
            for at in (0..padded).step_by(L::LEN) {
                let mut sum = L::splat(L::Num::default());
                for k in 0..self.b.len() {
                    let q = L::load(self.columns.as_ptr().add(k * padded + at));
                    sum = q.mul_add(L::splat(self.b[k]), sum);
                }
                sum.store(self.products.as_mut_ptr().add(at));
            }
        }

        /// Moves entry k, the products being those of the numbers as they are.
        fn step(&mut self, k: usize) {
            let (first, second, one, other, shares) = self.slope(k, (k, L::Num::default()));
            let (first, second) = (first + one.sum().to_f64(), second + other.sum().to_f64());
            let at = (self.b[k].to_f64(), self.linear[k].to_f64());
            let (new, rising) = newton_step(at, (first, second), self.constant, self.likelihood);
            let new = L::Num::from_f64(if rising { damped::<L>(at.0, new, shares) } else { new });
            let d = new - self.b[k];
            self.b[k] = new;
            self.settle((k, d));
        }

        /// The two sums of a step of entry k, after the products have been told that another entry has grown by so
        /// much: of all but the last numbers, and of those as they lie in the lanes; and greatest ratios q_jk / s_j.
        fn slope(&mut self, k: usize, (last, d): (usize, L::Num)) -> (f64, f64, L, L, L) {
            let padded = self.counts.len();
            let (mut first, mut second) = (0.0, 0.0);
            let (zero, floor, d) = (L::splat(L::Num::default()), L::splat(self.floor), L::splat(d));
            let (moved, column) = (self.columns.as_ptr().add(last * padded), self.columns.as_ptr().add(k * padded));
            let (mut sums, mut greatest) = ((zero, zero), zero);
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
                    greatest = share.max(greatest);
                }
            }
            (first, second, sums.0, sums.1, greatest)
        }

        /// Tells the products that an entry has grown by so much.
        fn settle(&mut self, (k, d): (usize, L::Num)) {
            let padded = self.counts.len();
            for at in (0..padded).step_by(L::LEN) {
                let product = self.products.as_mut_ptr().add(at);
                let q = L::load(self.columns.as_ptr().add(k * padded + at));
                q.mul_add(L::splat(d), L::load(product)).max(L::splat(L::Num::default())).store(product);
            }
        }

        /// Multiplies each entry by what leads to the minimum of the usual bound, which a square is added to.
        fn factors(&mut self) {
            let padded = self.counts.len();
            let Likelihood { regularizer: Regularizer { l1, lower, upper }, square, .. } = self.likelihood;
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
                let (old, linear) = (self.b[k].to_f64(), self.linear[k].to_f64() + l1);
                // The b at which linear + 2 square b = gain old / b.
                let root = (linear * linear + 8.0 * square * gain * old).sqrt();
                let new = L::Num::from_f64((2.0 * gain * old / (linear + root)).max(lower).min(upper));
                if (gain * old / (linear + root)).is_finite() {
                    self.b[k] = new;
                }
            }
            self.multiply_out();
        }

        /// By how much the objective has fallen.
        fn fallen(&self) -> f64 {
            let Likelihood { regularizer: Regularizer { l1, .. }, square, .. } = self.likelihood;
            let (old, before) = (&self.old[..], &self.before[..]);
            let mut fell = 0.0;
            for k in 0..old.len() {
                let new = self.b[k].to_f64();
                fell += (old[k] - new) * (self.linear[k].to_f64() + l1 + square * (old[k] + new));
            }
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

    /// The numbers of entry k in all rows of the panel.
    #[inline(always)]
    fn column(&self, k: usize) -> &[L::Num] {
        let padded = self.counts.len();
        &self.columns[k * padded..(k + 1) * padded]
    }
}
