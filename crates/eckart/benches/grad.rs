//! How long it takes to derive all gradients of an objective.

mod cases;
mod timing;

use cases::CASES;
use timing::Bench;

fn main() {
    let bench = Bench::of("grad");
    for (name, case) in CASES {
        bench.case(name, case, |case| case.roots());
    }
}
