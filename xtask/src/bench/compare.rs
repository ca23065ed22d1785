//! One comparison: two processes, both warmed up, then run by run in turn; their results are held to each other.

use super::rows::{Ended, Row, Side, Speeds};
use super::tasks::{Against, BEFORE, Check, ITSELF, ONE_START, ONE_START_WORK, Task, is_eckart};
use super::worker::{NoAnswer, Worker};
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// Runs of the faster side fill so long, in seconds, unless the slower side's as many last longer than `longest`.
#[derive(Clone, Copy)]
pub(super) struct Span {
    seconds: f64,
    longest: f64,
}

/// How much is measured.
#[derive(Clone, Copy)]
pub(super) struct Effort {
    /// Samples of a side, at least and at most.
    pub(super) samples: (usize, usize),
    /// As many are taken though they have lasted longer than `LONG`.
    pub(super) fewest: usize,
    /// Samples are taken beyond the least number until they have lasted so long, in seconds.
    pub(super) enough: f64,
    /// How long a sample's runs before the clock starts last, and those within.
    pub(super) lead: Span,
    pub(super) sample: Span,
    /// How long an answer is waited for.
    pub(super) patience: Duration,
}

pub(super) const FULL: Effort = Effort {
    samples: (5, 9),
    fewest: 3,
    enough: 3.0,
    lead: Span { seconds: 0.5, longest: 1.5 },
    sample: Span { seconds: 0.05, longest: 1.0 },
    patience: Duration::from_secs(600),
};
pub(super) const QUICK: Effort = Effort {
    samples: (3, 3),
    fewest: 3,
    enough: 0.0,
    lead: Span { seconds: 0.2, longest: 0.5 },
    sample: Span { seconds: 0.02, longest: 0.3 },
    patience: Duration::from_secs(120),
};

/// No more samples are taken than an effort's fewest where they have lasted longer than this, in seconds.
const LONG: f64 = 60.0;

/// Results are compared after the first run and after so many.
const CHECKED: u32 = 3;

/// Threads that wait in a loop for more work are given this time to fall asleep before the other side begins.
const SETTLE: Duration = Duration::from_millis(250);

/// By how much results of two builds may differ at least, as a share of their lengths: a change of the order of sums
/// is no failure here (`cargo xtask same` holds bits to each other).
const BUILDS: f64 = 1e-6;

/// Both sides of a task.
pub(super) struct Pair<'a> {
    pub(super) task: &'a Task,
    pub(super) against: &'a Against,
    /// The value that both are to reach in a search; none where the peer says how far it gets.
    pub(super) target: Option<f64>,
    pub(super) eckart: Worker,
    pub(super) other: Worker,
}

/// A row that says nothing yet.
pub(super) fn blank(task: &Task, against: &Against) -> Row {
    let (Check::Same(tolerance) | Check::AsLow(tolerance)) = task.check;
    Row {
        task: task.name.to_owned(),
        peer: against.peer.to_owned(),
        version: String::new(),
        bar: against.bar,
        most_memory: task.most_memory,
        tolerance: match against.peer {
            peer if is_eckart(peer) => 0.0,
            BEFORE => tolerance.max(BUILDS),
            _ => tolerance,
        },
        lead: 0,
        batch: 1,
        least: None,
        ended: Ended::Compared,
        eckart: Side::default(),
        other: Side::default(),
    }
}

