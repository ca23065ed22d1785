//! Starts other programs, with what they print passed straight through.

use crate::Failure;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The cargo that started this task.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// Shows and runs `command`; it must succeed.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let shown = shown(command);
    println!("$ {shown}");
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|error| Failure::new(format!("`{shown}` could not be started: {error}")))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{shown}` failed: {status}"))) }
}

/// Whether `command` runs and succeeds; nothing is shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).output().is_ok_and(|out| out.status.success())
}

/// The folder this command was built into, where the other commands of the workspace are too.
pub(crate) fn built() -> Result<PathBuf, Failure> {
    let here =
        std::env::current_exe().map_err(|error| Failure::new(format!("can't tell where this command is: {error}")))?;
    here.parent().map(Path::to_owned).ok_or_else(|| Failure::new("this command is in no folder"))
}

/// The command line, with the program by its name alone.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let failure = run(Command::new("no-such-program").arg("x")).expect_err("it is not there");
        assert!(failure.to_string().contains("`no-such-program x` could not be started"));
    }

    #[test]
    fn success_and_failure_are_told_apart() {
        assert!(succeeds(cargo(Path::new(".")).arg("--version")));
        assert!(!succeeds(cargo(Path::new(".")).arg("no-such-subcommand")));
    }
}
