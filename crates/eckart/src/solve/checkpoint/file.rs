//! File: a checkpoint as a safetensors file, and back.
//! In: starts that are done, snapshots of those that are not, what the search is of.  Out: a file; or these.
//! Law: numbers keep their bits; a file of another problem, data or setting is refused with what differs.
//! Not here: what a snapshot must hold (see the module above).

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{Snapshot, State};
use crate::data::{Matrix, ModelFile, Storage, read_model_file, write_model_file};
use crate::error::{Code, Error, Result};
use crate::run::Value;
use crate::solve::factorization::{Start, Step};
use crate::solve::kept::Kept;
use crate::solve::problem::Problem;
use crate::solve::settings::{Settings, StopReason};

/// The version of the layout.
const FORMAT: &str = "1";

/// What a search is of: a checkpoint can only go on with the same. Limits of iterations and time are no part of it: they don't
/// change the way, but how far it is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::solve) struct Identity(BTreeMap<String, String>);

/// What a checkpoint holds.
#[derive(Debug, Clone, Default)]
pub(in crate::solve) struct Saved {
    /// The starts that are done, by their number.
    pub done: BTreeMap<usize, Start>,
    /// The best of them, and its factors.
    pub best: Option<(usize, Vec<Value>)>,
    /// What was kept of each.
    pub kept: Vec<Kept>,
    /// Those that are not done.
    pub running: BTreeMap<usize, Snapshot>,
    /// The time it took so far.
    pub spent: Duration,
}

impl Identity {
    pub(in crate::solve) fn of(problem: &Problem, settings: &Settings, method: &str) -> Self {
        let numbers: Vec<String> =
            problem.numbers().iter().map(|(name, value)| format!("{name}={:016x}", value.to_bits())).collect();
        let sums = |list: &[(String, Matrix)]| {
            let of = |(name, matrix): &(String, Matrix)| {
                let (n, m) = matrix.shape();
                format!("{name} {n}x{m} {} {:016x}", matrix.dtype(), fingerprint(matrix))
            };
            list.iter().map(of).collect::<Vec<String>>().join("; ")
        };
        let rows = [
            ("checkpoint", FORMAT.to_owned()),
            ("eckart", env!("CARGO_PKG_VERSION").to_owned()),
            ("objective", problem.statement().to_string()),
            ("numbers", numbers.join(" ")),
            ("rank", problem.rank_asked().to_string()),
            ("data", sums(problem.matrices())),
            ("held factors", sums(problem.held())),
            ("first values", sums(problem.first_values())),
            ("method", method.to_owned()),
            ("init", settings.init.name().to_owned()),
            ("seed", settings.seed.to_string()),
            ("tol", format!("{:016x}", settings.tol.to_bits())),
            ("target", settings.target.map_or_else(String::new, |target| format!("{:016x}", target.to_bits()))),
            ("keep_starts", settings.keep_starts.to_string()),
        ];
        Self(rows.into_iter().map(|(key, text)| (key.to_owned(), text)).collect())
    }

    /// # Errors
    /// `Setting`, naming what differs from what a file says.
    fn check(&self, file: &BTreeMap<String, String>, path: &Path) -> Result<()> {
        if !file.contains_key("checkpoint") {
            return Err(Error::data(Code::NotACheckpoint, "this is no checkpoint", "Give the file of --checkpoint")
                .in_file(path));
        }
        let other: Vec<&str> =
            self.0.iter().filter(|(key, text)| file.get(*key) != Some(text)).map(|(key, _)| key.as_str()).collect();
        if other.is_empty() {
            return Ok(());
        }
        Err(Error::setting(
            Code::CheckpointDiffers,
            format!(
                "{}: the checkpoint is of another search: {} differ; go on with what it began with (only max_iter, the time \
             limit, the number of starts, threads and memory may be other ones), or begin anew without it",
                path.display(),
                other.join(", ")
            ),
        ))
    }
}

