//! The head of a run: where and when it is made.

use super::rows::{Head, Speeds};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// The head of a run that begins now; the machine's speeds are not measured yet.
pub(super) fn here(root: &Path, threads: Option<usize>, quick: bool) -> Head {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Head {
        date: output(Command::new("date").args(["-u", "+%Y-%m-%d"])).unwrap_or_else(|| "no-date".into()),
        commit: commit(root),
        before: None,
        processor: processor(),
        cores,
        threads: threads.unwrap_or(cores),
        quick,
        load: load(),
        speeds: Speeds::default(),
    }
}

/// What a command prints, where it succeeds.
pub(super) fn output(command: &mut Command) -> Option<String> {
    let out = command.stdin(Stdio::null()).output().ok().filter(|out| out.status.success())?;
    Some(String::from_utf8_lossy(&out.stdout).trim().to_owned())
}

/// The commit's short name, with `+` where files that git knows have changed since.
fn commit(root: &Path) -> String {
    let git = |args: &[&str]| output(Command::new("git").args(args).current_dir(root));
    let Some(name) = git(&["rev-parse", "--short", "HEAD"]) else { return "no-commit".into() };
    let is_clean = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|text| text.is_empty());
    if is_clean { name } else { name + "+" }
}

/// The threads that ran or waited to run, on average in the last minute, where the system tells.
fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}

/// What the processor calls itself.
fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}
