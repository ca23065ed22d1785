//! Cards: the components as people read them.
//! In: a `Subject`.  Out: a card per component, the largest first: its picture, share, sparsity, its top rows.
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

/// Top rows of a component.
const ROWS: usize = 5;

/// All cards.
pub(in crate::report) fn cards(subject: &Subject<'_>) -> Result<Option<Html>> {
    let Some(shown) = &subject.shown else { return Ok(None) };
    let mut html = Html::new();
    html.lead(&lead(subject, shown));
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
    let sides = [subject.sides.rows, subject.sides.cols];
    let size: Vec<String> = sides.iter().flatten().map(|lines| lines.norm()).collect();
    let signed = shown.lines.matrix.values_f64().iter().any(|x| *x < 0.0);
    let look = match shown.look {
        Look::Images { .. } if signed => "Each picture has its own scale: black is 0, blue positive, orange negative.",
        Look::Images { .. } => "Each picture has its own scale: black is 0, white its largest weight.",
        Look::Words if signed => {
            "The size of a word grows with its weight; orange words with a minus sign have negative weights."
        }
        Look::Words => "The size of a word grows with its weight.",
        Look::Profile if shown.lines.len() > MOST_BARS => "",
        Look::Items | Look::Profile | Look::Fitting if signed => "Blue is positive, orange negative.",
        Look::Items | Look::Profile | Look::Fitting => "",
    };
    format!(
        "Components in order of size. Share of component k: {} / the sum over all components. {look}",
        size.join(" * ")
    )
}

fn card(subject: &Subject<'_>, shown: &Shown<'_>, k: usize) -> Result<Html> {
    let name = subject.component(k, "Component ");
    let line = shown.lines.line(k);
    let mut picture = draw(shown, &name, &line)?;
    let about = about(subject, shown, k, &line)?;
    let mut html = Html::new();
    html.card(("", &name), &percent(subject.share(k)), |html| {
        meter(html, subject.share(k) / subject.share(subject.order[0]).max(f64::MIN_POSITIVE));
        if line.iter().all(|x| *x == 0.0) {
            picture = Html::new();
            html.note("All weights are 0.");
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

/// What else there is to say of component k: its sparsity, stability and top rows.
fn about(subject: &Subject<'_>, shown: &Shown<'_>, k: usize, line: &[f64]) -> Result<Html> {
    let mut said = format!("Sparsity: {} zeros in {}", percent(share_of_zeros(line)), shown.lines.name);
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
    match (subject.picture(), subject.report.data) {
        (Some(shape), Some(data)) => {
            let mut tiles = Html::new();
            for &i in &places {
                let row = subject.seen_row(data, i);
                let address = tile(&row, shape, Scale::of(&row))?;
                let name = subject.rows.of(i);
                tiles.empty("img", &[("class", "tile small"), ("src", &address), ("alt", &name), ("title", &name)]);
            }
            let title = "Rows with the largest weights";
            html.inside("p", &[("class", "thumbs"), ("title", title)], |html| html.push(tiles));
        }
        _ if subject.rows.are_known() => {
            let names: Vec<String> = places.iter().map(|&i| subject.rows.of(i)).collect();
            html.inside("p", &[("class", "about")], |html| {
                html.text("Top rows: ");
                html.element("span", &[("class", "name")], &names.join(", "));
            });
        }
        _ => {}
    }
    Ok(html)
}
