//! Rows: how much of each component the rows of the data have, as a table that can be sorted.
//! In: a `Subject`.  Out: all rows where they are few, else those that have most of each component.
//! Invariant: amounts are lengths of a component's part in a row, so they compare across components whatever the
//! factors' scales.
//! Not here: sorting (see `page.js`); the table is whole without it.

use crate::report::html::Html;
use crate::report::numbers::{count, short};
use crate::report::subject::Subject;
use crate::report::subject::sides::largest;

/// All rows are in the table where there are no more than these, and no more cells than those.
const MOST_ROWS: usize = 2000;
const MOST_CELLS: usize = 40_000;
/// Else so many rows of each component.
const TOP: usize = 12;
/// Steps of the shades of cells.
const SHADES: f64 = 6.0;
/// Entries by which a row without a name is described.
const ENTRIES: usize = 5;

/// The table; `None` where no factor has a row for each row of the data.
pub(in crate::report) fn rows(subject: &Subject<'_>) -> Option<Html> {
    let w = subject.sides.rows?;
    let n = w.len();
    let whole = n <= MOST_ROWS && n * subject.fit.rank <= MOST_CELLS;
    let places: Vec<usize> = if whole {
        (0..n).collect()
    } else {
        let mut places: Vec<usize> = subject.order.iter().flat_map(|&k| largest(&w.line(k), TOP)).collect();
        places.sort_unstable();
        places.dedup();
        places
    };
    let lengths: Vec<f64> =
        (0..subject.fit.rank).map(|k| subject.sides.cols.map_or(1.0, |lines| lines.length(k))).collect();
    let amount = |i: usize, k: usize| w.at(k, i) * lengths[k];
    let most = places
        .iter()
        .flat_map(|&i| (0..lengths.len()).map(move |k| (i, k)))
        .fold(0.0_f64, |most, (i, k)| most.max(amount(i, k).abs()));
    let mut html = Html::new();
    html.lead(&lead(n, whole, places.len(), subject.sides.name(0).is_some()));
    let described = subject.picture().is_none() && subject.cols.are_known() && subject.report.data.is_some() && !whole;
    let components: Vec<String> = subject.order.iter().map(|&k| subject.component(k, "C")).collect();
    let mut headings = vec![("", "row")];
    headings.extend(components.iter().map(|name| ("n", name.as_str())));
    headings.extend(described.then_some(("", "largest entries")));
    html.scroll(Some("Rows by component"), |html| {
        html.table(&[("class", "plain sortable heat"), ("data-filter", "rows")], &headings, |html| {
            for &i in &places {
                html.fixed("<tr>");
                html.element("th", &[("scope", "row"), ("data-value", &i.to_string())], &subject.rows.of(i));
                for &k in &subject.order {
                    let value = amount(i, k);
                    html.cell(shade(value, most), &short(value));
                }
                if described {
                    html.cell("words", &entries(subject, i));
                }
            }
        });
    });
    Some(html)
}

fn lead(n: usize, whole: bool, listed: usize, named: bool) -> String {
    let which = if whole {
        format!("All {} rows", count(n))
    } else {
        format!("Of {} rows the top {TOP} of each component ({} in all)", count(n), count(listed))
    };
    let columns = if named { "Columns" } else { "Columns C1, C2, ..." };
    format!(
        "{which}: the norm of each component's part of a row, in the units of the data. {columns} are the components \
         in order of size."
    )
}

/// The class of a cell: the darker the larger, by the root, so that small amounts are seen.
fn shade(value: f64, most: f64) -> &'static str {
    const POSITIVE: [&str; 7] = ["q0", "q1", "q2", "q3", "q4", "q5", "q6"];
    const NEGATIVE: [&str; 7] = ["q0", "m1", "m2", "m3", "m4", "m5", "m6"];
    let share = if most > 0.0 { (value.abs() / most).sqrt() } else { 0.0 };
    let step = (SHADES * share).round().clamp(0.0, SHADES) as usize;
    if value < 0.0 { NEGATIVE[step] } else { POSITIVE[step] }
}

/// The names of a row's largest entries.
fn entries(subject: &Subject<'_>, i: usize) -> String {
    let Some(data) = subject.report.data else { return String::new() };
    let row = subject.seen_row(data, i);
    let known: Vec<f64> = row.into_iter().map(|x| if x.is_nan() { 0.0 } else { x }).collect();
    let names: Vec<String> = largest(&known, ENTRIES).into_iter().map(|j| subject.cols.of(j)).collect();
    names.join(", ")
}
