//! Errors: a refusal is held to its code, and to what it must name.

use eckart::{Code, Error};

/// Holds an error to its code, and to a part of its text that names what is wrong in the case at hand.
#[track_caller]
pub(crate) fn check_error(error: &Error, code: Code, part: &str) {
    let found = error.code();
    assert!(found == code && error.to_string().contains(part), "{code} with {part:?} is not {found}: {error}");
}
