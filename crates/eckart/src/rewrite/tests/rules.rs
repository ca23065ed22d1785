//! Each rule by itself: on its example and others, where it must not fire, and rules that are wrong.

use super::*;
use crate::expr::Op;
use crate::rewrite::build::{apply, as_scaled, product};
use crate::rewrite::rules::RuleKind;

/// Shapes of the examples: n, m, r.
const SHAPES: [[usize; 3]; 4] = [[6, 5, 2], [4, 7, 1], [5, 5, 3], [2, 3, 1]];
/// Shapes with sides of 1, or of a rank that saves nothing: rules may hold their peace there, but not lie.
const ODD_SHAPES: [[usize; 3]; 4] = [[1, 5, 2], [6, 1, 2], [1, 1, 1], [3, 4, 6]];

fn by_name(name: &str) -> &'static Rule {
    RULES.iter().find(|rule| rule.name == name).unwrap_or_else(|| panic!("there is no rule {name}"))
}

/// How often `rule` fires on `text`, all nodes checked. Double transposes are never written: another rule must make
/// one.
fn fires(rule: &Rule, text: &str, world: &World) -> Result<usize, Box<str>> {
    let first = if rule.name == "transpose-twice" { Some(*by_name("transpose-product")) } else { None };
    let rules: Vec<Rule> = first.into_iter().chain([*rule]).collect();
    search_and_check(&[parse_expr(text).unwrap()], world, &rules)
}

/// The rule fires on each formula, with sparse data and dense, and all it finds has the same value.
#[track_caller]
fn check(name: &str, texts: &[&str]) {
    let mut random = Random(21);
    for text in texts {
        for shape in SHAPES.into_iter().chain(ODD_SHAPES) {
            for sparse in [true, false, true] {
                let world = examples_world(&mut random, shape, sparse);
                let fired =
                    fires(by_name(name), text, &world).unwrap_or_else(|wrong| panic!("{name} at {shape:?}: {wrong}"));
                let must = SHAPES.contains(&shape) && (sparse || !text.contains(['X', 'L']));
                assert!(fired > 0 || !must, "{name} does not fire on {text} at {shape:?}, sparse {sparse}");
            }
        }
    }
}

/// The rule does not fire on the formula.
#[track_caller]
fn check_silent(name: &str, text: &str, sparse: bool) {
    let world = examples_world(&mut Random(22), SHAPES[0], sparse);
    assert_eq!(fires(by_name(name), text, &world), Ok(0), "{name} on {text}");
}

#[test]
fn every_rule_fires_on_its_example_and_holds() {
    for rule in RULES {
        check(rule.name, &[rule.example]);
    }
}

#[test]
fn stretched_terms_count_as_often_as_they_are_repeated() {
    check(
        "sum-sum",
        &["sum(X - W @ H - u - v - c - 2)", "rowsum(X - u)", "rowsum(X - v - 3)", "colsum(X - W @ H - u)"],
    );
    check("transpose-sum", &["(X - u).T", "(X - v - c).T", "(exp(X) - 2).T"]);
    check("sum-sum", &["colsum(X - v)", "sum(u + W @ H)", "colsum(c + W @ H)"]);
    check(
        "product-left",
        &["(X - u) @ H.T", "(X - v - c) @ H.T", "(X - 2) @ v.T", "(W @ H - u) @ X.T", "(u + X) @ X.T"],
    );
    // Beside a sparse matrix any sum is opened: its product with a term may be needed anyway.
    check("product-right", &["L @ (exp(X) - u)"]);
    check("product-right", &["W.T @ (X - u)", "W.T @ (X - v - c)", "u.T @ (X - 2)", "X.T @ (W @ H - v)"]);
    check("square", &["(X - u)**2", "(X - W @ H - v)**2", "(W @ H)**2", "(u * (W @ H) * 2)**2"]);
    check("distribute", &["(X - u - v) * (W @ H)", "(X - W @ H) * (X - W @ H) * u", "u * (W @ H + 2*v)"]);
}

#[test]
fn columns_lines_and_numbers_leave_products_on_their_own_side() {
    check("scale-left", &["(u * X) @ H.T", "(X * v) @ H.T", "(c * X) @ H.T", "(u * c * v * (W @ H)) @ X.T"]);
    check("scale-right", &["W.T @ (u * X)", "W.T @ (X * v)", "W.T @ (c * X)", "X.T @ (u * c * v * (W @ H))"]);
    check("sum-number", &["rowsum(2 * X)", "colsum(-1 * (W @ H))", "(3 * X).T", "W @ (2 * H)", "(3 * W) @ (2 * H)"]);
    check("sum-scaled", &["sum(u * (W @ H))", "sum(v * (W @ H) * c)", "sum(u**2 * v * (W @ H) * c)"]);
    check("sum-vector", &["sum(X * v)", "sum(c * X)", "sum(u * v * (W @ H))", "sum(c * u * v * X * (W @ H))"]);
    check("sum-outer", &["sum(u * v * c)", "sum(u * u * v)", "sum(v * sqrt(u**2) * abs(v))"]);
    check(
        "row-scaled",
        &["rowsum(u * X)", "rowsum(X * v)", "rowsum(c * X)", "rowsum(u * v)", "rowsum(c * u * v * (W @ H))"],
    );
    check(
        "col-scaled",
        &["colsum(u * X)", "colsum(X * v)", "colsum(c * X)", "colsum(u * v)", "colsum(c * u * v * (W @ H))"],
    );
}

