//! Show: what is in a file, without making anything of it.
//! In: a model, a checkpoint, a page of `report`, any safetensors file.  Out: `FileSummary`: what it says of itself.
//! Invariant: factors are checked but not held; the keys of what is shown stay.
//! Not here: how it looks (see the command), the page (see `report`).

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::check::check_parts;
use super::format::{FileKind, check, format_and_kind, no_such, numerics};
use super::header::{
    ModelHeader, agreement_to_json, choice_to_json, limits_of, numbers_to_json, quality_to_json, warning_to_json,
};
use super::model::{factor_names, named};
use super::page::{page, page_bytes};
use super::summary::start_to_json;
use crate::data::{Contents, ElementType, Ids, TensorInfo, read_tensors};
use crate::error::Result;
use crate::expr::text::{Statement, parse_statement};
use crate::facts::Shape;
use crate::run::Value as Numbers;
use crate::solve::problem::role::{DataSide, FactorAxis, FactorRole, roles};
use crate::solve::result::{ComponentNames, Factorization, Start};
use crate::solve::search::checkpoint::{Saved, saved_in};

/// How many names of a side are shown.
const FIRST_NAMES: usize = 3;

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
    let mut shown = match page_bytes(path)? {
        Some(bytes) => page(&bytes).map_err(|error| error.in_file(path))?,
        None => tensors(read_tensors(path, &is_shown)?).map_err(|error| error.in_file(path))?,
    };
    shown.insert("file".into(), json!(path.display().to_string()));
    shown.insert("bytes".into(), bytes);
    Ok(FileSummary(Value::from(shown)))
}

/// Whether a tensor is more than a factor: a list of starts, of names, or a part of a checkpoint.
fn is_shown(_: &BTreeMap<String, String>, info: &TensorInfo) -> bool {
    let prefixes = ["starts.", "row_names.", "col_names.", "running.", "best.", "kept."];
    let of_format_1 = ["best ", "start "];
    let is_list = info.shape.len() == 1 && !matches!(info.element, ElementType::Other(_));
    let is_matrix = info.shape.len() == 2 && matches!(info.element, ElementType::F32 | ElementType::F64);
    let begins = |with: &[&str]| with.iter().any(|prefix| info.name.starts_with(prefix));
    (is_list && begins(&prefixes)) || (is_matrix && begins(&of_format_1))
}