/// A number that changes with every bit of a matrix (FNV-1a of 64 bits, word by word).
fn fingerprint(matrix: &Matrix) -> u64 {
    let mut sum = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |word: u64| sum = (sum ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(17);
    if let Some(pattern) = matrix.pattern() {
        pattern.indptr().iter().for_each(|&at| add(at as u64));
        pattern.indices().iter().for_each(|&j| add(u64::from(j)));
    }
    match matrix.storage() {
        Storage::DenseF32(values) => values.iter().for_each(|v| add(u64::from(v.to_bits()))),
        Storage::DenseF64(values) => values.iter().for_each(|v| add(v.to_bits())),
        Storage::SparseF32(sparse) => sparse.values().iter().for_each(|v| add(u64::from(v.to_bits()))),
        Storage::SparseF64(sparse) => sparse.values().iter().for_each(|v| add(v.to_bits())),
    }
    sum
}

/// Writes a checkpoint: aside, then in the place of the one before.
///
/// # Errors
/// `Io` where the file can't be written, the one before then stands; `Data` where a number is infinite.
pub(in crate::solve) fn write(path: &Path, identity: &Identity, saved: &Saved) -> Result<()> {
    let mut file = ModelFile { tensors: BTreeMap::new(), metadata: identity.0.clone() };
    let mut put = |name: String, values: &[Value]| -> Result<usize> {
        for (k, value) in values.iter().enumerate() {
            file.tensors.insert(format!("{name} {k}"), value.to_matrix(value.dtype())?);
        }
        Ok(values.len())
    };
    let mut running = Vec::new();
    for (index, snapshot) in &saved.running {
        let count = put(format!("start {index} factor"), &snapshot.factors)?;
        let best = put(format!("start {index} best"), &snapshot.best.1)?;
        let state = put(format!("start {index} state"), &snapshot.method.values)?;
        running.push(json!({
            "index": index,
            "factors": count,
            "best": best,
            "state": state,
            "best_cost": snapshot.best.0.to_bits(),
            "last": snapshot.last.to_bits(),
            "quiet": snapshot.quiet,
            "at_rest": snapshot.at_rest,
            "history": history_to_json(&snapshot.history),
            "lengths": snapshot.lengths.as_ref().map(|lengths| bits(lengths)),
            "numbers": bits(&snapshot.method.numbers),
        }));
    }
    let best = match &saved.best {
        Some((index, factors)) => json!([index, put("best".into(), factors)?]),
        None => Json::Null,
    };
    let mut kept = Vec::new();
    for one in &saved.kept {
        file.tensors.insert(format!("start {} components", one.start), one.components.clone());
        file.tensors.insert(format!("start {} rows", one.start), one.rows.clone());
        let (n, m) = one.shape;
        kept.push(
            json!({ "start": one.start, "shape": [n, m], "lengths": bits(&one.lengths), "sampled": one.sampled }),
        );
    }
    let done: Vec<Json> = saved.done.iter().map(|(index, start)| start_to_json(*index, start)).collect();
    for (key, value) in [("done", json!(done)), ("best", best), ("kept", json!(kept)), ("running", json!(running))] {
        file.metadata.insert(format!("state {key}"), value.to_string());
    }
    file.metadata.insert("state spent".into(), json!(saved.spent.as_secs_f64()).to_string());
    write_model_file(path, &file)
}

/// Reads a checkpoint of the same search.
///
/// # Errors
/// `Io` where the file can't be read; `Data` where it is no checkpoint, or damaged; `Setting` where it is of another search.
pub(in crate::solve) fn read(path: &Path, identity: &Identity) -> Result<Saved> {
    let mut file = read_model_file(path)?;
    identity.check(&file.metadata, path)?;
    parse(&mut file).ok_or_else(|| {
        Error::data(Code::CheckpointDamaged, "the checkpoint is damaged", "Begin anew, without it").in_file(path)
    })
}

fn parse(file: &mut ModelFile) -> Option<Saved> {
    let part =
        |file: &ModelFile, key: &str| serde_json::from_str::<Json>(file.metadata.get(&format!("state {key}"))?).ok();
    let (done, best, kept) = (part(file, "done")?, part(file, "best")?, part(file, "kept")?);
    let (running, spent) = (part(file, "running")?, part(file, "spent")?);
    let mut saved = Saved { spent: Duration::try_from_secs_f64(spent.as_f64()?).ok()?, ..Saved::default() };
    for start in done.as_array()? {
        saved.done.insert(whole(start.get("index")?)?, start_from_json(start)?);
    }
    if let Some([index, count]) = best.as_array().map(Vec::as_slice) {
        saved.best = Some((whole(index)?, take(file, "best", whole(count)?)?));
    }
    for one in kept.as_array()? {
        let start = whole(one.get("start")?)?;
        let [n, m] = one.get("shape")?.as_array()?.as_slice() else { return None };
        saved.kept.push(Kept {
            start,
            shape: (whole(n)?, whole(m)?),
            components: file.tensors.remove(&format!("start {start} components"))?,
            lengths: from_bits(one.get("lengths")?)?,
            sampled: one.get("sampled")?.as_array()?.iter().map(whole).collect::<Option<_>>()?,
            rows: file.tensors.remove(&format!("start {start} rows"))?,
        });
    }
    for one in running.as_array()? {
        let index = whole(one.get("index")?)?;
        let mut list = |what: &str, count: &str| take(file, &format!("start {index} {what}"), whole(one.get(count)?)?);
        let (factors, best, state) = (list("factor", "factors")?, list("best", "best")?, list("state", "state")?);
        let lengths = one.get("lengths")?;
        let lengths = if lengths.is_null() { None } else { Some(from_bits(lengths)?) };
        let snapshot = Snapshot {
            factors,
            best: (number(one.get("best_cost")?)?, best),
            history: history_from_json(one.get("history")?)?,
            last: number(one.get("last")?)?,
            quiet: whole(one.get("quiet")?)?,
            at_rest: one.get("at_rest")?.as_bool()?,
            lengths,
            method: State::of(from_bits(one.get("numbers")?)?, state),
        };
        saved.running.insert(index, snapshot);
    }
    Some(saved)
}

fn take(file: &mut ModelFile, name: &str, count: usize) -> Option<Vec<Value>> {
    (0..count).map(|k| file.tensors.remove(&format!("{name} {k}")).map(|matrix| Value::of(&matrix))).collect()
}

fn whole(value: &Json) -> Option<usize> {
    value.as_u64().map(|n| n as usize)
}

/// Numbers by their bits: JSON has no word for what is not finite.
fn bits(numbers: &[f64]) -> Vec<u64> {
    numbers.iter().map(|x| x.to_bits()).collect()
}

fn number(value: &Json) -> Option<f64> {
    value.as_u64().map(f64::from_bits)
}

fn from_bits(value: &Json) -> Option<Vec<f64>> {
    value.as_array()?.iter().map(number).collect()
}

fn history_to_json(history: &[Step]) -> Json {
    let steps: Vec<[u64; 2]> = history.iter().map(|step| [step.cost.to_bits(), step.seconds.to_bits()]).collect();
    json!(steps)
}

fn history_from_json(value: &Json) -> Option<Vec<Step>> {
    let step = |pair: &Json| Some(Step { cost: number(pair.get(0)?)?, seconds: number(pair.get(1)?)? });
    value.as_array()?.iter().map(step).collect()
}

fn start_to_json(index: usize, start: &Start) -> Json {
    json!({
        "index": index,
        "cost": start.cost.to_bits(),
        "iterations": start.iterations,
        "stop": start.stop.name(),
        "seconds": start.seconds.to_bits(),
        "history": history_to_json(&start.history),
        "residuals": bits(&start.residuals),
    })
}

fn start_from_json(value: &Json) -> Option<Start> {
    Some(Start {
        cost: number(value.get("cost")?)?,
        iterations: whole(value.get("iterations")?)?,
        stop: StopReason::from_name(value.get("stop")?.as_str()?)?,
        seconds: number(value.get("seconds")?)?,
        history: history_from_json(value.get("history")?)?,
        residuals: from_bits(value.get("residuals")?)?,
    })
}
