//! Explain: what a search would run, before it runs.
//! In: a `Problem`, `Settings`.  Out: `Explanation`: sections, as text, JSON or HTML.
//! Invariant: what is told is what a search runs: its plans, its method, its memory; nothing is planned for show.
//! Not here: plans (see `plan`), the search (see `solve`).
//!
//! A section is a title and contents: facts, tables, paragraphs, plans. A later feature adds a section, and all three
//! forms of it come by themselves.

mod html;
mod json;
mod memory;
mod plans;
mod problem;
mod section;
mod text;

pub use section::{Content, Datum, Explanation, Section};

use crate::error::Result;
use crate::run::Machine;
use crate::solve::{Problem, Settings, lints, outline};

impl Problem {
    /// What a search for the factors would run: shapes, the method, its plans, one iteration's total, the memory.
    /// Nothing is searched for; data may be assumed ([`Problem::assume`]). But for the line of what the process holds,
    /// nothing is measured.
    ///
    /// # Errors
    /// As [`Problem::bind`]; `Setting` where a setting or the method does not fit.
    pub fn explain(&self, settings: &Settings) -> Result<Explanation> {
        self.explain_on(settings, None)
    }

    /// The same, with the least time of an iteration on a machine that was measured.
    ///
    /// # Errors
    /// As [`Problem::explain`].
    pub fn explain_on(&self, settings: &Settings, machine: Option<&Machine>) -> Result<Explanation> {
        outline(self, settings, |outline| {
            let warnings = lints(outline.bound)?;
            let mut sections = problem::sections(self, outline, &warnings)?;
            sections.push(plans::iteration(outline, machine));
            sections.push(memory::section(outline));
            sections.extend(plans::sections(outline));
            Ok(Explanation { sections, warnings })
        })
    }
}
