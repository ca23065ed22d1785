//! Falling: costs that fall without end, where the data or the factors found show it.
//! In: a bound problem; factors.  Out: a warning that names the entry, or what was found.
//! Invariant: a warning is given only where the cost was computed and fell, faster than in proportion or as fast, while
//! factors that their constraints allow grew a thousand and ten thousand times.
//! Not here: what the formula alone shows (see `split::unbounded`, `lints`).

use super::{Bound, Factor};
use crate::data::{Matrix, Side};
use crate::error::{Code, Result, Warning};
use crate::expr::{Expr, Var};
use crate::facts::Shape;
use crate::function::Compiled;
use crate::run::{Inputs, Value, available_memory};
use crate::solve::derive::{Subproblem, derive};

/// How many times factors grow to see whether the cost falls.
const GROWN: [f64; 2] = [1e3, 1e4];

/// Factors that may grow, and why the cost would fall.
struct Probe {
    /// The values of the factors, in their order.
    values: Vec<Vec<f64>>,
    because: String,
}

/// A negative weight, or a matrix between a factor and itself that is not positive semidefinite.
pub(super) fn of_data(bound: &Bound) -> Result<Option<Warning>> {
    let mut probes = Vec::new();
    let subproblems = derive(bound)?;
    let is_data = |var: &Var| !bound.fixed.iter().any(|(name, _)| name == var.name());
    let weighs = |subproblem: &Subproblem| !matches!(subproblem, Subproblem::Quadratic(q, _) if q.grams.is_shared());
    let is_coupled = subproblems.iter().any(|subproblem| matches!(subproblem, Subproblem::Coupled(_)));
    for (var, given) in bound.givens.iter().filter(|(var, given)| given.data && is_data(var)) {
        let is_target = var.name() == bound.target.0;
        let may_weigh = !given.sign.nonnegative && (!is_target || subproblems.iter().any(weighs));
        let is_square = is_coupled && !is_target && given.shape.rows == given.shape.cols;
        if !may_weigh && !is_square {
            continue;
        }
        let matrix = match bound.inputs.get(var) {
            _ if is_target => bound.target.1.clone(),
            Some(value) => value.to_matrix(given.dtype)?,
            None => continue,
        };
        if may_weigh {
            probes.extend(negative_weight(bound, var.name(), &matrix));
        }
        if is_square {
            probes.extend(indefinite(bound, subproblems, var.name(), &matrix));
        }
    }
    if probes.is_empty() {
        return Ok(None);
    }
    let cost = Cost::new(bound)?;
    let nothing: Vec<Vec<f64>> = bound.factors.iter().map(|factor| vec![0.0; factor.shape.entries()]).collect();
    let start = cost.of(&nothing, 0.0)?;
    for probe in probes {
        let [near, far] = [cost.of(&probe.values, GROWN[0])?, cost.of(&probe.values, GROWN[1])?];
        if far.is_finite() && near < start && far - start < 5.0 * (near - start) {
            let message = format!("the objective has no least value, the cost falls without end: {}", probe.because);
            return Ok(Some(Warning::new(Code::Unbounded, message)));
        }
    }
    Ok(None)
}

/// Warns of a cost that is negative where a search ended, and falls on while all factors grow, unless that is told.
pub(in crate::solve) fn of_result(
    bound: &Bound,
    cost: f64,
    factors: &[Value],
    warnings: &mut Vec<Warning>,
) -> Result<()> {
    let is_told = warnings.iter().any(|warning| warning.code == Code::Unbounded);
    if is_told || !cost.is_finite() || cost >= 0.0 {
        return Ok(());
    }
    let values: Vec<Vec<f64>> = factors.iter().map(|value| value.to_dense().data.to_vec()).collect();
    let costs = Cost::new(bound)?;
    let [near, far] = [costs.of(&values, 10.0)?, costs.of(&values, 100.0)?];
    if far.is_finite() && near < 2.0 * cost && far < 5.0 * near {
        let message = format!(
            "the objective has no least value, the cost falls without end: it is {cost:.4e} where the search ended, \
             and {far:.4e} where the factors found are a hundred times as large. Add penalties or bounds, make weights \
             0 or more, or make what stands between a factor and itself positive semidefinite"
        );
        warnings.push(Warning::new(Code::Unbounded, message));
    }
    Ok(())
}

