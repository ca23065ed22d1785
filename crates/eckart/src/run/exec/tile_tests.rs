//! Tests of the tile machine: random programs against the rows of the primitives, fused and plain.

use eckart_kernels::tile::{Code, Instruction, Registers, Source};
use eckart_kernels::{Kernels, SimdLevel};

use super::elementwise::code_of;
use crate::data::Real;
use crate::expr::{Meaning, Op};

/// The primitives that are codes.
const OPS: [Op; 15] = [
    Op::Add,
    Op::Sub,
    Op::Mul,
    Op::Div,
    Op::Pow,
    Op::Max,
    Op::Min,
    Op::Greater,
    Op::Exp,
    Op::Log,
    Op::XLogX,
    Op::Abs,
    Op::Sign,
    Op::Sigmoid,
    Op::Softplus,
];

/// Random numbers (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
    /// From -2 to 2, now and then a whole number.
    fn number(&mut self) -> f64 {
        if self.below(4) == 0 {
            self.below(5) as f64 - 2.0
        } else {
            (self.next() >> 11) as f64 / (1u64 << 51) as f64 - 2.0
        }
    }
}

const INPUTS: usize = 3;
const REGISTERS: usize = 6;

/// A random program of primitives, and the same in codes. Every register that is read was written.
fn program<T: Real>(random: &mut Random, len: usize) -> (Vec<Op>, Vec<Instruction<T>>) {
    let mut written = Vec::new();
    let (mut ops, mut code) = (Vec::new(), Vec::new());
    for _ in 0..len {
        let mut source = || match random.below(if written.is_empty() { 4 } else { 9 }) {
            0..3 => Source::Input(random.below(INPUTS)),
            3 => Source::Number(T::from_f64([-1.0, 0.5, 1.0, 2.0, 3.0, 0.3][random.below(6)])),
            _ => Source::Register(written[random.below(written.len())]),
        };
        let args = [source(), source(), source()];
        // The cheap ones oftener, as in objectives: they are what is fused.
        let op = OPS[if random.below(3) > 0 { random.below(5) } else { random.below(OPS.len()) }].clone();
        let out = random.below(REGISTERS);
        written.push(out);
        code.push(Instruction { code: code_of(&op).expect("a function of entries"), out, args });
        ops.push(op);
    }
    (ops, code)
}

/// The value of a primitive by its row.
fn value(op: &Op, a: f64, b: f64) -> f64 {
    match op.row().meaning {
        // Of a pass; the instruction alone is the processor's product.
        _ if *op == Op::Mul => a * b,
        Meaning::Map(f) => f(a),
        Meaning::Zip(f) => f(a, b),
        Meaning::Leaf | Meaning::Whole => unreachable!("{op:?} is no function of entries"),
    }
}

fn near(got: f64, want: f64, allowed: f64) -> bool {
    got == want || (got.is_nan() && want.is_nan()) || (got - want).abs() <= allowed
}

fn inputs<T: Real>(random: &mut Random, len: usize, odd: &[f64]) -> Vec<Vec<T>> {
    let mut number =
        || if odd.is_empty() || random.below(3) > 0 { random.number() } else { odd[random.below(odd.len())] };
    (0..INPUTS).map(|_| (0..len).map(|_| T::from_f64(number())).collect()).collect()
}

/// Each instruction of random programs by itself: what the row says, rounded to the type, up to `ulps`.
fn check_instructions<T: Real>(epsilon: f64, least: f64, most: f64) {
    let odd = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e-42, -1e-320, 1e30, -700.0, 90.0];
    let mut random = Random(1);
    for round in 0..150 {
        let len = [1, 5, 16, 37, 511, 512][round % 6];
        let data = inputs::<T>(&mut random, len, &odd);
        let data: Vec<&[T]> = data.iter().map(Vec::as_slice).collect();
        let (ops, code) = program::<T>(&mut random, 12);
        for level in SimdLevel::all() {
            let mut registers = Registers::<T>::new(REGISTERS);
            for (op, step) in ops.iter().zip(&code) {
                let arg = |k: usize| -> Vec<f64> {
                    match step.args[k] {
                        Source::Register(r) => registers.get(r, len).iter().map(|x| x.to_f64()).collect(),
                        Source::Input(i) => data[i].iter().map(|x| x.to_f64()).collect(),
                        Source::Number(x) => vec![x.to_f64(); len],
                    }
                };
                let (a, b) = (arg(0), arg(1));
                T::run_tile(level, std::slice::from_ref(step), &data, registers.all(), len);
                for (k, got) in registers.get(step.out, len).iter().enumerate() {
                    let want = value(op, a[k], b[k]);
                    let (rounded, got) = (T::from_f64(want).to_f64(), got.to_f64());
                    let allowed = 2.5 * (want.abs() * epsilon).max(least);
                    let at_the_end = want.abs() >= most && got.abs() >= most && got.signum() == want.signum();
                    let fine = near(got, rounded, allowed) || at_the_end;
                    assert!(fine, "{level:?} {op:?}({:e}, {:e}) = {want:e}, not {got:e}", a[k], b[k]);
                }
            }
        }
    }
}

