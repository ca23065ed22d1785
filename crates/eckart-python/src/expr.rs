//! Expr: formulas as Python builds them.
//! In: names, values, numbers, formulas.  Out: `Expr`, with Python's operators; gradients.
//! Invariant: building a formula computes nothing; each operator and function is the engine's own.
//! Not here: NumPy's names for functions and their documentation (see `python/eckart/_formulas.py`).

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use eckart::Code;
use pyo3::prelude::*;

use crate::errors::{printed, raised, type_error, value_error};
use crate::matrix::Matrix;

/// The longest text of a formula that `repr` shows.
const SHOWN: usize = 2000;

/// A formula over matrices. Everything is a matrix: a number is 1 x 1, a column n x 1, a line 1 x m.
#[pyclass(frozen, module = "eckart._eckart")]
pub(crate) struct Expr {
    pub(crate) expr: eckart::Expr,
}

impl From<eckart::Expr> for Expr {
    fn from(expr: eckart::Expr) -> Self {
        Self { expr }
    }
}

/// An input of the name; `is_scalar` where it must be given one number.
#[pyfunction]
pub(crate) fn input(name: &str, is_scalar: bool) -> PyResult<Expr> {
    check_name(name)?;
    Ok(if is_scalar { eckart::scalar(name) } else { eckart::matrix(name) }.into())
}

/// A parameter that holds a value.
#[pyfunction]
pub(crate) fn shared(value: &Matrix, name: &str) -> PyResult<Expr> {
    check_name(name)?;
    Ok(eckart::shared(value.matrix.clone(), name).into())
}

/// A number.
#[pyfunction]
pub(crate) fn number(value: f64) -> Expr {
    eckart::Expr::number(value).into()
}

/// What is printed must be read again.
fn check_name(name: &str) -> PyResult<()> {
    let read = eckart::expr::text::parse_expr(name);
    if read.is_ok_and(|expr| expr.as_var().is_some_and(|var| var.name() == name)) {
        return Ok(());
    }
    Err(value_error(Code::BadName, &format!("{name:?} is no name: use letters, digits and _, a letter first")))
}

type Unary = fn(eckart::Expr) -> eckart::Expr;
type Binary = fn(eckart::Expr, eckart::Expr) -> eckart::Expr;
type Ternary = fn(eckart::Expr, eckart::Expr, eckart::Expr) -> eckart::Expr;

const UNARY: &[(&str, Unary)] = &[
    ("t", |a| a.t()),
    ("neg", |a| -a),
    ("sum", eckart::sum),
    ("rowsum", eckart::rowsum),
    ("colsum", eckart::colsum),
    ("mean", eckart::mean),
    ("trace", eckart::trace),
    ("norm", eckart::norm),
    ("rownorm", eckart::rownorm),
    ("colnorm", eckart::colnorm),
    ("abs", eckart::abs),
    ("sign", eckart::sign),
    ("exp", eckart::exp),
    ("log", eckart::log),
    ("sqrt", eckart::sqrt),
    ("sigmoid", eckart::sigmoid),
    ("softplus", eckart::softplus),
    ("tanh", eckart::tanh),
    ("xlogx", eckart::xlogx),
    ("observed", eckart::observed),
    ("eye", eckart::eye),
    ("group", eckart::group),
];

const BINARY: &[(&str, Binary)] = &[
    ("add", |a, b| a + b),
    ("sub", |a, b| a - b),
    ("mul", |a, b| a * b),
    ("div", |a, b| a / b),
    ("pow", |a, b| a.pow(b)),
    ("matmul", |a, b| a.dot(b)),
    ("greater", eckart::greater),
    ("max", eckart::max),
    ("min", eckart::min),
    ("huber", eckart::huber),
    ("kl", eckart::kl),
    ("is_", eckart::is),
    ("hinge", eckart::hinge),
    ("pinball", eckart::pinball),
    ("elasticnet", eckart::elasticnet),
    ("laplacian", eckart::laplacian),
    ("tv", eckart::tv),
    ("expand", eckart::expand),
    ("sumto", eckart::sumto),
];

const TERNARY: &[(&str, Ternary)] = &[("beta", eckart::beta), ("nb", eckart::nb), ("ard", eckart::ard)];

/// The function of that name, of one formula.
#[pyfunction]
pub(crate) fn unary(name: &str, a: &Expr) -> PyResult<Expr> {
    let row = UNARY.iter().find(|row| row.0 == name);
    let (_, apply) = row.ok_or_else(|| value_error(Code::UnknownFunction, &format!("there is no function {name}")))?;
    Ok(apply(a.expr.clone()).into())
}

/// The function of that name, of two formulas.
#[pyfunction]
pub(crate) fn binary(name: &str, a: &Expr, b: &Expr) -> PyResult<Expr> {
    let row = BINARY.iter().find(|row| row.0 == name);
    let (_, apply) = row.ok_or_else(|| value_error(Code::UnknownFunction, &format!("there is no function {name}")))?;
    Ok(apply(a.expr.clone(), b.expr.clone()).into())
}

/// The function of that name, of three formulas.
#[pyfunction]
pub(crate) fn ternary(name: &str, a: &Expr, b: &Expr, c: &Expr) -> PyResult<Expr> {
    let row = TERNARY.iter().find(|row| row.0 == name);
    let (_, apply) = row.ok_or_else(|| value_error(Code::UnknownFunction, &format!("there is no function {name}")))?;
    Ok(apply(a.expr.clone(), b.expr.clone(), c.expr.clone()).into())
}

/// The gradients of a formula that is a number, a formula a variable.
#[pyfunction]
pub(crate) fn differentiate(cost: &Expr, variables: Vec<Bound<'_, Expr>>) -> PyResult<Vec<Expr>> {
    let formulas: Vec<eckart::Expr> = variables.iter().map(|v| v.get().expr.clone()).collect();
    if let Some(no) = formulas.iter().find(|formula| formula.as_var().is_none()) {
        let text = format!(
            "{} is no variable: a gradient is taken by what matrix, scalar or shared made",
            no.shortened(SHOWN)
        );
        return Err(type_error(Code::InputNotVariable, &text));
    }
    eckart::expr::check_size(std::slice::from_ref(&cost.expr)).map_err(raised)?;
    Ok(eckart::grad::differentiate(&cost.expr, &formulas).into_iter().map(Expr::from).collect())
}

#[pymethods]
impl Expr {
    /// The name of a variable; `None` of any other formula.
    #[getter]
    fn name(&self) -> Option<&str> {
        self.expr.as_var().map(eckart::expr::Var::name)
    }

    /// Whether the formula is a variable that holds its own value.
    #[getter]
    fn is_shared(&self) -> bool {
        self.expr.as_var().is_some_and(eckart::expr::Var::is_shared)
    }

    /// The value that a shared variable holds.
    fn held(&self) -> PyResult<Matrix> {
        self.expr.value().map(Matrix::from).ok_or_else(|| {
            let text = format!("{} holds no value: only a shared variable does", self.expr.shortened(SHOWN));
            type_error(Code::NotShared, &text)
        })
    }

    /// Gives a shared variable another value of the same shape.
    fn hold(&self, value: &Matrix) -> PyResult<()> {
        self.expr.set_value(value.matrix.clone()).map_err(raised)
    }

    fn same(&self, other: &Expr) -> bool {
        self.expr == other.expr
    }

    fn __str__(&self) -> String {
        printed(&self.expr.shortened(SHOWN))
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.expr.shortened(SHOWN).hash(&mut hasher);
        hasher.finish()
    }
}
