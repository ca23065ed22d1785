//! `cargo xtask same`: whether the working tree gives the same results as another commit, bit for bit.

mod acceptance;
mod exceptions;
mod matrices;
mod runs;
mod side;
mod tensors;
mod values;
mod verdict;

use crate::revision::{Revision, working_program};
use crate::{Failure, command};
use exceptions::{Exception, meet, swallowing, unused};
use runs::{Run, runs};
use side::{Outcome, Side};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;
use verdict::{Verdict, compare, compare_threads, numerics};

const USAGE: &str = "same REV [WORD ...] | --list [WORD ...]";
/// The command and its package.
const COMMAND: [&str; 2] = ["eckart-cli", "eckart"];

/// Compares, or lists what would be compared.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let Some((first, words)) = args.split_first() else { return Err(Failure::new(format!("which commit? {USAGE}"))) };
    if let Some(wrong) = args.iter().find(|arg| arg.starts_with('-') && *arg != "--list") {
        return Err(Failure::new(format!("`{wrong}` is not understood: {USAGE}")));
    }
    let root = crate::root();
    let cases = acceptance::cases(&root)?;
    let runs = runs(&cases, words)?;
    if first == "--list" {
        runs.iter().for_each(|run| println!("{:<38}{}", run.name, run.about()));
        return Ok(());
    }
    Comparison::new(root, first)?.compare(&runs)
}

/// Both builds, and what may differ.
struct Comparison {
    root: PathBuf,
    /// Where data and results are written.
    folder: PathBuf,
    before: Side,
    now: [Side; 2],
    exceptions: Vec<Exception>,
    /// Programs of another commit stay while it is held.
    revision: Revision,
}

/// How many runs ended how.
#[derive(Default)]
struct Counts {
    same: usize,
    excepted: usize,
    different: usize,
    /// Of those that are the same: both sides refuse.
    refused: usize,
}

impl Comparison {
    fn new(root: PathBuf, rev: &str) -> Result<Self, Failure> {
        let built = command::built()?;
        let target = built.parent().unwrap_or(&built);
        let revision = Revision::check_out(&root, target, rev)?;
        let exceptions = exceptions::read(exceptions::LINES, &root, &revision.commit)?;
        let [package, name] = COMMAND;
        let before = Side { program: revision.program(package, name)?, threads: 2 };
        let program = working_program(&root, target, package, name)?;
        let now = [1, 2].map(|threads| Side { program: program.clone(), threads });
        Ok(Self { folder: target.join("same"), root, before, now, exceptions, revision })
    }

