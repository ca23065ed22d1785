//! `cargo xtask bench stages`: times the stages of the engine, each by itself, or beside those of another commit.

use super::super::head;
use super::super::kept::Kept;
use super::super::own::target;
use super::super::rows::{Ended, Head, Row, Side};
use super::super::tasks::BEFORE;
use super::paired::{PAIRS, Ratio, SLOWER, finish};
use crate::revision::{self, Revision};
use crate::{Failure, command};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where these benches are, a file per stage.
const BENCHES: &str = "crates/eckart/benches";
/// Where cargo starts them.
const PACKAGE: &str = "crates/eckart";
/// Names the folder of data that is not in the repository.
const SHARED_DATA: &str = "ECKART_SHARED_DATA";

/// Runs all, or those that `args` name: a stage is named by its file, a case by a part of `stage/case`.
pub(in super::super) fn run(args: &[String]) -> Result<(), Failure> {
    let root = crate::root();
    let mut bench = command::cargo(&root);
    command::run(bench.args(["bench", "--quiet", "--package", "eckart"]).args(chosen(&root, args)))
}

/// The arguments that choose among the benches.
fn chosen(root: &Path, args: &[String]) -> Vec<String> {
    let (benches, cases) = stages_and_cases(root, args);
    let mut words: Vec<String> = benches.into_iter().flat_map(|name| ["--bench".to_owned(), name]).collect();
    if !cases.is_empty() {
        words.push("--".to_owned());
        words.extend(cases);
    }
    words
}

/// The words that name a stage of the workspace at `root`, and those that choose cases.
fn stages_and_cases(root: &Path, args: &[String]) -> (Vec<String>, Vec<String>) {
    args.iter().cloned().partition(|arg| has_stage(root, arg))
}

fn has_stage(root: &Path, name: &str) -> bool {
    root.join(BENCHES).join(format!("{name}.rs")).is_file()
}

/// One build of a stage's bench.
struct Program {
    path: PathBuf,
    /// Where cargo would start it: it reads files that are named from there.
    folder: PathBuf,
    shared_data: PathBuf,
}

/// Times the cases of both builds in turn; one that is slower is a failure.
pub(in super::super) fn compare(args: &[String], rev: &str) -> Result<(), Failure> {
    let (root, target) = (crate::root(), target()?);
    let head = head::here(&root, None, false);
    let (stages, cases) = stages_and_cases(&root, args);
    let revision = Revision::check_out(&root, &target, rev)?;
    let head = Head { before: Some(revision.short().to_owned()), ..head };
    let theirs: Vec<String> = stages.iter().filter(|stage| has_stage(&revision.tree, stage)).cloned().collect();
    if theirs.is_empty() && !stages.is_empty() {
        return Err(Failure::new(format!("{} has no bench of {}", revision.short(), stages.join(", "))));
    }
    let shared_data = std::env::var_os(SHARED_DATA).map_or_else(|| root.join("../shared/data"), PathBuf::from);
    let program = |tree: &Path, path| Program { path, folder: tree.join(PACKAGE), shared_data: shared_data.clone() };
    let before: BTreeMap<String, PathBuf> = revision.benches(&theirs)?;
    let now = revision::benches(&root, &stages, None)?;
    let mut kept = Kept::new(&root, &head)?;
    let mut rows = Vec::new();
    for (stage, path) in now {
        let Some(other) = before.get(&stage) else {
            println!("{stage:<38}is not there in {}", revision.short());
            continue;
        };
        let pair = [program(&root, path), program(&revision.tree, other.clone())];
        for label in labels(&pair, &cases, revision.short())? {
            let row = time(&pair, &label)?;
            println!("{label:<38}{}", Ratio::of_row(&row).map_or_else(|| "no ratio".to_owned(), Ratio::shown));
            kept.keep(&row)?;
            rows.push(row);
        }
    }
    if rows.is_empty() {
        return Err(Failure::new("these words choose no case that both commits have"));
    }
    finish(&head, &rows, &kept)
}

/// The cases that both builds have; those of one alone are printed.
fn labels(pair: &[Program; 2], cases: &[String], rev: &str) -> Result<Vec<String>, Failure> {
    let list = |program: &Program| -> Result<Vec<String>, Failure> {
        // Without `--bench` each case is done once, and named.
        let text = program.output(cases)?;
        let named = text.lines().filter_map(|line| line.strip_suffix(" runs"));
        Ok(named.map(|label| label.trim().to_owned()).collect())
    };
    let [now, before] = [list(&pair[0])?, list(&pair[1])?];
    now.iter().filter(|label| !before.contains(label)).for_each(|label| println!("{label:<38}is not there in {rev}"));
    before.iter().filter(|label| !now.contains(label)).for_each(|label| println!("{label:<38}is there in {rev} alone"));
    Ok(now.into_iter().filter(|label| before.contains(label)).collect())
}

