//! Sweeps: coordinate descent for the rows of a factor, all of them under one Gram, or one row at a time.
//! In: rows (n x r), linear term (n x r), a Gram (r x r), penalty and bounds.  Out: rows moved; the exact decrease.
//! Invariant: rows are independent; the decrease is added up in a fixed tree.
//! Not here: the loops (see `sweep` and `descent` of the kernels), when a sweep pays (see `solve`).

use eckart_kernels::{Asked, Entrywise, Room, Swept};

use super::machine::shard_sums::sum_rows;
use super::machine::simd::simd_level;
use super::value::typed::{Numbers, cast};

/// Minimises w G w' - 2 b w' + l1 |w|_1 within the bounds for each row w, one entry after the other, `sweeps` times.
pub(crate) fn sweep_rows<T: Numbers>(
    rows: &mut [T],
    (linear, gram, rank): (&[T], &[f64], usize),
    l1: f64,
    (lower, upper): (f64, f64),
    sweeps: usize,
) -> f64 {
    let asked = Asked { l1: T::from_f64(0.5 * l1), lower: T::from_f64(lower), upper: T::from_f64(upper) };
    let gram = &cast::<f64, T>(gram)[..];
    sum_rows(rows, rank, |range, part| {
        let mut done = vec![Swept::default(); sweeps];
        let linear = &linear[range.start * rank..range.end * rank];
        T::sweep(simd_level(), part, (linear, gram, rank), asked, &mut done);
        done.iter().map(|swept| swept.decrease).sum()
    })
}

/// Coordinate descent for one row after the other, each under a Gram of its own or the same.
pub(crate) struct Descent {
    law: Entrywise,
    sweeps: usize,
    room: Room,
}

impl Descent {
    /// For rows of `rank` numbers, each swept at most `sweeps` times.
    pub(crate) fn new(rank: usize, law: Entrywise, sweeps: usize) -> Self {
        Self { law, sweeps, room: Room::new(rank) }
    }

    /// Sweeps a row as often as pays; returns the decrease of b G b' - 2 b l' + penalty.
    pub(crate) fn coordinates(&mut self, row: &mut [f64], linear: &[f64], gram: &[f64]) -> f64 {
        eckart_kernels::coordinates(simd_level(), row, (linear, gram), self.law, self.sweeps, &mut self.room)
    }

    /// The same, with sweeps between over the entries that are not 0.
    pub(crate) fn active_set(&mut self, row: &mut [f64], linear: &[f64], gram: &[f64]) -> f64 {
        eckart_kernels::active_set(simd_level(), row, (linear, gram), self.law, self.sweeps, &mut self.room)
    }
}

/// The half gradient b G - l of a row, into `half`.
pub(crate) fn half_gradient(row: &[f64], linear: &[f64], gram: &[f64], half: &mut [f64]) {
    eckart_kernels::half_gradient(simd_level(), row, (linear, gram), half);
}
