//! Machine: how fast this one is.
//! In: a number of threads.  Out: operations and bytes per second, measured in about a quarter of a second.
//! Invariant: told to people only: no plan and no result depends on it.
//! Not here: what a plan needs (see `plan`).

pub(super) mod cut;
pub(super) mod shard_sums;
pub(super) mod simd;
pub(super) mod threads;

use std::hint::black_box;
use std::time::{Duration, Instant};

use eckart_kernels::View;
use rayon::prelude::*;

use super::machine::simd::simd_level;
use super::with_threads;
use crate::data::{Dtype, Real};
use crate::error::Result;

/// The side of the square matrices that are multiplied: three of them stay in a core's own cache.
const SIDE: usize = 128;
/// Numbers of each of the three arrays that are streamed, all threads together: 96 MB in all, more than most caches.
const STREAMED: usize = 1 << 22;
/// How long each is measured.
const TIME: Duration = Duration::from_millis(60);

/// What a machine can do at best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Machine {
    /// Floating point operations per second, of f64, in products of dense matrices that stay in the cache.
    pub flops_per_second: f64,
    /// The same of f32.
    pub flops_per_second_f32: f64,
    /// Bytes per second, read and written in long stretches. Where the last cache is larger than 96 MB, that of the
    /// cache.
    pub bytes_per_second: f64,
}

/// What keeps a run from being faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited {
    /// Its operations.
    ByArithmetic,
    /// What it reads and writes.
    ByMemory,
}

impl Machine {
    /// Measures this machine with so many threads (`None`: one per core that the process may use). Takes about 0.25
    /// seconds and 96 MB; other work on the machine lowers what is found.
    ///
    /// # Errors
    /// As [`with_threads`].
    pub fn measure(threads: Option<usize>) -> Result<Self> {
        with_threads(threads, || Self {
            flops_per_second: multiply::<f64>(),
            flops_per_second_f32: multiply::<f32>(),
            bytes_per_second: stream(),
        })
    }

    /// The most operations per second, of numbers of this type.
    pub fn flops_of(&self, dtype: Dtype) -> f64 {
        match dtype {
            Dtype::F32 => self.flops_per_second_f32,
            Dtype::F64 => self.flops_per_second,
        }
    }

    /// The least time, in seconds, that this machine needs for so many operations, of numbers of type `dtype`, and
    /// bytes, and which of them it is.
    ///
    /// Both go on at once at best, so it is the longer of the two (the roofline of Williams, Waterman and Patterson
    /// 2009).
    pub fn least_seconds(&self, dtype: Dtype, flops: f64, bytes: f64) -> (f64, Limited) {
        let (arithmetic, memory) = (flops / self.flops_of(dtype), bytes / self.bytes_per_second);
        if arithmetic >= memory { (arithmetic, Limited::ByArithmetic) } else { (memory, Limited::ByMemory) }
    }
}

/// Operations per second: every thread multiplies matrices of its own.
fn multiply<T: Real>() -> f64 {
    let each = rayon::broadcast(|_| {
        let (a, b) = (vec![T::from_f64(1.0); SIDE * SIDE], vec![T::from_f64(0.5); SIDE * SIDE]);
        let mut out = vec![T::default(); SIDE * SIDE];
        let (level, a, b) = (simd_level(), View::rows_of(&a, SIDE), View::rows_of(&b, SIDE));
        // The first product warms up.
        T::multiply_add(level, &mut out, a, b, None);
        best(|| {
            for _ in 0..4 {
                T::multiply_add(level, black_box(&mut out), a, b, None);
            }
            4.0 * 2.0 * (SIDE * SIDE * SIDE) as f64
        })
    });
    each.iter().sum()
}

/// Bytes per second: a = b + 3 c over arrays that no core's cache holds (the triad of McCalpin's STREAM).
fn stream() -> f64 {
    let part = STREAMED / rayon::current_num_threads();
    let mut a = vec![0.0_f64; STREAMED];
    // Written once, so that the pages are there.
    let (b, c) = (vec![1.0_f64; STREAMED], vec![2.0_f64; STREAMED]);
    best(|| {
        a.par_chunks_mut(part).zip(b.par_chunks(part)).zip(c.par_chunks(part)).for_each(|((a, b), c)| {
            for ((a, b), c) in a.iter_mut().zip(b).zip(c) {
                *a = b + 3.0 * c;
            }
        });
        black_box(&mut a);
        (3 * STREAMED * size_of::<f64>()) as f64
    })
}

/// The most that `work` gets done in a second, of several tries; it says how much it did.
fn best(mut work: impl FnMut() -> f64) -> f64 {
    let start = Instant::now();
    let mut most = 0.0_f64;
    while most == 0.0 || start.elapsed() < TIME {
        let begun = Instant::now();
        let done = work();
        most = most.max(done / begun.elapsed().as_secs_f64().max(1e-9));
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_does_something_and_the_slower_side_binds() {
        let machine = Machine::measure(Some(1)).unwrap();
        // Any machine of this century, and none of it.
        assert!((1e6..1e16).contains(&machine.flops_per_second), "{machine:?}");
        assert!((1e6..1e16).contains(&machine.bytes_per_second), "{machine:?}");
        assert!((1e6..1e16).contains(&machine.flops_per_second_f32), "{machine:?}");
        let machine = Machine { flops_per_second: 10.0, flops_per_second_f32: 20.0, bytes_per_second: 100.0 };
        assert_eq!(machine.least_seconds(Dtype::F64, 20.0, 100.0), (2.0, Limited::ByArithmetic));
        assert_eq!(machine.least_seconds(Dtype::F32, 20.0, 50.0), (1.0, Limited::ByArithmetic));
        assert_eq!(machine.least_seconds(Dtype::F64, 20.0, 300.0), (3.0, Limited::ByMemory));
        assert!(Machine::measure(Some(0)).is_err());
    }
}
