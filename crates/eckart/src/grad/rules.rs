//! Rules: one a primitive: how a change of its value comes from changes of its arguments, turned round.
//! In: a node and the derivative of the cost by its value (its adjoint g).  Out: the same for each argument.
//! Invariant: each part has its argument's shape (`sumto` where the argument was stretched); `None` where there is
//! none.
//! Not here: adding the parts up (see the sweep in `grad`).

use crate::expr::{Dag, Expr, Id, Op, clip, exp, expand, greater, huber_at, log, max, sigmoid, sign, sumto};

/// A length is divided by no less than this: where it is 0, so are the entries whose length it is, and with them their
/// gradient, which is one of the subgradients there. f32 can hold its reciprocal.
const LEAST_LENGTH: f64 = 1e-30;

/// Whether a node is the root of a sum, as `norm`, `rownorm` and `colnorm` are.
fn is_length(node: &Expr) -> bool {
    let args = node.args();
    let of_sum = |base: &Expr| matches!(base.op(), Op::Sum | Op::RowSum | Op::ColSum);
    *node.op() == Op::Pow && of_sum(&args[0]) && args[1].as_number() == Some(0.5)
}

/// The z of a node `huber(z, delta)` and its adjoint, g clip(z, -delta, delta): what the rules of the loss's primitives
/// come to. `None` for other nodes, and for a `delta` that is not known to be 0 or more.
pub(super) fn pull_back_huber(dag: &Dag, id: Id, g: &Expr) -> Option<(Id, Expr)> {
    let huber = huber_at(dag, id)?;
    let delta = dag.expr(huber.delta).as_number().filter(|delta| *delta >= 0.0)?;
    Some((huber.z, g * clip(dag.expr(huber.z), -delta, delta)))
}

/// The adjoints of the arguments of `node`, from its own.
pub(super) fn pull_back(node: &Expr, g: &Expr) -> Vec<Option<Expr>> {
    let args = node.args();
    let a = || &args[0];
    let b = || &args[1];
    let both = |da: Expr, db: Expr| vec![Some(sumto(da, a())), Some(sumto(db, b()))];
    let one = |da: Expr| vec![Some(da)];
    match node.op() {
        Op::Var(_) | Op::Lit(_) => vec![],
        Op::Add => both(g.clone(), g.clone()),
        Op::Sub => both(g.clone(), -g),
        Op::Mul => both(g * b(), g * a()),
        Op::Div => both(g / b(), -(g * node / b())),
        Op::Pow if is_length(node) => vec![Some(g * (0.5 / max(node, LEAST_LENGTH))), None],
        Op::Pow => both(g * (b() * a().pow(b() - 1.0)), g * (node * log(a()))),
        Op::Max => both(g * (1.0 - greater(b(), a())), g * greater(b(), a())),
        Op::Min => both(g * (1.0 - greater(a(), b())), g * greater(a(), b())),
        Op::Greater => vec![None, None],
        Op::Exp => one(g * exp(a())),
        Op::Log => one(g / a()),
        Op::XLogX => one(g * (log(a()) + 1.0)),
        Op::Abs => one(g * sign(a())),
        Op::Sign => vec![None],
        Op::Sigmoid => one(g * (node * (1.0 - node))),
        Op::Softplus => one(g * sigmoid(a())),
        Op::Observed => vec![None],
        Op::MatMul => vec![Some(g.dot(b().t())), Some(a().t().dot(g))],
        Op::Transpose => one(g.t()),
        Op::Sum | Op::RowSum | Op::ColSum => one(expand(g, a())),
        Op::Expand => vec![Some(sumto(g, a())), None],
        Op::SumTo => vec![Some(expand(g, a())), None],
        Op::Eye | Op::One => vec![None],
    }
}
