//! Spmm: compressed rows times a dense panel, and their transpose times one.
//! In: some rows of X (n x m) and the panel.  Out: X B (n x r), or acc (m x r) += X.T A.
//! Invariant: one thread, entries in their order: the bits depend on shapes, numbers and level alone.
//! Not here: the cut into rows for threads, and products of two sparse matrices (see `products`).
//!
//! `gather`: out_i = sum_j x_ij B_j; `scatter`: acc_j += x_ij A_i. 2 nnz r flops; nnz (r + 1) numbers and nnz indices
//! are read (`scatter`: nnz r written too), of which what counts is the panel's rows, which no cache near by holds.
//! Loops: chunks of eight vectors of columns, rows, entries; the row of out or A stays in registers.
//!
//! Even and odd entries have sums of their own, so that one does not wait for the other. Best times on a busy Zen 4
//! with 100,000 x 20,000 and 4.9 M entries, in ms: `gather` f32 7.3, 10.3, 27, 44 at rank 16, 32, 64, 100, f64 12, 26,
//! 50, 102; `scatter` f32 8.6, 17, 31, 54, f64 13, 31, 66, 132. A panel that does not begin where a line of memory does
//! costs more, as each row lies in one line more (f32 rank 32: 18 in place of 10 ms, 29 in place of 17). Without asking
//! ahead: 8.4 and
//! 13.7 where 16 entries ahead 7.3 and 11.9 (f32 rank 16 and 32), and with 150,000 columns 70 in place of 37.

use std::ops::Range;

use crate::dense::View;
use crate::simd::{Element, Job, Lanes, SimdLevel, functions, in_chunks, load_row, prefetch_all, store_row};

/// Rows of x whose sums are made at once, at the most.
const TOGETHER: usize = 2;
/// How many entries ahead rows of the panel are asked for.
const AHEAD: usize = 16;

/// Some compressed rows: `indptr` says of each at which position it begins, and at which the last one ends. Positions
/// count from that of the first row, wherever in a larger matrix it is.
#[derive(Debug, Clone, Copy)]
pub struct Csr<'a, T> {
    /// One position more than there are rows.
    pub indptr: &'a [usize],
    /// The columns, by position.
    pub indices: &'a [u32],
    /// The numbers, by position.
    pub values: &'a [T],
}

impl<T> Csr<'_, T> {
    /// How many rows there are, after a check that all positions exist.
    fn rows(&self) -> usize {
        let stored = self.indices.len();
        assert_eq!(stored, self.values.len(), "a number for each column");
        assert!(self.indptr.windows(2).all(|p| p[0] <= p[1]), "rows one after the other");
        assert_eq!(self.indptr[self.indptr.len() - 1] - self.indptr[0], stored, "rows of all entries");
        self.indptr.len() - 1
    }
}

pub(crate) fn gather<T: Element>(level: SimdLevel, x: Csr<'_, T>, borders: &[usize], b: View<'_, T>, out: &mut [T]) {
    let (r, panel) = (b.cols, b.whole_rows());
    assert_eq!(out.len(), x.rows() * r, "a number for each of the product");
    if r == 0 {
        return;
    }
    let operands = Operands { x, panel, r, out };
    if borders.is_empty() {
        T::at_level(level, Product::<T, false>(operands));
        return;
    }
    let fits = borders[0] == 0 && borders[borders.len() - 1] * r == panel.len() && borders.is_sorted();
    assert!(fits, "borders of all columns");
    let sums = vec![T::default(); (1 + borders.len().ilog2() as usize + 1) * TOGETHER * r];
    T::at_level(level, Sharded { operands, borders, sums });
}

pub(crate) fn scatter<T: Element>(level: SimdLevel, x: Csr<'_, T>, a: View<'_, T>, acc: &mut [T]) {
    let (a, r) = (a.whole_rows(), a.cols);
    assert_eq!(a.len(), x.rows() * r, "a row for each row");
    if r > 0 {
        T::at_level(level, Product::<T, true>(Operands { x, panel: a, r, out: acc }));
    }
}

