//! A side: one build of the command, which fits a run and takes in new rows.

use super::runs::Arguments;
use super::tensors::Tensors;
use serde_json::Value;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A build of the command, with so many threads.
pub(super) struct Side {
    pub(super) program: PathBuf,
    pub(super) threads: usize,
}

/// What a side made of a run.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) fit: Ended,
    /// What `--json` said.
    pub(super) json: Option<Value>,
    pub(super) model: Option<Tensors>,
    /// Of new rows; none where there is no model.
    pub(super) transform: Option<Ended>,
    pub(super) folded: Option<Tensors>,
}

/// How a process ended.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    /// None where a signal ended it.
    pub(super) code: Option<i32>,
    /// The first line of what it said on standard error.
    pub(super) said: String,
}

impl Ended {
    fn of(out: &Output) -> Self {
        let said = String::from_utf8_lossy(&out.stderr);
        Self { code: out.status.code(), said: said.lines().next().unwrap_or_default().to_owned() }
    }

    /// "exit 2 (error: ...)".
    pub(super) fn shown(&self) -> String {
        let code = self.code.map_or("ended by a signal".to_owned(), |code| format!("exit {code}"));
        if self.said.is_empty() { code } else { format!("{code} ({})", self.said) }
    }
}

impl Side {
    /// Fits and transforms; files are written into `folder`, which is made.
    pub(super) fn run(&self, arguments: &Arguments, folder: &Path) -> io::Result<Outcome> {
        fs::create_dir_all(folder)?;
        let (model, folded) = (folder.join("model.safetensors"), folder.join("new.safetensors"));
        let threads = self.threads.to_string();
        let out =
            self.command().args(&arguments.fit).args(["--threads", &threads, "--json", "-o"]).arg(&model).output()?;
        let mut outcome =
            Outcome { fit: Ended::of(&out), json: serde_json::from_slice(&out.stdout).ok(), ..Outcome::default() };
        if model.is_file() {
            outcome.model = Tensors::read(&fs::read(&model)?);
            let mut transform = self.command();
            transform.arg("transform").arg(&model).args(&arguments.transform).arg("-o").arg(&folded);
            outcome.transform = Some(Ended::of(&transform.output()?));
        }
        if folded.is_file() {
            outcome.folded = Tensors::read(&fs::read(&folded)?);
        }
        Ok(outcome)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        // `transform` has no option for it.
        command.env("RAYON_NUM_THREADS", self.threads.to_string()).stdin(Stdio::null());
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_shown() {
        let ended = |code, said: &str| Ended { code, said: said.into() }.shown();
        assert_eq!(ended(Some(2), "error: no"), "exit 2 (error: no)");
        assert_eq!(ended(Some(0), ""), "exit 0");
        assert_eq!(ended(None, ""), "ended by a signal");
    }
}
