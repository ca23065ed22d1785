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

use super::language::{Graph, Node};

/// How a rule works.
#[derive(Clone, Copy)]
pub(super) enum How {
    /// What matches the first is equal to the second, in egg's notation.
    Pattern(&'static str, &'static str),
    /// Looks at a node of a class, and builds what is equal to it.
    Local(fn(&mut Graph, Id, &Node) -> Option<Id>),
}

/// A rule.
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
    pub how: How,
}

const fn pattern(from: &'static str, to: &'static str) -> How {
    How::Pattern(from, to)
}

const fn local(rule: fn(&mut Graph, Id, &Node) -> Option<Id>) -> How {
    How::Local(rule)
}

/// All rules. X and L stand for data, W and H for factors, u and v for a column and a line.
#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    // Open what is large: sums of which some term is sparse or of low rank.
    Rule { name: "square",        says: "a**2 = a * a, where a can be opened",                 example: "sum((X - W @ H)**2)",         how: local(expand::square) },
    Rule { name: "distribute",    says: "(a + b) * c = a * c + b * c, where c is not sparse",  example: "sum((X - W @ H) * (W @ H))",  how: local(expand::distribute) },
    Rule { name: "zero-split",    says: "f(X) = f(0) + observed(X) * (f(X) - f(0)), X sparse data", example: "sum((log(1 + X) - W @ H)**2)", how: local(zero::zero_split) },
    Rule { name: "divide",        says: "a / b = a * (1 / b), where b is data",                example: "sum((X - W @ H)**2 / (1 + X))", how: local(zero::divide) },
    Rule { name: "binary",        says: "a * a = a, where a is 0 or 1",                        example: "sum((X > 0) * (X > 0) * (W @ H))", how: local(sign::binary_square) },
    Rule { name: "absolute",      says: "abs(a) = a, where a is not negative",                 example: "sum(abs(exp(X)) * (W @ H))",  how: local(sign::absolute) },
    // Carry linear functions into sums, and out of products with numbers, columns and lines.
    Rule { name: "sum-sum",       says: "sum(a + b) = sum(a) + sum(b); so for rows, columns", example: "sum(X - W @ H)",            how: local(linear::sum_of_sum) },
    Rule { name: "sum-number",    says: "sum(2 * a) = 2 * sum(a); so for rows, columns, t, @", example: "sum(2 * (X @ H.T))",          how: local(linear::raise_literal) },
    Rule { name: "product-left",  says: "(a + b) @ c = a @ c + b @ c",                         example: "(X - W @ H) @ H.T",           how: local(linear::sum_times) },
    Rule { name: "product-right", says: "a @ (b + c) = a @ b + a @ c",                         example: "W.T @ (X - W @ H)",           how: local(linear::times_sum) },
    Rule { name: "scale-left",    says: "(u * a) @ b = u * (a @ b), (v * a) @ b = a @ (v.T * b)", example: "(u * v * (W @ H)) @ H.T",  how: local(linear::scaled_times) },
    Rule { name: "scale-right",   says: "a @ (v * b) = v * (a @ b), a @ (u * b) = (a * u.T) @ b", example: "W.T @ (u * v * (W @ H))",  how: local(linear::times_scaled) },
    Rule { name: "collect-left",  says: "s @ a + t @ a = (s + t) @ a, s and t on one pattern", example: "X @ H.T + (X * (W @ H)) @ H.T", how: local(collect::sparse_times) },
    Rule { name: "collect-right", says: "a @ s + a @ t = a @ (s + t), s and t on one pattern", example: "W.T @ X + W.T @ (X * (W @ H))", how: local(collect::times_sparse) },
    // Contract: never form what is only summed.
    Rule { name: "sum-product",   says: "sum(a @ b) = colsum(a) @ rowsum(b)",                  example: "sum(W @ H)",    how: pattern("(sum (@ ?a ?b))", "(@ (colsum ?a) (rowsum ?b))") },
    Rule { name: "row-product",   says: "rowsum(a @ b) = a @ rowsum(b)",                       example: "rowsum(W @ H)", how: pattern("(rowsum (@ ?a ?b))", "(@ ?a (rowsum ?b))") },
    Rule { name: "col-product",   says: "colsum(a @ b) = colsum(a) @ b",                       example: "colsum(W @ H)", how: pattern("(colsum (@ ?a ?b))", "(@ (colsum ?a) ?b)") },
    Rule { name: "adjoint-left",  says: "sum(c * (a @ b)) = sum(a * (c @ b.T)), low rank",     example: "sum(X * (W @ H))",            how: local(contract::adjoint_left) },
    Rule { name: "adjoint-right", says: "sum(c * (a @ b)) = sum(b * (a.T @ c)), low rank",     example: "sum(X * (W @ H))",            how: local(contract::adjoint_right) },
    Rule { name: "row-adjoint",   says: "rowsum(c * (a @ b)) = rowsum(a * (c @ b.T))",         example: "rowsum(X * (W @ H))",         how: local(contract::row_adjoint) },
    Rule { name: "col-adjoint",   says: "colsum(c * (a @ b)) = colsum(b * (a.T @ c))",         example: "colsum(X * (W @ H))",         how: local(contract::col_adjoint) },
    Rule { name: "sum-scaled",    says: "sum(u * v * (a @ b)) = sum((u * a) @ (b * v))",       example: "sum(u * v * (W @ H))",        how: local(contract::sum_of_scaled) },
    Rule { name: "sum-vector",    says: "sum(c * a) = c * sum(a), sum(u * a) = sum(u * rowsum(a)), sum(v * a) = sum(v * colsum(a))", example: "sum(u * X)", how: local(contract::sum_beside_vector) },
    Rule { name: "sum-outer",     says: "sum(u * v) = sum(u) * sum(v)",                        example: "sum(u * v)",                  how: local(contract::sum_of_outer) },
    Rule { name: "row-scaled",    says: "rowsum(u * a) = u * rowsum(a), rowsum(v * a) = a @ v.T", example: "rowsum(u * v * X)",        how: local(contract::rowsum_of_scaled) },
    Rule { name: "col-scaled",    says: "colsum(v * a) = v * colsum(a), colsum(u * a) = u.T @ a", example: "colsum(u * v * X)",        how: local(contract::colsum_of_scaled) },
    Rule { name: "trace",         says: "sum(eye * (a @ b)) = sum(a * b.T)",                   example: "trace(W.T @ W)",              how: local(contract::trace) },
    Rule { name: "identity",      says: "eye @ a = a, a @ eye = a",                            example: "eye(W.T @ W) @ H",            how: local(contract::times_identity) },
    // Associate and transpose.
    Rule { name: "associate-left",  says: "a @ (b @ c) = (a @ b) @ c", example: "W @ (H @ H.T)", how: pattern("(@ ?a (@ ?b ?c))", "(@ (@ ?a ?b) ?c)") },
    Rule { name: "associate-right", says: "(a @ b) @ c = a @ (b @ c)", example: "(W @ H) @ H.T", how: pattern("(@ (@ ?a ?b) ?c)", "(@ ?a (@ ?b ?c))") },
    Rule { name: "flip-product",    says: "(a @ b).T = b.T @ a.T",     example: "(W @ H).T @ W", how: pattern("(t (@ ?a ?b))", "(@ (t ?b) (t ?a))") },
    Rule { name: "share-flipped",   says: "a @ b = (b.T @ a.T).T, where that is there", example: "sum(X @ H.T) + sum(H @ X.T)", how: local(linear::share_flipped) },
    Rule { name: "flip-twice",      says: "a.T.T = a",                 example: "(H.T @ W.T).T", how: pattern("(t (t ?a))", "?a") },
    Rule { name: "flip-sum",        says: "(a + b).T = a.T + b.T",     example: "(X - W @ H).T @ W", how: local(linear::flip_sum) },
    Rule { name: "flip-entrywise",  says: "(a * b).T = a.T * b.T",     example: "(X * (W @ H)).T @ W", how: local(linear::flip_product) },
    Rule { name: "sum-flipped",     says: "sum(a.T) = sum(a)",         example: "sum((W @ H).T)", how: pattern("(sum (t ?a))", "(sum ?a)") },
    Rule { name: "row-flipped",     says: "rowsum(a.T) = colsum(a).T", example: "rowsum(X.T)",   how: pattern("(rowsum (t ?a))", "(t (colsum ?a))") },
    Rule { name: "col-flipped",     says: "colsum(a.T) = rowsum(a).T", example: "colsum(X.T)",   how: pattern("(colsum (t ?a))", "(t (rowsum ?a))") },
];
