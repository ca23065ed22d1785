//! Undefined: where a cost is infinite or undefined, and by which function of which numbers.
//! In: a problem and its factors.  Out: `Undefined`: `log(0) at row 3, column "TiO2", of W @ H`, and what to do.
//! Invariant: of the first sum that is no number the first such entry is told, in the order of rows; nothing of the
//! size of the data is formed.
//! Not here: that a search diverged (see `driver`).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use crate::data::{Matrix, Side};
use crate::error::Result;
use crate::expr::{Dag, Expr, Id, Meaning, Op, kl, rowsum};
use crate::facts::{Facts, Shape};
use crate::function::Compiled;
use crate::run::Inputs;
use crate::solve::problem::Bound;

/// Characters of a formula in the text.
const MOST: usize = 60;
/// Numbers whose powers overflow.
const LARGE: f64 = 1e100;

/// Where an objective is infinite or undefined, and by which function of which numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undefined {
    /// "log(0)"
    function: String,
    /// Row and column, each with its name where it has one.
    row: (usize, Option<String>),
    col: (usize, Option<String>),
    /// Whether they are those of the data.
    is_of_data: bool,
    /// ", of W @ H"
    of: String,
    advice: String,
}

impl Undefined {
    /// The same of data that this is row `at` of.
    pub(crate) fn in_row(mut self, at: usize) -> Self {
        if self.is_of_data {
            self.row.0 += at;
        }
        self
    }

    /// Names its row or its column by the names of those of the data.
    pub(crate) fn name(&mut self, side: Side, names: &[String]) {
        let is_of_data = self.is_of_data;
        let line = if side == Side::Rows { &mut self.row } else { &mut self.col };
        if is_of_data && let Some(name) = names.get(line.0) {
            line.1 = Some(name.clone());
        }
    }
}

impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |side: Side, (at, name): &(usize, Option<String>)| match name {
            Some(name) => format!("{} {name:?}", side.word()),
            None => format!("{} {}", side.word(), at + 1),
        };
        let (row, col) = (line(Side::Rows, &self.row), line(Side::Cols, &self.col));
        write!(f, "{} at {row}, {col}{}. {}", self.function, self.of, self.advice)
    }
}

/// What is undefined of the objective at factors; `None` where it is a number, or nothing tells.
///
/// # Errors
/// `Limit` where a plan needs more than `memory_limit` bytes.
pub(in crate::solve) fn undefined(
    bound: &Bound,
    inputs: &Inputs,
    matrices: &[(&str, &Matrix)],
    memory_limit: usize,
) -> Result<Option<Undefined>> {
    let dag = Dag::new(std::slice::from_ref(&bound.objective));
    let facts = Facts::of(&dag, &bound.givens)?;
    let entries =
        EntryValues { bound, dag: &dag, facts: &facts, inputs, matrices, memory_limit, whole: RefCell::default() };
    // Inner sums come first, so that what they are of is told.
    for id in dag.ids().filter(|&id| matches!(dag.op(id), Op::Sum | Op::RowSum | Op::ColSum)) {
        let summed = dag.args(id)[0];
        let Some(row) = entries.first_row(summed)? else { continue };
        for is_strict in [false, true] {
            for col in 0..facts.shape(summed).cols {
                let at = Place { row, col };
                if !entries.value(summed, at, is_strict)?.is_finite() {
                    return Ok(Some(entries.told(summed, at, is_strict)?));
                }
            }
        }
        return Ok(None);
    }
    Ok(None)
}

/// A row and a column.
#[derive(Clone, Copy)]
struct Place {
    row: usize,
    col: usize,
}

/// Single entries of the nodes of an objective.
struct EntryValues<'a> {
    bound: &'a Bound,
    dag: &'a Dag,
    facts: &'a Facts,
    inputs: &'a Inputs,
    matrices: &'a [(&'a str, &'a Matrix)],
    memory_limit: usize,
    /// The values of nodes that look at more than one entry of their argument.
    whole: RefCell<BTreeMap<Id, Vec<f64>>>,
}

