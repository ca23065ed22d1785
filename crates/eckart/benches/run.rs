//! How long one evaluation of an objective and all its gradients takes.

mod cases;
mod timing;

use cases::CASES;
use eckart::function::Compiled;
use timing::Bench;

fn main() {
    let bench = Bench::of("run");
    for (name, case) in CASES {
        let prepare = || {
            let case = case();
            let compiled = Compiled::new(&case.roots(), &case.bound.givens, usize::MAX).expect("shapes fit");
            (compiled, case.bound.inputs)
        };
        bench.case(name, prepare, |(compiled, inputs)| compiled.run(inputs).expect("all inputs are given"));
    }
}
