//! Json: the result, or why there is none, for machines.
//! In: a search that has ended; an error; a warning.  Out: one JSON object on one line.
//! Invariant: keys stay; what is not finite is null.
//! Not here: the result for people (see `report`).

use eckart::run::peak_memory;
use eckart::solve::{Quality, RankScore, Start};
use eckart::{Code, Error, Matrix, Warning};
use serde_json::{Map, Value, json};

use crate::commands::fit::Finished;
use crate::output::components::{Component, Part};
use crate::output::report::zeros;

/// The object and a line end.
pub(crate) fn json(finished: &Finished) -> String {
    let Finished { model, data, fit, warnings, components, written } = finished;
    let factor = |(name, matrix): &(String, Matrix)| {
        (name.clone(), json!({ "shape": [matrix.rows(), matrix.cols()], "zeros": zeros(matrix) }))
    };
    let output: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
    let numbers: Map<String, Value> = fit.params.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let mut object = json!({
        "version": env!("CARGO_PKG_VERSION"),
        // The value of the objective; its text is `statement`.
        "objective": fit.cost,
        "statement": fit.statement,
        "model": model,
        "numbers": numbers,
        "numerics": fit.numerics.version,
        "registers": fit.numerics.registers,
        "method": fit.method,
        "ways": fit.ways,
        "warnings": fit.warnings.iter().chain(warnings).map(warning_object).collect::<Vec<Value>>(),
        "rank": fit.rank,
        "seed": fit.seed,
        "data": data.source,
        "dtype": data.matrix.dtype().to_string(),
        "shape": [data.matrix.rows(), data.matrix.cols()],
        "sparse": data.matrix.is_sparse(),
        "stored": data.matrix.stored(),
        "missing": data.matrix.missing(),
        "load_seconds": data.seconds,
        "fit_seconds": fit.seconds,
        "peak_bytes": peak_memory(),
        "iterations": fit.iterations(),
        "stop_reason": fit.stop_reason().name(),
        "best": fit.best,
        "starts": fit.starts.iter().map(start).collect::<Vec<Value>>(),
        "quality": fit.quality.as_ref().map(quality),
        "factors": fit.factors.iter().map(factor).collect::<Map<String, Value>>(),
        "output": output,
    });
    if let Some(found) = &fit.agreement {
        object["agreement"] = json!({
            "starts": found.starts,
            "stability": found.stability,
            "cophenetic": found.cophenetic,
            "of_columns": found.of_columns,
            "sampled": found.sampled,
            "groups": found.groups,
        });
    }
    if let Some(choice) = &fit.rank_choice {
        let score = |s: &RankScore| json!({ "rank": s.rank, "mean": s.mean, "error": s.error, "losses": s.losses });
        let scores: Vec<Value> = choice.scores.iter().map(score).collect();
        object["rank_choice"] = json!({ "way": choice.way, "chosen": choice.chosen, "scores": scores });
    }
    if let Some(components) = components {
        object["components"] = components.list.iter().map(component).collect();
    }
    format!("{object}\n")
}

fn start(start: &Start) -> Value {
    json!({
        "cost": start.cost,
        "iterations": start.iterations,
        "stop_reason": start.stop.name(),
        "seconds": start.seconds,
        "residuals": start.residuals.iter().map(|&residual| finite(residual)).collect::<Vec<Value>>(),
    })
}

/// A residual; the largest number stands for one that is not finite.
fn finite(residual: f64) -> Value {
    if residual < f64::MAX { json!(residual) } else { Value::Null }
}

fn quality(quality: &Quality) -> Value {
    json!({
        "reconstruction": quality.reconstruction,
        "relative_error": quality.relative_error,
        "explained": quality.explained,
        "rmse": quality.rmse,
        "observed_only": quality.observed_only,
    })
}

fn component(component: &Component) -> Value {
    let part = |part: &Part| {
        let mut object = json!({ "name": part.name, "weight": part.weight });
        if let Some(title) = &part.title {
            object["title"] = json!(title);
        }
        object
    };
    json!({
        "index": component.index,
        "size": component.size,
        "share": component.share,
        "top": component.top.iter().map(part).collect::<Vec<Value>>(),
    })
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