impl EntryValues<'_> {
    /// All entries of a formula that has few.
    fn computed(&self, formula: Expr) -> Result<Vec<f64>> {
        let compiled = Compiled::new(&[formula], &self.bound.givens, self.memory_limit)?;
        Ok(compiled.run(self.inputs)?.remove(0).to_dense().data.clone())
    }

    /// The first row of a node whose sum is no number.
    fn first_row(&self, id: Id) -> Result<Option<usize>> {
        Ok(self.computed(rowsum(self.dag.expr(id)))?.iter().position(|sum| !sum.is_finite()))
    }

    /// Where the entry of an argument is that an entry of a node stands on: sides of 1 are stretched.
    fn stretched(&self, id: Id, at: Place) -> Place {
        let Shape { rows, cols } = self.facts.shape(id);
        Place { row: if rows == 1 { 0 } else { at.row }, col: if cols == 1 { 0 } else { at.col } }
    }

    /// The arguments of an entry, with their places; of a product of matrices those of all its terms.
    fn args(&self, id: Id, at: Place) -> Vec<(Id, Place)> {
        let args = self.dag.args(id);
        match self.dag.op(id) {
            Op::MatMul => (0..self.facts.shape(args[0]).cols)
                .flat_map(|k| [(args[0], Place { col: k, ..at }), (args[1], Place { row: k, ..at })])
                .collect(),
            Op::Transpose => vec![(args[0], Place { row: at.col, col: at.row })],
            Op::Expand => vec![(args[0], self.stretched(args[0], at))],
            Op::Add
            | Op::Sub
            | Op::Mul
            | Op::Div
            | Op::Pow
            | Op::Max
            | Op::Min
            | Op::Greater
            | Op::Exp
            | Op::Log
            | Op::XLogX
            | Op::Abs
            | Op::Sign
            | Op::Sigmoid
            | Op::Softplus => args.iter().map(|&arg| (arg, self.stretched(arg, at))).collect(),
            // What looks at more than one entry, or at none, is told as it is.
            Op::Var(_)
            | Op::Lit(_)
            | Op::Observed
            | Op::Sum
            | Op::RowSum
            | Op::ColSum
            | Op::SumTo
            | Op::Eye
            | Op::One => Vec::new(),
        }
    }

    /// An entry of a node. A product with 0 is 0 unless `is_strict`: a mask may hide what is undefined.
    fn value(&self, id: Id, at: Place, is_strict: bool) -> Result<f64> {
        let values = || -> Result<Vec<f64>> {
            self.args(id, at).into_iter().map(|(arg, at)| self.value(arg, at, is_strict)).collect()
        };
        let op = self.dag.op(id);
        Ok(match op {
            Op::Var(_) => self.entry(id, at),
            Op::Lit(number) => number.get(),
            Op::Observed => f64::from(self.is_observed(self.dag.args(id)[0], at)),
            Op::Transpose | Op::Expand => values()?[0],
            Op::MatMul => values()?.chunks(2).map(|pair| pair[0] * pair[1]).sum(),
            Op::Eye => f64::from(at.row == at.col),
            Op::One => 1.0,
            Op::Sum | Op::RowSum | Op::ColSum | Op::SumTo => {
                if !self.whole.borrow().contains_key(&id) {
                    let all = self.computed(self.dag.expr(id).clone())?;
                    self.whole.borrow_mut().insert(id, all);
                }
                let at = at.row * self.facts.shape(id).cols + at.col;
                self.whole.borrow().get(&id).and_then(|all| all.get(at)).copied().unwrap_or(f64::NAN)
            }
            Op::Mul if !is_strict => {
                let factors = values()?;
                if factors.contains(&0.0) { 0.0 } else { factors[0] * factors[1] }
            }
            Op::Add
            | Op::Sub
            | Op::Mul
            | Op::Div
            | Op::Pow
            | Op::Max
            | Op::Min
            | Op::Greater
            | Op::Exp
            | Op::Log
            | Op::XLogX
            | Op::Abs
            | Op::Sign
            | Op::Sigmoid
            | Op::Softplus => op.of_numbers(&values()?).unwrap_or(f64::NAN),
        })
    }

    fn matrix(&self, id: Id) -> Option<&Matrix> {
        let name = self.dag.expr(id).as_var()?.name().to_owned();
        self.matrices.iter().find(|(known, _)| *known == name).map(|(_, matrix)| *matrix)
    }

    /// An entry of a matrix; what is missing reads as 0.
    fn entry(&self, id: Id, at: Place) -> f64 {
        let entry = self.matrix(id).map_or(f64::NAN, |matrix| matrix.get(at.row, at.col));
        if entry.is_nan() && self.matrix(id).is_some() { 0.0 } else { entry }
    }

    fn is_observed(&self, id: Id, at: Place) -> bool {
        self.matrix(id).is_none_or(|matrix| match matrix.pattern() {
            Some(pattern) => pattern.find(at.row, at.col).is_some(),
            None => !matrix.get(at.row, at.col).is_nan(),
        })
    }

    /// The innermost function that is no number though its arguments are, and the functions around it.
    fn innermost(&self, id: Id, at: Place, is_strict: bool) -> Result<Vec<(Id, Place)>> {
        for (arg, at_arg) in self.args(id, at) {
            if !self.value(arg, at_arg, is_strict)?.is_finite() {
                let mut found = self.innermost(arg, at_arg, is_strict)?;
                found.push((id, at));
                return Ok(found);
            }
        }
        Ok(vec![(id, at)])
    }

    fn told(&self, summed: Id, at: Place, is_strict: bool) -> Result<Undefined> {
        let path = self.innermost(summed, at, is_strict)?;
        let (id, place) = path[0];
        let divergence = path.iter().find_map(|&(id, at)| Some((self.divergence(id)?, at)));
        let (of, at, called): (Vec<(Id, Place)>, Place, Option<&str>) = match divergence {
            Some((sides, at)) => (sides.map(|side| (side, self.stretched(side, at))).into(), at, Some("kl")),
            None => (self.args(id, place), place, None),
        };
        let of = if matches!(self.dag.op(id), Op::MatMul) && called.is_none() { Vec::new() } else { of };
        let numbers = of.iter().map(|&(arg, at)| Ok(short(self.value(arg, at, is_strict)?)));
        let numbers = numbers.collect::<Result<Vec<String>>>()?;
        let function = match (called, self.dag.op(id).row().meaning, numbers.as_slice()) {
            (Some(name), ..) => format!("{name}({})", numbers.join(", ")),
            (None, Meaning::Zip(_), [a, b]) if self.dag.op(id).row().name.len() < 3 => {
                format!("{a} {} {b}", self.dag.op(id).row().name)
            }
            (None, Meaning::Map(_) | Meaning::Zip(_), _) => {
                format!("{}({})", self.dag.op(id).row().name, numbers.join(", "))
            }
            (None, Meaning::Leaf | Meaning::Whole, _) => self.dag.expr(id).shortened(MOST),
        };
        let formulas: Vec<String> = of.iter().map(|&(arg, _)| self.dag.expr(arg).shortened(MOST)).collect();
        let (x, shape) = (&self.bound.target, self.facts.shape(id));
        let mut found = Undefined {
            function,
            row: (at.row, None),
            col: (at.col, None),
            is_of_data: Shape::of(&x.1) == shape,
            of: if formulas.is_empty() { String::new() } else { format!(", of {}", formulas.join(" and ")) },
            advice: self.advice(id, &of, is_strict)?,
        };
        for side in Side::BOTH {
            let names = self.bound.labels.get(&x.0).and_then(|sides| sides[side as usize].as_ref());
            names.into_iter().for_each(|names| found.name(side, names));
        }
        Ok(found)
    }

    /// The two sides of a divergence, where a node is one.
    fn divergence(&self, id: Id) -> Option<[Id; 2]> {
        let args = |id: Id| self.dag.args(id);
        // x log x - x - x log s + s
        let (rest, s) = if *self.dag.op(id) == Op::Add { (args(id)[0], args(id)[1]) } else { return None };
        let x = if *self.dag.op(rest) == Op::Sub { args(args(rest)[0]).get(1).copied()? } else { return None };
        (*self.dag.expr(id) == kl(self.dag.expr(x), self.dag.expr(s))).then_some([x, s])
    }

    /// What to do about it: of data, or of what factors come to; `of` is what the function of node `id` is computed of.
    fn advice(&self, id: Id, of: &[(Id, Place)], is_strict: bool) -> Result<String> {
        // Where something is divided by 0 it does not matter what.
        let is_by_0 = *self.dag.op(id) == Op::Div && of.len() == 2 && self.value(of[1].0, of[1].1, is_strict)? == 0.0;
        let of = if is_by_0 { &of[1..] } else { of };
        for &(id, at) in of.iter().rev() {
            if let Some((name, value)) = self.cause(id, at) {
                return Ok(match value.abs() > LARGE {
                    true => format!("{name} is {} there: correct it, or divide {name} by a constant", short(value)),
                    false => format!(
                        "Correct {name} there, or mark the entry as missing and leave it out: multiply by \
                         observed({name})"
                    ),
                });
            }
        }
        Ok("Begin at other factors, or keep them from there by a bound such as `W >= 0.001`".into())
    }

    /// The data that an entry of a node stands on and that is not above 0 there, or is far too large, and what it is.
    fn cause(&self, id: Id, at: Place) -> Option<(String, f64)> {
        if let Some(var) = self.dag.expr(id).as_var() {
            let value = self.entry(id, at);
            let is_factor = self.bound.roles.iter().any(|(factor, _)| factor == var.name());
            let counts = !is_factor && (value <= 0.0 || value.abs() > LARGE);
            return counts.then(|| (var.name().to_owned(), value));
        }
        // What is multiplied with other entries is no single cause.
        let args = if *self.dag.op(id) == Op::MatMul { Vec::new() } else { self.args(id, at) };
        args.into_iter().rev().find_map(|(arg, at)| self.cause(arg, at))
    }
}

