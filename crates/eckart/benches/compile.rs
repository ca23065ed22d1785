//! How long it takes from the text of an objective to a function that can be run, gradients included: at most 50 ms.

#[path = "../tests/it/cases.rs"]
#[allow(dead_code, reason = "the golden tests read what the bench does not")]
mod cases;
mod timing;

use std::time::Duration;

use timing::Bench;

const MOST: Duration = Duration::from_millis(50);

fn main() {
    let bench = Bench::of("compile");
    let mut slow = Vec::new();
    for case in cases::cases() {
        let median = bench.case(&case.name, || (), |()| case.compile());
        if median.is_some_and(|median| median > MOST) {
            slow.push(case.name);
        }
    }
    if !slow.is_empty() {
        println!("over {MOST:?}: {slow:?}");
        std::process::exit(1);
    }
}