#[test]
fn instructions_are_their_primitives() {
    check_instructions::<f32>(f64::from(f32::EPSILON), 1e-45, 3.402_823e38);
    check_instructions::<f64>(f64::EPSILON, 5e-324, 1.797_693_134_862_315e308);
}

/// The values of the registers after a program of primitives, each result off by a factor.
fn interpret(
    ops: &[Op],
    code: &[Instruction<f64>],
    at: usize,
    data: &[Vec<f64>],
    mut off: impl FnMut() -> f64,
) -> [f64; REGISTERS] {
    let mut registers = [0.0; REGISTERS];
    for (op, step) in ops.iter().zip(code) {
        let arg = |k: usize| match step.args[k] {
            Source::Register(r) => registers[r],
            Source::Input(i) => data[i][at],
            Source::Number(x) => x,
        };
        let (a, b) = (arg(0), if step.code.arity() > 1 { arg(1) } else { 0.0 });
        // What follows from 0 times infinity, which fused products with logarithms say is 0, is not compared.
        registers[step.out] = if a.is_nan() || b.is_nan() { f64::NAN } else { value(op, a, b) * off() };
    }
    registers
}

#[test]
fn fused_programmes_keep_their_values() {
    // Two streams: which programs come up must not hang on how many levels this machine has.
    let (mut random, mut rounding) = (Random(2), Random(3));
    let (mut seen, mut compared, mut fewer) = (Vec::new(), 0, 0);
    for round in 0..6000 {
        let len = 1 + round % 40;
        let data = inputs::<f64>(&mut random, len, &[]);
        let (ops, code) = program::<f64>(&mut random, 14);
        let wanted: Vec<usize> = code[10..].iter().map(|step| step.out).collect();
        let fused = f64::fuse(&code, &wanted);
        seen.extend(fused.code.iter().map(|step| step.code));
        fewer += code.len() - fused.code.len();
        let slices: Vec<&[f64]> = data.iter().map(Vec::as_slice).collect();
        let mut registers = Registers::new(fused.registers);
        for level in SimdLevel::all() {
            f64::run_tile(level, &fused.code, &slices, registers.all(), len);
            for at in 0..len {
                let want = interpret(&ops, &code, at, &data, || 1.0);
                // How much the value moves when every step is a little off says how much rounding can move it.
                let moved: [_; 8] =
                    std::array::from_fn(|_| interpret(&ops, &code, at, &data, || 1.0 + rounding.number() * 1e-11));
                for (&r, &out) in wanted.iter().zip(&fused.outputs) {
                    let (want, got) = (want[r], registers.get(out, len)[at]);
                    let most = moved.iter().map(|m| (m[r] - want).abs()).fold(0.0, |a, b| if a > b { a } else { b });
                    if moved.iter().all(|m| m[r].is_finite()) && want.is_finite() {
                        let allowed = 10.0 * most + 1e-12 * want.abs() + 1e-14;
                        assert!(near(got, want, allowed), "{round} {level:?} {code:?} {fused:?}: {got} not {want}");
                        compared += 1;
                    }
                }
            }
        }
    }
    assert!(compared > 100_000 && fewer > 10_000, "{compared} values compared, {fewer} instructions fewer");
    // No primitive makes those of masks, and of factors that may be infinite.
    seen.extend([Code::Masked, Code::MaskedDiv, Code::Kept, Code::KeptLog]);
    let missing: Vec<_> = Code::ALL.iter().filter(|code| !seen.contains(code)).collect();
    assert!(missing.is_empty(), "{missing:?} never came up");
}

#[test]
fn what_is_masked_is_zero_whatever_it_hides() {
    let (mask, hidden) = ([0.0, 2.0, 0.0, 6.0], [f64::NAN, 3.0, 0.0, 3.0]);
    for level in SimdLevel::all() {
        // Of two masks either may hide what makes the other infinite.
        let mut registers = Registers::<f64>::new(1);
        let both = [step(Code::Masked, 0, Source::Number(f64::INFINITY), Source::Input(0))];
        f64::run_tile(level, &both, &[&mask], registers.all(), 4);
        assert_eq!(registers.get(0, 4), [0.0, f64::INFINITY, 0.0, f64::INFINITY], "{level:?}");
        for (code, expected) in [(Code::Masked, [0.0, 6.0, 0.0, 18.0]), (Code::MaskedDiv, [0.0, 2.0 / 3.0, 0.0, 2.0])] {
            let mut registers = Registers::<f64>::new(1);
            let code = [step(code, 0, Source::Input(0), Source::Input(1))];
            f64::run_tile(level, &code, &[&mask, &hidden], registers.all(), 4);
            assert_eq!(registers.get(0, 4), expected, "{level:?}");
        }
    }
}