/// Row `at` of the panel at `$panel`, after a check that it is there and with those to come asked for.
macro_rules! row_of {
    ($x:expr, $at:expr, $panel:expr, $r:expr, $m:expr) => {{
        let j = *$x.indices.get_unchecked($at) as usize;
        assert!(j < $m, "a row for each column");
        let coming = *$x.indices.get_unchecked(($at + AHEAD).min($x.indices.len() - 1)) as usize;
        prefetch_all($panel.wrapping_add(coming * $r), V * L::LEN * size_of::<L::Num>());
        $panel.add(j * $r)
    }};
}

struct Operands<'a, T> {
    x: Csr<'a, T>,
    panel: &'a [T],
    r: usize,
    out: &'a mut [T],
}

/// Where `SCATTERED`, with the transpose of x, and added to what `out` holds.
struct Product<'a, T, const SCATTERED: bool>(Operands<'a, T>);

impl<T: Element, const SCATTERED: bool> Job<T> for Product<'_, T, SCATTERED> {
    type Out = ();
    // SAFETY: asks for no more than the trait says.
    #[inline(always)]
    unsafe fn run<L: Lanes<Num = T>>(mut self) {
        let r = self.0.r;
        if SCATTERED {
            in_chunks!(r, scatter_columns(&mut self.0));
        } else {
            in_chunks!(r, gather_columns(&mut self.0));
        }
    }
}

/// Rows of x whose sums are made at once, of so many vectors each.
const fn together(vectors: usize) -> usize {
    if vectors < 8 { TOGETHER } else { 1 }
}

/// Rows of x, and those of b from one column on, of `r` numbers each.
struct Factors<'a, T> {
    x: Csr<'a, T>,
    b: *const T,
    r: usize,
    /// Rows of b.
    m: usize,
}

/// A product whose sums over the columns of x are cut at borders. `sums` has room for the sums that wait for others: at
/// most one per level of the tree and row, and one.
struct Sharded<'a, T> {
    operands: Operands<'a, T>,
    borders: &'a [usize],
    sums: Vec<T>,
}

impl<T: Element> Job<T> for Sharded<'_, T> {
    type Out = ();
    // SAFETY: asks for no more than the trait says.
    #[inline(always)]
    unsafe fn run<L: Lanes<Num = T>>(mut self) {
        let r = self.operands.r;
        in_chunks!(r, gather_shards(&mut self));
    }
}

