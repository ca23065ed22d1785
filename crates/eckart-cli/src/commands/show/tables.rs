//! Tables: the lists of what is in a file.
//! In: the JSON object of the library.  Out: tables on a page: factors, starts, tensors.
//! Invariant: a long list is cut, and says by how much.
//! Not here: single facts (see the module above).

use eckart::StopReason;
use eckart::error::{PrintedAs, printable};
use serde_json::Value;

use crate::numbers::{count, duration, precise};
use crate::output::page::Page;

/// How many starts, tensors or texts are listed.
const MOST: usize = 20;
/// The longest text of a foreign file that is shown, and the longest name, in characters.
const LONGEST: usize = 80;
const LONGEST_NAME: usize = 40;
/// The width of the names of its texts.
const WIDTH: usize = 10;

pub(super) fn factors(page: &mut Page, factors: &[Value]) {
    if factors.is_empty() {
        return;
    }
    page.heading("Factors");
    let row = |factor: &Value| {
        let sides: Vec<String> =
            list(&factor["shape"]).iter().filter_map(Value::as_u64).map(|n| count(n as usize)).collect();
        let mut about = vec![factor["of"].as_str().map_or(String::new(), |of| format!("of {of}"))];
        about.extend(factor["components"].as_str().map(|axis| {
            let names: Vec<String> = list(&factor["component_names"][axis]).iter().map(said).collect();
            let names = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
            format!("components are its {axis}{names}")
        }));
        about.extend((factor["held"] == true).then(|| "fixed".to_owned()));
        about.extend((factor["std_errors"] == true).then(|| "with standard errors".to_owned()));
        vec![said(&factor["name"]), sides.join(" x "), said(&factor["type"]), about.join("; ")]
    };
    page.table(&["factor", "shape", "type", "role"], &[0, 3], factors.iter().map(row).collect());
}

pub(super) fn starts(page: &mut Page, shown: &Value) {
    let (done, running) = (list(&shown["starts"]), list(&shown["running"]));
    if done.is_empty() && running.is_empty() {
        return;
    }
    page.heading("Starts");
    let best = |start: &Value| start["best"] == true;
    // People count starts from 1.
    let place = |start: &Value| start["start"].as_u64().map_or(String::new(), |at| (at + 1).to_string());
    let cost = |start: &Value| start["cost"].as_f64().map_or("undefined".into(), precise);
    let mut rows: Vec<Vec<String>> = Vec::new();
    for start in done.iter().take(MOST) {
        let end = if best(start) { "the best" } else { "" };
        let time = start["seconds"].as_f64().map_or(String::new(), duration);
        rows.push(vec![
            place(start),
            cost(start),
            said(&start["iterations"]),
            time,
            start["stop_reason"].as_str().map_or(String::new(), reason),
            end.into(),
        ]);
    }
    for start in running.iter().take(MOST) {
        rows.push(vec![
            place(start),
            cost(start),
            said(&start["iteration"]),
            String::new(),
            "running".into(),
            String::new(),
        ]);
    }
    page.table(&["start", "cost", "iterations", "time", "stopped by", ""], &[4, 5], rows);
    let hidden = done.len().saturating_sub(MOST) + running.len().saturating_sub(MOST);
    if hidden > 0 {
        page.paragraph(&format!("and {} more", count(hidden)));
    }
    if let Some(asked) = shown["restarts"].as_u64() {
        let (done, asked) = (count(done.len()), count(asked as usize));
        page.paragraph(&format!(
            "{done} of {asked} starts are done; the best is one of them, by the lowest cost that each met. The cost of \
             a running start is its last."
        ));
    }
}

/// What a file holds that is no model.
pub(super) fn tensors(page: &mut Page, shown: &Value) {
    let Some(tensors) = shown["tensors"].as_array() else { return };
    page.heading("Tensors");
    let row = |tensor: &Value| {
        let sides: Vec<String> = list(&tensor["shape"]).iter().map(said).collect();
        let shape = if sides.is_empty() { "one number".to_owned() } else { sides.join(" x ") };
        vec![cut(&tensor["name"], LONGEST_NAME), shape, cut(&tensor["type"], LONGEST_NAME), said(&tensor["bytes"])]
    };
    page.table(&["name", "shape", "type", "bytes"], &[0], tensors.iter().take(MOST).map(row).collect());
    if tensors.len() > MOST {
        page.paragraph(&format!("and {} more", count(tensors.len() - MOST)));
    }
    let texts = shown["texts"].as_object().filter(|texts| !texts.is_empty());
    if texts.is_some() {
        page.heading("Texts");
    }
    for (key, text) in texts.into_iter().flatten().take(MOST) {
        page.fact(&cut(&Value::from(key.as_str()), LONGEST_NAME), WIDTH, &cut(text, LONGEST));
    }
    let hidden = texts.map_or(0, |texts| texts.len().saturating_sub(MOST));
    if hidden > 0 {
        page.paragraph(&format!("and {} more", count(hidden)));
    }
}

/// A text of which no more than `most` characters are shown.
fn cut(value: &Value, most: usize) -> String {
    let length = value.as_str().map_or(0, |text| text.chars().count());
    if length <= most {
        return said(value);
    }
    let begin: String = value.as_str().unwrap_or_default().chars().take(most).collect();
    format!("{}... ({} characters)", printable(&begin, PrintedAs::Line), count(length))
}

/// Why a start ended, in the words of `fit`.
pub(super) fn reason(name: &str) -> String {
    let unknown = || printable(name, PrintedAs::Line).into_owned();
    StopReason::from_name(name).map_or_else(unknown, |reason| reason.to_string())
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn number(value: &Value) -> Option<String> {
    value.as_u64().map(|number| number.to_string())
}

/// A text, its control characters escaped; anything else as JSON has it.
pub(super) fn said(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| printable(text, PrintedAs::Line).into_owned())
}
