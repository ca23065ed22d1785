//! Picture: a plan to look at.
//! In: a `Plan`, a title, names for its results.  Out: text: Graphviz, or an SVG that needs nothing else.
//! Invariant: the same plan gives the same text; every buffer has one box; an arrow leads from each value to where it
//! is read.
//! Not here: the table (see `explain`).
//!
//! Numbers have no box: the formulas show them.

mod dot;
mod layers;
mod place;
mod scene;
mod svg;

pub(crate) use svg::escaped;

use super::program::Plan;
use scene::Scene;

#[cfg(test)]
mod tests;

/// A picture of a plan.
#[derive(Debug, Clone)]
pub struct Picture<'a> {
    plan: &'a Plan,
    title: String,
    results: Vec<String>,
}

impl<'a> Picture<'a> {
    /// A picture of `plan`.
    pub fn new(plan: &'a Plan) -> Self {
        Self { plan, title: String::new(), results: Vec::new() }
    }

    /// Says what is computed, above the picture.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Names the results, in their order; those beyond the names are just called results.
    pub fn results(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.results = names.into_iter().collect();
        self
    }

    /// The picture in the DOT language of Graphviz.
    pub fn to_dot(&self) -> String {
        dot::draw(&Scene::of(self.plan, &self.results), &self.title)
    }

    /// The picture as an SVG: one file, text that can be selected, light or dark as the reader prefers.
    pub fn to_svg(&self) -> String {
        svg::draw(&Scene::of(self.plan, &self.results), &self.title)
    }
}

impl Plan {
    /// The plan as a graph in the DOT language of Graphviz; see [`Picture`].
    pub fn to_dot(&self) -> String {
        Picture::new(self).to_dot()
    }

    /// The plan as an SVG; see [`Picture`].
    pub fn to_svg(&self) -> String {
        Picture::new(self).to_svg()
    }
}
