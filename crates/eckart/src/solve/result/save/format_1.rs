//! Format 1: what files of the first format say in JSON and later ones hold as tensors.
//! In: the texts of a header.  Out: starts, names of rows and columns.
//! Invariant: files of format 1 are read for ever; none is written.
//! Not here: what did not change (see `header`).

use serde_json::Value;

use super::header::{ModelHeader, number};
use crate::error::Result;
use crate::solve::result::{Iteration, Start};
use crate::solve::search::settings::StopReason;

/// The starts of a model; `None` where they can't be used.
pub(super) fn starts(header: &ModelHeader) -> Result<Option<Vec<Start>>> {
    let starts = header.json("starts")?;
    Ok(starts.as_array().and_then(|list| list.iter().map(start_from_json).collect()))
}

/// The names of a side (`row_names`, `col_names`), which were texts.
pub(super) fn names(header: &ModelHeader, side: &str) -> Result<Option<Vec<String>>> {
    header.names(side)
}

fn start_from_json(value: &Value) -> Option<Start> {
    let step = |pair: &Value| Some(Iteration { cost: number(pair.get(0)?), seconds: number(pair.get(1)?) });
    Some(Start {
        cost: number(value.get("cost")?),
        iterations: value.get("iterations")?.as_u64()? as usize,
        stop: StopReason::from_name(value.get("stop")?.as_str()?)?,
        seconds: number(value.get("seconds")?),
        residuals: match value.get("residuals") {
            Some(list) => list.as_array()?.iter().map(number).collect(),
            None => Vec::new(),
        },
        history: value.get("history")?.as_array()?.iter().map(step).collect::<Option<_>>()?,
    })
}
