//! Infer: the shapes of factors that were not declared, from those of the data and the rank.
//! In: a `Dag`, the shapes known, declared sides.  Out: a shape a variable.
//! Invariant: sides are equated as the primitives demand; a side nothing fixes is the rank, also where one of 1 was
//! stretched to it; no guess is silent about a clash.
//! Not here: checking (`shapes` does it afterwards, with places and names).

use std::collections::BTreeMap;

use super::given::Givens;
use super::shape::Shape;
use super::unify::{Length, Unify};
use crate::error::{Code, Error, Result};
use crate::expr::text::Dim;
use crate::expr::{Dag, Id, ShapeRule, Var};

/// What is said of the length of a side of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SideLength {
    /// A number.
    Number(usize),
    /// A name such as `n`, of one length wherever it is declared (`r` is the rank).
    Name(String),
    /// The number of rows of the data, whatever it is: no other length is equal to it.
    Rows,
    /// Nothing.
    Open,
}

impl From<&Dim> for SideLength {
    fn from(dim: &Dim) -> Self {
        match dim {
            Dim::Number(length) => Self::Number(*length),
            Dim::Name(name) => Self::Name(name.clone()),
        }
    }
}

/// The lengths that parameters give to the sides called like them.
pub(crate) fn lengths_of(params: &BTreeMap<String, f64>) -> BTreeMap<String, usize> {
    let whole = |v: f64| v >= 1.0 && v.fract() == 0.0 && v < 1e15;
    params.iter().filter(|(_, v)| whole(**v)).map(|(name, &v)| (name.clone(), v as usize)).collect()
}

/// The shapes of the variables that were not given.
pub(crate) struct FactorShapes {
    pub(crate) shapes: BTreeMap<Var, Shape>,
    /// The undeclared ones with a side that could as well be 1, for only a side of 1 was stretched to it.
    pub(crate) stretched: Vec<Var>,
}

/// What could be said of shapes.
pub(crate) enum Inferred {
    Shapes(FactorShapes),
    /// The name of a side whose length nothing tells.
    Untold(String),
}

/// The shapes of all variables that `givens` leaves out.
///
/// `named` gives lengths to names of sides. Sides that nothing else fixes are `rank` long.
///
/// # Errors
/// `Setting` where the name of a side is fixed by nothing, `Shape` where an undeclared factor would be as large as a
/// data matrix.
pub fn infer_shapes(
    dag: &Dag,
    givens: &Givens,
    declared: &BTreeMap<Var, [SideLength; 2]>,
    named: &BTreeMap<String, usize>,
    rank: usize,
) -> Result<BTreeMap<Var, Shape>> {
    Ok(infer_factors(dag, givens, declared, named, rank)?.shapes)
}

/// As [`infer_shapes`], with what was in doubt.
pub(crate) fn infer_factors(
    dag: &Dag,
    givens: &Givens,
    declared: &BTreeMap<Var, [SideLength; 2]>,
    named: &BTreeMap<String, usize>,
    rank: usize,
) -> Result<FactorShapes> {
    match infer_or_name(dag, givens, declared, named, rank)? {
        Inferred::Shapes(shapes) => Ok(shapes),
        Inferred::Untold(name) => Err(Error::setting(
            Code::UnknownSide,
            format!(
                "the side `{name}` is declared but nothing says how long it is: use it with the data, write a number, \
                 or give `{name}` a value"
            ),
        )),
    }
}