/// Pairs of samples of a case, each the median that a process of its own has found.
fn time(pair: &[Program; 2], label: &str) -> Result<Row, Failure> {
    let mut seconds = [Vec::new(), Vec::new()];
    for k in 0..PAIRS {
        for side in [k % 2, (k + 1) % 2] {
            let text = pair[side].output(&["--bench".to_owned(), label.to_owned()])?;
            let found = text.lines().find_map(|line| median_of(line, label));
            let found = found.ok_or_else(|| Failure::new(format!("the bench of {label} prints no time of it")))?;
            seconds[side].push(found);
        }
    }
    let [now, before] = seconds.map(|seconds| Side { seconds, ..Side::default() });
    Ok(Row {
        task: label.to_owned(),
        peer: BEFORE.to_owned(),
        version: String::new(),
        bar: SLOWER,
        most_memory: None,
        tolerance: 0.0,
        lead: 0,
        batch: 1,
        least: None,
        ended: Ended::Compared,
        eckart: now,
        other: before,
    })
}

impl Program {
    /// What it prints when it is called with `args`. It may fail: a bench with a bar of its own still says what it
    /// measured.
    fn output(&self, args: &[String]) -> Result<String, Failure> {
        let mut command = Command::new(&self.path);
        command.args(args).current_dir(&self.folder).env(SHARED_DATA, &self.shared_data);
        let out = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
        let out = out.map_err(|error| Failure::new(format!("{} can't be started: {error}", self.path.display())))?;
        if out.status.code().is_none() {
            return Err(Failure::new(format!("{} was ended: {}", self.path.display(), out.status)));
        }
        Ok(String::from_utf8_lossy(&out.stdout).into_owned())
    }
}

/// The median in seconds of a line `stage/case  1.23 ms  1.20 ms..1.31 ms`, where it is of the case `label`.
fn median_of(line: &str, label: &str) -> Option<f64> {
    let mut words = line.strip_prefix(label)?.split_whitespace();
    if !line[label.len()..].starts_with(' ') {
        return None;
    }
    let number: f64 = words.next()?.parse().ok()?;
    let unit = match words.next()? {
        "s" => 1.0,
        "ms" => 1e-3,
        "us" => 1e-6,
        _ => return None,
    };
    Some(number * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bench_is_told_from_a_case() {
        let chosen = |text: &str| {
            let args: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            chosen(&crate::root(), &args).join(" ")
        };
        assert_eq!(chosen(""), "");
        assert_eq!(chosen("run"), "--bench run");
        assert_eq!(chosen("run digits"), "--bench run -- digits");
        assert_eq!(chosen("sotu"), "-- sotu");
    }

    #[test]
    fn a_line_of_a_bench_is_read() {
        let of = |line, label| median_of(line, label);
        assert_eq!(of("grad/kl       12.5 ms  12.1 ms..13.0 ms", "grad/kl"), Some(12.5e-3));
        assert_eq!(of("grad/kl       3.00 us  2.1 us..13.0 us", "grad/kl"), Some(3e-6));
        assert_eq!(of("solve/x 1.50 s  1.4 s..1.6 s", "solve/x"), Some(1.5));
        assert_eq!(of("grad/kl_dense       12.5 ms  12.1 ms..13.0 ms", "grad/kl"), None, "another case");
        assert_eq!(of("    of 1000 single rows: median 3 ms", "grad/kl"), None);
        assert_eq!(of("grad/kl      runs", "grad/kl"), None);
    }

    #[cfg(unix)]
    #[test]
    fn builds_are_timed_in_turn() {
        use std::os::unix::fs::PermissionsExt;
        let folder = std::env::temp_dir().join(format!("eckart-xtask-stages-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        let program = |name: &str, time: &str, cases: &str| {
            let path = folder.join(name);
            let text = format!(
                "#!/bin/sh\necho {name} >> order\n\
                 if [ \"$1\" = --bench ]; then echo \"$2  {time} ms  1 ms..2 ms\"; exit 1; fi\n\
                 for case in {cases}; do echo \"$case      runs\"; done\n"
            );
            std::fs::write(&path, text).expect("a file can be written");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it can be started");
            Program { path, folder: folder.clone(), shared_data: folder.clone() }
        };
        let pair = [program("now", "3.00", "a/x a/new"), program("old", "2.00", "a/x a/gone")];
        assert_eq!(labels(&pair, &[], "REV").expect("they run"), ["a/x"]);
        std::fs::remove_file(folder.join("order")).expect("it was written");
        let row = time(&pair, "a/x").expect("they run");
        assert_eq!((row.eckart.seconds.len(), row.other.seconds[0]), (PAIRS, 2e-3));
        assert!(Ratio::of_row(&row).expect("seven pairs").is_slower());
        let order = std::fs::read_to_string(folder.join("order")).expect("it was written");
        assert!(order.starts_with("now\nold\nold\nnow\nnow\nold\n"), "{order}");
        std::fs::remove_dir_all(folder).expect("it was made here");
    }
}
