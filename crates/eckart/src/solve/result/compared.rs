//! Compared: what an objective compares its data with, and the function between the two.
//! In: an objective, what is known of its variables.  Out: `Reconstruction`: a formula of factors, and its scale.
//! Invariant: what is said to be of the data's scale is least at the data itself; a function is undone only where it is
//! known to be, so that a logarithm is never measured against the numbers it is of.
//! Not here: how near the two are (see `quality`, and `measure` in `apply`).

use crate::error::Result;
use crate::expr::{Dag, Expr, Id, Op, Var, constant_of, exp, matrix, max, sigmoid, signed_terms};
use crate::facts::{Facts, Givens, Layout, Shape};
use crate::grad::differentiate;

/// What an objective compares its data with.
#[derive(Debug, Clone)]
pub(crate) struct Reconstruction {
    /// A formula of factors, of the shape of the data: `W @ H + b`.
    pub part: Expr,
    /// What it stands for.
    pub scale: ReconstructionScale,
}

/// What a formula that is compared with the data stands for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ReconstructionScale {
    /// The data itself.
    Data,
    /// A function of the data, which this formula undoes: `exp(W @ H)` of a model of `log(X)`.
    Link(Expr),
    /// A function of the data that nothing known undoes, such as `X > 0`.
    Unknown,
}

/// An objective, and what is known of it.
pub(crate) struct Objective<'a> {
    pub formula: &'a Expr,
    pub givens: &'a Givens,
    /// The name and the shape of the data.
    pub target: (&'a str, Shape),
    /// Whether the data is known to be of zeros and ones.
    pub binary: bool,
    pub is_factor: &'a dyn Fn(&Var) -> bool,
}

/// A slope that is this share of the slope further on counts as 0.
const FLAT: f64 = 1e-9;
/// Fitted values at which functions are tried.
const TRIED: [f64; 2] = [1.5, 3.0];

impl Reconstruction {
    /// What an objective compares its data with; `None` where that is no formula of factors alone. S where it holds
    /// X - S, else what it is least at where that is the data, as W @ H in `kl(X, W @ H)`; else S where it holds
    /// f(X) - S; else what it is least at where a known function of it is the data; else the one product of factors of
    /// the data's shape, such as that of a hinge loss.
    pub(crate) fn of(objective: &Objective) -> Result<Option<Self>> {
        let dag = Dag::new(std::slice::from_ref(objective.formula));
        let facts = Facts::of(&dag, objective.givens)?;
        let x = matrix(objective.target.0);
        let of_factor = dag.depends(|id| dag.expr(id).as_var().is_some_and(|var| (objective.is_factor)(var)));
        let of_data = dag.depends(|id| *dag.expr(id) == x);
        let full = |id: Id| facts.shape(id) == objective.target.1;
        let mixed = |id: &Id| full(*id) && of_factor[id.index()] && of_data[id.index()];
        // The outermost sum in which X stands by itself.
        let residuals = || dag.ids().rev().filter(mixed).filter_map(|id| residual_of(objective, dag.expr(id), &x));
        if let Some((_, part)) = residuals().find(|(data, _)| *data == x) {
            return Ok(Some(Self { part, scale: ReconstructionScale::Data }));
        }
        let pure = |id: Id| full(id) && of_factor[id.index()] && !of_data[id.index()];
        let pure: Vec<Id> = dag.ids().rev().filter(|&id| pure(id) && *facts.layout(id) == Layout::Dense).collect();
        let meets = pure.iter().filter(|&&id| meets_data(&dag, id, &of_data));
        let slopes: Vec<(&Expr, Slope)> =
            meets.map(|&id| (dag.expr(id), Slope::of(objective.formula, dag.expr(id), &x))).collect();
        if let Some((part, _)) = slopes.iter().find(|(_, slope)| slope.is_least_at_data(objective.binary)) {
            return Ok(Some(Self { part: (*part).clone(), scale: ReconstructionScale::Data }));
        }
        if let Some((data, part)) = residuals().next() {
            let undone = |of: Expr| undo(&data, &x, of);
            let is_least = |at: &Expr| Slope::of(objective.formula, &part, &x).is_flat(at, &TRIED);
            let known = undone(placeholder()).filter(is_least).and_then(|_| undone(part.clone()));
            return Ok(Some(Self {
                scale: known.map_or(ReconstructionScale::Unknown, ReconstructionScale::Link),
                part,
            }));
        }
        if let Some((part, link)) = slopes.iter().find_map(|(part, slope)| Some((part, slope.link()?))) {
            return Ok(Some(Self { part: (*part).clone(), scale: ReconstructionScale::Link(link(part)) }));
        }
        let product = pure.into_iter().find(|&id| *dag.op(id) == Op::MatMul);
        Ok(product.map(|id| Self { part: dag.expr(id).clone(), scale: ReconstructionScale::Unknown }))
    }

