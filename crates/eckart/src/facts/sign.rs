//! Sign: what is known of the values of a part of a formula.
//! In: a primitive and what is known of its arguments.  Out: whether its values are never negative, whether 0 or 1.
//! Invariant: true of every value that is defined (`NaN` is none); unknown where in doubt.
//! Not here: how many values there are (see `layout`).

use crate::expr::Op;

/// What is known of values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sign {
    /// None is negative.
    pub nonnegative: bool,
    /// Each is 0 or 1.
    pub binary: bool,
}

impl Sign {
    /// 0 or 1.
    pub const BINARY: Sign = Sign { nonnegative: true, binary: true };
    /// Never negative.
    pub const NONNEGATIVE: Sign = Sign { nonnegative: true, binary: false };
    /// Nothing is known.
    pub const UNKNOWN: Sign = Sign { nonnegative: false, binary: false };

    /// What is known of a number.
    pub fn of_number(value: f64) -> Self {
        Self { nonnegative: value >= 0.0, binary: value == 0.0 || value == 1.0 }
    }

    /// What two true statements about the same values say together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { nonnegative: self.nonnegative || other.nonnegative, binary: self.binary || other.binary }
    }
}

/// What is known of a primitive's result; `squares` where a product is of a value with itself, or a power even.
pub(crate) fn sign_of_op(op: &Op, args: &[Sign], squares: bool) -> Sign {
    let all = Sign { nonnegative: args.iter().all(|a| a.nonnegative), binary: args.iter().all(|a| a.binary) };
    let any = args.iter().any(|a| a.nonnegative);
    let if_all = |nonnegative: bool| if nonnegative { Sign::NONNEGATIVE } else { Sign::UNKNOWN };
    match op {
        Op::Mul => Sign { nonnegative: all.nonnegative || squares, binary: all.binary },
        Op::Min => all,
        Op::Max => Sign { nonnegative: any, binary: all.binary },
        Op::Pow => if_all(squares || args[0].nonnegative),
        Op::Add | Op::Div | Op::MatMul | Op::Sum | Op::RowSum | Op::ColSum => if_all(all.nonnegative),
        Op::SumTo => if_all(args[0].nonnegative),
        Op::Transpose | Op::Expand => args[0],
        Op::Abs => Sign { nonnegative: true, binary: args[0].binary },
        Op::Sign => Sign { nonnegative: args[0].nonnegative, binary: args[0].nonnegative },
        Op::Exp | Op::Sigmoid | Op::Softplus => Sign::NONNEGATIVE,
        Op::Greater | Op::Observed | Op::Eye | Op::One => Sign::BINARY,
        Op::Lit(number) => Sign::of_number(number.get()),
        Op::Var(_) | Op::Sub | Op::Log | Op::XLogX => Sign::UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_follow_from_those_of_the_arguments() {
        let (p, b, u) = (Sign::NONNEGATIVE, Sign::BINARY, Sign::UNKNOWN);
        let check =
            |op: Op, args: &[Sign], expected: Sign| assert_eq!(sign_of_op(&op, args, false), expected, "{op:?}");
        check(Op::Add, &[p, b], p);
        check(Op::Add, &[p, u], u);
        check(Op::Mul, &[b, b], b);
        check(Op::Mul, &[b, p], p);
        check(Op::Max, &[u, p], p);
        check(Op::Min, &[b, u], u);
        check(Op::Abs, &[u], p);
        check(Op::Greater, &[u, u], b);
        check(Op::Sub, &[p, p], u);
        assert_eq!(sign_of_op(&Op::Mul, &[u, u], true), p);
    }
}