/// As [`infer_shapes`], for whom a side of unknown length is no error.
pub(crate) fn infer_or_name(
    dag: &Dag,
    givens: &Givens,
    declared: &BTreeMap<Var, [SideLength; 2]>,
    named: &BTreeMap<String, usize>,
    rank: usize,
) -> Result<Inferred> {
    let mut sides = Unify::default();
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut of_var: BTreeMap<Var, [usize; 2]> = BTreeMap::new();
    let open = [SideLength::Open, SideLength::Open];
    let told = |var: &Var| match givens.get(var) {
        Some(given) => [SideLength::Number(given.shape.rows), SideLength::Number(given.shape.cols)],
        None => declared.get(var).unwrap_or(&open).clone(),
    };
    let length = |name: &str| named.get(name).copied().or((name == "r").then_some(rank));
    dag.bottom_up(|id, of_node: &[[usize; 2]]| {
        if let Some(var) = dag.expr(id).as_var() {
            let new = variable_sides(var, told(var), &mut sides, &mut names, &length);
            of_var.insert(var.clone(), new);
            return new;
        }
        let args: Vec<[usize; 2]> = dag.args(id).iter().map(|a| of_node[a.index()]).collect();
        let rule = dag.op(id).row().shape;
        let own = node_sides(rule, &args, &mut sides);
        if matches!(rule, ShapeRule::Product) && sides.is_free(args[0][1]) && of_different(dag, id, givens) {
            sides.components.push(args[0][1]);
        }
        own
    });
    let in_doubt = sides.settle_vectors();
    // Where all data is 1 x 1, so are the sides of what is added to it, which could be stretched to any length.
    let mut matrices = givens.iter().filter(|(var, _)| !var.is_scalar()).peekable();
    if matrices.peek().is_some() && matrices.all(|(_, given)| given.shape.is_scalar()) {
        sides.settle_ones(names.values().copied());
    }
    if let Some((name, _)) = names.iter().find(|(_, side)| sides.is_free(**side)) {
        return Ok(Inferred::Untold(name.clone()));
    }
    let (mut shapes, mut stretched) = (BTreeMap::new(), Vec::new());
    for (var, &[rows, cols]) in &of_var {
        if givens.contains_key(var) {
            continue;
        }
        if !declared.contains_key(var) && sides.is_free(rows) && sides.is_free(cols) {
            let linked =
                |side| of_var.iter().any(|(other, own)| other != var && own.iter().any(|&o| sides.same(o, side)));
            if !linked(rows) && !linked(cols) {
                return Err(nothing_fixes(var));
            }
        }
        let length = |side: usize| sides.length(side).and_then(Length::number).unwrap_or(rank);
        let shape = Shape { rows: length(rows), cols: length(cols) };
        // Where the rank gives a side its length, it may well be as long as the data's.
        if !declared.contains_key(var) && !sides.is_free(rows) && !sides.is_free(cols) {
            refuse_data_size(var, shape, givens)?;
        }
        let is_in_doubt = |side: usize| in_doubt.iter().any(|&other| sides.same(other, side));
        if rank > 1 && !declared.contains_key(var) && (is_in_doubt(rows) || is_in_doubt(cols)) {
            stretched.push(var.clone());
        }
        shapes.insert(var.clone(), shape);
    }
    Ok(Inferred::Shapes(FactorShapes { shapes, stretched }))
}

/// Whether both operands of a product are of factors, and of other ones.
fn of_different(dag: &Dag, product: Id, givens: &Givens) -> bool {
    let unknown = |arg: &Id| dag.expr(*arg).variables().into_iter().filter(|var| !givens.contains_key(var)).collect();
    let of_args: Vec<Vec<Var>> = dag.args(product).iter().map(unknown).collect();
    of_args.iter().all(|own| !own.is_empty()) && of_args[0].iter().all(|var| !of_args[1].contains(var))
}

/// Which sides of variables a formula holds to be the same, whatever their lengths.
pub(crate) struct Links {
    sides: Unify,
    of_var: BTreeMap<Var, [usize; 2]>,
    /// The inner sides of products both of whose operands were to count.
    inner: Vec<usize>,
    /// Whether a side that is as long as the data has rows would have to be of another length as well.
    pub(crate) rows_clash: bool,
}

