//! Timing: how long a piece of work takes, said in one line.
//! In: a name, what is prepared once, what is timed.  Out: `stage/name  median  min..max` on standard output.
//! Invariant: only the work is timed, never what it is given; at least five samples after a warm-up.
//! Not here: comparison with other runs or other programs.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Samples of a case, at least.
const LEAST_SAMPLES: usize = 5;
/// Samples of a case, at most.
const MOST_SAMPLES: usize = 101;
/// Time a case is warmed up for, about, and time it is sampled for.
const WARM_UP: Duration = Duration::from_millis(200);
const SAMPLING: Duration = Duration::from_millis(1500);
/// Work that is shorter than this is repeated within a sample.
const SAMPLE: Duration = Duration::from_millis(2);

/// The cases of a stage, as the command line filters them.
pub(crate) struct Bench {
    stage: &'static str,
    filters: Vec<String>,
    /// Cargo says `--bench` where time counts; without it each case is done once, to see that it runs.
    timed: bool,
}

impl Bench {
    /// The cases of `stage`; words on the command line choose among them by a part of their names.
    pub(crate) fn of(stage: &'static str) -> Self {
        let (options, filters): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|a| a.starts_with('-'));
        Self { stage, filters, timed: options.iter().any(|option| option == "--bench") }
    }

    /// Times `work` on what `prepare` makes; the median, where it was timed.
    pub(crate) fn case<S, T>(
        &self,
        name: &str,
        prepare: impl FnOnce() -> S,
        mut work: impl FnMut(&mut S) -> T,
    ) -> Option<Duration> {
        let label = format!("{}/{name}", self.stage);
        if !self.filters.is_empty() && !self.filters.iter().any(|filter| label.contains(filter)) {
            return None;
        }
        let mut given = prepare();
        if !self.timed {
            black_box(work(&mut given));
            println!("{label:<38} runs");
            return None;
        }
        let mut once = || {
            let began = Instant::now();
            black_box(work(black_box(&mut given)));
            began.elapsed()
        };
        let samples = sample(&mut once);
        let (median, least, most) = (samples[samples.len() / 2], samples[0], samples[samples.len() - 1]);
        println!("{label:<38} {:>10}  {}..{}", shown(median), shown(least), shown(most));
        Some(median)
    }
}

/// The times of one run of the work, shortest first.
fn sample(once: &mut impl FnMut() -> Duration) -> Vec<Duration> {
    let began = Instant::now();
    let mut shortest = once();
    while began.elapsed() < WARM_UP {
        shortest = shortest.min(once());
    }
    let repeats = (SAMPLE.as_nanos() / shortest.as_nanos().max(1)).clamp(1, 100_000) as u32;
    let began = Instant::now();
    let mut samples = Vec::new();
    while samples.len() < LEAST_SAMPLES || (samples.len() < MOST_SAMPLES && began.elapsed() < SAMPLING) {
        let total: Duration = (0..repeats).map(|_| once()).sum();
        samples.push(total / repeats);
    }
    samples.sort_unstable();
    samples
}

/// "1.23 ms".
fn shown(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let (scaled, unit) = match seconds {
        s if s >= 1.0 => (s, "s"),
        s if s >= 1e-3 => (s * 1e3, "ms"),
        s => (s * 1e6, "us"),
    };
    let digits = if scaled >= 100.0 {
        0
    } else if scaled >= 10.0 {
        1
    } else {
        2
    };
    format!("{scaled:.digits$} {unit}")
}
