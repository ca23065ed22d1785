//! Gather: the rows of the panel that belong to a row's counts, transposed so that entry k of all lies together.
//! In: counts with their columns, the panel.  Out: counts above 0 and the transposed rows, in the workspace.
//! Invariant: whole vectors, with zeros behind the last count.
//! Not here: what is done with them (see the folder's `mod`).

use crate::rows::row_gram::Picked;
use crate::rows::sweep::transpose;
use crate::simd::{Lanes, functions, prefetch_all};

/// How many counts ahead rows of the panel are asked for.
const AHEAD: usize = 8;

/// Working arrays for a row's counts and what belongs to them.
#[derive(Debug, Default)]
pub struct LikelihoodWorkspace<T> {
    pub(super) counts: Vec<T>,
    /// Where the row of each begins in the panel.
    pub(super) places: Vec<usize>,
    /// As many rows as are transposed together.
    pub(super) rows: Vec<T>,
    pub(super) columns: Vec<T>,
    pub(super) products: Vec<T>,
    pub(super) before: Vec<T>,
    pub(super) ratios: Vec<T>,
    pub(super) numbers: Vec<f64>,
}

/// Fills `counts` and `columns` (entry after entry, each as many numbers as there are places for counts: whole vectors,
/// with zeros behind the last); returns how many counts there are.
///
/// # Safety
/// The level is there.
#[inline(always)]
pub(super) unsafe fn gather<L: Lanes>(
    picked: Picked<'_, L::Num>,
    panel: &[L::Num],
    r: usize,
    workspace: &mut LikelihoodWorkspace<L::Num>,
) -> usize {
    let zero = L::Num::default();
    workspace.counts.clear();
    workspace.places.clear();
    for (at, &count) in picked.weights.iter().enumerate() {
        if count > zero {
            workspace.counts.push(count);
            workspace.places.push(picked.column(at) * r);
        }
    }
    let len = workspace.counts.len();
    let padded = len.next_multiple_of(L::LEN);
    workspace.counts.resize(padded, zero);
    workspace.products.resize(padded, zero);
    // These only grow: nothing reads what lies behind.
    workspace.rows.resize(workspace.rows.len().max(L::LEN * r), zero);
    workspace.columns.resize(workspace.columns.len().max(padded * r), zero);
    for from in (0..padded).step_by(L::LEN) {
        let rows = workspace.rows[..L::LEN * r].chunks_exact_mut(r.max(1));
        for (at, row) in (from..).zip(rows) {
            match workspace.places.get(at) {
                Some(&place) => {
                    let coming = workspace.places[(at + AHEAD).min(len - 1)];
                    prefetch_all(panel.as_ptr().wrapping_add(coming), (r * size_of::<L::Num>()).max(1));
                    // SAFETY: r numbers on both sides, and the level is there, says the caller.
                    unsafe { copy::<L>(&panel[place..place + r], row) };
                }
                None => row.fill(zero),
            }
        }
        // SAFETY: `LEN` rows of r numbers, and space for as many in each of r columns of `padded`.
        unsafe {
            transpose::<L>((workspace.rows.as_ptr(), r, L::LEN), r, (workspace.columns.as_mut_ptr().add(from), padded))
        };
    }
    len
}

functions! {
    /// Copies a few numbers between two as long, without a call.
    fn copy<L>(from: &[L::Num], to: &mut [L::Num]) {
        let whole = from.len() - from.len() % L::LEN;
        for at in (0..whole).step_by(L::LEN) {
            L::load(from.as_ptr().add(at)).store(to.as_mut_ptr().add(at));
        }
        if whole < from.len() {
            let rest = from.len() - whole;
            L::load_first(from.as_ptr().add(whole), rest).store_first(to.as_mut_ptr().add(whole), rest);
        }
    }
}
