//! `cargo xtask bench --before REV`: the tasks, done by another commit's build and by that of the working tree in turn.

use super::super::compare::{Effort, FULL, Pair, QUICK, blank};
use super::super::head;
use super::super::kept::{self, Kept};
use super::super::own::{Data, ERRORS, Own, PROGRAM, target};
use super::super::rows::{Ended, Head, Row, Speeds};
use super::super::tasks::{Against, BEFORE, Check, Task};
use super::super::worker::Worker;
use super::paired::{Ratio, SLOWER, finish, in_pairs};
use crate::Failure;
use crate::revision::Revision;
use std::path::PathBuf;
use std::process::Command;

/// The other build as a peer of every task.
const AGAINST: Against = Against { peer: BEFORE, bar: SLOWER, quick: true };

/// Both builds of the bench's own program.
struct Builds {
    own: Own,
    before: PathBuf,
    head: Head,
    effort: Effort,
}

/// Compares the builds at each of the tasks; something slower, or different, is a failure.
pub(in super::super) fn compare(
    tasks: &[&Task],
    rev: &str,
    quick: bool,
    threads: Option<usize>,
) -> Result<(), Failure> {
    let (root, target) = (crate::root(), target()?);
    // Before anything is built, which would count as load.
    let head = head::here(&root, threads, quick);
    let revision = Revision::check_out(&root, &target, rev)?;
    let before = revision.program(PROGRAM, PROGRAM)?;
    let builds = Builds {
        own: Own::build(&root, &target)?,
        before,
        head: Head { before: Some(revision.short().to_owned()), ..head },
        effort: in_pairs(if quick { QUICK } else { FULL }),
    };
    let mut kept = Kept::new(&root, &builds.head)?;
    let mut rows = Vec::new();
    for (k, task) in tasks.iter().enumerate() {
        let row = builds.row(task, kept::target(&root, task.name))?;
        let ratio = Ratio::of_row(&row).map_or_else(|| "no ratio".to_owned(), Ratio::shown);
        println!("{:>2} of {}: {:<18}{ratio}", k + 1, tasks.len(), task.name);
        kept.keep(&row)?;
        rows.push(row);
    }
    finish(&builds.head, &rows, &kept)
}

impl Builds {
    /// One task, from data to row. `target` is where a search is to end.
    fn row(&self, task: &Task, target: Option<f64>) -> Result<Row, Failure> {
        let absent = |why: String| Ok(Row { ended: Ended::Absent(why), ..blank(task, &AGAINST) });
        let threads = self.head.threads;
        let folder = match self.own.data(task.set, threads)? {
            Data::There(folder) => folder,
            Data::Absent(why) => return absent(why),
        };
        if matches!(task.check, Check::AsLow(_)) && target.is_none() {
            return absent("no kept run says what a peer's search came to, so there is nothing to reach".into());
        }
        let log = self.own.target.join(ERRORS);
        let start =
            |name: &str, mut command: Command| Worker::start(name, command.arg("serve"), &log, self.effort.patience);
        let eckart = start("Eckart", self.own.command(threads))?;
        let other = start(BEFORE, self.own.command_of(&self.before, threads))?;
        let pair = Pair { task, against: &AGAINST, target, eckart, other };
        Ok(pair.compare(&folder, self.effort, &Speeds::default()))
    }
}
