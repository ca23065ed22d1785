//! Run: from a plan and values to values.
//! In: a `Plan` and the matrices of its inputs.  Out: one value an output.
//! Law: the same inputs give the same bits, whatever the number of threads; buffers are those of the plan.
//! Not here: what to compute (see `plan`), when to stop (see `solve`).

mod chains;
mod engine;
mod fold;
mod grams;
mod inputs;
mod interp;
mod likelihoods;
mod machine;
mod memory;
mod pool;
mod products;
mod simd;
mod slot;
mod stream;
mod sweeps;
mod thin;
mod threads;
#[cfg(test)]
mod tile_tests;
mod typed;
mod value;

pub(crate) use eckart_kernels::{Entrywise, Move, Wanted};
pub use engine::{Kept, run};
pub(crate) use fold::{sum_by, sum_rows};
pub(crate) use grams::{Grams, Side, Sums, Weights, least_shift, solve_shared, tangent, times_small};
pub use inputs::Inputs;
pub use interp::interpret;
pub(crate) use likelihoods::likelihood_rows;
pub use machine::{Limited, Machine};
pub use memory::{available_memory, peak_memory, return_freed_memory};
pub(crate) use simd::simd_level;
pub use simd::{SimdLevel, simd_level_by_name, use_simd_level};
pub(crate) use sweeps::{Descent, half_gradient, sweep_rows};
pub(crate) use thin::{Thin, thin_products};
pub(crate) use threads::threads;
pub use threads::{with_machine, with_threads};
pub(crate) use typed::{Held, Numbers, Rect};
pub use value::{Dense, Value};
