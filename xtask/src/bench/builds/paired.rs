//! Pairs: two builds timed in turn, the ratio of each pair, and whether the later one is slower.

use super::super::compare::Effort;
use super::super::kept::Kept;
use super::super::rows::{Ended, Head, Row, median};
use super::super::table::{columns, duration, notes};
use crate::Failure;

/// Pairs of samples of a comparison; either side goes first every other time.
pub(super) const PAIRS: usize = 7;
/// A build is slower where the lower end of the interval is above this.
pub(super) const SLOWER: f64 = 1.05;
/// The interval goes from the RANK-th smallest ratio to the RANK-th largest. Whatever the distribution of the ratios,
/// it holds their median unless fewer than RANK of them lie on one side of it: 87.5 % of all intervals of 7 pairs do,
/// and 93.75 % of their lower ends lie below it. The whole range would hold it more often (98.4 %), but a single pair
/// that other work on the machine has disturbed would hide what is slower.
const RANK: usize = 2;

/// As many samples as there are pairs, however long they last.
pub(super) const fn in_pairs(effort: Effort) -> Effort {
    Effort { samples: (PAIRS, PAIRS), fewest: PAIRS, ..effort }
}

/// The ratios of pairs: their median and the interval that holds the true one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ratio {
    pub(super) median: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Ratio {
    /// That of times now and before, pair by pair; none where there are too few for an interval.
    fn of(now: &[f64], before: &[f64]) -> Option<Self> {
        let mut ratios: Vec<f64> = now.iter().zip(before).map(|(now, before)| now / before).collect();
        ratios.sort_by(f64::total_cmp);
        if ratios.len() < 2 * RANK || now.len() != before.len() {
            return None;
        }
        Some(Self { median: median(&ratios)?, low: ratios[RANK - 1], high: ratios[ratios.len() - RANK] })
    }

    /// Of a row that was compared.
    pub(super) fn of_row(row: &Row) -> Option<Self> {
        Self::of(&row.eckart.seconds, &row.other.seconds).filter(|_| row.ended == Ended::Compared)
    }

    pub(super) fn is_slower(self) -> bool {
        self.low > SLOWER
    }

    /// "1.012 [0.99, 1.03]".
    pub(super) fn shown(self) -> String {
        let word = if self.is_slower() { "  SLOWER" } else { "" };
        format!("{:.3} [{:.3}, {:.3}]{word}", self.median, self.low, self.high)
    }
}

/// How likely the interval of `pairs` ratios holds the true median.
fn coverage(pairs: usize) -> f64 {
    let (mut ways, mut outside) = (1.0, 0.0);
    for k in 0..RANK {
        outside += ways;
        ways *= (pairs - k) as f64 / (k + 1) as f64;
    }
    1.0 - 2.0 * outside / 2_f64.powi(pairs as i32)
}

/// The table of a run against another commit, and what it says.
pub(in super::super) fn plain(head: &Head, rows: &[Row]) -> String {
    let dash = || "-".to_owned();
    let mut lines = vec![["task", "now", "before", "ratio", "interval", "slower"].map(str::to_owned).to_vec()];
    for row in rows {
        let time = |seconds: &[f64]| median(seconds).map_or_else(dash, duration);
        let (now, before) = (time(&row.eckart.seconds), time(&row.other.seconds));
        lines.push(match Ratio::of_row(row) {
            Some(ratio) => {
                let interval = format!("{:.3}..{:.3}", ratio.low, ratio.high);
                let slower = if ratio.is_slower() { "SLOWER" } else { "no" }.to_owned();
                vec![row.task.clone(), now, before, format!("{:.3}", ratio.median), interval, slower]
            }
            None if matches!(row.ended, Ended::Absent(_)) => {
                vec![row.task.clone(), dash(), dash(), "absent".into(), dash(), dash()]
            }
            None => vec![row.task.clone(), dash(), dash(), "FAILED".into(), dash(), dash()],
        });
    }
    format!("{}\n{}{}", columns(&lines, 1), about(head), notes(rows, ""))
}

/// Where, when and how the ratios came about.
fn about(head: &Head) -> String {
    let Head { date, commit, before, processor, cores, threads, quick, load, .. } = head;
    format!(
        "{processor}, {cores} cores, {threads} threads{}; commit {commit} against {}, {date}{}. Medians of {PAIRS} \
         samples that alternate; ratio: the median of the {PAIRS} ratios of a pair, now over before; interval: from \
         ratio {RANK} to ratio {} in order of size, which holds the true median with a probability of {:.1} % whatever \
         the distribution. Slower: the lower end is above {SLOWER}.\n",
        load.map_or_else(String::new, |load| format!(", a load of {load:.1} before it began")),
        before.as_deref().unwrap_or("no commit"),
        if *quick { ", quick" } else { "" },
        PAIRS + 1 - RANK,
        100.0 * coverage(PAIRS),
    )
}

