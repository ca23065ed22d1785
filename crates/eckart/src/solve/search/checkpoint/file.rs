//! File: a checkpoint as a safetensors file, and back.
//! In: starts that are done, snapshots of those that are not, what the search is of.  Out: a file; or these.
//! Invariant: numbers keep their bits; a file of another problem, data, setting or arithmetic is refused with what
//! differs.
//! Not here: what a snapshot must hold (see the module above); docs/format.md says every key.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::format_1;
use super::identity::{HALVED, Identity};
use super::pack::{Pack, unpacked};
use super::saved::Saved;
use super::snapshot::Snapshot;
use crate::data::{Tensor, TensorSource, read_tensors, write_tensors};
use crate::error::{Code, Error, Result};
use crate::run::Value;
use crate::solve::block::state::MethodState;
use crate::solve::problem::Problem;
use crate::solve::result::save::{
    CHECKPOINT_HELP, FileKind, Tables, bytes, check, floats, histories, limits_to_json, lists, no_such,
    numbers_to_json, numerics, of_kind, starts, texts_of, wholes,
};
use crate::solve::result::{Kept, Numerics, Start};
use crate::solve::search::settings::Settings;

/// What every checkpoint of a search says in its header.
#[derive(Debug, Clone)]
pub(in crate::solve) struct About {
    identity: Identity,
    texts: BTreeMap<String, String>,
}

impl About {
    /// Of the search by the method of that name.
    pub(in crate::solve) fn of(problem: &Problem, method: &str, settings: &Settings) -> Self {
        let identity = Identity::of(problem, method, settings);
        let target = problem.data.first().map_or("", |(name, _)| name.as_str());
        let rows = [
            ("objective", problem.statement.to_string()),
            ("target", target.to_owned()),
            ("numbers", numbers_to_json(&problem.params).to_string()),
            ("rank", problem.rank.to_string()),
            ("method", method.to_owned()),
            ("init", settings.init.name().to_owned()),
            ("seed", settings.seed.to_string()),
            ("limits", limits_of(settings).to_string()),
            ("restarts", settings.starts().to_string()),
            ("identity", json!(identity.0).to_string()),
        ];
        Self { identity, texts: texts_of(FileKind::Checkpoint, &Numerics::current(), rows) }
    }
}

fn limits_of(settings: &Settings) -> serde_json::Value {
    let Settings { max_iter, tol, target, successive_halving, .. } = settings;
    limits_to_json((*max_iter, *tol, *target), (settings.starts(), *successive_halving))
}

/// Writes a checkpoint: aside, then in the place of the one before.
///
/// # Errors
/// `Io` where the file can't be written, the one before then stands.
pub(in crate::solve) fn write(path: &Path, about: &About, saved: &Saved) -> Result<()> {
    let done: Vec<(usize, &Start)> = saved.done.iter().map(|(&index, start)| (index, start)).collect();
    let running: Vec<(usize, &Snapshot)> = saved.running.iter().map(|(&index, snapshot)| (index, snapshot)).collect();
    let matrices: Vec<[Value; 2]> =
        saved.kept.iter().map(|kept| [Value::of(&kept.components), Value::of(&kept.rows)]).collect();
    let packs = [
        Pack::of("best.factors", saved.best.iter().map(|(_, factors)| &factors[..])),
        Pack::of("running.factors", running.iter().map(|(_, snapshot)| &snapshot.factors[..])),
        Pack::of("running.best", running.iter().map(|(_, snapshot)| &snapshot.best.1[..])),
        Pack::of("running.state", running.iter().map(|(_, snapshot)| &snapshot.method.values[..])),
        Pack::of("kept.matrices", matrices.iter().map(|pair| &pair[..])),
    ];
    let mut texts = about.texts.clone();
    texts.insert("spent".into(), json!(saved.spent.as_secs_f64()).to_string());
    texts.extend(saved.best.iter().map(|(index, _)| ("best".to_owned(), index.to_string())));
    let mut sources = starts(&done);
    sources.extend(running_sources(&running));
    sources.extend(kept_sources(&saved.kept));
    sources.extend(packs.iter().flat_map(Pack::sources));
    write_tensors(path, &texts, sources)
}

