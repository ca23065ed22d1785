//! Compare: rows of the data beside what the factors say of them, and where the two differ most.
//! In: a `Subject` that has its data.  Out: pictures or paired bars of a few rows; a table of residuals.
//! Invariant: both sides of a comparison have one scale.
//! Not here: finding the rows and the residuals (see `residuals`).

use crate::error::Result;
use crate::report::draw::width;
use crate::report::html::Html;
use crate::report::numbers::{count, short, trimmed};
use crate::report::subject::sides::largest as largest_of;
use crate::report::subject::{ComparedRow, Comparison, Subject};
use crate::report::tiles::{Scale, tile};

/// Entries of a row that are shown where it is no picture.
const ENTRIES: usize = 8;
/// Rows that are shown where they are no pictures.
const LISTED: usize = 6;

/// A few rows beside their reconstructions; `None` without data, or without a formula for it.
pub(in crate::report) fn rows(subject: &Subject<'_>) -> Result<Option<Html>> {
    let (Some(data), Some(comparison)) = (subject.report.data, &subject.comparison) else { return Ok(None) };
    let compared = &comparison.compared;
    if compared.is_empty() {
        return Ok(None);
    }
    let mut html = Html::new();
    html.lead(&format!(
        "Rows x from the best fit to the worst, by relative error ||x - s|| / ||x||, where s is the row of {}.{}",
        comparison.formula,
        seen(comparison)
    ));
    let mut all = Html::new();
    let class = match subject.picture() {
        Some(shape) => {
            for row in compared {
                all.push(pictures(subject, shape, &subject.seen_row(data, row.row), row)?);
            }
            "triples"
        }
        None => {
            // The best, the worst, and what lies evenly between them.
            let (last, shown) = (compared.len() - 1, LISTED.min(compared.len()));
            for k in 0..shown {
                let row = &compared[if shown > 1 { k * last / (shown - 1) } else { 0 }];
                pairs(&mut all, subject, &subject.seen_row(data, row.row), row);
            }
            "cards"
        }
    };
    html.inside("div", &[("class", class)], |html| html.push(all));
    Ok(Some(html))
}

fn seen(comparison: &Comparison) -> String {
    let (seen, given) = (comparison.residuals.seen, comparison.residuals.given);
    if seen == given {
        return String::new();
    }
    format!(" Computed for {} evenly spaced rows of {}.", count(seen), count(given))
}

/// Data, fitted values and their difference as pictures.
fn pictures(subject: &Subject<'_>, shape: (usize, usize), data: &[f64], compared: &ComparedRow) -> Result<Html> {
    let ComparedRow { row, error, fitted } = compared;
    let scale = Scale::of(data.iter().chain(fitted));
    let difference: Vec<f64> = data.iter().zip(fitted).map(|(x, s)| x - s).collect();
    let all = [
        ("data", tile(data, shape, scale)?),
        ("fitted", tile(fitted, shape, scale)?),
        ("residual, data - fitted", tile(&difference, shape, scale.signed())?),
    ];
    let name = subject.rows.of(*row);
    let mut html = Html::new();
    html.inside("figure", &[("class", "triple")], |html| {
        for (what, address) in &all {
            let said = format!("{name}: {what}");
            html.empty("img", &[("class", "tile"), ("src", address), ("alt", &said), ("title", what)]);
        }
        html.inside("figcaption", &[], |html| {
            html.element("span", &[("class", "name")], &name);
            html.text(&format!(", error {}", short(*error)));
        });
    });
    Ok(html)
}

/// The largest entries of a row, in the data and fitted.
fn pairs(html: &mut Html, subject: &Subject<'_>, data: &[f64], ComparedRow { row, error, fitted }: &ComparedRow) {
    let sizes: Vec<f64> =
        data.iter().zip(fitted).map(|(x, s)| if x.is_nan() { 0.0 } else { x.abs().max(s.abs()) }).collect();
    let places = largest_of(&sizes, ENTRIES);
    let most = places.first().map_or(1.0, |&at| sizes[at]);
    html.card(("name", &subject.rows.of(*row)), &format!("error {}", short(*error)), |html| {
        let headings = [("", ""), ("", ""), ("n", "data"), ("n", "fitted")];
        html.table(&[("class", "items pairs")], &headings, |html| {
            for at in places {
                let name = subject.cols.of(at);
                html.inside("tr", &[], |html| {
                    html.element("th", &[("scope", "row"), ("title", &name)], &name);
                    html.inside("td", &[("class", "bar"), ("aria-hidden", "true")], |html| {
                        for (class, value) in [("data", data[at]), ("fitted", fitted[at])] {
                            html.empty("i", &[("class", class), ("style", &width(value.abs() / most))]);
                        }
                    });
                    html.cell("n", &trimmed(data[at], 3));
                    html.cell("n", &short(fitted[at]));
                });
            }
        });
    });
}

/// The entries with the largest residuals.
pub(in crate::report) fn largest(subject: &Subject<'_>) -> Option<Html> {
    let comparison = subject.comparison.as_ref().filter(|comparison| !comparison.residuals.largest.is_empty())?;
    let mut html = Html::new();
    let (target, formula) = (&subject.fit.target, &comparison.formula);
    html.lead(&format!("The largest entries of {target} - ({formula}) by size.{}", seen(comparison)));
    html.scroll(None, |html| {
        let headings = [("", "row"), ("", "column"), ("n", "data"), ("n", "fitted"), ("n", "residual")];
        html.table(&[("class", "plain sortable")], &headings, |html| {
            for residual in &comparison.residuals.largest {
                html.inside("tr", &[], |html| {
                    // Names of places are counted, so they sort by place.
                    let (row, col) = (subject.rows.of(residual.row), subject.cols.of(residual.col));
                    html.element("th", &[("scope", "row"), ("data-value", &residual.row.to_string())], &row);
                    html.element("td", &[("data-value", &residual.col.to_string())], &col);
                    html.cell("n", &trimmed(residual.data, 4));
                    html.cell("n", &short(residual.fitted));
                    html.cell("n", &short(residual.value()));
                });
            }
        });
    });
    Some(html)
}
