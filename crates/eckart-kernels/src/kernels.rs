//! Kernels of a type: what is computed with f32 and f64, each as one function of the type.
//! In: slices, strides, a level of registers.  Out: slices filled, and numbers.
//! Invariant: implemented for `f32` and `f64` here and for nothing else, so that no caller generates their code again.
//! Not here: what computes with f64 alone (see `rows`).

use crate::dense::{self, View};
use crate::number::Number;
use crate::rows::{self, Asked, Common, Gathered, Moved, Picked, Steps, Swept, TOGETHER, Wanted};
use crate::seen::{self, Seen};
use crate::simd::SimdLevel;
use crate::sparse::{self, Csr};
use crate::tile::{self, Instruction, Programme};

/// A type of number with its kernels; the processor must have the level that is asked for.
pub trait Kernels: Number {
    /// What is true of all of some numbers.
    fn seen(level: SimdLevel, numbers: &[Self]) -> Seen;

    /// `out` += `a` `b`, `out` row-major; 2 p q n flops. With `alone`, each column has the bits that it has in a
    /// product with so many columns, where the columns of such a product don't depend on each other.
    ///
    /// # Panics
    /// Where the sides don't fit.
    fn multiply_add(level: SimdLevel, out: &mut [Self], a: View<'_, Self>, b: View<'_, Self>, alone: Option<usize>);

    /// `g` (r x r) += `a`.T `a`, where row i of a are the `r` numbers from i r on. n r (r + 1) flops.
    ///
    /// # Panics
    /// Where the sides don't fit.
    fn gram(level: SimdLevel, rows: (&[Self], usize), g: &mut [f64]);

