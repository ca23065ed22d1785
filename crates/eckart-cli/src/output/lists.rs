//! Lists: ranked lists as people, spreadsheets and machines read them.
//! In: for each subject its list of names and scores.  Out: text, a CSV file, or one JSON object.
//! Invariant: the same names and numbers in each form.
//! Not here: what is in a list (see `recommend`, `similar`).

use std::path::Path;

use eckart::apply::Scored;
use eckart::data::{Side, write_file};
use eckart::{Result, Warning};
use serde_json::{Value, json};

use crate::beside::{Readings, put_readings, say_readings};
use crate::model::Model;
use crate::numbers::short;
use crate::options::ListingArgs;
use crate::output::json::warning_object;
use crate::output::page::Page;

/// A list about a row or a column.
#[derive(Debug)]
pub(crate) struct List {
    /// The side of what it is about, and its name.
    pub about: (Side, String),
    pub entries: Vec<Entry>,
}

/// A line of a list.
#[derive(Debug)]
pub(crate) struct Entry {
    pub scored: Scored,
    /// What is to be said of it.
    pub notes: Vec<String>,
}

/// The words of a list: "user", "item" and so on, what is listed, what the score is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    pub title: &'static str,
    pub listed: Side,
    pub score: &'static str,
}

impl Words {
    fn name(self, model: &Model, at: usize) -> String {
        match self.listed {
            Side::Cols => model.shown(at),
            Side::Rows => model.name(Side::Rows, at),
        }
    }
}

/// The lists as they are asked for, with what was warned of and how files were understood.
///
/// # Errors
/// `Io` where a file can't be written.
pub(crate) fn shown(
    lists: &[List],
    words: Words,
    model: &Model,
    asked: &ListingArgs,
    (warnings, said): (&[Warning], &Readings),
) -> Result<String> {
    let written = asked.output.as_deref();
    written.map(|path| csv(path, lists, words, model)).transpose()?;
    if !asked.json {
        say_readings(said);
    }
    Ok(match written {
        _ if asked.json => {
            let mut object = json(lists, words, model);
            object["warnings"] = warnings.iter().map(warning_object).collect();
            put_readings(&mut object, &model.fit.target, said);
            object["output"] = written.iter().map(|path| path.display().to_string()).collect();
            format!("{object}\n")
        }
        Some(path) => format!("{}\n", path.display()),
        None => text(lists, words, model),
    })
}

/// For people.
fn text(lists: &[List], words: Words, model: &Model) -> String {
    let mut page = Page::new();
    for list in lists {
        page.heading(&format!("{} {}", words.title, list.about.1));
        if list.entries.is_empty() {
            page.paragraph("nothing");
            continue;
        }
        let notes = list.entries.iter().any(|entry| !entry.notes.is_empty());
        if !notes {
            let row = |(at, entry): (usize, &Entry)| {
                vec![(at + 1).to_string(), words.name(model, entry.scored.index), short(entry.scored.score)]
            };
            page.table(&["", "name", words.score], &[1], list.entries.iter().enumerate().map(row).collect());
            continue;
        }
        for (at, entry) in list.entries.iter().enumerate() {
            let line = format!("{}  {}", words.name(model, entry.scored.index), short(entry.scored.score));
            page.fact(&format!("{:>3}", at + 1), 6, &line);
            entry.notes.iter().for_each(|note| page.fact("", 8, note));
        }
    }
    page.finish()
}

/// For spreadsheets: subject, place, id, title where there are any, score.
///
/// # Errors
/// `Io` where the file can't be written.
fn csv(path: &Path, lists: &[List], words: Words, model: &Model) -> Result<()> {
    let titled = words.listed == Side::Cols
        && lists.iter().flat_map(|list| &list.entries).any(|entry| model.title(entry.scored.index).is_some());
    let (about, listed) = (lists.first().map_or(Side::Rows, |list| list.about.0), words.listed);
    let word = |side: Side| if side == Side::Rows { "row" } else { "column" };
    // The side that a list is about may be the side that is listed.
    let listed_word = if about == listed { format!("other_{}", word(listed)) } else { word(listed).to_owned() };
    write_file(path, |out| {
        let title = if titled { ",title" } else { "" };
        writeln!(out, "{},place,{listed_word}{title},{}", word(about), words.score)?;
        for list in lists {
            for (at, entry) in list.entries.iter().enumerate() {
                let index = entry.scored.index;
                let title =
                    if titled { format!(",{}", cell(model.title(index).unwrap_or_default())) } else { String::new() };
                let name = cell(&model.name(listed, index));
                writeln!(out, "{},{},{name}{title},{}", cell(&list.about.1), at + 1, entry.scored.score)?;
            }
        }
        Ok(())
    })
}

/// Quoted where it holds what parts cells.
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// For machines.
fn json(lists: &[List], words: Words, model: &Model) -> Value {
    let entry = |entry: &Entry| {
        let index = entry.scored.index;
        let mut object = json!({ "name": model.name(words.listed, index), words.score: entry.scored.score });
        if let Some(title) = model.title(index).filter(|_| words.listed == Side::Cols) {
            object["title"] = json!(title);
        }
        if !entry.notes.is_empty() {
            object["notes"] = json!(entry.notes);
        }
        object
    };
    let list =
        |list: &List| json!({ "about": list.about.1, "list": list.entries.iter().map(entry).collect::<Vec<Value>>() });
    json!({ "lists": lists.iter().map(list).collect::<Vec<Value>>() })
}
