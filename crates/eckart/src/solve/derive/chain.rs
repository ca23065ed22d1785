//! Chain: a formula that is linear in a variable, as a sum of chains of products.
//! In: a simplified formula, a variable, what is known of the others.  Out: `Chain`s: what the variable is multiplied
//! by.
//! Invariant: the chains add up to the formula; `None` where it is not seen to be linear.
//! Not here: what the chains of a second derivative say (see `quadratic`).

use crate::error::Result;
use crate::expr::{Dag, Dependence, Expr, Id, Op, Var, expand};
use crate::facts::{Facts, Givens, Shape};

/// Chains of a part, and terms of a factor, at most: products of sums have exponentially many.
const MOST_CHAINS: usize = 256;

/// What a value is multiplied by.
#[derive(Debug, Clone)]
pub(super) enum Link {
    /// By a matrix from the left.
    Left(Expr),
    /// By a matrix from the right.
    Right(Expr),
    /// Each row by a number of its own: n x 1.
    Rows(Expr),
    /// Each column by a number of its own: 1 x m.
    Cols(Expr),
    /// Each entry by a number of its own.
    Full(Expr),
}

impl Link {
    fn transposed(self) -> Self {
        match self {
            Self::Left(a) => Self::Right(a.t()),
            Self::Right(a) => Self::Left(a.t()),
            Self::Rows(a) => Self::Cols(a.t()),
            Self::Cols(a) => Self::Rows(a.t()),
            Self::Full(a) => Self::Full(a.t()),
        }
    }
}

/// A number times the variable, multiplied link by link.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    /// 1 x 1.
    pub weight: Expr,
    /// In the order in which they apply, said of the variable as it lies.
    pub links: Vec<Link>,
    /// Whether the value is the transpose of what the links make.
    pub transposed: bool,
}

impl Chain {
    fn push(&mut self, link: Link) {
        self.links.push(if self.transposed { link.transposed() } else { link });
    }

    /// The chain said of the transposed variable.
    pub(super) fn of_transpose(self) -> Self {
        let links = self.links.into_iter().map(Link::transposed).collect();
        Self { links, ..self }
    }
}

/// What a part of the formula is in the variable.
enum Part {
    Free,
    Linear(Vec<Chain>),
    Other,
}

/// The chains of `formula` in `var`, which must be among `givens`.
pub(super) fn chains(formula: &Expr, var: &Var, givens: &Givens) -> Result<Option<Vec<Chain>>> {
    let dag = Dag::new(std::slice::from_ref(formula));
    let facts = Facts::of(&dag, givens)?;
    let walk = Walk { dag: &dag, facts: &facts, ones: Ones { givens, without: var } };
    Ok(match dag.bottom_up(|id, parts| walk.part(id, var, parts)).pop() {
        Some(Part::Linear(chains)) => Some(chains),
        Some(Part::Free | Part::Other) | None => None,
    })
}

struct Walk<'a> {
    dag: &'a Dag,
    facts: &'a Facts,
    ones: Ones<'a>,
}

