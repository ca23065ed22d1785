//! Settings: the rows of the engine's table for Python, and settings from values by name.
//! In: a dict of names and values.  Out: `Settings`.
//! Invariant: which settings there are, their kinds, ranges and defaults is said by the engine alone.
//! Not here: errors that name a wrong type (see `python/eckart/_checks.py`).

use eckart::Settings;
use eckart::solve::{SETTINGS, SettingKind, SettingValue};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::raised;
use crate::threads::threads;

/// A value as Python holds it.
#[derive(IntoPyObject)]
pub(crate) enum Plain {
    Flag(bool),
    Whole(u64),
    Real(f64),
    Text(String),
}

/// A setting: name, earlier names, kind, least whole number, default.
type Row = (&'static str, Vec<&'static str>, &'static str, u64, Option<Plain>);

/// The settings of a search.
#[pyfunction]
pub(crate) fn settings() -> Vec<Row> {
    let row = |row: &eckart::solve::Setting| {
        let (kind, least) = match row.kind {
            SettingKind::Flag => ("flag", 0),
            SettingKind::Whole { least, .. } => ("whole", least),
            SettingKind::Bytes => ("bytes", 0),
            SettingKind::Real { .. } | SettingKind::Seconds => ("real", 0),
            SettingKind::File => ("path", 0),
            _ => ("text", 0),
        };
        let default = row.default_value().map(|value| match value {
            SettingValue::Flag(value) => Plain::Flag(value),
            SettingValue::Whole(value) => Plain::Whole(value),
            SettingValue::Real(value) => Plain::Real(value),
            other => Plain::Text(other.to_string()),
        });
        (row.name, row.aliases.to_vec(), kind, least, default)
    };
    SETTINGS.iter().map(row).collect()
}

/// The settings that a dict holds; a new checkpoint takes no other file's place.
pub(crate) fn settings_of(given: &Bound<'_, PyDict>) -> PyResult<Settings> {
    let mut settings = Settings::default();
    for (name, value) in given.iter().filter(|(_, value)| !value.is_none()) {
        let name: String = name.extract()?;
        let Some(row) = Settings::find(&name) else { continue };
        let value = match row.kind {
            SettingKind::Flag => SettingValue::Flag(value.extract()?),
            SettingKind::Whole { .. } | SettingKind::Bytes => SettingValue::Whole(value.extract()?),
            SettingKind::Real { .. } | SettingKind::Seconds => SettingValue::Real(value.extract()?),
            SettingKind::File => SettingValue::File(value.extract()?),
            _ => SettingValue::Text(value.extract()?),
        };
        row.set(&mut settings, value).map_err(raised)?;
    }
    settings.threads = threads(settings.threads);
    settings.place_checkpoint().map_err(raised)?;
    Ok(settings)
}
