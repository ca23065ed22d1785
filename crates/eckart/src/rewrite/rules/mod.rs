//! Rules: the identities the search knows, one a row.
//! In: a class and one of its nodes.  Out: another class of the same value.
//! Invariant: an identity holds for all matrices that fit and satisfy its guard; rewrite/tests.rs tries each by itself.
//! Not here: the order in which they are tried (see `search`), which result is cheaper (see `cost`).

mod collect;
mod contract;
mod expand;
mod linear;
mod sign;
mod zero;

use egg::Id;

use super::language::{ENode, Graph};
use crate::expr::Op;

/// How a rule works.
#[derive(Clone, Copy)]
pub(super) enum RuleKind {
    /// What matches the first is equal to the second, in egg's notation.
    Pattern(&'static str, &'static str),
    /// Looks at a node of a class, and builds what is equal to it.
    Local(fn(&mut Graph, Id, &ENode) -> Option<Id>),
}

#[derive(Clone, Copy)]
pub(super) struct Rule {
    /// Its name.
    pub name: &'static str,
    /// What it says, and when.
    pub says: &'static str,
    /// A formula it applies to, on which the tests try it.
    #[cfg_attr(not(test), expect(dead_code, reason = "kept in the row for whoever reads it, and for the tests"))]
    pub example: &'static str,
    /// How it works.
    pub how: RuleKind,
}

const fn rule(name: &'static str, says: &'static str, example: &'static str, how: RuleKind) -> Rule {
    Rule { name, says, example, how }
}

const fn pattern(from: &'static str, to: &'static str) -> RuleKind {
    RuleKind::Pattern(from, to)
}

const fn local(rule: fn(&mut Graph, Id, &ENode) -> Option<Id>) -> RuleKind {
    RuleKind::Local(rule)
}

