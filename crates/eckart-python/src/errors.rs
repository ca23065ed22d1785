//! Errors: the engine's errors as Python's exceptions.
//! In: an `eckart::Error`.  Out: a `PyErr` of the class that Python's users expect, with the same text.
//! Law: the text is the engine's, caret and shapes included; a system's error keeps its class (`FileNotFoundError`).
//! Not here: the texts (see `eckart::error`).

use std::io::ErrorKind;

use eckart::Error;
use pyo3::PyErr;
use pyo3::exceptions::{
    PyFileNotFoundError, PyIsADirectoryError, PyMemoryError, PyOSError, PyPermissionError, PyRuntimeError, PyValueError,
};

/// The exception for an error.
pub(crate) fn raised(error: Error) -> PyErr {
    let text = error.to_string();
    match error {
        // Given number, reason and file, OSError makes itself the subclass of that number.
        Error::Io { path, source } => match source.raw_os_error() {
            Some(number) => {
                let reason = source.to_string();
                let reason = reason.split(" (os error").next().unwrap_or(&reason).to_owned();
                PyOSError::new_err((number, reason, path.display().to_string()))
            }
            None => match source.kind() {
                ErrorKind::NotFound => PyFileNotFoundError::new_err(text),
                ErrorKind::IsADirectory => PyIsADirectoryError::new_err(text),
                ErrorKind::PermissionDenied => PyPermissionError::new_err(text),
                _ => PyOSError::new_err(text),
            },
        },
        Error::Limit(_) => PyMemoryError::new_err(text),
        Error::Bug(_) => PyRuntimeError::new_err(text),
        // Parse, Shape, Data, Setting: a value that can't be used.
        _ => PyValueError::new_err(text),
    }
}
