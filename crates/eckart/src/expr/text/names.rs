//! Names: the functions that can be called in a text, the marks, and the keywords.
//! In: a name.  Out: its row, or the name that was probably meant.
//! Invariant: one row each, read by the parser and by the printer alike.
//! Not here: what the functions mean (see `functions` and `op`).

use std::sync::LazyLock;

use crate::expr::pattern::pattern;
use crate::expr::{Expr, Op, functions};

/// Words that can't be names.
pub(super) const KEYWORDS: [&str; 7] = ["minimize", "minimise", "maximize", "maximise", "over", "subject", "to"];

/// How tightly a sign binds: between `*` and `**`.
pub(super) const SIGN: u8 = 4;
/// How tightly `.T` binds.
pub(super) const POSTFIX: u8 = 6;
/// Names, numbers, calls and parentheses.
pub(super) const ATOM: u8 = 7;

/// A mark between two operands.
pub(super) struct Infix {
    /// As it is written in a text.
    pub(super) mark: &'static str,
    /// The same with the blanks around it that the printer puts.
    pub(super) spaced: &'static str,
    pub(super) op: Op,
    /// How tightly it binds.
    pub(super) level: u8,
    /// How tightly its left operand must bind to stand without parentheses.
    pub(super) left: u8,
    /// The same of its right operand.
    pub(super) right: u8,
}

#[rustfmt::skip]
pub(super) static INFIX: [Infix; 7] = [
    Infix { mark: ">",  spaced: " > ", op: Op::Greater, level: 1, left: 2, right: 2 },
    Infix { mark: "+",  spaced: " + ", op: Op::Add,     level: 2, left: 2, right: 3 },
    Infix { mark: "-",  spaced: " - ", op: Op::Sub,     level: 2, left: 2, right: 3 },
    Infix { mark: "*",  spaced: " * ", op: Op::Mul,     level: 3, left: 3, right: 4 },
    Infix { mark: "@",  spaced: " @ ", op: Op::MatMul,  level: 3, left: 3, right: 4 },
    Infix { mark: "/",  spaced: " / ", op: Op::Div,     level: 3, left: 3, right: 4 },
    // Python's: -x**2 is -(x**2), x**-2 needs no parentheses, x**y**z is x**(y**z).
    Infix { mark: "**", spaced: "**",  op: Op::Pow,     level: 5, left: 6, right: 4 },
];

/// A function made of several primitives.
pub(super) struct Sugar {
    pub(super) name: &'static str,
    pub(super) arity: usize,
    make: fn(&[Expr]) -> Expr,
    /// Whether its formula is printed as a call however it was written; else where it was written as one.
    pub(super) is_known: bool,
}

const fn sugar(name: &'static str, arity: usize, make: fn(&[Expr]) -> Expr) -> Sugar {
    Sugar { name, arity, make, is_known: true }
}

/// One whose formula is written out as often as not: it is printed as it was written.
const fn named(name: &'static str, arity: usize, make: fn(&[Expr]) -> Expr) -> Sugar {
    Sugar { name, arity, make, is_known: false }
}

/// A row whose formula contains that of another row comes before it: the printer takes the first that fits.
#[rustfmt::skip]
pub(super) static SUGAR: [Sugar; 20] = [
    sugar("norm",    1, |a| functions::norm(&a[0])),
    sugar("rownorm", 1, |a| functions::rownorm(&a[0])),
    sugar("colnorm", 1, |a| functions::colnorm(&a[0])),
    sugar("sqrt",    1, |a| functions::sqrt(&a[0])),
    sugar("tanh",    1, |a| functions::tanh(&a[0])),
    sugar("mean",    1, |a| functions::mean(&a[0])),
    sugar("trace",   1, |a| functions::trace(&a[0])),
    sugar("clip",    3, |a| functions::clip(&a[0], &a[1], &a[2])),
    sugar("huber",   2, |a| functions::huber(&a[0], &a[1])),
    sugar("kl",      2, |a| functions::kl(&a[0], &a[1])),
    named("is",         2, |a| functions::is(&a[0], &a[1])),
    named("beta",       3, |a| functions::beta(&a[0], &a[1], &a[2])),
    named("nb",         3, |a| functions::nb(&a[0], &a[1], &a[2])),
    named("hinge",      2, |a| functions::hinge(&a[0], &a[1])),
    named("pinball",    2, |a| functions::pinball(&a[0], &a[1])),
    named("elasticnet", 2, |a| functions::elasticnet(&a[0], &a[1])),
    named("group",      1, |a| functions::group(&a[0])),
    named("ard",        3, |a| functions::ard(&a[0], &a[1], &a[2])),
    named("laplacian",  2, |a| functions::laplacian(&a[0], &a[1])),
    named("tv",         2, |a| functions::tv(&a[0], &a[1])),
];

