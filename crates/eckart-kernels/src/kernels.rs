//! Kernels of a type: what is computed with f32 and f64, each as one function of the type.
//! In: slices, strides, a level of registers.  Out: slices filled, and numbers.
//! Invariant: implemented for `f32` and `f64` here and for nothing else, so that no caller generates their code again.
//! Not here: what computes with f64 alone (see `rows`).

use crate::dense::{self, View};
use crate::number::Number;
use crate::rows::{self, CgWorkspace, CountedRow, GramWorkspace, Likelihood, TOGETHER};
use crate::rows::{Regularizer, RowQuadratic, RowSum, SweepStats};
use crate::seen::{self, Seen};
use crate::simd::SimdLevel;
use crate::sparse::{self, Csr};
use crate::tile::{self, Instruction, Program};

/// Declares the trait from a table, a kernel a row with the function that computes it, and implements it for each type.
/// What a kernel does is said here, not at its function again.
macro_rules! kernels {
    (impl $num:ty: $(fn $name:ident($($arg:ident: $of:ty),*) $(-> $out:ty)? = $with:path;)*) => {
        impl Kernels for $num {
            $(fn $name($($arg: $of),*) $(-> $out)? { $with($($arg),*) })*
        }
    };
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $of:ty),*) $(-> $out:ty)? = $with:path;)*) => {
        /// A type of number with its kernels; the processor must have the level that is asked for.
        pub trait Kernels: Number {
            $($(#[$doc])* fn $name($($arg: $of),*) $(-> $out)?;)*
        }
        kernels!(impl f32: $(fn $name($($arg: $of),*) $(-> $out)? = $with;)*);
        kernels!(impl f64: $(fn $name($($arg: $of),*) $(-> $out)? = $with;)*);
    };
}

kernels! {
    /// What is true of all of some numbers.
    fn seen(level: SimdLevel, numbers: &[Self]) -> Seen = seen::seen;

    /// `out` += `a` `b`, `out` row-major; 2 p q n flops. With `alone`, every so many columns have the bits that they
    /// have in a product of their own.
    ///
    /// # Panics
    /// Where the sides don't fit.
    fn multiply_add(level: SimdLevel, out: &mut [Self], a: View<'_, Self>, b: View<'_, Self>, alone: Option<usize>)
        = dense::multiply_add;

    /// `g` (r x r) += `a`.T `a`, `a` by whole rows. n r (r + 1) flops.
    ///
    /// # Panics
    /// Where the sides don't fit.
    fn gram(level: SimdLevel, a: View<'_, Self>, g: &mut [f64]) = dense::gram;

    /// `out` = `x` `b`, `b` by whole rows. 2 nnz r flops. Where there are `borders`, each sum over the columns of `x`
    /// is cut there: it has the bits of `scatter` from the columns between two borders each, added as a binary counter
    /// adds.
    ///
    /// # Panics
    /// Where the sides don't fit, a column has no row of b, or the borders don't begin at 0 and end at the last column.
    fn gather(level: SimdLevel, x: Csr<'_, Self>, borders: &[usize], b: View<'_, Self>, out: &mut [Self])
        = sparse::gather;

    /// `acc` += `x`.T `a`, `a` by whole rows. 2 nnz r flops.
    ///
    /// # Panics
    /// Where the sides don't fit, or a column has no row of `acc`.
    fn scatter(level: SimdLevel, x: Csr<'_, Self>, a: View<'_, Self>, acc: &mut [Self]) = sparse::scatter;

    /// `out` = the products of row i of `a` and row j of `b`, both by whole rows, at the entries of some rows: row i
    /// has the columns `indices[indptr[i]..indptr[i + 1]]`, and `out` begins with the first row's first entry.
    /// 2 nnz r flops.
    ///
    /// # Panics
    /// Where the sides don't fit, or a column has no row of b.
    fn sampled(
        level: SimdLevel, indptr: &[usize], indices: &[u32], a: View<'_, Self>, b: View<'_, Self>, out: &mut [Self]
    ) = sparse::sampled;

    /// Coordinate descent for the rows of `w` (n x r), as often as `done` is long, and adds to it what each sweep did:
    /// w G w' - 2 b w' + l1 |w|_1 is lowered within bounds. `g` is symmetric; where its diagonal is not positive the
    /// coordinate stays.
    ///
    /// # Panics
    /// Where the sides don't fit.
    fn sweep(
        level: SimdLevel, w: &mut [Self], b: &[Self], g: View<'_, Self>, regularizer: Regularizer,
        done: &mut [SweepStats]
    ) = rows::sweep;

    /// `g` += the sum over the entries of a row, in its upper triangle; below the diagonal it is undefined.
    ///
    /// # Panics
    /// Where the sides don't fit, or a column has no row of a panel.
    fn row_gram(level: SimdLevel, sum: RowSum<'_, Self>, workspace: &mut GramWorkspace<Self>, g: &mut [f64])
        = rows::row_gram;

    /// Moves a row by at most `steps` conjugate gradient steps towards the minimum of its quadratic; returns by how
    /// much it fell.
    ///
    /// # Panics
    /// Where the sides don't fit, the sum has two panels, or a column has no row of the panel.
    fn row_cg(
        level: SimdLevel, b: &mut [Self], quadratic: RowQuadratic<'_, Self>, steps: usize,
        workspace: &mut CgWorkspace<Self>
    ) -> f64 = rows::row_cg;

    /// Moves rows towards the maximum of a Poisson likelihood, each of which comes out as it would alone; returns by
    /// how much the objective fell for each. Counts of 0 and below don't count.
    ///
    /// # Panics
    /// Where the sides don't fit, or a column has no row of the panel.
    fn likelihood(
        level: SimdLevel, rows: [Option<CountedRow<'_, Self>>; TOGETHER], panel: &[Self], likelihood: Likelihood
    ) -> [f64; TOGETHER] = rows::likelihood;

    /// Makes superinstructions, drops what nobody reads, and numbers the registers anew.
    ///
    /// # Panics
    /// Where a register is read, or wanted, that was not written.
    fn fuse(code: &[Instruction<Self>], outputs: &[usize]) -> Program<Self> = tile::fuse;

    /// Runs a program over `len` numbers, at most [`tile::TILE`]. Each input holds `len`; register r begins at `TILE`
    /// r.
    ///
    /// # Panics
    /// Where an input, a register or `len` is not as said.
    fn run_tile(
        level: SimdLevel, code: &[Instruction<Self>], inputs: &[&[Self]], registers: &mut [Self], len: usize
    ) = tile::run;

    /// The sum of all numbers, in f64.
    fn sum(level: SimdLevel, numbers: &[Self]) -> f64 = tile::sum;

    /// The sum of the products of two runs of the same length, in f64.
    ///
    /// # Panics
    /// Where one is longer than the other.
    fn dot(level: SimdLevel, a: &[Self], b: &[Self]) -> f64 = tile::dot;

    /// Adds a run to one of the same length.
    ///
    /// # Panics
    /// Where one is longer than the other.
    fn add_to(level: SimdLevel, sums: &mut [f64], numbers: &[Self]) = tile::add_to;
}
