//! Json: the result, or why there is none, for machines.
//! In: a search that has ended; an error; a warning.  Out: one JSON object on one line.
//! Invariant: keys stay; what is not finite is null.
//! Not here: the result for people (see `report`).

use std::path::PathBuf;

use eckart::report::zeros;
use eckart::run::peak_memory;
use eckart::{Code, Error, Matrix, Warning};
use serde_json::{Value, json};

use crate::commands::fit::outcome::Outcome;
use crate::output::components::{Component, Part};

/// The object and a line end; `written` are the files that hold the result.
pub(crate) fn json(outcome: &Outcome, written: &[PathBuf]) -> String {
    let Outcome { model, data, fit, components, .. } = outcome;
    // The library's own text is JSON.
    let mut object: Value = serde_json::from_str(&fit.to_json()).unwrap_or_default();
    let ended = outcome.warnings();
    object["warnings"] = fit.warnings.iter().chain(&ended).map(warning_object).collect();
    let factor = |(name, matrix): &(String, Matrix)| {
        (name.clone(), json!({ "shape": [matrix.rows(), matrix.cols()], "zeros": zeros(matrix) }))
    };
    let rows = [
        ("version", json!(env!("CARGO_PKG_VERSION"))),
        ("model", json!(model)),
        ("data", json!(data.source)),
        ("dtype", json!(data.matrix.dtype().to_string())),
        ("shape", json!([data.matrix.rows(), data.matrix.cols()])),
        ("sparse", json!(data.matrix.is_sparse())),
        ("stored", json!(data.matrix.stored())),
        ("missing", json!(data.matrix.missing())),
        ("load_seconds", json!(data.seconds)),
        ("peak_bytes", json!(peak_memory())),
        ("factors", Value::Object(fit.factors.iter().map(factor).collect())),
        ("output", written.iter().map(|path| path.display().to_string()).collect()),
    ];
    rows.into_iter().for_each(|(key, value)| object[key] = value);
    if let Some(reading) = &data.reading {
        object["reading"] = json!(reading);
    }
    if !data.beside.readings.is_empty() {
        let reading = |(name, text): &(String, String)| (name.clone(), json!(text));
        object["readings"] = Value::Object(data.beside.readings.iter().map(reading).collect());
    }
    if let Some(components) = components {
        object["components"] = components.list.iter().map(component).collect();
    }
    format!("{object}\n")
}

fn component(component: &Component) -> Value {
    let part = |part: &Part| {
        let mut object = json!({ "name": part.name, "weight": part.weight });
        if let Some(title) = &part.title {
            object["title"] = json!(title);
        }
        object
    };
    let mut object = json!({
        "index": component.index,
        "size": component.size,
        "share": component.share,
        "top": component.top.iter().map(part).collect::<Vec<Value>>(),
    });
    component.name.iter().for_each(|name| object["name"] = json!(name));
    object
}

/// `{"code": ..., "message": ...}`
pub(crate) fn warning_object(warning: &Warning) -> Value {
    json!({ "code": warning.code.as_str(), "message": warning.message })
}

/// `{"error": {"code": ..., "kind": ..., "message": ...}}`, with `help`, `file` and `line` where they are known.
pub(crate) fn error_object(error: &Error) -> Value {
    let code = error.code();
    let mut object = json!({ "code": code.as_str(), "kind": code.kind().as_str(), "message": error.to_string() });
    if let Some(help) = error.help() {
        object["help"] = json!(help);
    }
    if let Some(file) = error.file() {
        object["file"] = json!(file.display().to_string());
    }
    if let Some(line) = error.line() {
        object["line"] = json!(line);
    }
    json!({ "error": object })
}

/// The same of a command line that clap refuses, which says `text`.
pub(crate) fn usage_object(code: Code, text: &str) -> Value {
    let message = text.trim_start_matches("error: ").trim_end();
    json!({ "error": { "code": code.as_str(), "kind": code.kind().as_str(), "message": message } })
}
