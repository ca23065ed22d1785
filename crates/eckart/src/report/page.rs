//! Page: the sections put together.
//! In: a `Subject`.  Out: one HTML document, its style and its script within.
//! Invariant: the page forbids itself the network (`default-src 'none'`); a section with nothing to say is not there.
//! Not here: what a section says (each is a file).

use std::path::Path;

use super::Report;
use super::html::Html;
use super::sections::{again, cards, compare, curves, head, offsets, rows, starts};
use super::subject::Subject;
use crate::data::write_file;
use crate::error::Result;
use crate::solve::{FileSummary, PAGE_META, PAGE_SUM, PAGE_SUM_META, with_sum};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What a page may load: nothing but what is in it.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

impl Report<'_> {
    /// The page.
    ///
    /// # Errors
    /// `Shape` where the data is not of the factors' shape; `Setting` where names, a picture's shape or the consensus
    /// don't fit the data.
    pub fn to_html(&self) -> Result<String> {
        page(&Subject::of(self)?)
    }

    /// Writes the page to a file, which appears whole or not at all.
    ///
    /// # Errors
    /// As [`Report::to_html`]; `Io` where the file can't be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let html = self.to_html()?;
        write_file(path.as_ref(), |out| out.write_all(html.as_bytes()))
    }
}

/// The sections: a name for links, a heading, what is in it.
type Sections = Vec<(&'static str, &'static str, Html)>;

/// The document.
fn page(subject: &Subject<'_>) -> Result<String> {
    let title = head::title(subject);
    let mut html = Html::new();
    html.fixed("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.empty("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")]);
    html.empty("meta", &[("name", "generator"), ("content", concat!("eckart ", env!("CARGO_PKG_VERSION")))]);
    let model = FileSummary::of_model(subject.fit).to_json();
    html.empty("meta", &[("name", PAGE_META), ("content", &model)]);
    html.empty("meta", &[("name", PAGE_SUM_META), ("content", PAGE_SUM)]);
    html.empty("meta", &[("name", "color-scheme"), ("content", "light dark")]);
    html.empty("meta", &[("http-equiv", "Content-Security-Policy"), ("content", POLICY)]);
    html.element("title", &[], &title);
    html.inside("style", &[], |html| html.fixed(STYLE));
    html.fixed("</head>\n<body>\n<main>\n");
    html.push(head::head(subject, &title));
    let sections = sections(subject)?;
    html.inside("nav", &[("aria-label", "Sections")], |html| {
        for (id, heading, _) in &sections {
            html.element("a", &[("href", &format!("#{id}"))], heading);
            html.text(" ");
        }
    });
    for (id, heading, body) in sections {
        html.inside("section", &[("id", id), ("aria-labelledby", &format!("{id}-heading"))], |html| {
            html.element("h2", &[("id", &format!("{id}-heading"))], heading);
            html.push(body);
        });
    }
    html.fixed("</main>\n");
    html.element(
        "footer",
        &[],
        concat!("Made by eckart ", env!("CARGO_PKG_VERSION"), ". This page needs nothing but itself."),
    );
    html.inside("script", &[], |html| html.fixed(SCRIPT));
    html.fixed("\n</body>\n</html>\n");
    Ok(with_sum(html.finish()))
}

fn sections(subject: &Subject<'_>) -> Result<Sections> {
    let all = [
        ("components", "Components", cards::cards(subject)?),
        ("offsets", "Other factors", offsets::offsets(subject)?),
        ("search", if subject.fit.starts.len() > 1 { "Starts" } else { "Search" }, Some(starts::starts(subject))),
        ("stability", "Stability", curves::stability(subject)?),
        ("ranks", "Choice of the rank", curves::ranks(subject)),
        ("reconstructions", "Data and reconstruction", compare::rows(subject)?),
        ("residuals", "Largest residuals", compare::largest(subject)),
        ("rows", "Rows by component", rows::rows(subject)),
        ("again", "Run it again", Some(again::again(subject))),
    ];
    Ok(all.into_iter().filter_map(|(id, heading, body)| Some((id, heading, body?))).collect())
}
