//! One comparison: two processes, both warmed up, then run by run in turn; their results are held to each other.

use super::rows::{Ended, Row, Side, Speeds};
use super::tasks::{Against, Check, ITSELF, ONE_START, ONE_START_WORK, Task, is_eckart};
use super::worker::{NoAnswer, Worker};
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// How much is measured.
#[derive(Clone, Copy)]
pub(super) struct Effort {
    /// Samples of a side, at least and at most.
    pub(super) samples: (usize, usize),
    /// Samples are taken beyond the least number until they have lasted so long, in seconds.
    pub(super) enough: f64,
    /// A sample of the faster side lasts so long, in seconds, unless the slower side's is longer than `longest`.
    pub(super) sample: f64,
    pub(super) longest: f64,
    /// How long an answer is waited for.
    pub(super) patience: Duration,
}

pub(super) const FULL: Effort =
    Effort { samples: (5, 15), enough: 3.0, sample: 0.05, longest: 1.0, patience: Duration::from_secs(600) };
pub(super) const QUICK: Effort =
    Effort { samples: (3, 3), enough: 0.0, sample: 0.02, longest: 0.3, patience: Duration::from_secs(120) };

/// Samples of a side where they have lasted longer than `LONG`, in seconds, whatever the effort.
const FEWEST: usize = 3;
const LONG: f64 = 60.0;

/// Threads that wait in a loop for more work are given this time to fall asleep before the other side begins.
const SETTLE: Duration = Duration::from_millis(250);

/// Both sides of a task.
pub(super) struct Pair<'a> {
    pub(super) task: &'a Task,
    pub(super) against: &'a Against,
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
        tolerance: if is_eckart(against.peer) { 0.0 } else { tolerance },
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
            _ => version.to_owned(),
        };
        (row.eckart.held, row.other.held) = (loaded[0]["held"].as_u64(), loaded[1]["held"].as_u64());
        let times = match self.task.check {
            Check::Same(_) => self.warm_up(row)?,
            Check::AsLow(_) => self.warm_up_to_a_cost(row)?,
        };
        row.batch = batch(effort, times);
        self.alternate(row, effort)?;
        let peaks = [self.eckart.ask(&json!({ "do": "peak" }))?, self.other.ask(&json!({ "do": "peak" }))?];
        (row.eckart.peak, row.other.peak) = (peaks[0]["peak"].as_u64(), peaks[1]["peak"].as_u64());
        row.least = speeds.least(&peaks[0]["needs"]);
        Ok(())
    }

    /// Two runs of each side; the first ones must give the same. The times of the second ones.
    fn warm_up(&mut self, row: &mut Row) -> Result<[f64; 2], NoAnswer> {
        let (ours, theirs) = (self.eckart.run(1, true)?, self.other.run(1, true)?);
        keep(row, &ours.digests, &theirs.digests);
        check_same(&ours.digests, &theirs.digests, row.tolerance)?;
        let (ours, theirs) = (self.eckart.run(1, false)?, self.other.run(1, false)?);
        Ok([ours.seconds, theirs.seconds])
    }

    /// One run of each side; the cost that the peer reaches is Eckart's target.
    fn warm_up_to_a_cost(&mut self, row: &mut Row) -> Result<[f64; 2], NoAnswer> {
        let theirs = self.other.run(1, false)?;
        self.other.ask(&json!({ "do": "save" }))?;
        let target = self.judged(false)?;
        row.other.values = vec![target];
        self.eckart.ask(&json!({ "do": "aim", "target": target }))?;
        let ours = self.eckart.run(1, false)?;
        let reached = self.judged(true)?;
        row.eckart.values = vec![reached];
        check_low(reached, target, row.tolerance)?;
        Ok([ours.seconds, theirs.seconds])
    }

    /// The cost of Eckart's factors, or of those that the peer saved.
    fn judged(&mut self, own: bool) -> Result<f64, NoAnswer> {
        let answer = self.eckart.ask(&json!({ "do": "judge", "own": own }))?;
        answer["value"].as_f64().ok_or_else(|| NoAnswer::Broken("the factors have no cost".into()))
    }

    /// Samples of both sides in turn, each first every other time; the last ones must give the same again.
    fn alternate(&mut self, row: &mut Row, effort: Effort) -> Result<(), NoAnswer> {
        let (least, most) = effort.samples;
        let mut lasted = 0.0;
        let mut last = false;
        while !last {
            let taken = row.eckart.seconds.len() + 1;
            last = taken >= most || (taken >= least && lasted >= effort.enough) || (taken >= FEWEST && lasted >= LONG);
            let digest = last && matches!(self.task.check, Check::Same(_));
            let mut digests = [Vec::new(), Vec::new()];
            for turn in [taken % 2, (taken + 1) % 2] {
                std::thread::sleep(SETTLE);
                let worker = if turn == 1 { &mut self.eckart } else { &mut self.other };
                let run = worker.run(row.batch, digest)?;
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

fn keep(row: &mut Row, ours: &[[f64; 2]], theirs: &[[f64; 2]]) {
    row.eckart.values.extend(ours.iter().flatten());
    row.other.values.extend(theirs.iter().flatten());
}

/// How many runs a sample is made of, where one takes the two sides these times.
fn batch(effort: Effort, times: [f64; 2]) -> u32 {
    let (faster, slower) = (times[0].min(times[1]).max(1e-6), times[0].max(times[1]).max(1e-6));
    let most = (effort.longest / slower).floor().max(1.0);
    (effort.sample / faster).ceil().clamp(1.0, most) as u32
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
    use super::*;

    #[test]
    fn samples_are_long_enough_and_not_too_long() {
        assert_eq!(batch(FULL, [0.01, 0.02]), 5);
        assert_eq!(batch(FULL, [0.01, 0.4]), 2);
        assert_eq!(batch(FULL, [0.001, 5.0]), 1);
        assert_eq!(batch(FULL, [1.0, 2.0]), 1);
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