/// The objective as a function of its factors.
struct Cost<'a> {
    bound: &'a Bound,
    compiled: Compiled,
    inputs: Inputs,
}

impl<'a> Cost<'a> {
    fn new(bound: &'a Bound) -> Result<Self> {
        let objective: &[Expr] = std::slice::from_ref(&bound.objective);
        let compiled = Compiled::new(objective, &bound.givens, available_memory())?;
        Ok(Self { bound, compiled, inputs: bound.inputs.clone() })
    }

    /// The cost where the factors are `values` times `scale`, as near as their constraints allow.
    fn of(&self, values: &[Vec<f64>], scale: f64) -> Result<f64> {
        let mut inputs = self.inputs.clone();
        for (factor, values) in self.bound.factors.iter().zip(values) {
            let mut values: Vec<f64> = values.iter().map(|value| value * scale).collect();
            factor.regularizer.constraints().apply(&mut values, factor.shape, 1.0);
            inputs.set(&factor.var, Value::of_numbers(factor.shape, values, self.bound.dtype()));
        }
        Ok(self.compiled.run(&inputs)?.first().map_or(f64::NAN, Value::to_scalar))
    }
}

/// What grows at the most negative entry of a matrix that lies along the data: the prediction there, up or down.
fn negative_weight(bound: &Bound, name: &str, matrix: &Matrix) -> Vec<Probe> {
    let target = Shape::of(&bound.target.1);
    let along = |side: Side| side.of(matrix.shape()) == side.of((target.rows, target.cols));
    let fits = |side: Side| along(side) || side.of(matrix.shape()) == 1;
    let Some((least, at)) = least_entry(matrix).filter(|_| Side::BOTH.into_iter().all(fits)) else { return Vec::new() };
    let because = format!(
        "where {name} is negative, {least} at row {}, column {}, a worse fit has a lower cost. Make weights 0 or more, \
         or bound the factors on both sides",
        at.0 + 1,
        at.1 + 1
    );
    let line = |side: Side| if side == Side::Rows { at.0 } else { at.1 };
    let of = |factor: &Factor, sign: f64| {
        let (rows, cols) = (factor.shape.rows, factor.shape.cols);
        let lines = factor.role.lines_of_data((rows, cols));
        let is_on = |own: usize, side: Option<Side>| side.is_none_or(|side| own == line(side));
        let is_at = |k: usize| is_on(k / cols, lines[0]) && is_on(k % cols, lines[1]);
        // The sign of one factor of a product is that of the prediction.
        let sign = if factor.role.is_cols() { sign } else { 1.0 };
        let is_lined = lines.iter().any(Option::is_some);
        (0..rows * cols).map(|k| if is_lined && is_at(k) { sign } else { 0.0 }).collect()
    };
    let probe = |sign: f64| Probe {
        values: bound.factors.iter().map(|factor| of(factor, sign)).collect(),
        because: because.clone(),
    };
    [1.0, -1.0].map(probe).into()
}

/// The least entry and its place, where it is negative.
fn least_entry(matrix: &Matrix) -> Option<(f64, (usize, usize))> {
    let mut found: Option<(f64, (usize, usize))> = None;
    each_entry(matrix, |at, entry| {
        if entry < found.map_or(0.0, |(least, _)| least) {
            found = Some((entry, at));
        }
    });
    found
}

