//! How long it takes to plan what was rewritten.

mod cases;
mod timing;

use cases::CASES;
use eckart::plan::plan;
use eckart::rewrite::rewrite;
use timing::Bench;

fn main() {
    let bench = Bench::of("plan");
    for (name, case) in CASES {
        let prepare = || {
            let case = case();
            let (rewritten, _) = rewrite(&case.roots(), &case.bound.givens).expect("shapes fit");
            (rewritten, case.bound.givens)
        };
        bench.case(name, prepare, |(roots, givens)| plan(roots, givens).expect("shapes fit"));
    }
}
