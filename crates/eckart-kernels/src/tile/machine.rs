//! Machine: runs a program over a tile.
//! In: instructions, inputs, registers.  Out: registers filled.
//! Invariant: an instruction reads entry i of its arguments and writes entry i of its register, nothing else.
//! Not here: what an instruction computes (see `code`).

use super::code::Code;
use crate::simd::{Element, SimdLevel};

/// How many numbers a register holds. (x - y)^2 w + |z| in f32 takes 0.45, 0.32, 0.25 and 0.24 ns a number at 128, 256,
/// 512 and 1024 in cache, x log(x / y) - x + y + w e^-z 2.3, 1.9, 1.8 and 1.7 (AVX2); from memory 256 and 512 are
/// alike, and at 2048 eight registers of f64 are more than the first cache holds.
pub const TILE: usize = 512;

/// Where an argument comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Source<T> {
    /// A register written before.
    Register(usize),
    /// One of the slices from outside.
    Input(usize),
    /// The same number everywhere.
    Number(T),
}

/// One step: `out` = `code`(`args`). Arguments that the code doesn't have are not looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Instruction<T> {
    /// What is computed.
    pub code: Code,
    /// The register written; it may be an argument too.
    pub out: usize,
    /// The arguments.
    pub args: [Source<T>; 3],
}

pub(crate) fn run<T: Element>(
    level: SimdLevel,
    code: &[Instruction<T>],
    inputs: &[&[T]],
    registers: &mut [T],
    len: usize,
) {
    assert!(len <= TILE, "{len} numbers are no tile");
    assert!(inputs.iter().all(|input| input.len() == len), "every input holds the tile's numbers");
    let count = registers.len() / TILE;
    let registers = registers.as_mut_ptr();
    for step in code {
        let mut numbers = [T::default(); 3];
        let mut args = [None; 3];
        for (k, arg) in step.args[..step.code.arity()].iter().enumerate() {
            match *arg {
                Source::Register(r) => {
                    assert!(r < count, "register {r} of {count}");
                    // SAFETY: register r lies inside the slice.
                    args[k] = Some(unsafe { registers.add(r * TILE) }.cast_const());
                }
                Source::Input(i) => args[k] = Some(inputs[i].as_ptr()),
                Source::Number(x) => numbers[k] = x,
            }
        }
        assert!(step.out < count, "register {} of {count}", step.out);
        // SAFETY: register `out` lies inside the slice, and every argument holds `len` numbers; what is written is
        // never an input, which is borrowed elsewhere.
        unsafe { step.code.run(level, registers.add(step.out * TILE), args, numbers, len) }
    }
}