/// What of one factor grows where a square matrix is shown by two of its rows not to be positive semidefinite.
fn indefinite(bound: &Bound, subproblems: &[Subproblem], name: &str, matrix: &Matrix) -> Vec<Probe> {
    let mut found: Option<(f64, (usize, usize), f64)> = None;
    each_entry(matrix, |(i, j), entry| {
        let both = if i == j { 0.0 } else { entry + matrix.get(j, i) };
        // The form of e_i - e_j, or of e_i + e_j; of e_i alone on the diagonal.
        let square = matrix.get(i, i) + if i == j { 0.0 } else { matrix.get(j, j) - both.abs() };
        if square < found.map_or(0.0, |(least, ..)| least) {
            found = Some((square, (i, j), if i == j { 0.0 } else { -both.signum() }));
        }
    });
    let Some((square, (i, j), sign)) = found else { return Vec::new() };
    let places = if i == j { format!("row {}", i + 1) } else { format!("rows {} and {}", i + 1, j + 1) };
    let probe = |at: usize| {
        let factor = &bound.factors[at];
        let (rows, cols) = (factor.shape.rows, factor.shape.cols);
        let is_coupled = matches!(subproblems[at], Subproblem::Coupled(_));
        // The side of the factor that the matrix lies along.
        let (down, length) = if rows == matrix.rows() { (true, rows) } else { (false, cols) };
        if !is_coupled || length != matrix.rows() {
            return None;
        }
        let mut values: Vec<Vec<f64>> = bound.factors.iter().map(|factor| vec![0.0; factor.shape.entries()]).collect();
        let mut put = |line: usize, value: f64| values[at][if down { line * cols } else { line }] = value;
        put(j, sign);
        put(i, 1.0);
        let because = format!(
            "{name} is not positive semidefinite, its form of {places} is {square}, so that large entries of {} are \
             rewarded. A graph's Laplacian is, its adjacency matrix is not; else add more of sum({}**2)",
            factor.var.name(),
            factor.var.name()
        );
        Some(Probe { values, because })
    };
    (0..bound.factors.len()).filter_map(probe).collect()
}

