//! Operators: Rust's marks and methods for formulas.
//! In: formulas, owned or borrowed, and plain numbers on either side.  Out: formulas.
//! Invariant: each is one primitive; nothing is simplified.
//! Not here: functions made of several primitives (see `functions`).

use super::op::Op;
use super::tree::Expr;

impl Expr {
    /// The matrix product: n x k times k x m.
    pub fn dot(&self, other: impl Into<Expr>) -> Expr {
        Expr::new(Op::MatMul, vec![self.clone(), other.into()])
    }

    /// Each entry to a power.
    pub fn pow(&self, exponent: impl Into<Expr>) -> Expr {
        Expr::new(Op::Pow, vec![self.clone(), exponent.into()])
    }

    /// The transpose.
    pub fn t(&self) -> Expr {
        Expr::new(Op::Transpose, vec![self.clone()])
    }
}

impl From<&Expr> for Expr {
    fn from(expr: &Expr) -> Self {
        expr.clone()
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl From<$number> for Expr {
            fn from(value: $number) -> Self {
                Expr::number(value as f64)
            }
        }
    )*};
}
numbers!(f64, f32, i32, i64, u32, usize);

/// One operator for every pair of owned and borrowed formulas and plain numbers. One float and one integer type only:
/// with two, Rust could not tell what `1.5 + a` is where a method follows.
macro_rules! operator {
    ($trait:ident, $method:ident, $op:expr) => {
        operator!(@pair $trait, $method, $op, Expr, Expr);
        operator!(@pair $trait, $method, $op, Expr, &Expr);
        operator!(@pair $trait, $method, $op, &Expr, Expr);
        operator!(@pair $trait, $method, $op, &Expr, &Expr);
        operator!(@number $trait, $method, $op, f64);
        operator!(@number $trait, $method, $op, i32);
    };
    (@number $trait:ident, $method:ident, $op:expr, $number:ty) => {
        operator!(@pair $trait, $method, $op, Expr, $number);
        operator!(@pair $trait, $method, $op, &Expr, $number);
        operator!(@pair $trait, $method, $op, $number, Expr);
        operator!(@pair $trait, $method, $op, $number, &Expr);
    };
    (@pair $trait:ident, $method:ident, $op:expr, $left:ty, $right:ty) => {
        impl std::ops::$trait<$right> for $left {
            type Output = Expr;
            fn $method(self, right: $right) -> Expr {
                Expr::new($op, vec![self.into(), right.into()])
            }
        }
    };
}
operator!(Add, add, Op::Add);
operator!(Sub, sub, Op::Sub);
operator!(Mul, mul, Op::Mul);
operator!(Div, div, Op::Div);

impl std::ops::Neg for Expr {
    type Output = Expr;
    fn neg(self) -> Expr {
        -1.0 * self
    }
}

impl std::ops::Neg for &Expr {
    type Output = Expr;
    fn neg(self) -> Expr {
        -1.0 * self
    }
}

impl std::iter::Sum for Expr {
    /// The entrywise sum of all; 0 of none.
    fn sum<I: Iterator<Item = Expr>>(terms: I) -> Expr {
        terms.reduce(|a, b| a + b).unwrap_or_else(|| Expr::number(0.0))
    }
}
