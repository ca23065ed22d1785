//! Json: an explanation for machines.
//! In: an `Explanation`.  Out: one JSON object: a member for each section, `plans` for those of plans, `warnings`.
//! Invariant: numbers are numbers, in bytes, operations and seconds.
//! Not here: text (see `text`).

use serde_json::{Map, Value, json};

use super::section::{Content, Datum, Explanation, Section};
use crate::error::Warning;

impl Explanation {
    /// One JSON object.
    pub fn to_json(&self) -> String {
        let mut object = Map::new();
        for section in self.sections.iter().filter(|section| section.key != "plan") {
            object.insert(section.key.into(), section_value(section));
        }
        let plans: Vec<Value> =
            self.sections.iter().filter(|section| section.key == "plan").map(section_value).collect();
        object.insert("plans".into(), Value::Array(plans));
        let warning = |warning: &Warning| json!({ "code": warning.code.as_str(), "message": warning.message });
        object.insert("warnings".into(), self.warnings.iter().map(warning).collect());
        Value::Object(object).to_string()
    }
}

fn section_value(section: &Section) -> Value {
    let mut object = Map::new();
    object.insert("title".into(), section.title.clone().into());
    for content in &section.contents {
        match content {
            Content::Paragraph(key, text) | Content::Layout(key, text) => {
                object.insert((*key).into(), text.clone().into());
            }
            Content::Facts("", facts) => {
                object.extend(facts.iter().map(|(name, datum)| (key_of(name), value(datum))));
            }
            Content::Facts(key, facts) => {
                let fact = |(name, datum): &(String, Datum)| json!({ "name": name, "value": value(datum) });
                object.insert((*key).into(), facts.iter().map(fact).collect());
            }
            Content::Table(key, columns, rows) => {
                let row = |row: &Vec<Datum>| {
                    let named = columns.iter().zip(row);
                    Value::Object(named.map(|(name, cell)| (key_of(name), value(cell))).collect())
                };
                object.insert((*key).into(), rows.iter().map(row).collect());
            }
        }
    }
    Value::Object(object)
}

fn key_of(name: &str) -> String {
    if name.is_empty() { "note".to_owned() } else { name.replace(' ', "_") }
}

fn value(cell: &Datum) -> Value {
    match cell {
        Datum::Text(text) => text.clone().into(),
        Datum::Number(number) => (*number).into(),
        Datum::Count(number) => (*number).into(),
        Datum::Bytes(number) | Datum::Flops(number) => (number.round() as u64).into(),
        Datum::Seconds(seconds) => (*seconds).into(),
        Datum::List(cells) => cells.iter().map(value).collect(),
    }
}
