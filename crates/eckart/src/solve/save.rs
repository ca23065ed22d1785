//! Save: a factorization as a model file, and back.
//! In: a `Factorization`.  Out: a safetensors file whose header says how the factors were found.
//! Law: what is loaded is what was saved; the file holds numbers and text, nothing that runs.
//! Not here: the format (see `data::model_file`).

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::factorization::{Agreement, Factorization, RankChoice, RankScore, Start, Step};
use super::quality::Quality;
use super::settings::{Init, Settings, StopReason};
use crate::data::model_file::{model_bytes, parse_model_file};
use crate::data::{ModelFile, read_model_file, write_model_file};
use crate::error::{Code, Error, Result, Warning};

/// The version of the header's keys.
const FORMAT: &str = "1";

impl Factorization {
    /// Writes the factors and everything about them to a safetensors file. The header's texts are `eckart` (the version
    /// that wrote it), `format`, `objective`, `target`, `method`, `stop_reason`, and as JSON `ways`, `warnings`, `numbers`, `rank`, `seed`,
    /// `limits` (of the search: `max_iter`, `tol`, `target`), `init`, `started`, `cost`, `factors` (their order), `held`, `starts`, `best`,
    /// `seconds`, `quality`, `row_names` and `col_names`.
    ///
    /// # Errors
    /// `Io` where the file can't be written; a file that was there before is kept then.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write_model_file(path, &self.model_file())
    }

    /// Reads a file that [`Factorization::save`] wrote.
    ///
    /// # Errors
    /// `Io` where the file can't be read; `Data` where it is no model file of Eckart.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::of_model_file(read_model_file(path)?).map_err(|error| error.in_file(path))
    }

    /// The bytes of the file that [`Factorization::save`] writes.
    ///
    /// # Errors
    /// `Data` where a factor's name can't be that of a tensor.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        model_bytes(&self.model_file())
    }

    /// The factorization that [`Factorization::to_bytes`] was called on.
    ///
    /// # Errors
    /// `Data` where they are not the bytes of a model file of Eckart.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::of_model_file(parse_model_file(bytes)?)
    }

    fn model_file(&self) -> ModelFile {
        ModelFile { tensors: self.factors.iter().cloned().collect(), metadata: self.metadata() }
    }

    fn of_model_file(mut file: ModelFile) -> Result<Self> {
        let header = Header(&file.metadata);
        let mut found = header.factorization()?;
        for name in header.names("factors")?.unwrap_or_default() {
            let matrix = file.tensors.remove(&name).ok_or_else(|| no_model(&format!("factor {name}")))?;
            found.factors.push((name, matrix));
        }
        Ok(found)
    }

    fn metadata(&self) -> BTreeMap<String, String> {
        let numbers: Map<String, Value> = self.numbers.iter().map(|(k, &v)| (k.clone(), json!(v))).collect();
        let order: Vec<&String> = self.factors.iter().map(|(name, _)| name).collect();
        let starts: Vec<Value> = self.starts.iter().map(start_to_json).collect();
        let rows = [
            ("eckart", env!("CARGO_PKG_VERSION").to_owned()),
            ("format", FORMAT.to_owned()),
            ("objective", self.statement.clone()),
            ("target", self.target.clone()),
            ("method", self.method.clone()),
            ("warnings", self.warnings.iter().map(warning_to_json).collect::<Value>().to_string()),
            ("ways", json!(self.ways).to_string()),
            ("stop_reason", self.stop_reason().name().to_owned()),
            ("numbers", Value::from(numbers).to_string()),
            ("rank", self.rank.to_string()),
            ("seed", self.seed.to_string()),
            ("limits", json!({"max_iter": self.max_iter, "tol": self.tol, "target": self.target_cost}).to_string()),
            ("cost", json!(self.cost).to_string()),
            ("factors", json!(order).to_string()),
            ("held", json!(self.held).to_string()),
            ("init", json!(self.init.name()).to_string()),
            ("started", json!(self.started).to_string()),
            ("starts", Value::from(starts).to_string()),
            ("best", self.best.to_string()),
            ("seconds", json!(self.seconds).to_string()),
            ("agreement", self.agreement.as_ref().map_or(Value::Null, agreement_to_json).to_string()),
            ("rank_choice", self.rank_choice.as_ref().map_or(Value::Null, choice_to_json).to_string()),
            ("quality", self.quality.as_ref().map_or(Value::Null, quality_to_json).to_string()),
            ("row_names", json!(self.row_names).to_string()),
            ("col_names", json!(self.col_names).to_string()),
        ];
        rows.into_iter().map(|(key, text)| (key.to_owned(), text)).collect()
    }
}