impl Pair<'_> {
    /// Compares; what goes wrong is in the row.
    pub(super) fn compare(mut self, folder: &Path, effort: Effort, speeds: &Speeds) -> Row {
        let mut row = blank(self.task, self.against);
        let done = self.measure(&mut row, folder, effort, speeds);
        row.ended = match done {
            Ok(()) => Ended::Compared,
            Err(NoAnswer::Absent(why)) => Ended::Absent(why),
            Err(NoAnswer::Broken(why)) => Ended::Failed(why),
        };
        row
    }

    fn measure(&mut self, row: &mut Row, folder: &Path, effort: Effort, speeds: &Speeds) -> Result<(), NoAnswer> {
        let load = |work| json!({ "do": "load", "work": work, "folder": folder, "rank": self.task.rank });
        let other_work = if self.against.peer == ONE_START { ONE_START_WORK } else { self.task.work };
        // Eckart loads first: it leaves its start for the peer to read.
        let loaded = [self.eckart.ask(&load(self.task.work))?, self.other.ask(&load(other_work))?];
        let version = loaded[1]["version"].as_str().unwrap_or_default();
        row.version = match self.against.peer {
            ITSELF => format!("Eckart {version}, 1 thread"),
            ONE_START => format!("Eckart {version}, 1 start"),
            BEFORE => format!("Eckart {version}, before"),
            _ => version.to_owned(),
        };
        (row.eckart.held, row.other.held) = (loaded[0]["held"].as_u64(), loaded[1]["held"].as_u64());
        let times = match (self.task.check, self.target) {
            (Check::Same(_), _) => self.warm_up(row)?,
            (Check::AsLow(_), None) => self.warm_up_to_a_cost(row)?,
            (Check::AsLow(_), Some(target)) => self.warm_up_to(row, target)?,
        };
        row.lead = effort.lead.runs(times);
        row.batch = effort.sample.runs(times).max(1);
        self.alternate(row, effort)?;
        let peaks = [self.eckart.ask(&json!({ "do": "peak" }))?, self.other.ask(&json!({ "do": "peak" }))?];
        (row.eckart.peak, row.other.peak) = (peaks[0]["peak"].as_u64(), peaks[1]["peak"].as_u64());
        row.least = speeds.least(&peaks[0]["needs"]);
        Ok(())
    }

    /// Runs of each side, which must give the same after the first one and after a few. The times of the last ones.
    /// Not later: rounding parts the two sides of an iteration, and more so the faster they are.
    fn warm_up(&mut self, row: &mut Row) -> Result<[f64; 2], NoAnswer> {
        let mut times = [0.0; 2];
        for lead in [0, CHECKED - 2] {
            let (ours, theirs) = (self.eckart.run(lead, 1, true)?, self.other.run(lead, 1, true)?);
            keep(row, &ours.digests, &theirs.digests);
            check_same(&ours.digests, &theirs.digests, row.tolerance)?;
            times = [ours.seconds, theirs.seconds];
        }
        Ok(times)
    }

    /// One run of each side; the cost that the peer reaches is Eckart's target.
    fn warm_up_to_a_cost(&mut self, row: &mut Row) -> Result<[f64; 2], NoAnswer> {
        let theirs = self.other.run(0, 1, false)?;
        self.other.ask(&json!({ "do": "save" }))?;
        let target = self.judged(false)?;
        row.other.values = vec![target];
        self.eckart.ask(&json!({ "do": "aim", "target": target }))?;
        let ours = self.eckart.run(0, 1, false)?;
        let reached = self.judged(true)?;
        row.eckart.values = vec![reached];
        check_low(reached, target, row.tolerance)?;
        Ok([ours.seconds, theirs.seconds])
    }

    /// One run of each side to the same value; both are Eckart.
    fn warm_up_to(&mut self, row: &mut Row, target: f64) -> Result<[f64; 2], NoAnswer> {
        row.other.values = vec![target];
        let mut times = [0.0; 2];
        for (worker, time) in [&mut self.eckart, &mut self.other].into_iter().zip(&mut times) {
            worker.ask(&json!({ "do": "aim", "target": target }))?;
            *time = worker.run(0, 1, false)?.seconds;
            let reached = judged(worker, true)?;
            check_low(reached, target, row.tolerance)?;
        }
        row.eckart.values = vec![judged(&mut self.eckart, true)?];
        Ok(times)
    }

    /// The cost of Eckart's factors, or of those that the peer saved.
    fn judged(&mut self, own: bool) -> Result<f64, NoAnswer> {
        judged(&mut self.eckart, own)
    }

    /// Samples of both sides in turn, each first every other time; the last ones of the same program must give the same
    /// bits.
    fn alternate(&mut self, row: &mut Row, effort: Effort) -> Result<(), NoAnswer> {
        let (least, most) = effort.samples;
        let mut lasted = 0.0;
        let mut last = false;
        while !last {
            let taken = row.eckart.seconds.len() + 1;
            last = taken >= most
                || (taken >= least && lasted >= effort.enough)
                || (taken >= effort.fewest && lasted >= LONG);
            let digest = last && row.tolerance == 0.0 && matches!(self.task.check, Check::Same(_));
            let mut digests = [Vec::new(), Vec::new()];
            for turn in [taken % 2, (taken + 1) % 2] {
                std::thread::sleep(SETTLE);
                let worker = if turn == 1 { &mut self.eckart } else { &mut self.other };
                let run = worker.run(row.lead, row.batch, digest)?;
                lasted += run.seconds * f64::from(row.batch);
                let side = if turn == 1 { &mut row.eckart } else { &mut row.other };
                side.seconds.push(run.seconds);
                digests[1 - turn] = run.digests;
            }
            if digest {
                keep(row, &digests[0], &digests[1]);
                check_same(&digests[0], &digests[1], row.tolerance)?;
            }
        }
        if let Check::AsLow(_) = self.task.check {
            let reached = self.judged(true)?;
            row.eckart.values.push(reached);
            check_low(reached, row.other.values[0], row.tolerance)?;
        }
        Ok(())
    }
}

