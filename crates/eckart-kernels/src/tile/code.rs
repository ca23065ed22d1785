//! Code: what an instruction computes.
//! In: up to three arguments, each a run of numbers or one number.  Out: a run of numbers.
//! Invariant: one loop an instruction, all lanes at once; no argument is read after the entry that it helps to compute
//! is written, so that an argument may be the result.
//! Not here: where the arguments lie (see `tile`).

use std::marker::PhantomData;

use crate::math;
use crate::simd::{Element, Job, Lanes, SimdLevel, functions};

/// No register has more lanes.
const MOST_LANES: usize = 16;

/// A function of up to three registers of the processor.
trait Function {
    /// How many arguments it has.
    const ARITY: usize;
    /// Whether its code is so long that it is to be there once a loop.
    const LONG: bool;
    /// Its value.
    ///
    /// # Safety
    /// The processor has the level of `L`.
    unsafe fn of<L: Lanes>(args: [L; 3]) -> L;
}

/// The loop of a function over runs of numbers.
struct Each<T, F> {
    out: *mut T,
    /// Runs of `len` numbers; none where the argument is a number.
    args: [Option<*const T>; 3],
    numbers: [T; 3],
    len: usize,
    function: PhantomData<F>,
}

impl<T: Element, F: Function> Job<T> for Each<T, F> {
    type Out = ();
    // SAFETY: as the trait says.
    #[inline(always)]
    unsafe fn run<L: Lanes<Num = T>>(self) {
        // SAFETY: the pointers are valid for `len` numbers, says `Code::run`; a number is kept in a register of its
        // own, which is read again and again (a step of 0).
        unsafe {
            let numbers = self.numbers.map(|x| L::splat(x));
            let from: [*const T; 3] = std::array::from_fn(|k| self.args[k].unwrap_or((&raw const numbers[k]).cast()));
            let step: [usize; 3] = std::array::from_fn(|k| if self.args[k].is_some() { L::LEN } else { 0 });
            if F::LONG || !L::UNROLLED {
                return self.with_one_body::<L>(from, step);
            }
            let whole = self.len / L::LEN;
            for i in 0..whole {
                let a = L::load(from[0].add(i * step[0]));
                let b = if F::ARITY > 1 { L::load(from[1].add(i * step[1])) } else { a };
                let c = if F::ARITY > 2 { L::load(from[2].add(i * step[2])) } else { a };
                F::of([a, b, c]).store(self.out.add(i * L::LEN));
            }
            let rest = self.len - whole * L::LEN;
            if rest > 0 {
                let load = |k: usize| L::load_first(from[k].add(whole * step[k]), rest);
                let a = load(0);
                let b = if F::ARITY > 1 { load(1) } else { a };
                let c = if F::ARITY > 2 { load(2) } else { a };
                F::of([a, b, c]).store_first(self.out.add(whole * L::LEN), rest);
            }
        }
    }
}

impl<T: Element, F: Function> Each<T, F> {
    /// The loop, with the function's code in one place: the last numbers, which fill no vector, go through arrays that
    /// do.
    ///
    /// # Safety
    /// As `run`; `from` is where the arguments begin, and `step` is 0 for those that are one number.
    #[inline(always)]
    unsafe fn with_one_body<L: Lanes<Num = T>>(self, mut from: [*const T; 3], step: [usize; 3]) {
        let whole = self.len / L::LEN * L::LEN;
        let rest = self.len - whole;
        let mut last = [[T::default(); MOST_LANES]; 4];
        let (mut out, mut at) = (self.out, 0);
        // SAFETY: as above; the arrays hold a whole vector.
        unsafe {
            for start in (0..self.len).step_by(L::LEN) {
                if start == whole {
                    for k in 0..F::ARITY {
                        if step[k] > 0 {
                            std::ptr::copy_nonoverlapping(from[k].add(at), last[k].as_mut_ptr(), rest);
                            from[k] = last[k].as_ptr();
                        }
                    }
                    (out, at) = (last[3].as_mut_ptr(), 0);
                }
                let load = |k: usize| L::load(from[k].add(if step[k] > 0 { at } else { 0 }));
                let a = load(0);
                let b = if F::ARITY > 1 { load(1) } else { a };
                let c = if F::ARITY > 2 { load(2) } else { a };
                F::of([a, b, c]).store(out.add(at));
                at += L::LEN;
            }
            std::ptr::copy_nonoverlapping(last[3].as_ptr(), self.out.add(whole), rest);
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident($($arg:ident),*) = $value:expr;)*) => {
        /// What an instruction computes; a, b and c are its arguments.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// How many arguments it has.
            pub fn arity(self) -> usize {
                match self {
                    $(Code::$name => functions::$name::ARITY,)*
                }
            }

            /// Computes `len` numbers. An argument without a run is its number.
            ///
            /// # Safety
            /// `out` and all runs are valid for `len` numbers; each run is `out` itself or apart from it.
            pub(super) unsafe fn run<T: Element>(
                self,
                level: SimdLevel,
                out: *mut T,
                args: [Option<*const T>; 3],
                numbers: [T; 3],
                len: usize,
            ) {
                match self {
                    $(Code::$name => {
                        let function = PhantomData::<functions::$name>;
                        T::at_level(level, Each { out, args, numbers, len, function })
                    })*
                }
            }
        }