fn start_to_json(start: &Start) -> Value {
    let history: Vec<[f64; 2]> = start.history.iter().map(|step| [step.cost, step.seconds]).collect();
    json!({
        "cost": start.cost,
        "iterations": start.iterations,
        "stop": start.stop.name(),
        "seconds": start.seconds,
        "history": history,
        "residuals": start.residuals,
    })
}

fn warning_to_json(warning: &Warning) -> Value {
    json!({ "code": warning.code.as_str(), "message": warning.message })
}

/// A warning as it is written; a bare text where the file is from before warnings had codes. A code of a later Eckart
/// is no reason to refuse its file.
fn warning_from_json(value: &Value) -> Option<Warning> {
    if let Some(message) = value.as_str() {
        return Some(Warning::new(Code::FromOlderFile, message));
    }
    let code = Code::from_name(value.get("code")?.as_str()?).unwrap_or(Code::FromNewerFile);
    Some(Warning::new(code, value.get("message")?.as_str()?))
}

fn agreement_to_json(found: &Agreement) -> Value {
    json!({
        "starts": found.starts,
        "stability": found.stability,
        "cophenetic": found.cophenetic,
        "of_columns": found.of_columns,
        "sampled": found.sampled,
        "groups": found.groups,
    })
}

fn agreement_from_json(value: &Value) -> Option<Agreement> {
    let whole = |value: &Value| value.as_u64().map(|n| n as usize);
    Some(Agreement {
        starts: whole(value.get("starts")?)?,
        stability: value.get("stability")?.as_array()?.iter().map(number).collect(),
        cophenetic: number(value.get("cophenetic")?),
        of_columns: value.get("of_columns")?.as_bool()?,
        sampled: value.get("sampled")?.as_array()?.iter().map(whole).collect::<Option<_>>()?,
        groups: value.get("groups")?.as_array()?.iter().map(whole).collect::<Option<_>>()?,
    })
}

fn choice_to_json(found: &RankChoice) -> Value {
    let score = |s: &RankScore| json!({ "rank": s.rank, "mean": s.mean, "error": s.error, "losses": s.losses });
    json!({ "way": found.way, "chosen": found.chosen, "scores": found.scores.iter().map(score).collect::<Vec<Value>>() })
}

fn choice_from_json(value: &Value) -> Option<RankChoice> {
    let score = |value: &Value| {
        Some(RankScore {
            rank: value.get("rank")?.as_u64()? as usize,
            mean: number(value.get("mean")?),
            error: number(value.get("error")?),
            losses: value.get("losses")?.as_array()?.iter().map(number).collect(),
        })
    };
    Some(RankChoice {
        way: value.get("way")?.as_str()?.to_owned(),
        chosen: value.get("chosen")?.as_u64()? as usize,
        scores: value.get("scores")?.as_array()?.iter().map(score).collect::<Option<_>>()?,
    })
}

fn quality_to_json(quality: &Quality) -> Value {
    json!({
        "reconstruction": quality.reconstruction,
        "relative_error": quality.relative_error,
        "explained": quality.explained,
        "rmse": quality.rmse,
        "observed_only": quality.observed_only,
    })
}

fn no_model(what: &str) -> Error {
    Error::data(
        Code::NotAModel,
        format!("this is no model of Eckart: its header has no usable {what}"),
        "Give a file that `eckart fit -o` or Factorization::save wrote",
    )
}

/// The texts of a file's header.
struct Header<'a>(&'a BTreeMap<String, String>);