    /// The formula that predicts the data; `None` where none is known to.
    pub(crate) fn predicts(&self) -> Option<&Expr> {
        match &self.scale {
            ReconstructionScale::Data => Some(&self.part),
            ReconstructionScale::Link(formula) => Some(formula),
            ReconstructionScale::Unknown => None,
        }
    }
}

/// Whether the slope along a part may hold the data: some product or function is of both. Sums alone are not.
fn meets_data(dag: &Dag, part: Id, of_data: &[bool]) -> bool {
    let of_part = dag.depends(|id| id == part);
    // What the objective is a sum of.
    let mut term = vec![false; dag.len()];
    for &root in dag.roots() {
        term[root.index()] = true;
    }
    let both = |id: Id| of_part[id.index()] && of_data[id.index()];
    for id in dag.ids().rev().filter(|&id| both(id)) {
        let is_sum = matches!(dag.op(id), Op::Add | Op::Sub | Op::Sum | Op::RowSum | Op::ColSum | Op::Expand);
        if !is_sum || !term[id.index()] {
            return true;
        }
        dag.args(id).iter().for_each(|arg| term[arg.index()] = true);
    }
    false
}

/// What stands for a formula that is compared with the data.
fn placeholder() -> Expr {
    matrix("what is compared with the data")
}

/// How an objective changes with what stands for the data, told from single entries.
struct Slope<'a> {
    slope: Dag,
    x: &'a Expr,
}

impl<'a> Slope<'a> {
    fn of(objective: &Expr, part: &Expr, x: &'a Expr) -> Self {
        let objective = objective.replace(&[(part.clone(), placeholder())]);
        Self { slope: Dag::new(&differentiate(&objective, &[placeholder()])), x }
    }

    /// Whether the objective is least where the fitted value is the data.
    fn is_least_at_data(&self, binary: bool) -> bool {
        // A mean of zeros and ones lies between them, where its likelihood has its slope.
        let entries: &[&[f64]] = if binary { &[&[1.0], &[0.25, 0.75]] } else { &[&TRIED] };
        entries.iter().any(|entries| self.is_flat(&placeholder(), entries))
    }

    /// The known function of the fitted value which is the data where the objective is least: the mean of a likelihood,
    /// of counts with a log or a root, of zeros and ones with a logit, of rates.
    fn link(&self) -> Option<fn(&Expr) -> Expr> {
        let links: [fn(&Expr) -> Expr; 4] = [|s| exp(s), |s| sigmoid(s), |s| s.pow(2), |s| 1.0 / s];
        links.into_iter().find(|link| self.is_flat(&link(&placeholder()), &TRIED))
    }

    /// Whether the slope is 0 where the data is `mean`, a function of the fitted value.
    fn is_flat(&self, mean: &Expr, fitted: &[f64]) -> bool {
        let mean = Dag::new(std::slice::from_ref(mean));
        let at = |data: f64, fitted: f64| self.at(&self.slope, data, fitted).abs();
        fitted.iter().all(|&entry| {
            let data = self.at(&mean, f64::NAN, entry);
            at(data, entry) < FLAT * at(data, 2.0 * entry).max(at(data, 0.5 * entry))
        })
    }