fn tensors(mut contents: Contents) -> Result<Map<String, Value>> {
    let checksum = if contents.is_checked { "ok" } else { "none" };
    let mut shown = match format_and_kind(&contents.metadata)? {
        Some((_, kind)) if kind == FileKind::Model.name() => of_model(&mut contents)?,
        Some((_, kind)) if kind == FileKind::Checkpoint.name() => of_checkpoint(&mut contents)?,
        Some((_, kind)) if kind == FileKind::Factors.name() => of_factors(&mut contents)?,
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

/// Factors of new rows: what they are, of which rows, and of which model.
fn of_factors(contents: &mut Contents) -> Result<Map<String, Value>> {
    check(&contents.metadata, FileKind::Factors)?;
    let header = ModelHeader(&contents.metadata);
    // Files of Eckart before it wrote down the model have none.
    let model = if contents.metadata.contains_key("objective") { Some(header.factors_model()?) } else { None };
    let role = |name: &str| {
        let roles = &model.as_ref()?.roles;
        roles.iter().find(|(known, _)| known == name).map(|(_, role)| *role)
    };
    let is_factor = |info: &&TensorInfo| info.shape.len() == 2 && !info.name.contains(['.', '/']);
    let infos: Vec<&TensorInfo> = contents.infos.iter().filter(is_factor).collect();
    let factors: Vec<Listed> =
        infos.iter().map(|info| (info.name.clone(), info.shape.clone(), info.element.clone())).collect();
    let (texts, ids) = named("row_names", &contents.metadata, &mut contents.tensors)?;
    let count = lines(&factors, &role, DataSide::Rows);
    let components = header.component_names()?;
    let one = |(name, shape, element): &Listed| {
        let mut shown = factor(name, shape, element, role(name));
        shown.extend(component_names(&components, name));
        Value::from(shown)
    };
    let mut shown = object(json!({
        "objective": model.as_ref().map(|model| &model.objective),
        "target": model.as_ref().map(|model| &model.target),
        "params": model.as_ref().map(|model| numbers_to_json(&model.numbers)),
        "rank": model.as_ref().map(|model| model.rank),
        "factors": factors.iter().map(one).collect::<Vec<Value>>(),
        "rows": names(texts.as_ref(), ids.as_ref(), count),
    }));
    shown.extend(opening(&contents.metadata));
    Ok(shown)
}

/// How many lines of a side the data had, by the factors that belong to them; `None` where none does, or they don't say
/// which of their sides that is.
fn lines(factors: &[Listed], role: &impl Fn(&str) -> Option<FactorRole>, side: DataSide) -> Option<usize> {
    factors.iter().find_map(|(name, shape, _)| {
        let role = role(name).filter(|role| role.of == side || role.of == DataSide::Both)?;
        match (role.components, &shape[..]) {
            (Some(FactorAxis::Rows), &[_, lines]) | (Some(FactorAxis::Columns), &[lines, _]) => Some(lines),
            // An offset is one number a line.
            (None, &[1, lines] | &[lines, 1]) if role.of == side => Some(lines),
            _ => None,
        }
    })
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
    let shapes: Vec<(String, Shape)> =
        factors.iter().map(|(name, sides, _)| Ok((name.clone(), shape(sides)?))).collect::<Result<_>>()?;
    found.settle_roles(Vec::clone(&shapes))?;
    check_parts(&found, &shapes)?;
    let errors = contents.infos.iter().filter_map(|info| Some((info.name.strip_prefix("std_error/")?, &info.shape)));
    let with_errors: Vec<(&str, &Vec<usize>)> = errors.collect();
    let stray = |(name, shape): &&(&str, &Vec<usize>)| {
        !factors.iter().any(|(known, sides, _)| known == name && sides == *shape)
    };
    if let Some((name, _)) = with_errors.iter().find(stray) {
        return Err(no_such(FileKind::Model, &format!("standard errors of {name}")));
    }
    let with_errors: Vec<&str> = with_errors.into_iter().map(|(name, _)| name).collect();
    let mut shown = model(&found, &factors, &with_errors);
    shown.extend(opening(&contents.metadata));
    Ok(shown)
}

/// What the header of a file of Eckart begins with.
fn opening(metadata: &BTreeMap<String, String>) -> Map<String, Value> {
    let (format, kind) = format_and_kind(metadata).ok().flatten().unwrap_or_default();
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
    let role = |name: &str| found.role(name);
    let factor = |(name, shape, element): &Listed| {
        let mut shown = factor(name, shape, element, found.role(name));
        shown.insert("held".into(), json!(found.fixed.contains(name)));
        shown.insert("std_errors".into(), json!(with_errors.contains(&name.as_str())));
        shown.extend(component_names(&found.component_names, name));
        Value::from(shown)
    };
    let start = |(index, start): (usize, &Start)| Value::from(start_json(index, start, index == found.best));
    object(json!({
        "kind": FileKind::Model.name(),
        "eckart": env!("CARGO_PKG_VERSION"),
        "numerics": found.numerics.version,
        "registers": found.numerics.registers,
        "objective": found.statement,
        "target": found.target,
        "params": numbers_to_json(&found.params),
        "rank": found.rank,
        "method": found.method,
        "ways": found.ways,
        "init": found.init.name(),
        "started": found.started,
        "seed": found.seed,
        "limits": limits_of(found),
        "stop_reason": found.stop_reason().name(),
        "cost": found.cost,
        "seconds": found.seconds,
        "quality": found.quality.as_ref().map(quality_to_json),
        "agreement": found.agreement.as_ref().map(agreement_to_json),
        "rank_choice": found.rank_choice.as_ref().map(choice_to_json),
        "warnings": found.warnings.iter().map(warning_to_json).collect::<Vec<Value>>(),
        "factors": factors.iter().map(factor).collect::<Vec<Value>>(),
        "rows": names(found.row_names.as_ref(), found.row_ids.as_ref(), lines(factors, &role, DataSide::Rows)),
        "columns": names(found.col_names.as_ref(), found.col_ids.as_ref(), lines(factors, &role, DataSide::Columns)),
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

/// What the components in the rows and in the columns of a factor are called, where they have names.
fn component_names(of: &ComponentNames, factor: &str) -> Option<(String, Value)> {
    let [rows, cols] = of.get(factor)?;
    Some(("component_names".to_owned(), json!({ "rows": rows, "columns": cols })))
}

fn start_json(index: usize, start: &Start, best: bool) -> Map<String, Value> {
    let mut object = start_to_json(start);
    object.extend([("start".to_owned(), json!(index)), ("best".to_owned(), json!(best))]);
    object
}

/// How many lines of a side there are, and the type and the first few of their names, where they have any.
fn names(texts: Option<&Vec<String>>, ids: Option<&Ids>, lines: Option<usize>) -> Value {
    let Some(texts) = texts else {
        return lines.map_or(Value::Null, |count| json!({ "count": count, "type": null, "first": [] }));
    };
    let first: Vec<&String> = texts.iter().take(FIRST_NAMES).collect();
    json!({ "count": texts.len(), "type": ids.map_or("text".to_owned(), Ids::type_name), "first": first })
}

fn of_checkpoint(contents: &mut Contents) -> Result<Map<String, Value>> {
    let metadata = &contents.metadata;
    let damaged = |what: &str| no_such(FileKind::Checkpoint, what);
    let format = check(metadata, FileKind::Checkpoint)?;
    let saved = saved_in(metadata, format, &mut contents.tensors)?;
    let text = |key: &str| metadata.get(key).map(String::as_str);
    let parsed = |key: &str| text(key).and_then(|text| serde_json::from_str::<Value>(text).ok()).unwrap_or(Value::Null);
    let objective = text("objective").ok_or_else(|| damaged("objective"))?;
    let identity = if format == 1 { json!(metadata) } else { parsed("identity") };
    let numbers = given_numbers(&identity);
    let statement = parse_statement(objective).map_err(|_| damaged("objective"))?;
    let given = |key: &str| identity.get(key).and_then(Value::as_str).unwrap_or_default();
    let target = given("data").split(' ').next().unwrap_or_default();
    let taken: Vec<&str> =
        [given("data"), given("held factors")].iter().flat_map(|list| list.split("; ")).map(first_word).collect();
    let best = saved.best.as_ref().map(|(index, _)| *index);
    let done: Vec<Value> =
        saved.done.iter().map(|(&index, start)| Value::from(start_json(index, start, Some(index) == best))).collect();
    // A start that came to its last iteration is done, and can go on; it is not said twice.
    let running = saved.running.iter().filter(|(index, _)| !saved.done.contains_key(index));
    let running = running.map(|(&index, snapshot)| {
        let iteration = snapshot.history.len().saturating_sub(1);
        json!({ "start": index, "iteration": iteration, "cost": snapshot.last_cost() })
    });
    let whole = |key: &str| text(key).and_then(|text| text.parse::<u64>().ok());
    let mut shown = object(json!({
        "objective": objective,
        "target": target,
        "params": numbers,
        "rank": whole("rank"),
        "method": text("method"),
        "init": text("init"),
        "seed": whole("seed"),
        "limits": if format == 1 { limits_of_format_1(&given) } else { parsed("limits") },
        "restarts": whole("restarts"),
        "best": best,
        "cost": saved.best.as_ref().and_then(|(index, _)| saved.done.get(index)).map(|start| start.cost),
        "seconds": saved.spent.as_secs_f64(),
        "factors": checkpoint_factors(&saved, &statement, &numbers, (target, &taken)),
        "starts": done,
        "running": running.collect::<Vec<Value>>(),
    }));
    shown.extend(opening(metadata));
    Ok(shown)
}

/// The limits that a checkpoint of format 1 is held to: it did not say how many iterations there were to be.
fn limits_of_format_1<'a>(given: &impl Fn(&str) -> &'a str) -> Value {
    let number = |key: &str| u64::from_str_radix(given(key), 16).ok().map(f64::from_bits);
    json!({ "max_iter": null, "tol": number("tol"), "target": number("target") })
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

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}
