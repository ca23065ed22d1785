//! A side of a comparison: a process that answers requests, a line of JSON each.

use crate::Failure;
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// The peer is not on this machine, and why.
    Absent(String),
    /// Something went wrong.
    Broken(String),
}

/// A process, until it is dropped.
pub(super) struct Worker {
    name: String,
    child: Child,
    answers: Receiver<String>,
    patience: Duration,
}

/// What a run took and gave.
pub(super) struct Run {
    pub(super) seconds: f64,
    /// Length and weighted sum of each result, where they were asked for.
    pub(super) digests: Vec<[f64; 2]>,
}

impl Worker {
    /// Starts `command`, which is waited for at most `patience` at each request; its errors go to `log`.
    pub(super) fn start(name: &str, command: &mut Command, log: &Path, patience: Duration) -> Result<Self, Failure> {
        let errors = OpenOptions::new().create(true).append(true).open(log);
        let errors = errors.map_err(|error| Failure::new(format!("can't write {}: {error}", log.display())))?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors);
        let mut child =
            command.spawn().map_err(|error| Failure::new(format!("{name}'s side can't be started: {error}")))?;
        let out = child.stdout.take().ok_or_else(|| Failure::new(format!("{name}'s side has no output")))?;
        let (send, answers) = channel();
        // Reading in a thread of its own lets a request time out. It ends with the process, or with the receiver.
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { name: name.to_owned(), child, answers, patience })
    }

    /// Sends a request and waits for its answer.
    pub(super) fn ask(&mut self, request: &Value) -> Result<Value, NoAnswer> {
        let broken = |text: String| NoAnswer::Broken(text);
        if let Some(input) = &mut self.child.stdin {
            // A process that has ended can't be written to; what it said before says why.
            let _ = writeln!(input, "{request}").and_then(|()| input.flush());
        }
        let name = &self.name;
        let line = self.answers.recv_timeout(self.patience).map_err(|error| match error {
            RecvTimeoutError::Timeout => broken(format!("{name} gave no answer in {} s", self.patience.as_secs())),
            RecvTimeoutError::Disconnected => broken(format!("{name}'s process ended")),
        })?;
        let answer: Value =
            serde_json::from_str(&line).map_err(|error| broken(format!("{name} answered `{line}`: {error}")))?;
        if let Some(reason) = answer["absent"].as_str() {
            return Err(NoAnswer::Absent(reason.to_owned()));
        }
        match answer["error"].as_str() {
            Some(error) => Err(broken(format!("{name}: {error}"))),
            None => Ok(answer),
        }
    }

    /// Does the task `lead` times and then, by the clock, `batch` times; seconds are those of one.
    pub(super) fn run(&mut self, lead: u32, batch: u32, digest: bool) -> Result<Run, NoAnswer> {
        let answer = self.ask(&json!({ "do": "run", "lead": lead, "batch": batch, "digest": digest }))?;
        let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
        let digests = answer["digests"].as_array().into_iter().flatten().map(|d| [number(&d[0]), number(&d[1])]);
        Ok(Run { seconds: number(&answer["seconds"]), digests: digests.collect() })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may be in the middle of something, and holds nothing that must be kept.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn asked(script: &str) -> Result<Value, NoAnswer> {
        let mut command = Command::new("sh");
        let (command, log) = (command.args(["-c", script]), Path::new("/dev/null"));
        let mut worker = Worker::start("a peer", command, log, Duration::from_millis(500)).expect("sh is there");
        worker.ask(&json!({ "do": "run" }))
    }

    #[test]
    fn answers_are_told_apart() {
        assert_eq!(asked(r#"read x; echo '{"seconds": 2}'"#).expect("it answers")["seconds"], 2);
        let said = |script| match asked(script) {
            Err(NoAnswer::Absent(text)) => format!("absent: {text}"),
            Err(NoAnswer::Broken(text)) => text,
            Ok(answer) => panic!("{answer}"),
        };
        assert_eq!(said(r#"echo '{"absent": "no module"}'"#), "absent: no module");
        assert_eq!(said(r#"read x; echo '{"error": "it is odd"}'"#), "a peer: it is odd");
        assert_eq!(said("exit 0"), "a peer's process ended");
        assert!(said("read x; echo hello").starts_with("a peer answered `hello`"));
        assert_eq!(said("read x; sleep 2"), "a peer gave no answer in 0 s");
    }
}
