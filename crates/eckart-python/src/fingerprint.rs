//! Fingerprint: a number that tells whether an array's numbers are still what they were.
//! In: contiguous NumPy arrays.  Out: 64 bits.
//! Invariant: every bit of every number counts, and its place; arrays that differ have the same fingerprint once in
//! 2^64.
//! Not here: what is done where it has changed (see `python/eckart/_arrays.py`).
//!
//! It is computed at about the speed at which memory is read: much less than the checks, the transpose and the products
//! that it saves when the same data is passed to a function again.

use numpy::PyArray1;
use pyo3::prelude::*;

use crate::borrowed::borrow;
use crate::matrix::{Indices, Numbers};

/// Mixers in flight at once: a multiplication takes four cycles, and one can begin in each.
const LANES: usize = 8;
/// An odd number whose bits look random: the golden ratio's.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// Takes words in, so many at a time.
struct Mixer([u64; LANES]);

impl Mixer {
    fn new() -> Self {
        let mut lanes = [MIX; LANES];
        lanes.iter_mut().zip(1..).for_each(|(lane, k)| *lane = lane.wrapping_mul(2 * k + 1));
        Self(lanes)
    }

    #[inline]
    fn take(&mut self, lane: usize, word: u64) {
        let mixed = (self.0[lane] ^ word).wrapping_mul(MIX);
        // A product's low bits know only of low bits: the high ones come down.
        self.0[lane] = mixed ^ (mixed >> 29);
    }

    fn all<T: Copy>(&mut self, numbers: &[T], bits: impl Fn(T) -> u64) {
        let (chunks, rest) = numbers.as_chunks::<LANES>();
        for chunk in chunks {
            for lane in 0..LANES {
                self.take(lane, bits(chunk[lane]));
            }
        }
        rest.iter().enumerate().for_each(|(lane, &x)| self.take(lane, bits(x)));
        self.take(0, numbers.len() as u64);
    }

    fn pairs<T: Copy>(&mut self, numbers: &[T], bits: impl Fn(T) -> u32) {
        let (chunks, rest) = numbers.as_chunks::<{ 2 * LANES }>();
        for chunk in chunks {
            for lane in 0..LANES {
                let [low, high] = [bits(chunk[lane]), bits(chunk[lane + LANES])].map(u64::from);
                self.take(lane, low | high << 32);
            }
        }
        self.all(rest, |x| u64::from(bits(x)));
        self.take(1, numbers.len() as u64);
    }

    fn finish(mut self) -> u64 {
        for lane in 1..LANES {
            self.take(0, self.0[lane]);
        }
        self.0[0]
    }
}

/// The fingerprint of an array.
#[pyfunction]
pub(crate) fn fingerprint(py: Python<'_>, values: Numbers<'_>) -> PyResult<u64> {
    let mut mixer = Mixer::new();
    mix_numbers(py, &mut mixer, &values)?;
    Ok(mixer.finish())
}

/// The fingerprint of compressed rows.
#[pyfunction]
pub(crate) fn fingerprint_sparse(
    py: Python<'_>,
    indptr: Indices<'_>,
    indices: &Bound<'_, PyArray1<u32>>,
    values: Numbers<'_>,
) -> PyResult<u64> {
    let mut mixer = Mixer::new();
    match &indptr {
        Indices::Narrow(narrow) => mixer.pairs(&borrow(narrow)?, |x| x),
        Indices::Wide(wide) => mixer.all(&borrow(wide)?, |x| x),
    }
    let columns = borrow(indices)?;
    py.detach(|| mixer.pairs(&columns, |x| x));
    mix_numbers(py, &mut mixer, &values)?;
    Ok(mixer.finish())
}

fn mix_numbers(py: Python<'_>, mixer: &mut Mixer, values: &Numbers<'_>) -> PyResult<()> {
    match values {
        Numbers::F32(narrow) => {
            let numbers = borrow(narrow)?;
            py.detach(|| mixer.pairs(&numbers, f32::to_bits));
        }
        Numbers::F64(wide) => {
            let numbers = borrow(wide)?;
            py.detach(|| mixer.all(&numbers, f64::to_bits));
        }
    }
    Ok(())
}
