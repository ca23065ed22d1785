//! Missing: whether a formula says what becomes of the missing entries of its data.
//! In: a `Dag`, a variable and its value.  Out: the part that does not say it, if there is one; its error.
//! Invariant: an entry that is missing never counts as 0 without a word: it is masked by `observed(...)`, or the data
//! is refused.
//! Not here: what a mask does to layouts (see `layout`) and values (see `run`).

use crate::data::Matrix;
use crate::error::{Code, Error};
use crate::expr::{Dag, Expr, Id, Op, Var};

/// Characters of a formula in the text.
const MOST: usize = 60;

/// Whether a formula asks which entries of the data `var` are there.
pub(crate) fn masks(dag: &Dag, var: &Var) -> bool {
    let asks = |id: Id| *dag.op(id) == Op::Observed && dag.expr(dag.args(id)[0]).as_var() == Some(var);
    dag.ids().any(asks)
}

/// The part of formulas that takes the missing entries of the data `var` for 0 without a word: it is added up,
/// multiplied as a matrix or returned, and at those entries it is neither left out by a factor `observed(var)` nor the
/// same number whatever else there is. `None` where all is said, as by a term with `1 - observed(var)`.
pub(crate) fn unsaid(dag: &Dag, var: &Var) -> Option<Expr> {
    unsaid_in_shapes(dag, var, |_| false)
}

/// The same of formulas whose shapes are known, such as gradients: `is_whole` holds for a `sumto` that sums nothing.
pub(crate) fn unsaid_in_shapes(dag: &Dag, var: &Var, is_whole: impl Fn(Id) -> bool) -> Option<Expr> {
    let mut found = None;
    let at = dag.bottom_up(|id, known| {
        let used = |k: &usize| dag.op(id).uses_value(*k);
        let open = (0..dag.args(id).len()).filter(used).map(|k| dag.args(id)[k]).find(|arg| {
            let at: &AtMissing = &known[arg.index()];
            let is_product = *dag.op(id) == Op::MatMul;
            let is_sum = matches!(dag.op(id), Op::Sum | Op::RowSum | Op::ColSum | Op::SumTo);
            (is_sum && !is_whole(id) && at.is_open(|_| true)) || (is_product && at.is_open(|value| value == 0.0))
        });
        found = found.take().or(open);
        if is_whole(id) { known[dag.args(id)[0].index()] } else { AtMissing::of(dag, id, var, known) }
    });
    found = found.or_else(|| dag.roots().iter().copied().find(|root| at[root.index()].is_open(|_| true)));
    found.map(|id| dag.expr(id).clone())
}

/// What is known of a node at the missing entries of a variable, as it lies and transposed.
#[derive(Debug, Clone, Copy, Default)]
struct AtMissing {
    /// Whether the node there stands on an entry that is missing.
    reads: [bool; 2],
    /// What the node is there, where that is one number.
    value: [Option<f64>; 2],
    /// Whether the formula says what becomes of these entries: `1 - observed(X)`.
    said: bool,
}

impl AtMissing {
    fn of(dag: &Dag, id: Id, var: &Var, known: &[Self]) -> Self {
        let args: Vec<Self> = dag.args(id).iter().map(|arg| known[arg.index()]).collect();
        let is_mask = |arg: Id| *dag.op(arg) == Op::Observed && dag.expr(dag.args(arg)[0]).as_var() == Some(var);
        match dag.op(id) {
            Op::Var(own) => Self { reads: [own == var, false], ..Self::default() },
            Op::Lit(number) => Self { value: [Some(number.get()); 2], ..Self::default() },
            Op::One => Self { value: [Some(1.0); 2], ..Self::default() },
            Op::Observed => {
                let value = if is_mask(id) { Some(0.0) } else { None };
                Self { value: [value, None], ..Self::default() }
            }
            Op::Transpose => Self {
                reads: [args[0].reads[1], args[0].reads[0]],
                value: [args[0].value[1], args[0].value[0]],
                said: args[0].said,
            },
            Op::Expand => args[0],
            // What is open in a sum is told there.
            Op::MatMul | Op::Sum | Op::RowSum | Op::ColSum | Op::SumTo | Op::Eye => Self::default(),
            op @ (Op::Add
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
            | Op::Softplus) => {
                let is_rest = *op == Op::Sub && dag.expr(dag.args(id)[0]).as_number() == Some(1.0);
                let said = (is_rest && is_mask(dag.args(id)[1])) || args.iter().any(|arg| arg.said);
                let reads = [0, 1].map(|k| !said && args.iter().any(|arg| arg.reads[k]));
                Self { reads, value: [0, 1].map(|k| value_of(op, &args, k)), said }
            }
        }
    }

    /// Whether it stands on a missing entry where it is no number that `fits`.
    fn is_open(&self, fits: impl Fn(f64) -> bool) -> bool {
        self.reads.iter().zip(self.value).any(|(reads, value)| *reads && !value.is_some_and(&fits))
    }
}

/// The one number that a function of entries is at the missing ones. A product with 0 is 0.
fn value_of(op: &Op, args: &[AtMissing], k: usize) -> Option<f64> {
    let values: Vec<Option<f64>> = args.iter().map(|arg| arg.value[k]).collect();
    let is_zero = |at: usize| values.get(at) == Some(&Some(0.0));
    if (*op == Op::Mul && (is_zero(0) || is_zero(1))) || (*op == Op::Div && is_zero(0)) {
        return Some(0.0);
    }
    op.of_numbers(&values.into_iter().collect::<Option<Vec<f64>>>()?)
}

