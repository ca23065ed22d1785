//! Run: from a plan and values to values.
//! In: a `Plan` and the matrices of its inputs.  Out: one value per output.
//! Invariant: the same inputs give the same bits, whatever the number of threads; buffers are those of the plan.
//! Not here: what to compute (see `plan`), when to stop (see `solve`).

mod exec;
mod machine;
pub(crate) mod rows;
mod value;

pub use eckart_kernels::ExitWithoutMemory;
pub(crate) use exec::engine::run_supplied;
pub use exec::engine::{PlanCache, run};
pub(crate) use exec::thin::thin_products;
pub(crate) use machine::cut::Cut;

pub use crate::data::memory::{attainable_memory, available_memory, peak_memory, resident_memory, return_freed_memory};
pub(crate) use machine::shard_sums::{dot, for_rows, sum_by, sum_rows};
pub(crate) use machine::simd::simd_level;
pub use machine::simd::{SimdLevel, simd_level_by_name, use_simd_level};
pub(crate) use machine::threads::{threads, threads_are_lacking};
pub use machine::threads::{with_machine, with_threads};
pub use machine::{Limited, Machine};
pub(crate) use value::Numbers;
#[cfg(test)]
pub(crate) use value::entries::Entries;
pub(crate) use value::held::Held;
pub use value::inputs::Inputs;
pub(crate) use value::rect::Rect;
pub(crate) use value::shared_slice::cast;
pub use value::{Dense, Value};
