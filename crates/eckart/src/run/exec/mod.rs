//! Exec: the steps of a plan, one after the other, by kernels.
//! In: a `Plan`, values of its inputs.  Out: a value for each output.
//! Invariant: agrees with `interp`, which says what each step means; the bits don't depend on threads.
//! Not here: what a buffer holds (see `value`), threads and memory (see `machine`).

pub(super) mod elementwise;
pub(super) mod engine;
pub(super) mod products;
pub(super) mod stream;
pub(super) mod thin;
#[cfg(test)]
mod tile_tests;