impl Links {
    /// `declared` says what is known of a variable's sides; `counts`, by their numbers, which nodes count as operands
    /// of products.
    pub(crate) fn of(dag: &Dag, declared: &dyn Fn(&Var) -> [SideLength; 2], counts: &dyn Fn(Id) -> bool) -> Self {
        let (mut sides, mut names) = (Unify::default(), BTreeMap::new());
        let (mut of_var, mut inner, mut rows_clash) = (BTreeMap::new(), Vec::new(), false);
        dag.bottom_up(|id, known: &[[usize; 2]]| {
            let of_arg = |&arg: &Id| known[arg.index()];
            let (args, rule) = (dag.args(id), dag.op(id).row().shape);
            if let Some(var) = dag.expr(id).as_var() {
                let new = variable_sides(var, declared(var), &mut sides, &mut names, &|_| None);
                of_var.insert(var.clone(), new);
                return new;
            }
            let of_args: Vec<[usize; 2]> = args.iter().map(of_arg).collect();
            if matches!(rule, ShapeRule::Product) && args.iter().all(|&arg| counts(arg)) {
                inner.push(of_args[0][1]);
            }
            if matches!(rule, ShapeRule::StretchToSecond | ShapeRule::ShrinkToSecond) {
                let rows = |side: usize| sides.length(side) == Some(Length::Rows);
                rows_clash |=
                    (0..2).any(|k| rows(of_args[0][k]) != rows(of_args[1][k]) && !sides.is_one(of_args[0][k]));
            }
            node_sides(rule, &of_args, &mut sides)
        });
        rows_clash |= sides.rows_clash;
        Self { sides, of_var, inner, rows_clash }
    }

    /// A side of a variable (0: its rows, 1: its columns); `None` where the formula has no such variable.
    pub(crate) fn side(&self, var: &Var, which: usize) -> Option<usize> {
        self.of_var.get(var).map(|sides| self.sides.root(sides[which]))
    }

    /// Whether a variable's rows, and whether its columns, are as many as the data has rows.
    pub(crate) fn are_rows(&self, var: &Var) -> [bool; 2] {
        let are_rows = |side: usize| self.sides.length(side) == Some(Length::Rows);
        self.of_var.get(var).map_or([false; 2], |sides| sides.map(are_rows))
    }

    /// What is known of a variable's sides, those that are the same under one name.
    pub(crate) fn sides(&self, var: &Var) -> [SideLength; 2] {
        let known = |side: usize| match self.sides.length(side) {
            Some(Length::Rows) => SideLength::Rows,
            Some(Length::Number(length)) => SideLength::Number(length),
            None => SideLength::Name(self.sides.root(side).to_string()),
        };
        self.of_var.get(var).map_or([SideLength::Open, SideLength::Open], |sides| sides.map(known))
    }

    /// Whether a side is the inner one of a product that counts.
    pub(crate) fn is_inner(&self, side: usize) -> bool {
        self.inner.iter().any(|&inner| self.sides.same(inner, side))
    }
}

/// A name that is tied to nothing is most likely a parameter without a value.
fn nothing_fixes(var: &Var) -> Error {
    let name = var.name();
    Error::setting(
        Code::UndeclaredName,
        format!(
            "{name} is neither data nor a parameter, and nothing fixes its shape as a factor: if it is a parameter, \
             set it (`--param {name}=0.1`, in Python `params={{\"{name}\": 0.1}}`); if it is data, give it a matrix; \
             if it is a factor, declare its sides (`minimize over {name}[n,r]: ...`)"
        ),
    )
}

/// A factor nobody declared that comes out as large as the data is most likely a forgotten declaration.
fn refuse_data_size(var: &Var, shape: Shape, givens: &Givens) -> Result<()> {
    let alike = givens.iter().find(|(_, g)| g.shape == shape && shape.rows > 1 && shape.cols > 1);
    let Some((data, _)) = alike else { return Ok(()) };
    let name = var.name();
    Err(Error::shape(
        Code::UndeclaredFactor,
        format!("{name} would be {shape}, as large as {}", data.name()),
        format!(
            "Declare its sides: `minimize over {name}[n,1]: ...` for one number a row, `{name}[1,m]` for one a column, \
             `{name}[n,m]` if you mean it"
        ),
    ))
}

fn variable_sides(
    var: &Var,
    declared: [SideLength; 2],
    sides: &mut Unify,
    names: &mut BTreeMap<String, usize>,
    length: &dyn Fn(&str) -> Option<usize>,
) -> [usize; 2] {
    declared.map(|side| match side {
        _ if var.is_scalar() => sides.number(1),
        SideLength::Number(length) => sides.number(length),
        SideLength::Rows => sides.fixed(Length::Rows),
        SideLength::Open => sides.fresh(),
        // A length that is known must be so from the first use: a side of a vector would take it to be 1.
        SideLength::Name(name) => *names.entry(name.clone()).or_insert_with(|| match length(&name) {
            Some(length) => sides.number(length),
            None => sides.fresh(),
        }),
    })
}

