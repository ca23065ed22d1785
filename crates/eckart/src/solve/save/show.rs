//! Show: what is in a file, without making anything of it.
//! In: a model, a checkpoint, a page of `report`, any safetensors file.  Out: `FileSummary`: what it says of itself.
//! Invariant: factors are checked but not held; the keys of what is shown stay.
//! Not here: how it looks (see the command), the page (see `report`).

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::format::{FileKind, check, format_and_kind, limits_to_json, no_such, numerics};
use super::header::{agreement_to_json, choice_to_json, quality_to_json, warning_to_json};
use super::model::factor_names;
use crate::data::{Contents, ElementType, Ids, TensorInfo, read_tensors};
use crate::error::{Code, Error, Result};
use crate::expr::text::{Statement, parse_statement};
use crate::facts::Shape;
use crate::run::Value as Numbers;
use crate::solve::checkpoint::{Saved, saved_in};
use crate::solve::result::{FactorAxis, FactorRole, Factorization, Start, roles};

/// How many names of a side are shown.
const FIRST_NAMES: usize = 3;

/// The name of the element of a page that says what the page is of, and its beginning.
pub(crate) const PAGE_META: &str = "eckart-model";

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct FileSummary(Value);

impl FileSummary {
    /// One JSON object, the keys of which docs/format.md has.
    pub fn to_json(&self) -> String {
        self.0.to_string()
    }

    /// What a model says of itself, but its file.
    pub(crate) fn of_model(found: &Factorization) -> Self {
        let tensor = |(name, matrix): &(String, crate::data::Matrix)| {
            (name.clone(), vec![matrix.rows(), matrix.cols()], ElementType::from(matrix.dtype()))
        };
        let factors: Vec<_> = found.factors.iter().map(tensor).collect();
        let with_errors: Vec<&str> = found.std_errors.iter().map(|(name, _)| name.as_str()).collect();
        Self(Value::from(model(found, &factors, &with_errors)))
    }
}

/// What is in a file: a model or a checkpoint of any format, a page of [`crate::report`], or any other safetensors
/// file, of which tensors and texts are listed. Every byte is checked where the file has checksums.
///
/// ```
/// # use eckart::{Matrix, Problem, Settings};
/// # let folder = std::env::temp_dir().join(format!("eckart-show-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("model.safetensors");
/// let x = Matrix::from_fn(6, 4, |i, j| (i + 2 * j) as f64)?;
/// Problem::parse("sum((X - W @ H)**2)")?.data("X", &x).rank(1).solve(&Settings::default())?.save(&path)?;
/// let shown = eckart::solve::show(&path)?.to_json();
/// assert!(shown.contains(r#""kind":"model""#) && shown.contains(r#""checksum":"ok""#));
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), eckart::Error>(())
/// ```
///
/// # Errors
/// `Io` where the file can't be read; `Data` where it is none of these, or is damaged.
pub fn show(path: impl AsRef<Path>) -> Result<FileSummary> {
    let path = path.as_ref();
    let bytes = std::fs::metadata(path).map_or(Value::Null, |about| json!(about.len()));
    let mut shown = match page_text(path)? {
        Some(text) => page(&text).map_err(|error| error.in_file(path))?,
        None => tensors(read_tensors(path, &is_shown)?).map_err(|error| error.in_file(path))?,
    };
    shown.insert("file".into(), json!(path.display().to_string()));
    shown.insert("bytes".into(), bytes);
    Ok(FileSummary(Value::from(shown)))
}

/// Whether a tensor is more than a factor: a list of starts, of names, or a part of a checkpoint.
fn is_shown(info: &TensorInfo) -> bool {
    let prefixes = ["starts.", "row_names.", "col_names.", "running.", "best.", "kept."];
    let of_format_1 = ["best ", "start "];
    let is_list = info.shape.len() == 1 && !matches!(info.element, ElementType::Other(_));
    let is_matrix = info.shape.len() == 2 && matches!(info.element, ElementType::F32 | ElementType::F64);
    let begins = |with: &[&str]| with.iter().any(|prefix| info.name.starts_with(prefix));
    (is_list && begins(&prefixes)) || (is_matrix && begins(&of_format_1))
}

