//! Html: markup that grows, in which data is text and nothing else.
//! In: tags, attributes and texts.  Out: HTML (SVG inside it) in which every tag that is opened is closed.
//! Invariant: tags and attribute names are words of this program; what comes from data is escaped, so none of it is
//! markup.
//! Not here: what a page says (see the sections), how it looks (see `page.css`).

use crate::plan::escaped;

/// Tags that have no end.
const VOID: [&str; 6] = ["br", "img", "meta", "input", "col", "hr"];

/// Attributes: names, and values that may be data.
pub(super) type Attributes<'a> = &'a [(&'static str, &'a str)];

/// A piece of a page.
#[derive(Debug, Clone, Default)]
pub(super) struct Html(String);

impl Html {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// An element with whatever `fill` puts into it.
    pub(super) fn inside(&mut self, tag: &'static str, attributes: Attributes<'_>, fill: impl FnOnce(&mut Self)) {
        self.start(tag, attributes);
        fill(self);
        self.0 += &format!("</{tag}>");
        if ["section", "article", "figure", "table", "tr", "svg", "p", "li", "div", "h2", "thead"].contains(&tag) {
            self.0.push('\n');
        }
    }

    /// An element that holds a text.
    pub(super) fn element(&mut self, tag: &'static str, attributes: Attributes<'_>, text: &str) {
        self.inside(tag, attributes, |html| html.text(text));
    }

    /// An element that holds nothing.
    pub(super) fn empty(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        self.start(tag, attributes);
        if !VOID.contains(&tag) {
            self.0 += &format!("</{tag}>");
        }
    }

    /// What a section says first.
    pub(super) fn lead(&mut self, text: &str) {
        self.element("p", &[("class", "lead")], text);
    }

    /// What is said beside.
    pub(super) fn note(&mut self, text: &str) {
        self.element("p", &[("class", "note")], text);
    }

    /// A card: its heading, what stands beside it, what is on it.
    pub(super) fn card(&mut self, heading: (&str, &str), beside: &str, fill: impl FnOnce(&mut Self)) {
        let (class, heading) = heading;
        self.inside("article", &[("class", "card")], |html| {
            html.inside("header", &[], |html| {
                html.element("h3", &[("class", class)], heading);
                html.element("span", &[("class", "share")], beside);
            });
            fill(html);
        });
    }

    /// What may be wider than the page; with a label also longer, a region that is scrolled.
    pub(super) fn scroll(&mut self, label: Option<&str>, fill: impl FnOnce(&mut Self)) {
        let region = |label| [("class", "scroll tall"), ("tabindex", "0"), ("role", "region"), ("aria-label", label)];
        match label {
            Some(label) => self.inside("div", &region(label), fill),
            None => self.inside("div", &[("class", "scroll")], fill),
        }
    }

    /// A table: its headings, each with the class of its column, and the rows that `fill` puts into it.
    pub(super) fn table(
        &mut self,
        attributes: Attributes<'_>,
        headings: &[(&str, &str)],
        fill: impl FnOnce(&mut Self),
    ) {
        self.inside("table", attributes, |html| {
            if !headings.is_empty() {
                html.inside("thead", &[], |html| {
                    html.inside("tr", &[], |html| {
                        for (class, text) in headings {
                            html.element("th", &[("scope", "col"), ("class", class)], text);
                        }
                    });
                });
            }
            html.inside("tbody", &[], fill);
        });
    }

    /// A cell of a table whose end is left to the parser, as HTML allows: in large tables it is a third of the bytes.
    pub(super) fn cell(&mut self, class: &'static str, text: &str) {
        match class {
            "" => self.0 += "<td>",
            class => self.0 += &format!("<td class={class}>"),
        }
        self.text(text);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.0 += &escaped(text);
    }

    /// What is written in this program, as it stands.
    pub(super) fn fixed(&mut self, markup: &'static str) {
        self.0 += markup;
    }

    pub(super) fn push(&mut self, other: Self) {
        self.0 += &other.0;
    }

    pub(super) fn finish(self) -> String {
        self.0
    }

    fn start(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        self.0.push('<');
        self.0 += tag;
        for (name, value) in attributes.iter().filter(|attribute| **attribute != ("class", "")) {
            self.0 += &format!(" {name}=\"{}\"", escaped(value));
        }
        self.0.push('>');
    }
}

/// A length in the units of a drawing, to a tenth.
pub(super) fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_text_wherever_it_stands() {
        let evil = "</p><script>alert('1')</script>\" onload=\"x & y\u{1}";
        let mut html = Html::new();
        html.element("p", &[("title", evil)], evil);
        html.cell("q1", evil);
        let text = html.finish();
        assert!(!text.contains("<script") && !text.contains("\" onload") && !text.contains('\u{1}'), "{text}");
        assert_eq!(text.matches("&lt;script&gt;").count(), 3);
    }

    #[test]
    fn elements_end_where_they_should() {
        let mut html = Html::new();
        html.inside("p", &[("class", "a")], |html| {
            html.empty("img", &[("alt", "")]);
            html.empty("path", &[("d", "M0 0")]);
        });
        assert_eq!(html.finish(), "<p class=\"a\"><img alt=\"\"><path d=\"M0 0\"></path></p>\n");
        assert_eq!([px(1.0), px(1.25), px(-0.5)], ["1", "1.2", "-0.5"]);
    }
}