    /// The value of a formula where every matrix is 1 x 1.
    fn at(&self, formula: &Dag, data: f64, fitted: f64) -> f64 {
        let fitted_is = placeholder();
        of_one_entry(formula, &|var: &Expr| match var {
            var if var == self.x => data,
            var if *var == fitted_is => fitted,
            _ => 1.0,
        })
    }
}

/// The value of a formula where every matrix is 1 x 1: `value` of each variable.
fn of_one_entry(dag: &Dag, value: &dyn Fn(&Expr) -> f64) -> f64 {
    let values = dag.bottom_up(|id, known: &[f64]| {
        let args: Vec<f64> = dag.args(id).iter().map(|arg| known[arg.index()]).collect();
        match dag.op(id) {
            Op::Var(_) => value(dag.expr(id)),
            Op::Lit(number) => number.get(),
            Op::MatMul => args[0] * args[1],
            Op::Transpose | Op::Sum | Op::RowSum | Op::ColSum | Op::Expand | Op::SumTo => args[0],
            Op::Observed | Op::Eye | Op::One => 1.0,
            op @ (Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Pow | Op::Max | Op::Min | Op::Greater) => {
                op.of_numbers(&args).unwrap_or(f64::NAN)
            }
            op @ (Op::Exp | Op::Log | Op::XLogX | Op::Abs | Op::Sign | Op::Sigmoid | Op::Softplus) => {
                op.of_numbers(&args).unwrap_or(f64::NAN)
            }
        }
    });
    values[dag.roots()[0].index()]
}

/// f(X) and S where `expr` is f(X) - S or S - f(X), with signs and order as they come, f free of factors and S of the
/// data.
fn residual_of(objective: &Objective, expr: &Expr, x: &Expr) -> Option<(Expr, Expr)> {
    let of_data = |e: &Expr| e.variables().iter().any(|v| x.as_var() == Some(v));
    let (mut data, rest): (Vec<_>, Vec<_>) = signed_terms(expr).into_iter().partition(|(_, e)| of_data(e));
    let (own, data) = data.pop().filter(|_| data.is_empty() && !rest.is_empty())?;
    if data.variables().iter().any(objective.is_factor) {
        return None;
    }
    let signed = |(sign, e): (f64, Expr)| if sign == own { -e } else { e };
    Some((data, rest.into_iter().map(signed).sum()))
}