impl Walk<'_> {
    fn part(&self, id: Id, var: &Var, known: &[Part]) -> Part {
        let (op, args) = (self.dag.op(id), self.dag.args(id));
        let part = |k: usize| &known[args[k].index()];
        let read = (0..args.len()).filter(|&k| op.uses_value(k));
        if read.clone().any(|k| matches!(part(k), Part::Other)) {
            return Part::Other;
        }
        if let Op::Var(own) = op {
            let itself = Chain { weight: Expr::number(1.0), links: Vec::new(), transposed: false };
            return if own == var { Part::Linear(vec![itself]) } else { Part::Free };
        }
        if read.clone().all(|k| matches!(part(k), Part::Free)) {
            return Part::Free;
        }
        let found = match op.row().dependence {
            Dependence::Sum => self.added(id, part(0), part(1)),
            Dependence::Hadamard => match (part(0), part(1)) {
                (Part::Free, Part::Linear(chains)) => self.scaled(id, args[1], chains, args[0], false),
                (Part::Linear(chains), Part::Free) => self.scaled(id, args[0], chains, args[1], false),
                (_, _) => None,
            },
            Dependence::Quotient => match (part(0), part(1)) {
                (Part::Linear(chains), Part::Free) => self.scaled(id, args[0], chains, args[1], true),
                (_, _) => None,
            },
            Dependence::MatrixProduct => match (part(0), part(1)) {
                (Part::Free, Part::Linear(chains)) => linked(chains, &Link::Left(self.dag.expr(args[0]).clone())),
                (Part::Linear(chains), Part::Free) => linked(chains, &Link::Right(self.dag.expr(args[1]).clone())),
                (_, _) => None,
            },
            Dependence::Linear => match part(0) {
                Part::Linear(chains) => self.reshaped(id, chains),
                Part::Free | Part::Other => None,
            },
            Dependence::Variable | Dependence::Constant | Dependence::Power | Dependence::Nonlinear => None,
        };
        found.map_or(Part::Other, Part::Linear)
    }

    /// A sum or difference.
    fn added(&self, id: Id, a: &Part, b: &Part) -> Option<Vec<Chain>> {
        let args = self.dag.args(id);
        let (Part::Linear(a), Part::Linear(b)) = (a, b) else { return None };
        if a.len() + b.len() > MOST_CHAINS {
            return None;
        }
        let mut all = self.stretched(a, args[0], id);
        let sign = if *self.dag.op(id) == Op::Sub { -1.0 } else { 1.0 };
        for chain in self.stretched(b, args[1], id) {
            all.push(Chain { weight: times(sign, chain.weight), ..chain });
        }
        Some(all)
    }

    /// Chains times a free part, or divided by it.
    fn scaled(&self, id: Id, linear: Id, chains: &[Chain], by: Id, divide: bool) -> Option<Vec<Chain>> {
        let mut all = Vec::new();
        let stretched = self.stretched(chains, linear, id);
        let terms = if divide {
            vec![vec![(1.0 / self.dag.expr(by).clone(), self.facts.shape(by))]]
        } else {
            self.terms(by, 0)
        };
        if stretched.len() * terms.len() > MOST_CHAINS {
            return None;
        }
        for chain in &stretched {
            for term in &terms {
                let mut chain = chain.clone();
                for (factor, shape) in term {
                    let (factor, shape) = (factor.clone(), *shape);
                    if shape.is_scalar() {
                        chain.weight = product(chain.weight, factor);
                    } else if shape.cols == 1 {
                        chain.push(Link::Rows(factor));
                    } else if shape.rows == 1 {
                        chain.push(Link::Cols(factor));
                    } else {
                        chain.push(Link::Full(factor));
                    }
                }
                all.push(chain);
            }
        }
        Some(all)
    }

    /// A free part as a sum of products that are each a number, a column, a line, sparse, or can't be split further.
    fn terms(&self, id: Id, depth: usize) -> Vec<Vec<(Expr, Shape)>> {
        let (expr, shape) = (self.dag.expr(id), self.facts.shape(id));
        let whole = || vec![vec![(expr.clone(), shape)]];
        if shape.rows == 1 || shape.cols == 1 || self.facts.layout(id).is_sparse() || depth > 8 {
            return whole();
        }
        let (op, args) = (self.dag.op(id), self.dag.args(id));
        let of = |k: usize| self.terms(args[k], depth + 1);
        if *op == Op::Expand {
            return of(0);
        }
        if matches!(op, Op::Add | Op::Sub) {
            let sign = Expr::number(if *op == Op::Sub { -1.0 } else { 1.0 });
            let signed = |term: Vec<(Expr, Shape)>| [term, vec![(sign.clone(), Shape::SCALAR)]].concat();
            return of(0).into_iter().chain(of(1).into_iter().map(signed)).collect();
        }
        if *op == Op::Mul {
            let (a, b) = (of(0), of(1));
            if a.len() * b.len() > MOST_CHAINS {
                return whole();
            }
            let both = |x: &Vec<(Expr, Shape)>, y: &Vec<(Expr, Shape)>| x.iter().chain(y).cloned().collect();
            return a.iter().flat_map(|x| b.iter().map(move |y| both(x, y))).collect();
        }
        whole()
    }

    /// A transpose, a sum or a stretch; no other linear primitive is left after simplification.
    fn reshaped(&self, id: Id, chains: &[Chain]) -> Option<Vec<Chain>> {
        let arg = self.dag.args(id)[0];
        let Shape { rows, cols } = self.facts.shape(arg);
        let op = self.dag.op(id);
        if *op == Op::Expand {
            return Some(self.stretched(chains, arg, id));
        }
        let (down, across) = (matches!(op, Op::Sum | Op::ColSum), matches!(op, Op::Sum | Op::RowSum));
        if !(down || across || *op == Op::Transpose) {
            return None;
        }
        let mut chains = chains.to_vec();
        for chain in &mut chains {
            chain.transposed ^= *op == Op::Transpose;
            if down && rows > 1 {
                chain.push(Link::Left(self.ones.of(1, rows)));
            }
            if across && cols > 1 {
                chain.push(Link::Right(self.ones.of(cols, 1)));
            }
        }
        Some(chains)
    }

    /// The value of node `from` stretched to the shape of node `to`.
    fn stretched(&self, chains: &[Chain], from: Id, to: Id) -> Vec<Chain> {
        let (from, to) = (self.facts.shape(from), self.facts.shape(to));
        let mut chains = chains.to_vec();
        for chain in &mut chains {
            if from.rows != to.rows {
                chain.push(Link::Left(self.ones.of(to.rows, 1)));
            }
            if from.cols != to.cols {
                chain.push(Link::Right(self.ones.of(1, to.cols)));
            }
        }
        chains
    }
}

fn linked(chains: &[Chain], link: &Link) -> Option<Vec<Chain>> {
    let mut chains = chains.to_vec();
    chains.iter_mut().for_each(|chain| chain.push(link.clone()));
    Some(chains)
}

fn times(number: f64, expr: Expr) -> Expr {
    if number == 1.0 { expr } else { product(Expr::number(number), expr) }
}

/// The product of two numbers, literals multiplied at once.
pub(super) fn product(a: Expr, b: Expr) -> Expr {
    match (a.as_number(), b.as_number()) {
        (Some(x), Some(y)) => Expr::number(x * y),
        (Some(1.0), None) => b,
        (None, Some(1.0)) => a,
        (_, _) => a * b,
    }
}

/// Matrices of ones, their shape told by variables that are given.
pub(super) struct Ones<'a> {
    pub givens: &'a Givens,
    /// The variable that may not occur in them.
    pub without: &'a Var,
}

impl Ones<'_> {
    /// n x m ones.
    pub(super) fn of(&self, rows: usize, cols: usize) -> Expr {
        expand(1.0, self.column(rows).dot(self.column(cols).t()))
    }

    /// A column of that length, whose value does not matter.
    fn column(&self, length: usize) -> Expr {
        let var = |v: &Var| Expr::from(v);
        let mut others = self.givens.iter().filter(|(v, _)| *v != self.without);
        let of = others.find(|(_, given)| given.shape.rows == length || given.shape.cols == length);
        match of {
            _ if length == 1 => Expr::number(0.0),
            Some((v, given)) if given.shape.rows == length => crate::expr::rowsum(var(v)),
            Some((v, _)) => crate::expr::rowsum(var(v).t()),
            None => Expr::number(0.0),
        }
    }
}
