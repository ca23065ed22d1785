//! The `eckart` command: dispatch and exit codes.

mod args;
mod asked;
mod choice;
mod components;
mod evaluate;
mod explain;
mod fit;
mod html_report;
mod json;
mod lists;
mod load;
mod model;
mod models;
mod objective;
mod output;
mod page;
mod pictures;
mod progress;
mod recommend;
mod report;
mod similar;
mod transform;
mod values;
mod words;

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use eckart::report::numbers;
use eckart::{Error, Result};

use args::{Cli, Command};

/// The user is at fault; the usage errors that clap finds end with the same code.
const YOURS: u8 = 2;
/// Eckart is.
const OURS: u8 = 1;
/// The result is written, but the search that led to it diverged.
const DIVERGED: u8 = 3;

fn main() -> ExitCode {
    let Cli { command, registers } = Cli::parse();
    eckart::run::return_freed_memory();
    // A panic is a defect of ours, and has said where it was by now.
    let done = catch_unwind(AssertUnwindSafe(|| {
        registers.map_or(Ok(()), eckart::run::use_simd_level).and_then(|()| run(&command))
    }))
    .unwrap_or_else(|_| Err(Error::Bug("a panic".into())));
    match done.and_then(|(text, code)| print(&text).map(|()| code)) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // Where nobody reads the error, the exit code still says it.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(if error.is_users_fault() { YOURS } else { OURS })
        }
    }
}

/// What goes to standard output, and the exit code.
fn run(command: &Command) -> Result<(String, u8)> {
    let text = match command {
        Command::Fit(args) => {
            let ended = fit::fit(args)?;
            return Ok((ended.text, if ended.diverged { DIVERGED } else { 0 }));
        }
        Command::Explain(args) => explain::explain(args),
        Command::Transform(args) => transform::transform(args),
        Command::Recommend(args) => recommend::recommend(args),
        Command::Similar(args) => similar::similar(args),
        Command::Evaluate(args) => evaluate::evaluate(args),
        Command::Models(args) => models::models(args),
        Command::Report(args) => html_report::report(args),
    }?;
    Ok((text, 0))
}

/// Puts the whole result on standard output. A reader that has seen enough (`| head`) is no error.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::Io { path: PathBuf::from("standard output"), source: error })
        }
        _ => Ok(()),
    }
}
