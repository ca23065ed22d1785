//! Draw: a component as a picture, words, a list or a profile.
//! In: its numbers, their names, a `Look`.  Out: markup.
//! Invariant: colours have a sign and a size, never a meaning of their own; every picture is said in words too.
//! Not here: which look is chosen (see `look`).

use super::chart::{Bar, bars};
use super::html::Html;
use super::numbers::short;
use super::subject::Shown;
use super::subject::look::Look;
use super::subject::sides::largest;
use super::tiles::{Scale, tile};
use crate::error::Result;

/// Words of a component.
const WORDS: usize = 24;
/// The area of a card's words, in squares of the size of plain text.
const AREA: f64 = 280.0;
/// Entries of a list.
const ITEMS: usize = 10;

/// A line of numbers, as this page shows them.
pub(super) fn draw(shown: &Shown<'_>, name: &str, line: &[f64]) -> Result<Html> {
    let mut html = Html::new();
    match shown.look {
        Look::Images { height, width } => {
            let address = tile(line, (height, width), Scale::of(line))?;
            let said = format!("{name} as a picture of {height} by {width} pixels");
            html.empty("img", &[("class", "tile"), ("src", &address), ("alt", &said)]);
        }
        Look::Words => words(&mut html, shown, line),
        Look::Items => items(&mut html, shown, line),
        Look::Profile | Look::Fitting => {
            let all: Vec<Bar> =
                line.iter().enumerate().map(|(at, &value)| Bar { name: shown.names.of(at), value }).collect();
            html.inside("figure", &[("class", "profile")], |html| {
                if bars(html, name, &all) {
                    html.element("p", &[("class", "readout"), ("aria-live", "polite")], "");
                }
            });
        }
    }
    Ok(html)
}

fn words(html: &mut Html, shown: &Shown<'_>, line: &[f64]) {
    let places = largest(line, WORDS);
    let most = places.first().map_or(1.0, |&at| line[at].abs());
    let height = |at: usize| 0.8 + 1.25 * (line[at].abs() / most).powf(0.7);
    // Where many words are nearly as heavy as the first, all are smaller, so that cards are of about one size.
    let area: f64 = places.iter().map(|&at| height(at).powi(2) * (shown.names.of(at).chars().count() + 2) as f64).sum();
    let scale = (AREA / area).sqrt().clamp(0.65, 1.0);
    html.inside("ul", &[("class", "words")], |html| {
        for at in places {
            let share = line[at].abs() / most;
            let size = format!("font-size:{:.2}rem", (scale * height(at)).max(0.8));
            let class = if line[at] < 0.0 {
                "negative"
            } else if share < 0.22 {
                "minor"
            } else {
                ""
            };
            let sign = if line[at] < 0.0 { "\u{2212}" } else { "" };
            let said = format!("weight {}", short(line[at]));
            html.element(
                "li",
                &[("style", &size), ("class", class), ("title", &said)],
                &format!("{sign}{}", shown.names.of(at)),
            );
            html.text(" ");
        }
    });
}

fn items(html: &mut Html, shown: &Shown<'_>, line: &[f64]) {
    let places = largest(line, ITEMS);
    let most = places.first().map_or(1.0, |&at| line[at].abs());
    html.table(&[("class", "items")], &[], |html| {
        places.into_iter().for_each(|at| bar(html, &shown.names.of(at), line[at], most));
    });
}

/// A row of a list: a name, a bar, a number.
pub(super) fn bar(html: &mut Html, name: &str, value: f64, most: f64) {
    html.inside("tr", &[], |html| {
        html.element("th", &[("scope", "row"), ("title", name)], name);
        html.inside("td", &[("class", "bar"), ("aria-hidden", "true")], |html| {
            let class = if value < 0.0 { "negative" } else { "" };
            html.empty("i", &[("class", class), ("style", &width(value.abs() / most))]);
        });
        html.cell("n", &short(value));
    });
}

/// A share of 1 as the width of a bar.
pub(super) fn width(share: f64) -> String {
    format!("width:{:.1}%", 100.0 * if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 })
}
