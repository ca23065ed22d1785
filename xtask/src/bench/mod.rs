//! `cargo xtask bench`: compares Eckart with its peers on this machine, and keeps what was measured.

mod builds;
mod compare;
mod head;
mod kept;
mod own;
mod peers;
mod request;
mod rows;
mod table;
mod tasks;
mod worker;

use crate::Failure;
use builds::{paired, stages};
use compare::{Effort, FULL, Pair, QUICK, blank};
use kept::Kept;
use own::{Data, ERRORS, Own, target};
use peers::Peers;
use request::{Request, USAGE};
use rows::{Ended, Head, Row};
use std::fs;
use std::process::Command;
use tasks::{Against, ITSELF, PEERS, TASKS, Task, chosen, is_eckart, tasks_of};
use worker::Worker;

/// Does what `args` ask for.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    match request::parse(args)? {
        Request::Models(word) => {
            let own = Own::build(&crate::root(), &target()?)?;
            crate::command::run(own.command(head::here(&crate::root(), None, false).threads).arg("models").args(word))
        }
        Request::Stages { words, before: None } => stages::run(&words),
        Request::Stages { words, before: Some(rev) } => stages::compare(&words, &rev),
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
            let is_of_builds = head.before.is_some();
            print!("{}", if is_of_builds { paired::plain(&head, &rows) } else { table::markdown(&head, &rows) });
            Ok(())
        }
        Request::Compare { words, before: Some(rev), quick, threads } => {
            let tasks = tasks_of(&words, quick).map_err(|word| {
                Failure::new(format!(
                    "no task is named `{word}`, and with --before the peer is that commit: `cargo xtask bench --list`"
                ))
            })?;
            if tasks.is_empty() {
                return Err(Failure::new(format!("these words choose no task: {USAGE}")));
            }
            builds::tasks::compare(&tasks, &rev, quick, threads)
        }
        Request::Compare { words, before: None, quick, threads } => {
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

/// A run of the bench.
struct Bench {
    own: Own,
    peers: Peers,
    effort: Effort,
    head: Head,
}

impl Bench {
    fn new(quick: bool, threads: Option<usize>) -> Result<Self, Failure> {
        let (root, target) = (crate::root(), target()?);
        // Before anything is built, which would count as load.
        let head = head::here(&root, threads, quick);
        let own = Own::build(&root, &target)?;
        let peers = Peers::install(&root, &target)?;
        let head = Head { speeds: own.speeds(head.threads)?, ..head };
        Ok(Self { own, peers, effort: if quick { QUICK } else { FULL }, head })
    }

    fn compare(&self, pairs: &[(&'static Task, &'static Against)]) -> Result<(), Failure> {
        let mut kept = Kept::new(&crate::root(), &self.head)?;
        let mut rows = Vec::new();
        for (k, (task, against)) in pairs.iter().enumerate() {
            println!("{} of {}: {} / {}", k + 1, pairs.len(), task.name, against.peer);
            let row = self.row(task, against)?;
            kept.keep(&row)?;
            rows.push(row);
        }
        println!("\n{}\nkept in {}", table::plain(&self.head, &rows), kept.place());
        let failed = rows.iter().filter(|row| matches!(row.ended, Ended::Failed(_))).count();
        let met = rows.iter().filter(|row| table::is_met(row)).count();
        println!("{met} of {} bars met, {failed} failed", rows.len());
        Ok(())
    }

    /// One comparison, from data to row.
    fn row(&self, task: &Task, against: &Against) -> Result<Row, Failure> {
        let absent = |why: String| Ok(Row { ended: Ended::Absent(why), ..blank(task, against) });
        let threads = self.head.threads;
        let folder = match self.own.data(task.set, threads)? {
            Data::There(folder) => folder,
            Data::Absent(why) => return absent(why),
        };
        let command = match against.peer {
            ITSELF => Ok(self.own.command(1)),
            peer if is_eckart(peer) => Ok(self.own.command(threads)),
            peer => self.peers.command(peer, threads),
        };
        let mut other = match command {
            Ok(command) => command,
            Err(why) => return absent(why.to_string()),
        };
        if is_eckart(against.peer) {
            other.arg("serve");
        }
        let log = self.own.target.join(ERRORS);
        let start = |name: &str, command: &mut Command| Worker::start(name, command, &log, self.effort.patience);
        let pair = Pair {
            task,
            against,
            target: None,
            eckart: start("Eckart", self.own.command(threads).arg("serve"))?,
            other: start(against.peer, &mut other)?,
        };
        Ok(pair.compare(&folder, self.effort, &self.head.speeds))
    }
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
        assert!(refused("no-such-task --before HEAD").contains("`no-such-task`"));
        assert!(refused("seed jax --before HEAD").contains("the peer is that commit"));
        assert!(refused("seed-tall --quick --before HEAD").contains("choose no task"));
        assert!(refused("--table bench/runs/no-such-file").contains("can't read"));
    }
}