fn tensors(mut contents: Contents) -> Result<Map<String, Value>> {
    let checksum = if contents.is_checked { "ok" } else { "none" };
    let mut shown = match format_and_kind(&contents.metadata) {
        Some((_, kind)) if kind == FileKind::Model.name() => of_model(&mut contents)?,
        Some((_, kind)) if kind == FileKind::Checkpoint.name() => of_checkpoint(&mut contents)?,
        found => listed(&contents, found)?,
    };
    shown.insert("checksum".into(), json!(checksum));
    Ok(shown)
}

/// A file that is not of Eckart, or of a kind that has nothing but tensors.
fn listed(contents: &Contents, found: Option<(u64, String)>) -> Result<Map<String, Value>> {
    let tensor = |info: &TensorInfo| {
        let (name, element) = (&info.name, info.element.name());
        json!({ "name": name, "shape": info.shape, "type": element, "bytes": info.bytes })
    };
    let kind = found.as_ref().map_or("safetensors", |(_, kind)| kind.as_str());
    let mut shown = object(json!({
        "kind": kind,
        "tensors": contents.infos.iter().map(tensor).collect::<Vec<Value>>(),
        "texts": contents.metadata,
    }));
    if let Some((format, _)) = found {
        shown.insert("format".into(), json!(format));
    }
    Ok(shown)
}

/// A factor as it is listed: its name, its sides, its type.
type Listed = (String, Vec<usize>, ElementType);

fn of_model(contents: &mut Contents) -> Result<Map<String, Value>> {
    let mut found = Factorization::without_factors(&contents.metadata, &mut contents.tensors)?;
    let info = |name: &str| contents.infos.iter().find(|info| info.name == name);
    let listed = |name: &String| {
        let info = info(name).ok_or_else(|| no_such(FileKind::Model, &format!("factor {name}")))?;
        Ok((name.clone(), info.shape.clone(), info.element.clone()))
    };
    let factors: Vec<Listed> = factor_names(&contents.metadata)?.iter().map(listed).collect::<Result<_>>()?;
    let shape = |sides: &[usize]| match *sides {
        [rows, cols] => Ok(Shape { rows, cols }),
        _ => Err(no_such(FileKind::Model, "factors")),
    };
    let shapes = factors.iter().map(|(name, sides, _)| Ok((name.clone(), shape(sides)?))).collect::<Result<_>>()?;
    found.settle_roles(shapes)?;
    let with_errors: Vec<&str> =
        contents.infos.iter().filter_map(|info| info.name.strip_prefix("std_error/")).collect();
    let mut shown = model(&found, &factors, &with_errors);
    shown.extend(opening(&contents.metadata));
    Ok(shown)
}

/// What the header of a file of Eckart begins with.
fn opening(metadata: &BTreeMap<String, String>) -> Map<String, Value> {
    let (format, kind) = format_and_kind(metadata).unwrap_or_default();
    let numerics = numerics(metadata, format);
    object(json!({
        "kind": kind,
        "format": format,
        "eckart": metadata.get("eckart"),
        "numerics": numerics.as_ref().map(|numerics| numerics.version),
        "registers": numerics.and_then(|numerics| numerics.registers),
    }))
}