/// x where `data`, a function of x, is `value`; `None` where that is not known, or is not the only one.
fn undo(data: &Expr, x: &Expr, value: Expr) -> Option<Expr> {
    let (mut data, mut value) = (data.clone(), value);
    while data != *x {
        let args = data.args();
        let number = |k: usize| args.get(k).and_then(constant_of);
        (value, data) = match (data.op(), number(0), number(1)) {
            (Op::Log, ..) => (exp(value), args[0].clone()),
            (Op::Add, Some(c), _) => (value - c, args[1].clone()),
            (Op::Add, _, Some(c)) => (value - c, args[0].clone()),
            (Op::Sub, Some(c), _) => (c - value, args[1].clone()),
            (Op::Sub, _, Some(c)) => (value + c, args[0].clone()),
            (Op::Mul, Some(c), _) if c != 0.0 => (value / c, args[1].clone()),
            (Op::Mul, _, Some(c)) if c != 0.0 => (value / c, args[0].clone()),
            (Op::Div, _, Some(c)) if c != 0.0 => (value * c, args[0].clone()),
            (Op::Div, Some(c), _) if c != 0.0 => (c / value, args[1].clone()),
            // A root is never negative; even powers forget a sign.
            (Op::Pow, _, Some(c)) if c > 0.0 && c.fract() != 0.0 => (max(value, 0.0).pow(1.0 / c), args[0].clone()),
            _ => return None,
        };
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Matrix, Problem};

    /// What is said to be compared with the data, and what predicts it: `-` where nothing is known to.
    #[track_caller]
    fn check(text: &str, x: &Matrix, part: &str, predicts: &str) {
        let bound = Problem::parse(text).unwrap().data("X", x).rank(2).bind().unwrap();
        let found = bound.reconstruction().unwrap().unwrap();
        let said = found.predicts().map_or("-".to_owned(), Expr::to_string);
        assert_eq!((found.part.to_string().as_str(), said.as_str()), (part, predicts), "{text}");
    }

    #[test]
    fn functions_between_factors_and_data_are_undone_where_they_are_known() {
        let counts = Matrix::from_fn(6, 5, |i, j| ((3 * i + 2 * j) % 4) as f64).unwrap();
        let binary = Matrix::from_fn(6, 5, |i, j| f64::from(u8::from((3 * i + 2 * j) % 4 == 0))).unwrap();
        for text in [
            "sum((X - W @ H)**2)",
            "sum(huber(W @ H - X, 0.1)) + sum(W**2)",
            "sum(kl(X, W @ H)) subject to W >= 0, H >= 0",
            "sum(X / (W @ H) + log(W @ H)) subject to W >= 0.1, H >= 0.1",
            "sum(observed(X) * kl(X, W @ H)) subject to W >= 0, H >= 0",
        ] {
            check(text, &counts, "W @ H", "W @ H");
        }
        // Likelihoods with a link.
        for (text, predicts) in [
            ("sum(softplus(W @ H) - X * (W @ H))", "sigmoid(W @ H)"),
            ("sum(exp(W @ H) - X * (W @ H))", "exp(W @ H)"),
            ("sum(X * exp(-(W @ H)) + W @ H)", "exp(W @ H)"),
            ("sum(X * (W @ H) - log(W @ H)) subject to W, H >= 0.1", "1 / (W @ H)"),
        ] {
            check(text, &counts, "W @ H", predicts);
        }
        // Functions of the data.
        for (text, predicts) in [
            ("sum((log(X) - W @ H)**2)", "exp(W @ H)"),
            ("sum(observed(X) * (W @ H - log(1 + X))**2)", "exp(W @ H) - 1"),
            ("sum((log(X) / log(10) - W @ H)**2)", "exp(W @ H * 2.302585092994046)"),
            ("sum((sqrt(X) - W @ H)**2)", "max(W @ H, 0)**2"),
            ("sum((2*X - W @ H)**2)", "W @ H / 2"),
            ("sum((1 / (1 + X) - W @ H)**2)", "1 / (W @ H) - 1"),
            ("sum((X**2 - W @ H)**2)", "-"),
            ("sum((1 + 2*X) * ((X > 0) - W @ H)**2)", "-"),
            ("sum((X - mean(X) - W @ H)**2)", "-"),
            ("sum(softplus(-(2*X - 1) * (W @ H)))", "-"),
        ] {
            check(text, &counts, "W @ H", predicts);
        }
        check("sum(softplus(W @ H) - X * (W @ H))", &binary, "W @ H", "sigmoid(W @ H)");
        check("sum((1 + 2*X) * ((X > 0) - W @ H)**2)", &binary, "W @ H", "W @ H");
        // A link that is written out, offsets.
        check("sum(abs(3 - X - W @ H))", &counts, "3 + -(W @ H)", "3 + -(W @ H)");
        let mean = "sigmoid(W @ H)";
        check(&format!("sum(-X * log({mean}) - (1 - X) * log(1 - {mean}))"), &binary, mean, mean);
        let square = "(W @ H)**2";
        check(&format!("sum({square} - X * log({square}))"), &counts, square, square);
        check("sum((W @ H)**2 - 2*X * log(abs(W @ H)))", &counts, "W @ H", square);
        let sum = "W @ H + b";
        let text = "over W[n,r], H[r,m], b[n,1]: sum(kl(X, W @ H + b)) subject to W, H, b >= 0.1";
        check(text, &counts, sum, sum);
        let text = "over W[n,r], H[r,m], b[n,1]: sum(((X > 0) - W @ H - b)**2)";
        check(text, &counts, sum, "-");
    }
}
