//! Show: what is in a file: a model, a checkpoint, a page, any safetensors file.
//! In: `ShowArgs`.  Out: text, or the JSON object of the library.
//! Invariant: what the file does not say is left out; long lists are cut, and say by how much.
//! Not here: what is read of a file (see the library's `solve::show`).

mod tables;

use eckart::Result;
use eckart::solve::show as read;
use serde_json::Value;

use crate::numbers::{count, duration, precise, short};
use crate::options::ShowArgs;
use crate::output::page::Page;
use tables::{factors, list, number, reason, said, starts, tensors};

/// The width of the names of facts.
const WIDTH: usize = 10;

/// `eckart show FILE`
pub(crate) fn show(args: &ShowArgs) -> Result<String> {
    let json = read(&args.file)?.to_json();
    if args.json {
        return Ok(json + "\n");
    }
    // The library's own text is JSON.
    let shown: Value = serde_json::from_str(&json).unwrap_or_default();
    Ok(text(&shown))
}

fn text(shown: &Value) -> String {
    let mut page = Page::new();
    page.heading(&format!("{}: {}", said(&shown["file"]), kind(shown)));
    let facts = |page: &mut Page, rows: Vec<(&str, Option<String>)>| {
        for (name, text) in rows {
            text.iter().for_each(|text| page.fact(name, WIDTH, text));
        }
    };
    let numbers = shown["numbers"].as_object();
    facts(
        &mut page,
        vec![
            ("written by", written_by(shown)),
            ("checksum", shown["checksum"].as_str().map(checksum)),
            ("size", shown["bytes"].as_u64().map(|bytes| format!("{} bytes", count(bytes as usize)))),
            ("objective", text_of(&shown["objective"])),
        ],
    );
    for (name, value) in numbers.into_iter().flatten() {
        page.fact("", WIDTH, &format!("with {name} = {value}"));
    }
    facts(
        &mut page,
        vec![
            ("data", text_of(&shown["target"])),
            ("rank", number(&shown["rank"])),
            ("method", text_of(&shown["method"])),
        ],
    );
    for way in list(&shown["ways"]) {
        page.fact("", WIDTH, &said(way));
    }
    facts(
        &mut page,
        vec![
            ("init", text_of(&shown["init"])),
            ("init from", joined(&shown["started"])),
            ("seed", number(&shown["seed"])),
            ("limits", limits(&shown["limits"])),
            ("rows", names(&shown["rows"])),
            ("columns", names(&shown["columns"])),
            ("cost", shown["cost"].as_f64().map(precise)),
            ("stopped by", shown["stop_reason"].as_str().map(reason)),
            ("time", shown["seconds"].as_f64().map(duration)),
            ("fit", quality(&shown["quality"])),
            ("stability", stability(&shown["agreement"], list(&shown["factors"]))),
            ("rank by", text_of(&shown["rank_choice"]["way"])),
        ],
    );
    for warning in list(&shown["warnings"]) {
        page.fact("warning", WIDTH, &format!("{} [{}]", said(&warning["message"]), said(&warning["code"])));
    }
    factors(&mut page, list(&shown["factors"]));
    starts(&mut page, shown);
    tensors(&mut page, shown);
    page.finish()
}

fn text_of(value: &Value) -> Option<String> {
    value.is_string().then(|| said(value))
}

/// A list of names; nothing where it is empty.
fn joined(names: &Value) -> Option<String> {
    let names: Vec<String> = list(names).iter().map(said).collect();
    (!names.is_empty()).then(|| format!("given values of {}", names.join(", ")))
}

fn kind(shown: &Value) -> String {
    match shown["kind"].as_str().unwrap_or_default() {
        "model" => "a model of Eckart".into(),
        "checkpoint" => "a checkpoint of Eckart".into(),
        "page" => "a page of Eckart, of this model".into(),
        "factors" => "factors of new rows, by Eckart".into(),
        "safetensors" => "a safetensors file, not of Eckart".into(),
        other => format!("a file of Eckart, of kind {other}"),
    }
}

fn written_by(shown: &Value) -> Option<String> {
    let mut text = format!("Eckart {}", shown["eckart"].as_str()?);
    let parts = [("format", number(&shown["format"])), ("numerics", number(&shown["numerics"]))];
    for (name, value) in parts {
        value.iter().for_each(|value| text += &format!(", {name} {value}"));
    }
    shown["registers"].as_str().iter().for_each(|registers| text += &format!(", registers {registers}"));
    Some(text)
}

fn checksum(word: &str) -> String {
    match word {
        "none" => "none: files of format 1, pages from before and files of other programs have none".into(),
        other => other.into(),
    }
}

fn limits(limits: &Value) -> Option<String> {
    let mut text = String::new();
    limits["max_iter"].as_u64().iter().for_each(|&most| text += &format!("{} iterations, ", count(most as usize)));
    text += &format!("tol {}", limits.get("tol").filter(|tol| tol.is_number())?);
    limits["target"].as_f64().iter().for_each(|target| text += &format!(", target {target}"));
    Some(text)
}

fn names(names: &Value) -> Option<String> {
    let (total, first) = (names["count"].as_u64()? as usize, list(&names["first"]));
    let shown: Vec<String> = first.iter().map(said).collect();
    if names["type"].is_null() {
        return Some(format!("{}, without names", count(total)));
    }
    let more = if total > shown.len() { ", ..." } else { "" };
    Some(format!("{} names ({}): {}{more}", count(total), said(&names["type"]), shown.join(", ")))
}

fn quality(quality: &Value) -> Option<String> {
    Some(format!(
        "{} explains {:.1} % of the variance; relative error {}, RMSE {}",
        text_of(&quality["reconstruction"])?,
        100.0 * quality["explained"].as_f64()?,
        short(quality["relative_error"].as_f64()?),
        short(quality["rmse"].as_f64()?)
    ))
}

/// How steady each component is, after its name where it has one.
fn stability(agreement: &Value, factors: &[Value]) -> Option<String> {
    let values: Vec<f64> = list(&agreement["stability"]).iter().filter_map(Value::as_f64).collect();
    let named = factors.iter().filter_map(|factor| Some((factor, factor["components"].as_str()?)));
    let names = named.map(|(factor, axis)| list(&factor["component_names"][axis]));
    let names = names.into_iter().find(|names| names.len() == values.len()).unwrap_or_default();
    let name = |k: usize| names.get(k).map_or_else(String::new, |name| format!("{}: ", said(name)));
    let each: Vec<String> = values.iter().enumerate().map(|(k, value)| name(k) + &short(*value)).collect();
    Some(format!("{} over {} starts", each.join(", "), agreement["starts"].as_u64()?))
}
