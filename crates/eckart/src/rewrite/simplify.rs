//! Rules: local simplifications, one function each, tried in the order of the table.
//! In: a term whose arguments are simplified.  Out: a simpler term of the same value, if the rule applies.
//! Invariant: each rule lowers the number of nodes or moves a literal outwards, so they come to an end.
//! Not here: the search among equal forms of different cost.

use super::term::Term;
use crate::expr::{Meaning, Op};

/// A rule: its name, its identity, and how it is tried.
type Simplification = (&'static str, fn(&Term) -> Option<Term>);

#[rustfmt::skip]
const RULES: &[Simplification] = &[
    ("fold literals:     2 * 3 -> 6",                            fold_literals),
    ("drop one:          one(c) -> 1",                           drop_one),
    ("drop neutral:      x + 0, x * 1, x / 1, x ** 1 -> x",      drop_neutral),
    ("drop sum:          sum(a) -> a where nothing is summed",   drop_sum),
    ("drop transpose:    a.T.T -> a, sum(a.T) -> sum(a)",        drop_transpose),
    ("name sumto:        sumto(a, b) -> a, sum, rowsum, colsum", name_sumto),
    ("drop expand:       expand(a, b) * c -> a * c",             drop_expand),
    ("raise expand:      exp(expand(a, b)) -> expand(exp(a), b); u * expand(1, b) -> expand(u, b)", raise_expand),
    ("sum expand:        sum(expand(a, b)) -> k * sum(a)",       sum_expand),
    ("multiply expand:   expand(a, b) @ c -> a * colsum(c)",     multiply_expand),
    ("merge literals:    2 * (3 * a) -> 6 * a",                  merge_literals),
    ("raise literal:     2 @ b, (2 * a) @ b, sum(2 * a) -> 2 * (...)", raise_literal),
    ("add negative:      a + -b -> a - b",                       add_negative),
];

/// The simplest form the rules reach of a term whose arguments are simplified.
pub(super) fn simplify(term: &Term) -> Term {
    RULES.iter().find_map(|(_, rule)| rule(term)).unwrap_or_else(|| term.clone())
}

/// A new node, simplified.
fn make(op: Op, args: Vec<Term>) -> Term {
    simplify(&Term::make(op, args))
}

/// `value` at every entry of `like`.
fn constant(value: f64, like: &Term) -> Term {
    make(Op::Expand, vec![Term::number(value), like.clone()])
}

/// 1 at every entry of `like`: what `observed` of a matrix is that has all its entries.
pub(super) fn ones(like: &Term) -> Term {
    constant(1.0, like)
}

fn scaled(by: f64, term: Term) -> Term {
    make(Op::Mul, vec![Term::number(by), term])
}

fn fold_literals(t: &Term) -> Option<Term> {
    let literals: Option<Vec<f64>> = t.args().iter().map(Term::as_number).collect();
    t.op().of_numbers(&literals?).map(Term::number)
}

fn drop_one(t: &Term) -> Option<Term> {
    t.is(&Op::One).then(|| Term::number(1.0))
}

fn drop_neutral(t: &Term) -> Option<Term> {
    if !matches!(t.op(), Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Pow) {
        return None;
    }
    let (a, b) = (t.arg(0), t.arg(1));
    // A matrix of zeros counts as a number where it stretches nothing.
    let literal = |x: &Term, other: &Term| {
        x.as_number().or_else(|| {
            let stretches = other.shape() != t.shape();
            let zeros = x.is(&Op::Expand) && !stretches;
            x.arg_number(zeros).or_else(|| (!stretches && x.is_zero_product()).then_some(0.0))
        })
    };
    match (t.op(), literal(a, b), literal(b, a)) {
        (Op::Add, Some(0.0), _) => Some(b.clone()),
        (Op::Add | Op::Sub, _, Some(0.0)) => Some(a.clone()),
        (Op::Sub, Some(0.0), _) => Some(scaled(-1.0, b.clone())),
        (Op::Mul, Some(1.0), _) => Some(b.clone()),
        (Op::Mul | Op::Div | Op::Pow, _, Some(1.0)) => Some(a.clone()),
        (Op::Mul, Some(0.0), _) => Some(constant(0.0, b)),
        (Op::Mul, _, Some(0.0)) | (Op::Div, Some(0.0), _) => Some(constant(0.0, if t.is(&Op::Div) { b } else { a })),
        (Op::Pow, _, Some(0.0)) => Some(constant(1.0, a)),
        (_, _, _) => None,
    }
}

impl Term {
    /// The literal that an `expand` stretches, where `wanted`.
    fn arg_number(&self, wanted: bool) -> Option<f64> {
        if wanted { self.arg(0).as_number() } else { None }
    }
}

fn drop_sum(t: &Term) -> Option<Term> {
    let summed = matches!(t.op(), Op::Sum | Op::RowSum | Op::ColSum);
    (summed && t.arg(0).shape() == t.shape()).then(|| t.arg(0).clone())
}

fn drop_transpose(t: &Term) -> Option<Term> {
    let inner = t.args().first()?;
    if t.is(&Op::Sum) {
        return inner.is(&Op::Transpose).then(|| make(Op::Sum, vec![inner.arg(0).clone()]));
    }
    if !t.is(&Op::Transpose) {
        return None;
    }
    if inner.is(&Op::Transpose) {
        return Some(inner.arg(0).clone());
    }
    inner.shape().is_scalar().then(|| inner.clone())
}

fn name_sumto(t: &Term) -> Option<Term> {
    if !t.is(&Op::SumTo) {
        return None;
    }
    let (from, to) = (t.arg(0).shape(), t.shape());
    let op = match (from.rows == to.rows, from.cols == to.cols) {
        (true, true) => return Some(t.arg(0).clone()),
        (true, false) => Op::RowSum,
        (false, true) => Op::ColSum,
        (false, false) => Op::Sum,
    };
    Some(make(op, vec![t.arg(0).clone()]))
}

fn drop_expand(t: &Term) -> Option<Term> {
    if t.is(&Op::Expand) {
        let inner = t.arg(0);
        if inner.shape() == t.shape() {
            return Some(inner.clone());
        }
        return inner.is(&Op::Expand).then(|| make(Op::Expand, vec![inner.arg(0).clone(), t.arg(1).clone()]));
    }
    let Meaning::Zip(_) = t.op().row().meaning else { return None };
    let (a, b) = (t.arg(0), t.arg(1));
    if a.is(&Op::Expand) && b.shape() == t.shape() && !b.is(&Op::Expand) {
        return Some(make(t.op().clone(), vec![a.arg(0).clone(), b.clone()]));
    }
    if b.is(&Op::Expand) && a.shape() == t.shape() && !a.is(&Op::Expand) {
        return Some(make(t.op().clone(), vec![a.clone(), b.arg(0).clone()]));
    }
    None
}

fn raise_expand(t: &Term) -> Option<Term> {
    match t.op().row().meaning {
        Meaning::Map(_) if t.arg(0).is(&Op::Expand) => {
            let inner = make(t.op().clone(), vec![t.arg(0).arg(0).clone()]);
            Some(make(Op::Expand, vec![inner, t.arg(0).arg(1).clone()]))
        }
        Meaning::Zip(_) => {
            let (a, b) = (t.arg(0), t.arg(1));
            let bare = |x: &Term| if x.is(&Op::Expand) { x.arg(0).clone() } else { x.clone() };
            let like = [a, b].into_iter().find(|x| x.is(&Op::Expand) && x.shape() == t.shape())?;
            // A column or a line beside it is stretched as it is.
            let small = |x: &Term| x.is(&Op::Expand) || x.shape() != t.shape();
            if !(small(a) && small(b)) {
                return None;
            }
            let inner = make(t.op().clone(), vec![bare(a), bare(b)]);
            Some(make(Op::Expand, vec![inner, like.arg(1).clone()]))
        }
        Meaning::Leaf | Meaning::Map(_) | Meaning::Whole => None,
    }
}

fn sum_expand(t: &Term) -> Option<Term> {
    if !matches!(t.op(), Op::Sum | Op::RowSum | Op::ColSum) || !t.arg(0).is(&Op::Expand) {
        return None;
    }
    let (inner, full) = (t.arg(0).arg(0), t.arg(0).shape());
    let (down, across) = (full.rows / inner.shape().rows, full.cols / inner.shape().cols);
    let copies = if t.is(&Op::Sum) {
        down * across
    } else if t.is(&Op::RowSum) {
        across
    } else {
        down
    };
    let sum = scaled(copies as f64, make(t.op().clone(), vec![inner.clone()]));
    if sum.shape() == t.shape() {
        return Some(sum);
    }
    let like = Term::make(t.op().clone(), vec![t.arg(0).arg(1).clone()]);
    Some(make(Op::Expand, vec![sum, like]))
}

/// A constant matrix times another needs only the other's sums.
fn multiply_expand(t: &Term) -> Option<Term> {
    if !t.is(&Op::MatMul) {
        return None;
    }
    let (a, b) = (t.arg(0), t.arg(1));
    let scalar = |x: &Term| x.is(&Op::Expand) && x.arg(0).shape().is_scalar();
    let product = if scalar(a) {
        make(Op::Mul, vec![a.arg(0).clone(), make(Op::ColSum, vec![b.clone()])])
    } else if scalar(b) {
        make(Op::Mul, vec![b.arg(0).clone(), make(Op::RowSum, vec![a.clone()])])
    } else if a.is(&Op::Expand) && a.arg(0).shape().cols == 1 {
        return Some(make(Op::MatMul, vec![a.arg(0).clone(), make(Op::ColSum, vec![b.clone()])]));
    } else if b.is(&Op::Expand) && b.arg(0).shape().rows == 1 {
        return Some(make(Op::MatMul, vec![make(Op::RowSum, vec![a.clone()]), b.arg(0).clone()]));
    } else if a.is(&Op::Expand) {
        make(Op::MatMul, vec![a.arg(0).clone(), b.clone()])
    } else if b.is(&Op::Expand) {
        make(Op::MatMul, vec![a.clone(), b.arg(0).clone()])
    } else {
        return None;
    };
    if product.shape() == t.shape() {
        return Some(product);
    }
    Some(make(Op::Expand, vec![product, Term::make(Op::MatMul, vec![a.clone(), b.clone()])]))
}

fn merge_literals(t: &Term) -> Option<Term> {
    if !t.is(&Op::Mul) {
        return None;
    }
    let (a, b) = (t.arg(0), t.arg(1));
    if b.as_number().is_some() {
        return Some(make(Op::Mul, vec![b.clone(), a.clone()]));
    }
    let (d, inner) = b.as_scaled()?;
    match a.as_number() {
        Some(c) => Some(scaled(c * d, inner.clone())),
        None => Some(scaled(d, make(Op::Mul, vec![a.clone(), inner.clone()]))),
    }
}

fn raise_literal(t: &Term) -> Option<Term> {
    let number = |k: usize| t.is(&Op::MatMul).then(|| t.arg(k).as_number()).flatten();
    if let Some((c, other)) = number(0).map(|c| (c, 1)).or_else(|| number(1).map(|c| (c, 0))) {
        return Some(scaled(c, t.arg(other).clone()));
    }
    let through = |k: usize| {
        let (c, inner) = t.arg(k).as_scaled()?;
        let mut args = t.args().to_vec();
        args[k] = inner.clone();
        Some((c, args))
    };
    let both = t.is(&Op::MatMul) || (t.is(&Op::Mul) && t.arg(0).as_number().is_none());
    let first = matches!(t.op(), Op::Div | Op::Sum | Op::RowSum | Op::ColSum | Op::Transpose);
    if !(both || first) {
        return None;
    }
    let (c, args) = through(0).or_else(|| if both { through(1) } else { None })?;
    Some(scaled(c, make(t.op().clone(), args)))
}

fn add_negative(t: &Term) -> Option<Term> {
    if !matches!(t.op(), Op::Add | Op::Sub) {
        return None;
    }
    let (a, b) = (t.arg(0), t.arg(1));
    if let Some((c, inner)) = b.as_scaled().filter(|(c, _)| *c < 0.0) {
        let transposed = if t.is(&Op::Add) { Op::Sub } else { Op::Add };
        return Some(make(transposed, vec![a.clone(), scaled(-c, inner.clone())]));
    }
    let (c, inner) = a.as_scaled().filter(|(c, _)| *c < 0.0)?;
    t.is(&Op::Add).then(|| make(Op::Sub, vec![b.clone(), scaled(-c, inner.clone())]))
}