/// Each row of `SUGAR` as the pattern by which the printer recognises it.
pub(super) static PATTERNS: LazyLock<Vec<(&'static Sugar, Expr)>> =
    LazyLock::new(|| SUGAR.iter().map(|sugar| (sugar, pattern(sugar.arity, sugar.make))).collect());

pub(super) enum Callable {
    Primitive(Op),
    Sugar(&'static Sugar),
}

impl Callable {
    pub(super) fn find(name: &str) -> Option<Self> {
        let sugar = SUGAR.iter().find(|s| s.name == name).map(Self::Sugar);
        sugar.or_else(|| Op::CALLED.into_iter().find(|op| op.row().name == name).map(Self::Primitive))
    }

    pub(super) fn arity(&self) -> usize {
        match self {
            Self::Primitive(op) => op.row().arity,
            Self::Sugar(sugar) => sugar.arity,
        }
    }

    /// The formula of a call; `args` are as many as its arity.
    pub(super) fn call(self, args: Vec<Expr>) -> Expr {
        match self {
            Self::Primitive(op) => Expr::new(op, args),
            Self::Sugar(sugar) => (sugar.make)(&args),
        }
    }
}

/// The names of all functions, in the alphabet's order.
pub(super) fn all() -> Vec<&'static str> {
    let mut all: Vec<_> = Op::CALLED.iter().map(|op| op.row().name).chain(SUGAR.iter().map(|s| s.name)).collect();
    all.sort_unstable();
    all
}

/// What other languages call our functions.
const ELSEWHERE: [(&str, &str); 20] = [
    ("ln", "`log`"),
    ("maximum", "`max`"),
    ("minimum", "`min`"),
    ("absolute", "`abs`"),
    ("fabs", "`abs`"),
    ("sgn", "`sign`"),
    ("expit", "`sigmoid`"),
    ("logistic", "`sigmoid`"),
    ("log1pexp", "`softplus`"),
    ("relu", "`max(x, 0)`"),
    ("average", "`mean`"),
    ("tr", "`trace`"),
    ("transpose", "`x.T`"),
    ("mask", "`observed`"),
    ("square", "`x**2`"),
    ("pow", "`x**y`"),
    ("power", "`x**y`"),
    ("dot", "`x @ y`"),
    ("matmul", "`x @ y`"),
    ("log1p", "`log(1 + x)`"),
];

/// What was probably meant by the name of no function, in backquotes.
pub(super) fn suggest(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    if let Some((_, ours)) = ELSEWHERE.iter().find(|(theirs, _)| *theirs == lower) {
        return Some((*ours).to_owned());
    }
    nearest(&lower, all()).map(|ours| format!("`{ours}`"))
}

/// The word among `known` that was probably meant by `word`, which is none of them: one or two letters away.
///
/// ```
/// assert_eq!(eckart::expr::text::nearest("nfm", ["mf", "nmf", "ratings"]), Some("nmf"));
/// assert_eq!(eckart::expr::text::nearest("pca", ["mf", "nmf", "ratings"]), None);
/// ```
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    let most = if length <= 3 { 1 } else { 2 };
    let near = known.into_iter().map(|ours| (distance(word, ours, most), ours)).min()?;
    (near.0 <= most && near.0 < length).then_some(near.1)
}

/// The least number of letters to insert, drop, change or swap with a neighbour (optimal string alignment). Where the
/// lengths alone say that it is more than `most`, it is not worked out: a name in a text may be very long.
fn distance(a: &str, b: &str, most: usize) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most {
        return most + 1;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}
