//! Constraint: a bound on the entries or the norms of a factor.
//! In: what follows `subject to`.  Out: one `Constraint` for each factor and bound.
//! Invariant: what is not supported is refused with the list of what is; a constraint's text parses back to it.
//! Not here: whether bounds contradict each other, and how they are obeyed (see `solve`).

use std::fmt;
use std::ops::Range;

use super::lexer::TokenKind;
use super::names::KEYWORDS;
use super::parser::Parser;
use super::print::number;
use crate::error::{Code, Error, Result};

/// A bound on a factor. Two are equal when they say the same, wherever they stand.
#[derive(Debug, Clone)]
pub struct Constraint {
    /// The factor.
    pub factor: String,
    /// What is bounded, and on which side.
    pub bound: BoundKind,
    /// The bound.
    pub limit: Limit,
    /// The bytes of the text where it stands.
    pub span: Range<usize>,
}

impl Constraint {
    /// Each entry of `factor` is at least `limit`.
    pub fn at_least(factor: &str, limit: impl Into<Limit>) -> Self {
        Self::new(factor, BoundKind::AtLeast, limit.into())
    }

    /// Each entry of `factor` is at most `limit`.
    pub fn at_most(factor: &str, limit: impl Into<Limit>) -> Self {
        Self::new(factor, BoundKind::AtMost, limit.into())
    }

    /// Each row of `factor` has a Euclidean length of at most `limit`.
    pub fn row_norm_at_most(factor: &str, limit: impl Into<Limit>) -> Self {
        Self::new(factor, BoundKind::RowNormAtMost, limit.into())
    }

    /// Each column of `factor` has a Euclidean length of at most `limit`.
    pub fn col_norm_at_most(factor: &str, limit: impl Into<Limit>) -> Self {
        Self::new(factor, BoundKind::ColNormAtMost, limit.into())
    }

    fn new(factor: &str, bound: BoundKind, limit: Limit) -> Self {
        Self { factor: factor.to_owned(), bound, limit, span: 0..0 }
    }
}

impl PartialEq for Constraint {
    fn eq(&self, other: &Self) -> bool {
        self.factor == other.factor && self.bound == other.bound && self.limit == other.limit
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (factor, limit) = (&self.factor, &self.limit);
        match self.bound {
            BoundKind::AtLeast => write!(f, "{factor} >= {limit}"),
            BoundKind::AtMost => write!(f, "{factor} <= {limit}"),
            BoundKind::RowNormAtMost => write!(f, "rownorm({factor}) <= {limit}"),
            BoundKind::ColNormAtMost => write!(f, "colnorm({factor}) <= {limit}"),
        }
    }
}

/// What is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundKind {
    /// Each entry, from below.
    AtLeast,
    /// Each entry, from above.
    AtMost,
    /// The Euclidean length of each row, from above.
    RowNormAtMost,
    /// The Euclidean length of each column, from above.
    ColNormAtMost,
}

/// The value of a bound.
#[derive(Debug, Clone, PartialEq)]
pub enum Limit {
    /// A number.
    Number(f64),
    /// The name of a number that is set beside the text.
    Name(String),
}

impl From<f64> for Limit {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<&str> for Limit {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl Limit {
    pub(super) fn value(&self) -> Option<f64> {
        if let Self::Number(value) = self { Some(*value) } else { None }
    }