fn model(found: &Factorization, factors: &[Listed], with_errors: &[&str]) -> Map<String, Value> {
    let numbers: Map<String, Value> = found.numbers.iter().map(|(k, &v)| (k.clone(), json!(v))).collect();
    let factor = |(name, shape, element): &Listed| {
        let mut shown = factor(name, shape, element, found.role(name));
        shown.insert("held".into(), json!(found.held.contains(name)));
        shown.insert("std_errors".into(), json!(with_errors.contains(&name.as_str())));
        Value::from(shown)
    };
    let start = |(index, start): (usize, &Start)| {
        let mut shown = start_json(index, start);
        shown.insert("best".into(), json!(index == found.best));
        Value::from(shown)
    };
    object(json!({
        "kind": FileKind::Model.name(),
        "eckart": env!("CARGO_PKG_VERSION"),
        "numerics": found.numerics.version,
        "registers": found.numerics.registers,
        "objective": found.statement,
        "target": found.target,
        "numbers": numbers,
        "rank": found.rank,
        "method": found.method,
        "ways": found.ways,
        "init": found.init.name(),
        "started": found.started,
        "seed": found.seed,
        "limits": limits_to_json(found.max_iter, found.tol, found.target_cost),
        "stop_reason": found.stop_reason().name(),
        "cost": found.cost,
        "seconds": found.seconds,
        "quality": found.quality.as_ref().map(quality_to_json),
        "agreement": found.agreement.as_ref().map(agreement_to_json),
        "rank_choice": found.rank_choice.as_ref().map(choice_to_json),
        "warnings": found.warnings.iter().map(warning_to_json).collect::<Vec<Value>>(),
        "factors": factors.iter().map(factor).collect::<Vec<Value>>(),
        "rows": names(found.row_names.as_ref(), found.row_ids.as_ref()),
        "columns": names(found.col_names.as_ref(), found.col_ids.as_ref()),
        "starts": found.starts.iter().enumerate().map(start).collect::<Vec<Value>>(),
    }))
}

fn factor(name: &str, shape: &[usize], element: &ElementType, role: Option<FactorRole>) -> Map<String, Value> {
    object(json!({
        "name": name,
        "shape": shape,
        "type": element.name(),
        "of": role.map(|role| role.of.name()),
        "components": role.and_then(|role| role.components).map(FactorAxis::name),
    }))
}

fn start_json(index: usize, start: &Start) -> Map<String, Value> {
    object(json!({
        "start": index,
        "cost": start.cost,
        "iterations": start.iterations,
        "stop_reason": start.stop.name(),
        "seconds": start.seconds,
    }))
}

/// How many names there are, of which type, and the first few.
fn names(texts: Option<&Vec<String>>, ids: Option<&Ids>) -> Value {
    let Some(texts) = texts else { return Value::Null };
    let first: Vec<&String> = texts.iter().take(FIRST_NAMES).collect();
    json!({ "count": texts.len(), "type": ids.map_or("text".to_owned(), Ids::type_name), "first": first })
}

fn of_checkpoint(contents: &mut Contents) -> Result<Map<String, Value>> {
    let metadata = &contents.metadata;
    let damaged = |what: &str| no_such(FileKind::Checkpoint, what);
    let format = check(metadata, FileKind::Checkpoint)?;
    let saved = saved_in(metadata, format, &mut contents.tensors).ok_or_else(|| damaged("state"))?;
    let text = |key: &str| metadata.get(key).map(String::as_str);
    let parsed = |key: &str| text(key).and_then(|text| serde_json::from_str::<Value>(text).ok()).unwrap_or(Value::Null);
    let objective = text("objective").ok_or_else(|| damaged("objective"))?;
    let identity = if format == 1 { json!(metadata) } else { parsed("identity") };
    let numbers = given_numbers(&identity);
    let statement = parse_statement(objective)?;
    let given = |key: &str| identity.get(key).and_then(Value::as_str).unwrap_or_default();
    let target = given("data").split(' ').next().unwrap_or_default();
    let taken: Vec<&str> =
        [given("data"), given("held factors")].iter().flat_map(|list| list.split("; ")).map(first_word).collect();
    let done: Vec<Value> = saved.done.iter().map(|(&index, start)| Value::from(start_json(index, start))).collect();
    let running = saved.running.iter().map(|(&index, snapshot)| {
        let iteration = snapshot.history.len().saturating_sub(1);
        json!({ "start": index, "iteration": iteration, "cost": snapshot.last })
    });
    let whole = |key: &str| text(key).and_then(|text| text.parse::<u64>().ok());
    let mut shown = object(json!({
        "objective": objective,
        "target": target,
        "numbers": numbers,
        "rank": whole("rank"),
        "method": text("method"),
        "init": text("init"),
        "seed": whole("seed"),
        "limits": parsed("limits"),
        "restarts": whole("restarts"),
        "best": saved.best.as_ref().map(|(index, _)| index),
        "cost": saved.best.as_ref().and_then(|(index, _)| saved.done.get(index)).map(|start| start.cost),
        "seconds": saved.spent.as_secs_f64(),
        "factors": checkpoint_factors(&saved, &statement, &numbers, (target, &taken)),
        "starts": done,
        "running": running.collect::<Vec<Value>>(),
    }));
    shown.extend(opening(metadata));
    Ok(shown)
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}

