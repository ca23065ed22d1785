//! Format 1: checkpoints of the first format, which held lists as JSON and each matrix as a tensor of its own.
//! In: the texts and tensors of a file.  Out: `Saved`.
//! Invariant: files of format 1 are read for ever; none is written.
//! Not here: how a search goes on (see `starts`).

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value as Json;

use super::saved::Saved;
use super::snapshot::Snapshot;
use crate::data::{Matrix, Tensor};
use crate::run::Value;
use crate::solve::block::state::MethodState;
use crate::solve::result::{Iteration, Kept, Start};
use crate::solve::search::settings::StopReason;

/// The tensors of a file, to be taken out.
type Tensors = BTreeMap<String, Tensor>;

/// What a checkpoint holds; `None` where it is damaged.
pub(super) fn parse(metadata: &BTreeMap<String, String>, file: &mut Tensors) -> Option<Saved> {
    let part = |key: &str| serde_json::from_str::<Json>(metadata.get(&format!("state {key}"))?).ok();
    let (done, best, kept) = (part("done")?, part("best")?, part("kept")?);
    let (running, spent) = (part("running")?, part("spent")?);
    let mut saved = Saved { spent: Duration::try_from_secs_f64(spent.as_f64()?).ok()?, ..Saved::default() };
    for start in done.as_array()? {
        if saved.done.insert(whole(start.get("index")?)?, start_from_json(start)?).is_some() {
            return None;
        }
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
            components: matrix(file, &format!("start {start} components"))?,
            lengths: from_bits(one.get("lengths")?)?,
            sampled: one.get("sampled")?.as_array()?.iter().map(whole).collect::<Option<_>>()?,
            rows: matrix(file, &format!("start {start} rows"))?,
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
            quiet: whole(one.get("quiet")?)?,
            at_rest: one.get("at_rest")?.as_bool()?,
            lengths,
            method: MethodState::of(from_bits(one.get("numbers")?)?, state),
            is_read: true,
        };
        if saved.running.insert(index, snapshot).is_some() {
            return None;
        }
    }
    Some(saved)
}

fn matrix(file: &mut Tensors, name: &str) -> Option<Matrix> {
    if let Tensor::Matrix(matrix) = file.remove(name)? { Some(matrix) } else { None }
}

fn take(file: &mut Tensors, name: &str, count: usize) -> Option<Vec<Value>> {
    (0..count).map(|k| matrix(file, &format!("{name} {k}")).map(|matrix| Value::of(&matrix))).collect()
}

fn whole(value: &Json) -> Option<usize> {
    value.as_u64().map(|n| n as usize)
}

/// Numbers are kept by their bits: JSON has no word for what is not finite.
fn number(value: &Json) -> Option<f64> {
    value.as_u64().map(f64::from_bits)
}

fn from_bits(value: &Json) -> Option<Vec<f64>> {
    value.as_array()?.iter().map(number).collect()
}

fn history_from_json(value: &Json) -> Option<Vec<Iteration>> {
    let step = |pair: &Json| Some(Iteration { cost: number(pair.get(0)?)?, seconds: number(pair.get(1)?)? });
    value.as_array()?.iter().map(step).collect()
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