#[test]
fn adjoints_hold_beside_anything() {
    let among = ["sum(X * (W @ H) * u)", "sum(abs(X) * (W @ H) * (W @ H))", "sum((X > 0) * (W @ H))"];
    check("adjoint-left", &among);
    check("adjoint-right", &among);
    check("adjoint-left", &["sum((W @ H) * (W @ H))", "sum(observed(X) * (W @ R @ H))"]);
    check("row-adjoint", &["rowsum(X * (W @ H) * v)", "rowsum((W @ H) * (W @ H))"]);
    check("col-adjoint", &["colsum(X * (W @ H) * u)", "colsum((W @ H) * (W @ H))"]);
    check("trace", &["trace(W.T @ (L @ W))", "trace(X @ X.T)", "trace((W @ R) @ W.T)"]);
    check("identity", &["eye(W.T @ W) @ R", "R @ eye(R)", "W @ eye(R) @ H"]);
    check("share-transposed", &["sum(W.T @ X) + sum(X.T @ W)", "L.T @ X + (X.T @ L).T"]);
    check("transpose-entrywise", &["(u * v).T", "(X * u).T", "(c * X * (W @ H)).T"]);
}

#[test]
fn functions_of_sparse_data_are_a_number_and_something_sparse() {
    check("zero-split", &["sum((X + 2)**0.5 * (W @ H))", "exp(2 * X) @ H.T"]);
    check("collect-left", &["u + X @ H.T - 2 * (X * (W @ H)) @ H.T", "abs(X) @ v.T + X @ v.T + (X > 0) @ v.T"]);
    check("collect-right", &["v + u.T @ X - u.T @ (X > 0)"]);
    // Off the pattern a function of a factor is no number.
    check_silent("zero-split", "sum(exp(X * u) * (W @ H))", true);
    // Two patterns are not one.
    check_silent("collect-left", "X @ H.T + S @ H.T", true);
    check_silent("collect-left", "X @ H.T + X @ (2 * exp(H)).T", true);
}

#[test]
fn what_is_0_or_1_is_its_own_square() {
    check("binary", &["(X > 0)**2 * (W @ H)", "observed(X)**0.5", "u * (W > 0)**3"]);
    check("absolute", &["abs(W**2)", "abs(observed(X))", "abs(exp(u) + (W > 0))"]);
    check_silent("binary", "W**2", true);
    check_silent("binary", "(2 * (X > 0))**2", true);
    check_silent("absolute", "abs(W * abs(W))", true);
    check_silent("absolute", "abs(X - 1)", true);
}

#[test]
fn a_mask_is_dropped_beside_what_it_masks() {
    let mut random = Random(26);
    let becomes = |text: &str, expected: &str, world: &World| {
        let formula = [parse_expr(text).unwrap()];
        let (rewritten, _) = crate::rewrite::rewrite(&formula, &world.givens()).unwrap();
        assert_eq!(rewritten[0].to_string(), expected, "{text}");
        search_and_check(&formula, world, RULES).unwrap();
    };
    let sparse = examples_world(&mut random, SHAPES[0], true);
    becomes("observed(X) * X", "X", &sparse);
    becomes("X * observed(X) * observed(X) * 2", "2 * X", &sparse);
    becomes("observed(X) * (X > 0)", "X > 0", &sparse);
    becomes("observed(X) * S", "observed(X) * S", &sparse);
    becomes("observed(X) * (X - S)", "observed(X) * (X - S)", &sparse);
    let mut missing = examples_world(&mut random, SHAPES[0], false);
    let x = missing.values["X"].to_dense_f64();
    let holes = |i: usize, j: usize| if (i + j).is_multiple_of(3) { f64::NAN } else { x[i * 5 + j] };
    missing.values.insert("X".into(), Matrix::from_fn(6, 5, holes).unwrap());
    becomes("observed(X) * X", "X", &missing);
    becomes("observed(X) * observed(X)", "observed(X)", &missing);
    becomes("observed(X) * exp(X)", "observed(X) * exp(X)", &missing);
}

