//! Op: the primitives, one row each.
//! In: nothing.  Out: for each primitive its name in texts, its arity, the rule of its shape and what it means.
//! Invariant: everything a user can write is made of these; a match on them never has a catch-all arm.
//! Not here: how they are written with marks (see `operators`, `print`), derivatives (see `grad`).

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use super::var::Var;

/// A primitive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// A named matrix.
    Var(Var),
    /// A number.
    Lit(Number),
    /// Entrywise sum.
    Add,
    /// Entrywise difference.
    Sub,
    /// Entrywise product.
    Mul,
    /// Entrywise quotient.
    Div,
    /// Entrywise power.
    Pow,
    /// Entrywise maximum.
    Max,
    /// Entrywise minimum.
    Min,
    /// 1 where the first is greater, else 0.
    Greater,
    /// Exponential.
    Exp,
    /// Natural logarithm.
    Log,
    /// x log x, 0 at 0.
    XLogX,
    /// Absolute value.
    Abs,
    /// -1, 0 or 1.
    Sign,
    /// 1 / (1 + exp(-x)).
    Sigmoid,
    /// log(1 + exp(x)).
    Softplus,
    /// 1 where an entry of a data matrix is observed, else 0.
    Observed,
    /// Matrix product.
    MatMul,
    /// Transpose.
    Transpose,
    /// Sum of all entries.
    Sum,
    /// Sum of each row.
    RowSum,
    /// Sum of each column.
    ColSum,
    /// The first, stretched to the shape of the second.
    Expand,
    /// The first, summed down to the shape of the second.
    SumTo,
    /// The identity of the shape of a square matrix.
    Eye,
    /// 1, where the argument is a number: where reverse differentiation starts.
    One,
}

/// What a primitive's shape is, given those of its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShapeRule {
    /// A variable's own shape.
    Given,
    /// 1 x 1.
    Scalar,
    /// The common shape of all arguments, sides of 1 stretched.
    Stretch,
    /// That of the only argument.
    Same,
    /// (n x k, k x m) -> n x m.
    Product,
    /// n x m -> m x n.
    Transposed,
    /// n x m -> n x 1.
    Column,
    /// n x m -> 1 x m.
    Line,
    /// That of the second argument, to which the first can be stretched.
    StretchToSecond,
    /// That of the second argument, which can be stretched to the first.
    ShrinkToSecond,
    /// That of the only argument, which must be square.
    Square,
    /// 1 x 1, of a 1 x 1 argument.
    ScalarOnly,
}

/// How a primitive's value depends on those of its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependence {
    /// It is a variable's own.
    Variable,
    /// On none of them.
    Constant,
    /// Linear in both together.
    Sum,
    /// Linear in each of two, entry by entry.
    Hadamard,
    /// Linear in each of two, as the product of matrices.
    MatrixProduct,
    /// Linear in the first, the other divides it.
    Quotient,
    /// The first to the power of the second.
    Power,
    /// Linear in the first; of another, the shape counts alone.
    Linear,
    /// In no such way.
    Nonlinear,
}

/// What a primitive computes.
#[derive(Debug, Clone, Copy)]
pub enum Meaning {
    /// A value from outside, or a number.
    Leaf,
    /// A function of each entry.
    Map(fn(f64) -> f64),
    /// A function of each pair of entries.
    Zip(fn(f64, f64) -> f64),
    /// Something that looks at more than one entry (see `run::exec`).
    Whole,
}

/// A row of the table of primitives.
#[derive(Debug, Clone, Copy)]
pub struct PrimitiveRow {
    /// The name in a text, where it is called as a function.
    pub name: &'static str,
    /// How many arguments it takes.
    pub arity: usize,
    /// Its shape.
    pub shape: ShapeRule,
    /// How its value depends on those of its arguments.
    pub dependence: Dependence,
    /// Its value.
    pub meaning: Meaning,
}

const fn row(
    name: &'static str,
    arity: usize,
    shape: ShapeRule,
    dependence: Dependence,
    meaning: Meaning,
) -> PrimitiveRow {
    PrimitiveRow { name, arity, shape, dependence, meaning }
}

impl Op {
    /// The primitives that are called by name in a text.
    pub const CALLED: [Op; 19] = [
        Op::Max,
        Op::Min,
        Op::Exp,
        Op::Log,
        Op::XLogX,
        Op::Abs,
        Op::Sign,
        Op::Sigmoid,
        Op::Softplus,
        Op::Observed,
        Op::Transpose,
        Op::Sum,
        Op::RowSum,
        Op::ColSum,
        Op::Expand,
        Op::SumTo,
        Op::Eye,
        Op::One,
        Op::Greater,
    ];

