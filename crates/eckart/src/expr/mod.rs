//! Expr: a formula over matrices, as the user wrote it.
//! In: variables, numbers, operators, or a text.  Out: `Expr`, a shared tree of about 25 primitives (`Op`).
//! Invariant: building a formula never fails and computes nothing; what does not fit is reported when it is compiled.
//! Not here: shapes (see `facts`), gradients (see `grad`), values (see `run`).

mod dag;
mod functions;
mod op;
mod operators;
pub mod text;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;
use std::sync::{Arc, RwLock};

pub use dag::{Dag, Id};
pub use functions::*;
pub use op::{Meaning, Number, Op, Row, ShapeRule, Var};

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
}

/// Where in a text a formula stands.
#[derive(Debug, Clone)]
pub struct Span {
    /// The whole text.
    pub text: Arc<str>,
    /// The bytes meant.
    pub range: Range<usize>,
}

/// The value of a shared variable, held by everyone who holds the variable.
pub(crate) type Cell = Arc<RwLock<Matrix>>;

/// A symbolic data matrix (or vector, or number): an input of the functions that use it.
pub fn matrix(name: &str) -> Expr {
    Expr::leaf(Op::Var(Var::input(name)))
}

/// A symbolic number: an input that must be given a 1 x 1 matrix.
pub fn scalar(name: &str) -> Expr {
    Expr::leaf(Op::Var(Var::scalar(name)))
}

/// A parameter: a variable that holds a value, which `updates` of a function may replace.
///
/// Its numbers follow the type of the data when a function uses it.
pub fn shared(value: Matrix, name: &str) -> Expr {
    Expr::leaf(Op::Var(Var::shared(name, Arc::new(RwLock::new(value)))))
}

impl Expr {
    /// A formula from a primitive and its arguments.
    ///
    /// # Panics
    /// Where the number of arguments is not the primitive's arity.
    pub fn new(op: Op, args: Vec<Expr>) -> Self {
        assert_eq!(op.row().arity, args.len(), "{} takes {} arguments", op.row().name, op.row().arity);
        Self(Arc::new(Node { op, args, span: None }))
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
        Self(Arc::new(Node { op: self.0.op.clone(), args: self.0.args.clone(), span: Some(span) }))
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
        let var = self.as_var().filter(|v| v.cell().is_some());
        let Some(cell) = var.and_then(|v| v.cell()) else {
            return Err(Error::setting(Code::NotShared, format!("{self} holds no value: only a shared variable does")));
        };
        let mut held = cell.write().unwrap_or_else(|poison| poison.into_inner());
        if held.shape() != value.shape() {
            return Err(Error::shape(
                Code::WrongShape,
                format!(
                    "{self} is {} x {}, its new value is {} x {}",
                    held.rows(),
                    held.cols(),
                    value.rows(),
                    value.cols()
                ),
                "A shared variable keeps its shape",
            ));
        }
        *held = value;
        Ok(())
    }

    /// All variables in the formula, each once, in the order in which they are met from left to right.
    pub fn variables(&self) -> Vec<Var> {
        let dag = Dag::new(std::slice::from_ref(self));
        dag.ids().filter_map(|id| dag.expr(id).as_var()).cloned().collect()
    }

    /// The formula with every variable in `by` replaced.
    pub fn substitute(&self, by: &BTreeMap<Var, Expr>) -> Expr {
        let dag = Dag::new(std::slice::from_ref(self));
        let mut new: Vec<Expr> = Vec::with_capacity(dag.len());
        for id in dag.ids() {
            let old = dag.expr(id);
            let replaced = old.as_var().and_then(|var| by.get(var)).cloned();
            new.push(replaced.unwrap_or_else(|| {
                let args = dag.args(id).iter().map(|a| new[a.index()].clone()).collect();
                Self(Arc::new(Node { op: old.op().clone(), args, span: old.0.span.clone() }))
            }));
        }
        new[dag.roots()[0].index()].clone()
    }

    /// At most `most` characters of the formula, with dots where it goes on: a formula whose parts are shared may be
    /// exponentially longer in print than it is in memory.
    pub fn shortened(&self, most: usize) -> String {
        let mut short = Shortened { text: String::new(), left: most };
        if write!(short, "{self}").is_ok() {
            return short.text;
        }
        let kept = short.text.char_indices().nth(most.saturating_sub(3)).map_or(short.text.len(), |(at, _)| at);
        short.text.truncate(kept);
        short.text + "..."
    }

    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        let dag = Dag::new(&[self.clone(), other.clone()]);
        dag.roots()[0] == dag.roots()[1]
    }
}

impl std::fmt::Display for Expr {
    /// The formula in the text language.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        text::print(self, f)
    }
}

/// A text that takes no more than so many characters.
struct Shortened {
    text: String,
    left: usize,
}

impl Write for Shortened {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        for c in s.chars() {
            self.left = self.left.checked_sub(1).ok_or(std::fmt::Error)?;
            self.text.push(c);
        }
        Ok(())
    }
}

impl std::fmt::Debug for Expr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
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
