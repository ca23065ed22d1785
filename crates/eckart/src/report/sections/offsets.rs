//! Offsets: the factors that are no components, such as biases.
//! In: a `Subject`.  Out: their largest and smallest entries, or a picture where they are lines of the data's columns.
//! Invariant: every factor of the objective is on the page: here, or among the components.
//! Not here: components (see `cards`).

use crate::data::Matrix;
use crate::error::Result;
use crate::report::draw::{bar, draw};
use crate::report::html::Html;
use crate::report::numbers::{count, precise, short};
use crate::report::subject::look::Look;
use crate::report::subject::names::Names;
use crate::report::subject::{Shown, Subject};
use crate::report::words::sides;

/// Entries of each end that are listed.
const ENDS: usize = 5;
/// Small factors are listed whole.
const WHOLE: usize = 64;

/// The other factors; `None` where there are none.
pub(in crate::report) fn offsets(subject: &Subject<'_>) -> Result<Option<Html>> {
    let components = [subject.sides.rows, subject.sides.cols];
    let is_side = |name: &str| components.iter().flatten().any(|lines| lines.name == name);
    let mut all = Html::new();
    for (name, matrix) in subject.fit.factors.iter().filter(|(name, _)| !is_side(name)) {
        let drawn = factor(subject, name, matrix)?;
        all.card(("", name), &sides(matrix.shape()), |html| html.push(drawn));
    }
    if all.is_empty() {
        return Ok(None);
    }
    let mut html = Html::new();
    html.inside("div", &[("class", "cards")], |html| html.push(all));
    Ok(Some(html))
}

fn factor(subject: &Subject<'_>, name: &str, matrix: &Matrix) -> Result<Html> {
    let mut html = Html::new();
    let (n, m) = subject.shape.unwrap_or((0, 0));
    let values = matrix.to_dense_f64();
    match matrix.shape() {
        (1, 1) => html.element("p", &[("class", "number")], &precise(values[0])),
        (1, cols) if cols == m => match &subject.shown {
            Some(shown) if matches!(shown.look, Look::Images { .. } | Look::Profile) && shown.lines.len() == m => {
                let shown = Shown { lines: shown.lines, names: subject.cols.clone(), look: shown.look };
                html.push(draw(&shown, name, &values)?);
            }
            _ => ends(&mut html, &subject.cols, &values),
        },
        (rows, 1) if rows == n => ends(&mut html, &subject.rows, &values),
        _ if values.len() <= WHOLE => grid(&mut html, matrix),
        _ => html.note("Too large to be listed; it is in the model file."),
    }
    Ok(html)
}

/// The largest entries and the smallest.
fn ends(html: &mut Html, names: &Names<'_>, values: &[f64]) {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]).then(a.cmp(&b)));
    let most = values.iter().fold(f64::MIN_POSITIVE, |most, x| most.max(x.abs()));
    let few = order.len() <= 2 * ENDS;
    let skipped = order.len().saturating_sub(2 * ENDS);
    html.table(&[("class", "items")], &[], |html| {
        for (k, &at) in order.iter().enumerate() {
            if few || k < ENDS || k >= order.len() - ENDS {
                bar(html, &names.of(at), values[at], most);
            } else if k == ENDS {
                html.inside("tr", &[], |html| {
                    html.element("td", &[("colspan", "3"), ("class", "note")], &format!("{} between", count(skipped)));
                });
            }
        }
    });
}

/// A small factor, every number.
fn grid(html: &mut Html, matrix: &Matrix) {
    html.scroll(None, |html| {
        html.table(&[("class", "plain")], &[], |html| {
            for i in 0..matrix.rows() {
                html.inside("tr", &[], |html| matrix.row_f64(i).iter().for_each(|x| html.cell("n", &short(*x))));
            }
        });
    });
}