/// An entry of data as it is, and what was computed with three digits.
fn short(value: f64) -> String {
    const WIDEST: usize = 8;
    let exact = value.to_string();
    match value.abs() {
        _ if exact.len() <= WIDEST => exact,
        size if (1e-3..1e5).contains(&size) => format!("{value:.3}"),
        _ => format!("{value:.2e}"),
    }
}

#[cfg(test)]
mod tests {
    use crate::data::Table;
    use crate::{Code, Matrix, Problem, Settings};

    const NAMES: [&str; 3] = ["SO4", "NO3", "OC"];

    /// What is said of a search that can't begin.
    fn told(problem: &Problem) -> String {
        let found = problem.solve(&Settings { max_iter: 3, ..Settings::default() }).unwrap();
        let warning = found.ended_early().unwrap();
        assert_eq!(warning.code, Code::Diverged);
        assert!(found.quality.is_none());
        warning.message
    }

    fn data(change: impl Fn(usize, usize, f64) -> f64) -> Table {
        let matrix = Matrix::from_fn(5, 3, |i, j| change(i, j, (1 + (i * 3 + j) % 7) as f64)).unwrap();
        Table::named(matrix, None, Some(NAMES.map(str::to_owned).into()))
    }

    #[test]
    fn the_entry_the_function_and_the_value_are_named() {
        let at = |row: usize, col: usize, value: f64| move |i, j, x| if (i, j) == (row, col) { value } else { x };
        let problem = |text: &str, x: Table| Problem::parse(text).unwrap().rank(2).data("X", x);
        let kl = "minimize sum(kl(X, W @ H)) subject to W >= 0, H >= 0";
        let said = told(&problem(kl, data(at(4, 2, -0.01))));
        assert!(said.contains("kl(-0.01, ") && said.contains("at row 5, column \"OC\", of X and W @ H. "), "{said}");
        assert!(said.contains("Correct X there"), "{said}");
        let weighted = "minimize sum(((X - W @ H) / S)**2) subject to W >= 0, H >= 0";
        let divided = problem(weighted, data(|_, _, x| x)).data("S", data(at(2, 0, 0.0)));
        let said = told(&divided);
        assert!(said.contains(" / 0 at row 3, column \"SO4\", of X - W @ H and S. Correct S there"), "{said}");
        let logs = problem("minimize sum((log(X) - W @ H)**2)", data(at(1, 1, 0.0)));
        assert!(told(&logs).contains("log(0) at row 2, column \"NO3\", of X. "), "{}", told(&logs));
        // What is undefined stands on data that is, whatever the factors are.
        let itakura = "minimize sum(X / (W @ H) - log(X / (W @ H)) - 1) subject to W >= 0, H >= 0";
        for value in [0.0, -2.0] {
            let said = told(&problem(itakura, data(at(1, 1, value))));
            assert!(said.contains("at row 2, column \"NO3\"") && said.contains("Correct X there"), "{said}");
        }
        // A start at which the cost is infinite, and no bound says that zeros may be made positive.
        let zeros = Matrix::from_fn(5, 2, |i, _| if i == 3 { 0.0 } else { 1.0 }).unwrap();
        let free = "minimize sum(kl(X, W @ H)) subject to H >= 0";
        let said = told(&problem(free, data(|_, _, x| x)).init_from("W", &zeros));
        assert!(
            said.contains("kl(") && said.contains(", 0) at row 4, column \"SO4\", of X and W @ H. Begin"),
            "{said}"
        );
        // Sparse data: what is not stored is not looked at.
        let sparse = Matrix::from_triplets(5, 3, vec![(0, 0, 1.0), (2, 1, -3.0), (4, 2, 2.0)]).unwrap();
        let said = told(&Problem::parse(kl).unwrap().rank(1).data("X", &sparse));
        assert!(said.contains("kl(-3, ") && said.contains("at row 3, column 2, of X"), "{said}");
    }

