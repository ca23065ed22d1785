//! Cards: the components as people read them.
//! In: a `Subject`.  Out: a card a component, the largest first: its picture, share, sparsity, the rows that have most
//! of it.
//! Invariant: colours have a sign and a size, never a meaning of their own; every picture is said in words too.
//! Not here: which way components are shown (see `look`).

use crate::error::Result;
use crate::report::chart::MOST_BARS;
use crate::report::draw::{draw, width};
use crate::report::html::Html;
use crate::report::numbers::{percent, short};
use crate::report::subject::look::Look;
use crate::report::subject::sides::largest;
use crate::report::subject::{Shown, Subject};
use crate::report::tiles::{Scale, tile};
use crate::report::words::share_of_zeros;

/// Rows that have most of a component.
const ROWS: usize = 5;

/// All cards.
///
/// # Errors
/// As [`tile`].
pub(in crate::report) fn cards(subject: &Subject<'_>) -> Result<Option<Html>> {
    let Some(shown) = &subject.shown else { return Ok(None) };
    let mut html = Html::new();
    html.element("p", &[("class", "lead")], &lead(subject, shown));
    let class = match shown.look {
        Look::Images { .. } => "cards pictures",
        Look::Profile => "cards profiles",
        Look::Fitting | Look::Words | Look::Items => "cards",
    };
    let mut all = Html::new();
    for &k in &subject.order {
        all.push(card(subject, shown, k)?);
    }
    html.inside("div", &[("class", class)], |html| html.push(all));
    Ok(Some(html))
}

fn lead(subject: &Subject<'_>, shown: &Shown<'_>) -> String {
    let size = match (subject.sides.cols, subject.sides.rows) {
        (Some(h), Some(w)) => format!("the length of its {} times that of its {}", h.said(), w.said()),
        (Some(lines), None) | (None, Some(lines)) => format!("the length of its {}", lines.said()),
        (None, None) => "1".to_owned(),
    };
    let signed = shown.lines.matrix.values_f64().iter().any(|x| *x < 0.0);
    let look = match shown.look {
        Look::Images { .. } if signed => "Each picture has its own scale: black is 0, blue positive, orange negative.",
        Look::Images { .. } => "Each picture has its own scale: black is 0, white its largest weight.",
        Look::Words if signed => "Words are the larger the heavier; orange ones with a minus are negative.",
        Look::Words => "Words are the larger the heavier.",
        Look::Profile if shown.lines.len() > MOST_BARS => "",
        Look::Items | Look::Profile | Look::Fitting if signed => "Blue is positive, orange negative.",
        Look::Items | Look::Profile | Look::Fitting => "",
    };
    format!("The largest first, each with its share of all sizes (a component's size is {size}). {look}")
}

fn card(subject: &Subject<'_>, shown: &Shown<'_>, k: usize) -> Result<Html> {
    let share = percent(subject.share(k));
    let name = format!("Component {}", k + 1);
    let line = shown.lines.line(k);
    let mut picture = draw(shown, &name, &line)?;
    let about = about(subject, shown, k, &line)?;
    let mut html = Html::new();
    html.inside("article", &[("class", "card")], |html| {
        html.inside("header", &[], |html| {
            html.element("h3", &[], &name);
            html.element("span", &[("class", "share")], &share);
        });
        meter(html, subject.share(k) / subject.share(subject.order[0]).max(f64::MIN_POSITIVE));
        if line.iter().all(|x| *x == 0.0) {
            picture = Html::new();
            html.element("p", &[("class", "note")], "Nothing: all its weights are 0.");
        }
        html.push(picture);
        html.push(about);
    });
    Ok(html)
}

/// A thin bar for a share of the largest.
fn meter(html: &mut Html, share: f64) {
    html.inside("div", &[("class", "meter"), ("aria-hidden", "true")], |html| {
        html.empty("i", &[("style", &width(share))]);
    });
}

/// What else there is to say of component k.
fn about(subject: &Subject<'_>, shown: &Shown<'_>, k: usize, line: &[f64]) -> Result<Html> {
    let mut said = format!("Zeros: {} in {}", percent(share_of_zeros(line)), shown.lines.name);
    if let Some(w) = subject.sides.rows.filter(|w| w.name != shown.lines.name) {
        said += &format!(", {} in {}", percent(share_of_zeros(&w.line(k))), w.name);
    }
    if let Some(agreement) = subject.agreement {
        said += &format!(" · stability {}", short(agreement.stability[k]));
    }
    let mut html = Html::new();
    html.element("p", &[("class", "about")], &said);
    let Some(w) = subject.sides.rows.filter(|w| w.name != shown.lines.name) else { return Ok(html) };
    let places: Vec<usize> = largest(&w.line(k), ROWS);
    match (subject.picture(), subject.data) {
        (Some(shape), Some(data)) => {
            let mut tiles = Html::new();
            for &i in &places {
                let row = crate::report::subject::seen_row(subject.fit, data, i);
                let address = tile(&row, shape, Scale::of(&row))?;
                let name = subject.rows.of(i);
                tiles.empty("img", &[("class", "tile small"), ("src", &address), ("alt", &name), ("title", &name)]);
            }
            let title = "The rows that have most of it";
            html.inside("p", &[("class", "thumbs"), ("title", title)], |html| html.push(tiles));
        }
        _ if subject.rows.are_known() => {
            let names: Vec<String> = places.iter().map(|&i| subject.rows.of(i)).collect();
            html.inside("p", &[("class", "about")], |html| {
                html.text("Rows with most of it: ");
                html.element("span", &[("class", "name")], &names.join(", "));
            });
        }
        _ => {}
    }
    Ok(html)
}
