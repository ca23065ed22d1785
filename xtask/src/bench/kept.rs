//! Kept runs: a new file for the rows of one, and what earlier ones say.

use super::rows::{self, Ended, Head, Row};
use crate::Failure;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Where kept runs are.
const RUNS: &str = "bench/runs";

/// The file of a run that is being made.
pub(super) struct Kept {
    name: String,
    file: File,
}

impl Kept {
    /// A new file that begins with `head`.
    pub(super) fn new(root: &Path, head: &Head) -> Result<Self, Failure> {
        let folder = root.join(RUNS);
        let failure = |error: std::io::Error| Failure::new(format!("can't write to {RUNS}: {error}"));
        fs::create_dir_all(&folder).map_err(failure)?;
        let before = head.before.as_ref().map_or_else(String::new, |rev| format!("-before-{rev}"));
        let begin = format!("{}-{}{before}", head.date, head.commit.trim_end_matches('+'));
        let mut number = 1;
        loop {
            let name = if number == 1 { format!("{begin}.jsonl") } else { format!("{begin}-{number}.jsonl") };
            match OpenOptions::new().write(true).create_new(true).open(folder.join(&name)) {
                Ok(file) => {
                    let mut kept = Self { name, file };
                    kept.line(&rows::head_line(head))?;
                    return Ok(kept);
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(failure(error)),
            }
        }
    }

    /// Adds a row.
    pub(super) fn keep(&mut self, row: &Row) -> Result<(), Failure> {
        self.line(&rows::row_line(row))
    }

    /// The file, from the workspace's root.
    pub(super) fn place(&self) -> String {
        format!("{RUNS}/{}", self.name)
    }

    fn line(&mut self, line: &str) -> Result<(), Failure> {
        writeln!(self.file, "{line}").map_err(|error| Failure::new(format!("can't write {}: {error}", self.place())))
    }
}

/// The value that a peer reached in a search, as the newest kept run has it that compared one.
pub(super) fn target(root: &Path, task: &str) -> Option<f64> {
    let files = fs::read_dir(root.join(RUNS)).ok()?.filter_map(Result::ok);
    let mut runs: Vec<(String, String, Vec<Row>)> = Vec::new();
    for file in files {
        let Ok(text) = fs::read_to_string(file.path()) else { continue };
        if let Ok((head, rows)) = rows::read(&text)
            && head.before.is_none()
        {
            runs.push((head.date, file.file_name().to_string_lossy().into_owned(), rows));
        }
    }
    runs.sort_by(|a, b| (&b.0, &b.1).cmp(&(&a.0, &a.1)));
    let reached =
        |row: &Row| (row.task == task && row.ended == Ended::Compared).then(|| row.other.values.first().copied());
    runs.iter().flat_map(|(_, _, rows)| rows).find_map(reached).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::rows::tests::sample;
    use super::*;

    #[test]
    fn the_newest_value_of_a_peer_is_the_target() {
        let root = std::env::temp_dir().join(format!("eckart-xtask-kept-{}", std::process::id()));
        let (mut head, mut row) = sample();
        let mut run = |date: &str, before: Option<&str>, value: f64| {
            (head.date, head.before) = (date.to_owned(), before.map(str::to_owned));
            row.other.values = vec![value];
            let mut kept = Kept::new(&root, &head).expect("a file can be made");
            kept.keep(&row).expect("it can be written");
            kept.place()
        };
        assert_eq!(run("2026-02-01", None, 1.0), "bench/runs/2026-02-01-abc1234.jsonl");
        assert_eq!(run("2026-02-02", None, 2.0), "bench/runs/2026-02-02-abc1234.jsonl");
        assert_eq!(run("2026-01-01", None, 3.0), "bench/runs/2026-01-01-abc1234.jsonl");
        let place = run("2026-03-01", Some("def5678"), 4.0);
        assert_eq!(place, "bench/runs/2026-03-01-abc1234-before-def5678.jsonl");
        assert_eq!(run("2026-02-02", None, 5.0), "bench/runs/2026-02-02-abc1234-2.jsonl");
        // Of one day, the name decides.
        assert_eq!(target(&root, "seed-dense-f32"), Some(2.0));
        assert_eq!(target(&root, "no-such-task"), None);
        fs::remove_dir_all(root).expect("it was made here");
    }
}