functions! {
    /// Columns `from` on, `V` vectors of them; `gather` has checked the rest, and rows of b are checked one by one.
    ///
    /// Two rows at once where vectors are few, so that the sum of one does not wait for itself. Where either has
    /// entries in a shard, the other adds 0 there.
    ///
    /// The sums of shards wait on a stack, the last on top. Two of them are neighbours in the tree where the numbers of
    /// their shards differ in a lower bit than those of the upper one and of the next.
    fn gather_shards<L, const V: usize, const TAIL: bool>(
        job: &mut Sharded<'_, L::Num>,
        from: usize,
        last: usize,
    ) {
        let (x, r, m) = (job.operands.x, job.operands.r, job.operands.panel.len() / job.operands.r);
        let (first, borders, rows) = (x.indptr[0], job.borders, x.indptr.len() - 1);
        let of = Factors { x, b: job.operands.panel.as_ptr().add(from), r, m };
        let stack = job.sums.as_mut_ptr().add(from);
        let together = together(V);
        let zero = L::splat(L::Num::default());
        let mut shards = [0_usize; usize::BITS as usize + 1];
        for i in (0..rows).step_by(together) {
            let position = |row: usize| x.indptr[(i + row.min(together)).min(rows)] - first;
            let mut entries = [position(0)..position(1), position(1)..position(2)];
            let (mut depth, mut count, mut k) = (0, 0, 0);
            let mut sums = [[zero; V]; TOGETHER];
            macro_rules! add_from_stack {
                () => {
                    for n in 0..together {
                        let under = load_row::<L, V, TAIL>(stack.add(((depth - 2) * TOGETHER + n) * r), last);
                        for v in 0..V {
                            sums[n][v] = under[v].add(sums[n][v]);
                        }
                    }
                    depth -= 1;
                };
            }
            loop {
                let column = entries.iter().map(|entries| next_column::<L>(&of, entries)).fold(m, usize::min);
                if column == m {
                    break;
                }
                while borders[k + 1] <= column {
                    k += 1;
                }
                if count > 0 {
                    // What lies in `sums` is that of the shard on top.
                    while depth > 1 && (shards[depth - 2] ^ shards[depth - 1]) < (shards[depth - 1] ^ k) {
                        add_from_stack!();
                        shards[depth - 1] = shards[depth];
                    }
                    for n in 0..together {
                        store_row::<L, V, TAIL>(sums[n], stack.add(((depth - 1) * TOGETHER + n) * r), last);
                    }
                }
                (sums, count) = ([[zero; V]; TOGETHER], count + 1);
                shards[depth] = k;
                depth += 1;
                gather_run::<L, V, TAIL>(&of, &mut entries, borders[k + 1], &mut sums, last);
            }
            while depth > 1 {
                add_from_stack!();
            }
            for n in 0..together.min(rows - i) {
                if count + 1 < borders.len() {
                    // Shards without an entry add 0, which makes 0 of -0.
                    for v in 0..V {
                        sums[n][v] = sums[n][v].add(zero);
                    }
                }
                store_row::<L, V, TAIL>(sums[n], job.operands.out.as_mut_ptr().add((i + n) * r + from), last);
            }
        }
    }

    /// The column of the first of some entries; `m` where there is none.
    fn next_column<L>(of: &Factors<'_, L::Num>, entries: &Range<usize>) -> usize {
        if entries.is_empty() {
            return of.m;
        }
        let column = *of.x.indices.get_unchecked(entries.start) as usize;
        assert!(column < of.m, "a row for each column");
        column
    }

    /// Adds the products of entries whose columns lie before `border`, of some rows.
    fn gather_run<L, const V: usize, const TAIL: bool>(
        of: &Factors<'_, L::Num>,
        entries: &mut [Range<usize>; TOGETHER],
        border: usize,
        sums: &mut [[L; V]; TOGETHER],
        last: usize,
    ) {
        let (x, b, r, m) = (of.x, of.b, of.r, of.m);
        let mut at = [entries[0].start, entries[1].start];
        let end = [entries[0].end, entries[1].end];
        let inside = |n: usize, at: usize| at < end[n] && (*x.indices.get_unchecked(at) as usize) < border;
        macro_rules! take {
            ($n:expr) => {
                let row = load_row::<L, V, TAIL>(row_of!(x, at[$n], b, r, m), last);
                let value = L::splat(*x.values.get_unchecked(at[$n]));
                for v in 0..V {
                    sums[$n][v] = value.mul_add(row[v], sums[$n][v]);
                }
                at[$n] += 1;
            };
        }
        if together(V) == 2 {
            while inside(0, at[0]) && inside(1, at[1]) {
                take!(0);
                take!(1);
            }
        }
        for n in 0..together(V) {
            while inside(n, at[n]) {
                take!(n);
            }
            entries[n].start = at[n];
        }
    }

    /// Columns `from` on, `V` vectors of them; `gather` has checked the rest, and rows of b are checked one by one.
    fn gather_columns<L, const V: usize, const TAIL: bool>(
        job: &mut Operands<'_, L::Num>,
        from: usize,
        last: usize,
    ) {
        let (x, r, m) = (job.x, job.r, job.panel.len() / job.r);
        let first = x.indptr[0];
        let b = job.panel.as_ptr().add(from);
        for i in 0..x.indptr.len() - 1 {
            let mut even = [L::splat(L::Num::default()); V];
            let mut odd = even;
            macro_rules! take {
                ($at:expr, $sums:ident) => {
                    let row = load_row::<L, V, TAIL>(row_of!(x, $at, b, r, m), last);
                    let value = L::splat(*x.values.get_unchecked($at));
                    for v in 0..V {
                        $sums[v] = value.mul_add(row[v], $sums[v]);
                    }
                };
            }
            let (mut at, end) = (x.indptr[i] - first, x.indptr[i + 1] - first);
            while at + 1 < end {
                take!(at, even);
                take!(at + 1, odd);
                at += 2;
            }
            if at < end {
                take!(at, even);
            }
            let out = job.out.as_mut_ptr().add(i * r + from);
            for v in 0..V {
                even[v] = even[v].add(odd[v]);
            }
            store_row::<L, V, TAIL>(even, out, last);
        }
    }

    /// Columns `from` on, `V` vectors of them; `scatter` has checked the rest, and rows of acc are checked one by one.
    fn scatter_columns<L, const V: usize, const TAIL: bool>(
        job: &mut Operands<'_, L::Num>,
        from: usize,
        last: usize,
    ) {
        let (x, r, m) = (job.x, job.r, job.out.len() / job.r);
        let first = x.indptr[0];
        let acc = job.out.as_mut_ptr().add(from);
        for i in 0..x.indptr.len() - 1 {
            let row = load_row::<L, V, TAIL>(job.panel.as_ptr().add(i * r + from), last);
            for at in x.indptr[i] - first..x.indptr[i + 1] - first {
                let to = row_of!(x, at, acc, r, m);
                let value = L::splat(*x.values.get_unchecked(at));
                let mut sums = load_row::<L, V, TAIL>(to, last);
                for v in 0..V {
                    sums[v] = value.mul_add(row[v], sums[v]);
                }
                store_row::<L, V, TAIL>(sums, to, last);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{epsilon, numbers};

    /// Rows of up to 7 entries, some of them empty.
    fn rows(n: usize, m: usize) -> (Vec<usize>, Vec<u32>) {
        let (mut indptr, mut indices) = (vec![0], Vec::new());
        for i in 0..n {
            let step = 1 + m / 7 + i % 3;
            indices.extend((i % 5..if i % 4 == 1 { 0 } else { m }).step_by(step).map(|j| j as u32));
            indptr.push(indices.len());
        }
        (indptr, indices)
    }

    fn check<T: Element>(n: usize, m: usize, r: usize) {
        let (indptr, indices) = rows(n, m);
        let (values, a, b) = (numbers::<T>(indices.len(), 1.0), numbers::<T>(n * r, 2.0), numbers::<T>(m * r, 3.0));
        let x = Csr { indptr: &indptr, indices: &indices, values: &values };
        let bound = 16.0 * epsilon::<T>();
        let (mut expected, mut transposed) = (vec![0.0; n * r], vec![0.0; m * r]);
        for i in 0..n {
            for at in indptr[i]..indptr[i + 1] {
                let (j, x) = (indices[at] as usize, values[at].to_f64());
                for c in 0..r {
                    expected[i * r + c] += x * b[j * r + c].to_f64();
                    transposed[j * r + c] += x * a[i * r + c].to_f64();
                }
            }
        }
        let close = |got: &[T], expected: &[f64], before: &[T], what: &str| {
            for ((x, y), z) in got.iter().zip(expected).zip(before) {
                let error = (x.to_f64() - y - z.to_f64()).abs();
                assert!(error <= bound * n.max(8) as f64, "{what} {n} {m} {r}: {error:e}");
            }
        };
        for level in SimdLevel::all() {
            let mut out = a.clone();
            gather(level, x, &[], View::rows_of(&b, r), &mut out);
            close(&out, &expected, &vec![T::default(); n * r], "gather");
            let mut acc = b.clone();
            scatter(level, x, View::rows_of(&a, r), &mut acc);
            close(&acc, &transposed, &b, "scatter");
            // A part of the rows.
            if n > 3 {
                let part = Csr { indptr: &indptr[2..], indices: &indices[indptr[2]..], values: &values[indptr[2]..] };
                let mut some = vec![T::default(); (n - 2) * r];
                gather(level, part, &[], View::rows_of(&b, r), &mut some);
                assert_eq!(some, out[2 * r..], "{level:?}");
            }
        }
    }

    #[test]
    fn sparse_products_agree_with_the_definition() {
        for (n, m) in [(1, 1), (1, 30), (9, 1), (17, 23), (0, 3)] {
            for r in [0, 1, 2, 7, 8, 10, 16, 33, 64, 100, 130, 200] {
                check::<f32>(n, m, r);
                check::<f64>(n, m, r);
            }
        }
    }

    /// From the columns of x with borders, and from its rows shard by shard, come the same bits.
    fn check_shards<T: Element>(n: usize, m: usize, r: usize, count: usize) {
        let (indptr, indices) = rows(n, m);
        let (values, a) = (numbers::<T>(indices.len(), 1.0), numbers::<T>(n * r, 2.0));
        let mut columns: Vec<(u32, usize, T)> = Vec::new();
        for i in 0..n {
            columns.extend((indptr[i]..indptr[i + 1]).map(|at| (indices[at], i, values[at])));
        }
        columns.sort_by_key(|entry| (entry.0, entry.1));
        let starts: Vec<usize> = (0..=m).map(|j| columns.partition_point(|entry| (entry.0 as usize) < j)).collect();
        let owners: Vec<u32> = columns.iter().map(|entry| entry.1 as u32).collect();
        let transposed: Vec<T> = columns.iter().map(|entry| entry.2).collect();
        let by_columns = Csr { indptr: &starts, indices: &owners, values: &transposed };
        // Shards of different heights, some of them empty.
        let borders: Vec<usize> = (0..=count).map(|k| n * (k * k) / (count * count)).collect();
        for level in SimdLevel::all() {
            let mut parts: Vec<Vec<T>> = Vec::new();
            for shard in borders.windows(2) {
                let mut acc = vec![T::default(); m * r];
                let at = indptr[shard[0]]..indptr[shard[1]];
                let x =
                    Csr { indptr: &indptr[shard[0]..=shard[1]], indices: &indices[at.clone()], values: &values[at] };
                scatter(level, x, View::rows_of(&a[shard[0] * r..shard[1] * r], r), &mut acc);
                parts.push(acc);
            }
            while parts.len() > 1 {
                let pairs = parts.chunks(2).map(|pair| match pair {
                    [a, b] => a.iter().zip(b).map(|(x, y)| T::from_f64(x.to_f64() + y.to_f64())).collect(),
                    _ => pair[0].clone(),
                });
                parts = pairs.collect();
            }
            let mut out = vec![T::default(); m * r];
            gather(level, by_columns, &borders, View::rows_of(&a, r), &mut out);
            let bits = |numbers: &[T]| numbers.iter().map(|x| x.to_f64().to_bits()).collect::<Vec<u64>>();
            assert_eq!(bits(&out), bits(&parts[0]), "{level:?} {n} {m} {r} {count}");
        }
    }

    #[test]
    fn sums_over_shards_have_the_bits_of_either_way() {
        for count in [1, 2, 3, 7, 8, 13, 32] {
            for r in [1, 7, 16, 33, 130] {
                check_shards::<f32>(90, 23, r, count);
                check_shards::<f64>(90, 23, r, count);
            }
        }
    }

    #[test]
    #[should_panic(expected = "a row for each column")]
    fn a_column_without_a_row_is_noticed() {
        let x = Csr { indptr: &[0, 1], indices: &[2], values: &[1.0] };
        gather(SimdLevel::best(), x, &[], View::rows_of(&[1.0, 2.0], 1), &mut [0.0]);
    }
}