        mod functions {
            use super::*;
            $(
                pub(super) struct $name;
                impl Function for $name {
                    const ARITY: usize = [$(stringify!($arg)),*].len();
                    const LONG: bool = Code::$name.is_long();
                    // SAFETY: as the trait says.
                    #[inline(always)]
                    #[allow(unused_unsafe, reason = "a copy needs none")]
                    unsafe fn of<L: Lanes>(args: [L; 3]) -> L {
                        let [$($arg,)* ..] = args;
                        // SAFETY: the caller has the level.
                        unsafe { $value }
                    }
                }
            )*
        }
    };
}

codes! {
    /// a, as it is.
    Copy(a) = a;
    /// a + b.
    Add(a, b) = a.add(b);
    /// a - b.
    Sub(a, b) = a.sub(b);
    /// a * b.
    Mul(a, b) = a.mul(b);
    /// a / b, 0 where both are 0.
    Div(a, b) = quotient(a, b);
    /// a ** b.
    Pow(a, b) = math::pow(a, b);
    /// The greater, `NaN` where either is.
    Max(a, b) = math::maximum(a, b);
    /// The lesser, `NaN` where either is.
    Min(a, b) = math::minimum(a, b);
    /// 1 where a > b, else 0.
    Greater(a, b) = math::greater(a, b);
    /// e^a.
    Exp(a) = math::exp(a);
    /// log a.
    Log(a) = math::log(a);
    /// a log a, 0 at 0.
    XLogX(a) = math::x_log_x(a);
    /// |a|.
    Abs(a) = math::abs(a);
    /// -1, 0 or 1.
    Sign(a) = math::sign(a);
    /// 1 / (1 + e^-a).
    Sigmoid(a) = math::sigmoid(a);
    /// log(1 + e^a).
    Softplus(a) = math::softplus(a);

    /// a b, 0 where a is 0 whatever b is, and where b is 0 and a infinite: b may be a mask as well.
    Masked(a, b) = {
        let (zero, a) = (L::splat(L::Num::default()), kept(b, a));
        L::choose(a.equal(zero), zero, a.mul(b))
    };
    /// a / b, 0 where a is 0 whatever b is.
    MaskedDiv(a, b) = {
        let zero = L::splat(L::Num::default());
        L::choose(a.equal(zero), zero, a.div(b))
    };
    /// b, but 0 where it is infinite and a is 0: a factor of a, so that 0 times infinity is 0.
    Kept(a, b) = kept(a, b);
    /// log b, but 0 where it is infinite and a is 0.
    KeptLog(a, b) = kept(a, math::log(b));
    /// a^2.
    Square(a) = a.mul(a);
    /// a^3.
    Cube(a) = a.mul(a).mul(a);
    /// The square root of a.
    Sqrt(a) = a.sqrt();
    /// a b + c.
    MulAdd(a, b, c) = a.mul_add(b, c);
    /// a b - c: of logistic losses.
    MulSub(a, b, c) = a.mul_add(b, math::minus(c));
    /// c - a b.
    SubMul(a, b, c) = math::minus(a).mul_add(b, c);
    /// a + b + c.
    AddAdd(a, b, c) = a.add(b).add(c);
    /// a - b + c: divergences.
    SubAdd(a, b, c) = a.sub(b).add(c);
    /// (a + b) c.
    AddMul(a, b, c) = a.add(b).mul(c);
    /// (a - b) c: gradients with weights.
    DifferenceMul(a, b, c) = a.sub(b).mul(c);
    /// (a - b) / c: gradients of quotients.
    DifferenceDiv(a, b, c) = quotient(a.sub(b), c);
    /// a b / c: multiplicative updates.
    MulDiv(a, b, c) = quotient(a.mul(b), c);
    /// c - a / b: gradients of divergences.
    SubDiv(a, b, c) = c.sub(quotient(a, b));
    /// (a - b)^2: least squares.
    SquareOfDifference(a, b) = {
        let d = a.sub(b);
        d.mul(d)
    };
    /// (a - b)^2 c: weighted least squares.
    WeightedSquare(a, b, c) = {
        let d = a.sub(b);
        d.mul(d).mul(c)
    };
    /// a |b| + c: penalties.
    AddAbs(a, b, c) = a.mul_add(math::abs(b), c);
    /// min(max(a, b), c): bounds.
    Clip(a, b, c) = math::minimum(math::maximum(a, b), c);
    /// a log b, 0 where a and b are 0.
    MulLog(a, b) = a.mul(kept(a, math::log(b)));
    /// a log(b / c), 0 where a is 0 and b or c is: divergences.
    MulLogRatio(a, b, c) = a.mul(kept(a, math::log(quotient(b, c))));
    /// a e^(b c).
    MulExp(a, b, c) = a.mul(math::exp(b.mul(c)));
}

functions! {
    /// a / b, 0 where both are 0.
    fn quotient<L>(a: L, b: L) -> L {
        let (zero, divided) = (L::splat(L::Num::default()), a.div(b));
        L::choose(b.equal(zero), L::choose(a.equal(zero), zero, divided), divided)
    }

    /// b, but 0 where it is infinite and a is 0.
    fn kept<L>(a: L, b: L) -> L {
        let zero = L::splat(L::Num::default());
        // b - b is 0 of every number, and of none that is infinite.
        let finite = L::choose(b.sub(b).equal(zero), b, L::choose(b.equal(b), zero, b));
        L::choose(a.equal(zero), finite, b)
    }
}

impl Code {
    /// Whether it has a polynomial in it.
    const fn is_long(self) -> bool {
        use Code::{Exp, KeptLog, Log, MulExp, MulLog, MulLogRatio, Pow, Sigmoid, Softplus, XLogX};
        matches!(self, Pow | Exp | Log | KeptLog | XLogX | Sigmoid | Softplus | MulLog | MulLogRatio | MulExp)
    }
}
