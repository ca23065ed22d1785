//! Gather: the rows of the panel that belong to a row's counts, turned so that entry k of all lies together.
//! In: counts with their columns, the panel.  Out: counts above 0 and the turned rows, in the room.
//! Invariant: whole vectors, with zeros behind the last count.
//! Not here: what is done with them (see the folder's `mod`).

use crate::rows::row_gram::Picked;
use crate::rows::sweep::turn;
use crate::simd::{Lanes, prefetch_all};

/// How many counts ahead rows of the panel are asked for.
const AHEAD: usize = 8;

/// Room for a row's counts and what belongs to them.
#[derive(Debug, Default)]
pub struct Counted<T> {
    pub(super) counts: Vec<T>,
    /// Where the row of each begins in the panel.
    pub(super) places: Vec<usize>,
    /// As many rows as are turned together.
    pub(super) rows: Vec<T>,
    pub(super) turned: Vec<T>,
    pub(super) products: Vec<T>,
    pub(super) before: Vec<T>,
    pub(super) ratios: Vec<T>,
    pub(super) numbers: Vec<f64>,
}

/// Fills `counts` and `turned` (entry after entry, each as many numbers as there is room for counts: whole vectors,
/// with zeros behind the last); returns how many counts there are.
///
/// # Safety
/// The level is there.
#[inline(always)]
pub(super) unsafe fn gather<L: Lanes>(
    picked: Picked<'_, L::Num>,
    (panel, r): (&[L::Num], usize),
    room: &mut Counted<L::Num>,
) -> usize {
    let zero = L::Num::default();
    room.counts.clear();
    room.places.clear();
    for (at, &count) in picked.weights.iter().enumerate() {
        if count > zero {
            room.counts.push(count);
            room.places.push(picked.column(at) * r);
        }
    }
    let len = room.counts.len();
    let padded = len.next_multiple_of(L::LEN);
    room.counts.resize(padded, zero);
    room.products.resize(padded, zero);
    // These only grow: what lies behind is of no account.
    room.rows.resize(room.rows.len().max(L::LEN * r), zero);
    room.turned.resize(room.turned.len().max(padded * r), zero);
    for from in (0..padded).step_by(L::LEN) {
        let rows = room.rows[..L::LEN * r].chunks_exact_mut(r.max(1));
        for (at, row) in (from..).zip(rows) {
            match room.places.get(at) {
                Some(&place) => {
                    let coming = room.places[(at + AHEAD).min(len - 1)];
                    prefetch_all(panel.as_ptr().wrapping_add(coming), (r * size_of::<L::Num>()).max(1));
                    // SAFETY: r numbers on both sides, and the level is there, says the caller.
                    unsafe { copy::<L>(&panel[place..place + r], row) };
                }
                None => row.fill(zero),
            }
        }
        // SAFETY: `LEN` rows of r numbers, and room for as many in each of r columns of `padded`.
        unsafe { turn::<L>((room.rows.as_ptr(), r, L::LEN), r, (room.turned.as_mut_ptr().add(from), padded)) };
    }
    len
}

/// Copies a few numbers, without a call.
///
/// # Safety
/// Both are as long, and the level is there.
#[inline(always)]
unsafe fn copy<L: Lanes>(from: &[L::Num], to: &mut [L::Num]) {
    let whole = from.len() - from.len() % L::LEN;
    // SAFETY: within both.
    unsafe {
        for at in (0..whole).step_by(L::LEN) {
            L::load(from.as_ptr().add(at)).store(to.as_mut_ptr().add(at));
        }
        if whole < from.len() {
            let rest = from.len() - whole;
            L::load_first(from.as_ptr().add(whole), rest).store_first(to.as_mut_ptr().add(whole), rest);
        }
    }
}
