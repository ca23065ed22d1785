//! The values of formulas by the definition of each primitive: loops over dense arrays of f64, with nothing of the
//! engine but the formula itself. What running a plan is held to.

use eckart::Matrix;
use eckart::expr::{Dag, Expr, Id, Op};

use crate::random::World;

/// A dense matrix, row by row.
#[derive(Clone)]
pub(crate) struct Dense {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) data: Vec<f64>,
}

impl Dense {
    fn of(rows: usize, cols: usize, entry: impl Fn(usize, usize) -> f64) -> Self {
        let data = (0..rows * cols).map(|at| entry(at / cols, at % cols)).collect();
        Self { rows, cols, data }
    }

    /// Entry (i, j), sides of length 1 stretched.
    fn at(&self, i: usize, j: usize) -> f64 {
        let (i, j) = (if self.rows == 1 { 0 } else { i }, if self.cols == 1 { 0 } else { j });
        self.data[i * self.cols + j]
    }
}

/// The values of formulas in a world.
pub(crate) fn defined(world: &World, roots: &[Expr]) -> Vec<Dense> {
    let dag = Dag::new(roots);
    let (mut values, mut there): (Vec<Dense>, Vec<Dense>) = (Vec::new(), Vec::new());
    for id in dag.ids() {
        let of = |known: &'_ [Dense]| dag.args(id).iter().map(|arg| known[arg.index()].clone()).collect::<Vec<Dense>>();
        let (args, args_there) = (of(&values), of(&there));
        let value = value(world, &dag, id, &args.iter().collect::<Vec<&Dense>>());
        let is_there = is_there(world, &dag, id, &args_there, &value);
        // An entry that is not there is zero whatever else the formula says of it.
        values.push(Dense::of(
            value.rows,
            value.cols,
            |i, j| {
                if is_there.at(i, j) == 0.0 { 0.0 } else { value.at(i, j) }
            },
        ));
        there.push(is_there);
    }
    dag.roots().iter().map(|root| values[root.index()].clone()).collect()
}

fn value(world: &World, dag: &Dag, id: Id, args: &[&Dense]) -> Dense {
    let map = |f: fn(f64) -> f64| Dense::of(args[0].rows, args[0].cols, |i, j| f(args[0].at(i, j)));
    let zip = |f: fn(f64, f64) -> f64| {
        let [a, b] = [args[0], args[1]];
        Dense::of(a.rows.max(b.rows), a.cols.max(b.cols), |i, j| f(a.at(i, j), b.at(i, j)))
    };
    match dag.op(id) {
        Op::Var(var) => entries(&world.values[var.name()], |x| if x.is_nan() { 0.0 } else { x }),
        Op::Lit(number) => Dense::of(1, 1, |_, _| number.get()),
        Op::Observed => observed(world, dag, dag.args(id)[0]),
        Op::Add => zip(|a, b| a + b),
        Op::Sub => zip(|a, b| a - b),
        // Zero is no more than what is not there, whatever it is multiplied with or divided by.
        Op::Mul => zip(|a, b| if (a == 0.0 || b == 0.0) && (a + b).is_infinite() { 0.0 } else { a * b }),
        Op::Div => zip(|a, b| if a == 0.0 && b == 0.0 { 0.0 } else { a / b }),
        Op::Pow => zip(f64::powf),
        Op::Max => zip(|a, b| if a > b { a } else { b }),
        Op::Min => zip(|a, b| if a < b { a } else { b }),
        Op::Greater => zip(|a, b| if a > b { 1.0 } else { 0.0 }),
        Op::Exp => map(f64::exp),
        Op::Log => map(f64::ln),
        Op::XLogX => map(|x| if x == 0.0 { 0.0 } else { x * x.ln() }),
        Op::Abs => map(f64::abs),
        Op::Sign => map(|x| f64::from(x > 0.0) - f64::from(x < 0.0)),
        Op::Sigmoid => map(|x| 1.0 / (1.0 + (-x).exp())),
        Op::Softplus => map(|x| x.max(0.0) + (-x.abs()).exp().ln_1p()),
        Op::MatMul => {
            let [a, b] = [args[0], args[1]];
            Dense::of(a.rows, b.cols, |i, j| (0..a.cols).map(|k| a.at(i, k) * b.at(k, j)).sum())
        }
        Op::Transpose => Dense::of(args[0].cols, args[0].rows, |i, j| args[0].at(j, i)),
        Op::Sum => Dense::of(1, 1, |_, _| args[0].data.iter().sum()),
        Op::RowSum => Dense::of(args[0].rows, 1, |i, _| (0..args[0].cols).map(|j| args[0].at(i, j)).sum()),
        Op::ColSum => Dense::of(1, args[0].cols, |_, j| (0..args[0].rows).map(|i| args[0].at(i, j)).sum()),
        Op::Expand => Dense::of(args[1].rows, args[1].cols, |i, j| args[0].at(i, j)),
        Op::SumTo => {
            let [a, to] = [args[0], args[1]];
            let span = |at: usize, to: usize, all: usize| if to == 1 { 0..all } else { at..at + 1 };
            Dense::of(to.rows, to.cols, |i, j| {
                let rows = span(i, to.rows, a.rows);
                rows.flat_map(|i| span(j, to.cols, a.cols).map(move |j| (i, j))).map(|(i, j)| a.at(i, j)).sum()
            })
        }
        Op::Eye => Dense::of(args[0].rows, args[0].rows, |i, j| f64::from(i == j)),
        Op::One => Dense::of(1, 1, |_, _| 1.0),
    }
}

/// Where a formula has entries: 1 where it has one, 0 where sparse data stores none, or missing data is asked for by
/// `observed`. A product is where all its factors are, a sum where one of its terms is.
fn is_there(world: &World, dag: &Dag, id: Id, args: &[Dense], value: &Dense) -> Dense {
    let of = |entry: &dyn Fn(usize, usize) -> f64| Dense::of(value.rows, value.cols, entry);
    match dag.op(id) {
        Op::Observed => observed(world, dag, dag.args(id)[0]),
        Op::Var(var) if world.values[var.name()].is_sparse() => observed(world, dag, id),
        Op::Mul => of(&|i, j| args[0].at(i, j) * args[1].at(i, j)),
        Op::Add | Op::Sub => of(&|i, j| args[0].at(i, j).max(args[1].at(i, j))),
        Op::Div | Op::Expand => of(&|i, j| args[0].at(i, j)),
        Op::Transpose => of(&|i, j| args[0].at(j, i)),
        // What nothing is summed of is passed on.
        Op::SumTo if (args[0].rows, args[0].cols) == (value.rows, value.cols) => args[0].clone(),
        _ => of(&|_, _| 1.0),
    }
}

/// 1 where a variable has an entry, else 0.
fn observed(world: &World, dag: &Dag, id: Id) -> Dense {
    let Op::Var(var) = dag.op(id) else { panic!("observed of a formula") };
    let matrix = &world.values[var.name()];
    let stored = |i: usize, j: usize| match matrix.pattern() {
        Some(pattern) => pattern.find(i, j).is_some(),
        None => !matrix.get(i, j).is_nan(),
    };
    Dense::of(matrix.rows(), matrix.cols(), |i, j| f64::from(stored(i, j)))
}

fn entries(matrix: &Matrix, of: impl Fn(f64) -> f64) -> Dense {
    let data = matrix.to_dense_f64().into_iter().map(of).collect();
    Dense { rows: matrix.rows(), cols: matrix.cols(), data }
}
