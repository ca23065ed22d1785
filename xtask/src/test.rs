//! `cargo xtask test`: everything that must hold, in order, stopping at the first that doesn't.

use crate::python::{self, Build};
use crate::{Failure, command, sanitize, soak, tidy};
use std::path::Path;
use std::time::{Duration, Instant};

/// A step: its name and what it runs in the root of the workspace.
struct Step {
    name: &'static str,
    run: fn(&Path) -> Result<(), Failure>,
}

/// What every change must pass. All of it is built once, by the profile `dev`: the tests of the Python package run on
/// it, too.
const STEPS: &[Step] = &[
    Step { name: "tidy", run: tidy::tidy },
    Step { name: "tests", run: |root| command::run(command::cargo(root).args(["test", "--workspace"])) },
    Step { name: "soak", run: |_| soak::run(&[]) },
    Step { name: "python", run: |root| python::check(root, Build::Dev) },
];

/// What takes longer, before an issue is closed: the code that is shipped, at every level of registers, and the
/// sanitizer.
const LONG: &[Step] = &[
    Step { name: "benches do each case once", run: |root| command::run(command::cargo(root).args(BENCHES)) },
    Step { name: "release", run: |root| command::run(command::cargo(root).args(RELEASE).env("ECKART_LONG", "1")) },
    Step { name: "release, 128 bits", run: |root| with_registers(root, "base") },
    Step { name: "release, 256 bits", run: |root| with_registers(root, "avx2") },
    Step { name: "python, release", run: |root| python::check(root, Build::Release) },
    Step { name: "sanitizer", run: |_| sanitize::run(&[]) },
    Step { name: "soak, longer", run: |_| soak::run(&["--seconds".to_owned(), soak::LONG.to_string()]) },
];

const BENCHES: [&str; 4] = ["test", "--package", "eckart", "--benches"];
const RELEASE: [&str; 8] = ["test", "--release", "-p", "eckart", "-p", "eckart-kernels", "-p", "eckart-cli"];

/// The tests of the engine as it is shipped, with narrower registers than the processor has.
fn with_registers(root: &Path, level: &str) -> Result<(), Failure> {
    command::run(command::cargo(root).args(RELEASE).env("ECKART_REGISTERS", level))
}

/// Runs every step; `--long` those that take longer, too.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let steps: Vec<&Step> = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => STEPS.iter().collect(),
        ["--long"] => STEPS.iter().chain(LONG).collect(),
        _ => return Err(Failure::new(format!("`test` takes `--long` or nothing, and `{}` was given", args.join(" ")))),
    };
    let start = Instant::now();
    let times = run_steps(&steps, &crate::root())?;
    for (step, time) in steps.iter().zip(&times) {
        println!("{:<28}{:>12}", step.name, shown(*time));
    }
    println!("all passed: {} steps in {}", steps.len(), shown(start.elapsed()));
    Ok(())
}

fn run_steps(steps: &[&Step], root: &Path) -> Result<Vec<Duration>, Failure> {
    let mut times = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        let place = format!("step {} of {}, {}", i + 1, steps.len(), step.name);
        println!("== {place}");
        let start = Instant::now();
        (step.run)(root).map_err(|failure| Failure::new(format!("failed at {place}: {failure}")))?;
        times.push(start.elapsed());
        println!("== {place}: {}", shown(start.elapsed()));
    }
    Ok(times)
}

fn shown(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min {} s", seconds / 60, seconds % 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Step = Step { name: "good", run: |_| Ok(()) };
    const BAD: Step = Step { name: "bad", run: |_| Err(Failure::new("it broke")) };
    const NEVER: Step = Step { name: "never", run: |_| panic!("a step ran after one that failed") };

    #[test]
    fn the_first_failure_stops_and_is_named() {
        assert!(run_steps(&[&GOOD, &GOOD], Path::new(".")).is_ok());
        let failure = run_steps(&[&GOOD, &BAD, &NEVER], Path::new(".")).expect_err("a step fails");
        assert_eq!(failure.to_string(), "failed at step 2 of 3, bad: it broke");
    }

    #[test]
    fn what_nobody_reads_is_refused() {
        assert!(run(&["--lang".to_owned()]).is_err() && run(&["--long".to_owned(), "more".to_owned()]).is_err());
    }

    #[test]
    fn time_is_readable() {
        assert_eq!(shown(Duration::from_secs(59)), "59 s");
        assert_eq!(shown(Duration::from_secs(125)), "2 min 5 s");
    }
}