/// For each node, whether its value depends on some variables: on their entries, or, where `patterns` count, on which
/// entries they have.
pub(crate) fn reading(dag: &Dag, is_one: &dyn Fn(&Var) -> bool, patterns: bool) -> Vec<bool> {
    dag.bottom_up(|id, reading| {
        let read = |k: usize| dag.op(id).uses_value(k) || (patterns && *dag.op(id) == Op::Observed);
        dag.expr(id).as_var().is_some_and(is_one)
            || dag.args(id).iter().enumerate().any(|(k, arg)| read(k) && reading[arg.index()])
    })
}

/// What is said of missing entries of which `part` of an objective does not speak.
pub(crate) fn unmasked(name: &str, matrix: &Matrix, part: &Expr) -> Error {
    let message = not_said(name, matrix, part);
    let help = format!("Fill them in, or leave them out of the cost: sum(observed({name}) * ({name} - W @ H)**2)");
    Error::data(Code::MissingEntries, message, help)
}

fn not_said(name: &str, matrix: &Matrix, part: &Expr) -> String {
    let part = part.shortened(MOST);
    format!("{}, and the objective does not say what becomes of them in {part}", missing_entries(name, matrix))
}

/// The same of a matrix beside the data `target`, where that has no entry either.
pub(crate) fn unmasked_beside(name: &str, matrix: &Matrix, target: &str, part: &Expr) -> Error {
    let message = not_said(name, matrix, part);
    let help = format!(
        "Fill them in, or multiply by observed({name}), which leaves out the entries where {name} is missing: \
         sum(observed({name}) * ...), beside any observed({target})"
    );
    Error::data(Code::MissingEntries, message, help)
}

/// What is said of missing entries that the formula `formula` of a function does not speak of.
pub(crate) fn unmasked_in(formula: &str, name: &str, matrix: &Matrix) -> Error {
    if matrix.shape() == (1, 1) {
        return Error::data(
            Code::NotANumber,
            format!("{name} is no number (NaN), and {formula} needs one"),
            "Give it a number",
        );
    }
    let message = format!("{}, and {formula} does not say what becomes of them", missing_entries(name, matrix));
    let help = format!("Fill them in, or leave them out: sum(observed({name}) * {name}) adds up those that are there");
    Error::data(Code::MissingEntries, message, help)
}

fn missing_entries(name: &str, matrix: &Matrix) -> String {
    let (row, col) = first_missing(matrix);
    let (row, col) = (row + 1, col + 1);
    match matrix.missing() {
        1 => format!("{name} has 1 missing entry (NaN), at row {row}, column {col}"),
        count => format!("{name} has {count} missing entries (NaN), the first at row {row}, column {col}"),
    }
}

/// Row and column of the first entry that is missing.
pub(crate) fn first_missing(matrix: &Matrix) -> (usize, usize) {
    let at = matrix.values_f64().iter().position(|v| v.is_nan()).unwrap_or(0);
    (at / matrix.cols(), at % matrix.cols())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::text::parse_expr;

    #[test]
    fn every_use_of_a_missing_entry_must_be_said() {
        let check = |text: &str, expected: Option<&str>| {
            let found = unsaid(&Dag::new(&[parse_expr(text).unwrap()]), &Var::input("X"));
            assert_eq!(found.map(|part| part.to_string()).as_deref(), expected, "{text}");
        };
        for said in [
            "sum(observed(X) * (X - W @ H)**2)",
            "sum((observed(X) * (X - W @ H))**2) + sum(W**2)",
            "sum(huber(observed(X) * (X - W @ H), 1))",
            "sum(observed(X) * kl(X, W @ H)) / sum(observed(X))",
            "sum(V * observed(X) * observed(V) * abs(X - W @ H - b))",
            "norm(observed(X) * (X - W @ H))",
            "sum((observed(X).T * (X.T - H.T @ W.T))**2)",
            "sum(observed(X) * softplus(-X * (W @ H)))",
            "sum(softplus(-(observed(X) * X) * (W @ H)))",
            "sum((observed(X) * X + (1 - observed(X)) * 0.5 - W @ H)**2)",
            "sum((1 - observed(X)) * (W @ H)**2) + sum(observed(X) * (X - W @ H)**2)",
            "observed(X) * (X - W @ H) @ H.T",
            "sum((observed(X) * X) @ H.T)",
            "sum(expand(1, X) * (W @ H))",
            "sum((Y - W @ H)**2)",
        ] {
            check(said, None);
        }
        check("sum((X - W @ H)**2)", Some("(X - W @ H)**2"));
        check("sum((observed(X) * X - W @ H)**2)", Some("(observed(X) * X - W @ H)**2"));
        let twice = "sum(observed(X) * (X - W @ H)**2) + 0.5*sum(abs(X - W @ H))";
        check(twice, Some("abs(X - W @ H)"));
        check("sum(observed(X) * (X @ B - W @ H)**2)", Some("X"));
        check(
            "sum(observed(X) * (X - W @ H)**2) + sum(observed(Y) * (X - W @ K)**2)",
            Some("observed(Y) * (X - W @ K)**2"),
        );
        check("sum(observed(X) * (X.T - W @ H)**2)", Some("observed(X) * (X.T - W @ H)**2"));
        check("X - W @ H", Some("X - W @ H"));
        check("sum(observed(X) * (colsum(X) - W @ H)**2)", Some("X"));
    }
}
