//! Names: what rows and columns are called, between Python and the engine.
//! In: a list of texts, or a type and an array of whole numbers.  Out: `Ids`; and the same pair.
//! Invariant: numbers and dates go to the engine and come back as what they were.
//! Not here: which Python objects are names (see `python/eckart/_arrays.py`).

use std::path::PathBuf;

use eckart::Code;
use eckart::data::{Ids, TimeUnit, read_names as names_in, read_names_of};
use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;

use crate::errors::{raised, value_error};

/// Names as Python hands them over: texts; or the name of a type (`i64`, `u64`, `date`, `datetime[ns]`) and the
/// numbers.
#[derive(FromPyObject)]
pub(crate) enum Names<'py> {
    Texts(Vec<String>),
    Signed(String, Bound<'py, PyArray1<i64>>),
    Unsigned(String, Bound<'py, PyArray1<u64>>),
}

impl Names<'_> {
    pub(crate) fn into_ids(self) -> PyResult<Ids> {
        match self {
            Self::Texts(texts) => Ok(Ids::Text(texts)),
            Self::Unsigned(name, numbers) if name == "u64" => Ok(Ids::U64(numbers.to_vec()?)),
            Self::Unsigned(name, _) => Err(no_type(&name)),
            Self::Signed(name, numbers) => {
                let numbers = numbers.to_vec()?;
                let unit = name.strip_prefix("datetime[").and_then(|rest| rest.strip_suffix(']'));
                match (name.as_str(), unit.and_then(TimeUnit::from_name)) {
                    ("i64", _) => Ok(Ids::I64(numbers)),
                    ("date", _) => Ok(Ids::Date(numbers)),
                    (_, Some(unit)) => Ok(Ids::Datetime(numbers, unit)),
                    _ => Err(no_type(&name)),
                }
            }
        }
    }
}

fn no_type(name: &str) -> PyErr {
    value_error(Code::UnsupportedType, &format!("names can't be of type {name}"))
}

/// The name of a type, and an array of whole numbers.
pub(crate) type Typed<'py> = (String, Bound<'py, PyAny>);

/// The texts of names.
pub(crate) fn texts(ids: &Option<Ids>) -> Option<Vec<String>> {
    ids.as_ref().map(Ids::texts)
}

/// The texts that typed names have.
#[pyfunction]
pub(crate) fn name_texts(names: Names<'_>) -> PyResult<Vec<String>> {
    Ok(names.into_ids()?.texts())
}

/// The names in a file, of so many rows or columns (`what`) where that is known, and how the file was understood.
#[pyfunction]
#[pyo3(signature = (path, what, count))]
pub(crate) fn read_names(path: PathBuf, what: &str, count: Option<usize>) -> PyResult<(Vec<String>, String)> {
    let count = count.map_or_else(|| names_in(&path).map(|names| names.len()), Ok);
    count.and_then(|count| read_names_of(path, what, count)).map_err(raised)
}

/// Names as they were given: an array of int64, uint64 or datetime64, or the list of `texts`.
pub(crate) fn given<'py>(
    py: Python<'py>,
    ids: Option<&Ids>,
    texts: Option<&Vec<String>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let unit = match ids {
        Some(Ids::Date(_)) => Some("D"),
        Some(Ids::Datetime(_, unit)) => Some(unit.name()),
        _ => None,
    };
    match (typed(py, ids), unit) {
        (Some((_, array)), Some(unit)) => array.call_method1("view", (format!("datetime64[{unit}]"),)).map(Some),
        (Some((_, array)), None) => Ok(Some(array)),
        (None, _) => texts.map(|texts| Ok(texts.into_pyobject(py)?.into_any())).transpose(),
    }
}

/// A type and an array of numbers; `None` where there are no names, or they are texts.
pub(crate) fn typed<'py>(py: Python<'py>, ids: Option<&Ids>) -> Option<Typed<'py>> {
    let array = match ids? {
        Ids::I64(numbers) | Ids::Date(numbers) | Ids::Datetime(numbers, _) => {
            PyArray1::from_slice(py, numbers).into_any()
        }
        Ids::U64(numbers) => PyArray1::from_slice(py, numbers).into_any(),
        _ => return None,
    };
    Some((ids?.type_name(), array))
}