#[test]
fn guards_hold_rules_back() {
    // Nothing is gained: beside a sparse factor the residual is computed at the stored entries, and not opened.
    check_silent("distribute", "sum(observed(X) * (X - W @ H) * (X - W @ H))", true);
    check_silent("square", "sum((u - v)**2)", true);
    check_silent("square", "sum(W**2)", true);
    check_silent("sum-sum", "sum(u + v)", true);
    check_silent("sum-sum", "sum(exp(W) + sqrt(abs(W)))", true);
    check_silent("product-left", "(abs(W) + exp(W)) @ H", true);
    // sum(a * b) is not sum(a) * sum(b) unless one is a column and the other a line.
    check_silent("sum-outer", "sum(X * u)", true);
    check_silent("sum-outer", "sum(u * u)", true);
    check_silent("sum-outer", "sum(W * W)", true);
    check_silent("sum-scaled", "sum(X * (W @ H))", true);
    check_silent("sum-vector", "sum(X * (W @ H))", true);
    check_silent("sum-vector", "sum(u * v)", true);
    // Every product has a transposed one: nothing is gained where nobody computes that.
    check_silent("share-transposed", "X @ H.T", true);
    check_silent("share-transposed", "sum(X @ H.T) + sum(X.T @ W)", true);
    check_silent("sum-number", "exp(2 * X)", true);
    check_silent("sum-number", "sum(c * X)", true);
    check_silent("row-scaled", "rowsum(X * (W @ H))", true);
    check_silent("col-scaled", "colsum(X * (W @ H))", true);
    check_silent("scale-left", "(X * (W @ H)) @ H.T", true);
    check_silent("scale-right", "W.T @ (X * (W @ H))", true);
    check_silent("trace", "sum(R * (W.T @ W))", true);
    check_silent("trace", "sum(eye(R) * (c @ c))", true);
    check_silent("identity", "R @ H", true);
    // A product as long inside as outside is no smaller than what it makes.
    let world = examples_world(&mut Random(23), [3, 4, 6], true);
    for name in ["adjoint-left", "adjoint-right"] {
        assert_eq!(fires(by_name(name), "sum(X * (W @ H))", &world), Ok(0));
    }
}

/// A rule that is wrong is caught on the formula.
#[track_caller]
fn check_caught(how: RuleKind, text: &str) {
    let mut random = Random(24);
    let rule = Rule { name: "wrong", says: "", example: "", how };
    // Square, so that what is wrong still has a fitting shape.
    let world = examples_world(&mut random, [5, 5, 3], true);
    let result = fires(&rule, text, &world);
    assert!(result.as_ref().is_err_and(|wrong| wrong.contains(" but ")), "a wrong rule passed on {text}: {result:?}");
}

#[test]
fn wrong_rules_are_caught() {
    check_caught(RuleKind::Pattern("(sum (@ ?a ?b))", "(sum (@ ?b ?a))"), "sum(W @ H)");
    check_caught(RuleKind::Pattern("(t (@ ?a ?b))", "(@ (t ?a) (t ?b))"), "(X @ L).T");
    check_caught(RuleKind::Pattern("(rowsum (@ ?a ?b))", "(t (@ (colsum ?a) ?b))"), "rowsum(W @ H)");
    check_caught(RuleKind::Pattern("(rowsum (t ?a))", "(rowsum ?a)"), "rowsum(X.T)");
    // The factor is dropped.
    let number_lost = |graph: &mut Graph, _, node: &ENode| {
        let (_, core) = as_scaled(graph, *node.args.first().filter(|_| node.is(&Op::Sum))?)?;
        Some(apply(graph, Op::Sum, &[core]))
    };
    check_caught(RuleKind::Local(number_lost), "sum(2 * (X @ H.T))");
    // (a + b)**2 = a * a + b * b.
    let mixed_lost = |graph: &mut Graph, _, node: &ENode| {
        let base = *node.args.first().filter(|_| node.is(&Op::Pow))?;
        let parts = crate::rewrite::build::terms(graph, base);
        let squares: Vec<(f64, Id)> = parts.iter().map(|&(w, id)| (w * w, product(graph, &[id, id]))).collect();
        Some(crate::rewrite::build::sum(graph, &squares))
    };
    check_caught(RuleKind::Local(mixed_lost), "(X - W @ H)**2");
    // sum(a * b) = sum(a) * sum(b), the guard forgotten.
    let guard_lost = |graph: &mut Graph, _, node: &ENode| {
        let inner =
            graph[*node.args.first().filter(|_| node.is(&Op::Sum))?].nodes.iter().find(|n| n.is(&Op::Mul))?.clone();
        let sums: Vec<Id> = inner.args.iter().map(|&arg| apply(graph, Op::Sum, &[arg])).collect();
        Some(product(graph, &sums))
    };
    check_caught(RuleKind::Local(guard_lost), "sum(u * X)");
    // The square of what is observed is what is observed only where the value is 0 or 1.
    let once = |graph: &mut Graph, _, node: &ENode| {
        let base = *node.args.first().filter(|_| node.is(&Op::Pow))?;
        Some(graph.find(base))
    };
    check_caught(RuleKind::Local(once), "sum(S**2)");
}

#[test]
fn rules_have_names_of_their_own_and_say_something() {
    let names: Vec<&str> = crate::rewrite::rules().map(|(name, _)| name).collect();
    for (at, name) in names.iter().enumerate() {
        assert!(!names[..at].contains(name), "{name} comes twice");
    }
    assert!(crate::rewrite::rules().all(|(_, says)| says.contains('=')));
}
