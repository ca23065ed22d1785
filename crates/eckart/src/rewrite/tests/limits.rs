//! Whole searches: all rules together, and searches that end early.

use super::*;
use crate::expr::sum;
use crate::rewrite::rewrite_within;

#[test]
fn all_rules_together_hold_on_random_formulas() {
    let mut random = Random(31);
    for case in 0..60 {
        let depth = 1 + random.below(3);
        let roots = [formula(&mut random, depth), sum(formula(&mut random, depth).pow(2))];
        let world = world(&mut random);
        let simple = simplify(&roots, &world.givens()).unwrap();
        search_and_check(&simple, &world, RULES).unwrap_or_else(|wrong| panic!("case {case}, {roots:?}: {wrong}"));
    }
}

#[test]
fn a_search_that_ends_early_is_still_right() {
    let mut random = Random(32);
    for most_nodes in [0, 10, 30, 100] {
        for _ in 0..40 {
            let depth = 1 + random.below(3);
            let roots = [formula(&mut random, depth), sum(formula(&mut random, depth).pow(2))];
            let world = world(&mut random);
            let (rewritten, report) = rewrite_within(&roots, &world.givens(), most_nodes).unwrap();
            assert!(report.complete || report.nodes >= most_nodes);
            for (a, b) in world.literal(&roots).iter().zip(world.literal(&rewritten)) {
                for (x, y) in a.to_dense_f64().iter().zip(b.to_dense_f64()) {
                    assert!((x - y).abs() <= 1e-9 * (1.0 + x.abs()), "{roots:?} at {most_nodes}: {x} became {y}");
                }
            }
        }
    }
}