/// What a run ends with: its counts, and whether nothing is slower and nothing failed.
fn verdict(rows: &[Row]) -> (String, bool) {
    let slower = rows.iter().filter_map(Ratio::of_row).filter(|ratio| ratio.is_slower()).count();
    let absent = rows.iter().filter(|row| matches!(row.ended, Ended::Absent(_))).count();
    let failed = rows.iter().filter(|row| Ratio::of_row(row).is_none()).count() - absent;
    let text = format!("{} compared, {slower} slower, {failed} failed, {absent} absent", rows.len() - failed - absent);
    (text, slower + failed == 0)
}

/// Prints the table of a run and what it comes to; something slower, or a task without a ratio, is a failure.
pub(super) fn finish(head: &Head, rows: &[Row], kept: &Kept) -> Result<(), Failure> {
    let (counts, is_fine) = verdict(rows);
    println!("\n{}\nkept in {}\n{counts}", plain(head, rows), kept.place());
    let rev = head.before.as_deref().unwrap_or("no commit");
    if is_fine { Ok(()) } else { Err(Failure::new(format!("against {rev}: {counts}"))) }
}

#[cfg(test)]
mod tests {
    use super::super::super::compare::FULL;
    use super::super::super::rows::tests::sample;
    use super::*;

    const BEFORE_TIMES: [f64; 7] = [1.0; 7];

    fn ratio(now: [f64; 7]) -> Ratio {
        Ratio::of(&now, &BEFORE_TIMES).expect("seven pairs")
    }

    #[test]
    fn ratios_are_those_of_pairs() {
        let found = Ratio::of(&[2.0, 3.0, 4.0, 10.0], &[1.0, 1.0, 1.0, 5.0]).expect("four pairs");
        assert_eq!(found, Ratio { median: 2.5, low: 2.0, high: 3.0 });
        assert_eq!(Ratio::of(&[1.0; 3], &[1.0; 3]), None);
        assert_eq!(Ratio::of(&[1.0; 7], &[1.0; 6]), None);
    }

    #[test]
    fn one_disturbed_pair_neither_makes_nor_hides_what_is_slower() {
        assert!(ratio([1.1, 1.1, 1.1, 0.5, 1.1, 1.1, 1.1]).is_slower());
        assert!(!ratio([1.1, 1.1, 1.1, 0.5, 1.0, 1.1, 1.1]).is_slower());
        assert!(!ratio([1.0, 1.0, 1.0, 9.0, 1.0, 1.0, 1.0]).is_slower());
        assert!(!ratio([1.05; 7]).is_slower(), "the bar itself");
        assert_eq!(ratio([1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7]).shown(), "1.400 [1.200, 1.600]  SLOWER");
    }

    #[test]
    fn the_interval_covers_what_is_said() {
        assert_eq!(coverage(7), 0.875);
        assert_eq!(coverage(4), 0.375);
    }

    #[test]
    fn a_comparison_of_builds_takes_all_pairs() {
        let effort = in_pairs(FULL);
        assert_eq!((effort.samples, effort.fewest), ((7, 7), 7));
    }

    #[test]
    fn a_table_tells_what_is_slower_and_the_verdict_counts_it() {
        let (mut head, mut row) = sample();
        head.before = Some("def5678".into());
        row.eckart.seconds = vec![0.011; 7];
        row.other.seconds = vec![0.010; 7];
        let same = Row { task: "same".into(), eckart: row.other.clone(), ..row.clone() };
        let failed = Row { ended: Ended::Failed("they differ".into()), ..row.clone() };
        let absent = Row { ended: Ended::Absent("no data".into()), ..row.clone() };
        let text = plain(&head, &[row.clone(), same.clone(), failed.clone()]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], "seed-dense-f32  11.0 ms  10.0 ms   1.100  1.100..1.100  SLOWER");
        assert_eq!(lines[2], "same            10.0 ms  10.0 ms   1.000  1.000..1.000      no");
        assert!(text.contains("abc1234 against def5678") && text.contains("87.5 %"), "{text}");
        assert!(text.contains("FAILED seed-dense-f32"), "{text}");
        assert_eq!(verdict(std::slice::from_ref(&row)), ("1 compared, 1 slower, 0 failed, 0 absent".into(), false));
        assert_eq!(verdict(&[same.clone(), absent]), ("1 compared, 0 slower, 0 failed, 1 absent".into(), true));
        assert!(!verdict(&[same, failed]).1);
    }
}