    #[test]
    fn zero_divided_by_zero_and_what_is_left_out_are_no_matter() {
        let kl = "minimize sum(kl(X, W @ H)) subject to W >= 0, H >= 0";
        let x = data(|i, j, x| if j == 1 || i == 2 { 0.0 } else { x });
        let h = Matrix::from_fn(2, 3, |_, j| if j == 1 { 0.0 } else { 1.0 }).unwrap();
        for text in [kl, "minimize sum(observed(X) * kl(X, W @ H)) + trace(W.T @ L @ W) subject to W >= 0, H >= 0"] {
            let problem = Problem::parse(text).unwrap().rank(2).data("X", &x.matrix).init_from("H", &h);
            let eye = Matrix::from_fn(5, 5, |i, j| f64::from(i == j)).unwrap();
            let problem = if text.contains('L') { problem.data("L", &eye) } else { problem };
            let found = problem.solve(&Settings::default()).unwrap();
            assert!(found.cost.is_finite() && found.cost < found.starts[0].history[0].cost, "{text}: {}", found.cost);
            assert!(found.factors.iter().all(|(_, matrix)| matrix.missing() == 0));
        }
        let text = "minimize sum(observed(X) * observed(S) * ((X - W @ H) / S)**2) subject to W >= 0, H >= 0";
        let gap = |row: usize| move |i, j, x| if (i, j) == (row, 1) { f64::NAN } else { x };
        let problem = Problem::parse(text).unwrap().rank(1).data("X", data(gap(1))).data("S", data(gap(3)));
        let found = problem.solve(&Settings::default()).unwrap();
        assert!(found.cost.is_finite() && found.ended_early().is_none(), "{:?}", found.ended_early());
    }
}
