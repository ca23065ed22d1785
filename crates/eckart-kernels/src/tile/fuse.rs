//! Fuse: fewer instructions and fewer registers for the same values.
//! In: a program and the registers that are wanted.  Out: a program, and where the wanted values are.
//! Invariant: the values are those of the program given, up to rounding; every register that is read was written
//! before.
//! Not here: which formulas are one program (see `plan`); common subexpressions, which are one node there already.

use super::code::Code;
use super::machine::{Instruction, Source};
use crate::simd::Element;

/// A program, and what is to be known to run it.
#[derive(Debug, Clone, PartialEq)]
pub struct Program<T> {
    /// The instructions.
    pub code: Vec<Instruction<T>>,
    /// The register of each wanted value.
    pub outputs: Vec<usize>,
    /// How many registers there are.
    pub registers: usize,
}

/// Where an argument of a superinstruction comes from.
#[derive(Clone, Copy)]
enum Part {
    Inner(usize),
    Outer(usize),
    /// The number 1.
    One,
}

use Part::{Inner, One, Outer};

/// An instruction, which of its arguments, the instruction that this argument comes from, and what both are at once.
struct Rule {
    outer: Code,
    at: usize,
    inner: Code,
    both: Code,
    args: &'static [Part],
}

const fn rule(outer: Code, at: usize, inner: Code, both: Code, args: &'static [Part]) -> Rule {
    Rule { outer, at, inner, both, args }
}

/// The first that fits is taken. Sums and products have a row for either side.
#[rustfmt::skip]
const RULES: &[Rule] = &[
    rule(Code::Square, 0, Code::Sub,                Code::SquareOfDifference, &[Inner(0), Inner(1)]),
    rule(Code::Mul,    0, Code::SquareOfDifference, Code::WeightedSquare,     &[Inner(0), Inner(1), Outer(1)]),
    rule(Code::Mul,    1, Code::SquareOfDifference, Code::WeightedSquare,     &[Inner(0), Inner(1), Outer(0)]),
    rule(Code::Mul,    0, Code::Log,                Code::MulLog,             &[Outer(1), Inner(0)]),
    rule(Code::Mul,    1, Code::Log,                Code::MulLog,             &[Outer(0), Inner(0)]),
    rule(Code::Kept,   1, Code::Log,                Code::KeptLog,            &[Outer(0), Inner(0)]),
    rule(Code::MulLog, 1, Code::Div,                Code::MulLogRatio,        &[Outer(0), Inner(0), Inner(1)]),
    rule(Code::Log,    0, Code::Div,                Code::MulLogRatio,        &[One, Inner(0), Inner(1)]),
    rule(Code::Exp,    0, Code::Mul,                Code::MulExp,             &[One, Inner(0), Inner(1)]),
    rule(Code::Mul,    0, Code::Exp,                Code::MulExp,             &[Outer(1), Inner(0), One]),
    rule(Code::Mul,    1, Code::Exp,                Code::MulExp,             &[Outer(0), Inner(0), One]),
    rule(Code::Min,    0, Code::Max,                Code::Clip,               &[Inner(0), Inner(1), Outer(1)]),
    rule(Code::Add,    0, Code::Abs,                Code::AddAbs,             &[One, Inner(0), Outer(1)]),
    rule(Code::Add,    1, Code::Abs,                Code::AddAbs,             &[One, Inner(0), Outer(0)]),
    rule(Code::MulAdd, 0, Code::Abs,                Code::AddAbs,             &[Outer(1), Inner(0), Outer(2)]),
    rule(Code::MulAdd, 1, Code::Abs,                Code::AddAbs,             &[Outer(0), Inner(0), Outer(2)]),
    rule(Code::Add,    0, Code::Mul,                Code::MulAdd,             &[Inner(0), Inner(1), Outer(1)]),
    rule(Code::Add,    1, Code::Mul,                Code::MulAdd,             &[Inner(0), Inner(1), Outer(0)]),
    rule(Code::Add,    0, Code::Square,             Code::MulAdd,             &[Inner(0), Inner(0), Outer(1)]),
    rule(Code::Add,    1, Code::Square,             Code::MulAdd,             &[Inner(0), Inner(0), Outer(0)]),
    rule(Code::Sub,    0, Code::Mul,                Code::MulSub,             &[Inner(0), Inner(1), Outer(1)]),
    rule(Code::Sub,    1, Code::Mul,                Code::SubMul,             &[Inner(0), Inner(1), Outer(0)]),
    rule(Code::Sub,    0, Code::Square,             Code::MulSub,             &[Inner(0), Inner(0), Outer(1)]),
    rule(Code::Sub,    1, Code::Square,             Code::SubMul,             &[Inner(0), Inner(0), Outer(0)]),
    rule(Code::Sub,    1, Code::Div,                Code::SubDiv,             &[Inner(0), Inner(1), Outer(0)]),
    rule(Code::Mul,    0, Code::Sub,                Code::DifferenceMul,      &[Inner(0), Inner(1), Outer(1)]),
    rule(Code::Mul,    1, Code::Sub,                Code::DifferenceMul,      &[Inner(0), Inner(1), Outer(0)]),
    rule(Code::Mul,    0, Code::Add,                Code::AddMul,             &[Inner(0), Inner(1), Outer(1)]),
    rule(Code::Mul,    1, Code::Add,                Code::AddMul,             &[Inner(0), Inner(1), Outer(0)]),
    rule(Code::Div,    0, Code::Sub,                Code::DifferenceDiv,      &[Inner(0), Inner(1), Outer(1)]),
    rule(Code::Div,    0, Code::Mul,                Code::MulDiv,             &[Inner(0), Inner(1), Outer(1)]),
    rule(Code::Div,    0, Code::Square,             Code::MulDiv,             &[Inner(0), Inner(0), Outer(1)]),
    rule(Code::Add,    0, Code::Sub,                Code::SubAdd,             &[Inner(0), Inner(1), Outer(1)]),
    rule(Code::Add,    1, Code::Sub,                Code::SubAdd,             &[Inner(0), Inner(1), Outer(0)]),
    rule(Code::Add,    0, Code::Add,                Code::AddAdd,             &[Inner(0), Inner(1), Outer(1)]),
    rule(Code::Add,    1, Code::Add,                Code::AddAdd,             &[Inner(0), Inner(1), Outer(0)]),
];

