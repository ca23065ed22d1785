//! Errors: the engine's errors and warnings as Python's, with their codes.
//! In: an `eckart::Error`, a `Warning`.  Out: a `PyErr` of the class that Python's users expect, with the same text.
//! Invariant: the text is the engine's, caret and shapes included; a system's error keeps its class
//! (`FileNotFoundError`).
//! Invariant: every exception that is made here has a code.
//! Not here: the texts and codes (see `eckart::error`), the classes (see `python/eckart/_errors.py`).

use std::io::ErrorKind;

use eckart::error::{PrintedAs, printable};
use eckart::{Code, Error, Warning};
use pyo3::exceptions::{
    PyFileNotFoundError, PyIsADirectoryError, PyMemoryError, PyOSError, PyPermissionError, PyRuntimeError, PyTypeError,
    PyValueError,
};
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};

/// A warning's code and its text.
pub(crate) type Told = (&'static str, String);

/// A warning for Python.
pub(crate) fn told(warning: &Warning) -> Told {
    (warning.code.as_str(), warning.message.clone())
}

/// A text of which a terminal obeys nothing.
#[pyfunction]
#[pyo3(name = "printable")]
pub(crate) fn printed(text: &str) -> String {
    printable(text, PrintedAs::Lines).into_owned()
}

/// The exception for an error.
pub(crate) fn raised(error: Error) -> PyErr {
    Python::attach(|py| {
        let (code, text) = (error.code(), error.to_string());
        let help = error.help().map(str::to_owned);
        let (file, line) = (error.file().map(|file| file.display().to_string()), error.line());
        let plain = |kind: Bound<'_, PyType>| coded(&kind, code, (text.as_str(),));
        let made = match error {
            Error::Io { path, source } => match source.raw_os_error() {
                Some(number) => {
                    let reason = source.to_string();
                    let reason = reason.split(" (os error").next().unwrap_or(&reason);
                    coded(&py.get_type::<PyOSError>(), code, (number, reason, path.display().to_string()))
                }
                None => plain(match source.kind() {
                    ErrorKind::NotFound => py.get_type::<PyFileNotFoundError>(),
                    ErrorKind::IsADirectory => py.get_type::<PyIsADirectoryError>(),
                    ErrorKind::PermissionDenied => py.get_type::<PyPermissionError>(),
                    _ => py.get_type::<PyOSError>(),
                }),
            },
            Error::Limit(_) => plain(py.get_type::<PyMemoryError>()),
            Error::Bug(_) => plain(py.get_type::<PyRuntimeError>()),
            // Parse, Shape, Data, Setting: a value that can't be used.
            _ => plain(py.get_type::<PyValueError>()),
        };
        let value = made.value(py);
        let set = value.setattr("help", help).and_then(|()| value.setattr("file", file));
        set.and_then(|()| value.setattr("line", line)).map_or_else(|failed| failed, |()| made)
    })
}

/// An argument whose value can't be used.
pub(crate) fn value_error(code: Code, text: &str) -> PyErr {
    Python::attach(|py| coded(&py.get_type::<PyValueError>(), code, (text,)))
}

/// An argument whose type can't be used.
pub(crate) fn type_error(code: Code, text: &str) -> PyErr {
    Python::attach(|py| coded(&py.get_type::<PyTypeError>(), code, (text,)))
}

/// The package's exception that is also a `kind`.
fn coded<'py, A>(kind: &Bound<'py, PyType>, code: Code, args: A) -> PyErr
where
    A: IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>, Error = PyErr>,
{
    let make = || {
        let (py, args) = (kind.py(), args.into_pyobject(kind.py())?);
        let mut all = vec![kind.clone().into_any(), code.as_str().into_pyobject(py)?.into_any()];
        all.extend(args.iter());
        py.import("eckart._errors")?.getattr("coded")?.call1(PyTuple::new(py, all)?)
    };
    make().map_or_else(|failed: PyErr| failed, PyErr::from_value)
}

/// The table of codes: word, kind, meaning, what to do.
#[pyfunction]
pub(crate) fn codes() -> Vec<(&'static str, &'static str, &'static str, &'static str)> {
    Code::all().map(|code| (code.as_str(), code.kind().as_str(), code.meaning(), code.remedy())).collect()
}
