//! Dag: a set of formulas with every distinct part once, in an order in which arguments come first.
//! In: root expressions.  Out: numbered nodes.
//! Invariant: equal parts have equal numbers; the numbering depends on the formulas alone.
//! Not here: any change of a formula (see `rewrite`).

use std::collections::BTreeMap;

use super::op::Op;
use super::tree::Expr;
use super::var::Var;

/// The number of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(u32);

impl Id {
    /// The number as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Formulas with every distinct part once.
#[derive(Debug, Clone)]
pub struct Dag {
    nodes: Vec<(Expr, Vec<Id>)>,
    roots: Vec<Id>,
}

impl Dag {
    /// Numbers all parts of `roots`.
    pub fn new(roots: &[Expr]) -> Self {
        let mut build = Build::default();
        let roots = roots.iter().map(|root| build.visit(root)).collect();
        Self { nodes: build.nodes, roots }
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All nodes, arguments first.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = Id> + use<> {
        (0..self.nodes.len() as u32).map(Id)
    }

    /// The nodes of the formulas given, in their order.
    pub fn roots(&self) -> &[Id] {
        &self.roots
    }

    /// The node as a formula (the first that was met, where several are equal).
    pub fn expr(&self, id: Id) -> &Expr {
        &self.nodes[id.index()].0
    }

    /// The node's primitive.
    pub fn op(&self, id: Id) -> &Op {
        self.expr(id).op()
    }

    /// The node's arguments.
    pub fn args(&self, id: Id) -> &[Id] {
        &self.nodes[id.index()].1
    }

    /// A value of each node, from the values of the nodes before it, among which are its arguments'.
    pub(crate) fn bottom_up<T>(&self, mut value: impl FnMut(Id, &[T]) -> T) -> Vec<T> {
        let mut values = Vec::with_capacity(self.len());
        for id in self.ids() {
            let next = value(id, &values);
            values.push(next);
        }
        values
    }

    /// For each node, whether it depends on a node for which `is_source` holds.
    pub fn depends(&self, is_source: impl Fn(Id) -> bool) -> Vec<bool> {
        self.bottom_up(|id, depends| is_source(id) || self.args(id).iter().any(|arg| depends[arg.index()]))
    }
}

impl Expr {
    /// All variables in the formula, each once, in the order in which they are met from left to right.
    pub fn variables(&self) -> Vec<Var> {
        let dag = Dag::new(std::slice::from_ref(self));
        dag.ids().filter_map(|id| dag.expr(id).as_var()).cloned().collect()
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        equal_at_sight(self, other).unwrap_or_else(|| {
            let dag = Dag::new(&[self.clone(), other.clone()]);
            dag.roots()[0] == dag.roots()[1]
        })
    }
}

/// Pairs of parts that are compared before both formulas are numbered.
const MOST_PAIRS: usize = 64;

/// Whether two formulas are equal, where few pairs of their parts tell it.
fn equal_at_sight(a: &Expr, b: &Expr) -> Option<bool> {
    let mut stack = vec![(a, b)];
    for _ in 0..MOST_PAIRS {
        let Some((a, b)) = stack.pop() else { return Some(true) };
        if a.address() == b.address() {
            continue;
        }
        if a.op() != b.op() || a.args().len() != b.args().len() {
            return Some(false);
        }
        stack.extend(a.args().iter().zip(b.args()));
    }
    None
}

#[derive(Default)]
struct Build {
    nodes: Vec<(Expr, Vec<Id>)>,
    by_address: BTreeMap<usize, Id>,
    by_parts: BTreeMap<(Op, Vec<Id>), Id>,
}

impl Build {
    /// Walks with a stack of its own: formulas may be deep.
    fn visit(&mut self, root: &Expr) -> Id {
        let mut stack = vec![(root.clone(), 0)];
        while let Some((expr, next)) = stack.pop() {
            if self.by_address.contains_key(&expr.address()) {
                continue;
            }
            if let Some(arg) = expr.args().get(next) {
                let arg = arg.clone();
                stack.push((expr, next + 1));
                stack.push((arg, 0));
                continue;
            }
            let args: Vec<Id> = expr.args().iter().map(|a| self.by_address[&a.address()]).collect();
            let fresh = Id(self.nodes.len() as u32);
            let id = *self.by_parts.entry((expr.op().clone(), args.clone())).or_insert(fresh);
            self.by_address.insert(expr.address(), id);
            if id == fresh {
                self.nodes.push((expr, args));
            }
        }
        self.by_address[&root.address()]
    }
}
