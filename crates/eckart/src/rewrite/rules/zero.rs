//! Zero: a function of sparse data is what it is at zero, plus something on the pattern.
//! In: a class of data and a node.  Out: an equal class, or nothing where the guard fails.
//! Invariant: `log(1 + X)` stays as sparse as X; `1 / (1 + X)` is 1 and something sparse.
//! Not here: functions of factors: their value off the pattern is a matrix of its own.

use std::collections::BTreeMap;

use egg::Id;

use crate::expr::{Meaning, Op, Var};
use crate::facts::Layout;
use crate::rewrite::build::{apply, is_pointwise, number, product, sum};
use crate::rewrite::language::{ENode, Graph, Sym};

/// How deep a function is looked into.
const DEEPEST: usize = 16;

/// The value off the pattern, and whose pattern it is.
type AtZero = (f64, Option<Var>);

pub(super) fn zero_split(graph: &mut Graph, class: Id, node: &ENode) -> Option<Id> {
    let known = &graph[class].data;
    let function = is_pointwise(node) && !node.is(&Op::Add) && !node.is(&Op::Mul);
    if !function || !known.data || known.is_sparse() || known.shape.rows == 1 || known.shape.cols == 1 {
        return None;
    }
    let (at_zero, var) = of_node(graph, node, 0, &mut BTreeMap::new())?;
    let var = var.filter(|_| at_zero.is_finite())?;
    let rest = if at_zero == 0.0 {
        class
    } else {
        let one = number(graph, 1.0);
        sum(graph, &[(1.0, class), (-at_zero, one)])
    };
    let sampled = graph.add(ENode { sym: Sym::Sampled(var), args: vec![rest] });
    let one = number(graph, 1.0);
    Some(sum(graph, &[(at_zero, one), (1.0, sampled)]))
}

/// A quotient by data is a weight.
pub(super) fn divide(graph: &mut Graph, class: Id, node: &ENode) -> Option<Id> {
    if !node.is(&Op::Div) || graph[class].data.data {
        return None;
    }
    let (a, b) = (node.args[0], node.args[1]);
    let shape = graph[b].data.shape;
    if !graph[b].data.data || graph[b].data.is_sparse() || shape.rows == 1 || shape.cols == 1 {
        return None;
    }
    let one = number(graph, 1.0);
    let weight = apply(graph, Op::Div, &[one, b]);
    Some(product(graph, &[a, weight]))
}

/// What is known of classes; a class that is being looked at has nothing known of it.
type Known = BTreeMap<Id, Option<AtZero>>;

fn of_class(graph: &Graph, id: Id, depth: usize, known: &mut Known) -> Option<AtZero> {
    let class = &graph[id].data;
    if let Some(value) = class.number {
        return Some((value, None));
    }
    if let Layout::Sparse { pattern: Some((var, false)), .. } = &class.layout {
        return Some((0.0, Some(var.clone())));
    }
    if depth > DEEPEST {
        return None;
    }
    let id = graph.find(id);
    if let Some(found) = known.get(&id) {
        return found.clone();
    }
    known.insert(id, None);
    let found = graph[id].nodes.iter().find_map(|node| of_node(graph, node, depth + 1, known));
    known.insert(id, found.clone());
    found
}

fn of_node(graph: &Graph, node: &ENode, depth: usize, known: &mut Known) -> Option<AtZero> {
    let Sym::Op(op) = &node.sym else { return None };
    let args: Vec<AtZero> = node.args.iter().map(|&arg| of_class(graph, arg, depth, known)).collect::<Option<_>>()?;
    let mut vars = args.iter().filter_map(|(_, var)| var.clone());
    let first = vars.next();
    if vars.any(|var| Some(&var) != first.as_ref()) {
        return None;
    }
    let values: Vec<f64> = args.into_iter().map(|(value, _)| value).collect();
    // Sums and products have any number of arguments here.
    let value = match (op.row().meaning, values.as_slice()) {
        (Meaning::Zip(f), values) => values.iter().copied().reduce(f)?,
        (_, values) => op.of_numbers(values)?,
    };
    Some((value, first))
}
