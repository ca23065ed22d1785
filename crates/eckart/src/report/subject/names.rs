//! Names: what rows and columns are called on a page.
//! In: names and titles, where there are any.  Out: a text for each place.
//! Invariant: a place without a name is called by its number, counted from 1.
//! Not here: names in files (see `data`).

use std::collections::BTreeMap;

use crate::error::{Code, Error, Result};

/// The names of one side of the data.
#[derive(Debug, Clone)]
pub(in crate::report) struct Names<'a> {
    /// "row" or "column".
    side: &'static str,
    names: Option<&'a [String]>,
    titles: Option<&'a BTreeMap<String, String>>,
}

impl<'a> Names<'a> {
    /// The names of a side of length `count`.
    ///
    /// # Errors
    /// `Setting` where there are more or fewer names.
    pub(in crate::report) fn new(side: &'static str, names: Option<&'a [String]>, count: usize) -> Result<Self> {
        if let Some(names) = names.filter(|names| names.len() != count) {
            return Err(Error::setting(
                Code::NameCount,
                format!("there are {} {side} names, and the data has {count} {side}s: give a name each", names.len()),
            ));
        }
        Ok(Self { side, names, titles: None })
    }

    /// The same with what the names are called.
    pub(in crate::report) fn titled(mut self, titles: &'a BTreeMap<String, String>) -> Self {
        self.titles = Some(titles).filter(|titles| !titles.is_empty());
        self
    }

    pub(in crate::report) fn are_known(&self) -> bool {
        self.names.is_some()
    }

    pub(in crate::report) fn have_titles(&self) -> bool {
        self.titles.is_some() && self.names.is_some()
    }

    pub(in crate::report) fn all(&self) -> &'a [String] {
        self.names.unwrap_or(&[])
    }

    /// What place `at`, from 0, is called: its title, else its name, else its number.
    pub(in crate::report) fn of(&self, at: usize) -> String {
        let Some(name) = self.names.and_then(|names| names.get(at)) else {
            return format!("{} {}", self.side, crate::report::numbers::count(at + 1));
        };
        self.titles.and_then(|titles| titles.get(name)).unwrap_or(name).clone()
    }
}
