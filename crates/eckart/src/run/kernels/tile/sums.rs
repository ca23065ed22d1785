//! Sums: what a programme's results are summed up with.
//! In: runs of numbers.  Out: f64 numbers.
//! Law: f64, in an order that depends on the length alone: `SUMS` running sums, added in order at the end.
//! Not here: sums over many tiles (their owner adds them in its own order).

use super::super::lanes::{Element, Job, Lanes, Level};

/// How many sums run side by side: what two to eight registers hold, so that none waits for the one before.
const SUMS: usize = 32;

/// The sum of all numbers.
pub(crate) fn sum<T: Element>(level: Level, numbers: &[T]) -> f64 {
    T::at_level(level, Sum(numbers))
}

/// The sum of the products of two runs of the same length.
pub(crate) fn dot<T: Element>(level: Level, a: &[T], b: &[T]) -> f64 {
    assert_eq!(a.len(), b.len(), "both are as long");
    T::at_level(level, Dot(a, b))
}

/// Adds a run to one of the same length.
pub(crate) fn add_to<T: Element>(level: Level, sums: &mut [f64], numbers: &[T]) {
    assert_eq!(sums.len(), numbers.len(), "both are as long");
    T::at_level(level, AddTo(sums, numbers));
}

struct Sum<'a, T>(&'a [T]);

impl<T: Element> Job<T> for Sum<'_, T> {
    type Out = f64;
    #[inline(always)]
    unsafe fn run<L: Lanes<Num = T>>(self) -> f64 {
        let mut sums = [0.0; SUMS];
        let (whole, rest) = self.0.as_chunks::<SUMS>();
        for part in whole {
            for k in 0..SUMS {
                sums[k] += part[k].to_f64();
            }
        }
        for (k, x) in rest.iter().enumerate() {
            sums[k] += x.to_f64();
        }
        total(sums)
    }
}

struct Dot<'a, T>(&'a [T], &'a [T]);

impl<T: Element> Job<T> for Dot<'_, T> {
    type Out = f64;
    #[inline(always)]
    unsafe fn run<L: Lanes<Num = T>>(self) -> f64 {
        let mut sums = [0.0; SUMS];
        let ((a, a_rest), (b, b_rest)) = (self.0.as_chunks::<SUMS>(), self.1.as_chunks::<SUMS>());
        let add = |sum: &mut f64, x: T, y: T| {
            let (x, y) = (x.to_f64(), y.to_f64());
            *sum = if L::FMA { x.multiply_add::<true>(y, *sum) } else { x.multiply_add::<false>(y, *sum) };
        };
        for (a, b) in a.iter().zip(b) {
            for k in 0..SUMS {
                add(&mut sums[k], a[k], b[k]);
            }
        }
        for (k, (&x, &y)) in a_rest.iter().zip(b_rest).enumerate() {
            add(&mut sums[k], x, y);
        }
        total(sums)
    }
}

struct AddTo<'a, T>(&'a mut [f64], &'a [T]);

impl<T: Element> Job<T> for AddTo<'_, T> {
    type Out = ();
    #[inline(always)]
    unsafe fn run<L: Lanes<Num = T>>(self) {
        self.0.iter_mut().zip(self.1).for_each(|(sum, x)| *sum += x.to_f64());
    }
}

/// The sums added, halves to halves.
#[inline(always)]
fn total(mut sums: [f64; SUMS]) -> f64 {
    let mut half = SUMS / 2;
    while half > 0 {
        for k in 0..half {
            sums[k] += sums[k + half];
        }
        half /= 2;
    }
    sums[0]
}