/// What is known of the starts that run, but their matrices.
fn running_sources<'a>(running: &'a [(usize, &'a Snapshot)]) -> Vec<TensorSource<'a>> {
    let mut sources = vec![
        wholes("running.index", running, |(index, _)| *index),
        floats("running.best_cost", running, |(_, snapshot)| snapshot.best.0),
        wholes("running.quiet", running, |(_, snapshot)| snapshot.quiet),
        bytes("running.at_rest", running, |(_, snapshot)| u8::from(snapshot.at_rest)),
        bytes("running.has_lengths", running, |(_, snapshot)| u8::from(snapshot.lengths.is_some())),
    ];
    sources.extend(histories("running.history", running, |(_, snapshot)| &snapshot.history));
    sources.extend(lists("running.lengths", running, |(_, snapshot)| snapshot.lengths.as_deref().unwrap_or(&[])));
    sources.extend(lists("running.numbers", running, |(_, snapshot)| &snapshot.method.numbers));
    sources
}

/// What was kept of the components of starts, but the matrices.
fn kept_sources(kept: &[Kept]) -> Vec<TensorSource<'_>> {
    let count = kept.iter().map(|one| one.sampled.len()).sum();
    let sampled = || kept.iter().flat_map(|one| one.sampled.iter().map(|&row| row as u64));
    let mut sources = vec![
        wholes("kept.index", kept, |one| one.start),
        wholes("kept.rows", kept, |one| one.shape.0),
        wholes("kept.cols", kept, |one| one.shape.1),
        TensorSource::offsets("kept.sampled", kept, |one| one.sampled.len()),
        TensorSource::list("kept.sampled.values", count, sampled),
    ];
    sources.extend(lists("kept.lengths", kept, |one| &one.lengths));
    sources
}

/// Reads a checkpoint of the same search.
///
/// # Errors
/// `Io` where the file can't be read; `Data` where it is no checkpoint, damaged, or of a later format; `Setting` where
/// it is of another search, or was computed with another arithmetic.
pub(in crate::solve) fn read(path: &Path, about: &About) -> Result<Saved> {
    let mut contents = read_tensors(path, &of_kind(FileKind::Checkpoint)).map_err(no_checkpoint)?;
    let (metadata, tensors) = (&contents.metadata, &mut contents.tensors);
    let format = check(metadata, FileKind::Checkpoint).map_err(|error| error.in_file(path))?;
    let damaged = |what: &str| no_such(FileKind::Checkpoint, what).in_file(path);
    if let Some(why) = numerics(metadata, format).ok_or_else(|| damaged("numerics"))?.differs() {
        let message = format!("{}: the checkpoint can't be gone on with: {why}", path.display());
        return Err(Error::setting(Code::CheckpointDiffers, message));
    }
    about.identity.check(&identity(metadata, format).ok_or_else(|| damaged("identity"))?, path)?;
    saved_in(metadata, format, tensors).map_err(|error| error.in_file(path))
}

/// The number of starts of a search that halves them, of which a file is the checkpoint; what else is amiss with the
/// file `read` says.
pub(in crate::solve) fn halved_starts(path: &Path) -> Option<usize> {
    let contents = read_tensors(path, &|_, _| false).ok()?;
    let format = check(&contents.metadata, FileKind::Checkpoint).ok()?;
    identity(&contents.metadata, format)?.get(HALVED)?.parse().ok()
}

/// What is no safetensors file is no checkpoint either.
fn no_checkpoint(mut error: Error) -> Error {
    if let Error::Data(data) = &mut error
        && data.code == Code::NotAModel
    {
        data.code = Code::NotACheckpoint;
        CHECKPOINT_HELP.clone_into(&mut data.help);
    }
    error
}

/// What the search of a file was of.
fn identity(metadata: &BTreeMap<String, String>, format: u64) -> Option<BTreeMap<String, String>> {
    if format == 1 {
        return Some(metadata.clone());
    }
    serde_json::from_str(metadata.get("identity")?).ok()
}

/// What a checkpoint of any format that is known holds.
///
/// # Errors
/// `Data`, naming a tensor that can't be read or does not fit the others.
pub(in crate::solve) fn saved_in(
    metadata: &BTreeMap<String, String>,
    format: u64,
    tensors: &mut BTreeMap<String, Tensor>,
) -> Result<Saved> {
    let damaged = |what: &str| no_such(FileKind::Checkpoint, what);
    let saved = if format == 1 {
        format_1::parse(metadata, tensors).ok_or_else(|| damaged("state"))?
    } else {
        let spent = spent(metadata).ok_or_else(|| damaged("spent"))?;
        let mut tables = Tables::of(tensors);
        let parsed = parse(metadata, &mut tables);
        Saved { spent, ..parsed.ok_or_else(|| damaged(&tables.last))? }
    };
    saved.flaw().map_or(Ok(saved), |what| Err(damaged(what)))
}

fn spent(metadata: &BTreeMap<String, String>) -> Option<Duration> {
    Duration::try_from_secs_f64(metadata.get("spent")?.parse().ok()?).ok()
}

fn parse(metadata: &BTreeMap<String, String>, tables: &mut Tables) -> Option<Saved> {
    let best = match metadata.get("best") {
        Some(index) => Some((index.parse().ok()?, unpacked(tables, "best.factors", 1)?.pop()?)),
        None => None,
    };
    Some(Saved {
        done: by_number(tables.starts()?)?,
        best,
        kept: kept(tables)?,
        running: running(tables)?,
        ..Saved::default()
    })
}

fn running(tables: &mut Tables) -> Option<BTreeMap<usize, Snapshot>> {
    let index = tables.wholes("running.index")?;
    let count = index.len();
    let (best_costs, quiet) = (tables.floats("running.best_cost")?, tables.wholes("running.quiet")?);
    let (at_rest, has_lengths) = (tables.bytes("running.at_rest")?, tables.bytes("running.has_lengths")?);
    if [best_costs.len(), quiet.len(), at_rest.len(), has_lengths.len()] != [count; 4] {
        return None;
    }
    let mut histories = tables.histories("running.history", count)?.into_iter();
    let mut lengths = tables.lists("running.lengths", count)?.into_iter();
    let mut numbers = tables.lists("running.numbers", count)?.into_iter();
    let mut pack = |name: &str| unpacked(tables, name, count).map(Vec::into_iter);
    let (mut factors, mut best, mut state) = (pack("running.factors")?, pack("running.best")?, pack("running.state")?);
    let snapshot = |at: usize| {
        let lengths = lengths.next()?;
        let snapshot = Snapshot {
            factors: factors.next()?,
            best: (best_costs[at], best.next()?),
            history: histories.next()?,
            quiet: quiet[at],
            at_rest: at_rest[at] != 0,
            lengths: (has_lengths[at] != 0).then_some(lengths),
            method: MethodState::of(numbers.next()?, state.next()?),
            is_read: true,
        };
        Some((index[at], snapshot))
    };
    by_number((0..count).map(snapshot).collect::<Option<_>>()?)
}

/// What is of each start; `None` where one is there twice.
fn by_number<T>(list: Vec<(usize, T)>) -> Option<BTreeMap<usize, T>> {
    let count = list.len();
    let map: BTreeMap<usize, T> = list.into_iter().collect();
    (map.len() == count).then_some(map)
}

fn kept(tables: &mut Tables) -> Option<Vec<Kept>> {
    let index = tables.wholes("kept.index")?;
    let count = index.len();
    let (rows, cols) = (tables.wholes("kept.rows")?, tables.wholes("kept.cols")?);
    let sampled = tables.wholes("kept.sampled.values")?;
    let ranges = tables.ranges("kept.sampled", count, sampled.len())?;
    if [rows.len(), cols.len()] != [count; 2] {
        return None;
    }
    let mut lengths = tables.lists("kept.lengths", count)?.into_iter();
    let mut matrices = unpacked(tables, "kept.matrices", count)?.into_iter();
    let kept = |at: usize| {
        let [components, of_rows]: [Value; 2] = matrices.next()?.try_into().ok()?;
        let matrix = |value: Value| {
            let dtype = value.dtype();
            value.into_matrix(dtype).ok()
        };
        Some(Kept {
            start: index[at],
            shape: (rows[at], cols[at]),
            components: matrix(components)?,
            lengths: lengths.next()?,
            sampled: sampled[ranges[at][0]..ranges[at][1]].to_vec(),
            rows: matrix(of_rows)?,
        })
    };
    (0..count).map(kept).collect()
}
