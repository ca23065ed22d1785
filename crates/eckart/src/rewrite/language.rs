//! Language: formulas as the search sees them.
//! In: primitives.  Out: nodes of an e-graph, and what is known of each class of equal values.
//! Invariant: sums and entrywise products take any number of arguments in sorted order, so their order needs no rules.
//! Not here: the rules (see `rules`), their search (see `search`).

use std::fmt;

use egg::{Analysis, DidMerge, EGraph, FromOp, Id, Language};

use crate::expr::{Meaning, Number, Op, Var};
use crate::facts::{Arg, Givens, Layout, Shape, Sign, fitting_shape, layout_of_op, layout_of_var, sign_of_op};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Sym {
    /// A primitive. `Add` and `Mul` take two arguments or more; there is no `Sub`, `SumTo` or `One`.
    Op(Op),
    Expand(Shape),
    Eye(Shape),
    /// The pattern of a variable.
    Observed(Var),
    /// The entries on the pattern of a variable; zero elsewhere.
    Sampled(Var),
}

/// A node: an operator and classes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ENode {
    pub sym: Sym,
    pub args: Vec<Id>,
}

impl ENode {
    pub(super) fn new(op: Op, args: Vec<Id>) -> Self {
        Self { sym: Sym::Op(op), args }
    }

    /// Whether it is the one node of a class of zeros; the argument of such an `Expand` is known to be zero.
    fn is_zeros(&self) -> bool {
        matches!(&self.sym, Sym::Op(Op::Lit(_)) | Sym::Expand(_))
    }

    pub(super) fn is(&self, op: &Op) -> bool {
        matches!(&self.sym, Sym::Op(own) if own == op)
    }
}

impl Language for ENode {
    type Discriminant = (Sym, usize);

    fn discriminant(&self) -> Self::Discriminant {
        (self.sym.clone(), self.args.len())
    }

    fn matches(&self, other: &Self) -> bool {
        self.sym == other.sym && self.args.len() == other.args.len()
    }

    fn children(&self) -> &[Id] {
        &self.args
    }

    fn children_mut(&mut self) -> &mut [Id] {
        &mut self.args
    }
}

impl fmt::Display for ENode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sym {
            Sym::Op(Op::Var(var)) => f.write_str(var.name()),
            Sym::Op(Op::Lit(number)) => write!(f, "{}", number.get()),
            Sym::Op(op) => f.write_str(op.row().name),
            Sym::Expand(shape) => write!(f, "expand[{shape}]"),
            Sym::Eye(shape) => write!(f, "eye[{shape}]"),
            Sym::Observed(var) => write!(f, "observed[{}]", var.name()),
            Sym::Sampled(var) => write!(f, "sampled[{}]", var.name()),
        }
    }
}

impl FromOp for ENode {
    type Error = String;

    fn from_op(name: &str, args: Vec<Id>) -> Result<Self, Self::Error> {
        let known = [Op::MatMul, Op::Transpose, Op::Sum, Op::RowSum, Op::ColSum, Op::Add, Op::Mul];
        let op = known.into_iter().find(|op| op.row().name == name);
        op.map(|op| Self::new(op, args)).ok_or_else(|| format!("{name} is in no pattern"))
    }
}

pub(super) type Graph = EGraph<ENode, GraphFacts>;

/// What is known of the variables.
#[derive(Debug, Clone, Default)]
pub(super) struct GraphFacts {
    pub givens: Givens,
}

/// What is known of a class: true of every node in it, for they have one value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Class {
    pub shape: Shape,
    pub layout: Layout,
    /// The value, where it is a literal.
    pub number: Option<f64>,
    /// Whether every entry is known to be zero.
    pub zero: bool,
    /// Whether it is the same from run to run.
    pub data: bool,
    /// What is known of the values.
    pub sign: Sign,
}

impl Class {
    /// Whether only some entries are stored.
    pub(super) fn is_sparse(&self) -> bool {
        self.layout.is_sparse()
    }
}

impl Analysis<ENode> for GraphFacts {
    type Data = Class;

    fn make(graph: &mut Graph, node: &ENode, _id: Id) -> Class {
        let args: Vec<&Class> = node.args.iter().map(|&arg| &graph[arg].data).collect();
        let data = args.iter().all(|arg| arg.data);
        let givens = &graph.analysis.givens;
        let (sign, zero) = (sign_of(graph, node, &args), is_zero(node, &args));
        let class = |shape, layout| Class { shape, layout, number: None, zero, data, sign };
        match &node.sym {
            Sym::Expand(shape) => class(*shape, Layout::Dense),
            Sym::Eye(shape) => class(*shape, layout_of_op(&Op::Eye, &[], *shape)),
            Sym::Observed(var) => Class { data: true, ..class(given_shape(var, givens), layout_of_var(var, givens)) },
            Sym::Sampled(var) => class(args[0].shape, layout_of_var(var, givens)),
            Sym::Op(Op::Var(var)) => {
                let given = givens.get(var);
                let data = given.is_some_and(|given| given.data);
                Class { data, ..class(given_shape(var, givens), layout_of_var(var, givens)) }
            }
            Sym::Op(Op::Lit(number)) => Class { number: Some(number.get()), ..class(Shape::SCALAR, Layout::Dense) },
            Sym::Op(op @ (Op::Add | Op::Mul)) => {
                let mut whole = args[0].clone();
                for next in &args[1..] {
                    let shape = whole.shape.stretched(next.shape);
                    whole.layout = layout_of_op(op, &[fact(&whole), fact(next)], shape);
                    whole.shape = shape;
                    whole.number = None;
                }
                Class { data, sign, zero, ..whole }
            }
            Sym::Op(op) => {
                let shape = shape_of(op, &args);
                let facts: Vec<Arg<'_>> = args.iter().map(|arg| fact(arg)).collect();
                let layout = layout_of_op(op, &facts, shape);
                class(shape, layout)
            }
        }
    }

