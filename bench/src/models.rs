//! Models: published models, each as it is written down, by default searches and by thorough ones.
//! In: lines of JSON: objective, rank, parameters, files, the least cost that independent solvers found.  Out: a line
//! for each that does not end near it, and the score.
//! Invariant: no model has a setting of its own.
//! Not here: how long a search takes beside those of other libraries (see `tasks`).

use std::path::Path;
use std::time::{Duration, Instant};

use eckart::data::{ReadOptions, read};
use eckart::{Problem, Settings, StopReason};
use serde_json::Value;

use crate::{Result, trouble};

/// How far above the least cost known a default search may end, as a share of it, and a thorough one.
const NEAR: [f64; 2] = [0.01, 0.005];
/// How long each may take.
const LIMITS: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(20)];

/// A thorough search: five starts in full.
fn thorough() -> Settings {
    Settings { tol: 1e-9, max_iter: 5000, n_init: Some(5), ..Settings::default() }
}

/// How far above the least cost known a search ended, how long it took and why it stopped.
struct Ended {
    gap: f64,
    seconds: f64,
    stop: String,
}

impl Ended {
    fn said(&self) -> String {
        format!("{:9.3} % in {:5.2} s ({})", 100.0 * self.gap, self.seconds, self.stop)
    }
}

/// Runs the models of a file whose names hold `word`: good where the default search and the better of both end near the
/// least cost known, early where the better alone does, else bad.
pub(crate) fn score(file: &Path, word: &str) -> Result<()> {
    let text = std::fs::read_to_string(file)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let (mut counts, mut times) = ([0; 3], Vec::new());
    for line in text.lines() {
        let model: Value = serde_json::from_str(line)?;
        let name = model["name"].as_str().unwrap_or_default();
        if !name.to_lowercase().contains(&word.to_lowercase()) {
            continue;
        }
        let default = ended(folder, &model, Settings { time_limit: Some(LIMITS[0]), ..Settings::default() })?;
        let long = ended(folder, &model, Settings { time_limit: Some(LIMITS[1]), ..thorough() })?;
        let kind = match (default.gap <= NEAR[0], default.gap.min(long.gap) <= NEAR[1]) {
            (true, true) => 0,
            (_, true) => 1,
            (_, false) => 2,
        };
        counts[kind] += 1;
        times.push(default.seconds);
        if kind > 0 {
            let kind = ["good", "early", "bad"][kind];
            println!("{kind:<6}{name:<60}default {}, thorough {}", default.said(), long.said());
        }
    }
    let [good, early, bad] = counts;
    times.sort_by(f64::total_cmp);
    let Some(median) = times.get(times.len() / 2) else { return trouble(format!("no model is called `{word}`")) };
    println!(
        "published models: good {good}, early {early}, bad {bad} of {}; median default search {median:.2} s",
        times.len()
    );
    Ok(())
}

fn ended(folder: &Path, model: &Value, settings: Settings) -> Result<Ended> {
    let (Some(text), Some(rank)) = (model["objective"].as_str(), model["rank"].as_u64()) else {
        return trouble(format!("a model has no objective or no rank: {model}"));
    };
    let mut problem = Problem::parse(text)?.rank(rank as usize);
    let files: Vec<(&str, &str)> = model["data"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, file)| Some((name.as_str(), file.as_str()?)))
        .collect();
    // The first of the data is what is factorized.
    let (first, others): (Vec<_>, Vec<_>) = files.into_iter().partition(|(name, _)| *name == "X");
    for (name, file) in first.into_iter().chain(others) {
        problem = problem.data(name, read(folder.join(file), &ReadOptions::default())?);
    }
    for (name, value) in model["numbers"].as_object().into_iter().flatten() {
        problem = problem.param(name, value.as_f64().unwrap_or(f64::NAN));
    }
    let least = model["best"].as_f64().unwrap_or(f64::NAN);
    let began = Instant::now();
    let found = problem.solve(&settings)?;
    let gap = (found.cost - least) / least.abs().max(1e-12);
    // An objective that falls without end has no least cost.
    let is_found = found.stop_reason() != StopReason::Diverged && !gap.is_nan();
    let gap = if is_found { gap } else { f64::INFINITY };
    Ok(Ended { gap, seconds: began.elapsed().as_secs_f64(), stop: found.stop_reason().to_string() })
}