/// The cost of the factors that a build of Eckart found, or that the peer saved, as that build judges it.
fn judged(worker: &mut Worker, own: bool) -> Result<f64, NoAnswer> {
    let answer = worker.ask(&json!({ "do": "judge", "own": own }))?;
    answer["value"].as_f64().ok_or_else(|| NoAnswer::Broken("the factors have no cost".into()))
}

fn keep(row: &mut Row, ours: &[[f64; 2]], theirs: &[[f64; 2]]) {
    row.eckart.values.extend(ours.iter().flatten());
    row.other.values.extend(theirs.iter().flatten());
}

impl Span {
    /// How many runs fill it, where one takes the two sides these times.
    fn runs(self, times: [f64; 2]) -> u32 {
        let (faster, slower) = (times[0].min(times[1]).max(1e-6), times[0].max(times[1]).max(1e-6));
        (self.seconds / faster).ceil().min((self.longest / slower).floor()) as u32
    }
}

/// Every result as long as the other side's, and its weighted sum as far from it as rounding may bring it.
fn check_same(ours: &[[f64; 2]], theirs: &[[f64; 2]], tolerance: f64) -> Result<(), NoAnswer> {
    if ours.len() != theirs.len() || ours.is_empty() {
        let counts = format!("Eckart gave {} results, the peer {}", ours.len(), theirs.len());
        return Err(NoAnswer::Broken(counts));
    }
    for (k, (our, their)) in ours.iter().zip(theirs).enumerate() {
        let most = tolerance * their[0].abs();
        // Written so that NaN fails.
        if !(0..2).all(|part| (our[part] - their[part]).abs() <= most) {
            let [a, b] = [our, their].map(|[length, sum]| format!("{length:.9e} ({sum:.9e})"));
            let text = format!("result {}: Eckart's is {a}, the peer's {b}, tolerance {tolerance:.0e}", k + 1);
            return Err(NoAnswer::Broken(text));
        }
    }
    Ok(())
}

fn check_low(ours: f64, theirs: f64, tolerance: f64) -> Result<(), NoAnswer> {
    if ours <= theirs * (1.0 + tolerance) {
        return Ok(());
    }
    Err(NoAnswer::Broken(format!("Eckart's cost is {ours:.9e}, the peer's {theirs:.9e}, tolerance {tolerance:.0e}")))
}

#[cfg(test)]
mod tests {
    use super::super::tasks::TASKS;
    use super::*;

    #[test]
    fn samples_are_long_enough_and_not_too_long() {
        let runs = |times| (FULL.lead.runs(times), FULL.sample.runs(times));
        assert_eq!(runs([0.01, 0.02]), (50, 5));
        assert_eq!(runs([0.01, 0.4]), (3, 2));
        assert_eq!(runs([0.001, 5.0]), (0, 0));
        assert_eq!(runs([1.0, 2.0]), (0, 0));
    }

    #[test]
    fn builds_may_differ_by_rounding_and_one_program_may_not() {
        let tolerance = |peer| {
            let task = TASKS.iter().find(|task| task.name == "starts-digits").expect("it is a task");
            blank(task, &Against { peer, bar: 1.0, quick: true }).tolerance
        };
        assert_eq!([BEFORE, ITSELF, "numpy"].map(tolerance), [1e-6, 0.0, 0.0]);
    }

    #[test]
    fn results_agree_within_the_tolerance_or_fail_with_both_values() {
        let same = |a: &[[f64; 2]], b: &[[f64; 2]], tolerance| match check_same(a, b, tolerance) {
            Ok(()) => String::new(),
            Err(NoAnswer::Broken(text) | NoAnswer::Absent(text)) => text,
        };
        assert_eq!(same(&[[1.0, 0.5]], &[[1.0, 0.5]], 0.0), "");
        assert_eq!(same(&[[100.0, 0.5]], &[[100.01, 0.51]], 1e-3), "");
        let text = same(&[[1.0, 0.0], [2.0, 1.0]], &[[1.0, 0.0], [2.0, -1.0]], 1e-3);
        assert!(text.starts_with("result 2: Eckart's is 2.000000000e0 (1.0"), "{text}");
        assert!(!same(&[[f64::NAN, 0.0]], &[[1.0, 0.0]], 1.0).is_empty());
        assert!(same(&[], &[], 1.0).contains("0 results"));
        assert!(check_low(1.0, 1.0, 0.0).is_ok() && check_low(0.5, 1.0, 0.0).is_ok());
        assert!(check_low(1.1, 1.0, 1e-3).is_err() && check_low(f64::NAN, 1.0, 1e-3).is_err());
    }
}