#[test]
fn zero_stays_zero_beside_infinity() {
    use Source::{Input, Number};
    let (a, b) = ([0.0, 0.0, 2.0, 0.0, -0.0, 0.0], [0.0, 1.0, 0.0, f64::NAN, f64::INFINITY, -1.0]);
    let bits = |values: &[f64]| values.iter().map(|x| if x.is_nan() { 1 } else { x.to_bits() }).collect::<Vec<u64>>();
    let check = |code: Code, expected: [f64; 6]| {
        for level in SimdLevel::all() {
            let mut registers = Registers::<f64>::new(1);
            let args = [Input(0), Input(1), Number(1.0)];
            f64::run_tile(level, &[Instruction { code, out: 0, args }], &[&a, &b], registers.all(), 6);
            assert_eq!(bits(registers.get(0, 6)), bits(&expected), "{level:?} {code:?}: {:?}", registers.get(0, 6));
        }
    };
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    check(Code::Div, [0.0, 0.0, inf, nan, -0.0, -0.0]);
    check(Code::Kept, [0.0, 1.0, 0.0, nan, 0.0, -1.0]);
    check(Code::KeptLog, [0.0, 0.0, -inf, nan, 0.0, nan]);
    check(Code::MulLog, [0.0, 0.0, -inf, nan, -0.0, nan]);
    check(Code::MulLogRatio, [0.0, 0.0, -inf, nan, -0.0, nan]);
    check(Code::SubDiv, [1.0, 1.0, -inf, nan, 1.0, 1.0]);
    // A product of what another pass reads as well.
    let fused = f64::fuse(
        &[
            step(Code::Log, 0, Input(1), Number(0.0)),
            step(Code::Kept, 2, Input(0), Source::Register(0)),
            step(Code::Mul, 1, Input(0), Source::Register(2)),
        ],
        &[0, 1],
    );
    let mut registers = Registers::<f64>::new(fused.registers);
    f64::run_tile(SimdLevel::all()[0], &fused.code, &[&a, &b], registers.all(), 6);
    assert_eq!(bits(registers.get(fused.outputs[1], 6)), bits(&[0.0, 0.0, -inf, nan, -0.0, nan]));
}

fn step(code: Code, out: usize, a: Source<f64>, b: Source<f64>) -> Instruction<f64> {
    Instruction { code, out, args: [a, b, Source::Number(0.0)] }
}

#[test]
fn losses_become_few_instructions() {
    use Source::{Input, Number, Register};
    // (x - y)^2 * w + |z|.
    let code = [
        step(Code::Sub, 0, Input(0), Input(1)),
        step(Code::Pow, 1, Register(0), Number(2.0)),
        step(Code::Mul, 2, Register(1), Input(2)),
        step(Code::Abs, 3, Input(2), Number(0.0)),
        step(Code::Log, 5, Input(2), Number(0.0)),
        step(Code::Add, 4, Register(2), Register(3)),
    ];
    let fused = f64::fuse(&code, &[4]);
    assert_eq!(fused.code.iter().map(|s| s.code).collect::<Vec<_>>(), [Code::WeightedSquare, Code::AddAbs]);
    assert_eq!((fused.registers, fused.outputs), (1, vec![0]));
    // A value that is wanted, or read twice, stays.
    let kept = f64::fuse(&code, &[0, 4, 4]);
    assert_eq!((kept.registers, kept.outputs), (2, vec![0, 1, 1]));
}

#[test]
fn undefined_and_infinite_numbers_go_on() {
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0];
    for level in SimdLevel::all() {
        let mut registers = Registers::<f64>::new(1);
        for code in [Code::Max, Code::Min, Code::Add, Code::Mul, Code::Clip, Code::MulAdd, Code::Softplus] {
            for a in [[f64::NAN, 1.0, 1.0], [1.0, f64::NAN, 1.0], [1.0, 1.0, f64::NAN]].iter().take(code.arity()) {
                let args = a.map(Source::Number);
                f64::run_tile(level, &[Instruction { code, out: 0, args }], &[], registers.all(), 3);
                assert!(registers.get(0, 3).iter().all(|x| x.is_nan()), "{level:?} {code:?} {a:?}");
            }
        }
        f64::run_tile(
            level,
            &[step(Code::Copy, 0, Source::Input(0), Source::Number(0.0))],
            &[&odd],
            registers.all(),
            4,
        );
        assert!(registers.get(0, 4)[0].is_nan() && registers.get(0, 4)[1..] == odd[1..]);
    }
}

#[test]
fn sums_agree_with_the_definition() {
    fn check<T: Real>(exact: f64) {
        let mut random = Random(3);
        for len in (0..200).chain([511, 512]) {
            let data = inputs::<T>(&mut random, len, &[]);
            let (a, b) = (&data[0], &data[1]);
            let near =
                |got: f64, want: f64| assert!((got - want).abs() <= exact * len as f64, "{len}: {got} not {want}");
            for level in SimdLevel::all() {
                near(T::sum(level, a), a.iter().map(|x| x.to_f64()).sum());
                near(T::dot(level, a, b), a.iter().zip(b).map(|(x, y)| x.to_f64() * y.to_f64()).sum());
                let mut sums = vec![1.5; len];
                T::add_to(level, &mut sums, a);
                assert!(sums.iter().zip(a).all(|(s, x)| *s == 1.5 + x.to_f64()));
            }
        }
    }
    check::<f32>(1e-15);
    check::<f64>(1e-15);
}
