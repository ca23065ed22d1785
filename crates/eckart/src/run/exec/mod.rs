//! Exec: the steps of a plan, one after the other, by kernels.
//! In: a `Plan`, values of its inputs.  Out: a value for each output.
//! Invariant: agrees with the definition of each primitive (tests/it/definition.rs); the bits don't depend on threads.
//! Not here: what a buffer holds (see `value`), threads and memory (see `machine`).

mod cuts;
mod elementwise;
pub(super) mod engine;
mod plain;
mod products;
mod rows;
mod steps;
mod stream;
pub(super) mod thin;
#[cfg(test)]
mod tile_tests;