    pub(super) fn name(&self) -> Option<&str> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(value) => number(*value, f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

const SUPPORTED: &str = "Supported are `W >= 0`, `W <= 5`, `0 <= W <= 1`, `W, H >= 0`, `rownorm(H) <= 1` and \
                         `colnorm(W) <= 1`, where a limit is a number or the name of one";

#[derive(Debug)]
enum Compared {
    Number(f64),
    /// A factor or the name of a limit: the other sides tell.
    Name(String),
    Norm(BoundKind, String),
}

impl Compared {
    fn limit(self) -> Option<Limit> {
        match self {
            Self::Number(value) => Some(Limit::Number(value)),
            Self::Name(name) => Some(Limit::Name(name)),
            Self::Norm(..) => None,
        }
    }

    /// The factor and what of it is bounded, if it can be bounded on that side.
    fn bounded(&self, at_most: bool) -> Option<(String, BoundKind)> {
        match self {
            Self::Number(_) => None,
            Self::Name(name) => Some((name.clone(), if at_most { BoundKind::AtMost } else { BoundKind::AtLeast })),
            Self::Norm(bound, name) => at_most.then(|| (name.clone(), *bound)),
        }
    }
}

impl Parser<'_> {
    /// All that follows `subject to`, to the end of the text.
    pub(super) fn constraints(&mut self) -> Result<Vec<Constraint>> {
        let mut all = Vec::new();
        loop {
            all.append(&mut self.constraint()?);
            if self.next().kind == TokenKind::End {
                return Ok(all);
            }
            if !self.eat(",") {
                return Err(self.expected_with("`,` and another constraint, or the end of the text", SUPPORTED));
            }
        }
    }

    /// `W >= 0`, `W, H >= 0`, `0 <= W`, `0 <= W <= 1` or `rownorm(H) <= 1`.
    fn constraint(&mut self) -> Result<Vec<Constraint>> {
        let start = self.next().start;
        let mut sides = vec![self.side()?];
        // A list can't be mistaken for two constraints: a bare name is none.
        while matches!(sides[0], Compared::Name(_)) && self.eat(",") {
            sides.push(Compared::Name(self.name("the name of a factor")?.to_owned()));
        }
        let at_most = self.comparison()?;
        let right = self.side()?;
        let parts = if self.at_mark("<=") || self.at_mark(">=") {
            let chain = self.next();
            if self.comparison()? != at_most {
                let help = "Write both bounds with the same mark, as in `0 <= W <= 1`";
                let message = "expected the same mark as before";
                return Err(self.complain(Code::UnsupportedConstraint, message, chain.span(), help));
            }
            let last = self.side()?;
            between(sides, right, last, at_most)
        } else {
            bound_all(sides, right, at_most)
        };
        let span = self.since(start);
        let parts = parts.ok_or_else(|| self.unsupported(span.clone()))?;
        let place = |(factor, bound, limit)| Constraint { factor, bound, limit, span: span.clone() };
        Ok(parts.into_iter().map(place).collect())
    }

    /// Whether the left side is at most the right, or else at least.
    fn comparison(&mut self) -> Result<bool> {
        if let TokenKind::Mark(mark @ (">" | "<")) = self.next().kind {
            let help = format!("A bound includes its limit: write `{mark}=`");
            return Err(self.expected_with("`>=` or `<=`", &help));
        }
        let at_most = self.eat("<=");
        if at_most || self.eat(">=") { Ok(at_most) } else { Err(self.expected_with("`>=` or `<=`", SUPPORTED)) }
    }

    fn side(&mut self) -> Result<Compared> {
        let expected = "a factor, a number, `rownorm(...)` or `colnorm(...)`";
        let sign = if self.eat("-") { Some(-1.0) } else { self.eat("+").then_some(1.0) };
        if let TokenKind::Number(value) = self.next().kind {
            self.take();
            return Ok(Compared::Number(sign.unwrap_or(1.0) * value));
        }
        if sign.is_some() {
            return Err(self.expected_with("a number after the sign", SUPPORTED));
        }
        let token = self.next();
        let name = match self.word() {
            Some(word) if !KEYWORDS.contains(&word) => word.to_owned(),
            _ => return Err(self.expected_with(expected, SUPPORTED)),
        };
        self.take();
        if !self.at_mark("(") {
            return Ok(Compared::Name(name));
        }
        match name.as_str() {
            "rownorm" => Ok(Compared::Norm(BoundKind::RowNormAtMost, self.factor_in_parentheses()?)),
            "colnorm" => Ok(Compared::Norm(BoundKind::ColNormAtMost, self.factor_in_parentheses()?)),
            _ => Err(self.unsupported(token.span())),
        }
    }

    fn factor_in_parentheses(&mut self) -> Result<String> {
        let open = self.take();
        let factor = self.name("the name of a factor")?.to_owned();
        if self.next().kind == TokenKind::End {
            return Err(self.never_closed(open));
        }
        if !self.eat(")") {
            return Err(self.expected_with("`)` after the name of a factor", SUPPORTED));
        }
        Ok(factor)
    }

    fn unsupported(&self, span: Range<usize>) -> Error {
        self.complain(Code::UnsupportedConstraint, "expected a constraint that is supported", span, SUPPORTED)
    }
}

type BoundedPart = (String, BoundKind, Limit);

/// `left` compared with `right`, one of which is a limit. Where both are names, the right one is.
fn bound_all(left: Vec<Compared>, right: Compared, at_most: bool) -> Option<Vec<BoundedPart>> {
    let right_is_bounded = matches!((&left[0], &right), (Compared::Number(_), _) | (_, Compared::Norm(..)));
    if right_is_bounded {
        let (factor, bound) = right.bounded(!at_most)?;
        let [limit] = <[Compared; 1]>::try_from(left).ok()?;
        return Some(vec![(factor, bound, limit.limit()?)]);
    }
    let limit = right.limit()?;
    let part = |side: &Compared| side.bounded(at_most).map(|(factor, bound)| (factor, bound, limit.clone()));
    left.iter().map(part).collect()
}

/// `first <= middle <= last`: the middle is bounded on both sides.
fn between(first: Vec<Compared>, middle: Compared, last: Compared, at_most: bool) -> Option<Vec<BoundedPart>> {
    let [first] = <[Compared; 1]>::try_from(first).ok()?;
    let (factor, low) = middle.bounded(!at_most)?;
    let (_, high) = middle.bounded(at_most)?;
    Some(vec![(factor.clone(), low, first.limit()?), (factor, high, last.limit()?)])
}
