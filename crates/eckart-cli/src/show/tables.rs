//! Tables: the lists of what is in a file.
//! In: the JSON object of the library.  Out: tables on a page: factors, starts, tensors.
//! Invariant: a long list is cut, and says by how much.
//! Not here: single facts (see the module above).

use serde_json::Value;

use crate::numbers::{count, duration, precise};
use crate::page::Page;

/// How many starts, tensors or texts are listed.
const MOST: usize = 20;
/// The longest text of a foreign file that is shown.
const LONGEST: usize = 200;
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
        about.extend(factor["components"].as_str().map(|axis| format!("components are its {axis}")));
        about.extend((factor["held"] == true).then(|| "held".to_owned()));
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
    let best = |start: &Value| start["best"] == true || (!start["start"].is_null() && start["start"] == shown["best"]);
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
            said(&start["stop_reason"]),
            end.into(),
        ]);
    }
    // A start that came to its last iteration is done, and could go on.
    let goes_on = |start: &&Value| !done.iter().any(|other| other["start"] == start["start"]);
    for start in running.iter().filter(goes_on).take(MOST) {
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
    let hidden = done.len().saturating_sub(MOST) + running.iter().filter(goes_on).count().saturating_sub(MOST);
    if hidden > 0 {
        page.paragraph(&format!("and {} more", count(hidden)));
    }
    if let Some(asked) = shown["restarts"].as_u64() {
        page.paragraph(&format!("{} of {} starts are done", count(done.len()), count(asked as usize)));
    }
}

/// What a file holds that is no model.
pub(super) fn tensors(page: &mut Page, shown: &Value) {
    let Some(tensors) = shown["tensors"].as_array() else { return };
    page.heading("Tensors");
    let row = |tensor: &Value| {
        let sides: Vec<String> = list(&tensor["shape"]).iter().map(said).collect();
        vec![said(&tensor["name"]), sides.join(" x "), said(&tensor["type"]), said(&tensor["bytes"])]
    };
    page.table(&["name", "shape", "type", "bytes"], &[0], tensors.iter().take(MOST).map(row).collect());
    if tensors.len() > MOST {
        page.paragraph(&format!("and {} more", count(tensors.len() - MOST)));
    }
    let texts = shown["texts"].as_object();
    for (key, text) in texts.into_iter().flatten().take(MOST) {
        let text: String = said(text).chars().take(LONGEST).collect();
        page.fact(key, WIDTH, &text);
    }
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn number(value: &Value) -> Option<String> {
    value.as_u64().map(|number| number.to_string())
}

/// A text as it is; anything else as JSON has it.
pub(super) fn said(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
