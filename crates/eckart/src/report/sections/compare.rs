//! Compare: rows of the data beside what the factors say of them, and where the two differ most.
//! In: a `Subject` that has its data.  Out: pictures or paired bars of a few rows; a table of residuals.
//! Invariant: both sides of a comparison have one scale.
//! Not here: finding the rows and the residuals (see `residuals`).

use crate::data::Matrix;
use crate::error::Result;
use crate::report::html::Html;
use crate::report::numbers::{count, short, trimmed};
use crate::report::subject::sides::largest as largest_of;
use crate::report::subject::{Misfit, Subject, seen_row};
use crate::report::tiles::{Scale, tile};

/// Entries of a row that are shown where it is no picture.
const ENTRIES: usize = 8;
/// Rows that are shown where they are no pictures.
const LISTED: usize = 6;

/// A few rows beside their reconstructions; `None` without data, or without a formula for it.
///
/// # Errors
/// As [`tile`].
pub(in crate::report) fn rows(subject: &Subject<'_>) -> Result<Option<Html>> {
    let (Some(data), Some(misfit)) = (subject.data, &subject.misfit) else { return Ok(None) };
    if misfit.compared.is_empty() {
        return Ok(None);
    }
    let mut html = Html::new();
    let said = format!(
        "Rows from the best fitted to the worst, by relative error: the length of the residual as a share of the \
         row's. Fitted values are {}.{}",
        misfit.formula,
        seen(misfit, data)
    );
    html.element("p", &[("class", "lead")], &said);
    let mut all = Html::new();
    match subject.picture() {
        Some(shape) => {
            for (row, error, fitted) in &misfit.compared {
                all.push(pictures(subject, shape, &seen_row(subject.fit, data, *row), (*row, *error, fitted))?);
            }
            html.inside("div", &[("class", "triples")], |html| html.push(all));
        }
        None => {
            // The best, the worst, and what lies evenly between them.
            let last = misfit.compared.len() - 1;
            let count = LISTED.min(misfit.compared.len());
            for k in 0..count {
                let (row, error, fitted) = &misfit.compared[if count > 1 { k * last / (count - 1) } else { 0 }];
                pairs(&mut all, subject, &seen_row(subject.fit, data, *row), (*row, *error, fitted));
            }
            html.inside("div", &[("class", "cards")], |html| html.push(all));
        }
    }
    Ok(Some(html))
}

fn seen(misfit: &Misfit, data: &Matrix) -> String {
    let seen = misfit.residuals.seen;
    if seen == data.rows() {
        return String::new();
    }
    format!(" Of {} rows, {} evenly spaced ones were looked at.", count(data.rows()), count(seen))
}

/// Data, fitted values and their difference as pictures.
fn pictures(
    subject: &Subject<'_>,
    shape: (usize, usize),
    data: &[f64],
    (row, error, fitted): (usize, f64, &[f64]),
) -> Result<Html> {
    let scale = Scale::of(data.iter().chain(fitted));
    let difference: Vec<f64> = data.iter().zip(fitted).map(|(x, s)| x - s).collect();
    let all = [
        ("data", tile(data, shape, scale)?),
        ("fitted", tile(fitted, shape, scale)?),
        ("data less fitted", tile(&difference, shape, scale.signed())?),
    ];
    let name = subject.rows.of(row);
    let mut html = Html::new();
    html.inside("figure", &[("class", "triple")], |html| {
        for (what, address) in &all {
            let said = format!("{name}: {what}");
            html.empty("img", &[("class", "tile"), ("src", address), ("alt", &said), ("title", what)]);
        }
        html.inside("figcaption", &[], |html| {
            html.element("span", &[("class", "name")], &name);
            html.text(&format!(", error {}", short(error)));
        });
    });
    Ok(html)
}

/// The largest entries of a row, in the data and fitted.
fn pairs(html: &mut Html, subject: &Subject<'_>, data: &[f64], (row, error, fitted): (usize, f64, &Vec<f64>)) {
    let sizes: Vec<f64> =
        data.iter().zip(fitted).map(|(x, s)| if x.is_nan() { 0.0 } else { x.abs().max(s.abs()) }).collect();
    let places = largest_of(&sizes, ENTRIES);
    let most = places.first().map_or(1.0, |&at| sizes[at]);
    html.inside("article", &[("class", "card")], |html| {
        html.inside("header", &[], |html| {
            html.element("h3", &[("class", "name")], &subject.rows.of(row));
            html.element("span", &[("class", "share")], &format!("error {}", short(error)));
        });
        html.inside("table", &[("class", "items pairs")], |html| {
            html.fixed("<thead><tr><th scope=col><th scope=col><th scope=col class=n>data<th scope=col class=n>fitted</tr></thead><tbody>");
            for at in places {
                let name = subject.cols.of(at);
                html.inside("tr", &[], |html| {
                    html.element("th", &[("scope", "row"), ("title", &name)], &name);
                    html.inside("td", &[("class", "bar"), ("aria-hidden", "true")], |html| {
                        for (class, value) in [("data", data[at]), ("fitted", fitted[at])] {
                            let width = format!("width:{:.1}%", (100.0 * value.abs() / most).min(100.0));
                            html.empty("i", &[("class", class), ("style", &width)]);
                        }
                    });
                    html.cell("n", &trimmed(data[at], 3));
                    html.cell("n", &short(fitted[at]));
                });
            }
            html.fixed("</tbody>");
        });
    });
}

/// The entries that the fit misses most.
pub(in crate::report) fn largest(subject: &Subject<'_>) -> Option<Html> {
    let misfit = subject.misfit.as_ref().filter(|misfit| !misfit.residuals.largest.is_empty())?;
    let data = subject.data?;
    let mut html = Html::new();
    let said =
        format!("The entries of {} that {} misses most.{}", subject.fit.target, misfit.formula, seen(misfit, data));
    html.element("p", &[("class", "lead")], &said);
    html.inside("div", &[("class", "scroll")], |html| {
        html.inside("table", &[("class", "plain sortable")], |html| {
            html.fixed(
                "<thead><tr><th scope=col>row<th scope=col>column<th scope=col class=n>data<th scope=col class=n>fitted\
                 <th scope=col class=n>residual</tr></thead>\n<tbody>",
            );
            for residual in &misfit.residuals.largest {
                html.inside("tr", &[], |html| {
                    // Names of places are counted, so they sort by place.
                    let place = |at: usize| at.to_string();
                    let (row, col) = (subject.rows.of(residual.row), subject.cols.of(residual.col));
                    html.element("th", &[("scope", "row"), ("data-value", &place(residual.row))], &row);
                    html.element("td", &[("data-value", &place(residual.col))], &col);
                    html.cell("n", &trimmed(residual.data, 4));
                    html.cell("n", &short(residual.fitted));
                    html.cell("n", &short(residual.value()));
                });
            }
            html.fixed("</tbody>");
        });
    });
    Some(html)
}