/// The numbers of a search, which its identity holds by their bits.
fn given_numbers(identity: &Value) -> BTreeMap<String, f64> {
    let text = identity.get("numbers").and_then(Value::as_str).unwrap_or_default();
    let number = |word: &str| {
        let (name, bits) = word.split_once('=')?;
        Some((name.to_owned(), f64::from_bits(u64::from_str_radix(bits, 16).ok()?)))
    };
    text.split(' ').filter_map(number).collect()
}

/// The factors of a checkpoint: the variables of its objective that were not given, in the order in which they stand
/// there.
fn checkpoint_factors(
    saved: &Saved,
    statement: &Statement,
    numbers: &BTreeMap<String, f64>,
    (target, taken): (&str, &[&str]),
) -> Vec<Value> {
    let running = saved.running.values().next().map(|snapshot| &snapshot.factors);
    let Some(values) = saved.best.as_ref().map(|(_, factors)| factors).or(running) else { return Vec::new() };
    let variables = statement.objective.variables();
    let names = variables.iter().map(|var| var.name().to_owned());
    let names = names.filter(|name| !taken.contains(&name.as_str()) && !numbers.contains_key(name));
    let shapes: Vec<(String, Shape)> = names.zip(values.iter().map(Numbers::shape)).collect();
    let roles = roles(statement, numbers, target, &shapes);
    let one = |(((name, shape), value), role): (((&String, &Shape), &Numbers), FactorRole)| {
        Value::from(factor(name, &[shape.rows, shape.cols], &value.dtype().into(), Some(role)))
    };
    shapes.iter().map(|(name, shape)| (name, shape)).zip(values).zip(roles).map(one).collect()
}

/// The text of a page; `None` where the file is no HTML.
fn page_text(path: &Path) -> Result<Option<String>> {
    const BEGINS: &[u8] = b"<!doctype html>";
    let named = |source| Error::Io { path: path.to_owned(), source };
    // What can't be opened is named by the reader of safetensors files, which also knows standard input.
    let Ok(file) = std::fs::File::open(path) else { return Ok(None) };
    if !file.metadata().is_ok_and(|about| about.is_file()) {
        return Ok(None);
    }
    let mut input = BufReader::new(file);
    let is_page = input.fill_buf().map_err(named)?.get(..BEGINS.len()).is_some_and(|b| b.eq_ignore_ascii_case(BEGINS));
    let mut bytes = Vec::new();
    if is_page {
        input.read_to_end(&mut bytes).map_err(named)?;
    }
    Ok(is_page.then(|| String::from_utf8_lossy(&bytes).into_owned()))
}

/// What a page says of the model that it is of.
fn page(text: &str) -> Result<Map<String, Value>> {
    let begin = format!("<meta name=\"{PAGE_META}\" content=\"");
    let content = text.split_once(&begin).and_then(|(_, rest)| rest.split_once('"')).map(|(content, _)| content);
    let found = content.and_then(|content| serde_json::from_str::<Value>(&unescaped(content)).ok());
    let Some(Value::Object(mut shown)) = found else {
        return Err(Error::data(
            Code::NotAModel,
            "this is a page that does not say which model it is of",
            "Give a page that this version of `eckart report` wrote, or the model itself",
        ));
    };
    shown.insert("kind".into(), json!("page"));
    Ok(shown)
}

/// What stands for text in an attribute of a page.
fn unescaped(text: &str) -> String {
    let marks = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    marks.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}