pub(crate) fn fuse<T: Element>(code: &[Instruction<T>], outputs: &[usize]) -> Program<T> {
    let (mut code, outputs) = name_values(code, outputs);
    let mut uses = vec![0; code.len()];
    code.iter().for_each(|step| values(step).for_each(|v| uses[v] += 1));
    outputs.iter().for_each(|&v| uses[v] += 1);
    for i in 0..code.len() {
        while let Some(better) = improve(&code, &uses, i) {
            values(&better).for_each(|v| uses[v] += 1);
            values(&code[i]).for_each(|v| uses[v] -= 1);
            code[i] = better;
        }
    }
    number_registers(&code, &outputs)
}

/// The values an instruction reads.
fn values<T: Element>(step: &Instruction<T>) -> impl Iterator<Item = usize> {
    let args = step.args;
    (0..step.code.arity()).filter_map(move |k| if let Source::Register(v) = args[k] { Some(v) } else { None })
}

/// The same program with a register of its own for each value: instruction i writes register i.
fn name_values<T: Element>(code: &[Instruction<T>], outputs: &[usize]) -> (Vec<Instruction<T>>, Vec<usize>) {
    let mut written: Vec<Option<usize>> = Vec::new();
    let look = |written: &[Option<usize>], r: usize| {
        written.get(r).copied().flatten().unwrap_or_else(|| panic!("register {r} is read, but not written before"))
    };
    let mut named = Vec::with_capacity(code.len());
    for (i, step) in code.iter().enumerate() {
        let mut args = step.args;
        for arg in &mut args[..step.code.arity()] {
            if let Source::Register(r) = arg {
                *r = look(&written, *r);
            }
        }
        written.resize(written.len().max(step.out + 1), None);
        written[step.out] = Some(i);
        named.push(Instruction { code: step.code, out: i, args });
    }
    (named, outputs.iter().map(|&r| look(&written, r)).collect())
}

/// Instruction i in a better form, if there is one.
fn improve<T: Element>(code: &[Instruction<T>], uses: &[usize], i: usize) -> Option<Instruction<T>> {
    let outer = &code[i];
    let make = |code: Code, from: &[Source<T>]| {
        let args = std::array::from_fn(|k| from.get(k).copied().unwrap_or(Source::Number(T::ONE)));
        Some(Instruction { code, out: i, args })
    };
    let [a, b, _] = outer.args;
    if outer.code == Code::Mul && a == b {
        return make(Code::Square, &[a]);
    }
    if outer.code == Code::Pow
        && let Source::Number(exponent) = b
    {
        let exponent = exponent.to_f64();
        return if exponent == 2.0 {
            make(Code::Square, &[a])
        } else if exponent == 3.0 {
            make(Code::Cube, &[a])
        } else if exponent == 0.5 {
            make(Code::Sqrt, &[a])
        } else if exponent == 1.0 {
            make(Code::Copy, &[a])
        } else if exponent == -1.0 {
            make(Code::Div, &[Source::Number(T::ONE), a])
        } else {
            None
        };
    }
    for rule in RULES.iter().filter(|rule| rule.outer == outer.code) {
        let Source::Register(v) = outer.args[rule.at] else { continue };
        let inner = &code[v];
        if inner.code == rule.inner && uses[v] == 1 {
            let from = |part: &Part| match *part {
                Inner(k) => inner.args[k],
                Outer(k) => outer.args[k],
                One => Source::Number(T::ONE),
            };
            return make(rule.both, &rule.args.iter().map(from).collect::<Vec<_>>());
        }
    }
    None
}

/// The instructions that somebody reads, each value in the first register that is free from there to its last use.
fn number_registers<T: Element>(code: &[Instruction<T>], outputs: &[usize]) -> Program<T> {
    let mut last = vec![None; code.len()];
    outputs.iter().for_each(|&v| last[v] = Some(code.len()));
    for (i, step) in code.iter().enumerate().rev() {
        if last[i].is_some() {
            values(step).for_each(|v| last[v] = last[v].max(Some(i)));
        }
    }
    let mut busy: Vec<bool> = Vec::new();
    let mut register = vec![0; code.len()];
    let mut kept = Vec::new();
    for (i, step) in code.iter().enumerate().filter(|&(i, _)| last[i].is_some()) {
        let mut args = step.args;
        for arg in &mut args[..step.code.arity()] {
            if let Source::Register(v) = arg {
                busy[register[*v]] &= last[*v] != Some(i);
                *v = register[*v];
            }
        }
        let out = busy.iter().position(|&taken| !taken).unwrap_or(busy.len());
        busy.resize(busy.len().max(out + 1), false);
        busy[out] = true;
        register[i] = out;
        kept.push(Instruction { code: step.code, out, args });
    }
    let outputs = outputs.iter().map(|&v| register[v]).collect();
    Program { code: kept, outputs, registers: busy.len() }
}