/// The sides of a node; equates those of its arguments as its shape rule demands.
fn node_sides(rule: ShapeRule, args: &[[usize; 2]], sides: &mut Unify) -> [usize; 2] {
    match rule {
        ShapeRule::Given => [sides.fresh(), sides.fresh()],
        ShapeRule::Scalar | ShapeRule::ScalarOnly => [sides.number(1), sides.number(1)],
        ShapeRule::Same => args[0],
        ShapeRule::Transposed => [args[0][1], args[0][0]],
        ShapeRule::Column => [args[0][0], sides.summed(args[0][1])],
        ShapeRule::Line => [sides.summed(args[0][0]), args[0][1]],
        ShapeRule::Stretch => {
            let long = |sides: &Unify, side: usize| !sides.is_free(side) && !sides.is_one(side);
            let vector = |sides: &Unify, arg: [usize; 2]| arg.iter().any(|&side| long(sides, side));
            let vectors = [vector(sides, args[0]), vector(sides, args[1])];
            [0, 1].map(|k| sides.stretched(args[0][k], args[1][k], vectors))
        }
        ShapeRule::Product => {
            sides.equate(args[0][1], args[1][0]);
            [args[0][0], args[1][1]]
        }
        ShapeRule::StretchToSecond | ShapeRule::ShrinkToSecond => args[1],
        ShapeRule::Square => {
            sides.equate(args[0][0], args[0][1]);
            args[0]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::check_error;
    use crate::expr::{Expr, matrix, sum};
    use crate::facts::Given;

    fn shapes(cost: &Expr, declared: &[(&str, [SideLength; 2])]) -> Result<Vec<(String, usize, usize)>> {
        let givens = [(Var::input("X"), Given::dense(7, 5))].into();
        let declared = declared.iter().map(|(name, sides)| (Var::input(name), sides.clone())).collect();
        let found = infer_shapes(&Dag::new(std::slice::from_ref(cost)), &givens, &declared, &BTreeMap::new(), 3)?;
        Ok(found.into_iter().map(|(v, s)| (v.name().to_owned(), s.rows, s.cols)).collect())
    }

    fn named(n: &str, m: &str) -> [SideLength; 2] {
        [SideLength::Name(n.into()), SideLength::Name(m.into())]
    }

    #[test]
    fn products_fix_the_factors() {
        let (x, w, s, h) = (matrix("X"), matrix("W"), matrix("S"), matrix("H"));
        let two = shapes(&sum((&x - w.dot(&h)).pow(2)), &[]).unwrap();
        assert_eq!(two, [("H".into(), 3, 5), ("W".into(), 7, 3)]);
        let three = shapes(&sum((&x - w.dot(&s).dot(&h)).pow(2)), &[]).unwrap();
        assert_eq!(three, [("H".into(), 3, 5), ("S".into(), 3, 3), ("W".into(), 7, 3)]);
        let convex = shapes(&sum((&x - x.dot(&w).dot(&h)).pow(2)), &[]).unwrap();
        assert_eq!(convex, [("H".into(), 3, 5), ("W".into(), 5, 3)]);
    }

    #[test]
    fn biases_must_be_declared() {
        let (x, w, h, b) = (matrix("X"), matrix("W"), matrix("H"), matrix("b"));
        let cost = sum((&x - w.dot(&h) - &b).pow(2));
        check_error(&shapes(&cost, &[]).unwrap_err(), Code::UndeclaredFactor, "b would be 7 x 5, as large as X");
        let declared = [("b", [SideLength::Name("n".into()), SideLength::Number(1)])];
        assert_eq!(shapes(&cost, &declared).unwrap()[2], ("b".into(), 7, 1));
    }

    #[test]
    fn full_rank_is_no_clash_and_a_column_is_fitted_by_a_column() {
        let (x, w, h, k) = (matrix("X"), matrix("W"), matrix("H"), matrix("K"));
        let cost = sum((&x - w.dot(&h)).pow(2)) + sum((matrix("y") - w.dot(&k)).pow(2));
        let givens = [(Var::input("X"), Given::dense(7, 3)), (Var::input("y"), Given::dense(7, 1))].into();
        let dag = Dag::new(std::slice::from_ref(&cost));
        let found = infer_shapes(&dag, &givens, &BTreeMap::new(), &BTreeMap::new(), 3).unwrap();
        let shape = |name: &str| found[&Var::input(name)];
        assert_eq!(shape("W"), Shape { rows: 7, cols: 3 });
        assert_eq!(shape("K"), Shape { rows: 3, cols: 1 });
    }

    /// The shapes of a text's factors for X 7 x 5 and y 7 x 1 at rank 3, with which of them are in doubt.
    fn of_text(text: &str) -> (Vec<String>, Vec<String>) {
        let cost = crate::expr::text::parse_statement(text).unwrap().objective;
        let givens = [(Var::input("X"), Given::dense(7, 5)), (Var::input("y"), Given::dense(7, 1))].into();
        let dag = Dag::new(std::slice::from_ref(&cost));
        let found = infer_factors(&dag, &givens, &BTreeMap::new(), &BTreeMap::new(), 3).unwrap();
        let shapes = found.shapes.iter().map(|(var, s)| format!("{} {}x{}", var.name(), s.rows, s.cols)).collect();
        (shapes, found.stretched.iter().map(|var| var.name().to_owned()).collect())
    }

    #[track_caller]
    fn check_text(text: &str, shapes: &[&str], in_doubt: &[&str]) {
        assert_eq!(
            of_text(text),
            (shapes.iter().map(|s| (*s).into()).collect(), in_doubt.iter().map(|s| (*s).into()).collect()),
            "{text}"
        );
    }

    #[test]
    fn own_sums_stretched_to_a_factor_leave_it_its_rank() {
        let penalties = [
            "sum((W - rowsum(W)/5)**2)",
            "sum((rowsum(W)/5 - W)**2)",
            "sum(W * rownorm(W))",
            "sum(W / rowsum(W))",
            "sum(max(W, rowsum(W)))",
            "sum((rowsum(W)*rowsum(W)/5 + W)**2)",
            "sum((W.T - colsum(W.T)/5)**2)",
            "sum((W - colsum(W)/7)**2)",
            "sum((H - colsum(H)/3)**2)",
            "sum((H - rowsum(H)/3)**2)",
            "sum((H - colnorm(H)*colsum(H))**2)",
        ];
        for penalty in penalties {
            for text in [format!("sum((X - W @ H)**2) + {penalty}"), format!("{penalty} + sum((X - W @ H)**2)")] {
                check_text(&text, &["H 3x5", "W 7x3"], &[]);
            }
        }
        // Without a product of factors, too.
        check_text("sum((X @ B - rowsum(X @ B)/3)**2) - sum((X @ B)**2)", &["B 5x3"], &[]);
    }

    #[test]
    fn what_is_fitted_to_a_column_is_a_column_and_components_are_as_many_as_the_rank() {
        check_text("sum((X - W @ H)**2) + sum((y - W @ K)**2)", &["H 3x5", "K 3x1", "W 7x3"], &[]);
        check_text("sum((X - W @ H)**2) + sum((rowsum(X) - W @ K)**2)", &["H 3x5", "K 3x1", "W 7x3"], &[]);
        check_text("sum((y - X @ b)**2) + sum(b * rowsum(b)) + sum((b @ b.T)**2)", &["b 5x1"], &[]);
        check_text("sum((y - W @ H)**2) + sum((H @ H.T)**2)", &["H 3x1", "W 7x3"], &[]);
        // In doubt, and told: a column beside what has components, sums over the components of another.
        check_text("sum((X - W @ H)**2) + sum((W - y)**2)", &["H 3x5", "W 7x3"], &["H", "W"]);
        check_text("sum((X - W @ H)**2) + sum((rowsum(W) - W @ K)**2)", &["H 3x5", "K 3x3", "W 7x3"], &["K"]);
    }

    #[test]
    fn a_side_nothing_fixes_is_named() {
        let (x, w, h) = (matrix("X"), matrix("W"), matrix("H"));
        let cost = sum((&x - w.dot(&h)).pow(2));
        let ranked = shapes(&cost, &[("W", named("n", "r"))]).unwrap();
        assert_eq!(ranked, [("H".into(), 3, 5), ("W".into(), 7, 3)]);
        check_error(&shapes(&cost, &[("W", named("n", "q"))]).unwrap_err(), Code::UnknownSide, "`q`");
    }
}
