//! `cargo xtask bench`: compares Eckart with its peers on this machine, and keeps what was measured.

mod compare;
mod peers;
mod request;
mod rows;
mod stages;
mod table;
mod tasks;
mod worker;

use crate::{Failure, command};
use compare::{Effort, FULL, Pair, QUICK, blank};
use peers::Peers;
use request::{Request, USAGE};
use rows::{Ended, Head, Row, Speeds};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tasks::{Against, ITSELF, PEERS, TASKS, Task, chosen, is_eckart};
use worker::Worker;

/// Where kept runs are.
const RUNS: &str = "bench/runs";
/// Where the data that both sides read is made. The number changes with what is made.
const DATA: &str = "bench-data-1";

/// Does what `args` ask for.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    match request::parse(args)? {
        Request::Stages(names) => stages::run(&names),
        Request::List => {
            print!("{}", list());
            Ok(())
        }
        Request::Peers => {
            let peers = Peers::install(&crate::root(), &target()?)?;
            for (name, says) in PEERS.iter().filter(|(name, _)| !is_eckart(name)) {
                println!("{name:<10}{says:<60}{}", peers.probe(name));
            }
            Ok(())
        }
        Request::Table(file) => {
            let text = fs::read_to_string(crate::root().join(&file))
                .map_err(|error| Failure::new(format!("can't read {file}: {error}")))?;
            let (head, rows) = rows::read(&text).map_err(|error| Failure::new(format!("{file}: {error}")))?;
            print!("{}", table::markdown(&head, &rows));
            Ok(())
        }
        Request::Compare { words, quick, threads } => {
            let pairs = chosen(&words, quick).map_err(|word| {
                Failure::new(format!("no task or peer is named `{word}`: `cargo xtask bench --list` lists them"))
            })?;
            if pairs.is_empty() {
                return Err(Failure::new(format!("these words choose no comparison: {USAGE}")));
            }
            Bench::new(quick, threads)?.compare(&pairs)
        }
    }
}

/// The tasks with their peers and bars, and the peers.
fn list() -> String {
    let mut text =
        String::from("Tasks, and the peers of each with the ratio that is asked for (q: also in --quick):\n");
    for task in TASKS {
        let against = |a: &Against| format!("{} {:.2}{}", a.peer, a.bar, if a.quick { " q" } else { "" });
        let peers: Vec<String> = task.against.iter().map(against).collect();
        text += &format!("  {:<16}{}\n  {:<16}{}\n", task.name, task.says, "", peers.join(", "));
    }
    text += "\nPeers:\n";
    PEERS.iter().for_each(|(name, says)| text += &format!("  {name:<16}{says}\n"));
    text
}

/// The folder that everything is built into.
fn target() -> Result<PathBuf, Failure> {
    let built = command::built()?;
    Ok(built.parent().unwrap_or(&built).to_owned())
}

/// A data set.
enum Data {
    /// Its folder.
    There(PathBuf),
    /// Why it can't be had.
    Absent(String),
}

/// A run of the bench.
struct Bench {
    root: PathBuf,
    target: PathBuf,
    /// Eckart's side.
    program: PathBuf,
    peers: Peers,
    effort: Effort,
    head: Head,
}

impl Bench {
    fn new(quick: bool, threads: Option<usize>) -> Result<Self, Failure> {
        // Before anything is built, which would count.
        let load = load();
        let (root, target) = (crate::root(), target()?);
        command::run(command::cargo(&root).args(["build", "--quiet", "--release", "--package", "eckart-bench"]))?;
        let program = target.join("release").join(format!("eckart-bench{}", std::env::consts::EXE_SUFFIX));
        let peers = Peers::install(&root, &target)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = threads.unwrap_or(cores);
        let mut bench = Self {
            head: Head {
                date: output(Command::new("date").args(["-u", "+%Y-%m-%d"])).unwrap_or_else(|| "no-date".into()),
                commit: commit(&root),
                processor: processor(),
                cores,
                threads,
                quick,
                load,
                speeds: Speeds::default(),
            },
            effort: if quick { QUICK } else { FULL },
            root,
            target,
            program,
            peers,
        };
        let told = output(bench.eckart(threads).arg("machine"))
            .and_then(|text| Speeds::read(&serde_json::from_str(&text).ok()?));
        bench.head.speeds = told.ok_or_else(|| Failure::new("Eckart's side can't measure the machine"))?;
        Ok(bench)
    }