    /// The primitive's row.
    #[rustfmt::skip]
    pub fn row(&self) -> PrimitiveRow {
        use Dependence::{Constant, Hadamard, Linear, MatrixProduct, Nonlinear, Power, Quotient, Sum, Variable};
        use Meaning::{Leaf, Map, Whole, Zip};
        use ShapeRule::{
            Column, Given, Line, Product, Same, Scalar, ScalarOnly, ShrinkToSecond, Square, Stretch,
            StretchToSecond, Transposed,
        };
        match self {
            Op::Var(_)    => row("",         0, Given,           Variable,      Leaf),
            Op::Lit(_)    => row("",         0, Scalar,          Constant,      Leaf),
            Op::Add       => row("+",        2, Stretch,         Sum,           Zip(|a, b| a + b)),
            Op::Sub       => row("-",        2, Stretch,         Sum,           Zip(|a, b| a - b)),
            Op::Mul       => row("*",        2, Stretch,         Hadamard,      Zip(product)),
            Op::Div       => row("/",        2, Stretch,         Quotient,      Zip(quotient)),
            Op::Pow       => row("**",       2, Stretch,         Power,         Zip(power)),
            Op::Max       => row("max",      2, Stretch,         Nonlinear,     Zip(maximum)),
            Op::Min       => row("min",      2, Stretch,         Nonlinear,     Zip(minimum)),
            Op::Greater   => row("greater",  2, Stretch,         Nonlinear,     Zip(|a, b| f64::from(a > b))),
            Op::Exp       => row("exp",      1, Same,            Nonlinear,     Map(f64::exp)),
            Op::Log       => row("log",      1, Same,            Nonlinear,     Map(f64::ln)),
            Op::XLogX     => row("xlogx",    1, Same,            Nonlinear,     Map(xlogx)),
            Op::Abs       => row("abs",      1, Same,            Nonlinear,     Map(f64::abs)),
            Op::Sign      => row("sign",     1, Same,            Nonlinear,     Map(sign)),
            Op::Sigmoid   => row("sigmoid",  1, Same,            Nonlinear,     Map(sigmoid)),
            Op::Softplus  => row("softplus", 1, Same,            Nonlinear,     Map(softplus)),
            Op::Observed  => row("observed", 1, Same,            Constant,      Whole),
            Op::MatMul    => row("@",        2, Product,         MatrixProduct, Whole),
            Op::Transpose => row("t",        1, Transposed,      Linear,        Whole),
            Op::Sum       => row("sum",      1, Scalar,          Linear,        Whole),
            Op::RowSum    => row("rowsum",   1, Column,          Linear,        Whole),
            Op::ColSum    => row("colsum",   1, Line,            Linear,        Whole),
            Op::Expand    => row("expand",   2, StretchToSecond, Linear,        Whole),
            Op::SumTo     => row("sumto",    2, ShrinkToSecond,  Linear,        Whole),
            Op::Eye       => row("eye",      1, Square,          Constant,      Whole),
            Op::One       => row("one",      1, ScalarOnly,      Constant,      Whole),
        }
    }
}

impl Op {
    /// Whether the value depends on that of argument `k`, and not on its shape or pattern alone.
    pub fn uses_value(&self, k: usize) -> bool {
        match self.row().dependence {
            Dependence::Variable | Dependence::Constant => false,
            Dependence::Linear => k == 0,
            Dependence::Sum
            | Dependence::Hadamard
            | Dependence::MatrixProduct
            | Dependence::Quotient
            | Dependence::Power
            | Dependence::Nonlinear => true,
        }
    }

    /// The value of a function of entries whose arguments are numbers.
    pub(crate) fn of_numbers(&self, args: &[f64]) -> Option<f64> {
        match (self.row().meaning, args) {
            (Meaning::Map(f), [a]) => Some(f(*a)),
            (Meaning::Zip(f), [a, b]) => Some(f(*a, *b)),
            (_, _) => None,
        }
    }
}

/// a * b; what is 0 stays 0 beside an infinite number, as an entry does that sparse data does not store, so that
/// `x * log(s)` is 0 where x and s are.
fn product(a: f64, b: f64) -> f64 {
    if (a == 0.0 && b.is_infinite()) || (b == 0.0 && a.is_infinite()) { 0.0 } else { a * b }
}

/// a / b, 0 where both are 0.
fn quotient(a: f64, b: f64) -> f64 {
    if a == 0.0 && b == 0.0 { 0.0 } else { a / b }
}

/// a ** b; the squares and roots that objectives are full of are exact.
fn power(a: f64, b: f64) -> f64 {
    if b == 2.0 {
        a * a
    } else if b == 0.5 {
        a.sqrt()
    } else if b == -1.0 {
        1.0 / a
    } else {
        a.powf(b)
    }
}

/// The greater of two, `NaN` where either is: an undefined value must not vanish.
fn maximum(a: f64, b: f64) -> f64 {
    if a >= b || a.is_nan() { a } else { b }
}

/// The lesser of two, `NaN` where either is.
fn minimum(a: f64, b: f64) -> f64 {
    if a <= b || a.is_nan() { a } else { b }
}

fn xlogx(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x * x.ln() }
}

fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        x * 0.0
    }
}

/// Without overflow at either end.
fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// Without overflow at either end.
fn softplus(x: f64) -> f64 {
    maximum(x, 0.0) + (-x.abs()).exp().ln_1p()
}

/// A number that can be compared and ordered: by its bits, so that 0 and -0 differ and `NaN` equals itself.
#[derive(Debug, Clone, Copy)]
pub struct Number(f64);

impl Number {
    /// The number.
    pub fn new(value: f64) -> Self {
        Self(value)
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}