/// Hands each entry that is stored, or all of a dense matrix, to `visit`.
fn each_entry(matrix: &Matrix, mut visit: impl FnMut((usize, usize), f64)) {
    // Of data that is only assumed not even the rows are there.
    if matrix.pattern().is_some_and(|pattern| pattern.nnz() == 0) {
        return;
    }
    for i in 0..matrix.rows() {
        let columns = matrix.pattern().map(|pattern| &pattern.indices()[pattern.range(i)]);
        for (k, entry) in matrix.row_f64(i).into_iter().enumerate() {
            visit((i, columns.map_or(k, |columns| columns[k] as usize)), entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solve::{Problem, Settings, lints};

    fn told(text: &str, data: &[(&str, Matrix)]) -> Vec<String> {
        let x = Matrix::from_fn(6, 5, |i, j| (1 + i * j) as f64).unwrap();
        let problem = Problem::parse(text).unwrap().data("X", x).rank(2);
        let problem = data.iter().fold(problem, |problem, (name, matrix)| problem.data(name, matrix));
        let found = lints(&problem.bind().unwrap()).unwrap().into_iter();
        found.filter(|found| found.code == Code::Unbounded).map(|found| found.message).collect()
    }

    #[test]
    fn negative_weights_are_named_where_they_let_the_cost_fall() {
        let mask = |least: f64| Matrix::from_fn(6, 5, |i, j| if (i, j) == (3, 2) { least } else { 1.0 }).unwrap();
        let rows = Matrix::from_fn(6, 1, |i, _| if i == 4 { -2.0 } else { 1.0 }).unwrap();
        let (squares, bounded) = ("0.1*(sum(W**2) + sum(H**2))", "subject to 0 <= W <= 1, 0 <= H <= 1");
        for text in [
            "sum(M*(X - W @ H)**2)",
            "sum(M*(X - W @ H)**2) subject to W, H >= 0",
            "sum(M*(X - W @ H)**2) subject to rownorm(H) <= 1",
            "over W[n,r], H[r,m], b[n,1]: sum(M*huber(X - W @ H - b, 1)) + 0.1*sum(b**2)",
        ] {
            let text = text.replacen(")**2)", &format!(")**2) + {squares}"), usize::from(!text.contains("huber")));
            let found = told(&text, &[("M", mask(-1.0))]);
            assert!(found[0].contains("where M is negative, -1 at row 4, column 3"), "{text}: {found:?}");
            assert!(told(&text, &[("M", mask(0.0))]).is_empty(), "{text}");
        }
        let found = told("sum(M*(X - W @ H)**2)", &[("M", rows)]);
        assert!(found[0].contains("-2 at row 5, column 1"), "{found:?}");
        assert!(told(&format!("sum(M*(X - W @ H)**2) {bounded}"), &[("M", mask(-1.0))]).is_empty());
        // Negative entries that are no weights.
        let labels = Matrix::from_fn(6, 5, |i, j| f64::from(i as u8) - f64::from(j as u8)).unwrap();
        let text = "over W[n,r], H[r,m], K[r,m]: sum((X - W @ H)**2) + sum((Y - W @ K)**2)";
        assert!(told(text, &[("Y", labels)]).is_empty());
    }

    #[test]
    fn matrices_that_are_not_semidefinite_are_named() {
        let graph = |diagonal: f64, edge: f64| {
            let entry =
                |i: usize, j: usize| if i == j { diagonal } else { edge * f64::from(u8::from(i.abs_diff(j) == 1)) };
            Matrix::from_fn(6, 6, entry).unwrap()
        };
        let text = "sum((X - W @ H)**2) + trace(W.T @ L @ W) + sum(H**2)";
        let found = told(text, &[("L", graph(0.0, 1.0))]);
        assert!(found[0].contains("L is not positive semidefinite, its form of rows 1 and 2 is -2"), "{found:?}");
        assert!(told(text, &[("L", graph(2.0, -1.0))]).is_empty());
        // What else is added, or bounds, may make up for it.
        assert!(told(&format!("{text} + 3*sum(W**2)"), &[("L", graph(0.0, 1.0))]).is_empty());
        assert!(told(&format!("{text} subject to W >= 0"), &[("L", graph(0.0, 1.0))]).is_empty());
        assert!(told(&format!("{text} subject to W >= 0"), &[("L", graph(0.0, -1.0))])[0].contains("L is not"));
    }

    /// What single entries don't show is said of the result.
    #[test]
    fn a_search_that_ended_on_its_way_down_says_so() {
        let x = Matrix::from_fn(6, 5, |i, j| (1 + i * j) as f64).unwrap();
        // Every two rows are fine; the sum of all six is not.
        let form = Matrix::from_fn(6, 6, |i, j| if i == j { 1.0 } else { -0.5 }).unwrap();
        let text = "sum((X - W @ H)**2) + trace(W.T @ L @ W) + sum(H**2)";
        let problem = Problem::parse(text).unwrap().data("X", &x).data("L", &form).rank(2);
        assert!(lints(&problem.bind().unwrap()).unwrap().iter().all(|found| found.code != Code::Unbounded));
        let found = problem.solve(&Settings { max_iter: 300, ..Settings::default() }).unwrap();
        assert!(found.cost < 0.0 && found.warnings.iter().any(|w| w.code == Code::Unbounded), "{:?}", found.warnings);
        // A likelihood may well be negative.
        let text = "sum(W @ H - X * log(W @ H)) subject to W >= 0.01, H >= 0.01";
        let found = Problem::parse(text).unwrap().data("X", &x).rank(2).solve(&Settings::default()).unwrap();
        assert!(found.cost < 0.0 && found.warnings.iter().all(|w| w.code != Code::Unbounded), "{:?}", found.warnings);
    }
}
