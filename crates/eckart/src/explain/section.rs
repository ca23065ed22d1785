//! Section: what an explanation is made of.
//! In: sections.  Out: `Explanation`, plain data that can be compared and printed.
//! Invariant: a value carries its unit, so that every form of it can be made from the same data.
//! Not here: how it is printed (see `text`, `json`, `html`).

use crate::error::Warning;

/// What a search would run.
///
/// ```
/// # use eckart::{Matrix, Problem, Settings};
/// let x = Matrix::from_fn(30, 20, |i, j| ((i * j) as f64).sin().abs())?;
/// let problem = Problem::parse("sum((X - W @ H)**2) subject to W >= 0, H >= 0")?.data("X", &x).rank(3);
/// let told = problem.explain(&Settings::default())?;
/// assert!(told.to_string().contains("W: quadratic, shared 3 x 3 Gram matrix"));
/// assert!(told.to_json().contains("\"memory\""));
/// # Ok::<(), eckart::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// In the order in which they are printed.
    pub sections: Vec<Section>,
    /// What is ill-posed in the objective.
    pub warnings: Vec<Warning>,
}

/// A part of an explanation.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Its key in JSON.
    pub key: &'static str,
    /// Its title.
    pub title: String,
    /// What it says.
    pub contents: Vec<Content>,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A sentence or more. It has a key where it is a value of its own in JSON.
    Paragraph(&'static str, String),
    /// A key for the list, names, and what is said of each. Without a key the names are members of the section in JSON:
    /// only for names of ours, since a user's could be that of another member.
    Facts(&'static str, Vec<(String, Datum)>),
    /// A table: a key for the list of its rows, the names of its columns, and rows as long as these.
    Table(&'static str, Vec<&'static str>, Vec<Vec<Datum>>),
    /// Text that has its own layout, such as a plan.
    Layout(&'static str, String),
}

/// A value, with its unit.
#[derive(Debug, Clone, PartialEq)]
pub enum Datum {
    /// Words.
    Text(String),
    /// A number without a unit.
    Number(f64),
    /// A number of things.
    Count(usize),
    /// Bytes.
    Bytes(f64),
    /// Floating point operations.
    Flops(f64),
    /// A time in seconds.
    Seconds(f64),
    /// Several values.
    List(Vec<Datum>),
}

impl Datum {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

impl Explanation {
    /// The section of that key.
    pub fn section(&self, key: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.key == key)
    }
}
