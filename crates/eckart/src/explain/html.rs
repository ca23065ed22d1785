//! Html: an explanation for a notebook or a page.
//! In: an `Explanation`.  Out: HTML without scripts or styles of its own.
//! Invariant: what comes from data is text, never markup.
//! Not here: the page of a result (see `report`).

use super::section::{Content, Datum, Explanation};
use super::text::said;
use crate::plan::escaped;

impl Explanation {
    /// A `section` element for each section.
    pub fn to_html(&self) -> String {
        let mut html = String::new();
        for section in &self.sections {
            html += &format!("<section class=\"{}\"><h3>{}</h3>\n", section.key, escaped(&section.title));
            section.contents.iter().for_each(|content| html += &content_html(content));
            html += "</section>\n";
        }
        html
    }
}

fn content_html(content: &Content) -> String {
    let cell = |tag: &str, text: &str| format!("<{tag}>{}</{tag}>", escaped(text));
    match content {
        Content::Paragraph(_, text) => cell("p", text) + "\n",
        Content::Layout(_, text) => cell("pre", text) + "\n",
        Content::Facts(_, facts) => {
            let row = |(name, value): &(String, Datum)| {
                let lines: Vec<String> = match value {
                    Datum::List(cells) => cells.iter().map(|cell| escaped(&said(cell))).collect(),
                    value => vec![escaped(&said(value))],
                };
                format!("<tr>{}<td>{}</td></tr>\n", cell("th", name), lines.join("<br>"))
            };
            format!("<table>{}</table>\n", facts.iter().map(row).collect::<String>())
        }
        Content::Table(_, columns, rows) => {
            let header: String = columns.iter().map(|name| cell("th", name)).collect();
            let row = |row: &Vec<Datum>| row.iter().map(|value| cell("td", &said(value))).collect::<String>();
            let body: String = rows.iter().map(|cells| format!("<tr>{}</tr>\n", row(cells))).collect();
            format!("<table><tr>{header}</tr>\n{body}</table>\n")
        }
    }
}
