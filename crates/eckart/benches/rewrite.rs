//! How long it takes to find the cheapest form of an objective and its gradients.

mod cases;
mod timing;

use cases::CASES;
use eckart::rewrite::rewrite;
use timing::Bench;

fn main() {
    let bench = Bench::of("rewrite");
    for (name, case) in CASES {
        let prepare = || {
            let case = case();
            (case.roots(), case.bound.givens)
        };
        bench.case(name, prepare, |(roots, givens)| rewrite(roots, givens).expect("shapes fit"));
    }
}
