//! `cargo xtask test`: everything that must hold, in order, stopping at the first that doesn't.

use crate::{Failure, command, python, tidy};
use std::path::Path;
use std::time::{Duration, Instant};

/// A step: its name and what it runs in the root of the workspace.
struct Step {
    name: &'static str,
    run: fn(&Path) -> Result<(), Failure>,
}

const STEPS: &[Step] = &[
    Step { name: "tidy", run: tidy::tidy },
    Step { name: "tests", run: |root| command::run(command::cargo(root).args(["test", "--workspace"])) },
    Step {
        name: "examples",
        run: |root| command::run(command::cargo(root).args(["build", "--workspace", "--examples"])),
    },
    Step { name: "python", run: python::check },
];

/// Runs every step.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    crate::takes_nothing("test", args)?;
    let start = Instant::now();
    run_steps(STEPS, &crate::root())?;
    println!("all passed: {} steps in {}", STEPS.len(), shown(start.elapsed()));
    Ok(())
}

fn run_steps(steps: &[Step], root: &Path) -> Result<(), Failure> {
    for (i, step) in steps.iter().enumerate() {
        let place = format!("step {} of {}, {}", i + 1, steps.len(), step.name);
        println!("== {place}");
        (step.run)(root).map_err(|failure| Failure::new(format!("failed at {place}: {failure}")))?;
    }
    Ok(())
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
        assert!(run_steps(&[GOOD, GOOD], Path::new(".")).is_ok());
        let failure = run_steps(&[GOOD, BAD, NEVER], Path::new(".")).expect_err("a step fails");
        assert_eq!(failure.to_string(), "failed at step 2 of 3, bad: it broke");
    }

    #[test]
    fn time_is_readable() {
        assert_eq!(shown(Duration::from_secs(59)), "59 s");
        assert_eq!(shown(Duration::from_secs(125)), "2 min 5 s");
    }
}