    /// `out` = (`fresh`) or += `x` `b`, where row j of b are the `r` numbers from j r on. 2 nnz r flops.
    ///
    /// # Panics
    /// Where the sides don't fit, or a column has no row of b.
    fn gather(level: SimdLevel, x: Csr<'_, Self>, panel: (&[Self], usize), out: &mut [Self], fresh: bool);

    /// `acc` += `x`.T `a`, where row i of a are the `r` numbers from i r on. 2 nnz r flops.
    ///
    /// # Panics
    /// Where the sides don't fit, or a column has no row of `acc`.
    fn scatter(level: SimdLevel, x: Csr<'_, Self>, panel: (&[Self], usize), acc: &mut [Self]);

    /// `out` = (`fresh`) or += the products of row i of `a` and row j of `b`, of `r` numbers each, at the entries of
    /// some rows: row i has the columns `indices[indptr[i]..indptr[i + 1]]`, and `out` begins with the first row's
    /// first entry. 2 nnz r flops.
    ///
    /// # Panics
    /// Where the sides don't fit, or a column has no row of b.
    fn sampled(
        level: SimdLevel,
        pattern: (&[usize], &[u32]),
        panels: (&[Self], &[Self], usize),
        out: &mut [Self],
        fresh: bool,
    );

    /// Coordinate descent for the rows of `w` (n x r), as often as `done` is long, and adds to it what each sweep did:
    /// w G w' - 2 b w' + 2 t |w|_1 is lowered within bounds. `g` is symmetric; where its diagonal is not positive the
    /// coordinate stays.
    ///
    /// # Panics
    /// Where the sides don't fit.
    fn sweep(
        level: SimdLevel,
        w: &mut [Self],
        terms: (&[Self], &[Self], usize),
        asked: Asked<Self>,
        done: &mut [Swept],
    );

    /// `g` += scale sum_j w_j a_j.T b_j over the entries of a row, in its upper triangle; below the diagonal it is
    /// undefined.
    ///
    /// # Panics
    /// Where the sides don't fit, or a column has no row of a panel.
    fn row_gram(
        level: SimdLevel,
        entries: (Picked<'_, Self>, f64),
        panels: (&[Self], Option<&[Self]>, usize),
        room: &mut Gathered<Self>,
        g: &mut [f64],
    );

    /// Moves a row by at most `steps` conjugate gradient steps towards the minimum of <b, b G> - 2 <b, l>, where
    /// G = S + scale sum_j w_j a_j.T a_j is never made; returns by how much it fell.
    ///
    /// # Panics
    /// Where the sides don't fit, or a column has no row of the panel.
    fn row_cg(
        level: SimdLevel,
        row: (&mut [Self], &[Self]),
        common: &Common<Self>,
        entries: (Picked<'_, Self>, f64, &[Self]),
        steps: usize,
        room: &mut Steps<Self>,
    ) -> f64;

    /// Moves rows towards the maximum of a Poisson likelihood, each of which comes out as it would alone; returns by
    /// how much the objective fell for each. Counts of 0 and below don't count.
    ///
    /// # Panics
    /// Where the sides don't fit, or a column has no row of the panel.
    fn likelihood(
        level: SimdLevel,
        rows: [Option<Moved<'_, Self>>; TOGETHER],
        panel: &[Self],
        wanted: Wanted,
    ) -> [f64; TOGETHER];

    /// Makes superinstructions, drops what nobody reads, and numbers the registers anew.
    ///
    /// # Panics
    /// Where a register is read, or wanted, that was not written.
    fn fuse(code: &[Instruction<Self>], outputs: &[usize]) -> Programme<Self>;

    /// Runs a programme over `len` numbers, at most [`tile::TILE`]. Each input holds `len`; register r begins at `TILE`
    /// r.
    ///
    /// # Panics
    /// Where an input, a register or `len` is not as said.
    fn run_tile(level: SimdLevel, code: &[Instruction<Self>], inputs: &[&[Self]], registers: &mut [Self], len: usize);

    /// The sum of all numbers, in f64.
    fn sum(level: SimdLevel, numbers: &[Self]) -> f64;

    /// The sum of the products of two runs of the same length, in f64.
    ///
    /// # Panics
    /// Where one is longer than the other.
    fn dot(level: SimdLevel, a: &[Self], b: &[Self]) -> f64;

    /// Adds a run to one of the same length.
    ///
    /// # Panics
    /// Where one is longer than the other.
    fn add_to(level: SimdLevel, sums: &mut [f64], numbers: &[Self]);
}

macro_rules! kernels {
    ($num:ty) => {
        impl Kernels for $num {
            fn seen(level: SimdLevel, numbers: &[Self]) -> Seen {
                seen::seen(level, numbers)
            }
            fn multiply_add(
                level: SimdLevel,
                out: &mut [Self],
                a: View<'_, Self>,
                b: View<'_, Self>,
                alone: Option<usize>,
            ) {
                dense::multiply_add(level, out, a, b, alone);
            }
            fn gram(level: SimdLevel, rows: (&[Self], usize), g: &mut [f64]) {
                dense::gram(level, rows, g);
            }
            fn gather(level: SimdLevel, x: Csr<'_, Self>, panel: (&[Self], usize), out: &mut [Self], fresh: bool) {
                sparse::gather(level, x, panel, out, fresh);
            }
            fn scatter(level: SimdLevel, x: Csr<'_, Self>, panel: (&[Self], usize), acc: &mut [Self]) {
                sparse::scatter(level, x, panel, acc);
            }
            fn sampled(
                level: SimdLevel,
                pattern: (&[usize], &[u32]),
                panels: (&[Self], &[Self], usize),
                out: &mut [Self],
                fresh: bool,
            ) {
                sparse::sampled(level, pattern, panels, out, fresh);
            }
            fn sweep(
                level: SimdLevel,
                w: &mut [Self],
                terms: (&[Self], &[Self], usize),
                asked: Asked<Self>,
                done: &mut [Swept],
            ) {
                rows::sweep(level, w, terms, asked, done);
            }
            fn row_gram(
                level: SimdLevel,
                entries: (Picked<'_, Self>, f64),
                panels: (&[Self], Option<&[Self]>, usize),
                room: &mut Gathered<Self>,
                g: &mut [f64],
            ) {
                rows::row_gram(level, entries, panels, room, g);
            }
            fn row_cg(
                level: SimdLevel,
                row: (&mut [Self], &[Self]),
                common: &Common<Self>,
                entries: (Picked<'_, Self>, f64, &[Self]),
                steps: usize,
                room: &mut Steps<Self>,
            ) -> f64 {
                rows::row_cg(level, row, common, entries, steps, room)
            }
            fn likelihood(
                level: SimdLevel,
                rows: [Option<Moved<'_, Self>>; TOGETHER],
                panel: &[Self],
                wanted: Wanted,
            ) -> [f64; TOGETHER] {
                rows::likelihood(level, rows, panel, wanted)
            }
            fn fuse(code: &[Instruction<Self>], outputs: &[usize]) -> Programme<Self> {
                tile::fuse(code, outputs)
            }
            fn run_tile(
                level: SimdLevel,
                code: &[Instruction<Self>],
                inputs: &[&[Self]],
                registers: &mut [Self],
                len: usize,
            ) {
                tile::run(level, code, inputs, registers, len);
            }
            fn sum(level: SimdLevel, numbers: &[Self]) -> f64 {
                tile::sum(level, numbers)
            }
            fn dot(level: SimdLevel, a: &[Self], b: &[Self]) -> f64 {
                tile::dot(level, a, b)
            }
            fn add_to(level: SimdLevel, sums: &mut [f64], numbers: &[Self]) {
                tile::add_to(level, sums, numbers);
            }
        }
    };
}

kernels!(f32);
kernels!(f64);
