//! Differentiate: from a scalar expression to its gradient expressions.
//! In: a scalar `Expr` and variables.  Out: one `Expr` a variable, of its shape.
//! Invariant: adds nodes, changes none; the sweep names no primitive; held to finite differences by tests/it/grad.rs.
//! Not here: simplification (see `rewrite`).

mod rules;

use crate::expr::{Dag, Expr, Op, expand};

/// The gradients of the number `cost` with respect to each of `vars`, by one reverse sweep (Griewank and Walther 2008,
/// chapter 3).
///
/// Each is a formula of its variable's shape, and may be differentiated again. Where `cost` turns out not to be 1 x 1,
/// compiling the gradient says so. A variable that `cost` does not depend on has gradient 0.
pub fn differentiate(cost: &Expr, vars: &[Expr]) -> Vec<Expr> {
    let roots: Vec<Expr> = std::iter::once(cost).chain(vars).cloned().collect();
    let dag = Dag::new(&roots);
    let (top, leaves) = (dag.roots()[0], &dag.roots()[1..]);
    let active = dag.depends(|id| leaves.contains(&id));
    let mut adjoints: Vec<Option<Expr>> = vec![None; dag.len()];
    adjoints[top.index()] = Some(Expr::new(Op::One, vec![cost.clone()]));
    for id in dag.ids().rev() {
        if !active[id.index()] || leaves.contains(&id) {
            continue;
        }
        let Some(adjoint) = adjoints[id.index()].clone() else { continue };
        let (args, parts) = match rules::pull_back_huber(&dag, id, &adjoint) {
            Some((z, part)) => (vec![z], vec![Some(part)]),
            None => (dag.args(id).to_vec(), rules::pull_back(dag.expr(id), &adjoint)),
        };
        for (arg, part) in args.into_iter().zip(parts) {
            let Some(part) = part.filter(|_| active[arg.index()]) else { continue };
            let slot = &mut adjoints[arg.index()];
            *slot = Some(match slot.take() {
                Some(sum) => sum + part,
                None => part,
            });
        }
    }
    let zero = |leaf: &Expr| expand(0.0, leaf);
    leaves.iter().map(|leaf| adjoints[leaf.index()].clone().unwrap_or_else(|| zero(dag.expr(*leaf)))).collect()
}

/// The gradients of the number `cost` with respect to each of `vars`: see [`differentiate`].
pub fn grad<const N: usize>(cost: &Expr, vars: [&Expr; N]) -> [Expr; N] {
    let found = differentiate(cost, &vars.map(Clone::clone));
    let mut found = found.into_iter();
    std::array::from_fn(|_| found.next().expect("one gradient a variable"))
}
