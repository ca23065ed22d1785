//! The workspace's own tasks, reached as `cargo xtask NAME`.

mod bench;
mod chromium;
mod command;
mod fuzz;
mod python;
mod revision;
mod same;
mod sanitize;
mod soak;
mod test;
mod tidy;

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

/// Why a task stopped, in one line.
#[derive(Debug)]
struct Failure(String);

impl Failure {
    fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A task: its name, what it takes, what it does.
struct Task {
    name: &'static str,
    takes: &'static str,
    does: &'static str,
    run: fn(&[String]) -> Result<(), Failure>,
}

const TASKS: &[Task] = &[
    Task {
        name: "tidy",
        takes: "[--shrink | --tests]",
        does: "checks the laws of the house; `--shrink` and `--tests` bring its lists up to date",
        run: tidy::run,
    },
    Task {
        name: "test",
        takes: "[--long]",
        does: "runs everything: tidy, tests, Python; `--long` also what is shipped, and the sanitizer",
        run: test::run,
    },
    Task {
        name: "fuzz",
        takes: "[TARGET] [--seconds N]",
        does: "fuzzes every parser, 60 seconds each",
        run: fuzz::run,
    },
    Task {
        name: "soak",
        takes: "[--seconds N] [--seed N]",
        does: "kills, interrupts and starves searches, by seeds, 60 seconds",
        run: soak::run,
    },
    Task {
        name: "sanitize",
        takes: "[WORD]",
        does: "runs the kernels' tests under the address sanitizer",
        run: sanitize::run,
    },
    Task {
        name: "same",
        takes: "REV [WORD ...]",
        does: "holds the results of the working tree to those of another commit, bit for bit; `same --list` lists them",
        run: same::run,
    },
    Task {
        name: "bench",
        takes: "[stages] [WORD ...] [--before REV]",
        does: "compares Eckart with its peers, or its stages, or either with another commit",
        run: bench::run,
    },
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let name = args.first().map_or("help", String::as_str);
    if ["help", "--help", "-h"].contains(&name) {
        print!("{}", help());
        return ExitCode::SUCCESS;
    }
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        eprint!("no task is named `{name}`\n\n{}", help());
        return ExitCode::from(2);
    };
    match (task.run)(&args[1..]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn help() -> String {
    let row = |task: &Task| format!("  {:<42}{}\n", format!("{} {}", task.name, task.takes), task.does);
    format!("Tasks of the workspace: cargo xtask NAME\n\n{}", TASKS.iter().map(row).collect::<String>())
}

/// The root of the workspace that this command was started for.
fn root() -> PathBuf {
    // Cargo says at run time which workspace it is; the place it was built in is for runs without cargo.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let mut root = PathBuf::from(here);
    root.pop();
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_names_every_task() {
        assert!(TASKS.iter().all(|task| help().contains(task.name) && help().contains(task.does)));
    }

    #[test]
    fn the_root_holds_the_workspace() {
        assert!(root().join("xtask").join("Cargo.toml").exists());
    }
}