    fn compare(&self, pairs: &[(&'static Task, &'static Against)]) -> Result<(), Failure> {
        let (name, mut file) = self.kept_file()?;
        let mut keep = |line: String| {
            writeln!(file, "{line}").map_err(|error| Failure::new(format!("can't write {RUNS}/{name}: {error}")))
        };
        keep(rows::head_line(&self.head))?;
        let mut rows = Vec::new();
        for (k, (task, against)) in pairs.iter().enumerate() {
            println!("{} of {}: {} / {}", k + 1, pairs.len(), task.name, against.peer);
            let row = self.row(task, against)?;
            keep(rows::row_line(&row))?;
            rows.push(row);
        }
        println!("\n{}\nkept in {RUNS}/{name}", table::plain(&self.head, &rows));
        let failed = rows.iter().filter(|row| matches!(row.ended, Ended::Failed(_))).count();
        let met = rows.iter().filter(|row| table::is_met(row)).count();
        println!("{met} of {} bars met, {failed} failed", rows.len());
        Ok(())
    }

    /// One comparison, from data to row.
    fn row(&self, task: &Task, against: &Against) -> Result<Row, Failure> {
        let absent = |why: String| Ok(Row { ended: Ended::Absent(why), ..blank(task, against) });
        let folder = match self.data(task.set)? {
            Data::There(folder) => folder,
            Data::Absent(why) => return absent(why),
        };
        let threads = self.head.threads;
        let mut eckart = self.eckart(threads);
        let command = match against.peer {
            ITSELF => Ok(self.eckart(1)),
            peer if is_eckart(peer) => Ok(self.eckart(threads)),
            peer => self.peers.command(peer, threads),
        };
        let mut other = match command {
            Ok(command) => command,
            Err(why) => return absent(why.to_string()),
        };
        if is_eckart(against.peer) {
            other.arg("serve");
        }
        let log = self.target.join("bench-errors.txt");
        let start = |name: &str, command: &mut Command| Worker::start(name, command, &log, self.effort.patience);
        let pair = Pair {
            task,
            against,
            eckart: start("Eckart", eckart.arg("serve"))?,
            other: start(against.peer, &mut other)?,
        };
        Ok(pair.compare(&folder, self.effort, &self.head.speeds))
    }

    /// The folder of a data set, made unless it is there; or why it can't be had.
    fn data(&self, set: &str) -> Result<Data, Failure> {
        let folder = self.target.join(DATA).join(set);
        if folder.exists() {
            return Ok(Data::There(folder));
        }
        let part = self.target.join(DATA).join(format!("{set}.part"));
        let failure = |error: std::io::Error| Failure::new(format!("can't make the data set {set}: {error}"));
        fs::create_dir_all(&part).map_err(failure)?;
        let made = self.eckart(self.head.threads).args(["make", set]).arg(&part).output().map_err(failure)?;
        if !made.status.success() {
            return Ok(Data::Absent(String::from_utf8_lossy(&made.stderr).trim().to_owned()));
        }
        fs::rename(&part, &folder).map_err(failure)?;
        Ok(Data::There(folder))
    }

    /// Eckart's side with so many threads; what it is to do is to be added.
    fn eckart(&self, threads: usize) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.root).env("RAYON_NUM_THREADS", threads.to_string());
        command
    }

    /// A new file for the rows, and its name.
    fn kept_file(&self) -> Result<(String, fs::File), Failure> {
        let folder = self.root.join(RUNS);
        let failure = |error: std::io::Error| Failure::new(format!("can't write to {RUNS}: {error}"));
        fs::create_dir_all(&folder).map_err(failure)?;
        let begin = format!("{}-{}", self.head.date, self.head.commit.trim_end_matches('+'));
        let mut number = 1;
        loop {
            let name = if number == 1 { format!("{begin}.jsonl") } else { format!("{begin}-{number}.jsonl") };
            match OpenOptions::new().write(true).create_new(true).open(folder.join(&name)) {
                Ok(file) => return Ok((name, file)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(failure(error)),
            }
        }
    }
}

/// What a command prints, where it succeeds.
fn output(command: &mut Command) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_tasks_peers_and_bars() {
        let text = list();
        assert!(TASKS.iter().all(|task| text.contains(task.name) && text.contains(task.says)));
        assert!(PEERS.iter().all(|(name, says)| text.contains(name) && text.contains(says)));
        assert!(text.contains("jax 0.60 q, pytensor 0.40 q, numpy 0.85 q, self 0.59"), "{text}");
    }

    #[test]
    fn words_that_choose_nothing_are_refused() {
        let refused = |text: &str| {
            let args: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            run(&args).expect_err(text).to_string()
        };
        assert!(refused("no-such-task").contains("`no-such-task`"));
        assert!(refused("kl mkl").contains("choose no comparison"));
        assert!(refused("--table bench/runs/no-such-file").contains("can't read"));
    }
}
