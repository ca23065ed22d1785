//! `cargo xtask bench`: runs the benches of the engine.

use crate::{Failure, command};

/// Runs them with `args` passed on, as a filter by name.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let mut bench = command::cargo(&crate::root());
    bench.args(["bench", "--package", "eckart"]);
    if !args.is_empty() {
        bench.arg("--").args(args);
    }
    command::run(&mut bench)
}