    fn compare(&self, runs: &[Run]) -> Result<(), Failure> {
        let began = Instant::now();
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).map_err(|error| self.failure(&error))?;
        }
        println!("{} runs: the working tree with 1 and 2 threads, {} with 2", runs.len(), self.revision.short());
        let (mut counts, mut notes) = (Counts::default(), BTreeMap::new());
        for run in runs {
            self.run(run, &mut counts, &mut notes)?;
        }
        for (note, times) in notes {
            println!("note: {note} ({times} runs)");
        }
        unused(&self.exceptions).iter().for_each(|line| println!("unused exception: {line}"));
        let Counts { same, excepted, different, refused } = counts;
        println!(
            "same: {} runs in {:.0} s: {same} the same ({refused} of them refused by both), {excepted} excepted, \
             {different} different",
            runs.len(),
            began.elapsed().as_secs_f64(),
        );
        if different == 0 {
            return Ok(());
        }
        Err(Failure::new(format!(
            "{different} runs differ from {}; data and results are in {}. What must differ is announced in \
             xtask/src/same/exceptions.txt",
            self.revision.short(),
            self.folder.display()
        )))
    }

    /// One run: fitted by both builds, compared, reported.
    fn run(&self, run: &Run, counts: &mut Counts, notes: &mut BTreeMap<String, usize>) -> Result<(), Failure> {
        let began = Instant::now();
        let folder = self.folder.join(run.name.replace('/', "-"));
        let arguments = run.prepare(&self.root, &folder).map_err(|error| self.failure(&error))?;
        let by =
            |side: &Side, name: &str| side.run(&arguments, &folder.join(name)).map_err(|error| self.failure(&error));
        let before = by(&self.before, "before")?;
        let [one, two] = [by(&self.now[0], "now-1")?, by(&self.now[1], "now-2")?];
        let mut verdict = compare(&before, &two);
        verdict.findings.extend(compare_threads(&one, &two));
        self.report(run, &verdict, [&before, &two], began.elapsed().as_secs_f64(), counts);
        for note in verdict.notes {
            *notes.entry(note).or_default() += 1;
        }
        Ok(())
    }

    fn report(&self, run: &Run, verdict: &Verdict, outcomes: [&Outcome; 2], seconds: f64, counts: &mut Counts) {
        meet(&self.exceptions, &run.name);
        let numerics = numerics(outcomes[0], outcomes[1]);
        let mut lines = Vec::new();
        let mut is_different = false;
        for finding in &verdict.findings {
            let by = swallowing(&self.exceptions, &run.name, finding, numerics);
            is_different |= by.is_none();
            lines.push(format!("    {}: {}", finding.field.name(), finding.text));
            lines.extend(by.map(|by| format!("        excepted by: {by}")));
        }
        let (count, word) = match (is_different, lines.is_empty()) {
            (true, _) => (&mut counts.different, "DIFFERENT"),
            (false, false) => (&mut counts.excepted, "excepted"),
            (false, true) => (&mut counts.same, "same"),
        };
        *count += 1;
        counts.refused += usize::from(word == "same" && outcomes[1].model.is_none());
        println!("{:<38}{word:<10}{seconds:>5.1} s  {}", run.name, ended(outcomes[1]));
        lines.iter().for_each(|line| println!("{line}"));
    }

    fn failure(&self, error: &std::io::Error) -> Failure {
        Failure::new(format!("can't compare in {}: {error}", self.folder.display()))
    }
}

/// How a run ended, in a few words.
fn ended(outcome: &Outcome) -> String {
    let cost = outcome.json.as_ref().map(|json| format!("cost {} after {}", json["objective"], json["iterations"]));
    let of_new = outcome.transform.as_ref().filter(|ended| ended.code != Some(0));
    let new_rows = of_new.map(|ended| format!("new rows: {}", shortened(&ended.shown())));
    let words = [cost.or_else(|| Some(shortened(&outcome.fit.shown()))), new_rows];
    words.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// As much of a text as fits a line.
fn shortened(text: &str) -> String {
    const MOST: usize = 90;
    if text.chars().count() <= MOST { text.to_owned() } else { text.chars().take(MOST).chain("...".chars()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let args: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        run(&args).expect_err(text).to_string()
    }

    #[test]
    fn what_can_not_be_compared_is_said() {
        assert!(refused("").contains("which commit? same REV"));
        assert!(refused("HEAD --fast").contains("`--fast` is not understood"));
        assert!(refused("HEAD no-such-run").contains("no run's name holds `no-such-run`"));
    }

    #[test]
    fn the_end_of_a_run_is_told_in_a_line() {
        let ended_by = |code, said: &str| side::Ended { code: Some(code), said: said.into() };
        let mut outcome = Outcome { fit: ended_by(2, "error: no"), ..Outcome::default() };
        assert_eq!(ended(&outcome), "exit 2 (error: no)");
        outcome.json = Some(serde_json::json!({ "objective": 1.5, "iterations": 7 }));
        outcome.transform = Some(ended_by(2, &"long ".repeat(40)));
        let text = ended(&outcome);
        assert!(text.starts_with("cost 1.5 after 7; new rows: exit 2 (long") && text.ends_with("..."), "{text}");
    }
}
