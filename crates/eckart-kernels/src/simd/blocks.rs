//! Blocks: runs of a few vectors, and asking for memory ahead of its use.
//! In: pointers and counts.  Out: vectors loaded and stored.
//! Invariant: reads and writes what each function says.
//! Not here: what is computed with them (see the kernels).

use super::lanes::Lanes;
use super::methods::functions;

/// Asks for the line of memory that holds `at`, which may lie anywhere: nothing is read.
#[inline(always)]
pub(crate) fn prefetch<T>(at: *const T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: every processor of this kind has the instruction, which faults on no address.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = at;
}

/// Asks for the lines of memory that hold `bytes` > 0 bytes from `at` on.
#[inline(always)]
pub(crate) fn prefetch_all<T>(at: *const T, bytes: usize) {
    let at = at.cast::<u8>();
    for line in 0..bytes.div_ceil(64) {
        prefetch(at.wrapping_add(64 * line));
    }
    // One line more where they begin within one.
    prefetch(at.wrapping_add(bytes - 1));
}

functions! {
    /// `V` vectors from `at` on; where `TAIL`, the last has only `last` < `LEN` numbers.
    ///
    /// A loop, where `std::array::from_fn` would be shorter: a closure does not always become part of code that is made
    /// for wider registers than the rest, and then the vectors go through memory (sparse products took ten times as
    /// long).
    pub(crate) fn load_row<L, const V: usize, const TAIL: bool>(at: *const L::Num, last: usize) -> [L; V] {
        let mut row = [L::splat(L::Num::default()); V];
        for v in 0..V {
            let at = at.add(v * L::LEN);
            row[v] = if TAIL && v == V - 1 { L::load_first(at, last) } else { L::load(at) };
        }
        row
    }

    /// Puts `V` vectors at `at`; where `TAIL`, of the last only `last` < `LEN` numbers.
    pub(crate) fn store_row<L, const V: usize, const TAIL: bool>(row: [L; V], at: *mut L::Num, last: usize) {
        for v in 0..V {
            let at = at.add(v * L::LEN);
            if TAIL && v == V - 1 { row[v].store_first(at, last) } else { row[v].store(at) }
        }
    }
}

/// Calls `$f::<L, V, TAIL>($args, from, last)` for chunks of at most eight vectors (one, where loops are not unrolled)
/// of `$r` columns: `V` vectors from column `from` on, of which (where `TAIL`) the last has only `last` numbers.
macro_rules! in_chunks {
    ($r:expr, $f:ident($($args:expr),*)) => {{
        let mut from = 0;
        while from < $r {
            let n = ($r - from).min(if L::UNROLLED { 8 * L::LEN } else { L::LEN });
            let last = (n - 1) % L::LEN + 1;
            macro_rules! pick {
                ($v:literal) => {
                    // SAFETY: the columns exist, and the level is there, says the caller.
                    unsafe {
                        if last == L::LEN {
                            $f::<L, $v, false>($($args,)* from, last);
                        } else {
                            $f::<L, $v, true>($($args,)* from, last);
                        }
                    }
                };
            }
            if L::UNROLLED {
                match n.div_ceil(L::LEN) {
                    1 => pick!(1),
                    2 => pick!(2),
                    3 => pick!(3),
                    4 => pick!(4),
                    5 => pick!(5),
                    6 => pick!(6),
                    7 => pick!(7),
                    _ => pick!(8),
                }
            } else {
                pick!(1);
            }
            from += n;
        }
    }};
}
pub(crate) use in_chunks;
