//! Eckart's side: the program of the working tree, which makes the data, measures the machine and does the tasks.

use super::head::output;
use super::rows::Speeds;
use crate::revision::working_program;
use crate::{Failure, command};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Its package, and its name.
pub(super) const PROGRAM: &str = "eckart-bench";
/// Where the data that both sides read is made. The number changes with what is made.
const DATA: &str = "bench-data-1";

/// What either side says on standard error, below the folder that everything is built into.
pub(super) const ERRORS: &str = "bench-errors.txt";

/// The folder that everything is built into.
pub(super) fn target() -> Result<PathBuf, Failure> {
    let built = command::built()?;
    Ok(built.parent().unwrap_or(&built).to_owned())
}

/// A data set.
pub(super) enum Data {
    /// Its folder.
    There(PathBuf),
    /// Why it can't be had.
    Absent(String),
}

/// The program, built.
pub(super) struct Own {
    root: PathBuf,
    pub(super) target: PathBuf,
    program: PathBuf,
}

impl Own {
    /// Builds it.
    pub(super) fn build(root: &Path, target: &Path) -> Result<Self, Failure> {
        let program = working_program(root, target, PROGRAM, PROGRAM)?;
        Ok(Self { root: root.to_owned(), target: target.to_owned(), program })
    }

    /// The program with so many threads; what it is to do is to be added.
    pub(super) fn command(&self, threads: usize) -> Command {
        self.command_of(&self.program, threads)
    }

    /// The same of another build.
    pub(super) fn command_of(&self, program: &Path, threads: usize) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("RAYON_NUM_THREADS", threads.to_string());
        command
    }

    /// What the machine can do with so many threads.
    pub(super) fn speeds(&self, threads: usize) -> Result<Speeds, Failure> {
        let told = output(self.command(threads).arg("machine"));
        let speeds = told.and_then(|text| Speeds::read(&serde_json::from_str(&text).ok()?));
        speeds.ok_or_else(|| Failure::new("Eckart's side can't measure the machine"))
    }

    /// The folder of a data set, made unless it is there; or why it can't be had.
    pub(super) fn data(&self, set: &str, threads: usize) -> Result<Data, Failure> {
        let folder = self.target.join(DATA).join(set);
        if folder.exists() {
            return Ok(Data::There(folder));
        }
        let part = self.target.join(DATA).join(format!("{set}.part"));
        let failure = |error: std::io::Error| Failure::new(format!("can't make the data set {set}: {error}"));
        fs::create_dir_all(&part).map_err(failure)?;
        let made = self.command(threads).args(["make", set]).arg(&part).output().map_err(failure)?;
        if !made.status.success() {
            return Ok(Data::Absent(String::from_utf8_lossy(&made.stderr).trim().to_owned()));
        }
        fs::rename(&part, &folder).map_err(failure)?;
        Ok(Data::There(folder))
    }
}
