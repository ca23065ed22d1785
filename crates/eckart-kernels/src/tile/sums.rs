//! Sums: what a program's results are summed up with.
//! In: runs of numbers.  Out: f64 numbers.
//! Invariant: f64, in an order that depends on the length and the level alone.
//! Not here: sums over many tiles (their owner adds them in its own order).

use crate::simd::{Element, Job, Lanes, SimdLevel, functions, methods};

/// How many registers are summed side by side, so that none waits for the sum before it.
const SUMS: usize = 4;

pub(crate) fn sum<T: Element>(level: SimdLevel, numbers: &[T]) -> f64 {
    T::at_level(level, Sum(numbers))
}

pub(crate) fn dot<T: Element>(level: SimdLevel, a: &[T], b: &[T]) -> f64 {
    assert_eq!(a.len(), b.len(), "both are as long");
    T::at_level(level, Dot(a, b))
}

pub(crate) fn add_to<T: Element>(level: SimdLevel, sums: &mut [f64], numbers: &[T]) {
    assert_eq!(sums.len(), numbers.len(), "both are as long");
    T::at_level(level, AddTo(sums, numbers));
}

/// Running sums of registers.
struct Running<L: Lanes> {
    sums: [[L::Wide; 2]; SUMS],
}

impl<L: Lanes> Running<L> {
    methods! {
        fn new() -> Self { Self { sums: [[L::Wide::splat(0.0); 2]; SUMS] } }
        /// Adds a * b to sum k. For f32 the product is exact.
        fn add(&mut self, k: usize, a: L, b: L) {
            let [low, high] = &mut self.sums[k];
            *low = a.widen::<0>().mul_add(b.widen::<0>(), *low);
            if L::PARTS == 2 {
                *high = a.widen::<1>().mul_add(b.widen::<1>(), *high);
            }
        }
        fn total(self) -> f64 {
            let [a, b, c, d] = self.sums;
            let low = a[0].add(b[0]).add(c[0].add(d[0]));
            let high = a[1].add(b[1]).add(c[1].add(d[1]));
            low.add(high).sum()
        }
    }
}

struct Sum<'a, T>(&'a [T]);

impl<T: Element> Job<T> for Sum<'_, T> {
    type Out = f64;
    // SAFETY: as the trait says.
    #[inline(always)]
    unsafe fn run<L: Lanes<Num = T>>(self) -> f64 {
        // SAFETY: the level is there, says the caller.
        unsafe {
            let one = L::splat(T::ONE);
            sum_of::<L>(self.0.len(), |at, count| (load(self.0, at, count), one))
        }
    }
}

struct Dot<'a, T>(&'a [T], &'a [T]);

impl<T: Element> Job<T> for Dot<'_, T> {
    type Out = f64;
    // SAFETY: as the trait says.
    #[inline(always)]
    unsafe fn run<L: Lanes<Num = T>>(self) -> f64 {
        // SAFETY: the level is there, says the caller; both slices are as long.
        unsafe { sum_of::<L>(self.0.len(), |at, count| (load(self.0, at, count), load(self.1, at, count))) }
    }
}

functions! {
    /// The sum of the products of what `pair` gives for each place and count of lanes, over `len` numbers.
    fn sum_of<L>(len: usize, pair: impl Fn(usize, usize) -> (L, L)) -> f64 {
        let mut running = Running::<L>::new();
        let (whole, block) = (len / L::LEN * L::LEN, SUMS * L::LEN);
        for at in (0..len / block * block).step_by(block) {
            for k in 0..SUMS {
                let (a, b) = pair(at + k * L::LEN, L::LEN);
                running.add(k, a, b);
            }
        }
        for at in (len / block * block..whole).step_by(L::LEN) {
            let (a, b) = pair(at, L::LEN);
            running.add(0, a, b);
        }
        if whole < len {
            let (a, b) = pair(whole, len - whole);
            running.add(1, a, b);
        }
        running.total()
    }

    /// `count` numbers from `at` on, which the slice holds, and zeros in the other lanes.
    fn load<L>(numbers: &[L::Num], at: usize, count: usize) -> L {
        debug_assert!(at + count <= numbers.len(), "the places are inside the slice");
        let from = numbers.as_ptr().add(at);
        if count == L::LEN { L::load(from) } else { L::load_first(from, count) }
    }
}

struct AddTo<'a, T>(&'a mut [f64], &'a [T]);

impl<T: Element> Job<T> for AddTo<'_, T> {
    type Out = ();
    // SAFETY: as the trait says.
    #[inline(always)]
    unsafe fn run<L: Lanes<Num = T>>(self) {
        // The compiler makes vectors of it.
        self.0.iter_mut().zip(self.1).for_each(|(sum, x)| *sum += x.to_f64());
    }
}
