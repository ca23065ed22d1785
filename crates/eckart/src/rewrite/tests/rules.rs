//! Each rule by itself: on its example and others, where it must not fire, and rules that are wrong.

use super::*;
use crate::expr::Op;
use crate::rewrite::rules::How;

/// Shapes of the examples: n, m, r. Where r is not below n and m, nothing is of low rank.
const SHAPES: [[usize; 3]; 4] = [[6, 5, 2], [4, 7, 1], [5, 5, 3], [2, 3, 1]];

fn by_name(name: &str) -> &'static Rule {
    RULES.iter().find(|rule| rule.name == name).unwrap_or_else(|| panic!("there is no rule {name}"))
}

/// How often `rule` fires on `text`, all nodes checked. A transpose of a transpose is never built, only found.
fn fires(rule: &Rule, text: &str, world: &World) -> Result<usize, Box<str>> {
    let copy = |rule: &Rule| Rule { name: rule.name, says: rule.says, example: rule.example, how: rule.how };
    let mut rules = vec![copy(rule)];
    if rule.name == "flip-twice" {
        rules.insert(0, copy(by_name("flip-product")));
    }
    search_and_check(&[parse_expr(text).unwrap()], world, &rules)
}

#[track_caller]
fn must_fire(name: &str, text: &str) {
    let mut random = Random(21);
    for shape in SHAPES {
        for sparse in [true, false, true] {
            let world = examples_world(&mut random, shape, sparse);
            let fired =
                fires(by_name(name), text, &world).unwrap_or_else(|wrong| panic!("{name} at {shape:?}: {wrong}"));
            // Some rules are about sparse data, some about products of low rank.
            let may_not = !sparse || shape[2] >= shape[0].min(shape[1]);
            assert!(fired > 0 || may_not, "{name} does not fire on {text} at {shape:?}");
        }
    }
}

#[test]
fn every_rule_fires_on_its_example_and_holds() {
    for rule in RULES {
        must_fire(rule.name, rule.example);
    }
}

#[test]
fn rules_hold_where_terms_are_stretched() {
    must_fire("sum-sum", "sum(X - W @ H - u - v - c)");
    must_fire("sum-sum", "rowsum(X - W @ H - u - v - c)");
    must_fire("sum-sum", "colsum(X - W @ H - u - v - c)");
    must_fire("sum-sum", "(X - W @ H - u - v).T @ W");
    must_fire("distribute", "sum((X - W @ H - u - v - c) * (W @ H))");
    must_fire("square", "sum((X - u - W @ H)**2)");
    must_fire("product-left", "(X - W @ H - u - v - c) @ H.T");
    must_fire("product-right", "W.T @ (X - W @ H - u - v - c)");
    must_fire("scale-left", "(c * u * X) @ H.T");
    must_fire("scale-left", "(v * (W @ H)) @ H.T");
    must_fire("scale-right", "W.T @ (v * X)");
    must_fire("scale-right", "W.T @ (u * X)");
    must_fire("sum-scaled", "sum(u * (W @ H))");
    must_fire("sum-outer", "sum(u * v * c)");
    must_fire("row-scaled", "rowsum(v * X)");
    must_fire("col-scaled", "colsum(u * X)");
    must_fire("zero-split", "sum((X + 2)**0.5 * (W @ H))");
    must_fire("collect-left", "u + X @ H.T - 2 * (X * (W @ H)) @ H.T");
}

#[test]
fn rules_keep_their_guards() {
    let mut random = Random(22);
    let world = examples_world(&mut random, [6, 5, 2], true);
    let refuses = |name: &str, text: &str| {
        assert_eq!(fires(by_name(name), text, &world), Ok(0), "{name} must not fire on {text}");
    };
    // Beside a sparse factor the residual is computed at the stored entries, without cancellation.
    refuses("distribute", "sum(X * (X - W @ H))");
    // Nothing is gained by opening small sums.
    refuses("square", "sum((W.T @ W - R)**2)");
    refuses("product-left", "(W + 2 * W) @ H");
    // The inner side of W.T @ W is the long one.
    refuses("adjoint-left", "sum(R * (W.T @ W))");
    // Off the pattern a function of a factor is no number.
    refuses("zero-split", "sum(exp(X * u) * (W @ H))");
    // Two patterns are not one.
    refuses("collect-left", "X @ H.T + S @ H.T");
}

/// The checker itself: rules that are wrong are caught.
#[test]
fn a_wrong_rule_is_caught() {
    fn forget_a_factor(graph: &mut Graph, _class: Id, node: &Node) -> Option<Id> {
        let base = node.is(&Op::Pow).then(|| node.args[0])?;
        Some(graph.add(Node::new(Op::Add, vec![base, base])))
    }
    let wrong = |how: How, text: &str| {
        let mut random = Random(23);
        let world = examples_world(&mut random, [6, 6, 2], true);
        let rule = Rule { name: "wrong", says: "", example: "", how };
        let caught = search_and_check(&[parse_expr(text).unwrap()], &world, &[rule]);
        assert!(caught.is_err(), "not caught on {text}");
    };
    wrong(How::Pattern("(rowsum (@ ?a ?b))", "(@ ?a (t (colsum ?b)))"), "rowsum(L @ L)");
    wrong(How::Pattern("(t (@ ?a ?b))", "(@ (t ?a) (t ?b))"), "(L @ X).T");
    wrong(How::Pattern("(sum (@ ?a ?b))", "(sum (@ ?b ?a))"), "sum(L @ X)");
    wrong(How::Local(forget_a_factor), "sum(X**2)");
}
