//! Tile: straight-line programs over short runs of numbers.
//! In: instructions, inputs, registers.  Out: registers filled, and sums over them.
//! Invariant: an instruction gives the value of its primitive within the bounds of `math`, a superinstruction what its
//! parts give up to rounding.
//! Not here: which program is run over which numbers (the engine's plan), what is worth fusing (see `fuse`).

mod code;
mod fuse;
mod machine;
mod registers;
mod sums;

pub use code::Code;
pub use fuse::Program;
pub(crate) use fuse::fuse;
pub(crate) use machine::run;
pub use machine::{Instruction, Source, TILE};
pub use registers::Registers;
pub(crate) use sums::{add_to, dot, sum};