impl Header<'_> {
    /// Everything but the factors.
    fn factorization(&self) -> Result<Factorization> {
        if self.text("format")? != FORMAT {
            return Err(no_model("format"));
        }
        let starts = self.json("starts")?;
        let starts: Option<Vec<Start>> =
            starts.as_array().and_then(|list| list.iter().map(start_from_json).collect::<Option<_>>());
        let starts = starts.filter(|list| !list.is_empty()).ok_or_else(|| no_model("starts"))?;
        let best = self.whole("best")? as usize;
        if best >= starts.len() {
            return Err(no_model("best"));
        }
        let numbers = self.json("numbers")?;
        let numbers = numbers.as_object().ok_or_else(|| no_model("numbers"))?;
        let limits = self.limits()?;
        Ok(Factorization {
            statement: self.text("objective")?.to_owned(),
            numbers: numbers.iter().map(|(k, v)| (k.clone(), number(v))).collect(),
            target: self.text("target")?.to_owned(),
            rank: self.whole("rank")? as usize,
            seed: self.whole("seed")?,
            max_iter: limits.max_iter,
            tol: limits.tol,
            target_cost: limits.target,
            init: limits.init,
            started: self.list("started")?,
            method: self.text("method")?.to_owned(),
            warnings: self.warnings()?,
            ways: self.list("ways")?,
            held: self.list("held")?,
            factors: Vec::new(),
            cost: number(&self.json("cost")?),
            starts,
            best,
            kept: Vec::new(),
            checkpoint_error: None,
            agreement: self.optional("agreement", agreement_from_json)?,
            rank_choice: self.optional("rank_choice", choice_from_json)?,
            quality: quality_from_json(&self.json("quality")?),
            row_names: self.names("row_names")?,
            col_names: self.names("col_names")?,
            seconds: number(&self.json("seconds")?),
        })
    }

    /// The limits of the search; a file from before they were kept says the defaults.
    fn limits(&self) -> Result<Settings> {
        let mut settings = Settings::default();
        if self.0.contains_key("limits") {
            let limits = self.json("limits")?;
            let known = |key: &str| limits.get(key).and_then(Value::as_f64);
            settings.max_iter =
                limits.get("max_iter").and_then(Value::as_u64).ok_or_else(|| no_model("limits"))? as usize;
            settings.tol = known("tol").ok_or_else(|| no_model("limits"))?;
            settings.target = known("target");
        }
        if self.0.contains_key("init") {
            settings.init = self.json("init")?.as_str().map_or_else(|| Err(no_model("init")), Init::from_name)?;
        }
        Ok(settings)
    }

    fn text(&self, key: &str) -> Result<&str> {
        self.0.get(key).map(String::as_str).ok_or_else(|| no_model(key))
    }

    fn json(&self, key: &str) -> Result<Value> {
        serde_json::from_str(self.text(key)?).map_err(|_| no_model(key))
    }

    /// What a file of an earlier version may lack.
    fn optional<T>(&self, key: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>> {
        if !self.0.contains_key(key) {
            return Ok(None);
        }
        let value = self.json(key)?;
        if value.is_null() { Ok(None) } else { read(&value).map(Some).ok_or_else(|| no_model(key)) }
    }

    /// None in a file from before they were kept.
    fn warnings(&self) -> Result<Vec<Warning>> {
        let read = |value: &Value| value.as_array()?.iter().map(warning_from_json).collect();
        Ok(self.optional("warnings", read)?.unwrap_or_default())
    }

    fn whole(&self, key: &str) -> Result<u64> {
        self.text(key)?.parse().map_err(|_| no_model(key))
    }

    /// A list that older files lack.
    fn list(&self, key: &str) -> Result<Vec<String>> {
        if self.0.contains_key(key) { Ok(self.names(key)?.unwrap_or_default()) } else { Ok(Vec::new()) }
    }

    fn names(&self, key: &str) -> Result<Option<Vec<String>>> {
        let value = self.json(key)?;
        let Some(list) = value.as_array() else { return Ok(None) };
        Ok(Some(list.iter().map(|name| name.as_str().unwrap_or_default().to_owned()).collect()))
    }
}

/// JSON has no word for what is not finite: `null` stands for it.
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

fn start_from_json(value: &Value) -> Option<Start> {
    let step = |pair: &Value| Some(Step { cost: number(pair.get(0)?), seconds: number(pair.get(1)?) });
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

fn quality_from_json(value: &Value) -> Option<Quality> {
    Some(Quality {
        reconstruction: value.get("reconstruction")?.as_str()?.to_owned(),
        relative_error: number(value.get("relative_error")?),
        explained: number(value.get("explained")?),
        rmse: number(value.get("rmse")?),
        observed_only: value.get("observed_only")?.as_bool()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_of_files_of_any_age_are_read() {
        let warning = Warning::new(Code::RankUnused, "ask for 2");
        assert_eq!(warning_from_json(&warning_to_json(&warning)), Some(warning));
        let old = Warning::new(Code::FromOlderFile, "ask for 2");
        assert_eq!(warning_from_json(&json!("ask for 2")), Some(old));
        let new = Warning::new(Code::FromNewerFile, "ask for 2");
        assert_eq!(warning_from_json(&json!({"code": "of-tomorrow", "message": "ask for 2"})), Some(new));
        assert_eq!(warning_from_json(&json!({"code": "rank-unused"})), None);
    }
}