    fn merge(&mut self, a: &mut Class, b: Class) -> DidMerge {
        debug_assert_eq!(a.shape, b.shape, "equal values have one shape");
        let merged = Class {
            shape: a.shape,
            layout: if a.zero || b.zero {
                Layout::Dense
            } else if a.is_sparse() {
                a.layout.clone()
            } else {
                b.layout.clone()
            },
            number: a.number.or(b.number),
            zero: a.zero || b.zero,
            data: a.data || b.data,
            sign: a.sign.and(b.sign),
        };
        let (of_a, of_b) = (merged != *a, merged != b);
        *a = merged;
        DidMerge(of_a, of_b)
    }

    /// Zeros of a shape are one class, of one node: else 0 = 0 @ a = 0 * b, and a class would be made of itself.
    fn modify(graph: &mut Graph, id: Id) {
        let class = &graph[id].data;
        if !class.zero || (graph[id].nodes.len() == 1 && graph[id].nodes[0].is_zeros()) {
            return;
        }
        let zeros = zeros(graph, graph[id].data.shape);
        graph.union(id, zeros);
        graph[id].nodes.retain(ENode::is_zeros);
    }
}

/// Zeros of a shape.
pub(super) fn zeros(graph: &mut Graph, shape: Shape) -> Id {
    let zero = graph.add(ENode::new(Op::Lit(Number::new(0.0)), vec![]));
    if shape.is_scalar() { zero } else { graph.add(ENode { sym: Sym::Expand(shape), args: vec![zero] }) }
}

/// Whether a node is zero whatever the values of its arguments are that are not zero themselves.
fn is_zero(node: &ENode, args: &[&Class]) -> bool {
    let (all, any) = (args.iter().all(|arg| arg.zero), args.iter().any(|arg| arg.zero));
    match &node.sym {
        Sym::Eye(_) | Sym::Observed(_) => false,
        Sym::Expand(_) | Sym::Sampled(_) => all,
        Sym::Op(Op::Lit(number)) => number.get() == 0.0,
        Sym::Op(Op::Mul | Op::MatMul) => any,
        Sym::Op(op) => match op.row().meaning {
            Meaning::Leaf => false,
            Meaning::Whole => all,
            // Sums take any number of arguments.
            Meaning::Map(_) | Meaning::Zip(_) if *op == Op::Add => all,
            Meaning::Map(_) | Meaning::Zip(_) => {
                let value = |arg: &&Class| if arg.zero { Some(0.0) } else { arg.number };
                args.iter().map(value).collect::<Option<Vec<f64>>>().and_then(|values| op.of_numbers(&values))
                    == Some(0.0)
            }
        },
    }
}

fn sign_of(graph: &Graph, node: &ENode, args: &[&Class]) -> Sign {
    let signs: Vec<Sign> = args.iter().map(|arg| arg.sign).collect();
    let twice = || matches!(node.args.as_slice(), [a, b] if graph.find(*a) == graph.find(*b));
    match &node.sym {
        Sym::Expand(_) | Sym::Sampled(_) => signs[0],
        Sym::Eye(_) | Sym::Observed(_) => Sign::BINARY,
        Sym::Op(Op::Var(var)) => graph.analysis.givens.get(var).map_or(Sign::UNKNOWN, |given| given.sign),
        Sym::Op(op) => {
            let even = || args[1].number.is_some_and(|n| n % 2.0 == 0.0);
            sign_of_op(op, &signs, (*op == Op::Mul && twice()) || (*op == Op::Pow && even()))
        }
    }
}

fn fact(class: &Class) -> Arg<'_> {
    Arg { layout: &class.layout, shape: class.shape, number: class.number }
}

fn given_shape(var: &Var, givens: &Givens) -> Shape {
    givens.get(var).map_or(Shape::SCALAR, |given| given.shape)
}

/// The shape of a primitive with a fixed number of arguments, which are known to fit.
fn shape_of(op: &Op, args: &[&Class]) -> Shape {
    fitting_shape(op.row().shape, &args.iter().map(|arg| arg.shape).collect::<Vec<_>>())
}
