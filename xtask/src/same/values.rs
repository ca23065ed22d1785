//! What `--json` says: which keys there are, and the values that do not hang on the clock.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Keys whose values are times, sizes of memory, or where things lie: each run has its own.
const OF_THE_RUN: [&str; 7] = ["load_seconds", "fit_seconds", "seconds", "peak_bytes", "data", "output", "version"];
/// Keys whose values are words for people: that they are put otherwise is said, and is no failure.
const WORDS: [&str; 6] = ["statement", "method", "ways", "warnings", "reconstruction", "model"];

/// What two objects differ in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Differences {
    /// Paths of keys that one of them alone has.
    pub(super) keys: Vec<String>,
    /// Values that are not the same.
    pub(super) values: Vec<String>,
    /// Words that are put otherwise.
    pub(super) words: Vec<String>,
}

/// Compares two results.
pub(super) fn compare(before: &Value, now: &Value) -> Differences {
    let mut found = Differences::default();
    let (old, new) = (paths(before), paths(now));
    found.keys.extend(old.difference(&new).map(|path| format!("gone: {path}")));
    found.keys.extend(new.difference(&old).map(|path| format!("new: {path}")));
    let (old, new) = (leaves(before), leaves(now));
    for (path, value) in &old {
        let Some(other) = new.get(path).filter(|other| *other != value) else { continue };
        if names(path, &WORDS) {
            found.words.push(format!("other words: {path} of --json"));
        } else {
            found.values.push(format!("{path} was {value} and is {other}"));
        }
    }
    found
}

/// Whether a key of the path is one of `keys`.
fn names(path: &str, keys: &[&str]) -> bool {
    path.split(['.', '[']).any(|key| keys.contains(&key))
}

/// The paths of all keys; a list's elements are one, `starts[].cost`.
fn paths(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    walk(value, "", &mut |path, _| {
        found.insert(without_numbers(path));
    });
    found
}

/// The path with `[]` for each `[3]`.
fn without_numbers(path: &str) -> String {
    let cut = |part: &str| part.find(']').map_or_else(|| part.to_owned(), |at| part[at..].to_owned());
    let mut parts = path.split('[');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |general, part| general + "[" + &cut(part))
}

/// The values that are neither objects nor lists, by their paths, but for those of the run.
fn leaves(value: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    walk(value, "", &mut |path, value| {
        if !names(path, &OF_THE_RUN) && !value.is_object() && !value.is_array() {
            found.insert(path.to_owned(), value.clone());
        }
    });
    // Lists of different lengths differ though every element of the shorter one is the same.
    walk(value, "", &mut |path, value| {
        if let Some(list) = value.as_array().filter(|_| !names(path, &OF_THE_RUN)) {
            found.insert(format!("{path}.length"), list.len().into());
        }
    });
    found
}

/// Visits every value below `value` with its path.
fn walk(value: &Value, path: &str, visit: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                visit(&path, value);
                walk(value, &path, visit);
            }
        }
        Value::Array(list) => {
            for (k, value) in list.iter().enumerate() {
                let path = format!("{path}[{k}]");
                visit(&path, value);
                walk(value, &path, visit);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn result() -> Value {
        json!({
            "objective": 0.1, "fit_seconds": 1.5, "ways": ["W: so"], "data": "a.npy",
            "starts": [{ "cost": 0.1, "seconds": 1 }, { "cost": 0.2, "seconds": 2 }],
            "quality": { "rmse": 0.5, "reconstruction": "W @ H" },
        })
    }

    #[test]
    fn keys_are_paths() {
        let paths: Vec<String> = paths(&result()).into_iter().collect();
        let expected = [
            "data",
            "fit_seconds",
            "objective",
            "quality",
            "quality.reconstruction",
            "quality.rmse",
            "starts",
            "starts[]",
            "starts[].cost",
            "starts[].seconds",
            "ways",
            "ways[]",
        ];
        assert_eq!(paths, expected);
    }

    #[test]
    fn times_and_places_may_differ() {
        let mut other = result();
        (other["fit_seconds"], other["data"], other["starts"][1]["seconds"]) = (json!(9), json!("b.npy"), json!(9));
        assert_eq!(compare(&result(), &other), Differences::default());
    }

    #[test]
    fn one_bit_of_a_cost_is_a_difference() {
        let mut other = result();
        other["starts"][1]["cost"] = json!(0.200_000_000_000_000_04);
        assert_eq!(compare(&result(), &other).values, ["starts[1].cost was 0.2 and is 0.20000000000000004"]);
    }

    #[test]
    fn keys_that_come_or_go_are_named() {
        let mut other = result();
        other["codes"] = json!([]);
        other["starts"][0]["cost"].take();
        other["quality"] = json!(null);
        let found = compare(&result(), &other);
        assert_eq!(found.keys, ["gone: quality.reconstruction", "gone: quality.rmse", "new: codes"]);
        assert_eq!(found.values, ["starts[0].cost was 0.1 and is null"]);
    }

    #[test]
    fn words_are_told_apart_and_lists_have_lengths() {
        let mut other = result();
        other["ways"] = json!(["W: otherwise"]);
        other["starts"].as_array_mut().expect("it is a list").pop();
        let found = compare(&result(), &other);
        assert_eq!(found.words, ["other words: ways[0] of --json"]);
        assert_eq!(found.values, ["starts.length was 2 and is 1"]);
    }
}
