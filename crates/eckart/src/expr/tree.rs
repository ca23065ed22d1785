//! Tree: a formula as a tree whose parts are shared.
//! In: primitives and their arguments.  Out: `Expr`.
//! Invariant: cloning shares everything; a formula of any depth can be dropped.
//! Not here: equal parts (see `dag`), formulas made from others (see `transform`), the text (see `text`).

use std::ops::Range;
use std::sync::{Arc, RwLock};

use super::op::{Number, Op};
use super::var::Var;
use crate::data::Matrix;
use crate::error::{Code, Error, Result};

/// A formula: a node of a shared tree. Cloning is cheap and shares everything below.
///
/// Everything is a matrix: a number is 1 x 1, a column vector n x 1, a row vector 1 x m. Entrywise operations stretch
/// sides of length 1, as NumPy does. Two formulas are equal when they are written the same.
#[derive(Clone)]
pub struct Expr(Arc<Node>);

struct Node {
    op: Op,
    args: Vec<Expr>,
    span: Option<Span>,
    /// The function it was written as, where its formula alone does not tell.
    called: Option<&'static str>,
}

/// Where in a text a formula stands.
#[derive(Debug, Clone)]
pub struct Span {
    /// The whole text.
    pub text: Arc<str>,
    /// The bytes meant.
    pub range: Range<usize>,
}

/// A symbolic data matrix (or vector, or number): an input of the functions that use it.
pub fn matrix(name: &str) -> Expr {
    Var::input(name).into()
}

/// A symbolic number: an input that must be given a 1 x 1 matrix.
pub fn scalar(name: &str) -> Expr {
    Var::scalar(name).into()
}

/// A parameter: a variable that holds a value, which `updates` of a function may replace.
///
/// Its numbers follow the type of the data when a function uses it.
pub fn shared(value: Matrix, name: &str) -> Expr {
    Var::shared(name, Arc::new(RwLock::new(value))).into()
}

impl Expr {
    /// A formula from a primitive and its arguments.
    ///
    /// # Panics
    /// Where the number of arguments is not the primitive's arity.
    pub fn new(op: Op, args: Vec<Expr>) -> Self {
        assert_eq!(op.row().arity, args.len(), "{} takes {} arguments", op.row().name, op.row().arity);
        Self(Arc::new(Node { op, args, span: None, called: None }))
    }

    pub(crate) fn leaf(op: Op) -> Self {
        Self::new(op, Vec::new())
    }

    /// A number, 1 x 1.
    pub fn number(value: f64) -> Self {
        Self::leaf(Op::Lit(Number::new(value)))
    }

    /// The same formula, said to stand at `span` of a text.
    pub fn at(&self, span: Span) -> Self {
        let Node { op, args, called, .. } = &*self.0;
        Self(Arc::new(Node { op: op.clone(), args: args.clone(), span: Some(span), called: *called }))
    }

    /// The same formula, to be printed as a call of that function.
    pub(super) fn called(self, name: &'static str) -> Self {
        let Node { op, args, span, .. } = &*self.0;
        Self(Arc::new(Node { op: op.clone(), args: args.clone(), span: span.clone(), called: Some(name) }))
    }

    /// The function it was written as: set by those whose formula users write out as well, such as `hinge`.
    pub(crate) fn written_as(&self) -> Option<&'static str> {
        self.0.called
    }

    /// The same formula without such calls: in primitives and what the printer knows by its formula.
    pub fn written_out(&self) -> Self {
        self.map(|old, args| {
            let Node { op, span, .. } = &*old.0;
            Self(Arc::new(Node { op: op.clone(), args, span: span.clone(), called: None }))
        })
    }

    /// The same primitive of other arguments; the formula itself where they are its own.
    pub(crate) fn with_args(&self, args: Vec<Expr>) -> Self {
        if self.args().iter().zip(&args).all(|(own, other)| own.address() == other.address()) {
            return self.clone();
        }
        Self(Arc::new(Node { op: self.0.op.clone(), args, span: self.0.span.clone(), called: self.0.called }))
    }

    /// The primitive at the top.
    pub fn op(&self) -> &Op {
        &self.0.op
    }

    /// Its arguments.
    pub fn args(&self) -> &[Expr] {
        &self.0.args
    }

    /// Where it stands in a text, if it came from one.
    pub fn span(&self) -> Option<&Span> {
        self.0.span.as_ref()
    }

    /// The variable, where the formula is just that.
    pub fn as_var(&self) -> Option<&Var> {
        if let Op::Var(var) = self.op() { Some(var) } else { None }
    }

    /// The number, where the formula is just that.
    pub fn as_number(&self) -> Option<f64> {
        if let Op::Lit(number) = self.op() { Some(number.get()) } else { None }
    }

    /// The value a shared variable holds now; `None` for any other formula.
    pub fn value(&self) -> Option<Matrix> {
        Some(self.as_var()?.cell()?.read().unwrap_or_else(|poison| poison.into_inner()).clone())
    }

    /// Gives a shared variable another value of the same shape.
    ///
    /// # Errors
    /// `Setting` where the formula is not a shared variable, `Shape` where the shape differs.
    pub fn set_value(&self, value: Matrix) -> Result<()> {
        let Some(cell) = self.as_var().and_then(|var| var.cell()) else {
            return Err(Error::setting(
                Code::NotShared,
                format!("{} holds no value: only a shared variable does", self.shortened(60)),
            ));
        };
        let mut held = cell.write().unwrap_or_else(|poison| poison.into_inner());
        if held.shape() != value.shape() {
            let ((n, m), (rows, cols)) = (held.shape(), value.shape());
            let message = format!("{self} is {n} x {m}, its new value is {rows} x {cols}");
            return Err(Error::shape(Code::WrongShape, message, "A shared variable keeps its shape"));
        }
        *held = value;
        Ok(())
    }

    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }
}

impl From<Var> for Expr {
    fn from(var: Var) -> Self {
        Self::leaf(Op::Var(var))
    }
}

impl From<&Var> for Expr {
    fn from(var: &Var) -> Self {
        var.clone().into()
    }
}

impl Drop for Node {
    /// Takes long chains apart step by step: a formula built in a loop may be too deep for the stack.
    fn drop(&mut self) {
        let mut left = std::mem::take(&mut self.args);
        while let Some(Expr(node)) = left.pop() {
            if let Some(mut node) = Arc::into_inner(node) {
                left.append(&mut node.args);
            }
        }
    }
}