/// All rules. X and L stand for data, W and H for factors, u and v for a column and a line.
#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    // Open what is large: sums of which some term is sparse or of low rank.
    rule("square", "a**2 = a * a, where a can be opened",
        "sum((X - W @ H)**2)", local(expand::square)),
    rule("distribute", "(a + b) * c = a * c + b * c, where c is not sparse",
        "sum((X - W @ H) * (W @ H))", local(expand::distribute)),
    rule("zero-split", "f(X) = f(0) + observed(X) * (f(X) - f(0)), X sparse data",
        "sum((log(1 + X) - W @ H)**2)", local(zero::zero_split)),
    rule("divide", "a / b = a * (1 / b), where b is data",
        "sum((X - W @ H)**2 / (1 + X))", local(zero::divide)),
    rule("binary", "a * a = a, where a is 0 or 1",
        "sum((X > 0) * (X > 0) * (W @ H))", local(sign::binary_square)),
    rule("absolute", "abs(a) = a, where a is not negative",
        "sum(abs(exp(X)) * (W @ H))", local(sign::absolute)),
    // Carry linear functions into sums, and out of products with numbers, columns and lines.
    rule("sum-sum", "sum(a + b) = sum(a) + sum(b); so for rows, columns",
        "sum(X - W @ H)", local(linear::sum_of_sum)),
    rule("sum-number", "sum(2 * a) = 2 * sum(a); so for rows, columns, t, @",
        "sum(2 * (X @ H.T))", local(linear::raise_literal)),
    rule("product-left", "(a + b) @ c = a @ c + b @ c",
        "(X - W @ H) @ H.T", local(|graph, class, node| linear::sum_times(graph, class, node, 0))),
    rule("product-right", "a @ (b + c) = a @ b + a @ c",
        "W.T @ (X - W @ H)", local(|graph, class, node| linear::sum_times(graph, class, node, 1))),
    rule("scale-left", "(u * a) @ b = u * (a @ b), (v * a) @ b = a @ (v.T * b)",
        "(u * v * (W @ H)) @ H.T", local(|graph, class, node| linear::scaled_times(graph, class, node, 0))),
    rule("scale-right", "a @ (v * b) = v * (a @ b), a @ (u * b) = (a * u.T) @ b",
        "W.T @ (u * v * (W @ H))", local(|graph, class, node| linear::scaled_times(graph, class, node, 1))),
    rule("collect-left", "s @ a + t @ a = (s + t) @ a, s and t on one pattern",
        "X @ H.T + (X * (W @ H)) @ H.T", local(|graph, _, node| collect::collect(graph, node, 0))),
    rule("collect-right", "a @ s + a @ t = a @ (s + t), s and t on one pattern",
        "W.T @ X + W.T @ (X * (W @ H))", local(|graph, _, node| collect::collect(graph, node, 1))),
    // Contract: never form what is only summed.
    rule("sum-product", "sum(a @ b) = colsum(a) @ rowsum(b)",
        "sum(W @ H)", pattern("(sum (@ ?a ?b))", "(@ (colsum ?a) (rowsum ?b))")),
    rule("row-product", "rowsum(a @ b) = a @ rowsum(b)",
        "rowsum(W @ H)", pattern("(rowsum (@ ?a ?b))", "(@ ?a (rowsum ?b))")),
    rule("col-product", "colsum(a @ b) = colsum(a) @ b",
        "colsum(W @ H)", pattern("(colsum (@ ?a ?b))", "(@ (colsum ?a) ?b)")),
    rule("adjoint-left", "sum(c * (a @ b)) = sum(a * (c @ b.T)), low rank",
        "sum(X * (W @ H))", local(|graph, _, node| contract::adjoint(graph, node, &Op::Sum, 0))),
    rule("adjoint-right", "sum(c * (a @ b)) = sum(b * (a.T @ c)), low rank",
        "sum(X * (W @ H))", local(|graph, _, node| contract::adjoint(graph, node, &Op::Sum, 1))),
    rule("row-adjoint", "rowsum(c * (a @ b)) = rowsum(a * (c @ b.T))",
        "rowsum(X * (W @ H))", local(|graph, _, node| contract::adjoint(graph, node, &Op::RowSum, 0))),
    rule("col-adjoint", "colsum(c * (a @ b)) = colsum(b * (a.T @ c))",
        "colsum(X * (W @ H))", local(|graph, _, node| contract::adjoint(graph, node, &Op::ColSum, 1))),
    rule("sum-scaled", "sum(u * v * (a @ b)) = sum((u * a) @ (b * v))",
        "sum(u * v * (W @ H))", local(contract::sum_of_scaled)),
    rule("sum-vector", "sum(c * a) = c * sum(a), sum(u * a) = sum(u * rowsum(a)), sum(v * a) = sum(v * colsum(a))",
        "sum(u * X)", local(contract::sum_beside_vector)),
    rule("sum-outer", "sum(u * v) = sum(u) * sum(v)",
        "sum(u * v)", local(contract::sum_of_outer)),
    rule("row-scaled", "rowsum(u * a) = u * rowsum(a), rowsum(v * a) = a @ v.T",
        "rowsum(u * v * X)", local(|graph, _, node| contract::sums_of_scaled(graph, node, 0))),
    rule("col-scaled", "colsum(v * a) = v * colsum(a), colsum(u * a) = u.T @ a",
        "colsum(u * v * X)", local(|graph, _, node| contract::sums_of_scaled(graph, node, 1))),
    rule("trace", "sum(eye * (a @ b)) = sum(a * b.T)",
        "trace(W.T @ W)", local(contract::trace)),
    rule("identity", "eye @ a = a, a @ eye = a",
        "eye(W.T @ W) @ H", local(contract::times_identity)),
    // Associate and transpose.
    rule("associate-left", "a @ (b @ c) = (a @ b) @ c",
        "W @ (H @ H.T)", pattern("(@ ?a (@ ?b ?c))", "(@ (@ ?a ?b) ?c)")),
    rule("associate-right", "(a @ b) @ c = a @ (b @ c)",
        "(W @ H) @ H.T", pattern("(@ (@ ?a ?b) ?c)", "(@ ?a (@ ?b ?c))")),
    rule("transpose-product", "(a @ b).T = b.T @ a.T",
        "(W @ H).T @ W", pattern("(t (@ ?a ?b))", "(@ (t ?b) (t ?a))")),
    rule("share-transposed", "a @ b = (b.T @ a.T).T, where that is there",
        "sum(X @ H.T) + sum(H @ X.T)", local(linear::share_transposed)),
    rule("transpose-twice", "a.T.T = a",
        "(H.T @ W.T).T", pattern("(t (t ?a))", "?a")),
    rule("transpose-sum", "(a + b).T = a.T + b.T",
        "(X - W @ H).T @ W", local(linear::transpose_sum)),
    rule("transpose-entrywise", "(a * b).T = a.T * b.T",
        "(X * (W @ H)).T @ W", local(linear::transpose_product)),
    rule("sum-transposed", "sum(a.T) = sum(a)",
        "sum((W @ H).T)", pattern("(sum (t ?a))", "(sum ?a)")),
    rule("row-transposed", "rowsum(a.T) = colsum(a).T",
        "rowsum(X.T)", pattern("(rowsum (t ?a))", "(t (colsum ?a))")),
    rule("col-transposed", "colsum(a.T) = rowsum(a).T",
        "colsum(X.T)", pattern("(colsum (t ?a))", "(t (rowsum ?a))")),
];
